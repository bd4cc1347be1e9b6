//! The short histories of records and scopes that move (F5, F7, F9, F15 of the design).

use domain::registry::{RecordKind, no};

use crate::alias::SameAs;
use crate::group::Group;
use crate::ingest::{GroupOutcome, Quarantine};
use crate::ledger::Entry;
use crate::model::{Laptop, Server};
use crate::op::{FieldEdit, Scope};
use crate::records::Recorded;
use crate::rights::{Reach, Sight};
use crate::samples::{NOW_MS, SCOPE, device, group, household, id, member, op_id, rename};
use crate::value::Value;

const HOUSEHOLD: (u16, u128) = (3, 1);
const MEMBER: (u16, u128) = (4, 2);
/// The other hamlet unit.
const OTHER: Scope = Scope(uuid::Uuid::from_u128(0x5d));

fn work(server: &mut Server, n: u128, scopes: &[Scope]) {
    let reaches: Vec<Reach> = scopes.iter().map(|scope| Reach::Scope(*scope)).collect();
    server.assign(device(n), &reaches);
}

fn has(laptop: &Laptop, (kind, record): (u16, u128)) -> bool {
    laptop.base.contains_key(&(kind, id(record)))
}

/// Household 1 in another hamlet unit.
fn moves(number: u128, by: u128, to: Scope) -> Group {
    let edit = FieldEdit { no: no::HOUSEHOLD_MOVED_TO, value: to.0.into(), replaced: None, seen: None };
    group(number, by, RecordKind::Household.no(), 1, NOW_MS, vec![edit])
}

fn within(scope: Scope, mut group: Group) -> Group {
    group.ops.iter_mut().for_each(|op| op.header.scope = scope);
    group
}

/// Laptop 0 works in the first unit, 1 in the other, 2 in both, and an officer (3) in the commune. Household 1 with
/// member 2, "Hoa", lies in the first.
fn two_units() -> (Server, Vec<Laptop>) {
    let mut server = Server::new();
    for (n, reaches) in [(0, &[SCOPE][..]), (1, &[OTHER]), (2, &[SCOPE, OTHER])] {
        work(&mut server, n, reaches);
    }
    let mut laptops: Vec<Laptop> = (0..4).map(Laptop::new).collect();
    laptops[0].save(household(1, 0, 1, NOW_MS - 1000));
    laptops[0].save(member(2, 0, 2, 1, "Hoa", NOW_MS - 1000));
    all_sync(&mut server, &mut laptops);
    assert_eq!(laptops.iter().map(|one| has(one, MEMBER)).collect::<Vec<_>>(), [true, false, true, true]);
    (server, laptops)
}

/// Each laptop once, and once more for what the later ones brought; then nobody holds what is not in sight, and what
/// is in sight is what the server has.
fn all_sync(server: &mut Server, laptops: &mut [Laptop]) {
    for _ in 0..2 {
        laptops.iter_mut().for_each(|laptop| laptop.sync(server));
    }
    for laptop in laptops {
        assert_eq!(laptop.base, server.seen(&server.sight(laptop.device)));
        assert!(laptop.own.is_empty());
        let seen = |group: &crate::wire::PageGroup| {
            group.group.ops.iter().all(|op| laptop.base.contains_key(&(op.header.kind, op.header.record)))
        };
        assert!(laptop.retained.values().all(seen), "readable outside of the scope");
    }
}

#[test]
fn f05_a_household_that_moves_is_there_for_who_has_both_scopes_and_its_people_follow() {
    let (mut server, mut laptops) = two_units();
    laptops[0].save(moves(3, 0, OTHER));
    all_sync(&mut server, &mut laptops);
    for record in [HOUSEHOLD, MEMBER] {
        let held: Vec<_> = laptops.iter().map(|laptop| has(laptop, record)).collect();
        assert_eq!(held, [false, true, true, true], "{record:?}");
    }
    // There and back before anybody looks: nobody loses anything.
    laptops[1].save(within(OTHER, moves(4, 1, SCOPE)));
    laptops[1].sync(&mut server);
    assert_eq!(server.rows[&(3, id(1))].scope, SCOPE);
    all_sync(&mut server, &mut laptops);
    let held: Vec<_> = laptops.iter().map(|laptop| has(laptop, MEMBER)).collect();
    assert_eq!(held, [true, false, true, true]);
}

#[test]
fn f05_pages_of_any_size_end_with_the_same_rows() {
    let (mut server, mut laptops) = two_units();
    laptops[0].save(moves(3, 0, OTHER));
    laptops[0].save(household(4, 0, 4, NOW_MS));
    laptops[0].sync(&mut server);
    laptops[1].sync(&mut server);
    laptops[1].save(within(OTHER, rename(5, 1, 2, "Hoà", NOW_MS, Some(op_id(2, 0)))));
    laptops[1].sync(&mut server);
    for most in 1..6 {
        for laptop in &laptops {
            let mut reader = laptop.clone();
            while reader.state.cursor != Some(server.head()) {
                reader.pull(&server, most);
            }
            assert_eq!(reader.base, server.seen(&server.sight(reader.device)), "{most} at a time");
        }
    }
}

/// Written before its writer heard of the move: it arrives, is judged by the scope it was written in, and is found
/// where the record is now.
#[test]
fn work_on_a_household_that_has_moved_away_follows_it() {
    let (mut server, mut laptops) = two_units();
    laptops[0].save(rename(10, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    laptops[0].save(member(11, 0, 12, 1, "Lan", NOW_MS));
    laptops[2].save(moves(3, 2, OTHER));
    laptops[2].sync(&mut server);
    all_sync(&mut server, &mut laptops);
    let row = &server.rows[&(4, id(2))];
    assert_eq!((row.scope, row.value(no::MEMBER_FULL_NAME)), (OTHER, Some(&Value::from("Hoà"))));
    assert_eq!(server.rows[&(4, id(12))].scope, OTHER, "who arrives later by its parent");
    assert!(has(&laptops[1], (4, 12)) && !has(&laptops[0], (4, 12)));
    // Who never had it may not write to it.
    server.enrol(20);
    work(&mut server, 20, &[SCOPE]);
    let mut stranger = Laptop::new(20);
    stranger.save(within(OTHER, rename(20, 20, 2, "Hoe", NOW_MS, None)));
    let reply = server.push(&stranger.batch(1));
    assert_eq!(reply.groups[0].outcome, GroupOutcome::Quarantined(Quarantine::Rights));
}

/// B pulled A's work, the household moves out of B's sight, A's laptop dies, the server is put back: B has it still,
/// for the commune only.
#[test]
fn f07_what_leaves_a_laptop_can_still_be_given_back() {
    let check = |leave: fn(&mut Server)| {
        let (mut server, mut laptops) = two_units();
        let backup = server.clone();
        server.watermark = backup.head().position;
        laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
        laptops[0].sync(&mut server);
        let mut reader = laptops.remove(2);
        reader.sync(&mut server);
        leave(&mut server);
        reader.sync(&mut server);
        assert!(!has(&reader, MEMBER) && reader.retained.is_empty());
        assert!(!reader.sealed.is_empty());
        // Only this laptop lives on.
        server.restore(&backup);
        reader.sync(&mut server);
        let name = server.rows[&(4, id(2))].value(no::MEMBER_FULL_NAME).cloned();
        assert_eq!(name, Some(Value::from("Hoà")));
    };
    check(|server| {
        work(server, 2, &[SCOPE]);
        let mut officer = Laptop::new(3);
        officer.sync(server);
        officer.save(moves(30, 3, OTHER));
        officer.sync(server);
    });
    check(|server| {
        work(server, 2, &[OTHER]);
    });
}

/// B never had the old scope: it got the household whole, and with it what no backup has. Everybody else is gone.
#[test]
fn f07_who_got_a_record_whole_can_give_back_what_was_written_before() {
    let (mut server, mut laptops) = two_units();
    let backup = server.clone();
    server.watermark = backup.head().position;
    laptops[0].save(rename(13, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    laptops[0].sync(&mut server);
    // Its cursor is beyond the edit when the household comes.
    let mut last = laptops.remove(1);
    last.sync(&mut server);
    laptops[0].save(moves(14, 0, OTHER));
    laptops[0].sync(&mut server);
    last.sync(&mut server);
    assert!(has(&last, MEMBER));
    server.restore(&backup);
    last.sync(&mut server);
    let row = &server.rows[&(4, id(2))];
    assert_eq!((row.scope, row.value(no::MEMBER_FULL_NAME)), (OTHER, Some(&Value::from("Hoà"))));
}

/// Nobody is sent what is not in sight any more, nor told to drop what still is.
#[test]
fn f15_a_page_is_of_what_is_in_sight_now() {
    let (mut server, mut laptops) = two_units();
    laptops[0].save(moves(3, 0, OTHER));
    laptops[0].sync(&mut server);
    let page = |server: &Server, n: u128, sight: Sight| server.page(device(n), &sight, None, usize::MAX);
    assert_eq!(page(&server, 3, Sight::All).exits, [], "who sees everything loses nothing");
    let other = || Sight::Only([OTHER, Scope::COMMUNE].into());
    assert_eq!(page(&server, 1, other()).rows.len(), 2);
    laptops[2].sync(&mut server);
    laptops[2].save(within(OTHER, moves(4, 2, SCOPE)));
    laptops[2].sync(&mut server);
    assert_eq!(page(&server, 1, other()).rows, [], "it has moved on");
    assert_eq!(page(&server, 0, Sight::Only([SCOPE].into())).exits, []);
    assert_eq!(page(&server, 0, Sight::Only([SCOPE].into())).rows.len(), 2);
}

#[test]
fn f09_a_restore_gives_no_scope_back_and_takes_none_away() {
    let (mut server, mut laptops) = two_units();
    let backup = server.clone();
    // Since then laptop 0 was moved to the other unit, and laptop 5 enrolled.
    work(&mut server, 0, &[OTHER]);
    work(&mut server, 5, &[SCOPE]);
    laptops.push(Laptop::new(5));
    laptops[4].save(household(7, 5, 7, NOW_MS));
    all_sync(&mut server, &mut laptops);
    assert!(!has(&laptops[0], MEMBER) && has(&laptops[4], MEMBER));
    server.restore(&backup);
    all_sync(&mut server, &mut laptops);
    assert!(!has(&laptops[0], MEMBER) && has(&laptops[4], MEMBER));
    assert!(server.rows.contains_key(&(3, id(7))));
}

#[test]
fn f15_a_scope_gained_later_brings_what_is_in_it_now_and_nothing_that_has_left_it() {
    let (mut server, mut laptops) = two_units();
    laptops[0].save(household(4, 0, 4, NOW_MS));
    laptops[0].save(moves(3, 0, OTHER));
    all_sync(&mut server, &mut laptops);
    // A laptop of nowhere gets the first unit: the household that has left it is in no page for it.
    work(&mut server, 5, &[]);
    let mut late = Laptop::new(5);
    late.sync(&mut server);
    assert!(late.base.is_empty());
    work(&mut server, 5, &[SCOPE]);
    late.sync(&mut server);
    assert!(has(&late, (3, 4)) && !has(&late, HOUSEHOLD) && !has(&late, MEMBER));
    // The same for one that reads the stream from its beginning.
    work(&mut server, 6, &[SCOPE]);
    let mut fresh = Laptop::new(6);
    let page = server.page(fresh.device, &fresh.state.sight.clone().unwrap(), None, usize::MAX);
    assert!(page.groups.iter().flat_map(|group| &group.group.ops).all(|op| op.header.record == id(4)));
    fresh.sync(&mut server);
    laptops.extend([late, fresh]);
    all_sync(&mut server, &mut laptops);
}

/// Law: the snapshot at a backup, then the tail up to the head, is what is in sight at the head; and nothing in either
/// has left the scope or was erased since.
#[test]
fn f15_a_snapshot_and_the_tail_are_what_is_in_sight_at_the_head() {
    let (mut server, mut laptops) = two_units();
    for number in 5..9 {
        laptops[0].save(household(number, 0, number, NOW_MS));
    }
    all_sync(&mut server, &mut laptops);
    let backup = server.clone();
    server.watermark = backup.head().position;
    laptops[0].save(rename(13, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    laptops[0].save(household(14, 0, 14, NOW_MS));
    let mut moved = moves(15, 0, OTHER);
    moved.ops[0].header.record = id(5);
    laptops[0].save(moved);
    all_sync(&mut server, &mut laptops);
    server.note(Entry::Erased { subject: id(6) });
    work(&mut server, 8, &[SCOPE]);
    let snapshots = [SCOPE, Scope::COMMUNE].map(|scope| {
        let snapshot = server.snapshot(&backup, scope);
        let listed = |n: u128| snapshot.rows.iter().any(|row| row.record == id(n));
        assert!(!listed(5) && !listed(6), "left or erased since");
        let bytes = snapshot.to_bytes();
        let name = crate::snapshot::Snapshot::name(&bytes);
        (bytes, name)
    });
    let mut fresh = Laptop::begun_with(8, &snapshots);
    assert!(has(&fresh, (3, 7)) && !has(&fresh, (3, 14)));
    fresh.sync(&mut server);
    // What came as tail can be given back, and nothing else needs to be.
    assert_eq!(fresh.retained.len(), 2);
    laptops.push(fresh);
    all_sync(&mut server, &mut laptops);
    server.restore(&backup);
    all_sync(&mut server, &mut laptops[4..]);
    all_sync(&mut server, &mut laptops);
    assert_eq!(laptops[4].base.len(), 5, "households 1, 7, 8 and 14, and a person");
}

/// F20: an edge joins what lies in one scope, and goes where its smaller end goes.
#[test]
fn f20_an_edge_joins_within_a_scope_and_moves_with_its_records() {
    let (mut server, mut laptops) = two_units();
    laptops[1].save(within(OTHER, household(4, 1, 4, NOW_MS)));
    laptops[1].save(within(OTHER, member(5, 1, 5, 4, "Hoa", NOW_MS)));
    laptops[0].save(member(6, 0, 6, 1, "Hoa", NOW_MS));
    all_sync(&mut server, &mut laptops);
    let edge = |number: u128, by, scope, other: u128| {
        let same = SameAs::between(id(2), id(other));
        let fields = same.creation().into_iter().map(|(no, value)| FieldEdit::first(no, value)).collect();
        within(scope, group(number, by, RecordKind::SameAs.no(), same.id.as_u128(), NOW_MS, fields))
    };
    // Across scopes nobody may draw one, not even who sees both.
    laptops[2].save(edge(10, 2, SCOPE, 5));
    let reply = server.push(&laptops[2].batch(9));
    assert_eq!(reply.groups[0].outcome, GroupOutcome::Quarantined(Quarantine::Rights));
    laptops.remove(2);
    laptops[0].save(edge(11, 0, SCOPE, 6));
    laptops[0].save(moves(12, 0, OTHER));
    all_sync(&mut server, &mut laptops);
    let same = SameAs::between(id(2), id(6)).id;
    let key = (RecordKind::SameAs.no(), same);
    assert_eq!(server.rows[&key].scope, OTHER);
    assert!(laptops[1].base.contains_key(&key) && !laptops[0].base.contains_key(&key));
}

/// Merging hamlet units: an alley goes where its unit is now.
#[test]
fn an_alley_moves_to_the_unit_it_names() {
    let (mut server, mut laptops) = two_units();
    let of_alley = |unit: Scope| vec![FieldEdit::first(no::ALLEY_UNIT, unit.0)];
    for (number, unit) in [(0x5c, "Thôn Sen Hạ"), (0x5d, "Thôn Sen Thượng")] {
        let named = vec![FieldEdit::first(no::UNIT_NAME, unit)];
        let group = group(number, 3, RecordKind::HamletUnit.no(), number, NOW_MS, named);
        laptops[3].save(within(Scope::COMMUNE, group));
    }
    laptops[3].save(group(6, 3, RecordKind::Alley.no(), 50, NOW_MS, of_alley(SCOPE)));
    all_sync(&mut server, &mut laptops);
    laptops[3].save(group(7, 3, RecordKind::Alley.no(), 50, NOW_MS, of_alley(OTHER)));
    all_sync(&mut server, &mut laptops);
    assert_eq!(server.rows[&(RecordKind::Alley.no(), id(50))].scope, OTHER);
    assert!(
        has(&laptops[1], (RecordKind::Alley.no(), 50)) && !has(&laptops[0], (RecordKind::Alley.no(), 50))
    );
}
