//! The commune's counter row: where the stream stands, who the server is in it, and its clock's highest
//! word. Read first in every writing transaction and written last.

use domain::calendar::Day;
use domain::consent::Basis;
use domain::ids::{DeviceId, UserId};
use rusqlite::{OptionalExtension, params};
use sync_core::position::{ChainHash, Cursor, Epoch, Position};

use super::log::Log;
use crate::error::ServerError;

/// The counter row.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) name: String,
    pub(crate) basis: Basis,
    pub(crate) epoch: Epoch,
    pub(crate) position: u64,
    pub(crate) chain: ChainHash,
    /// The server's clock when it last took something; it never goes back.
    pub(crate) received_at_ms: i64,
    pub(crate) counted_on: Day,
    /// The server as a device of its own edits.
    pub(crate) device: DeviceId,
    pub(crate) user: UserId,
    pub(crate) incarnation: u64,
}

impl Head {
    pub(crate) fn cursor(&self) -> Cursor {
        Cursor { epoch: self.epoch, position: self.position, hash: self.chain }
    }

    /// The place of the next commit.
    pub(crate) fn next(&self) -> Position {
        Position { epoch: self.epoch.number, position: self.position + 1 }
    }
}

impl Log<'_> {
    pub(crate) fn head(&self) -> Result<Head, ServerError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT name, basis, epoch_number, epoch_nonce, position, chain, received_at_ms, counted_on,
                    device_id, user_id, incarnation
             FROM communes WHERE commune_id = ?1",
        )?;
        let head = statement.query_row([self.commune.0], |row| {
            let basis: String = row.get(1)?;
            let counted_on: String = row.get(7)?;
            Ok(Head {
                name: row.get(0)?,
                basis: Basis::from_code(&basis),
                epoch: Epoch { number: row.get(2)?, nonce: row.get::<_, i64>(3)?.cast_unsigned() },
                position: row.get::<_, i64>(4)?.cast_unsigned(),
                chain: ChainHash(row.get(5)?),
                received_at_ms: row.get(6)?,
                // An unreadable day counts as long ago: everything is recounted.
                counted_on: Day::parse(&counted_on).unwrap_or_else(|| Day::at(0)),
                device: DeviceId(row.get(8)?),
                user: UserId(row.get(9)?),
                incarnation: row.get::<_, i64>(10)?.cast_unsigned(),
            })
        });
        head.optional()?.ok_or(ServerError::Damaged)
    }

    pub(crate) fn put_head(&self, head: &Head) -> Result<(), ServerError> {
        self.connection
            .prepare_cached(
                "UPDATE communes SET position = ?2, chain = ?3, received_at_ms = ?4, counted_on = ?5
                 WHERE commune_id = ?1",
            )?
            .execute(params![
                self.commune.0,
                head.position.cast_signed(),
                head.chain.0,
                head.received_at_ms,
                head.counted_on.to_string(),
            ])?;
        Ok(())
    }

    /// The chain at a position; `None` beyond the head.
    pub(crate) fn chain_at(&self, position: u64) -> Result<Option<ChainHash>, ServerError> {
        if position == 0 {
            return Ok(Some(ChainHash::default()));
        }
        let sql = "SELECT chain FROM commits WHERE commune_id = ?1 AND position = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_row(params![self.commune.0, position.cast_signed()], |row| row.get(0));
        Ok(found.optional()?.map(ChainHash))
    }
}
