//! What the programs of the lessons do, call by call, as CPython would.

use bytes::Bytes;
use proto::{
    call::{CallError, Wait},
    id::Fd,
};

use super::{
    first_scripts,
    programs::{Done, Kernel, Strand},
};

/// The port of the lessons.
const PORT: u16 = 12345;
/// Three messages, and three of which one has two lines.
const MESSAGES: [&str; 3] = ["pay 10", "pay 200", "stop"];
const LETTER: [&str; 3] = ["pay 10", "Dear Bob,\npay 200", "stop"];

/// The program of a lesson that has this name, or a visitor's own `mine.py`, which holds a port and accepts nobody.
pub(super) fn of(file: &str, kernel: Kernel) -> Strand {
    if let Some(strand) = first_scripts::of(file, kernel.clone()) {
        return strand;
    }
    let lines = |messages: [&str; 3]| messages.map(|message| format!("{message}\n").into_bytes()).to_vec();
    match file {
        "server.py" => Box::pin(greets(kernel, PORT, "Thank you for connecting")),
        "hello.py" => Box::pin(greets(kernel, PORT, "Hello from my own server")),
        "other_port.py" => Box::pin(greets(kernel, 23456, "Hello from another port")),
        "client.py" => Box::pin(calls(kernel, PORT)),
        "caller.py" => Box::pin(calls(kernel, 23456)),
        "chunks.py" => Box::pin(chunks(kernel)),
        "exactly.py" => Box::pin(exactly_thrice(kernel)),
        "mine.py" => Box::pin(squats(kernel)),
        "one_by_one.py" => Box::pin(one_by_one(kernel)),
        // Whatever it waits with, it serves all at once.
        "with_threads.py" | "with_select.py" | "with_asyncio.py" => Box::pin(many(kernel, Slow::Never)),
        "sleepy.py" => Box::pin(many(kernel, Slow::Stands)),
        "awake.py" => Box::pin(many(kernel, Slow::Sleeps)),
        "callers.py" => Box::pin(callers(kernel)),
        "slow_and_quick.py" => Box::pin(slow_and_quick(kernel)),
        "reader.py" => Box::pin(reader(kernel)),
        "two_threads.py" | "small_lock.py" | "two_tasks.py" => Box::pin(mixed(kernel)),
        "one_lock.py" => Box::pin(whole(kernel)),
        "plain.py" => Box::pin(sends(kernel, MESSAGES.map(Vec::from).to_vec(), 0)),
        "lines.py" => Box::pin(sends(kernel, lines(MESSAGES), 0)),
        "letter.py" => Box::pin(sends(kernel, lines(LETTER), 0)),
        "lengths.py" => Box::pin(sends(kernel, LETTER.map(with_length).to_vec(), 0)),
        "slow_lengths.py" => {
            let pieces = MESSAGES.map(with_length).concat();
            Box::pin(sends(kernel, pieces.chunks(5).map(<[u8]>::to_vec).collect(), 500))
        }
        "one_recv.py" => Box::pin(one_recv(kernel)),
        "by_line.py" => Box::pin(by_line(kernel)),
        "by_length.py" => Box::pin(by_length(kernel, false)),
        "exactly_that.py" => Box::pin(by_length(kernel, true)),
        other => panic!("a lesson has a new program {other}: say here what it does"),
    }
}

async fn greets(kernel: Kernel, port: u16, text: &'static str) -> Done {
    let listener = kernel.listener(port).await?;
    loop {
        let caller = kernel.accept(listener).await?;
        kernel.send(caller, text.as_bytes()).await?;
        kernel.close(caller).await?;
    }
}

async fn calls(kernel: Kernel, port: u16) -> Done {
    let socket = kernel.connected(port).await?;
    kernel.receive(socket, 1024).await?;
    kernel.close(socket).await
}

/// Sends each of three callers 10,000 bytes and more, cut in other ways.
async fn chunks(kernel: Kernel) -> Done {
    let listener = kernel.listener(PORT).await?;
    for cut in [10_008, 1000, 700] {
        let caller = kernel.accept(listener).await?;
        // It expects that a caller closes early.
        let _gone = sends_all_of_it(&kernel, caller, cut).await;
        kernel.close(caller).await?;
    }
    kernel.close(listener).await
}

async fn sends_all_of_it(kernel: &Kernel, caller: Fd, cut: usize) -> Done {
    for piece in [b'x'; 10_008].chunks(cut) {
        kernel.send(caller, piece).await?;
    }
    kernel.receive(caller, 1).await.map(drop)
}

async fn exactly_thrice(kernel: Kernel) -> Done {
    for _ in 0..3 {
        let socket = kernel.connected(PORT).await?;
        exactly(&kernel, socket, 10_000).await?;
        kernel.close(socket).await?;
    }
    Ok(())
}

async fn squats(kernel: Kernel) -> Done {
    kernel.listener(PORT).await?;
    std::future::pending().await
}

/// Sends back what it gets, in capital letters, until its caller hangs up.
async fn serve(kernel: Kernel, caller: Fd, slow: Slow) -> Done {
    loop {
        let asked = kernel.receive(caller, 1024).await?;
        match slow {
            _ if asked.is_empty() => return kernel.close(caller).await,
            Slow::Stands if &asked[..] == b"slow" => kernel.stand(2000).await,
            Slow::Sleeps if &asked[..] == b"slow" => kernel.sleep(2000).await,
            _ => {}
        }
        kernel.send(caller, &asked.to_ascii_uppercase()).await?;
    }
}

/// What a server does who is asked for something slow.
#[derive(Clone, Copy)]
enum Slow {
    Never,
    Stands,
    Sleeps,
}

async fn one_by_one(kernel: Kernel) -> Done {
    let listener = kernel.listener(PORT).await?;
    loop {
        let caller = kernel.accept(listener).await?;
        if serve(kernel.clone(), caller, Slow::Never).await.is_err() {
            kernel.close(caller).await?;
        }
    }
}

async fn many(kernel: Kernel, slow: Slow) -> Done {
    let listener = kernel.listener(PORT).await?;
    loop {
        let caller = kernel.accept(listener).await?;
        kernel.start(Box::pin(serve(kernel.clone(), caller, slow)));
    }
}

async fn callers(kernel: Kernel) -> Done {
    let (first, second) = (kernel.connected(PORT).await?, kernel.connected(PORT).await?);
    for (socket, words) in [(second, "second"), (first, "first")] {
        kernel.send(socket, words.as_bytes()).await?;
        match kernel.receive_within(socket, 1024, Wait::Millis(2000)).await {
            Ok(_) | Err(CallError::TimedOut { .. }) => kernel.close(socket).await?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn slow_and_quick(kernel: Kernel) -> Done {
    let (first, second) = (kernel.connected(PORT).await?, kernel.connected(PORT).await?);
    kernel.send(first, b"slow").await?;
    kernel.sleep(300).await;
    kernel.send(second, b"quick").await?;
    kernel.receive(second, 1024).await?;
    kernel.receive(first, 1024).await?;
    kernel.close(second).await?;
    kernel.close(first).await
}

async fn reader(kernel: Kernel) -> Done {
    let listener = kernel.listener(PORT).await?;
    loop {
        let caller = kernel.accept(listener).await?;
        let mut said = Vec::new();
        loop {
            let piece = kernel.receive(caller, 1024).await?;
            if piece.is_empty() {
                break;
            }
            said.extend_from_slice(&piece);
        }
        kernel.close(caller).await?;
        kernel.print(&String::from_utf8_lossy(&said));
    }
}

/// Two who send a name and a text each, at the same time.
async fn mixed(kernel: Kernel) -> Done {
    let socket = kernel.connected(PORT).await?;
    kernel.send(socket, b"Ann: ").await?;
    kernel.send(socket, b"Bob: ").await?;
    kernel.sleep(500).await;
    kernel.send(socket, b"see you at ten\n").await?;
    kernel.send(socket, b"bring the map\n").await?;
    kernel.close(socket).await
}

/// The same, one after the other.
async fn whole(kernel: Kernel) -> Done {
    let socket = kernel.connected(PORT).await?;
    for (name, text) in [("Ann: ", "see you at ten\n"), ("Bob: ", "bring the map\n")] {
        kernel.send(socket, name.as_bytes()).await?;
        kernel.sleep(500).await;
        kernel.send(socket, text.as_bytes()).await?;
    }
    kernel.close(socket).await
}

fn with_length(message: &str) -> Vec<u8> {
    let length = u16::try_from(message.len()).expect("short");
    [&length.to_be_bytes(), message.as_bytes()].concat()
}

/// Sends each caller these, and waits until they hang up.
async fn sends(kernel: Kernel, pieces: Vec<Vec<u8>>, pause: u64) -> Done {
    let listener = kernel.listener(PORT).await?;
    loop {
        let caller = kernel.accept(listener).await?;
        let _gone = sends_to(&kernel, caller, &pieces, pause).await;
        kernel.close(caller).await?;
    }
}

async fn sends_to(kernel: &Kernel, caller: Fd, pieces: &[Vec<u8>], pause: u64) -> Done {
    for piece in pieces {
        kernel.send(caller, piece).await?;
        if pause > 0 {
            kernel.sleep(pause).await;
        }
    }
    while !kernel.receive(caller, 1024).await?.is_empty() {}
    Ok(())
}

async fn one_recv(kernel: Kernel) -> Done {
    let socket = kernel.connected(PORT).await?;
    kernel.sleep(500).await;
    kernel.receive(socket, 1024).await?;
    kernel.close(socket).await
}

async fn by_line(kernel: Kernel) -> Done {
    let socket = kernel.connected(PORT).await?;
    let mut rest = Vec::new();
    for _ in 0..3 {
        let end = loop {
            if let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                break end;
            }
            let piece = kernel.receive(socket, 8).await?;
            if piece.is_empty() {
                return Ok(());
            }
            rest.extend_from_slice(&piece);
        };
        let message: Vec<u8> = rest.drain(..=end).take(end).collect();
        kernel.send(socket, &[b"got ", &message[..]].concat()).await?;
    }
    kernel.close(socket).await
}

async fn by_length(kernel: Kernel, exact: bool) -> Done {
    let socket = kernel.connected(PORT).await?;
    for _ in 0..3 {
        let size = take(&kernel, socket, 2, exact).await?;
        let length = size.iter().fold(0, |length, byte| length * 256 + usize::from(*byte));
        let message = take(&kernel, socket, length, exact).await?;
        kernel.send(socket, &[b"got ", &message[..]].concat()).await?;
    }
    kernel.close(socket).await
}

async fn take(kernel: &Kernel, socket: Fd, count: usize, exact: bool) -> Result<Bytes, CallError> {
    if exact { exactly(kernel, socket, count).await } else { kernel.receive(socket, count).await }
}

/// As many bytes, or fewer at the end of the stream.
async fn exactly(kernel: &Kernel, socket: Fd, count: usize) -> Result<Bytes, CallError> {
    let mut got = Vec::new();
    while got.len() < count {
        let piece = kernel.receive(socket, count - got.len()).await?;
        if piece.is_empty() {
            break;
        }
        got.extend_from_slice(&piece);
    }
    Ok(got.into())
}
