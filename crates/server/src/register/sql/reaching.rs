//! Where a PostgreSQL database is, and how it is reached: nothing goes over a network in clear, and nothing of it is
//! shown.

use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, LazyLock, mpsc};
use std::time::Duration;

use database::Durability;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::postgres::{Session, met};
use crate::error::ServerError;

/// Serves the sockets of all connections. Never ended, so that a register may be closed anywhere.
static SOCKETS: LazyLock<std::io::Result<Runtime>> = LazyLock::new(|| {
    Builder::new_multi_thread().worker_threads(1).thread_name("postgres").enable_all().build()
});

/// As PostgreSQL's own programs name it: a file with the certificates to trust.
const ROOTS: &str = "sslrootcert=";

/// So long a server may think before it lets somebody in.
const SILENCE: Duration = Duration::from_secs(30);

/// Where a database is. It may hold a password and is never shown.
#[derive(Clone)]
pub(crate) struct Server {
    config: Arc<Config>,
    /// With whom it speaks in cipher; nobody on this machine.
    tls: Option<MakeRustlsConnect>,
    durability: Durability,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Server")
    }
}

impl Server {
    /// Reads a connection's address. What would go over a network in clear is refused.
    pub(crate) fn read(url: &str, durability: Durability) -> Result<Self, ServerError> {
        let (url, roots) = without_roots(url);
        let mut config: Config = url.parse().map_err(|_| ServerError::PostgresUnreadable)?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() || config.get_user().is_none() {
            return Err(ServerError::PostgresUnreadable);
        }
        let tls = roots.map(|roots| trusting(Path::new(roots))).transpose()?;
        match tls {
            // Said by whoever gave the certificates, so never without.
            Some(_) => config.ssl_mode(SslMode::Require),
            None if stays_here(&config) => config.ssl_mode(SslMode::Disable),
            None => return Err(ServerError::PostgresBeyond),
        };
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(10));
        }
        // Of several hosts the one that writes: another lags behind it.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(Duration::from_secs(30));
        }
        if config.get_application_name().is_none() {
            config.application_name("tungnha-server");
        }
        Ok(Self { config: Arc::new(config), tls, durability })
    }

    pub(crate) fn connect(&self) -> Result<Session, ServerError> {
        let sockets = SOCKETS.as_ref().map_err(|error| std::io::Error::from(error.kind()))?;
        let (tell, told) = mpsc::sync_channel(1);
        let (config, tls) = (Arc::clone(&self.config), self.tls.clone());
        sockets.spawn(async move {
            tell.send(match tls {
                None => connected(&config, NoTls).await,
                Some(tls) => connected(&config, tls).await,
            })
        });
        // Whoever takes the socket and says nothing is not there.
        let connected = told.recv_timeout(SILENCE).map_err(|_| ServerError::DatabaseUnreachable)?;
        let client = connected.map_err(|error| match error.code() {
            Some(_) => met(&error),
            None => ServerError::DatabaseUnreachable,
        })?;
        Ok(Session::over(client, self.durability))
    }

    /// Brings the schema up to this version's.
    pub(crate) fn upgrade(&self) -> Result<(), ServerError> {
        self.connect()?.upgrade()
    }
}

async fn connected<T>(config: &Config, tls: T) -> Result<Client, tokio_postgres::Error>
where
    T: MakeTlsConnect<Socket, Stream: Send + 'static>,
{
    let (client, connection) = config.connect(tls).await?;
    // Ends with the client. Why it ended otherwise is told to who waits for an answer.
    tokio::spawn(connection);
    Ok(client)
}

/// The address without the file of certificates, which the client's own reading does not know; and that file.
fn without_roots(url: &str) -> (String, Option<&str>) {
    let Some((address, options)) = url.split_once('?') else { return (url.to_owned(), None) };
    let (roots, others): (Vec<_>, Vec<_>) = options.split('&').partition(|option| option.starts_with(ROOTS));
    let roots = roots.first().and_then(|option| option.strip_prefix(ROOTS));
    let options = if others.is_empty() { String::new() } else { format!("?{}", others.join("&")) };
    (address.to_owned() + &options, roots)
}

/// Speaks with whoever has a certificate for the name that was called, given by one of these.
fn trusting(file: &Path) -> Result<MakeRustlsConnect, ServerError> {
    let pem = std::fs::read(file)?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|_| ServerError::PostgresUnreadable)?;
        roots.add(certificate).map_err(|_| ServerError::PostgresUnreadable)?;
    }
    if roots.is_empty() {
        return Err(ServerError::PostgresUnreadable);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| ServerError::Internal("tls"))?;
    Ok(MakeRustlsConnect::new(config.with_root_certificates(roots).with_no_client_auth()))
}

/// True if nobody on a network could read along: a socket of this machine, or its own addresses.
fn stays_here(config: &Config) -> bool {
    let addresses = config.get_hostaddrs();
    if !addresses.is_empty() {
        return addresses.iter().all(IpAddr::is_loopback);
    }
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A password must not cross a network in clear, nor what people told the commune.
    #[test]
    fn only_what_stays_on_this_machine_goes_without_tls() {
        let check = |url: &str, expect: &str| {
            let read = Server::read(url, Durability::Full);
            let code = read.map_or_else(|error| error.code().to_owned(), |_| "read".to_owned());
            assert_eq!(code, expect, "{url}");
        };
        check("postgresql://u:p@127.0.0.1/d", "read");
        check("postgresql://u:p@[::1]:5433/d", "read");
        check("postgresql://u@localhost/d", "read");
        check("postgresql://u@%2Fvar%2Frun%2Fpostgresql/d", "read");
        check("host=/var/run/postgresql user=u dbname=d", "read");
        check("postgresql://u:p@10.0.0.5/d", "server.postgres_beyond");
        check("postgresql://u:p@localhost,db.xa.example/d", "server.postgres_beyond");
        check("host=localhost hostaddr=10.0.0.5 user=u", "server.postgres_beyond");
        check("postgresql://u:p@db.xa.example/d?sslrootcert=/nowhere.pem", "server.io");
        check("postgresql://u:p@db.xa.example/d?sslmode=require", "server.postgres_beyond");
        check("postgresql://u:p@127.0.0.1/d?options=-cwork_mem%3D4MB&connect_timeout=3", "read");
        check("postgresql:///d", "server.postgres_unreadable");
        check("mysql://u@localhost/d", "server.postgres_unreadable");
        let shown = format!("{:?}", Server::read("postgresql://u:bimat@127.0.0.1/d", Durability::Full));
        assert!(!shown.contains("bimat"));
    }
}
