//! What the page asks of the room besides calls, and what it tells the others in it.

use super::Client;
use crate::{
    call::CallError,
    id::{CallId, HostId, MemberId, ProgramId},
    limits,
    message::{ClientMessage, HostCommand, WireCommand},
    room::{Lifetime, StepOutcome},
};

impl Client {
    /// Starts a program; answered by [`ClientEvent::Program`](super::ClientEvent::Program), or
    /// [`ClientEvent::Result`](super::ClientEvent::Result) with an error.
    ///
    /// # Errors
    /// A limit that the server would refuse it for.
    pub fn open_program(
        &mut self,
        host: HostId,
        name: &str,
        lifetime: Lifetime,
    ) -> Result<CallId, CallError> {
        self.request(|id| ClientMessage::OpenProgram { id, host, name: name.to_owned(), lifetime })
    }

    /// Ends a program, as a process's exit does.
    ///
    /// # Errors
    /// A limit that the server would refuse it for.
    pub fn close_program(&mut self, program: ProgramId) -> Result<CallId, CallError> {
        self.request(|id| ClientMessage::CloseProgram { id, program })
    }

    /// A command to the wire.
    ///
    /// # Errors
    /// A limit that the server would refuse it for.
    pub fn wire(&mut self, command: WireCommand) -> Result<CallId, CallError> {
        self.request(|id| ClientMessage::Wire { id, command })
    }

    /// A command to a machine.
    ///
    /// # Errors
    /// A limit that the server would refuse it for.
    pub fn host(&mut self, host: HostId, command: HostCommand) -> Result<CallId, CallError> {
        self.request(|id| ClientMessage::Host { id, host, command })
    }

    /// What a program of this page printed; long texts go in several messages.
    pub fn output(&mut self, program: ProgramId, error: bool, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.floor_char_boundary(limits::OUTPUT));
            self.control(&ClientMessage::Output { program, error, text: piece.to_owned() });
            rest = after;
        }
    }

    /// The text of a program as it stands in the editor. False where it is longer than [`limits::SOURCE`], and
    /// nothing was sent.
    pub fn source(&mut self, host: HostId, name: &str, text: &str) -> bool {
        if text.len() > limits::SOURCE {
            return false;
        }
        let name = name.chars().take(limits::NAME).collect();
        self.control(&ClientMessage::Source { host, name, text: text.to_owned() });
        true
    }

    /// What stands in front on a machine in this page, for those who watch; the name is cut to [`limits::NAME`]
    /// characters.
    pub fn in_front(&mut self, host: HostId, name: &str) {
        let name = name.chars().take(limits::NAME).collect();
        self.control(&ClientMessage::InFront { host, name });
    }

    /// Ends the session of a guest or a watcher, with their programs and their machine. Owners only.
    ///
    /// # Errors
    /// A limit that the server would refuse it for.
    pub fn remove(&mut self, member: MemberId) -> Result<CallId, CallError> {
        self.request(|id| ClientMessage::Remove { id, member })
    }

    /// A new name for the person, cut to [`limits::NAME`] characters.
    pub fn rename(&mut self, name: &str) {
        self.name = name.chars().take(limits::NAME).collect();
        let name = self.name.clone();
        self.control(&ClientMessage::Rename { name });
    }

    /// How far the person has come in a lesson. Names are cut to [`limits::NAME`] characters.
    pub fn progress(&mut self, lesson: &str, step: &str, outcome: StepOutcome) {
        let name = |text: &str| text.chars().take(limits::NAME).collect();
        self.control(&ClientMessage::Progress { lesson: name(lesson), step: name(step), outcome });
    }

    /// Keep the room open longer.
    pub fn keep_open(&mut self) {
        self.control(&ClientMessage::KeepOpen);
    }

    /// The page is really going away. Transmit at once.
    pub fn bye(&mut self) {
        self.control(&ClientMessage::Bye);
    }
}
