//! Kernel settings of one host: what every host starts with, and what the page may change.
//!
//! All of them belong to the namespace of the thread that opens the file. A setting that this kernel does not
//! have is skipped: they came with different versions.

use std::os::fd::OwnedFd;

use rustix::{
    fs::{CWD, Mode, OFlags, openat},
    io::{Errno, read, write},
};
use serde::{Deserialize, Serialize};

/// A setting that the room or an experiment changes while a host lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HostSysctl {
    /// Retransmissions of a SYN before connect gives up with ETIMEDOUT, 1 to 127; default 6.
    SynRetries,
    /// Retransmissions of a SYN that come every second, before the intervals double; default here 0.
    SynLinearTimeouts,
    /// Retransmissions of a SYN-ACK before the request is forgotten, 0 to 255; default 5.
    SynAckRetries,
    /// Retransmissions of data before the route is suspected, 0 to 255; default 3.
    Retries1,
    /// Retransmissions of data before ETIMEDOUT, 0 to 255; default 15.
    Retries2,
    /// Whether a full accept queue answers with RST, 0 or 1; default 0.
    AbortOnOverflow,
    /// SYN cookies: 0 never, 1 when the queue is full, 2 always; default 1.
    SynCookies,
    /// Timestamps (RFC 7323): 0 or 1; default 1.
    Timestamps,
    /// Selective acknowledgments (RFC 2018): 0 or 1; default 1.
    SelectiveAcknowledgments,
    /// Window scaling (RFC 7323): 0 or 1; default 1.
    WindowScaling,
    /// Reuse of ports in TIME_WAIT by connect: 0 never, 1 always, 2 on loopback; default 2.
    TimeWaitReuse,
    /// Seconds that an orphan stays in FIN_WAIT2; default 60.
    FinTimeout,
}

impl HostSysctl {
    fn path(self) -> &'static str {
        match self {
            Self::SynRetries => "ipv4/tcp_syn_retries",
            Self::SynLinearTimeouts => "ipv4/tcp_syn_linear_timeouts",
            Self::SynAckRetries => "ipv4/tcp_synack_retries",
            Self::Retries1 => "ipv4/tcp_retries1",
            Self::Retries2 => "ipv4/tcp_retries2",
            Self::AbortOnOverflow => "ipv4/tcp_abort_on_overflow",
            Self::SynCookies => "ipv4/tcp_syncookies",
            Self::Timestamps => "ipv4/tcp_timestamps",
            Self::SelectiveAcknowledgments => "ipv4/tcp_sack",
            Self::WindowScaling => "ipv4/tcp_window_scaling",
            Self::TimeWaitReuse => "ipv4/tcp_tw_reuse",
            Self::FinTimeout => "ipv4/tcp_fin_timeout",
        }
    }
}

/// What every host starts with, where that is not what the kernel gives a new namespace anyway (SYN retries 6,
/// SYN-ACK retries 5, data retries 15 are the kernel's own, and patient enough to hold a packet by hand).
const HOST: [(&str, &str); 11] = [
    // Silence: no router solicitations, no duplicate address detection on the wire.
    ("ipv6/conf/all/disable_ipv6", "1"),
    ("ipv6/conf/default/disable_ipv6", "1"),
    // Inherited from the machine otherwise: a host is not a router.
    ("ipv4/ip_forward", "0"),
    // The textbook's plain doubling: 1, 2, 4 ... seconds.
    ("ipv4/tcp_syn_linear_timeouts", "0"),
    // Host memory: unread data is not charged to anybody else.
    ("ipv4/tcp_rmem", "4096 16384 65536"),
    ("ipv4/tcp_wmem", "4096 16384 65536"),
    ("ipv4/tcp_max_tw_buckets", "256"),
    ("core/somaxconn", "128"),
    // Short, readable ports, bounded in number.
    ("ipv4/ip_local_port_range", "40000 40999"),
    // Learners are root on their own machines.
    ("ipv4/ip_unprivileged_port_start", "0"),
    ("ipv4/ping_group_range", "0 0"),
];

/// The textbook's congestion controls, best first; the machine's own default may be one that no textbook has.
const CONGESTION_CONTROLS: [&str; 2] = ["cubic", "reno"];

/// Hash tables of their own for the hosts made from this namespace: sock_diag walks the whole table, and the
/// machine's has hundreds of thousands of buckets. Also the smallest that the kernel takes.
const BASE: [(&str, &str); 2] =
    [("ipv4/tcp_child_ehash_entries", "64"), ("ipv4/udp_child_hash_entries", "128")];

/// Prepares the namespace from which hosts are made.
pub(super) fn prepare_base() -> Result<(), Errno> {
    BASE.iter().try_for_each(|(path, value)| put_if_present(path, value))
}

/// Prepares the namespace of a host.
pub(super) fn prepare_host() -> Result<(), Errno> {
    for (path, value) in HOST {
        put_if_present(path, value)?;
    }
    // The kernel refuses those that the machine's administrator has not allowed to everybody; `host::socket` then
    // asks for each socket. Reno is always allowed.
    CONGESTION_CONTROLS.into_iter().map(|name| put("ipv4/tcp_congestion_control", name)).find(Result::is_ok);
    Ok(())
}

/// Sets one value in the current namespace.
pub(super) fn set(sysctl: HostSysctl, value: u32) -> Result<(), Errno> {
    put(sysctl.path(), &value.to_string())
}

/// Reads one value in the current namespace.
pub(super) fn get(sysctl: HostSysctl) -> Result<u32, Errno> {
    let file = open(sysctl.path(), OFlags::RDONLY)?;
    let mut text = [0; 16];
    let length = read(&file, &mut text)?;
    std::str::from_utf8(&text[..length]).ok().and_then(|text| text.trim().parse().ok()).ok_or(Errno::INVAL)
}

fn put_if_present(path: &str, value: &str) -> Result<(), Errno> {
    match put(path, value) {
        Err(Errno::NOENT) => Ok(()),
        result => result,
    }
}

fn put(path: &str, value: &str) -> Result<(), Errno> {
    let file = open(path, OFlags::WRONLY)?;
    write(&file, value.as_bytes())?;
    Ok(())
}

fn open(path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    // The whole path each time: a directory kept open would go on naming the namespace it was opened in.
    let path = format!("/proc/sys/net/{path}");
    openat(CWD, path.as_str(), flags | OFlags::CLOEXEC, Mode::empty())
}
