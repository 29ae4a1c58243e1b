//! Lends the tutorial's servers to rooms: each runs there on the machine `tutorial`, on a listener of that room.
//!
//! Here and not in [`crate::tutorial`], because the servers know nothing of rooms.

use bridge::Service;

use crate::tutorial::{chat, daytime, echo, thanks, web};

/// All of them, each on its own port.
pub fn services() -> Vec<Service> {
    vec![
        Service { name: "thanks", port: thanks::PORT, run: |listener| Box::pin(thanks::serve(listener)) },
        Service { name: "echo", port: echo::PORT, run: |listener| Box::pin(echo::serve(listener)) },
        Service { name: "daytime", port: daytime::PORT, run: |listener| Box::pin(daytime::serve(listener)) },
        Service { name: "web", port: web::PORT, run: |listener| Box::pin(web::serve(listener)) },
        Service { name: "chat", port: chat::PORT, run: |listener| Box::pin(chat::serve(listener)) },
    ]
}
