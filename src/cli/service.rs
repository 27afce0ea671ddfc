//! `understudy service`: the agent as a service of systemd or launchd.

mod manager;
mod place;
mod settings;
mod unit;

use super::{CouldNotRun, agent};
use crate::config;
use manager::{Manager, account};
use place::{Place, put, remove};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use unit::Unit;

/// Who a service of the whole machine runs as.
const ACCOUNT: &str = "understudy";
/// As `systemctl status` has it.
const NOT_RUNNING: u8 = 3;

/// Install the agent as a service (systemd, launchd), remove it, ask how it is
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: sudo understudy service install --server https://tests.example.com --token-file token"
)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Write unit, settings and token, and start the service; again: with other flags, or a new version
    #[command(
        after_help = "Takes all flags of `understudy agent`: they go into the settings of the service. The token goes into a file that only the \
                            service reads; put a new one there at any time.\n\nExample: understudy service install --user --server https://tests.example.com --token-file token"
    )]
    Install(Box<Install>),
    /// Stop the service and remove its unit; settings, token and state stay
    #[command(after_help = "Example: sudo understudy service uninstall --purge")]
    Uninstall(Uninstall),
    /// Say how the service is; exit code 0 when it runs, 3 when not
    #[command(after_help = "Example: understudy service status --user")]
    Status(Whose),
}

#[derive(Debug, clap::Args)]
struct Whose {
    /// A service of your own, without root
    #[arg(long)]
    user: bool,
    /// Write below this folder instead of /, and start nothing: for images and tests
    #[arg(long, value_name = "DIR", hide = true)]
    root: Option<PathBuf>,
    /// For launchd, whatever this machine has
    #[arg(long, hide = true)]
    launchd: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Install {
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    agent: agent::Args,
}

#[derive(Debug, clap::Args)]
struct Uninstall {
    #[command(flatten)]
    whose: Whose,
    /// Also remove settings, token and state: the agent's id, and what it has not told yet
    #[arg(long)]
    purge: bool,
}

impl Whose {
    fn is_launchd(&self) -> bool {
        self.launchd || cfg!(target_os = "macos")
    }

    fn manager(&self) -> Manager {
        let user = self.user;
        if self.is_launchd() { Manager::Launchd { user } } else { Manager::Systemd { user } }
    }

    fn place(&self) -> Result<Place, CouldNotRun> {
        if !self.user {
            return Ok(Place::system(self.is_launchd()));
        }
        let (home, config) = config::home().map_err(CouldNotRun)?;
        Ok(Place::user(self.is_launchd(), &home, &config))
    }

    /// Where that is really.
    fn at(&self, path: &Path) -> PathBuf {
        let below = |root: &PathBuf| root.join(path.strip_prefix("/").unwrap_or(path));
        self.root.as_ref().map_or_else(|| path.to_owned(), below)
    }
}

pub(super) fn run(args: Args) -> Result<ExitCode, CouldNotRun> {
    match args.what {
        What::Install(install) => install.run(),
        What::Uninstall(uninstall) => uninstall.run(),
        What::Status(whose) => status(&whose),
    }
}

fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}

impl Install {
    fn run(&self) -> Result<ExitCode, CouldNotRun> {
        let (whose, place, manager) = (&self.whose, self.whose.place()?, self.whose.manager());
        let program = std::env::current_exe()?;
        if !whose.user
            && whose.root.is_none()
            && ["/home", "/root", "/tmp"].iter().any(|home| program.starts_with(home))
        {
            return Err(CouldNotRun(format!(
                "{0} is in a folder that the service cannot read; install it first: sudo install -m 755 {0} /usr/local/bin/understudy",
                program.display()
            )));
        }
        // What is wrong with them is said now, and not in the log of a service.
        self.agent.options().map(drop)?;
        let owner = match (whose.user, &whose.root) {
            (false, None) if !whose.is_launchd() => Some(account(ACCOUNT, &place.state)?),
            _ => None,
        };
        let token = self.agent.reaching().token_now()?;
        let kept = token.is_some() || whose.at(&place.token).exists();
        let text = settings::toml(&super::command(), kept.then_some(&place.token));
        let system =
            (!whose.user).then_some((if whose.is_launchd() { "root" } else { ACCOUNT }, place.state.as_path()));
        let unit = Unit { program: &program, settings: &place.settings, system, drain: self.agent.drain_timeout() };
        let unit = match manager {
            Manager::Systemd { .. } => unit.systemd(),
            Manager::Launchd { .. } => unit.launchd(place::LABEL, &place.log),
        };
        let mut files = vec![(&place.settings, text, 0o600, owner), (&place.unit, unit, 0o644, None)];
        if let Some(token) = token {
            files.push((&place.token, format!("{token}\n"), 0o600, owner));
        }
        for (path, text, mode, owner) in files {
            let path = whose.at(path);
            let changed = put(&path, &text, mode, owner)?;
            say(&format!("{}  {}", if changed { "written  " } else { "unchanged" }, path.display()))?;
        }
        if !kept {
            say(&format!(
                "There is no token: put one into {} if the server wants one, and install again",
                place.token.display()
            ))?;
        }
        if whose.root.is_some() {
            return Ok(ExitCode::SUCCESS);
        }
        if !manager.is_there() {
            return Err(CouldNotRun("the unit is written, but no systemd runs here that could start it".to_owned()));
        }
        manager.start(&place)?;
        say("The service is enabled and started; it is ready when the server has accepted it.")?;
        let user = if whose.user { " --user" } else { "" };
        say(&format!("How it is:  understudy service status{user}\nIts log:    {}", manager.logs(&place)))?;
        if whose.user && !whose.is_launchd() {
            say("It ends when you log out, unless: loginctl enable-linger")?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Uninstall {
    fn run(&self) -> Result<ExitCode, CouldNotRun> {
        let (whose, place, manager) = (&self.whose, self.whose.place()?, self.whose.manager());
        let real = whose.root.is_none() && manager.is_there();
        if real && place.unit.exists() {
            manager.stop();
        }
        let mut gone = vec![place.unit.clone()];
        if self.purge {
            gone.extend([place.settings.clone(), place.token.clone()]);
        }
        let mut any = false;
        for path in gone.iter().map(|path| whose.at(path)) {
            if remove(&path)? {
                any = true;
                say(&format!("removed  {}", path.display()))?;
            }
        }
        if real {
            manager.forget();
        }
        let state = whose.at(&place.state);
        match (self.purge, state.exists()) {
            (true, true) => {
                fs::remove_dir_all(&state)
                    .map_err(|error| CouldNotRun(format!("remove {}: {error}", state.display())))?;
                say(&format!("removed  {}", state.display()))?;
            }
            (false, _) if any => say("Settings, token and state are kept: --purge removes them too")?,
            (_, _) if !any => say("There is no such service")?,
            (_, _) => {}
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn status(whose: &Whose) -> Result<ExitCode, CouldNotRun> {
    let (place, manager) = (whose.place()?, whose.manager());
    let unit = whose.at(&place.unit);
    if !unit.exists() {
        say(&format!("not installed: there is no {}", unit.display()))?;
        return Ok(ExitCode::from(NOT_RUNNING));
    }
    say(&format!(
        "unit      {}\nsettings  {}\nlog       {}",
        unit.display(),
        whose.at(&place.settings).display(),
        manager.logs(&place)
    ))?;
    if whose.root.is_some() || !manager.is_there() {
        say("installed; no service manager runs here that could say more")?;
        return Ok(ExitCode::from(NOT_RUNNING));
    }
    let (runs, text) = manager.status()?;
    say(text.trim_end())?;
    Ok(if runs { ExitCode::SUCCESS } else { ExitCode::from(NOT_RUNNING) })
}
