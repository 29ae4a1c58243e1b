//! Links and addresses of the current namespace, rtnetlink(7), blocking.

use std::{
    net::{IpAddr, Ipv4Addr},
    os::fd::OwnedFd,
};

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::{
    AddressFamily as Family, RouteNetlinkMessage,
    address::{AddressAttribute, AddressMessage, AddressScope},
    link::{LinkAttribute, LinkFlags, LinkMessage},
};
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
        let mut message = LinkMessage::default();
        message.header.index = index;
        message.header.flags = LinkFlags::Up;
        message.header.change_mask = LinkFlags::Up;
        message.attributes.push(LinkAttribute::Mtu(mtu));
        message.attributes.extend(queue.map(LinkAttribute::TxQueueLen));
        self.acknowledged(RouteNetlinkMessage::SetLink(message), 0)
    }

    /// Gives the link an address, and with it a route to its network.
    pub(super) fn add_address(&self, index: u32, address: Ipv4Addr, prefix: u8) -> Result<(), Errno> {
        let mut message = AddressMessage::default();
        message.header.family = Family::Inet;
        message.header.prefix_len = prefix;
        message.header.scope = AddressScope::Universe;
        message.header.index = index;
        message.attributes.push(AddressAttribute::Local(IpAddr::V4(address)));
        message.attributes.push(AddressAttribute::Address(IpAddr::V4(address)));
        self.acknowledged(RouteNetlinkMessage::NewAddress(message), NLM_F_CREATE | NLM_F_EXCL)
    }

    /// Packets that the link dropped instead of sending.
    pub(super) fn transmit_drops(&self, index: u32) -> Result<u64, Errno> {
        let mut message = LinkMessage::default();
        message.header.index = index;
        self.send(RouteNetlinkMessage::GetLink(message), NLM_F_REQUEST)?;
        let NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewLink(link)) = self.receive()? else {
            return Err(Errno::BADMSG);
        };
        let drops = link.attributes.iter().find_map(|attribute| match attribute {
            LinkAttribute::Stats64(stats) => Some(stats.tx_dropped),
            _ => None,
        });
        drops.ok_or(Errno::BADMSG)
    }

    fn acknowledged(&self, message: RouteNetlinkMessage, flags: u16) -> Result<(), Errno> {
        self.send(message, NLM_F_REQUEST | NLM_F_ACK | flags)?;
        // The acknowledgement is an error message without an error.
        self.receive().map(|_| ())
    }

    fn send(&self, message: RouteNetlinkMessage, flags: u16) -> Result<(), Errno> {
        let mut message = NetlinkMessage::from(message);
        message.header.flags = flags;
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        sendto(&self.socket, &bytes, SendFlags::empty(), &SocketAddrNetlink::new(0, 0))?;
        Ok(())
    }

    fn receive(&self) -> Result<NetlinkPayload<RouteNetlinkMessage>, Errno> {
        let mut bytes = vec![0; ANSWER];
        let (_, length) = recv(&self.socket, &mut bytes[..], RecvFlags::empty())?;
        let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(&bytes[..length])
            .map_err(|_| Errno::BADMSG)?;
        match message.payload {
            NetlinkPayload::Error(error) => match error.code {
                None => Ok(NetlinkPayload::Noop),
                Some(code) => Err(Errno::from_raw_os_error(code.get().saturating_neg())),
            },
            payload => Ok(payload),
        }
    }
}
