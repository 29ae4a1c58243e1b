//! People: what they are called, where their deliveries go, and what they are owed.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use proto::{
    call::{CallError, Outcome},
    id::{CallId, MemberId, SocketId},
    limits::{self, Limit},
    room::{MemberInfo, Role, is_hidden},
};
use tokio::sync::mpsc::{self, error::TrySendError};

use crate::{
    account::Account,
    delivery::{Delivery, Mailbox},
    results::Results,
};

/// A person in the room.
#[derive(Debug)]
struct Member {
    info: MemberInfo,
    mailbox: Mailbox,
    /// Calls that have begun and not ended.
    outstanding: usize,
    /// Received bytes on their way to the page.
    results: Arc<Results>,
    /// Sockets whose receives wait for room there.
    starved: Vec<SocketId>,
}

/// Everybody in a room.
#[derive(Debug)]
pub(super) struct People {
    members: BTreeMap<MemberId, Member>,
    /// People whose machine is being made.
    expected: usize,
    /// What is kept for everybody in the room.
    memory: Arc<Account>,
    freed: mpsc::UnboundedSender<MemberId>,
    last: u32,
}

impl People {
    /// Nobody. The other end tells when a member's page has taken results that receives wait for.
    pub(super) fn new(memory: Arc<Account>) -> (Self, mpsc::UnboundedReceiver<MemberId>) {
        let (freed, told) = mpsc::unbounded_channel();
        (Self { members: BTreeMap::new(), expected: 0, memory, freed, last: 0 }, told)
    }

    /// A place for somebody who comes, to be taken by [`Self::join`] or given back by [`Self::turn_away`].
    ///
    /// # Errors
    /// [`CallError::Limit`] when the room is full.
    pub(super) fn expect(&mut self) -> Result<MemberId, CallError> {
        if self.members.len() + self.expected >= limits::MEMBERS {
            return Err(Limit::Members.reached());
        }
        self.expected += 1;
        self.last += 1;
        Ok(MemberId(self.last))
    }

    /// Who was expected does not come.
    pub(super) fn turn_away(&mut self) {
        self.expected -= 1;
    }

    /// Who was expected is there.
    pub(super) fn join(&mut self, info: MemberInfo, mailbox: Mailbox) {
        self.expected -= 1;
        let results = Results::new(info.id, &self.memory, &self.freed);
        let member = Member { info, mailbox, outstanding: 0, results, starved: Vec::new() };
        self.members.insert(member.info.id, member);
    }

    pub(super) fn leave(&mut self, member: MemberId) -> Option<MemberInfo> {
        self.members.remove(&member).map(|member| member.info)
    }

    pub(super) fn info(&self, member: MemberId) -> Option<&MemberInfo> {
        self.members.get(&member).map(|member| &member.info)
    }

    pub(super) fn infos(&self) -> impl Iterator<Item = &MemberInfo> {
        self.members.values().map(|member| &member.info)
    }

    pub(super) fn set_info(&mut self, info: MemberInfo) {
        if let Some(member) = self.members.get_mut(&info.id) {
            member.info = info;
        }
    }

    /// Deliveries of a person go somewhere else from now on: their page was loaded anew.
    pub(super) fn redirect(&mut self, member: MemberId, mailbox: Mailbox) {
        if let Some(member) = self.members.get_mut(&member) {
            member.mailbox = mailbox;
        }
    }

    pub(super) fn deliver(&self, member: MemberId, delivery: Delivery) {
        let Some(mailbox) = self.members.get(&member).map(|member| &member.mailbox) else { return };
        match mailbox.try_send(delivery) {
            // A person whose page is gone for good leaves soon; nothing waits for these.
            Ok(()) | Err(TrySendError::Closed(_)) => {}
            Err(TrySendError::Full(_)) => {
                tracing::error!(%member, "a mailbox sized for every request is full");
                debug_assert!(false, "a mailbox sized for every request is full");
            }
        }
    }

    pub(super) fn deliver_result(&self, member: MemberId, id: CallId, outcome: Outcome, payload: Bytes) {
        self.deliver(member, Delivery::Result { id, outcome, payload });
    }

    /// The same without received bytes.
    pub(super) fn answer(&self, member: MemberId, id: CallId, outcome: Outcome) {
        self.deliver_result(member, id, outcome, Bytes::new());
    }

    /// What one person's calls may be counted against.
    pub(super) fn results(&self, member: MemberId) -> Option<&Arc<Results>> {
        self.members.get(&member).map(|member| &member.results)
    }

    /// What is kept for everybody in the room.
    pub(super) fn memory(&self) -> &Arc<Account> {
        &self.memory
    }

    /// Whether a person may begin one more call.
    ///
    /// # Errors
    /// [`CallError::Limit`] `outstanding-calls`.
    pub(super) fn may_call(&self, member: MemberId) -> Result<(), CallError> {
        let outstanding = self.members.get(&member).map_or(0, |member| member.outstanding);
        if outstanding < limits::OUTSTANDING_CALLS {
            return Ok(());
        }
        Err(Limit::OutstandingCalls.reached())
    }

    pub(super) fn count_outstanding(&mut self, member: MemberId, by: isize) {
        if let Some(member) = self.members.get_mut(&member) {
            member.outstanding = member.outstanding.saturating_add_signed(by);
        }
    }

    /// A receive on this socket waits until the member's page has taken results.
    pub(super) fn starve(&mut self, member: MemberId, socket: SocketId) {
        if let Some(member) = self.members.get_mut(&member) {
            member.starved.push(socket);
        }
    }

    /// The sockets whose receives waited for that.
    pub(super) fn take_starved(&mut self, member: MemberId) -> Vec<SocketId> {
        self.members.get_mut(&member).map(|member| std::mem::take(&mut member.starved)).unwrap_or_default()
    }
}

/// What a person is called who wants to be called `wanted`. A guest without a name of their own is called as their
/// machine is: one name for both.
pub(super) fn name_of(wanted: &str, role: Role, id: MemberId, machine: Option<&str>) -> String {
    let wanted = presentable(wanted);
    if !wanted.is_empty() {
        return wanted;
    }
    match role {
        Role::Owner => "the owner".to_owned(),
        Role::Participant => machine.map_or_else(|| format!("guest {id}"), str::to_owned),
        Role::Viewer => format!("watcher {id}"),
    }
}

/// A name without what could disguise it.
pub(super) fn presentable(name: &str) -> String {
    name.chars().filter(|&c| !is_hidden(c)).take(limits::NAME).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::mailbox;

    fn people() -> People {
        People::new(Account::new(Limit::RoomMemory, limits::ROOM_MEMORY)).0
    }

    #[test]
    fn a_room_is_full_also_with_people_who_are_still_expected() {
        let mut people = people();
        let expected: Vec<_> = std::iter::from_fn(|| people.expect().ok()).collect();
        assert_eq!(expected.len(), limits::MEMBERS);
        people.turn_away();
        assert!(people.expect().is_ok() && people.expect().is_err());
    }

    #[test]
    fn what_is_delivered_goes_to_the_page_that_came_last() {
        let mut people = people();
        let (first, mut at_first) = mailbox();
        let (second, mut at_second) = mailbox();
        let id = people.expect().unwrap();
        people.join(MemberInfo { id, name: "a".into(), role: Role::Owner, host: None }, first);
        people.redirect(id, second);
        people.answer(id, CallId(1), Ok(proto::call::Value::Done));
        assert!(at_first.try_recv().is_err() && at_second.try_recv().is_ok());
        people.leave(id);
        people.answer(id, CallId(2), Ok(proto::call::Value::Done));
        assert!(at_second.try_recv().is_err());
    }

    #[test]
    fn names_have_nothing_hidden_in_them() {
        let of = |wanted, role| name_of(wanted, role, MemberId(3), Some("guest-1"));
        assert_eq!(of(" a\u{202e}b\u{7} ", Role::Owner), "ab");
        assert_eq!(of("\u{200b}", Role::Participant), "guest-1");
        assert_eq!(of("", Role::Viewer), "watcher 3");
    }
}
