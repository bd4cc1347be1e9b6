//! A refusal as HTTP: status, `Retry-After`, and the one JSON shape of `sync_core::api::ApiError`.

use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use sync_core::api::{ApiCode, ApiError};

use crate::error::ServerError;

/// What a handler returns instead of an answer.
#[derive(Debug)]
pub(crate) struct Refusal(ApiError);

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl From<ServerError> for Refusal {
    /// A fault is logged here by its code; the device is told only that there was one.
    fn from(error: ServerError) -> Self {
        if !matches!(error, ServerError::Refused(_) | ServerError::Busy) {
            tracing::error!(code = error.code(), "fault");
        }
        Self(error.into())
    }
}

fn status(code: &ApiCode) -> StatusCode {
    use ApiCode as C;
    match code {
        C::EnrolUnknownCode | C::EnrolUsedCode | C::EnrolExpiredCode => StatusCode::FORBIDDEN,
        C::AuthUnknownToken => StatusCode::UNAUTHORIZED,
        C::AuthBadCertificate
        | C::AuthRevoked
        | C::AuthOtherDevice
        | C::SyncSignature
        | C::SyncOtherCommune => StatusCode::FORBIDDEN,
        C::EnrolBadKey | C::SyncUnreadable => StatusCode::BAD_REQUEST,
        C::SyncTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        C::SyncProtocol => StatusCode::UPGRADE_REQUIRED,
        C::AuthNotRevoked | C::SyncEpoch | C::SyncRewound => StatusCode::CONFLICT,
        C::ServerNoSuchPath => StatusCode::NOT_FOUND,
        C::ServerBusy => StatusCode::SERVICE_UNAVAILABLE,
        C::ServerDiskFull => StatusCode::INSUFFICIENT_STORAGE,
        C::ServerFault | C::Unrecognised(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let wait = self.0.params.get("retry_after_s").copied();
        let mut response = (status(&self.0.code), Json(self.0)).into_response();
        if let Some(seconds) = wait {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
