//! A name server that says what a test tells it to, by UDP and TCP.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use simple_dns::rdata::{A, AAAA, CNAME, RData};
use simple_dns::{CLASS, Name, Packet, PacketFlag, QTYPE, RCODE, ResourceRecord, TYPE};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

/// What the server says about one name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Zone {
    /// Addresses by turn: the first lookup gets the first list, and so on round.
    pub(crate) turns: Vec<Vec<IpAddr>>,
    /// The aliases on the way to the addresses.
    pub(crate) aliases: Vec<String>,
    /// A response code other than success.
    pub(crate) code: Option<RCODE>,
    /// The first of these families is answered, the others never.
    pub(crate) silent: Vec<TYPE>,
    /// By UDP only "ask again by TCP".
    pub(crate) truncated: bool,
    /// Forged answers come first, with a private address and a wrong id or question.
    pub(crate) forged: bool,
}

impl Zone {
    /// A name with these addresses.
    pub(crate) fn of(addresses: &[&str]) -> Self {
        Self::turns(&[addresses])
    }

    /// A name whose addresses change with every lookup.
    pub(crate) fn turns(turns: &[&[&str]]) -> Self {
        let parse = |turn: &&[&str]| turn.iter().map(|address| address.parse().unwrap()).collect();
        Self { turns: turns.iter().map(parse).collect(), ..Self::default() }
    }

    /// The same, behind aliases.
    pub(crate) fn behind(mut self, aliases: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.aliases = aliases.into_iter().map(Into::into).collect();
        self
    }
}

/// A running name server. Names without a zone do not exist.
#[derive(Debug)]
pub(crate) struct NameServer {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    script: Arc<Script>,
}

#[derive(Debug)]
struct Script {
    zones: HashMap<String, Zone>,
    asked: Mutex<HashMap<(String, u16), usize>>,
    queries: AtomicUsize,
}

impl NameServer {
    /// Starts a server on `address`.
    pub(crate) async fn start(address: SocketAddr, zones: &[(&str, Zone)]) -> Self {
        let zones = zones.iter().map(|(name, zone)| ((*name).to_owned(), zone.clone())).collect();
        let script = Arc::new(Script { zones, asked: Mutex::default(), queries: AtomicUsize::new(0) });
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let socket = UdpSocket::bind(address).await.unwrap();
        tokio::spawn(by_datagram(socket, Arc::clone(&script)));
        tokio::spawn(by_tcp(listener, Arc::clone(&script)));
        Self { address, script }
    }

    /// Questions so far, without those about translators.
    pub(crate) fn queries(&self) -> usize {
        self.script.queries.load(Ordering::SeqCst)
    }
}

async fn by_datagram(socket: UdpSocket, script: Arc<Script>) {
    let mut buffer = [0; 512];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        for answer in script.answers(&buffer[..length], false) {
            socket.send_to(&answer, from).await.unwrap();
        }
    }
}

async fn by_tcp(listener: TcpListener, script: Arc<Script>) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = answer_by_tcp(stream, &script).await;
    }
}

async fn answer_by_tcp(mut stream: TcpStream, script: &Script) -> std::io::Result<()> {
    let length = stream.read_u16().await?;
    let mut query = vec![0; length.into()];
    stream.read_exact(&mut query).await?;
    for answer in script.answers(&query, true) {
        stream.write_u16(answer.len().try_into().unwrap()).await?;
        stream.write_all(&answer).await?;
    }
    Ok(())
}

impl Script {
    fn answers(&self, query: &[u8], tcp: bool) -> Vec<Vec<u8>> {
        let query = Packet::parse(query).unwrap();
        let question = query.questions[0].clone();
        let (name, QTYPE::TYPE(kind)) = (question.qname.to_string(), question.qtype) else { panic!() };
        if name != "ipv4only.arpa" {
            self.queries.fetch_add(1, Ordering::SeqCst);
        }
        let mut reply = Packet::new_reply(query.id());
        reply.set_flags(PacketFlag::RECURSION_DESIRED | PacketFlag::RECURSION_AVAILABLE);
        reply.questions.push(question);
        let Some(zone) = self.zones.get(&name) else {
            *reply.rcode_mut() = RCODE::NameError;
            return vec![reply.build_bytes_vec().unwrap()];
        };
        if zone.silent.contains(&kind) {
            return Vec::new();
        }
        let mut answers = if zone.forged { forgeries(&reply) } else { Vec::new() };
        if let Some(code) = zone.code {
            *reply.rcode_mut() = code;
        } else if zone.truncated && !tcp {
            reply.set_flags(PacketFlag::TRUNCATION);
        } else {
            let turn = self.turn(&name, kind);
            add_records(&mut reply, &name, zone, zone.turns.get(turn % zone.turns.len().max(1)), kind);
        }
        answers.push(reply.build_bytes_vec_compressed().unwrap());
        answers
    }

    fn turn(&self, name: &str, kind: TYPE) -> usize {
        let mut asked = self.asked.lock().unwrap();
        let turn = asked.entry((name.to_owned(), kind.into())).or_default();
        *turn += 1;
        *turn - 1
    }
}

fn add_records(reply: &mut Packet<'_>, name: &str, zone: &Zone, addresses: Option<&Vec<IpAddr>>, kind: TYPE) {
    let record =
        |owner: &str, data| ResourceRecord::new(Name::new(owner).unwrap().into_owned(), CLASS::IN, 0, data);
    let mut owner = name;
    for alias in &zone.aliases {
        let target = CNAME(Name::new(alias).unwrap().into_owned());
        reply.answers.push(record(owner, RData::CNAME(target)));
        owner = alias;
    }
    for address in addresses.into_iter().flatten() {
        match (kind, address) {
            (TYPE::A, IpAddr::V4(v4)) => {
                reply.answers.push(record(owner, RData::A(A { address: (*v4).into() })));
            }
            (TYPE::AAAA, IpAddr::V6(v6)) => {
                reply.answers.push(record(owner, RData::AAAA(AAAA { address: (*v6).into() })));
            }
            _ => {}
        }
    }
}

/// Answers that an attacker might slip in: right but for the id, right but for the question, and garbage.
fn forgeries(reply: &Packet<'_>) -> Vec<Vec<u8>> {
    let name = reply.questions[0].qname.to_string();
    let loopback = Zone::of(&["127.0.0.1"]);
    let (mut id, mut question) = (reply.clone(), reply.clone());
    id.set_id(reply.id().wrapping_add(1));
    question.questions[0].qname = Name::new_unchecked("another.example.com");
    for forged in [&mut id, &mut question] {
        add_records(forged, &name, &loopback, loopback.turns.first(), TYPE::A);
    }
    vec![id.build_bytes_vec().unwrap(), question.build_bytes_vec().unwrap(), vec![0xc0; 40]]
}
