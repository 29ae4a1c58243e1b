//! The console as `<call-console>` sees it. Calls and values are the protocol's own, as plain objects:
//! `{ Connect: { fd: 3, address: "10.0.0.1:80" } }`; failures are those of a trace record: `{ class: "errno", errno: 111 }`.

use std::collections::BTreeMap;

use proto::{
    call::{Call, CallError, Outcome, Value as Returned, Wait},
    id::Fd,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value as Json;
use tsify::Tsify;
use wasm_bindgen::prelude::*;

use super::{
    failures::failure,
    interpreter::{Interpreter, ObservedCall},
    plan::Request,
    room_sockets::RoomSockets,
    syntax::statements,
};

/// The console of one machine.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Console {
    interpreter: Interpreter,
    around: RoomSockets,
    /// Bytes of sends that were asked for and not fetched yet, by entry.
    payloads: BTreeMap<u32, Vec<u8>>,
}

/// What the page is to do for an entry.
#[derive(Serialize, Tsify)]
#[tsify(missing_as_null)]
struct NextCall {
    /// The entry.
    entry: u32,
    /// The call to make now; none when the entry has ended.
    request: Option<CallAndWait>,
}

#[derive(Serialize, Tsify)]
struct CallAndWait {
    #[tsify(type = "Call")]
    call: Call,
    #[tsify(type = "Wait")]
    wait: Wait,
}

#[derive(Serialize, Tsify)]
struct NamedSocket {
    name: String,
    fd: i32,
}

#[wasm_bindgen]
impl Console {
    /// A console on the machine of this name.
    #[wasm_bindgen(constructor)]
    pub fn new(host_name: &str) -> Self {
        Self {
            interpreter: Interpreter::new(host_name),
            around: RoomSockets::default(),
            payloads: BTreeMap::new(),
        }
    }

    /// Cuts pasted text into single lines.
    pub fn statements(text: &str) -> Vec<String> {
        statements(text)
    }

    /// Takes a line. The bytes of a send: [`Self::payload`].
    #[wasm_bindgen(unchecked_return_type = "NextCall")]
    pub fn submit(&mut self, line: &str) -> Result<JsValue, JsError> {
        let (entry, request) = self.interpreter.submit(line);
        self.ask(entry, request)
    }

    /// The bytes that go with the call just asked for; once.
    pub fn payload(&mut self, entry: u32) -> Vec<u8> {
        self.payloads.remove(&entry).unwrap_or_default()
    }

    /// The entry's call returned `value` (the protocol's, as an object) and `bytes`. Answers as [`Self::submit`].
    #[wasm_bindgen(unchecked_return_type = "NextCall")]
    pub fn ended(
        &mut self,
        entry: u32,
        #[wasm_bindgen(unchecked_param_type = "Returned")] value: JsValue,
        bytes: &[u8],
    ) -> Result<JsValue, JsError> {
        let value: Returned = decode(value)?;
        self.go_on(entry, Ok(value), bytes)
    }

    /// The entry's call failed with `error`, an object with a `class` as in a trace record.
    #[wasm_bindgen(unchecked_return_type = "NextCall")]
    pub fn failed(
        &mut self,
        entry: u32,
        #[wasm_bindgen(unchecked_param_type = "Failed")] error: JsValue,
    ) -> Result<JsValue, JsError> {
        let error: Json = decode(error)?;
        self.go_on(entry, Err(failure(&error)), &[])
    }

    /// Nobody will tell how the entry's call ends, and why.
    pub fn lost(&mut self, entry: u32, why: &str) {
        self.interpreter.lost(entry, why);
    }

    /// An entry as it is shown.
    #[wasm_bindgen(unchecked_return_type = "ShownEntry")]
    pub fn entry(&self, entry: u32) -> Result<JsValue, JsError> {
        object(&self.interpreter.shown(entry, &self.around))
    }

    /// All entries from the oldest, as [`Self::entry`].
    #[wasm_bindgen(unchecked_return_type = "ShownEntry[]")]
    pub fn history(&self) -> Result<JsValue, JsError> {
        object(&self.interpreter.history(&self.around))
    }

    /// The lines of the history, oldest first, for the arrow keys.
    pub fn lines(&self) -> Vec<String> {
        self.interpreter.lines().into_iter().map(str::to_owned).collect()
    }

    /// The calls that make sense now.
    #[wasm_bindgen(unchecked_return_type = "Suggestion[]")]
    pub fn suggestions(&self) -> Result<JsValue, JsError> {
        object(&self.interpreter.suggestions())
    }

    /// All calls, to be edited.
    #[wasm_bindgen(js_name = everyCall, unchecked_return_type = "Suggestion[]")]
    pub fn every_call(&self) -> Result<JsValue, JsError> {
        object(&self.interpreter.every_call())
    }

    /// The names of open sockets.
    #[wasm_bindgen(unchecked_return_type = "NamedSocket[]")]
    pub fn sockets(&self) -> Result<JsValue, JsError> {
        let named = |(name, fd): (String, Fd)| NamedSocket { name, fd: fd.0 };
        object(&self.interpreter.sockets().into_iter().map(named).collect::<Vec<_>>())
    }

    /// Forgets all names but those of open sockets.
    pub fn forget(&mut self) {
        self.interpreter.forget();
    }

    /// What is known of the room's sockets.
    #[wasm_bindgen(js_name = roomSockets)]
    pub fn room_sockets(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Machine[]")] machines: JsValue,
    ) -> Result<(), JsError> {
        self.around = decode(machines)?;
        Ok(())
    }

    /// What survives a reload, at most 128 KiB.
    pub fn save(&self) -> String {
        self.interpreter.save()
    }

    /// Comes back after a reload: `saved` from [`Self::save`] or empty, the open descriptors, and the calls that still
    /// wait. Answers the entry of each of these.
    pub fn restore(
        &mut self,
        saved: &str,
        descriptors: Vec<i32>,
        #[wasm_bindgen(unchecked_param_type = "Call[]")] waiting: JsValue,
    ) -> Result<Vec<u32>, JsError> {
        let fds: Vec<Fd> = descriptors.into_iter().map(Fd).collect();
        let waiting: Vec<Call> = decode(waiting)?;
        Ok(self.interpreter.restore(saved, &fds, &waiting))
    }

    /// A call that somebody else made begins or ends: its entry, if it has one.
    pub(crate) fn observe(&mut self, call: ObservedCall<'_>) -> Option<u32> {
        let entry = self.interpreter.observe(call)?;
        self.interpreter.explain(entry, &self.around);
        Some(entry)
    }

    fn go_on(
        &mut self,
        entry: u32,
        outcome: Result<Returned, CallError>,
        bytes: &[u8],
    ) -> Result<JsValue, JsError> {
        let outcome: Outcome = outcome;
        let request = self.interpreter.ended(entry, outcome, bytes);
        self.interpreter.explain(entry, &self.around);
        self.ask(entry, request)
    }

    fn ask(&mut self, entry: u32, request: Option<Request>) -> Result<JsValue, JsError> {
        let request = request.map(|Request { call, wait, payload }| {
            if !payload.is_empty() {
                self.payloads.insert(entry, payload);
            }
            CallAndWait { call, wait }
        });
        object(&NextCall { entry, request })
    }
}

fn decode<T: DeserializeOwned>(value: JsValue) -> Result<T, JsError> {
    serde_wasm_bindgen::from_value(value).map_err(|error| JsError::new(&error.to_string()))
}

fn object(value: &impl Serialize) -> Result<JsValue, JsError> {
    let serializer =
        serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true).serialize_missing_as_null(true);
    value.serialize(&serializer).map_err(JsError::from)
}
