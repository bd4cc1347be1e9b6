//! Does this commune's server answer at an address, now? A handshake with the commune's own identity as the
//! only root says it; an open port could be anybody's.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use super::tls;
use crate::address::{Running, ServerAddress};
use crate::error::ServerError;
use crate::folder::DataFolder;
use crate::keys::CommuneKeys;

/// For each step of asking.
const PATIENCE: Duration = Duration::from_secs(3);
/// With looking a name up, which has no limit of its own.
const PATIENCE_IN_ALL: Duration = Duration::from_secs(8);

/// True if this commune's server answers there.
pub fn answers(keys: &CommuneKeys, address: &ServerAddress) -> Result<bool, ServerError> {
    let config = (!address.is_in_clear()).then(|| client_config(keys)).transpose()?;
    let (host, port) = address.host_and_port();
    let (say, hear) = mpsc::channel();
    std::thread::spawn(move || {
        let found = (host.as_str(), port).to_socket_addrs().into_iter().flatten();
        let answered = found.into_iter().any(|at| ask(at, config.as_ref()).is_ok());
        // Nobody may be listening any more; then nobody wants to know.
        let _ = say.send(answered);
    });
    Ok(hear.recv_timeout(PATIENCE_IN_ALL).unwrap_or(false))
}

/// The server that runs on this folder. What a dead one left behind is not believed.
pub fn running(folder: &DataFolder, keys: &CommuneKeys) -> Result<Option<Running>, ServerError> {
    let Some(running) = folder.said_to_run() else { return Ok(None) };
    let mut here = running.listen;
    if here.ip().is_unspecified() {
        here.set_ip(if here.is_ipv4() {
            [127, 0, 0, 1].into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        });
    }
    let config = if running.behind_proxy { None } else { Some(client_config(keys)?) };
    Ok(ask(here, config.as_ref()).is_ok().then_some(running))
}

fn client_config(keys: &CommuneKeys) -> Result<Arc<ClientConfig>, ServerError> {
    let mut roots = RootCertStore::empty();
    roots.add(tls::issuer(&keys.identity)?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

/// One request for `/healthz`; without TLS where none is spoken.
fn ask(at: SocketAddr, tls: Option<&Arc<ClientConfig>>) -> std::io::Result<()> {
    let mut socket = TcpStream::connect_timeout(&at, PATIENCE)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    match tls {
        Some(config) => {
            // Every leaf of ours names localhost, wherever it is reached: who it is counts, not where.
            let name = ServerName::try_from("localhost").map_err(std::io::Error::other)?;
            let connection =
                ClientConnection::new(Arc::clone(config), name).map_err(std::io::Error::other)?;
            healthy(&mut rustls::StreamOwned::new(connection, socket))
        }
        None => healthy(&mut socket),
    }
}

fn healthy(line: &mut (impl Read + Write)) -> std::io::Result<()> {
    line.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    line.flush()?;
    let mut start = [0; 12];
    line.read_exact(&mut start)?;
    if start == *b"HTTP/1.1 200" { Ok(()) } else { Err(std::io::ErrorKind::InvalidData.into()) }
}
