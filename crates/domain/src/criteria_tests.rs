//! The plan's own set clause by clause, and what keeps a verdict open.

use super::*;
use crate::sample::{plan, rules, somebody, today};

/// A word for the verdict, and how many steps the nearest has to go.
fn verdict(people: &[(&str, &str)]) -> (&'static str, usize) {
    let people: Vec<_> =
        (1..).zip(people).map(|(number, (birth, facts))| somebody(number, birth, facts)).collect();
    let seen: Vec<_> = people.iter().map(|person| person.seen()).collect();
    let steps = |nearest: Option<Nearest>| nearest.map_or(0, |nearest| nearest.missing.len());
    match judge(&plan(), &rules(), &seen, today()) {
        Verdict::Met { recognisable: true, .. } => ("recognisable", 0),
        Verdict::Met { recognisable: false, .. } => ("met", 0),
        Verdict::NotMet { nearest } => ("not_met", nearest.missing.len()),
        Verdict::Insufficient { nearest, .. } => ("insufficient", steps(nearest)),
    }
}

#[track_caller]
fn check(people: &[(&str, &str)], expect: (&str, usize)) {
    assert_eq!(verdict(people), expect, "{people:?}");
}

const ALL_FOUR: &str = "bdhvs=learning knows=yes skill=yes uses=yes guides_family=yes";
const NOTHING: &str = "bdhvs=not_started knows=no skill=no uses=no guides_family=no";
const OTHER: (&str, &str) = ("1960", NOTHING);

#[test]
fn the_plan_s_own_set_word_by_word() {
    check(&[("1985", ALL_FOUR), OTHER], ("met", 0));
    // Spread over two people it does not count: one person, all four.
    check(
        &[
            ("1985", "bdhvs=learning knows=yes skill=yes uses=no guides_family=no"),
            ("1987", "bdhvs=not_started knows=no skill=no uses=yes guides_family=yes"),
        ],
        ("not_met", 2),
    );
    check(&[("1985", "bdhvs=completed knows=yes skill=yes uses=yes guides_family=yes"), OTHER], ("met", 0));
    // c1 by guidance or by a session attended.
    check(
        &[("1985", "bdhvs=not_started guided knows=yes skill=yes uses=yes guides_family=yes"), OTHER],
        ("met", 0),
    );
    check(&[("1985", "attended knows=yes skill=yes uses=yes guides_family=yes"), OTHER], ("met", 0));
    // c2 needs both parts.
    check(&[("1985", "bdhvs=learning knows=yes skill=no uses=yes guides_family=yes"), OTHER], ("not_met", 1));
    // c3 observed or better can be recognised.
    check(
        &[("1985", "bdhvs=learning knows=yes skill=yes uses=yes:observed guides_family=yes"), OTHER],
        ("recognisable", 0),
    );
    check(
        &[("1985", "bdhvs=learning knows=yes skill=yes uses=yes:certified guides_family=yes"), OTHER],
        ("recognisable", 0),
    );
}

#[test]
fn c4_does_not_apply_to_somebody_living_alone() {
    let alone = "bdhvs=learning knows=yes skill=yes uses=yes";
    check(&[("1985", alone)], ("met", 0));
    check(&[("1985", alone), OTHER], ("insufficient", 1));
    check(&[("1985", &format!("{alone} guides_family=no")), OTHER], ("not_met", 1));
    // A spouse away for work makes a household of two; one who moved out does not.
    check(&[("1985", alone), ("1986", "away")], ("insufficient", 1));
    check(&[("1985", alone), ("1986", "moved_out")], ("met", 0));
    // Neither does a duplicate line that was deleted.
    let (lan, mut twice) = (somebody(1, "1985", alone), somebody(2, "1985", ""));
    twice.member.alive = false;
    let verdict = judge(&plan(), &rules(), &[lan.seen(), twice.seen()], today());
    assert!(matches!(verdict, Verdict::Met { .. }), "{verdict:?}");
}

#[test]
fn unknown_is_not_no() {
    check(&[("1985", ""), ("1987", "")], ("insufficient", 5));
    check(&[("1985", "knows=no"), ("1987", "")], ("insufficient", 5));
    check(&[("1985", "knows=no"), ("1987", "uses=no")], ("not_met", 5));
    check(
        &[("1985", "bdhvs=learning knows=yes skill=unknown uses=yes guides_family=yes"), OTHER],
        ("insufficient", 1),
    );
    // An answer of a newer version is neither yes nor no here.
    check(
        &[("1985", "bdhvs=mentoring knows=yes skill=yes uses=yes guides_family=yes"), OTHER],
        ("insufficient", 1),
    );
}

#[test]
fn only_people_living_there_now_and_any_age() {
    check(&[("1985", &format!("{ALL_FOUR} away")), OTHER], ("not_met", 5));
    check(&[("1985", &format!("{ALL_FOUR} deceased")), OTHER], ("not_met", 4));
    check(&[("1985", &format!("{ALL_FOUR} temporary")), OTHER], ("met", 0));
    check(&[("2011", ALL_FOUR), OTHER], ("met", 0));
}

#[test]
fn those_of_whom_nothing_is_asked_keep_no_verdict_open() {
    check(&[OTHER, ("2023", "")], ("not_met", 5));
    check(&[OTHER, ("2011", "")], ("not_met", 5));
    check(&[OTHER, ("2011", "knows=yes")], ("insufficient", 4));
    check(&[("2023", "")], ("insufficient", 0));
    check(&[], ("insufficient", 0));
}

#[test]
fn reasons_name_person_clause_and_step() {
    let lan = somebody(1, "1985", "bdhvs=learning knows=yes skill=yes uses=no guides_family=yes");
    let tu = somebody(2, "1950", "");
    let Verdict::Insufficient { nearest: Some(nearest), to_ask: Some(to_ask) } =
        judge(&plan(), &rules(), &[lan.seen(), tu.seen()], today())
    else {
        panic!("somebody may still meet it");
    };
    assert_eq!(nearest.member, lan.member.id);
    let expected = Missing { clause: "c3".into(), step: Step::Fact(Fact::Uses), now: Truth::No };
    assert_eq!(nearest.missing, [expected]);
    assert_eq!(to_ask.member, tu.member.id);
    assert!(to_ask.missing.iter().all(|missing| missing.now == Truth::Unknown));
}

#[test]
fn another_set_is_another_file_of_the_same_form() {
    let stricter = r#"{
        "id": "stricter", "version": 1, "name": "Gia đình số", "valid_from": "2026-01-01",
        "citation": { "document": "d", "paragraph": "p", "text": "t" },
        "clauses": [
            { "id": "device", "citation": "x", "requires": { "fact": "smartphone", "in": ["own", "shared"] } },
            { "id": "identity", "citation": "x", "requires": { "fact": "vneid", "in": ["level2"] } },
            { "id": "services", "citation": "x", "requires": { "fact": "payment", "in": ["bank"] } }
        ]
    }"#;
    let set = CriteriaSet::from_json(stricter).unwrap();
    let met = somebody(1, "1985", "smartphone=shared vneid=level2 payment=bank+ewallet");
    let verdict = judge(&set, &rules(), &[met.seen()], today());
    assert!(matches!(verdict, Verdict::Met { recognisable: true, .. }), "{verdict:?}");
    let not = somebody(1, "1985", "smartphone=own vneid=level1 payment=ewallet");
    assert!(matches!(judge(&set, &rules(), &[not.seen()], today()), Verdict::NotMet { .. }));
}

#[test]
fn a_set_with_words_of_another_version_is_refused() {
    let file = include_str!("../../../assets/criteria/phu-dong-2025.json");
    assert!(CriteriaSet::from_json(&file.replace("\"uses\"", "\"dreams\"")).is_err());
    assert!(CriteriaSet::from_json(&file.replace("\"guided\"", "\"promised\"")).is_err());
    assert!(CriteriaSet::from_json(&file.replace("households_of_several", "castles")).is_err());
}
