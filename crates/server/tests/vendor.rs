//! What the build gets from npm: the decision, and what is served of it.

#[path = "../build/vendor/plan.rs"]
mod plan;

use plan::{NO_NPM, OFF, Plan, REFUSED, Setting, plan, setting};

#[test]
fn the_variable_has_three_values() {
    for (value, expected) in [
        (None, Setting::Auto),
        (Some(""), Setting::Auto),
        (Some("auto"), Setting::Auto),
        (Some("on"), Setting::On),
        (Some("off"), Setting::Off),
    ] {
        assert_eq!(setting(value), Ok(expected), "{value:?}");
    }
    assert!(setting(Some("no")).unwrap_err().contains("\"no\""));
}

#[test]
fn npm_is_asked_only_where_something_is_missing() {
    for setting in [Setting::Auto, Setting::On] {
        assert_eq!(plan(setting, true, true), Plan::Keep);
        assert_eq!(plan(setting, true, false), Plan::Keep);
        assert_eq!(plan(setting, false, true), Plan::Install);
    }
}

#[test]
fn without_npm_the_build_goes_on_unless_it_was_insisted_on() {
    assert_eq!(plan(Setting::Auto, false, false), Plan::Without(NO_NPM));
    assert!(matches!(plan(Setting::On, false, false), Plan::Fail(_)));
    for (current, npm) in [(false, false), (false, true), (true, false), (true, true)] {
        assert_eq!(plan(Setting::Off, current, npm), Plan::Without(OFF));
    }
}

/// The page's module says what this build in fact serves, and in the other case why not.
#[test]
fn the_manifest_is_true() {
    let manifest = server::assets::find("/vendor/manifest.js").expect("in every build");
    let manifest = String::from_utf8(manifest.bytes.expect("small").into_owned()).expect("text");
    let served: Vec<&str> = server::assets::paths().filter(|path| path.starts_with("/vendor/")).collect();
    if manifest.contains("export const python = null;") {
        assert!(manifest.contains("export const editor = null;"), "{manifest}");
        assert!([OFF, NO_NPM, REFUSED].iter().any(|why| manifest.contains(why)), "{manifest}");
        assert_eq!(served, ["/vendor/manifest.js"]);
        return;
    }
    assert!(manifest.contains("export const why = \"\";"), "{manifest}");
    let named = |before: &str| {
        let (_, rest) = manifest.split_once(before).unwrap_or_else(|| panic!("{before} in {manifest}"));
        rest.split('"').next().expect("quoted").to_owned()
    };
    assert!(served.contains(&named("export const editor = \"").as_str()), "{served:?}");
    let base = named("base: \"");
    let python: Vec<&str> = served.iter().filter_map(|path| path.strip_prefix(base.as_str())).collect();
    assert_eq!(
        python,
        [
            "pyodide-lock.json",
            "pyodide.asm.mjs",
            "pyodide.asm.wasm",
            "pyodide.mjs",
            "python.memory.bin",
            "python_stdlib.zip"
        ]
    );
    for name in python {
        let asset = server::assets::find(&format!("{base}{name}")).expect("listed");
        let hash = asset.hash.expect("in the program");
        assert!(base.contains(hash), "{name}: its address names its content");
        let brotli = asset.brotli.expect("compressed in every profile").len();
        let gzip = asset.gzip.expect("compressed in every profile").len();
        // What is large is there compressed alone; a gzip file ends with the length of what is in it (RFC 1952 section 2.3.1).
        let zipped = asset.gzip.and_then(<[u8]>::last_chunk).expect("a gzip file");
        let size = u32::from_le_bytes(*zipped) as usize;
        assert!(asset.bytes.is_none_or(|bytes| bytes.len() == size && size < 1 << 20), "{name}");
        let line = format!("\"{name}\": {{ size: {size}, brotli: {brotli}, gzip: {gzip} }}");
        assert!(manifest.contains(&line), "{line} in {manifest}");
    }
    let notices = server::assets::find("/vendor/LICENSES.txt").expect("beside what it is about");
    let notices = String::from_utf8(notices.bytes.expect("small").into_owned()).expect("text");
    for owed in ["Mozilla Public License", "PYTHON SOFTWARE FOUNDATION", "@codemirror/view", "esbuild"] {
        assert!(notices.contains(owed), "{owed}");
    }
}
