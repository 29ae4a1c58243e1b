//! Compresses what is served with brotli, once: results are kept under the hash of their content.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use crate::shared;

/// Brotli's quality from 0 to 11. What is shipped gets 9, which is within 5 % of 11 and ten times as fast. What is made
/// to be looked at on this computer travels nowhere: there the time counts that compressing takes.
fn quality() -> u32 {
    if shared::is_release() { 9 } else { 2 }
}

/// Length of a [`hash`].
pub(crate) const HASH_DIGITS: usize = 16;

/// 64 bits of SHA-256 in hexadecimal. They tell the versions of one file apart; nothing secret hangs on it.
pub(crate) fn hash(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().take(HASH_DIGITS / 2).fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"))
}

/// The folder for compressed files in `folder`.
pub(crate) fn folder(folder: &Path) -> Result<PathBuf> {
    let compressed = folder.join("compressed");
    fs::create_dir_all(&compressed).with_context(|| format!("could not make {}", compressed.display()))?;
    Ok(compressed)
}

/// The name of the compressed form of `bytes`.
pub(crate) fn name(bytes: &[u8]) -> String {
    format!("{}-{}.br", hash(bytes), quality())
}

/// The file in `folder` with the compressed form of `bytes`, made where it is missing.
pub(crate) fn file(bytes: &[u8], folder: &Path) -> Result<PathBuf> {
    let file = folder.join(name(bytes));
    if !file.exists() {
        // Under another name first: a build that is interrupted leaves no half of a file behind.
        let unfinished = file.with_extension("part");
        fs::write(&unfinished, compress(bytes)?)?;
        fs::rename(&unfinished, &file)?;
    }
    Ok(file)
}

fn compress(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: quality() as i32, ..Default::default() };
    brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &parameters)?;
    Ok(compressed)
}
