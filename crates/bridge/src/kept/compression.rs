//! Recordings are kept compressed with brotli.

use std::io::{self, Read};

use proto::limits;

/// How much is done to make a recording small: of one that is kept, which will be read more often than written, ...
pub(crate) const SMALL: i32 = 7;
/// ... and of one that is soon written anew.
pub(super) const QUICK: i32 = 2;

/// Compresses a recording.
pub(crate) fn packed(text: &str, quality: i32) -> io::Result<Vec<u8>> {
    let settings = brotli::enc::BrotliEncoderParams { quality, lgwin: 22, ..Default::default() };
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut text.as_bytes(), &mut packed, &settings)?;
    Ok(packed)
}

/// All bytes of a recording as they were before; one that is longer than any may be comes with a byte too many, which its
/// reader refuses.
///
/// # Errors
/// As the shelf's.
pub(crate) fn whole(packed: Box<dyn Read + Send>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    unpacked(packed).take(limits::SHARE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The bytes as they were before, for whoever takes no brotli.
pub(crate) fn unpacked(packed: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
    Box::new(brotli::Decompressor::new(packed, 4096))
}
