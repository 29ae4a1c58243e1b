//! DNS messages: a question, and what an answer to it says. No sockets, no time.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use simple_dns::rdata::RData;
use simple_dns::{CLASS, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE};

use super::host::{self, Host, Name};
use super::rule::{Rule, TOO_MANY_ALIASES};
use super::{limits, table};

/// Bytes of a message's header, RFC 1035 section 4.1.1.
const HEADER: usize = 12;

/// Which addresses are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordType {
    /// A: IPv4.
    A,
    /// AAAA: IPv6.
    Aaaa,
}

/// One question to a name server.
#[derive(Debug)]
pub(super) struct Query {
    id: u16,
    name: Name,
    kind: RecordType,
}

/// What a name server answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// The addresses, maybe none.
    Addresses(Vec<IpAddr>),
    /// NXDOMAIN: there is no such name.
    NoName,
    /// The answer did not fit a datagram: ask again by TCP.
    Truncated,
    /// SERVFAIL: another server may know better, or this one later.
    Failure,
    /// REFUSED, NOTIMP and so on: another server may know better.
    Unwilling,
    /// The chain of aliases breaks a rule.
    Refused(Rule),
}

impl Query {
    /// The question with this id. The id must be hard to guess.
    pub(super) fn new(id: u16, name: &Name, kind: RecordType) -> Self {
        Self { id, name: name.clone(), kind }
    }

    /// The message to send, or none if the name does not fit into one.
    pub(super) fn message(&self) -> Option<Vec<u8>> {
        let mut packet = Packet::new_query(self.id);
        packet.set_flags(PacketFlag::RECURSION_DESIRED);
        let name = simple_dns::Name::new(self.name.as_str()).ok()?;
        packet.questions.push(Question::new(name, self.qtype(), QCLASS::CLASS(CLASS::IN), false));
        packet.build_bytes_vec().ok()
    }

    fn qtype(&self) -> QTYPE {
        QTYPE::TYPE(match self.kind {
            RecordType::A => TYPE::A,
            RecordType::Aaaa => TYPE::AAAA,
        })
    }

    /// Reads a message; none if it does not answer this question or is malformed, and somebody else may have
    /// sent it: keep waiting for the real one.
    pub(super) fn read(&self, message: &[u8]) -> Option<Reply> {
        if !has_plausible_counts(message) {
            return None;
        }
        let packet = Packet::parse(message).ok()?;
        let [question] = packet.questions.as_slice() else { return None };
        if packet.id() != self.id
            || !packet.has_flags(PacketFlag::RESPONSE)
            || question.qtype != self.qtype()
            || question.qclass != QCLASS::CLASS(CLASS::IN)
            || text(&question.qname)? != self.name.as_str()
        {
            return None;
        }
        Some(match packet.rcode() {
            _ if packet.has_flags(PacketFlag::TRUNCATION) => Reply::Truncated,
            RCODE::NoError => self.follow(&packet),
            RCODE::NameError => Reply::NoName,
            RCODE::ServerFailure => Reply::Failure,
            _ => Reply::Unwilling,
        })
    }

    /// Goes from alias to alias to the addresses. Records of other owners were not asked for and do not count.
    fn follow(&self, packet: &Packet<'_>) -> Reply {
        let mut owner = self.name.clone();
        for _ in 0..=limits::ALIASES {
            let records = || {
                let ours = |name| text(name).is_some_and(|name| name == owner.as_str());
                packet.answers.iter().filter(move |record| record.class == CLASS::IN && ours(&record.name))
            };
            let alias = records().find_map(|record| match &record.rdata {
                RData::CNAME(target) => Some(&target.0),
                _ => None,
            });
            let Some(alias) = alias else {
                return Reply::Addresses(
                    records().filter_map(|record| self.address(&record.rdata)).collect(),
                );
            };
            match checked(alias) {
                Ok(name) => owner = name,
                Err(rule) => return Reply::Refused(rule),
            }
        }
        Reply::Refused(TOO_MANY_ALIASES)
    }

    fn address(&self, data: &RData<'_>) -> Option<IpAddr> {
        match (self.kind, data) {
            (RecordType::A, RData::A(a)) => Some(Ipv4Addr::from(a.address).into()),
            (RecordType::Aaaa, RData::AAAA(aaaa)) => Some(Ipv6Addr::from(aaaa.address).into()),
            _ => None,
        }
    }
}

/// An alias has to be a name that could have been asked for itself.
fn checked(alias: &simple_dns::Name<'_>) -> Result<Name, Rule> {
    let text = text(alias).ok_or(super::rule::INVALID_NAME)?;
    match host::parse(&text)? {
        Host::Name(name) => table::refused_name(&name).map_or(Ok(name), Err),
        Host::Address(_) => Err(super::rule::INVALID_NAME),
    }
}

/// A name as text in lower case, or none if a label holds anything but letters, digits, `-` and `_`.
fn text(name: &simple_dns::Name<'_>) -> Option<String> {
    let mut text = String::new();
    for label in name.as_bytes() {
        if !text.is_empty() {
            text.push('.');
        }
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !label.iter().all(plain) {
            return None;
        }
        text.extend(label.iter().map(|byte| char::from(byte.to_ascii_lowercase())));
    }
    Some(text)
}

/// The parser makes room for as many records as the header claims: refuse claims before that.
fn has_plausible_counts(message: &[u8]) -> bool {
    let Some(counts) = message.get(4..HEADER) else { return false };
    let counts = counts.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    counts.fold(0_u16, u16::saturating_add) <= limits::RECORDS
}

#[cfg(test)]
mod tests {
    use simple_dns::rdata::{A, RData};
    use simple_dns::{CLASS, Packet, QCLASS, QTYPE, Question, ResourceRecord, TYPE};

    use super::super::host::Name;
    use super::{Query, RecordType, Reply};

    fn query() -> Query {
        Query::new(7, &Name::known("www.example.com"), RecordType::A)
    }

    fn reply(id: u16, asked: &str, owner: &str) -> Vec<u8> {
        let name = |text| simple_dns::Name::new_unchecked(text);
        let mut packet = Packet::new_reply(id);
        packet.questions.push(Question::new(
            name(asked),
            QTYPE::TYPE(TYPE::A),
            QCLASS::CLASS(CLASS::IN),
            false,
        ));
        let address = RData::A(A { address: 0x5db8_d70e });
        packet.answers.push(ResourceRecord::new(name(owner), CLASS::IN, 1, address));
        packet.build_bytes_vec().unwrap()
    }

    #[test]
    fn an_answer_counts_only_if_it_is_to_this_question() {
        let read = |id, asked| query().read(&reply(id, asked, "www.example.com"));
        assert_eq!(read(7, "WWW.example.COM"), Some(Reply::Addresses(vec![[93, 184, 215, 14].into()])));
        assert_eq!(read(8, "www.example.com"), None);
        assert_eq!(read(7, "www.example.net"), None);
    }

    #[test]
    fn addresses_of_other_names_do_not_count() {
        let message = reply(7, "www.example.com", "other.example.com");
        assert_eq!(query().read(&message), Some(Reply::Addresses(Vec::new())));
    }

    #[test]
    fn a_question_is_no_answer_and_broken_messages_are_none() {
        assert_eq!(query().read(&query().message().unwrap()), None);
        let message = reply(7, "www.example.com", "www.example.com");
        for length in 0..message.len() {
            assert_eq!(query().read(&message[..length]), None, "{length} bytes");
        }
        let mut boast = message;
        boast[6..8].copy_from_slice(&[0xff, 0xff]);
        assert_eq!(query().read(&boast), None);
    }
}
