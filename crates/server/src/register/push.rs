//! What a device sends: a signed batch. Signature, inflation and parsing happen before; here its groups
//! are taken one by one in one transaction.

use sync_core::api::{ApiCode, ApiError};
use sync_core::ingest::GroupOutcome;
use sync_core::wire::{Batch, GroupAnswer, Limits, PROTOCOL, PushReply, SignedBatch, WireError};

use super::Register;
use super::devices::Device;
use super::intake::Sender;
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

/// Takes the groups of a batch, in order, up to the first that cannot be looked at.
pub(crate) fn push(register: &Register, device: &Device, batch: &Batch) -> Result<PushReply, ServerError> {
    register.write(|intake| {
        let epoch = intake.head.epoch.number;
        if batch.epoch != epoch {
            return Err(ApiError::new(ApiCode::SyncEpoch).with("epoch", epoch.into()).into());
        }
        let held = intake.log.held_by(device.id)?;
        let users = intake.log.users_of(device.id)?;
        let sender = Sender { device: device.id, users: &users, held: &held };
        let (mut receipts, mut groups, mut expect) = (Vec::new(), Vec::new(), None);
        for numbered in &batch.groups {
            let session = numbered.group.ops.first().map_or(0, |op| op.header.session);
            let taken = intake.take(sender, numbered, batch.offset_ms(session))?;
            let looked_at = taken.outcome.uses_number();
            if let GroupOutcome::Gap { expect: number } = taken.outcome {
                expect = Some(number);
            }
            receipts.extend(taken.receipts);
            groups.push(GroupAnswer {
                dseq: numbered.dseq,
                group: numbered.group.id,
                outcome: taken.outcome,
                at: None,
            });
            if !looked_at {
                break;
            }
        }
        intake.settle()?;
        Ok(PushReply { receipts, groups, expect, head: intake.head.cursor(), proof: None })
    })
}
