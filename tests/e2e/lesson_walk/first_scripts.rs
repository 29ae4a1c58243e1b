//! What the programs of the first lessons do, call by call: what each exercise begins with, and two ways to solve it.

use std::net::{IpAddr, Ipv4Addr};

use proto::{
    call::{CallError, Wait},
    id::Fd,
};

use super::programs::{Done, Kernel, Strand};

const PORT: u16 = 12345;
const ANY: [u8; 4] = [0, 0, 0, 0];
const LOOPBACK: [u8; 4] = [127, 0, 0, 1];
/// The address of `server`.
const SERVER: [u8; 4] = [10, 0, 0, 1];
const THANKS: &[u8] = b"Thank you for connecting";

/// The program of one of these lessons that has this name, or a learner's solution.
pub(super) fn of(file: &str, kernel: Kernel) -> Option<Strand> {
    Some(match file {
        "three_sockets.py" => Box::pin(sockets(kernel, &[])),
        "three_done.py" => Box::pin(sockets(kernel, &[0])),
        "three_mine.py" => Box::pin(sockets(kernel, &[2, 0])),
        "by_name.py" => Box::pin(calls_at(kernel, SERVER.into())),
        "by_answer.py" | "by_list.py" => Box::pin(calls_by_name(kernel)),
        "by_heart.py" => Box::pin(calls_at(kernel, Ipv4Addr::new(10, 0, 0, 10).into())),
        "home_only.py" => Box::pin(welcomes(kernel, LOOPBACK)),
        "for_all.py" => Box::pin(welcomes(kernel, ANY)),
        "one_door.py" => Box::pin(welcomes(kernel, SERVER)),
        "two_doors.py" => {
            kernel.start(Box::pin(welcomes(kernel.clone(), LOOPBACK)));
            Box::pin(welcomes(kernel, SERVER))
        }
        "visit.py" => Box::pin(visits(kernel, SERVER.into())),
        "from_inside.py" => Box::pin(visits(kernel, LOOPBACK.into())),
        "deaf.py" => Box::pin(is_busy(kernel, false)),
        "hears.py" | "hears_more.py" => Box::pin(is_busy(kernel, true)),
        "says_hello.py" => Box::pin(says_hello(kernel)),
        "letters.py" => Box::pin(letters(kernel, &[&[b"A"]])),
        "both_to_one.py" => Box::pin(letters(kernel, &[&[b"A", b"B"]])),
        "two_letters.py" => Box::pin(letters(kernel, &[&[b"A"], &[b"B"]])),
        "letter_loop.py" => Box::pin(letter_loop(kernel)),
        "two_callers.py" => Box::pin(two_callers(kernel)),
        "rude.py" => Box::pin(answers(kernel, Reads::Nothing)),
        "polite.py" => Box::pin(answers(kernel, Reads::First)),
        "half.py" => Box::pin(answers(kernel, Reads::Last)),
        "asks.py" => Box::pin(asks(kernel)),
        "again.py" => Box::pin(thanks(kernel, false, false)),
        "reuses.py" | "at_once.py" => Box::pin(thanks(kernel, true, false)),
        "waits.py" => Box::pin(thanks(kernel, false, true)),
        "call_once.py" => Box::pin(call_once(kernel)),
        _ => return None,
    })
}

/// Three sockets, of which some are closed before a last one is made.
async fn sockets(kernel: Kernel, closed: &'static [usize]) -> Done {
    let many = if closed.is_empty() { 2 } else { closed.len() + 1 };
    let mut open = Vec::new();
    for _ in 0..many {
        open.push(kernel.socket().await?);
    }
    for place in closed {
        kernel.close(open[*place]).await?;
    }
    kernel.socket().await.map(drop)
}

async fn calls_at(kernel: Kernel, address: IpAddr) -> Done {
    let fd = kernel.socket().await?;
    kernel.connect(fd, address, PORT).await?;
    kernel.receive(fd, 1024).await?;
    kernel.close(fd).await
}

async fn calls_by_name(kernel: Kernel) -> Done {
    let address = kernel.resolve("tutorial", PORT).await?;
    calls_at(kernel, address).await
}

/// A listener that can be started again at once.
async fn listener(kernel: &Kernel, address: [u8; 4]) -> Result<Fd, CallError> {
    let fd = kernel.socket().await?;
    kernel.reuse(fd).await?;
    kernel.bind(fd, address, PORT).await?;
    kernel.listen(fd).await?;
    Ok(fd)
}

async fn welcomes(kernel: Kernel, address: [u8; 4]) -> Done {
    let listener = listener(&kernel, address).await?;
    loop {
        let visitor = kernel.accept(listener).await?;
        kernel.send(visitor, b"Welcome").await?;
        kernel.receive(visitor, 1).await?;
        kernel.close(visitor).await?;
    }
}

async fn visits(kernel: Kernel, address: IpAddr) -> Done {
    if !address.is_loopback() {
        kernel.resolve("server", PORT).await?;
    }
    calls_at(kernel, address).await
}

async fn is_busy(kernel: Kernel, listens: bool) -> Done {
    let fd = kernel.socket().await?;
    kernel.reuse(fd).await?;
    kernel.bind(fd, ANY, PORT).await?;
    if listens {
        kernel.listen(fd).await?;
    }
    std::future::pending().await
}

async fn says_hello(kernel: Kernel) -> Done {
    let fd = kernel.connected(PORT).await?;
    kernel.send(fd, b"hello").await?;
    kernel.sleep(300).await;
    kernel.close(fd).await
}

/// A caller for each list of letters, which all go to that caller.
async fn letters(kernel: Kernel, all: &'static [&'static [&'static [u8]]]) -> Done {
    let listener = listener(&kernel, ANY).await?;
    let mut callers = Vec::new();
    for letters in all {
        let caller = kernel.accept(listener).await?;
        kernel.send(caller, &letters.concat()).await?;
        callers.push(caller);
    }
    for caller in callers {
        kernel.receive(caller, 1).await?;
        kernel.close(caller).await?;
    }
    kernel.close(listener).await
}

async fn letter_loop(kernel: Kernel) -> Done {
    let listener = listener(&kernel, ANY).await?;
    for letter in [b"A", b"B"] {
        let caller = kernel.accept(listener).await?;
        kernel.send(caller, letter).await?;
        kernel.close(caller).await?;
    }
    kernel.close(listener).await
}

async fn two_callers(kernel: Kernel) -> Done {
    let both = [kernel.connected(PORT).await?, kernel.connected(PORT).await?];
    for caller in both {
        // That nothing comes, or the connection is broken off, is printed.
        let _said = kernel.receive_within(caller, 10, Wait::Millis(2000)).await;
    }
    for caller in both {
        kernel.close(caller).await?;
    }
    Ok(())
}

/// What a server reads of a question before it closes.
#[derive(Clone, Copy)]
enum Reads {
    Nothing,
    First,
    Last,
}

async fn answers(kernel: Kernel, reads: Reads) -> Done {
    let listener = listener(&kernel, ANY).await?;
    loop {
        let caller = kernel.accept(listener).await?;
        match reads {
            Reads::Nothing => kernel.sleep(500).await,
            Reads::First => drop(kernel.receive(caller, 1024).await?),
            Reads::Last => {}
        }
        kernel.send(caller, THANKS).await?;
        if let Reads::Last = reads {
            kernel.shutdown_write(caller).await?;
            while !kernel.receive(caller, 1024).await?.is_empty() {}
        }
        kernel.close(caller).await?;
    }
}

async fn asks(kernel: Kernel) -> Done {
    let fd = kernel.connected(PORT).await?;
    kernel.send(fd, b"Who are you?").await?;
    while !kernel.receive(fd, 1024).await?.is_empty() {}
    kernel.close(fd).await
}

/// The tutorial's server, with SO_REUSEADDR or without, which lets its caller close first or does not.
async fn thanks(kernel: Kernel, reuse: bool, waits: bool) -> Done {
    let listener = kernel.socket().await?;
    if reuse {
        kernel.reuse(listener).await?;
    }
    kernel.bind(listener, ANY, PORT).await?;
    kernel.listen(listener).await?;
    loop {
        let caller = kernel.accept(listener).await?;
        kernel.send(caller, THANKS).await?;
        while waits && !kernel.receive(caller, 1024).await?.is_empty() {}
        kernel.close(caller).await?;
    }
}

async fn call_once(kernel: Kernel) -> Done {
    let fd = kernel.connected(PORT).await?;
    kernel.receive(fd, 1024).await?;
    kernel.sleep(500).await;
    kernel.close(fd).await
}
