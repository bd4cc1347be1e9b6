//! What is shown and counted of a person after agreeing, refusing and agreeing again; and what no figure looks at.

use domain::consent::{Basis, Consent, Decision, Purpose};
use domain::criteria::CriteriaSet;
use domain::fact::{Answer, Assessment, Evidence, Fact};
use domain::ids::{AssessmentId, ConsentId, HamletUnitId, HouseholdId, MemberId};
use domain::people::{Dwelling, Household, Member, Relation, Residence};
use domain::phone::Phone;
use domain::rules::DoorRules;

use crate::household::{CountedBy, HouseholdState, PersonRecords, PersonState, counts_alike};
use crate::op::Scope;
use crate::row::{Cell, Row};
use crate::samples::{NOW_MS, device, id, op_id};
use crate::stamp::{OrderKey, Stamp};
use crate::value::Value;

use Decision::{Agreed, Declined, Later, Withdrawn};

/// What happened, at which moment of the day.
enum Event {
    Said(u8, Decision, &'static [Purpose]),
    /// The answer of that moment was a slip.
    TakenBack(u8, u8),
    Learned(u8, &'static [(Fact, &'static str, Evidence)]),
}

use Event::{Learned, Said, TakenBack};

const DOOR: &[Purpose] = &[Purpose::GuideFamily, Purpose::Figures];
const PHONE: &[Purpose] = &[Purpose::Phone];

fn key(at: u8) -> OrderKey {
    OrderKey { stamp: Stamp(NOW_MS + i64::from(at)), device: device(1), op: op_id(at.into(), 0) }
}

fn counted_by() -> CountedBy {
    CountedBy {
        rules: DoorRules::from_json(include_str!("../../../assets/rules/door-2026.json")).unwrap(),
        criteria: CriteriaSet::from_json(include_str!("../../../assets/criteria/phu-dong-2025.json"))
            .unwrap(),
        basis: Basis::Consent,
    }
}

fn consent(at: u8, decision: Decision, purposes: &[Purpose], voids: Option<u8>) -> (OrderKey, Consent) {
    let consent = Consent {
        id: ConsentId(id(at.into())),
        member: MemberId(id(9)),
        day: key(at).stamp.day(),
        visit: None,
        purposes: purposes.to_vec(),
        decision,
        basis: Basis::Consent,
        text_version: String::new(),
        voids: voids.map(|at| ConsentId(id(at.into()))),
    };
    (key(at), consent)
}

fn assessment(at: u8, answers: &[(Fact, &str, Evidence)]) -> (OrderKey, Assessment) {
    let answers = answers
        .iter()
        .map(|(fact, said, evidence)| (fact.clone(), Answer::from((*said).to_owned()), *evidence));
    let assessment = Assessment {
        id: AssessmentId(id(at.into())),
        member: MemberId(id(9)),
        day: key(at).stamp.day(),
        visit: None,
        respondent: None,
        answers: answers.collect(),
        voids: None,
    };
    (key(at), assessment)
}

fn person(events: &[Event], as_of_months: u32) -> PersonState {
    let household = Household {
        id: HouseholdId(id(1)),
        hamlet_unit: HamletUnitId(id(2)),
        alley: None,
        house_no: String::new(),
        place_note: String::new(),
        code: String::new(),
        dwelling: Dwelling::House,
        alive: true,
    };
    let member = Member {
        id: MemberId(id(9)),
        household: household.id,
        full_name: "Lê Thị Nụ".into(),
        birth: None,
        sex: None,
        relation: Relation::Head,
        phone: Some(Phone::parse("0912345678").unwrap()),
        residence: Residence::Present,
        alive: true,
    };
    let (mut consents, mut assessments) = (vec![], vec![]);
    for event in events {
        match event {
            Said(at, decision, purposes) => consents.push(consent(*at, decision.clone(), purposes, None)),
            TakenBack(at, slip) => consents.push(consent(*at, Later, DOOR, Some(*slip))),
            Learned(at, answers) => assessments.push(assessment(*at, answers)),
        }
    }
    let today = key(0).stamp.day().plus_months(as_of_months);
    let state = |records| {
        let people = vec![records];
        HouseholdState::of(household.clone(), &[], people, &counted_by(), today).people.remove(0)
    };
    let in_order = PersonRecords {
        member: member.clone(),
        assessments: assessments.clone(),
        consents: consents.clone(),
    };
    let person = state(in_order);
    // As they come over any road.
    consents.reverse();
    assessments.reverse();
    let other = state(PersonRecords { member, assessments, consents });
    assert_eq!((&other.facts, &other.member), (&person.facts, &person.member));
    person
}

const OWN: &[(Fact, &str, Evidence)] = &[(Fact::Smartphone, "own", Evidence::SelfReported)];
const SHARED: &[(Fact, &str, Evidence)] = &[(Fact::Smartphone, "shared", Evidence::SelfReported)];

#[test]
fn what_was_learned_before_a_refusal_does_not_come_back() {
    let check = |events: &[Event], expect: Option<&str>| {
        let person = person(events, 0);
        let answer = person.facts.get(&Fact::Smartphone).map(|current| String::from(current.answer.clone()));
        assert_eq!(answer.as_deref(), expect);
    };
    check(&[Said(1, Agreed, DOOR), Learned(2, OWN)], Some("own"));
    for no in [Declined, Withdrawn] {
        let refused = || [Said(1, Agreed, DOOR), Learned(2, OWN), Said(3, no.clone(), DOOR)];
        let then = |more: Vec<Event>| refused().into_iter().chain(more).collect::<Vec<_>>();
        check(&refused(), None);
        check(&then(vec![Said(4, Agreed, DOOR)]), None);
        check(&then(vec![Said(4, Later, DOOR)]), None);
        check(&then(vec![Said(4, Agreed, DOOR), Learned(5, SHARED)]), Some("shared"));
        // Recorded by a colleague who did not know of the refusal yet.
        check(&then(vec![Learned(4, SHARED)]), None);
        // The refusal was a slip: it was never said.
        check(&then(vec![TakenBack(4, 3)]), Some("own"));
        // Of being called only.
        check(&[Said(1, Agreed, DOOR), Learned(2, OWN), Said(3, no, PHONE)], Some("own"));
    }
}

#[test]
fn a_phone_from_a_list_is_hidden_until_its_owner_agrees_to_be_called() {
    let check = |events: &[Event], shown: bool| {
        assert_eq!(person(events, 0).member.phone.is_some(), shown);
    };
    check(&[], false);
    check(&[Said(1, Agreed, DOOR)], false);
    check(&[Said(1, Later, PHONE)], false);
    check(&[Said(1, Agreed, PHONE)], true);
    check(&[Said(1, Agreed, PHONE), Said(2, Withdrawn, PHONE)], false);
    // A refusal empties it too.
    check(&[Said(1, Agreed, PHONE), Said(2, Declined, DOOR)], false);
    check(&[Said(1, Agreed, PHONE), Said(2, Declined, DOOR), Said(3, Agreed, DOOR)], false);
    check(&[Said(1, Agreed, PHONE), Said(2, Declined, DOOR), Said(3, Agreed, PHONE)], true);
}

#[test]
fn a_certificate_of_the_course_certifies_its_four_parts() {
    use Evidence::{Certified, SelfReported};
    let four = [Fact::Knows, Fact::Skill, Fact::Uses, Fact::Safe];
    let events = [
        Said(1, Agreed, DOOR),
        Learned(2, &[(Fact::Uses, "no", SelfReported), (Fact::Bdhvs, "completed", Certified)]),
        Learned(3, &[(Fact::Knows, "no", SelfReported)]),
    ];
    let today = person(&events, 0).facts;
    for fact in &four {
        let current = &today[fact];
        assert_eq!(
            (&current.answer, current.evidence),
            (&Answer::from("yes".to_owned()), Certified),
            "{fact:?}"
        );
    }
    let in_a_year = person(&events, 12).facts;
    assert!(four.iter().all(|fact| in_a_year[fact].lapsed && !in_a_year[fact].answer.is_known()));
    // Whoever only says so keeps their own word.
    let said = person(&[Said(1, Agreed, DOOR), Learned(2, &[(Fact::Bdhvs, "completed", SelfReported)])], 0);
    assert_eq!(said.facts.len(), 1);
}

/// Whatever changes what a household adds to the figures makes it be counted again, and only that.
#[test]
fn a_line_counts_alike_where_no_figure_looks() {
    use domain::registry::{FIELDS, FieldType, RecordKind, no};

    const NO_FIGURE_LOOKS: [u16; 13] = [
        no::HOUSEHOLD_HOUSE_NO,
        no::HOUSEHOLD_PLACE_NOTE,
        no::HOUSEHOLD_CODE,
        no::HOUSEHOLD_LIST,
        no::HOUSEHOLD_LIST_ROW,
        no::HOUSEHOLD_ALIVE_REASON,
        no::HOUSEHOLD_MOVED_TO,
        no::MEMBER_FULL_NAME,
        no::MEMBER_PHONE,
        no::MEMBER_LIST,
        no::MEMBER_LIST_ROW,
        no::MEMBER_ALIVE_REASON,
        no::MEMBER_NEEDS_SUPPORT,
    ];
    let (home, away) = (id(1), id(2));
    let (consents, assessments) = (vec![consent(1, Agreed, DOOR, None)], vec![assessment(2, OWN)]);
    let row = |kind: RecordKind, values: &[(u16, Value)]| {
        let mut row = Row::new(kind.no(), home, Scope(id(3)));
        for (no, value) in values {
            row.cells.insert(*no, Cell { value: value.clone(), key: key(0) });
        }
        row
    };
    let lines = [
        row(RecordKind::Household, &[(no::HOUSEHOLD_ALIVE, true.into())]),
        row(RecordKind::Member, &[(no::MEMBER_HOUSEHOLD, home.into()), (no::MEMBER_ALIVE, true.into())]),
    ];
    let adds = |[household, member]: &[Row; 2]| {
        let member = Member::try_from(member).unwrap();
        let elsewhere = member.household.0 != home;
        let records = PersonRecords { member, consents: consents.clone(), assessments: assessments.clone() };
        let household = Household::try_from(household).unwrap();
        let people = if elsewhere { vec![] } else { vec![records] };
        let today = key(0).stamp.day();
        let state = HouseholdState::of(household, &[], people, &counted_by(), today);
        (state.place(), state.contribution(&counted_by(), today))
    };
    let mut counted = std::collections::BTreeSet::new();
    for field in
        FIELDS.iter().filter(|field| field.kind == RecordKind::Household || field.kind == RecordKind::Member)
    {
        let nth = usize::from(field.kind == RecordKind::Member);
        let values: Vec<Value> = match field.ty {
            FieldType::Text => vec!["0912345678".into()],
            FieldType::Int => vec![7_i64.into()],
            FieldType::Bool => vec![false.into()],
            FieldType::Id => vec![away.into()],
            FieldType::PartialDate => ["1946", "1980-03", "2015", "2024-05-06"]
                .map(|birth| domain::calendar::PartialDate::parse(birth).unwrap().into())
                .to_vec(),
            FieldType::Code => ["female", "head", "rented_room", "present", "moved_out", "deceased"]
                .map(Value::from)
                .to_vec(),
            FieldType::Codes => vec![["walking"].into_iter().collect()],
            ref other => panic!("{other:?} in {}", field.name),
        };
        for value in values {
            let mut changed = lines.clone();
            changed[nth].cells.insert(field.no, Cell { value: value.clone(), key: key(0) });
            let alike = counts_alike(&lines[nth], &changed[nth]);
            assert!(!(alike && adds(&lines) != adds(&changed)), "{} {value:?}", field.name);
            if !alike {
                counted.insert(field.no);
            }
        }
        assert_ne!(counted.contains(&field.no), NO_FIGURE_LOOKS.contains(&field.no), "{}", field.name);
    }
    let mut moved = lines[0].clone();
    moved.scope = Scope(away);
    assert!(!counts_alike(&lines[0], &moved));
}
