//! Certificates for the page: an operator's own from files, or one made at start that nobody vouches for.
//!
//! It knows no connection; the bridge uses what is made here.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bridge::Tls;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{Error, InconsistentKeys, ServerConfig};

use crate::addresses;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a self-signed certificate is valid: some browsers take none that is valid for much more than a year.
const VALID: Duration = Duration::from_secs(397 * 24 * 60 * 60);

/// Why there is no certificate to show.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {file} ({flag}): {error}")]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The flag that names it.
        flag: &'static str,
        /// What the kernel said.
        error: io::Error,
    },
    /// A file is not what it should be.
    #[error("{file} ({flag}) holds no {what} in PEM, the form with -----BEGIN lines")]
    Empty {
        /// The file.
        file: PathBuf,
        /// The flag that names it.
        flag: &'static str,
        /// `certificate` or `private key`.
        what: &'static str,
    },
    /// Both files are well and do not belong together.
    #[error("the key in {key} (--tls-key) does not fit the certificate in {certificate} (--tls-cert)")]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// A certificate or a key that cannot be used.
    #[error("the certificate cannot be used: {0}")]
    Unusable(#[from] Error),
    /// A self-signed certificate could not be made.
    #[error("cannot make a self-signed certificate: {0}")]
    Unmade(#[from] rcgen::Error),
}

/// An operator's certificate with its chain, and its private key, both in PEM.
///
/// # Errors
/// A sentence that names the file and its flag.
pub fn from_files(certificate: &Path, key: &Path) -> Result<Tls, TlsError> {
    let chain = CertificateDer::pem_slice_iter(&read(certificate, "--tls-cert")?)
        .collect::<Result<Vec<_>, _>>()
        .unwrap_or_default();
    if chain.is_empty() {
        return Err(TlsError::Empty { file: certificate.into(), flag: "--tls-cert", what: "certificate" });
    }
    let private = PrivateKeyDer::from_pem_slice(&read(key, "--tls-key")?).map_err(|_| TlsError::Empty {
        file: key.into(),
        flag: "--tls-key",
        what: "private key",
    })?;
    configuration(chain, private, true).map_err(|error| match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            TlsError::Mismatch { certificate: certificate.into(), key: key.into() }
        }
        error => error.into(),
    })
}

/// A certificate of our own for a page that listens on `listen`: for `localhost`, every address under which it can be
/// reached, and the operator's names. It exists in memory only, and the next start makes another one.
///
/// # Errors
/// A name that cannot stand in a certificate.
pub fn self_signed(listen: SocketAddr, host_names: &[String]) -> Result<Tls, TlsError> {
    let own = [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()];
    let reachable = addresses::reachable(listen).into_iter().map(|address| address.ip());
    let mut names = vec!["localhost".to_owned()];
    names.extend(own.into_iter().chain(reachable).map(|address| address.to_canonical().to_string()));
    names.extend(host_names.iter().map(|name| without_port(name).to_owned()));
    names.sort();
    names.dedup();

    let mut parameters = CertificateParams::new(names)?;
    parameters.distinguished_name.push(DnType::CommonName, "Wireside, self-signed");
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    // A visitor's clock may be behind.
    parameters.not_before = date_time_ymd(1970, 1, 1) + now.saturating_sub(DAY);
    parameters.not_after = date_time_ymd(1970, 1, 1) + now + VALID;
    let key = KeyPair::generate()?;
    let certificate = parameters.self_signed(&key)?;
    let private =
        PrivateKeyDer::try_from(key.serialize_der()).map_err(|error| Error::General(error.to_owned()))?;
    Ok(configuration(vec![certificate.der().clone()], private, false)?)
}

fn configuration(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    strict: bool,
) -> Result<Tls, Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Tls { config: Arc::new(config), strict })
}

fn read(file: &Path, flag: &'static str) -> Result<Vec<u8>, TlsError> {
    std::fs::read(file).map_err(|error| TlsError::Unreadable { file: file.into(), flag, error })
}

/// The name in `NAME[:PORT]`; an IPv6 address without its brackets.
fn without_port(name: &str) -> &str {
    let name = match name.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => name,
    };
    name.trim_start_matches('[').trim_end_matches(']')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_port() {
        for (name, expected) in [
            ("lab.example", "lab.example"),
            ("lab.example:8443", "lab.example"),
            ("[2001:db8::5]:443", "2001:db8::5"),
            ("[::1]", "::1"),
        ] {
            assert_eq!(without_port(name), expected);
        }
    }
}
