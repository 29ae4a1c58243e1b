//! What the page's JavaScript takes over from other crates of ours, as its types. The types of this crate derive theirs;
//! those crates have no browser, so theirs stand here, and a test holds them to what serde writes.

/// Declarations in the file that `wasm-bindgen` writes.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen::prelude::wasm_bindgen(typescript_custom_section))]
#[cfg_attr(
    not(target_arch = "wasm32"),
    allow(dead_code, reason = "read by the browser's build and by the test")
)]
const DECLARATIONS: &str = r#"
export type HostId = number;
export type ProgramId = number;
export type MemberId = number;
export interface HostInfo {
    id: HostId;
    name: string;
    aliases: string[];
    address: string;
    guest?: MemberId;
    ready_made: boolean;
    cable: boolean;
    sysctls: Partial<Record<Sysctl, number>>;
}
export type Sysctl = "SynRetries" | "AbortOnOverflow" | "SynCookies";
export interface WireNow { held: boolean; delay_ms: number; loss: number; seed: number; holding: number }
export type Shape = Form & { key: string; seq: number; onlyThen?: boolean };
export type StepOutcome = { Passed: { evidence: number } } | "Skipped";
export type Piece =
    | { kind: "text"; text: string }
    | { kind: "code"; text: string }
    | { kind: "call"; text: string; host: string; line: string }
    | { kind: "program"; text: string; host: string; path: string }
    | { kind: "lesson"; text: string; id: string }
    | { kind: "event"; text: string; seq: number };
export type WireDoing = "hold" | "release" | "step" | "drop" | { delay: number };
export type Doing =
    | { do: "line"; host: string; line: string; background: boolean; fails: boolean }
    | { do: "run"; host: string; file: string; background: boolean; fails: boolean }
    | { do: "stop"; host: string; file?: string }
    | { do: "clean" }
    | { do: "put"; host: string; path: string; file: string }
    | { do: "wire"; command: WireDoing }
    | { do: "fresh"; host: string }
    | { do: "cable"; host: string; plugged: boolean }
    | { do: "kernel"; host: string; name: Sysctl; value: number };
export type Role = "owner" | "participant" | "viewer";
export type Call = import("../py/vocabulary.js").protocol.Call;
export type Wait = import("../py/vocabulary.js").protocol.Wait;
export type Returned = import("../py/vocabulary.js").protocol.Value;
export type Failed =
    | { class: "errno"; errno: number; taken: number }
    | { class: "timed_out"; taken: number }
    | { class: "resolve"; name: string }
    | { class: "policy"; rule: string; value: string }
    | { class: "limit"; limit: string; value: number }
    | { class: "protocol"; rule: string };
export type Refusal = string | { Limit: { limit: string; value: number } } | { Unavailable: string };
export interface Program { host: string; file: string; path: string }
export interface Predict { question: Piece[]; choices: string[]; right: number }
export type Verdict = "true" | "partly true" | "outdated" | "not so on Linux";
"#;

#[cfg(test)]
mod tests {
    use lesson::{Doing, Piece, Verdict, doing::WireDoing};
    use proto::{room::WireSettings, sysctl::Sysctl};
    use serde::Serialize;
    use serde_json::Value;

    use super::DECLARATIONS;

    /// The keys of a value, and its tag where it has one, as a declaration writes them.
    fn declared(value: &impl Serialize) {
        let json = serde_json::to_value(value).expect("plain data");
        let line = |all: &[String]| {
            let found = DECLARATIONS.lines().any(|line| all.iter().all(|part| line.contains(part.as_str())));
            assert!(found, "no declaration has {all:?}: {json}");
        };
        match &json {
            Value::String(name) => line(&[format!("{name:?}")]),
            Value::Object(fields) => {
                let parts = fields.iter().map(|(key, value)| match (key.as_str(), value) {
                    ("kind" | "do", Value::String(tag)) => format!("{key}: {tag:?}"),
                    (key, Value::Null) => format!("{key}?: "),
                    (key, _) => format!("{key}: "),
                });
                line(&parts.collect::<Vec<_>>());
            }
            other => panic!("{other}"),
        }
    }

    #[test]
    fn declarations_are_what_is_written() {
        let text = || "x".to_owned();
        declared(&Piece::Text { text: text() });
        declared(&Piece::Code { text: text() });
        declared(&Piece::Call { text: text(), host: text(), line: text() });
        declared(&Piece::Program { text: text(), host: text(), path: text() });
        declared(&Piece::Lesson { text: text(), id: text() });
        declared(&Piece::Event { text: text(), seq: 1 });
        declared(&Doing::Line { host: text(), line: text(), background: true, fails: false });
        declared(&Doing::Run { host: text(), file: text(), background: true, fails: false });
        declared(&Doing::Stop { host: text(), file: None });
        declared(&Doing::Clean);
        declared(&Doing::Put { host: text(), path: text(), file: text() });
        declared(&Doing::Wire { command: WireDoing::Hold });
        declared(&Doing::Fresh { host: text() });
        declared(&Doing::Cable { host: text(), plugged: true });
        declared(&Doing::Kernel { host: text(), name: Sysctl::SynRetries, value: 1 });
        for verdict in [Verdict::True, Verdict::Partly, Verdict::Outdated, Verdict::NotSo] {
            declared(&verdict);
        }
        for command in
            [WireDoing::Hold, WireDoing::Release, WireDoing::Step, WireDoing::Drop, WireDoing::Delay(5)]
        {
            declared(&command);
        }
        Sysctl::ALL.iter().for_each(|(name, ..)| declared(name));
        declared(&WireSettings::default());
    }
}
