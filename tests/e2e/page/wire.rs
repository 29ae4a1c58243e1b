//! The wire in somebody's hand: a held handshake, losses, a full queue, a close, and the packets as a file.

use super::{LAPTOP, PHONE, do_line, entered, new_room, newest_is, type_line};
use crate::{
    harness::{
        browser::{Browser, Tab},
        profile,
        server::TestServer,
    },
    packets::{is_sound, tshark},
};

const CONNECT: &str = "s.connect((\"server\", 12345))";

/// On a phone each view has the screen to itself.
async fn view(tab: &Tab, (width, _): (u32, u32), name: &str) {
    if width < 640 {
        tab.click("#views", &format!("{name}…")).await;
    }
}

/// Somebody listens on `server`.
async fn listen(tab: &Tab, backlog: u32) {
    for line in ["l = socket.socket()", "l.bind((\"\", 12345))", &format!("l.listen({backlog})")] {
        do_line(tab, "right", line).await;
    }
}

/// Delivers what is held, packet after packet, until the call has come to its end. The kernels go on sending again
/// what is not answered: some of those copies come first.
async fn deliver_until_done(tab: &Tab, line: &str) {
    let waits = "[...document.querySelectorAll('#left .cc-entry')].slice(-1)[0].dataset.state === 'waiting'";
    loop {
        tab.shows("a packet to be held, or the call to end", &format!("cards() || !({waits})")).await;
        if tab.read(waits).await == "false" {
            break;
        }
        tab.press_card("Deliver", "").await;
    }
    newest_is(tab, "left", line, "done").await;
}

/// Goes to the end of the drawing, as somebody does who was led away from it by what was pressed there.
async fn follow(tab: &Tab) {
    tab.script("const follow = document.querySelector('.wire-follow'); if (!follow.hidden) follow.click();")
        .await;
}

/// From the first SYN to ESTABLISHED, packet by packet.
async fn held_handshake(size: (u32, u32), name: &str) {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = new_room(&browser, &server, size).await;
    listen(&tab, 5).await;
    view(&tab, size, "Wire").await;
    tab.click("#wire", "Hold…").await;
    tab.sees("#wire .wire-head", "held").await;
    do_line(&tab, "left", "s = socket.socket()").await;
    type_line(&tab, "left", CONNECT).await;
    newest_is(&tab, "left", CONNECT, "waiting").await;
    view(&tab, size, "client").await;
    tab.sees("#left .cc-log", "connect() has been waiting").await;
    view(&tab, size, "Wire").await;
    tab.sees("#wire", "1 packet held. client's kernel tries again").await;
    // After 1, 3 and 7 seconds: it waits twice as long each time.
    tab.sees("#wire", "SYN ×4").await;
    tab.sees("#wire", "SYN_SENT").await;
    tab.fits().await;
    tab.screenshot(&format!("wire-held-{name}")).await;
    tab.press_card("Deliver", "SYN").await;
    tab.sees("#wire", "SYN_RECV").await;
    tab.press_card("Drop", "SYN ACK").await;
    follow(&tab).await;
    tab.sees("#wire", "dropped by you").await;
    tab.shows("the kernel to send it again", "cardButton('Deliver', 'SYN ACK')").await;
    tab.screenshot(&format!("wire-dropped-{name}")).await;
    deliver_until_done(&tab, CONNECT).await;
    tab.click("#wire", "Let…").await;
    follow(&tab).await;
    // Nobody has called accept(): the kernel does all of it by itself.
    tab.sees("#wire", "not accepted").await;
    tab.sees("#wire", "1 of 6").await;
    tab.fits().await;
    tab.screenshot(&format!("wire-established-{name}")).await;
}

#[tokio::test]
async fn a_handshake_is_held_dropped_and_delivered() {
    held_handshake(LAPTOP, "1280").await;
}

#[tokio::test]
async fn a_handshake_is_held_dropped_and_delivered_on_a_telephone() {
    held_handshake(PHONE, "320").await;
}

/// What a flow graph and a simulator show, by hand: a slow wire, one segment lost, and both ways closed one after the other.
#[tokio::test]
async fn a_ladder_with_delay_and_a_loss_by_hand() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = new_room(&browser, &server, LAPTOP).await;
    set(&tab, "wire-delay", "200").await;
    listen(&tab, 1).await;
    let accept = "conn, addr = l.accept()";
    type_line(&tab, "right", accept).await;
    newest_is(&tab, "right", accept, "waiting").await;
    do_line(&tab, "left", "c = socket.socket()").await;
    do_line(&tab, "left", "c.connect((\"server\", 12345))").await;
    newest_is(&tab, "right", accept, "done").await;
    tab.click("#wire", "Hold…").await;
    tab.sees("#wire .wire-head", "held").await;
    do_line(&tab, "left", "c.send(b\"a\")").await;
    // The last packet of the handshake may still be on its way: it is let go by itself.
    tab.shows("the segment to be held", "cardButton('Drop', 'PSH ACK 1 B')").await;
    // Where it was drawn may be out of sight at once: it is sent again. That it was dropped is looked for in the whole, below.
    tab.press_card("Drop", "PSH ACK 1 B").await;
    tab.click("#wire", "Let…").await;
    do_line(&tab, "right", "conn.recv(10)").await;
    tab.sees("#right .cc-log", "b'a'").await;
    do_line(&tab, "left", "c.shutdown(socket.SHUT_WR)").await;
    do_line(&tab, "right", "conn.recv(10)").await;
    tab.sees("#right .cc-log", "b''").await;
    tab.sees("#left .sockets", "FIN_WAIT2").await;
    tab.sees("#right .sockets", "CLOSE_WAIT").await;
    do_line(&tab, "right", "conn.close()").await;
    do_line(&tab, "left", "c.recv(10)").await;
    do_line(&tab, "left", "c.close()").await;
    follow(&tab).await;
    tab.sees("#wire", "TIME_WAIT").await;
    tab.fits().await;
    tab.screenshot("ladder-1280").await;
    tab.resize(PHONE.0, PHONE.1).await;
    tab.click("#views", "Wire…").await;
    tab.fits().await;
    tab.screenshot("ladder-320").await;
    tab.resize(LAPTOP.0, LAPTOP.1).await;
    tab.click("#wire", "Show…").await;
    tab.click(".wire-show-menu", "Packets as text (tcpdump)").await;
    for text in ["(dropped by hand)", "(2nd try)", "Flags [F.]"] {
        tab.sees("dialog", text).await;
    }
}

/// Sets one number of the menu "Wire…".
pub(super) async fn set(tab: &Tab, field: &str, value: &str) {
    tab.click("#wire", "Wire…").await;
    tab.script(&format!("const field = document.querySelector('#{field}'); field.focus(); field.select()"))
        .await;
    tab.type_text(value).await;
    tab.press("Enter").await;
    tab.sees(".wire-menu", "Set:").await;
    tab.press("Escape").await;
}

#[tokio::test]
async fn a_transfer_recovers_from_losses() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = new_room(&browser, &server, LAPTOP).await;
    listen(&tab, 5).await;
    do_line(&tab, "left", "s = socket.socket()").await;
    do_line(&tab, "left", CONNECT).await;
    do_line(&tab, "right", "conn, addr = l.accept()").await;
    set(&tab, "wire-loss", "20").await;
    tab.sees("#wire .wire-head", "20 % lost").await;
    let line = "s.sendall(b\"x\" * 60000)";
    type_line(&tab, "left", line).await;
    let mut got = 0;
    while got < 60_000 {
        let line = format!("data{got} = conn.recv(65536)");
        do_line(&tab, "right", &line).await;
        let length = format!("print(len(data{got}))");
        do_line(&tab, "right", &length).await;
        let said =
            "[...document.querySelectorAll('#right .cc-entry')].slice(-1)[0].innerText.split('\\n').pop()";
        got += tab.read(said).await.trim().parse::<u32>().expect("a length");
    }
    newest_is(&tab, "left", line, "done").await;
    tab.screenshot("wire-loss-1280").await;
    // In all of it, not only in what the window shows.
    tab.click("#wire", "Show…").await;
    tab.click(".wire-show-menu", "Packets as text (tcpdump)").await;
    tab.sees("dialog", "(lost by the wire)").await;
    tab.sees("dialog", "(2nd try)").await;
}

#[tokio::test]
async fn a_full_queue_leaves_the_third_unanswered_and_a_close_is_seen_whole() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = new_room(&browser, &server, LAPTOP).await;
    listen(&tab, 1).await;
    for number in 1..=2 {
        do_line(&tab, "left", &format!("s{number} = socket.socket()")).await;
        do_line(&tab, "left", &format!("s{number}.connect((\"server\", 12345))")).await;
    }
    do_line(&tab, "left", "s3 = socket.socket()").await;
    let third = "s3.connect((\"server\", 12345))";
    type_line(&tab, "left", third).await;
    tab.sees("#wire", "queue full, 2 of 2").await;
    newest_is(&tab, "left", third, "waiting").await;
    tab.sees("#left .cc-log", "queue is full (2 of 2)").await;
    tab.screenshot("wire-full-1280").await;
    // Room again: the kernel's next try gets through.
    do_line(&tab, "right", "conn, addr = l.accept()").await;
    newest_is(&tab, "left", third, "done").await;

    do_line(&tab, "left", "s1.close()").await;
    tab.sees("#wire", "FIN_WAIT2").await;
    tab.sees("#wire", "CLOSE_WAIT").await;
    do_line(&tab, "right", "conn.close()").await;
    tab.sees("#wire", "TIME_WAIT").await;
    tab.screenshot("wire-closed-1280").await;
    packets_as_a_file(&tab).await;
}

/// Saves the packets from the wire's menu.
async fn packets_as_a_file(tab: &Tab) {
    let folder =
        profile().parent().expect("target/PROFILE").join(format!("downloads-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let save = async || {
        tab.click("#wire", "Wire…").await;
        tab.click(".wire-menu", "Save packets (pcapng)").await;
    };
    let file = tab.saved_to(&folder, save).await;
    is_sound(&file);
    assert_ne!(tshark(&file, &["-Y", "tcp.flags.syn == 1 && tcp.flags.ack == 0"]), "");
    assert_ne!(tshark(&file, &["-Y", "tcp.flags.fin == 1"]), "");
    std::fs::remove_dir_all(folder).expect("it can be removed");
}

/// Everybody sees what somebody does to a machine, and whoever comes later, or comes back, finds it as it is.
#[tokio::test]
async fn what_is_changed_on_a_machine_is_told_and_known_after_a_reload() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = new_room(&browser, &server, LAPTOP).await;
    let retries = "document.querySelector('.wire-menu [aria-label=server] select')";
    let open = async || {
        tab.click("#wire", "Wire…").await;
        tab.click(".wire-menu [aria-label=server]", "Experiments").await;
    };
    open().await;
    tab.shows("what a machine begins with", &format!("{retries}?.value === '6'")).await;
    tab.script(&format!("{retries}.value = '3'; {retries}.dispatchEvent(new Event('change'))")).await;
    tab.sees(".wire-menu", "server, SYN retries: 3").await;
    tab.click(".wire-menu", "Cut the cable of server").await;
    tab.press("Escape").await;
    tab.sees("#wire", "server: tcp_syn_retries = 3, by you").await;
    tab.sees("#wire", "server: cable cut, by you").await;
    tab.screenshot("wire-machines-1280").await;

    tab.reload().await;
    entered(&tab).await;
    tab.sees("#wire", "server: cable cut").await;
    open().await;
    tab.shows("what was set", &format!("{retries}?.value === '3'")).await;
    tab.click(".wire-menu", "Mend the cable of server").await;
    tab.sees("#wire", "server: cable mended").await;
}

/// Whether the now-line is in sight.
const AT_THE_END: &str = "(() => {
    const [line, seen] = ['.wire-drawing .now', '.wire-scroll'].map((one) => document.querySelector(one)?.getBoundingClientRect());
    return line && line.bottom <= seen.bottom + 1 && line.top >= seen.top;
})()";

#[tokio::test]
async fn the_drawing_follows_until_its_reader_scrolls_up() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = new_room(&browser, &server, LAPTOP).await;
    let call = async |number: u32| {
        do_line(&tab, "left", &format!("s{number} = socket.socket()")).await;
        do_line(&tab, "left", &format!("s{number}.connect((\"tutorial\", 12345))")).await;
        let last = format!("recv({})", 1000 + number);
        do_line(&tab, "left", &format!("s{number}.{last}")).await;
        // Shown slowly, one event after the other.
        let rows = "[...document.querySelectorAll('#wire .wire-row')]";
        let ended = format!("{rows}.some((row) => row.ariaLabel?.includes('returned: {last}'))");
        tab.shows("the end of the call", &ended).await;
    };
    call(1).await;
    call(2).await;
    tab.shows("the newest", AT_THE_END).await;

    tab.scroll_by(".wire-scroll", -400).await;
    tab.sees(".wire-follow", "follow").await;
    let top = "document.querySelector('.wire-scroll').scrollTop";
    // A wheel's scrolling runs on for a moment.
    tab.shows("it to rest", &format!("window.rested === {top} || void (window.rested = {top})")).await;
    let before = tab.read(top).await;
    call(3).await;
    tab.sees(".wire-follow", " new, follow").await;
    assert_eq!(tab.read(top).await, before, "it stays where its reader is");
    // By its place: while it is looked for it may come to name one more.
    tab.click_middle(".wire-follow").await;
    tab.shows("the newest again", AT_THE_END).await;
    call(4).await;
    tab.shows("and so it stays", AT_THE_END).await;

    // A packet in the hand, and let go: the drawing grows and shrinks, and still follows.
    tab.click("#wire", "Hold…").await;
    do_line(&tab, "left", "s5 = socket.socket()").await;
    type_line(&tab, "left", "s5.connect((\"tutorial\", 12345))").await;
    tab.sees("#wire", "SYN ×2").await;
    tab.shows("the packet that is held", AT_THE_END).await;
    tab.press_card("Deliver", "SYN").await;
    tab.shows("an answer", "cardButton('Deliver', 'SYN ACK')").await;
    tab.shows("the answer, followed", AT_THE_END).await;
    tab.click("#wire", "Let…").await;
    newest_is(&tab, "left", "s5.connect((\"tutorial\", 12345))", "done").await;
    tab.shows("the end of all that", AT_THE_END).await;
    assert_eq!(tab.read("document.querySelector('.wire-follow').hidden").await, "true");
}

/// While another view has a telephone's screen the drawing grows unseen; whoever comes back finds its end.
#[tokio::test]
async fn who_walks_to_an_event_stays_there() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = new_room(&browser, &server, LAPTOP).await;
    for number in 1..=3 {
        do_line(&tab, "left", &format!("s{number} = socket.socket()")).await;
        do_line(&tab, "left", &format!("s{number}.connect((\"tutorial\", 12345))")).await;
    }
    listen(&tab, 5).await;
    // While a call waits the drawing is made anew all the time.
    type_line(&tab, "right", "l.accept()").await;
    tab.shows("the newest", AT_THE_END).await;

    tab.region("wire").await;
    tab.press("Home").await;
    tab.sees(".wire-follow", "follow").await;
    let top = "document.querySelector('.wire-scroll').scrollTop";
    let before = tab.read(top).await;
    type_line(&tab, "left", "s4 = socket.socket()").await;
    tab.sees(".wire-follow", " new, follow").await;
    assert_eq!(tab.read(top).await, before, "it stays where its reader went");

    // Whoever follows again and walks past is not taken back to where somebody once was.
    // By its place: while it is looked for it may come to name one more.
    tab.click_middle(".wire-follow").await;
    tab.shows("the newest again", AT_THE_END).await;
    tab.region("left").await;
    tab.region("wire").await;
    tab.press("ArrowDown").await;
    tab.shows("the newest event", "active().ariaRowIndex === active().closest('[role=table]').ariaRowCount")
        .await;
    tab.shows("and so it stays", AT_THE_END).await;
}

/// On a telephone: somebody listens on `server`, and the wire is held.
async fn held_on_a_telephone(browser: &Browser, server: &TestServer) -> Tab {
    let tab = new_room(browser, server, PHONE).await;
    listen(&tab, 5).await;
    view(&tab, PHONE, "Wire").await;
    tab.click("#wire", "Hold…").await;
    tab
}

#[tokio::test]
async fn on_a_telephone_the_drawing_has_followed_unseen() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = held_on_a_telephone(&browser, &server).await;
    tab.shows("the newest", AT_THE_END).await;
    for number in 1..=4 {
        do_line(&tab, "left", &format!("s{number} = socket.socket()")).await;
        type_line(&tab, "left", &format!("s{number}.connect((\"server\", 12345))")).await;
        newest_is(&tab, "left", &format!("s{number}.connect((\"server\", 12345))"), "waiting").await;
        view(&tab, PHONE, "Wire").await;
        tab.sees("#wire", if number == 1 { "1 packet held" } else { "packets held" }).await;
        tab.shows("the newest", AT_THE_END).await;
        assert_eq!(tab.read("document.querySelector('.wire-follow').hidden").await, "true");
    }
    tab.click("#wire", "Let…").await;
}

#[tokio::test]
async fn on_a_telephone_what_is_held_stays_at_hand() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = held_on_a_telephone(&browser, &server).await;
    do_line(&tab, "right", "d = socket.socket(type=socket.SOCK_DGRAM)").await;
    do_line(&tab, "right", "d.bind((\"\", 9999))").await;
    do_line(&tab, "left", "s = socket.socket(type=socket.SOCK_DGRAM)").await;
    // A datagram: of a segment the kernel would send copies, and its card go down to the newest.
    do_line(&tab, "left", "s.sendto(b\"hi\", (\"server\", 9999))").await;
    // What happens since takes the card out of the small view.
    for number in 1..=8 {
        do_line(&tab, "right", &format!("u{number} = socket.socket()")).await;
    }
    view(&tab, PHONE, "Wire").await;
    tab.shows("the newest", AT_THE_END).await;
    tab.sees(".wire-above", "↑ UDP 2 B").await;
    tab.fits().await;
    tab.screenshot("wire-320-above").await;

    tab.click(".wire-above", "Show UDP 2 B…").await;
    tab.sees(".wire-follow", "follow").await;
    tab.shows("the card itself", "place(cardButton('Deliver', 'UDP 2 B'))").await;
    tab.sees_no("#wire", "↑ UDP").await;
    tab.click("#wire", "follow").await;
    tab.shows("the newest again", AT_THE_END).await;
    tab.click(".wire-above", "Deliver UDP 2 B…").await;
    tab.sees_no("#wire", "↑ UDP").await;
    do_line(&tab, "right", "d.recvfrom(10)").await;
}

#[tokio::test]
async fn the_scrubber_goes_back_in_time_and_kinds_can_be_left_out() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    for (size, name) in [(LAPTOP, "1280"), (PHONE, "320")] {
        let tab = new_room(&browser, &server, size).await;
        do_line(&tab, "left", "s = socket.socket()").await;
        do_line(&tab, "left", "s.connect((\"tutorial\", 12345))").await;
        view(&tab, size, "Wire").await;
        tab.sees("#wire", "SYN ACK").await;
        tab.region("wire").await;
        tab.tab_to("Event shown last").await;
        tab.press("Home").await;
        tab.sees("#wire .wire-at", "1 of").await;
        tab.sees_no("#wire", "SYN ACK").await;
        // It plays to the end, which is what is live.
        tab.press(" ").await;
        tab.sees("#wire", "Pause").await;
        tab.press("End").await;
        tab.sees("#wire .wire-at", "live").await;
        tab.sees("#wire", "SYN ACK").await;

        tab.click("#wire", "Show…").await;
        tab.click(".wire-show-menu", "Packets").await;
        tab.sees_no("#wire .wire-stage", "SYN ACK").await;
        tab.sees("#wire .wire-stage", "connect()").await;
        tab.screenshot(&format!("wire-filter-{name}")).await;
        tab.click(".wire-show-menu", "Packets").await;
        tab.sees("#wire .wire-stage", "SYN ACK").await;
        tab.click(".wire-show-menu", "Packets as text (tcpdump)").await;
        tab.sees("dialog", "10.0.0.10.12345: Flags [S], seq").await;
        tab.fits().await;
        tab.screenshot(&format!("wire-text-{name}")).await;
    }
}
