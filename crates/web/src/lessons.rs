//! The lesson a person is in: the room's events in, what the strip draws out. What a lesson is, and when a step is
//! passed, is the business of the crate `lesson`.

#[cfg(target_arch = "wasm32")]
pub mod bindings;
pub mod drawn;
pub mod room_lesson;
