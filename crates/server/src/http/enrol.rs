//! A new laptop: an enrolment code becomes a device.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::IntoResponse;
use sync_core::api::EnrolRequest;

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
