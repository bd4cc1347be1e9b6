//! The handshake: what both sides speak, where the stream stands, and the highest number known of a
//! device's incarnation, which is never an acknowledgement (sync rules §4).

use sync_core::api::{ApiCode, ApiError};
use sync_core::commune::{CommuneStore, erased_since};
use sync_core::ingest::LogView;
use sync_core::position::Position;
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
    register.read(|log| {
        let head = log.head()?;
        // Before anything is pushed: what a rewound register takes in is lost to every laptop that is ahead of it.
        log.check(hello.cursor, head.cursor)?;
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
            watermark: Position::default(),
        })
    })
}
