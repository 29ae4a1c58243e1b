//! Words and sets of words in the file, for what the protocol has numbers for.

use proto::{
    call::{EpollEvents, EpollOperation, Family, Flags, How, Kind, OptionName, PollEvents},
    sysctl::Sysctl,
    trace::{TcpFlags, TcpState, TimerKind},
};

/// A set as its words; bits that have none are one more word, in hexadecimal, so that nothing is lost.
fn set<'word>(known: impl Iterator<Item = (u32, &'word str)>, bits: u32) -> Vec<String> {
    let mut rest = bits;
    let mut words = Vec::new();
    for (bit, word) in known {
        if bit != 0 && bits & bit == bit {
            words.push(word.to_owned());
            rest &= !bit;
        }
    }
    if rest != 0 {
        words.push(format!("{rest:#x}"));
    }
    words
}

/// The bits of a set's words; none where one of them is not known here.
fn bits<'word>(
    known: &(impl Iterator<Item = (u32, &'word str)> + Clone),
    words: &[String],
    most: u32,
) -> Option<u32> {
    words.iter().try_fold(0, |bits, word| {
        let number = word.strip_prefix("0x").and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let bit = number.or_else(|| known.clone().find(|(_, name)| *name == word).map(|(bit, _)| bit))?;
        (bit <= most).then_some(bits | bit)
    })
}

fn of_flags() -> impl Iterator<Item = (u32, &'static str)> + Clone {
    Flags::ALL.iter().map(|(flag, name, _)| (u32::from(flag.0), *name))
}

pub(crate) fn flags(flags: Flags) -> Vec<String> {
    set(of_flags(), flags.0.into())
}

pub(crate) fn flags_of(words: &[String]) -> Option<Flags> {
    bits(&of_flags(), words, u8::MAX.into()).and_then(|bits| u8::try_from(bits).ok()).map(Flags)
}

fn of_events() -> impl Iterator<Item = (u32, &'static str)> + Clone {
    PollEvents::ALL.iter().map(|(event, name, _)| (u32::from(event.0), *name))
}

pub(crate) fn poll_events(events: PollEvents) -> Vec<String> {
    set(of_events(), events.0.into())
}

pub(crate) fn poll_events_of(words: &[String]) -> Option<PollEvents> {
    bits(&of_events(), words, u16::MAX.into()).and_then(|bits| u16::try_from(bits).ok()).map(PollEvents)
}

fn of_epoll_events() -> impl Iterator<Item = (u32, &'static str)> + Clone {
    EpollEvents::ALL.iter().map(|(event, name, _)| (event.0, *name))
}

pub(crate) fn epoll_events(events: EpollEvents) -> Vec<String> {
    set(of_epoll_events(), events.0)
}

pub(crate) fn epoll_events_of(words: &[String]) -> Option<EpollEvents> {
    bits(&of_epoll_events(), words, u32::MAX).map(EpollEvents)
}

pub(crate) fn epoll_operation_of(word: &str) -> Option<EpollOperation> {
    EpollOperation::named(word)
}

fn of_control_bits() -> impl Iterator<Item = (u32, &'static str)> + Clone {
    TcpFlags::NAMES.into_iter().map(|(flag, name)| (u32::from(flag.0), name))
}

pub(crate) fn control_bits(flags: TcpFlags) -> Vec<String> {
    set(of_control_bits(), flags.0.into())
}

pub(crate) fn control_bits_of(words: &[String]) -> Option<TcpFlags> {
    bits(&of_control_bits(), words, u8::MAX.into()).and_then(|bits| u8::try_from(bits).ok()).map(TcpFlags)
}

pub(crate) fn family_of(word: &str) -> Option<Family> {
    Family::named(word)
}

pub(crate) fn kind_of(word: &str) -> Option<Kind> {
    Kind::named(word)
}

pub(crate) fn how_of(word: &str) -> Option<How> {
    How::named(word)
}

pub(crate) fn option_of(word: &str) -> Option<OptionName> {
    OptionName::named(word)
}

pub(crate) fn sysctl_of(word: &str) -> Option<Sysctl> {
    Sysctl::ALL.into_iter().map(|(name, ..)| name).find(|name| name.name() == word)
}

pub(crate) fn state_of(word: &str) -> Option<TcpState> {
    TcpState::named(word)
}

const TIMERS: [(TimerKind, &str); 4] = [
    (TimerKind::Retransmit, "retransmit"),
    (TimerKind::KeepAlive, "keepalive"),
    (TimerKind::TimeWait, "time_wait"),
    (TimerKind::ZeroWindow, "zero_window"),
];

pub(crate) fn timer(kind: TimerKind) -> &'static str {
    TIMERS.iter().find(|(known, _)| *known == kind).map_or("retransmit", |(_, word)| word)
}

pub(crate) fn timer_of(word: &str) -> Option<TimerKind> {
    TIMERS.iter().find(|(_, known)| *known == word).map(|(kind, _)| *kind)
}
