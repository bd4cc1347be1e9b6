//! TLS: a leaf made at each start, signed by the commune's identity key. Laptops trust that key, which
//! stands in their enrolment code, and nothing else; validity dates say nothing to them, since a laptop
//! in 2010 must reach the server to learn the time (sync rules §10).

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

use crate::error::ServerError;

impl From<rcgen::Error> for ServerError {
    fn from(error: rcgen::Error) -> Self {
        Self::Certificate(error.to_string())
    }
}

impl From<rustls::Error> for ServerError {
    fn from(error: rustls::Error) -> Self {
        Self::Certificate(error.to_string())
    }
}

/// The beginning of every PKCS#8 form of an Ed25519 seed (RFC 8410 §7).
const PKCS8_ED25519: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

fn identity_pair(identity: &SigningKey) -> Result<KeyPair, ServerError> {
    let pkcs8 = Zeroizing::new([&PKCS8_ED25519[..], identity.as_bytes()].concat());
    let key = PrivatePkcs8KeyDer::from(pkcs8.as_slice());
    Ok(KeyPair::from_pkcs8_der_and_sign_algo(&key, &rcgen::PKCS_ED25519)?)
}

fn dated(mut params: CertificateParams, name: &str) -> CertificateParams {
    params.not_before = date_time_ymd(1975, 1, 1);
    params.not_after = date_time_ymd(4096, 1, 1);
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn issuer_params() -> CertificateParams {
    let mut issuer = dated(CertificateParams::default(), "Tung Nha commune");
    issuer.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    issuer.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    issuer
}

/// The commune's own certificate, which every leaf is signed under.
pub(crate) fn issuer(identity: &SigningKey) -> Result<CertificateDer<'static>, ServerError> {
    Ok(issuer_params().self_signed(&identity_pair(identity)?)?.der().clone())
}

/// Leaf and issuer, as they are sent, and the leaf's key. `names` beside localhost and 127.0.0.1.
fn certificates(
    identity: &SigningKey,
    names: &[String],
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), ServerError> {
    let issuer_key = identity_pair(identity)?;
    let issuer = issuer_params();
    let mut sans = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    sans.extend(names.iter().filter(|name| !sans.contains(name)).cloned().collect::<Vec<_>>());
    let mut leaf = dated(CertificateParams::new(sans)?, "Tung Nha server");
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let leaf_key = KeyPair::generate()?;
    let leaf_certificate = leaf.signed_by(&leaf_key, &Issuer::from_params(&issuer, &issuer_key))?;
    let chain = vec![leaf_certificate.der().clone(), self::issuer(identity)?];
    Ok((chain, PrivatePkcs8KeyDer::from(leaf_key.serialize_der()).into()))
}

/// What the sockets are opened with.
pub(crate) fn server_config(
    identity: &SigningKey,
    names: &[String],
) -> Result<Arc<ServerConfig>, ServerError> {
    let (chain, key) = certificates(identity, names)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
