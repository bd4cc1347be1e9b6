//! The HTTP way: JSON, zstd, one bearer token, and a server that proves to be the commune's own.

use std::io::Read;
use std::time::Duration;

use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sync_core::api::{self, ApiError, EnrolReply, EnrolRequest, ReadmitReply, ReadmitRequest, ServerAddress};
use sync_core::membership::EraseOrder;
use sync_core::wire::{
    DigestsReply, EraseOrderRequest, Hello, HelloReply, Limits, Offer, OfferReply, Page, PullRequest,
    PushReply, RowsReply, RowsRequest, SignedBatch,
};
use tokio::runtime::{Builder, Runtime};

use crate::transport::{Transport, TransportError};
use crate::trust::client_config;

/// No byte for so long is a stall; a slow line that carries something is never cut.
const STALL: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(15);
/// Level 3 costs a tenth of what the radio does.
const ZSTD_LEVEL: i32 = 3;
const DEFAULT_WAIT_S: u64 = 60;

/// Where the commune's server is, who it is, and how it knows this laptop. Kept in the encrypted store.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerLink {
    /// As people write it; read by [`ServerAddress`].
    pub address: String,
    /// The commune's Ed25519 identity.
    pub identity: [u8; 32],
    /// What this laptop signs its batches with.
    pub device_key: [u8; 32],
    /// For `Authorization`.
    pub token: String,
}

impl std::fmt::Debug for ServerLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerLink").field("address", &self.address).finish_non_exhaustive()
    }
}

/// A line to one server. Calls block: a sync is one thing after the other.
#[derive(Debug)]
pub struct HttpTransport {
    line: Line,
    token: String,
    inflated_at_most: usize,
}

/// Exchanges an enrolment code's secret for a place in the commune.
pub fn enrol(
    address: &str,
    identity: [u8; 32],
    request: &EnrolRequest,
) -> Result<EnrolReply, TransportError> {
    let line = Line::new(address, identity)?;
    let answer =
        line.send(|request_to| request_to(Method::POST, api::ENROL).body(json(request)), BODY_AT_MOST)?;
    read(&answer)
}

/// Asks a server that does not know this laptop's token any more to let it in by its certificate.
pub fn readmit(link: &ServerLink, request: &ReadmitRequest) -> Result<ReadmitReply, TransportError> {
    let line = Line::new(&link.address, link.identity)?;
    let answer =
        line.send(|request_to| request_to(Method::POST, api::READMIT).body(json(request)), BODY_AT_MOST)?;
    read(&answer)
}

/// Asks for the order to destroy the keys: of a laptop that was told that it was revoked.
pub fn erase_order(link: &ServerLink, request: &EraseOrderRequest) -> Result<EraseOrder, TransportError> {
    HttpTransport::new(link)?.post(api::ERASE_ORDER, json(request), false)
}

/// A page may be a little over what was asked for: its first group comes whatever its size.
const BODY_AT_MOST: usize = 8 * 1024 * 1024;

impl HttpTransport {
    /// Prepares the line; nothing is sent yet.
    pub fn new(link: &ServerLink) -> Result<Self, TransportError> {
        let line = Line::new(&link.address, link.identity)?;
        let inflated_at_most = Limits::default().inflated_bytes.saturating_mul(2);
        Ok(Self { line, token: link.token.clone(), inflated_at_most })
    }

    fn post_packed<T: DeserializeOwned>(&self, path: &str, body: &[u8]) -> Result<T, TransportError> {
        let packed = zstd::bulk::compress(body, ZSTD_LEVEL).map_err(|_| TransportError::Unreadable)?;
        self.post(path, packed, true)
    }

    fn post<T: DeserializeOwned>(&self, path: &str, body: Vec<u8>, coded: bool) -> Result<T, TransportError> {
        let answer = self.line.send(
            |request_to| {
                let request = request_to(Method::POST, path).bearer_auth(&self.token);
                let request = if coded { request.header(CONTENT_ENCODING, api::CODING) } else { request };
                request.body(body)
            },
            self.inflated_at_most,
        )?;
        read(&answer)
    }
}

impl Transport for HttpTransport {
    fn hello(&mut self, hello: &Hello) -> Result<HelloReply, TransportError> {
        let reply: HelloReply = self.post(api::HELLO, json(hello), false)?;
        self.inflated_at_most = reply.limits.inflated_bytes.saturating_mul(2);
        Ok(reply)
    }

    fn push(&mut self, batch: &SignedBatch) -> Result<PushReply, TransportError> {
        self.post_packed(api::PUSH, &batch.to_body())
    }

    fn offer(&mut self, offer: &Offer) -> Result<OfferReply, TransportError> {
        self.post_packed(api::OFFER, &json(offer))
    }

    fn digests(&mut self) -> Result<DigestsReply, TransportError> {
        self.post(api::DIGESTS, Vec::new(), false)
    }

    fn rows(&mut self, request: &RowsRequest) -> Result<RowsReply, TransportError> {
        self.post(api::ROWS, json(request), false)
    }

    fn pull(&mut self, request: &PullRequest) -> Result<Page, TransportError> {
        self.post(api::PULL, json(request), false)
    }
}

#[derive(Debug)]
struct Line {
    runtime: Runtime,
    client: Client,
    address: String,
}

impl Line {
    fn new(address: &str, identity: [u8; 32]) -> Result<Self, TransportError> {
        let address: ServerAddress = address.parse()?;
        let runtime =
            Builder::new_current_thread().enable_all().build().map_err(|_| TransportError::Unreachable)?;
        let tls = client_config(identity).map_err(|_| TransportError::OtherIdentity)?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(CONNECT)
            .read_timeout(STALL)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|_| TransportError::Unreachable)?;
        Ok(Self { runtime, client, address: address.to_string() })
    }

    /// Sends, and reads the answer's body, inflated, never beyond the cap.
    fn send(
        &self,
        make: impl FnOnce(&dyn Fn(Method, &str) -> RequestBuilder) -> RequestBuilder,
        inflated_at_most: usize,
    ) -> Result<Vec<u8>, TransportError> {
        let request_to = |method: Method, path: &str| {
            let url = format!("{}{path}", self.address);
            self.client.request(method, url).header(CONTENT_TYPE, "application/json")
        };
        let request = make(&request_to);
        self.runtime.block_on(async {
            let answer = request.send().await.map_err(|error| failed(&error))?;
            let status = answer.status();
            let retry_after_s = header(&answer, RETRY_AFTER.as_str()).and_then(|text| text.parse().ok());
            let coded = header(&answer, CONTENT_ENCODING.as_str()) == Some(api::CODING);
            let body = whole(answer, inflated_at_most).await?;
            let body = if coded { inflate(&body, inflated_at_most)? } else { body };
            if status.is_success() { Ok(body) } else { Err(refusal(status, retry_after_s, &body)) }
        })
    }
}

fn header<'a>(answer: &'a Response, name: &str) -> Option<&'a str> {
    answer.headers().get(name).and_then(|value| value.to_str().ok())
}

async fn whole(mut answer: Response, at_most: usize) -> Result<Vec<u8>, TransportError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| failed(&error))? {
        if body.len().saturating_add(chunk.len()) > at_most {
            return Err(TransportError::Unreadable);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn inflate(body: &[u8], at_most: usize) -> Result<Vec<u8>, TransportError> {
    let decoder = zstd::stream::read::Decoder::new(body).map_err(|_| TransportError::Unreadable)?;
    let mut inflated = Vec::new();
    let cap = at_most.saturating_add(1) as u64;
    decoder.take(cap).read_to_end(&mut inflated).map_err(|_| TransportError::Unreadable)?;
    if inflated.len() > at_most { Err(TransportError::Unreadable) } else { Ok(inflated) }
}

fn refusal(status: StatusCode, retry_after_s: Option<u64>, body: &[u8]) -> TransportError {
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        return TransportError::Busy { after_s: retry_after_s.unwrap_or(DEFAULT_WAIT_S) };
    }
    match serde_json::from_slice::<ApiError>(body) {
        Ok(error) => TransportError::Refused(error),
        Err(_) => TransportError::Unreadable,
    }
}

fn failed(error: &reqwest::Error) -> TransportError {
    if is_other_identity(error) {
        return TransportError::OtherIdentity;
    }
    if error.is_timeout() && !error.is_connect() {
        TransportError::Stalled
    } else {
        TransportError::Unreachable
    }
}

/// Looks for a refused certificate among the causes.
fn is_other_identity(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        let tls = current.downcast_ref::<rustls::Error>();
        if matches!(tls, Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented))
        {
            return true;
        }
        // An I/O error hides what it wraps from `source`.
        cause = match current.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => current.source(),
        };
    }
    false
}

fn json<T: Serialize>(value: &T) -> Vec<u8> {
    // Our own messages are structs of numbers and texts: writing them into memory has no way to fail.
    serde_json::to_vec(value).unwrap_or_default()
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, TransportError> {
    serde_json::from_slice(body).map_err(|_| TransportError::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(address: &str) -> String {
        let request = EnrolRequest {
            secret: String::new(),
            device_key: String::new(),
            device_name: String::new(),
            proof: String::new(),
        };
        enrol(address, [7; 32], &request).unwrap_err().code().to_owned()
    }

    /// What the server's help tells people to write is an address; what is none is not an attack.
    #[test]
    fn an_address_as_people_write_it_is_called() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        for text in
            [format!("{closed}"), format!("https://{closed}/"), format!("localhost:{}", closed.port())]
        {
            assert_eq!(failing(&text), "sync.unreachable", "{text}");
        }
        assert_eq!(failing("máy chủ xã"), "address.unreadable");
        assert_eq!(failing("http://192.0.2.7:8443"), "address.in_clear");
        assert_eq!(failing("0.0.0.0:8443"), "address.unspecified");
    }
}
