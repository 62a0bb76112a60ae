//! Keys and settings of the raw servers: a certificate made for the run, ring's ciphers, TLS 1.3 alone.
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig, version};
use std::sync::Arc;

/// The name in the certificate.
pub const NAME: &str = "localhost";

/// A certificate and its key.
pub struct Key {
    /// What the client trusts.
    pub cert: CertificateDer<'static>,
    secret: PrivatePkcs8KeyDer<'static>,
}

impl Key {
    /// A fresh one.
    pub fn new() -> Self {
        let made = rcgen::generate_simple_self_signed([NAME.to_owned()]).expect("a certificate for localhost");
        Self { cert: made.cert.der().clone(), secret: made.signing_key.serialize_der().into() }
    }
    /// The server's settings.
    pub fn server(&self) -> ServerConfig {
        let secret = PrivateKeyDer::Pkcs8(self.secret.clone_key());
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[&version::TLS13])
            .expect("ring has TLS 1.3")
            .with_no_client_auth()
            .with_single_cert(vec![self.cert.clone()], secret)
            .expect("its own key")
    }
}

/// The settings of a client that trusts this certificate alone.
pub fn client(cert: CertificateDer<'static>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(cert).expect("a certificate");
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&version::TLS13])
        .expect("ring has TLS 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth()
}
