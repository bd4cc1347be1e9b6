//! Real laptops and a real server over TLS, when things are not as they should be: another commune's
//! server at the address, dead clock batteries, used and garbled codes, a revoked laptop.

use app::visit::{Learned, VisitRequest};
use app::{Laptop, lists, register};
use domain::consent::Decision;
use domain::fact::{Answer, Fact};
use domain::ids::{HouseholdId, MemberId, ResidenceId};
use domain::people::Role;
use domain::visit::{Channel, Outcome};
use store::Operation;
use store::tables::{households, members};
use sync_core::op::Scope;
use sync_core::records::ResidenceEvent;

use crate::office::{Clock, Office, UNIT, filled, first_household, head_name, place, sync};

fn rename(laptop: &mut Laptop, name: &str) {
    let household = first_household(laptop);
    let mut head = members::of_household(laptop.store.reading(), household).unwrap().remove(0);
    head.full_name = name.into();
    let unit = households::get(laptop.store.reading(), household).unwrap().unwrap().hamlet_unit;
    let operation = Operation { name: "test.rename", scope: Scope::from(unit), job: None };
    laptop.store.transact(operation, |change| change.put(&head)).unwrap();
}

pub(crate) fn absent(laptop: &mut Laptop) {
    let household = first_household(laptop);
    absent_at(laptop, household);
}

pub(crate) fn absent_at(laptop: &mut Laptop, household: HouseholdId) {
    let request = VisitRequest {
        household,
        outcome: Outcome::Absent,
        channel: Channel::AtHome,
        respondent: None,
        members_unchanged: false,
        consents: vec![],
        text_version: String::new(),
        learned: vec![],
        topics: vec![],
        guided: vec![],
        next_day: None,
    };
    app::visit::save(laptop, &request).unwrap();
}

/// Everybody of a household who is asked agrees and answers everything.
fn met(laptop: &mut Laptop, household: HouseholdId) {
    let state = register::household(laptop, household).unwrap();
    // By the test's own year: what a laptop takes for today is what is tested.
    let adult = |person: &&sync_core::household::PersonState| {
        person.member.residence.lives_here() && person.member.birth.is_some_and(|birth| birth.year() <= 2006)
    };
    let adults: Vec<_> = state.people.iter().filter(adult).map(|person| person.member.id).collect();
    let answers = || {
        let facts =
            [Fact::Smartphone, Fact::Vneid, Fact::Payment, Fact::Knows, Fact::Uses, Fact::GuidesFamily];
        let said = ["own", "level2", "bank", "yes", "no", "yes"];
        facts.into_iter().zip(said).map(|(fact, said)| (fact, Answer::from(said.to_owned()), None)).collect()
    };
    let request = VisitRequest {
        household,
        outcome: Outcome::Met,
        channel: Channel::AtHome,
        respondent: Some(adults[0]),
        members_unchanged: true,
        consents: adults.iter().map(|member| (*member, Decision::Agreed)).collect(),
        text_version: "2026-11".into(),
        learned: adults.iter().map(|member| Learned { member: *member, answers: answers() }).collect(),
        topics: vec![],
        guided: vec![],
        next_day: None,
    };
    app::visit::save(laptop, &request).unwrap();
}

#[test]
fn a_list_taken_in_on_a_laptop_reaches_the_commune_and_the_hamlet() {
    let office = filled();
    let mut lan = office.laptop("lan", Role::TeamMember, &[UNIT], Clock::in_year(2026, 2));
    sync(&mut lan).unwrap();
    let figures = register::figures(&mut lan, None).unwrap();
    assert_eq!((figures.households, figures.persons), (84, 409));
    assert_eq!(office.register.figures(Some(UNIT)).unwrap().persons, 409);
    let found = register::find(&lan, "nguyen minh ly").unwrap();
    assert_eq!(found[0].full_name, "Nguyễn Minh Lý");
}

/// F13 and the promise that nobody is refused because of a clock: 1970, 2010, 2099, one after the other,
/// each knowing the present name, each wins; and nobody's visit is lost.
#[test]
fn clocks_of_other_decades_neither_lose_nor_win_for_ever() {
    let office = filled();
    let mut laptops: Vec<(i64, Laptop)> = [1970, 2010, 2026, 2099]
        .into_iter()
        .map(|year| {
            let clock = Clock::in_year(year, year.unsigned_abs());
            (year, office.laptop(&year.to_string(), Role::TeamMember, &[UNIT], clock))
        })
        .collect();
    // And one that goes back by a year in the middle.
    laptops.push((2025, office.laptop("jumps", Role::TeamMember, &[UNIT], Clock::that_jumps(5))));
    for round in 0..2 {
        for at in [3, 0, 4, 1, 2, 4] {
            let (year, laptop) = &mut laptops[at];
            sync(laptop).unwrap();
            let name = format!("Người Sửa Năm {year} Lần {round}");
            rename(laptop, &name);
            absent(laptop);
            let report = sync(laptop).unwrap();
            assert_eq!((report.sent_groups, report.quarantined_groups), (2, 0), "{year}");
            for (_, other) in &mut laptops {
                sync(other).unwrap();
                assert_eq!(head_name(other), name, "an edit that saw the present winner beats it");
            }
        }
    }
    let (_, any) = &mut laptops[0];
    let household = first_household(any);
    let visits = store::tables::visits::of_household(any.store.reading(), household).unwrap();
    assert_eq!(visits.len(), 12);
}

/// What was learned in an evening counts the same at the commune and on every other laptop, whatever decade the
/// laptop believes in: people have their age, answers have their validity, the list is read as of today.
#[test]
fn an_evening_under_a_clock_of_another_decade_counts_like_any_other() {
    let office = filled();
    let sheet = std::fs::read("fixtures/roster/so-ho-thon-sen-ha.xlsx").unwrap();
    let mut laptops: Vec<(i64, Laptop)> = [1970, 2010, 2026, 2099]
        .into_iter()
        .map(|year| {
            let clock = Clock::in_year(year, year.unsigned_abs());
            (year, office.laptop(&year.to_string(), Role::TeamMember, &[UNIT], clock))
        })
        .collect();
    for (year, laptop) in &mut laptops {
        let looked = lists::look(laptop, &sheet).unwrap().view;
        assert_eq!(
            looked.preview.warnings.len(),
            0,
            "births of a list read right after enrolment, in {year}"
        );
        sync(laptop).unwrap();
    }
    let mut households: Vec<HouseholdId> = households::list(laptops[0].1.store.reading())
        .unwrap()
        .into_iter()
        .map(|household| household.id)
        .collect();
    households.sort();
    for ((year, laptop), household) in laptops.iter_mut().zip(households.into_iter().skip(1)) {
        sync(laptop).unwrap();
        let before = office.register.figures(None).unwrap();
        met(laptop, household);
        let at_the_door = register::figures(laptop, None).unwrap();
        assert_eq!(
            at_the_door.facts[&Fact::Vneid].yes,
            before.facts[&Fact::Vneid].yes + persons(laptop, household),
            "{year}"
        );
        assert_eq!(sync(laptop).unwrap().quarantined_groups, 0);
        assert_eq!(office.register.figures(None).unwrap(), at_the_door, "{year}");
    }
    for (year, laptop) in &mut laptops {
        sync(laptop).unwrap();
        assert_eq!(
            register::figures(laptop, None).unwrap(),
            office.register.figures(None).unwrap(),
            "{year}"
        );
    }
}

fn persons(laptop: &mut Laptop, household: HouseholdId) -> i64 {
    let state = register::household(laptop, household).unwrap();
    state.people.iter().filter(|person| !person.facts.is_empty()).count().try_into().unwrap()
}

#[test]
fn another_commune_s_server_at_the_address_is_refused_and_nothing_leaves() {
    let mut office = filled();
    let mut lan = office.laptop("lan", Role::TeamMember, &[UNIT], Clock::in_year(2026, 2));
    sync(&mut lan).unwrap();
    absent(&mut lan);
    let address = office.serving.take().unwrap().address;
    let stranger = Office::open(address);
    let refused = sync(&mut lan).unwrap_err();
    assert_eq!((refused.code.as_str(), refused.retryable), ("sync.other_identity", false));
    assert_eq!(app::sync::waiting(&lan).unwrap().pending_groups, 1);
    drop(stranger);
    let refused = sync(&mut lan).unwrap_err();
    assert_eq!((refused.code.as_str(), refused.retryable), ("sync.unreachable", true));
    office.serve(address);
    assert_eq!(sync(&mut lan).unwrap().sent_groups, 1);
}

#[test]
fn codes_that_open_nothing_say_why_and_leave_no_store() {
    let office = filled();
    let good = office.code(Role::HamletHead, &[UNIT]);
    let folder = office.dir.path().join("nobody");
    let try_code = |code: &str, address: Option<&str>| {
        let refused = Laptop::enrol(place(&folder, Clock::in_year(2026, 3)), code, address, "x");
        refused.map(drop).unwrap_err().code
    };
    assert_eq!(try_code("không phải mã", Some(office.url())), "enrol.bad_code");
    assert_eq!(try_code(&good[..good.len() - 9], Some(office.url())), "enrol.bad_code");
    assert_eq!(try_code(&good, None), "enrol.no_address");
    assert_eq!(try_code(&good, Some("https://127.0.0.1:9")), "enrol.unreachable");
    assert!(!folder.join("register.db").exists());
    // None of this spent the code.
    Laptop::enrol(place(&folder, Clock::in_year(2026, 3)), &good, Some(office.url()), "x").unwrap();
}

#[test]
fn a_wrong_clock_does_not_hide_the_commune_s_certificate() {
    let office = filled();
    for year in [1970, 2010, 2099] {
        let clock = Clock::in_year(year, 9);
        let mut laptop = office.laptop(&format!("c{year}"), Role::TeamMember, &[UNIT], clock);
        assert!(sync(&mut laptop).unwrap().received_groups > 0, "{year}");
    }
}

/// What comes back of a laptop's own is no news; what others saved is.
#[test]
fn a_sync_counts_as_received_what_others_saved() {
    let office = filled();
    let mut lan = office.laptop("lan", Role::TeamMember, &[UNIT], Clock::in_year(2026, 11));
    let mut hoa = office.laptop("hoa", Role::TeamMember, &[UNIT], Clock::in_year(2026, 12));
    sync(&mut lan).unwrap();
    sync(&mut hoa).unwrap();
    absent(&mut lan);
    let of_lan = sync(&mut lan).unwrap();
    assert_eq!((of_lan.sent_groups, of_lan.received_groups, of_lan.received_ops), (1, 0, 0));
    let of_hoa = sync(&mut hoa).unwrap();
    assert_eq!((of_hoa.sent_groups, of_hoa.received_groups, of_hoa.received_ops), (0, 1, of_lan.sent_ops));
}

/// Who knows an id of another hamlet still cannot write there: the rights of the writer's own scope do not
/// reach a record that lies elsewhere, nor a new one under a parent that does.
#[test]
fn nobody_writes_into_another_hamlet_s_records() {
    let office = filled();
    let mut officer = office.laptop("officer2", Role::CommuneOfficer, &[], Clock::in_year(2026, 4));
    sync(&mut officer).unwrap();
    let other = domain::ids::HamletUnitId::from_name(officer.store.identity().commune.0, "Thôn Khác");
    let unit = domain::people::HamletUnit {
        id: other,
        name: "Thôn Khác".into(),
        kind: domain::people::HamletUnitKind::Hamlet,
        urban: false,
        valid_from: None,
        valid_to: None,
    };
    let operation = Operation { name: "test.unit", scope: Scope::from(other), job: None };
    officer.store.transact(operation, |change| change.put(&unit)).unwrap();
    sync(&mut officer).unwrap();

    let mut lan = office.laptop("lan", Role::TeamMember, &[UNIT], Clock::in_year(2026, 5));
    sync(&mut lan).unwrap();
    let (before, household) = (head_name(&lan), first_household(&lan));
    let mut theirs = members::of_household(lan.store.reading(), household).unwrap().remove(0);
    theirs.full_name = "Tên Bị Sửa Trộm".into();
    let mut newcomer = theirs.clone();
    newcomer.id = MemberId::new(1, [7; 10]);

    let mut minh = office.laptop("minh", Role::TeamMember, &["Thôn Khác"], Clock::in_year(2026, 6));
    sync(&mut minh).unwrap();
    minh.store.transact(operation, |change| change.put(&theirs)).unwrap();
    minh.store.transact(operation, |change| change.put(&newcomer)).unwrap();
    // Records of his own, put where they have no business: into another hamlet's household, into its alley.
    let mut home = households::get(lan.store.reading(), household).unwrap().unwrap();
    let their_alley = home.alley.expect("the list names alleys");
    (home.id, home.hamlet_unit, home.alley) = (HouseholdId::new(1, [8; 10]), other, None);
    let mut own = newcomer.clone();
    (own.id, own.household, own.full_name) = (MemberId::new(1, [9; 10]), home.id, "Người Của Minh".into());
    minh.store.transact(operation, |change| change.put(&home).and_then(|()| change.put(&own))).unwrap();
    let day = minh.store.today();
    let moved = ResidenceEvent {
        id: ResidenceId::new(1, [1; 10]),
        member: own.id,
        day,
        status: None,
        household: Some(household),
        voids: None,
    };
    minh.store.transact(operation, |change| change.put(&moved)).unwrap();
    home.alley = Some(their_alley);
    minh.store.transact(operation, |change| change.put(&home)).unwrap();
    let report = sync(&mut minh).unwrap();
    assert_eq!((report.sent_groups, report.quarantined_groups), (1, 4));
    sync(&mut lan).unwrap();
    assert_eq!(head_name(&lan), before);
    assert_eq!(office.register.figures(Some(UNIT)).unwrap().persons, 409);
    assert_eq!(office.register.figures(Some("Thôn Khác")).unwrap().persons, 1);
}

/// A commune's whole list on a hamlet's laptop brings that hamlet only; the rest the commune would refuse.
#[test]
fn a_laptop_takes_in_its_own_hamlets_only() {
    let office = filled();
    let mut lan = office.laptop("lan", Role::HamletHead, &[UNIT], Clock::in_year(2026, 7));
    sync(&mut lan).unwrap();
    let csv = "Thôn/TDP;Số hộ;Họ và tên;Năm sinh;Quan hệ với chủ hộ\n\
               Sen Hạ;901;Lê Mới Toanh;1990;Chủ hộ\nThôn Xa Lạ;902;Trần Ở Xa;1991;Chủ hộ\n";
    let looked = lists::look(&mut lan, csv.as_bytes()).unwrap();
    assert_eq!(looked.view.result.other_units, 1);
    lists::take_in(&mut lan, &looked, &lists::Source::default(), &mut |_, _| {}).unwrap();
    assert_eq!(register::figures(&mut lan, None).unwrap().persons, 410);
    let report = sync(&mut lan).unwrap();
    assert_eq!(report.quarantined_groups, 0);
    assert_eq!(office.register.figures(None).unwrap().persons, 410);
}

/// The first list may come before the first sync, and call the hamlet as people do.
#[test]
fn a_hamlet_in_another_spelling_is_known_from_the_enrolment_on() {
    let office = filled();
    let mut tu = office.laptop("tu", Role::HamletHead, &[UNIT], Clock::in_year(2026, 7));
    let csv = "Thôn/TDP;Số hộ;Họ và tên;Năm sinh;Quan hệ với chủ hộ\nSen Hạ;901;Lê Mới Toanh;1990;Chủ hộ\n";
    let looked = lists::look(&mut tu, csv.as_bytes()).unwrap();
    assert_eq!((looked.view.result.other_units, looked.view.result.households_added), (0, 1));
    lists::take_in(&mut tu, &looked, &lists::Source::default(), &mut |_, _| {}).unwrap();
    assert_eq!(sync(&mut tu).unwrap().quarantined_groups, 0);
    assert_eq!(office.register.hamlet_unit_names().unwrap(), [UNIT]);
    assert_eq!(office.register.figures(Some(UNIT)).unwrap().persons, 410);
    assert_eq!(register::figures(&mut tu, None).unwrap().persons, 410);
}

/// A laptop whose enrolment was cut off, or whose database was set aside, can be enrolled again.
#[test]
fn keys_without_a_register_do_not_stand_in_the_way() {
    let office = filled();
    let folder = office.dir.path().join("lan");
    drop(office.laptop("lan", Role::TeamMember, &[UNIT], Clock::in_year(2026, 8)));
    for name in ["register.db", "register.db-wal", "register.db-shm"] {
        let _ = std::fs::remove_file(folder.join(name));
    }
    let mut again = office.laptop("lan", Role::TeamMember, &[UNIT], Clock::in_year(2026, 9));
    sync(&mut again).unwrap();
    assert_eq!(register::figures(&mut again, None).unwrap().persons, 409);
    assert!(folder.join("set-aside-1/keys.json").exists());
}
