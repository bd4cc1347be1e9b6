//! Saving the visit of a household of five: 1 visit, 5 answers to the consent question, 5 assessments.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use domain::calendar::Day;
use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use store::{DataFolder, DatabaseKey, Durability, Operation, Store};
use sync_core::op::Scope;
use tests::dice::Dice;
use tests::disk;
use tests::laptop::{NOON_MS, options};
use tests::register::FullVisit;

use crate::by_hand::{Rows, last_save};
use crate::commune::Portion;
use crate::measure::{Spent, median, micros, timed};
use crate::report::{Report, Row};

const SAVES: usize = 400;
/// So many of ours, then the same by hand: long enough that neither runs on caches the other left behind.
const BLOCK: usize = 20;

/// One laptop of ours and one file written by hand, both holding the commune.
struct Pair {
    store: Store,
    by_hand: Connection,
}

/// The stores and what is in them.
pub(crate) struct Given<'a> {
    pub(crate) dir: &'a Path,
    pub(crate) base: &'a Path,
    pub(crate) key: &'a DatabaseKey,
    pub(crate) portions: &'a [Portion],
    pub(crate) size: &'a str,
}

pub(crate) fn run(report: &mut Report, given: &Given<'_>, durability: Durability) -> Result<()> {
    let folder = |name: &str| given.dir.join(format!("{name}-{durability:?}"));
    let (ours, hand) = (folder("ours"), folder("hand"));
    disk::copy(given.base, &ours)?;
    disk::copy(given.base, &hand)?;
    let options = options(2, durability)?;
    let mut pair = Pair {
        store: Store::open_with_key(DataFolder::open(&ours)?, given.key.clone(), options)?,
        by_hand: database::connect(&hand.join("register.db"), given.key, durability)?,
    };
    // In favour of the reference: with the default of 2 MB it read 60 pages again in each save.
    pair.by_hand.pragma_update(None, "cache_size", -64_000)?;
    let visits = visits(given.portions)?;
    let (measured, last) = visits.split_at(visits.len().saturating_sub(1));
    let mut spent = Vec::new();
    for block in measured.chunks(BLOCK) {
        spent.extend(pair.save(block)?);
    }
    let last = last.first().context("a household of five")?;
    let counted = pair.count_statements(last)?;
    let size = format!("{}, median of {} saves", given.size, spent.len());
    say(report, &spent, durability, &size);
    if durability == Durability::Off {
        let seq = last_save(pair.store.reading())?;
        let body: Vec<u8> =
            pair.store
                .reading()
                .query_row("SELECT body FROM saves WHERE seq = ?1", [seq], |row| row.get(0))?;
        report.notes.push(format!(
            "one save runs {} SQL statements, by hand {}; it leaves {} rows; its op body has {} bytes",
            counted.0,
            counted.1,
            Rows::of_save(pair.store.reading(), seq)?.count(),
            body.len()
        ));
        report.notes.push(format!(
            "sealing such a body for the commune (age) takes {:.0} µs of the processor; by hand nothing is sealed",
            sealing_micros(&body)?
        ));
    }
    Ok(())
}

fn say(report: &mut Report, spent: &[(Spent, Spent)], durability: Durability, size: &str) {
    let of = |pick: fn(&Spent) -> f64| {
        let ours: Vec<f64> = spent.iter().map(|(ours, _)| pick(ours)).collect();
        let hand: Vec<f64> = spent.iter().map(|(_, hand)| pick(hand)).collect();
        (median(&ours), median(&hand))
    };
    let (work, unit, (ours, hand), at_most) = match durability {
        Durability::Full => {
            ("save a visit of five, until it survives a power cut", "µs", of(|one| micros(one.wall)), None)
        }
        Durability::Off => {
            ("save a visit of five, processor", "µs of processor", of(|one| micros(one.cpu)), Some(3.0))
        }
    };
    report.rows.push(Row {
        work: work.into(),
        size: size.into(),
        unit,
        ours,
        reference:
            "the rows that the save left in all tables (visit, assessments, consents, save with its op \
                    body, overlay, the household's count, the alley's tally, numbering), values at hand, \
                    prepared statements, one transaction; nothing read, counted or sealed"
                .into(),
        reference_value: hand,
        at_most,
    });
}

/// One visit and its scope.
type Planned = (Scope, FullVisit);

impl Pair {
    fn save(&mut self, block: &[Planned]) -> Result<Vec<(Spent, Spent)>> {
        let before = last_save(self.store.reading())?;
        let mut ours = Vec::new();
        for (scope, visit) in block {
            let operation = Operation { name: "visit.save", scope: *scope, job: None };
            let (saved, spent) = timed(|| self.store.transact(operation, |change| visit.put(change)));
            saved?;
            ours.push(spent);
        }
        let rows = (before + 1..=last_save(self.store.reading())?)
            .map(|seq| Rows::of_save(self.store.reading(), seq))
            .collect::<Result<Vec<_>>>()?;
        let mut both = Vec::new();
        for (ours, rows) in ours.into_iter().zip(rows) {
            let (written, spent) = timed(|| rows.write(&mut self.by_hand));
            written?;
            both.push((ours, spent));
        }
        Ok(both)
    }

    fn count_statements(&mut self, (scope, visit): &Planned) -> Result<(u64, u64)> {
        let operation = Operation { name: "visit.save", scope: *scope, job: None };
        let before = count(self.store.reading(), true);
        self.store.transact(operation, |change| visit.put(change))?;
        let ours = count(self.store.reading(), false) - before;
        let rows = Rows::of_save(self.store.reading(), last_save(self.store.reading())?)?;
        let before = count(&self.by_hand, true);
        rows.write(&mut self.by_hand)?;
        Ok((ours, count(&self.by_hand, false) - before))
    }
}

static STATEMENTS: AtomicU64 = AtomicU64::new(0);

/// Switches the counting of a connection's statements, and says how many were counted so far.
fn count(connection: &Connection, on: bool) -> u64 {
    fn one_more(_: TraceEvent<'_>) {
        STATEMENTS.fetch_add(1, Ordering::Relaxed);
    }
    let tracer: Option<fn(TraceEvent<'_>)> = if on { Some(one_more) } else { None };
    connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, tracer);
    STATEMENTS.load(Ordering::Relaxed)
}

/// One for each household of five, as many as are measured and one more.
fn visits(portions: &[Portion]) -> Result<Vec<Planned>> {
    let mut dice = Dice::new(5);
    let of_five = portions
        .iter()
        .flat_map(|portion| &portion.households)
        .filter(|(_, _, members)| members.len() == 5)
        .take(SAVES + 1);
    let mut visits = Vec::new();
    for (_, household, members) in of_five {
        let ids: Vec<_> = members.iter().map(|member| member.id).collect();
        let mut random = || {
            let two = (u128::from(dice.roll()) << 64) + u128::from(dice.roll());
            Ok(two.to_le_bytes())
        };
        let visit = FullVisit::of(household.id, &ids, Day::at(NOON_MS), &mut random)?;
        visits.push((Scope::from(household.hamlet_unit), visit));
    }
    Ok(visits)
}

fn sealing_micros(body: &[u8]) -> Result<f64> {
    let recipient = age::x25519::Identity::generate().to_public();
    let mut times = Vec::new();
    for _ in 0..200 {
        let (sealed, spent) = timed(|| age::encrypt(&recipient, body));
        sealed?;
        times.push(micros(spent.cpu));
    }
    Ok(median(&times))
}
