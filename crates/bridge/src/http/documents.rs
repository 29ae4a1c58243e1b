//! Where the page's documents stand among its files.

/// The page that makes a room, and shows one.
pub(super) const PAGE: &str = "/index.html";
/// The course: all lessons on one page, without a room.
pub(super) const COURSE: &str = "/learn/index.html";
/// The glossary on a page of its own.
pub(super) const GLOSSARY: &str = "/learn/glossary.html";
/// The document in which the room's browser shows pages.
pub(super) const FRAME: &str = "/browser/frame.html";
/// The document in a frame.
pub(super) const EMBEDDED: &str = "/embed/embed.html";
/// The script that pages of other sites may load: the element `<wireside-replay>`.
pub(super) const HELPER: &str = "/embed/replay.js";
