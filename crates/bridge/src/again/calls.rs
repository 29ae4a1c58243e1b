//! Which calls of a recording are made again, which are left out, and why: said wherever the two are laid side by side, so that nobody
//! takes what was left out for what happened otherwise.

/// Calls of a recording, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Were made again.
    pub made: usize,
    /// Of these, sent dots in the place of bytes that the recording does not have.
    pub filled: usize,
    /// Were made by the room's ready-made servers, which make their own here.
    pub(super) ready_made: usize,
    /// Went outside the room.
    pub(super) outside: usize,
    /// Were made on machines that are not here: guests' ones.
    pub(super) other_machines: usize,
    /// Were made by a program that could not begin here.
    pub(super) no_program: usize,
    /// Came after the time for all of it.
    pub(super) no_time: usize,
}

/// Some that were left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// How many.
    pub count: usize,
    /// Which, as it goes on after their number.
    pub why: &'static str,
}

impl Calls {
    /// Those that were not made, by the reason; none of a reason that has none.
    pub fn left_out(&self) -> Vec<LeftOut> {
        let all = [
            (self.ready_made, "of the ready-made servers, which make their own"),
            (self.outside, "that went outside the room"),
            (self.other_machines, "on machines of guests, who are not here"),
            (self.no_program, "of programs that could not begin here"),
            (self.no_time, "for which there was no time"),
        ];
        let some = all.into_iter().filter(|(count, _)| *count > 0);
        some.map(|(count, why)| LeftOut { count, why }).collect()
    }
}
