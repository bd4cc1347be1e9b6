//! Times reading a list and matching it against itself: `cargo run --release -p roster --example
//! read_list -- FILE [OTHER]`. With OTHER, that list is matched against the register of the first.

// A tool for people: it prints, and ends with what went wrong.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::Instant;

use domain::calendar::Day;
use domain::ids::{HouseholdId, MemberId};
use roster::{Limits, Register, RosterList, match_list, open, read};
use uuid::Uuid;

fn main() -> Result<(), Box<dyn Error>> {
    let mut files = std::env::args().skip(1);
    let first = files.next().ok_or("a file is needed")?;
    let list = timed(&first)?;
    let mut register = Register::from(&list);
    // As if typed in by hand: no record says by its id which row it came from.
    for (number, household) in (0u128..).zip(&mut register.households) {
        household.id = HouseholdId(Uuid::from_u128(number));
        household
            .members
            .iter_mut()
            .for_each(|member| member.id = MemberId(Uuid::from_u128(member.id.0.as_u128() ^ 1)));
    }
    let other = match files.next() {
        Some(other) => timed(&other)?,
        None => list,
    };
    let start = Instant::now();
    let matches = match_list(&other, &register);
    println!("matched in {:?}", start.elapsed());
    println!("households {:?}", matches.household_counts);
    println!("persons {:?}", matches.person_counts);
    Ok(())
}

fn timed(file: &str) -> Result<RosterList, Box<dyn Error>> {
    let bytes = std::fs::read(file)?;
    let today = Day::new(2026, 11, 22).ok_or("no such day")?;
    let start = Instant::now();
    let book = open(&bytes, &Limits::default())?;
    let opened = start.elapsed();
    let list = read(&book, today)?;
    let all = start.elapsed();
    let preview = list.preview();
    println!(
        "{} households, {} persons: opened in {opened:?}, read in {all:?}",
        preview.households, preview.persons
    );
    for warning in preview.rejected.iter().chain(&preview.warnings) {
        println!("{} row {}: {}", warning.sheet, warning.row, warning.reason.code());
    }
    Ok(list)
}
