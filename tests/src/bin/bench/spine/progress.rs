//! Opening the commune's figures: every alley's tally, and their sum.

use std::path::Path;

use anyhow::Result;
use domain::tally::Tally;
use rusqlite::Connection;
use store::{DataFolder, Durability, Store, StoreError, counts};
use tests::laptop::{PASSPHRASE, options};

use crate::measure::{median, micros, timed};
use crate::report::{Report, Row};

const ROUNDS: usize = 101;

pub(crate) fn run(report: &mut Report, base: &Path, size: &str) -> Result<()> {
    let store = Store::open(DataFolder::open(base)?, PASSPHRASE, options(4, Durability::Off)?)?;
    let (mut ours, mut hand, mut alleys) = (Vec::new(), Vec::new(), 0);
    for _ in 0..ROUNDS {
        let (summed, spent) = timed(|| sum(store.reading()));
        alleys = summed?.0;
        ours.push(micros(spent.wall));
        let (read, spent) = timed(|| read_bytes(store.reading()));
        read?;
        hand.push(micros(spent.wall));
    }
    report.rows.push(Row {
        work: "open the commune's figures".into(),
        size: format!("{size}, {alleys} alleys, median of {ROUNDS}"),
        unit: "µs",
        ours: median(&ours),
        reference: "the same SELECT; the tallies are read as text, neither decoded nor added up".into(),
        reference_value: median(&hand),
        at_most: None,
    });
    Ok(())
}

fn sum(connection: &Connection) -> Result<(usize, Tally), StoreError> {
    let alleys = counts::by_alley(connection)?;
    let mut sum = Tally::default();
    alleys.iter().for_each(|alley| sum.add(&alley.tally));
    Ok((alleys.len(), sum))
}

fn read_bytes(connection: &Connection) -> Result<usize> {
    let mut statement = connection.prepare_cached("SELECT hamlet_unit_id, alley_id, tally FROM tallies")?;
    let mut found = statement.query([])?;
    let mut bytes = 0;
    while let Some(row) = found.next()? {
        bytes += row.get_ref(0)?.as_blob()?.len() + row.get_ref(1)?.as_blob()?.len();
        bytes += row.get_ref(2)?.as_str()?.len();
    }
    Ok(bytes)
}
