//! Who may do what. RecordingOptions for every message.

use proto::{
    call::CallError,
    id::HostId,
    message::{ClientMessage, HostCommand},
    room::Role,
    rules::PolicyRule,
};

/// Whether a role may send this message.
///
/// # Errors
/// [`CallError::Policy`] with rule `role`.
pub(super) fn check(role: Role, own_host: Option<HostId>, message: &ClientMessage) -> Result<(), CallError> {
    let own = |host: HostId| own_host == Some(host);
    let allowed = match message {
        ClientMessage::Subscribe { .. }
        | ClientMessage::Unsubscribe
        | ClientMessage::Rename { .. }
        | ClientMessage::StreamCredit { .. }
        | ClientMessage::Bye => true,
        ClientMessage::OpenProgram { host, .. }
        | ClientMessage::Source { host, .. }
        | ClientMessage::InFront { host, .. } => match role {
            Role::Owner => true,
            Role::Participant => own(*host),
            Role::Viewer => false,
        },
        ClientMessage::Wire { .. } | ClientMessage::Remove { .. } => role == Role::Owner,
        ClientMessage::Host { host, command, .. } => match role {
            Role::Owner => true,
            Role::Participant => own(*host) && !matches!(command, HostCommand::Cable(_)),
            Role::Viewer => false,
        },
        // Programs are looked up among the person's own.
        ClientMessage::CloseProgram { .. }
        | ClientMessage::Call { .. }
        | ClientMessage::Cancel { .. }
        | ClientMessage::OpenStream { .. }
        | ClientMessage::StreamFinish { .. }
        | ClientMessage::StreamClose { .. }
        | ClientMessage::Output { .. }
        | ClientMessage::Progress { .. }
        | ClientMessage::KeepOpen => role > Role::Viewer,
    };
    if allowed { Ok(()) } else { Err(refused(role)) }
}

/// Whether a role may make calls at all.
///
/// # Errors
/// [`CallError::Policy`] with rule `role`.
pub(super) fn check_call(role: Role) -> Result<(), CallError> {
    if role > Role::Viewer { Ok(()) } else { Err(refused(role)) }
}

fn refused(role: Role) -> CallError {
    let value = match role {
        Role::Viewer => "watching",
        Role::Participant => "guest",
        Role::Owner => "owner",
    };
    PolicyRule::Role.refuse(value)
}

#[cfg(test)]
mod tests {
    use proto::{
        id::{CallId, HostId},
        message::{ClientMessage, HostCommand, WireCommand},
        room::{Lifetime, Role},
    };

    use super::{check, check_call};

    #[test]
    fn guests_have_their_machine_and_watchers_nothing() {
        let open = |host| ClientMessage::OpenProgram {
            id: CallId(1),
            host: HostId(host),
            name: "x".into(),
            lifetime: Lifetime::Member,
        };
        let cable =
            ClientMessage::Host { id: CallId(1), host: HostId(3), command: HostCommand::Cable(false) };
        let hold = ClientMessage::Wire { id: CallId(1), command: WireCommand::Hold };
        let remove = ClientMessage::Remove { id: CallId(1), member: proto::id::MemberId(1) };
        let front = |host| ClientMessage::InFront { host: HostId(host), name: "x.py".into() };
        let own = Some(HostId(3));
        assert!(check(Role::Participant, own, &front(3)).is_ok());
        assert!(check(Role::Participant, own, &open(3)).is_ok());
        let progress = ClientMessage::Progress {
            lesson: "x".into(),
            step: "y".into(),
            outcome: proto::room::StepOutcome::Skipped,
        };
        assert!(check(Role::Participant, own, &progress).is_ok());
        assert!(check(Role::Viewer, None, &progress).is_err());
        for refused in [&open(1), &cable, &hold, &remove, &front(1)] {
            assert!(check(Role::Participant, own, refused).is_err());
            assert!(check(Role::Viewer, None, refused).is_err());
            assert!(check(Role::Owner, None, refused).is_ok());
        }
        assert!(check_call(Role::Viewer).is_err());
    }
}
