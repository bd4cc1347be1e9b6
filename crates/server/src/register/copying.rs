//! A commune's register copied from one database into another: all of its rows, as they are. A backup of a register in
//! PostgreSQL is the file that it would be in SQLite, and such a file is what is put back, wherever to.

use std::path::Path;

use database::{DatabaseKey, Durability};
use domain::ids::CommuneId;

use super::open_file;
use super::sql::{Sql, params};
use crate::error::ServerError;

/// Every table of a register; a test compares them with the schemas.
pub(crate) const TABLES: [&str; 23] = [
    "communes",
    "users",
    "assignments",
    "enrolments",
    "devices",
    "device_users",
    "revocations",
    "incarnations",
    "numbers",
    "commits",
    "bodies",
    "ops",
    "record_ops",
    "quarantine",
    "records",
    "exits",
    "whole_rows",
    "strays",
    "erased",
    "erasures",
    "ledger",
    "household_counts",
    "tallies",
];

/// Copies a commune's rows into where it has none. Both are at this version's schema, so their columns stand in the same
/// order.
pub(crate) fn copy(from: Sql<'_>, to: Sql<'_>, commune: CommuneId) -> Result<(), ServerError> {
    for table in TABLES {
        let mut insert = String::new();
        from.each(&format!("SELECT * FROM {table} WHERE commune_id = ?1"), params![commune.0], |row| {
            if insert.is_empty() {
                let places: Vec<String> = (1..=row.len()).map(|at| format!("?{at}")).collect();
                insert = format!("INSERT INTO {table} VALUES ({})", places.join(", "));
            }
            let values = (0..row.len()).map(|at| row.value(at)).collect::<Result<Vec<_>, _>>()?;
            to.run(&insert, &values)
        })?;
    }
    Ok(())
}

/// Makes a register's file of them. Cut off, it holds none.
pub(crate) fn to_file(
    from: Sql<'_>,
    commune: CommuneId,
    file: &Path,
    key: &DatabaseKey,
) -> Result<(), ServerError> {
    let mut file = open_file(file, key, Durability::Full)?;
    let transaction = file.transaction()?;
    copy(from, Sql::Sqlite(&transaction), commune)?;
    Ok(transaction.commit()?)
}

/// True if a commune has its row.
pub(crate) fn is_there(sql: Sql<'_>, commune: CommuneId) -> Result<bool, ServerError> {
    let select = "SELECT 1 FROM communes WHERE commune_id = ?1";
    Ok(sql.one(select, params![commune.0], |_| Ok(()))?.is_some())
}

/// Takes all rows of a commune away.
pub(crate) fn remove(from: Sql<'_>, commune: CommuneId) -> Result<(), ServerError> {
    TABLES.iter().try_for_each(|table| {
        from.run(&format!("DELETE FROM {table} WHERE commune_id = ?1"), params![commune.0])
    })
}
