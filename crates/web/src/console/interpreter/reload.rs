//! A console over a reload: what is kept, and how it is joined with what is still open and still waiting in truth.

use proto::{call::Call, id::Fd};
use serde::{Deserialize, Serialize};

use super::Interpreter;
use crate::console::{
    entry::{End, Entry, KEPT},
    evaluate::Variables,
    state::Descriptors,
    suggest::{fresh_name, name_of},
    value::Value,
};

/// Most bytes of a saved console.
const SAVED: usize = 128 * 1024;
/// Entries of a saved console.
const SAVED_ENTRIES: usize = 60;
/// What survives a reload.
#[derive(Debug, Serialize, Deserialize)]
struct Saved {
    version: u32,
    variables: Variables,
    descriptors: Descriptors,
    entries: Vec<Entry>,
    next: u32,
}

/// Raised when [`Saved`] changes its shape; another version is not read.
const VERSION: u32 = 4;

impl Interpreter {
    /// What survives a reload, as JSON of at most 128 KiB: the oldest entries go first.
    pub fn save(&self) -> String {
        let small = |value: &&Value| !matches!(value, Value::Bytes(bytes) if bytes.len() > KEPT);
        let variables: Variables = self
            .variables
            .iter()
            .filter(|(_, value)| small(value))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let mut entries: Vec<Entry> = self.entries.iter().rev().take(SAVED_ENTRIES).rev().cloned().collect();
        loop {
            let saved = Saved {
                version: VERSION,
                variables: variables.clone(),
                descriptors: self.descriptors.clone(),
                entries: entries.clone(),
                next: self.next,
            };
            match serde_json::to_string(&saved) {
                Ok(text) if text.len() <= SAVED => return text,
                _ if entries.is_empty() => return String::new(),
                _ => drop(entries.drain(..entries.len().div_ceil(2))),
            }
        }
    }

    /// Comes back after a reload. `fds` are the descriptors that are open in truth, `waiting` the calls that still wait.
    /// Returns, for each of `waiting`, the entry it belongs to.
    pub fn restore(&mut self, saved: &str, fds: &[Fd], waiting: &[Call]) -> Vec<u32> {
        if let Ok(saved) = serde_json::from_str::<Saved>(saved)
            && saved.version == VERSION
        {
            self.variables = saved.variables;
            self.descriptors = saved.descriptors;
            self.entries = saved.entries.into();
            self.next = saved.next.max(self.entries.iter().map(|entry| entry.id + 1).max().unwrap_or(1));
        }
        self.descriptors.only(fds);
        let open = |value: &Value| !matches!(value, Value::Socket(fd) if fd.0 >= 0 && !fds.contains(fd));
        self.variables
            .values_mut()
            .filter(|value| !open(value))
            .for_each(|value| *value = Value::Socket(Fd(-1)));
        self.name_the_unknown();
        let found = waiting.iter().map(|call| self.waiter_of(call)).collect::<Vec<_>>();
        for entry in self.entries.iter_mut().filter(|entry| entry.end.is_none() && !found.contains(&entry.id))
        {
            entry.end = Some(End::Lost);
        }
        found
    }

    /// Descriptors that nothing is known of get the names a tutorial would give them.
    fn name_the_unknown(&mut self) {
        let fds: Vec<Fd> = self.descriptors.iter().map(|(fd, _)| fd).collect();
        for fd in fds {
            if name_of(&self.variables, fd).is_none() {
                let name = fresh_name(&self.variables, &["s", "conn"]);
                self.variables.insert(name, Value::Socket(fd));
            }
        }
    }

    /// The entry that waits for this call, or a new one for a call nobody remembers.
    fn waiter_of(&mut self, call: &Call) -> u32 {
        let remembered = self
            .entries
            .iter()
            .find(|entry| entry.waiting().is_some_and(|step| step.call == *call))
            .map(|entry| entry.id);
        remembered.unwrap_or_else(|| self.adopt(call, &[]))
    }
}
