//! The first lesson in Firefox, where it is installed: nothing else demands it, also not `script/test`, which says so.

use super::LAPTOP;
use crate::harness::{
    firefox::{Firefox, program},
    server::TestServer,
};

#[tokio::test]
async fn the_first_lessons_two_scripts_run_in_firefox() {
    let Some(program) = program() else {
        eprintln!("Firefox is not installed: the first lesson was tested in Chromium alone");
        return;
    };
    let server = TestServer::shared();
    let mut firefox = Firefox::open(program, LAPTOP.0, LAPTOP.1).await;
    firefox.go(&server.origin()).await;
    firefox.until("the room to be open", "document.body.dataset.state === 'open'").await;

    firefox.click("#right", "Run server.py on server").await;
    firefox.sees("#right .machine-state", "waiting in accept()").await;
    firefox.sees("#right .sockets", "LISTEN").await;
    firefox.click("#left", "Run client.py on client").await;
    firefox.sees("#left output-log", "Thank you for connecting").await;
    firefox.sees("#right output-log", "connection from ('10.0.0.2'").await;
    // Drawn too: what crossed, and who ended it.
    firefox.sees("#wire", "Thank you for").await;
    firefox.sees("#wire", "has no more to send").await;

    firefox.click("#right", "Stop server.py on server").await;
    firefox
        .until("the server to be stopped", "called('#right', 'Run server.py on server') !== undefined")
        .await;
    firefox.close();
}
