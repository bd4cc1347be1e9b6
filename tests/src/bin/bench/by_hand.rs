//! The reference: the rows that a save of ours left behind, written again by plain rusqlite into a file
//! with the same schema, key and settings. Nothing is read, decided, merged, counted, encoded or sealed:
//! prepared statements with values at hand, one transaction per save. No program that has to find those
//! values out can be faster.

use anyhow::{Context, Result};
use domain::text::{fold, fold_sound};
use rusqlite::types::Value;
use rusqlite::{Connection, TransactionBehavior, params_from_iter};

/// The rows of one save, by the statement that writes them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows(Vec<(String, Vec<Vec<Value>>)>);

/// A table's name, and rows of it.
pub(crate) type Table = (&'static str, Vec<Vec<Value>>);

/// Of each table the rows that its condition on `?1` names.
pub(crate) fn rows_of(
    connection: &Connection,
    tables: &[(&'static str, &str)],
    after: i64,
) -> Result<Vec<Table>> {
    let of = |(table, newer): &(&'static str, &str)| {
        Ok((*table, query(connection, &format!("SELECT * FROM {table} WHERE {newer}"), after)?))
    };
    tables.iter().map(of).collect()
}

/// Visible records, by their id in the overlay.
const RECORDS: &[&str] =
    &["hamlet_units", "alleys", "households", "members", "visits", "assessments", "consents"];

/// Tables in which a row may stand already; the others only grow.
const REWRITTEN: &[&str] =
    &["settings", "hamlet_units", "alleys", "households", "household_counts", "tallies"];

/// Households that a save touched, `?1` being its number.
const TOUCHED: &str = "
    SELECT id FROM households JOIN overlay ON record_id = id WHERE seq = ?1
    UNION SELECT household_id FROM members JOIN overlay ON record_id = id WHERE seq = ?1
    UNION SELECT household_id FROM visits JOIN overlay ON record_id = id WHERE seq = ?1";

impl Rows {
    /// What the save of this number left in all tables.
    pub(crate) fn of_save(connection: &Connection, seq: i64) -> Result<Self> {
        let mut rows = Self::default();
        let mut take = |table: &str, sql: &str| -> Result<()> {
            let found = query(connection, sql, seq)?;
            if let Some(columns) = found.first().map(Vec::len) {
                let marks = vec!["?"; columns].join(", ");
                let or_replace = if REWRITTEN.contains(&table) { " OR REPLACE" } else { "" };
                rows.0.push((format!("INSERT{or_replace} INTO {table} VALUES ({marks})"), found));
            }
            Ok(())
        };
        take("saves", "SELECT * FROM saves WHERE seq = ?1")?;
        take("overlay", "SELECT * FROM overlay WHERE seq = ?1")?;
        take("settings", "SELECT * FROM settings WHERE name = 'sync' AND ?1")?;
        for table in RECORDS {
            take(
                table,
                &format!("SELECT {table}.* FROM overlay JOIN {table} ON id = record_id WHERE seq = ?1"),
            )?;
        }
        take(
            "household_counts",
            &format!("SELECT * FROM household_counts WHERE household_id IN ({TOUCHED})"),
        )?;
        take(
            "tallies",
            &format!(
                "SELECT * FROM tallies WHERE (hamlet_unit_id, alley_id) IN
                   (SELECT hamlet_unit_id, alley_id FROM household_counts WHERE household_id IN ({TOUCHED}))"
            ),
        )?;
        let saved = "SELECT place, full_name FROM overlay JOIN members ON id = record_id WHERE seq = ?1";
        rows.0.extend(search_words(connection, saved, seq)?);
        Ok(rows)
    }

    /// Rows of tables, written over what stands there.
    pub(crate) fn over(tables: impl Iterator<Item = Table>) -> Self {
        let statement = |(table, rows): Table| {
            let marks = vec!["?"; rows.first().map_or(0, Vec::len)].join(", ");
            (format!("INSERT OR REPLACE INTO {table} VALUES ({marks})"), rows)
        };
        Self(tables.filter(|(_, rows)| !rows.is_empty()).map(statement).collect())
    }

    /// The words by which people are found, of those whom `sql` selects by place and name.
    pub(crate) fn of_words(connection: &Connection, sql: &str, after: i64) -> Result<Self> {
        Ok(Self(search_words(connection, sql, after)?.into_iter().collect()))
    }

    /// And those of another.
    pub(crate) fn append(&mut self, other: &Self) {
        self.0.extend(other.0.iter().cloned());
    }

    pub(crate) fn count(&self) -> usize {
        self.0.iter().map(|(_, rows)| rows.len()).sum()
    }

    /// Writes them all in one transaction.
    pub(crate) fn write(&self, connection: &mut Connection) -> Result<()> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (sql, rows) in &self.0 {
            let mut statement = transaction.prepare_cached(sql)?;
            for row in rows {
                statement.execute(params_from_iter(row))?;
            }
        }
        Ok(transaction.commit()?)
    }
}

fn query(connection: &Connection, sql: &str, seq: i64) -> Result<Vec<Vec<Value>>> {
    let mut statement = connection.prepare_cached(sql)?;
    let columns = statement.column_count();
    let mut found = statement.query([seq])?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        rows.push((0..columns).map(|at| row.get(at)).collect::<Result<_, _>>()?);
    }
    Ok(rows)
}

/// The index is contentless, so its words are made again, before the clock runs.
fn search_words(connection: &Connection, sql: &str, after: i64) -> Result<Option<(String, Vec<Vec<Value>>)>> {
    let words = |row: Vec<Value>| {
        let [place, Value::Text(name)] = <[Value; 2]>::try_from(row).ok()? else { return None };
        let (folded, sound) = (fold(&name), fold_sound(&name));
        let initials: String = folded.split(' ').filter_map(|word| word.chars().next()).collect();
        let words = if sound == folded {
            format!("{folded} {initials}")
        } else {
            format!("{folded} {sound} {initials}")
        };
        Some(vec![place, Value::Text(words)])
    };
    let all = query(connection, sql, after)?.into_iter().map(words);
    let all: Vec<_> = all.collect::<Option<_>>().context("a name")?;
    let insert = "INSERT INTO member_search (rowid, words) VALUES (?, ?)";
    Ok(Some((insert.to_owned(), all)).filter(|(_, all)| !all.is_empty()))
}

/// The number of the last save.
pub(crate) fn last_save(connection: &Connection) -> Result<i64> {
    Ok(connection.query_row("SELECT coalesce(max(seq), 0) FROM saves", [], |row| row.get(0))?)
}
