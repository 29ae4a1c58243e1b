//! What the keeper does to itself before it serves: take the privileges it needs and no others, and never more.

use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};

use rustix::{
    fs::{CWD, Mode, OFlags, StatVfsMountFlags, openat, statvfs},
    io::{Errno, write},
    mount::{MountFlags, MountPropagationFlags, mount_change, mount_remount},
    process::{Pid, Resource, Rlimit, getegid, geteuid, getrlimit, setrlimit},
    thread::{
        CapabilitySet, CapabilitySets, LinkNameSpaceType, UnshareFlags, capabilities,
        move_into_link_name_space, set_capabilities, set_no_new_privs, unshare_unsafe,
    },
};

use super::{
    message::{At as _, Failure},
    step::Step,
};

/// To make and enter namespaces, to set up devices, to capture.
const NEEDED: CapabilitySet =
    CapabilitySet::SYS_ADMIN.union(CapabilitySet::NET_ADMIN).union(CapabilitySet::NET_RAW);

/// Closes everything but standard input, output and error: whoever started main may have left descriptors open.
pub(super) fn close_inherited() {
    let (first, last, flags) = (3_u32, u32::MAX, 0_u32);
    // SAFETY: this is the first thing the process does; nothing in it owns a descriptor from 3 up yet. Kernels
    // without the call answer ENOSYS and nothing is lost.
    unsafe { libc::syscall(libc::SYS_close_range, first, last, flags) };
}

/// Enters a user namespace of its own, in which this user is root and which owns every host to come.
pub(super) fn new_user_namespace() -> Result<OwnedFd, Failure> {
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    // SAFETY: descriptors are not unshared.
    unsafe { unshare_unsafe(UnshareFlags::NEWUSER) }.at(Step::UserNamespace)?;
    // An ordinary user may map groups only after giving up setgroups.
    put("/proc/self/setgroups", "deny").at(Step::IdentityMap)?;
    put("/proc/self/uid_map", &format!("0 {uid} 1")).at(Step::IdentityMap)?;
    put("/proc/self/gid_map", &format!("0 {gid} 1")).at(Step::IdentityMap)?;
    openat(CWD, "/proc/self/ns/user", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).at(Step::UserNamespace)
}

/// Enters the user namespace of an earlier keeper.
pub(super) fn enter_user_namespace(namespace: &OwnedFd) -> Result<(), Failure> {
    move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::User)).at(Step::UserNamespace)
}

/// Containers mount /proc/sys read-only, though the settings of a new network namespace concern nobody else. With
/// privileges over the mounts, this process alone sees it writable.
pub(super) fn make_sysctls_writable() -> Result<(), Failure> {
    let mounted = statvfs("/proc/sys/net").at(Step::Sysctl)?;
    if !mounted.f_flag.contains(StatVfsMountFlags::RDONLY) {
        return Ok(());
    }
    // SAFETY: descriptors are not unshared.
    unsafe { unshare_unsafe(UnshareFlags::NEWNS) }.at(Step::Sysctl)?;
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC).at(Step::Sysctl)?;
    let flags = MountFlags::BIND | MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount_remount("/proc/sys", flags, "").at(Step::Sysctl)
}

/// Gives up what the keeper does not need, and the way to ever get it back.
pub(super) fn drop_privileges() -> Result<(), Failure> {
    raise_descriptor_limit();
    drop_to(NEEDED).at(Step::Confine)
}

/// The same for the process that starts keepers. Who maps the machine's root into a user namespace has to have
/// CAP_SETFCAP outside of it (user_namespaces(7), since Linux 5.12).
pub(super) fn drop_to_spawner_s() -> Result<(), Errno> {
    drop_to(NEEDED.union(CapabilitySet::SETFCAP))
}

fn drop_to(needed: CapabilitySet) -> Result<(), Errno> {
    set_no_new_privs(true)?;
    let kept = capabilities(None)?.permitted & needed;
    let sets = CapabilitySets { effective: kept, permitted: kept, inheritable: CapabilitySet::empty() };
    set_capabilities(None, sets)
}

/// Which of the two this process is.
pub(super) enum Forked {
    /// The new one.
    Child,
    /// The one that was there, with the new one's number.
    Parent(Pid),
}

/// Makes a process like this one.
pub(super) fn fork() -> Result<Forked, Errno> {
    // SAFETY: this process has one thread, so the copy is whole: no lock is held by a thread that is not there.
    match unsafe { libc::fork() } {
        0 => Ok(Forked::Child),
        child => Pid::from_raw(child).map(Forked::Parent).ok_or(Errno::AGAIN),
    }
}

/// Puts a descriptor in the place of standard input, which is closed.
pub(super) fn replace_input(with: &OwnedFd) -> Result<(), Errno> {
    // SAFETY: both numbers are open, and whoever uses standard input asks for it by its number.
    if unsafe { libc::dup2(with.as_raw_fd(), libc::STDIN_FILENO) } == libc::STDIN_FILENO {
        return Ok(());
    }
    Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO))
}

/// Descriptors in flight count against this limit, for an ordinary user.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    // A refusal leaves the lower limit, which the kernel will name when it is reached.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}

fn put(path: &str, text: &str) -> Result<(), Errno> {
    let file = openat(CWD, path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    write(&file, text.as_bytes())?;
    Ok(())
}
