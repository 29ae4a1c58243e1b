//! An address that nobody has. The plain run is a Python program on a real Ethernet link, where ARP finds out; the wire
//! of a room has no ARP and says so itself. Only the errno is compared.

use std::process::Command;

use proto::{call::CallError, errno::Errno};

use crate::harness::{CLIENT, on, stage};

const LINK: &str = "ip link set lo up && ip link add v0 type veth peer name v1 && ip addr add 10.0.0.2/24 dev v0 \
    && ip link set v0 up && ip link set v1 up && exec python3 -c \"$0\"";
const PROGRAM: &str = "import socket; print(socket.socket().connect_ex(('10.0.0.77', 9)))";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_nobody_has() {
    let Some(mut stage) = stage().await else { return };
    let plain = tokio::task::spawn_blocking(|| {
        Command::new("unshare").args(["--map-root-user", "--net", "sh", "-c", LINK, PROGRAM]).output()
    });
    let client = stage.program(CLIENT).await;
    let fd = stage.socket(client).await;
    let through = stage.connect(client, fd, on(77, 9)).await;
    let plain = match plain.await.unwrap() {
        Ok(output) if output.status.success() => String::from_utf8(output.stdout).unwrap(),
        other => {
            // Where everything is tested, what cannot be is a failure.
            let why = format!("no Ethernet link and Python to compare with: {other:?}");
            assert!(std::env::var_os("WIRESIDE_NO_SKIPPING").is_none(), "{why}");
            return eprintln!("skipped: {why}");
        }
    };
    assert_eq!(through, Err(CallError::errno(Errno(plain.trim().parse().unwrap()))));
}
