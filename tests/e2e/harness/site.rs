//! Somebody else's web site: an empty page, and the files that its owner has put beside it.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};

#[derive(Debug, Default)]
struct State {
    /// By path.
    files: BTreeMap<String, Vec<u8>>,
    /// Every path that was asked for.
    asked: BTreeSet<String>,
    /// Connections.
    visits: usize,
}

/// A site at an origin of its own; gone when dropped.
#[derive(Debug)]
pub(crate) struct Site {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    accepting: AbortHandle,
}

impl Site {
    /// A site with nothing but its page.
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let state = Arc::default();
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state))).abort_handle();
        Self { address, state, accepting }
    }

    /// Its origin.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Puts a file there.
    pub(crate) fn put(&self, path: &str, bytes: Vec<u8>) {
        self.lock().files.insert(path.to_owned(), bytes);
    }

    /// Takes it away again.
    pub(crate) fn remove(&self, path: &str) -> Vec<u8> {
        self.lock().files.remove(path).expect("it was there")
    }

    /// Which of its files were asked for.
    pub(crate) fn asked(&self) -> BTreeSet<String> {
        let state = self.lock();
        state.asked.iter().filter(|path| state.files.contains_key(*path)).cloned().collect()
    }

    /// How many connections came, whether or not they asked for anything.
    pub(crate) fn visits(&self) -> usize {
        self.lock().visits
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<Mutex<State>>) {
    while let Ok((client, _)) = listener.accept().await {
        state.lock().unwrap_or_else(PoisonError::into_inner).visits += 1;
        tokio::spawn(serve(client, Arc::clone(&state)));
    }
}

/// One request a connection.
async fn serve(mut client: TcpStream, state: Arc<Mutex<State>>) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head);
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let (status, kind, body) = answer(&mut state.lock().unwrap_or_else(PoisonError::into_inner), &path);
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n",
        body.len()
    );
    client.write_all(head.as_bytes()).await?;
    client.write_all(&body).await
}

fn answer(state: &mut State, path: &str) -> (&'static str, &'static str, Vec<u8>) {
    state.asked.insert(path.to_owned());
    let kind = match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "js" => "text/javascript",
        "wasm" => "application/wasm",
        _ => "text/html",
    };
    match state.files.get(path) {
        Some(bytes) => ("200 OK", kind, bytes.clone()),
        None if path == "/" => ("200 OK", kind, b"<!doctype html><title>Somebody else's</title>".to_vec()),
        None if path == "/favicon.ico" => ("204 No Content", kind, Vec::new()),
        None => ("404 Not Found", kind, Vec::new()),
    }
}
