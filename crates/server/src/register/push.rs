//! What a device sends: a signed batch. Signature, inflation and parsing happen before; here its groups
//! are taken one by one in one transaction.

use sync_core::api::{ApiCode, ApiError};
use sync_core::wire::{Batch, Limits, PROTOCOL, PushReply, SignedBatch, WireError};

use super::Register;
use super::devices::Device;
use crate::error::{ServerError, refused};

/// What the device is told about a message that is none.
pub(crate) fn unreadable(error: &WireError) -> ServerError {
    match error {
        WireError::Signature => refused(ApiCode::SyncSignature),
        WireError::Unreadable(_) | WireError::Group(_) => refused(ApiCode::SyncUnreadable),
    }
}

/// Opens a batch of a device and refuses what is not for this register.
pub(crate) fn open(register: &Register, device: &Device, signed: &SignedBatch) -> Result<Batch, ServerError> {
    let batch = signed.open(&device.signing_key).map_err(|error| unreadable(&error))?;
    // Pushes of any age are stored; a newer protocol may mean something else by the same words.
    if batch.protocol > PROTOCOL {
        return Err(ApiError::new(ApiCode::SyncProtocol).with("protocol", PROTOCOL.into()).into());
    }
    if batch.commune != register.commune() {
        return Err(refused(ApiCode::SyncOtherCommune));
    }
    if batch.device != device.id {
        return Err(refused(ApiCode::AuthOtherDevice));
    }
    let limit = Limits::default().batch_groups;
    if batch.groups.len() > limit {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        return Err(ApiError::new(ApiCode::SyncTooLarge).with("limit_groups", limit).into());
    }
    Ok(batch)
}

impl Register {
    /// Takes the groups of a batch, in order, up to the first that cannot be looked at. Whoever calls this has checked
    /// that the device signed it.
    pub fn take(&self, batch: &Batch) -> Result<PushReply, ServerError> {
        self.write(|intake| {
            let epoch = intake.rules.head.cursor.epoch.number;
            if batch.epoch != epoch {
                return Err(ApiError::new(ApiCode::SyncEpoch).with("epoch", epoch.into()).into());
            }
            let ops = batch.groups.iter().flat_map(|numbered| &numbered.group.ops);
            intake.log.foresee_rows(ops.map(|op| (op.header.kind, op.header.record)))?;
            intake.rules.push(batch)
        })
    }
}
