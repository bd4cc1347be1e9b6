//! Taking the commune's list into an empty store: a job of groups of at most 64 KiB.

use std::path::Path;

use anyhow::Result;
use rusqlite::Connection;
use store::{DatabaseKey, Durability};

use crate::by_hand::{Rows, last_save};
use crate::commune::{Portion, empty_store};
use crate::measure::{median, timed};
use crate::report::{Report, Row};

const ROUNDS: usize = 3;

pub(crate) fn run(
    report: &mut Report,
    dir: &Path,
    key: &DatabaseKey,
    portions: &[Portion],
    size: &str,
) -> Result<()> {
    let (mut ours, mut hand, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let mut store = empty_store(&dir.join(format!("import-{round}")), Durability::Full)?;
        let (saved, spent) = timed(|| portions.iter().try_for_each(|portion| portion.save(&mut store)));
        saved?;
        ours.push(spent.wall.as_secs_f64());
        rows = rows_of_all(store.reading())?;
        let mut connection = empty_file(&dir.join(format!("by-hand-{round}.db")), key, store.reading())?;
        let (written, spent) = timed(|| rows.iter().try_for_each(|save| save.write(&mut connection)));
        written?;
        hand.push(spent.wall.as_secs_f64());
    }
    let written: usize = rows.iter().map(Rows::count).sum();
    report.rows.push(Row {
        work: "import the commune's list".into(),
        size: format!("{size}, {} saves, {written} rows, median of {ROUNDS}", portions.len()),
        unit: "s",
        ours: median(&ours),
        reference: "the rows that those saves left, full-text index included, values at hand, prepared \
                    statements, a transaction for each of them; the list is read before the clock runs"
            .into(),
        reference_value: median(&hand),
        at_most: None,
    });
    Ok(())
}

fn rows_of_all(connection: &Connection) -> Result<Vec<Rows>> {
    (1..=last_save(connection)?).map(|seq| Rows::of_save(connection, seq)).collect()
}

/// The same schema, nothing in it.
fn empty_file(path: &Path, key: &DatabaseKey, like: &Connection) -> Result<Connection> {
    let connection = database::connect(path, key, Durability::Full)?;
    let mut statement = like.prepare(
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'refinery%'
           AND name NOT LIKE 'member_search_%' ORDER BY rowid",
    )?;
    for sql in statement.query_map([], |row| row.get::<_, String>(0))? {
        connection.execute_batch(&sql?)?;
    }
    Ok(connection)
}
