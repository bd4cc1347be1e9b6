//! What a device gets: the next stretch of the stream, of its scopes only. Groups were written as they go
//! over the wire at their commit, so a page is put together without parsing any of them.

use sync_core::api::{ApiCode, ApiError};
use sync_core::commune::{Asked, CommuneStore, page as page_of};
use sync_core::position::Cursor;
use sync_core::receipt::ReceiptKey;
use sync_core::rights::Sight;
use sync_core::wire::{Limits, Page, PullRequest};

use super::Register;
use super::log::Log;
use super::stored::Body;
use crate::error::{ServerError, refused};

/// A page with groups as the JSON they were committed as.
pub(crate) type RawPage = Page<Body>;

/// Room for the cursors around the groups.
const ENVELOPE_BYTES: usize = 1024;

/// The page after a cursor.
pub(crate) fn page(
    register: &Register,
    sight: &Sight,
    request: &PullRequest,
) -> Result<RawPage, ServerError> {
    register.read(|log| {
        let head = log.head()?;
        log.check(request.cursor, head.cursor)?;
        let limits = Limits::default();
        let asked = Asked {
            from: request.cursor,
            believed: request.sight.as_ref().unwrap_or(sight),
            present: sight,
            watermark: register.beside().watermark(log, &head)?.position,
            groups: usize::MAX,
            bytes: request.max_bytes.min(limits.inflated_bytes - ENVELOPE_BYTES),
        };
        page_as_sent(log, &register.keys().receipts, &asked)
    })
}

/// A page out of bodies that are not parsed.
pub(crate) fn page_as_sent(
    log: &Log<'_>,
    keys: &ReceiptKey,
    asked: &Asked<'_>,
) -> Result<RawPage, ServerError> {
    page_of(log, log, keys, asked)
}

impl Log<'_> {
    /// A cursor of another epoch, beyond the head or with another hash means that the log is not the one the device
    /// knows (F2, F16).
    pub(crate) fn check(&self, cursor: Option<Cursor>, head: Cursor) -> Result<(), ServerError> {
        let Some(cursor) = cursor else { return Ok(()) };
        if cursor.epoch != head.epoch {
            let epoch = head.epoch.number.into();
            return Err(ApiError::new(ApiCode::SyncEpoch).with("epoch", epoch).into());
        }
        match self.chain_at(cursor.position)? {
            Some(hash) if hash == cursor.hash => Ok(()),
            _ => Err(refused(ApiCode::SyncRewound)),
        }
    }
}
