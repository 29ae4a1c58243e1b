//! What has to be so in the room for a step's sentence to be true: `listening server 12345`, `held server SYN+ACK`. A
//! need is asked of the room as it is, and not of its history.

use proto::trace::TcpFlags;

use crate::{Doing, Piece, Scene, doing, now::Stage};

/// Something that has to be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// Somebody takes callers on this port: `listening server 12345`.
    Listening {
        /// On which machine.
        host: String,
        /// On which port.
        port: u16,
    },
    /// A packet of this machine with these flags stands on the wire: `held server SYN+ACK`, or any: `held client`, `held`.
    Held {
        /// Which machine sent it; none for any.
        host: Option<String>,
        /// Its flags; none for any packet.
        flags: Option<TcpFlags>,
    },
    /// A call has begun there and not ended: `waiting server accept`.
    Waiting {
        /// On which machine.
        host: String,
        /// The call's name in the man pages.
        call: String,
    },
    /// A connection lost a packet by hand and has received nothing yet: `losing client`.
    Losing {
        /// On which machine.
        host: String,
    },
    /// Nobody takes callers on this port: `free server 12345`.
    Free {
        /// On which machine.
        host: String,
        /// On which port.
        port: u16,
    },
    /// At least so many wait in the queue of who listens there: `queued server 12345 5`.
    Queued {
        /// On which machine.
        host: String,
        /// On which port.
        port: u16,
        /// How many.
        count: u32,
    },
}

/// A need, and what brings it about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// What has to be so.
    pub need: Need,
    /// What is done where it is not so: `held client SYN => run client: client.py &`.
    pub does: Option<Doing>,
}

/// Reads `listening server 12345`, or the same with ` => ` and what brings it about.
///
/// # Errors
/// One sentence.
pub fn parse(text: &str) -> Result<Needed, String> {
    let (need, does) = match text.split_once(" => ") {
        Some((need, does)) => (need, Some(doing::parse(does.trim())?)),
        None => (text, None),
    };
    let words: Vec<&str> = need.split_whitespace().collect();
    let number =
        |text: &str| text.parse::<u16>().map_err(|_| format!("{text:?} is no number of a port or a queue"));
    let need = match words.as_slice() {
        ["listening", host, port] => Need::Listening { host: (*host).to_owned(), port: number(port)? },
        ["held"] => Need::Held { host: None, flags: None },
        ["held", host] => Need::Held { host: Some((*host).to_owned()), flags: None },
        ["held", host, flags] => Need::Held { host: Some((*host).to_owned()), flags: Some(flags_of(flags)?) },
        ["waiting", host, call] => Need::Waiting { host: (*host).to_owned(), call: (*call).to_owned() },
        ["losing", host] => Need::Losing { host: (*host).to_owned() },
        ["free", host, port] => Need::Free { host: (*host).to_owned(), port: number(port)? },
        ["queued", host, port, count] => {
            Need::Queued { host: (*host).to_owned(), port: number(port)?, count: u32::from(number(count)?) }
        }
        _ => {
            return Err(format!(
                "{need:?} is no need; there are listening HOST PORT, free HOST PORT, held HOST FLAGS, waiting HOST CALL, losing HOST, \
                 queued HOST PORT COUNT"
            ));
        }
    };
    Ok(Needed { need, does })
}

fn flags_of(text: &str) -> Result<TcpFlags, String> {
    let bit = |name: &str| TcpFlags::NAMES.iter().find(|(_, known)| *known == name).map(|(flag, _)| flag.0);
    let bits = text.split('+').map(|name| bit(name).ok_or_else(|| format!("{name:?} is no flag of TCP")));
    bits.collect::<Result<Vec<_>, _>>().map(|bits| TcpFlags(bits.into_iter().fold(0, |all, bit| all | bit)))
}

impl Need {
    /// Whether it is so.
    pub fn holds(&self, scene: &Scene) -> bool {
        let now = scene.now();
        let on = |host: &str| scene.host_called(host);
        match self {
            Self::Listening { host, port } => on(host).is_some_and(|host| now.listens(host, *port)),
            Self::Held { host, flags } => {
                let from = host.as_ref().map(|host| on(host));
                now.held().any(|held| {
                    from.is_none_or(|host| host.is_some() && held.from == host)
                        && flags.is_none_or(|flags| held.flags == flags)
                })
            }
            Self::Waiting { host, call } => on(host).is_some_and(|host| now.waits(host, call)),
            Self::Losing { host } => on(host).is_some_and(|host| now.loses(host)),
            Self::Free { host, port } => !on(host).is_some_and(|host| now.listens(host, *port)),
            Self::Queued { host, port, count } => {
                on(host).is_some_and(|host| now.queued(host, *port) >= *count)
            }
        }
    }

    /// What is said where it is not so.
    pub fn missing(&self) -> Vec<Piece> {
        match self {
            Self::Listening { host, port } => {
                vec![
                    Piece::said("Nobody listens on "),
                    Piece::code(host),
                    Piece::said(&format!(", port {port}, now.")),
                ]
            }
            Self::Held { host, flags } => {
                let what = flags.map_or_else(|| "packet".to_owned(), flag_words);
                let mut said = vec![Piece::said(&format!("No {what}"))];
                if let Some(host) = host {
                    said.extend([Piece::said(" of "), Piece::code(host)]);
                }
                said.push(Piece::said(" stands on the wire now."));
                said
            }
            Self::Waiting { host, call } => vec![
                Piece::said("Nothing on "),
                Piece::code(host),
                Piece::said(" waits in "),
                Piece::code(call),
                Piece::said(" now."),
            ],
            Self::Losing { host } => vec![
                Piece::said("No connection of "),
                Piece::code(host),
                Piece::said(" that lost a packet waits for its greeting now."),
            ],
            Self::Free { host, port } => {
                vec![
                    Piece::said("Somebody listens on "),
                    Piece::code(host),
                    Piece::said(&format!(", port {port}, now.")),
                ]
            }
            Self::Queued { host, port, count } => vec![
                Piece::said(&format!("Fewer than {count} wait in the queue of ")),
                Piece::code(host),
                Piece::said(&format!(", port {port}, now.")),
            ],
        }
    }
}

fn flag_words(flags: TcpFlags) -> String {
    let known = TcpFlags::NAMES.iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, name)| *name);
    known.collect::<Vec<_>>().join(" ")
}

/// How far a socket has come, in words: `c` ... now.
pub(crate) fn stage_words(stage: Stage) -> &'static str {
    match stage {
        Stage::New => "is new",
        Stage::Bound(_) => "has a port and does not listen",
        Stage::Listening(..) => "listens",
        Stage::Connecting(_) => "is not connected yet",
        Stage::Connected(_) | Stage::Accepted(_) => "is connected",
        Stage::Inside => "stays inside its machine",
        Stage::Dead => "is of no use any more",
    }
}

#[cfg(test)]
mod tests {
    use proto::trace::TcpFlags;

    use super::{Need, parse};

    #[test]
    fn needs_are_read_or_refused() {
        let held = parse("held server SYN+ACK => wire step").expect("a need");
        let flags = Some(TcpFlags(TcpFlags::SYN.0 | TcpFlags::ACK.0));
        assert_eq!(held.need, Need::Held { host: Some("server".into()), flags });
        assert!(held.does.is_some());
        for wrong in [
            "",
            "hold",
            "held server SIN",
            "listening server",
            "queued server x 5",
            "listening server 1 => fly",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
