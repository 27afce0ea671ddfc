//! What is said about the server: where it is, what it speaks, who asks, and the way there.

use super::CouldNotRun;
use crate::agent::TokenSource;
use crate::config;
use crate::dialect::agent::Spoken;
use crate::dialect::{ai_run, cloud, swe, testbro, testflow};
use crate::wire::dial::Dialer;
use crate::wire::proxy::Proxies;
use crate::wire::tls::TlsOptions;
use clap::ValueEnum;
use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::PathBuf;
use url::Url;

/// Flags.
#[derive(Debug, clap::Args)]
pub(super) struct Reaching {
    /// The server; http://localhost:3000, or where servers of the protocol are usually, where nothing is said
    #[arg(long, value_name = "URL", value_parser = server)]
    server: Option<Url>,
    /// What the server speaks
    #[arg(long, value_name = "PROTOCOL", default_value = "testflow")]
    protocol: ProtocolName,
    #[command(flatten)]
    token: TokenArgs,
    /// Certificates (PEM) of authorities to trust besides the system's
    #[arg(long, value_name = "F")]
    ca_file: Option<PathBuf>,
    /// A certificate (PEM) that shows the server who this is
    #[arg(long, value_name = "F", requires = "client_key")]
    client_cert: Option<PathBuf>,
    /// Its private key (PEM)
    #[arg(long, value_name = "F", requires = "client_cert")]
    client_key: Option<PathBuf>,
    /// The proxy on the way to the server, http://[USER:PASSWORD@]HOST:PORT; HTTPS_PROXY, HTTP_PROXY and NO_PROXY are read too
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
}

impl Reaching {
    /// The address that was named, or the usual one of the protocol.
    pub(super) fn server(&self) -> Result<Url, CouldNotRun> {
        self.server.clone().map_or_else(|| server(self.protocol.usual_server()), Ok).map_err(CouldNotRun)
    }

    pub(super) fn protocol(&self) -> Spoken {
        self.protocol.spoken()
    }

    pub(super) fn token(&self) -> TokenSource {
        self.token.source()
    }

    /// As people name it.
    pub(super) fn protocol_name(&self) -> String {
        self.protocol.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// The token itself, where it was given as such or in a file.
    pub(super) fn token_now(&self) -> Result<Option<String>, CouldNotRun> {
        let (text, flag) = match (&self.token.token, &self.token.token_file) {
            (Some(token), _) => (token.clone(), "--token".to_owned()),
            (None, Some(file)) => {
                let flag = format!("--token-file {}", file.display());
                let text = fs::read_to_string(file).map_err(|error| {
                    CouldNotRun(format!("{flag}: {error}. Put the token there, or name the file that has it"))
                })?;
                (text, flag)
            }
            (None, None) => return Ok(None),
        };
        match text.lines().map(str::trim).find(|line| !line.is_empty()) {
            Some(token) => Ok(Some(token.to_owned())),
            None => Err(CouldNotRun(format!("{flag}: the token is empty"))),
        }
    }

    /// Before the first attempt: a file that is not there then is a slip of whoever starts this. Later it may be gone for a moment while
    /// somebody puts a new token there.
    ///
    /// # Errors
    /// Why there is no token in it.
    pub(super) fn check_token_file(&self) -> Result<(), CouldNotRun> {
        let Some(file) = &self.token.token_file else { return Ok(()) };
        // What comes out of a pipe comes out once.
        let is_pipe = fs::metadata(file).is_ok_and(|about| about.file_type().is_fifo());
        if is_pipe { Ok(()) } else { self.token_now().map(drop) }
    }

    /// The way there.
    pub(super) fn dialer(&self) -> Result<Dialer, CouldNotRun> {
        let proxies = Proxies::new(self.proxy.as_deref(), &config::environment())?;
        let identity = self.client_cert.clone().zip(self.client_key.clone());
        Ok(Dialer::new(proxies, TlsOptions { ca_file: self.ca_file.clone(), identity })?)
    }
}

/// The protocols by the names that people use.
#[derive(Debug, Clone, Copy, PartialEq, clap::ValueEnum)]
enum ProtocolName {
    /// Socket.IO: executions and recordings
    Testflow,
    /// WebSocket: runs, told step by step with pictures
    AiRun,
    /// Socket.IO: executions, browser sessions, recordings and their playback
    Testbro,
    /// Socket.IO: workflows in rooms
    Swe,
    /// WebSocket: tasks, presence and notifications
    Cloud,
}

impl ProtocolName {
    fn spoken(self) -> Spoken {
        match self {
            Self::Testflow => testflow::agent::SPOKEN,
            Self::AiRun => ai_run::agent::SPOKEN,
            Self::Testbro => testbro::agent::SPOKEN,
            Self::Swe => swe::agent::SPOKEN,
            Self::Cloud => cloud::agent::SPOKEN,
        }
    }

    /// Where servers of it are, as the documents of the protocols have it.
    fn usual_server(self) -> &'static str {
        match self {
            Self::Testflow => "http://localhost:3000",
            Self::AiRun | Self::Cloud => "ws://localhost:3000/ws",
            Self::Testbro => "http://localhost:3001",
            Self::Swe => "http://localhost:8000/ws",
        }
    }
}

/// Where the token comes from.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct TokenArgs {
    /// The token to present; others on this machine can read it in the list of processes
    #[arg(long, value_name = "JWT")]
    token: Option<String>,
    /// A file with the token, read again for every connection
    #[arg(long, value_name = "F")]
    token_file: Option<PathBuf>,
    /// A shell command that prints the token, run for every connection
    #[arg(long, value_name = "CMD")]
    token_command: Option<String>,
}

impl TokenArgs {
    fn source(&self) -> TokenSource {
        match (&self.token, &self.token_file, &self.token_command) {
            (Some(token), ..) => TokenSource::Value(token.clone()),
            (None, Some(file), _) => TokenSource::File(file.clone()),
            (None, None, Some(command)) => TokenSource::Command(command.clone()),
            (None, None, None) => TokenSource::None,
        }
    }
}

fn server(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if ["http", "https", "ws", "wss"].contains(&url.scheme()) && url.has_host() => Ok(url),
        Ok(_) | Err(_) => Err("an address such as https://tests.example.com is expected".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers() {
        for (text, fine) in [
            ("http://localhost:3000", true),
            ("wss://tests.example.com/socket.io/", true),
            ("localhost:3000", false),
            ("ftp://localhost", false),
            ("", false),
        ] {
            assert_eq!(server(text).is_ok(), fine, "{text}");
        }
    }
}
