//! The session as the worker's JavaScript sees it.
//!
//! Arguments of calls are the protocol's own types as plain objects (`{ Connect: { fd: 3, address: "10.0.0.1:80" } }`),
//! checked by their decoders; results come to the listener as objects with a `type`.

use bytes::Bytes;
use proto::{
    call::{Call, CallError, Wait},
    client::Origin,
    id::{CallId, Fd, HostId, MemberId, ProgramId, StreamId},
    limits,
    message::{HostCommand, Secret, WireCommand},
    room::{Lifetime, StepOutcome},
};
use serde::{Deserialize, de::DeserializeOwned};
use wasm_bindgen::prelude::*;

use super::{events, pump::Shared};
use crate::record::record;

/// One room's session.
#[wasm_bindgen]
pub struct Session {
    shared: Shared,
}

#[wasm_bindgen]
impl Session {
    /// Connects to the WebSocket at `url` with a room's key of 16 bytes. `token` (16 bytes) goes on with an earlier
    /// session; `trace` subscribes to the trace; `listener` is called with every piece of news.
    ///
    /// # Errors
    /// A key or token that is not 16 bytes.
    #[wasm_bindgen(constructor)]
    #[expect(clippy::needless_pass_by_value, reason = "wasm-bindgen takes no optional slices")]
    pub fn new(
        url: String,
        key: &[u8],
        name: &str,
        token: Option<Vec<u8>>,
        trace: bool,
        listener: js_sys::Function,
    ) -> Result<Self, JsError> {
        let key = secret(key)?;
        let token = token.as_deref().map(secret).transpose()?;
        let shared = Shared::new(url, key, name, token, trace, listener);
        shared.wake(|_| ());
        Ok(Self { shared })
    }

    /// Makes a call; the news `result` or `failed` carries the number returned. `line` is the line of the program's
    /// text that makes it, from 1, where there is one.
    ///
    /// # Errors
    /// An object with a `class`, as in a trace record, when a limit forbids it; an `Error` when `call` is no call.
    pub fn call(
        &self,
        program: u32,
        call: JsValue,
        wait: JsValue,
        line: Option<u32>,
        payload: Vec<u8>,
    ) -> Result<u32, JsValue> {
        let call: Call = decode(call)?;
        let wait: Wait = decode(wait)?;
        let (program, payload) = (ProgramId(program), Bytes::from(payload));
        number(
            self.shared.wake(|pump| {
                pump.client.call_from(program, call, wait, Origin { line, thread: None }, payload)
            }),
        )
    }

    /// The same for a Python program, in the words in which it asks and reads: JSON with `call`, `wait`, `line` and `thread`.
    /// What ends well is told by the news `answer`, with JSON that has `ok`. No object is made on the way.
    ///
    /// # Errors
    /// As [`Session::call`].
    #[wasm_bindgen(js_name = callText)]
    pub fn call_text(&self, program: u32, asked: &str, payload: Vec<u8>) -> Result<u32, JsValue> {
        let PythonCall { call, wait, line, thread } =
            serde_json::from_str(asked).map_err(|error| JsError::new(&error.to_string()))?;
        // A longer name loses its end.
        let thread = thread.map(|name| name.chars().take(limits::NAME).collect());
        let (program, payload) = (ProgramId(program), Bytes::from(payload));
        number(self.shared.wake(|pump| {
            let id = pump.client.call_from(program, call, wait, Origin { line, thread }, payload)?;
            pump.in_text.insert(id);
            Ok(id)
        }))
    }

    /// Ends a waiting call, with its real result or with EINTR.
    pub fn cancel(&self, id: u32) {
        self.shared.wake(|pump| pump.client.cancel(CallId(id)));
    }

    /// Starts a program; the news `program` carries the number returned. `lifetime` is `Page` or `Member`.
    ///
    /// # Errors
    /// As [`Session::call`].
    #[wasm_bindgen(js_name = openProgram)]
    pub fn open_program(&self, host: u32, name: &str, lifetime: JsValue) -> Result<u32, JsValue> {
        let lifetime: Lifetime = decode(lifetime)?;
        number(self.shared.wake(|pump| pump.client.open_program(HostId(host), name, lifetime)))
    }

    /// Ends a program.
    ///
    /// # Errors
    /// As [`Session::call`].
    #[wasm_bindgen(js_name = closeProgram)]
    pub fn close_program(&self, program: u32) -> Result<u32, JsValue> {
        number(self.shared.wake(|pump| pump.client.close_program(ProgramId(program))))
    }

    /// A command to the wire, such as `"Hold"` or `{ Drop: 7 }`.
    ///
    /// # Errors
    /// As [`Session::call`].
    pub fn wire(&self, command: JsValue) -> Result<u32, JsValue> {
        let command: WireCommand = decode(command)?;
        number(self.shared.wake(|pump| pump.client.wire(command)))
    }

    /// A command to a machine, such as `{ Cable: false }` or `"FreshNetwork"`.
    ///
    /// # Errors
    /// As [`Session::call`].
    pub fn host(&self, host: u32, command: JsValue) -> Result<u32, JsValue> {
        let command: HostCommand = decode(command)?;
        number(self.shared.wake(|pump| pump.client.host(HostId(host), command)))
    }

    /// What a program printed.
    pub fn output(&self, program: u32, error: bool, text: &str) {
        self.shared.wake(|pump| pump.client.output(ProgramId(program), error, text));
    }

    /// The text of a program as it stands in the editor; false where it is too long to be shown to others.
    pub fn source(&self, host: u32, name: &str, text: &str) -> bool {
        self.shared.wake(|pump| pump.client.source(HostId(host), name, text))
    }

    /// What stands in front on a machine in this page, for those who watch.
    #[wasm_bindgen(js_name = inFront)]
    pub fn in_front(&self, host: u32, name: &str) {
        self.shared.wake(|pump| pump.client.in_front(HostId(host), name));
    }

    /// Ends the session of a guest or a watcher.
    ///
    /// # Errors
    /// As [`Session::call`].
    pub fn remove(&self, member: u32) -> Result<u32, JsValue> {
        number(self.shared.wake(|pump| pump.client.remove(MemberId(member))))
    }

    /// A new name for the person.
    pub fn rename(&self, name: &str) {
        self.shared.wake(|pump| pump.client.rename(name));
    }

    /// How far the person has come in a lesson: `{ Passed: { evidence } }` or `"Skipped"`.
    ///
    /// # Errors
    /// An `Error` when `outcome` is none.
    pub fn progress(&self, lesson: &str, step: &str, outcome: JsValue) -> Result<(), JsValue> {
        let outcome: StepOutcome = decode(outcome)?;
        self.shared.wake(|pump| pump.client.progress(lesson, step, outcome));
        Ok(())
    }

    /// Keep the room open longer.
    #[wasm_bindgen(js_name = keepOpen)]
    pub fn keep_open(&self) {
        self.shared.wake(|pump| pump.client.keep_open());
    }

    /// The page is going away: its Python programs end at once.
    pub fn bye(&self) {
        self.shared.wake(|pump| pump.client.bye());
    }

    /// Tries to connect now rather than later.
    pub fn retry(&self) {
        self.shared.wake(|pump| pump.client.retry_now(super::timers::now()));
        self.shared.wake(|pump| pump.client.handle_timeout(super::timers::now()));
    }

    /// Closes the connection for good.
    pub fn close(&self) {
        self.shared.wake(super::pump::Pump::close);
    }

    /// Puts a descriptor into stream mode; returns the stream's number.
    ///
    /// # Errors
    /// As [`Session::call`].
    #[wasm_bindgen(js_name = openStream)]
    pub fn open_stream(&self, program: u32, fd: i32, window: u32) -> Result<u32, JsValue> {
        let opened =
            self.shared.wake(|pump| pump.client.open_stream(ProgramId(program), Fd(fd), u64::from(window)));
        opened.map(|stream| stream.0).map_err(|error| events::plain(&events::error(&error)))
    }

    /// Bytes that are welcome on a stream; after 0 the news `streamRoom` will tell.
    #[wasm_bindgen(js_name = streamRoom)]
    pub fn stream_room(&self, stream: u32) -> usize {
        self.shared.wake(|pump| pump.client.stream_room(StreamId(stream)))
    }

    /// Sends bytes on a stream; false, and none sent, when they are more than the server has credit for.
    #[wasm_bindgen(js_name = streamSend)]
    pub fn stream_send(&self, stream: u32, bytes: Vec<u8>) -> bool {
        self.shared.wake(|pump| pump.client.stream_send(StreamId(stream), Bytes::from(bytes)).is_ok())
    }

    /// So many bytes of a stream were used.
    #[wasm_bindgen(js_name = streamConsumed)]
    pub fn stream_consumed(&self, stream: u32, bytes: usize) {
        self.shared.wake(|pump| pump.client.stream_consumed(StreamId(stream), bytes));
    }

    /// No more to send: FIN after the bytes sent so far.
    #[wasm_bindgen(js_name = streamFinish)]
    pub fn stream_finish(&self, stream: u32) {
        self.shared.wake(|pump| pump.client.stream_finish(StreamId(stream)));
    }

    /// Takes the descriptor out of stream mode.
    #[wasm_bindgen(js_name = streamClose)]
    pub fn stream_close(&self, stream: u32) {
        self.shared.wake(|pump| pump.client.stream_close(StreamId(stream)));
    }

    /// All trace events kept, in the wire format, body by body.
    pub fn history(&self) -> Vec<js_sys::Uint8Array> {
        self.shared
            .look(|pump| pump.history.bodies().map(|body| js_sys::Uint8Array::from(body.as_ref())).collect())
    }

    /// `[next, records]`: at most `most` events from `seq` on in the trace's JSON form, and where to go on.
    pub fn records(&self, seq: f64, most: usize) -> JsValue {
        self.shared.look(|pump| {
            // Beyond the range of u64 the cast saturates, and nothing is there.
            let events = pump.history.events(seq as u64, most);
            let next = events.last().map_or(seq, |event| event.seq as f64 + 1.0);
            let records: Vec<_> = events.iter().map(|event| record(event, &pump.names)).collect();
            events::plain(&(next, records))
        })
    }
}

/// A call as a Python program asks for it (`web/py/_kernel.py`).
#[derive(Deserialize)]
struct PythonCall {
    call: Call,
    wait: Wait,
    line: Option<u32>,
    thread: Option<String>,
}

fn decode<T: DeserializeOwned>(value: JsValue) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value).map_err(|error| JsError::new(&error.to_string()).into())
}

fn number(id: Result<CallId, CallError>) -> Result<u32, JsValue> {
    id.map(|id| id.0).map_err(|error| events::plain(&events::error(&error)))
}

fn secret(bytes: &[u8]) -> Result<Secret, JsError> {
    bytes.try_into().map_err(|_| JsError::new("a key is 16 bytes"))
}
