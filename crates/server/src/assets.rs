//! What is served as it is: the page's files and the built client, from within the program.
//!
//! A table from path to bytes, made by the build script. It knows no HTTP: which address shows which file, with which
//! headers, is decided by whoever asks.
//!
//! In debug builds the variable `WIRESIDE_WEB` names a folder from which the page's own files are read at each request,
//! so that whoever works on the page needs no rebuild. The client still comes from the program.

use std::borrow::Cow;

use bridge::Asset;

/// One row of the table the build script writes.
struct Embedded {
    path: &'static str,
    hash: &'static str,
    /// None for what is kept compressed alone.
    bytes: Option<&'static [u8]>,
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

/// Sorted by path.
static TABLE: &[Embedded] = &include!(concat!(env!("OUT_DIR"), "/table.rs"));

/// The file at an absolute path such as `/index.html` or `/client/web.js`; `None` where there is none. Only an exact
/// match is found: nothing is decoded, joined or resolved.
#[must_use]
pub fn find(path: &str) -> Option<Asset> {
    let index = TABLE.binary_search_by(|row| row.path.cmp(path)).ok();
    #[cfg(debug_assertions)]
    if let Some(asset) = disk::find(path) {
        return Some(asset);
    }
    let row = &TABLE[index?];
    Some(Asset {
        bytes: row.bytes.map(Cow::Borrowed),
        brotli: row.brotli,
        gzip: row.gzip,
        content_type: content_type(row.path),
        hash: Some(row.hash),
    })
}

/// All paths that [`find`] knows in the program itself, in order.
pub fn paths() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|row| row.path)
}

/// Paths of the lessons, in order.
#[must_use]
pub fn lessons() -> Vec<String> {
    #[cfg(debug_assertions)]
    if let Some(found) = disk::lessons() {
        return found;
    }
    let is_lesson = |path: &&str| {
        path.strip_prefix("/lessons/").is_some_and(|name| name.ends_with(".md") && !name.contains('/'))
    };
    paths().filter(is_lesson).map(str::to_owned).collect()
}

/// Media type by the name's ending; browsers refuse modules and WebAssembly under a wrong one.
pub(crate) fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "wasm" => "application/wasm",
        "woff2" => "font/woff2",
        "md" => "text/markdown; charset=utf-8",
        "py" | "ts" | "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// The page's files from the folder they are edited in.
#[cfg(debug_assertions)]
mod disk {
    use std::borrow::Cow;
    use std::path::{Component, PathBuf};
    use std::sync::LazyLock;

    use bridge::Asset;

    static FOLDER: LazyLock<Option<PathBuf>> =
        LazyLock::new(|| std::env::var_os("WIRESIDE_WEB").map(PathBuf::from));

    pub(super) fn lessons() -> Option<Vec<String>> {
        let entries = FOLDER.as_ref()?.join("lessons").read_dir().ok()?;
        let names =
            entries.filter_map(Result::ok).map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut found: Vec<_> =
            names.filter(|name| name.ends_with(".md")).map(|name| format!("/lessons/{name}")).collect();
        found.sort();
        Some(found)
    }

    pub(super) fn find(path: &str) -> Option<Asset> {
        let folder = FOLDER.as_ref()?;
        let inside = PathBuf::from(path.strip_prefix('/')?);
        // A name in the folder or below, by its plain parts: `..` and absolute paths lead nowhere.
        if !inside.components().all(|part| matches!(part, Component::Normal(_))) {
            return None;
        }
        let bytes = std::fs::read(folder.join(inside)).ok()?;
        Some(Asset {
            bytes: Some(Cow::Owned(bytes)),
            brotli: None,
            gzip: None,
            content_type: super::content_type(path),
            hash: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_is_embedded_with_its_types_and_compressed() {
        let script = find("/client/web.js").expect("bindgen wrote it");
        assert_eq!(script.content_type, "text/javascript; charset=utf-8");
        let wasm = find("/client/web_bg.wasm").expect("bindgen wrote it");
        assert_eq!(wasm.content_type, "application/wasm");
        let bytes = wasm.bytes.expect("as it is, too");
        assert!(bytes.starts_with(b"\0asm"));
        assert!(wasm.brotli.expect("compressed in every profile").len() < bytes.len());
        assert!(find("/client/web.d.ts").is_some());
    }

    #[test]
    fn the_document_lists_the_modules_it_needs() {
        let row = TABLE.iter().find(|row| row.path == "/index.html").expect("the page");
        let document = std::str::from_utf8(row.bytes.expect("small")).expect("UTF-8");
        let listed: Vec<_> = document
            .split("rel=\"modulepreload\" href=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        let known: Vec<_> = paths().collect();
        assert!(listed.iter().all(|path| known.contains(path)), "{listed:?}");
        // Where there is a bundler it has put together all but what comes from elsewhere; else one is listed that is imported by
        // an import, and one that is imported later.
        if known.contains(&"/bundle/index.js") {
            let others = |path: &&&str| {
                !["/client/", "/py/", "/vendor/"].iter().any(|folder| path.starts_with(folder))
            };
            assert_eq!(listed.iter().filter(others).count(), 0, "{listed:?}");
            assert!(listed.contains(&"/client/wireside.js") && listed.len() < 20, "{listed:?}");
            assert!(document.contains("src=\"/bundle/index.js\"") && !document.contains("/page/app.js"));
        } else {
            assert!(
                listed.contains(&"/program/failure-card.js") && listed.contains(&"/wire/wire-view.js"),
                "{listed:?}"
            );
        }
        assert!(!listed.contains(&"/client/worker.js"));
    }

    #[test]
    fn only_exact_paths_are_found() {
        for path in [
            "",
            "/",
            "client/web.js",
            "/client/",
            "/client/../client/web.js",
            "/client/web.js\0",
            "//etc/passwd",
        ] {
            assert!(find(path).is_none(), "{path:?}");
        }
    }

    #[test]
    fn the_table_is_sorted_without_doubles() {
        let paths: Vec<_> = paths().collect();
        assert!(paths.is_sorted_by(|a, b| a < b));
    }
}
