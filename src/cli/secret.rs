//! The secret that a hub's tokens are signed with.

use super::CouldNotRun;
use std::fs;
use std::path::PathBuf;

/// Where the secret comes from.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct SecretArgs {
    /// The secret that tokens are signed with; others on this machine can read it in the list of processes
    #[arg(long, value_name = "S")]
    jwt_secret: Option<String>,
    /// A file with that secret, such as `openssl rand -hex 32` writes
    #[arg(long, value_name = "F")]
    jwt_secret_file: Option<PathBuf>,
}

impl SecretArgs {
    /// The secret itself; the line break at the end of a file is not part of it.
    pub(super) fn read(&self) -> Result<Vec<u8>, CouldNotRun> {
        let secret = match (&self.jwt_secret, &self.jwt_secret_file) {
            (Some(secret), _) => secret.clone().into_bytes(),
            (None, Some(file)) => {
                let bytes = fs::read(file)
                    .map_err(|error| CouldNotRun(format!("--jwt-secret-file {}: {error}", file.display())))?;
                bytes.trim_ascii_end().to_vec()
            }
            (None, None) => Vec::new(),
        };
        match secret.is_empty() {
            true => Err(CouldNotRun("the secret is empty: `openssl rand -hex 32` makes a good one".to_owned())),
            false => Ok(secret),
        }
    }
}
