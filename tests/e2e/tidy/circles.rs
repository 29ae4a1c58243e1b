//! Between the files of a crate `use` goes one way. A file that is used by what it uses cannot be read alone, nor tested,
//! nor moved.

use std::collections::{BTreeMap, BTreeSet};

use super::{files, none, packages, read};

/// A module by the words of its path from the crate's root, which has none.
type Name = Vec<String>;

/// One file of a crate.
#[derive(Default)]
struct Module {
    file: String,
    imports: Vec<Import>,
    /// Every other path in its code, as written: `crate::a::B`, `child::f`, `Imported::new`.
    paths: BTreeSet<Name>,
    words: BTreeSet<String>,
    /// The types that it has methods of.
    completes: BTreeSet<String>,
}

/// One name of a `use`.
struct Import {
    path: Name,
    /// What it is called here; `*` for all.
    name: String,
    exported: bool,
}

/// All files of a crate, but those of its tests.
struct Files(BTreeMap<Name, Module>);

impl Files {
    fn of(folder: &str) -> Self {
        let source = format!("{folder}/src/");
        let rust = files(&source).into_iter().filter(|path| path.ends_with(".rs") && !super::is_test(path));
        Self::made_of(rust.map(|path| {
            let text = read(&path);
            (path[source.len()..].to_owned(), path, text)
        }))
    }

    /// Each by its path from the crate's root, its name in sentences, and its text.
    fn made_of(texts: impl Iterator<Item = (String, String, String)>) -> Self {
        let modules = texts.map(|(inner, file, text)| {
            let name = match inner.trim_end_matches(".rs").trim_end_matches("/mod") {
                "lib" => Name::new(),
                // A program beside a library uses it by its name, as any other crate does.
                inner => inner.split('/').map(str::to_owned).collect(),
            };
            (name, Module::read(file, &text))
        });
        Self(modules.collect())
    }

    /// The module that has what an absolute path names, through whatever it is exported by, and the name there.
    fn home(&self, path: &[String], depth: u8) -> Option<(Name, String)> {
        let mut at = Name::new();
        for (n, word) in path.iter().enumerate() {
            let child = [&at[..], std::slice::from_ref(word)].concat();
            if self.0.contains_key(&child) {
                at = child;
                continue;
            }
            let imports = &self.0.get(&at)?.imports;
            let import = imports.iter().find(|import| import.name == *word);
            if let Some(import) = import.filter(|_| depth > 0) {
                let whole = [&self.absolute(&at, &import.path)?[..], &path[n + 1..]].concat();
                return self.home(&whole, depth - 1);
            }
            return Some((at, word.clone()));
        }
        self.0.contains_key(&at).then(|| (at, String::new()))
    }

    /// A path as it is written in a module, from the root; none if it is another crate's.
    fn absolute(&self, here: &[String], path: &[String]) -> Option<Name> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([here, rest].concat()),
            "super" => {
                let mut at = here.split_last()?.1;
                let mut rest = rest;
                while rest.first().is_some_and(|word| word == "super") {
                    (at, rest) = (at.split_last()?.1, &rest[1..]);
                }
                Some([at, rest].concat())
            }
            _ => {
                let child = [here, std::slice::from_ref(first)].concat();
                self.0.contains_key(&child).then(|| [here, path].concat())
            }
        }
    }

    /// Whom a module uses, and by which path first.
    fn used(&self, here: &Name) -> BTreeMap<Name, String> {
        let module = &self.0[here];
        let mut used = BTreeMap::new();
        let mut note = |whole: &[String], written: &[String]| {
            let Some((home, item)) = self.home(whole, 8) else { return };
            // The methods of one type may stand in several files of its folder, which are its file as well.
            let is_part = here.starts_with(&home) && module.completes.contains(&item);
            if home != *here && !is_part {
                used.entry(home).or_insert_with(|| written.join("::"));
            }
        };
        for import in &module.imports {
            let Some(whole) = self.absolute(here, &import.path) else { continue };
            let further = module.paths.iter().filter(|path| path[0] == import.name && path.len() > 1);
            let further: Vec<Name> = further.map(|path| [&whole[..], &path[1..]].concat()).collect();
            // Of a module only what is asked of it counts, and of what is handed on only what is asked here too.
            if (further.is_empty() || !self.0.contains_key(&whole))
                && (!import.exported || module.words.contains(&import.name))
            {
                note(&whole, &import.path);
            }
            further.iter().for_each(|path| note(path, path));
        }
        for path in module.paths.iter().filter(|path| path.len() > 1) {
            if let Some(whole) = self.absolute(here, path) {
                note(&whole, path);
            }
        }
        used
    }

    /// One circle of each knot of files, in words.
    fn circles(&self) -> Vec<String> {
        let mut arrows: BTreeMap<&Name, BTreeMap<Name, String>> =
            self.0.keys().map(|name| (name, self.used(name))).collect();
        let mut found = Vec::new();
        loop {
            // Takes away whoever uses nobody that is left, until only circles are left and who uses them.
            while let Some(lowest) =
                arrows.iter().find(|(_, to)| to.keys().all(|to| !arrows.contains_key(to)))
            {
                let lowest = *lowest.0;
                arrows.remove(lowest);
            }
            let Some((first, _)) = arrows.first_key_value() else { return found };
            let mut way = vec![*first];
            let (circle, words) = loop {
                let last = way[way.len() - 1];
                let next = arrows[last].keys().find_map(|to| arrows.get_key_value(to)).expect("one is left");
                if let Some(begin) = way.iter().position(|at| at == next.0) {
                    let circle = way[begin..].to_vec();
                    let step = |(n, at): (usize, &&Name)| {
                        let to = circle[(n + 1) % circle.len()];
                        format!("{} uses {}", self.0[*at].file, arrows[*at][to])
                    };
                    let words: Vec<String> = circle.iter().enumerate().map(step).collect();
                    break (circle, words);
                }
                way.push(*next.0);
            };
            found.push(format!("[{}]", words.join("; ")));
            arrows.remove(circle[circle.len() - 1]);
        }
    }
}

impl Module {
    fn read(file: String, text: &str) -> Self {
        let code = from_the_file(&without_visibilities(&without_tests(&without_text(text))));
        let (imports, rest) = imports(&code);
        let paths: BTreeSet<Name> = paths(&rest).collect();
        let completes = rest.lines().filter_map(completed).collect();
        let words = paths.iter().map(|path| path[0].clone()).collect();
        Self { file, imports, paths, words, completes }
    }
}

/// Rust without `(in crate::a)` behind `pub`: who may use something is no use of theirs.
fn without_visibilities(code: &str) -> String {
    let mut pieces = code.split("pub(in ");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |code, piece| {
        let rest = piece.split_once(')').map_or(piece, |(_, rest)| rest);
        format!("{code}pub{rest}")
    })
}

/// The type whose own methods begin on this line.
fn completed(line: &str) -> Option<String> {
    let of = line.strip_prefix("impl")?;
    let of = of.strip_prefix('<').and_then(|of| of.split_once("> ")).map_or(of, |(_, of)| of);
    (!of.contains(" for ")).then(|| of.trim().split(['<', ' ', '{']).next().map(str::to_owned))?
}

/// Rust without comments, and with nothing in its strings.
fn without_text(code: &str) -> String {
    let (mut out, mut rest) = (String::new(), code);
    while let Some(first) = rest.chars().next() {
        let before = out.chars().next_back().unwrap_or(' ');
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(inside) = rest.strip_prefix('"') {
            let mut escaped = false;
            let end = inside.find(|c| {
                let is_end = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                is_end
            });
            end.map_or(rest.len(), |at| at + 2)
        } else if (rest.starts_with("r\"") || rest.starts_with("r#")) && !before.is_alphanumeric() {
            let hashes = rest[1..].chars().take_while(|c| *c == '#').count();
            let end = format!("\"{}", "#".repeat(hashes));
            let is_text = rest[1 + hashes..].starts_with('"');
            let at = rest[2 + hashes..].find(&end).filter(|_| is_text);
            at.map_or(1, |at| 2 + hashes + at + end.len())
        } else if rest.starts_with("'\"'") || rest.starts_with("'{'") || rest.starts_with("'}'") {
            3
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        out.push(' ');
        rest = &rest[skipped..];
    }
    out
}

/// Without the items that are compiled for tests alone. The code is formatted: an item ends where its indentation does.
fn without_tests(code: &str) -> String {
    let mut out = String::new();
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            out.push_str(line);
            out.push('\n');
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let ends = |line: &str| {
            let own = line.len() - line.trim_start().len() == indent;
            own && (line.trim_end().ends_with(';') || line.trim_end().ends_with('}'))
        };
        lines.by_ref().find(|line| ends(line));
    }
    out
}

/// With the paths inside its inline modules as the file itself would write them.
fn from_the_file(code: &str) -> String {
    let (mut out, mut inside) = (String::new(), false);
    for line in code.lines() {
        let begins = line.ends_with('{') && (line.starts_with("mod ") || line.contains(" mod "));
        inside = (inside || begins) && line != "}";
        let further =
            line.replace("super::super::", "\0").replace("super::", "self::").replace('\0', "super::");
        out.push_str(if inside { &further } else { line });
        out.push('\n');
    }
    out
}

/// The names that a file's `use` lines bring, and the file without these lines.
fn imports(code: &str) -> (Vec<Import>, String) {
    let (mut found, mut rest) = (Vec::new(), String::new());
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        let words = line.trim_start();
        let visible = words.strip_prefix("pub").map(|after| {
            let inside = after.starts_with('(').then(|| after.split_once(')')).flatten();
            inside.map_or(after, |(_, after)| after).trim_start()
        });
        let Some(tree) = visible.unwrap_or(words).strip_prefix("use ") else {
            rest.push_str(line);
            rest.push('\n');
            continue;
        };
        let mut tree = tree.to_owned();
        while !tree.contains(';') {
            tree.push_str(lines.next().expect("a use ends"));
        }
        branches(&[], tree.split(';').next().unwrap_or_default(), &mut |path, name| {
            found.push(Import { path, name, exported: visible.is_some() });
        });
    }
    (found, rest)
}

/// Every path of `a::{b, c::D as E}`, and its name.
fn branches(before: &[String], tree: &str, each: &mut impl FnMut(Name, String)) {
    let tree = tree.trim();
    let word = |word: &str| word.trim().to_owned();
    if let Some(inner) = tree.strip_prefix('{') {
        let (mut depth, mut from) = (0, 0);
        let inner = inner.trim_end().trim_end_matches('}');
        // The last brace is this tree's own; one more may have been taken with it.
        let missing = inner.matches('{').count() - inner.matches('}').count();
        let inner = format!("{inner}{},", "}".repeat(missing));
        for (at, c) in inner.char_indices() {
            depth += i32::from(c == '{') - i32::from(c == '}');
            if c == ',' && depth == 0 {
                if !inner[from..at].trim().is_empty() {
                    branches(before, &inner[from..at], each);
                }
                from = at + 1;
            }
        }
    } else if let Some((first, rest)) = tree.split_once("::") {
        branches(&[before, &[word(first)]].concat(), rest, each);
    } else if tree == "self" {
        each(before.to_vec(), before.last().cloned().unwrap_or_default());
    } else if tree == "*" {
        each(before.to_vec(), word("*"));
    } else {
        let (own, name) = tree.split_once(" as ").unwrap_or((tree, tree));
        each([before, &[word(own)]].concat(), word(name));
    }
}

/// Every path in code, also those of one word.
fn paths(code: &str) -> impl Iterator<Item = Name> + '_ {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let whole = code.split(move |c: char| !is_part(c)).filter(|path| !path.is_empty());
    // `a: b` and `a::<T>` have colons too.
    whole
        .map(|path| {
            path.trim_matches(':').split("::").map(|word| word.trim_matches(':').to_owned()).collect()
        })
        .filter(|path: &Name| path.iter().all(|word| !word.is_empty()))
}

#[test]
fn the_files_of_a_crate_use_each_other_one_way() {
    let mut found = Vec::new();
    for (package, (folder, _)) in packages() {
        let files = Files::of(&folder.to_string_lossy());
        let arrows: usize = files.0.keys().map(|name| files.used(name).len()).sum();
        assert!(package == "e2e" || arrows >= files.0.len() - 1, "{package}: they are found");
        found.extend(files.circles());
    }
    none(&found, "files of a crate use each other in one direction");
}

#[test]
fn a_circle_is_found_and_named() {
    let circles = |texts: &[(&str, &str)]| {
        let texts =
            texts.iter().map(|(path, text)| ((*path).to_owned(), (*path).to_owned(), (*text).to_owned()));
        Files::made_of(texts).circles()
    };
    let way = ("way.rs", "use crate::end::End;\npub struct Way(End);");
    let all = ("lib.rs", "mod end;\nmod way;\npub use way::Way;");
    assert_eq!(circles(&[all, way, ("end.rs", "//! Ends a `crate::way::Way`.\npub struct End;")]), [""; 0]);
    let expected = ["[end.rs uses crate::Way; way.rs uses crate::end::End]"];
    assert_eq!(circles(&[all, way, ("end.rs", "pub struct End(Option<Box<crate::Way>>);")]), expected);
    // A parent may use its children; the methods of its type may stand in them, and what else it has may not be used there.
    let parent = "mod child;\npub struct Parent;\nfn one() {}\nfn two() { child::three(); }";
    let method = "use super::Parent;\nimpl Parent { fn four(&self) {} }\npub fn three() {}";
    assert_eq!(circles(&[("parent.rs", parent), ("parent/child.rs", method)]), [""; 0]);
    let upwards = circles(&[("parent.rs", parent), ("parent/child.rs", "pub fn three() { super::one(); }")]);
    assert_eq!(upwards, ["[parent.rs uses child::three; parent/child.rs uses super::one]"]);
}
