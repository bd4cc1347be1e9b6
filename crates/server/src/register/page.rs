//! What a device gets: the next stretch of the stream, of its scopes only. Groups were written as they go
//! over the wire at their commit, so a page is put together without parsing any of them.

use rusqlite::params;
use serde::Serialize;
use serde_json::value::RawValue;
use sync_core::api::{ApiCode, ApiError};
use sync_core::op::Scope;
use sync_core::position::{Cursor, Position, is_after};
use sync_core::wire::{Limits, PullRequest};
use uuid::Uuid;

use super::Register;
use super::log::Log;
use crate::access::Sight;
use crate::error::{ServerError, refused};

/// [`sync_core::wire::Page`] as it is written, with groups as the JSON they were committed as.
#[derive(Debug, Serialize)]
pub struct RawPage {
    from: Option<Cursor>,
    to: Cursor,
    exits: [(); 0],
    groups: Vec<Box<RawValue>>,
    more: bool,
}

/// Room for the cursors around the groups.
const ENVELOPE_BYTES: usize = 1024;

/// The page after a cursor.
pub(crate) fn page(
    register: &Register,
    sight: &Sight,
    request: &PullRequest,
) -> Result<RawPage, ServerError> {
    register.read(|log| {
        let head = log.head()?.cursor();
        let from = log.checked(request.cursor, head)?;
        let limit_bytes = request.max_bytes.min(Limits::default().inflated_bytes - ENVELOPE_BYTES);
        let (groups, last) = log.groups_after(from, sight, limit_bytes)?;
        let to = match last {
            Some(position) => {
                let hash = log.chain_at(position)?.ok_or(ServerError::Damaged)?;
                Cursor { position, hash, ..head }
            }
            None => head,
        };
        Ok(RawPage { from: request.cursor, to, exits: [], groups, more: last.is_some() })
    })
}

impl Log<'_> {
    /// The position to go on from. A cursor of another epoch, beyond the head or with another hash means
    /// that the log is not the one the device knows (F2, F16).
    pub(crate) fn checked(&self, cursor: Option<Cursor>, head: Cursor) -> Result<Position, ServerError> {
        let Some(cursor) = cursor else { return Ok(Position { epoch: head.epoch.number, position: 0 }) };
        if cursor.epoch != head.epoch {
            let epoch = head.epoch.number.into();
            return Err(ApiError::new(ApiCode::SyncEpoch).with("epoch", epoch).into());
        }
        match self.chain_at(cursor.position)? {
            Some(hash) if hash == cursor.hash => Ok(cursor.position()),
            _ => Err(refused(ApiCode::SyncRewound)),
        }
    }

    /// Groups in sight after a position, as many as fit, and where the last one stands if more follow.
    fn groups_after(
        &self,
        after: Position,
        sight: &Sight,
        limit_bytes: usize,
    ) -> Result<(Vec<Box<RawValue>>, Option<u64>), ServerError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT position, scope_id FROM commits
             WHERE commune_id = ?1 AND position > ?2 AND quarantine = '' ORDER BY position",
        )?;
        let mut rows = statement.query(params![self.commune.0, after.position.cast_signed()])?;
        let (mut groups, mut total_bytes, mut last) = (Vec::new(), 0_usize, 0);
        while let Some(row) = rows.next()? {
            let position = Position { position: row.get::<_, i64>(0)?.cast_unsigned(), ..after };
            if !sight.covers(Scope(row.get::<_, Uuid>(1)?)) || !is_after(position, after) {
                continue;
            }
            let body = self.body_at(position.position)?;
            total_bytes = total_bytes.saturating_add(body.get().len() + 1);
            // One group goes whatever its size, so that nothing ever gets stuck.
            if !groups.is_empty() && total_bytes > limit_bytes {
                return Ok((groups, Some(last)));
            }
            groups.push(body);
            last = position.position;
        }
        Ok((groups, None))
    }

    fn body_at(&self, position: u64) -> Result<Box<RawValue>, ServerError> {
        let sql = "SELECT body FROM bodies WHERE commune_id = ?1 AND position = ?2";
        let body = self.one(sql, params![self.commune.0, position.cast_signed()], |row| {
            String::from_utf8(row.get(0)?).map_err(|_| ServerError::Damaged)
        })?;
        RawValue::from_string(body.ok_or(ServerError::Damaged)?).map_err(|_| ServerError::Damaged)
    }
}
