//! The three visits of the evening, and the process that records them and is killed at a fourth.

use std::io::{BufRead, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use app::visit::{Learned, VisitRequest};
use app::{Laptop, register};
use domain::consent::Decision;
use domain::fact::{Answer, Fact};
use domain::ids::HouseholdId;
use domain::visit::{Channel, Outcome, Topic};
use serde::{Deserialize, Serialize};
use store::tables::households;
use sync_core::household::HouseholdState;
use tests::dice::Dice;

use crate::laptops::place;

/// What the killed process is told on its standard input, one line of JSON.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Evening {
    pub(crate) passphrase: String,
    pub(crate) visits: Vec<VisitRequest>,
}

/// The visits of a seed: one household met and asked everything, one absent, one declined.
pub(crate) fn of_seed(laptop: &mut Laptop, seed: u64) -> Result<Vec<VisitRequest>> {
    let mut dice = Dice::new(seed);
    let mut left: Vec<HouseholdId> =
        households::list(laptop.store.reading())?.into_iter().map(|household| household.id).collect();
    left.sort();
    let mut visits = Vec::new();
    for outcome in [Outcome::Met, Outcome::Absent, Outcome::Declined] {
        let state = loop {
            let picked = *dice.choose(&left).context("no household to visit")?;
            left.retain(|id| *id != picked);
            let state = register::household(laptop, picked)?;
            if !adults(laptop, &state).is_empty() {
                break state;
            }
        };
        visits.push(visit(laptop, &state, outcome, &mut dice)?);
    }
    Ok(visits)
}

/// Places in the household of those who live there and may answer.
fn adults(laptop: &mut Laptop, state: &HouseholdState) -> Vec<usize> {
    let today = laptop.store.today();
    let rules = &laptop.store.counted_by().rules;
    let present = |at: &usize| {
        state.people.get(*at).is_some_and(|person| {
            person.member.residence.lives_here() && rules.is_adult(rules.age(person.member.birth, today))
        })
    };
    (0..state.people.len()).filter(present).collect()
}

fn visit(
    laptop: &mut Laptop,
    state: &HouseholdState,
    outcome: Outcome,
    dice: &mut Dice,
) -> Result<VisitRequest> {
    let adults: Vec<_> = adults(laptop, state)
        .into_iter()
        .filter_map(|at| state.people.get(at))
        .map(|p| p.member.id)
        .collect();
    let first = *adults.first().context("nobody to answer")?;
    let met = outcome == Outcome::Met;
    let learned =
        adults.iter().map(|member| Learned { member: *member, answers: answers(*member == first, dice) });
    Ok(VisitRequest {
        household: state.household.id,
        channel: Channel::AtHome,
        respondent: met.then_some(first),
        members_unchanged: met,
        consents: match outcome {
            Outcome::Met => adults.iter().map(|member| (*member, Decision::Agreed)).collect(),
            Outcome::Declined => vec![(first, Decision::Declined)],
            _ => vec![],
        },
        text_version: "2026-11".into(),
        learned: if met { learned.collect() } else { vec![] },
        topics: if met { vec![Topic::Vneid, Topic::Safety] } else { vec![] },
        guided: if met { vec![first] } else { vec![] },
        next_day: None,
        outcome,
    })
}

/// Phone, VNeID and payment of everybody; of the one who guides the family the four skills too.
fn answers(guide: bool, dice: &mut Dice) -> Vec<(Fact, Answer, Option<domain::fact::Evidence>)> {
    let mut pick = |from: &[&str]| Answer::from((*dice.choose(from).unwrap_or(&"unknown")).to_owned());
    let mut answers = vec![
        (Fact::Smartphone, pick(&["own", "shared"]), None),
        (Fact::Vneid, pick(&["level2", "level1", "not_activated"]), None),
        (Fact::Payment, pick(&["bank", "bank+ewallet", "none"]), None),
    ];
    if guide {
        for fact in [Fact::Knows, Fact::Skill, Fact::Uses, Fact::Safe, Fact::GuidesFamily] {
            answers.push((fact, pick(&["yes", "yes", "no"]), None));
        }
        answers.push((Fact::Bdhvs, pick(&["learning", "completed"]), None));
    }
    answers
}

/// Saves the visits, says each one that is confirmed, then begins one more and never ends it: the reader
/// kills this process while the save is open.
pub(crate) fn save_until_killed(folder: &Path) -> Result<()> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let evening: Evening = serde_json::from_str(&line)?;
    let mut laptop = Laptop::open(place(folder)?, &evening.passphrase)?;
    let mut out = std::io::stdout().lock();
    for visit in &evening.visits {
        let saved = app::visit::save(&mut laptop, visit)?;
        writeln!(out, "{}", saved.visit)?;
    }
    let first = evening.visits.first().context("no visit")?;
    let state = register::household(&mut laptop, first.household)?;
    let operation = store::Operation {
        name: "tour.cut_off",
        scope: sync_core::op::Scope::from(state.household.hamlet_unit),
        job: None,
    };
    let never = laptop.store.transact(operation, |change| {
        change.put(&domain::people::Household {
            house_no: "không được lưu".into(),
            ..state.household.clone()
        })?;
        // In the middle of a save.
        let said = writeln!(out, "open").and_then(|()| out.flush());
        let mut forever = String::new();
        let waited = said.and_then(|()| std::io::stdin().lock().read_line(&mut forever));
        waited.map(drop).map_err(store::StoreError::from)
    });
    bail!("nobody killed this process: {:?}", never.map(|(_, saved)| saved))
}
