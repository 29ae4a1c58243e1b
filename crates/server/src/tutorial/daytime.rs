//! The daytime service of RFC 867: connect, and read what time it is.
//!
//! The server sends one line and closes. The end of the message is the end of the connection, so the client has to read
//! until end of file: one recv may bring only a part.

use std::io;
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

/// The port RFC 867 gives it.
pub const PORT: u16 = 13;

const WEEKDAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Tells each client the time, until it is dropped.
pub async fn serve(listener: TcpListener) {
    super::accept_each(listener, tell).await;
}

/// Serves one client. Closing is dropping the stream, as in [`thanks`](super::thanks).
async fn tell(mut stream: TcpStream, _peer: SocketAddr) -> io::Result<()> {
    // A clock set before 1970 reads as 1970.
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    stream.write_all(line(seconds).as_bytes()).await
}

/// The line for a time in seconds since 1970, in the form RFC 867 suggests: `Weekday, Month Day, Year Time-Zone`.
fn line(seconds: u64) -> String {
    let days = seconds / 86_400;
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    // 1 January 1970 was a Thursday.
    let weekday = WEEKDAYS[(days % 7) as usize];
    let (year, month, day) = date(days);
    format!("{weekday}, {} {day}, {year} {hour:02}:{minute:02}:{second:02}-UTC\r\n", MONTHS[month])
}

/// Year, month (0 to 11) and day (1 to 31) for a number of days since 1 January 1970.
fn date(mut days: u64) -> (u64, usize, u64) {
    let mut year = 1970;
    while days >= days_in_year(year) {
        days -= days_in_year(year);
        year += 1;
    }
    let mut month = 0;
    while days >= days_in_month(month, year) {
        days -= days_in_month(month, year);
        month += 1;
    }
    (year, month, days + 1)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in_year(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

fn days_in_month(month: usize, year: u64) -> u64 {
    match month {
        1 if is_leap(year) => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    /// Expected lines are from `date -u -d @SECONDS`.
    #[test]
    fn lines_agree_with_the_calendar() {
        assert_eq!(line(0), "Thursday, January 1, 1970 00:00:00-UTC\r\n");
        assert_eq!(line(951_782_399), "Monday, February 28, 2000 23:59:59-UTC\r\n");
        assert_eq!(line(951_782_400), "Tuesday, February 29, 2000 00:00:00-UTC\r\n");
        assert_eq!(line(1_795_361_141), "Sunday, November 22, 2026 15:25:41-UTC\r\n");
        assert_eq!(line(4_107_542_399), "Sunday, February 28, 2100 23:59:59-UTC\r\n");
        assert_eq!(line(4_107_542_400), "Monday, March 1, 2100 00:00:00-UTC\r\n");
    }
}
