//! Several hubs that share a Redis which speaks TLS only.

use super::client::Client;
use super::{SECRET, http, registration, token};
use rcgen::{CertificateParams, KeyPair};
use serde_json::json;
use std::fs;
use std::net::{SocketAddr, TcpListener};
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
        let redis = Some(format!("rediss://localhost:{}", self.port));
        let options =
            HubOptions { secret: SECRET.to_vec(), redis, redis_authorities: authorities, ..HubOptions::default() };
        serve(options).await.unwrap()
    }
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
