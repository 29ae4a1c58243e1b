//! What is in the way of a line and does not belong to the lesson.

use proto::room::BY_HAND;

use super::Situation;
use crate::{
    Doing, Piece,
    expected::{Expected, Key},
    hand::HandLine,
    now::{Holder, is_called},
};

impl Situation<'_> {
    /// What is in the way of what is to be done and does not belong to the lesson.
    pub(super) fn obstacle(&self, expected: &Expected, doings: &[Doing]) -> Option<Vec<Piece>> {
        let mut expected = expected.clone();
        for doing in doings {
            let is_freed = matches!(doing, Doing::Clean | Doing::Fresh { .. } | Doing::Stop { .. });
            let closes = matches!(doing, Doing::Line { line, .. } if HandLine::read(line).is_some_and(|read| read.call == "close"));
            // What comes after it is another room.
            if is_freed || closes {
                return None;
            }
            if let Some(because) = self.in_the_way(&expected, doing) {
                return Some(because);
            }
            expected.after(doing);
        }
        None
    }

    fn in_the_way(&self, expected: &Expected, doing: &Doing) -> Option<Vec<Piece>> {
        match doing {
            Doing::Line { host, line, fails, .. } => {
                let read = HandLine::read(line)?;
                let port = read.number();
                match read.call {
                    "bind" if !fails => {
                        let own = (host.clone(), read.object?.to_owned());
                        self.taken(host, port?, Some(&own), None)
                    }
                    "connect" if *fails => {
                        let to = read.machine(host)?;
                        if expected.cut.contains(to) || expected.listener(to, port?).is_some() {
                            return None;
                        }
                        let id = self
                            .scene
                            .host_called(to)
                            .filter(|id| self.scene.now().listens(*id, port.unwrap_or(0)));
                        id.and_then(|_| self.taken(to, port?, None, None))
                    }
                    _ => None,
                }
            }
            Doing::Run { host, file, background: true, fails } => {
                let mut ports = self.ports.iter().filter(|(on, _)| on == host);
                ports.find_map(|(_, port)| self.taken(host, *port, None, Some((file, *fails))))
            }
            _ => None,
        }
    }

    /// Who holds a port that the lesson needs, as a sentence. `but_program` is whose it may be, and whether an old
    /// connection may have it.
    pub(super) fn taken(
        &self,
        host: &str,
        port: u16,
        but: Option<&Key>,
        but_program: Option<(&str, bool)>,
    ) -> Option<Vec<Piece>> {
        let id = self.scene.host_called(host)?;
        let own = but.and_then(|key| self.descriptor(key));
        let holder = self.scene.now().holder(id, port, own)?;
        let mut said = vec![Piece::said(&format!("Port {port} of ")), Piece::code(host)];
        match holder {
            Holder::Program { name, .. } if but_program.is_some_and(|(file, _)| is_called(&name, file)) => {
                return None;
            }
            // What an old connection holds is what such a program is about.
            Holder::Kernel(_) if but_program.is_some_and(|(_, fails)| fails) => return None,
            Holder::Program { name, by } => {
                let mine = by.is_some() && by == self.scene.person();
                said.push(Piece::said(if name == BY_HAND {
                    " is taken by a socket made "
                } else {
                    " is taken by "
                }));
                said.push(if name == BY_HAND { Piece::said("by hand") } else { Piece::code(&name) });
                said.push(Piece::said(if mine { "." } else { ", of another page." }));
            }
            Holder::Kernel(state) => {
                said.push(Piece::said(" is taken: an old connection is in "));
                said.push(Piece::code(state.name()));
                said.push(Piece::said("."));
            }
        }
        Some(said)
    }
}
