//! The folder as JavaScript sees it: questions with plain answers. Where something cannot be, the error's message is the
//! sentence for the person.

use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::{
    arguments,
    bounds::{self, FolderSize},
    contents::{self, FileKind},
    names, zip,
};
use crate::dump;

/// How a file is shown: `kind` is `text`, `picture` or `bytes`.
#[derive(Debug, Serialize)]
struct FileView {
    kind: &'static str,
    /// A picture's media type.
    #[serde(rename = "type")]
    media: Option<&'static str>,
    /// The lines of a text end in CR LF.
    crlf: bool,
}

/// Why somebody cannot give a file this name, as a sentence; nothing where they can.
#[wasm_bindgen(js_name = nameFault)]
pub fn name_fault(name: &str) -> Option<String> {
    names::check_given(name).err().map(|bad| bad.to_string())
}

/// Whether a file may be called so, whoever calls it that.
#[wasm_bindgen(js_name = isFileName)]
pub fn is_file_name(name: &str) -> bool {
    names::check(name).is_ok()
}

/// Whether a file of this name is a program.
#[wasm_bindgen(js_name = isProgramName)]
pub fn is_program_name(name: &str) -> bool {
    names::is_program(name)
}

/// The name that a file of another computer gets here.
#[wasm_bindgen(js_name = nameBrought)]
pub fn name_brought(name: &str) -> Result<String, JsError> {
    names::brought(name).map_err(|bad| JsError::new(&format!("{}: {bad}", names::shown(name))))
}

/// A name like this one for a file beside it: the `number`-th, from 2.
#[wasm_bindgen(js_name = nameLike)]
pub fn name_like(name: &str, number: usize) -> String {
    names::like(name, number)
}

/// A name as it may be shown.
#[wasm_bindgen(js_name = nameShown)]
pub fn name_shown(name: &str) -> String {
    names::shown(name)
}

/// Why a file finds no room in a folder of so many files and bytes, as a sentence; nothing where it does. `replaced`: the size
/// of the file in whose place it comes.
#[wasm_bindgen(js_name = folderFull)]
pub fn folder_full(
    file: &str,
    files: usize,
    bytes: usize,
    replaced: Option<usize>,
    size: usize,
) -> Option<String> {
    bounds::room_for(FolderSize { files, bytes }, replaced, size).err().map(|full| full.sentence(file))
}

/// What a file is: `{ kind, type, crlf }`.
#[wasm_bindgen(js_name = fileKind)]
pub fn file_kind(bytes: &[u8]) -> Result<JsValue, JsError> {
    let shown = match contents::kind(bytes) {
        FileKind::Text { crlf } => FileView { kind: "text", media: None, crlf },
        FileKind::Picture(media) => FileView { kind: "picture", media: Some(media), crlf: false },
        FileKind::Bytes => FileView { kind: "bytes", media: None, crlf: false },
    };
    Ok(serde_wasm_bindgen::to_value(&shown)?)
}

/// Lines of a dump in hexadecimal, from a byte on.
#[wasm_bindgen(js_name = hexDump)]
pub fn hex_dump(bytes: &[u8], from: usize, rows: usize) -> String {
    dump::dump(bytes, from, rows)
}

/// A program's arguments, of what somebody has typed behind its name.
#[wasm_bindgen(js_name = splitArguments)]
pub fn split_arguments(line: &str) -> Result<Vec<String>, JsError> {
    arguments::split(line).map_err(|bad| JsError::new(&bad.to_string()))
}

/// An archive that grows file by file.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Archive {
    files: Vec<(String, Vec<u8>)>,
}

#[wasm_bindgen]
impl Archive {
    /// Without files.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// One more file.
    pub fn add(&mut self, name: String, bytes: Vec<u8>) {
        self.files.push((name, bytes));
    }

    /// The archive's bytes; the moment in local time is when its files are said to have been changed.
    pub fn zip(
        &self,
        year: u16,
        month: u16,
        day: u16,
        hour: u16,
        minute: u16,
        second: u16,
    ) -> Option<Vec<u8>> {
        let entries: Vec<_> = self.files.iter().map(|(name, bytes)| zip::Entry { name, bytes }).collect();
        zip::archive(&entries, zip::Stamp::new(year, month, day, hour, minute, second))
    }
}
