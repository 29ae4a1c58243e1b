//! Addresses of sockets: an IP address with a port, or a name of AF_UNIX. Each has one spelling as text, and one form on the
//! wire.
//!
//! As text: `10.0.0.1:80`, `[::1]:80`; `unix:/tmp/talk` for a path, `unix:@talk` for an abstract name, `unix:` for a socket
//! that has no name. In a name everything but letters, digits and common signs of ASCII is written by its bytes (`\x0a`), so
//! that a name of any bytes can be read and shown; a path that begins with `@` begins with `\x40`.

use std::{
    fmt::{self, Write as _},
    net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::limits::UNIX_NAME;

/// What begins the text of a name of AF_UNIX.
const UNIX: &str = "unix:";

/// A socket's address.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Address {
    /// ip(7), ipv6(7): with a port.
    Ip(SocketAddr),
    /// unix(7).
    Unix(UnixName),
}

/// The name of a socket of AF_UNIX, unix(7).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnixName {
    /// None: it was not bound, or is one of a pair.
    Unnamed,
    /// A path of the machine, as the program wrote it: not empty, without NUL.
    Path(NameBytes),
    /// A name of the machine's kernel that is no path, without the NUL that it begins with in C.
    Abstract(NameBytes),
}

/// At most [`UNIX_NAME`] bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct NameBytes {
    length: u8,
    bytes: [u8; UNIX_NAME],
}

/// Why there can be no such address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is neither an IP address with a port nor a name of AF_UNIX.
    #[error("not an address: write 10.0.0.1:80, [::1]:80, unix:/path or unix:@name")]
    Form,
    /// The name is longer than [`UNIX_NAME`] bytes.
    #[error("a name of AF_UNIX has at most {UNIX_NAME} bytes")]
    Long,
    /// A path is empty, or has a NUL in it.
    #[error("a path has at least one byte, and no NUL")]
    Path,
}

impl Address {
    /// The IP address with its port; none for a name of AF_UNIX.
    pub fn inet(&self) -> Option<SocketAddr> {
        match self {
            Self::Ip(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }

    /// The IP address.
    pub fn ip(&self) -> Option<IpAddr> {
        self.inet().map(|address| address.ip())
    }

    /// The port.
    pub fn port(&self) -> Option<u16> {
        self.inet().map(|address| address.port())
    }

    /// Whether it is one of AF_UNIX: what goes there stays inside the machine, and is no packet.
    pub fn is_unix(&self) -> bool {
        matches!(self, Self::Unix(_))
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self::Ip(address)
    }
}

impl<Ip: Into<IpAddr>> From<(Ip, u16)> for Address {
    fn from(address: (Ip, u16)) -> Self {
        Self::Ip(address.into())
    }
}

impl From<UnixName> for Address {
    fn from(name: UnixName) -> Self {
        Self::Unix(name)
    }
}

impl UnixName {
    /// A path of the machine.
    ///
    /// # Errors
    /// [`AddressError::Path`], [`AddressError::Long`].
    pub fn path(bytes: &[u8]) -> Result<Self, AddressError> {
        if bytes.is_empty() || bytes.contains(&0) {
            return Err(AddressError::Path);
        }
        NameBytes::new(bytes).map(Self::Path)
    }

    /// An abstract name, without the NUL before it.
    ///
    /// # Errors
    /// [`AddressError::Long`].
    pub fn abstract_name(bytes: &[u8]) -> Result<Self, AddressError> {
        NameBytes::new(bytes).map(Self::Abstract)
    }
}

impl NameBytes {
    fn new(bytes: &[u8]) -> Result<Self, AddressError> {
        let mut all = [0; UNIX_NAME];
        all.get_mut(..bytes.len()).ok_or(AddressError::Long)?.copy_from_slice(bytes);
        Ok(Self { length: u8::try_from(bytes.len()).map_err(|_| AddressError::Long)?, bytes: all })
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

/// Whether a character of a name stands for itself.
fn is_plain(letter: char) -> bool {
    letter.is_alphanumeric() || " !#$%&'()*+,-./:;=?@[]^_{}~".contains(letter)
}

impl fmt::Display for NameBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.as_bytes().utf8_chunks() {
            for letter in chunk.valid().chars() {
                if is_plain(letter) {
                    f.write_char(letter)?;
                } else {
                    letter
                        .encode_utf8(&mut [0; 4])
                        .bytes()
                        .try_for_each(|byte| write!(f, "\\x{byte:02x}"))?;
                }
            }
            chunk.invalid().iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))?;
        }
        Ok(())
    }
}

impl fmt::Debug for NameBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As people write it: a path as it is, an abstract name with `@` before it, nothing where there is none.
impl fmt::Display for UnixName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unnamed => Ok(()),
            Self::Path(name) => match name.to_string().strip_prefix('@') {
                Some(rest) => write!(f, "\\x40{rest}"),
                None => fmt::Display::fmt(name, f),
            },
            Self::Abstract(name) => write!(f, "@{name}"),
        }
    }
}

impl fmt::Debug for UnixName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{UNIX}{self}")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => fmt::Display::fmt(address, f),
            Self::Unix(name) => write!(f, "{UNIX}{name}"),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let Some(name) = text.strip_prefix(UNIX) else {
            return text.parse().map(Self::Ip).map_err(|_| AddressError::Form);
        };
        let name = match name.strip_prefix('@') {
            Some(name) => UnixName::abstract_name(&unescaped(name)?)?,
            None if name.is_empty() => UnixName::Unnamed,
            None => UnixName::path(&unescaped(name)?)?,
        };
        Ok(Self::Unix(name))
    }
}

/// The bytes of a name as it is written.
fn unescaped(name: &str) -> Result<Vec<u8>, AddressError> {
    let mut pieces = name.split('\\');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let digits = piece.strip_prefix('x').and_then(|digits| digits.get(..2)).ok_or(AddressError::Form)?;
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| AddressError::Form)?);
        bytes.extend_from_slice(&piece.as_bytes()[3..]);
    }
    Ok(bytes)
}

/// On the wire: the first two are those of a socket address of the standard library.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Address")]
enum Wire {
    V4(SocketAddrV4),
    V6(SocketAddrV6),
    Unnamed,
    Path(Vec<u8>),
    Abstract(Vec<u8>),
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_str(self);
        }
        match self {
            Self::Ip(SocketAddr::V4(address)) => Wire::V4(*address),
            Self::Ip(SocketAddr::V6(address)) => Wire::V6(*address),
            Self::Unix(UnixName::Unnamed) => Wire::Unnamed,
            Self::Unix(UnixName::Path(name)) => Wire::Path(name.as_bytes().to_vec()),
            Self::Unix(UnixName::Abstract(name)) => Wire::Abstract(name.as_bytes().to_vec()),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return String::deserialize(deserializer)?.parse().map_err(de::Error::custom);
        }
        Ok(match Wire::deserialize(deserializer)? {
            Wire::V4(address) => Self::Ip(address.into()),
            Wire::V6(address) => Self::Ip(address.into()),
            Wire::Unnamed => UnixName::Unnamed.into(),
            Wire::Path(name) => UnixName::path(&name).map_err(de::Error::custom)?.into(),
            Wire::Abstract(name) => UnixName::abstract_name(&name).map_err(de::Error::custom)?.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn address(text: &str) -> Result<Address, AddressError> {
        text.parse()
    }

    #[test]
    fn each_address_has_one_spelling() {
        for text in [
            "10.0.0.1:80",
            "[::1]:80",
            "unix:",
            "unix:/tmp/talk",
            "unix:@talk",
            "unix:@",
            "unix:\\x40a",
            "unix:b@",
        ] {
            assert_eq!(address(text).map(|address| address.to_string()).as_deref(), Ok(text));
        }
        assert_eq!(address("unix:@a\\x00\\xff"), UnixName::abstract_name(b"a\0\xff").map(Address::Unix));
        assert_eq!(
            UnixName::path("@\u{202e}ä\n".as_bytes()).unwrap().to_string(),
            "\\x40\\xe2\\x80\\xaeä\\x0a"
        );
    }

    #[test]
    fn what_no_socket_can_have_is_no_address() {
        let long = "x".repeat(UNIX_NAME);
        assert!(address(&format!("unix:{long}")).is_ok() && address(&format!("unix:@{long}")).is_ok());
        assert_eq!(address(&format!("unix:{long}y")), Err(AddressError::Long));
        assert_eq!(address(&format!("unix:@{long}y")), Err(AddressError::Long));
        assert_eq!(address("unix:/a\\x00b"), Err(AddressError::Path));
        for text in
            ["", "10.0.0.1", "unix", "unix:\\", "unix:\\x4", "unix:\\xzz", "unix:\\xé", "unix:\\n", "x:1"]
        {
            assert_eq!(address(text), Err(AddressError::Form), "{text}");
        }
    }

    #[test]
    fn an_ip_address_is_on_the_wire_what_it_is_in_the_standard_library() {
        for text in ["10.0.0.1:80", "[fd00::1]:443"] {
            let (ours, theirs): (Address, SocketAddr) = (text.parse().unwrap(), text.parse().unwrap());
            assert_eq!(postcard::to_stdvec(&ours).unwrap(), postcard::to_stdvec(&theirs).unwrap());
        }
    }

    proptest! {
        #[test]
        fn names_of_any_bytes_survive_text_and_wire(bytes in vec(any::<u8>(), 0..UNIX_NAME + 4), path in any::<bool>()) {
            let name = if path { UnixName::path(&bytes) } else { UnixName::abstract_name(&bytes) };
            if let Ok(name) = name {
                let address = Address::Unix(name);
                prop_assert_eq!(address.to_string().parse::<Address>(), Ok(address));
                let wire = postcard::to_stdvec(&address).unwrap();
                prop_assert_eq!(postcard::from_bytes::<Address>(&wire), Ok(address));
            }
        }

        #[test]
        fn hostile_bytes_are_an_error_and_no_more(bytes in vec(any::<u8>(), 0..200), text in ".{0,200}") {
            let _ = postcard::from_bytes::<Address>(&bytes);
            let _ = address(&text);
            let _ = address(&format!("unix:{text}"));
        }
    }
}
