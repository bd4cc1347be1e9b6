//! The short histories of records and scopes that move (F5, F7, F9, F15 of the design).

use domain::registry::{RecordKind, no};

use crate::group::Group;
use crate::ingest::{GroupOutcome, Quarantine};
use crate::model::{Laptop, Server};
use crate::op::{FieldEdit, Scope};
use crate::rights::{Ended, Held, Reach};
use crate::samples::{NOW_MS, SCOPE, device, group, household, id, member, op_id, rename};
use crate::value::Value;

const HOUSEHOLD: (u16, u128) = (3, 1);
const MEMBER: (u16, u128) = (4, 2);
/// The other hamlet unit.
const OTHER: Scope = Scope(uuid::Uuid::from_u128(0x5d));

fn now(reaches: &[Scope]) -> Vec<Held> {
    reaches.iter().map(|scope| Held { reach: Reach::Scope(*scope), ended: None }).collect()
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
        server.held.insert(device(n), now(reaches));
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
        assert_eq!(laptop.base, server.snapshot(&server.sight(laptop.device)));
        assert!(laptop.own.is_empty());
        let seen = |group: &crate::wire::PageGroup| {
            group.group.ops.iter().all(|op| laptop.base.contains_key(&(op.header.kind, op.header.record)))
        };
        assert!(laptop.retained.groups().all(seen), "readable outside of the scope");
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
            while reader.cursor != Some(server.head()) {
                reader.pull(&server, most);
            }
            assert_eq!(reader.base, server.snapshot(&server.sight(reader.device)), "{most} at a time");
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
    server.held.insert(device(5), now(&[SCOPE]));
    let mut stranger = Laptop::new(5);
    stranger.save(within(OTHER, rename(20, 5, 2, "Hoe", NOW_MS, None)));
    let reply = server.push(&stranger.batch(1));
    assert_eq!(reply.groups[0].outcome, GroupOutcome::Quarantined(Quarantine::Rights));
}

/// B pulled A's work, the household moves out of B's sight, A's laptop dies, the server is put back: B has it still,
/// for the commune only.
#[test]
fn f07_what_leaves_a_laptop_can_still_be_given_back() {
    let check = |leave: fn(&mut Server, &mut Laptop)| {
        let (mut server, mut laptops) = two_units();
        let backup = server.clone();
        server.watermark = backup.head().position;
        laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
        laptops[0].sync(&mut server);
        let mut reader = laptops.remove(2);
        reader.sync(&mut server);
        leave(&mut server, &mut reader);
        reader.sync(&mut server);
        assert!(!has(&reader, MEMBER) && reader.retained.is_empty());
        assert!(!reader.sealed.is_empty());
        // Only this laptop lives on.
        server.restore(&backup);
        reader.sync(&mut server);
        let name = server.rows[&(4, id(2))].value(no::MEMBER_FULL_NAME).cloned();
        assert_eq!(name, Some(Value::from("Hoà")));
    };
    check(|server, reader| {
        server.held.insert(reader.device, now(&[SCOPE]));
        let mut officer = Laptop::new(3);
        officer.sync(server);
        officer.save(moves(30, 3, OTHER));
        officer.sync(server);
    });
    check(|server, reader| {
        server.held.insert(reader.device, now(&[OTHER]));
    });
}

#[test]
fn f09_a_restore_gives_no_scope_back_and_takes_none_away() {
    let (mut server, mut laptops) = two_units();
    let backup = server.clone();
    // Since then laptop 0 was moved to the other unit, and laptop 5 enrolled.
    let ended = Some(Ended { position: server.head().position(), at_ms: server.now_ms });
    let mut held = now(&[OTHER]);
    held.push(Held { reach: Reach::Scope(SCOPE), ended });
    server.held.insert(device(0), held);
    server.held.insert(device(5), now(&[SCOPE]));
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
    server.held.insert(device(5), vec![]);
    let mut late = Laptop::new(5);
    late.sync(&mut server);
    assert!(late.base.is_empty());
    server.held.insert(device(5), now(&[SCOPE]));
    late.sync(&mut server);
    assert!(has(&late, (3, 4)) && !has(&late, HOUSEHOLD) && !has(&late, MEMBER));
    // The same for one that reads the stream from its beginning.
    server.held.insert(device(6), now(&[SCOPE]));
    let mut fresh = Laptop::new(6);
    let (page, _) = server.page(fresh.device, &fresh.sight, None, usize::MAX);
    assert!(page.groups.iter().flat_map(|group| &group.group.ops).all(|op| op.header.record == id(4)));
    fresh.sync(&mut server);
    laptops.extend([late, fresh]);
    all_sync(&mut server, &mut laptops);
}
