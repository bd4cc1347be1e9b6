//! One way to write a list in: on a laptop and at the office, first here or first there, again and after
//! people worked in the register.

use std::collections::BTreeMap;

use app::{Laptop, lists, register};
use domain::ids::MemberId;
use domain::people::{Member, Role};
use domain::registry::{RecordKind, no};
use server::ImportOrder;
use store::tables::{households, members};
use store::{Change, Operation, StoreError};
use sync_core::op::Scope;
use sync_core::records;
use sync_core::value::Value;
use tests::laptop::NOON_MS;

use crate::office::{Clock, LOOPBACK, Office, UNIT, filled, source, sync};

const LEDGER: &str = "fixtures/roster/so-ho-thon-sen-ha.xlsx";

fn ledger() -> Vec<u8> {
    std::fs::read(LEDGER).unwrap()
}

fn take_in(laptop: &mut Laptop, bytes: &[u8]) -> lists::ListResult {
    let looked = lists::look(laptop, bytes).unwrap();
    let done = lists::take_in(laptop, &looked, &source(), &mut |_, _| {}).unwrap();
    assert_eq!(done, looked.view.result, "the preview says what is done");
    done
}

fn import(office: &Office) -> server::ImportReport {
    let order = ImportOrder { handed_over_by: source().handed_over_by, ..ImportOrder::default() };
    let list = server::read_list(LEDGER.as_ref(), domain::calendar::Day::at(NOON_MS)).unwrap();
    office.register.import(&list, &order).unwrap()
}

fn save(laptop: &mut Laptop, write: impl FnOnce(&mut Change<'_>) -> Result<(), StoreError>) {
    let unit = laptop.store.identity().hamlet_units[0];
    let operation = Operation { name: "test", scope: Scope::from(unit), job: None };
    laptop.store.transact(operation, write).unwrap();
}

fn everybody(laptop: &Laptop) -> Vec<Member> {
    members::list(laptop.store.reading()).unwrap()
}

fn one(laptop: &Laptop, id: MemberId) -> Member {
    members::get(laptop.store.reading(), id).unwrap().unwrap()
}

fn values(laptop: &mut Laptop, kind: RecordKind, id: uuid::Uuid) -> BTreeMap<u16, Value> {
    let mut found = BTreeMap::new();
    save(laptop, |change| {
        let row = change.standing(kind, id)?.unwrap();
        found = row.cells.iter().map(|(no, cell)| (*no, cell.value.clone())).collect();
        Ok(())
    });
    found
}

fn head(office: &Office, name: &str, seed: u64) -> Laptop {
    let mut laptop = office.laptop(name, Role::HamletHead, &[UNIT], Clock::in_year(2026, seed));
    sync(&mut laptop).unwrap();
    laptop
}

#[test]
fn what_was_deleted_stays_deleted_when_its_list_comes_again() {
    let office = filled();
    let mut lan = head(&office, "lan", 21);
    let people = everybody(&lan);
    let (gone, house) = (people[0].id, people.iter().rev().find(|one| one.household != people[0].household));
    let house = house.unwrap().household;
    let of_house = people.iter().filter(|member| member.household == house).count();
    save(&mut lan, |change| {
        change.write(
            RecordKind::Member,
            gone.0,
            records::alive(RecordKind::Member, false, Some("mistake")),
        )?;
        let dead = records::alive(RecordKind::Household, false, Some("duplicate"));
        change.write(RecordKind::Household, house.0, dead)
    });
    let before = register::figures(&mut lan, None).unwrap();
    assert_eq!((before.households, before.persons), (83, 408 - i64::try_from(of_house).unwrap()));
    sync(&mut lan).unwrap();

    let result = take_in(&mut lan, &ledger());
    assert_eq!((result.households_deleted, result.persons_deleted), (1, 1 + of_house));
    assert_eq!((result.households_added, result.persons_added), (0, 0));
    assert_eq!((result.households_matched, result.persons_matched), (83, 408 - of_house));
    assert_eq!(app::sync::waiting(&lan).unwrap().pending_groups, 0, "nothing to write");
    assert!(!one(&lan, gone).alive);
    assert!(!households::get(lan.store.reading(), house).unwrap().unwrap().alive);

    // The office sees the same, and says so.
    let position = office.register.position().unwrap();
    let report = import(&office);
    assert_eq!((report.refused.households_deleted, report.refused.persons_deleted), (1, 1 + of_house));
    assert_eq!((report.added, report.matched.households), (server::lists::Added::default(), 83));
    assert_eq!(office.register.position().unwrap(), position);
    assert_eq!(register::figures(&mut lan, None).unwrap(), before);
}

#[test]
fn another_list_fills_gaps_and_takes_nothing_over() {
    let office = filled();
    let mut lan = head(&office, "lan", 22);
    let mut family = everybody(&lan);
    let household = family[0].household;
    family.retain(|member| member.household == household);
    // Corrected at the door; the wife's telephone was taken out when she withdrew.
    family[0].full_name = "Người Sửa Tại Cửa".into();
    let (corrected, withdrawn) = (family[0].clone(), family[1].id);
    save(&mut lan, |change| {
        change.put(&corrected)?;
        let phone = |text: &str| vec![(no::MEMBER_PHONE, Value::text_or_null(text))];
        change.write(RecordKind::Member, withdrawn.0, phone("0912345678"))?;
        change.write(RecordKind::Member, withdrawn.0, phone(""))
    });
    let before = values(&mut lan, RecordKind::Member, corrected.id.0);
    assert_eq!(before.get(&no::MEMBER_PHONE), None);

    let mut rows = vec!["Thôn;Số nhà;Họ và tên;Ngày sinh;Quan hệ;Điện thoại".to_owned()];
    for (nth, member) in family.iter().enumerate() {
        let relation = if nth == 0 { "Chủ hộ" } else { "Con" };
        let birth = member.birth.unwrap().shown();
        rows.push(format!("{UNIT};999;{};{birth};{relation};098765432{nth}", member.full_name));
    }
    let result = take_in(&mut lan, rows.join("\n").as_bytes());
    assert_eq!((result.households_matched, result.persons_matched), (1, family.len()));
    assert_eq!((result.households_added, result.persons_added), (0, 0));

    let mut expect = before;
    expect.insert(no::MEMBER_PHONE, "0987654320".into());
    assert_eq!(values(&mut lan, RecordKind::Member, corrected.id.0), expect, "the gap, and nothing else");
    assert_eq!(one(&lan, withdrawn).phone, None, "emptied is not a gap");
    assert_eq!(one(&lan, withdrawn).relation, family[1].relation);
    let house = households::get(lan.store.reading(), household).unwrap().unwrap();
    assert_ne!(house.house_no, "999");
    assert_eq!(sync(&mut lan).unwrap().quarantined_groups, 0);
}

/// What a commune holds of its places, households, people and lists, whoever wrote it.
fn held(laptop: &mut Laptop) -> BTreeMap<(u16, uuid::Uuid), BTreeMap<u16, Value>> {
    let connection = laptop.store.reading();
    let mut ids: Vec<(RecordKind, uuid::Uuid)> = Vec::new();
    for unit in store::tables::hamlet_units::list(connection).unwrap() {
        ids.push((RecordKind::HamletUnit, unit.id.0));
        let alleys = store::tables::alleys::of_unit(connection, unit.id).unwrap();
        ids.extend(alleys.iter().map(|alley| (RecordKind::Alley, alley.id.0)));
        let hash = roster::read(
            &roster::open(&ledger(), &roster::Limits::default()).unwrap(),
            domain::calendar::Day::at(NOON_MS),
        )
        .unwrap()
        .content_hash;
        ids.push((RecordKind::RosterList, domain::ids::RosterListId::in_unit(hash, unit.id).0));
    }
    ids.extend(households::list(connection).unwrap().iter().map(|one| (RecordKind::Household, one.id.0)));
    ids.extend(everybody(laptop).iter().map(|one| (RecordKind::Member, one.id.0)));
    ids.into_iter().map(|(kind, id)| ((kind.no(), id), values(laptop, kind, id))).collect()
}

/// A commune of one hamlet unit without anybody in it yet, and the laptop of its head.
fn empty(seed: u64) -> (Office, Laptop) {
    let office = Office::open(LOOPBACK.parse().unwrap());
    let mut officer = office.laptop("officer", Role::CommuneOfficer, &[], Clock::in_year(2026, seed));
    let commune = officer.store.identity().commune;
    let unit = domain::people::HamletUnit {
        id: domain::ids::HamletUnitId::from_name(commune.0, UNIT),
        name: UNIT.into(),
        kind: domain::people::HamletUnitKind::Hamlet,
        urban: false,
        valid_from: None,
        valid_to: None,
    };
    let operation = Operation { name: "test.unit", scope: Scope::from(unit.id), job: None };
    officer.store.transact(operation, |change| change.put(&unit)).unwrap();
    sync(&mut officer).unwrap();
    let lan = head(&office, "lan", seed + 1);
    (office, lan)
}

#[test]
fn first_here_or_first_there_the_register_is_the_same() {
    let by_ids = |held: &BTreeMap<(u16, uuid::Uuid), BTreeMap<u16, Value>>| {
        // Ids of places and of the list's record are made of the commune, which differs between offices.
        let of = |kind: RecordKind| -> Vec<_> {
            let rows = held.iter().filter(|((no, _), _)| *no == kind.no());
            rows.map(|((_, id), values)| {
                let mut values = values.clone();
                values
                    .retain(|no, _| ![no::HOUSEHOLD_ALLEY, no::HOUSEHOLD_LIST, no::MEMBER_LIST].contains(no));
                (*id, values)
            })
            .collect()
        };
        (of(RecordKind::Household), of(RecordKind::Member))
    };
    let whole =
        lists::ListResult { households_added: 84, persons_added: 409, ..lists::ListResult::default() };

    // Laptop, then office.
    let (office, mut lan) = empty(31);
    assert_eq!(take_in(&mut lan, &ledger()), whole);
    assert_eq!(sync(&mut lan).unwrap().quarantined_groups, 0);
    let position = office.register.position().unwrap();
    let report = import(&office);
    assert_eq!(
        (report.added, report.matched.households, report.matched.persons),
        (Default::default(), 84, 409)
    );
    assert_eq!(office.register.position().unwrap(), position, "nothing to write");
    let laptop_first = held(&mut lan);

    // Office, then laptop.
    let (office, mut lan) = empty(41);
    let report = import(&office);
    assert_eq!((report.added.households, report.added.persons), (84, 409));
    sync(&mut lan).unwrap();
    let again = take_in(&mut lan, &ledger());
    assert_eq!((again.households_matched, again.persons_matched), (84, 409));
    assert_eq!((again.households_added, again.persons_added), (0, 0));
    assert_eq!(app::sync::waiting(&lan).unwrap().pending_groups, 0);
    let office_first = held(&mut lan);
    assert_eq!(by_ids(&laptop_first), by_ids(&office_first));
    assert_eq!(laptop_first.len(), office_first.len());

    // Both at once, neither knowing of the other.
    let (office, mut lan) = empty(51);
    assert_eq!(take_in(&mut lan, &ledger()), whole);
    let report = import(&office);
    assert_eq!((report.added.households, report.added.persons), (84, 409));
    assert_eq!(sync(&mut lan).unwrap().quarantined_groups, 0);
    assert_eq!(office.register.figures(None).unwrap().persons, 409);
    let mut minh = head(&office, "minh", 53);
    assert_eq!(held(&mut minh), held(&mut lan));
    assert_eq!(by_ids(&held(&mut minh)), by_ids(&office_first));
}

/// A list of several hamlet units has a record in each, and who works in one sees that one.
#[test]
fn a_list_has_its_record_where_its_households_are() {
    let office = filled();
    let csv = "Thôn/TDP;Số hộ;Họ và tên;Năm sinh;Quan hệ với chủ hộ\n\
               Thôn Sen Hạ;901;Lê Mới Toanh;1990;Chủ hộ\nThôn Xa Lạ;902;Trần Ở Xa;1991;Chủ hộ\n";
    let mut officer = office.laptop("officer2", Role::CommuneOfficer, &[], Clock::in_year(2026, 61));
    sync(&mut officer).unwrap();
    let looked = lists::look(&mut officer, csv.as_bytes()).unwrap();
    lists::take_in(&mut officer, &looked, &lists::Source::default(), &mut |_, _| {}).unwrap();
    assert_eq!(sync(&mut officer).unwrap().quarantined_groups, 0);
    let mut lan = head(&office, "lan", 62);
    let book = roster::open(csv.as_bytes(), &roster::Limits::default()).unwrap();
    let hash = roster::read(&book, domain::calendar::Day::at(NOON_MS)).unwrap().content_hash;
    let commune = lan.store.identity().commune.0;
    let mut known = |name: &str| {
        let unit = domain::ids::HamletUnitId::from_name(commune, name);
        let id = domain::ids::RosterListId::in_unit(hash, unit).0;
        let mut persons = None;
        save(&mut lan, |change| {
            let row = change.standing(RecordKind::RosterList, id)?;
            persons = row.map(|row| row.value(no::LIST_PERSONS).cloned());
            Ok(())
        });
        persons.flatten()
    };
    assert_eq!(known("Thôn Sen Hạ"), Some(Value::from(1_u32)));
    assert_eq!(known("Thôn Xa Lạ"), None);
}

/// The head looks at a list; before it is taken in, the same people arrive from the commune.
#[test]
fn a_list_looked_at_before_the_register_changed_is_looked_at_again() {
    let (office, mut lan) = empty(71);
    let looked = lists::look(&mut lan, &ledger()).unwrap();
    assert_eq!(looked.view.result.households_added, 84);
    // Another copy of the ledger, so that no id gives the people away.
    let text = "Thôn;Số nhà;Họ và tên;Ngày sinh;Quan hệ\n";
    let list = roster::read(
        &roster::open(&ledger(), &roster::Limits::default()).unwrap(),
        domain::calendar::Day::at(NOON_MS),
    )
    .unwrap();
    let rows = list.households.iter().flat_map(|household| {
        household.members.iter().enumerate().map(move |(nth, member)| {
            let relation = if nth == 0 { "Chủ hộ" } else { "Con" };
            let birth = member.birth.map(|birth| birth.shown()).unwrap_or_default();
            format!("{UNIT};{};{};{birth};{relation}\n", household.house_no, member.full_name)
        })
    });
    let copy: String = std::iter::once(text.to_owned()).chain(rows).collect();
    let mut officer = office.laptop("officer2", Role::CommuneOfficer, &[], Clock::in_year(2026, 73));
    sync(&mut officer).unwrap();
    take_in(&mut officer, copy.as_bytes());
    sync(&mut officer).unwrap();
    sync(&mut lan).unwrap();
    let before = everybody(&lan).len();

    let refused = lists::take_in(&mut lan, &looked, &source(), &mut |_, _| {}).unwrap_err();
    assert_eq!(refused.code, "roster.register_changed");
    assert_eq!(everybody(&lan).len(), before, "nothing is written");
    assert_eq!(app::sync::waiting(&lan).unwrap().pending_groups, 0);
    let again = take_in(&mut lan, &ledger());
    assert_eq!(again.households_added, 0, "{again:?}");
    assert_eq!(everybody(&lan).len(), before + again.persons_added);
}
