//! Asks name servers for the addresses of an absolute name. No hosts file, no search list, no cache:
//! what is judged is what was answered now. Does not judge the addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use proto::call::ResolveError;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use super::dns::{Query, RecordType, Reply};
use super::host::Name;
use super::limits;
use super::rule::{Rule, TOO_MANY_ADDRESSES};

/// Where the computer's own name servers are written down.
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// Without EDNS a datagram has at most 512 bytes (RFC 1035); servers that ignore that get some room.
const DATAGRAM: usize = 4096;
/// How often the list of name servers is gone through.
const ROUNDS: usize = 2;

/// Which name servers are asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NameServers {
    /// The `nameserver` lines of resolv.conf(5), read anew for each lookup, since networks change.
    #[default]
    System,
    /// These.
    Fixed(Vec<SocketAddr>),
}

impl NameServers {
    /// The addresses to ask in turn, at most [`limits::NAME_SERVERS`].
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let mut addresses = match self {
            Self::System => {
                std::fs::read_to_string(RESOLV_CONF).map_or_else(|_| Vec::new(), |text| parse(&text))
            }
            Self::Fixed(addresses) => addresses.clone(),
        };
        addresses.truncate(limits::NAME_SERVERS);
        addresses
    }
}

/// The name servers of a resolv.conf(5). Addresses with a zone are left out.
fn parse(resolv_conf: &str) -> Vec<SocketAddr> {
    let server = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let address = (words.next() == Some("nameserver")).then(|| words.next())??;
        Some(SocketAddr::new(address.parse().ok()?, 53))
    };
    resolv_conf.lines().filter_map(server).collect()
}

/// Why there are no addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// What the name servers said, or that they said nothing.
    Resolve(ResolveError),
    /// The answer breaks a rule.
    Rule(Rule),
}

/// All addresses of a name: A first, then AAAA.
///
/// # Errors
/// Both questions have to be answered: half an answer cannot be judged, so it is `EAI_AGAIN`.
pub(super) async fn lookup(servers: &[SocketAddr], name: &Name) -> Result<Vec<IpAddr>, Failure> {
    let both =
        async { tokio::join!(ask(servers, name, RecordType::A), ask(servers, name, RecordType::Aaaa)) };
    let (v4, v6) = timeout(limits::LOOKUP, both).await.map_err(|_| Failure::Resolve(ResolveError::Again))?;
    let (v4, v6) = (v4?, v6?);
    let unknown = v4.is_none() && v6.is_none();
    let addresses: Vec<_> = v4.into_iter().chain(v6).flatten().collect();
    match addresses.len() {
        0 if unknown => Err(Failure::Resolve(ResolveError::NoName)),
        0 => Err(Failure::Resolve(ResolveError::NoData)),
        count if count > limits::ADDRESSES => Err(Failure::Rule(TOO_MANY_ADDRESSES)),
        _ => Ok(addresses),
    }
}

/// The addresses of one family; none if the name does not exist.
pub(super) async fn ask(
    servers: &[SocketAddr],
    name: &Name,
    kind: RecordType,
) -> Result<Option<Vec<IpAddr>>, Failure> {
    let mut error = ResolveError::Again;
    for &server in std::iter::repeat_n(servers, ROUNDS).flatten() {
        match timeout(limits::ATTEMPT, exchange(server, name, kind)).await {
            Ok(Ok(Reply::Addresses(addresses))) => return Ok(Some(addresses)),
            Ok(Ok(Reply::NoName)) => return Ok(None),
            Ok(Ok(Reply::Refused(rule))) => return Err(Failure::Rule(rule)),
            Ok(Ok(Reply::Truncated | Reply::Unwilling)) => error = ResolveError::Fail,
            Ok(Ok(Reply::Failure) | Err(_)) | Err(_) => error = ResolveError::Again,
        }
    }
    Err(Failure::Resolve(error))
}

/// One question to one server, by datagram and, if the answer does not fit, by TCP.
async fn exchange(server: SocketAddr, name: &Name, kind: RecordType) -> std::io::Result<Reply> {
    let unfit = || std::io::Error::from(std::io::ErrorKind::InvalidInput);
    let mut id = [0; 2];
    getrandom::fill(&mut id).map_err(std::io::Error::other)?;
    let query = Query::new(u16::from_be_bytes(id), name, kind);
    let message = query.message().ok_or_else(unfit)?;
    match by_datagram(server, &query, &message).await? {
        Reply::Truncated => by_tcp(server, &query, &message).await,
        reply => Ok(reply),
    }
}

async fn by_datagram(server: SocketAddr, query: &Query, message: &[u8]) -> std::io::Result<Reply> {
    let any: IpAddr =
        if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    // A socket per question: the kernel's random port is the other half of what a forger has to guess.
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    socket.send(message).await?;
    let mut buffer = [0; DATAGRAM];
    loop {
        let length = socket.recv(&mut buffer).await?;
        if let Some(reply) = query.read(&buffer[..length]) {
            return Ok(reply);
        }
    }
}

async fn by_tcp(server: SocketAddr, query: &Query, message: &[u8]) -> std::io::Result<Reply> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(message.len()).map_err(std::io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), message].concat()).await?;
    let length = stream.read_u16().await?;
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await?;
    query.read(&answer).ok_or_else(|| std::io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn resolv_conf_gives_name_servers_and_nothing_else() {
        let text = "# a comment\nsearch lan\nnameserver 9.9.9.9\noptions ndots:5\n nameserver 2620:fe::fe # x\n\
                    nameserver fe80::1%eth0\nnameserver\nnameserver name.example\n";
        let addresses: Vec<_> = parse(text).iter().map(ToString::to_string).collect();
        assert_eq!(addresses, ["9.9.9.9:53", "[2620:fe::fe]:53"]);
    }
}
