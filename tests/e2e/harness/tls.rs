//! A TLS client that trusts exactly one certificate, or takes any to see what it is.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
        pki_types::{CertificateDer, ServerName, UnixTime},
    },
};

use super::in_time;

/// Connects to a server under a name that its certificate has to be for.
///
/// # Errors
/// The handshake's.
pub(crate) async fn connect(
    server: SocketAddr,
    name: &str,
    trusted: &CertificateDer<'static>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).expect("a certificate");
    shake_hands(server, name, builder().with_root_certificates(roots).with_no_client_auth()).await
}

/// The certificate that a server shows.
pub(crate) async fn shown(server: SocketAddr) -> CertificateDer<'static> {
    let taker = Arc::new(Taker { provider: ring::default_provider(), shown: Mutex::default() });
    let verifier = Arc::<Taker>::clone(&taker);
    let config = builder().dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    shake_hands(server, "localhost", config).await.expect("a handshake");
    let shown = taker.shown.lock().unwrap_or_else(PoisonError::into_inner).take();
    shown.expect("a certificate")
}

fn builder() -> tokio_rustls::rustls::ConfigBuilder<ClientConfig, tokio_rustls::rustls::WantsVerifier> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    builder.with_safe_default_protocol_versions().expect("ring speaks them")
}

async fn shake_hands(
    server: SocketAddr,
    name: &str,
    config: ClientConfig,
) -> std::io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(name.to_owned()).expect("a name or an address");
    let stream = TcpStream::connect(server).await?;
    in_time("the TLS handshake", TlsConnector::from(Arc::new(config)).connect(name, stream)).await
}

/// Takes any certificate, and keeps it.
#[derive(Debug)]
struct Taker {
    provider: CryptoProvider,
    shown: Mutex<Option<CertificateDer<'static>>>,
}

impl ServerCertVerifier for Taker {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(certificate.clone().into_owned());
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
