//! Bodies in and out: size caps before and after inflation, zstd, JSON.

use std::io::Read;

use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sync_core::api::{ApiCode, ApiError, CODING};
use sync_core::wire::Limits;

use super::refusal::Refusal;
use crate::error::{ServerError, refused};

/// Of requests that are a few words of JSON.
const SMALL_BYTES: usize = 64 * 1024;
/// 2^23 = 8 MiB: what inflating may take of memory, whatever the sender's encoder wished.
const WINDOW_LOG_AT_MOST: u32 = 23;
const LEVEL: i32 = 6;

fn too_large(limit: usize) -> ServerError {
    let limit_bytes = i64::try_from(limit).unwrap_or(i64::MAX);
    ApiError::new(ApiCode::SyncTooLarge).with("limit_bytes", limit_bytes).into()
}

async fn read(body: Body, limit: usize) -> Result<Vec<u8>, ServerError> {
    use axum::body::HttpBody;
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large(limit));
    }
    match to_bytes(body, limit).await {
        Ok(bytes) => Ok(bytes.into()),
        Err(error) => {
            let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
            while let Some(one) = cause {
                if one.is::<http_body_util::LengthLimitError>() {
                    return Err(too_large(limit));
                }
                cause = one.source();
            }
            Err(refused(ApiCode::SyncUnreadable))
        }
    }
}

/// A small JSON message.
pub(crate) async fn json<T: DeserializeOwned>(body: Body) -> Result<T, Refusal> {
    let bytes = read(body, SMALL_BYTES).await?;
    Ok(serde_json::from_slice(&bytes).map_err(|_| refused(ApiCode::SyncUnreadable))?)
}

/// The bytes of a pushed batch as they came, not inflated yet.
pub(crate) async fn packed(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Refusal> {
    let coding = headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    if coding != Some(CODING) {
        return Err(refused(ApiCode::SyncUnreadable).into());
    }
    Ok(read(body, Limits::default().compressed_bytes).await?)
}

/// Inflates, and stops at the limit whatever the frame declares about itself.
pub(crate) fn inflate(packed: &[u8]) -> Result<Vec<u8>, ServerError> {
    let limit = Limits::default().inflated_bytes;
    let unreadable = |_| refused(ApiCode::SyncUnreadable);
    let mut decoder = zstd::stream::read::Decoder::with_buffer(packed).map_err(unreadable)?;
    decoder.window_log_max(WINDOW_LOG_AT_MOST).map_err(unreadable)?;
    let mut inflated = Vec::new();
    decoder.take(limit as u64 + 1).read_to_end(&mut inflated).map_err(unreadable)?;
    if inflated.len() > limit { Err(too_large(limit)) } else { Ok(inflated) }
}

/// An answer as compressed JSON, made on a blocking thread.
pub(crate) fn pack<T: Serialize>(answer: &T) -> Result<Vec<u8>, ServerError> {
    let json = serde_json::to_vec(answer).map_err(|_| ServerError::Internal("json"))?;
    Ok(zstd::bulk::compress(&json, LEVEL)?)
}

/// The answer that [`pack`] made.
pub(crate) fn packed_response(packed: Vec<u8>) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CONTENT_ENCODING, HeaderValue::from_static(CODING)),
    ];
    (headers, packed).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inflation_stops_at_the_limit() {
        let limit = Limits::default().inflated_bytes;
        let check = |bytes: usize, fits: bool| {
            let packed = zstd::bulk::compress(&vec![b' '; bytes], 19).unwrap();
            assert!(packed.len() < Limits::default().compressed_bytes);
            assert_eq!(inflate(&packed).is_ok(), fits, "{bytes}");
        };
        check(0, true);
        check(limit, true);
        check(limit + 1, false);
        check(64 * limit, false);
        assert!(inflate(b"no frame at all").is_err());
    }
}
