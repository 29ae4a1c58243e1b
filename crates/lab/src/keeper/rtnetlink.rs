//! Links and addresses of the current namespace, rtnetlink(7), blocking.
//!
//! The three messages are written by hand: a library of all of rtnetlink's takes longer to compile than the rest of
//! this crate.

use std::{net::Ipv4Addr, os::fd::OwnedFd};

use rustix::{
    io::Errno,
    net::{
        AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, netdevice::name_to_index,
        netlink::SocketAddrNetlink, recv, sendto, socket_with,
    },
};

/// Every namespace's loopback has this index.
pub(super) const LOOPBACK: u32 = 1;
/// A link's message with all its statistics is about 2 KiB.
const ANSWER: usize = 32 * 1024;

/// A conversation with the namespace that was current when it began.
pub(super) struct Rtnetlink {
    socket: OwnedFd,
}

impl Rtnetlink {
    pub(super) fn open() -> Result<Self, Errno> {
        // Protocol none is NETLINK_ROUTE.
        let socket = socket_with(AddressFamily::NETLINK, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
        bind(&socket, &SocketAddrNetlink::new(0, 0))?;
        Ok(Self { socket })
    }

    pub(super) fn index(&self, name: &str) -> Result<u32, Errno> {
        name_to_index(&self.socket, name)
    }

    /// Sets the MTU in bytes and, where given, the length of the transmit queue in packets; then switches on.
    pub(super) fn up(&self, index: u32, mtu: u32, queue: Option<u32>) -> Result<(), Errno> {
        let up = libc::IFF_UP as u32;
        let mut message = Message::of_link(libc::RTM_SETLINK, index, up, up);
        message.attribute(libc::IFLA_MTU, &mtu.to_ne_bytes());
        if let Some(packets) = queue {
            message.attribute(libc::IFLA_TXQLEN, &packets.to_ne_bytes());
        }
        self.acknowledged(message, 0)
    }

    /// Gives the link an address, and with it a route to its network.
    pub(super) fn add_address(&self, index: u32, address: Ipv4Addr, prefix: u8) -> Result<(), Errno> {
        let mut message = Message::of_address(libc::RTM_NEWADDR, index, prefix);
        message.attribute(libc::IFA_LOCAL, &address.octets());
        message.attribute(libc::IFA_ADDRESS, &address.octets());
        self.acknowledged(message, libc::NLM_F_CREATE | libc::NLM_F_EXCL)
    }

    /// Packets that the link dropped instead of sending.
    pub(super) fn transmit_drops(&self, index: u32) -> Result<u64, Errno> {
        self.send(Message::of_link(libc::RTM_GETLINK, index, 0, 0), libc::NLM_F_REQUEST)?;
        let answer = self.receive()?;
        let attributes = answer.get(HEADER + LINK..).ok_or(Errno::BADMSG)?;
        let stats = attribute(attributes, libc::IFLA_STATS64).ok_or(Errno::BADMSG)?;
        let drops = stats.get(TX_DROPPED..TX_DROPPED + 8).ok_or(Errno::BADMSG)?;
        drops.try_into().map(u64::from_ne_bytes).map_err(|_| Errno::BADMSG)
    }

    fn acknowledged(&self, message: Message, flags: i32) -> Result<(), Errno> {
        self.send(message, libc::NLM_F_REQUEST | libc::NLM_F_ACK | flags)?;
        // The acknowledgement is an error message without an error.
        self.receive().map(|_| ())
    }

    fn send(&self, message: Message, flags: i32) -> Result<(), Errno> {
        let bytes = message.finish(flags);
        sendto(&self.socket, &bytes, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
        Ok(())
    }

    /// A whole answer, its header included, that is no error.
    fn receive(&self) -> Result<Vec<u8>, Errno> {
        let mut bytes = vec![0; ANSWER];
        let (_, length) = recv(&self.socket, &mut bytes[..], RecvFlags::empty())?;
        bytes.truncate(length);
        if i32::from(number(&bytes, 4)?) == libc::NLMSG_ERROR {
            let code = bytes.get(HEADER..HEADER + 4).ok_or(Errno::BADMSG)?;
            match code.try_into().map(i32::from_ne_bytes) {
                Ok(0) => {}
                Ok(code) => return Err(Errno::from_raw_os_error(code.saturating_neg())),
                Err(_) => return Err(Errno::BADMSG),
            }
        }
        Ok(bytes)
    }
}

/// Size of `struct nlmsghdr`: length (u32), type and flags (u16 each), sequence and port (u32 each).
const HEADER: usize = 16;
/// Size of `struct ifinfomsg`: family (u8, padded to u16), type (u16), index, flags and change mask (u32 each).
const LINK: usize = 16;
/// Where `tx_dropped` lies in `struct rtnl_link_stats64`: the eighth of its counters.
const TX_DROPPED: usize = 7 * 8;

/// A request as it grows; all numbers are in the machine's own order.
struct Message(Vec<u8>);

impl Message {
    fn new(kind: u16) -> Self {
        let mut bytes = vec![0; HEADER];
        bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
        Self(bytes)
    }

    fn of_link(kind: u16, index: u32, flags: u32, changes: u32) -> Self {
        let mut message = Self::new(kind);
        message.0.extend([0; 4]);
        [index, flags, changes].iter().for_each(|number| message.0.extend(number.to_ne_bytes()));
        message
    }

    fn of_address(kind: u16, index: u32, prefix: u8) -> Self {
        let mut message = Self::new(kind);
        // struct ifaddrmsg: family, prefix, flags, scope (RT_SCOPE_UNIVERSE).
        message.0.extend([libc::AF_INET as u8, prefix, 0, 0]);
        message.0.extend(index.to_ne_bytes());
        message
    }

    /// Adds an attribute, padded to four bytes.
    fn attribute(&mut self, kind: u16, value: &[u8]) {
        let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
        self.0.extend(length.to_ne_bytes());
        self.0.extend(kind.to_ne_bytes());
        self.0.extend(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }

    fn finish(mut self, flags: i32) -> Vec<u8> {
        let length = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0[..4].copy_from_slice(&length.to_ne_bytes());
        self.0[6..8].copy_from_slice(&u16::try_from(flags).unwrap_or_default().to_ne_bytes());
        self.0
    }
}

fn number(bytes: &[u8], at: usize) -> Result<u16, Errno> {
    let number = bytes.get(at..at + 2).and_then(|bytes| bytes.try_into().ok());
    number.map(u16::from_ne_bytes).ok_or(Errno::BADMSG)
}

/// The value of an attribute.
fn attribute(mut bytes: &[u8], wanted: u16) -> Option<&[u8]> {
    while bytes.len() >= 4 {
        let length = usize::from(number(bytes, 0).ok()?);
        let value = bytes.get(4..length)?;
        if number(bytes, 2).ok()? == wanted {
            return Some(value);
        }
        bytes = bytes.get(length.next_multiple_of(4)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_padded_and_found_again() {
        let mut message = Message::of_link(libc::RTM_SETLINK, 7, 0, 0);
        message.attribute(1, b"odd");
        message.attribute(2, &9_u32.to_ne_bytes());
        let bytes = message.finish(libc::NLM_F_REQUEST);
        assert_eq!(bytes.len(), HEADER + LINK + 8 + 8);
        assert_eq!(bytes[..4], 48_u32.to_ne_bytes());
        let attributes = &bytes[HEADER + LINK..];
        assert_eq!(attribute(attributes, 1), Some(&b"odd"[..]));
        assert_eq!(attribute(attributes, 2), Some(&9_u32.to_ne_bytes()[..]));
        assert_eq!(attribute(attributes, 3), None);
        assert_eq!(attribute(&[255, 255, 1, 0], 1), None, "longer than the message");
    }
}
