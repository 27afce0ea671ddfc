//! Where a service's files are, and how they get there.

use super::super::CouldNotRun;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

/// The service's name.
pub(super) const NAME: &str = "understudy-agent";
/// For launchd.
pub(super) const LABEL: &str = "dev.understudy.agent";

/// For whom a service is: the machine, or one user.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) unit: PathBuf,
    pub(super) settings: PathBuf,
    pub(super) token: PathBuf,
    pub(super) state: PathBuf,
    pub(super) log: PathBuf,
}

impl Place {
    /// Of the whole machine.
    pub(super) fn system(launchd: bool) -> Self {
        Self {
            unit: match launchd {
                true => format!("/Library/LaunchDaemons/{LABEL}.plist").into(),
                false => format!("/etc/systemd/system/{NAME}.service").into(),
            },
            settings: "/etc/understudy/agent.toml".into(),
            token: "/etc/understudy/token".into(),
            state: if launchd { "/usr/local/var/understudy".into() } else { "/var/lib/understudy".into() },
            log: "/var/log/understudy-agent.log".into(),
        }
    }

    /// Of the user with this home and this folder for settings.
    pub(super) fn user(launchd: bool, home: &Path, config: &Path) -> Self {
        Self {
            unit: match launchd {
                true => home.join(format!("Library/LaunchAgents/{LABEL}.plist")),
                false => config.join(format!("systemd/user/{NAME}.service")),
            },
            settings: config.join("understudy/agent.toml"),
            token: config.join("understudy/token"),
            state: home.join(".local/state/understudy"),
            log: home.join("Library/Logs/understudy-agent.log"),
        }
    }
}

/// Who owns what is written.
pub(super) type Owner = Option<(u32, u32)>;

/// Writes a file whole, with these permissions from its first byte on; says whether it is another one now.
pub(super) fn put(path: &Path, text: &str, mode: u32, owner: Owner) -> Result<bool, CouldNotRun> {
    let failed = |error: io::Error| CouldNotRun(format!("write {}: {error}{}", path.display(), hint(&error)));
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o755).create(folder).map_err(failed)?;
    }
    let same = fs::read(path).is_ok_and(|old| old == text.as_bytes());
    if !same {
        let new = path.with_extension("new");
        let _ = fs::remove_file(&new);
        let mut file = OpenOptions::new().create_new(true).write(true).mode(mode).open(&new).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        fs::rename(&new, path).map_err(failed)?;
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(failed)?;
    if let Some((user, group)) = owner {
        chown(path, Some(user), Some(group)).map_err(failed)?;
    }
    Ok(!same)
}

/// Removes a file; says whether there was one.
pub(super) fn remove(path: &Path) -> Result<bool, CouldNotRun> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(CouldNotRun(format!("remove {}: {error}{}", path.display(), hint(&error)))),
    }
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "; run this with sudo, or with --user for a service of your own",
        _ => "",
    }
}
