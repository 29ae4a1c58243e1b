//! A refused connect(): which machine it went to, and where what it wanted listens, as far as the room knows.

use std::net::IpAddr;

use proto::{address::Address, room::BY_HAND};

use super::{
    remedy::Remedy,
    room_sockets::{KnownSocket, Machine, RoomSockets},
};
use crate::visible::excerpt;

/// Longest name in a sentence, in characters.
const NAME: usize = 40;

/// Why it was refused, in words.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Where it went, and what is there.
    pub sentence: String,
    /// What to do.
    pub hint: String,
    /// What the page can do.
    pub remedy: Option<Remedy>,
}

/// A listener of the room.
#[derive(Clone, Copy)]
struct Listener<'a> {
    machine: &'a Machine,
    seen: &'a KnownSocket,
}

impl Listener<'_> {
    fn who(&self) -> String {
        match self.seen.program.as_deref() {
            Some(BY_HAND) => "a socket made by hand".to_owned(),
            Some(name) => excerpt(name, NAME),
            None => "a socket".to_owned(),
        }
    }

    fn name(&self) -> String {
        excerpt(&self.machine.name, NAME)
    }

    fn port(&self) -> Option<u16> {
        self.seen.port()
    }

    /// Whether a call to this address comes to it.
    fn hears(&self, ip: IpAddr) -> bool {
        self.seen.ip().is_some_and(|own| own.is_unspecified() || own == ip)
    }
}

/// Why a connect() to this address was refused; none where the room does not know the machine.
pub fn refused(address: &Address, around: &RoomSockets) -> Option<Refusal> {
    let address = address.inet()?;
    let (ip, port) = (address.ip(), address.port());
    let target = around.machine_at(ip)?;
    let name = excerpt(&target.name, NAME);
    let (began, there) = if target.own {
        (
            format!(
                "Connection refused. You called your own machine, {name}: nothing listens on port {port}"
            ),
            "here",
        )
    } else {
        (format!("Connection refused. {name} answered, but nothing listens on port {port}"), "there")
    };
    let at_port = |machine: &Machine| {
        listeners(machine)
            .into_iter()
            .find(|found| found.port() == Some(port))
            .map(|found| found.seen.clone())
    };
    if let Some(seen) = at_port(target) {
        return Some(too_late_or_too_narrow(Listener { machine: target, seen: &seen }, ip, &began, there));
    }
    // Machines that people work on first: the ready-made servers stand on every port a tutorial uses.
    let mut others: Vec<&Machine> =
        around.0.iter().filter(|machine| machine.address != target.address).collect();
    others.sort_by_key(|machine| machine.ready_made);
    let elsewhere = others.iter().find_map(|machine| Some((*machine, at_port(machine)?)));
    if let Some((machine, seen)) = elsewhere {
        return Some(elsewhere_words(Listener { machine, seen: &seen }, target, port, &began, there));
    }
    let other_port =
        [target].into_iter().chain(others).filter(|machine| !machine.ready_made).flat_map(listeners).next();
    if let Some(found) = other_port
        && let Some(real) = found.port()
    {
        let place = if found.machine.own { "here".to_owned() } else { format!("on {}", found.name()) };
        return Some(Refusal {
            sentence: format!("{began} {there}. {}, {place}, listens on port {real}.", capital(&found.who())),
            hint: "Do both programs mean the same machine and the same port?".to_owned(),
            remedy: None,
        });
    }
    let hint = if target.own {
        format!(
            "Run the server first. \"localhost\" is the machine that a program runs on: {name} for this one."
        )
    } else {
        "Is the server running?".to_owned()
    };
    Some(Refusal {
        sentence: format!("{began} {there}{}.", nor_there(target, &around.0)),
        hint,
        remedy: None,
    })
}

/// The other machines where nothing listens; what the ready-made ones do is not known here.
fn nor_there(target: &Machine, all: &[Machine]) -> String {
    let others: Vec<String> = all
        .iter()
        .filter(|machine| machine.address != target.address && !machine.ready_made)
        .map(|machine| excerpt(&machine.name, NAME))
        .collect();
    match others.as_slice() {
        [] => String::new(),
        [one] => format!(", nor on {one}"),
        [one, other] => format!(", nor on {one} or {other}"),
        _ => ", nor on the machines of the others here".to_owned(),
    }
}

/// Something has the port on the machine that was called.
fn too_late_or_too_narrow(found: Listener<'_>, ip: IpAddr, began: &str, there: &str) -> Refusal {
    let who = capital(&found.who());
    if found.hears(ip) {
        let began = began.replace("nothing listens", "nothing listened");
        return Refusal {
            sentence: format!("{began} {there} yet. Now {} does.", found.who()),
            hint: "Try again.".to_owned(),
            remedy: None,
        };
    }
    let local = excerpt(&found.seen.local, NAME);
    Refusal {
        sentence: format!("{began} {there} at {ip}. {who} listens at {local} only."),
        hint: "A server that binds to '' listens at every address of its machine.".to_owned(),
        remedy: None,
    }
}

/// Something has the port on another machine.
fn elsewhere_words(found: Listener<'_>, target: &Machine, port: u16, began: &str, there: &str) -> Refusal {
    let name = found.name();
    if found.machine.own {
        return Refusal {
            sentence: format!("{began} {there}. {} listens on this machine, {name}.", capital(&found.who())),
            hint: "Which machine did you mean?".to_owned(),
            remedy: None,
        };
    }
    let narrow = found.seen.ip().is_some_and(|ip| ip.is_loopback());
    let listens = if narrow {
        format!(
            "{} listens on {name}, at {} only: just programs on {name} reach it.",
            capital(&found.who()),
            excerpt(&found.seen.local, NAME)
        )
    } else {
        format!("{} listens on {name}, port {port}.", capital(&found.who()))
    };
    let remedy =
        (target.own && !found.machine.ready_made).then(|| Remedy::RunOn { host: found.machine.name.clone() });
    let hint = match (narrow, target.own) {
        (true, _) => format!("Let it bind to '' and connect to \"{name}\"."),
        (false, true) => format!("Connect to \"{name}\" instead."),
        (false, false) => format!("Connect to \"{name}\" instead?"),
    };
    Refusal { sentence: format!("{began} {there}. {listens}"), hint, remedy }
}

fn listeners(machine: &Machine) -> Vec<Listener<'_>> {
    machine
        .sockets
        .iter()
        .filter(|seen| seen.state == "LISTEN")
        .map(|seen| Listener { machine, seen })
        .collect()
}

/// A sentence's beginning; a file's name stays as it is.
fn capital(who: &str) -> String {
    who.strip_prefix("a ").map_or_else(|| who.to_owned(), |rest| format!("A {rest}"))
}

#[cfg(test)]
mod tests {
    use super::{Refusal, refused};
    use crate::console::{
        remedy::Remedy,
        room_sockets::{KnownSocket, Machine, RoomSockets},
    };

    fn machine(name: &str, last: u8, listens: &[(&str, &str)]) -> Machine {
        let seen = |(program, local): &(&str, &str)| KnownSocket {
            state: "LISTEN".into(),
            local: (*local).into(),
            program: Some((*program).into()),
            ..KnownSocket::default()
        };
        Machine {
            name: name.into(),
            address: format!("10.0.0.{last}"),
            own: name == "client",
            ready_made: name == "tutorial",
            sockets: listens.iter().map(seen).collect(),
            ..Machine::default()
        }
    }

    fn room(client: &[(&str, &str)], server: &[(&str, &str)]) -> RoomSockets {
        let tutorial = machine("tutorial", 10, &[("tutorial", "0.0.0.0:12345"), ("tutorial", "0.0.0.0:7")]);
        RoomSockets(vec![tutorial, machine("client", 2, client), machine("server", 1, server)])
    }

    fn to(address: &str, around: &RoomSockets) -> Refusal {
        refused(&address.parse().expect("address"), around).expect("a known machine")
    }

    #[test]
    fn who_calls_their_own_machine_is_told_where_the_server_is() {
        let around = room(&[], &[("server.py", "0.0.0.0:9999")]);
        for own in ["127.0.0.1:9999", "10.0.0.2:9999", "0.0.0.0:9999", "127.0.1.1:9999"] {
            let Refusal { sentence, hint, remedy } = to(own, &around);
            assert_eq!(
                sentence,
                "Connection refused. You called your own machine, client: nothing listens on port 9999 here. server.py listens on server, port 9999."
            );
            assert_eq!(hint, "Connect to \"server\" instead.");
            assert_eq!(remedy, Some(Remedy::RunOn { host: "server".into() }));
        }
    }

    #[test]
    fn a_ready_made_server_is_named_but_nothing_runs_there() {
        let Refusal { sentence, hint, remedy } = to("127.0.0.1:12345", &room(&[], &[]));
        assert!(sentence.ends_with("tutorial listens on tutorial, port 12345."), "{sentence}");
        assert_eq!((hint.as_str(), remedy), ("Connect to \"tutorial\" instead.", None));
    }

    #[test]
    fn where_nobody_listens_that_is_said() {
        let around = room(&[], &[]);
        let own = to("127.0.0.1:9999", &around);
        assert!(own.sentence.ends_with("port 9999 here, nor on server."), "{}", own.sentence);
        assert!(own.hint.starts_with("Run the server first."), "{}", own.hint);
        let other = to("10.0.0.1:9999", &around);
        assert_eq!(other.hint, "Is the server running?");
        assert!(other.sentence.contains("server answered, but nothing listens on port 9999 there"));
    }

    #[test]
    fn another_port_another_machine_and_a_narrow_address_are_seen() {
        let sentence = |address: &str, client: &[(&str, &str)], server: &[(&str, &str)]| {
            to(address, &room(client, server)).sentence
        };
        assert!(
            sentence("10.0.0.1:9998", &[], &[("server.py", "0.0.0.0:9999")])
                .ends_with("server.py, on server, listens on port 9999.")
        );
        assert!(
            sentence("127.0.0.1:9998", &[], &[("By hand", "0.0.0.0:9999")])
                .ends_with("A socket made by hand, on server, listens on port 9999.")
        );
        assert!(
            sentence("10.0.0.1:9999", &[("server.py", "0.0.0.0:9999")], &[])
                .ends_with("server.py listens on this machine, client.")
        );
        assert!(
            sentence("10.0.0.1:9999", &[], &[("server.py", "127.0.0.1:9999")])
                .ends_with("server.py listens at 127.0.0.1:9999 only.")
        );
        assert!(
            sentence("127.0.0.1:9999", &[], &[("server.py", "127.0.0.1:9999")])
                .contains("just programs on server reach it")
        );
        assert!(
            sentence("10.0.0.1:9999", &[], &[("server.py", "0.0.0.0:9999")])
                .ends_with("there yet. Now server.py does.")
        );
    }

    #[test]
    fn without_a_room_nothing_is_claimed() {
        assert_eq!(refused(&"127.0.0.1:9".parse().expect("address"), &RoomSockets::default()), None);
        assert_eq!(refused(&"8.8.8.8:53".parse().expect("address"), &room(&[], &[])), None);
    }
}
