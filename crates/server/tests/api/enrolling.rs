//! Codes are used once, expire, and say nothing when they are wrong; tokens are the only way in.

use domain::people::Role;
use reqwest::StatusCode;
use server::{EnrolOrder, ServerError};
use sync_core::api::{ApiCode, EnrolRequest};
use sync_core::wire::SigningKey;

use crate::office::{NOON, Office, client, enrol, send_enrolment};

fn key(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32])
}

/// True if the token opens; an empty greeting is unreadable, but only to somebody who is known.
async fn knows(url: &str, token: &str) -> bool {
    let request = client().post(format!("{url}{}", sync_core::api::HELLO)).bearer_auth(token).body("{}");
    request.send().await.unwrap().status() != StatusCode::UNAUTHORIZED
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

/// The answer may be lost on the way: the same laptop asks again and is the same device, under a new token.
#[tokio::test]
async fn the_same_key_is_answered_again_while_the_code_holds() {
    let office = Office::open();
    let url = office.serving.url.clone();
    office.with_units(&["Thôn Sen Hạ"]).await;
    let issued = office.register.issue_code(&office.order(Role::HamletHead, &["Thôn Sen Hạ"])).unwrap();
    let secret = &issued.code.secret;
    let before = office.register.device_count().unwrap();
    let first = enrol(&url, secret, &key(1)).await.unwrap();
    let position = office.register.position().unwrap();
    let again = enrol(&url, secret, &key(1)).await.unwrap();
    assert_eq!((again.device, again.user), (first.device, first.user));
    assert_eq!((again.hamlet_units, again.role), (first.hamlet_units, first.role));
    assert_ne!(again.token, first.token);
    assert!(!knows(&url, &first.token).await);
    assert_eq!(office.register.device_count().unwrap(), before + 1);
    assert_eq!(office.register.position().unwrap(), position, "no second assignment");

    // Who saw the code, and even the public key, is refused and counted.
    let other = enrol(&url, secret, &key(2)).await.unwrap_err();
    assert_eq!((other.0, other.1.code), (StatusCode::FORBIDDEN, ApiCode::EnrolUsedCode));
    let mut copied = EnrolRequest::signed(secret, &key(1), "Máy lạ");
    copied.proof = EnrolRequest::signed(secret, &key(2), "Máy lạ").proof;
    let copied = send_enrolment(&url, &copied).await.unwrap_err();
    assert_eq!((copied.0, copied.1.code), (StatusCode::BAD_REQUEST, ApiCode::EnrolBadKey));
    let metrics = client().get(format!("{url}/metrics")).send().await.unwrap().text().await.unwrap();
    for line in
        ["tungnha_enrolments_total 3\n", "tungnha_enrolments_refused_total 2\n", "tungnha_devices 2\n"]
    {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }

    office.set_wall_ms(NOON + 30 * 60_000);
    assert_eq!(enrol(&url, secret, &key(1)).await.unwrap_err().1.code, ApiCode::EnrolExpiredCode);
    assert_eq!(enrol(&url, secret, &key(2)).await.unwrap_err().1.code, ApiCode::EnrolUsedCode);
    assert!(knows(&url, &again.token).await, "a refusal takes nothing away");
}

/// A copy of the laptop's folder, taken while its enrolment was open, is worth nothing once the laptop is at
/// work: it gets no token, and the laptop keeps its own.
#[tokio::test]
async fn once_the_answer_has_arrived_the_code_renews_nothing() {
    let office = Office::open();
    let url = office.serving.url.clone();
    let issued = office.register.issue_code(&office.order(Role::Leader, &[])).unwrap();
    let secret = &issued.code.secret;
    let lost = enrol(&url, secret, &key(1)).await.unwrap();
    let arrived = enrol(&url, secret, &key(1)).await.unwrap();
    assert!(knows(&url, &arrived.token).await);
    let copy = enrol(&url, secret, &key(1)).await.unwrap_err();
    assert_eq!((copy.0, copy.1.code), (StatusCode::FORBIDDEN, ApiCode::EnrolUsedCode));
    assert!(knows(&url, &arrived.token).await && !knows(&url, &lost.token).await);
}

#[tokio::test]
async fn a_device_whose_access_was_taken_away_does_not_come_back_by_its_code() {
    let office = Office::open();
    let issued = office.register.issue_code(&office.order(Role::Leader, &[])).unwrap();
    let reply = enrol(&office.serving.url, &issued.code.secret, &key(1)).await.unwrap();
    office.register.revoke(reply.device).unwrap();
    let refused = enrol(&office.serving.url, &issued.code.secret, &key(1)).await.unwrap_err();
    assert_eq!((refused.0, refused.1.code), (StatusCode::FORBIDDEN, ApiCode::AuthRevoked));
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
    let both = Err(ServerError::HamletNotNeeded.code().into());
    assert_eq!(check(Role::CommuneOfficer, &["Thôn Sen Hạ"]), both, "it would be the whole commune");
    assert_eq!(check(Role::TeamMember, &["Thôn Lạ"]), Err(ServerError::UnknownHamlet.code().into()));
    assert_eq!(check(Role::from_code("king"), &[]), Err(ServerError::UnknownRole.code().into()));
    let dead = EnrolOrder { valid_minutes: 0, ..office.order(Role::Admin, &[]) };
    assert!(matches!(office.register.issue_code(&dead), Err(ServerError::NoMinutes)));
    let lasting = |valid_minutes| {
        let order = EnrolOrder { valid_minutes, ..office.order(Role::Admin, &[]) };
        office.register.issue_code(&order).map(drop).map_err(|error| error.code().to_owned())
    };
    assert_eq!(lasting(30 * 24 * 60), Ok(()));
    assert_eq!(lasting(30 * 24 * 60 + 1), Err("enrol.too_many_minutes".to_owned()));
    assert_eq!(lasting(u32::MAX), Err("enrol.too_many_minutes".to_owned()));
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
    // What it may still push: `returning.rs`.
    for refused in [lan.hello().await.unwrap_err(), lan.page(1).await.map(drop).unwrap_err()] {
        assert_eq!((refused.0, refused.1.code), (StatusCode::FORBIDDEN, ApiCode::AuthRevoked));
    }
}
