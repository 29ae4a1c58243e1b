//! The Chrome DevTools Protocol over a WebSocket: commands with answers, and what the browser complains about.
//!
//! A few commands suffice here, so a browser-driver crate and its generated thousands of types would be compiled in
//! vain. It knows nothing of our page.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    sync::{mpsc, oneshot},
    task::AbortHandle,
};
use tokio_tungstenite::{
    client_async_with_config, tungstenite::Message, tungstenite::protocol::WebSocketConfig,
};

use super::{PATIENCE, in_time};

type Answer = Result<Value, String>;

#[derive(Debug, Default)]
struct State {
    next: u64,
    pending: HashMap<u64, oneshot::Sender<Answer>>,
    complaints: Vec<String>,
}

/// A connection to the browser. Everything it made in the browser goes with it.
#[derive(Debug)]
pub(crate) struct Cdp {
    outgoing: mpsc::UnboundedSender<Message>,
    state: Arc<Mutex<State>>,
    task: AbortHandle,
}

impl Cdp {
    /// Connects to `ws://127.0.0.1:PORT/devtools/browser/ID`.
    pub(crate) async fn connect(address: &str) -> Self {
        let authority = address.trim_start_matches("ws://").split('/').next().expect("an authority");
        let stream = TcpStream::connect(authority).await.expect("the browser listens");
        // A screenshot is one message.
        let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let opening = client_async_with_config(address, stream, Some(config));
        let (socket, _) = in_time("the browser's WebSocket", opening).await.expect("a WebSocket");
        let (mut sink, mut source) = socket.split();
        let (outgoing, mut waiting) = mpsc::unbounded_channel::<Message>();
        let state = Arc::new(Mutex::new(State::default()));
        let (shared, answers) = (Arc::clone(&state), outgoing.clone());
        let task = tokio::spawn(async move {
            loop {
                tokio::select! {
                    Some(message) = waiting.recv() => if sink.send(message).await.is_err() { break },
                    message = source.next() => match message {
                        Some(Ok(Message::Text(text))) => take(&shared, &answers, text.as_str()),
                        Some(Ok(_)) => {}
                        Some(Err(_)) | None => break,
                    },
                }
            }
            // Whoever still waits for an answer is told by the dropped senders.
            lock(&shared).pending.clear();
        });
        Self { outgoing, state, task: task.abort_handle() }
    }

    /// A command, for the browser or for one of its sessions.
    ///
    /// # Errors
    /// What the browser says.
    pub(crate) async fn call(&self, session: Option<&str>, method: &str, parameters: Value) -> Answer {
        let (answer, answered) = oneshot::channel();
        let id = {
            let mut state = lock(&self.state);
            state.next += 1;
            let id = state.next;
            state.pending.insert(id, answer);
            id
        };
        let mut command = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = session {
            command["sessionId"] = session.into();
        }
        let _gone = self.outgoing.send(Message::text(command.to_string()));
        // Longer than anything is waited for within a page, so that the page has the first word.
        match tokio::time::timeout(2 * PATIENCE, answered).await {
            Ok(answer) => answer.unwrap_or_else(|_| Err("the browser is gone".to_owned())),
            Err(_) => panic!("in vain: waited for the browser's answer to {method}"),
        }
    }

    /// What the consoles of all pages and workers have complained about.
    pub(crate) fn complaints(&self) -> Vec<String> {
        lock(&self.state).complaints.clone()
    }

    /// Takes complaints that a test expects out of the list.
    pub(crate) fn forgive(&self, expected: impl Fn(&str) -> bool) {
        lock(&self.state).complaints.retain(|complaint| !expected(complaint));
    }
}

impl Drop for Cdp {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn take(state: &Mutex<State>, outgoing: &mpsc::UnboundedSender<Message>, text: &str) {
    let message: Value = serde_json::from_str(text).expect("JSON from the browser");
    let mut state = lock(state);
    if let Some(id) = message["id"].as_u64() {
        let answer = match message.get("error") {
            Some(error) => Err(error["message"].as_str().unwrap_or_default().to_owned()),
            None => Ok(message["result"].clone()),
        };
        if let Some(waiting) = state.pending.remove(&id) {
            let _gone = waiting.send(answer);
        }
        return;
    }
    let parameters = &message["params"];
    match message["method"].as_str().unwrap_or_default() {
        // A worker: it is stopped until its console is listened to.
        "Target.attachedToTarget" => {
            let session = &parameters["sessionId"];
            let commands = ["Runtime.enable", "Log.enable", "Runtime.runIfWaitingForDebugger"];
            for method in commands {
                state.next += 1;
                let command = json!({ "id": state.next, "method": method, "sessionId": session });
                let _gone = outgoing.send(Message::text(command.to_string()));
            }
        }
        "Runtime.exceptionThrown" => {
            let details = &parameters["exceptionDetails"];
            let said = details["exception"]["description"].as_str().or(details["text"].as_str());
            state.complaints.push(format!("uncaught: {}", said.unwrap_or_default()));
        }
        "Runtime.consoleAPICalled" if matches!(parameters["type"].as_str(), Some("error" | "assert")) => {
            let said = parameters["args"].as_array().into_iter().flatten();
            let said = said.map(|one| {
                let text = one["description"].as_str().or(one["value"].as_str()).map(str::to_owned);
                text.unwrap_or_else(|| one["value"].to_string())
            });
            state.complaints.push(format!("console: {}", said.collect::<Vec<_>>().join(" ")));
        }
        "Log.entryAdded" if parameters["entry"]["level"] == "error" => {
            let entry = &parameters["entry"];
            // A document that names no icon makes browsers look for one.
            if entry["url"].as_str().is_some_and(|url| url.ends_with("/favicon.ico")) {
                return;
            }
            let text = entry["text"].as_str().unwrap_or_default();
            state.complaints.push(format!("log: {text} {}", entry["url"].as_str().unwrap_or_default()));
        }
        _ => {}
    }
}
