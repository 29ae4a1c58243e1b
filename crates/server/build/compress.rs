//! Compresses what is served, with brotli and with gzip, once: results are kept under the hash of their content.
//!
//! Browsers take brotli over HTTPS and from loopback alone; a class that comes by plain HTTP gets gzip.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use crate::shared;

/// How hard it is tried to make something small.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    /// Brotli's quality, from 0 to 11 (RFC 7932; the names are its reference's).
    quality: i32,
    /// How far back brotli looks, as a power of two of bytes. 24 is the most that browsers read.
    window: i32,
    /// Gzip's level, from 0 to 9 (RFC 1952).
    level: u32,
}

impl Effort {
    /// What is shipped gets all that there is, which costs a minute or two once and spares every visitor a tenth. What is
    /// made to be looked at on this computer travels nowhere: there the time counts that compressing takes.
    pub(crate) fn of_this_build() -> Self {
        if shared::is_release() {
            Self { quality: 11, window: 24, level: 9 }
        } else {
            Self { quality: 2, window: 22, level: 1 }
        }
    }
}

/// The content codings (RFC 9110 section 8.4.1) that files are kept in.
#[derive(Clone, Copy)]
pub(crate) enum Coding {
    Brotli,
    Gzip,
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

/// The name of a compressed form of `bytes`.
pub(crate) fn name(bytes: &[u8], coding: Coding, effort: Effort) -> String {
    let hash = hash(bytes);
    match coding {
        Coding::Brotli => format!("{hash}-{}.br", effort.quality),
        Coding::Gzip => format!("{hash}-{}.gz", effort.level),
    }
}

/// The file in `folder` with a compressed form of `bytes`, made where it is missing.
pub(crate) fn file(bytes: &[u8], folder: &Path, coding: Coding, effort: Effort) -> Result<PathBuf> {
    let file = folder.join(name(bytes, coding, effort));
    if !file.exists() {
        // Under another name first: a build that is interrupted leaves no half of a file behind.
        let unfinished = file.with_extension("part");
        fs::write(&unfinished, compress(bytes, coding, effort)?)?;
        fs::rename(&unfinished, &file)?;
    }
    Ok(file)
}

fn compress(bytes: &[u8], coding: Coding, effort: Effort) -> Result<Vec<u8>> {
    match coding {
        Coding::Brotli => {
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
        Coding::Gzip => {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(effort.level));
            gzip.write_all(bytes)?;
            Ok(gzip.finish()?)
        }
    }
}
