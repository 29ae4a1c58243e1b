//! Why there are no rooms on this machine, and exactly what to do about it.

use std::{fmt, io};

use super::{message::Failure, step::Step};

/// The options with which a container has rooms.
pub const CONTAINER: &str = "docker run --cap-add SYS_ADMIN --cap-add NET_ADMIN \
     --security-opt apparmor=unconfined --device /dev/net/tun";

/// There are no rooms on this machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Unavailable {
    /// What failed.
    pub step: Step,
    /// With which error of the kernel, Linux number.
    pub errno: i32,
    /// What the operator can do about it: whole sentences.
    pub remedy: String,
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = io::Error::from_raw_os_error(self.errno);
        write!(f, "no rooms here: {error} while {}. {}", self.step.words(), self.remedy)
    }
}

impl From<Failure> for Unavailable {
    fn from(failure: Failure) -> Self {
        let Failure { step, errno } = failure;
        Self { step, errno, remedy: remedy(step, errno) }
    }
}

impl Unavailable {
    pub(super) fn thread(error: &io::Error) -> Self {
        Failure { step: Step::Spawn, errno: error.raw_os_error().unwrap_or(libc::EAGAIN) }.into()
    }
}

fn remedy(step: Step, errno: i32) -> String {
    if matches!(errno, libc::EMFILE | libc::ENFILE) {
        return "Raise the limit of open files, for example with `ulimit -n 4096`.".to_owned();
    }
    match (step, errno) {
        (Step::TunDevice, libc::ENOENT) => format!(
            "This machine has no /dev/net/tun. In a container, add `--device /dev/net/tun` (all it takes: \
             `{CONTAINER}`); elsewhere run `modprobe tun` as root."
        ),
        (Step::TunDevice, libc::ENODEV | libc::ENXIO) => {
            "This kernel has not loaded the TUN driver: run `modprobe tun` as root.".to_owned()
        }
        (Step::TunDevice, _) => format!(
            "This user may not open /dev/net/tun: run `chmod 0666 /dev/net/tun` as root, which is how most \
             systems have it; in a container, add `--device /dev/net/tun` (all it takes: `{CONTAINER}`)."
        ),
        (Step::UserNamespace | Step::NetworkNamespace, libc::ENOSPC) => {
            "The system's number of namespaces is used up or set to 0: as root, run \
             `sysctl user.max_user_namespaces=10000 user.max_net_namespaces=10000`."
                .to_owned()
        }
        (Step::UserNamespace, libc::EINVAL) => {
            "The keeper must start with one thread: `lab::keeper::run_if_asked()` has to be the first line of \
             `main`."
                .to_owned()
        }
        (Step::UserNamespace | Step::IdentityMap | Step::NetworkNamespace | Step::EnterNamespace, _) => {
            namespaces_refused()
        }
        (Step::Sysctl, _) => format!(
            "/proc/sys/net cannot be written here. In a container, add `--cap-add SYS_ADMIN --security-opt \
             apparmor=unconfined`, or `--security-opt systempaths=unconfined` (all it takes: `{CONTAINER}`)."
        ),
        (Step::Tun | Step::Links | Step::Address | Step::Offloads | Step::Capture, libc::EPERM | libc::EACCES) => {
            format!(
                "A security module forbids network administration even in a namespace of our own. {}",
                namespaces_refused()
            )
        }
        (Step::SockDiag, libc::ENOENT | libc::EOPNOTSUPP) => {
            "This kernel lacks sock_diag for TCP: run `modprobe -a inet_diag tcp_diag udp_diag` as root; \
             SOCK_DESTROY needs a kernel built with CONFIG_INET_DIAG_DESTROY."
                .to_owned()
        }
        (Step::Spawn, _) => {
            "The keeper did not start or ended at once; what it wrote to standard error says why. `main` must \
             begin with `lab::keeper::run_if_asked()`, and this program's file must be executable."
                .to_owned()
        }
        _ => format!(
            "Rooms need Linux with network namespaces, TUN, packet sockets and sock_diag. macOS and Windows: \
             use a container, `{CONTAINER}`."
        ),
    }
}

/// The refusal has many possible authors; each names the one who can lift it.
fn namespaces_refused() -> String {
    format!(
        "Something forbids this user to make namespaces. In a container: `{CONTAINER}`. On Debian, as root: \
         `sysctl kernel.unprivileged_userns_clone=1`. On Ubuntu 23.10 or newer, as root: `sysctl \
         kernel.apparmor_restrict_unprivileged_userns=0`, or an AppArmor profile with `userns,` for this \
         program. As a systemd service: `AmbientCapabilities=CAP_SYS_ADMIN CAP_NET_ADMIN CAP_NET_RAW` and no \
         `RestrictNamespaces=`."
    )
}
