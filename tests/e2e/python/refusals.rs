//! What goes wrong, and in whose words.

use super::{case, in_a_page, js, text};

#[tokio::test]
async fn errors_are_cpythons_with_linuxs_numbers() {
    let refused = js("import socket\ns = socket.socket()\ns.connect((\"server\", 1))\n");
    let arguments = js("import socket\ns = socket.socket()\ns.connect(\"127.0.0.1\", 80)\n");
    let syntax = js("import socket\nprint \"hello\"\n");
    let ssl = js("import ssl\n");
    let full = js("import socket\nheld = []\nwhile True:\n    held.append(socket.socket())\n");
    let exit = js("import sys\nsys.exit(3)\n");
    let result = in_a_page(&format!(
        "const result = {{}};
        for (const [name, source] of Object.entries({{ refused: {refused}, arguments: {arguments}, syntax: {syntax},
          ssl: {ssl}, full: {full}, exit: {exit} }})) result[name] = await run('client', source);
        return result;"
    ))
    .await;
    let told = "{Traceback (most recent call last):\n  File \"script.py\", line 3, in <module>\n    \
        s.connect((\"server\", 1))\n    ~~~~~~~~~^^^^^^^^^^^^^^^\nConnectionRefusedError: [Errno 111] Connection refused\n}";
    assert_eq!(text(&result["refused"]), told);
    let error = &result["refused"]["exit"]["error"];
    assert_eq!(error["type"], "ConnectionRefusedError");
    assert_eq!((error["errno"].as_i64(), error["line"].as_i64()), (Some(111), Some(3)));
    for (name, last) in [
        ("arguments", "TypeError: socket.connect() takes exactly one argument (2 given)\n}"),
        ("syntax", "SyntaxError: Missing parentheses in call to 'print'. Did you mean print(...)?\n}"),
        ("ssl", "Use http, not https.\n}"),
        ("full", "OSError: [Errno 24] Too many open files\n}"),
    ] {
        let run = &result[name];
        assert!(text(run).ends_with(last), "{name}: {run}");
        assert_eq!(
            (run["exit"]["status"].as_str(), run["exit"]["code"].as_i64()),
            (Some("error"), Some(1)),
            "{name}"
        );
    }
    assert!(!text(&result["syntax"]).contains("Traceback"), "{}", result["syntax"]);
    assert_eq!(result["full"]["exit"]["error"]["errno"], 24);
    assert_eq!((text(&result["exit"]), result["exit"]["exit"]["code"].as_i64()), ("", Some(3)));
}

#[tokio::test]
async fn a_rule_of_the_lab_is_no_errno() {
    let script = js("import socket\ns = socket.socket()\ns.connect((\"192.168.1.10\", 22))\n");
    let result = in_a_page(&format!(
        "const refused = await run('client', {script});
        const watcher = await openRoom(room.links.watch);
        const viewer = await watcher.run('client', 'a.py', 'print(1)').then(() => 'runs', (error) => error.name);
        const long = await room.run('client', 'a.py', 'x = 1\\n'.repeat(200000)).then(() => 'runs', (error) => [error.name, error.code]);
        return {{ refused, viewer, long, programs: room.programs.filter(({{ name }}) => name === 'a.py').length }};"
    ))
    .await;
    let refused = &result["refused"];
    assert!(
        text(refused).contains("wireside.PolicyError: This lab does not connect to 192.168.1.10:22 (rule: "),
        "{refused}"
    );
    assert!(text(refused).contains("The network was not asked"), "{refused}");
    assert_eq!(refused["exit"]["error"]["errno"], serde_json::Value::Null);
    assert_eq!(result["viewer"], "PolicyError");
    assert_eq!(result["long"], serde_json::json!(["PythonError", "source"]));
    assert_eq!(result["programs"], 0);
}

/// One table of numbers for files and sockets, of errors as of descriptors.
#[tokio::test]
async fn files_have_linuxs_errors_and_no_sockets_number() {
    let script = js(r#"import errno, os, socket
for attempt in (lambda: open("missing"), lambda: os.mkdir("/tmp"), lambda: open("/tmp"), lambda: os.close(900)):
    try:
        attempt()
    except OSError as error:
        print(type(error).__name__, error, errno.errorcode[error.errno])
print(repr(OSError(errno.ECONNREFUSED, "no")), repr(OSError(errno.ENOENT, "no")))
with open("notes.txt", "w") as file:
    s = socket.socket()
    listener = socket.create_server(("", 7))
    s.connect(("localhost", 7))
    accepted, _ = listener.accept()
    print(file.fileno() == s.fileno(), os.write(s.fileno(), b"bytes"), os.read(accepted.fileno(), 9))
print(repr(open("notes.txt").read()))
os.write(1, b"by number\n")
try:
    socket.gethostbyname("256.1.1.1")
except socket.gaierror as error:
    print(error)
os._exit(5)
"#);
    let result = in_a_page(&format!("return run('client', {script});")).await;
    let told = "FileNotFoundError [Errno 2] No such file or directory: 'missing' ENOENT\n\
        FileExistsError [Errno 17] File exists: '/tmp' EEXIST\nIsADirectoryError [Errno 21] Is a directory: '/tmp' EISDIR\n\
        OSError [Errno 9] Bad file descriptor EBADF\nConnectionRefusedError(111, 'no') FileNotFoundError(2, 'no')\n\
        False 5 b'bytes'\n''\nby number\n[Errno -2] Name or service not known\n";
    assert_eq!(text(&result), told);
    assert_eq!(
        (result["exit"]["status"].as_str(), result["exit"]["code"].as_i64()),
        (Some("exited"), Some(5))
    );
}

/// asyncio keeps what the kernel does not take at once.
#[tokio::test]
async fn asyncio_writes_all_of_it_to_a_slow_reader() {
    let reader = js(
        "import socket\nl = socket.create_server(('', 8000))\nc, _ = l.accept()\ntotal = 0\nwhile data := c.recv(65536):\n    total += len(data)\nprint(total)\n",
    );
    let writer = js(
        "import asyncio\nasync def main():\n    _, writer = await asyncio.open_connection('server', 8000)\n    writer.write(bytes(2_000_000))\n    writer.close()\n    await writer.wait_closed()\nasyncio.run(main())\n",
    );
    let result = in_a_page(&format!(
        "const reader = await start('server', 'reader.py', {reader});
        await until(reader, waits('accept'));
        const written = await run('client', {writer});
        return [written, await all(reader)];"
    ))
    .await;
    assert_eq!((text(&result[0]), text(&result[1])), ("", "2000000\n"), "{result}");
}

/// Each in the class that a program expects, with why and what to use instead.
#[tokio::test]
async fn what_a_page_cannot_have_says_so_in_a_sentence() {
    let script = js(r#"import asyncio, os
def attempt(source):
    try:
        exec(source, {"asyncio": asyncio, "os": os})
    except BaseException as error:
        print(type(error).__name__, getattr(error, "errno", None), str(error).partition(":")[2].split(".")[0].split(",")[0], sep="|")
for source in (
    "os.fork()",
    "os.execv('/bin/ls', ['ls'])",
    "os.popen('ls')",
    "import subprocess; subprocess.run(['ls'])",
    "import multiprocessing; multiprocessing.Process(target=print).start()",
    "from multiprocessing import Pool; Pool(2)",
    "from concurrent.futures import ProcessPoolExecutor; ProcessPoolExecutor().submit(print)",
    "asyncio.run(asyncio.create_subprocess_exec('ls'))",
    "import ssl",
    "import urllib.request; urllib.request.urlopen('https://server/')",
    "import http.client; http.client.HTTPSConnection('server')",
    "import smtplib; smtplib.SMTP().starttls()",
    "os.wait()",
):
    attempt(source)
print(os.waitstatus_to_exitcode(os.system("clear")))
"#);
    let result = in_a_page(&format!("return run('client', {script});")).await;
    let no = " there are no processes here";
    let told = text(&result);
    let said = told.lines().filter(|line| line.contains('|')).collect::<Vec<_>>();
    let (fork, run) = (
        format!("OSError|38|{no}: a program lives in a page"),
        format!("OSError|38|{no}: no other program can be started from a page"),
    );
    let ssl = " in this page sockets carry plain bytes";
    let expected = [
        fork.clone(),
        run.clone(),
        run.clone(),
        run,
        fork.clone(),
        fork.clone(),
        fork,
        "NotImplementedError|None| no other program can be started from a page".to_owned(),
        format!("ModuleNotFoundError|None|{ssl}"),
        format!("URLError|None|{ssl}"),
        format!("AttributeError|None| ssl is not here:{ssl}"),
        format!("RuntimeError|None|{ssl}"),
        "ChildProcessError|10|".to_owned(),
    ];
    assert_eq!(said, expected, "{told}");
    assert!(told.contains("{os.system: there is no shell here, and no other program can be started from a page (clear)\n}127"), "{told}");
}

/// Programs that learners bring and that cannot run here: a sentence of their traceback names what is missing.
#[tokio::test]
async fn programs_that_cannot_run_here_end_in_a_sentence() {
    let sources = [
        (
            "14-localhost-is-two-addresses/server.py",
            "The machines of this lab have no IPv6, not even on their loopback: use AF_INET and IPv4 addresses.\n}",
        ),
        (
            "15-multicast-group/server.py",
            "The socket option IP_ADD_MEMBERSHIP: Linux has it, this lab does not (no multicast)\n}",
        ),
        (
            "15-multicast-group/client.py",
            "The socket option IP_MULTICAST_IF: Linux has it, this lab does not (no multicast)\n}",
        ),
        (
            "17-icmp-pinger/client.py",
            "SOCK_DGRAM with IPPROTO_ICMP -> NotAvailable This lab has no raw sockets (SOCK_RAW), and none for ICMP: it has SOCK_STREAM (TCP) \
             and SOCK_DGRAM (UDP). \"By hand\" has ping(), and every packet is on the wire to be read.\n",
        ),
        (
            "43-tls-to-a-plain-port/client.py",
            "ssl is not here: in this page sockets carry plain bytes, so that their packets can be read. Use http, not https.\n}",
        ),
    ];
    let list = sources.map(|(name, _)| js(&case(name))).join(", ");
    let (forking, caller) =
        (js(&case("31-fork-per-client/server.py")), js(&case("31-fork-per-client/client.py")));
    let result = in_a_page(&format!(
        "const said = [];
        for (const source of [{list}]) said.push((await run('server', source)).text);
        const forking = await start('server', 'server.py', {forking});
        await until(forking, waits('accept'));
        const caller = await run('client', {caller});
        return {{ said, forking: (await all(forking)).text, caller }};"
    ))
    .await;
    for ((name, last), said) in sources.iter().zip(result["said"].as_array().expect("a list")) {
        assert!(said.as_str().is_some_and(|said| said.ends_with(last)), "{name}: {said}");
    }
    let forking = result["forking"].as_str().expect("a text");
    assert!(
        forking.contains("os.fork: there are no processes here") && forking.contains("use a thread"),
        "{forking}"
    );
}
