//! Mendings, and what they mend.

use super::*;

use crate::ingest::{GroupOutcome, Quarantine};
use crate::local::LocalStore;
use crate::model::{Laptop, Server, name, village};
use crate::offer::OfferOutcome;
use crate::op::Scope;
use crate::rights::Reach;
use crate::samples::{NOW_MS, device, household, id, op_id, rename};
use crate::wire::{Batch, Numbered, Offer};

/// Somebody writes anew what waits, and on the way it is taken after all: the log keeps one of the two.
#[test]
fn a_mending_that_comes_after_what_it_mends_was_taken_is_kept_apart() {
    let (mut server, mut laptops) = village(3);
    laptops[1].save(visit(5, 1, 50, 30));
    laptops[1].sync(&mut server);
    assert_eq!(reasons(&server), [&Quarantine::NoParent]);
    laptops[2].save(with(visit(6, 2, 60, 1), &decides(6, 2, 5, "mended")));
    laptops[0].save(household(7, 0, 30, NOW_MS));
    laptops[0].sync(&mut server);
    assert!(server.waiting.is_empty());
    all_sync(&mut server, &mut laptops);
    assert_eq!(reasons(&server), [&Quarantine::Overtaken]);
    let visits = |server: &Server| server.rows.keys().filter(|(kind, _)| *kind == 5).count();
    assert_eq!(visits(&server), 1);
    // Two who write one anew.
    laptops[1].save(visit(8, 1, 80, 31));
    laptops[1].sync(&mut server);
    laptops[2].save(with(visit(9, 2, 90, 1), &decides(9, 2, 8, "mended")));
    laptops[0].save(with(visit(10, 0, 100, 1), &decides(10, 0, 8, "mended")));
    all_sync(&mut server, &mut laptops);
    assert_eq!(visits(&server), 2);
    assert_eq!(reasons(&server), [&Quarantine::Overtaken, &Quarantine::Mended, &Quarantine::Overtaken]);
}

/// It was taken, the log was put back to when it waited, and it was written anew there; then its author gives it back.
#[test]
fn what_was_written_anew_is_not_taken_back_beside_it() {
    let (mut server, mut laptops) = village(3);
    laptops[1].save(visit(5, 1, 50, 30));
    laptops[1].sync(&mut server);
    let backup = server.clone();
    laptops[0].save(household(7, 0, 30, NOW_MS));
    laptops[0].sync(&mut server);
    laptops[1].sync(&mut server);
    assert!(!laptops[1].retained.values().any(|one| one.position.position == 0));
    server.restore(&backup);
    laptops[2].save(with(visit(6, 2, 60, 1), &decides(6, 2, 5, "mended")));
    laptops[2].sync(&mut server);
    assert_eq!(reasons(&server), [&Quarantine::Mended]);
    all_sync(&mut server, &mut laptops);
    let visits: Vec<_> = server.rows.keys().filter(|(kind, _)| *kind == 5).map(|(_, id)| *id).collect();
    assert_eq!(visits, [id(60)]);
    assert_eq!(reasons(&server), [&Quarantine::Mended], "and it waits once");
    assert!(laptops.iter().all(|laptop| laptop.base == server.rows));
}

/// What waits for rights and is given back by somebody who pulled it once is taken, waits no longer, and is answered so.
#[test]
fn what_is_given_back_waits_no_longer() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[1].save(rename(5, 1, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    let before = laptops[1].clone();
    all_sync(&mut server, &mut laptops);
    let given_back = kept(&laptops[0], 5);
    server.restore(&backup);
    server.assign(device(1), &[]);
    let mut author = before;
    for op in &mut author.own[0].numbered.group.ops {
        assert_eq!(op.header.base.epoch, 0);
    }
    // Thirty days later nobody of that laptop may write here.
    server.now_ms += 31 * DAY_MS;
    author.sync(&mut server);
    assert_eq!(reasons(&server), [&Quarantine::Rights]);
    let reply = server.offer(&Offer::from(vec![given_back]));
    assert!(matches!(reply.groups[0].1, OfferOutcome::Held(_)));
    assert!(server.waiting.is_empty());
    let numbered = author.own[0].numbered.clone();
    let reply = server.push(&Batch { groups: vec![numbered], ..author.batch(1) });
    assert_eq!(reply.groups[0].outcome, GroupOutcome::Known);
    assert_eq!(reply.receipts.len(), 1);
}

/// The decision is given back after a restore, and closes what waits again.
#[test]
fn a_mending_that_is_given_back_closes_what_waits() {
    let (mut server, mut laptops) = village(2);
    laptops[1].save(visit(5, 1, 50, 30));
    laptops[1].sync(&mut server);
    let backup = server.clone();
    laptops[0].save(decides(6, 0, 5, "dismissed"));
    laptops[0].sync(&mut server);
    assert_eq!(reasons(&server), [&Quarantine::Mended]);
    server.restore(&backup);
    laptops[0].sync(&mut server);
    assert_eq!(reasons(&server), [&Quarantine::Mended]);
}

/// Who decides about a Save may write where it was written.
#[test]
fn nobody_decides_about_what_waits_elsewhere() {
    let (mut server, mut laptops) = village(1);
    server.enrol(20);
    server.assign(device(20), &[Reach::Scope(OTHER)]);
    server.enrol(21);
    let mut stranger = Laptop::new(20);
    let mut author = Laptop::new(21);
    author.save(rename(5, 21, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    author.sync(&mut server);
    stranger.save(in_scope(OTHER, decides(6, 20, 5, "dismissed")));
    stranger.sync(&mut server);
    assert_eq!(reasons(&server), [&Quarantine::Rights; 2]);
    server.assign(device(21), &[Reach::WholeCommune]);
    assert_eq!(name(&server), "Hoà", "nor is it refused by that when it is tried again");
    // The commune decides about everything.
    laptops[0].save(visit(7, 0, 70, 30));
    laptops[0].save(in_scope(Scope::COMMUNE, decides(8, 0, 7, "dismissed")));
    laptops[0].sync(&mut server);
    assert_eq!(reasons(&server), [&Quarantine::Overtaken, &Quarantine::Mended]);
}

/// Another content under the name of what is given back is not it, and stays where somebody can see it.
#[test]
fn what_waits_under_the_same_name_with_another_content_stays() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[0].save(visit(5, 0, 50, 1));
    laptops[0].sync(&mut server);
    let given_back = kept(&laptops[0], 5);
    server.restore(&backup);
    server.enrol(20);
    let mut stranger = Laptop::new(20);
    stranger.save(visit(5, 20, 51, 1));
    stranger.sync(&mut server);
    server.offer(&Offer::from(vec![given_back]));
    assert!(server.rows.contains_key(&(5, id(50))));
    assert_eq!(reasons(&server), [&Quarantine::Rights]);
}

/// Its author had the receipt, the log was put back, and somebody decided there about what was not there yet.
#[test]
fn what_was_decided_about_before_it_is_given_back_is_not_shown() {
    let (mut server, mut laptops) = village(3);
    let backup = server.clone();
    laptops[1].save(visit(5, 1, 50, 1));
    let reply = server.push(&laptops[1].batch(9));
    laptops[1].acknowledge(&reply).unwrap();
    server.restore(&backup);
    laptops[2].save(decides(6, 2, 5, "dismissed"));
    laptops[2].sync(&mut server);
    laptops[1].sync(&mut server);
    assert_eq!(reasons(&server), [&Quarantine::Mended]);
    assert!(laptops[1].own[0].mended && laptops[1].visible(5, id(50)).is_none());
}

/// Nothing waited yet when somebody of elsewhere decided about its name: the decision of those who may comes back beside.
#[test]
fn a_decision_of_elsewhere_keeps_no_other_from_coming_back() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[1].save(visit(5, 1, 50, 30));
    laptops[1].sync(&mut server);
    laptops[0].save(decides(6, 0, 5, "dismissed"));
    laptops[0].sync(&mut server);
    let decision = kept(&laptops[0], 6);
    server.restore(&backup);
    server.enrol(20);
    server.assign(device(20), &[Reach::Scope(OTHER)]);
    let mut stranger = Laptop::new(20);
    stranger.save(in_scope(OTHER, decides(7, 20, 5, "mended")));
    assert_eq!(outcome(&mut server, &stranger), GroupOutcome::Applied);
    let reply = server.offer(&Offer::from(vec![decision]));
    assert!(matches!(reply.groups[0].1, OfferOutcome::Held(_)));
}

/// Of a Save one part was taken, and the other writes anew what somebody else decided about: there is nothing to decide.
#[test]
fn nobody_decides_about_the_rest_that_was_overtaken() {
    let (mut server, mut laptops) = village(3);
    let backup = server.clone();
    laptops[1].save(visit(8, 1, 80, 31));
    laptops[1].sync(&mut server);
    laptops[2].save(with(visit(9, 2, 90, 1), &decides(9, 2, 8, "mended")));
    laptops[2].sync(&mut server);
    let whole = kept(&laptops[2], 9);
    let half = first_of(&whole);
    server.restore(&backup);
    laptops[0].save(decides(10, 0, 8, "dismissed"));
    assert_eq!(outcome(&mut server, &laptops[0]), GroupOutcome::Applied);
    server.offer(&Offer::from(vec![half, whole]));
    assert_eq!(reasons(&server), [&Quarantine::Overtaken]);
    laptops[0].save(decides(11, 0, 9, "dismissed"));
    laptops[0].sync(&mut server);
    assert_eq!(reasons(&server), [&Quarantine::Overtaken; 2]);
}

/// Of a Save one part is taken and the rest waits. Whoever saw what somebody decided about it may decide anew.
#[test]
fn who_saw_a_decision_about_a_rest_may_take_another() {
    let (mut server, mut laptops) = village(3);
    let backup = server.clone();
    laptops[0].save(household(7, 0, 30, NOW_MS));
    laptops[0].sync(&mut server);
    laptops[1].save(with(visit(8, 1, 80, 1), &visit(8, 1, 81, 30)));
    laptops[1].sync(&mut server);
    let whole = kept(&laptops[1], 8);
    let half = first_of(&whole);
    server.restore(&backup);
    server.offer(&Offer::from(vec![half]));
    server.offer(&Offer::from(vec![whole]));
    assert_eq!(reasons(&server), [&Quarantine::NoParent]);
    laptops[2].save(decides(9, 2, 8, "dismissed"));
    laptops[2].sync(&mut server);
    assert_eq!(reasons(&server), [&Quarantine::Mended]);
    let mut anew = decides(10, 2, 8, "mended");
    anew.ops[0].fields[0].replaced = Some(op_id(9, 0));
    laptops[2].save(anew);
    assert_eq!(outcome(&mut server, &laptops[2]), GroupOutcome::Applied);
    assert_eq!(reasons(&server), [&Quarantine::Mended]);
}

/// The decision came back first; its author, whose disk was put back, pushes all of the Save: the decision stands already,
/// and keeps nothing that was written with it from being taken.
#[test]
fn a_decision_that_came_back_first_does_not_overtake_its_own_save() {
    let (mut server, mut laptops) = village(3);
    let backup = server.clone();
    laptops[1].save(visit(8, 1, 80, 31));
    let waits = laptops[1].batch(1);
    laptops[1].sync(&mut server);
    laptops[2].save(with(visit(9, 2, 90, 1), &decides(9, 2, 8, "mended")));
    let before = laptops[2].clone();
    all_sync(&mut server, &mut laptops);
    let decision = rest_of(&kept(&laptops[0], 9));
    server.restore(&backup);
    server.push(&waits);
    server.offer(&Offer::from(vec![decision]));
    assert_eq!(reasons(&server), [&Quarantine::Mended]);
    assert_eq!(outcome(&mut server, &before), GroupOutcome::Applied);
    assert!(server.rows.contains_key(&(5, id(90))));
}

/// What was pushed and waits learns its receipts; what waits under its name with another content has none.
#[test]
fn receipts_are_learned_by_what_they_are_of() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[0].save(household(4, 0, 30, NOW_MS));
    laptops[0].save(visit(5, 0, 50, 30));
    laptops[0].sync(&mut server);
    let given_back = kept(&laptops[0], 5);
    server.restore(&backup);
    let numbered = Numbered { incarnation: 77, dseq: 1, group: given_back.group.clone() };
    server.push(&Batch { groups: vec![numbered], ..laptops[0].batch(1) });
    let mut other = Laptop::new(1);
    other.save(visit(5, 1, 51, 30));
    server.push(&other.batch(1));
    assert_eq!(reasons(&server), [&Quarantine::NoParent; 2]);
    server.offer(&Offer::from(vec![given_back]));
    assert_eq!(server.waiting.iter().map(|one| one.receipts.len()).collect::<Vec<_>>(), [1, 0]);
}
