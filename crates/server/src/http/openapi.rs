//! The description of the interface at `/openapi.json`. These types are its words only: what is sent and
//! read are the types of `sync_core`, and a test compares the field names. Groups, receipts and rows are
//! free-form here; `docs/SYNC.md` describes them.
#![allow(dead_code, reason = "written for their schema")]

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi, ToSchema};
use uuid::Uuid;

#[derive(OpenApi)]
#[openapi(info(title = "Từng Nhà", description = "Commune server: enrolment and sync"), modifiers(&DeviceToken))]
struct Description;

struct DeviceToken;

impl Modify for DeviceToken {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        openapi.components.get_or_insert_default().add_security_scheme("device", scheme);
    }
}

pub(crate) fn description() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

/// See `sync_core::api::EnrolRequest`.
#[derive(ToSchema)]
pub(crate) struct EnrolRequest {
    secret: String,
    /// 64 hexadecimal digits.
    device_key: String,
    device_name: String,
    /// 128 hexadecimal digits.
    proof: String,
}

/// See `sync_core::api::EnrolReply`.
#[derive(ToSchema)]
pub(crate) struct EnrolReply {
    commune: Uuid,
    commune_name: String,
    device: Uuid,
    user: Uuid,
    role: String,
    hamlet_units: Vec<Uuid>,
    hamlet_unit_names: Vec<String>,
    token: String,
    seal_to: String,
    basis: String,
    server_time_ms: i64,
    /// To be shown as it is.
    #[schema(value_type = Object)]
    certificate: (),
}

/// See `sync_core::api::ReadmitRequest`.
#[derive(ToSchema)]
pub(crate) struct ReadmitRequest {
    #[schema(value_type = Object)]
    certificate: (),
    device_name: String,
    /// 128 hexadecimal digits.
    proof: String,
}

/// See `sync_core::api::ReadmitReply`.
#[derive(ToSchema)]
pub(crate) struct ReadmitReply {
    token: String,
}

/// See `sync_core::api::ApiError`.
#[derive(ToSchema)]
pub(crate) struct ApiError {
    code: String,
    /// Numbers by name.
    #[schema(value_type = Object)]
    params: (),
    retryable: bool,
}

/// See `sync_core::wire::Hello`.
#[derive(ToSchema)]
pub(crate) struct Hello {
    protocol: u16,
    commune: Uuid,
    device: Uuid,
    incarnation: u64,
    cursor: Option<Cursor>,
    highest_dseq: u64,
    ledger: Mark,
}

/// See `sync_core::wire::HelloReply`.
#[derive(ToSchema)]
pub(crate) struct HelloReply {
    protocol: u16,
    commune: Uuid,
    highest_known: u64,
    head: Cursor,
    #[schema(value_type = Object)]
    limits: (),
    server_time_ms: i64,
    ledger: Mark,
    /// "all", or the scopes: {"only": ["…"]}.
    #[schema(value_type = Object)]
    sight: (),
    /// Epoch number and position.
    watermark: Vec<u64>,
    #[schema(value_type = Object)]
    proof: (),
}

/// See `sync_core::ledger::Mark`.
#[derive(ToSchema)]
pub(crate) struct Mark {
    number: u64,
    /// 32 hexadecimal digits.
    code: String,
}

/// See `sync_core::position::Cursor`.
#[derive(ToSchema)]
pub(crate) struct Cursor {
    /// Number and nonce.
    epoch: Vec<u64>,
    position: u64,
    /// 64 hexadecimal digits.
    hash: String,
}

/// See `sync_core::wire::PushReply`.
#[derive(ToSchema)]
pub(crate) struct PushReply {
    #[schema(value_type = Vec<Object>)]
    receipts: (),
    #[schema(value_type = Vec<Object>)]
    groups: (),
    expect: Option<u64>,
    head: Cursor,
}

/// See `sync_core::wire::PullRequest`.
#[derive(ToSchema)]
pub(crate) struct PullRequest {
    cursor: Option<Cursor>,
    max_bytes: u64,
}

/// See `sync_core::wire::Page`.
#[derive(ToSchema)]
pub(crate) struct Page {
    from: Option<Cursor>,
    to: Cursor,
    #[schema(value_type = Vec<Object>)]
    exits: (),
    #[schema(value_type = Vec<Object>)]
    groups: (),
    more: bool,
    #[schema(value_type = Object)]
    proof: (),
}

/// See `sync_core::wire::OfferReply`.
#[derive(ToSchema)]
pub(crate) struct OfferReply {
    #[schema(value_type = Vec<Object>)]
    groups: (),
    bare: Vec<bool>,
    #[schema(value_type = Vec<Object>)]
    sealed: (),
    #[schema(value_type = Object)]
    proof: (),
}

/// See `sync_core::wire::DigestsReply`.
#[derive(ToSchema)]
pub(crate) struct DigestsReply {
    #[schema(value_type = Vec<Object>)]
    of: (),
    at: Cursor,
    ledger: Mark,
}

/// See `sync_core::wire::RowsRequest`.
#[derive(ToSchema)]
pub(crate) struct RowsRequest {
    /// Scopes, each with its buckets, 0 to 255.
    #[schema(value_type = Vec<Object>)]
    of: (),
}

/// See `sync_core::wire::RowsReply`.
#[derive(ToSchema)]
pub(crate) struct RowsReply {
    /// Scopes with the buckets that are answered.
    #[schema(value_type = Vec<Object>)]
    of: (),
    #[schema(value_type = Vec<Object>)]
    rows: (),
    #[schema(value_type = Vec<Object>)]
    kept: (),
    at: Cursor,
    ledger: Mark,
}

/// See `sync_core::wire::EraseOrderRequest`.
#[derive(ToSchema)]
pub(crate) struct EraseOrderRequest {
    incarnation: u64,
}

/// See `sync_core::membership::EraseOrder`.
#[derive(ToSchema)]
pub(crate) struct EraseOrder {
    commune: Uuid,
    device: Uuid,
    incarnation: u64,
    revoked_at_ms: i64,
    /// 128 hexadecimal digits.
    signature: String,
}
