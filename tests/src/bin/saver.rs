//! Saves until it is killed: `saver FOLDER SEED RECIPIENT`. Prints the group of each save after the
//! store has confirmed it, so that whoever reads along has a list of its own of what must be there.

// A tool of a test: its standard output is its report.
#![allow(clippy::print_stdout)]

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use domain::visit::Outcome;
use store::tables::households;
use store::{Change, Durability, Operation, Store, StoreError};
use sync_core::op::Scope;
use tests::dice::Dice;
use tests::laptop::{open_or_create, options};
use tests::register::{self, FullVisit, UNIT};

/// Enough to differ; a recount of them all stays quick.
const HOUSEHOLDS: u64 = 24;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = || arguments.next().context("saver FOLDER SEED RECIPIENT");
    let (folder, seed, recipient) = (argument()?, argument()?.parse()?, argument()?);
    let mut store = open_or_create(Path::new(&folder), &recipient, || options(seed, Durability::Full))?;
    let mut dice = Dice::new(!seed);
    let mut known = households::list(store.reading())?.len() as u64;
    let mut out = std::io::stdout().lock();
    loop {
        let saved = save_something(&mut store, &mut dice, known)?;
        if let Some(group) = saved {
            // One write of a whole line: a pipe takes it all or, after the kill, nothing.
            out.write_all(format!("{}\n", group.0).as_bytes())?;
            out.flush()?;
        }
        known = known.max(households::list(store.reading())?.len() as u64);
    }
}

fn save_something(
    store: &mut Store,
    dice: &mut Dice,
    known: u64,
) -> Result<Option<sync_core::op::GroupId>, StoreError> {
    let operation = Operation { name: "visit.save", scope: Scope::from(UNIT), job: None };
    let household = dice.below(known.max(1));
    let what = if known == 0 { 0 } else { dice.below(8) };
    let people = 1 + dice.below(5);
    let ((), saved) = store.transact(operation, |change| match what {
        0 if known < HOUSEHOLDS => register::put_household(change, known, people),
        1 => put_visit(change, household, 5),
        2 | 3 => rename(change, household, dice),
        4 | 5 => put_visit(change, household, 0),
        _ => put_visit(change, household, 1),
    })?;
    Ok(saved.group)
}

fn put_visit(change: &mut Change<'_>, household: u64, people: u64) -> Result<(), StoreError> {
    let members: Vec<_> = (0..people).map(|nth| register::member(household, nth).id).collect();
    let day = change.today();
    let mut full = FullVisit::of(register::household_id(household), &members, day, || change.random::<16>())?;
    if people == 0 {
        full.visit.outcome = Outcome::Absent;
    }
    full.put(change)
}

fn rename(change: &mut Change<'_>, household: u64, dice: &mut Dice) -> Result<(), StoreError> {
    let mut member = register::member(household, 0);
    member.full_name = format!("Người Mới {}", dice.below(1_000));
    change.put(&member)
}
