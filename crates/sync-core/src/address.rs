//! Where a commune's server is, as people write it. The server reads it here before it stands in a code, and
//! the laptop before it calls there, so that what one side takes the other side takes too.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// Where a commune's server listens unless it is told otherwise. Fixed: it stands in codes.
pub const DEFAULT_PORT: u16 = 8443;

/// Why nobody can be called there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not `HOST`, `HOST:PORT` or `https://HOST:PORT`.
    #[error("not an address")]
    Unreadable,
    /// 0.0.0.0 means "every interface" to a server, and nothing to a laptop.
    #[error("an unspecified address")]
    Unspecified,
    /// Port 0 means "any" to a server, and nothing to a laptop.
    #[error("port 0")]
    NoPort,
    /// `http://` beyond this machine: without TLS nobody proves to be the commune.
    #[error("in clear beyond this machine")]
    InClear,
}

impl AddressError {
    /// Key of the sentence.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "address.unreadable",
            Self::Unspecified => "address.unspecified",
            Self::NoPort => "address.no_port",
            Self::InClear => "address.in_clear",
        }
    }

    /// Every kind, for the test that each has a sentence.
    pub const ALL: [Self; 4] = [Self::Unreadable, Self::Unspecified, Self::NoPort, Self::InClear];
}

/// An address that laptops can be told: `https://192.168.1.10:8443`. Without a scheme it is `https`, without
/// a port [`DEFAULT_PORT`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAddress {
    in_clear: bool,
    host: Host,
    port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Ip(IpAddr),
    Name(String),
}

impl Host {
    fn of_ip(ip: IpAddr) -> Result<Self, AddressError> {
        if ip.to_canonical().is_unspecified() {
            return Err(AddressError::Unspecified);
        }
        let group = ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST);
        if group { Err(AddressError::Unreadable) } else { Ok(Self::Ip(ip)) }
    }

    fn of_text(text: &str) -> Result<Self, AddressError> {
        if let Ok(ip) = text.parse::<Ipv4Addr>() {
            return Self::of_ip(ip.into());
        }
        let name = text.to_ascii_lowercase();
        let label = |label: &str| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        // `192.168.1` and `0` would be read as addresses by some, and as other ones by others.
        let numbers = name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        if name.split('.').all(label) && !numbers {
            Ok(Self::Name(name))
        } else {
            Err(AddressError::Unreadable)
        }
    }

    fn is_loopback(&self) -> bool {
        match self {
            Self::Ip(ip) => ip.to_canonical().is_loopback(),
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
        }
    }

    /// Whatever a resolver says: names below `localhost` are not looked up everywhere as they should be.
    fn is_surely_loopback(&self) -> bool {
        self.is_loopback() && !matches!(self, Self::Name(name) if name != "localhost")
    }
}

impl FromStr for ServerAddress {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim().trim_end_matches('/');
        let (in_clear, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (false, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (true, rest),
            Some(_) => return Err(AddressError::Unreadable),
            None => (false, text),
        };
        let (host, port) = match rest.strip_prefix('[') {
            Some(rest) => {
                let (ip, port) = rest.split_once(']').ok_or(AddressError::Unreadable)?;
                let ip: Ipv6Addr = ip.parse().map_err(|_| AddressError::Unreadable)?;
                let port = match port {
                    "" => None,
                    port => Some(port.strip_prefix(':').ok_or(AddressError::Unreadable)?),
                };
                (Host::of_ip(ip.into())?, port)
            }
            None => match rest.split_once(':') {
                Some((host, port)) => (Host::of_text(host)?, Some(port)),
                None => (Host::of_text(rest)?, None),
            },
        };
        let digits = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let port = match port {
            None => DEFAULT_PORT,
            Some(port) if digits(port) => port.parse().map_err(|_| AddressError::Unreadable)?,
            Some(_) => return Err(AddressError::Unreadable),
        };
        if port == 0 {
            return Err(AddressError::NoPort);
        }
        if in_clear && !host.is_surely_loopback() {
            return Err(AddressError::InClear);
        }
        Ok(Self { in_clear, host, port })
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.in_clear { "http://" } else { "https://" })?;
        match &self.host {
            Host::Ip(ip) => write!(f, "{}", SocketAddr::new(*ip, self.port)),
            Host::Name(name) => write!(f, "{name}:{}", self.port),
        }
    }
}

impl ServerAddress {
    /// `https` at a name or an IP address in text.
    pub fn named(host: &str, port: u16) -> Result<Self, AddressError> {
        let host = match host.parse::<IpAddr>() {
            Ok(ip) => Host::of_ip(ip)?,
            Err(_) => Host::of_text(host)?,
        };
        Ok(Self { in_clear: false, host, port })
    }

    /// `https` at an IP address.
    pub fn at(ip: IpAddr, port: u16) -> Self {
        Self { in_clear: false, host: Host::Ip(ip), port }
    }

    /// A laptop in another room cannot use it.
    pub fn is_this_machine_only(&self) -> bool {
        self.host.is_loopback()
    }

    /// Without TLS.
    pub fn is_in_clear(&self) -> bool {
        self.in_clear
    }

    /// For the resolver: host and port.
    pub fn host_and_port(&self) -> (String, u16) {
        let host = match &self.host {
            Host::Ip(ip) => ip.to_string(),
            Host::Name(name) => name.clone(),
        };
        (host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_people_write_them() {
        let check = |text: &str, expect: Result<&str, AddressError>| {
            let read = text.parse::<ServerAddress>().map(|address| address.to_string());
            assert_eq!(read.as_deref().map_err(|error| *error), expect, "{text}");
        };
        check("192.168.1.10:8443", Ok("https://192.168.1.10:8443"));
        check(" https://192.168.1.10:9000/ ", Ok("https://192.168.1.10:9000"));
        check("192.168.1.10", Ok("https://192.168.1.10:8443"));
        check("May-Chu.xa.example:443", Ok("https://may-chu.xa.example:443"));
        check("[fd00::5]:8443", Ok("https://[fd00::5]:8443"));
        check("127.0.0.1:9", Ok("https://127.0.0.1:9"));
        check("http://127.0.0.1:9", Ok("http://127.0.0.1:9"));
        check("http://localhost:9", Ok("http://localhost:9"));
        check("HTTP://[::1]:9", Ok("http://[::1]:9"));
        check("Https://Xa.Example", Ok("https://xa.example:8443"));
        check("http://localhost.example:80", Err(AddressError::InClear));
        check("http://a.localhost:80", Err(AddressError::InClear));
        check("0.0.0.0:8443", Err(AddressError::Unspecified));
        check("[::]:8443", Err(AddressError::Unspecified));
        check("https://[::ffff:0.0.0.0]:8443", Err(AddressError::Unspecified));
        check("192.168.1.10:0", Err(AddressError::NoPort));
        check("http://192.168.1.10:8443", Err(AddressError::InClear));
        for text in [
            "",
            ":8443",
            "192.168.1.10:99999",
            "192.168.1.10:x",
            "192.168.1:8443",
            "0:8443",
            "máy chủ",
            "a b",
            "user@host:1",
            "host:1/path",
            "ftp://host:1",
            "255.255.255.255:1",
            "224.0.0.1:1",
            "a..b:1",
            "a:",
            "a:+5",
            "a:1:2",
            "fd00::5",
            "[fd00::5",
            "[fd00::5]x",
            "[192.168.1.10]:1",
            "https://",
            "https:192.168.1.10",
        ] {
            check(text, Err(AddressError::Unreadable));
        }
    }

    #[test]
    fn only_this_machine_is_noticed_however_it_is_written() {
        for text in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1", "LOCALHOST:1"] {
            assert!(text.parse::<ServerAddress>().unwrap().is_this_machine_only(), "{text}");
        }
        assert!(!"192.168.1.10:1".parse::<ServerAddress>().unwrap().is_this_machine_only());
    }
}
