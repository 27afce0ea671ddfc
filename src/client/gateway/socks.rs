//! SOCKS 5, as far as Chromium speaks it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Host;

/// The way is there.
pub(super) const DONE: u8 = 0;
/// It is not; why is told elsewhere.
pub(super) const FAILED: u8 = 5;

/// The host and the port that a client wants.
pub(super) async fn asked(stream: &mut TcpStream) -> io::Result<(Host<String>, u16)> {
    let wrong = || io::Error::new(io::ErrorKind::InvalidData, "no SOCKS 5");
    let (5, methods) = (stream.read_u8().await?, stream.read_u8().await?) else { return Err(wrong()) };
    let mut offered = vec![0; methods.into()];
    stream.read_exact(&mut offered).await?;
    stream.write_all(&[5, 0]).await?;
    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    let host = match head {
        [5, 1, _, 1] => Host::Ipv4(Ipv4Addr::from(stream.read_u32().await?)),
        [5, 1, _, 4] => Host::Ipv6(Ipv6Addr::from(stream.read_u128().await?)),
        [5, 1, _, 3] => {
            let mut name = vec![0; stream.read_u8().await?.into()];
            stream.read_exact(&mut name).await?;
            named(&String::from_utf8(name).map_err(|_| wrong())?).ok_or_else(wrong)?
        }
        _ => return Err(wrong()),
    };
    Ok((host, stream.read_u16().await?))
}

/// Addresses are called by name too.
fn named(name: &str) -> Option<Host<String>> {
    match name.trim_matches(['[', ']']).parse() {
        Ok(IpAddr::V4(ip)) => Some(Host::Ipv4(ip)),
        Ok(IpAddr::V6(ip)) => Some(Host::Ipv6(ip)),
        Err(_) => Host::parse(name).ok(),
    }
}

pub(super) async fn answer(stream: &mut TcpStream, code: u8) -> io::Result<()> {
    stream.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_known_in_every_form() {
        for name in ["169.254.169.254", "0xa9fea9fe", "2852039166"] {
            assert_eq!(named(name), Some(Host::Ipv4(Ipv4Addr::new(169, 254, 169, 254))), "{name}");
        }
        assert_eq!(named("::1"), Some(Host::Ipv6(Ipv6Addr::LOCALHOST)));
        assert_eq!(named("[::1]"), Some(Host::Ipv6(Ipv6Addr::LOCALHOST)));
        assert_eq!(named("Example.COM"), Some(Host::Domain("example.com".into())));
        assert_eq!(named("a b"), None);
    }
}
