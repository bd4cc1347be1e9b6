//! HTTP: what is served where. Handlers extract, authorise, call and map; what they call does not know
//! HTTP. SQLite work runs on blocking threads, so that a slow disk stalls no socket.

mod body;
mod enrol;
pub mod metrics;
mod openapi;
pub mod probe;
mod refusal;
mod serve;
mod status;
mod sync;
pub mod tls;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sync_core::api::{ApiCode, ApiError, TOKEN_SCHEME};
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::{RequestBodyTimeoutLayer, ResponseBodyTimeoutLayer};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use serve::{Serving, Transport, serve};

use crate::error::{ServerError, refused};
use crate::register::Register;
use crate::register::devices::Device;
use metrics::Metrics;
use refusal::Refusal;

/// Without a byte for so long a request is given up; there is no total time-out (sync rules §10).
const STALL: Duration = Duration::from_secs(30);
/// Requests that may wait for the register at once; more are asked to come back.
const AT_ONCE: usize = 256;

/// What handlers share.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    register: Arc<Register>,
    metrics: Arc<Metrics>,
    room: Arc<Semaphore>,
}

/// Every route, with the description of the interface at `/openapi.json`.
pub(crate) fn router(register: Arc<Register>) -> Router {
    let shared =
        Shared { register, metrics: Arc::new(Metrics::default()), room: Arc::new(Semaphore::new(AT_ONCE)) };
    let (router, description) = OpenApiRouter::with_openapi(openapi::description())
        .routes(routes!(enrol::enrol))
        .routes(routes!(enrol::readmit))
        .routes(routes!(sync::hello))
        .routes(routes!(sync::push))
        .routes(routes!(sync::pull))
        .routes(routes!(sync::offer))
        .routes(routes!(sync::digests))
        .routes(routes!(sync::rows))
        .routes(routes!(sync::erase_order))
        .routes(routes!(status::healthz))
        .routes(routes!(status::readyz))
        .routes(routes!(status::metrics))
        .split_for_parts();
    let description = axum::Json(description);
    router
        .route("/openapi.json", axum::routing::get(move || async move { description }))
        .fallback(|| async { Refusal::from(refused(ApiCode::ServerNoSuchPath)) })
        .layer(middleware::from_fn_with_state(shared.clone(), observe))
        .layer(CatchPanicLayer::custom(|_| Refusal::from(refused(ApiCode::ServerFault)).into_response()))
        .layer(RequestBodyTimeoutLayer::new(STALL))
        .layer(ResponseBodyTimeoutLayer::new(STALL))
        .with_state(shared)
}

/// Counts and logs: route, status, time. Never a header, a query or a body.
async fn observe(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    shared.metrics.answered(status);
    let ms = started.elapsed().as_millis();
    tracing::info!(route = route.as_deref().unwrap_or("-"), status, ms, "answered");
    response
}

impl Shared {
    /// Runs work on the register on a blocking thread. With too many waiting already, asks to come back.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Register) -> Result<T, ServerError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let busy = || ApiError::new(ApiCode::ServerBusy).with("retry_after_s", 2);
        let place = Arc::clone(&self.room).try_acquire_owned().map_err(|_| Refusal::from(busy()))?;
        let register = Arc::clone(&self.register);
        let done = tokio::task::spawn_blocking(move || {
            let _place = place;
            work(&register)
        });
        let result = done.await.unwrap_or(Err(ServerError::Internal("a task panicked")));
        result.map_err(Refusal::from)
    }

    /// [`Shared::run`], answered as compressed JSON that is made on the same thread.
    async fn packed<T: Serialize>(
        &self,
        work: impl FnOnce(&Register) -> Result<T, ServerError> + Send + 'static,
    ) -> Result<Response, Refusal> {
        let packed = self.run(move |register| body::pack(&work(register)?)).await?;
        Ok(body::packed_response(packed))
    }

    /// The device that asks, if it still belongs here.
    async fn device(&self, headers: &HeaderMap) -> Result<Device, Refusal> {
        let device = self.any_device(headers).await?;
        if device.revoked { Err(refused(ApiCode::AuthRevoked).into()) } else { Ok(device) }
    }

    /// The device that asks, also one that was revoked.
    async fn any_device(&self, headers: &HeaderMap) -> Result<Device, Refusal> {
        let token = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token =
            token.and_then(|value| value.strip_prefix(TOKEN_SCHEME)).map(|token| token.trim().to_owned());
        let token = token.ok_or_else(|| Refusal::from(refused(ApiCode::AuthUnknownToken)))?;
        self.run(move |register| register.authenticate(&token)).await
    }
}
