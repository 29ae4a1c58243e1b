//! How numbers are written: bytes, lengths of time, tries.

/// A number with thousands separated: `55,024`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of bytes: `24 B`.
pub fn bytes(number: u64) -> String {
    format!("{} B", grouped(number))
}

/// A length of time, with the precision a reader can use: `31 µs`, `0.9 ms`, `140 ms`, `3.2 s`, `2 min 5 s`.
pub fn duration(nanoseconds: u64) -> String {
    let ms = nanoseconds as f64 / 1e6;
    if ms < 0.1 {
        format!("{:.0} µs", ms * 1e3)
    } else if ms < 10.0 {
        format!("{ms:.1} ms")
    } else if ms < 1_000.0 {
        format!("{ms:.0} ms")
    } else if ms < 120_000.0 {
        format!("{:.1} s", ms / 1e3)
    } else {
        let seconds = nanoseconds / 1_000_000_000;
        format!("{} min {} s", seconds / 60, seconds % 60)
    }
}

/// `2nd`, `3rd`, `11th`.
pub fn ordinal(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// `1 SYN`, `3 SYNs`.
pub fn counted(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{} {one}s", grouped(number as u64)) }
}
