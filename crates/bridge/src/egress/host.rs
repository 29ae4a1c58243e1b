//! What a host may be spelled like.
//!
//! Everything that is not exactly an address or a well-formed name is refused here. It is never handed to the
//! C library "to see what it makes of it": that one reads `0177.1` as 127.0.0.1.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::rule::{INVALID_NAME, Rule};

/// Bytes of a host before it is made ASCII. A longer one cannot become a name of 253 bytes in any use we know.
const INPUT: usize = 1024;
/// Bytes of one label, RFC 1035.
const LABEL: usize = 63;

/// A host, strictly parsed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A literal address, IPv4-mapped ones turned into IPv4.
    Address(IpAddr),
    /// A name.
    Name(Name),
}

/// An absolute DNS name in ASCII, lower case, without the final dot, 1 to 253 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name(String);

impl Name {
    /// A name written in our own source, where it is well-formed by inspection.
    pub(super) fn known(name: &'static str) -> Self {
        Self(name.to_owned())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its labels, the host's own first.
    pub fn labels(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('.')
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads a host.
///
/// # Errors
/// The rule `invalid_name`, for everything that is not an IPv4 dotted quad in decimal without leading zeros, an
/// IPv6 address as in RFC 4291 without a zone, or a DNS name (letters, digits, hyphens and underscores after
/// IDNA; labels of at most 63 bytes, 253 in all; the last one neither a number nor `0x`).
pub fn parse(input: &str) -> Result<Host, Rule> {
    if input.is_empty() || input.len() > INPUT {
        return Err(INVALID_NAME);
    }
    if let Ok(address) = input.parse::<Ipv4Addr>() {
        return Ok(Host::Address(address.into()));
    }
    if input.contains(':') {
        let address = input.parse::<Ipv6Addr>().map_err(|_| INVALID_NAME)?;
        return Ok(Host::Address(IpAddr::V6(address).to_canonical()));
    }
    name(input).map(Host::Name)
}

fn name(input: &str) -> Result<Name, Rule> {
    if !input.bytes().all(|byte| byte >= 0x80 || is_name_byte(byte) || byte == b'.') {
        return Err(INVALID_NAME);
    }
    let ascii = Uts46::new()
        .to_ascii(input.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow, DnsLength::Ignore)
        .map_err(|_| INVALID_NAME)?;
    // IDNA maps full-width and other forms to ASCII, dots and digits among them: everything is checked after it.
    let ascii = ascii.strip_suffix('.').unwrap_or(&ascii);
    if ascii.len() > proto::limits::HOST_NAME || !ascii.split('.').all(is_label) || ends_in_number(ascii) {
        return Err(INVALID_NAME);
    }
    Ok(Name(ascii.to_ascii_lowercase()))
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= LABEL
        && label.bytes().all(is_name_byte)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Whether somebody's parser might take the name for an IPv4 address in one of its old spellings.
fn ends_in_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    last.bytes().all(|byte| byte.is_ascii_digit()) || last.to_ascii_lowercase().starts_with("0x")
}

#[cfg(test)]
mod tests {
    use super::{Host, parse};

    fn name(input: &str) -> Option<String> {
        match parse(input) {
            Ok(Host::Name(name)) => Some(name.as_str().to_owned()),
            _ => None,
        }
    }

    #[test]
    fn names_are_absolute_lower_case_ascii() {
        assert_eq!(name("WWW.Google.com."), Some("www.google.com".to_owned()));
        assert_eq!(name("bücher.example"), Some("xn--bcher-kva.example".to_owned()));
        assert_eq!(name("www。example．com"), Some("www.example.com".to_owned()));
        assert_eq!(name("_dmarc.example.com"), Some("_dmarc.example.com".to_owned()));
        assert_eq!(name("r3---sn-4g5e.example.com"), Some("r3---sn-4g5e.example.com".to_owned()));
    }

    #[test]
    fn mapped_addresses_are_judged_as_what_they_reach() {
        assert_eq!(parse("::ffff:127.0.0.1"), Ok(Host::Address([127, 0, 0, 1].into())));
    }

    #[test]
    fn lengths_are_those_of_rfc_1035() {
        let label = "a".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
        assert_eq!(longest.len(), 253);
        assert_eq!(name(&longest), Some(longest.clone()));
        assert_eq!(name(&format!("{longest}.")), Some(longest.clone()));
        assert_eq!(name(&format!("{longest}a")), None);
        assert_eq!(name(&format!("{label}a.example.com")), None);
    }
}
