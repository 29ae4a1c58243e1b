//! The one place that knows the browser's WebSocket: opens it, owns its closures, carries whole binary messages.
//!
//! It knows nothing of what messages mean, and never decides when to try again.

use std::rc::Rc;

use bytes::Bytes;
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

/// Bytes the browser may have waiting for the network before we stop handing it more. What waits here can still be
/// overtaken by a keypress, what waits there cannot.
const BUFFERED: u32 = 64 * 1024;

/// Close code of a connection that ended without one, RFC 6455 section 7.4.1.
pub(crate) const ABNORMAL: u16 = 1006;

/// What a WebSocket reports.
#[derive(Debug)]
pub(crate) enum TransportEvent {
    /// It is open.
    Opened,
    /// A binary message.
    Message(Bytes),
    /// A text message, which the protocol does not have.
    Text,
    /// It is closed, or could not be opened, with this code; 1006 where the browser does not say why.
    Closed(u16),
}

/// A WebSocket. Dropping it closes it without another event.
pub(crate) struct Transport {
    socket: WebSocket,
    _closures: [Closure<dyn FnMut(JsValue)>; 4],
}

impl Transport {
    /// Begins to open a WebSocket.
    ///
    /// # Errors
    /// The browser refuses the address, or to open any.
    pub(crate) fn open(url: &str, handler: Rc<dyn Fn(TransportEvent)>) -> Result<Self, JsValue> {
        let socket = WebSocket::new_with_str(url, proto::SUBPROTOCOL)?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let opened = handler.clone();
        let on_open = Closure::<dyn FnMut(JsValue)>::new(move |_| opened(TransportEvent::Opened));
        let received = handler.clone();
        let on_message = Closure::<dyn FnMut(JsValue)>::new(move |event| received(message(event)));
        let failed = handler.clone();
        // Where a policy of the page forbids the connection, browsers need not say that it is closed.
        let on_error = Closure::<dyn FnMut(JsValue)>::new(move |_| failed(TransportEvent::Closed(ABNORMAL)));
        let on_close = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            handler(TransportEvent::Closed(event.unchecked_into::<CloseEvent>().code()));
        });
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Ok(Self { socket, _closures: [on_open, on_message, on_error, on_close] })
    }

    /// Whether the browser's own queue is short enough for another message.
    pub(crate) fn has_room(&self) -> bool {
        self.socket.buffered_amount() < BUFFERED
    }

    /// Hands a message over. A socket that is closing drops it: its frames are sent again after a resume.
    pub(crate) fn send(&self, message: &[u8]) {
        let _ = self.socket.send_with_u8_array(message);
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onerror(None);
        self.socket.set_onclose(None);
        let _ = self.socket.close();
    }
}

fn message(event: JsValue) -> TransportEvent {
    let data = event.unchecked_into::<MessageEvent>().data();
    match data.dyn_into::<js_sys::ArrayBuffer>() {
        Ok(buffer) => TransportEvent::Message(Bytes::from(js_sys::Uint8Array::new(&buffer).to_vec())),
        Err(_) => TransportEvent::Text,
    }
}
