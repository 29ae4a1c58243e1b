//! Under which conditions something was measured.

use std::time::Duration;

fn line(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

/// The load averages now.
pub(crate) fn load() -> String {
    line("/proc/loadavg").split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// A sentence to stand below the table.
pub(crate) fn describe(load_before: &str, took: Duration) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let cpuinfo = line("/proc/cpuinfo");
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_start_matches([' ', '\t', ':']);
    let kernel = line("/proc/sys/kernel/osrelease");
    let congestion = line("/proc/sys/net/ipv4/tcp_congestion_control");
    let build = if cfg!(debug_assertions) { "UNOPTIMISED BUILD" } else { "optimised build" };
    format!(
        "Conditions: {cores} cores ({model}), Linux {kernel}, loopback, {congestion}, no TLS; {build}; page, peer and \
         target share the cores. Load before: {load_before}; after: {}. Medians of {} rounds in alternation; {} s in all.",
        load(),
        super::ROUNDS,
        took.as_secs(),
    )
}
