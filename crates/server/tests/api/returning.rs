//! A server that was put back, over real sockets: laptops show what they were told, the next life of the log begins,
//! and what they still have comes back under its receipts. What a laptop that was revoked may still do.

use std::sync::Arc;

use domain::people::Role;
use reqwest::StatusCode;
use server::{Options, Register, Transport};
use sync_core::api::{self, ApiCode, ReadmitReply, ReadmitRequest};
use sync_core::digest::Buckets;
use sync_core::head::HeadReceipt;
use sync_core::ingest::{GroupOutcome, Quarantine};
use sync_core::membership::EraseOrder;
use sync_core::offer::OfferOutcome;
use sync_core::op::Scope;
use sync_core::rights::Reach;
use sync_core::wire::{
    DigestsReply, EraseOrderRequest, Hello, HelloReply, Offer, OfferReply, PageGroup, RowsReply, RowsRequest,
    VerifyingKey,
};

use crate::kept;
use crate::office::{Laptop, Office, Refused, answer, client};

const A: &str = "Thôn Sen Hạ";
const B: &str = "Thôn Tre Thượng";

async fn offer(laptop: &Laptop, groups: Vec<PageGroup>) -> Result<OfferReply, Refused> {
    let json = serde_json::to_vec(&Offer::from(groups)).unwrap();
    let packed = zstd::bulk::compress(&json, 3).unwrap();
    let request = laptop.client.post(format!("{}{}", laptop.url, api::OFFER)).bearer_auth(&laptop.token);
    answer(request.header("Content-Encoding", api::CODING).body(packed).send().await.unwrap()).await
}

async fn shows(laptop: &Laptop, proof: Option<HeadReceipt>) -> Result<HelloReply, Refused> {
    laptop.post(api::HELLO, &Hello { proof, ..laptop.hello_message() }).await
}

/// The server is stopped, its database becomes that copy, and it starts again. Only the ledger and the witness are not
/// taken back; `witness` says whether that one is there at all.
async fn put_back(office: Office, copy: &std::path::Path, witness: bool) -> Office {
    let Office { dir, machine, register, mut serving } = office;
    serving.stop();
    serving.ended().await.unwrap();
    drop((serving, register));
    let data = dir.path().join("data");
    kept::put_back(&data, copy);
    if !witness {
        std::fs::remove_file(data.join("witness.json")).unwrap();
    }
    let options = Options {
        machine: Arc::clone(&machine) as Arc<dyn server::machine::Machine>,
        durability: database::Durability::Off,
        ..Options::default()
    };
    let register = Arc::new(Register::open(&data, options).unwrap());
    let serving = server::serve(&register, "127.0.0.1:0".parse().unwrap(), &Transport::Loopback).unwrap();
    Office { dir, machine, register, serving }
}

#[tokio::test]
async fn what_a_laptop_has_comes_back_after_a_restore() {
    for witness in [true, false] {
        let office = Office::open();
        let mut lan = office.with_units(&[A]).await;
        let backup = office.register.backup(&office.dir.path().join("backups")).unwrap();
        let (_, member, group) = lan.household(A, "Lê An");
        let pushed = lan.push(vec![group]).await.unwrap();
        let pages = lan.pull(1 << 20).await;
        let kept: Vec<PageGroup> = pages.iter().flat_map(|page| page.groups.clone()).collect();
        let proof = pages.last().unwrap().proof;
        assert_eq!(shows(&lan, proof).await.unwrap().head.epoch.number, 1);

        let rewound = put_back(office, &backup.file, witness).await;
        assert_eq!(rewound.register.epoch().unwrap().number, if witness { 2 } else { 1 });
        lan.url = rewound.serving.url.clone();
        // One that does not show it is stopped, as ever.
        let refused = shows(&lan, None).await.unwrap_err();
        assert_eq!(refused.0, StatusCode::CONFLICT);
        let reply = shows(&lan, proof).await.unwrap();
        assert_eq!(reply.head.epoch.number, 2);
        assert_eq!(shows(&lan, proof).await.unwrap().head, reply.head, "once");
        assert_eq!(reply.watermark.position, backup.position);
        // A push for the life that ended is refused before it is taken.
        let late = lan.household(A, "Lê Bình").2;
        assert_eq!(lan.push(vec![late]).await.unwrap_err().1.code, ApiCode::SyncEpoch);

        let given = offer(&lan, kept.clone()).await.unwrap();
        assert!(given.groups.iter().all(|(_, outcome)| matches!(outcome, OfferOutcome::Held(_))));
        let again = offer(&lan, kept).await.unwrap();
        assert_eq!((again.groups, again.proof), (given.groups, given.proof));
        assert_eq!(rewound.register.figures(Some(A)).unwrap().persons, 1);
        // Under the receipt that it had.
        lan.cursor = None;
        lan.rows.clear();
        let pages = lan.pull(1 << 20).await;
        let receipts: Vec<_> =
            pages.iter().flat_map(|page| &page.groups).flat_map(|one| one.receipts.clone()).collect();
        assert!(pushed.receipts.iter().all(|receipt| receipts.contains(receipt)));
        assert!(lan.rows.iter().any(|row| row.record == member.0));
    }
}

#[tokio::test]
async fn digests_and_rows_are_of_what_is_in_sight() {
    let office = Office::open();
    let mut officer = office.with_units(&[A, B]).await;
    let mut lan = office.laptop(Role::TeamMember, &[A]).await;
    let own = lan.household(A, "Lê An").2;
    lan.push(vec![own]).await.unwrap();
    let foreign = officer.household(B, "Vũ Bình").2;
    officer.push(vec![foreign]).await.unwrap();
    lan.pull(1 << 20).await;
    let told: DigestsReply = lan.post(api::DIGESTS, &()).await.unwrap();
    let (a, b) = (Scope::from(lan.unit_id(A)), Scope::from(lan.unit_id(B)));
    assert_eq!(told.of.iter().map(|(scope, _)| *scope).collect::<Vec<_>>(), [Scope::COMMUNE, a]);
    assert_eq!(Some(told.at), lan.cursor);
    for (scope, buckets) in &told.of {
        let mine = Buckets::of(lan.rows.iter().filter(|row| row.scope == *scope));
        assert_eq!(mine.differing(buckets), [] as [u8; 0], "{scope:?}");
    }
    // Of one whose rows are lost, and one who asks for what is not theirs.
    let all: Vec<u8> = (0..=u8::MAX).collect();
    let request = RowsRequest { of: vec![(a, all.clone()), (b, all)] };
    let reply: RowsReply = lan.post(api::ROWS, &request).await.unwrap();
    assert_eq!(reply.rows.len(), 3);
    assert!(reply.rows.iter().all(|row| row.scope == a && lan.rows.contains(row)));
    // There is no backup yet: what is sent whole goes with everything it is made of.
    assert_eq!(reply.kept.iter().map(|one| one.group.ops.len()).sum::<usize>(), 3);
    office.register.backup(&office.dir.path().join("backups")).unwrap();
    let reply: RowsReply = lan.post(api::ROWS, &request).await.unwrap();
    assert_eq!((reply.rows.len(), reply.kept.len()), (3, 0));
}

#[tokio::test]
async fn a_revoked_laptop_may_push_into_quarantine_and_fetch_its_order() {
    let office = Office::open();
    let mut officer = office.with_units(&[A]).await;
    let mut lan = office.laptop(Role::TeamMember, &[A]).await;
    let (household, _, first) = lan.household(A, "Lê An");
    lan.push(vec![first]).await.unwrap();
    let ask = EraseOrderRequest { incarnation: lan.incarnation };
    let refused = lan.post::<EraseOrder>(api::ERASE_ORDER, &ask).await.unwrap_err();
    assert_eq!((refused.0, refused.1.code), (StatusCode::CONFLICT, ApiCode::AuthNotRevoked));
    office.register.revoke(lan.me.device).unwrap();
    // Written before it heard.
    let visit = lan.visit(A, household, "met");
    let reply = lan.push(vec![visit]).await.unwrap();
    assert_eq!(reply.groups[0].outcome, GroupOutcome::Quarantined(Quarantine::Rights));
    assert_eq!(office.register.figures(Some(A)).unwrap().reached, 0);
    for refused in [
        shows(&lan, None).await.map(drop).unwrap_err(),
        lan.page(1000).await.map(drop).unwrap_err(),
        lan.post::<DigestsReply>(api::DIGESTS, &()).await.map(drop).unwrap_err(),
        lan.post::<RowsReply>(api::ROWS, &RowsRequest { of: vec![] }).await.map(drop).unwrap_err(),
    ] {
        assert_eq!((refused.0, refused.1.code), (StatusCode::FORBIDDEN, ApiCode::AuthRevoked));
    }
    // What it still has of the log, under receipts of the commune, it may give back (ADR 0012).
    assert_eq!(offer(&lan, vec![]).await.unwrap().groups, []);
    let order: EraseOrder = lan.post(api::ERASE_ORDER, &ask).await.unwrap();
    let identity = VerifyingKey::from_bytes(&office.register.keys().identity_public()).unwrap();
    assert!(order.is_for(&identity, lan.me.device, lan.incarnation));
    assert!(!order.is_for(&identity, officer.me.device, lan.incarnation));
    assert!(!order.is_for(&identity, lan.me.device, lan.incarnation + 1));
    let own = officer.household(A, "Vũ Bình").2;
    assert_eq!(officer.push(vec![own]).await.unwrap().groups[0].outcome, GroupOutcome::Applied);
}

async fn readmit(url: &str, request: &ReadmitRequest) -> Result<ReadmitReply, Refused> {
    answer(client().post(format!("{url}{}", api::READMIT)).json(request).send().await.unwrap()).await
}

#[tokio::test]
async fn a_laptop_that_was_enrolled_after_the_backup_is_admitted_again_and_a_revoked_one_is_not() {
    for ledger in [true, false] {
        let office = Office::open();
        let _officer = office.with_units(&[A]).await;
        let backup = office.register.backup(&office.dir.path().join("backups")).unwrap();
        let mut lan = office.laptop(Role::TeamMember, &[A]).await;
        let mut minh = office.laptop(Role::TeamMember, &[A]).await;
        office.register.revoke(minh.me.device).unwrap();
        if !ledger {
            // The disk is gone with all that lay beside the register.
            std::fs::remove_file(office.dir.path().join("data/ledger.jsonl")).unwrap();
        }
        let office = put_back(office, &backup.file, ledger).await;
        lan.url = office.serving.url.clone();
        assert_eq!(shows(&lan, None).await.unwrap_err().1.code, ApiCode::AuthUnknownToken);
        let certificate = lan.me.certificate.clone().unwrap();
        let request = ReadmitRequest::signed(certificate.clone(), &lan.key, "Máy chị Lan");
        lan.token = readmit(&lan.url, &request).await.unwrap().token;
        let mine = lan.household(A, "Lê An").2;
        let mut batch = lan.batch(vec![mine]);
        batch.epoch = shows(&lan, None).await.unwrap().head.epoch.number;
        assert_eq!(lan.send(&batch).await.unwrap().groups[0].outcome, GroupOutcome::Applied);
        // Its reply may have been lost.
        lan.token = readmit(&lan.url, &request).await.unwrap().token;
        shows(&lan, None).await.unwrap();
        let of_minh = minh.me.certificate.clone().unwrap();
        let back = ReadmitRequest::signed(of_minh.clone(), &minh.key, "Máy anh Minh");
        (minh.url, minh.token) = (lan.url.clone(), readmit(&lan.url, &back).await.unwrap().token);
        // It may give back what it holds, and reads nothing.
        offer(&minh, vec![]).await.unwrap();
        assert_eq!(
            shows(&minh, None).await.map(drop).map_err(|refused| refused.1.code),
            if ledger { Err(ApiCode::AuthRevoked) } else { Ok(()) }
        );
        // Somebody else's certificate, and one that was changed.
        let mut changed = certificate.clone();
        changed.reaches = vec![Reach::WholeCommune];
        for wrong in [
            ReadmitRequest::signed(of_minh, &lan.key, "x"),
            ReadmitRequest::signed(changed, &lan.key, "x"),
            ReadmitRequest { proof: String::new(), ..request.clone() },
        ] {
            let refused = readmit(&lan.url, &wrong).await.unwrap_err();
            assert_eq!((refused.0, refused.1.code), (StatusCode::FORBIDDEN, ApiCode::AuthBadCertificate));
        }
    }
}
