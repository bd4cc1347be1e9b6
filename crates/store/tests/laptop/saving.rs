//! Saving: rows, tallies, overlay and outbox together; search; figures.

use domain::consent::{Basis, Consent, Decision};
use domain::fact::{Assessment, Evidence, Fact};
use domain::ids::{HamletUnitId, ResidenceId};
use domain::people::{Household, Member};
use domain::visit::{Outcome, Progress};
use proptest::prelude::*;
use store::tables::{households, members, visits};
use store::{Operation, StoreError, counts, read_sealed, search};
use sync_core::group::Group;
use sync_core::local::LocalStore;
use sync_core::op::Scope;
use sync_core::records::ResidenceEvent;
use sync_core::wire::BatchLimits;

use crate::kit::*;

#[test]
fn a_save_is_in_rows_tallies_overlay_and_sealed_outbox() {
    let mut laptop = Laptop::new(1);
    let saved = laptop.save(a_small_register).unwrap();
    assert_eq!(saved.at_ms, NOON);
    let store = laptop.store();
    assert_eq!(households::get(store.reading(), household(1).id).unwrap(), Some(household(1)));
    assert_eq!(members::of_household(store.reading(), household(1).id).unwrap().len(), 2);
    let tally = counts::tally(store.reading(), None, None).unwrap();
    assert_eq!((tally.houses.listed, tally.present.persons), (1, 2));
    let pending = store.next_batch(&BatchLimits { groups: 9, bytes: usize::MAX }).unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!((pending[0].dseq, pending[0].group.id), (1, saved.group.unwrap()));

    let sealed = read_sealed(&laptop.dir.path().join("data/outbox.sealed")).unwrap();
    let opened = age::decrypt(&laptop.commune, &sealed[0].payload).unwrap();
    assert_eq!(Group::from_bytes(&opened).unwrap(), pending[0].group);
}

#[test]
fn a_failed_save_leaves_nothing() {
    let mut laptop = Laptop::new(1);
    let failed = laptop.save(|change| {
        a_small_register(change)?;
        Err(StoreError::Invalid("the person changed their mind"))
    });
    assert!(failed.is_err());
    assert_eq!(laptop.store().counts().unwrap().pending_groups, 0);
    assert_eq!(households::list(laptop.store().reading()).unwrap(), []);
    assert!(read_sealed(&laptop.dir.path().join("data/outbox.sealed")).unwrap().is_empty());
}

#[test]
fn the_same_record_again_is_no_op_and_a_change_carries_its_field_only() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    assert_eq!(laptop.save(a_small_register).unwrap().group, None);
    let mut renamed = member(1, 1, "Nguyễn Văn Hoà");
    renamed.alive = true;
    laptop.save(|change| change.put(&renamed)).unwrap();
    let pending = laptop.store().next_batch(&BatchLimits { groups: 9, bytes: usize::MAX }).unwrap();
    let op = &pending[1].group.ops[0];
    assert_eq!(op.fields.len(), 1);
    assert_eq!(op.fields[0].no, domain::registry::no::MEMBER_FULL_NAME);
    assert_eq!(op.fields[0].replaced, Some(pending[0].group.ops[3].id()));
    assert_eq!(op.fields[0].seen, None, "nothing was acknowledged yet");
}

#[test]
fn an_event_is_written_once() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    laptop.save(|change| change.put(&visit(1, 1, Outcome::Met))).unwrap();
    let again = laptop.save(|change| change.put(&visit(1, 1, Outcome::Absent)));
    assert!(matches!(again, Err(StoreError::Invalid(_))), "{again:?}");
    let kept = visits::of_household(laptop.store().reading(), household(1).id).unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].1.outcome, Outcome::Met);
}

/// The commune would keep it apart for ever (§7: across scopes, move first).
#[test]
fn nothing_is_put_under_what_lies_in_another_unit() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    let elsewhere = HamletUnitId(uuid::Uuid::from_u128(0x12));
    let within = Operation { name: "test", scope: Scope::from(elsewhere), job: None };
    let there = Household { hamlet_unit: elsewhere, alley: None, ..household(2) };
    laptop.store().transact(within, |change| change.put(&there)).unwrap();
    let groups = laptop.store().counts().unwrap().pending_groups;
    let joins = Member { household: there.id, ..member(1, 1, "Nguyễn Văn Hòa") };
    let event = ResidenceEvent {
        id: ResidenceId(uuid::Uuid::from_u128(9)),
        member: joins.id,
        day: domain::calendar::Day::at(NOON),
        status: None,
        household: Some(there.id),
        voids: None,
    };
    let refused = [
        laptop.save(|change| change.put(&joins)),
        laptop.save(|change| change.put(&event)),
        laptop.save(|change| change.put(&visit(1, 2, Outcome::Met))),
        laptop.store().transact(within, |change| change.put(&joins)).map(|((), saved)| saved),
    ];
    for one in refused {
        assert!(matches!(one, Err(StoreError::Elsewhere)), "{one:?}");
    }
    assert_eq!(laptop.store().counts().unwrap().pending_groups, groups);
}

#[test]
fn a_visit_moves_the_figures_and_an_undo_moves_them_back() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    let before = counts::tally(laptop.store().reading(), None, None).unwrap();
    laptop
        .save(|change| {
            change.put(&visit(1, 1, Outcome::Met))?;
            change.put(&consent(1, 1, Decision::Agreed))?;
            change.put(&assessment(
                1,
                1,
                &[(Fact::Smartphone, "own"), (Fact::Vneid, "level2"), (Fact::Payment, "bank")],
            ))?;
            change.put(&assessment(2, 2, &[(Fact::Smartphone, "none")]))
        })
        .unwrap();
    let tally = counts::tally(laptop.store().reading(), None, None).unwrap();
    assert_eq!((tally.houses.met, tally.houses.complete), (1, 1));
    assert_eq!(tally.present.answers[&Fact::Smartphone]["own"], 1);
    let (progress, _) = counts::standing_of(laptop.store().reading(), household(1).id).unwrap().unwrap();
    assert_eq!(progress, Progress::Complete);

    laptop
        .save(|change| {
            let mut undo = visit(2, 1, Outcome::Absent);
            undo.voids = Some(visit(1, 1, Outcome::Met).id);
            change.put(&undo)?;
            let mut empty = assessment(3, 1, &[]);
            empty.voids = Some(assessment(1, 1, &[]).id);
            change.put(&empty)?;
            let mut empty = assessment(4, 2, &[]);
            empty.voids = Some(assessment(2, 2, &[]).id);
            change.put(&empty)
        })
        .unwrap();
    let after = counts::tally(laptop.store().reading(), None, None).unwrap();
    assert_eq!(after.present, before.present);
    assert_eq!((after.houses.met, after.houses.reached), (0, 1));
}

#[test]
fn a_person_who_withdraws_has_no_facts() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    laptop
        .save(|change| {
            change.put(&consent(1, 1, Decision::Agreed))?;
            change.put(&assessment(1, 1, &[(Fact::Smartphone, "own")]))
        })
        .unwrap();
    laptop.save(|change| change.put(&consent(2, 1, Decision::Withdrawn))).unwrap();
    let tally = counts::tally(laptop.store().reading(), None, None).unwrap();
    assert_eq!(tally.present.answers[&Fact::Smartphone]["unknown"], 2);
    assert_eq!(tally.present.persons, 2, "declined people stay in the denominator");
}

#[test]
fn answers_lapse_without_anybody_writing() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    laptop.save(|change| change.put(&assessment(1, 1, &[(Fact::Smartphone, "own")]))).unwrap();
    let own = |laptop: &mut Laptop| {
        laptop.store().catch_up().unwrap();
        let tally = counts::tally(laptop.store().reading(), None, None).unwrap();
        tally.present.answers[&Fact::Smartphone].get("own").copied().unwrap_or(0)
    };
    let day = 86_400_000;
    laptop.machine.set_wall_ms(NOON + 364 * day);
    assert_eq!(own(&mut laptop), 1);
    laptop.machine.set_wall_ms(NOON + 366 * day);
    assert_eq!(own(&mut laptop), 0);
    // A clock set back does not keep what lapsed under the wrong date.
    laptop.machine.set_wall_ms(NOON);
    assert_eq!(own(&mut laptop), 1);
}

/// A relative's word, as `visit::save` keeps it.
fn relative_says(number: u128, member: u128, fact: Fact, answer: &str) -> Assessment {
    let mut event = assessment(number, member, &[(fact, answer)]);
    event.answers.iter_mut().for_each(|(_, _, evidence)| *evidence = Evidence::Proxy);
    event
}

/// Basis B: ninety days, and on the next one it is unknown; whoever agreed in time is not affected.
#[test]
fn a_relative_s_word_is_dropped_after_ninety_days_unless_the_person_agrees() {
    let mut laptop = Laptop::on_basis(1, Basis::ConsentAndProxy);
    laptop.save(a_small_register).unwrap();
    laptop
        .save(|change| {
            change.put(&relative_says(1, 1, Fact::Smartphone, "own"))?;
            change.put(&relative_says(2, 2, Fact::Smartphone, "own"))
        })
        .unwrap();
    const DAY: i64 = 86_400_000;
    let answers = |laptop: &mut Laptop, days: i64| {
        laptop.machine.set_wall_ms(NOON + days * DAY);
        laptop.store().catch_up().unwrap();
        let today = laptop.store().today();
        let kept = counts::tally(laptop.store().reading(), None, None).unwrap();
        let by = laptop.store().counted_by().clone();
        assert!(counts::hold(laptop.store().reading(), &by, today).unwrap(), "{days}");
        let answers = &kept.present.answers[&Fact::Smartphone];
        (answers.get("own").copied().unwrap_or(0), answers.get("unknown").copied().unwrap_or(0))
    };
    let agree = |laptop: &mut Laptop, number: u128, member: u128| {
        let day = laptop.store().today();
        let agreed = Consent { day, ..consent(number, member, Decision::Agreed) };
        laptop.save(|change| change.put(&agreed)).unwrap();
    };
    assert_eq!(answers(&mut laptop, 60), (2, 0));
    agree(&mut laptop, 1, 2);
    assert_eq!(answers(&mut laptop, 90), (2, 0));
    assert_eq!(answers(&mut laptop, 91), (1, 1));
    // Agreeing later does not bring back what was dropped.
    agree(&mut laptop, 2, 1);
    assert_eq!(answers(&mut laptop, 92), (1, 1));
    assert_eq!(answers(&mut laptop, 364), (1, 1));
    assert_eq!(answers(&mut laptop, 366), (0, 2));
    // The basis is the laptop's own, after a restart too.
    laptop.reopen().unwrap();
    assert_eq!(answers(&mut laptop, 90), (2, 0));
}

#[test]
fn people_are_found_by_words_in_any_order_marked_or_not() {
    let mut laptop = Laptop::new(1);
    laptop
        .save(|change| {
            a_small_register(change)?;
            change.put(&household(2))?;
            let phone = domain::phone::Phone::parse("0912345678").ok();
            assert!(phone.is_some());
            change.put(&Member { phone, ..member(3, 2, "Nguyễn Thị Hoa") })?;
            change.put(&member(4, 2, "Đỗ Văn Hòa"))?;
            change.put(&member(5, 2, "Robert'); DROP TABLE members;-- 😀"))
        })
        .unwrap();
    let mut check = |query: &str, expect: &[&str]| {
        let found = search::members(laptop.store().reading(), query, 50).unwrap();
        let names: Vec<_> = found.iter().map(|member| member.full_name.as_str()).collect();
        assert_eq!(names, expect, "{query}");
        assert!(found.iter().all(|member| member.phone.is_none()), "no phone among the hits");
    };
    check("0912345678", &[]);
    check("5678", &[]);
    check("hoa", &["Nguyễn Thị Hoa", "Nguyễn Văn Hòa", "Đỗ Văn Hòa"]);
    check("hoà", &["Nguyễn Văn Hòa", "Đỗ Văn Hòa", "Nguyễn Thị Hoa"]);
    check("hoa nguyen", &["Nguyễn Văn Hòa", "Nguyễn Thị Hoa"]);
    check("do hoa", &["Đỗ Văn Hòa"]);
    check("mi", &["Trần Thị Mỹ"]);
    check("nvh", &["Nguyễn Văn Hòa"]);
    check("ngu", &["Nguyễn Văn Hòa", "Nguyễn Thị Hoa"]);
    check("drop table", &["Robert'); DROP TABLE members;-- 😀"]);
    check("\"*", &[]);
    check("", &[]);
}

#[test]
fn a_household_added_later_stands_in_its_place_of_the_register_order() {
    let mut laptop = Laptop::new(1);
    laptop
        .save(|change| {
            a_small_register(change)?;
            change.put(&household(10))?;
            change.put(&member(10, 10, "Lê Thị Mười"))?;
            change.put(&household(2))?;
            change.put(&member(20, 2, "Lê Thị Hai"))?;
            change.put(&member(11, 1, "Nguyễn Thị Bé"))
        })
        .unwrap();
    let order: Vec<_> =
        members::list(laptop.store().reading()).unwrap().into_iter().map(|member| member.full_name).collect();
    assert_eq!(order, ["Nguyễn Văn Hòa", "Trần Thị Mỹ", "Nguyễn Thị Bé", "Lê Thị Hai", "Lê Thị Mười"]);
}

#[test]
fn a_record_of_another_scope_is_not_written() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    let elsewhere = Operation { name: "test", scope: Scope(uuid::Uuid::from_u128(0x99)), job: None };
    let refused = laptop.store().transact(elsewhere, |change| change.put(&member(1, 1, "Ai Khác")));
    assert!(refused.is_err());
}

/// One of the things people do, on a household and one of its two people.
#[derive(Clone, Debug)]
enum Act {
    Visit(u128, Outcome),
    Assess(u128, Fact, &'static str),
    RelativeSays(u128, &'static str),
    Consent(u128, Decision),
    Rename(u128, &'static str),
    Move(u128, u128),
    Sync,
    Pass(i64),
}

fn any_act() -> impl Strategy<Value = Act> {
    use prop::sample::select;
    prop_oneof![
        (1..4_u128, select(vec![Outcome::Met, Outcome::Absent, Outcome::Declined, Outcome::Vacant]))
            .prop_map(|(household, outcome)| Act::Visit(household, outcome)),
        (
            1..7_u128,
            select(vec![
                (Fact::Smartphone, "own"),
                (Fact::Knows, "no"),
                (Fact::Uses, "yes"),
                (Fact::Vneid, "unknown")
            ])
        )
            .prop_map(|(member, (fact, answer))| Act::Assess(member, fact, answer)),
        (1..7_u128, select(vec!["own", "none"]))
            .prop_map(|(member, answer)| Act::RelativeSays(member, answer)),
        (1..7_u128, select(vec![Decision::Agreed, Decision::Withdrawn]))
            .prop_map(|(member, decision)| Act::Consent(member, decision)),
        (1..7_u128, select(vec!["Lê An", "Lê Ân"])).prop_map(|(member, name)| Act::Rename(member, name)),
        (1..7_u128, 1..4_u128).prop_map(|(member, household)| Act::Move(member, household)),
        Just(Act::Sync),
        (0..500_i64).prop_map(Act::Pass),
    ]
}

fn perform(laptop: &mut Laptop, number: u128, act: Act) {
    use domain::ids::{HouseholdId, ResidenceId};
    use sync_core::records::ResidenceEvent;
    use uuid::Uuid;
    let today = laptop.store().today();
    match act {
        Act::Visit(household, outcome) => {
            let visit = domain::visit::Visit { day: today, ..visit(number, household, outcome) };
            laptop.save(|change| change.put(&visit)).unwrap();
        }
        Act::Assess(member, fact, answer) => {
            let event = Assessment { day: today, ..assessment(number, member, &[(fact, answer)]) };
            laptop.save(|change| change.put(&event)).unwrap();
        }
        Act::Consent(member, decision) => {
            let said = Consent { day: today, ..consent(number, member, decision) };
            laptop.save(|change| change.put(&said)).unwrap();
        }
        Act::RelativeSays(member, answer) => {
            let said = Assessment { day: today, ..relative_says(number, member, Fact::Smartphone, answer) };
            laptop.save(|change| change.put(&said)).unwrap();
        }
        Act::Rename(number, name) => {
            let renamed = member(number, number.div_ceil(2), name);
            laptop.save(|change| change.put(&renamed)).unwrap();
        }
        Act::Move(person, household) => {
            let event = ResidenceEvent {
                id: ResidenceId(Uuid::from_u128(0x6000 + number)),
                member: member(person, 1, "").id,
                day: today,
                status: None,
                household: Some(HouseholdId(Uuid::from_u128(0x1000 + household))),
                voids: None,
            };
            laptop.save(|change| change.put(&event)).unwrap();
        }
        Act::Sync => laptop.sync(),
        Act::Pass(days) => laptop.machine.set_wall_ms(NOON + days * 86_400_000),
    }
}

/// Undo looks for what was said and learned at one visit among the events of years.
#[test]
fn the_people_of_a_visit_are_found_without_reading_every_event() {
    let mut laptop = Laptop::new(1);
    for table in ["consents", "assessments"] {
        let sql = format!("EXPLAIN QUERY PLAN SELECT DISTINCT member_id FROM {table} WHERE visit_id = ?1");
        let connection = laptop.store().reading();
        let plan: String = connection.query_row(&sql, [[0_u8; 16]], |row| row.get(3)).unwrap();
        assert!(plan.contains(&format!("{table}_of_visit")), "{plan}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The kept tallies equal a full recount after any work, any sync, on any day.
    #[test]
    fn tallies_equal_a_recount(acts in prop::collection::vec(any_act(), 1..25)) {
        let mut laptop = Laptop::on_basis(7, Basis::ConsentAndProxy);
        laptop.save(|change| {
            change.put(&unit())?;
            change.put(&alley())?;
            for number in 1..4 {
                change.put(&household(number))?;
                change.put(&member(2 * number - 1, number, "Người lớn"))?;
                change.put(&member(2 * number, number, "Người nữa"))?;
            }
            Ok(())
        }).unwrap();
        for (number, act) in (1..).zip(acts) {
            perform(&mut laptop, number, act);
        }
        laptop.store().catch_up().unwrap();
        let today = laptop.store().today();
        let by = laptop.store().counted_by().clone();
        prop_assert!(counts::hold(laptop.store().reading(), &by, today).unwrap());
    }
}

/// A window closed, a battery gone: what was said and not saved is found again, and the save that makes a visit of it
/// takes it away in its own commit.
#[test]
fn a_draft_outlives_the_program_and_ends_with_its_save() {
    let mut laptop = Laptop::new(1);
    laptop.save(a_small_register).unwrap();
    let (here, there) = (household(1).id, household(2).id);
    laptop.store().keep_draft(here, "a").unwrap();
    laptop.store().keep_draft(here, "b").unwrap();
    laptop.store().keep_draft(there, "c").unwrap();
    laptop.reopen().unwrap();
    let today = laptop.store().today();
    let draft = laptop.store().draft(here).unwrap();
    assert_eq!(draft.map(|draft| (draft.body, draft.day)), Some(("b".to_owned(), today)));
    // A save that fails leaves it where it is.
    let failed = laptop.save(|change| {
        change.forget_draft(here)?;
        Err(StoreError::Invalid("test"))
    });
    assert!(failed.is_err() && laptop.store().draft(here).unwrap().is_some());
    let pending = laptop.store().counts().unwrap().pending_groups;
    laptop
        .save(|change| {
            change.put(&visit(9, 1, Outcome::Absent))?;
            change.forget_draft(here)
        })
        .unwrap();
    assert_eq!(laptop.store().draft(here).unwrap(), None);
    assert_eq!(laptop.store().draft(there).unwrap().map(|draft| draft.body).as_deref(), Some("c"));
    // Nothing of a draft is sent: the visit is the one new group.
    assert_eq!(laptop.store().counts().unwrap().pending_groups, pending + 1);
    laptop.store().forget_draft(there).unwrap();
    assert_eq!(laptop.store().draft(there).unwrap(), None);
    assert!(laptop.store().keep_draft(here, &"x".repeat(1 << 20)).is_err());
}
