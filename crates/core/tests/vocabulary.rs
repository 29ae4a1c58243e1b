//! What JavaScript and Python need of the vocabulary of sockets and of the limits, written from the tables in Rust.
//!
//! The files are part of the tree, so that the page from disk, plain CPython and an editor have them without a build.
//! This test says when one is not what the tables say; with `WIRESIDE_WRITE=1` it writes them.

use std::{fmt::Write as _, fs, net::Ipv4Addr, path::PathBuf};

use proto::{
    address::Address,
    call::{
        Call, EpollEvents, EpollOperation, Family, Flags, How, Kind, OptionForm, OptionName, OptionValue,
        Passed, PollEvents, Value,
    },
    id::Fd,
    limits,
    room::HOME,
    vocabulary::{Level, NOSIGNAL, POLL},
};
use serde_json::Value as Json;

const HOME_IS: &str =
    "Where the folder of a machine's programs is: paths that do not begin with / begin there.";
const HOW_TO: &str = "WIRESIDE_WRITE=1 cargo test --workspace --test vocabulary";

#[test]
fn the_pages_files_say_what_the_tables_say() {
    let web = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../web/py");
    let files = [("vocabulary.js", javascript()), ("vocabulary.d.ts", types()), ("_vocabulary.py", python())];
    for (name, text) in files {
        let path = web.join(name);
        if std::env::var_os("WIRESIDE_WRITE").is_some() {
            fs::write(&path, &text).expect("web/py can be written");
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(found == text, "web/py/{name} is not what crates/core says. Write it anew: {HOW_TO}");
    }
}

/// The name that serde gives a variant, which is its name in the protocol's own form.
fn variant(value: impl std::fmt::Debug) -> String {
    format!("{value:?}")
}

fn head(comment: &str) -> String {
    format!(
        "{comment} Words and numbers of socket programming, from crates/core/src/{{vocabulary,call,limits}}.rs.\n\
         {comment} Not to be edited: {HOW_TO}\n"
    )
}

/// Numbers that JavaScript and Python look at before they ask.
fn numbers() -> [(&'static str, u64, &'static str); 14] {
    [
        ("CALL_PAYLOAD", limits::CALL_PAYLOAD.into(), "Most payload bytes of one call."),
        ("CLASS_FILE", limits::CLASS_FILE as u64, "Most bytes of a file for a whole class."),
        ("CLASS_NOTE", limits::CLASS_NOTE as u64, "Longest note of a teacher, in characters."),
        ("FOLDER_BYTES", limits::FOLDER_BYTES as u64, "Most bytes of all files in a machine's folder."),
        ("FOLDER_FILES", limits::FOLDER_FILES as u64, "Most files in a machine's folder."),
        (
            "FOLDER_FILE_BYTES",
            limits::FOLDER_FILE_BYTES as u64,
            "Most bytes of one file in a machine's folder.",
        ),
        ("HOST_NAME", limits::HOST_NAME as u64, "Longest name to resolve, in bytes."),
        (
            "NAME",
            limits::NAME as u64,
            "Longest name of a person, a program, a lesson or a step, in characters.",
        ),
        ("OPTION_BYTES", limits::OPTION_BYTES as u64, "Most bytes of a socket option's value."),
        ("SHARE_NOTE", limits::SHARE_NOTE as u64, "Longest note to an event of a recording, in characters."),
        ("SHARE_NOTES", limits::SHARE_NOTES as u64, "Most notes in one recording."),
        ("SHARE_TITLE", limits::SHARE_TITLE as u64, "Longest title of a recording, in characters."),
        ("UNIX_NAME", limits::UNIX_NAME as u64, "Longest name of a socket of AF_UNIX, in bytes."),
        (
            "WIRE_DELAY_MS",
            limits::WIRE_DELAY_MS.into(),
            "Longest one-way delay of the wire, in milliseconds.",
        ),
    ]
}

/// An object of JavaScript, a line an entry.
fn object(text: &mut String, doc: &str, name: &str, entries: impl Iterator<Item = (String, String)>) {
    let _ = writeln!(text, "\n/** {doc} */\nexport const {name} = {{");
    for (key, value) in entries {
        let _ = writeln!(text, "  {key}: {value},");
    }
    text.push_str("};\n");
}

fn javascript() -> String {
    let mut text = head("//");
    let quoted = |value: String| format!("\"{value}\"");
    let families = Family::ALL.iter().map(|one| (one.name().to_owned(), quoted(variant(one))));
    object(&mut text, "Address families: the protocol's own form by the name in C.", "FAMILIES", families);
    let kinds = Kind::ALL.iter().map(|one| (one.name().to_owned(), quoted(variant(one))));
    object(&mut text, "Types of sockets.", "KINDS", kinds);
    let directions = How::ALL.iter().map(|one| (one.name().to_owned(), quoted(variant(one))));
    object(&mut text, "Directions of shutdown(2).", "HOW", directions);
    let flags = Flags::ALL.iter().map(|(flag, name, _)| ((*name).to_owned(), flag.0.to_string()));
    object(&mut text, "Flags of send(2) and recv(2): the protocol's bits, not Linux's.", "FLAGS", flags);
    let short = |name: &str| name.trim_start_matches(POLL).to_owned();
    let events = PollEvents::ALL.iter().map(|(event, name, _)| (short(name), event.0.to_string()));
    object(&mut text, "Events of poll(2), without `POLL`.", "EVENTS", events);
    let options = OptionName::ALL.iter().map(|one| {
        (one.name().to_owned(), format!("[\"{}\", \"{}\"]", variant(one), variant(one.entry().form)))
    });
    object(
        &mut text,
        "Socket options: the protocol's own form, and the form of the value.",
        "OPTIONS",
        options,
    );
    for (name, number, doc) in numbers() {
        let _ = writeln!(text, "\n/** {doc} */\nexport const {name} = {number};");
    }
    let _ = writeln!(text, "\n/** {HOME_IS} */\nexport const HOME = \"{HOME}\";");
    text
}

/// A union of strings.
fn union(text: &mut String, doc: &str, name: &str, of: impl Iterator<Item = String>) {
    let words: Vec<String> = of.map(|word| format!("\n  | \"{word}\"")).collect();
    let _ = writeln!(text, "\n/** {doc} */\nexport type {name} ={};", words.concat());
}

fn types() -> String {
    let mut text = head("//");
    union(&mut text, "Address families.", "Family", Family::ALL.iter().map(|one| one.name().to_owned()));
    union(&mut text, "Types of sockets.", "Kind", Kind::ALL.iter().map(|one| one.name().to_owned()));
    union(&mut text, "Directions of shutdown(2).", "How", How::ALL.iter().map(|one| one.name().to_owned()));
    let flags = Flags::ALL.iter().map(|(_, name, _)| (*name).to_owned());
    union(&mut text, "Flags of send(2) and recv(2).", "Flag", flags);
    let short = |name: &str| name.trim_start_matches(POLL).to_owned();
    let events = PollEvents::ALL.iter().map(|(_, name, _)| short(name));
    union(&mut text, "Events of poll(2), without `POLL`.", "PollEvent", events);
    let options = OptionName::ALL.iter().map(|one| one.name().to_owned());
    union(&mut text, "Socket options that can be set or read.", "OptionName", options);
    let names = Call::NAMES.iter().map(|name| (*name).to_owned());
    union(&mut text, "Calls, as in the man pages.", "CallName", names);
    let forms = [OptionForm::Bool, OptionForm::Int, OptionForm::Linger, OptionForm::Bytes].map(variant);
    union(&mut text, "Forms of an option's value.", "OptionForm", forms.into_iter());
    protocol_types(&mut text);
    text.push('\n');
    let tables = [
        ("FAMILIES", "Family", "protocol.Family"),
        ("KINDS", "Kind", "protocol.Kind"),
        ("HOW", "How", "protocol.How"),
        ("FLAGS", "Flag", "number"),
        ("EVENTS", "PollEvent", "number"),
        ("OPTIONS", "OptionName", "[protocol.OptionName, OptionForm]"),
    ];
    for (name, key, value) in tables {
        let _ = writeln!(text, "export const {name}: Record<{key}, {value}>;");
    }
    for (name, ..) in numbers().iter() {
        let _ = writeln!(text, "export const {name}: number;");
    }
    text.push_str("export const HOME: string;\n");
    text
}

/// The types of the protocol's own form of a call, which its messages have.
fn protocol_types(text: &mut String) {
    text.push_str(
        "\n/** The protocol's own form of calls and what they return. */\nexport namespace protocol {\n",
    );
    let words = |all: Vec<String>| all.iter().map(|one| format!("\"{one}\"")).collect::<Vec<_>>().join(" | ");
    let unions = [
        ("Family", words(Family::ALL.iter().map(variant).collect())),
        ("Kind", words(Kind::ALL.iter().map(variant).collect())),
        ("How", words(How::ALL.iter().map(variant).collect())),
        ("OptionName", words(OptionName::ALL.iter().map(variant).collect())),
        ("EpollOperation", words(EpollOperation::ALL.iter().map(variant).collect())),
        ("Wait", "\"Forever\" | \"No\" | { Millis: number }".to_owned()),
        (
            "OptionValue",
            "{ Bool: boolean } | { Int: number } | { Linger: number | null } | { Bytes: number[] }"
                .to_owned(),
        ),
    ];
    for (name, of) in unions {
        let _ = writeln!(text, "  export type {name} = {of};");
    }
    text.push_str("  export type Call =");
    for (call, fields) in Call::FIELDS {
        let fields: Vec<_> =
            fields.iter().map(|(field, of)| format!("{field}: {}", in_typescript(of))).collect();
        let _ = write!(text, "\n    | {{ {call}: {{ {} }} }}", fields.join("; "));
    }
    text.push_str(
        ";\n  /** What a call returned has one of these, or is \"Done\". */\n  export interface Returned {\n",
    );
    for (name, of, _) in returned() {
        let _ = writeln!(text, "    {name}: {of};");
    }
    text.push_str("  }\n  export type Value = \"Done\" | Partial<Returned>;\n}\n");
}

/// A type of Rust, as TypeScript has what serde writes for it.
fn in_typescript(of: &str) -> &str {
    match of {
        "Fd" | "Flags" | "EpollEvents" | "u8" | "u16" | "u32" | "i32" => "number",
        "Address" | "String" => "string",
        "Option<Address>" => "string | null",
        "Vec<Fd>" => "number[]",
        "Option<Family>" => "Family | null",
        "Vec<(Fd, PollEvents)>" => "[number, number][]",
        "Family" | "Kind" | "How" | "OptionName" | "OptionValue" | "EpollOperation" => of,
        _ => panic!("no type of TypeScript is known for {of}"),
    }
}

/// The forms of what a call returns, each with its type and an example.
fn returned() -> [(&'static str, &'static str, Value); 14] {
    let address = || Address::Ip("10.0.0.1:80".parse().expect("an address"));
    let (length, ip) = (1, Ipv4Addr::LOCALHOST.into());
    [
        ("Descriptor", "number", Value::Descriptor(Fd(3))),
        ("Accepted", "{ fd: number; peer: string }", Value::Accepted { fd: Fd(3), peer: address() }),
        ("Sent", "number", Value::Sent(1)),
        ("Received", "{ length: number }", Value::Received { length }),
        (
            "ReceivedFrom",
            "{ length: number; from: string | null }",
            Value::ReceivedFrom { length, from: Some(address()) },
        ),
        ("Address", "string", Value::Address(address())),
        ("Option", "OptionValue", Value::Option(OptionValue::Bool(true))),
        ("Ready", "[number, number][]", Value::Ready(vec![(Fd(3), PollEvents(1))])),
        (
            "Addresses",
            "{ addresses: string[]; from_room: boolean }",
            Value::Addresses { addresses: vec![ip], from_room: true },
        ),
        (
            "Pinged",
            "{ address: string; round_trips: (number | null)[]; sent: boolean }",
            Value::Pinged { address: ip, round_trips: vec![None], sent: true },
        ),
        ("Pair", "[number, number]", Value::Pair(Fd(3), Fd(4))),
        ("Interfaces", "[number, string][]", Value::Interfaces(vec![(1, "lo".to_owned())])),
        (
            "ReceivedMsg",
            "{ length: number; from: string | null; cut: boolean; control_cut: boolean; passed: { fd: number; socket: [Family, Kind] | null }[] }",
            Value::ReceivedMsg {
                length,
                from: Some(address()),
                cut: false,
                control_cut: true,
                passed: vec![Passed { fd: Fd(3), socket: Some((Family::Unix, Kind::Stream)) }],
            },
        ),
        ("Events", "[number, number][]", Value::Events(vec![(Fd(3), EpollEvents::IN)])),
    ]
}

#[test]
fn what_calls_return_has_the_types_that_are_declared() {
    for (name, of, example) in returned() {
        let json = serde_json::to_value(&example).expect("plain data");
        let declared = |json: &Json| match json {
            Json::Number(_) => "number",
            Json::String(_) => "string",
            Json::Bool(_) => "boolean",
            _ => "",
        };
        let inner = &json[name];
        match inner {
            Json::Object(fields) => {
                for (field, value) in fields.iter().filter(|_| of.starts_with('{')) {
                    let wanted = format!("{field}: {}", declared(value));
                    assert!(of.contains(&wanted), "{name} is {of}, and serde writes {json}");
                }
            }
            Json::Array(_) => assert!(of.starts_with('['), "{name} is {of}, and serde writes {json}"),
            other => assert_eq!(declared(other), of, "{name}"),
        }
    }
}

/// A constant of Python for each word, and a dictionary of them.
fn words(text: &mut String, doc: &str, name: &str, of: &[(&str, i32, String)]) {
    let _ = writeln!(text, "\n# {doc}");
    for (word, number, _) in of.iter() {
        let _ = writeln!(text, "{word} = {number}");
    }
    let _ = writeln!(text, "{name} = {{");
    for (word, _, value) in of.iter() {
        let _ = writeln!(text, "    {word}: {value},");
    }
    text.push_str("}\n");
}

fn python() -> String {
    let mut text = format!(
        "\"\"\"What `socket` and `select` have of Linux's words, in the protocol's own form.\"\"\"\n\n{}",
        head("#")
    );
    let quoted = |value: String| format!("\"{value}\"");
    let families: Vec<_> =
        Family::ALL.iter().map(|one| (one.name(), one.number(), quoted(variant(one)))).collect();
    words(&mut text, "Address families.", "FAMILIES", &families);
    let kind = |one: &Kind| (one.name(), one.number(), format!("(\"{}\", {})", variant(one), one.protocol()));
    let kinds: Vec<_> = Kind::ALL.iter().map(kind).collect();
    words(&mut text, "Types of sockets, with the protocol of each.", "KINDS", &kinds);
    let directions: Vec<_> =
        How::ALL.iter().map(|one| (one.name(), one.number(), quoted(variant(one)))).collect();
    words(&mut text, "Directions of shutdown(2).", "HOW", &directions);

    text.push_str("\n# Levels of options.\n");
    for one in Level::ALL.iter() {
        let _ = writeln!(text, "{} = {}", one.name(), one.number());
    }
    text.push_str("# (level, number): (name in C, name in the protocol, form of its value)\nOPTIONS = {\n");
    for one in OptionName::ALL {
        let entry = one.entry();
        let (level, number) = (entry.level.name(), entry.number);
        let (name, form) = (entry.name, variant(entry.form));
        let _ = writeln!(text, "    ({level}, {number}): (\"{name}\", \"{}\", \"{form}\"),", variant(one));
    }
    text.push_str("}\n\n# Flags of send(2) and recv(2): Linux's bit and the protocol's.\nFLAGS = {\n");
    let mut flags = Flags::ALL.to_vec();
    flags.sort_by_key(|(.., number)| *number);
    for (flag, name, number) in flags {
        let _ = writeln!(text, "    \"{name}\": ({number:#x}, {}),", flag.0);
    }
    let _ = writeln!(
        text,
        "}}\n# Every send has it.\n{} = {:#x}\n\n# Events of poll(2).",
        NOSIGNAL.0, NOSIGNAL.1
    );
    for (_, name, number) in PollEvents::ALL.iter() {
        let _ = writeln!(text, "{name} = {number:#x}");
    }
    let all: Vec<&str> = PollEvents::ALL.iter().map(|(_, name, _)| *name).collect();
    let _ =
        writeln!(text, "EVENTS = {}\n\n# Events of epoll(7), and how they are to be told.", all.join(" | "));
    for (event, name, _) in EpollEvents::ALL.iter() {
        let _ = writeln!(text, "{name} = {:#x}", event.0);
    }
    text.push('\n');
    for (name, number, doc) in
        numbers().into_iter().filter(|(name, ..)| ["CALL_PAYLOAD", "UNIX_NAME"].contains(name))
    {
        let _ = writeln!(text, "# {doc}\n{name} = {number}");
    }
    let _ = writeln!(text, "# {HOME_IS}\nHOME = \"{HOME}\"");
    text
}
