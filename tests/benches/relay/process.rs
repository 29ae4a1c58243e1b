//! What the kernel counts of a process.

use std::time::Duration;

/// Ticks of `utime` and `stime` a second: fixed in the kernel's interface (`USER_HZ`).
const TICKS_A_SECOND: f64 = 100.0;

/// Processor time of a process so far, proc(5): in steps of 10 ms.
pub(crate) fn processor_time(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process of ours");
    // The name, in parentheses, may have anything in it; fields count from the state after it.
    let (_, fields) = stat.rsplit_once(')').expect("stat has a name");
    let ticks: f64 =
        fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    Duration::from_secs_f64(ticks / TICKS_A_SECOND)
}

/// Resident memory of a process, KiB.
pub(crate) fn resident(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a process of ours");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    line.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
}
