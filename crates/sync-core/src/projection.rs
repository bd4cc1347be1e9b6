//! What is known as of a day, derived from the set of events. **A function of the set, never a fold**:
//! pairwise rules go in circles and then depend on the order of arrival (F19). Projections are derived on
//! every replica and never synced.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::calendar::Day;
use domain::consent::Consent;
use domain::fact::{Answer, Assessment, Current, Evidence, Fact};
use domain::people::Residence;
use domain::visit::Visit;
use uuid::Uuid;

use crate::records::{Attendance, ResidenceEvent};
use crate::stamp::OrderKey;

/// An event that another one can make void.
pub trait Voidable {
    /// Its own id.
    fn event(&self) -> Uuid;
    /// The event it corrects or undoes.
    fn names(&self) -> Option<Uuid>;
}

macro_rules! voidable {
    ($($event:ty)*) => {$(
        impl Voidable for $event {
            fn event(&self) -> Uuid {
                self.id.0
            }
            fn names(&self) -> Option<Uuid> {
                self.voids.map(|id| id.0)
            }
        }
    )*};
}

voidable! { Assessment Visit Consent ResidenceEvent Attendance }

/// The events that stand, oldest first. An event is void iff a non-void event names it, resolved from the
/// newest name back; one that names itself or a later one is invalid: it neither stands nor voids.
pub fn standing<'a, K: Ord, E: Voidable>(events: impl IntoIterator<Item = &'a (K, E)>) -> Vec<&'a (K, E)> {
    let mut sorted: Vec<&(K, E)> = events.into_iter().collect();
    sorted.sort_by(|a, b| (&a.0, a.1.event()).cmp(&(&b.0, b.1.event())));
    sorted.dedup_by_key(|entry| entry.1.event());
    let places: HashMap<Uuid, usize> =
        sorted.iter().enumerate().map(|(at, (_, e))| (e.event(), at)).collect();
    let mut void = HashSet::new();
    let mut stands = Vec::with_capacity(sorted.len());
    for (at, entry) in sorted.iter().enumerate().rev() {
        let named = entry.1.names();
        let names_itself_or_a_later_one =
            named.is_some_and(|id| places.get(&id).is_some_and(|place| *place >= at));
        if names_itself_or_a_later_one || void.contains(&entry.1.event()) {
            continue;
        }
        void.extend(named);
        stands.push(*entry);
    }
    stands.reverse();
    stands
}

/// An event is dated at most on the day of its effective stamp: nobody knows tomorrow.
pub(crate) fn day_of(key: &OrderKey, day: Day) -> Day {
    day.min(key.stamp.day())
}

/// One answer of one assessment, in the terms the choice is made by.
struct Learned<'a> {
    key: &'a OrderKey,
    day: Day,
    answer: &'a Answer,
    evidence: Evidence,
    source: &'a Assessment,
    valid_until: Day,
}

impl Learned<'_> {
    /// Yes/no before unknown, then strength, then day, then the order.
    fn strength(&self) -> impl Ord + use<> {
        (self.answer.is_known(), self.evidence, self.day, self.key.stamp, self.key.op)
    }

    fn recency(&self) -> impl Ord + use<> {
        (self.answer.is_known(), self.day, self.key.stamp, self.key.op)
    }
}

/// What is known about one person as of a day, from that person's assessments in any order (§1): among
/// those not voided, dated no later and still valid, yes/no before unknown, then the highest by evidence,
/// day, stamp and op id. If none is valid: unknown, with the newest known one shown as lapsed. A fact
/// nobody asked about has no entry.
///
/// `validity` gives the first day on which an answer learned on a day no longer counts.
pub fn current_facts(
    assessments: &[(OrderKey, Assessment)],
    as_of: Day,
    validity: impl Fn(&Fact, Evidence, Day) -> Day,
) -> BTreeMap<Fact, Current> {
    let mut learned: BTreeMap<&Fact, Vec<Learned<'_>>> = BTreeMap::new();
    for (key, source) in standing(assessments) {
        let day = day_of(key, source.day);
        if day > as_of {
            continue;
        }
        for (fact, answer, evidence) in &source.answers {
            let (evidence, valid_until) = (*evidence, validity(fact, *evidence, day));
            let one = Learned { key, day, answer, evidence, source, valid_until };
            learned.entry(fact).or_default().push(one);
        }
    }
    let current = |(fact, learned): (&Fact, Vec<Learned<'_>>)| {
        let valid = learned.iter().filter(|one| as_of < one.valid_until).max_by_key(|one| one.strength());
        let (one, lapsed) = match valid {
            Some(one) => (one, false),
            None => (learned.iter().max_by_key(|one| one.recency())?, true),
        };
        let current = Current {
            answer: if lapsed { Answer::Unknown } else { one.answer.clone() },
            evidence: one.evidence,
            day: one.day,
            source: one.source.id,
            lapsed,
            valid_until: one.valid_until,
        };
        Some((fact.clone(), current))
    };
    learned.into_iter().filter_map(current).collect()
}

/// The event with the latest (day, stamp, op) up to a day that says what is asked for.
fn latest<T>(
    events: &[(OrderKey, ResidenceEvent)],
    as_of: Day,
    says: impl Fn(&ResidenceEvent) -> Option<T>,
) -> Option<T> {
    let dated = standing(events).into_iter().map(|(key, event)| (day_of(key, event.day), key, event));
    dated
        .filter(|(day, ..)| *day <= as_of)
        .filter_map(|(day, key, event)| says(event).map(|said| ((day, key.stamp, key.op), said)))
        .max_by_key(|(place, _)| *place)
        .map(|(_, said)| said)
}

/// Where a person lives as of a day: the latest change recorded up to then, else what the list said.
pub fn residence_as_of(listed: Residence, events: &[(OrderKey, ResidenceEvent)], as_of: Day) -> Residence {
    latest(events, as_of, |event| event.status.clone()).unwrap_or(listed)
}

/// The household a person belongs to as of a day: the latest one joined, else the one of the list.
pub fn household_as_of(
    listed: domain::ids::HouseholdId,
    events: &[(OrderKey, ResidenceEvent)],
    as_of: Day,
) -> domain::ids::HouseholdId {
    latest(events, as_of, |event| event.household).unwrap_or(listed)
}
