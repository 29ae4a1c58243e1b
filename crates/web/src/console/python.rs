//! Names that Python has, whether or not the prompt carries them out: what is known there must not be called unknown.

use super::{names, value::Value};

/// Names that every Python program has.
const BUILT_IN: &str = "\
    ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError \
    BrokenPipeError BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError \
    ConnectionRefusedError ConnectionResetError DeprecationWarning EOFError Ellipsis EncodingWarning \
    EnvironmentError Exception ExceptionGroup False FileExistsError FileNotFoundError FloatingPointError \
    FutureWarning GeneratorExit IOError ImportError ImportWarning IndentationError IndexError \
    InterruptedError IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError \
    ModuleNotFoundError NameError None NotADirectoryError NotImplemented NotImplementedError OSError \
    OverflowError PendingDeprecationWarning PermissionError ProcessLookupError RecursionError \
    ReferenceError ResourceWarning RuntimeError RuntimeWarning StopAsyncIteration StopIteration \
    SyntaxError SyntaxWarning SystemError SystemExit TabError TimeoutError True TypeError \
    UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError \
    UnicodeWarning UserWarning ValueError Warning ZeroDivisionError abs aiter all anext any ascii bin \
    bool breakpoint bytearray bytes callable chr classmethod compile complex copyright credits delattr \
    dict dir divmod enumerate eval exec exit filter float format frozenset getattr globals hasattr hash \
    help hex id input int isinstance issubclass iter len license list locals map max memoryview min next \
    object oct open ord pow print property quit range repr reversed round set setattr slice sorted \
    staticmethod str sum super tuple type vars zip";

/// Modules of the standard library that a program may import.
const MODULES: &str = "\
    abc aifc argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii bisect \
    builtins bz2 cProfile calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys \
    compileall concurrent configparser contextlib contextvars copy copyreg crypt csv ctypes curses \
    dataclasses datetime dbm decimal difflib dis distutils doctest email encodings ensurepip enum errno \
    faulthandler fcntl filecmp fileinput fnmatch fractions ftplib functools gc genericpath getopt \
    getpass gettext glob graphlib grp gzip hashlib heapq hmac html http imaplib imghdr imp importlib \
    inspect io ipaddress itertools json keyword linecache locale logging lzma mailbox mailcap marshal \
    math mimetypes mmap modulefinder msvcrt multiprocessing netrc nis nntplib numbers operator optparse \
    os ossaudiodev pathlib pdb pickle pickletools pipes pkgutil platform plistlib poplib posix posixpath \
    pprint profile pstats pty pwd py_compile pyclbr pydoc pyexpat queue quopri random re readline \
    reprlib resource rlcompleter runpy sched secrets select selectors shelve shlex shutil signal site \
    smtpd smtplib sndhdr socket socketserver spwd sqlite3 ssl stat statistics string stringprep struct \
    subprocess sunau symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios textwrap \
    threading time timeit tkinter token tokenize tomllib trace traceback tracemalloc tty turtle types \
    typing unicodedata unittest urllib uu uuid venv warnings wave weakref webbrowser wsgiref xdrlib xml \
    xmlrpc zipapp zipfile zipimport zlib zoneinfo";

/// Names of the `socket` module on Linux.
const SOCKET: &str = "\
    AF_ALG AF_APPLETALK AF_ASH AF_ATMPVC AF_ATMSVC AF_AX25 AF_BRIDGE AF_CAN AF_DECnet AF_ECONET AF_IPX \
    AF_IRDA AF_KEY AF_LLC AF_NETBEUI AF_NETLINK AF_NETROM AF_PACKET AF_PPPOX AF_QIPCRTR AF_RDS AF_ROSE \
    AF_ROUTE AF_SECURITY AF_SNA AF_TIPC AF_VSOCK AF_WANPIPE AF_X25 AI_ADDRCONFIG AI_ALL AI_CANONNAME \
    AI_NUMERICHOST AI_NUMERICSERV AI_V4MAPPED ALG_OP_DECRYPT ALG_OP_ENCRYPT ALG_OP_SIGN ALG_OP_VERIFY \
    ALG_SET_AEAD_ASSOCLEN ALG_SET_AEAD_AUTHSIZE ALG_SET_IV ALG_SET_KEY ALG_SET_OP ALG_SET_PUBKEY \
    AddressFamily AddressInfo CAN_BCM CAN_BCM_CAN_FD_FRAME CAN_BCM_RX_ANNOUNCE_RESUME CAN_BCM_RX_CHANGED \
    CAN_BCM_RX_CHECK_DLC CAN_BCM_RX_DELETE CAN_BCM_RX_FILTER_ID CAN_BCM_RX_NO_AUTOTIMER CAN_BCM_RX_READ \
    CAN_BCM_RX_RTR_FRAME CAN_BCM_RX_SETUP CAN_BCM_RX_STATUS CAN_BCM_RX_TIMEOUT CAN_BCM_SETTIMER \
    CAN_BCM_STARTTIMER CAN_BCM_TX_ANNOUNCE CAN_BCM_TX_COUNTEVT CAN_BCM_TX_CP_CAN_ID CAN_BCM_TX_DELETE \
    CAN_BCM_TX_EXPIRED CAN_BCM_TX_READ CAN_BCM_TX_RESET_MULTI_IDX CAN_BCM_TX_SEND CAN_BCM_TX_SETUP \
    CAN_BCM_TX_STATUS CAN_EFF_FLAG CAN_EFF_MASK CAN_ERR_FLAG CAN_ERR_MASK CAN_ISOTP CAN_J1939 CAN_RAW \
    CAN_RAW_FD_FRAMES CAN_RAW_FILTER CAN_RAW_JOIN_FILTERS CAN_RAW_LOOPBACK CAN_RAW_RECV_OWN_MSGS \
    CAN_RTR_FLAG CAN_SFF_MASK CAPI CMSG_LEN CMSG_SPACE EAGAIN EAI_ADDRFAMILY EAI_BADFLAGS EAI_FAMILY \
    EAI_MEMORY EAI_OVERFLOW EAI_SERVICE EAI_SOCKTYPE EAI_SYSTEM EBADF EWOULDBLOCK INADDR_ALLHOSTS_GROUP \
    INADDR_BROADCAST INADDR_LOOPBACK INADDR_MAX_LOCAL_GROUP INADDR_NONE INADDR_UNSPEC_GROUP \
    IOCTL_VM_SOCKETS_GET_LOCAL_CID IPPORT_RESERVED IPPORT_USERRESERVED IPPROTO_AH IPPROTO_DSTOPTS \
    IPPROTO_EGP IPPROTO_ESP IPPROTO_FRAGMENT IPPROTO_GRE IPPROTO_HOPOPTS IPPROTO_ICMPV6 IPPROTO_IDP \
    IPPROTO_IGMP IPPROTO_IPIP IPPROTO_MPTCP IPPROTO_NONE IPPROTO_PIM IPPROTO_PUP IPPROTO_RAW \
    IPPROTO_ROUTING IPPROTO_RSVP IPPROTO_SCTP IPPROTO_TP IPPROTO_UDPLITE IPV6_CHECKSUM IPV6_DONTFRAG \
    IPV6_DSTOPTS IPV6_HOPLIMIT IPV6_HOPOPTS IPV6_JOIN_GROUP IPV6_LEAVE_GROUP IPV6_MULTICAST_HOPS \
    IPV6_MULTICAST_IF IPV6_MULTICAST_LOOP IPV6_NEXTHOP IPV6_PATHMTU IPV6_PKTINFO IPV6_RECVDSTOPTS \
    IPV6_RECVHOPLIMIT IPV6_RECVHOPOPTS IPV6_RECVPATHMTU IPV6_RECVPKTINFO IPV6_RECVRTHDR IPV6_RECVTCLASS \
    IPV6_RTHDR IPV6_RTHDRDSTOPTS IPV6_RTHDR_TYPE_0 IPV6_TCLASS IPV6_UNICAST_HOPS IP_ADD_MEMBERSHIP \
    IP_BIND_ADDRESS_NO_PORT IP_DEFAULT_MULTICAST_LOOP IP_DEFAULT_MULTICAST_TTL IP_DROP_MEMBERSHIP \
    IP_HDRINCL IP_MAX_MEMBERSHIPS IP_MULTICAST_IF IP_MULTICAST_LOOP IP_MULTICAST_TTL IP_OPTIONS \
    IP_RECVOPTS IP_RECVRETOPTS IP_RECVTOS IP_RETOPTS IP_TRANSPARENT IntEnum IntFlag \
    J1939_EE_INFO_NONE J1939_EE_INFO_TX_ABORT J1939_FILTER_MAX J1939_IDLE_ADDR J1939_MAX_UNICAST_ADDR \
    J1939_NLA_BYTES_ACKED J1939_NLA_PAD J1939_NO_ADDR J1939_NO_NAME J1939_NO_PGN \
    J1939_PGN_ADDRESS_CLAIMED J1939_PGN_ADDRESS_COMMANDED J1939_PGN_MAX J1939_PGN_PDU1_MAX \
    J1939_PGN_REQUEST MSG_CMSG_CLOEXEC MSG_CONFIRM MSG_CTRUNC MSG_DONTROUTE MSG_EOR MSG_ERRQUEUE \
    MSG_FASTOPEN MSG_TRUNC MsgFlag NETLINK_CRYPTO NETLINK_DNRTMSG NETLINK_FIREWALL NETLINK_IP6_FW \
    NETLINK_NFLOG NETLINK_ROUTE NETLINK_USERSOCK NETLINK_XFRM NI_DGRAM NI_MAXHOST NI_MAXSERV NI_NAMEREQD \
    NI_NOFQDN NI_NUMERICHOST NI_NUMERICSERV PACKET_BROADCAST PACKET_FASTROUTE PACKET_HOST \
    PACKET_LOOPBACK PACKET_MULTICAST PACKET_OTHERHOST PACKET_OUTGOING PF_CAN PF_PACKET PF_RDS \
    SCM_CREDENTIALS SCM_J1939_DEST_ADDR SCM_J1939_DEST_NAME SCM_J1939_ERRQUEUE SCM_J1939_PRIO SCM_RIGHTS \
    SOCK_CLOEXEC SOCK_NONBLOCK SOCK_RDM SOCK_SEQPACKET SOL_ALG SOL_CAN_BASE SOL_CAN_RAW SOL_RDS SOL_TIPC \
    SOL_UDP SO_BINDTODEVICE SO_INCOMING_CPU SO_J1939_ERRQUEUE SO_J1939_FILTER \
    SO_J1939_PROMISC SO_J1939_SEND_PRIO SO_MARK SO_PASSCRED SO_PASSSEC SO_PEERCRED SO_PEERSEC \
    SO_RCVLOWAT \
    SO_VM_SOCKETS_BUFFER_MAX_SIZE SO_VM_SOCKETS_BUFFER_MIN_SIZE SO_VM_SOCKETS_BUFFER_SIZE SocketIO \
    SocketKind SocketType TCP_FASTOPEN \
    TIPC_ADDR_ID TIPC_ADDR_NAME TIPC_ADDR_NAMESEQ \
    TIPC_CFG_SRV TIPC_CLUSTER_SCOPE TIPC_CONN_TIMEOUT TIPC_CRITICAL_IMPORTANCE TIPC_DEST_DROPPABLE \
    TIPC_HIGH_IMPORTANCE TIPC_IMPORTANCE TIPC_LOW_IMPORTANCE TIPC_MEDIUM_IMPORTANCE TIPC_NODE_SCOPE \
    TIPC_PUBLISHED TIPC_SRC_DROPPABLE TIPC_SUBSCR_TIMEOUT TIPC_SUB_CANCEL TIPC_SUB_PORTS \
    TIPC_SUB_SERVICE TIPC_TOP_SRV TIPC_WAIT_FOREVER TIPC_WITHDRAWN TIPC_ZONE_SCOPE UDPLITE_RECV_CSCOV \
    UDPLITE_SEND_CSCOV VMADDR_CID_ANY VMADDR_CID_HOST VMADDR_PORT_ANY VM_SOCKETS_INVALID_VERSION close \
    create_connection create_server dup error fromfd gaierror getaddrinfo getdefaulttimeout getfqdn \
    gethostbyaddr gethostbyname gethostbyname_ex gethostname getnameinfo getprotobyname getservbyname \
    getservbyport has_dualstack_ipv6 has_ipv6 herror htonl htons if_indextoname if_nameindex \
    if_nametoindex inet_aton inet_ntoa inet_ntop inet_pton ntohl ntohs recv_fds send_fds \
    setdefaulttimeout sethostname socket socketpair timeout";

/// Names of the `select` module on Linux.
const SELECT: &str = "\
    EPOLLERR EPOLLET EPOLLEXCLUSIVE EPOLLHUP EPOLLIN EPOLLMSG EPOLLONESHOT EPOLLOUT EPOLLPRI EPOLLRDBAND \
    EPOLLRDHUP EPOLLRDNORM EPOLLWRBAND EPOLLWRNORM EPOLL_CLOEXEC PIPE_BUF POLLMSG POLLRDBAND POLLRDNORM \
    POLLWRBAND POLLWRNORM epoll error poll select";

/// What a socket has.
const OF_SOCKET: &str = "\
    accept bind close connect connect_ex detach dup family fileno get_inheritable getblocking \
    getpeername getsockname getsockopt gettimeout listen makefile proto recv recv_into recvfrom \
    recvfrom_into recvmsg recvmsg_into send sendall sendfile sendmsg sendmsg_afalg sendto \
    set_inheritable setblocking setsockopt settimeout shutdown timeout type";

/// What a str has.
const OF_STR: &str = "\
    capitalize casefold center count encode endswith expandtabs find format format_map index isalnum \
    isalpha isascii isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper \
    join ljust lower lstrip maketrans partition removeprefix removesuffix replace rfind rindex rjust \
    rpartition rsplit rstrip split splitlines startswith strip swapcase title translate upper zfill";

/// What a bytes has.
const OF_BYTES: &str = "\
    capitalize center count decode endswith expandtabs find fromhex hex index isalnum isalpha isascii \
    isdigit islower isspace istitle isupper join ljust lower lstrip maketrans partition removeprefix \
    removesuffix replace rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip \
    swapcase title translate upper zfill";

/// What a list has.
const OF_LIST: &str = "\
    append clear copy count extend index insert pop remove reverse sort";

/// What a tuple has.
const OF_TUPLE: &str = "\
    count index";

/// What an int has.
const OF_INT: &str = "\
    as_integer_ratio bit_count bit_length conjugate denominator from_bytes imag numerator real to_bytes";

/// What a float has.
const OF_FLOAT: &str = "\
    as_integer_ratio conjugate fromhex hex imag is_integer real";

/// Keywords, also those that are keywords only in places.
const WORDS: &str = "\
    and as assert async await break case class continue def del elif else except exec finally for from \
    global if import in is lambda match nonlocal not or pass print raise return try type while with \
    yield";

fn holds(names: &str, name: &str) -> bool {
    names.split(' ').any(|known| known == name)
}

/// Whether Python itself has this name, or a module of this name that a program can import.
pub fn knows(name: &str) -> bool {
    holds(BUILT_IN, name) || is_module(name)
}

/// Whether the standard library has this module.
pub fn is_module(name: &str) -> bool {
    holds(MODULES, name)
}

/// Whether a module has this name.
pub fn module_has(module: &str, name: &str) -> bool {
    let special = name.starts_with("__") && name.ends_with("__");
    special || is_here(module, name) || holds(if module == "select" { SELECT } else { SOCKET }, name)
}

/// Whether a value has this attribute.
pub fn value_has(value: &Value, name: &str) -> bool {
    let names = match value {
        Value::Socket(_) => OF_SOCKET,
        Value::Str(_) => OF_STR,
        Value::Bytes(_) => OF_BYTES,
        Value::List(_) => OF_LIST,
        Value::Tuple(_) => OF_TUPLE,
        Value::Int(_) | Value::Bool(_) => OF_INT,
        // Families and kinds are enumerations.
        Value::Named(..) => return holds(OF_INT, name) || matches!(name, "name" | "value"),
        Value::Float(_) => OF_FLOAT,
        Value::Module(module) => return module_has(module, name),
        Value::None => "",
    };
    (name.starts_with("__") && name.ends_with("__")) || holds(names, name)
}

/// Whether the prompt has this name of a module.
pub fn is_here(module: &str, name: &str) -> bool {
    match module {
        "socket" => names::socket_names().any(|known| known == name),
        _ => matches!(name, "select") || names::select_constant(name).is_some(),
    }
}

/// Whether a word is one of Python's that begin, join or end something larger than a call: two names side by side are
/// wrong Python, but not with one of these.
pub fn is_word(name: &str) -> bool {
    holds(WORDS, name)
}

#[cfg(test)]
mod tests {
    use super::{is_word, knows, module_has, value_has};
    use crate::console::value::Value;

    #[test]
    fn what_python_has_is_known_and_what_it_has_not_is_not() {
        for name in ["help", "exit", "range", "time", "threading", "ValueError"] {
            assert!(knows(name), "{name}");
        }
        assert!(!knows("hepl") && !knows(""));
        assert!(
            module_has("socket", "inet_aton")
                && module_has("select", "epoll")
                && !module_has("socket", "foo")
        );
        assert!(
            value_has(&Value::Str(String::new()), "upper") && !value_has(&Value::Bytes(Vec::new()), "encode")
        );
        assert!(is_word("lambda") && is_word("and") && !is_word("socket"));
    }
}
