//! A real Chromium, driven as a person drives it: the mouse presses what is seen, the keyboard goes to what has the
//! focus, and nothing is waited for but what a person can see.

use std::{
    ffi::OsString,
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU32, Ordering},
    },
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};

use super::{PATIENCE, cdp::Cdp, in_time, installed, profile};

/// The browser's process. It ends when the last test that uses it lets go.
#[derive(Debug)]
struct Chromium {
    child: Child,
    profile: PathBuf,
    address: String,
}

impl Chromium {
    fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Chromium>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let started = Arc::new(Self::start());
            *shared = Arc::downgrade(&started);
            started
        })
    }

    fn start() -> Self {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let profile = std::env::temp_dir().join(format!("wireside-e2e-{}-{number}", std::process::id()));
        let mut command = Command::new(program());
        // Debian's scripts stay between: the group ends with all that they have started.
        command.process_group(0);
        command.args(FLAGS).arg(format!("--user-data-dir={}", profile.display()));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("a Chromium is installed (script/test installs one)");
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        let mut lines = stderr.lines().map_while(Result::ok);
        let address = lines.find_map(|line| line.strip_prefix("DevTools listening on ").map(str::to_owned));
        // It goes on talking; a full pipe would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, profile, address: address.expect("chromium says where it listens") }
    }
}

/// Chromium without windows of its own takes two thirds of the time: each new visitor costs the other one the interface
/// of a whole browser. What is within a page is the same program.
fn program() -> OsString {
    std::env::var_os("CHROMIUM").unwrap_or_else(|| {
        let windowless = "chromium-headless-shell";
        if installed(windowless) { windowless.into() } else { "chromium".into() }
    })
}

const FLAGS: [&str; 14] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-component-update",
    "--disable-renderer-backgrounding",
    "--disable-sync",
    "--hide-scrollbars",
    "--no-first-run",
    "--remote-debugging-port=0",
    "about:blank",
];

impl Drop for Chromium {
    fn drop(&mut self) {
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let _gone = group.map(|group| kill_process_group(group, Signal::KILL));
        let _status = self.child.wait();
        let _left = std::fs::remove_dir_all(&self.profile);
    }
}

/// What one test has of the browser: people with a profile each. A complaint in any of their consoles fails the test
/// at its end.
#[derive(Debug)]
pub(crate) struct Browser {
    cdp: Arc<Cdp>,
    _chromium: Arc<Chromium>,
}

impl Browser {
    /// Nobody has come yet.
    pub(crate) async fn open() -> Self {
        let chromium = Chromium::shared();
        let cdp = Arc::new(Cdp::connect(&chromium.address).await);
        Self { cdp, _chromium: chromium }
    }

    /// Somebody else: a browser window of this many CSS pixels, with a profile of its own.
    pub(crate) async fn visitor(&self, width: u32, height: u32) -> Tab {
        let context = self.command("Target.createBrowserContext", json!({ "disposeOnDetach": true })).await;
        Tab::open(Arc::clone(&self.cdp), &context["browserContextId"], width, height).await
    }

    /// Somebody else, whose browser saves data: Python comes to them with the first Run, so that tests without Python do
    /// not all start one.
    pub(crate) async fn sparing(&self, width: u32, height: u32) -> Tab {
        let tab = self.visitor(width, height).await;
        tab.prepare(SPARING).await;
        tab
    }

    /// Takes complaints that a test expects out of the list.
    pub(crate) fn forgive(&self, expected: impl Fn(&str) -> bool) {
        self.cdp.forgive(expected);
    }

    async fn command(&self, method: &str, parameters: Value) -> Value {
        self.cdp.call(None, method, parameters).await.expect(method)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let complaints = self.cdp.complaints();
            assert!(complaints.is_empty(), "the browser's console:\n{}", complaints.join("\n"));
        }
    }
}

/// A page in a window.
#[derive(Debug)]
pub(crate) struct Tab {
    cdp: Arc<Cdp>,
    session: String,
    context: Value,
    width: u32,
}

/// Its browser saves data.
const SPARING: &str =
    "Object.defineProperty(Navigator.prototype, 'connection', { get: () => ({ saveData: true }) });";

/// Seeing and pointing, evaluated in the page.
pub(super) const EYES: &str = include_str!("eyes.js");

impl Tab {
    async fn open(cdp: Arc<Cdp>, context: &Value, width: u32, height: u32) -> Self {
        let target =
            json!({ "url": "about:blank", "browserContextId": context, "width": width, "height": height });
        let target = cdp.call(None, "Target.createTarget", target).await.expect("a tab");
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = cdp.call(None, "Target.attachToTarget", attach).await.expect("a session");
        let session = attached["sessionId"].as_str().expect("an id").to_owned();
        let tab = Self { cdp, session, context: context.clone(), width };
        for method in ["Page.enable", "Runtime.enable", "Log.enable"] {
            tab.command(method, json!({})).await;
        }
        let workers = json!({ "autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true });
        tab.command("Target.setAutoAttach", workers).await;
        tab.resize(width, height).await;
        tab.command("Emulation.setFocusEmulationEnabled", json!({ "enabled": true })).await;
        tab
    }

    /// One more window of the same browser, with the same profile, which saves data.
    pub(crate) async fn beside(&self, width: u32, height: u32) -> Self {
        let tab = Self::open(Arc::clone(&self.cdp), &self.context, width, height).await;
        tab.prepare(SPARING).await;
        tab
    }

    /// The document of another site that stands in a frame of this page, by a part of its address. It is in a process of its
    /// own and has no window: it is asked and told by scripts.
    pub(crate) async fn frame(&self, address: &str) -> Self {
        let found = async {
            loop {
                let targets = self.cdp.call(None, "Target.getTargets", json!({})).await.expect("targets");
                let targets = targets["targetInfos"].as_array().expect("a list").clone();
                let frame = targets.into_iter().find(|target| {
                    target["type"] == "iframe"
                        && target["browserContextId"] == self.context
                        && target["url"].as_str().is_some_and(|url| url.contains(address))
                });
                if let Some(frame) = frame {
                    return frame["targetId"].clone();
                }
                self.read("''").await;
            }
        };
        let target = in_time("the frame", found).await;
        let attach = json!({ "targetId": target, "flatten": true });
        let attached = self.cdp.call(None, "Target.attachToTarget", attach).await.expect("a session");
        let session = attached["sessionId"].as_str().expect("an id").to_owned();
        Self { cdp: Arc::clone(&self.cdp), session, context: self.context.clone(), width: self.width }
    }

    /// Makes the window this many CSS pixels large.
    pub(crate) async fn resize(&self, width: u32, height: u32) {
        let small = width < 640;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": small });
        self.command("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    pub(crate) async fn command(&self, method: &str, parameters: Value) -> Value {
        match self.cdp.call(Some(&self.session), method, parameters).await {
            Ok(result) => result,
            Err(error) => panic!("{method}: {error}"),
        }
    }

    // Going places

    /// Has a script run in every page from now on, before the page's own.
    pub(crate) async fn prepare(&self, source: &str) {
        self.command("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await;
    }

    /// Types an address into the address bar.
    pub(crate) async fn go(&self, address: &str) {
        let went = self.command("Page.navigate", json!({ "url": address })).await;
        assert!(went.get("errorText").is_none(), "{address}: {went}");
    }

    /// Presses reload.
    pub(crate) async fn reload(&self) {
        // So that nobody takes the old page for the new one.
        self.evaluate("window.old = true").await.expect("a page");
        self.command("Page.reload", json!({})).await;
        self.until("the page to come again", "!window.old && document.readyState === 'complete'").await;
    }

    /// What the address bar says.
    pub(crate) async fn address(&self) -> String {
        self.read("location.href").await
    }

    // Seeing

    async fn evaluate(&self, expression: &str) -> Result<Value, String> {
        let expression = format!("(() => {{ {EYES}; return ({expression}); }})()");
        let parameters = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true });
        let answer = self.cdp.call(Some(&self.session), "Runtime.evaluate", parameters).await?;
        match answer.get("exceptionDetails") {
            Some(details) => {
                let said = details["exception"]["description"].as_str().or(details["text"].as_str());
                Err(said.unwrap_or("an exception").to_owned())
            }
            None => Ok(answer["result"]["value"].clone()),
        }
    }

    /// A text out of the page.
    pub(crate) async fn read(&self, expression: &str) -> String {
        let value = self.evaluate(expression).await.expect("it can be read");
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    }

    /// Waits until an expression over [`EYES`] is true, and gives its value.
    async fn until(&self, what: &str, condition: &str) -> Value {
        let milliseconds = PATIENCE.as_millis();
        let waiting = format!("until(() => ({condition}), {milliseconds})");
        let search = async {
            loop {
                match self.evaluate(&waiting).await {
                    Ok(value) => return Some(value),
                    Err(error) if error.contains("in vain") => return None,
                    // The page went away under the question: ask the next one.
                    Err(error) if error.contains("context") || error.contains("navigated") => {}
                    Err(error) => panic!("{what}: {error}"),
                }
            }
        };
        let found = tokio::time::timeout(2 * PATIENCE, search).await;
        match found {
            Ok(Some(value)) => value,
            _ => self.give_up(what).await,
        }
    }

    async fn give_up(&self, what: &str) -> ! {
        let name = format!(
            "failure-{}",
            what.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).take(60).collect::<String>()
        );
        self.screenshot(&name).await;
        let text = self.evaluate("`filled: ${filled().map(nameOf)}\n${document.body.innerText}`").await;
        let text = text.unwrap_or_default();
        let text = text.as_str().unwrap_or_default().to_owned();
        let complaints = self.cdp.complaints().join("\n");
        panic!(
            "in vain: waited for {what}\nthe page (see {name}.png) reads:\n{text}\nits console:\n{complaints}"
        );
    }

    /// Waits until an expression over [`EYES`] is true.
    pub(crate) async fn shows(&self, what: &str, condition: &str) {
        self.until(what, condition).await;
    }

    /// Runs a script in the page and gives what it resolves to.
    pub(crate) async fn script(&self, source: &str) -> Value {
        let script = format!("(async () => {{ {source} }})()");
        self.evaluate(&script).await.unwrap_or_else(|error| panic!("{error}\nin {source}"))
    }

    /// Waits until a text can be seen within `scope`.
    pub(crate) async fn sees(&self, scope: &str, text: &str) {
        let condition = format!("seen({}).includes({})", quote(scope), quote(text));
        self.until(&format!("{text:?} in {scope}"), &condition).await;
    }

    /// Waits until a text cannot be seen any more within `scope`.
    pub(crate) async fn sees_no(&self, scope: &str, text: &str) {
        let condition = format!("!seen({}).includes({})", quote(scope), quote(text));
        self.until(&format!("no {text:?} in {scope}"), &condition).await;
    }

    /// Everything that can be read within `scope` now.
    pub(crate) async fn text(&self, scope: &str) -> String {
        self.read(&format!("seen({})", quote(scope))).await
    }

    /// Saves what the window shows, for people to look at.
    pub(crate) async fn screenshot(&self, name: &str) {
        let folder = profile().parent().expect("target/PROFILE").join("screenshots");
        std::fs::create_dir_all(&folder).expect("a folder for screenshots");
        let shot = self.command("Page.captureScreenshot", json!({ "format": "png" })).await;
        let png = STANDARD.decode(shot["data"].as_str().expect("a picture")).expect("base64");
        std::fs::write(folder.join(format!("{name}.png")), png).expect("it can be saved");
    }

    /// Nothing sticks out at the right: nobody has to scroll sideways.
    pub(crate) async fn fits(&self) {
        let wide = self.read("sticksOut().join('\\n')").await;
        assert!(wide.is_empty(), "wider than {} px:\n{wide}", self.width);
    }

    // Pointing

    /// Clicks the button, link or tab with this name within `scope`. `name` is the whole accessible name, or its
    /// beginning where it ends in `…`.
    pub(crate) async fn click(&self, scope: &str, name: &str) {
        let target = format!("place(called({}, {}))", quote(scope), quote(name));
        self.press_at(&self.until(&format!("a button {name:?} in {scope}"), &target).await).await;
    }

    /// Clicks the one filled button of the page, and waits until that has had an effect.
    pub(crate) async fn click_next(&self) {
        let before = self.until("one filled button", "filled().length === 1 && situation()").await;
        self.press_at(&self.until("the filled button to rest", "place(filled()[0])").await).await;
        let before = quote(before.as_str().expect("a text"));
        self.until("an effect of the filled button", &format!("situation() !== {before}")).await;
    }

    /// Delivers or drops a held packet by the buttons on its card, with the name that the card has without its copies;
    /// the empty name takes any. Returns once the cards are others. A card moves when the kernel sends its packet once
    /// more: where that comes between, and the press finds no button, it is pressed again.
    pub(crate) async fn press_card(&self, verb: &str, name: &str) {
        let (verb, name) = (quote(verb), quote(name));
        let target = format!("place(cardButton({verb}, {name}))");
        loop {
            let at = self.until(&format!("a card to {verb} {name}"), &target).await;
            let before = quote(&self.read("(watchClick(), cards())").await);
            self.press_at(&at).await;
            if self.read(&format!("hasClicked({verb}, {name})")).await == "true" {
                self.until(&format!("an effect of {verb} {name}"), &format!("cards() !== {before}")).await;
                return;
            }
        }
    }

    /// Saves into `folder` what `save` makes the page offer, and gives the file's path.
    pub(crate) async fn saved_to(&self, folder: &Path, save: impl AsyncFnOnce()) -> PathBuf {
        let behaviour =
            json!({ "behavior": "allow", "browserContextId": self.context, "downloadPath": folder });
        self.cdp.call(None, "Browser.setDownloadBehavior", behaviour).await.expect("downloads");
        save().await;
        // Chromium gives a file its name once it is whole.
        let whole = |path: &PathBuf| path.extension().is_some_and(|ending| ending != "crdownload");
        in_time("the file", async {
            loop {
                let files =
                    folder.read_dir().expect("the folder").filter_map(Result::ok).map(|entry| entry.path());
                if let Some(file) = files.into_iter().find(whole) {
                    return file;
                }
                self.read("''").await;
            }
        })
        .await
    }

    /// Clicks the middle of an element that has no name of its own, such as an editor.
    pub(crate) async fn click_middle(&self, selector: &str) {
        let target = format!("place(document.querySelector({}))", quote(selector));
        self.press_at(&self.until(selector, &target).await).await;
    }

    /// Moves the pointer to a place, an expression that gives `{ x, y }`, and leaves it there.
    pub(crate) async fn point_at(&self, what: &str, place: &str) {
        let at = self.until(what, place).await;
        let event = json!({ "type": "mouseMoved", "x": at["x"], "y": at["y"], "button": "none" });
        self.command("Input.dispatchMouseEvent", event).await;
    }

    /// Turns the mouse's wheel over an element: so many pixels down.
    pub(crate) async fn scroll_by(&self, selector: &str, pixels: i32) {
        let middle = format!(
            "(() => {{
                const {{ left, top, width, height }} = document.querySelector({}).getBoundingClientRect();
                return {{ x: left + width / 2, y: top + height / 2 }};
            }})()",
            quote(selector)
        );
        let at = self.until(selector, &middle).await;
        let event =
            json!({ "type": "mouseWheel", "x": at["x"], "y": at["y"], "deltaX": 0, "deltaY": pixels });
        self.command("Input.dispatchMouseEvent", event).await;
    }

    async fn press_at(&self, at: &Value) {
        for (kind, buttons) in [("mouseMoved", 0), ("mousePressed", 1), ("mouseReleased", 0)] {
            let event = json!({
                "type": kind, "x": at["x"], "y": at["y"], "button": if kind == "mouseMoved" { "none" } else { "left" },
                "buttons": buttons, "clickCount": 1,
            });
            self.command("Input.dispatchMouseEvent", event).await;
        }
    }

    // Typing

    /// Presses one key: `Enter`, `Tab`, `F6`, `Escape`, `ArrowUp`, a letter.
    pub(crate) async fn press(&self, key: &str) {
        let (code, text) = match key {
            "Enter" => (13, "\r"),
            "Tab" => (9, ""),
            "Backspace" => (8, ""),
            "Escape" => (27, ""),
            " " => (32, " "),
            "Home" => (36, ""),
            "End" => (35, ""),
            "ArrowUp" => (38, ""),
            "ArrowDown" => (40, ""),
            "ArrowLeft" => (37, ""),
            "ArrowRight" => (39, ""),
            "F6" => (117, ""),
            one => (0, one),
        };
        let mut event = json!({ "type": if text.is_empty() { "rawKeyDown" } else { "keyDown" }, "key": key,
            "windowsVirtualKeyCode": code });
        if key.len() > 1 {
            event["code"] = key.into();
        }
        if !text.is_empty() {
            event["text"] = text.into();
        }
        self.command("Input.dispatchKeyEvent", event.clone()).await;
        event["type"] = "keyUp".into();
        self.command("Input.dispatchKeyEvent", event).await;
    }

    /// Presses a letter with Ctrl.
    pub(crate) async fn chord(&self, letter: &str) {
        let code = letter.to_uppercase().bytes().next().unwrap_or_default();
        for kind in ["rawKeyDown", "keyUp"] {
            let event = json!({ "type": kind, "key": letter, "modifiers": 2, "windowsVirtualKeyCode": code });
            self.command("Input.dispatchKeyEvent", event).await;
        }
    }

    /// Types a text into what has the focus, key by key.
    pub(crate) async fn type_text(&self, text: &str) {
        for letter in text.chars() {
            self.press(&letter.to_string()).await;
        }
    }

    /// Puts a text without line breaks in where the caret is, at once as an input method does.
    pub(crate) async fn put_text(&self, text: &str) {
        self.command("Input.insertText", json!({ "text": text })).await;
    }

    /// Presses an arrow until what has the focus is called something with `part` in it.
    pub(crate) async fn arrow_to(&self, arrow: &str, part: &str) {
        let mut passed = Vec::new();
        for _ in 0..80 {
            let focus = self.focus().await;
            if focus.contains(part) {
                return;
            }
            passed.push(focus);
            self.press(arrow).await;
        }
        panic!("{arrow} never comes to {part:?}; it passed {passed:?}");
    }

    /// What has the focus: its accessible name, or its id.
    pub(crate) async fn focus(&self) -> String {
        self.read("focusName()").await
    }

    /// Presses Tab until what is called `name` has the focus.
    pub(crate) async fn tab_to(&self, name: &str) {
        let mut passed = Vec::new();
        for _ in 0..80 {
            let focus = self.focus().await;
            if focus == name {
                return;
            }
            passed.push(focus);
            self.press("Tab").await;
        }
        panic!("Tab never comes to {name:?}; it passed {passed:?}");
    }

    /// Presses F6 until the region with this id has the focus.
    pub(crate) async fn region(&self, id: &str) {
        for _ in 0..8 {
            if self.read("focusRegion()").await == id {
                return;
            }
            self.press("F6").await;
        }
        panic!("F6 never comes to {id}; it is at {}", self.read("focusRegion()").await);
    }
}

/// A JavaScript string.
pub(crate) fn quote(text: &str) -> String {
    Value::from(text).to_string()
}
