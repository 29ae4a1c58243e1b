//! Compresses what is served with brotli, once: results are kept under the hash of their content.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use crate::shared;

/// How hard brotli tries (RFC 7932; its reference calls these quality and window).
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    /// From 0 to 11.
    quality: i32,
    /// How far back it looks, as a power of two of bytes. 24 is the most that browsers read.
    window: i32,
}

impl Effort {
    /// Where most of the bytes are and which seldom changes: what is shipped gets all that brotli can, which costs a
    /// minute or two once and spares every visitor a tenth.
    pub(crate) fn for_vendor() -> Self {
        if shared::is_release() { Self { quality: 11, window: 24 } } else { Self::for_own() }
    }

    /// What is made to be looked at on this computer travels nowhere: there the time counts that compressing takes.
    pub(crate) fn for_own() -> Self {
        Self { quality: if shared::is_release() { 9 } else { 2 }, window: 22 }
    }
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
pub(crate) fn name(bytes: &[u8], effort: Effort) -> String {
    format!("{}-{}.br", hash(bytes), effort.quality)
}

/// The file in `folder` with the compressed form of `bytes`, made where it is missing.
pub(crate) fn file(bytes: &[u8], folder: &Path, effort: Effort) -> Result<PathBuf> {
    let file = folder.join(name(bytes, effort));
    if !file.exists() {
        // Under another name first: a build that is interrupted leaves no half of a file behind.
        let unfinished = file.with_extension("part");
        fs::write(&unfinished, compress(bytes, effort)?)?;
        fs::rename(&unfinished, &file)?;
    }
    Ok(file)
}

fn compress(bytes: &[u8], effort: Effort) -> Result<Vec<u8>> {
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: effort.quality,
        lgwin: effort.window,
        size_hint: bytes.len(),
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &parameters)?;
    Ok(compressed)
}
