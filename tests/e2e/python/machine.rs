//! What a program learns of its machine: Linux, names and addresses of the room, what nobody has closed.

use super::{in_a_page, js, text};

#[tokio::test]
async fn a_machine_tells_of_itself_as_linux_does() {
    let script = js(r#"import os, platform, shutil, socket, subprocess, sys, sysconfig
print(sys.platform, os.name, platform.system(), os.uname().sysname, os.uname().nodename, platform.node())
print(open("/etc/hosts").read().split("\n")[:3], open("/etc/hostname").read().strip())
print([line for line in open("/etc/services") if line.startswith("http\t")], open("/etc/resolv.conf").read().startswith('#'))
try:
    open("/etc/hosts", "w")
except OSError as error:
    print(error)
print(socket.gethostbyaddr("10.0.0.1"), socket.gethostbyaddr("client"), socket.gethostbyaddr("127.0.0.1")[0], socket.getfqdn("10.0.0.1"), socket.getfqdn())
print(socket.getnameinfo(("10.0.0.1", 80), 0), socket.getnameinfo(("10.0.0.1", 80), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV))
for ask in (lambda: socket.gethostbyaddr("10.0.0.77"), lambda: socket.gethostbyaddr("8.8.8.8"), lambda: socket.getservbyname("http", "udp")):
    try:
        ask()
    except OSError as error:
        print(type(error).__name__, isinstance(error, socket.herror), str(error)[:40])
print(socket.getservbyname("imap"), socket.getservbyport(53, "udp"), socket.getprotobyname("TCP"), socket.getprotobyname("igmp"))
print(sysconfig.get_config_var("EXT_SUFFIX") is not None, platform.platform().startswith("Linux"))
open("a", "w").write("copied")
shutil.copy("a", "b")
print(open("b").read())
try:
    subprocess.run(["ls"])
except OSError as error:
    print(str(error)[:50])
import warnings
warnings.simplefilter("default")
def forget():
    s = socket.socket()
    s.bind(("", 5000))
forget()
held = socket.socket()
"#);
    let result = in_a_page(&format!("return run('client', {script});")).await;
    let told = "linux posix Linux Linux client client\n\
        ['127.0.0.1\\tlocalhost', '10.0.0.1\\tserver', '10.0.0.2\\tclient'] client\n\
        ['http\\t\\t80/tcp\\t\\twww\\n'] True\n\
        [Errno 13] Permission denied: '/etc/hosts'\n\
        ('server', [], ['10.0.0.1']) ('client', [], ['10.0.0.2']) localhost server client\n\
        ('server', 'http') ('10.0.0.1', '80')\n\
        herror True [Errno 1] Unknown host\n\
        NoReverseName True This lab asks nobody outside the room wh\n\
        OSError False service/proto not found\n\
        143 domain 6 2\n\
        True True\n\
        copied\n\
        [Errno 38] subprocess: there are no processes here\n\
        {script.py:30: ResourceWarning: unclosed <socket.socket fd=3, family=2, type=1, proto=0, laddr=('0.0.0.0', 5000)>\n";
    assert!(text(&result).starts_with(told), "{}", text(&result));
    assert!(text(&result).contains("ResourceWarning: unclosed <socket.socket fd=3"), "{}", text(&result));
}

/// A machine that came after the program began is in its /etc/hosts, with and without shared memory.
#[tokio::test]
async fn who_comes_later_is_named_too() {
    let script = js(
        "import socket\ninput()\nprint(open('/etc/hosts').read().count('\\n'), socket.gethostbyaddr('10.0.0.3')[2])\n",
    );
    let result = in_a_page(&format!(
        "const isolated = await start('client', 'first.py', {script});
        Object.defineProperty(globalThis, 'crossOriginIsolated', {{ value: false }});
        const plain = await start('server', 'second.py', {script});
        for (const one of [isolated, plain]) await until(one, ({{ state }}) => state === 'input');
        const before = room.hosts.length;
        const came = new Promise((resolve) => room.on('change', () => room.hosts.length > before && resolve()));
        await openRoom(room.links.join);
        await came;
        for (const {{ run }} of [isolated, plain]) run.input('');
        return [before + 2, await all(isolated), await all(plain)];"
    ))
    .await;
    let told = format!("{} ['10.0.0.3']\n", result[0]);
    assert_eq!((text(&result[1]), text(&result[2])), (told.as_str(), told.as_str()), "{result}");
}
