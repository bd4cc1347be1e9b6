//! PostgreSQL: transactions, prepared statements, and what its errors mean. The register is synchronous and PostgreSQL's
//! client is not: sockets are served by one thread of this process (`reaching`), and whoever asks waits for the answer.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::{poll_fn, ready};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use database::Durability;
use futures_executor::{block_on, block_on_stream};
use futures_util::future::try_join_all;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};

use super::Purpose;
use super::value::{Owned, Row, Value, params};
use crate::error::ServerError;

#[allow(missing_docs, clippy::all, unreachable_pub)]
mod embedded {
    refinery::embed_migrations!("src/migrations_postgres");
}

/// One at a time brings the schema up to date, of whichever commune. Any number that is ours.
const UPGRADING: i64 = 0x7475_6e67_6e68_6131;
/// Of whoever puts a commune's rows in the place of others.
const EXCHANGING: i64 = UPGRADING + 1;
/// As long as SQLite waits for another writer.
const WAIT: &str = "10s";
/// A server that was frozen in the middle of a transaction must not keep a commune from writing for ever.
const IDLE: &str = "5min";
/// So many rows are put before somebody waits for an answer.
const UNANSWERED_AT_MOST: usize = 256;

/// The answer to a statement that was sent.
type Answer = Pin<Box<dyn Future<Output = Result<u64, tokio_postgres::Error>> + Send>>;

/// A connection with the statements it has prepared.
pub(crate) struct Session {
    client: Arc<Client>,
    durability: Durability,
    statements: RefCell<HashMap<String, Statement>>,
    /// What was written and is not answered yet: nobody waits for each row that is put, only for what is asked next. What
    /// went wrong with it is told then, and at the latest by the commit.
    unanswered: RefCell<Vec<Answer>>,
    /// Something failed in the open transaction: PostgreSQL would answer a COMMIT by undoing everything, and call it
    /// done.
    failed: Cell<bool>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session")
    }
}

impl Session {
    pub(super) fn over(client: Client, durability: Durability) -> Self {
        Self {
            client: Arc::new(client),
            durability,
            statements: RefCell::default(),
            unanswered: RefCell::default(),
            failed: Cell::new(false),
        }
    }

    /// Brings the schema up to this version's.
    pub(super) fn upgrade(&mut self) -> Result<(), ServerError> {
        let encoding: Option<String> = self.first("SELECT current_setting('server_encoding')")?;
        if encoding.as_deref() != Some("UTF8") {
            return Err(ServerError::PostgresEncoding);
        }
        self.run("SELECT pg_advisory_lock(?1)", params![UPGRADING])?;
        self.answered()?;
        let migrations = embedded::migrations::runner();
        let known = database::newest_version(&migrations);
        let found = self.schema_version()?;
        if found > known {
            return Err(ServerError::Newer { found, known });
        }
        if found < known {
            let client = Arc::get_mut(&mut self.client).ok_or(ServerError::Internal("upgrading"))?;
            let run = block_on(migrations.set_grouped(true).run_async(client));
            run.map_err(|_| ServerError::Upgrade(format!("PostgreSQL, from {found} to {known}")))?;
        }
        self.run("SELECT pg_advisory_unlock(?1)", params![UPGRADING])?;
        self.answered()
    }

    pub(super) fn begin(&self, purpose: Purpose) -> Result<(), ServerError> {
        self.failed.set(false);
        let begun = self.begun(purpose);
        if begun.is_err() {
            self.roll_back();
        }
        begun
    }

    fn begun(&self, purpose: Purpose) -> Result<(), ServerError> {
        let commune = match purpose {
            Purpose::Reading => return self.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
            Purpose::Writing(commune) | Purpose::Exchanging(commune) => commune,
        };
        // A database that was set to forget is told to keep; one that keeps in more places than one is left so.
        let keep = match self.durability {
            Durability::Full => {
                "SELECT set_config('synchronous_commit', 'on', true)
                 WHERE current_setting('synchronous_commit') = 'off'"
            }
            Durability::Off => "SET LOCAL synchronous_commit = off",
        };
        self.batch(&format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '{WAIT}';
             SET LOCAL idle_in_transaction_session_timeout = '{IDLE}'; {keep}"
        ))?;
        if matches!(purpose, Purpose::Exchanging(_)) {
            // There may be no row yet, or another one when this comes to its turn.
            self.run("SELECT pg_advisory_xact_lock(?1)", params![EXCHANGING])?;
        }
        // Everything else is read after this, so after whatever the last writer committed.
        let sql = "SELECT 1 FROM communes WHERE commune_id = ?1 FOR UPDATE";
        let held = !self.rows(sql, params![commune.0])?.is_empty();
        // Whoever waited while the rows were exchanged waited for a row that is gone, and holds nothing.
        if held || matches!(purpose, Purpose::Exchanging(_)) { Ok(()) } else { Err(ServerError::Busy) }
    }

    pub(super) fn commit(&self) -> Result<(), ServerError> {
        if self.failed.get() {
            return Err(ServerError::Internal("a failed transaction"));
        }
        self.batch("COMMIT")
    }

    pub(super) fn roll_back(&self) {
        self.unanswered.borrow_mut().clear();
        // A connection that is gone has taken its transaction with it.
        if !self.client.is_closed() {
            let _ = self.batch("ROLLBACK");
        }
    }

    /// Several statements without parameters.
    fn batch(&self, sql: &str) -> Result<(), ServerError> {
        self.told(block_on(self.after_what_was_sent(self.client.batch_execute(sql))))
    }

    /// Sends, hears the answers to what was sent before, and then its own.
    async fn after_what_was_sent<T>(
        &self,
        asking: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, tokio_postgres::Error> {
        let mut asking = pin!(asking);
        let before = self.unanswered.take();
        if before.is_empty() {
            return asking.await;
        }
        // The client sends at the first look.
        let first = poll_fn(|context| Poll::Ready(asking.as_mut().poll(context))).await;
        for answer in before {
            answer.await?;
        }
        if let Poll::Ready(answer) = first { answer } else { asking.await }
    }

    fn told<T>(&self, result: Result<T, tokio_postgres::Error>) -> Result<T, ServerError> {
        result.map_err(|error| {
            self.failed.set(true);
            let gone = self.client.is_closed() || error.is_closed();
            if gone { ServerError::DatabaseUnreachable } else { met(&error) }
        })
    }

    /// Prepared once for each connection, under the name by which it is written here.
    async fn prepared(&self, sql: &str) -> Result<Statement, tokio_postgres::Error> {
        let known = self.statements.borrow().get(sql).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let statement = self.after_what_was_sent(self.client.prepare(&sql.replace('?', "$"))).await?;
        self.statements.borrow_mut().insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// All rows: nothing of the answer is left on the way when the next question is asked.
    pub(super) fn rows(
        &self,
        sql: &str,
        parameters: &[Value<'_>],
    ) -> Result<Vec<tokio_postgres::Row>, ServerError> {
        let mut rows = Vec::new();
        self.each(sql, parameters, |row| {
            rows.push(row);
            Ok(())
        })?;
        Ok(rows)
    }

    /// The rows of each of many: all are asked before the first is waited for.
    pub(super) fn rows_of(
        &self,
        sql: &str,
        parameters: &[Vec<Value<'_>>],
    ) -> Result<Vec<Vec<tokio_postgres::Row>>, ServerError> {
        let statement = self.told(block_on(self.prepared(sql)))?;
        let asked = parameters.iter().map(|one| {
            let references = one.iter().map(|value| value as &(dyn ToSql + Sync)).collect::<Vec<_>>();
            let statement = &statement;
            async move { self.client.query(statement, &references).await }
        });
        self.told(block_on(self.after_what_was_sent(try_join_all(asked))))
    }

    /// Row by row as they come; within it nothing may be asked on this connection.
    pub(super) fn each(
        &self,
        sql: &str,
        parameters: &[Value<'_>],
        mut take: impl FnMut(tokio_postgres::Row) -> Result<(), ServerError>,
    ) -> Result<(), ServerError> {
        let asked = block_on(async {
            let statement = self.prepared(sql).await?;
            self.after_what_was_sent(self.client.query_raw(&statement, parameters)).await
        });
        for row in block_on_stream(Box::pin(self.told(asked)?)) {
            take(self.told(row)?)?;
        }
        Ok(())
    }

    /// Sends a statement that answers with no rows, and does not wait.
    pub(super) fn run(&self, sql: &str, parameters: &[Value<'_>]) -> Result<(), ServerError> {
        let statement = self.told(block_on(self.prepared(sql)))?;
        let (client, parameters) =
            (Arc::clone(&self.client), parameters.iter().map(Owned::from).collect::<Vec<_>>());
        let mut answer: Answer =
            Box::pin(async move { client.execute_raw(&statement, parameters.iter()).await });
        // The client sends at the first look.
        if let Poll::Ready(answered) = answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return self.told(answered).map(drop);
        }
        self.unanswered.borrow_mut().push(answer);
        if self.unanswered.borrow().len() < UNANSWERED_AT_MOST {
            return Ok(());
        }
        self.answered()
    }

    /// Waits for the answers to everything that was sent.
    pub(super) fn answered(&self) -> Result<(), ServerError> {
        self.told(block_on(self.after_what_was_sent(ready(Ok(())))))
    }

    fn first<T: super::FromValue>(&self, sql: &str) -> Result<Option<T>, ServerError> {
        self.rows(sql, params![])?.first().map(|row| Row::Postgres(row).get(0)).transpose()
    }

    /// 0 where there is no schema yet.
    pub(super) fn schema_version(&self) -> Result<u32, ServerError> {
        let there: Option<bool> = self.first("SELECT to_regclass('refinery_schema_history') IS NOT NULL")?;
        if there != Some(true) {
            return Ok(0);
        }
        Ok(self.first("SELECT coalesce(max(version), 0) FROM refinery_schema_history")?.unwrap_or(0))
    }
}

/// What PostgreSQL reports, by its code alone: its sentences may show what stood in a row.
pub(super) fn met(error: &tokio_postgres::Error) -> ServerError {
    let Some(code) = error.code() else {
        return ServerError::Internal("what a statement takes or gives");
    };
    match code.code().get(..2) {
        _ if *code == SqlState::DISK_FULL => ServerError::DiskFull,
        _ if *code == SqlState::READ_ONLY_SQL_TRANSACTION => ServerError::ReadOnly,
        // Waited too long for another writer, or the two of them stood in each other's way: it can be tried again.
        _ if *code == SqlState::LOCK_NOT_AVAILABLE => ServerError::Busy,
        Some("40") => ServerError::Busy,
        _ if [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED].contains(code) => ServerError::Damaged,
        // No connection, no right to one, none free; ended or told to end.
        Some("08" | "28" | "3D" | "53" | "57") => ServerError::DatabaseUnreachable,
        _ => ServerError::Postgres(code.code().to_owned()),
    }
}
