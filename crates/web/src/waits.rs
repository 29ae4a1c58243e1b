//! What calls wait for, in words.

use proto::call::Call;

/// What a waiting call waits for. `full`: the queue that a connection finds full, as it is and its places.
pub fn waits_for(call: &Call, full: Option<(u32, u32)>) -> String {
    let sentence = match call {
        Call::Connect { address, .. } if address.is_unix() => {
            "The other socket's queue is full. It returns when its program accepts somebody: both are on this machine, and no packet goes."
        }
        Call::SendTo { address, .. } if address.is_unix() => {
            "The other socket has as many messages as it may keep. It returns when its program reads one."
        }
        Call::Accept { .. } => "It returns when somebody connects.",
        Call::Connect { .. } => match full {
            Some((queued, places)) => {
                return format!(
                    "The server's queue is full ({queued} of {places}), so Linux drops the SYN without a word. It is not refused."
                );
            }
            None => "It returns when the other side answers; until then the kernel asks again and again.",
        },
        Call::Recv { .. } => "It returns when bytes arrive, or when the other side closes.",
        Call::RecvFrom { .. } => "It returns when a datagram arrives.",
        Call::Send { .. } | Call::SendTo { .. } | Call::SendMsg { .. } => {
            "The kernel's buffer is full. It returns when the other side has read enough."
        }
        Call::Poll { .. } => "It returns when one of the sockets is ready, or when its time runs out.",
        Call::RecvMsg { .. } => "It returns when a message arrives, or when the other side closes.",
        Call::EpollWait { .. } => {
            "It returns when one of those it watches has something to tell, or when its time runs out."
        }
        Call::Resolve { .. } => "It returns when the name server answers.",
        Call::Ping { .. } => "It returns when the echoes are back.",
        _ => "It returns at once, usually.",
    };
    sentence.to_owned()
}
