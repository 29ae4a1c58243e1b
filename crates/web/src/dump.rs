//! Bytes in hexadecimal.

/// Bytes in a line of a dump: as many as a phone shows.
pub const ROW: usize = 8;

/// Some lines of a dump, from a byte on: the place, the bytes in hexadecimal, and those that are letters.
pub fn dump(bytes: &[u8], from: usize, rows: usize) -> String {
    let digits = if bytes.len() > 0x1_0000 { 6 } else { 4 };
    let rest = bytes.get(from..).unwrap_or_default();
    let mut shown = String::new();
    for (at, row) in rest.chunks(ROW).take(rows).enumerate() {
        let hex: String = row.iter().map(|byte| format!(" {byte:02x}")).collect();
        let letters: String = row
            .iter()
            .map(|&byte| if matches!(byte, 0x20..=0x7e) { char::from(byte) } else { '.' })
            .collect();
        shown.push_str(&format!("{:0digits$x} {hex:<24}  {letters}\n", from + at * ROW));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::dump;

    #[test]
    fn a_dump_has_places_bytes_and_letters() {
        let bytes: Vec<u8> = (0x3a..0x46).chain([0x7f]).collect();
        let all = "0000  3a 3b 3c 3d 3e 3f 40 41  :;<=>?@A\n0008  42 43 44 45 7f           BCDE.\n";
        assert_eq!(dump(&bytes, 0, 9), all);
        assert_eq!(dump(&bytes, 8, 1), "0008  42 43 44 45 7f           BCDE.\n");
        assert_eq!(dump(&bytes, 99, 1), "");
    }

    #[test]
    fn places_of_large_files_have_the_same_width_throughout() {
        let bytes = vec![0; 0x1_0001];
        assert!(dump(&bytes, 0, 1).starts_with("000000  00"));
        assert!(dump(&bytes, 0x1_0000, 1).starts_with("010000  00"));
    }
}
