//! A new laptop: an enrolment code becomes a device.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::IntoResponse;
use sync_core::api::{EnrolRequest, ReadmitRequest};

use super::refusal::Refusal;
use super::{Shared, body, openapi};

/// Turns an enrolment code into a device. A code makes one device; until that device has shown its token it
/// may ask again while the code holds, and gets another one.
#[utoipa::path(post, path = "/v1/enrol", tag = "enrolment",
    request_body = openapi::EnrolRequest,
    responses(
        (status = 200, body = openapi::EnrolReply),
        (status = 400, body = openapi::ApiError, description = "unreadable message or key"),
        (status = 403, body = openapi::ApiError, description = "unknown, used or expired code")))]
pub(crate) async fn enrol(State(shared): State<Shared>, body: Body) -> Result<impl IntoResponse, Refusal> {
    let request: EnrolRequest = body::json(body).await?;
    let answer = shared.run(move |register| register.enrol(&request)).await;
    shared.metrics.enrolled(answer.is_ok());
    Ok(Json(answer?))
}

/// Admits a laptop again that the server has forgotten because it was put back to before the enrolment. Whoever was
/// revoked stays out.
#[utoipa::path(post, path = "/v1/readmit", tag = "enrolment",
    request_body = openapi::ReadmitRequest,
    responses(
        (status = 200, body = openapi::ReadmitReply),
        (status = 403, body = openapi::ApiError, description = "not this commune's certificate, or revoked")))]
pub(crate) async fn readmit(State(shared): State<Shared>, body: Body) -> Result<impl IntoResponse, Refusal> {
    let request: ReadmitRequest = body::json(body).await?;
    Ok(Json(shared.run(move |register| register.readmit(&request)).await?))
}
