//! 128 random bits: the keys of people, and the ids of rooms and recordings.

use proto::message::Secret;

/// 128 random bits.
pub(crate) fn secret() -> Result<Secret, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// The letters and digits of ids.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// How many there are in 128 bits.
const LETTERS: usize = 26;

/// An id in letters and digits that nobody mistakes for one another when reading aloud; 128 bits.
pub(crate) fn spell(secret: &Secret) -> String {
    let mut number = u128::from_be_bytes(*secret);
    (0..LETTERS)
        .map(|_| {
            let digit = usize::try_from(number % 32).unwrap_or(0);
            number /= 32;
            char::from(ALPHABET[digit])
        })
        .collect()
}

/// Whether [`spell`] could have written this.
pub(crate) fn is_spelt(id: &str) -> bool {
    id.len() == LETTERS && id.bytes().all(|byte| ALPHABET.contains(&byte))
}
