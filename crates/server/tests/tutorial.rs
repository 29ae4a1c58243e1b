//! The tutorial's servers, as any TCP client sees them.

use std::io;
use std::net::SocketAddr;

use server::tutorial::{MOST_CONNECTIONS, chat, daytime, echo, thanks, web};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A listener on a free port with a queue long enough for a class.
fn listener() -> Result<(TcpListener, SocketAddr)> {
    let socket = TcpSocket::new_v4()?;
    socket.bind("127.0.0.1:0".parse()?)?;
    let listener = socket.listen(1024)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

fn start<Serving>(serve: impl FnOnce(TcpListener) -> Serving) -> Result<(JoinHandle<()>, SocketAddr)>
where
    Serving: Future<Output = ()> + Send + 'static,
{
    let (listener, address) = listener()?;
    Ok((tokio::spawn(serve(listener)), address))
}

async fn read_all(mut stream: impl tokio::io::AsyncRead + Unpin) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    Ok(bytes)
}

#[tokio::test]
async fn thanks_and_closes() -> Result {
    let (_service, address) = start(thanks::serve)?;
    assert_eq!(read_all(TcpStream::connect(address).await?).await?, b"Thank you for connecting");
    Ok(())
}

#[tokio::test]
async fn thanks_five_hundred_at_once() -> Result {
    let (listener, address) = listener()?;
    // All are connected before the first one is served.
    let mut clients = Vec::new();
    for _ in 0..500 {
        clients.push(TcpStream::connect(address).await?);
    }
    tokio::spawn(thanks::serve(listener));
    let mut readers: JoinSet<_> = clients.into_iter().map(read_all).collect();
    while let Some(greeting) = readers.join_next().await {
        assert_eq!(greeting??, thanks::GREETING);
    }
    Ok(())
}

/// The tutorial's server never reads, so what a client has sent is lost, and TCP says so with RST.
#[tokio::test]
async fn thanks_a_client_that_speaks_first_and_resets_it() -> Result {
    let (listener, address) = listener()?;
    let mut client = TcpStream::connect(address).await?;
    client.write_all(b"GET / HTTP/1.0\r\n\r\n").await?;
    tokio::spawn(thanks::serve(listener));
    let mut greeting = Vec::new();
    let error = client.read_to_end(&mut greeting).await.expect_err("reset");
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(greeting, thanks::GREETING);
    Ok(())
}

#[tokio::test]
async fn a_dropped_service_leaves_no_connection_behind() -> Result {
    let (service, address) = start(echo::serve)?;
    let mut client = TcpStream::connect(address).await?;
    client.write_all(b"x").await?;
    assert_eq!(client.read_u8().await?, b'x');
    service.abort();
    assert_eq!(read_all(client).await?, b"");
    assert!(TcpStream::connect(address).await.is_err());
    Ok(())
}

#[tokio::test]
async fn echo_sends_everything_back_after_a_half_close() -> Result {
    let (_service, address) = start(echo::serve)?;
    let (reader, mut writer) = TcpStream::connect(address).await?.into_split();
    let sent: Vec<u8> = (0..1_000_000_u32).map(|i| (i % 251) as u8).collect();
    let received = tokio::spawn(read_all(reader));
    writer.write_all(&sent).await?;
    writer.shutdown().await?;
    assert!(received.await?? == sent);
    Ok(())
}

#[tokio::test]
async fn one_client_too_many_waits_until_another_leaves() -> Result {
    let (_service, address) = start(echo::serve)?;
    let mut clients = Vec::new();
    for _ in 0..MOST_CONNECTIONS {
        let mut client = TcpStream::connect(address).await?;
        client.write_all(b"a").await?;
        assert_eq!(client.read_u8().await?, b'a');
        clients.push(client);
    }
    let mut late = TcpStream::connect(address).await?;
    late.write_all(b"b").await?;
    // The loop has had a chance to accept it, since it serves somebody else now.
    clients[0].write_all(b"c").await?;
    assert_eq!(clients[0].read_u8().await?, b'c');
    let early = late.try_read(&mut [0]).expect_err("not accepted yet");
    assert_eq!(early.kind(), io::ErrorKind::WouldBlock);
    clients.pop();
    assert_eq!(late.read_u8().await?, b'b');
    Ok(())
}

#[tokio::test]
async fn daytime_is_one_line() -> Result {
    let (_service, address) = start(daytime::serve)?;
    let line = String::from_utf8(read_all(TcpStream::connect(address).await?).await?)?;
    assert!(line.ends_with("-UTC\r\n"), "{line:?}");
    assert_eq!(line.lines().count(), 1);
    Ok(())
}

#[tokio::test]
async fn web_answers_a_request_that_comes_byte_by_byte() -> Result {
    let (_service, address) = start(web::serve)?;
    let mut client = TcpStream::connect(address).await?;
    client.set_nodelay(true)?;
    for byte in b"GET / HTTP/1.1\r\nhost: www.example.test\r\n\r\n" {
        client.write_all(&[*byte]).await?;
    }
    client.shutdown().await?;
    let answer = String::from_utf8(read_all(client).await?)?;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("stand-in for www.example.test") || answer.contains("stands in for a web site"));
    Ok(())
}

/// A body nobody reads must not turn the close into RST before the answer is heard.
#[tokio::test]
async fn web_is_heard_by_a_client_that_says_too_much() -> Result {
    let (listener, address) = listener()?;
    let mut client = TcpStream::connect(address).await?;
    client.write_all(b"POST / HTTP/1.0\r\n\r\n").await?;
    client.write_all(&[b'x'; 20_000]).await?;
    client.shutdown().await?;
    tokio::spawn(web::serve(listener));
    let answer = String::from_utf8(read_all(client).await?)?;
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    Ok(())
}

#[tokio::test]
async fn web_does_not_read_an_endless_request() -> Result {
    let (_service, address) = start(web::serve)?;
    let (reader, mut writer) = TcpStream::connect(address).await?.into_split();
    // More than the server takes, so this may fail half-way.
    let writing = tokio::spawn(async move { writer.write_all(&[b'x'; 60_000]).await });
    let answer = String::from_utf8(read_all(reader).await?)?;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let _ = writing.await?;
    Ok(())
}

#[tokio::test]
async fn chat_tells_everybody() -> Result {
    let (_service, address) = start(chat::serve)?;
    let first = TcpStream::connect(address).await?;
    let first_name = first.local_addr()?;
    let mut first = BufReader::new(first).lines();
    assert_eq!(first.next_line().await?, Some(format!("* {first_name} is here")));

    let mut second = TcpStream::connect(address).await?;
    let name = second.local_addr()?;
    assert_eq!(first.next_line().await?, Some(format!("* {name} is here")));
    second.write_all(b"hello\x1b[2J there\r\nand goodb").await?;
    second.write_all(b"ye").await?;
    second.shutdown().await?;
    for expected in
        [format!("{name}: hello[2J there"), format!("{name}: and goodbye"), format!("* {name} has left")]
    {
        assert_eq!(first.next_line().await?, Some(expected));
    }
    Ok(())
}
