//! A laptop that comes over into another life of the log, is turned away, or meets what was erased meanwhile. Each rule
//! here was once broken.

use super::*;

use crate::commune::rows;
use crate::group::Group;
use crate::head::Shown;
use crate::laptop::{Compared, Round};
use crate::ledger::Entry;
use crate::local::LocalStore;
use crate::model::{Laptop, name, village};
use crate::retained::split;
use crate::rights::{Reach, Sight};
use crate::samples::{NOW_MS, SCOPE, device, household, id, member, op_id, rename};
use crate::wire::{BatchLimits, RowsRequest};

const MOST: BatchLimits = BatchLimits { groups: 50, bytes: 1 << 20 };

fn to_give_back(laptop: &mut Laptop) -> usize {
    let (mut round, mut count) = (Round::default(), 0);
    while let Some(giving) = laptop.to_offer(&mut round, &MOST).unwrap() {
        count += giving.offer.groups.len() + giving.offer.sealed.len();
    }
    count
}

/// Revoked, gave back once; the server is put back once more.
#[test]
fn a_revoked_laptop_gives_back_after_the_second_restore_too() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    all_sync(&mut server, &mut laptops);
    server.note(Entry::Revoked { device: device(1) });
    server.restore(&backup);
    let mut last = laptops.remove(1);
    last.sync(&mut server);
    assert_eq!(name(&server), "Hoà");
    // The same backup is put back again; nobody else is left.
    server.restore(&backup);
    assert_eq!(name(&server), "Hoa");
    last.sync(&mut server);
    last.sync(&mut server);
    assert_eq!(name(&server), "Hoà", "held sealed by a laptop that syncs, and never given back");
}

/// Sealed, then erased: offered for ever.
#[test]
fn what_is_sealed_of_somebody_erased_is_not_offered_for_ever() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[0].save(member(5, 0, 50, 1, "Mai", NOW_MS));
    all_sync(&mut server, &mut laptops);
    server.assign(device(1), &[Reach::Scope(OTHER)]);
    laptops[1].sync(&mut server);
    assert!(laptops[1].base.is_empty() && !laptops[1].sealed.is_empty());
    server.erase(id(50));
    server.restore(&backup);
    all_sync(&mut server, &mut laptops);
    assert_eq!(to_give_back(&mut laptops[1]), 0, "once more at each exchange, for ever");
}

/// What it made itself stays readable on a revoked laptop although the commune has it.
#[test]
fn a_revoked_laptop_seals_what_it_made_itself_too() {
    let (mut server, mut laptops) = village(2);
    laptops[1].save(household(5, 1, 50, NOW_MS));
    laptops[1].save(member(6, 1, 60, 50, "Mai", NOW_MS));
    let reply = server.push(&laptops[1].batch(9));
    laptops[1].acknowledge(&reply).unwrap();
    server.note(Entry::Revoked { device: device(1) });
    laptops[1].sync(&mut server);
    laptops[1].sync(&mut server);
    assert!(laptops[1].visible(MEMBER, id(60)).is_none(), "a name is readable on a revoked laptop");
}

/// Two restores began an epoch of the same number; between them a laptop only fetched rows.
#[test]
fn a_place_in_another_epoch_of_the_same_number_is_no_place() {
    let (mut server, mut laptops) = village(3);
    let backup = server.clone();
    // Laptop 2 stands farther than the backup, and shows it at the end.
    laptops[2].save(household(7, 2, 70, NOW_MS));
    laptops[2].sync(&mut server);
    let witness = laptops[2].clone();
    server.restore(&backup);
    server.now_ms += 1;
    laptops[2].sync(&mut server);
    assert_eq!(server.head().epoch.number, 2);
    laptops[0].sync(&mut server);
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    laptops[0].sync(&mut server);
    // Laptop 1 is greeted, fetches rows, and dies before it gives anything back.
    let hello = laptops[1].hello().unwrap();
    let reply = server.hello(&hello).unwrap();
    LocalStore::meet(&mut laptops[1], &reply, 99).unwrap();
    laptops[1].repair(&server);
    assert!(laptops[1].holds(op_id(3, 0)));
    // The old backup again, without a witness; somebody whose word is of the first epoch comes first.
    server.restore(&backup);
    server.now_ms += 1;
    let mut first = witness;
    first.sync(&mut server);
    assert_eq!(server.head().epoch.number, 2);
    for _ in 0..3 {
        laptops[1].sync(&mut server);
    }
    assert_eq!(name(&server), "Hoà");
}

/// Rows of one answer are few bytes; what comes beside them has no bound, and the laptop reads 8 MiB at most.
#[test]
fn what_comes_beside_rows_counts_too() {
    let (mut server, mut laptops) = village(1);
    for n in 0..200 {
        let seen = if n == 0 { op_id(2, 0) } else { op_id(99 + n, 0) };
        laptops[0].save(rename(100 + n, 0, 2, &format!("Hoà {n}"), NOW_MS, Some(seen)));
    }
    laptops[0].sync(&mut server);
    let all: Vec<u8> = (0..=u8::MAX).collect();
    let fetched = rows(&server.store, &Sight::All, &[(SCOPE, all)], 0, 2_000).unwrap();
    // The household's; the person's comes alone, whatever its size.
    assert_eq!((fetched.rows.len(), fetched.kept.len()), (1, 1));
    let fetched = rows(&server.store, &Sight::All, &[(SCOPE, vec![2, 3])], 0, 2_000).unwrap();
    assert_eq!((fetched.rows.len(), fetched.kept.len()), (1, 201));
    assert_eq!(fetched.of, [(SCOPE, vec![2])], "the next one is asked for again");
}

/// A person decided about it; it still counts as kept apart.
#[test]
fn what_somebody_decided_about_is_not_counted_as_kept_apart() {
    let (mut server, mut laptops) = village(1);
    server.enrol(20);
    let mut lan = Laptop::new(20);
    lan.sync(&mut server);
    lan.save(household(3, 20, 3, NOW_MS));
    lan.sync(&mut server);
    assert_eq!(lan.counts().unwrap().quarantined_groups, 1);
    laptops[0].save(decides(4, 0, 3, "dismissed"));
    laptops[0].sync(&mut server);
    for _ in 0..3 {
        lan.sync(&mut server);
    }
    assert!(lan.own.iter().all(|own| own.mended), "{:?}", lan.own);
    assert_eq!(lan.counts().unwrap().quarantined_groups, 0);
}

/// What only the restored server lacks is given back before rows are compared, or it would vanish from the screen
/// meanwhile.
#[test]
fn nothing_vanishes_while_a_laptop_comes_over() {
    let (mut server, mut laptops) = village(1);
    let backup = server.clone();
    laptops[0].save(household(5, 0, 50, NOW_MS));
    laptops[0].save(member(6, 0, 60, 50, "Mai", NOW_MS));
    laptops[0].sync(&mut server);
    server.restore(&backup);
    for cut in 0..8 {
        let (mut server, mut laptop) = (server.clone(), laptops[0].clone());
        laptop.line = cut;
        laptop.meet(&mut server);
        laptop.pull(&server, usize::MAX);
        // A person goes on with the evening.
        assert!(laptop.visible(MEMBER, id(60)).is_some(), "cut after {cut} messages");
    }
}

/// It saw the op as a row only, when the unit came into its sight; the author's laptop is gone since.
#[test]
fn what_came_with_a_row_is_given_back_too() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    server.assign(device(1), &[Reach::Scope(OTHER)]);
    laptops[1].sync(&mut server);
    assert!(laptops[1].base.is_empty());
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    laptops[0].sync(&mut server);
    server.assign(device(1), &[Reach::Scope(SCOPE)]);
    laptops[1].sync(&mut server);
    server.restore(&backup);
    let mut last = laptops.remove(1);
    assert_eq!(name(&server), "Hoa");
    last.sync(&mut server);
    assert_eq!(name(&server), "Hoà");
}

/// Of a Save that lies in two units one part goes and the other stays: neither gives the other's salts away.
#[test]
fn the_seed_of_a_save_goes_with_neither_part() {
    let (mut server, mut laptops) = village(1);
    let both = with(household(5, 0, 50, NOW_MS), &household(6, 0, 60, NOW_MS));
    let whole = Group::seeded(both.id, [7; 16], both.ops);
    laptops[0].save(whole.clone());
    laptops[0].sync(&mut server);
    let mut stays = kept(&laptops[0], 5);
    let goes = split(&mut stays, |op| op.header.record == id(50)).unwrap();
    assert_eq!((goes.group.seed, stays.group.seed), (None, None));
    assert_eq!((&goes.group.ops[0], &stays.group.ops[0]), (&whole.ops[0], &whole.ops[1]));
    assert_eq!((goes.receipts.len(), stays.receipts.len()), (1, 1));
    let mut all = kept(&laptops[0], 5);
    let everything = split(&mut all, |_| true).unwrap();
    assert_eq!((everything.group.seed, all.group.ops.len()), (Some([7; 16]), 0));
}

/// A number that the server knows and this laptop does not: it was put back from a copy of its disk.
#[test]
fn numbers_that_were_given_away_are_not_used_again() {
    let (mut server, mut laptops) = village(1);
    let image = laptops[0].clone();
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    laptops[0].sync(&mut server);
    laptops[0] = image;
    let before = laptops[0].state.incarnation;
    laptops[0].meet(&mut server);
    assert_ne!(laptops[0].state.incarnation, before);
}

/// While rows are to be compared, somebody loses what they saw; the line is cut when all is compared, and then it is given
/// again. What was compared was less than they had, and all of it comes.
#[test]
fn what_is_lost_and_given_again_while_rows_are_compared_comes() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    all_sync(&mut server, &mut laptops);
    server.restore(&backup);
    laptops[1].meet(&mut server);
    assert!(laptops[1].state.compares);
    server.assign(device(1), &[]);
    for messages in 0..9 {
        let (mut server, mut laptop) = (server.clone(), laptops[1].clone());
        laptop.line = messages;
        if laptop.meet(&mut server) {
            laptop.pull(&server, usize::MAX);
        }
        server.assign(device(1), &[Reach::WholeCommune]);
        laptop.sync(&mut server);
        assert_eq!(laptop.base, server.rows, "cut after {messages} messages");
    }
}

/// What a revoked laptop made itself is sealed with its receipts: after a restore it may be the last that has it.
#[test]
fn what_a_revoked_laptop_made_itself_is_given_back_too() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[1].save(household(5, 1, 50, NOW_MS));
    let reply = server.push(&laptops[1].batch(9));
    laptops[1].acknowledge(&reply).unwrap();
    server.note(Entry::Revoked { device: device(1) });
    laptops[1].sync(&mut server);
    assert!(laptops[1].own.is_empty() && laptops[1].holds(op_id(5, 0)));
    server.restore(&backup);
    laptops[1].sync(&mut server);
    assert!(server.rows.contains_key(&(HOUSEHOLD, id(50))));
}

/// What came into sight is compared first: until then the rows are not those of the cursor, and no page goes on from it.
#[test]
fn no_page_is_taken_while_rows_are_to_be_compared() {
    let (mut server, mut laptops) = village(2);
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    laptops[0].sync(&mut server);
    let before = laptops[1].base.clone();
    laptops[1].look_round(&Sight::NOTHING).unwrap();
    laptops[1].look_round(&Sight::All).unwrap();
    assert!(laptops[1].state.compares);
    let page = server.page(device(1), &Sight::All, laptops[1].state.cursor, usize::MAX);
    laptops[1].apply_page(page).unwrap_err();
    assert!(laptops[1].base.is_empty());
    laptops[1].repair(&server);
    assert!(laptops[1].base == server.rows && laptops[1].base != before);
}

/// Whatever says that the log holds something is shown to it later: a page, and the answer to what was given back.
#[test]
fn the_farthest_word_of_the_log_is_kept() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    laptops[0].sync(&mut server);
    laptops[1].pull(&server, usize::MAX);
    assert_eq!(laptops[1].state.proof, Some(server.proof(server.head())));
    server.restore(&backup);
    assert!(laptops[1].meet(&mut server));
    assert_eq!(server.head().position, 3);
    assert_eq!(laptops[1].state.proof, Some(server.proof(server.head())));
}

/// A laptop may bring word of a life of the log that nobody else remembers: the next one comes after that too.
#[test]
fn the_next_life_comes_after_the_one_that_was_shown() {
    let (mut server, _) = village(1);
    let epoch = crate::position::Epoch { number: 5, nonce: 1 };
    let shown = server.proof(crate::position::Cursor { epoch, ..server.head() });
    assert_eq!(server.greet(&shown), Shown::Rewound);
    assert_eq!(server.head().epoch.number, 6);
}

/// What is sealed is forgotten as what is kept is: once every backup has it.
#[test]
fn what_is_sealed_and_in_every_backup_is_forgotten() {
    let (mut server, mut laptops) = village(2);
    server.assign(device(1), &[]);
    laptops[1].sync(&mut server);
    assert_eq!(laptops[1].sealed.len(), 2);
    for (watermark, left) in [(0, 2), (1, 1), (2, 0)] {
        server.watermark = watermark;
        laptops[1].sync(&mut server);
        assert_eq!(laptops[1].sealed.len(), left, "{watermark}");
    }
}

/// Another life of the log is told by its number or by its nonce: the laptop is a new one there, and forgets its cursor.
#[test]
fn each_other_life_of_the_log_is_come_over_into() {
    let (mut server, laptops) = village(1);
    let hello = laptops[0].clone().hello().unwrap();
    let reply = server.hello(&hello).unwrap();
    for (number, nonce, another) in [(0, 0, false), (0, 1, true), (1, 0, true)] {
        let (mut laptop, mut reply) = (laptops[0].clone(), reply.clone());
        reply.head.epoch.number += number;
        reply.head.epoch.nonce += nonce;
        LocalStore::meet(&mut laptop, &reply, 99).unwrap();
        let state = &laptop.state;
        let new = (state.incarnation == 99, state.cursor.is_none(), state.compares);
        assert_eq!(new, (another, another, another), "{number} {nonce}");
        assert_eq!(state.epoch, Some(reply.head.epoch));
    }
}

/// Digests and rows of another life of the log, or of another line of the ledger, say nothing about these rows.
#[test]
fn rows_are_compared_at_one_line_of_the_ledger_in_one_life_of_the_log() {
    let (mut server, mut laptops) = village(1);
    laptops[0].meet(&mut server);
    let laptop = &mut laptops[0];
    let digests = server.digests(laptop.device);
    let asked = RowsRequest { of: vec![(SCOPE, (0..=u8::MAX).collect())] };
    let rows = server.rows(laptop.device, &asked);
    let before = laptop.base.clone();
    for (line, nonce, fits) in [(1, 0, false), (0, 1, false), (0, 0, true)] {
        let (mut digests, mut rows) = (digests.clone(), rows.clone());
        (rows.of, rows.rows) = (asked.of.clone(), vec![]);
        for (ledger, at) in [(&mut digests.ledger, &mut digests.at), (&mut rows.ledger, &mut rows.at)] {
            ledger.number += line;
            at.epoch.nonce += nonce;
        }
        assert_eq!(laptop.compare(&digests).unwrap() != Compared::GreetAgain, fits);
        assert_eq!(laptop.take_rows(&rows).unwrap(), fits);
        assert_eq!(laptop.base == before, !fits, "{line} {nonce}");
    }
    // Whether the rows are those of one moment is still to be compared.
    assert!(laptop.state.compares);
}

/// Rows of a scope in which the server has nothing at all go too.
#[test]
fn what_lies_in_a_scope_that_the_server_does_not_know_goes() {
    let (server, mut laptops) = village(1);
    let mut stranger = laptops[0].base[&(HOUSEHOLD, id(1))].clone();
    (stranger.record, stranger.scope) = (id(300), OTHER);
    laptops[0].base.insert((HOUSEHOLD, id(300)), stranger);
    assert_eq!(laptops[0].repair(&server), 1);
    assert!(laptops[0].base == server.rows);
}

/// What comes into sight is compared and fetched, what goes is not.
#[test]
fn only_what_came_into_sight_is_compared() {
    let (_, laptops) = village(1);
    let [one, other] = [SCOPE, OTHER].map(|scope| Some(Sight::Only([scope].into())));
    let both = Some(Sight::Only([SCOPE, OTHER].into()));
    let check = |before: &Option<Sight>, now: &Option<Sight>, expect: bool| {
        let mut laptop = laptops[0].clone();
        laptop.state.sight.clone_from(before);
        assert_eq!(laptop.look_round(now.as_ref().unwrap()).unwrap(), expect, "{before:?} {now:?}");
    };
    check(&both, &both, false);
    check(&both, &one, false);
    check(&one, &both, true);
    check(&one, &other, true);
    check(&None, &one, true);
    check(&Some(Sight::All), &one, false);
    check(&one, &Some(Sight::All), true);
}

/// The reply was lost, and the stream brings the whole Save: it is there, and waits no longer.
#[test]
fn what_the_stream_brings_whole_waits_no_longer() {
    let (mut server, mut laptops) = village(1);
    laptops[0].save(household(5, 0, 50, NOW_MS));
    server.push(&laptops[0].batch(9));
    laptops[0].pull(&server, usize::MAX);
    assert!(laptops[0].own.is_empty() && laptops[0].base == server.rows);
}

/// Numbers are given anew to what waits; what the commune has needs none.
#[test]
fn what_was_taken_is_not_numbered_anew() {
    let (mut server, mut laptops) = village(1);
    laptops[0].save(household(5, 0, 50, NOW_MS));
    let reply = server.push(&laptops[0].batch(9));
    laptops[0].acknowledge(&reply).unwrap();
    laptops[0].new_incarnation(77).unwrap();
    assert_eq!(laptops[0].counts().unwrap().acknowledged_groups, 1);
    assert_eq!((laptops[0].state.highest_dseq, laptops[0].batch(9).groups.len()), (0, 0));
}

/// What somebody decided about is asked for once more after each line of the ledger, since somebody may have been erased,
/// and each time by a laptop that was revoked, which is told of no restore.
#[test]
fn what_was_decided_about_is_asked_for_after_each_line_of_the_ledger() {
    let (mut server, mut laptops) = village(2);
    laptops[1].save(visit(5, 1, 50, 30));
    laptops[1].sync(&mut server);
    laptops[0].save(decides(6, 0, 5, "dismissed"));
    laptops[0].sync(&mut server);
    let author = &mut laptops[1];
    (0..2).for_each(|_| author.sync(&mut server));
    assert!(author.own[0].mended);
    let asked = |author: &mut Laptop, after| author.next_apart(after, &MOST).unwrap().len();
    assert_eq!(asked(author, 0), 0);
    server.enrol(20);
    author.meet(&mut server);
    let number = author.own[0].numbered.dseq;
    assert_eq!([0, number].map(|after| asked(author, after)), [1, 0]);
    assert_eq!(asked(author, 0), 0, "once");
    author.state.sight = Some(Sight::NOTHING);
    assert_eq!([0, number, 0].map(|after| asked(author, after)), [1, 0, 1]);
}

/// A receipt that the commune does not own to is none: what it was of is sent as if nobody had answered.
#[test]
fn what_has_no_receipt_of_this_commune_is_pushed_again() {
    let (mut server, mut laptops) = village(1);
    let backup = server.clone();
    laptops[0].save(household(5, 0, 50, NOW_MS));
    let reply = server.push(&laptops[0].batch(9));
    laptops[0].acknowledge(&reply).unwrap();
    laptops[0].own[0].receipts[0].mac[0] ^= 1;
    server.restore(&backup);
    laptops[0].sync(&mut server);
    assert!(server.rows.contains_key(&(HOUSEHOLD, id(50))) && laptops[0].own.is_empty());
}

/// It was acknowledged, the log was put back, and there its household has moved out of sight: no page brings what is given
/// back, and it leaves the overlay once the cursor has passed its place.
#[test]
fn what_is_given_back_out_of_sight_leaves_the_overlay() {
    let (mut server, mut laptops) = village(2);
    server.assign(device(0), &[Reach::Scope(SCOPE)]);
    all_sync(&mut server, &mut laptops);
    let backup = server.clone();
    laptops[0].save(visit(5, 0, 50, 1));
    let reply = server.push(&laptops[0].batch(9));
    laptops[0].acknowledge(&reply).unwrap();
    server.restore(&backup);
    laptops[1].save(moves(6, 1, OTHER));
    laptops[1].sync(&mut server);
    laptops[0].meet(&mut server);
    laptops[0].repair(&server);
    assert_eq!(server.rows[&(5, id(50))].scope, OTHER);
    assert!(laptops[0].own.is_empty() && laptops[0].holds(op_id(5, 0)));
    assert_eq!(to_give_back(&mut laptops[0]), 0);
}

#[test]
fn what_the_log_has_again_is_not_offered_again() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[0].save(rename(3, 0, 2, "Hoà", NOW_MS, Some(op_id(2, 0))));
    all_sync(&mut server, &mut laptops);
    server.restore(&backup);
    laptops[1].meet(&mut server);
    assert_eq!((name(&server).as_str(), to_give_back(&mut laptops[1])), ("Hoà", 0));
}

/// Nobody tells a revoked laptop of a restore: it offers what is left of the erased at each refusal, too.
#[test]
fn a_revoked_laptop_offers_its_headers_each_time() {
    let (mut server, mut laptops) = village(2);
    server.erase(id(2));
    laptops[1].sync(&mut server);
    server.note(Entry::Revoked { device: device(1) });
    for _ in 0..2 {
        laptops[1].turned_away().unwrap();
        let (mut round, mut headers) = (Round::default(), 0);
        while let Some(giving) = laptops[1].to_offer(&mut round, &MOST).unwrap() {
            headers += giving.offer.bare.len();
            let reply = server.offer(&giving.offer);
            laptops[1].offered(&giving, &reply).unwrap();
        }
        assert_eq!(headers, 1);
    }
}

/// The first answer was lost, and the cursor has passed the place meanwhile: with the second one the Save is in the base.
#[test]
fn what_is_known_below_the_cursor_leaves_the_overlay_with_the_answer() {
    let (mut server, mut laptops) = village(2);
    laptops[0].save(with(household(5, 0, 50, NOW_MS), &household(6, 0, 60, NOW_MS)));
    server.push(&laptops[0].batch(9));
    server.assign(device(0), &[]);
    laptops[0].pull(&server, usize::MAX);
    assert_eq!((laptops[0].state.cursor, laptops[0].own.len()), (Some(server.head()), 1));
    let reply = server.push(&laptops[0].batch(9));
    laptops[0].acknowledge(&reply).unwrap();
    assert!(laptops[0].own.is_empty() && laptops[0].holds(op_id(5, 1)));
}

/// One group a message, and each once, whatever their names and the order in which they were saved.
#[test]
fn own_groups_are_offered_once_each() {
    let (mut server, mut laptops) = village(1);
    let backup = server.clone();
    let numbers = [9, 5, 7];
    numbers.iter().for_each(|n| laptops[0].save(household(*n, 0, *n, NOW_MS)));
    let reply = server.push(&laptops[0].batch(9));
    laptops[0].acknowledge(&reply).unwrap();
    server.restore(&backup);
    let hello = laptops[0].hello().unwrap();
    LocalStore::meet(&mut laptops[0], &server.hello(&hello).unwrap(), 99).unwrap();
    let (mut round, mut offered) = (Round::default(), vec![]);
    while let Some(giving) = laptops[0].to_offer(&mut round, &BatchLimits { groups: 1, ..MOST }).unwrap() {
        offered.extend(giving.offer.groups.iter().map(|one| one.group.id.0));
    }
    offered.retain(|name| numbers.map(id).contains(name));
    assert_eq!(offered, [5, 7, 9].map(id));
}

/// It was given back before its parent, and set free below the place from which the laptop reads on: the next offer says so.
#[test]
fn what_was_set_free_below_the_cursor_leaves_the_overlay_with_the_next_offer() {
    let (mut server, mut laptops) = village(2);
    let backup = server.clone();
    laptops[0].save(household(4, 0, 30, NOW_MS));
    all_sync(&mut server, &mut laptops);
    laptops[1].save(visit(5, 1, 50, 30));
    let reply = server.push(&laptops[1].batch(9));
    laptops[1].acknowledge(&reply).unwrap();
    server.restore(&backup);
    laptops[1].sync(&mut server);
    assert!(server.rows.contains_key(&(5, id(50))) && laptops[1].own.len() == 1);
    laptops[1].meet(&mut server);
    assert!(laptops[1].own.is_empty() && laptops[1].base == server.rows);
}

/// Receipts of a part are no answer to the Save.
#[test]
fn a_save_is_answered_by_the_receipts_of_all_its_ops() {
    let (mut server, mut laptops) = village(1);
    laptops[0].save(with(household(5, 0, 50, NOW_MS), &household(6, 0, 60, NOW_MS)));
    let reply = server.push(&laptops[0].batch(9));
    for (receipts, pending) in [(1, 1), (2, 0)] {
        let mut reply = reply.clone();
        reply.receipts.truncate(receipts);
        laptops[0].acknowledge(&reply).unwrap();
        assert_eq!(laptops[0].counts().unwrap().pending_groups, pending, "{receipts}");
    }
}
