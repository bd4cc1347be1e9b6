//! Domain values through fields, an op and a row and back.

use domain::calendar::{Day, PartialDate};
use domain::consent::{Basis, Consent, Decision, Purpose};
use domain::fact::{Answer, Assessment, Choice, Evidence, Fact, PaymentMeans};
use domain::ids::*;
use domain::people::*;
use domain::phone::Phone;
use domain::registry::{RecordKind, no};
use domain::visit::{Channel, Outcome, Topic, Visit};

use crate::group::GroupLimits;
use crate::op::FieldEdit;
use crate::projection::{household_as_of, residence_as_of};
use crate::records::{
    Assignment, Attendance, RecordError, Recorded, ResidenceEvent, RosterList, alive, origin,
};
use crate::row::Row;
use crate::samples::{SCOPE, device, group, id, op_id};
use crate::stamp::{OrderKey, Stamp};
use crate::value::Value;

fn row_of<T: Recorded>(record: &T) -> Row {
    let fields = record.creation().into_iter().map(|(no, value)| FieldEdit::first(no, value)).collect();
    let group = group(1, 1, T::KIND.no(), record.record().as_u128(), 0, fields);
    group.check(&GroupLimits::default()).unwrap();
    let mut row = Row::begun_by(&group.ops[0]);
    row.merge(&group.ops[0], Stamp(1));
    row
}

fn check<T>(record: &T)
where
    T: Recorded + PartialEq + std::fmt::Debug + for<'a> TryFrom<&'a Row, Error = RecordError>,
{
    let row = row_of(record);
    assert_eq!(T::try_from(&row).as_ref(), Ok(record));
    assert_eq!(record.changes(record), []);
    let numbers: Vec<_> = record.fields().iter().map(|(no, _)| *no).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
    let wrong = Row::new(999, row.record, SCOPE);
    assert_eq!(T::try_from(&wrong), Err(RecordError::Kind(999)));
    assert!(matches!(T::try_from(&Row { kind: row.kind, ..wrong }), Err(RecordError::Missing(_))));
}

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn member() -> Member {
    Member {
        id: MemberId(id(4)),
        household: HouseholdId(id(3)),
        full_name: "Lê Thị Hoa".into(),
        birth: Some(PartialDate::parse("03/1956").unwrap()),
        sex: Some(Sex::Female),
        relation: Relation::Head,
        phone: Some(Phone::parse("0912345678").unwrap()),
        residence: Residence::Away,
        alive: true,
    }
}

#[test]
fn records_come_back_from_their_rows() {
    check(&HamletUnit {
        id: HamletUnitId(id(1)),
        name: "Thôn Sen Hạ".into(),
        kind: HamletUnitKind::Hamlet,
        urban: true,
        valid_from: Some(day("2025-07-01")),
        valid_to: None,
    });
    check(&Alley { id: AlleyId(id(2)), hamlet_unit: HamletUnitId(id(1)), name: "Ngõ 12".into() });
    let household = Household {
        id: HouseholdId(id(3)),
        hamlet_unit: HamletUnitId(SCOPE.0),
        alley: Some(AlleyId(id(2))),
        house_no: "12".into(),
        place_note: String::new(),
        code: "H1".into(),
        dwelling: Dwelling::RentedRoom,
        alive: false,
    };
    check(&household);
    check(&member());
    check(&Member { birth: None, sex: None, phone: None, ..member() });
    check(&Visit {
        id: VisitId(id(5)),
        household: household.id,
        day: day("2026-11-22"),
        outcome: Outcome::Unrecognised("asleep".into()),
        channel: Channel::Phone,
        respondent: Some(MemberId(id(4))),
        members_unchanged: true,
        next_day: Some(day("2026-12-01")),
        topics: vec![Topic::Vneid, Topic::Safety],
        guided: vec![MemberId(id(4))],
        voids: Some(VisitId(id(50))),
    });
    check(&Assessment {
        id: AssessmentId(id(6)),
        member: MemberId(id(4)),
        day: day("2026-11-22"),
        visit: Some(VisitId(id(5))),
        respondent: None,
        answers: vec![
            (Fact::Smartphone, Answer::One(Choice::Own), Evidence::Observed),
            (Fact::Payment, Answer::Payment([PaymentMeans::Bank].into()), Evidence::Proxy),
            (Fact::Skill, Answer::Unknown, Evidence::SelfReported),
        ],
        voids: None,
    });
    check(&Consent {
        id: ConsentId(id(7)),
        member: MemberId(id(4)),
        day: day("2026-11-22"),
        visit: None,
        purposes: vec![Purpose::Figures, Purpose::GuideFamily],
        decision: Decision::Agreed,
        basis: Basis::StateTask,
        text_version: "2026-11".into(),
        voids: None,
    });
    check(&ResidenceEvent {
        id: ResidenceId(id(8)),
        member: MemberId(id(4)),
        day: day("2026-11-22"),
        status: Some(Residence::MovedOut),
        household: None,
        voids: None,
    });
}

#[test]
fn records_of_the_office_come_back_too() {
    check(&Assignment {
        id: AssignmentId(id(9)),
        user: UserId(id(10)),
        role: Role::HamletHead,
        hamlet_unit: Some(HamletUnitId(id(1))),
        valid_from: Some(day("2026-01-01")),
        valid_to: None,
    });
    check(&RosterList {
        id: RosterListId(id(11)),
        content_hash: ContentHash([5; 32]).to_hex(),
        list_day: Some(day("2026-10-01")),
        handed_over_by: "Công an xã".into(),
        imported_on: Some(day("2026-11-22")),
        households: 590,
        persons: 2000,
        title: "Thôn Sen Hạ".into(),
        basis: String::new(),
    });
    check(&Attendance {
        id: AttendanceId(id(12)),
        member: MemberId(id(4)),
        day: day("2026-11-22"),
        session: Some(id(13)),
        voids: Some(AttendanceId(id(120))),
    });
}

/// The list's word holds until somebody records a change, and a correction of the change brings it back.
#[test]
fn residence_and_household_as_of_a_day() {
    let event =
        |n: u128, on: &str, status: Option<Residence>, household: Option<u128>, voids: Option<u128>| {
            let key = OrderKey { stamp: Stamp(crate::samples::NOW_MS), device: device(0), op: op_id(n, 0) };
            let household = household.map(|n| HouseholdId(id(n)));
            let voids = voids.map(|n| ResidenceId(id(n)));
            let (id, member) = (ResidenceId(id(n)), MemberId(id(4)));
            (key, ResidenceEvent { id, member, day: day(on), status, household, voids })
        };
    let away = event(1, "2026-03-01", Some(Residence::Away), None, None);
    let joined = event(2, "2026-05-01", None, Some(33), None);
    let back = event(3, "2026-06-01", Some(Residence::Present), None, None);
    let undone = event(4, "2026-06-02", None, None, Some(3));
    let check = |events: &[_], on: &str, status: Residence, household: u128| {
        let as_of = day(on);
        assert_eq!(residence_as_of(Residence::Temporary, events, as_of), status, "{on}");
        assert_eq!(household_as_of(HouseholdId(id(3)), events, as_of), HouseholdId(id(household)), "{on}");
    };
    check(&[], "2026-07-01", Residence::Temporary, 3);
    let events = [back, away, joined];
    check(&events, "2026-02-28", Residence::Temporary, 3);
    check(&events, "2026-03-01", Residence::Away, 3);
    check(&events, "2026-05-01", Residence::Away, 33);
    check(&events, "2026-06-01", Residence::Present, 33);
    check(&[&events[..], &[undone]].concat(), "2026-07-01", Residence::Away, 33);
    // Nobody knows tomorrow: an event counts from the day of its stamp at the latest.
    let tomorrow = event(5, "2028-01-01", Some(Residence::MovedOut), None, None);
    check(&[tomorrow], "2027-01-15", Residence::MovedOut, 3);
}

#[test]
fn a_change_is_the_fields_that_differ() {
    let after = Member { phone: None, relation: Relation::Spouse, ..member() };
    let expect = [(no::MEMBER_RELATION, Value::from("spouse")), (no::MEMBER_PHONE, Value::Null)];
    assert_eq!(after.changes(&member()), expect);
}

#[test]
fn what_cannot_be_read_is_not_known() {
    let mut row = row_of(&member());
    let key = row.key().unwrap();
    let mut put = |no, value: Value| row.cells.insert(no, crate::row::Cell { value, key });
    put(no::MEMBER_BIRTH, "khoảng 1950".into());
    put(no::MEMBER_PHONE, 7_i64.into());
    put(no::MEMBER_RELATION, Value::Null);
    put(4999, "newer".into());
    let expect = Member { birth: None, phone: None, relation: Relation::Other, ..member() };
    assert_eq!(Member::try_from(&row), Ok(expect));
}

#[test]
fn origin_and_deletion_fit_their_kinds() {
    let list = RosterListId(id(9));
    for kind in RecordKind::ALL {
        let mut fields = alive(*kind, false, Some("duplicate"));
        fields.extend(origin(*kind, list, 3));
        fields.sort_by_key(|(no, _)| *no);
        if fields.is_empty() {
            continue;
        }
        let edits = fields.into_iter().map(|(no, value)| FieldEdit::first(no, value)).collect();
        assert_eq!(group(1, 1, kind.no(), 9, 0, edits).check(&GroupLimits::default()), Ok(()), "{kind:?}");
    }
}
