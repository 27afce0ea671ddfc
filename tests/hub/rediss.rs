//! Several hubs that share a Redis which speaks TLS only.

use super::client::Client;
use super::{SECRET, http, registration, token};
use rcgen::{CertificateParams, KeyPair};
use serde_json::json;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use understudy::hub::token::Role;
use understudy::hub::{HubHandle, HubOptions, serve};

/// A Redis without a plain port.
struct Redis {
    folder: TempDir,
    port: u16,
    _process: Child,
}

impl Redis {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        fs::write(folder.path().join("cert.pem"), certificate.pem()).unwrap();
        fs::write(folder.path().join("key.pem"), key.serialize_pem()).unwrap();
        loop {
            // Somebody else may take it meanwhile.
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut command = Command::new("redis-server");
            command.args(["--port", "0", "--save", "", "--bind", "127.0.0.1", "--tls-port", &port.to_string()]);
            command.args([
                "--tls-cert-file",
                "cert.pem",
                "--tls-key-file",
                "key.pem",
                "--tls-ca-cert-file",
                "cert.pem",
            ]);
            command.args(["--tls-auth-clients", "no"]).current_dir(&folder).stdout(Stdio::piped()).kill_on_drop(true);
            let mut process = command.spawn().expect("redis-server: ./install.sh --deps installs it");
            let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
            while let Some(line) = said.next_line().await.unwrap() {
                if line.contains("Ready to accept connections") {
                    // It goes on talking.
                    tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
                    return Self { folder, port, _process: process };
                }
            }
        }
    }

    async fn hub(&self, knows_it: bool) -> HubHandle {
        let authorities = knows_it.then(|| fs::read(self.folder.path().join("cert.pem")).unwrap());
        let redis = Some(self.url());
        let options =
            HubOptions { secret: SECRET.to_vec(), redis, redis_authorities: authorities, ..HubOptions::default() };
        serve(options).await.unwrap()
    }

    /// Whether a hub of its own process gets there, whose system and whose file know these authorities.
    async fn is_known(&self, system: &Path, file: &Path) -> bool {
        let mut command = Command::new(env!("CARGO_BIN_EXE_understudy"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--jwt-secret", "a secret of the tests", "--redis"]);
        command.arg(self.url()).arg("--redis-ca-file").arg(file).current_dir(&self.folder);
        command.env("SSL_CERT_FILE", system).env_remove("SSL_CERT_DIR").env("XDG_CONFIG_HOME", self.folder.path());
        let mut hub = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut said = BufReader::new(hub.stderr.take().unwrap()).lines();
        let mut words = Vec::new();
        while let Some(line) = said.next_line().await.unwrap() {
            match &line {
                line if line.contains("the hub is connected with Redis") => return true,
                line if line.contains("Redis cannot be reached") => {
                    assert!(line.contains("invalid peer certificate"), "{line}");
                    return false;
                }
                _ => words.push(line),
            }
        }
        panic!("the hub has ended: {words:?}");
    }

    fn url(&self) -> String {
        format!("rediss://localhost:{}", self.port)
    }
}

/// The authority of somebody else.
fn another(folder: &Path) -> PathBuf {
    let certificate = CertificateParams::new(vec!["other.example".to_owned()]).unwrap();
    let (certificate, file) =
        (certificate.self_signed(&KeyPair::generate().unwrap()).unwrap(), folder.join("other.pem"));
    fs::write(&file, certificate.pem()).unwrap();
    file
}

async fn is_ready(hub: SocketAddr) -> bool {
    http(hub, "GET", "/healthz", "").await.0 == 200
}

#[tokio::test]
async fn hubs_that_know_it_act_as_one_and_the_others_do_not() {
    let redis = Redis::start().await;
    let stranger = redis.hub(false).await;
    let (one, two) = (redis.hub(true).await, redis.hub(true).await);
    for hub in [&one, &two] {
        while !is_ready(hub.address()).await {
            tokio::task::yield_now().await;
        }
    }
    let mut client = Client::connect(&one.url(), json!({"token": token("ada", Role::Client)})).await.unwrap();
    let mut agent = Client::connect(&two.url(), json!({"token": token("bot", Role::Agent)})).await.unwrap();
    agent.emit("agent:register", registration("A")).await;
    client.expect_where("agent:status", |told| told["agentId"] == "A" && told["status"] == "online").await;
    let start = json!({"executionId": "e", "target": "local", "code": "…"});
    client.emit("execution:start", start.clone()).await;
    assert_eq!(agent.expect("execution:start").await, start);
    assert!(!is_ready(stranger.address()).await, "a certificate that nobody knows");
    for hub in [stranger, one, two] {
        hub.shutdown().await;
    }
}

#[tokio::test]
async fn the_systems_roots_count_beside_those_of_the_file() {
    let redis = Redis::start().await;
    let (its, other) = (redis.folder.path().join("cert.pem"), another(redis.folder.path()));
    for (system, file, is_known) in [(&its, &other, true), (&other, &its, true), (&other, &other, false)] {
        assert_eq!(redis.is_known(system, file).await, is_known, "{} {}", system.display(), file.display());
    }
}
