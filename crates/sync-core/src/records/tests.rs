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
use crate::records::{RecordError, Recorded, ResidenceEvent, alive, origin};
use crate::row::Row;
use crate::samples::{SCOPE, group, id};
use crate::stamp::Stamp;
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
