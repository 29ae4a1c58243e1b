//! What a line stands on that is not so now, and what brings it about.

use super::Situation;
use crate::{Doing, Piece, doing::WireDoing, expected::Expected, hand::HandLine, need::stage_words};

impl Situation<'_> {
    /// What the line stands on and is not so, with what brings it about.
    pub(super) fn premise(&self, expected: &Expected, line: &Doing) -> Option<(Vec<Doing>, Vec<Piece>)> {
        self.wire_premise(expected, line)
            .or_else(|| self.program_premise(expected))
            .or_else(|| self.starting_premise(expected, line))
            .or_else(|| self.name_premise(expected, line))
    }

    fn wire_premise(&self, expected: &Expected, line: &Doing) -> Option<(Vec<Doing>, Vec<Piece>)> {
        let now = self.scene.now();
        let held = now.wire().held;
        let sets_wire = matches!(
            line,
            Doing::Wire { command: WireDoing::Hold | WireDoing::Release | WireDoing::Delay(_) }
        );
        if expected.held && !held && !sets_wire {
            return Some((
                vec![Doing::Wire { command: WireDoing::Hold }],
                vec![Piece::said("The wire is not held now.")],
            ));
        }
        if !needs_wire(line) {
            return None;
        }
        if held && !expected.held {
            let because = vec![Piece::said("The wire is held: nothing gets through before you let it.")];
            return Some((vec![Doing::Wire { command: WireDoing::Release }], because));
        }
        let cut = ["client", "server"].into_iter().find(|name| {
            let host = self.scene.host_called(name).and_then(|id| now.host(id));
            host.is_some_and(|host| !host.cable) && !expected.cut.contains(*name)
        })?;
        let because = vec![Piece::said("The cable of "), Piece::code(cut), Piece::said(" is cut.")];
        Some((vec![Doing::Cable { host: cut.to_owned(), plugged: true }], because))
    }

    /// A program that should run and does not.
    fn program_premise(&self, expected: &Expected) -> Option<(Vec<Doing>, Vec<Piece>)> {
        let (host, file) = expected.running.iter().find(|(host, file)| !self.runs(host, file))?;
        let mut because = vec![
            Piece::code(file),
            Piece::said(" does not run on "),
            Piece::code(host),
            Piece::said(" now."),
        ];
        let now = self.scene.now();
        let before = self.scene.host_called(host).and_then(|host| now.program(host, file));
        let ended = before.and_then(|one| now.roster().programs().gone(&one.id));
        if ended.is_some_and(|ended| ended <= self.scene.lives_from()) {
            because.push(Piece::said(" It ended before this page was loaded: programs end with their page."));
        }
        let run = Doing::Run { host: host.clone(), file: file.clone(), background: true, fails: false };
        Some((vec![run], because))
    }

    /// A server that runs and does not listen yet.
    fn starting_premise(&self, expected: &Expected, line: &Doing) -> Option<(Vec<Doing>, Vec<Piece>)> {
        let now = self.scene.now();
        let starting = expected.running.iter().find(|(host, file)| {
            let id = self.scene.host_called(host);
            self.runs(host, file) && !id.is_some_and(|id| now.listens_as(id, file))
        });
        let (_, file) =
            starting.filter(|(host, _)| needs_wire(line) && line.host() != Some(host.as_str()))?;
        Some((Vec::new(), vec![Piece::code(file), Piece::said(" runs, and does not listen yet.")]))
    }

    /// A name whose socket has not come as far as the line takes for granted: the lines that make it, and the other end
    /// of its connection, anew.
    fn name_premise(&self, expected: &Expected, line: &Doing) -> Option<(Vec<Doing>, Vec<Piece>)> {
        let key = self.takes_for_granted(expected, line)?;
        let named = expected.names.get(&key)?;
        let socket = self.socket(&key);
        if socket.is_some_and(|socket| named.expect.fits(socket)) || self.connects(line) {
            return None;
        }
        let doings = self.anew(expected, &key, Some(line));
        let because = match socket {
            Some(socket) => vec![
                Piece::code(&key.1),
                Piece::said(" on "),
                Piece::code(&key.0),
                Piece::said(&format!(" {} now.", stage_words(socket.stage))),
            ],
            None => vec![
                Piece::said("No socket of "),
                Piece::code(&key.0),
                Piece::said(" that is open is called "),
                Piece::code(&key.1),
                Piece::said(" now."),
            ],
        };
        (!doings.is_empty()).then_some((doings, because))
    }
}

/// Whether packets have to get through for a line to end.
fn needs_wire(line: &Doing) -> bool {
    match line {
        Doing::Line { line, .. } => HandLine::read(line).is_some_and(|read| {
            matches!(read.call, "connect" | "accept" | "recv" | "send" | "sendall" | "ping")
        }),
        Doing::Run { .. } => true,
        _ => false,
    }
}
