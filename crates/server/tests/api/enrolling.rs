//! Codes are used once, expire, and say nothing when they are wrong; tokens are the only way in.

use domain::people::Role;
use reqwest::StatusCode;
use server::ServerError;
use sync_core::api::ApiCode;
use sync_core::wire::SigningKey;

use crate::office::{NOON, Office, enrol};

fn key(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32])
}

#[tokio::test]
async fn a_code_makes_one_device() {
    let office = Office::open();
    let url = office.serving.url.clone();
    office.with_units(&["Thôn Sen Hạ"]).await;
    // Spelled as people type.
    let order = office.order(Role::HamletHead, &["thon SEN HA"]);
    let issued = office.register.issue_code(&order).unwrap();
    assert_eq!(issued.hamlet_units, ["Thôn Sen Hạ"]);
    let reply = enrol(&url, &issued.code.secret, &key(1)).await.unwrap();
    assert_eq!(
        (reply.role, reply.hamlet_unit_names.as_slice()),
        (Role::HamletHead, &["Thôn Sen Hạ".into()][..])
    );
    assert_eq!(reply.commune_name, "Xã Thử Nghiệm");
    assert_eq!(reply.server_time_ms, NOON);
    assert!(reply.seal_to.starts_with("age1"));
    let again = enrol(&url, &issued.code.secret, &key(2)).await.unwrap_err();
    assert_eq!((again.0, again.1.code), (StatusCode::FORBIDDEN, ApiCode::EnrolUsedCode));
}

#[tokio::test]
async fn expired_unknown_and_nonsense_codes_are_told_apart() {
    let office = Office::open();
    let url = office.serving.url.clone();
    let issued = office.register.issue_code(&office.order(Role::Leader, &[])).unwrap();
    let secret = issued.code.secret.clone();
    let last = if secret.ends_with('A') { "Q" } else { "A" };
    let flipped = format!("{}{last}", &secret[..secret.len() - 1]);
    let unknown = [String::new(), "x".repeat(64), "A".repeat(64), flipped];
    for wrong in unknown {
        let refused = enrol(&url, &wrong, &key(1)).await.unwrap_err();
        assert_eq!(refused.1.code, ApiCode::EnrolUnknownCode, "{wrong}");
    }
    office.set_wall_ms(NOON + 30 * 60_000);
    let late = enrol(&url, &secret, &key(1)).await.unwrap_err();
    assert_eq!((late.0, late.1.code), (StatusCode::FORBIDDEN, ApiCode::EnrolExpiredCode));
    // The clock of the server's word never goes back: nor does a code come to life again.
    office.register.issue_code(&office.order(Role::Leader, &[])).unwrap();
    office.set_wall_ms(NOON);
    assert_eq!(enrol(&url, &secret, &key(1)).await.unwrap_err().1.code, ApiCode::EnrolExpiredCode);
}

#[tokio::test]
async fn an_order_names_known_units_where_the_role_needs_them() {
    let office = Office::open();
    office.with_units(&["Thôn Sen Hạ"]).await;
    let check = |role: Role, units: &[&str]| {
        let issued = office.register.issue_code(&office.order(role, units));
        issued.map(|_| ()).map_err(|error| error.code().to_owned())
    };
    assert_eq!(check(Role::TeamMember, &["Thôn Sen Hạ"]), Ok(()));
    assert_eq!(check(Role::Admin, &[]), Ok(()));
    assert_eq!(check(Role::TeamMember, &[]), Err(ServerError::HamletNeeded.code().into()));
    assert_eq!(check(Role::TeamMember, &["Thôn Lạ"]), Err(ServerError::UnknownHamlet.code().into()));
    assert_eq!(check(Role::from_code("king"), &[]), Err(ServerError::UnknownRole.code().into()));
}

#[tokio::test]
async fn only_a_token_that_was_given_and_not_taken_away_opens() {
    let office = Office::open();
    let mut lan = office.officer().await;
    let hello = lan.hello().await.unwrap();
    assert_eq!((hello.commune, hello.highest_known, hello.server_time_ms), (lan.me.commune, 0, NOON));
    let mut other = lan.hello_message();
    other.device = domain::ids::DeviceId(uuid::Uuid::from_u128(1));
    let refused = lan.post::<serde_json::Value>(sync_core::api::HELLO, &other).await.unwrap_err();
    assert_eq!(refused.1.code, ApiCode::AuthOtherDevice);
    let token = lan.token.clone();
    for wrong in ["", "x", &token[..token.len() - 4], &format!("{token}AAAA")] {
        lan.token = wrong.to_owned();
        let refused = lan.hello().await.unwrap_err();
        assert_eq!((refused.0, refused.1.code), (StatusCode::UNAUTHORIZED, ApiCode::AuthUnknownToken));
    }
    lan.token = token;
    office.register.revoke(lan.me.device).unwrap();
    for refused in [lan.hello().await.unwrap_err(), lan.push(vec![]).await.unwrap_err()] {
        assert_eq!((refused.0, refused.1.code), (StatusCode::FORBIDDEN, ApiCode::AuthRevoked));
    }
}
