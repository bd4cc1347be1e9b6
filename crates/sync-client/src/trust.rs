//! Trust in the commune's server: its certificate must be signed by the identity key that stood in the
//! enrolment code. Nothing else counts. Validity dates are not looked at, because a laptop with a dead
//! clock battery must reach the server to learn the time (sync rules §10); host names are not, because the
//! office's address changes and the key does not.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

/// What stands in the subject public key info of an Ed25519 key before the key itself (RFC 8410): the
/// algorithm, then a bit string without unused bits.
const ED25519_SPKI: [u8; 10] = [0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// A moment at which every certificate of a commune is valid: 2026-01-01.
const FIXED_MOMENT: Duration = Duration::from_secs(1_767_225_600);

/// A TLS configuration that trusts one commune's identity.
pub(crate) fn client_config(identity: [u8; 32]) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(Pinned { identity, provider: Arc::clone(&provider) });
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

#[derive(Debug)]
struct Pinned {
    identity: [u8; 32],
    provider: Arc<CryptoProvider>,
}

impl Pinned {
    fn is_identity(&self, certificate: &CertificateDer<'_>) -> bool {
        webpki::anchor_from_trusted_cert(certificate)
            .is_ok_and(|anchor| is_key(&anchor.subject_public_key_info, &self.identity))
    }
}

/// True if the key info is this Ed25519 key and nothing else. A key of another kind that merely holds the
/// same bytes somewhere (they are its owner's to choose) is not it.
fn is_key(key_info: &[u8], identity: &[u8; 32]) -> bool {
    key_info
        .split_at_checked(ED25519_SPKI.len())
        .is_some_and(|(kind, key)| kind == ED25519_SPKI && key == identity)
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let unknown = || Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let authority = intermediates.iter().find(|one| self.is_identity(one)).ok_or_else(unknown)?;
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone())?;
        verify_server_cert_signed_by_trust_anchor(
            &ParsedCertificate::try_from(end_entity)?,
            &roots,
            &[],
            UnixTime::since_unix_epoch(FIXED_MOMENT),
            self.provider.signature_verification_algorithms.all,
        )?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_only_ends_like_the_commune_s_is_another() {
        let identity = [7; 32];
        let own = [&ED25519_SPKI[..], &identity].concat();
        let check = |key_info: &[u8], expect: bool| {
            assert_eq!(is_key(key_info, &identity), expect, "{key_info:02x?}");
        };
        check(&own, true);
        check(&[&[0x30, 0x05][..], &own].concat(), false);
        check(&[&own[..], &[0]].concat(), false);
        check(&own[1..], false);
        check(&identity, false);
        check(&[], false);
        check(&[&ED25519_SPKI[..], &[8; 32]].concat(), false);
        // X25519: one byte of the algorithm differs.
        let mut other_kind = own;
        other_kind[6] = 0x6e;
        check(&other_kind, false);
    }
}
