//! Short histories that somebody found who read the rules anew.

use super::*;
use domain::registry::{RecordKind, no};

use crate::group::Group;
use crate::ingest::{GroupOutcome, Quarantine};
use crate::ledger::Entry;
use crate::model::{Laptop, Server, village};
use crate::offer::OfferOutcome;
use crate::op::{FieldEdit, Scope};
use crate::rights::Reach;
use crate::samples::{NOW_MS, SCOPE, device, group, household, id, member, op_id, rename};
use crate::wire::{Batch, Offer};

/// Somebody, as that op wrote them, in another household.
pub(super) fn puts(number: u128, by: u128, who: u128, saw: u128, household: u128) -> Group {
    let edit = FieldEdit {
        no: no::MEMBER_HOUSEHOLD,
        value: id(household).into(),
        replaced: Some(op_id(saw, 0)),
        seen: None,
    };
    group(number, by, MEMBER, who, NOW_MS, vec![edit])
}

pub(super) fn moves(number: u128, by: u128, what: u128, to: Scope) -> Group {
    let edit = FieldEdit { no: no::HOUSEHOLD_MOVED_TO, value: to.0.into(), replaced: None, seen: None };
    group(number, by, HOUSEHOLD, what, NOW_MS, vec![edit])
}

fn apart() -> (Server, Vec<Laptop>) {
    let (mut server, mut laptops) = village(2);
    laptops[1].save(household(30, 1, 30, NOW_MS));
    laptops[1].sync(&mut server);
    server.assign(device(0), &[Reach::Scope(SCOPE)]);
    all_sync(&mut server, &mut laptops);
    (server, laptops)
}

fn with_base(base: (u32, u64), mut group: Group) -> Group {
    group.ops.iter_mut().for_each(|op| op.header.base = base.into());
    group
}

fn visits(server: &Server) -> usize {
    server.rows.keys().filter(|(kind, _)| *kind == 5).count()
}

/// Reply lost, person moved on, household erased: the author's laptop never shows the person again.
#[test]
fn reply_lost_then_moved_on_then_erased() {
    let (mut server, mut laptops) = village(2);
    laptops[0].save(household(3, 0, 3, NOW_MS));
    all_sync(&mut server, &mut laptops);
    laptops[0].save(member(5, 0, 50, 1, "Mai", NOW_MS));
    server.push(&laptops[0].batch(9)); // reply lost
    laptops[1].sync(&mut server);
    laptops[1].save(puts(6, 1, 50, 5, 3));
    laptops[1].sync(&mut server);
    server.erase(id(1));
    all_sync(&mut server, &mut laptops);
    assert!(server.rows.contains_key(&(MEMBER, id(50))), "server");
    assert!(laptops[1].base == server.rows, "laptop 1");
    assert!(
        laptops[0].base == server.rows,
        "laptop 0 lacks 50: {}",
        laptops[0].base.contains_key(&(MEMBER, id(50)))
    );
}

/// Pushed without hello (a courier) after a restore: a line for somebody who moved on.
#[test]
fn courier_lists_who_moved_on() {
    let (mut server, mut laptops) = village(2);
    laptops[0].save(household(3, 0, 3, NOW_MS));
    all_sync(&mut server, &mut laptops);
    let backup = server.clone();
    laptops[0].save(member(5, 0, 50, 1, "Mai", NOW_MS));
    let bundle = laptops[0].batch(9);
    server.push(&bundle); // reply lost
    laptops[1].sync(&mut server);
    laptops[1].save(puts(6, 1, 50, 5, 3));
    laptops[1].sync(&mut server);
    server.erase(id(1));
    assert!(server.rows.contains_key(&(MEMBER, id(50))));
    server.restore(&backup);
    server.push(&bundle);
    all_sync(&mut server, &mut laptops);
    assert!(
        server.rows.contains_key(&(MEMBER, id(50))),
        "line: {}",
        server.standing.erased_after(0).contains(&id(50))
    );
}

/// Somebody without rights makes a living person listed, after a restore.
#[test]
fn a_stranger_lists_the_living_after_a_restore() {
    let (mut server, mut laptops) = village(2);
    laptops[0].save(household(3, 0, 3, NOW_MS));
    all_sync(&mut server, &mut laptops);
    let backup = server.clone();
    laptops[1].save(member(5, 1, 50, 3, "Mai", NOW_MS));
    all_sync(&mut server, &mut laptops);
    server.erase(id(1));
    server.restore(&backup);
    server.enrol(20);
    let mut stranger = Laptop::new(20);
    stranger.save(member(6, 20, 50, 1, "x", NOW_MS));
    assert_eq!(outcome(&mut server, &stranger), GroupOutcome::Quarantined(Quarantine::Rights));
    all_sync(&mut server, &mut laptops);
    assert!(server.rows.contains_key(&(MEMBER, id(50))), "lost");
}

/// The closure walks by id: a record with the id of a living household.
#[test]
fn closure_by_id_erases_what_lies_under_another_kind() {
    let (mut server, mut laptops) = village(2);
    laptops[0].save(in_scope(OTHER, household(3, 0, 3, NOW_MS)));
    laptops[0].save(in_scope(OTHER, member(4, 0, 40, 3, "Hai", NOW_MS)));
    laptops[0].save(visit(7, 0, 70, 1)); // a visit to the living household 1
    all_sync(&mut server, &mut laptops);
    // somebody of the other hamlet: an assessment whose id is that of household 1
    server.assign(device(1), &[Reach::Scope(OTHER)]);
    laptops[1].save(in_scope(OTHER, assessment(8, 1, 1, 40)));
    assert!(matches!(outcome(&mut server, &laptops[1]), GroupOutcome::Applied));
    all_sync(&mut server, &mut laptops);
    server.erase(id(40));
    assert!(server.rows.contains_key(&(HOUSEHOLD, id(1))));
    assert!(server.rows.contains_key(&(5, id(70))), "the visit of household 1 was erased");
}

/// A person is put into a household that has moved meanwhile.
#[test]
fn put_into_a_household_that_has_moved() {
    let (mut server, mut laptops) = apart();
    laptops[0].save(with_base((1, server.head().position), puts(5, 0, 2, 2, 30)));
    laptops[1].save(moves(6, 1, 30, OTHER));
    laptops[1].sync(&mut server);
    all_sync(&mut server, &mut laptops);
    assert_eq!(reasons(&server), [] as [&Quarantine; 0]);
    let row = &server.rows[&(MEMBER, id(2))];
    assert_eq!(row.value(no::MEMBER_HOUSEHOLD), Some(&id(30).into()));
    assert_eq!((row.scope, server.rows[&(HOUSEHOLD, id(30))].scope), (OTHER, OTHER));
}

/// A stray whose first household was erased: a new laptop begins it elsewhere.
#[test]
fn first_pull_of_a_stray_whose_household_was_erased() {
    let (mut server, mut laptops) = apart();
    laptops[1].save(moves(6, 1, 30, OTHER));
    laptops[1].save(moves(7, 1, 1, OTHER));
    let base = (1, server.head().position);
    laptops[0].save(with_base(base, member(8, 0, 50, 30, "Mai", NOW_MS)));
    laptops[1].sync(&mut server);
    all_sync(&mut server, &mut laptops);
    assert_eq!(server.rows[&(MEMBER, id(50))].scope, OTHER);
    laptops[1].save(in_scope(OTHER, puts(9, 1, 50, 8, 1)));
    all_sync(&mut server, &mut laptops);
    assert_eq!(reasons(&server), [] as [&Quarantine; 0]);
    server.erase(id(30));
    assert!(server.rows.contains_key(&(MEMBER, id(50))));
    all_sync(&mut server, &mut laptops);
    assert!(laptops[1].base == server.rows);
    let mut new = Laptop::new(5);
    new.sync(&mut server);
    assert_eq!(new.state.cursor, Some(server.head()));
    assert_eq!(new.base.get(&(MEMBER, id(50))).map(|row| row.scope), Some(OTHER));
    assert!(new.base == server.rows);
}

/// After a restore, a person who moved with an erased household lies in the old unit again.
#[test]
fn restored_person_lies_in_the_old_unit() {
    let (mut server, mut laptops) = apart();
    server.assign(device(0), &[Reach::Scope(SCOPE)]);
    laptops[1].save(in_scope(OTHER, household(31, 1, 31, NOW_MS)));
    laptops[1].save(moves(7, 1, 1, OTHER)); // member 2 goes along
    laptops[1].sync(&mut server);
    laptops[1].save(in_scope(OTHER, puts(9, 1, 2, 2, 31)));
    laptops[1].save(in_scope(OTHER, rename(10, 1, 2, "Bí mật", NOW_MS, Some(op_id(2, 0)))));
    all_sync(&mut server, &mut laptops);
    assert_eq!(reasons(&server), [] as [&Quarantine; 0]);
    assert_eq!(server.rows[&(MEMBER, id(2))].scope, OTHER);
    assert!(!laptops[0].base.contains_key(&(MEMBER, id(2))));
    server.erase(id(1));
    all_sync(&mut server, &mut laptops);
    assert!(server.rows.contains_key(&(MEMBER, id(2))));
    let mut empty = Server::new();
    empty.now_ms = server.now_ms;
    server.restore(&empty);
    server.assign(device(0), &[Reach::Scope(SCOPE)]);
    all_sync(&mut server, &mut laptops);
    let seen = laptops[0].base.get(&(MEMBER, id(2))).and_then(|row| row.value(no::MEMBER_FULL_NAME)).cloned();
    assert_eq!((server.rows[&(MEMBER, id(2))].scope, seen), (OTHER, None));
}

/// Somebody of another unit writes a decision first; nobody can decide any more.
#[test]
fn a_decision_of_elsewhere_blocks_the_right_one() {
    for by_commune in [false, true] {
        let (mut server, mut laptops) = village(3);
        server.enrol(20);
        server.assign(device(20), &[Reach::Scope(OTHER)]);
        let mut stranger = Laptop::new(20);
        laptops[1].save(visit(5, 1, 50, 30));
        laptops[1].sync(&mut server);
        stranger.save(in_scope(OTHER, decides(6, 20, 5, "dismissed")));
        stranger.sync(&mut server);
        assert_eq!(reasons(&server), [&Quarantine::NoParent, &Quarantine::Rights]);
        let mended = with(visit(7, 2, 60, 1), &decides(7, 2, 5, "mended"));
        laptops[2].save(if by_commune {
            in_scope(Scope::COMMUNE, decides(7, 2, 5, "dismissed"))
        } else {
            mended
        });
        let got = outcome(&mut server, &laptops[2]);
        assert_eq!(got, GroupOutcome::Applied, "commune {by_commune}");
    }
}

/// Another content under a taken name: what mends it is never taken.
#[test]
fn mending_of_another_content() {
    let (mut server, mut laptops) = village(2);
    laptops[1].save(visit(5, 1, 50, 1));
    let image = {
        let mut image = laptops[1].clone();
        image.own.clear();
        image
    };
    laptops[1].sync(&mut server);
    // put back from a copy, the same random id, another content
    let mut other = image;
    other.save(visit(5, 1, 51, 1));
    let numbered =
        crate::wire::Numbered { incarnation: 77, dseq: 1, group: other.own[0].numbered.group.clone() };
    let reply = server.push(&Batch { groups: vec![numbered], ..laptops[1].batch(1) });
    assert_eq!(reply.groups[0].outcome, GroupOutcome::Quarantined(Quarantine::Invalid));
    laptops[0].save(with(visit(7, 0, 60, 1), &decides(7, 0, 5, "mended")));
    assert_eq!(outcome(&mut server, &laptops[0]), GroupOutcome::Applied);
}

/// Half of it is known, the rest waits: nobody can decide about the rest.
#[test]
fn the_rest_of_a_save_cannot_be_decided() {
    let (mut server, mut laptops) = village(3);
    let backup = server.clone();
    laptops[0].save(with(household(5, 0, 50, NOW_MS), &visit(5, 0, 60, 1)));
    let before = laptops[0].clone();
    all_sync(&mut server, &mut laptops);
    let half = rest_of(&kept(&laptops[1], 5));
    server.restore(&backup);
    server.offer(&Offer::from(vec![half]));
    server.assign(device(0), &[]);
    server.now_ms += 31 * DAY_MS;
    assert_eq!(outcome(&mut server, &before), GroupOutcome::Quarantined(Quarantine::Rights));
    laptops[2].save(decides(7, 2, 5, "dismissed"));
    assert_eq!(outcome(&mut server, &laptops[2]), GroupOutcome::Applied);
}

/// Two who saw the first decision both write it anew.
#[test]
fn two_second_decisions() {
    let (mut server, mut laptops) = village(3);
    laptops[1].save(visit(5, 1, 50, 30));
    laptops[1].sync(&mut server);
    laptops[0].save(decides(6, 0, 5, "dismissed"));
    all_sync(&mut server, &mut laptops);
    let again = |number: u128, by: u128, record: u128| {
        let edit = FieldEdit {
            no: no::MENDING_DECISION,
            value: "mended".into(),
            replaced: Some(op_id(6, 0)),
            seen: None,
        };
        with(
            visit(number, by, record, 1),
            &group(number, by, RecordKind::Mending.no(), 5, NOW_MS, vec![edit]),
        )
    };
    laptops[1].save(again(7, 1, 70));
    laptops[2].save(again(8, 2, 80));
    all_sync(&mut server, &mut laptops);
    assert_eq!(visits(&server), 1, "{:?}", reasons(&server));
}

/// Offered with receipts before its parent, while it waits for rights: the receipts are not kept.
#[test]
fn receipts_of_what_waits_already_are_not_kept() {
    let (mut server, mut laptops) = village(3);
    let backup = server.clone();
    laptops[0].save(household(4, 0, 30, NOW_MS));
    laptops[0].sync(&mut server);
    laptops[1].sync(&mut server);
    laptops[1].save(visit(5, 1, 50, 30));
    let author = laptops[1].clone();
    all_sync(&mut server, &mut laptops);
    let given_back = kept(&laptops[2], 5);
    let creation = kept(&laptops[0], 4);
    server.restore(&backup);
    server.assign(device(1), &[]);
    server.now_ms += 31 * DAY_MS;
    assert_eq!(outcome(&mut server, &author), GroupOutcome::Quarantined(Quarantine::Rights));
    let reply = server.offer(&Offer::from(vec![given_back]));
    assert_eq!(reply.groups[0].1, OfferOutcome::Waits(Quarantine::NoParent));
    // Laptop 2 is stolen. The parent comes.
    server.offer(&Offer::from(vec![creation]));
    assert!(server.rows.contains_key(&(5, id(50))), "{:?}", reasons(&server));
}

/// Waits with receipts for a household that is erased then.
#[test]
fn waits_for_what_is_erased_later() {
    let (mut server, mut laptops) = village(2);
    let backup = {
        let mut empty = Server::new();
        empty.now_ms = server.now_ms;
        empty
    };
    laptops[0].save(household(3, 0, 3, NOW_MS));
    all_sync(&mut server, &mut laptops);
    laptops[1].save(puts(5, 1, 2, 2, 3));
    all_sync(&mut server, &mut laptops);
    let (creation, three, put) = (kept(&laptops[0], 2), kept(&laptops[0], 3), kept(&laptops[0], 5));
    let (mut a, mut b) = (server.clone(), server.clone());
    for (server, erase_first) in [(&mut a, true), (&mut b, false)] {
        server.restore(&backup);
        if erase_first {
            server.note(Entry::Erased { subject: id(1) });
        }
        server.offer(&Offer::from(vec![creation.clone(), three.clone(), put.clone()]));
        if !erase_first {
            server.note(Entry::Erased { subject: id(1) });
        }
    }
    assert!(a.rows.contains_key(&(MEMBER, id(2))));
    assert!(b.rows.contains_key(&(MEMBER, id(2))), "{:?}", reasons(&b));
}

/// A known group under another device's number: each push takes a position.
#[test]
fn a_known_group_of_somebody_else_takes_a_position_each_time() {
    let (mut server, mut laptops) = village(2);
    let g = kept(&laptops[0], 1).group;
    let numbered = crate::wire::Numbered { incarnation: 77, dseq: 1, group: g };
    let batch = Batch { groups: vec![numbered], ..laptops[1].batch(1) };
    server.push(&batch);
    let head = server.head();
    server.push(&batch);
    assert_eq!(server.head(), head);
    laptops[1].sync(&mut server);
}

/// Refused because the record lay elsewhere; it comes back.
#[test]
fn rights_because_it_lay_elsewhere() {
    let (mut server, mut laptops) = village(2);
    laptops[0].save(in_scope(OTHER, household(3, 0, 3, NOW_MS)));
    laptops[0].save(in_scope(OTHER, member(4, 0, 40, 3, "Hai", NOW_MS)));
    all_sync(&mut server, &mut laptops);
    // The officer moves the household and joins two people, in this order; another sends the join first.
    laptops[1].save(same(7, 1, 70, [2, 40]));
    laptops[1].sync(&mut server);
    assert_eq!(reasons(&server), [&Quarantine::Rights]);
    laptops[0].save(in_scope(OTHER, moves(8, 0, 3, SCOPE)));
    all_sync(&mut server, &mut laptops);
    assert_eq!(reasons(&server), [] as [&Quarantine; 0]);
}

/// An invalid group that waits lists what it begins.
#[test]
fn invalid_lists_in_the_sweep() {
    let (mut server, mut laptops) = village(2);
    laptops[0].save(household(3, 0, 3, NOW_MS));
    all_sync(&mut server, &mut laptops);
    let backup = server.clone();
    laptops[1].save(member(5, 1, 50, 3, "Mai", NOW_MS));
    all_sync(&mut server, &mut laptops);
    server.restore(&backup);
    // forged: in the name of device 1
    laptops[0].save(member(6, 1, 50, 1, "x", NOW_MS));
    assert_eq!(outcome(&mut server, &laptops[0]), GroupOutcome::Quarantined(Quarantine::Invalid));
    server.erase(id(1));
    all_sync(&mut server, &mut laptops);
    assert!(server.rows.contains_key(&(MEMBER, id(50))), "lost");
}

/// Plain restore: the household moved and took the person along, who then moved on there. Given back in the order of
/// random names, the person is put on before the household moves.
#[test]
fn given_back_in_another_order() {
    let (mut server, mut laptops) = village(2);
    server.assign(device(0), &[Reach::Scope(SCOPE)]);
    all_sync(&mut server, &mut laptops);
    laptops[1].save(in_scope(OTHER, household(4, 1, 31, NOW_MS)));
    laptops[1].save(moves(90, 1, 1, OTHER)); // member 2 goes along
    laptops[1].sync(&mut server);
    laptops[1].save(in_scope(OTHER, puts(60, 1, 2, 2, 31)));
    laptops[1].save(in_scope(OTHER, rename(61, 1, 2, "Bí mật", NOW_MS, Some(op_id(2, 0)))));
    all_sync(&mut server, &mut laptops);
    assert_eq!(reasons(&server), [] as [&Quarantine; 0]);
    assert_eq!(server.rows[&(MEMBER, id(2))].scope, OTHER);
    assert!(laptops[0].base.is_empty());
    let mut empty = Server::new();
    empty.now_ms = server.now_ms;
    server.restore(&empty);
    server.assign(device(0), &[Reach::Scope(SCOPE)]);
    all_sync(&mut server, &mut laptops);
    assert_eq!(server.rows[&(HOUSEHOLD, id(1))].scope, OTHER);
    let seen = laptops[0].base.get(&(MEMBER, id(2))).and_then(|row| row.value(no::MEMBER_FULL_NAME)).cloned();
    assert_eq!((server.rows[&(MEMBER, id(2))].scope, seen), (OTHER, None));
}

/// Plain restore: an edge given back before its ends.
#[test]
fn an_edge_given_back_before_its_ends() {
    let (mut server, mut laptops) = village(2);
    server.assign(device(0), &[Reach::Scope(SCOPE)]);
    all_sync(&mut server, &mut laptops);
    laptops[1].save(member(70, 1, 40, 1, "Hoa", NOW_MS));
    laptops[1].save(member(71, 1, 41, 1, "Hoa", NOW_MS));
    laptops[1].save(same(60, 1, 60, [40, 41]));
    laptops[1].save(moves(50, 1, 1, OTHER));
    all_sync(&mut server, &mut laptops);
    assert_eq!(server.rows[&(12, id(60))].scope, OTHER);
    let mut empty = Server::new();
    empty.now_ms = server.now_ms;
    server.restore(&empty);
    server.assign(device(0), &[Reach::Scope(SCOPE)]);
    all_sync(&mut server, &mut laptops);
    assert_eq!(server.rows[&(MEMBER, id(40))].scope, OTHER);
    assert_eq!((server.rows[&(12, id(60))].scope, laptops[0].base.len()), (OTHER, 0));
}

/// An edge that arrives after one of its ends moved lies where the smaller id lies.
#[test]
fn an_edge_that_arrives_after_a_move() {
    let (mut server, mut laptops) = apart();
    laptops[1].save(member(5, 1, 40, 30, "Hoa", NOW_MS));
    all_sync(&mut server, &mut laptops);
    let base = (1, server.head().position);
    laptops[0].save(with_base(base, same(6, 0, 60, [2, 40])));
    laptops[1].save(moves(7, 1, 30, OTHER));
    let mut scopes = vec![];
    for order in [[0, 1], [1, 0]] {
        let (mut server, mut laptops) = (server.clone(), laptops.clone());
        for l in order {
            laptops[l].sync(&mut server);
        }
        scopes.push(server.rows.get(&(12, id(60))).map(|row| row.scope));
    }
    assert_eq!(scopes[0], scopes[1]);
}

/// Lower stamps that come with something that waits.
#[test]
fn lowered_is_dropped_with_what_waits() {
    let (mut server, mut laptops) = village(3);
    laptops[0].save(household(4, 0, 30, NOW_MS));
    laptops[0].sync(&mut server);
    let backup = {
        let mut e = Server::new();
        e.now_ms = server.now_ms;
        e
    };
    laptops[1].sync(&mut server);
    laptops[1].save(with(rename(5, 1, 2, "A", NOW_MS, Some(op_id(2, 0))), &visit(5, 1, 50, 30)));
    all_sync(&mut server, &mut laptops);
    let whole = kept(&laptops[2], 5);
    let creation = kept(&laptops[2], 2);
    let first = kept(&laptops[2], 1);
    server.restore(&backup);
    server.now_ms += DAY_MS;
    server.offer(&Offer::from(vec![first, creation]));
    let mut half = first_of(&whole);
    // taken with a higher stamp
    let mut higher = half.receipts[0].clone();
    higher.stamp.0 += 1000;
    half.receipts = vec![server.key.seal(higher)];
    server.offer(&Offer::from(vec![half]));
    let _reply = server.offer(&Offer::from(vec![whole.clone()]));
    assert_eq!(server.receipt(op_id(5, 0)).stamp, whole.receipts[0].stamp);
}

/// A waiting op with receipts and another content taken under its name: it vanishes when retried.
#[test]
fn vanishes_from_quarantine() {
    let (mut server, mut laptops) = village(2);
    laptops[0].save(household(4, 0, 30, NOW_MS));
    all_sync(&mut server, &mut laptops);
    let backup = {
        let mut e = Server::new();
        e.now_ms = server.now_ms;
        e
    };
    let creation = kept(&laptops[0], 4);
    let image = laptops[1].clone();
    laptops[1].save(visit(5, 1, 50, 30));
    all_sync(&mut server, &mut laptops);
    let given_back = kept(&laptops[0], 5);
    server.restore(&backup);
    server.offer(&Offer::from(vec![given_back]));
    assert_eq!(reasons(&server), [&Quarantine::NoParent]);
    // a copy of the laptop used the same random number for something else
    let mut copy = image;
    copy.save(household(5, 1, 51, NOW_MS));
    server.push(&copy.batch(9));
    assert!(server.known.contains_key(&op_id(5, 0)));
    server.offer(&Offer::from(vec![creation]));
    assert_eq!(reasons(&server).len(), 1, "it is nowhere now");
}

/// X11: a decision that another one replaced comes back after that.
#[test]
fn a_first_decision_comes_back_after_the_second() {
    let (mut server, mut laptops) = village(3);
    laptops[1].save(visit(5, 1, 50, 30));
    laptops[1].sync(&mut server);
    let backup = server.clone();
    laptops[2].save(with(visit(90, 2, 60, 1), &decides(90, 2, 5, "mended")));
    all_sync(&mut server, &mut laptops);
    let edit = FieldEdit {
        no: no::MENDING_DECISION,
        value: "dismissed".into(),
        replaced: Some(op_id(90, 1)),
        seen: None,
    };
    laptops[0].save(group(8, 0, RecordKind::Mending.no(), 5, NOW_MS, vec![edit]));
    all_sync(&mut server, &mut laptops);
    assert_eq!(reasons(&server), [&Quarantine::Mended]);
    assert!(server.rows.contains_key(&(5, id(60))));
    server.restore(&backup);
    all_sync(&mut server, &mut laptops);
    assert!(server.rows.contains_key(&(5, id(60))), "{:?}", reasons(&server));
}
