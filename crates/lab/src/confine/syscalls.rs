//! seccomp: which system calls a process can make from now on. The others are EPERM.
//!
//! The lists are what we and the libraries below us call, and what glibc and musl may call in their place. Whoever adds a
//! library finds here what it must not do.

use std::collections::BTreeMap;

use libc::{c_int, c_long};
use rustix::process::getpid;
use seccompiler::{
    BackendError, BpfProgram, Error, SeccompAction, SeccompCmpArgLen::Dword, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, apply_filter_all_threads,
};

/// Any arguments will do.
const FREE: [c_long; 85] = [
    // Descriptors.
    libc::SYS_close,
    libc::SYS_dup,
    libc::SYS_fcntl,
    libc::SYS_lseek,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_pwrite64,
    // Files, as far as Landlock lets them be opened.
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_fstat,
    libc::SYS_getcwd,
    libc::SYS_getdents64,
    libc::SYS_newfstatat,
    libc::SYS_openat,
    libc::SYS_readlinkat,
    libc::SYS_statx,
    // Sockets.
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_bind,
    libc::SYS_connect,
    libc::SYS_getpeername,
    libc::SYS_getsockname,
    libc::SYS_getsockopt,
    libc::SYS_listen,
    libc::SYS_recvfrom,
    libc::SYS_recvmmsg,
    libc::SYS_recvmsg,
    libc::SYS_sendmmsg,
    libc::SYS_sendmsg,
    libc::SYS_sendto,
    libc::SYS_setsockopt,
    libc::SYS_shutdown,
    // Waiting.
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_eventfd2,
    libc::SYS_gettimeofday,
    libc::SYS_nanosleep,
    libc::SYS_ppoll,
    libc::SYS_restart_syscall,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_gettime,
    libc::SYS_timerfd_settime,
    // Memory; mmap and mprotect are below.
    libc::SYS_brk,
    libc::SYS_madvise,
    libc::SYS_mincore,
    libc::SYS_mremap,
    libc::SYS_munmap,
    // Threads.
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_get_robust_list,
    libc::SYS_getcpu,
    libc::SYS_gettid,
    libc::SYS_membarrier,
    libc::SYS_rseq,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_getparam,
    libc::SYS_sched_getscheduler,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    // Signals.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    // Who this is.
    libc::SYS_capget,
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_getuid,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    // The keeper's end.
    libc::SYS_wait4,
    libc::SYS_waitid,
];

/// Beside those, where recordings are kept: what makes a file last, gives it its name and removes it.
const KEEPING: [c_long; 4] = [libc::SYS_fsync, libc::SYS_renameat, libc::SYS_renameat2, libc::SYS_unlinkat];

/// Older names of some of them.
#[cfg(target_arch = "x86_64")]
const OLDER: [c_long; 14] = [
    libc::SYS_access,
    libc::SYS_dup2,
    libc::SYS_epoll_create,
    libc::SYS_epoll_wait,
    libc::SYS_eventfd,
    libc::SYS_getrlimit,
    libc::SYS_lstat,
    libc::SYS_open,
    libc::SYS_poll,
    libc::SYS_readlink,
    libc::SYS_select,
    libc::SYS_stat,
    libc::SYS_time,
    libc::SYS_dup3,
];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: [c_long; 1] = [libc::SYS_dup3];

/// What no process of ours does, nor one that it becomes: start programs, look into others, change the kernel.
const NEVER: [c_long; 25] = [
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_bpf,
    libc::SYS_delete_module,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_finit_module,
    libc::SYS_init_module,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_open_by_handle_at,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pivot_root,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_swapon,
    libc::SYS_userfaultfd,
];

/// Namespaces that a clone(2) could make.
const NEW_NAMESPACES: c_long = 0x7e02_0080;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// The process that serves the page. `keeps`: recordings, in a folder.
pub(super) fn server(keeps: bool) -> Result<(), Error> {
    let keeping = if keeps { &KEEPING[..] } else { &[] };
    let mut rules = free(FREE.iter().chain(&OLDER).chain(keeping));
    // A thread, and none that leaves our namespaces. clone3(2) keeps its arguments where no filter can look: it is said not
    // to exist, and the libraries take clone(2).
    let thread = libc::CLONE_THREAD as u64;
    rules.insert(libc::SYS_clone, vec![rule([masked(0, thread | NEW_NAMESPACES as u64, thread)?])?]);
    rules.insert(libc::SYS_clone3, Vec::new());
    no_new_code(&mut rules)?;
    if keeps {
        // When a recording was read last: of files that are open, and of none by its name.
        rules.insert(libc::SYS_utimensat, vec![rule([is(1, 0)?])?]);
    }
    few_controls(&mut rules, &[libc::FIONREAD, libc::FIONBIO, libc::TIOCOUTQ, libc::TCGETS])?;
    let stream = [libc::SOCK_STREAM, libc::SOCK_DGRAM].map(|kind| kind as u64);
    let mut sockets = Vec::new();
    for family in [libc::AF_INET, libc::AF_INET6] {
        for kind in stream {
            sockets.push(rule([is(0, family as u64)?, masked(1, 0xf, kind)?])?);
        }
    }
    // The addresses of this machine, which rooms must not reach.
    sockets.push(rule([is(0, libc::AF_NETLINK as u64)?, is(2, libc::NETLINK_ROUTE as u64)?])?);
    rules.insert(libc::SYS_socket, sockets);
    // For its own signals, and for the keeper's ends. No datagrams: the others are connected already, and lead to no name that
    // somebody else has.
    let pairs: Result<_, Error> = [libc::SOCK_STREAM, libc::SOCK_SEQPACKET]
        .iter()
        .map(|&kind| rule([is(0, libc::AF_UNIX as u64)?, masked(1, 0xf, kind as u64)?]))
        .collect();
    rules.insert(libc::SYS_socketpair, pairs?);
    about_itself(&mut rules)?;
    hide_clone3()?;
    install(rules, SeccompAction::Errno(libc::EPERM as u32), SeccompAction::Allow)
}

/// A keeper, once it is in its user namespace.
pub(super) fn keeper() -> Result<(), Error> {
    let some = [
        libc::SYS_bind,
        libc::SYS_brk,
        libc::SYS_capget,
        libc::SYS_clock_gettime,
        libc::SYS_close,
        libc::SYS_exit,
        libc::SYS_exit_group,
        libc::SYS_fcntl,
        libc::SYS_fstat,
        libc::SYS_futex,
        libc::SYS_getpid,
        libc::SYS_getrandom,
        libc::SYS_getsockopt,
        libc::SYS_gettid,
        libc::SYS_lseek,
        libc::SYS_madvise,
        libc::SYS_mremap,
        libc::SYS_munmap,
        libc::SYS_openat,
        libc::SYS_ppoll,
        libc::SYS_read,
        libc::SYS_recvfrom,
        libc::SYS_recvmsg,
        libc::SYS_restart_syscall,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sendmsg,
        libc::SYS_sendto,
        libc::SYS_setsockopt,
        libc::SYS_sigaltstack,
        libc::SYS_write,
        libc::SYS_writev,
    ];
    let mut rules = free(some.iter());
    no_new_code(&mut rules)?;
    // Network namespaces, and no others.
    let network = libc::CLONE_NEWNET as u64;
    rules.insert(libc::SYS_unshare, vec![rule([is(0, network)?])?]);
    rules.insert(libc::SYS_setns, vec![rule([is(1, network)?])?]);
    let of = |families: &[c_int]| -> Result<Vec<SeccompRule>, Error> {
        families.iter().map(|&family| rule([is(0, family as u64)?])).collect()
    };
    let rooms = [libc::AF_INET, libc::AF_INET6, libc::AF_UNIX];
    rules.insert(libc::SYS_socket, of(&[&rooms[..], &[libc::AF_NETLINK, libc::AF_PACKET]].concat())?);
    rules.insert(libc::SYS_socketpair, of(&rooms)?);
    few_controls(&mut rules, &[TUNSETIFF, SIOCETHTOOL, libc::SIOCGIFINDEX])?;
    about_itself(&mut rules)?;
    install(rules, SeccompAction::Errno(libc::EPERM as u32), SeccompAction::Allow)
}

/// The process that starts keepers, which makes namespaces of all kinds.
pub(super) fn spawner() -> Result<(), Error> {
    install(free(NEVER.iter()), SeccompAction::Allow, SeccompAction::Errno(libc::EPERM as u32))
}

/// linux/if_tun.h, linux/sockios.h.
const TUNSETIFF: libc::c_ulong = 0x4004_54ca;
const SIOCETHTOOL: libc::c_ulong = 0x8946;

fn free<'number>(numbers: impl Iterator<Item = &'number c_long>) -> Rules {
    numbers.map(|&number| (number, Vec::new())).collect()
}

/// Memory to run is only what was there at the start.
fn no_new_code(rules: &mut Rules) -> Result<(), Error> {
    let data = rule([masked(2, libc::PROT_EXEC as u64, 0)?])?;
    rules.insert(libc::SYS_mmap, vec![data.clone()]);
    rules.insert(libc::SYS_mprotect, vec![data]);
    Ok(())
}

fn few_controls(rules: &mut Rules, requests: &[libc::c_ulong]) -> Result<(), Error> {
    let allowed: Result<_, Error> = requests.iter().map(|&request| rule([is(1, request)?])).collect();
    rules.insert(libc::SYS_ioctl, allowed?);
    Ok(())
}

/// Its threads' names, its limits to read, and its own end by abort(3).
fn about_itself(rules: &mut Rules) -> Result<(), Error> {
    let questions = [libc::PR_SET_NAME, libc::PR_GET_NAME, libc::PR_GET_NO_NEW_PRIVS, libc::PR_SET_VMA];
    let questions: Result<_, Error> =
        questions.iter().map(|&question| rule([is(0, question as u64)?])).collect();
    rules.insert(libc::SYS_prctl, questions?);
    let own = is(0, 0)?;
    rules.insert(libc::SYS_prlimit64, vec![rule([own, is(2, 0)?])?]);
    let itself = getpid().as_raw_nonzero().get() as u64;
    rules.insert(libc::SYS_tgkill, vec![rule([is(0, itself)?])?]);
    Ok(())
}

fn hide_clone3() -> Result<(), Error> {
    let unknown = SeccompAction::Errno(libc::ENOSYS as u32);
    install(free([libc::SYS_clone3].iter()), SeccompAction::Allow, unknown)
}

fn install(rules: Rules, others: SeccompAction, listed: SeccompAction) -> Result<(), Error> {
    let here = std::env::consts::ARCH.try_into()?;
    let program: BpfProgram = SeccompFilter::new(rules, others, listed, here)?.try_into()?;
    apply_filter_all_threads(&program)
}

fn rule<const N: usize>(conditions: [SeccompCondition; N]) -> Result<SeccompRule, Error> {
    Ok(SeccompRule::new(conditions.into())?)
}

fn is(argument: u8, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, Dword, SeccompCmpOp::Eq, value)
}

fn masked(argument: u8, mask: u64, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, Dword, SeccompCmpOp::MaskedEq(mask), value)
}
