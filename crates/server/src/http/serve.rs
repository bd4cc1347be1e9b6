//! Listening: the socket, TLS or none, and a handle to stop.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use hyper_util::rt::TokioTimer;
use tokio::task::JoinHandle;

use super::{STALL, router, tls};
use crate::error::ServerError;
use crate::folder::ServeLock;
use crate::register::Register;

/// How it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// With a certificate of the commune, also for these names.
    Tls(Vec<String>),
    /// In clear, on loopback only.
    Loopback,
    /// In clear on any address: a proxy ends TLS in front of it.
    BehindProxy,
}

/// A server that serves. Dropping it stops it.
#[derive(Debug)]
pub struct Serving {
    /// "https://127.0.0.1:8443"
    pub url: String,
    /// Where it listens.
    pub address: SocketAddr,
    handle: Handle<SocketAddr>,
    task: JoinHandle<std::io::Result<()>>,
    _lock: ServeLock,
}

/// Begins to serve; the socket is open when this returns. Takes the data folder's lock.
pub fn serve(
    register: &Arc<Register>,
    listen: SocketAddr,
    transport: &Transport,
) -> Result<Serving, ServerError> {
    if *transport == Transport::Loopback && !listen.ip().is_loopback() {
        return Err(ServerError::TlsNeeded);
    }
    let lock = register.folder().lock_for_serving()?;
    let listener = TcpListener::bind(listen).map_err(ServerError::CannotListen)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let handle = Handle::new();
    let app = router(Arc::clone(register)).into_make_service();
    let (scheme, task) = match transport {
        Transport::Tls(names) => {
            let config = RustlsConfig::from_config(tls::server_config(&register.keys().identity, names)?);
            let mut server = axum_server::from_tcp_rustls(listener, config)?.handle(handle.clone());
            server.http_builder().http1().timer(TokioTimer::new()).header_read_timeout(STALL);
            ("https", tokio::spawn(server.serve(app)))
        }
        Transport::Loopback | Transport::BehindProxy => {
            let mut server = axum_server::from_tcp(listener)?.handle(handle.clone());
            server.http_builder().http1().timer(TokioTimer::new()).header_read_timeout(STALL);
            ("http", tokio::spawn(server.serve(app)))
        }
    };
    Ok(Serving { url: format!("{scheme}://{address}"), address, handle, task, _lock: lock })
}

impl Serving {
    /// Asks it to end: open requests get ten seconds.
    pub fn stop(&self) {
        self.handle.graceful_shutdown(Some(Duration::from_secs(10)));
    }

    /// Waits until it has ended. The data folder stays locked until this is dropped.
    pub async fn ended(&mut self) -> Result<(), ServerError> {
        match (&mut self.task).await {
            Ok(result) => Ok(result?),
            Err(_) => Err(ServerError::Internal("the server task ended")),
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}
