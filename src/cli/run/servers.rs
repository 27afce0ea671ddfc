//! `webServer` of a configuration: programs that answer while tests run. Started here, awaited, and always ended.

use super::config::WebServer;
use rustix::process::{Pid, Signal, kill_process_group};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

/// Until a server answers, where nothing else is said.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two questions whether it does.
const PAUSES: [Duration; 3] = [Duration::from_millis(100), Duration::from_millis(250), Duration::from_millis(500)];
/// For one question.
const ANSWER: Duration = Duration::from_secs(5);
/// For the process to be gone.
const FAREWELL: Duration = Duration::from_secs(5);

/// Process groups that run; all are killed when the last owner is gone, and when [`Servers::end`] says so.
#[derive(Debug, Clone, Default)]
pub(super) struct Servers(Arc<Running>);

#[derive(Debug, Default)]
struct Running(Mutex<Vec<Server>>);

/// Of one program.
#[derive(Debug)]
struct Server {
    group: Pid,
    /// How it wants to be asked, and how long that is waited for.
    farewell: Option<(Signal, Duration)>,
    child: Child,
}

impl Drop for Running {
    fn drop(&mut self) {
        for server in self.0.get_mut().unwrap_or_else(PoisonError::into_inner) {
            let _ = kill_process_group(server.group, Signal::KILL);
        }
    }
}

impl Servers {
    /// Starts them one after the other; each answers when the next is started.
    ///
    /// # Errors
    /// Which one does not come up, and why.
    pub(super) async fn start(&self, servers: &[WebServer], folder: &Path) -> Result<(), String> {
        for server in servers {
            self.start_one(server, folder).await?;
        }
        Ok(())
    }

    async fn start_one(&self, server: &WebServer, folder: &Path) -> Result<(), String> {
        let address = Address::of(server)?;
        if let Some(address) = &address
            && address.answers().await
        {
            if server.reuse_existing_server {
                return Ok(());
            }
            return Err(format!(
                "{} is already used, make sure that nothing is running on the port/url or set reuseExistingServer:true in \
                 config.webServer.",
                address.text
            ));
        }
        let mut child = spawn(server, folder)?;
        let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed())).ok_or("the web server has no id")?;
        let name = server.name.clone().unwrap_or_else(|| "WebServer".to_owned());
        pass_on(child.stdout.take(), &name);
        pass_on(child.stderr.take(), &name);
        let waited = wait(&mut child, server, address).await;
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).push(Server {
            group,
            farewell: farewell(server),
            child,
        });
        waited
    }

    /// Kills all at once.
    pub(super) fn kill(&self) {
        for server in self.0.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = kill_process_group(server.group, Signal::KILL);
        }
    }

    /// Ends all, the last one first, in the way that each asks for.
    pub(super) async fn end(&self) {
        let running = std::mem::take(&mut *self.0.0.lock().unwrap_or_else(PoisonError::into_inner));
        for Server { group, farewell, mut child } in running.into_iter().rev() {
            if let Some((signal, patience)) = farewell
                && kill_process_group(group, signal).is_ok()
            {
                let _ = timeout(patience, child.wait()).await;
            }
            let _ = kill_process_group(group, Signal::KILL);
            let _ = timeout(FAREWELL, child.wait()).await;
        }
    }
}

fn farewell(server: &WebServer) -> Option<(Signal, Duration)> {
    let wish = server.graceful_shutdown.as_ref()?;
    let signal = match wish.get("signal")?.as_str()? {
        "SIGINT" => Signal::INT,
        _ => Signal::TERM,
    };
    let patience = wish.get("timeout").and_then(serde_json::Value::as_u64).filter(|ms| *ms > 0);
    Some((signal, patience.map_or(FAREWELL, Duration::from_millis)))
}

fn spawn(server: &WebServer, folder: &Path) -> Result<Child, String> {
    let output = |wish: Option<&str>, default: &str| match wish.unwrap_or(default) {
        "pipe" => Stdio::piped(),
        _ => Stdio::null(),
    };
    let folder = server.cwd.as_ref().map_or_else(|| folder.to_path_buf(), |own| folder.join(own));
    Command::new("sh")
        .args(["-c", &server.command])
        .current_dir(&folder)
        .env("FORCE_COLOR", "0")
        .envs(&server.env)
        .stdin(Stdio::null())
        .stdout(output(server.stdout.as_deref(), "ignore"))
        .stderr(output(server.stderr.as_deref(), "pipe"))
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| {
            format!("the web server {:?} was not able to start in {}: {error}", server.command, folder.display())
        })
}

fn pass_on(output: Option<impl AsyncRead + Unpin + Send + 'static>, name: &str) {
    let Some(output) = output else { return };
    let name = name.to_owned();
    tokio::spawn(async move {
        let mut lines = BufReader::new(output).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            crate::cli::say(&format!("[{name}] {line}"));
        }
    });
}

/// Until it answers.
async fn wait(child: &mut Child, server: &WebServer, address: Option<Address>) -> Result<(), String> {
    let Some(address) = address else { return Ok(()) };
    let patience = server.timeout.map_or(PATIENCE, Duration::from_millis);
    let deadline = Instant::now() + patience;
    let mut pauses = PAUSES.iter().copied().chain(std::iter::repeat(Duration::from_secs(1)));
    loop {
        let pause = pauses.next().unwrap_or_default();
        tokio::select! {
            biased;
            ended = child.wait() => return Err(ended_early(ended.ok())),
            () = tokio::time::sleep_until(deadline) => {
                return Err(format!("Timed out waiting {}ms from config.webServer.", patience.as_millis()));
            }
            answers = async { sleep(pause).await; address.answers().await } => if answers {
                return Ok(());
            },
        }
    }
}

fn ended_early(status: Option<ExitStatus>) -> String {
    match status.and_then(|status| status.code()) {
        Some(0) => "Process from config.webServer exited early.".to_owned(),
        Some(code) => format!("Process from config.webServer was not able to start. Exit code: {code}"),
        None => "Process from config.webServer was not able to start. It was killed.".to_owned(),
    }
}

/// What is asked.
struct Address {
    text: String,
    host: String,
    port: u16,
    /// Of a page that must answer; a port only has to be open.
    path: Option<String>,
}

impl Address {
    fn of(server: &WebServer) -> Result<Option<Self>, String> {
        match (&server.url, server.port) {
            (Some(text), _) => {
                let url =
                    url::Url::parse(text).map_err(|error| format!("webServer.url {text:?} is no address: {error}"))?;
                let host = url.host_str().unwrap_or("localhost").trim_matches(['[', ']']).to_owned();
                let port = url.port_or_known_default().unwrap_or(80);
                let path = (url.scheme() == "http").then(|| match url.query() {
                    Some(query) => format!("{}?{query}", url.path()),
                    None => url.path().to_owned(),
                });
                Ok(Some(Self { text: text.clone(), host, port, path }))
            }
            (None, Some(port)) => Ok(Some(Self {
                text: format!("http://localhost:{port}"),
                host: "localhost".to_owned(),
                port,
                path: None,
            })),
            (None, None) => Ok(None),
        }
    }

    async fn answers(&self) -> bool {
        timeout(ANSWER, self.asked()).await.unwrap_or(false)
    }

    /// A page answers with a status from 200 to 403.
    async fn asked(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect((self.host.as_str(), self.port)).await else { return false };
        let Some(path) = &self.path else { return true };
        let host = &self.host;
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {host}:{}\r\nAccept: */*\r\nConnection: close\r\n\r\n", self.port);
        if stream.write_all(request.as_bytes()).await.is_err() {
            return false;
        }
        let mut head = [0; 12];
        let read = stream.read_exact(&mut head).await.is_ok();
        let status = std::str::from_utf8(&head[9..]).ok().and_then(|status| status.parse::<u16>().ok());
        read && status.is_some_and(|status| (200..404).contains(&status))
    }
}
