//! What is kept of a visit and what is refused, by age, by who answers and by how it is known, on a real
//! store in a temporary folder. A refusal keeps nothing of the visit.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use app::visit::{Learned, VisitRequest, save};
use app::{Commune, Laptop, shipped_rules};
use domain::calendar::PartialDate;
use domain::consent::{Basis, Decision};
use domain::fact::{Answer, Evidence, Fact};
use domain::ids::{CommuneId, DeviceId, HamletUnitId, HouseholdId, MemberId, UserId};
use domain::people::{Dwelling, HamletUnit, HamletUnitKind, Household, Member, Relation, Residence, Role};
use domain::visit::{Channel, Outcome, Topic};
use store::tables::{assessments, consents, visits};
use store::{DataFolder, Durability, Identity, KeyCost, Machine, Operation, Options, Store};
use sync_client::ServerLink;
use sync_core::op::Scope;
use sync_core::projection::standing;
use tempfile::TempDir;
use uuid::Uuid;

/// 2026-11-22 12:00 in Viet Nam, and a counter for randomness.
#[derive(Debug, Default)]
struct Noon(u8);

impl Machine for Noon {
    fn wall_ms(&mut self) -> i64 {
        1_795_323_600_000
    }

    fn monotonic_ms(&mut self) -> i64 {
        0
    }

    fn fill_random(&mut self, bytes: &mut [u8]) -> Result<(), std::io::Error> {
        self.0 = self.0.wrapping_add(1);
        bytes.fill(self.0);
        Ok(())
    }
}

const UNIT: HamletUnitId = HamletUnitId(Uuid::from_u128(0x11));
const HOME: HouseholdId = HouseholdId(Uuid::from_u128(0x1000));
/// Wife and husband, then children by age.
const WIFE: MemberId = person(0);
const HUSBAND: MemberId = person(1);
const AGED_17: MemberId = person(2);
const AGED_15: MemberId = person(3);
const AGED_9: MemberId = person(4);
const BIRTHS: [&str; 5] = ["1985", "1983", "01/02/2009", "01/02/2011", "01/02/2017"];

const fn person(number: u128) -> MemberId {
    MemberId(Uuid::from_u128(0x2000 + number))
}

/// The laptop of a family's hamlet.
fn laptop(basis: Basis) -> (TempDir, Laptop) {
    let dir = tempfile::tempdir().unwrap();
    let identity = Identity {
        commune: CommuneId(Uuid::from_u128(1)),
        device: DeviceId(Uuid::from_u128(2)),
        user: UserId(Uuid::from_u128(3)),
        role: Role::TeamMember,
        hamlet_units: vec![UNIT],
        basis: basis.clone(),
        seal_to: age::x25519::Identity::generate().to_public().to_string(),
        certificate: None,
        link: String::new(),
    };
    let options = Options {
        counted_by: shipped_rules().unwrap(),
        machine: Box::new(Noon::default()),
        durability: Durability::Off,
        key_cost: KeyCost { memory_kib: 64, passes: 1 },
    };
    let folder = DataFolder::open(&dir.path().join("lan")).unwrap();
    let mut store = Store::create(folder, &identity, "aovang cuado nangtho muaxanh", options).unwrap();
    let operation = Operation { name: "test", scope: Scope::from(UNIT), job: None };
    store
        .transact(operation, |change| {
            change.put(&HamletUnit {
                id: UNIT,
                name: "Thôn Sen".into(),
                kind: HamletUnitKind::Hamlet,
                urban: false,
                valid_from: None,
                valid_to: None,
            })?;
            change.put(&Household {
                id: HOME,
                hamlet_unit: UNIT,
                alley: None,
                house_no: "3".into(),
                place_note: String::new(),
                code: String::new(),
                dwelling: Dwelling::House,
                alive: true,
            })?;
            (0..).zip(BIRTHS).try_for_each(|(number, birth)| {
                change.put(&Member {
                    id: person(number),
                    household: HOME,
                    full_name: format!("Người Thứ {number}"),
                    birth: PartialDate::parse(birth).ok(),
                    sex: None,
                    relation: Relation::Other,
                    phone: None,
                    residence: Residence::Present,
                    alive: true,
                })
            })
        })
        .unwrap();
    let server = ServerLink {
        address: "https://127.0.0.1:9".into(),
        identity: [0; 32],
        device_key: [0; 32],
        token: String::new(),
    };
    let commune = Commune {
        name: "Xã Đồng Sen".into(),
        basis,
        hamlet_unit_names: vec!["Thôn Sen".into()],
        device_name: String::new(),
        server,
    };
    (dir, Laptop { store, commune })
}

type Said<'a> = (MemberId, Fact, &'a str, Option<Evidence>);

fn met(respondent: MemberId, consents: &[(MemberId, Decision)], said: &[Said<'_>]) -> VisitRequest {
    let learned = said.iter().map(|(member, fact, answer, seen)| Learned {
        member: *member,
        answers: vec![(fact.clone(), Answer::from((*answer).to_owned()), *seen)],
    });
    VisitRequest {
        household: HOME,
        outcome: Outcome::Met,
        channel: Channel::AtHome,
        respondent: Some(respondent),
        members_unchanged: true,
        consents: consents.to_vec(),
        text_version: "2026-11".into(),
        learned: learned.collect(),
        topics: vec![],
        guided: vec![],
        next_day: None,
    }
}

/// Kept, or refused with this code and nothing kept.
fn check(basis: Basis, request: &VisitRequest, expect: Result<(), &str>) {
    let (_dir, mut laptop) = laptop(basis);
    let saved = save(&mut laptop, request).map(drop).map_err(|refused| refused.code);
    assert_eq!(saved, expect.map_err(str::to_owned), "{request:?}");
    let reading = laptop.store.reading();
    let kept = visits::of_household(reading, HOME).unwrap().len();
    let events = (0..5).map(person).map(|member| {
        consents::of_member(reading, member).unwrap().len()
            + assessments::of_member(reading, member).unwrap().len()
    });
    let events: usize = events.sum();
    match expect {
        Ok(()) => assert_eq!((kept, events), (1, request.consents.len() + request.learned.len())),
        Err(_) => assert_eq!((kept, events), (0, 0), "{request:?}"),
    }
}

use Decision::{Agreed, Declined};

#[test]
fn only_what_is_asked_at_an_age_is_kept() {
    let agreed = |member| [(WIFE, Agreed), (member, Agreed)];
    let ask = |member, fact, answer, expect| {
        check(Basis::Consent, &met(WIFE, &agreed(member), &[(member, fact, answer, None)]), expect);
    };
    ask(AGED_15, Fact::Vneid, "level2", Ok(()));
    ask(AGED_15, Fact::Payment, "bank", Err("visit.not_asked_at_this_age"));
    ask(AGED_17, Fact::Payment, "bank", Ok(()));
    ask(AGED_17, Fact::Smartphone, "own", Err("visit.not_asked_at_this_age"));
    ask(HUSBAND, Fact::Smartphone, "own", Ok(()));
    let (wife, helper, stranger) = (WIFE.to_string(), HUSBAND.to_string(), person(99).to_string());
    ask(HUSBAND, Fact::AssistedBy, &wife, Ok(()));
    ask(AGED_17, Fact::AssistedBy, &helper, Err("visit.not_asked_at_this_age"));
    ask(HUSBAND, Fact::AssistedBy, &stranger, Err("visit.no_such_member"));
    ask(HUSBAND, Fact::DigitalSignature, "yes", Err("visit.not_asked_at_this_age"));
    // Where the law is the basis nobody's consent is needed, and children are still not asked.
    let child = met(WIFE, &[], &[(AGED_9, Fact::Vneid, "none", None)]);
    check(Basis::StateTask, &child, Err("visit.not_asked_at_this_age"));
}

/// The plan lets anybody of the household make it a Gia đình số, of any age: the pupil at whom the others point.
#[test]
fn a_pupil_who_guides_the_family_makes_it_a_gia_dinh_so_and_changes_no_denominator() {
    let all_four = |member| {
        [
            (member, Fact::Bdhvs, "learning", None),
            (member, Fact::Knows, "yes", None),
            (member, Fact::Skill, "yes", None),
            (member, Fact::Uses, "yes", None),
            (member, Fact::GuidesFamily, "yes", None),
        ]
    };
    let (_dir, mut laptop) = laptop(Basis::Consent);
    let before = app::register::figures(&mut laptop, None).unwrap();
    let agreed = [(WIFE, Agreed), (AGED_15, Agreed)];
    let saved = save(&mut laptop, &met(WIFE, &agreed, &all_four(AGED_15))).unwrap();
    assert!(matches!(saved.verdict, domain::criteria::Verdict::Met { .. }), "{:?}", saved.verdict);
    let after = app::register::figures(&mut laptop, None).unwrap();
    assert_eq!(after.facts, before.facts, "rates are over those who are asked");
    assert_eq!((before.digital_family.met, after.digital_family.met), (0, 1));

    let refuse = |member, fact: Fact| {
        let request = met(WIFE, &[], &[(member, fact, "yes", None)]);
        check(Basis::StateTask, &request, Err("visit.not_asked_at_this_age"));
    };
    refuse(AGED_15, Fact::Safe);
    refuse(AGED_9, Fact::GuidesFamily);
    // As for every child, with a representative's consent only.
    let unasked = met(WIFE, &[(WIFE, Agreed)], &all_four(AGED_15)[..1]);
    check(Basis::Consent, &unasked, Err("visit.no_consent"));
}

#[test]
fn consent_by_age() {
    let say = |respondent, member, decision, expect| {
        check(Basis::Consent, &met(respondent, &[(member, decision)], &[]), expect);
    };
    say(WIFE, AGED_9, Agreed, Err("visit.consent_not_asked"));
    say(WIFE, AGED_9, Declined, Err("visit.consent_not_asked"));
    say(WIFE, AGED_15, Agreed, Ok(()));
    say(AGED_17, AGED_15, Agreed, Err("visit.representative_needed"));
    say(AGED_17, AGED_15, Declined, Ok(()));
    say(AGED_17, AGED_17, Agreed, Ok(()));
    say(AGED_15, WIFE, Declined, Err("visit.respondent_too_young"));
    // Not through a closed door either.
    let absent =
        VisitRequest { outcome: Outcome::NobodyToAnswer, members_unchanged: false, ..met(AGED_9, &[], &[]) };
    check(Basis::Consent, &absent, Err("visit.respondent_too_young"));
    check(Basis::Consent, &VisitRequest { respondent: None, ..absent }, Ok(()));
}

#[test]
fn how_it_is_known_follows_who_answers() {
    let both = [(WIFE, Agreed), (HUSBAND, Agreed)];
    let know = |member, fact, answer, seen, expect| {
        check(Basis::Consent, &met(WIFE, &both, &[(member, fact, answer, Some(seen))]), expect);
    };
    use Evidence::{Certified, Demonstrated, Imported, Observed, Proxy, SelfReported};
    know(WIFE, Fact::Uses, "yes", Demonstrated, Ok(()));
    know(HUSBAND, Fact::Uses, "yes", Observed, Ok(()));
    know(HUSBAND, Fact::Uses, "yes", SelfReported, Err("visit.evidence_not_stronger"));
    know(WIFE, Fact::Uses, "yes", Proxy, Err("visit.evidence_not_stronger"));
    know(WIFE, Fact::Uses, "yes", Imported, Err("visit.evidence_not_stronger"));
    know(WIFE, Fact::Bdhvs, "completed", Certified, Ok(()));
    know(HUSBAND, Fact::Bdhvs, "completed", Certified, Err("visit.evidence_not_certified"));
    know(WIFE, Fact::Smartphone, "own", Certified, Err("visit.evidence_not_certified"));
    know(WIFE, Fact::Payment, "bank", SelfReported, Ok(()));
    know(WIFE, Fact::Payment, "bank", Observed, Err("visit.evidence_never_seen"));
    know(HUSBAND, Fact::Payment, "bank", Demonstrated, Err("visit.evidence_never_seen"));

    let (_dir, mut laptop) = laptop(Basis::Consent);
    let said = [(WIFE, Fact::Payment, "bank", None), (HUSBAND, Fact::Payment, "none", None)];
    save(&mut laptop, &met(WIFE, &both, &said)).unwrap();
    let evidence = |member| {
        let kept = assessments::of_member(laptop.store.reading(), member).unwrap();
        kept[0].1.answers[0].2
    };
    assert_eq!((evidence(WIFE), evidence(HUSBAND)), (SelfReported, Proxy));
}

/// Door rules §5: under A an absent adult keeps the roster line and nothing else; under B a relative may
/// answer three facts; nobody answers for a child whose representative did not agree.
#[test]
fn what_a_relative_says_of_somebody_who_was_not_asked() {
    let about = |basis, member, fact, answer, expect| {
        check(basis, &met(WIFE, &[(WIFE, Agreed)], &[(member, fact, answer, None)]), expect);
    };
    about(Basis::Consent, HUSBAND, Fact::Smartphone, "own", Err("visit.no_consent"));
    about(Basis::ConsentAndProxy, HUSBAND, Fact::Smartphone, "own", Ok(()));
    about(Basis::ConsentAndProxy, HUSBAND, Fact::Skill, "yes", Err("visit.no_consent"));
    about(Basis::ConsentAndProxy, AGED_15, Fact::Vneid, "level1", Err("visit.no_consent"));
    about(Basis::ConsentAndProxy, AGED_17, Fact::Vneid, "level1", Ok(()));
    about(Basis::StateTask, HUSBAND, Fact::Skill, "yes", Ok(()));

    // Nor by saying that the team saw it.
    let seen = |basis, evidence, expect| {
        let said = [(HUSBAND, Fact::Smartphone, "own", Some(evidence))];
        check(basis, &met(WIFE, &[(WIFE, Agreed)], &said), expect);
    };
    for evidence in Evidence::ALL {
        let expect = if evidence == Evidence::Proxy { Ok(()) } else { Err("visit.relative_only_says") };
        seen(Basis::ConsentAndProxy, evidence, expect);
    }
    seen(Basis::StateTask, Evidence::Observed, Ok(()));
    let both = [(WIFE, Agreed), (HUSBAND, Agreed)];
    let agreed = met(WIFE, &both, &[(HUSBAND, Fact::Smartphone, "own", Some(Evidence::Observed))]);
    check(Basis::ConsentAndProxy, &agreed, Ok(()));
}

#[test]
fn words_that_no_page_has_are_not_kept() {
    let visit = || met(WIFE, &[(WIFE, Agreed)], &[]);
    let refuse = |request: VisitRequest, code| check(Basis::Consent, &request, Err(code));
    let closed = || VisitRequest { respondent: None, members_unchanged: false, consents: vec![], ..visit() };
    refuse(VisitRequest { outcome: Outcome::from_code("asleep"), ..closed() }, "visit.unknown_word");
    refuse(VisitRequest { outcome: Outcome::TakenBack, ..closed() }, "visit.unknown_word");
    refuse(VisitRequest { channel: Channel::from_code("pigeon"), ..visit() }, "visit.unknown_word");
    refuse(VisitRequest { topics: vec![Topic::from_code("yoga")], ..visit() }, "visit.unknown_word");
    let consents = vec![(WIFE, Decision::from_code("perhaps"))];
    refuse(VisitRequest { consents, ..visit() }, "visit.unknown_word");
    for (fact, answer) in [(Fact::Smartphone, "implanted"), (Fact::Payment, "bank+shells")] {
        refuse(met(WIFE, &[(WIFE, Agreed)], &[(WIFE, fact, answer, None)]), "visit.unknown_word");
    }
}

#[test]
fn a_day_to_come_back_is_neither_past_nor_years_ahead() {
    let today = domain::calendar::Day::new(2026, 11, 22).unwrap();
    let come_back = |day, expect| {
        let request = VisitRequest { next_day: Some(day), ..met(WIFE, &[(WIFE, Agreed)], &[]) };
        check(Basis::Consent, &request, expect);
    };
    come_back(today, Ok(()));
    come_back(today.plus_months(12), Ok(()));
    come_back(domain::calendar::Day::new(2026, 11, 21).unwrap(), Err("visit.day_out_of_range"));
    come_back(today.plus_months(12).plus_days(1), Err("visit.day_out_of_range"));
}

#[test]
fn a_fact_of_one_person_is_answered_once() {
    let said = [(WIFE, Fact::Uses, "yes", None), (WIFE, Fact::Uses, "no", None)];
    let twice = met(WIFE, &[(WIFE, Agreed)], &said);
    check(Basis::Consent, &twice, Err("visit.fact_twice"));
    let mut in_one = twice;
    let more = in_one.learned.remove(1).answers;
    in_one.learned[0].answers.extend(more);
    check(Basis::Consent, &in_one, Err("visit.fact_twice"));
}

/// The husband moved to his mother's between the visit and the undo.
#[test]
fn undo_takes_back_what_was_learned_of_somebody_who_moved_since() {
    let (_dir, mut laptop) = laptop(Basis::Consent);
    let both = [(WIFE, Agreed), (HUSBAND, Agreed)];
    let said = [(WIFE, Fact::Uses, "yes", None), (HUSBAND, Fact::Uses, "yes", None)];
    let visit = save(&mut laptop, &met(WIFE, &both, &said)).unwrap().visit;
    let elsewhere = HouseholdId(Uuid::from_u128(0x1001));
    let home = store::tables::households::get(laptop.store.reading(), HOME).unwrap().unwrap();
    let husband = store::tables::members::get(laptop.store.reading(), HUSBAND).unwrap().unwrap();
    let operation = Operation { name: "test", scope: Scope::from(UNIT), job: None };
    laptop
        .store
        .transact(operation, |change| {
            change.put(&Household { id: elsewhere, house_no: "5".into(), ..home.clone() })?;
            change.put(&Member { household: elsewhere, ..husband.clone() })
        })
        .unwrap();
    app::undo::take_back(&mut laptop, HOME, visit).unwrap();
    for member in [WIFE, HUSBAND] {
        let consents = consents::of_member(laptop.store.reading(), member).unwrap();
        let facts = assessments::of_member(laptop.store.reading(), member).unwrap();
        assert_eq!((standing(&consents).len(), standing(&facts).len()), (1, 1), "{member:?}");
        assert!(standing(&consents)[0].1.voids.is_some() && standing(&facts)[0].1.voids.is_some());
    }
}
