//! The handshake: what both sides speak, where the stream stands, and the highest number known of a
//! device's incarnation, which is never an acknowledgement (sync rules §4).

use sync_core::api::{ApiCode, ApiError};
use sync_core::commune::{CommuneStore, erased_since};
use sync_core::head::{HeadReceipt, Shown};
use sync_core::ingest::LogView;
use sync_core::wire::{Hello, HelloReply, Limits, PROTOCOL, spoken};

use super::Register;
use super::devices::Device;
use crate::error::{ServerError, refused};

pub(crate) fn answer(register: &Register, device: &Device, hello: &Hello) -> Result<HelloReply, ServerError> {
    if hello.commune != register.commune() {
        return Err(refused(ApiCode::SyncOtherCommune));
    }
    if hello.device != device.id {
        return Err(refused(ApiCode::AuthOtherDevice));
    }
    let Some(protocol) = spoken(hello.protocol, PROTOCOL) else {
        return Err(ApiError::new(ApiCode::SyncProtocol).with("protocol", PROTOCOL.into()).into());
    };
    if let Some(proof) = &hello.proof {
        greet(register, proof)?;
    }
    register.read(|log| {
        let head = log.head()?;
        // Before anything is pushed: what a rewound register takes in is lost to every laptop that is ahead of it. Who
        // shows its proof sees by the epoch that it has to come over.
        if hello.proof.is_none() {
            log.check(hello.cursor, head.cursor)?;
        }
        Ok(HelloReply {
            protocol,
            commune: register.commune(),
            highest_known: log.last_number(device.id, hello.incarnation)?,
            head: head.cursor,
            limits: Limits::default(),
            server_time_ms: register.now_ms(),
            ledger: head.ledger,
            erased: erased_since(log, hello.ledger)?,
            sight: Some(device.sight.clone()),
            watermark: register.beside().watermark(log, &head)?,
            proof: Some(register.keys().receipts.seal_head(head.store, head.cursor)),
        })
    })
}

/// If the log does not go on from where it once stood, its next life begins (§6).
fn greet(register: &Register, proof: &HeadReceipt) -> Result<(), ServerError> {
    let keys = &register.keys().receipts;
    let shown = register.read(|log| {
        let head = log.head()?;
        Shown::judge(proof, keys, head.store, &head.cursor, |at| log.chain_at(at))
    })?;
    if shown == Shown::Rewound {
        let nonce = register.nonce()?;
        // Judged again where nobody else writes: of two who come at once the second finds the new life.
        register.write(|intake| intake.rules.greet(proof, nonce))?;
    }
    Ok(())
}
