//! The short histories of who is forgotten and who no longer belongs (F9, F12 of the design), and of what a person
//! decides about a Save that was kept apart.

use domain::calendar::Day;
use domain::ids::JobId;
use domain::registry::{RecordKind, no};

use crate::group::Group;
use crate::ingest::{GroupOutcome, Quarantine};
use crate::jobs::{self, Edit};
use crate::ledger::Entry;
use crate::local::LocalStore;
use crate::model::{Laptop, Server, name, village};
use crate::offer::{HistoryView, OfferOutcome};
use crate::op::{FieldEdit, GroupId, Op};
use crate::rights::{Reach, Sight};
use crate::samples::{NOW_MS, SCOPE, device, group, household, id, member, op_id, rename};
use crate::wire::{Offer, PageGroup};

/// Something was learned about a person.
fn assessment(number: u128, by: u128, record: u128, of: u128) -> Group {
    let fields = vec![
        FieldEdit::first(no::ASSESSMENT_MEMBER, id(of)),
        FieldEdit::first(no::ASSESSMENT_DAY, Day::at(0)),
    ];
    group(number, by, RecordKind::Assessment.no(), record, NOW_MS, fields)
}

fn erase(server: &mut Server, subject: u128) {
    server.erase(id(subject));
}

fn all_sync(server: &mut Server, laptops: &mut [Laptop]) {
    for _ in 0..2 {
        laptops.iter_mut().for_each(|laptop| laptop.sync(server));
    }
}

/// Nobody holds an op of these records, readable or not, and everybody holds the same rows.
fn forgotten(server: &Server, laptops: &[Laptop], records: &[u128]) {
    let about = |op: &Op| records.iter().any(|record| op.header.record == id(*record));
    let waiting = server.waiting.iter().map(|one| &one.numbered.group);
    let stream = server.groups().map(|one| &one.group);
    assert!(!stream.chain(waiting).flat_map(|group| &group.ops).any(about), "on the server");
    assert!(!server.rows.values().any(|row| records.iter().any(|record| row.record == id(*record))));
    for laptop in laptops {
        assert_eq!(laptop.base, server.rows);
        let own = laptop.own.iter().flat_map(|own| &own.numbered.group.ops);
        let kept = laptop.retained.values().flat_map(|kept| &kept.group.ops);
        assert!(!own.chain(kept).any(about), "on a laptop");
    }
}

/// (i) What was pending elsewhere has an id that stands in no ledger; it lies under somebody who does.
#[test]
fn f12_what_lies_under_an_erased_person_is_not_kept_when_it_arrives() {
    let (mut server, mut laptops) = village(2);
    laptops[1].save(assessment(3, 1, 50, 2));
    laptops[1].save(assessment(4, 1, 51, 2));
    let mut unaware = laptops[1].clone();
    erase(&mut server, 2);
    // It pushes before it hears of it; the answer says that the server has it, and nothing of it is there.
    let reply = server.push(&unaware.batch(9));
    assert_eq!(
        reply.groups.iter().map(|one| &one.outcome).collect::<Vec<_>>(),
        [&GroupOutcome::Superseded; 2]
    );
    assert_eq!(reply.receipts.len(), 2);
    unaware.acknowledge(&reply).unwrap();
    assert_eq!(unaware.counts().unwrap().pending_groups, 0);
    laptops[1] = unaware;
    all_sync(&mut server, &mut laptops);
    forgotten(&server, &laptops, &[2, 50, 51]);
    // What comes later about the event itself is about somebody listed now, too.
    let voids = vec![
        FieldEdit::first(no::ASSESSMENT_MEMBER, id(2)),
        FieldEdit::first(no::ASSESSMENT_DAY, Day::at(0)),
        FieldEdit::first(no::ASSESSMENT_VOIDS, id(50)),
    ];
    laptops[0].save(group(5, 0, RecordKind::Assessment.no(), 52, NOW_MS, voids));
    server.push(&laptops[0].batch(9));
    all_sync(&mut server, &mut laptops);
    forgotten(&server, &laptops, &[2, 50, 51, 52]);
}

/// Two ops of one Save, in one group.
fn both(first: Group, second: &Group) -> Group {
    let mut group = first;
    let mut op = second.ops[0].clone();
    op.header.id = crate::op::OpId { group: group.id, index: u16::try_from(group.ops.len()).unwrap() };
    group.ops.push(op);
    group
}

/// The person came to the erased household, and was assessed, in one Save that nobody had heard of.
#[test]
fn f12_what_lies_under_the_erased_within_one_save_is_not_kept() {
    let (mut server, mut laptops) = village(2);
    let save = both(member(3, 1, 30, 1, "Mai", NOW_MS), &assessment(3, 1, 50, 30));
    laptops[1].save(both(save, &household(3, 1, 4, NOW_MS)));
    erase(&mut server, 1);
    let reply = server.push(&laptops[1].batch(9));
    assert_eq!(reply.groups[0].outcome, GroupOutcome::Applied);
    assert_eq!(reply.receipts.len(), 3);
    laptops[1].acknowledge(&reply).unwrap();
    assert!(server.rows.contains_key(&(3, id(4))), "the rest of the Save is taken");
    all_sync(&mut server, &mut laptops);
    forgotten(&server, &laptops, &[1, 2, 30, 50]);
}

/// What waits is forgotten at once, as far as it is about the erased.
#[test]
fn f12_what_is_kept_apart_is_forgotten_too() {
    let (mut server, _) = village(1);
    server.enrol(20);
    let mut apart = Laptop::new(20);
    apart.sync(&mut server);
    apart.save(assessment(3, 20, 50, 2));
    apart.save(both(assessment(4, 20, 51, 2), &household(4, 20, 4, NOW_MS)));
    apart.sync(&mut server);
    assert_eq!(server.waiting.len(), 2);
    erase(&mut server, 2);
    let left: Vec<_> =
        server.waiting.iter().map(|one| (one.numbered.group.ops.len(), one.stamps.len())).collect();
    assert_eq!(left, [(1, 1)]);
    server.assign(device(20), &[Reach::WholeCommune]);
    assert!(server.waiting.is_empty() && server.rows.contains_key(&(3, id(4))));
    apart.sync(&mut server);
    forgotten(&server, &[apart], &[2, 50, 51]);
}

/// A household is erased with its people, also one whose creation arrives after an edit of hers.
#[test]
fn f12_a_household_is_forgotten_with_everybody_in_it() {
    let (mut server, mut laptops) = village(3);
    laptops[1].save(member(3, 1, 30, 1, "Mai", NOW_MS));
    let stamp = server.receipt(op_id(2, 0)).stamp;
    let edit = FieldEdit {
        no: no::MEMBER_FULL_NAME,
        value: "Mai Lan".into(),
        replaced: Some(op_id(3, 0)),
        seen: Some(stamp),
    };
    laptops[2].save(group(4, 2, RecordKind::Member.no(), 30, NOW_MS, vec![edit]));
    let reply = server.push(&laptops[2].batch(9));
    assert_eq!(reply.groups[0].outcome, GroupOutcome::Quarantined(Quarantine::NoParent));
    erase(&mut server, 1);
    assert_eq!(server.waiting.len(), 1, "nobody knows yet whose it is");
    server.push(&laptops[1].batch(9));
    all_sync(&mut server, &mut laptops);
    assert!(server.waiting.is_empty());
    forgotten(&server, &laptops, &[1, 2, 30]);
}

/// (ii) A laptop that jumps over the moment of the erasure, by a new epoch, applies it all the same: to its rows, to
/// what it keeps for others, to what waits, to what is kept apart.
#[test]
fn f12_a_laptop_that_comes_over_into_a_new_epoch_forgets_before_it_gives_back() {
    let (mut server, mut laptops) = village(3);
    server.enrol(20);
    let mut apart = Laptop::new(20);
    apart.sync(&mut server);
    let backup = server.clone();
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    laptops[0].save(household(4, 0, 4, NOW_MS));
    all_sync(&mut server, &mut laptops);
    apart.save(assessment(5, 20, 50, 2));
    apart.sync(&mut server);
    assert_eq!(server.waiting.len(), 1);
    laptops[1].save(assessment(6, 1, 51, 2));
    erase(&mut server, 2);
    server.restore(&backup);
    laptops.push(apart);
    all_sync(&mut server, &mut laptops[1..3]);
    assert!(server.rows.contains_key(&(3, id(4))), "of others everything comes back");
    laptops[3].sync(&mut server);
    laptops[0].sync(&mut server);
    all_sync(&mut server, &mut laptops[..3]);
    forgotten(&server, &laptops[..3], &[2, 50, 51]);
    assert!(laptops[3].own.is_empty() && server.waiting.is_empty());
    // Headers were given back: the log has not forgotten that the op was taken, and when.
    assert_eq!(
        server.receipt(op_id(3, 0)).stamp,
        backup.receipt(op_id(2, 0)).stamp.max(server.receipt(op_id(3, 0)).stamp)
    );
    assert!(server.groups().all(|group| group.group.id != op_id(3, 0).group));
}

/// (iii) A laptop that has heard and one that has not stand at one cursor with other rows: digests are compared at one
/// number of the ledger only.
#[test]
fn f12_the_ledger_s_number_tells_two_laptops_at_one_cursor_apart() {
    let (mut server, mut laptops) = village(2);
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    all_sync(&mut server, &mut laptops);
    let before = laptops[0].clone();
    erase(&mut server, 2);
    laptops[0].sync(&mut server);
    assert_eq!(laptops[0].state.cursor, before.state.cursor);
    assert_ne!(laptops[0].base, before.base);
    assert_ne!(laptops[0].state.ledger, before.state.ledger);
    assert_eq!(laptops[0].state.ledger, server.standing.mark);
}

/// A copy of the database from before the erasure forgets again what it was told to forget, before anybody comes.
#[test]
fn f12_a_restore_brings_nobody_back() {
    let (mut server, mut laptops) = village(2);
    all_sync(&mut server, &mut laptops);
    let backup = server.clone();
    assert_eq!(name(&backup), "Hoa");
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    all_sync(&mut server, &mut laptops);
    let later = server.groups().find(|group| group.group.id == op_id(3, 0).group).unwrap().clone();
    erase(&mut server, 2);
    all_sync(&mut server, &mut laptops);
    server.restore(&backup);
    forgotten(&server, &laptops, &[2]);
    let reply = server.offer(&Offer::from(vec![later]));
    assert_eq!(reply.groups[0].1, OfferOutcome::Erased);
    forgotten(&server, &laptops, &[2]);
    // Somebody who kept a copy of a laptop from before gives nothing back of it.
    let receipt = backup.receipt(op_id(2, 0));
    let old = backup.groups().find(|group| group.group.id == op_id(2, 0).group).unwrap().clone();
    assert_eq!(old.receipts, [receipt]);
    let reply = server.offer(&Offer::from(vec![old]));
    assert!(matches!(reply.groups[0].1, OfferOutcome::Held(_) | OfferOutcome::Erased));
    forgotten(&server, &laptops, &[2]);
}

/// A header alone is taken back only of what is erased here: nobody makes an op unknown by withholding what it says.
#[test]
fn a_bare_header_is_no_way_to_lose_an_op() {
    let (mut server, laptops) = village(1);
    let backup = Server::new();
    let whole: Vec<PageGroup> = laptops[0].retained.values().cloned().collect();
    let bare = |group: &PageGroup| crate::offer::BareOp {
        header: group.group.ops[0].header.clone(),
        payload_hash: group.group.ops[0].payload_hash(),
        receipt: group.receipts[0].clone(),
    };
    let headers: Vec<_> = whole.iter().map(bare).collect();
    server.restore(&backup);
    server.offer(&Offer { bare: headers.clone(), ..Offer::default() });
    assert!(server.known.is_empty());
    erase(&mut server, 2);
    let mut forged = headers[1].clone();
    forged.receipt.stamp.0 += 1;
    server.offer(&Offer { bare: vec![forged], ..Offer::default() });
    assert!(server.known.is_empty());
    server.offer(&Offer { bare: headers, ..Offer::default() });
    assert_eq!(server.known.keys().copied().collect::<Vec<_>>(), [op_id(2, 0)]);
    server.offer(&Offer::from(whole));
    assert!(server.rows.contains_key(&(3, id(1))) && !server.rows.contains_key(&(4, id(2))));
}

/// What a revoked laptop still brings is kept apart, where somebody can see it; it gets nothing.
#[test]
fn f09_a_revoked_laptop_stays_out_after_a_restore_and_its_last_work_is_kept_apart() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    all_sync(&mut server, &mut laptops);
    laptops[1].save(household(4, 1, 4, NOW_MS));
    server.note(Entry::Revoked { device: device(1) });
    server.restore(&backup);
    let revoked = &mut laptops[1];
    revoked.sync(&mut server);
    assert_eq!(server.waiting.iter().map(|one| &one.reason).collect::<Vec<_>>(), [&Quarantine::Rights]);
    assert!(revoked.base.is_empty() && revoked.retained.is_empty());
    assert_eq!(revoked.counts().unwrap().pending_groups, 0);
    // What it held of others is sealed for the commune: a courier brings it.
    let sealed: Vec<PageGroup> = revoked.sealed.values().cloned().collect();
    assert_eq!(sealed.len(), 3);
    assert_eq!(server.sight(device(1)), Sight::NOTHING);
    let page = server.page(device(1), &Sight::All, None, usize::MAX);
    assert_eq!((page.groups, page.rows, page.exits), (vec![], vec![], vec![]));
    server.offer(&Offer::from(sealed));
    assert_eq!(name(&server), "Hoà");
}

/// What was kept apart for want of rights is taken once they are there, under the stamp of its arrival.
#[test]
fn f18_what_waits_for_rights_is_tried_at_each_change_of_assignments() {
    let (mut server, mut laptops) = village(1);
    server.enrol(20);
    let mut new = Laptop::new(20);
    new.sync(&mut server);
    new.save(rename(3, 20, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    new.sync(&mut server);
    assert_eq!((name(&server).as_str(), server.waiting.len()), ("Hoa", 1));
    let head = server.head().position;
    server.now_ms += 3600 * 1000;
    server.assign(device(20), &[Reach::Scope(SCOPE)]);
    assert_eq!((name(&server).as_str(), server.waiting.len()), ("Hoà", 0));
    assert_eq!(server.receipt(op_id(3, 0)).stamp.0, NOW_MS.max(server.receipt(op_id(2, 0)).stamp.0 + 1));
    // Leaving quarantine takes a position: a restore to before it shows (F3).
    assert_eq!(server.head().position, head + 1);
    laptops.push(new);
    all_sync(&mut server, &mut laptops);
    assert!(laptops.iter().all(|laptop| laptop.base == server.rows && laptop.own.is_empty()));
    // After a restore that forgot both, it is pushed again and taken: the ledger has the assignment.
    let backup = village(1).0;
    server.restore(&backup);
    all_sync(&mut server, &mut laptops);
    assert_eq!(name(&server), "Hoà");
}

/// The new group that names the one in quarantine.
fn mends(mut by: Group, old: u128) -> Group {
    let mut mending = by.ops[0].clone();
    mending.header.id.index = u16::try_from(by.ops.len()).unwrap();
    mending.header.kind = RecordKind::Mending.no();
    mending.header.record = id(old);
    mending.fields = vec![FieldEdit::first(no::MENDING_DECISION, "mended")];
    by.ops.push(mending);
    by
}

#[test]
fn a_mended_group_is_a_new_one_that_names_the_old_and_closes_it() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    // A person in a household that will never come.
    laptops[1].save(member(3, 1, 30, 99, "Mai", NOW_MS));
    laptops[1].sync(&mut server);
    assert_eq!(server.waiting[0].reason, Quarantine::NoParent);
    let head = server.head().position;
    laptops[0].save(mends(member(4, 0, 31, 1, "Mai", NOW_MS), 3));
    all_sync(&mut server, &mut laptops);
    assert_eq!(server.waiting[0].reason, Quarantine::Mended, "it stays where somebody can see it");
    assert_eq!(server.head().position, head + 1);
    assert!(laptops[1].visible(4, id(30)).is_none(), "its author sees the new one only");
    // The household comes after all: what was written anew is not taken a second time.
    laptops[0].save(household(5, 0, 99, NOW_MS));
    all_sync(&mut server, &mut laptops);
    assert!(!server.rows.contains_key(&(4, id(30))) && server.rows.contains_key(&(4, id(31))));
    // Nor after a restore that forgot that it ever waited.
    server.restore(&backup);
    all_sync(&mut server, &mut laptops[..1]);
    all_sync(&mut server, &mut laptops);
    assert!(!server.rows.contains_key(&(4, id(30))) && server.rows.contains_key(&(4, id(31))));
    let reasons: Vec<_> = server.waiting.iter().map(|one| &one.reason).collect();
    assert_eq!(reasons, [&Quarantine::Mended]);
}

/// Also what waits for another reason than a parent, which nothing but a new assignment would try again.
#[test]
fn what_waits_for_rights_is_closed_by_who_mends_it() {
    let (mut server, mut laptops) = village(1);
    server.enrol(20);
    let mut stranger = Laptop::new(20);
    stranger.sync(&mut server);
    stranger.save(rename(3, 20, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    stranger.sync(&mut server);
    laptops[0].save(mends(rename(4, 0, 2, "Hòa", NOW_MS, Some(op_id(2, 0))), 3));
    laptops[0].sync(&mut server);
    assert_eq!(server.waiting.iter().map(|one| &one.reason).collect::<Vec<_>>(), [&Quarantine::Mended]);
    server.assign(device(20), &[Reach::WholeCommune]);
    assert_eq!(name(&server), "Hòa");
}

/// A job's part, written by the officer (0) as the server's own edits are.
fn written(server: &Server, job: JobId, part: u32, edits: &[Edit]) -> Group {
    let id = GroupId::of_job(job, part);
    let ops = edits.iter().zip(0_u16..).map(|(edit, index)| {
        let row = server.rows.get(&(edit.kind.no(), edit.record));
        let mut op = household(1, 0, 1, NOW_MS).ops.remove(0);
        op.header.id = crate::op::OpId { group: id, index };
        op.header.job = Some(job);
        op.header.scope = edit.scope;
        (op.header.kind, op.header.record) = (edit.kind.no(), edit.record);
        let replacing =
            |(no, value): &(u16, crate::value::Value)| FieldEdit::replacing(*no, value.clone(), row, row);
        op.fields = edit.fields.iter().map(replacing).collect();
        op
    });
    Group { id, seed: None, ops: ops.collect() }
}

/// Two hamlet units become one and are parted again: one job each, every part of it once, whatever was cut off.
#[test]
fn a_job_goes_on_where_it_was_and_is_undone_as_one() {
    let (mut server, mut laptops) = village(2);
    let other = domain::ids::HamletUnitId(id(0x5d));
    for number in 10..15 {
        laptops[0].save(household(number, 0, number, NOW_MS));
    }
    all_sync(&mut server, &mut laptops);
    let before: Vec<_> = server.rows.values().map(|row| (row.record, row.scope)).collect();
    let households = [1, 10, 11, 12, 13, 14].map(id);
    let job = JobId(id(0x10b));
    let edits: Vec<Edit> =
        jobs::moves_to(domain::ids::HamletUnitId(SCOPE.0), other, [], households).collect();
    let parts = jobs::parts(edits, 2);
    assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 2]);
    // Cut off after the first part; begun again from its beginning.
    laptops[0].save(written(&server, job, 0, &parts[0]));
    laptops[0].sync(&mut server);
    for (part, edits) in (0..).zip(&parts) {
        let group = written(&server, job, part, edits);
        if !server.groups().any(|one| one.group.id == group.id) {
            laptops[0].save(group);
        }
    }
    all_sync(&mut server, &mut laptops);
    assert!(server.rows.values().all(|row| row.scope == other.into()), "the people too");
    // Somebody works on one of them there, and moves another on.
    let edit = vec![FieldEdit::first(no::HOUSEHOLD_HOUSE_NO, "12")];
    let mut numbered = group(40, 0, RecordKind::Household.no(), 10, NOW_MS, edit);
    numbered.ops[0].header.scope = other.into();
    laptops[0].save(numbered);
    all_sync(&mut server, &mut laptops);
    let ops: Vec<Op> = server
        .groups()
        .flat_map(|one| &one.group.ops)
        .filter(|op| op.header.job == Some(job))
        .cloned()
        .collect();
    assert_eq!(ops.len(), 6);
    let back = jobs::undo(&server.store, &ops).unwrap();
    assert_eq!(back.len(), 6);
    for (part, edits) in (0..).zip(jobs::parts(back, 4)) {
        laptops[0].save(written(&server, JobId(id(0x10c)), part, &edits));
    }
    all_sync(&mut server, &mut laptops);
    assert_eq!(server.rows.values().map(|row| (row.record, row.scope)).collect::<Vec<_>>(), before);
    let row = &server.rows[&(3, id(10))];
    assert_eq!(row.value(no::HOUSEHOLD_HOUSE_NO), Some(&"12".into()), "what others wrote since stays");
    // A job that began records deletes them, and a second undo finds nothing to do.
    let began: Vec<Op> = server.store.ops_of(3, id(14)).unwrap().into_iter().map(|(op, _)| op).collect();
    let undone = jobs::undo(&server.store, &began).unwrap();
    assert_eq!(undone[0].fields[0], (no::HOUSEHOLD_ALIVE, false.into()));
    assert_eq!(jobs::undo(&server.store, &ops).unwrap(), []);
}

#[test]
fn merging_units_takes_alleys_and_households_and_ends_the_old_one() {
    let [from, into] = [0x5c, 0x5d].map(|n| domain::ids::HamletUnitId(id(n)));
    let edits = jobs::merge_units(from, into, Day::at(0), [id(50)], [id(1)]);
    let kinds: Vec<_> = edits.iter().map(|edit| (edit.kind, edit.record, edit.fields[0].0)).collect();
    assert_eq!(
        kinds,
        [
            (RecordKind::Alley, id(50), no::ALLEY_UNIT),
            (RecordKind::Household, id(1), no::HOUSEHOLD_MOVED_TO),
            (RecordKind::HamletUnit, from.0, no::UNIT_VALID_TO),
        ]
    );
    assert_eq!(jobs::parts(edits, 9).len(), 2, "a part is of one scope");
}
