//! Is it alive, is it ready, how much has it done. No personal data, so no token.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use serde_json::json;

use super::Shared;
use super::refusal::Refusal;

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "status", responses((status = 200, description = "alive")))]
pub(crate) async fn healthz() -> impl IntoResponse {
    Json(json!({ "status": "ok" }))
}

/// The register can be read.
#[utoipa::path(get, path = "/readyz", tag = "status",
    responses((status = 200, description = "ready"), (status = 500), (status = 503)))]
pub(crate) async fn readyz(State(shared): State<Shared>) -> Result<impl IntoResponse, Refusal> {
    let epoch = shared.run(|register| register.epoch()).await?;
    Ok(Json(json!({ "status": "ready", "epoch": epoch.number })))
}

/// Counters in the Prometheus text format.
#[utoipa::path(get, path = "/metrics", tag = "status",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn metrics(State(shared): State<Shared>) -> Result<impl IntoResponse, Refusal> {
    let (head, devices) = shared.run(|register| Ok((register.position()?, register.device_count()?))).await?;
    Ok(shared.metrics.text(head, devices))
}
