//! What strangers send: each gets a typed, clear answer or a clean close that names the rule; nobody else notices.

mod calls;
mod frames;
mod requests;

use proto::{
    id::{Fd, ProgramId},
    message::ClientMessage,
};

use crate::harness::{client::Client, room::NewRoom};

/// Code of a control frame, PROTOCOL.md.
const CONTROL: u8 = 3;

fn encoded(message: &ClientMessage) -> Vec<u8> {
    postcard::to_allocvec(message).expect("it can be written")
}

/// Somebody in the same room who goes on as if nothing had happened.
async fn bystander(room: &NewRoom) -> (Client, ProgramId, Fd) {
    let mut bystander = Client::join(&room.owner(), "Ada").await;
    let program = bystander.program("client").await;
    let echo = bystander.connected(program, "tutorial", 7).await;
    (bystander, program, echo)
}

async fn goes_on((bystander, program, echo): &mut (Client, ProgramId, Fd)) {
    bystander.send(*program, *echo, b"undisturbed").await.expect("sent");
    assert_eq!(bystander.recv(*program, *echo, 100).await.expect("an echo"), &b"undisturbed"[..]);
}
