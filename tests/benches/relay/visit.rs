//! A first visit, in a real browser with a fresh profile: how long until a packet that the visitor asked for is drawn.
//! A visitor is as fast as the page lets them be: what is measured is the page, not a person.

use super::{Bench, ROUNDS, harness::browser::Browser, report::Report, rounds::median};

/// A first call by hand, which makes a packet.
const BY_HAND: &str = "const console = await until(() => document.querySelector('#left call-console'));
    await until(() => document.body?.dataset.state === 'open' && console.run);
    await console.run('s = socket.socket()');
    await console.run('s.connect((\"tutorial\", 12345))');";

/// A first program: nobody listens yet, but its SYN travels.
const BY_PYTHON: &str = "await until(() => document.body?.dataset.state === 'open');
    const run = await until(() => document.querySelector('#left .machine-run .button:not([disabled])'));
    run.click();";

/// Measures both rows.
pub(crate) async fn measure(bench: &Bench, report: &mut Report) {
    let rows = [
        ("first visit to first packet drawn", "?lesson=by-hand", BY_HAND, "<= 1 s"),
        ("first visit to first packet drawn, by a program in Python", "", BY_PYTHON, "<= 3 s"),
    ];
    // It runs before anybody comes: a visit begins with an address, not with the browser's own start.
    let browser = Browser::open().await;
    for (title, query, act, goal) in rows {
        if !report.wants(title) {
            continue;
        }
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            times.push(visit(bench, &browser, query, act).await);
        }
        report.ours(title, "s", median(&mut times), goal);
    }
}

/// Seconds from the beginning of the navigation, as the page's own clock counts them.
async fn visit(bench: &Bench, browser: &Browser, query: &str, act: &str) -> f64 {
    let tab = browser.visitor(1280, 800).await;
    tab.go(&format!("{}/{query}", bench.server.origin())).await;
    // The document is there: what is evaluated before would be gone with the empty one.
    tab.shows("the page", "document.body?.dataset.view").await;
    let script = format!(
        "const until = async (found) => {{
             for (;;) {{
                 const what = found();
                 if (what) return what;
                 await new Promise((resolve) => setTimeout(resolve, 5));
             }}
         }};
         {act}
         await until(() => document.querySelector('#wire')?.textContent.includes('SYN'));
         return performance.now() / 1000;"
    );
    let took = tab.script(&script).await.as_f64().expect("seconds");
    // The next visit should not share the processor with what this one goes on loading.
    tab.go("about:blank").await;
    tab.shows("nothing", "location.href === 'about:blank'").await;
    took
}
