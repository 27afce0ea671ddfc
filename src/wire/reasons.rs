//! Why there is no connection, in words that say what to look at.

use crate::wire::client::ConnectError;
use rustls::{AlertDescription, CertificateError, InvalidMessage};
use std::io::{self, ErrorKind};
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::http::header::LOCATION;

/// What the failure of an upgrade means.
pub(super) fn reason(error: &Error) -> ConnectError {
    match error {
        Error::Http(response) => {
            let status = response.status();
            let place = response.headers().get(LOCATION).and_then(|place| place.to_str().ok());
            match (status, place) {
                (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => {
                    ConnectError::Refused(format!("HTTP {status}"))
                }
                (_, Some(place)) => unreachable(format!("HTTP {status}: the server has moved to {place}")),
                _ => unreachable(format!(
                    "HTTP {status} where a WebSocket was expected: is this the right server, and the right --protocol?"
                )),
            }
        }
        Error::Io(error) => tls_reason(error),
        Error::Protocol(what) => unreachable(format!("no WebSocket: {what}. Is this the right server, and not https?")),
        other => unreachable(other.to_string()),
    }
}

/// What the failure of a handshake, or of the network below it, means.
pub(super) fn tls_reason(error: &io::Error) -> ConnectError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(error) => tls(error),
        None => unreachable(network(error)),
    }
}

/// Whether a proxy that lets HTTP through and no WebSocket may be the cause: an answer that is none, or none at all.
pub(super) fn is_on_the_way(error: &Error) -> bool {
    match error {
        Error::Http(_) | Error::Protocol(_) | Error::ConnectionClosed | Error::AlreadyClosed => true,
        Error::Io(error) => matches!(
            error.kind(),
            ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::BrokenPipe
                | ErrorKind::UnexpectedEof
        ),
        _ => false,
    }
}

fn unreachable(words: String) -> ConnectError {
    ConnectError::Unreachable(words)
}

/// Without the system's number.
pub(super) fn network(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused: nothing listens there".to_owned(),
        ErrorKind::ConnectionReset => "the connection was reset".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or_default().to_owned()
        }
    }
}

fn tls(error: &rustls::Error) -> ConnectError {
    match error {
        rustls::Error::InvalidCertificate(why) => ConnectError::Untrusted(match why {
            CertificateError::UnknownIssuer => "its issuer is not known here".to_owned(),
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => format!("it has expired ({why})"),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!("it is another server's ({why})")
            }
            // Known to the verifier only by a type of its own.
            CertificateError::Other(why) if why.to_string().contains("CaUsedAsEndEntity") => {
                "it is self-signed".to_owned()
            }
            other => other.to_string(),
        }),
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            unreachable("the server does not speak TLS: is it http instead of https?".to_owned())
        }
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            unreachable("the server wants a certificate of this client: --client-cert and --client-key".to_owned())
        }
        rustls::Error::AlertReceived(
            AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked,
        ) => unreachable(format!("the server does not take the certificate of this client ({error})")),
        other => unreachable(format!("TLS: {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let io = |error: rustls::Error| Error::Io(io::Error::new(ErrorKind::InvalidData, error));
        for (error, expected) in [
            (Error::Io(ErrorKind::ConnectionRefused.into()), "connection refused: nothing listens there"),
            (Error::Io(io::Error::from_raw_os_error(113)), "No route to host"),
            (
                io(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)),
                "the server's certificate is not trusted: its issuer is not known here",
            ),
            (
                io(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)),
                "the server does not speak TLS: is it http instead of https?",
            ),
            (
                io(rustls::Error::AlertReceived(AlertDescription::CertificateRequired)),
                "the server wants a certificate of this client: --client-cert and --client-key",
            ),
        ] {
            assert_eq!(reason(&error).to_string(), expected);
        }
    }
}
