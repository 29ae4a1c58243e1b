//! What the server's processes can still do once they serve: nothing that they do not need, as root and as a user.

use std::{
    fs,
    path::{Path, PathBuf},
};

use proto::call::Call;
use rustix::process::{Pid, Signal, geteuid, kill_process};

use crate::harness::{PATIENCE, client::Client, http, room::NewRoom, server::TestServer, skip};

/// `/proc/PID/task/TID/status` of each thread.
fn threads(process: i32) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("a process of ours");
    tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("status")).ok()).collect()
}

fn line<'status>(status: &'status str, name: &str) -> &'status str {
    let found = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    found.unwrap_or_else(|| panic!("no {name} in {status}")).trim()
}

/// The only child that any thread of the process has.
pub(crate) fn child_of(process: i32) -> i32 {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("a process of ours");
    let children: Vec<PathBuf> =
        tasks.filter_map(Result::ok).map(|task| task.path().join("children")).collect();
    let children: String =
        children.iter().filter_map(|file: &PathBuf| fs::read_to_string(Path::new(file)).ok()).collect();
    let children: Vec<i32> = children.split_whitespace().filter_map(|pid| pid.parse().ok()).collect();
    assert_eq!(children.len(), 1, "one child of {process}: {children:?}");
    children[0]
}

/// Looks at all three processes from outside, and at what the server says about itself: no capability is left to it.
async fn is_confined(server: &TestServer) {
    is_confined_to(server, &[]).await;
}

/// The same, where the server needs some itself.
async fn is_confined_to(server: &TestServer, own_needed: &[(&str, u64)]) {
    let own_mask = own_needed.iter().fold(0, |mask, (_, bit)| mask | bit);
    let own_names: Vec<_> = own_needed.iter().map(|(name, _)| *name).collect();
    let health = http::get(server.page, "/health").await.json();
    let own = server.pid().as_raw_nonzero().get();
    for status in threads(own) {
        for (set, held) in [("CapInh", 0), ("CapPrm", own_mask), ("CapEff", own_mask), ("CapAmb", 0)] {
            assert_eq!(line(&status, set), format!("{held:016x}"), "{set} of {status}");
        }
        assert_eq!((line(&status, "NoNewPrivs"), line(&status, "Seccomp")), ("1", "2"), "{status}");
    }
    let spawner = child_of(own);
    let keeper = child_of(spawner);
    // CAP_NET_ADMIN, CAP_NET_RAW and CAP_SYS_ADMIN, and no others; CAP_SETFCAP to map root.
    let needed = (1_u64 << 12) | (1 << 13) | (1 << 21);
    for (process, needed) in [(spawner, needed | (1 << 31)), (keeper, needed)] {
        let statuses = threads(process);
        assert_eq!(statuses.len(), 1, "one thread");
        let held = u64::from_str_radix(line(&statuses[0], "CapPrm"), 16).expect("a mask");
        assert_eq!(held & !needed, 0, "{}", statuses[0]);
        assert_eq!((line(&statuses[0], "NoNewPrivs"), line(&statuses[0], "Seccomp")), ("1", "2"));
    }
    for (name, capabilities) in
        [("server", own_names), ("keeper", vec!["CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_SYS_ADMIN"])]
    {
        let said = &health[name];
        assert_eq!(said["capabilities"], serde_json::json!(capabilities), "{health}");
        assert_eq!((&said["seccomp"], &said["no_new_privs"]), (&true.into(), &true.into()), "{health}");
        assert!(said["landlock"].is_string(), "{health}");
    }
}

/// Rooms, a look-up, and a keeper that died: all that needed privileges once still works.
async fn goes_on(server: &TestServer) {
    let room = NewRoom::create(server).await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    let program = owner.program("client").await;
    owner.connected(program, "tutorial", 7).await;
    // Whatever comes of it here, it is no refusal of the kernel's.
    let name = "www.google.com".to_owned();
    let lookup = owner.call(program, Call::Resolve { name, port: 80, family: None }).await;
    eprintln!("a look-up under confinement: {lookup:?}");
    let spawner = child_of(server.pid().as_raw_nonzero().get());
    let first = child_of(spawner);
    kill_process(Pid::from_raw(first).expect("a number"), Signal::KILL).expect("ours");
    // More than are kept warm.
    for _ in 0..8 {
        NewRoom::create(server).await;
    }
    assert_ne!(child_of(spawner), first);
}

#[tokio::test]
async fn nothing_is_left_that_is_not_needed() {
    let server = TestServer::start(&[]);
    is_confined(&server).await;
    goes_on(&server).await;
    is_confined(&server).await;
    server.signal(Signal::INT);
    let (status, _) = server.wait();
    assert_eq!(status.code(), Some(0), "{}", server.log());
}

#[tokio::test]
async fn the_same_as_an_ordinary_user() {
    if !geteuid().is_root() {
        return eprintln!("the other test was this one");
    }
    // Where anybody can reach both, in mounts of its own.
    let script = "exec unshare --mount sh -c 'mount -t tmpfs -o mode=0755 wireside /mnt && \
         mknod -m 0666 /mnt/tun c 10 200 && mount --bind /mnt/tun /dev/net/tun && \
         cp \"$1\" /mnt/server && shift && \
         exec setpriv --reuid=65534 --regid=65534 --clear-groups /mnt/server \"$@\"' sh \"$@\"";
    let server = TestServer::start_within(script, &[]);
    let health = http::get(server.page, "/health").await.json();
    if health["isolation"] != "namespaces" {
        return skip(format!("no namespaces: {health}"));
    }
    is_confined(&server).await;
    goes_on(&server).await;
}

/// As containers have it: namespaces of users may be made, but settings can be written in none of them. Rooms are made with
/// the privileges that were given, and ending a room's sockets (SOCK_DESTROY) is then a matter of the server's own.
#[tokio::test]
async fn the_same_in_a_container_with_read_only_settings() {
    if !geteuid().is_root() {
        return skip("only root can set up a container's mounts");
    }
    let script = "exec unshare --mount sh -c 'mount --bind /proc/sys /proc/sys && \
         mount -o remount,bind,ro /proc/sys && exec \"$@\"' sh \"$@\"";
    let server = TestServer::start_within(script, &[]);
    let health = http::get(server.page, "/health").await.json();
    assert_eq!(
        (&health["packets"], &health["missing"]),
        (&true.into(), &serde_json::Value::Null),
        "{health}"
    );
    let needed = [("CAP_NET_ADMIN", 1 << 12)];
    is_confined_to(&server, &needed).await;
    goes_on(&server).await;
    is_confined_to(&server, &needed).await;
}

/// A keeper that cannot be replaced is said, and the page goes on.
#[tokio::test]
async fn without_the_process_that_starts_keepers_the_page_goes_on() {
    let server = TestServer::start(&[]);
    let room = NewRoom::create(&server).await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    let program = owner.program("client").await;
    let echo = owner.connected(program, "tutorial", 7).await;
    let spawner = child_of(server.pid().as_raw_nonzero().get());
    let keeper = child_of(spawner);
    for process in [spawner, keeper] {
        kill_process(Pid::from_raw(process).expect("a number"), Signal::KILL).expect("ours");
    }
    let refused = async { while http::post(server.page, "/rooms").await.status == 201 {} };
    tokio::time::timeout(PATIENCE, refused).await.expect("no rooms for ever");
    assert_eq!(http::get(server.page, "/").await.status, 200);
    owner.send(program, echo, b"still here").await.expect("sent");
    assert_eq!(owner.recv(program, echo, 100).await.expect("an echo"), &b"still here"[..]);
}
