//! What happened to a socket between two looks at it, as far as packets prove it.
//!
//! Over a loopback a whole handshake is one step of the kernel: nobody can observe SYN_SENT or SYN_RECV there. The
//! packets of that step prove that the sockets were in these states, and the trace marks them as not observed.

use std::net::SocketAddr;

use proto::{
    id::SocketId,
    trace::{TcpFlags, TcpState, Transport},
};

use crate::decode::Decoded;

/// Segments remembered at most: a machine is looked at once a millisecond, and it forgets them then.
const REMEMBERED: usize = 256;

/// A segment that opens or ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Control {
    src: SocketAddr,
    dst: SocketAddr,
    flags: TcpFlags,
}

impl Control {
    /// What a packet does to a connection, if it opens or ends one.
    pub(crate) fn of(packet: &Decoded) -> Option<Self> {
        let Transport::Tcp(tcp) = &packet.transport else { return None };
        let opens_or_ends = TcpFlags::SYN.0 | TcpFlags::FIN.0 | TcpFlags::RST.0;
        (tcp.flags.0 & opens_or_ends != 0).then_some(Self {
            src: SocketAddr::new(packet.src, tcp.src_port),
            dst: SocketAddr::new(packet.dst, tcp.dst_port),
            flags: tcp.flags,
        })
    }

    fn has(&self, flags: TcpFlags) -> bool {
        self.flags.contains(flags)
    }

    fn begins(&self) -> bool {
        self.has(TcpFlags::SYN) && !self.has(TcpFlags::ACK)
    }

    fn goes(&self, from: SocketAddr, to: SocketAddr) -> bool {
        self.src == from && self.dst == to
    }
}

/// What a machine has sent and received since its sockets were last looked at.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    seen: Vec<Control>,
    /// Who called connect(2), and the SYN it sent.
    connects: Vec<(SocketId, Control)>,
}

impl Evidence {
    /// `connecting` is the socket whose connect(2) is being made.
    pub(crate) fn note(&mut self, control: Control, connecting: Option<SocketId>) {
        if self.seen.len() == REMEMBERED {
            return;
        }
        self.seen.push(control);
        if let Some(socket) = connecting.filter(|_| control.begins()) {
            self.connects.push((socket, control));
        }
    }

    /// Sockets whose connect(2) was refused at once, with their addresses: the kernel has forgotten both by now.
    pub(crate) fn refused(&self) -> impl Iterator<Item = (SocketId, SocketAddr, SocketAddr)> {
        self.connects.iter().filter_map(|&(socket, Control { src, dst, .. })| {
            let refused = self.seen.iter().any(|seen| seen.goes(dst, src) && seen.has(TcpFlags::RST));
            refused.then_some((socket, src, dst))
        })
    }

    /// The states between `from` and `to` that the packets prove, in order.
    pub(crate) fn between(
        &self,
        from: Option<TcpState>,
        to: TcpState,
        local: SocketAddr,
        remote: SocketAddr,
    ) -> Vec<TcpState> {
        use TcpState::{
            CloseWait, Closed, Closing, Established, FinWait1, FinWait2, LastAck, SynRecv, SynSent, TimeWait,
        };
        let sent =
            |what: &dyn Fn(&Control) -> bool| self.seen.iter().any(|c| c.goes(local, remote) && what(c));
        let got =
            |what: &dyn Fn(&Control) -> bool| self.seen.iter().any(|c| c.goes(remote, local) && what(c));
        let is_fin = |control: &Control| control.has(TcpFlags::FIN);
        let open = matches!(to, Established | CloseWait | FinWait1 | FinWait2 | Closing | LastAck | TimeWait);
        let mut between = Vec::new();
        let mut at = from.unwrap_or(Closed);
        let mut pass = |at: &mut TcpState, state| {
            between.push(state);
            *at = state;
        };
        if at == Closed && open {
            if sent(&Control::begins) {
                pass(&mut at, SynSent);
            } else if sent(&|control| control.has(TcpFlags::SYN)) {
                pass(&mut at, SynRecv);
            }
        }
        if matches!(at, SynSent | SynRecv) && open && to != Established {
            pass(&mut at, Established);
        }
        match (at, to) {
            (Established, FinWait2 | Closing | TimeWait) if sent(&is_fin) => pass(&mut at, FinWait1),
            (Established, LastAck) if got(&is_fin) => pass(&mut at, CloseWait),
            (Established, Closed) if sent(&is_fin) && got(&is_fin) && !self.was_reset(local, remote) => {
                // Who closes first rests in TIME_WAIT.
                pass(&mut at, CloseWait);
                pass(&mut at, LastAck);
            }
            (CloseWait, Closed) if sent(&is_fin) && !self.was_reset(local, remote) => pass(&mut at, LastAck),
            _ => {}
        }
        between
    }

    fn was_reset(&self, local: SocketAddr, remote: SocketAddr) -> bool {
        let ours = |control: &&Control| control.goes(local, remote) || control.goes(remote, local);
        self.seen.iter().filter(ours).any(|control| control.has(TcpFlags::RST))
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use proto::{
        id::SocketId,
        trace::{
            TcpFlags,
            TcpState::{
                CloseWait, Closed, Established, FinWait1, FinWait2, LastAck, SynRecv, SynSent, TimeWait,
            },
        },
    };

    use super::{Control, Evidence};

    const SYN: u8 = TcpFlags::SYN.0;
    const ACK: u8 = TcpFlags::ACK.0;
    const FIN: u8 = TcpFlags::FIN.0;
    const RST: u8 = TcpFlags::RST.0;

    fn client() -> SocketAddr {
        "127.0.0.1:40000".parse().unwrap()
    }

    fn server() -> SocketAddr {
        "127.0.0.1:12345".parse().unwrap()
    }

    /// True for what the client sends.
    fn evidence(segments: &[(bool, u8)]) -> Evidence {
        let mut evidence = Evidence::default();
        for &(out, flags) in segments {
            let (src, dst) = if out { (client(), server()) } else { (server(), client()) };
            evidence.note(Control { src, dst, flags: TcpFlags(flags) }, Some(SocketId(7)));
        }
        evidence
    }

    #[test]
    fn a_handshake_proves_both_ends_states() {
        let seen = evidence(&[(true, SYN), (false, SYN | ACK)]);
        assert_eq!(seen.between(Some(Closed), Established, client(), server()), [SynSent]);
        assert_eq!(seen.between(None, Established, server(), client()), [SynRecv]);
        assert_eq!(seen.between(Some(SynSent), Established, client(), server()), []);
        assert_eq!(seen.between(None, CloseWait, server(), client()), [SynRecv, Established]);
    }

    #[test]
    fn closing_proves_what_was_passed_through() {
        let seen = evidence(&[(true, FIN | ACK)]);
        assert_eq!(seen.between(Some(Established), FinWait2, client(), server()), [FinWait1]);
        assert_eq!(seen.between(Some(FinWait2), TimeWait, client(), server()), []);
        assert_eq!(seen.between(Some(Established), CloseWait, server(), client()), []);
        let answered = evidence(&[(false, FIN | ACK)]);
        assert_eq!(answered.between(Some(CloseWait), Closed, server(), client()), [LastAck]);
    }

    #[test]
    fn nothing_is_claimed_without_a_packet_or_after_a_reset() {
        let nothing = evidence(&[]);
        assert_eq!(nothing.between(Some(Closed), Established, client(), server()), []);
        let reset = evidence(&[(false, FIN | ACK), (false, RST)]);
        assert_eq!(reset.between(Some(CloseWait), Closed, server(), client()), []);
    }

    #[test]
    fn a_refusal_names_the_socket_that_was_refused() {
        let seen = evidence(&[(true, SYN), (false, RST | ACK)]);
        assert_eq!(seen.refused().collect::<Vec<_>>(), [(SocketId(7), client(), server())]);
        assert_eq!(evidence(&[(true, SYN), (false, SYN | ACK)]).refused().count(), 0);
    }
}
