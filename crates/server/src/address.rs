//! The address that is written into enrolment codes: decided here and nowhere else. A laptop keeps it for
//! years, so what cannot work is refused, and what works on this machine only is taken from nobody but a
//! person who said so.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use serde::{Deserialize, Serialize};
pub use sync_core::api::{AddressError, DEFAULT_PORT, ServerAddress};

use crate::error::ServerError;
use crate::folder::DataFolder;

/// All interfaces: whoever reaches it still meets TLS with the commune's own identity.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), DEFAULT_PORT);

/// Why a code names no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecided {
    /// What was said is none.
    #[error(transparent)]
    Wrong(#[from] AddressError),
    /// Nobody said the address, and this machine has none in a network.
    #[error("this machine has no address in a network")]
    NoNetwork,
    /// The server runs behind a proxy, whose address only people know.
    #[error("behind a proxy the address must be said")]
    BehindProxy,
}

impl Undecided {
    /// Key of the sentence.
    pub fn code(self) -> &'static str {
        match self {
            Self::Wrong(error) => error.code(),
            Self::NoNetwork => "address.no_network",
            Self::BehindProxy => "address.behind_proxy",
        }
    }
}

/// What a running server says of itself, for commands beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// Its socket.
    #[serde(rename = "listening")]
    pub listen: SocketAddr,
    /// A name it was told laptops call it by.
    #[serde(default)]
    pub name: Option<String>,
    /// A proxy ends TLS in front of it.
    #[serde(default)]
    pub behind_proxy: bool,
}

/// Decides, in this order: what was said now; what was said at `init` or `serve` and kept; where the
/// running server listens, if that is one address; this machine's address in the network, with the running
/// server's port, the last one's or the fixed one.
pub fn decide(
    said: Option<&str>,
    kept: Option<&str>,
    running: Option<&Running>,
    last_port: Option<u16>,
    in_network: impl FnOnce() -> Option<IpAddr>,
) -> Result<ServerAddress, Undecided> {
    if let Some(text) = said.or(kept) {
        return Ok(text.parse()?);
    }
    let port = running.map(|running| running.listen.port()).or(last_port).unwrap_or(DEFAULT_PORT);
    if running.is_some_and(|running| running.behind_proxy) {
        return Err(Undecided::BehindProxy);
    }
    if let Some(name) = running.and_then(|running| running.name.as_deref()) {
        return Ok(ServerAddress::named(name, port)?);
    }
    let one = running.map(|running| running.listen.ip()).filter(|ip| !ip.is_unspecified());
    let ip = one.or_else(in_network).ok_or(Undecided::NoNetwork)?;
    Ok(ServerAddress::at(ip, port))
}

/// The port of a server that may be dead since: it will most likely come back there. Nothing else of what it
/// said is believed; behind a proxy its port is nobody's to call.
pub fn last_port(folder: &DataFolder) -> Option<u16> {
    folder.said_to_run().filter(|last| !last.behind_proxy).map(|last| last.listen.port())
}

/// This machine's address in its network: where the system would send from. Connecting a datagram socket
/// looks the route up and sends nothing.
pub fn in_network() -> Option<IpAddr> {
    // The first goes by the default route; the others find the usual office networks that have none.
    const TOWARDS: [[u8; 4]; 4] = [[198, 51, 100, 1], [192, 168, 1, 1], [192, 168, 0, 1], [10, 0, 0, 1]];
    TOWARDS.into_iter().find_map(|towards| {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
        socket.connect((Ipv4Addr::from(towards), 9)).ok()?;
        let ip = socket.local_addr().ok()?.ip();
        (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
    })
}

/// Keeps the address that laptops shall be told, until it is said anew.
pub fn keep(folder: &DataFolder, said: &str) -> Result<ServerAddress, ServerError> {
    let address: ServerAddress = said.parse()?;
    database::write_atomically(&folder.address(), address.to_string().as_bytes())?;
    Ok(address)
}

/// What was kept.
pub fn kept(folder: &DataFolder) -> Result<Option<String>, ServerError> {
    match std::fs::read_to_string(folder.address()) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_said_it_last_and_loudest_is_heard() {
        let lan = || Some(IpAddr::from([192, 168, 1, 10]));
        let at = |listen: &str| Running { listen: listen.parse().unwrap(), name: None, behind_proxy: false };
        let check = |said, kept, running: Option<Running>, expect: Result<&str, Undecided>| {
            let decided =
                decide(said, kept, running.as_ref(), Some(7000), lan).map(|address| address.to_string());
            assert_eq!(decided.as_deref().map_err(|error| *error), expect);
        };
        let everywhere = || Some(at("0.0.0.0:9000"));
        check(Some("10.0.0.1:1"), Some("10.0.0.2:2"), everywhere(), Ok("https://10.0.0.1:1"));
        check(None, Some("10.0.0.2:2"), everywhere(), Ok("https://10.0.0.2:2"));
        check(None, None, everywhere(), Ok("https://192.168.1.10:9000"));
        check(None, None, Some(at("[::]:9000")), Ok("https://192.168.1.10:9000"));
        check(None, None, Some(at("10.0.0.3:3")), Ok("https://10.0.0.3:3"));
        check(None, None, Some(at("127.0.0.1:3")), Ok("https://127.0.0.1:3"));
        let named = Running { name: Some("xa.example".into()), ..at("0.0.0.0:9000") };
        check(None, None, Some(named), Ok("https://xa.example:9000"));
        check(None, None, None, Ok("https://192.168.1.10:7000"));
        let nothing_known = decide(None, None, None, None, lan).unwrap();
        assert_eq!(nothing_known.to_string(), "https://192.168.1.10:8443");
        let unspecified = Err(AddressError::Unspecified.into());
        check(Some("0.0.0.0:1"), Some("10.0.0.2:2"), None, unspecified);
        let proxied = Running { behind_proxy: true, ..at("0.0.0.0:9000") };
        check(None, None, Some(proxied.clone()), Err(Undecided::BehindProxy));
        check(None, Some("10.0.0.2:2"), Some(proxied), Ok("https://10.0.0.2:2"));
        assert_eq!(decide(None, None, None, None, || None), Err(Undecided::NoNetwork));
    }

    #[test]
    fn a_machine_never_names_itself_by_an_address_that_is_only_its_own() {
        assert!(in_network().is_none_or(|ip| !ip.is_loopback() && !ip.is_unspecified()));
    }

    #[test]
    fn what_is_kept_was_good_and_is_replaced_whole() {
        let dir = tempfile::tempdir().unwrap();
        let folder = DataFolder::new(dir.path());
        assert_eq!(kept(&folder).unwrap(), None);
        keep(&folder, "10.0.0.1").unwrap();
        let refused = keep(&folder, "0.0.0.0:1");
        assert!(
            matches!(refused, Err(ServerError::Address(Undecided::Wrong(AddressError::Unspecified)))),
            "{refused:?}"
        );
        assert_eq!(kept(&folder).unwrap().as_deref(), Some("https://10.0.0.1:8443"));
    }
}
