//! Takes people's names out of a recording.

use std::collections::BTreeMap;

use proto::{
    id::MemberId,
    room::{MemberInfo, Role},
    trace::{Event, What},
};

use crate::header::Header;

/// Puts "Owner", "Guest 2" and "Watcher 3" in the place of the names that people gave themselves. What they typed, and
/// what their programs printed, stays as it is.
pub fn hide_names(header: &mut Header, events: &mut [Event]) {
    header.names_hidden = true;
    let mut given = BTreeMap::new();
    header.members.iter_mut().for_each(|member| rename(member, &mut given));
    for event in events {
        if let What::Joined(member) = &mut event.what {
            rename(member, &mut given);
        }
    }
}

/// One person has one name, also after they changed theirs.
fn rename(member: &mut MemberInfo, given: &mut BTreeMap<MemberId, String>) {
    let role = match member.role {
        Role::Owner => "Owner",
        Role::Participant => "Guest",
        Role::Viewer => "Watcher",
    };
    let first = member.id == MemberId(1) && member.role == Role::Owner;
    let name = || if first { role.to_owned() } else { format!("{role} {}", member.id) };
    member.name = given.entry(member.id).or_insert_with(name).clone();
}
