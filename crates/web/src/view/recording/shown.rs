//! Names of a recording as they may be shown. A room takes no name that hides or turns what stands beside it; a file is whatever
//! somebody made it, and no part of the page has to know which of the two it shows. Programs' texts and bytes stay what they
//! are: whoever shows those knows that they are a stranger's.

use proto::{
    room::{HostInfo, MemberInfo, ProgramInfo},
    trace::What,
};
use share::Recording;

use crate::visible::visible;

/// Makes what is hidden in them visible.
pub(super) fn show_names(recording: &mut Recording) {
    let header = &mut recording.header;
    show(&mut header.title);
    header.hosts.iter_mut().for_each(host);
    header.programs.iter_mut().for_each(program);
    header.members.iter_mut().for_each(member);
    header.lesson.iter_mut().flat_map(|lesson| &mut lesson.passed).for_each(show);
    header.notes.iter_mut().for_each(|note| show(&mut note.text));
    for event in &mut recording.events {
        match &mut event.what {
            What::CallBegin(begin) => begin.thread.iter_mut().for_each(show),
            What::Wire { rule, .. } => rule.iter_mut().for_each(show),
            What::Joined(joined) => member(joined),
            What::HostAppeared(appeared) | What::HostChanged { host: appeared, .. } => host(appeared),
            What::ProgramBegan(began) => program(began),
            What::Progress { lesson, step, .. } => {
                show(lesson);
                show(step);
            }
            What::Source { name, .. } | What::InFront { name, .. } => show(name),
            What::CallEnd(_)
            | What::Packet(_)
            | What::Fate(_)
            | What::State(_)
            | What::Output { .. }
            | What::Left(_)
            | What::HostGone(_)
            | What::ProgramEnded(_)
            | What::Summary(_) => {}
        }
    }
}

fn show(text: &mut String) {
    *text = visible(text);
}

fn host(host: &mut HostInfo) {
    show(&mut host.name);
    host.aliases.iter_mut().for_each(show);
}

fn program(program: &mut ProgramInfo) {
    show(&mut program.name);
}

fn member(member: &mut MemberInfo) {
    show(&mut member.name);
}
