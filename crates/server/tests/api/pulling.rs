//! Pulls: within scope, on group boundaries, everything exactly once, the same bytes for everybody.

use std::collections::BTreeSet;

use domain::people::Role;
use reqwest::StatusCode;
use sync_core::api::ApiCode;
use sync_core::ingest::{GroupOutcome, Quarantine};
use sync_core::op::Scope;
use sync_core::position::ChainHash;
use sync_core::wire::HelloReply;

use crate::office::{NOON, Office};

const A: &str = "Thôn Sen Hạ";
const B: &str = "Tổ dân phố Tre Hạ";

#[tokio::test]
async fn a_device_of_one_unit_neither_gets_nor_changes_another() {
    let office = Office::open();
    let mut officer = office.with_units(&[A, B]).await;
    let mut lan = office.laptop(Role::TeamMember, &[A]).await;
    let mut minh = office.laptop(Role::HamletHead, &[B]).await;
    let (household, _, mine) = lan.household(A, "Lê An");
    lan.push(vec![mine]).await.unwrap();
    let theirs = minh.household(B, "Vũ Bình").2;
    minh.push(vec![theirs]).await.unwrap();
    // Into the other's unit: kept apart, seen by nobody's pull, and it blocks nothing that follows.
    let foreign = minh.visit(A, household, "met");
    let own = minh.household(B, "Vũ Cúc").2;
    let reply = minh.push(vec![foreign, own]).await.unwrap();
    assert_eq!(reply.groups[0].outcome, GroupOutcome::Quarantined(Quarantine::Rights));
    assert_eq!(reply.groups[1].outcome, GroupOutcome::Applied);
    assert_eq!(office.register.figures(Some(A)).unwrap().reached, 0);
    let scopes =
        |laptop: &crate::office::Laptop| laptop.rows.iter().map(|row| row.scope).collect::<BTreeSet<Scope>>();
    for laptop in [&mut officer, &mut lan, &mut minh] {
        laptop.pull(1 << 20).await;
    }
    let (a, b) = (Scope::from(lan.unit_id(A)), Scope::from(lan.unit_id(B)));
    assert_eq!(scopes(&lan), BTreeSet::from([Scope::COMMUNE, a]));
    assert_eq!(scopes(&minh), BTreeSet::from([Scope::COMMUNE, b]));
    assert_eq!(scopes(&officer), BTreeSet::from([Scope::COMMUNE, a, b]));
    // All stand at one head, whatever they may see.
    assert_eq!(lan.cursor, minh.cursor);
}

#[tokio::test]
async fn pages_of_any_size_end_on_group_boundaries_and_give_everything_once() {
    let office = Office::open();
    let mut lan = office.with_units(&[A, B]).await;
    for n in 0..12 {
        let groups =
            vec![lan.household(A, &format!("Lê An {n}")).2, lan.household(B, &"Vũ Bình ".repeat(n)).2];
        lan.push(groups).await.unwrap();
    }
    let mut whole = office.laptop(Role::TeamMember, &[A]).await;
    whole.pull(usize::MAX).await;
    let one_group = serde_json::to_vec(&lan.household(A, "Lê An 1").2).unwrap().len();
    for max_bytes in [0, 1, one_group - 1, 2 * one_group, 4000, 1 << 16] {
        whole.cursor = None;
        whole.rows.clear();
        let pages = whole.pull(max_bytes).await;
        let ids: Vec<_> = pages.iter().flat_map(|page| &page.groups).map(|one| one.group.id).collect();
        // Twelve households, the unit and two assignments.
        assert_eq!(ids.len(), 15, "{max_bytes}");
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 15);
        for (page, next) in pages.iter().zip(pages.iter().skip(1)) {
            assert!(page.more && next.from == Some(page.to));
            // On its last group, or on what came after it for others.
            assert!(page.groups.last().unwrap().position <= page.to.position());
            assert!(next.groups.first().is_none_or(|first| first.position > page.to.position()));
        }
        if max_bytes <= 1 {
            assert!(pages.iter().all(|page| page.groups.len() == 1));
        }
    }
    let nothing = whole.pull(1 << 16).await;
    assert_eq!((nothing.len(), nothing[0].groups.len(), nothing[0].to), (1, 0, whole.cursor.unwrap()));
}

#[tokio::test]
async fn laptops_of_any_year_converge_and_who_saw_the_other_s_edit_wins() {
    let office = Office::open();
    let mut lan = office.with_units(&[A]).await;
    let mut minh = office.laptop(Role::TeamMember, &[A]).await;
    let (_, member, group) = lan.household(A, "Lê An");
    lan.push(vec![group]).await.unwrap();
    lan.pull(1 << 20).await;
    minh.pull(1 << 20).await;
    // Lan's clock is in 2099, Minh's in 2010; Minh sees Lan's edit before his.
    lan.wall_ms = 4_090_000_000_000;
    let edit = lan.rename(A, member, "Lê Văn An");
    lan.push(vec![edit]).await.unwrap();
    minh.pull(1 << 20).await;
    minh.wall_ms = 1_262_304_000_000;
    let edit = minh.rename(A, member, "Lê Văn Ân");
    assert_eq!(minh.push(vec![edit]).await.unwrap().groups[0].outcome, GroupOutcome::Applied);
    lan.pull(1 << 20).await;
    minh.pull(1 << 20).await;
    assert_eq!(lan.held(), minh.held());
    let row = lan.rows.iter().find(|row| row.record == member.0).unwrap();
    let name = row.value(domain::registry::no::MEMBER_FULL_NAME).unwrap();
    assert_eq!(name.as_text(), Some("Lê Văn Ân"));
    // The laptop of 2099 does not pull stamps along.
    assert!(row.key().unwrap().stamp.0 < NOON + 10 * 60_000);
}

#[tokio::test]
async fn a_cursor_of_another_log_is_refused() {
    let office = Office::open();
    let mut lan = office.with_units(&[A]).await;
    lan.pull(1 << 20).await;
    let mine = lan.cursor.unwrap();
    let check = |cursor, code: ApiCode| {
        let mut asked = lan.hello_message();
        asked.cursor = Some(cursor);
        let request = sync_core::wire::PullRequest { cursor: asked.cursor, sight: None, max_bytes: 1000 };
        let lan = &lan;
        async move {
            let refused =
                lan.post::<sync_core::wire::Page>(sync_core::api::PULL, &request).await.unwrap_err();
            assert_eq!((refused.0, refused.1.code), (StatusCode::CONFLICT, code.clone()));
            // Before anything is pushed.
            let refused = lan.post::<HelloReply>(sync_core::api::HELLO, &asked).await.unwrap_err();
            assert_eq!((refused.0, refused.1.code), (StatusCode::CONFLICT, code));
        }
    };
    assert!(lan.hello().await.is_ok());
    let mut other_epoch = mine;
    other_epoch.epoch.nonce ^= 1;
    check(other_epoch, ApiCode::SyncEpoch).await;
    let mut beyond = mine;
    beyond.position += 1;
    check(beyond, ApiCode::SyncRewound).await;
    let mut other_history = mine;
    other_history.hash = ChainHash([1; 32]);
    check(other_history, ApiCode::SyncRewound).await;
}
