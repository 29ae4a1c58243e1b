//! A real Firefox, driven by WebDriver BiDi: one visitor, who presses what is seen. It speaks the standard's own words over one
//! WebSocket, one command after the other, which suffices for a visitor alone.
//!
//! It knows nothing of our page, and asks no address but loopback.

use std::{
    ffi::OsString,
    fmt::Write as _,
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use futures_util::{SinkExt as _, StreamExt as _};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use super::{
    PATIENCE,
    browser::{EYES, quote},
    in_time, installed,
};

/// The program, where there is one: Debian's name for it, and the others' name.
pub(crate) fn program() -> Option<OsString> {
    std::env::var_os("FIREFOX")
        .or_else(|| ["firefox-esr", "firefox"].into_iter().find(|name| installed(name)).map(Into::into))
}

/// Whoever starts it first is asked nothing, and what a Firefox fetches for itself (settings, lists, updates) goes to a proxy
/// that is not there: loopback goes to none.
const PREFERENCES: [(&str, &str); 9] = [
    ("app.update.disabledForTesting", "true"),
    ("browser.shell.checkDefaultBrowser", "false"),
    ("datareporting.policy.dataSubmissionEnabled", "false"),
    ("network.captive-portal-service.enabled", "false"),
    ("network.connectivity-service.enabled", "false"),
    ("network.proxy.http", "\"127.0.0.1\""),
    ("network.proxy.ssl", "\"127.0.0.1\""),
    ("network.proxy.type", "1"),
    ("services.settings.server", "\"data:,#nothing\""),
];

/// The browser with one window.
#[derive(Debug)]
pub(crate) struct Firefox {
    process: Process,
    socket: WebSocketStream<TcpStream>,
    sent: u64,
    window: String,
    complaints: Vec<String>,
}

#[derive(Debug)]
struct Process {
    child: Child,
    profile: PathBuf,
}

impl Process {
    /// Starts it, and gives the address at which it listens for commands.
    fn start(program: OsString) -> (Self, String) {
        let profile = std::env::temp_dir().join(format!("wireside-e2e-firefox-{}", std::process::id()));
        std::fs::create_dir_all(&profile).expect("a folder for the profile");
        let preferences = PREFERENCES.iter().fold(String::new(), |mut lines, (name, value)| {
            let _written = writeln!(lines, "user_pref(\"{name}\", {value});");
            lines
        });
        // The discard port: nobody listens there.
        let ports = "user_pref(\"network.proxy.http_port\", 9);\nuser_pref(\"network.proxy.ssl_port\", 9);\n";
        std::fs::write(profile.join("user.js"), preferences + ports).expect("preferences");
        let mut command = Command::new(program);
        command.args(["--headless", "--no-remote", "--remote-debugging-port=0", "--profile"]).arg(&profile);
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("Firefox starts");
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        let mut lines = stderr.lines().map_while(Result::ok);
        let address =
            lines.find_map(|line| line.strip_prefix("WebDriver BiDi listening on ").map(str::to_owned));
        // It goes on talking; a full pipe would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        (Self { child, profile }, address.expect("Firefox says where it listens"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let _gone = group.map(|group| kill_process_group(group, Signal::KILL));
        let _status = self.child.wait();
        let _left = std::fs::remove_dir_all(&self.profile);
    }
}

impl Firefox {
    /// Somebody with a window of this many CSS pixels.
    pub(crate) async fn open(program: OsString, width: u32, height: u32) -> Self {
        let (process, address) = Process::start(program);
        let authority = address.trim_start_matches("ws://").to_owned();
        let stream = TcpStream::connect(&authority).await.expect("Firefox listens");
        let opening = client_async(format!("ws://{authority}/session"), stream);
        let (socket, _) = in_time("Firefox's WebSocket", opening).await.expect("a WebSocket");
        let mut firefox = Self { process, socket, sent: 0, window: String::new(), complaints: Vec::new() };
        firefox.command("session.new", json!({ "capabilities": {} })).await;
        let tree = firefox.command("browsingContext.getTree", json!({})).await;
        firefox.window = tree["contexts"][0]["context"].as_str().expect("a window").to_owned();
        firefox.command("session.subscribe", json!({ "events": ["log.entryAdded"] })).await;
        let viewport = json!({ "context": firefox.window, "viewport": { "width": width, "height": height } });
        firefox.command("browsingContext.setViewport", viewport).await;
        firefox
    }

    /// Types an address into the address bar.
    pub(crate) async fn go(&mut self, address: &str) {
        let place = json!({ "context": self.window, "url": address, "wait": "interactive" });
        self.command("browsingContext.navigate", place).await;
    }

    /// Waits until a text can be seen within `scope`.
    pub(crate) async fn sees(&mut self, scope: &str, text: &str) {
        let condition = format!("seen({}).includes({})", quote(scope), quote(text));
        self.until(&format!("{text:?} in {scope}"), &condition).await;
    }

    /// Clicks the button with this name within `scope`.
    pub(crate) async fn click(&mut self, scope: &str, name: &str) {
        let place = format!("place(called({}, {}))", quote(scope), quote(name));
        let target = format!("(at => at && JSON.stringify(at))({place})");
        let at = self.until(&format!("a button {name:?} in {scope}"), &target).await;
        let at: Value = serde_json::from_str(at.as_str().expect("a text")).expect("a place");
        let whole = |axis: &str| at[axis].as_f64().expect("a number").round();
        let steps = json!([
            { "type": "pointerMove", "x": whole("x"), "y": whole("y") },
            { "type": "pointerDown", "button": 0 },
            { "type": "pointerUp", "button": 0 },
        ]);
        let mouse = json!({ "type": "pointer", "id": "mouse", "actions": steps });
        self.command("input.performActions", json!({ "context": self.window, "actions": [mouse] })).await;
    }

    /// Waits until an expression over [`EYES`] is true, and gives its value: a text, a number or a truth.
    pub(crate) async fn until(&mut self, what: &str, condition: &str) -> Value {
        let waiting = format!("until(() => ({condition}), {})", PATIENCE.as_millis());
        match self.evaluate(&waiting).await {
            Ok(value) => value,
            Err(error) => {
                let text = self.evaluate("document.body.innerText").await.unwrap_or_default();
                let text = text.as_str().unwrap_or_default();
                let complaints = self.complaints.join("\n");
                panic!("{what}: {error}\nthe page in Firefox reads:\n{text}\nits console:\n{complaints}");
            }
        }
    }

    async fn evaluate(&mut self, expression: &str) -> Result<Value, String> {
        let question = json!({
            "expression": format!("(() => {{ {EYES}; return ({expression}); }})()"),
            "target": { "context": self.window }, "awaitPromise": true, "userActivation": true,
        });
        let answer = self.command("script.evaluate", question).await;
        match answer["exceptionDetails"]["text"].as_str() {
            Some(said) => Err(said.to_owned()),
            None => Ok(answer["result"]["value"].clone()),
        }
    }

    /// Ends it. What its consoles complained about fails the test.
    ///
    /// # Panics
    /// With the complaints.
    pub(crate) fn close(self) {
        drop(self.process);
        assert!(self.complaints.is_empty(), "Firefox's console:\n{}", self.complaints.join("\n"));
    }

    /// A command and what it results in; what the console says meanwhile is kept.
    async fn command(&mut self, method: &str, parameters: Value) -> Value {
        self.sent += 1;
        let command = json!({ "id": self.sent, "method": method, "params": parameters });
        self.socket.send(Message::text(command.to_string())).await.expect("Firefox listens");
        // Longer than anything is waited for within a page, so that the page has the first word.
        let answer = tokio::time::timeout(2 * PATIENCE, self.answer()).await;
        let answer = answer.unwrap_or_else(|_| panic!("in vain: waited for Firefox's answer to {method}"));
        assert!(answer["type"] == "success", "{method}: {answer}");
        answer["result"].clone()
    }

    async fn answer(&mut self) -> Value {
        loop {
            let message = self.socket.next().await.expect("Firefox is there").expect("a message");
            let Message::Text(text) = message else { continue };
            let message: Value = serde_json::from_str(text.as_str()).expect("JSON from Firefox");
            if message["id"] == self.sent {
                return message;
            }
            let entry = &message["params"];
            if message["method"] == "log.entryAdded" && entry["level"] == "error" {
                let said = entry["text"].as_str().unwrap_or_default();
                self.complaints.push(format!("{} {said}", entry["type"].as_str().unwrap_or_default()));
            }
        }
    }
}
