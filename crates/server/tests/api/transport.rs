//! TLS that stands on the commune's identity key, what is open without a token, and the description.

use std::sync::Arc;
use std::time::Duration;

use domain::consent::Basis;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use serde_json::Value;
use server::{NewCommune, Options, Register, ServerError, Transport};
use sync_core::api::{self, ApiCode, ApiError};

use crate::office::{Office, client};

/// What a laptop does: the issuer that is sent must hold the identity of the enrolment code, and it is
/// the only root. Always the same time: validity dates say nothing.
#[derive(Debug)]
struct PinnedIdentity {
    identity: [u8; 32],
    provider: Arc<CryptoProvider>,
}

impl PinnedIdentity {
    fn of_roots(&self, roots: RootCertStore) -> Arc<WebPkiServerVerifier> {
        let builder =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider));
        builder.build().unwrap()
    }
}

impl ServerCertVerifier for PinnedIdentity {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let issuer = intermediates.first().ok_or(Error::NoCertificatesPresented)?;
        if !issuer.windows(32).any(|window| window == self.identity) {
            return Err(CertificateError::UnknownIssuer.into());
        }
        let mut roots = RootCertStore::empty();
        roots.add(issuer.clone().into_owned())?;
        let year_2000 = UnixTime::since_unix_epoch(Duration::from_secs(946_684_800));
        self.of_roots(roots).verify_server_cert(leaf, &[], name, &[], year_2000)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn trusting(identity: [u8; 32]) -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(PinnedIdentity { identity, provider }))
        .with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).build().unwrap()
}

fn register(dir: &std::path::Path) -> Arc<Register> {
    let commune = NewCommune { name: "Xã Thử".into(), code: String::new(), basis: Basis::Consent };
    Arc::new(Register::create(dir, &commune, Options::default()).unwrap())
}

#[tokio::test]
async fn only_who_holds_the_commune_s_identity_is_trusted() {
    let dir = tempfile::tempdir().unwrap();
    let register = register(&dir.path().join("data"));
    let tls = Transport::Tls(vec!["xa.example".into(), "192.168.1.5".into()]);
    let serving = server::serve(&register, "127.0.0.1:0".parse().unwrap(), &tls).unwrap();
    let url = format!("{}/healthz", serving.url);
    let identity = register.keys().identity_public();
    let answer = trusting(identity).get(&url).send().await.unwrap();
    assert!(answer.status().is_success());
    let by_name = url.replace("127.0.0.1", "localhost");
    assert!(trusting(identity).get(&by_name).send().await.unwrap().status().is_success());
    assert!(trusting([7; 32]).get(&url).send().await.is_err());
    // In clear there is nothing on this port.
    assert!(client().get(url.replace("https", "http")).send().await.is_err());
}

#[tokio::test]
async fn in_clear_it_serves_loopback_only_unless_a_proxy_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let register = register(&dir.path().join("data"));
    let anywhere = "0.0.0.0:0".parse().unwrap();
    let refused = server::serve(&register, anywhere, &Transport::Loopback);
    assert!(matches!(refused, Err(ServerError::TlsNeeded)));
    let mut serving = server::serve(&register, anywhere, &Transport::BehindProxy).unwrap();
    let second = || server::serve(&register, anywhere, &Transport::BehindProxy);
    assert!(matches!(second(), Err(ServerError::InUse)), "two servers on one folder");
    serving.stop();
    serving.ended().await.unwrap();
    // Whoever ended clears up first.
    assert!(matches!(second(), Err(ServerError::InUse)), "the folder is let go with the server");
    drop(serving);
    server::serve(&register, anywhere, &Transport::BehindProxy).unwrap();
}

#[tokio::test]
async fn status_is_open_and_names_nobody() {
    let office = Office::open();
    office.with_units(&["Thôn Sen Hạ"]).await;
    let get = async |path: &str| {
        let response = client().get(format!("{}{path}", office.serving.url)).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    assert_eq!(get("/healthz").await.0, 200);
    assert_eq!(get("/readyz").await.0, 200);
    let metrics = get("/metrics").await.1;
    for line in ["tungnha_pushes_total 1\n", "tungnha_groups_total 1\n", "tungnha_head_position 2\n"] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    let (status, body) = get("/v1/nothing").await;
    let error: ApiError = serde_json::from_str(&body).unwrap();
    assert_eq!((status, error.code), (404, ApiCode::ServerNoSuchPath));
}

/// The described field names are those that are sent.
#[tokio::test]
async fn the_description_says_what_is_sent() {
    let office = Office::open();
    let lan = office.officer().await;
    let url = format!("{}/openapi.json", office.serving.url);
    let described: Value =
        serde_json::from_slice(&client().get(url).send().await.unwrap().bytes().await.unwrap()).unwrap();
    let names = |value: &Value| {
        let mut names: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
        names.sort();
        names
    };
    let check = |schema: &str, sent: Value| {
        assert_eq!(
            names(&described["components"]["schemas"][schema]["properties"]),
            names(&sent),
            "{schema}"
        );
    };
    check("EnrolReply", sent(&lan.me));
    check("Hello", sent(&lan.hello_message()));
    check("HelloReply", sent(&lan.hello().await.unwrap()));
    check("Page", sent(&lan.page(1000).await.unwrap()));
    check("ApiError", sent(&ApiError::new(ApiCode::ServerBusy)));
    let sync = [api::HELLO, api::PUSH, api::PULL, api::OFFER, api::DIGESTS, api::ROWS, api::ERASE_ORDER];
    for path in [api::ENROL, "/healthz", "/readyz", "/metrics"].into_iter().chain(sync) {
        assert!(described["paths"][path].is_object(), "{path}");
    }
}

fn sent(message: &impl serde::Serialize) -> Value {
    serde_json::to_value(message).unwrap()
}
