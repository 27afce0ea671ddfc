//! A hub and an agent in this process, with a secret that nobody else knows.

use super::playing::Playing;
use super::{CouldNotRun, serve};
use crate::agent::{AgentOptions, Machine, Shutdown, TokenSource};
use crate::dialect::testflow;
use crate::hub::token::{self, Identity, Role};
use crate::hub::{HubHandle, HubOptions};
use crate::model::Labels;
use crate::wire::dial::Dialer;
use crate::wire::socketio;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// Tokens are good for longer than the process lives, and worth nothing afterwards.
const TOKEN_TTL: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Nobody is far away here.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// What still plays when the end comes is given so long.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(60);

/// Who uses the dashboard.
const USER: &str = "you";

/// See [`Stage::set`].
pub(super) struct Stage {
    hub: HubHandle,
    secret: Vec<u8>,
    agent: JoinHandle<Result<(), CouldNotRun>>,
    shutdown: Shutdown,
    /// The agent's; of no use to a later one.
    state: TempDir,
}

impl Stage {
    /// Starts both. The agent connects soon after.
    pub(super) async fn set(listen: SocketAddr, name: String, playing: Playing) -> Result<Self, CouldNotRun> {
        playing.chromium()?;
        let secret = [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat();
        let hub = serve::open(HubOptions { listen, secret: secret.clone(), ..HubOptions::default() }).await?;
        let state = tempfile::Builder::new().prefix("understudy-").tempdir()?;
        let options = AgentOptions {
            server: hub.url().parse()?,
            token: TokenSource::Value(mint(&secret, "agent", Role::Agent)?),
            name: Some(name),
            labels: Labels::default(),
            heartbeat: HEARTBEAT,
            max_sessions: playing.max_sessions(),
            state_dir: state.path().to_owned(),
            drain_timeout: DRAIN_TIMEOUT,
            protocol: testflow::agent::SPOKEN,
            run_url: None,
            upload_url: None,
            projects: Vec::new(),
            dialer: Dialer::default(),
            connector: socketio::connector(Dialer::default()),
            versions: playing.versions().await?,
            machine: Machine::default(),
        };
        let shutdown = Shutdown::default();
        let end = shutdown.clone();
        let agent = tokio::spawn(async move { playing.play(options, end).await });
        Ok(Self { hub, secret, agent, shutdown, state })
    }

    pub(super) fn url(&self) -> String {
        self.hub.url()
    }

    pub(super) fn client_token(&self) -> Result<String, CouldNotRun> {
        mint(&self.secret, USER, Role::Client)
    }

    /// The dashboard with its token. What follows `#` stays in the browser.
    pub(super) fn dashboard(&self) -> Result<String, CouldNotRun> {
        Ok(format!("{}/#token={}", self.url(), self.client_token()?))
    }

    /// Does the work; should the agent end meanwhile, its words are the result.
    pub(super) async fn during<T>(
        &mut self,
        work: impl Future<Output = Result<T, CouldNotRun>>,
    ) -> Result<T, CouldNotRun> {
        tokio::select! {
            done = work => done,
            ended = &mut self.agent => {
                ended??;
                Err(CouldNotRun("the agent has ended".to_owned()))
            }
        }
    }

    /// Ends both, the agent first: it finishes what it plays, unless it is told a second time to end.
    pub(super) async fn strike(self) -> Result<(), CouldNotRun> {
        self.shutdown.drain.cancel();
        let impatient = tokio::spawn(async move {
            if serve::told_to_end().await.is_ok() {
                self.shutdown.abort.cancel();
            }
        });
        self.agent.await??;
        impatient.abort();
        self.hub.shutdown().await;
        Ok(self.state.close()?)
    }
}

fn mint(secret: &[u8], user: &str, role: Role) -> Result<String, CouldNotRun> {
    let identity = Identity { user: user.into(), role, projects: None };
    Ok(token::mint(secret, &identity, TOKEN_TTL, SystemTime::now())?)
}
