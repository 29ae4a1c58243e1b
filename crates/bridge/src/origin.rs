//! Who may be spoken to as whom: the Host and the Origin of a request, and the client's address behind a proxy.
//!
//! Host is checked against what this server is called, never against what the client claims elsewhere: that is what
//! stops DNS rebinding. Origin is checked against the Host just accepted: that is what stops other people's pages.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header, uri::Authority};
use ipnet::IpNet;

use crate::config::Config;

/// What proxies add to requests that they forward.
const FORWARDING: [&str; 6] =
    ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"];

/// Both ends of a connection, as the kernel knows them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Endpoints {
    /// The client, or the proxy in front of it.
    pub(crate) peer: SocketAddr,
    /// The address the client dialled.
    pub(crate) local: SocketAddr,
    /// Whether TLS ends here.
    pub(crate) secure: bool,
}

/// A Host that was accepted: lower case, as a browser spells it in an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    /// Name or address; IPv6 in brackets.
    name: String,
    /// The port, if one was given.
    port: Option<u16>,
}

/// Why a request's Host or Origin is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OriginError {
    /// There has to be exactly one Host, and it has to be one.
    #[error("the request has no valid Host")]
    NoHost,
    /// The name is not ours.
    #[error("this server is not known under that Host; the operator can add it with --host-name")]
    Host,
    /// Browsers send an Origin here; so must everybody.
    #[error("this request needs an Origin header")]
    NoOrigin,
    /// Another site's page.
    #[error("pages of that Origin may not use this server; the operator can allow it with --origin")]
    Origin,
}

/// The names and origins of this server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    hosts: Vec<Host>,
    origins: Vec<String>,
    proxies: Vec<IpNet>,
}

impl Names {
    /// Reads the operator's settings.
    ///
    /// # Errors
    /// The setting that is not a host name or an origin.
    pub(crate) fn new(config: &Config) -> Result<Self, String> {
        let hosts = config
            .host_names
            .iter()
            .map(|text| Host::parse(text).ok_or_else(|| text.clone()))
            .collect::<Result<_, _>>()?;
        for origin in &config.origins {
            if !is_origin(origin) {
                return Err(origin.clone());
            }
        }
        Ok(Self { hosts, origins: config.origins.clone(), proxies: config.trusted_proxies.clone() })
    }

    /// The Host of a request, if it is one of ours.
    ///
    /// # Errors
    /// [`OriginError::NoHost`] or [`OriginError::Host`].
    pub(crate) fn host(&self, ends: Endpoints, uri: &Uri, headers: &HeaderMap) -> Result<Host, OriginError> {
        let host = only(headers, &header::HOST)
            .and_then(|value| value.to_str().ok())
            .and_then(Host::parse)
            .ok_or(OriginError::NoHost)?;
        // An absolute request target takes precedence over Host (RFC 9112, 3.2.2): both have to be the same.
        if let Some(target) = uri.authority()
            && Host::parse(target.as_str()).as_ref() != Some(&host)
        {
            return Err(OriginError::Host);
        }
        if self.is_ours(&host, ends) { Ok(host) } else { Err(OriginError::Host) }
    }

    /// What `--host-name` would have to say for a request to be answered: its Host, as far as that is one.
    pub(crate) fn wanted(ends: Endpoints, headers: &HeaderMap) -> Option<String> {
        let host = only(headers, &header::HOST)?.to_str().ok().and_then(Host::parse)?;
        // Without a port a setting covers the one listened on, and none.
        Some(match host.port.filter(|port| *port != ends.local.port()) {
            Some(port) => format!("{}:{port}", host.name),
            None => host.name,
        })
    }

    /// Whether pages of other origins may use the client, so that answers differ by origin.
    pub(crate) fn has_guests(&self) -> bool {
        !self.origins.is_empty()
    }

    /// Checks the Origin of a request that does something: our own page's, or one the operator allowed.
    ///
    /// # Errors
    /// [`OriginError::NoOrigin`] or [`OriginError::Origin`].
    pub(crate) fn check_origin(
        &self,
        ends: Endpoints,
        host: &Host,
        headers: &HeaderMap,
    ) -> Result<(), OriginError> {
        if !headers.contains_key(header::ORIGIN) {
            return Err(OriginError::NoOrigin);
        }
        let origin = only(headers, &header::ORIGIN).ok_or(OriginError::Origin)?.as_bytes();
        // A proxy may end TLS in front of us, so https is right either way; http is not once we end TLS.
        let ours = origin == host.origin("https", 443).as_bytes()
            || !ends.secure && origin == host.origin("http", 80).as_bytes();
        if ours || self.is_allowed(origin) { Ok(()) } else { Err(OriginError::Origin) }
    }

    /// The request's Origin if it is one the operator allowed, to be named in `Access-Control-Allow-Origin`.
    pub(crate) fn allowed_origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        only(headers, &header::ORIGIN).filter(|origin| self.is_allowed(origin.as_bytes())).cloned()
    }

    /// The client's address: the peer's, or behind trusted proxies the last one that no trusted proxy added.
    pub(crate) fn client(&self, ends: Endpoints, headers: &HeaderMap) -> IpAddr {
        let peer = ends.peer.ip().to_canonical();
        if !self.is_proxy(peer) {
            return peer;
        }
        let mut client = peer;
        let values = headers.get_all("x-forwarded-for").iter().rev();
        for hop in values.flat_map(|value| value.to_str().unwrap_or("?").rsplit(',')) {
            // What comes before something unreadable was added by a stranger.
            let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
            client = address.to_canonical();
            if !self.is_proxy(client) {
                break;
            }
        }
        client
    }

    /// This server's own origin as the client's browser spells it: by TLS here, or as a trusted proxy says that ends it.
    pub(crate) fn site(&self, ends: Endpoints, host: &Host, headers: &HeaderMap) -> String {
        let by_proxy = self.is_proxy(ends.peer.ip())
            && only(headers, &HeaderName::from_static("x-forwarded-proto"))
                .is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https"));
        if ends.secure || by_proxy { host.origin("https", 443) } else { host.origin("http", 80) }
    }

    /// Whether somebody whom nobody has declared as a proxy forwards requests of others from this machine.
    pub(crate) fn is_forwarded(&self, ends: Endpoints, headers: &HeaderMap) -> bool {
        let peer = ends.peer.ip().to_canonical();
        peer.is_loopback()
            && !self.is_proxy(peer)
            && FORWARDING.iter().any(|header| headers.contains_key(*header))
    }

    /// Whether an address is a trusted proxy.
    pub(crate) fn is_proxy(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.proxies.iter().any(|network| network.contains(&address))
    }

    fn is_ours(&self, host: &Host, ends: Endpoints) -> bool {
        let scheme_port = if ends.secure { 443 } else { 80 };
        if self.hosts.iter().any(|ours| ours.covers(host, ends.local.port())) {
            return true;
        }
        // No page of somebody else's can have such a Host: an address cannot be rebound by DNS, and browsers resolve
        // `localhost` by themselves. Its port is whatever forwards to here: `ssh -L`, a container's published port.
        if host.name == "localhost" || host.address().is_some_and(|address| address.is_loopback()) {
            return true;
        }
        host.port.unwrap_or(scheme_port) == ends.local.port()
            && host.address().is_some_and(|address| address.to_canonical() == ends.local.ip().to_canonical())
    }

    fn is_allowed(&self, origin: &[u8]) -> bool {
        self.origins.iter().any(|allowed| allowed.as_bytes() == origin)
    }
}

impl Host {
    /// Reads `name`, `name:port`, `1.2.3.4:port` or `[::1]:port`.
    fn parse(text: &str) -> Option<Self> {
        let authority: Authority = text.parse().ok()?;
        if text.contains('@') || authority.host().is_empty() {
            return None;
        }
        let name = authority.host().to_ascii_lowercase();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let bracketed = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let valid = match bracketed {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => name.bytes().all(plain),
        };
        // `host:` has an empty port, which is no port a browser would send.
        let port = match text.get(authority.host().len()..)? {
            "" => None,
            rest => Some(rest.strip_prefix(':')?.parse().ok()?),
        };
        valid.then_some(Self { name, port })
    }

    /// Whether this setting of the operator's covers a request's Host: with a port exactly that one, without one the
    /// port listened on or none at all (the scheme's own, behind a proxy).
    fn covers(&self, host: &Self, listening: u16) -> bool {
        let port = match self.port {
            Some(port) => host.port == Some(port),
            None => host.port.is_none_or(|port| port == listening),
        };
        port && self.name == host.name
    }

    fn address(&self) -> Option<IpAddr> {
        self.name.trim_start_matches('[').trim_end_matches(']').parse().ok()
    }

    fn origin(&self, scheme: &str, scheme_port: u16) -> String {
        match self.port.filter(|port| *port != scheme_port) {
            Some(port) => format!("{scheme}://{}:{port}", self.name),
            None => format!("{scheme}://{}", self.name),
        }
    }
}

/// The value of a header that may be there only once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// What stands in `frame-ancestors`: nothing for all sites, `'none'` for none, or an origin each.
///
/// # Errors
/// The one that is neither an origin nor the word `none`.
pub(crate) fn sites(embed: &[String]) -> Result<String, String> {
    match embed {
        [] => Ok(String::new()),
        [none] if none == "none" => Ok("'none'".to_owned()),
        // Our own page shows how an embed looks.
        some => match some.iter().find(|site| !is_origin(site)) {
            Some(wrong) => Err(wrong.clone()),
            None => Ok(format!("'self' {}", some.join(" "))),
        },
    }
}

/// Whether this is an origin as browsers serialise it: scheme, host, perhaps a port, and nothing else.
fn is_origin(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    matches!(scheme, "http" | "https") && rest == rest.to_ascii_lowercase() && Host::parse(rest).is_some()
}

#[cfg(test)]
mod tests;
