//! What a program finds when it takes away what keeps it from the page: nothing of the page's origin.

use super::{TOOLS, bare, js, text};
use crate::harness::{browser::Browser, server::TestServer};

/// Takes the import hook away and tries every way out of a worker. One line for each way that is there.
const TRIES: &str = r#"import sys
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "_NotHere"]
for name in ("js", "pyodide_js"):
    sys.modules.pop(name, None)
import js
names = """fetch fetchLater XMLHttpRequest WebSocket WebSocketStream WebTransport EventSource indexedDB caches CacheStorage
importScripts navigator WorkerNavigator location BroadcastChannel Worker SharedWorker MessageChannel Request Response FontFace
fonts cookieStore Notification FileReader FileReaderSync Blob File RTCPeerConnection RTCDataChannel ServiceWorkerRegistration
webkitRequestFileSystem webkitRequestFileSystemSync showOpenFilePicker createImageBitmap OffscreenCanvas PushManager
StorageManager LockManager locks storage scheduler trustedTypes loadPyodide""".split()
ways = [name for name in names if getattr(js, name, None) is not None]
world = js.globalThis
for way in ("Object.getPrototypeOf(self).fetch", "self.constructor.prototype.fetch"):
    there = world
    for step in (way.split(".")[1:] if way.startswith("self") else ["__proto__", "fetch"]):
        there = getattr(there, step, None)
        if there is None:
            break
    if there is not None:
        ways.append(way)
for what, tried in {
    "eval": lambda: js.eval("1"),
    "Function": lambda: js.Function.new("return 1")(),
    "setTimeout": lambda: js.setTimeout("fetch('/rooms')", 0),
    "createObjectURL": lambda: js.URL.createObjectURL(None),
}.items():
    try:
        tried()
        ways.append(what)
    except BaseException:
        pass
try:
    from pyodide.http import pyfetch, open_url
    open_url("/limits")
    ways.append("open_url")
except BaseException:
    pass
try:
    import pyodide_js
    if str(getattr(pyodide_js, "loadPackage", "")):
        import asyncio
        asyncio.run(pyodide_js.loadPackage("micropip"))
        ways.append("loadPackage")
except BaseException:
    pass
print("ways:", *ways)
"#;

#[tokio::test]
async fn a_program_without_its_hook_reaches_nothing_of_the_page() {
    let tries = js(TRIES);
    let (server, browser) = (TestServer::shared(), Browser::open().await);
    let tab = bare(&browser, &server).await;
    let script = format!(
        "{TOOLS} const tries = await run('client', {tries});
        // The same page and worker's siblings go on.
        const after = await run('client', \"import asyncio, random, time\\nasync def f():\\n    await asyncio.sleep(0.01)\\n    return random.random() < 1 and time.time() > 0\\nprint(asyncio.run(f()))\\n\");
        return {{ tries, after }};"
    );
    let result = tab.script(&script).await;
    // The page's policy, to code that is made of text.
    browser.forgive(|complaint| {
        complaint.contains("TrustedScript") || complaint.contains("Content Security Policy")
    });
    assert_eq!(text(&result["tries"]), "ways:\n", "{result}");
    assert_eq!(text(&result["after"]), "True\n", "{result}");
}
