//! The store's part of sync: overlay and base, acknowledgement, delivery, numbering.

use domain::calendar::Day;
use domain::fact::Fact;
use domain::ids::HamletUnitId;
use domain::registry::RecordKind;
use domain::visit::Outcome;
use store::Operation;
use store::tables::members;
use sync_core::ingest::{GroupOutcome, Quarantine};
use sync_core::laptop::{LaptopStore, Which};
use sync_core::local::LocalStore;
use sync_core::op::Scope;
use sync_core::row::Row;
use sync_core::stamp::Stamp;
use sync_core::wire::{BatchLimits, Exit, Numbered, Page, PageRow};

use crate::kit::*;

fn pending(laptop: &mut Laptop) -> Vec<Numbered> {
    laptop.store().next_batch(&BatchLimits { groups: 500, bytes: usize::MAX }).unwrap()
}

fn name(laptop: &mut Laptop) -> String {
    members::get(laptop.store().reading(), member(1, 1, "").id).unwrap().unwrap().full_name
}

#[test]
fn f04_acknowledged_stays_in_the_overlay_until_the_stream_delivers_it() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    let groups = pending(&mut laptop);
    laptop.acknowledge(&groups);
    assert_eq!(laptop.store().counts().unwrap().acknowledged_groups, 1);
    assert_eq!(pending(&mut laptop), []);
    // Still overlay, not base; but what the receipt said is known to whoever edits on.
    laptop.save(|change| change.put(&member(1, 1, "Lê An"))).unwrap();
    assert_eq!(pending(&mut laptop)[0].group.ops[0].fields[0].seen, Some(Stamp(NOON)));
    laptop.deliver(&groups);
    assert_eq!(name(&mut laptop), "Lê An", "own later work stays on top");
}

#[test]
fn an_answer_counts_only_for_a_hash_that_is_mine() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    let mut groups = pending(&mut laptop);
    groups[0].group.ops[0].salt = [9; 16];
    laptop.acknowledge(&groups);
    assert_eq!(laptop.store().counts().unwrap().pending_groups, 1);
}

/// A person decided about a Save that waits: it is kept, and the screen shows what was there before.
#[test]
fn what_somebody_decided_about_is_not_shown() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    laptop.sync();
    laptop.save(|change| change.put(&member(1, 1, "Lê An"))).unwrap();
    for (reason, shown) in [(Quarantine::Rights, "Lê An"), (Quarantine::Mended, "Nguyễn Văn Hòa")] {
        let groups = laptop.store().exchange(|rules| rules.store.owns(Which::All, 9)).unwrap();
        let mut reply = laptop.reply(&[groups[0].numbered.clone()]);
        reply.receipts.clear();
        reply.groups[0].outcome = GroupOutcome::Quarantined(reason);
        laptop.store().acknowledge(&reply).unwrap();
        assert_eq!(name(&mut laptop), shown);
    }
    assert_eq!(laptop.store().counts().unwrap().quarantined_groups, 0);
}

#[test]
fn replay_changes_nothing() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    laptop.save(|change| change.put(&visit(1, 1, Outcome::Met))).unwrap();
    let groups = pending(&mut laptop);
    laptop.sync();
    let before = store::counts::tally(laptop.store().reading(), None, None).unwrap();
    laptop.acknowledge(&groups);
    laptop.deliver(&groups);
    laptop.deliver(&groups);
    assert_eq!(store::counts::tally(laptop.store().reading(), None, None).unwrap(), before);
    assert_eq!(laptop.store().counts().unwrap().pending_groups, 0);
}

#[test]
fn f05_a_page_that_does_not_begin_at_the_cursor_is_refused_whole() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    let groups = pending(&mut laptop);
    laptop.sync();
    let cursor = laptop.store().hello().unwrap().cursor;
    let page = Page {
        from: None,
        to: cursor.unwrap(),
        exits: vec![],
        groups: vec![],
        rows: vec![],
        more: false,
        sight: None,
        kept: vec![],
        proof: None,
    };
    assert!(laptop.store().apply_page(page).is_err());
    assert_eq!(laptop.store().hello().unwrap().cursor, cursor);
    drop(groups);
}

#[test]
fn f10_f17_a_new_incarnation_renumbers_what_waits_and_changes_no_op() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    laptop.sync();
    laptop.save(|change| change.put(&visit(1, 1, Outcome::Absent))).unwrap();
    laptop.save(|change| change.put(&visit(2, 1, Outcome::Met))).unwrap();
    let before = pending(&mut laptop);
    assert_eq!((before[0].dseq, before[1].dseq), (2, 3));
    laptop.store().new_incarnation(77).unwrap();
    let after = pending(&mut laptop);
    assert_eq!((after[0].incarnation, after[0].dseq, after[1].dseq), (77, 1, 2));
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before.group, after.group);
    }
    let hello = laptop.store().hello().unwrap();
    assert_eq!((hello.incarnation, hello.highest_dseq), (77, 2));
}

#[test]
fn a_jump_of_the_clock_begins_a_new_session() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    laptop.machine.set_wall_ms(NOON + 1_500);
    laptop.save(|change| change.put(&visit(1, 1, Outcome::Absent))).unwrap();
    laptop.machine.set_wall_ms(NOON - 365 * 86_400_000);
    laptop.save(|change| change.put(&visit(2, 1, Outcome::Absent))).unwrap();
    let sessions: Vec<_> = pending(&mut laptop).iter().map(|one| one.group.ops[0].header.session).collect();
    assert_eq!(sessions[0], sessions[1]);
    assert_ne!(sessions[1], sessions[2]);
    let (session, _) = laptop.store().session().unwrap();
    assert_eq!(session, sessions[2]);
    laptop.store().learn_offset(session, 5).unwrap();
    let groups = pending(&mut laptop);
    let offsets = laptop.store().offsets(&groups).unwrap();
    assert_eq!(offsets.len(), 1, "sessions that met no server count as 0: {offsets:?}");
}

#[test]
fn the_clocks_of_a_session_part_by_two_seconds_at_most() {
    for (jump_ms, goes_on) in [(2000, true), (2001, false), (-2000, true), (-2001, false)] {
        let mut laptop = Laptop::new(1);
        let (before, _) = laptop.store().session().unwrap();
        laptop.machine.set_wall_ms(NOON + jump_ms);
        let (after, _) = laptop.store().session().unwrap();
        assert_eq!(before == after, goes_on, "{jump_ms}");
    }
}

/// The commune was heard yesterday; today the battery is dead, or the year mistyped, and there is no network. The
/// evening is of yesterday at the earliest, and its ops say so whenever they leave.
#[test]
fn an_evening_without_a_network_is_never_of_another_decade() {
    for wall_ms in [0, 1_262_304_000_000, 4_090_000_000_000] {
        let mut laptop = Laptop::new(1);
        let (session, _) = laptop.store().session().unwrap();
        laptop.store().learn_offset(session, 0).unwrap();
        laptop.machine.set_wall_ms(wall_ms);
        let heard = Day::at(NOON);
        assert_eq!(laptop.store().today(), heard, "set while the program runs");
        laptop.reopen().unwrap();
        assert_eq!(laptop.store().today(), heard);
        let mut day = None;
        laptop
            .save(|change| {
                day = Some(change.today());
                a_small_register(change)
            })
            .unwrap();
        assert_eq!(day, Some(heard));
        laptop.reopen().unwrap();
        let groups = pending(&mut laptop);
        let header = &groups[0].group.ops[0].header;
        let offsets = laptop.store().offsets(&groups).unwrap();
        assert_eq!((header.wall_ms, offsets[0].session), (wall_ms, header.session));
        assert_eq!(header.wall_ms + offsets[0].offset_ms, NOON);
    }
}

/// Three weeks under a right clock, then a dead battery, then more silence than is believed: no answer lies in a day
/// to come, so none disappears and what corrects it counts.
#[test]
fn no_day_comes_before_one_on_which_something_was_saved() {
    const DAY: i64 = 24 * 3600 * 1000;
    let mut laptop = Laptop::new(1);
    let (session, _) = laptop.store().session().unwrap();
    laptop.store().learn_offset(session, 0).unwrap();
    laptop.machine.set_wall_ms(NOON + 20 * DAY);
    laptop.reopen().unwrap();
    laptop.save(a_small_register).unwrap();
    let saved = Day::at(NOON + 20 * DAY);
    assert_eq!(laptop.store().today(), saved);
    for wall_ms in [0, 1_262_304_000_000, NOON + 19 * DAY, 4_090_000_000_000] {
        laptop.machine.set_wall_ms(wall_ms);
        laptop.reopen().unwrap();
        assert_eq!(laptop.store().today(), saved, "{wall_ms}");
    }
    laptop.machine.set_wall_ms(NOON + 200 * DAY);
    laptop.reopen().unwrap();
    assert_eq!(
        laptop.store().today(),
        Day::at(NOON + 200 * DAY),
        "silence is counted from the last day of work"
    );
}

/// Another laptop's edits, whatever their order in the stream, and own work on top.
#[test]
fn two_laptops_that_pulled_the_same_show_the_same() {
    let mut lan = Laptop::new(1);
    let mut minh = Laptop::new(2);
    lan.save(a_small_register).unwrap();
    let created = pending(&mut lan);
    lan.deliver(&created);
    minh.deliver(&created);
    lan.machine.set_wall_ms(NOON + 10);
    lan.save(|change| change.put(&member(1, 1, "Lê An"))).unwrap();
    minh.machine.set_wall_ms(NOON + 20);
    minh.save(|change| change.put(&member(1, 1, "Lê Ân"))).unwrap();
    let (of_lan, of_minh) = (pending(&mut lan), pending(&mut minh));
    lan.deliver(&of_minh);
    assert_eq!(name(&mut lan), "Lê An", "what waits is shown on top until the stream delivers it");
    lan.deliver(&of_lan);
    minh.deliver(&of_minh);
    minh.deliver(&of_lan);
    assert_eq!((name(&mut lan), name(&mut minh)), ("Lê Ân".to_owned(), "Lê Ân".to_owned()));
}

/// A correction names what it voids as replaced, so that it comes after it also from a slow clock.
#[test]
fn a_correction_from_a_slow_clock_comes_after_what_it_voids() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    laptop.save(|change| change.put(&visit(1, 1, Outcome::Met))).unwrap();
    let met = pending(&mut laptop)[1].group.ops[0].id();
    laptop.sync();
    laptop.machine.set_wall_ms(0);
    let mut undo = visit(2, 1, Outcome::Absent);
    undo.voids = Some(visit(1, 1, Outcome::Met).id);
    laptop.save(|change| change.put(&undo)).unwrap();
    let op = &pending(&mut laptop)[0].group.ops[0];
    let voids = op.field(domain::registry::no::VISIT_VOIDS).unwrap();
    assert_eq!((voids.replaced, voids.seen), (Some(met), Some(Stamp(NOON))));
    let mut unknown = visit(3, 1, Outcome::Absent);
    unknown.voids = Some(visit(99, 1, Outcome::Met).id);
    assert!(laptop.save(|change| change.put(&unknown)).is_err());
}

/// A household moves while somebody who was just written down in it is on their way: what is learned of them is saved where
/// the household is.
#[test]
fn who_was_begun_under_something_that_moved_lies_with_it() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    laptop.sync();
    laptop.save(|change| change.put(&member(9, 1, "Lê Thị Mới"))).unwrap();
    let elsewhere = HamletUnitId(uuid::Uuid::from_u128(0x12));
    let (kind, moved) = (RecordKind::Household.no(), household(1).id.0);
    let row = laptop.store().exchange(|laptop| laptop.store.row(kind, moved)).unwrap().unwrap();
    let mut page = laptop.page(&[]);
    let position = page.to.position();
    page.exits = vec![Exit { position, kind, record: moved, from: UNIT, to: elsewhere }];
    page.rows = vec![PageRow { position, row: Row { scope: Scope::from(elsewhere), ..row } }];
    laptop.store().apply_page(page).unwrap();
    let learned = assessment(1, 9, &[(Fact::Smartphone, "own")]);
    let within = |unit| Operation { name: "test", scope: Scope::from(unit), job: None };
    let there = laptop.store().transact(within(elsewhere), |change| change.put(&learned));
    assert!(there.is_ok(), "{there:?}");
    let again = assessment(2, 9, &[(Fact::Smartphone, "own")]);
    assert!(laptop.store().transact(within(UNIT), |change| change.put(&again)).is_err());
}
