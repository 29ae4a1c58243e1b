//! A refusal as a page, for a person whose browser asked: what it means and what to do about it. Status and rule are
//! those of the JSON that everybody else gets.
//!
//! It comes without any other file, since a Host that is not known gets none: its one style is in it, and its policy
//! names the style by its hash. Of the request it shows the Host alone, in the letters a host name has.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, header},
    response::Response,
};

use super::{
    error::{Reason, Refused},
    rule::HttpRule,
};
use crate::origin::{Endpoints, Names};

/// The whole style. Whoever changes it sees in the browser's test that [`POLICY`] has to change as well.
const STYLE: &str = ":root{color-scheme:light dark;background:light-dark(#fbfaf6,#14171a);color:light-dark(#1b1f24,#e8e6df)}\
body{max-width:38rem;margin:12vh auto;padding:0 1rem;font:1.0625rem/1.5 Charter,Cambria,Georgia,serif}\
h1{font-size:1.375rem;line-height:1.3}a{color:light-dark(#0b5cad,#7cb7f5)}\
code{font:.875em ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}";

/// Nothing but that style.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'sha256-vH1U6YIEVqWYCDDXiGimeYH2/XL0trXUbq8jfS9MYpw='; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
);

/// A request whose answer a person will read.
#[derive(Debug)]
pub(crate) struct Reader {
    /// What `--host-name` would have to say for this request.
    wanted: Option<String>,
}

impl Reader {
    /// None where a program asks: browsers say `text/html` for what they are going to show, and not for what a page
    /// fetches.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        let headers = request.headers();
        let mut accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let shows = matches!(*request.method(), Method::GET | Method::HEAD)
            && !headers.contains_key(header::UPGRADE)
            && accepted.any(|value| value.contains("text/html"));
        let ends = request.extensions().get::<Endpoints>()?;
        shows.then(|| Self { wanted: Names::wanted(*ends, headers) })
    }

    /// Puts the page in the place of the JSON.
    pub(crate) fn tell(&self, refused: &Refused, response: &mut Response) {
        let page = document(refused, self.wanted.as_deref());
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
        *response.body_mut() = Body::from(page);
    }
}

fn document(refused: &Refused, wanted: Option<&str>) -> String {
    let title = sentence(refused);
    let advice = refused.next().map_or_else(|| advice(refused, wanted), elsewhere);
    let named = refused.request().map(escaped).map_or_else(String::new, |id| {
        format!("\n<p>Whoever runs this server finds it in the log as <code>{id}</code>.</p>")
    });
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} - Wireside</title>\n<style>{STYLE}</style>\n<h1>{title}</h1>\n{advice}{named}\n</html>\n"
    )
}

/// The message as a sentence. Our messages have no markup; what a limit or a resolver says might.
fn sentence(refused: &Refused) -> String {
    let message = match refused.reason() {
        Reason::Rule(HttpRule::Host) => "this server does not know that address",
        _ => refused.message(),
    };
    let mut letters = message.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    escaped(&(first + letters.as_str()))
}

fn advice(refused: &Refused, wanted: Option<&str>) -> String {
    match refused.reason() {
        Reason::Rule(HttpRule::Host) => {
            let flag = escaped(wanted.unwrap_or("NAME:PORT"));
            format!(
                "<p>It answers under the addresses that it printed when it started, under <code>localhost</code>, and \
                 under the names that it was given: so no other site can pass itself off as this one.</p>\n\
                 <p>Is this server yours, and the address in your browser a right one for it? Then start it once more \
                 with <code>--host-name {flag}</code></p>\n\
                 <p>If it is not yours, ask whoever gave you the link for another one.</p>"
            )
        }
        Reason::Rule(HttpRule::Path) => "<p>A part of the link may be missing. Rooms have addresses of the form <code>/r/…#…</code>, and the \
                   part after <code>#</code> belongs to them.</p>\n<p><a href=\"/\">Open a new room</a></p>"
            .to_owned(),
        Reason::Rule(HttpRule::Draining) if refused.may_pass() => "<p>Its rooms end with it.</p>".to_owned(),
        Reason::Rule(HttpRule::Draining) => "<p>Rooms that are there go on until then.</p>".to_owned(),
        Reason::Rule(HttpRule::Method) => "<p>It is for programs. <a href=\"/\">Open a new room</a></p>".to_owned(),
        _ => "<p><a href=\"/\">Open a new room</a></p>".to_owned(),
    }
}

/// The way to where new rooms are made instead.
fn elsewhere(next: &str) -> String {
    let next = escaped(next);
    format!("<p><a href=\"{next}\">Open a room at {next}</a></p>")
}

/// As text in HTML, also within quotes.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_server_that_just_ends_nothing_is_said_to_go_on() {
        let document = document(&Refused::ending(), None);
        assert!(
            document.contains("just ending") && document.contains("Its rooms end with it."),
            "{document}"
        );
        assert!(!document.contains("go on"), "{document}");
    }
}
