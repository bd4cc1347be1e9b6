//! Two papers that a server gives a laptop: the certificate of its enrolment, by which it is admitted again after a
//! restore that forgot it (§6), and the order to erase itself once it was revoked (§7).

use std::fmt;

use domain::ids::{CommuneId, DeviceId, UserId};
use domain::people::Role;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::local::LocalCounts;
use crate::receipt::ReceiptKey;
use crate::rights::Reach;

/// A laptop's certificate. Only the server can write it and know its own; revocation stands above it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Of which commune.
    pub commune: CommuneId,
    /// Which laptop.
    pub device: DeviceId,
    /// Who works on it.
    pub user: UserId,
    /// What the commune calls them, or empty.
    pub user_name: String,
    /// As what they work.
    pub role: Role,
    /// Its Ed25519 public key.
    #[serde(with = "crate::hex")]
    pub device_key: [u8; 32],
    /// Where its user was to work at the enrolment.
    pub reaches: Vec<Reach>,
    /// When, by the server's clock.
    pub enrolled_at_ms: i64,
    /// Keyed BLAKE3 over all of the above.
    #[serde(with = "crate::hex")]
    pub mac: [u8; 16],
}

/// Without the name.
impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("device", &self.device).finish_non_exhaustive()
    }
}

impl ReceiptKey {
    /// Seals a certificate.
    pub fn certify(&self, mut certificate: Certificate) -> Certificate {
        certificate.mac = self.certificate_code(&certificate);
        certificate
    }

    /// True if this commune's server wrote it and nobody changed it.
    pub fn verify_certificate(&self, certificate: &Certificate) -> bool {
        blake3::hash(&self.certificate_code(certificate)) == blake3::hash(&certificate.mac)
    }

    fn certificate_code(&self, certificate: &Certificate) -> [u8; 16] {
        let unsealed = Certificate { mac: [0; 16], ..certificate.clone() };
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(b"tungnha 2026 sync certificate");
        // Writing into memory has no way to fail.
        hasher.update(&serde_json::to_vec(&unsealed).unwrap_or_default());
        let mut code = [0; 16];
        hasher.finalize_xof().fill(&mut code);
        code
    }
}

/// Tells a revoked laptop to destroy its keys. Signed by the commune's identity, which every laptop knows; it names the
/// incarnation, so that no copy of it erases a laptop that was enrolled again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EraseOrder {
    /// Of which commune.
    pub commune: CommuneId,
    /// Which laptop.
    pub device: DeviceId,
    /// Which life of its store.
    pub incarnation: u64,
    /// When it was revoked, by the server's clock.
    pub revoked_at_ms: i64,
    /// Ed25519 over all of the above.
    #[serde(with = "crate::hex")]
    pub signature: [u8; 64],
}

impl EraseOrder {
    /// An order under the commune's identity.
    pub fn signed(
        identity: &SigningKey,
        commune: CommuneId,
        device: DeviceId,
        incarnation: u64,
        revoked_at_ms: i64,
    ) -> Self {
        let mut order = Self { commune, device, incarnation, revoked_at_ms, signature: [0; 64] };
        order.signature = identity.sign(&order.text()).to_bytes();
        order
    }

    /// True if the commune gave the order to this very laptop.
    pub fn is_for(&self, identity: &VerifyingKey, device: DeviceId, incarnation: u64) -> bool {
        (self.device, self.incarnation) == (device, incarnation)
            && identity.verify_strict(&self.text(), &Signature::from_bytes(&self.signature)).is_ok()
    }

    /// When the keys may go: once every Save has been answered, be it that it is kept apart. Before that they are the
    /// only way to what somebody wrote.
    pub fn may_be_carried_out(waiting: LocalCounts) -> bool {
        waiting.pending_groups == 0
    }

    fn text(&self) -> Vec<u8> {
        [
            b"tungnha 2026 erase order\0".as_slice(),
            self.commune.0.as_bytes(),
            self.device.0.as_bytes(),
            &self.incarnation.to_le_bytes(),
            &self.revoked_at_ms.to_le_bytes(),
        ]
        .concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{COMMUNE, device, user};

    #[test]
    fn a_certificate_is_the_server_s_word_or_none() {
        let key = ReceiptKey([7; 32]);
        let certificate = key.certify(Certificate {
            commune: COMMUNE,
            device: device(1),
            user: user(1),
            user_name: "Lan".into(),
            role: Role::TeamMember,
            device_key: [3; 32],
            reaches: vec![Reach::WholeCommune],
            enrolled_at_ms: 5,
            mac: [0; 16],
        });
        assert!(key.verify_certificate(&certificate));
        assert!(!ReceiptKey([8; 32]).verify_certificate(&certificate));
        let check = |change: fn(&mut Certificate)| {
            let mut changed = certificate.clone();
            change(&mut changed);
            assert!(!key.verify_certificate(&changed), "{changed:?}");
        };
        check(|one| one.device = device(2));
        check(|one| one.user = user(2));
        check(|one| one.device_key[0] ^= 1);
        check(|one| one.user_name.push('!'));
        check(|one| one.role = Role::Admin);
        check(|one| one.reaches.clear());
        check(|one| one.enrolled_at_ms = 6);
        check(|one| one.mac[15] ^= 1);
    }

    #[test]
    fn an_erase_order_is_for_one_life_of_one_laptop() {
        let identity = SigningKey::from_bytes(&[7; 32]);
        let public = identity.verifying_key();
        let order = EraseOrder::signed(&identity, COMMUNE, device(1), 44, 5);
        assert!(order.is_for(&public, device(1), 44));
        assert!(!order.is_for(&public, device(1), 45));
        assert!(!order.is_for(&public, device(2), 44));
        assert!(!order.is_for(&SigningKey::from_bytes(&[8; 32]).verifying_key(), device(1), 44));
        let other_day = EraseOrder { revoked_at_ms: 6, ..order };
        assert!(!other_day.is_for(&public, device(1), 44));
        let counts = |pending_groups, quarantined_groups| LocalCounts {
            pending_groups,
            quarantined_groups,
            ..LocalCounts::default()
        };
        assert!(!EraseOrder::may_be_carried_out(counts(1, 0)));
        assert!(EraseOrder::may_be_carried_out(counts(0, 3)));
    }
}
