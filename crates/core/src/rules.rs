//! Every rule by which a call or a request is refused that is neither a limit nor the kernel's answer: its name on the
//! wire, and a sentence. The rules of the way outside stand with it
//! (`bridge::egress::rule`), and so do those of a server's addresses (`bridge::HttpRule`), made by the same
//! [`rules!`](crate::rules!).

use crate::call::CallError;

/// Where the trace names a rule by which the wire was held or let go: whoever looks after the room's class did it.
pub const TEACHER: &str = "teacher";

/// An enum of rules: `/// What it says.` and `Variant "name";` for each.
#[macro_export]
macro_rules! rules {
    ($(#[$of:meta])* $type:ident { $($(#[doc = $doc:literal])+ $rule:ident $name:literal;)* }) => {
        $(#[$of])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $type { $($(#[doc = $doc])+ $rule,)* }

        impl $type {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$rule,)*];

            /// Its name on the wire, in logs and in `/limits`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$rule => $name,)* }
            }

            /// What it says.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$rule => concat!($($doc),+).trim_ascii_start(),)* }
            }
        }
    };
}

rules! {
    /// What somebody may not do here, although it could be done.
    PolicyRule {
        /// This person's role in the room does not allow it.
        Role "role";
        /// The owners of a room are not removed.
        OwnersStay "owners-stay";
        /// The programs of the ready-made machine are the server's.
        ReadyMade "ready-made";
        /// The teacher of the class holds this wire, and lets it go.
        TeacherHolds "teacher-holds";
        /// This is neither an address nor a well-formed name.
        InvalidName "invalid_name";
    }
}

rules! {
    /// What cannot be done: a request that contradicts itself, or names something that is not there.
    ProtocolRule {
        /// There is no such program in this room.
        NoSuchProgram "no such program";
        /// The program is another person's.
        AnothersProgram "another's program";
        /// A number that is not larger than all before it names no new call.
        CallId "call-id";
        /// A call of this number has not ended yet.
        CallNumberInUse "call number in use";
        /// The payload is not as long as the call says.
        PayloadLength "payload-length";
        /// A stream of this number was opened before, or its number is not the page's to choose.
        StreamId "stream-id";
        /// The socket is in stream mode already, or the stream's number is taken.
        StreamInUse "stream in use";
        /// There is no such machine in this room.
        NoSuchMachine "no such machine";
        /// There is nobody of this number in the room.
        NoSuchPerson "no such person";
        /// The wire holds no packet.
        NothingHeld "nothing is held";
        /// The wire does not hold this packet, or no more.
        PacketNotHeld "this packet is not held";
        /// Loss is a probability from 0 to 1.
        Loss "loss is a probability from 0 to 1";
        /// The room has ended.
        RoomEnded "the room has ended";
    }
}

impl PolicyRule {
    /// The refusal by this rule, applied to `value`. A value that a stranger wrote is bounded by the caller.
    pub fn refuse(self, value: impl Into<String>) -> CallError {
        CallError::Policy { rule: self.name().to_owned(), value: value.into() }
    }
}

impl ProtocolRule {
    /// The refusal by this rule.
    pub fn broken(self) -> CallError {
        CallError::Protocol { rule: self.name().to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_rule_has_a_name_of_its_own_and_a_sentence() {
        let policies = PolicyRule::ALL.iter().map(|rule| (rule.name(), rule.sentence()));
        let all: Vec<_> =
            policies.chain(ProtocolRule::ALL.iter().map(|rule| (rule.name(), rule.sentence()))).collect();
        let names: BTreeSet<_> = all.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), all.len());
        assert!(all.iter().all(|(_, sentence)| sentence.ends_with('.')));
    }
}
