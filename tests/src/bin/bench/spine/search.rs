//! Finding people: a fixed mix of a hundred queries, a fifth of them with the name of every third person.

use std::path::Path;

use anyhow::{Context, Result};
use domain::text::fold;
use rusqlite::{Connection, params};
use store::{DataFolder, Durability, Store, search};
use tests::dice::Dice;
use tests::laptop::{PASSPHRASE, options};

use crate::commune::Portion;
use crate::measure::{median, micros, percentile, timed};
use crate::report::{Report, Row};

/// As many as a screen asks for.
const HITS: usize = 50;
const ROUNDS: usize = 7;

const COLUMNS: &str = "id, household_id, full_name, birth, sex, relation, phone, residence, alive";

pub(crate) fn run(report: &mut Report, base: &Path, portions: &[Portion], size: &str) -> Result<()> {
    let store = Store::open(DataFolder::open(base)?, PASSPHRASE, options(3, Durability::Off)?)?;
    let connection = store.reading();
    let by_index = format!(
        "SELECT {COLUMNS} FROM members WHERE alive AND place IN
           (SELECT rowid FROM member_search WHERE member_search MATCH ?1 ORDER BY rowid LIMIT ?2)
         ORDER BY place"
    );
    let by_like = format!("SELECT {COLUMNS} FROM members WHERE alive AND full_name LIKE ?1 LIMIT ?2");
    let (mut ours, mut index, mut like) = (Vec::new(), Vec::new(), Vec::new());
    for query in queries(portions)? {
        let words: Vec<_> = fold(&query).split(' ').map(|word| format!("\"{word}\"*")).collect();
        let (matching, pattern) = (words.join(" "), format!("%{query}%"));
        let mut times = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let (found, spent) = timed(|| search::members(connection, &query, HITS));
            found?;
            times.0.push(micros(spent.wall));
            let (read, spent) = timed(|| read_through(connection, &by_index, &matching));
            read?;
            times.1.push(micros(spent.wall));
            let (read, spent) = timed(|| read_through(connection, &by_like, &pattern));
            read?;
            times.2.push(micros(spent.wall));
        }
        ours.push(median(&times.0));
        index.push(median(&times.1));
        like.push(median(&times.2));
    }
    let references = [
        (
            &index,
            "FTS5",
            "the same full-text index, the same fifty hits in register order, columns read as \
                          they are; not ranked by marks, no records made",
        ),
        (
            &like,
            "LIKE",
            "`full_name LIKE '%query%'`, the first fifty, columns read as they are; it finds only \
                         what is typed with the same marks and in the same order",
        ),
    ];
    for (times, name, reference) in references {
        for percent in [50, 99] {
            report.rows.push(Row {
                work: format!("find a person, p{percent}, against {name}"),
                size: format!("{size}, {} queries", ours.len()),
                unit: "µs",
                ours: percentile(&ours, percent),
                reference: reference.into(),
                reference_value: percentile(times, percent),
                at_most: None,
            });
        }
    }
    Ok(())
}

/// Touches every column of every hit and makes nothing of it.
fn read_through(connection: &Connection, sql: &str, what: &str) -> Result<usize> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query(params![what, i64::try_from(HITS)?])?;
    let mut columns = 0;
    while let Some(row) = found.next()? {
        for at in 0..9 {
            columns += usize::from(row.get_ref(at)? != rusqlite::types::ValueRef::Null);
        }
    }
    Ok(columns)
}

/// 20 with Nguyễn (10 whole names, 5 the word alone marked or not, 5 begun), 25 whole names with their
/// marks, 25 ends of names without, 15 beginnings of given names, 15 initials.
fn queries(portions: &[Portion]) -> Result<Vec<String>> {
    let everybody = portions.iter().flat_map(|portion| &portion.households).flat_map(|(_, _, people)| people);
    let names: Vec<&str> = everybody.map(|member| member.full_name.as_str()).collect();
    let (common, others): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| name.starts_with("Nguyễn "));
    let mut dice = Dice::new(11);
    let mut queries = Vec::new();
    for nth in 0..20 {
        let name = *dice.choose(&common).context("a Nguyễn")?;
        let word = if nth % 2 == 0 { "Nguyễn" } else { "nguyen" };
        queries.push(match nth {
            0..10 => name.to_owned(),
            10..15 => word.to_owned(),
            _ => {
                let given: String = last_word(&fold(name)).chars().take(1).collect();
                format!("{word} {given}")
            }
        });
    }
    for nth in 0..80 {
        let name = *dice.choose(&others).context("a name")?;
        let folded = fold(name);
        queries.push(match nth {
            0..25 => name.to_owned(),
            25..50 => folded.split_once(' ').map_or(folded.as_str(), |(_, end)| end).to_owned(),
            50..65 => last_word(&folded).chars().take(2).collect(),
            _ => folded.split(' ').filter_map(|word| word.chars().next()).collect(),
        });
    }
    Ok(queries)
}

fn last_word(name: &str) -> &str {
    name.rsplit(' ').next().unwrap_or(name)
}
