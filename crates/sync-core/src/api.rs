//! What stands around the messages of [`crate::wire`]: paths, the enrolment code and its exchange, the
//! server's address ([`ServerAddress`]), and
//! the one shape of a refusal. Both sides read them here, so that neither spells them a second time.
//!
//! It opens no socket and knows no HTTP status; those are the transport's.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::consent::Basis;
use domain::ids::{CommuneId, DeviceId, HamletUnitId, UserId};
use domain::people::Role;
use ed25519_dalek::{Signature, Signer};
use serde::{Deserialize, Serialize};

pub use crate::address::{AddressError, DEFAULT_PORT, ServerAddress};
use crate::hex;
use crate::membership::Certificate;
use crate::wire::{SigningKey, VerifyingKey};

/// POST [`EnrolRequest`] → [`EnrolReply`], JSON both ways. The only one without a token.
pub const ENROL: &str = "/v1/enrol";
/// POST [`ReadmitRequest`] → [`ReadmitReply`], JSON both ways.
pub const READMIT: &str = "/v1/readmit";
/// POST [`crate::wire::Hello`] → [`crate::wire::HelloReply`], JSON both ways.
pub const HELLO: &str = "/v1/hello";
/// POST [`crate::wire::SignedBatch::to_body`], zstd-compressed → [`crate::wire::PushReply`], JSON,
/// zstd-compressed.
pub const PUSH: &str = "/v1/push";
/// POST [`crate::wire::PullRequest`], JSON → [`crate::wire::Page`], JSON, zstd-compressed.
pub const PULL: &str = "/v1/pull";
/// POST [`crate::wire::Offer`] → [`crate::wire::OfferReply`], JSON, zstd-compressed both ways.
pub const OFFER: &str = "/v1/offer";
/// POST nothing → [`crate::wire::DigestsReply`], JSON, zstd-compressed.
pub const DIGESTS: &str = "/v1/digests";
/// POST [`crate::wire::RowsRequest`], JSON → [`crate::wire::RowsReply`], JSON, zstd-compressed.
pub const ROWS: &str = "/v1/rows";
/// POST [`crate::wire::EraseOrderRequest`] → [`crate::membership::EraseOrder`], JSON both ways.
pub const ERASE_ORDER: &str = "/v1/erase-order";

/// How a device says who it is: `Authorization: Bearer <token>`.
pub const TOKEN_SCHEME: &str = "Bearer";
/// The one content coding; both sides name it in `Content-Encoding`.
pub const CODING: &str = "zstd";

/// What a new device sends.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// [`EnrolmentCode::secret`]
    pub secret: String,
    /// Ed25519 public key that the device will sign its batches with: 64 lower-case hexadecimal digits.
    pub device_key: String,
    /// What people call the laptop: "Máy chị Lan".
    pub device_name: String,
    /// The device key's Ed25519 signature over the secret, 128 lower-case hexadecimal digits: who merely saw
    /// a code and somebody's public key cannot answer for that laptop, not even for a code that was used.
    pub proof: String,
}

/// What [`EnrolRequest::proof`] signs. The word in front keeps it apart from signed batches.
fn proven_text(secret: &str) -> Vec<u8> {
    [b"tungnha 2026 enrolment\n", secret.as_bytes()].concat()
}

impl EnrolRequest {
    /// A request of the laptop that holds the key.
    pub fn signed(secret: &str, device_key: &SigningKey, device_name: &str) -> Self {
        Self {
            secret: secret.to_owned(),
            device_key: hex::text(device_key.verifying_key().as_bytes()),
            device_name: device_name.to_owned(),
            proof: hex::text(&device_key.sign(&proven_text(secret)).to_bytes()),
        }
    }

    /// The device's public key; `None` unless it is a sound one and the sender holds its other half.
    pub fn proven_key(&self) -> Option<VerifyingKey> {
        let key =
            VerifyingKey::from_bytes(&hex::parse(&self.device_key)?).ok().filter(|key| !key.is_weak())?;
        let proof = Signature::from_bytes(&hex::parse(&self.proof)?);
        key.verify_strict(&proven_text(&self.secret), &proof).ok()?;
        Some(key)
    }
}

/// What a laptop sends whose token the server does not know any more: it was put back to before the enrolment (§6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadmitRequest {
    /// [`EnrolReply::certificate`]
    pub certificate: Certificate,
    /// What people call the laptop.
    pub device_name: String,
    /// The device key's Ed25519 signature over the certificate's code, 128 lower-case hexadecimal digits.
    pub proof: String,
}

fn readmitted_text(certificate: &Certificate) -> Vec<u8> {
    [b"tungnha 2026 admitted again\n".as_slice(), &certificate.mac].concat()
}

impl ReadmitRequest {
    /// A request of the laptop that holds the key.
    pub fn signed(certificate: Certificate, device_key: &SigningKey, device_name: &str) -> Self {
        let proof = hex::text(&device_key.sign(&readmitted_text(&certificate)).to_bytes());
        Self { certificate, device_name: device_name.to_owned(), proof }
    }

    /// The device's public key; `None` unless the sender holds its other half.
    pub fn proven_key(&self) -> Option<VerifyingKey> {
        let key = VerifyingKey::from_bytes(&self.certificate.device_key).ok().filter(|key| !key.is_weak())?;
        let proof = Signature::from_bytes(&hex::parse(&self.proof)?);
        key.verify_strict(&readmitted_text(&self.certificate), &proof).ok()?;
        Some(key)
    }
}

/// What a laptop is given that was admitted again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadmitReply {
    /// For `Authorization`; an earlier one opens nothing any more.
    pub token: String,
}

impl fmt::Debug for ReadmitReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadmitReply").finish_non_exhaustive()
    }
}

/// What a new device is given. The token is shown once and never again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolReply {
    /// Whose register this is.
    pub commune: CommuneId,
    /// "Xã Phù Đổng"
    pub commune_name: String,
    /// The device's id.
    pub device: DeviceId,
    /// Who works on it.
    pub user: UserId,
    /// As what.
    pub role: Role,
    /// In which hamlet units; empty for roles that see the whole commune.
    pub hamlet_units: Vec<HamletUnitId>,
    /// Their names, in the same order.
    pub hamlet_unit_names: Vec<String>,
    /// For `Authorization`.
    pub token: String,
    /// The commune's age recipient: what the outbox is sealed to.
    pub seal_to: String,
    /// The commune's legal basis.
    pub basis: Basis,
    /// The server's clock.
    pub server_time_ms: i64,
    /// By which the laptop is admitted again, should the server be put back to before this. `None` of an older server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
}

impl fmt::Debug for EnrolRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnrolRequest").finish_non_exhaustive()
    }
}

impl fmt::Debug for EnrolReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnrolReply").field("device", &self.device).finish_non_exhaustive()
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal,)*) => {
        /// Why the server refuses a request. Codes are added, never changed.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum ApiCode {
            $($(#[$doc])* $variant,)*
            /// A code of a newer server.
            Unrecognised(String),
        }

        impl ApiCode {
            /// Every code this version knows.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word on the wire and in the catalogue of sentences.
            pub fn code(&self) -> &str {
                #[cfg(feature = "sabotage")]
                if domain::fault::is("message_key") {
                    return "auth.renamed_without_its_sentence";
                }
                match self {
                    $(Self::$variant => $code,)*
                    Self::Unrecognised(code) => code,
                }
            }
        }

        impl From<String> for ApiCode {
            fn from(code: String) -> Self {
                match code.as_str() {
                    $($code => Self::$variant,)*
                    _ => Self::Unrecognised(code),
                }
            }
        }
    };
}

codes! {
    /// No enrolment code has this secret.
    EnrolUnknownCode = "enrol.unknown_code",
    /// A device was enrolled with it already.
    EnrolUsedCode = "enrol.used_code",
    /// Its time is over.
    EnrolExpiredCode = "enrol.expired_code",
    /// The device key is no Ed25519 public key, or the sender does not hold its other half.
    EnrolBadKey = "enrol.bad_key",
    /// No token, or one nobody has.
    AuthUnknownToken = "auth.unknown_token",
    /// The device was revoked.
    AuthRevoked = "auth.revoked",
    /// Not a certificate of this commune, or not of the laptop that shows it.
    AuthBadCertificate = "auth.bad_certificate",
    /// An order to erase itself, asked for by a device that belongs here.
    AuthNotRevoked = "auth.not_revoked",
    /// The message names another device than the token's.
    AuthOtherDevice = "auth.other_device",
    /// The message is for another commune's register.
    SyncOtherCommune = "sync.other_commune",
    /// The batch is not signed by the device.
    SyncSignature = "sync.signature",
    /// Not the message that was expected.
    SyncUnreadable = "sync.unreadable",
    /// More bytes or groups than announced; `limit_bytes` or `limit_groups` says how many are taken.
    SyncTooLarge = "sync.too_large",
    /// Older or newer than what this server speaks; `protocol` says what it speaks.
    SyncProtocol = "sync.protocol",
    /// The cursor or batch is of another life of the log; `epoch` is the present one.
    SyncEpoch = "sync.epoch",
    /// The cursor lies beyond the head, or its hash is not the log's there.
    SyncRewound = "sync.rewound",
    /// Too many requests; `retry_after_s` says when to come back.
    ServerBusy = "server.busy",
    /// No such path.
    ServerNoSuchPath = "server.no_such_path",
    /// The server's disk is full. Nothing of the request was kept.
    ServerDiskFull = "server.disk_full",
    /// A fault of the server. Nothing of the request was kept.
    ServerFault = "server.fault",
}

impl From<ApiCode> for String {
    fn from(code: ApiCode) -> Self {
        code.code().to_owned()
    }
}

/// The body of every refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}", code.code())]
pub struct ApiError {
    /// Why.
    pub code: ApiCode,
    /// Numbers that belong to the sentence. Numbers only: nothing personal can stand here.
    #[serde(default)]
    pub params: BTreeMap<String, i64>,
    /// True if the same request may be taken later.
    pub retryable: bool,
}

impl ApiError {
    /// A refusal that stays one.
    pub fn new(code: ApiCode) -> Self {
        let retryable = matches!(code, ApiCode::ServerBusy | ApiCode::ServerDiskFull | ApiCode::ServerFault);
        Self { code, params: BTreeMap::new(), retryable }
    }

    /// With a number.
    pub fn with(mut self, name: &str, number: i64) -> Self {
        self.params.insert(name.to_owned(), number);
        self
    }
}

/// What is handed over to enrol a device, once: `TN1.` and base64url of JSON.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolmentCode {
    /// Where the server is, "https://192.168.1.5:8443"; left out where it is told another way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The commune's Ed25519 identity: all trust in the server's certificate comes from it.
    #[serde(with = "crate::hex")]
    pub identity: [u8; 32],
    /// Proves that the commune invited this device.
    pub secret: String,
}

/// The text is no enrolment code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an enrolment code")]
pub struct EnrolmentCodeError;

const PREFIX: &str = "TN1.";

impl fmt::Display for EnrolmentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_vec(self).map_err(|_| fmt::Error)?;
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(json))
    }
}

impl fmt::Debug for EnrolmentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnrolmentCode").field("address", &self.address).finish_non_exhaustive()
    }
}

impl FromStr for EnrolmentCode {
    type Err = EnrolmentCodeError;
    /// Blanks and line breaks, as they come with pasting, are left out.
    fn from_str(text: &str) -> Result<Self, EnrolmentCodeError> {
        let text: String = text.split_whitespace().collect();
        let body = text.strip_prefix(PREFIX).ok_or(EnrolmentCodeError)?;
        let json = URL_SAFE_NO_PAD.decode(body).map_err(|_| EnrolmentCodeError)?;
        serde_json::from_slice(&json).map_err(|_| EnrolmentCodeError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enrolment_code_is_one_word_and_survives_pasting() {
        let code = EnrolmentCode {
            address: Some("https://localhost:8443".into()),
            identity: [7; 32],
            secret: "abc".into(),
        };
        let text = code.to_string();
        assert!(text.starts_with("TN1.") && !text.contains(char::is_whitespace));
        let (start, end) = text.split_at(20);
        assert_eq!(format!(" {start}\n{end}\r\n").parse(), Ok(code));
        for wrong in ["", "TN1.", "TN1.!!", "TN2.e30", "TN1.e30"] {
            assert_eq!(wrong.parse::<EnrolmentCode>(), Err(EnrolmentCodeError), "{wrong}");
        }
    }

    #[test]
    fn nothing_secret_is_printed_by_debug() {
        let request = EnrolRequest::signed("hush", &SigningKey::from_bytes(&[7; 32]), "Máy Lan");
        let code = EnrolmentCode { address: None, identity: [7; 32], secret: "hush".into() };
        assert!(!format!("{request:?}{code:?}").contains("hush"));
    }

    #[test]
    fn a_key_counts_only_for_who_holds_its_other_half() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let good = EnrolRequest::signed("hush", &key, "Máy Lan");
        assert_eq!(good.proven_key(), Some(key.verifying_key()));
        let other = EnrolRequest::signed("hush", &SigningKey::from_bytes(&[8; 32]), "Máy Lan");
        for wrong in [
            EnrolRequest { secret: "other".into(), ..good.clone() },
            EnrolRequest { device_key: other.device_key.clone(), ..good.clone() },
            EnrolRequest { device_key: "zz".into(), ..good.clone() },
            EnrolRequest { device_key: "00".repeat(32), ..good.clone() },
            EnrolRequest { proof: other.proof, ..good.clone() },
            EnrolRequest { proof: String::new(), ..good },
        ] {
            assert_eq!(wrong.proven_key(), None);
        }
    }

    #[test]
    fn a_refusal_keeps_a_code_of_a_newer_server() {
        let json = r#"{"code":"server.moved","retryable":true}"#;
        let error: ApiError = serde_json::from_str(json).unwrap();
        assert_eq!(error.code, ApiCode::Unrecognised("server.moved".into()));
        for code in ApiCode::ALL {
            assert_eq!(ApiCode::from(code.code().to_owned()), *code);
        }
    }
}
