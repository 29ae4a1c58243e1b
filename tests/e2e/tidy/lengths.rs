//! How long functions are. One that is longer than a screen has two jobs.

use super::{none, product, read};

/// Lines of the longest function, from its signature to its closing brace.
const LONGEST: usize = 79;

/// Each function of a file with its lines. The code is formatted: a function ends with the first line that is no further in than
/// the one it begins on.
fn functions(path: &str, text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let ends = |line: &str, from: usize| !line.trim().is_empty() && indent(line) <= from;
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(name) = name(path, line) else { continue };
        let from = indent(line);
        let python = path.ends_with(".py");
        // The arguments may stand on lines of their own, and the parenthesis behind them as far in as the beginning.
        let is_end = |line: &str| ends(line, from) && !line.trim_start().starts_with([')', ']']);
        let length = if python {
            let rest = &lines[at + 1..];
            let end = rest.iter().position(|line| is_end(line)).unwrap_or(rest.len());
            let body = &rest[..end];
            let last = body.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1);
            1 + last - class_lines(&body[..last])
        } else if line.trim_end().ends_with([';', '}']) {
            1
        } else {
            let end = lines[at + 1..].iter().position(|line| {
                is_end(line) && line.trim_start().starts_with('}') || ends(line, from) && line.ends_with(';')
            });
            end.map_or(lines.len() - at, |end| end + 2)
        };
        found.push((name, length));
    }
    found
}

/// Lines of the classes that a function of Python makes: their functions are measured by themselves.
fn class_lines(body: &[&str]) -> usize {
    let (mut count, mut class) = (0, None);
    for line in body {
        let indent = line.len() - line.trim_start().len();
        if class.is_some_and(|class| !line.trim().is_empty() && indent <= class) {
            class = None;
        }
        if line.trim_start().starts_with("class ") {
            class = class.or(Some(indent));
        }
        count += usize::from(class.is_some());
    }
    count
}

/// What the function is called that begins on this line, if one does.
fn name(path: &str, line: &str) -> Option<String> {
    let mut words = line.trim_start();
    let ending = path.rsplit('.').next()?;
    let keywords: &[&str] = match ending {
        "rs" => &["pub ", "pub(crate) ", "pub(super) ", "const ", "async ", "unsafe ", "default "],
        "py" => &["async "],
        _ => &["export ", "default ", "async ", "static ", "get ", "set "],
    };
    while let Some(rest) = keywords.iter().find_map(|keyword| words.strip_prefix(keyword)) {
        words = rest;
    }
    let identifier = |text: &str| {
        let part = |c: char| c.is_alphanumeric() || c == '_' || c == '$' || c == '#';
        let end = text.find(|c: char| !part(c)).unwrap_or(text.len());
        (end > 0).then(|| (text[..end].to_owned(), text[end..].to_owned()))
    };
    match ending {
        "rs" => identifier(words.strip_prefix("fn ")?).map(|(name, _)| name),
        "py" => identifier(words.strip_prefix("def ")?).map(|(name, _)| name),
        _ => {
            if let Some(rest) = words.strip_prefix("function") {
                return identifier(rest.trim_start_matches('*').trim_start()).map(|(name, _)| name);
            }
            // An arrow with a name, or a method.
            let arrow = words.strip_prefix("const ").or_else(|| words.strip_prefix("let "));
            let (name, rest) = identifier(arrow.unwrap_or(words).trim_start_matches('*'))?;
            let statement =
                ["if", "for", "while", "switch", "catch", "return", "with"].contains(&name.as_str());
            let is_method = rest.starts_with('(') && line.ends_with('{') && !statement;
            let is_arrow =
                rest.starts_with(" = ") && (line.ends_with("=> {") || line.contains(" = function"));
            (is_arrow || (arrow.is_none() && is_method)).then_some(name)
        }
    }
}

#[test]
fn no_function_is_longer_than_a_screen() {
    let (mut long, mut count) = (Vec::new(), [0; 3]);
    for path in product() {
        let Some(language) = [".rs", ".js", ".py"].iter().position(|end| path.ends_with(end)) else {
            continue;
        };
        let text = read(&path);
        let text =
            if language == 0 { text.split("#[cfg(test)]\nmod").next().unwrap_or_default() } else { &text };
        let functions = functions(&path, text);
        count[language] += functions.len();
        let over = functions.into_iter().filter(|(_, length)| *length > LONGEST);
        long.extend(over.map(|(name, length)| format!("{path}: {name} has {length}")));
    }
    assert!(count[0] > 3000 && count[1] > 1000 && count[2] > 200, "they are found: {count:?}");
    none(&long, "a function has fewer than 80 lines");
}

#[test]
fn functions_are_measured_as_they_are_written() {
    let rust = "impl One {\n    pub(crate) fn one(\n        &self,\n    ) -> bool {\n        true\n    }\n\n    fn two() {}\n}\n";
    assert_eq!(functions("a.rs", rust), [("one".to_owned(), 5), ("two".to_owned(), 1)]);
    let script = "class One {\n    async #run(of) {\n        if (of) {\n            go();\n        }\n    }\n}\n\nconst two = () => {\n    go();\n};\n";
    assert_eq!(functions("a.js", script), [("#run".to_owned(), 5), ("two".to_owned(), 3)]);
    let python = "class One:\n    def one(self):\n        return (\n            1\n        )\n\n    async def two(\n        self,\n    ):\n        pass\n";
    assert_eq!(functions("a.py", python), [("one".to_owned(), 4), ("two".to_owned(), 4)]);
    let class = "def make():\n    class One:\n        def one(self):\n            pass\n\n    return One\n";
    assert_eq!(functions("a.py", class), [("make".to_owned(), 2), ("one".to_owned(), 2)]);
}
