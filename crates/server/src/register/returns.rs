//! What laptops ask for beside the stream: digests, records as they stand, a place for what they give back after a
//! restore (§6, §8), and of one that was revoked the order to erase itself (§7).

use sync_core::api::{ApiCode, ApiError};
use sync_core::commune::{CommuneStore, Fetched, rows};
use sync_core::membership::EraseOrder;
use sync_core::rights::Sight;
use sync_core::wire::{DigestsReply, EraseOrderRequest, Limits, Offer, OfferReply, RowsReply, RowsRequest};

use super::Register;
use super::devices::Device;
use crate::error::{ServerError, refused};

/// Of the rows in one answer, and of what the oldest backup lacks of them. One bucket goes whatever its size.
const ROWS_BYTES: usize = 1 << 20;

impl Register {
    /// Takes back what a laptop still has of a log that was put back. Each op is proven by its receipt.
    pub(crate) fn take_back(&self, offer: &Offer) -> Result<OfferReply, ServerError> {
        let limit = Limits::default().batch_groups;
        if offer.groups.len() + offer.bare.len() + offer.sealed.len() > limit {
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            return Err(ApiError::new(ApiCode::SyncTooLarge).with("limit_groups", limit).into());
        }
        // Whatever cannot be read is no group: the laptop keeps it.
        let open = |payload: &[u8]| {
            let group = age::decrypt(&self.keys().sealed, payload).ok()?;
            serde_json::from_slice(&group).ok()
        };
        self.write(|intake| intake.rules.offer(offer, open))
    }

    /// The digests of what is in sight, at one place.
    pub(crate) fn digests(&self, sight: &Sight) -> Result<DigestsReply, ServerError> {
        self.read(|log| {
            let head = log.head()?;
            let mut of = Vec::new();
            for scope in log.scopes()?.into_iter().filter(|scope| sight.covers(*scope)) {
                of.push((scope, log.buckets(scope)?));
            }
            Ok(DigestsReply { of, at: head.cursor, ledger: head.ledger })
        })
    }

    /// Records of these buckets as they stand, and what the oldest backup lacks of them.
    pub(crate) fn rows_in(&self, sight: &Sight, request: &RowsRequest) -> Result<RowsReply, ServerError> {
        self.read(|log| {
            let head = log.head()?;
            let watermark = self.beside().watermark(log, &head)?.position;
            let Fetched { of, rows, kept } = rows(log, sight, &request.of, watermark, ROWS_BYTES)?;
            Ok(RowsReply { of, rows, kept, at: head.cursor, ledger: head.ledger })
        })
    }

    /// Only to one that was revoked.
    pub(crate) fn erase_order(
        &self,
        device: &Device,
        request: EraseOrderRequest,
    ) -> Result<EraseOrder, ServerError> {
        let revoked_at_ms = self.read(|log| log.revoked_at(device.id))?;
        let revoked_at_ms = revoked_at_ms.ok_or_else(|| refused(ApiCode::AuthNotRevoked))?;
        let identity = &self.keys().identity;
        Ok(EraseOrder::signed(identity, self.commune(), device.id, request.incarnation, revoked_at_ms))
    }
}
