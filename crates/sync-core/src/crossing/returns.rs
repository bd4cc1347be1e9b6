//! What goes out, and what comes back.

use super::*;

use crate::commune::{CommuneStore, kept_of, rows};
use crate::digest::BUCKETS;
use crate::head::Shown;
use crate::ingest::{GroupOutcome, LogView, Quarantine};
use crate::local::LocalStore;
use crate::model::{Server, village};
use crate::offer::OfferOutcome;
use crate::rights::{Reach, Sight};
use crate::samples::{NOW_MS, SCOPE, device, group, household, id, op_id, rename};
use crate::stamp::Stamp;
use crate::wire::{Offer, PageGroup};

#[test]
fn ops_of_another_commune_are_not_taken_back() {
    let (mut server, laptops) = village(1);
    let mut one = kept(&laptops[0], 1);
    one.group.ops[0].header.commune = domain::ids::CommuneId(id(0xbad));
    let mut receipt = one.receipts[0].clone();
    receipt.op_hash = one.group.ops[0].hash();
    one.receipts = vec![server.key.seal(receipt)];
    server.restore(&Server::new());
    let reply = server.offer(&Offer::from(vec![one]));
    assert_eq!(reply.groups[0].1, OfferOutcome::Unproven);
}

/// The chain goes over what is given back: ops and the stamps of their receipts.
#[test]
fn the_chain_covers_what_is_given_back() {
    let (mut server, laptops) = village(1);
    let one = kept(&laptops[0], 1);
    server.restore(&Server::new());
    let before = server.head();
    server.offer(&Offer::from(vec![one.clone()]));
    let receipt = &one.receipts[0];
    let ops = [(receipt.op, &receipt.op_hash, receipt.stamp)];
    let position = (before.epoch.number, before.position + 1).into();
    assert_eq!(server.head().hash, before.hash.after(position, None, ops));
    let other = [(receipt.op, &receipt.op_hash, Stamp(receipt.stamp.0 + 1))];
    assert_ne!(server.head().hash, before.hash.after(position, None, other));
}

/// What the oldest backup has is not sent along; what stands at the next position is.
#[test]
fn what_goes_with_a_whole_record_is_what_the_oldest_backup_lacks() {
    let (server, _) = village(1);
    let row = &server.rows[&(MEMBER, id(2))];
    let count = |watermark| kept_of(&server.store, watermark, [row]).unwrap().len();
    assert_eq!([0, 1, 2, 3].map(count), [1, 1, 0, 0]);
}

/// Records of a scope that is not in sight are not given out, whoever asks for them.
#[test]
fn rows_out_of_sight_are_not_given_out() {
    let (server, _) = village(1);
    let asked = [(SCOPE, (0..=u8::MAX).collect::<Vec<u8>>())];
    assert_eq!(usize::from(u8::MAX) + 1, BUCKETS);
    let count = |sight: &Sight| rows(&server.store, sight, &asked, 0, usize::MAX).unwrap().rows.len();
    assert_eq!(count(&Sight::All), 2);
    assert_eq!(count(&Sight::NOTHING), 0);
    assert_eq!(count(&Sight::Only([OTHER].into())), 0);
}

/// One group goes whatever its size, and a page never carries more than one that does not fit.
#[test]
fn a_page_of_few_bytes_carries_one_group() {
    let (mut server, mut laptops) = village(1);
    for number in 5..9 {
        laptops[0].save(household(number, 0, number, NOW_MS));
    }
    laptops[0].sync(&mut server);
    let mut asked = crate::commune::Asked {
        from: None,
        believed: &Sight::All,
        present: &Sight::All,
        watermark: 0,
        groups: usize::MAX,
        bytes: 1,
    };
    for _ in 0..6 {
        let page = crate::commune::page(&server.store, &server.store, &server.key, &asked).unwrap();
        assert_eq!(page.groups.len(), 1);
        asked.from = Some(page.to);
    }
    asked.from = None;
    asked.bytes = usize::MAX;
    let page = crate::commune::page(&server.store, &server.store, &server.key, &asked).unwrap();
    assert_eq!((page.groups.len(), page.more), (6, false));
}

/// Four hundred groups come back, each before what it stands on: the log reads a few rows for each, not all that waits
/// each time.
#[test]
fn giving_back_costs_the_same_for_each_group() {
    let offered = |count: u128| {
        let (mut server, mut laptops) = village(1);
        let backup = server.clone();
        laptops[0].save(household(5, 0, 50, NOW_MS));
        for number in 100..100 + count {
            laptops[0].save(visit(number, 0, number, 50));
        }
        let reply = server.push(&laptops[0].batch(1000));
        laptops[0].acknowledge(&reply).unwrap();
        laptops[0].sync(&mut server);
        let mut groups: Vec<PageGroup> = laptops[0].retained.values().cloned().collect();
        groups.reverse();
        server.restore(&backup);
        let before = server.rows_read.get();
        server.offer(&Offer::from(groups));
        assert_eq!(server.rows.len(), 3 + usize::try_from(count).unwrap());
        assert!(server.waiting.is_empty());
        server.rows_read.get() - before
    };
    let (few, many) = (offered(40), offered(400));
    assert!(many < 11 * few, "{few} rows for 40 groups, {many} for 400");
}

/// A laptop that withholds what an op says does not make it known.
#[test]
fn a_header_of_the_living_is_not_taken() {
    let (mut server, laptops) = village(1);
    let one = kept(&laptops[0], 1);
    server.restore(&Server::new());
    assert_eq!(server.offer(&Offer { bare: bare(&one), ..Offer::default() }).bare, [false]);
    assert!(server.store.known(op_id(1, 0)).unwrap().is_none());
    assert!(matches!(server.offer(&Offer::from(vec![one])).groups[0].1, OfferOutcome::Held(_)));
}

/// A part came back first; then its author, whose disk was put back, pushes the whole Save. Each op stands once in the
/// stream.
#[test]
fn what_came_back_first_is_not_carried_again_with_the_rest() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[0].save(with(household(5, 0, 50, NOW_MS), &visit(5, 0, 60, 1)));
    let before = laptops[0].clone();
    all_sync(&mut server, &mut laptops);
    let half = rest_of(&kept(&laptops[1], 5));
    server.restore(&backup);
    server.offer(&Offer::from(vec![half]));
    laptops[0] = before;
    all_sync(&mut server, &mut laptops);
    let carried = server.groups().filter(|one| one.group.id.0 == id(5));
    assert_eq!(carried.map(|one| one.group.ops.len()).collect::<Vec<_>>(), [1, 1]);
    assert!(laptops.iter().all(|laptop| laptop.base == server.rows && laptop.own.is_empty()));
}

/// What was given back sets free what waits; the answer stands after all of it.
#[test]
fn an_answer_to_what_was_given_back_stands_after_what_it_set_free() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[0].save(household(6, 0, 30, NOW_MS));
    laptops[0].sync(&mut server);
    server.restore(&backup);
    laptops[1].save(visit(5, 1, 50, 30));
    server.push(&laptops[1].batch(9));
    let reply = server.offer(&Offer::from(vec![kept(&laptops[0], 6)]));
    assert!(server.rows.contains_key(&(5, id(50))));
    assert_eq!(reply.proof.at, server.head());
}

/// Who lost a scope hears of it with the page, and holds nothing of it from then on.
#[test]
fn a_page_says_what_is_not_in_sight_any_more() {
    let (mut server, mut laptops) = village(1);
    let sight = |server: &Server| server.page(device(0), &Sight::All, None, usize::MAX).sight;
    assert_eq!(sight(&server), None);
    server.assign(device(0), &[Reach::Scope(OTHER)]);
    assert_eq!(sight(&server), Some(server.sight(device(0))));
    laptops[0].pull(&server, usize::MAX);
    assert!(laptops[0].base.is_empty());
}

/// A household moved and was erased then: it has left the old unit all the same.
#[test]
fn what_was_erased_after_it_left_has_left() {
    let (mut server, mut laptops) = village(1);
    laptops[0].save(moves(5, 0, OTHER));
    laptops[0].sync(&mut server);
    server.erase(id(1));
    server.assign(device(0), &[Reach::Scope(SCOPE)]);
    let page = server.page(device(0), &Sight::Only([SCOPE].into()), None, usize::MAX);
    assert_eq!(page.exits.len(), 2);
}

/// Of a Save one op is known under a higher stamp, the other not at all, and both are of one record.
#[test]
fn a_stamp_that_falls_takes_nothing_from_what_comes_with_it() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    let phone = FieldEdit::first(no::MEMBER_PHONE, "0912000000");
    let both =
        with(rename(5, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))), &group(5, 0, MEMBER, 2, NOW_MS, vec![phone]));
    laptops[0].save(both);
    laptops[0].sync(&mut server);
    let whole = kept(&laptops[0], 5);
    server.restore(&backup);
    let mut half = first_of(&whole);
    half.receipts[0].stamp.0 += 1000;
    half.receipts[0] = server.key.seal(half.receipts[0].clone());
    server.offer(&Offer::from(vec![half]));
    server.offer(&Offer::from(vec![whole.clone()]));
    let cells = &server.rows[&(MEMBER, id(2))].cells;
    let stamps = [no::MEMBER_FULL_NAME, no::MEMBER_PHONE].map(|no| cells[&no].key.stamp);
    assert_eq!(stamps, [whole.receipts[0].stamp, whole.receipts[1].stamp]);
}

/// Where a page ends in the middle of the stream, its cursor and the server's word for it name what the log was there.
#[test]
fn a_page_ends_at_a_place_that_the_log_knows() {
    let (mut server, _) = village(1);
    let page = server.page(device(0), &Sight::All, None, 1);
    assert!(page.more);
    assert_eq!(server.store.chain_at(page.to.position).unwrap(), Some(page.to.hash));
    assert_eq!(server.greet(&page.proof.unwrap()), Shown::Present);
}

/// What is given back and waits takes a position, once: a log that forgot it is another one (F3).
#[test]
fn f03_what_is_given_back_and_waits_takes_a_position() {
    let (mut server, laptops) = village(1);
    let one = kept(&laptops[0], 2);
    server.restore(&Server::new());
    let before = server.head();
    for _ in 0..2 {
        let reply = server.offer(&Offer::from(vec![one.clone()]));
        assert_eq!(reply.groups[0].1, OfferOutcome::Waits(Quarantine::NoParent));
        assert_eq!(server.head().position, before.position + 1);
        assert_ne!(server.head().hash, before.hash);
    }
}

/// With a record that comes whole nothing is sent of what else was written in the same Save.
#[test]
fn what_goes_with_a_whole_record_is_about_that_record() {
    let (mut server, mut laptops) = village(1);
    laptops[0].save(with(visit(5, 0, 50, 1), &household(5, 0, 30, NOW_MS)));
    laptops[0].save(moves(6, 0, OTHER));
    laptops[0].sync(&mut server);
    server.assign(device(1), &[Reach::Scope(OTHER)]);
    let page = server.page(device(1), &server.sight(device(1)), None, usize::MAX);
    let came: Vec<_> = page.rows.iter().map(|whole| whole.row.record).collect();
    let kept: Vec<_> = page.kept.iter().flat_map(|one| &one.group.ops).map(|op| op.header.record).collect();
    assert!(came.contains(&id(50)) && kept.contains(&id(50)));
    assert!(kept.iter().all(|record| came.contains(record)), "{kept:?}");
}

/// The parts of a Save lie at two places: the answer names the later one, whichever part that is.
#[test]
fn a_known_save_is_answered_with_its_last_place() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[0].save(with(household(5, 0, 50, NOW_MS), &visit(5, 0, 60, 1)));
    let batch = laptops[0].batch(9);
    all_sync(&mut server, &mut laptops);
    let whole = kept(&laptops[1], 5);
    let second = rest_of(&whole);
    server.restore(&backup);
    server.offer(&Offer::from(vec![second]));
    let first = server.push(&batch).groups.remove(0);
    assert_eq!(first.at, Some(server.head().position()));
    let again = server.push(&batch).groups.remove(0);
    assert_eq!((again.outcome, again.at), (GroupOutcome::Known, first.at));
    let held = server.offer(&Offer::from(vec![whole])).groups.remove(0).1;
    assert_eq!(held, OfferOutcome::Held(first.at.unwrap()));
}
