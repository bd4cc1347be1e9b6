//! Pushes: idempotent, in order, signed, bounded, within the device's scope.

use domain::people::Role;
use reqwest::StatusCode;
use sync_core::api::ApiCode;
use sync_core::ingest::{GroupOutcome, Quarantine};
use sync_core::wire::{Limits, SigningKey};

use crate::office::Office;

const UNIT: &str = "Thôn Sen Hạ";

#[tokio::test]
async fn the_same_batch_twice_gives_the_same_receipts_and_doubles_nothing() {
    let office = Office::open();
    let mut lan = office.with_units(&[UNIT]).await;
    let groups = (0..5).map(|n| lan.household(UNIT, &format!("Lê An {n}")).2).collect();
    let batch = lan.batch(groups);
    let first = lan.send(&batch).await.unwrap();
    let position = office.register.position().unwrap();
    let second = lan.send(&batch).await.unwrap();
    assert_eq!(first.receipts, second.receipts);
    assert_eq!(first.receipts.len(), 10);
    assert!(first.groups.iter().all(|answer| answer.outcome == GroupOutcome::Applied));
    assert!(second.groups.iter().all(|answer| answer.outcome == GroupOutcome::Known));
    assert_eq!(office.register.position().unwrap(), position);
    assert_eq!(office.register.figures(None).unwrap().households, 5);
    assert_eq!(lan.hello().await.unwrap().highest_known, lan.dseq);
}

#[tokio::test]
async fn a_gap_and_a_taken_number_are_answered_with_what_to_do() {
    let office = Office::open();
    let mut lan = office.with_units(&[UNIT]).await;
    let (first, second) = (lan.household(UNIT, "A").2, lan.household(UNIT, "B").2);
    let early = lan.batch(vec![first]);
    let late = lan.batch(vec![second]);
    let reply = lan.send(&late).await.unwrap();
    assert_eq!(reply.expect, Some(early.groups[0].dseq));
    assert!(matches!(reply.groups[0].outcome, GroupOutcome::Gap { .. }));
    lan.send(&early).await.unwrap();
    assert_eq!(lan.send(&late).await.unwrap().groups[0].outcome, GroupOutcome::Applied);
    // Another group under a number that is taken: nothing of it is looked at.
    let mut wrong = late.clone();
    wrong.groups[0].group = lan.household(UNIT, "C").2;
    assert_eq!(lan.send(&wrong).await.unwrap().groups[0].outcome, GroupOutcome::NumberTaken);
    assert_eq!(office.register.figures(None).unwrap().households, 2);
}

#[tokio::test]
async fn a_child_that_comes_before_its_parent_waits_and_is_taken() {
    let office = Office::open();
    let mut lan = office.with_units(&[UNIT]).await;
    let mut minh = office.laptop(Role::TeamMember, &[UNIT]).await;
    let (household, _, group) = lan.household(UNIT, "Lê An");
    let visit = minh.visit(UNIT, household, "met");
    let reply = minh.push(vec![visit]).await.unwrap();
    assert_eq!(reply.groups[0].outcome, GroupOutcome::Quarantined(Quarantine::NoParent));
    assert!(reply.receipts.is_empty());
    let reply = lan.push(vec![group]).await.unwrap();
    assert_eq!(reply.head.position, office.register.position().unwrap());
    let figures = office.register.figures(None).unwrap();
    assert_eq!((figures.households, figures.reached), (1, 1));
    assert!(office.register.figures_hold().unwrap());
    let delivered: usize = minh.pull(1 << 20).await.iter().map(|page| page.groups.len()).sum();
    // Two assignments, the unit, the household and the visit.
    assert_eq!(delivered, 5);
}

#[tokio::test]
async fn a_batch_counts_only_under_the_device_s_own_signature() {
    let office = Office::open();
    let mut lan = office.with_units(&[UNIT]).await;
    let group = lan.household(UNIT, "Lê An").2;
    let batch = lan.batch(vec![group]);
    let foreign = batch.sign(&SigningKey::from_bytes(&[9; 32])).unwrap();
    let mut flipped = lan.key_signed(&batch);
    *flipped.bytes.last_mut().unwrap() ^= 1;
    for signed in [foreign, flipped] {
        let refused = lan.send_body(&signed.to_body()).await.unwrap_err();
        assert_eq!((refused.0, refused.1.code), (StatusCode::FORBIDDEN, ApiCode::SyncSignature));
    }
    let mut for_another = batch.clone();
    for_another.device = domain::ids::DeviceId(lan.id());
    assert_eq!(lan.send(&for_another).await.unwrap_err().1.code, ApiCode::AuthOtherDevice);
    let mut old_epoch = batch.clone();
    old_epoch.epoch = 2;
    let refused = lan.send(&old_epoch).await.unwrap_err();
    assert_eq!((refused.0, refused.1.code), (StatusCode::CONFLICT, ApiCode::SyncEpoch));
    assert_eq!(refused.1.params["epoch"], 1);
    assert_eq!(office.register.figures(None).unwrap().households, 0);
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_and_after_inflation() {
    let office = Office::open();
    let mut lan = office.with_units(&[UNIT]).await;
    let limits = Limits::default();
    let noise: Vec<u8> = (0_u32..100_000).flat_map(|n| *blake3::hash(&n.to_le_bytes()).as_bytes()).collect();
    let large = lan.send_packed(noise[..=limits.compressed_bytes].to_vec()).await.unwrap_err();
    assert_eq!((large.0, large.1.code), (StatusCode::PAYLOAD_TOO_LARGE, ApiCode::SyncTooLarge));
    assert_eq!(large.1.params["limit_bytes"], i64::try_from(limits.compressed_bytes).unwrap());
    let bomb = zstd::bulk::compress(&vec![b' '; 64 * limits.inflated_bytes], 19).unwrap();
    assert!(bomb.len() < limits.compressed_bytes);
    let refused = lan.send_packed(bomb).await.unwrap_err();
    assert_eq!((refused.0, refused.1.code), (StatusCode::PAYLOAD_TOO_LARGE, ApiCode::SyncTooLarge));
    let groups = (0..=limits.batch_groups).map(|_| lan.household(UNIT, "A").2).collect();
    let many = lan.push(groups).await.unwrap_err();
    assert_eq!(many.1.code, ApiCode::SyncTooLarge);
    for nonsense in [&b""[..], b"{}", &noise[..500]] {
        let refused = lan.send_body(nonsense).await.unwrap_err();
        assert!(matches!(refused.1.code, ApiCode::SyncSignature), "{:?}", refused.1);
        assert!(lan.send_packed(nonsense.to_vec()).await.is_err());
    }
}

#[tokio::test]
async fn a_group_beyond_64_kib_is_kept_apart_and_blocks_nobody() {
    let office = Office::open();
    let mut lan = office.with_units(&[UNIT]).await;
    let many = (0..400).map(|n| lan.household(UNIT, &"ơ".repeat(190 - n % 3)).2.ops);
    let edits = many.flatten().map(|op| {
        (domain::registry::RecordKind::from_no(op.header.kind).unwrap(), op.header.record, op.fields)
    });
    let large = lan.group(lan.unit_id(UNIT).into(), edits.collect());
    let small = lan.household(UNIT, "Lê An").2;
    let reply = lan.push(vec![large, small]).await.unwrap();
    assert_eq!(reply.groups[0].outcome, GroupOutcome::Quarantined(Quarantine::Invalid));
    assert_eq!(reply.groups[1].outcome, GroupOutcome::Applied);
    assert_eq!(office.register.figures(None).unwrap().households, 1);
}

#[tokio::test]
async fn nobody_writes_in_the_name_of_a_colleague() {
    let office = Office::open();
    let mut lan = office.with_units(&[UNIT]).await;
    let minh = office.laptop(Role::TeamMember, &[UNIT]).await;
    let mut forged = lan.household(UNIT, "Lê An").2;
    forged.ops.iter_mut().for_each(|op| op.header.actor = minh.me.user);
    let own = lan.household(UNIT, "Lê An").2;
    let reply = lan.push(vec![forged, own]).await.unwrap();
    assert_eq!(reply.groups[0].outcome, GroupOutcome::Quarantined(Quarantine::Invalid));
    assert_eq!(reply.groups[1].outcome, GroupOutcome::Applied);
    assert_eq!(office.register.figures(None).unwrap().households, 1);
}
