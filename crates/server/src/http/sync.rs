//! The messages of sync (sync rules §4 to §8, §10).

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use sync_core::api::ApiCode;
use sync_core::wire::{EraseOrderRequest, Hello, Offer, PullRequest, RowsRequest, SignedBatch};

use super::refusal::Refusal;
use super::{Shared, body, openapi};
use crate::error::refused;
use crate::register::{hello, page, push};

/// Who is there, and where both stand.
#[utoipa::path(post, path = "/v1/hello", tag = "sync", security(("device" = [])),
    request_body(content = openapi::Hello),
    responses(
        (status = 200, body = openapi::HelloReply),
        (status = 401, body = openapi::ApiError), (status = 403, body = openapi::ApiError),
        (status = 426, body = openapi::ApiError, description = "no common protocol")))]
pub(crate) async fn hello(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Refusal> {
    let device = shared.device(&headers).await?;
    let hello: Hello = body::json(body).await?;
    Ok(Json(shared.run(move |register| hello::answer(register, &device, &hello)).await?))
}

/// A signed batch: 64 bytes of Ed25519 signature, then the JSON it is over; zstd-compressed.
#[utoipa::path(post, path = "/v1/push", tag = "sync", security(("device" = [])),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 200, body = openapi::PushReply, description = "zstd-compressed"),
        (status = 401, body = openapi::ApiError), (status = 403, body = openapi::ApiError),
        (status = 409, body = openapi::ApiError, description = "another epoch"),
        (status = 413, body = openapi::ApiError, description = "too large before or after inflation"),
        (status = 503, body = openapi::ApiError, description = "come back after Retry-After")))]
pub(crate) async fn push(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let device = shared.any_device(&headers).await?;
    let packed = body::packed(&headers, body).await?;
    let done = shared.run(move |register| {
        let signed =
            SignedBatch::from_body(&body::inflate(&packed)?).map_err(|error| push::unreadable(&error))?;
        let reply = register.take(&push::open(register, &device, &signed)?)?;
        Ok((body::pack(&reply)?, reply.groups))
    });
    let (packed, groups) = done.await?;
    shared.metrics.pushed(&groups);
    Ok(body::packed_response(packed))
}

/// What a laptop gives back of a log that was put back: groups with their receipts; zstd-compressed JSON.
#[utoipa::path(post, path = "/v1/offer", tag = "sync", security(("device" = [])),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 200, body = openapi::OfferReply, description = "zstd-compressed"),
        (status = 401, body = openapi::ApiError), (status = 403, body = openapi::ApiError),
        (status = 413, body = openapi::ApiError, description = "too large before or after inflation")))]
pub(crate) async fn offer(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    // Also one that was revoked: what it gives back is the commune's own word, and it reads nothing by it.
    shared.any_device(&headers).await?;
    let packed = body::packed(&headers, body).await?;
    let done = shared.packed(move |register| {
        let unreadable = |_| refused(ApiCode::SyncUnreadable);
        let offer: Offer = serde_json::from_slice(&body::inflate(&packed)?).map_err(unreadable)?;
        register.take_back(&offer)
    });
    done.await
}

/// Digests of everything in the device's sight.
#[utoipa::path(post, path = "/v1/digests", tag = "sync", security(("device" = [])),
    responses(
        (status = 200, body = openapi::DigestsReply, description = "zstd-compressed"),
        (status = 401, body = openapi::ApiError), (status = 403, body = openapi::ApiError)))]
pub(crate) async fn digests(State(shared): State<Shared>, headers: HeaderMap) -> Result<Response, Refusal> {
    let device = shared.device(&headers).await?;
    shared.packed(move |register| register.digests(&device.sight)).await
}

/// Records of these buckets as they stand, as far as they are in the device's sight.
#[utoipa::path(post, path = "/v1/rows", tag = "sync", security(("device" = [])),
    request_body(content = openapi::RowsRequest),
    responses(
        (status = 200, body = openapi::RowsReply, description = "zstd-compressed"),
        (status = 401, body = openapi::ApiError), (status = 403, body = openapi::ApiError)))]
pub(crate) async fn rows(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let device = shared.device(&headers).await?;
    let request: RowsRequest = body::json(body).await?;
    shared.packed(move |register| register.rows_in(&device.sight, &request)).await
}

/// Of a device that was revoked: the commune's signed word that it may destroy its keys.
#[utoipa::path(post, path = "/v1/erase-order", tag = "sync", security(("device" = [])),
    request_body(content = openapi::EraseOrderRequest),
    responses(
        (status = 200, body = openapi::EraseOrder),
        (status = 401, body = openapi::ApiError),
        (status = 409, body = openapi::ApiError, description = "it was not revoked")))]
pub(crate) async fn erase_order(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Refusal> {
    let device = shared.any_device(&headers).await?;
    let request: EraseOrderRequest = body::json(body).await?;
    Ok(Json(shared.run(move |register| register.erase_order(&device, request)).await?))
}

/// The next stretch of the stream, of the device's scopes.
#[utoipa::path(post, path = "/v1/pull", tag = "sync", security(("device" = [])),
    request_body(content = openapi::PullRequest),
    responses(
        (status = 200, body = openapi::Page, description = "zstd-compressed"),
        (status = 401, body = openapi::ApiError), (status = 403, body = openapi::ApiError),
        (status = 409, body = openapi::ApiError, description = "another epoch, or a rewound log")))]
pub(crate) async fn pull(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let device = shared.device(&headers).await?;
    let request: PullRequest = body::json(body).await?;
    shared.packed(move |register| page::page(register, &device.sight, &request)).await
}
