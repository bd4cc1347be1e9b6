//! The messages of a sync carried by hand: JSON in, JSON out, no socket and no compression. It is what HTTP's handlers do,
//! for whoever brings the messages another way; the simulator loses, repeats and cuts them.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sync_core::api::{self, ApiCode, ApiError};
use sync_core::wire::SignedBatch;

use crate::error::{ServerError, refused};
use crate::register::devices::Device;
use crate::register::{Register, hello, page, push};

/// Answers the message of a path ([`sync_core::api`]) that a device of this token sent.
pub fn answer(register: &Register, path: &str, token: &str, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let answered = match path {
        api::READMIT => parsed(body).and_then(|request| json(&register.readmit(&request)?)),
        _ => register.authenticate(token).and_then(|device| of_device(register, path, &device, body)),
    };
    answered.map_err(ApiError::from)
}

fn of_device(register: &Register, path: &str, device: &Device, body: &[u8]) -> Result<Vec<u8>, ServerError> {
    // A device that was revoked may push into quarantine, give back and fetch its order (ADR 0012).
    let present = || if device.revoked { Err(refused(ApiCode::AuthRevoked)) } else { Ok(()) };
    match path {
        api::HELLO => {
            present()?;
            json(&hello::answer(register, device, &parsed(body)?)?)
        }
        api::PUSH => {
            let signed = SignedBatch::from_body(body).map_err(|error| push::unreadable(&error))?;
            json(&register.take(&push::open(register, device, &signed)?)?)
        }
        api::PULL => {
            present()?;
            json(&page::page(register, &device.sight, &parsed(body)?)?)
        }
        api::OFFER => json(&register.take_back(&parsed(body)?)?),
        api::DIGESTS => {
            present()?;
            json(&register.digests(&device.sight)?)
        }
        api::ROWS => {
            present()?;
            json(&register.rows_in(&device.sight, &parsed(body)?)?)
        }
        api::ERASE_ORDER => json(&register.erase_order(device, parsed(body)?)?),
        _ => Err(refused(ApiCode::ServerNoSuchPath)),
    }
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, ServerError> {
    serde_json::from_slice(body).map_err(|_| refused(ApiCode::SyncUnreadable))
}

fn json<T: Serialize>(answer: &T) -> Result<Vec<u8>, ServerError> {
    serde_json::to_vec(answer).map_err(|_| ServerError::Internal("json"))
}
