//! Other users and narrower machines: an ordinary user, a container, a machine without what rooms need.
//!
//! Each needs root to set up, in mounts and namespaces of its own; elsewhere it says that it was skipped. The part
//! that runs inside is an ignored test of this same program.

use std::process::{Command, Output};

use lab::keeper::{CONTAINER, Keeper, SocketKind, Step, Unavailable};
use rustix::{
    io::Errno,
    process::{Resource, Rlimit, getrlimit, setrlimit},
};

use crate::{
    keeper,
    net::{Pair, SERVER, accept, begin_connect, host, listener, socket},
    program,
};

/// Names the keeper's program to the inner tests.
pub(crate) const PROGRAM: &str = "WIRESIDE_TEST_KEEPER";
/// What the inner test has to find: step and errno.
const EXPECTED: &str = "WIRESIDE_TEST_EXPECTED";

/// Copies of both programs and a place for devices, where any user can reach them.
const PREPARE: &str =
    "mount -t tmpfs -o mode=0755 wireside /mnt && cp \"$1\" /mnt/test && cp \"$2\" /mnt/keeper";
const AS_NOBODY: &str = "setpriv --reuid=65534 --regid=65534 --clear-groups";

/// Runs one test of this program after some commands, in mounts of its own. None where this is not root.
fn inside(commands: &str, test: &str) -> Option<Output> {
    if !rustix::process::geteuid().is_root() {
        // Where everything is tested, what cannot be is a failure.
        assert!(
            std::env::var_os("WIRESIDE_NO_SKIPPING").is_none(),
            "only root can set up other environments"
        );
        println!("skipped: only root can set up other environments");
        return None;
    }
    let run = format!("{PREPARE} && {commands} /mnt/test --exact {test} --include-ignored --nocapture");
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-c", &run, "sh"])
        .arg(std::env::current_exe().unwrap())
        .arg(program())
        .env(PROGRAM, "/mnt/keeper")
        .output()
        .unwrap();
    Some(output)
}

fn passes(commands: &str, test: &str) {
    if let Some(output) = inside(commands, test) {
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && out.contains("1 passed"), "{out}\n{err}");
    }
}

/// The kernel's answer `errno` at `step` must be what the keeper reports.
fn reports(commands: &str, step: Step, errno: Errno) {
    let expected = format!("{EXPECTED}='{step:?} {}'", errno.raw_os_error());
    passes(&commands.replace("RUN", &format!("env {expected}")), "environments::inner_is_unavailable");
}

/// A limit of its own, in a namespace where it can be set without touching the machine's.
const NO_MORE_USERS: &str = "exec unshare --user --map-root-user sh -c \
     'echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"' sh";
const TUN_FOR_ALL: &str = "mknod -m 0666 /mnt/tun c 10 200 && mount --bind /mnt/tun /dev/net/tun";

#[test]
fn an_ordinary_user_has_rooms() {
    passes(&format!("{TUN_FOR_ALL} && {AS_NOBODY}"), "environments::inner_room");
}

#[test]
fn an_ordinary_users_killed_keeper_is_replaced() {
    passes(
        &format!("{TUN_FOR_ALL} && {AS_NOBODY}"),
        "hosts::a_killed_keeper_is_replaced_and_old_hosts_go_on",
    );
}

#[test]
fn an_ordinary_user_can_destroy_sockets() {
    passes(&format!("{TUN_FOR_ALL} && {AS_NOBODY}"), "sockets::nothing_survives_destroying_everything");
}

#[test]
fn a_container_with_read_only_settings_has_rooms() {
    let read_only = "mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys &&";
    passes(read_only, "environments::inner_room");
}

#[test]
fn a_machine_that_refuses_user_namespaces_has_rooms_with_privileges() {
    passes(NO_MORE_USERS, "environments::inner_room");
}

#[test]
fn no_tun_device_is_named() {
    reports("mount -t tmpfs none /dev/net && RUN", Step::TunDevice, Errno::NOENT);
}

#[test]
fn a_forbidden_tun_device_is_named() {
    let narrow = "mknod -m 0600 /mnt/tun c 10 200 && mount --bind /mnt/tun /dev/net/tun";
    reports(&format!("{narrow} && RUN {AS_NOBODY}"), Step::TunDevice, Errno::ACCESS);
}

#[test]
fn a_used_up_number_of_namespaces_is_named() {
    reports(
        &format!("{NO_MORE_USERS} setpriv --bounding-set=-all --inh-caps=-all RUN"),
        Step::UserNamespace,
        Errno::NOSPC,
    );
}

#[test]
fn a_program_that_is_no_keeper_is_named() {
    let unavailable = Keeper::start_with("/bin/true".as_ref()).unwrap_err();
    assert_eq!(unavailable.step, Step::Spawn);
    let unavailable = Keeper::start_with("/nowhere".as_ref()).unwrap_err();
    assert_eq!((unavailable.step, unavailable.errno), (Step::Spawn, Errno::NOENT.raw_os_error()));
}

#[test]
fn running_out_of_descriptors_is_an_error_and_no_more() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "environments::inner_descriptors", "--ignored", "--nocapture"])
        .env(PROGRAM, program())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test]
#[ignore = "runs inside an environment"]
async fn inner_room() {
    let keeper = keeper();
    let pair = Pair::create(&keeper).await;
    let listening = listener(&keeper, &pair.server, 5).await;
    let near = socket(&keeper, &pair.client, SocketKind::Stream).await;
    begin_connect(&near, SERVER);
    pair.carry_until(|| accept(&listening));
    socket(&keeper, &pair.client, SocketKind::IcmpEcho).await;
}

#[test]
#[ignore = "runs inside an environment"]
fn inner_is_unavailable() {
    let Unavailable { step, errno, remedy } = Keeper::start_with(&program()).unwrap_err();
    assert_eq!(format!("{step:?} {errno}"), std::env::var(EXPECTED).unwrap());
    assert!(remedy.contains(CONTAINER) || remedy.contains("sysctl user.max_user_namespaces"), "{remedy}");
}

#[tokio::test]
#[ignore = "runs in a process of its own"]
async fn inner_descriptors() {
    let keeper = keeper();
    let host = host(&keeper, SERVER).await;
    let before = getrlimit(Resource::Nofile);
    let open = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    // Room for some of a host's four descriptors, but not for all: the kernel passes what fits and drops the rest.
    for spare in 0..6 {
        setrlimit(Resource::Nofile, Rlimit { current: Some(open + spare), maximum: before.maximum }).unwrap();
        let made = keeper.create_host(lab::keeper::HostSpec { address: SERVER, prefix: 24 }).await;
        if let Err(refused) = made {
            assert_eq!(Errno::from_io_error(&refused), Some(Errno::MFILE));
        }
    }
    setrlimit(Resource::Nofile, Rlimit { current: Some(open + 20), maximum: before.maximum }).unwrap();
    let spec = lab::keeper::SocketSpec { family: lab::keeper::SocketFamily::Inet, kind: SocketKind::Stream };
    let mut sockets = Vec::new();
    let refused = loop {
        match keeper.socket(&host.namespace, spec).await {
            Ok(socket) => sockets.push(socket),
            Err(refused) => break refused,
        }
        assert!(sockets.len() < 100);
    };
    assert_eq!(Errno::from_io_error(&refused), Some(Errno::MFILE));
    // With room again, the same keeper goes on.
    let process = keeper.process_id();
    sockets.clear();
    keeper.socket(&host.namespace, spec).await.unwrap();
    assert_eq!(keeper.process_id(), process);
}
