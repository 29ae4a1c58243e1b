//! What a line by hand does to the names of its machine, as far as a plan has to know: `c = socket.socket()`,
//! `conn, addr = l.accept()`, `c.connect(("server", 12345))`. Lessons are ours: the console has the whole grammar.

/// A line as a plan reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HandLine<'a> {
    /// The name that gets the socket.
    pub(crate) assigns: Option<&'a str>,
    /// The name whose method is called; none for functions of `socket`.
    pub(crate) object: Option<&'a str>,
    /// The call, as Python spells it.
    pub(crate) call: &'a str,
    /// What stands between the brackets.
    arguments: &'a str,
}

impl<'a> HandLine<'a> {
    /// Reads a line; none where it makes no call.
    pub(crate) fn read(line: &'a str) -> Option<Self> {
        let (path, rest) = line.split_once('(')?;
        let (assigns, path) = match path.split_once('=') {
            Some((names, path)) => (names.split(',').next().map(str::trim), path.trim()),
            None => (None, path.trim()),
        };
        let (object, call) =
            path.rsplit_once('.').map_or((None, path), |(object, call)| (Some(object), call));
        let object = object.filter(|object| *object != "socket");
        Some(Self { assigns, object, call, arguments: rest.trim_end().strip_suffix(')').unwrap_or(rest) })
    }

    /// The last number of the arguments: a port, a backlog.
    pub(crate) fn number(&self) -> Option<u16> {
        let digits = |c: char| !c.is_ascii_digit();
        self.arguments.rsplit(digits).find(|text| !text.is_empty())?.parse().ok()
    }

    /// The text in quotes: the machine a connect goes to.
    pub(crate) fn text(&self) -> Option<&'a str> {
        self.arguments.split('"').nth(1)
    }

    /// The machine that a connect from `host` goes to: that one itself for its loopback.
    pub(crate) fn machine<'h>(&self, host: &'h str) -> Option<&'h str>
    where
        'a: 'h,
    {
        self.text().map(|text| if matches!(text, "localhost" | "127.0.0.1") { host } else { text })
    }

    /// The name whose socket it makes or brings further.
    pub(crate) fn built(&self) -> Option<&'a str> {
        if matches!(self.call, "socket" | "accept") { self.assigns } else { self.object }
    }

    /// Whether it makes, binds or connects a socket: what the state of the sockets tells, and no counting.
    pub(crate) fn is_structure(&self) -> bool {
        matches!(self.call, "socket" | "bind" | "listen" | "accept" | "connect")
    }
}

#[cfg(test)]
mod tests {
    use super::HandLine;

    #[test]
    fn lines_of_lessons() {
        let line = HandLine::read("conn, addr = l.accept()").expect("a call");
        assert_eq!((line.assigns, line.object, line.call), (Some("conn"), Some("l"), "accept"));
        let line = HandLine::read("c.connect((\"server\", 12345))").expect("a call");
        assert_eq!((line.assigns, line.object, line.call), (None, Some("c"), "connect"));
        assert_eq!((line.text(), line.number()), (Some("server"), Some(12345)));
        assert_eq!(line.machine("client"), Some("server"));
        let line = HandLine::read("c.connect((\"127.0.0.1\", 12345))").expect("a call");
        assert_eq!((line.machine("client"), line.number()), (Some("client"), Some(12345)));
        let line = HandLine::read("u = socket.socket(socket.AF_INET, socket.SOCK_STREAM)").expect("a call");
        assert_eq!((line.assigns, line.object, line.call), (Some("u"), None, "socket"));
        let line = HandLine::read("l.listen(5)").expect("a call");
        assert_eq!((line.number(), line.is_structure()), (Some(5), true));
        assert!(!HandLine::read("conn.sendall(b\"x\" * 10000)").expect("a call").is_structure());
        assert_eq!(HandLine::read("port = 12345"), None);
    }
}
