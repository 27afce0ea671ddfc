//! Where the token comes from: asked anew for every attempt, since tokens expire and are replaced.

use std::fmt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// What a command may take to print a token.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// Where the token comes from.
#[derive(Clone)]
pub enum TokenSource {
    /// The server wants none.
    None,
    /// It was given once and for all.
    Value(String),
    /// The first line of a file.
    File(PathBuf),
    /// What a shell command prints.
    Command(String),
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Value(_) => f.write_str("Value(…)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Command(_) => f.write_str("Command(…)"),
        }
    }
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file cannot be read.
    #[error("read the token in {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The command cannot be started.
    #[error("run the command that prints the token: {0}")]
    Run(std::io::Error),
    /// It ended badly.
    #[error("the command that prints the token failed ({status}): {stderr}")]
    Failed {
        /// How.
        status: std::process::ExitStatus,
        /// What it said.
        stderr: String,
    },
    /// It did not end.
    #[error("the command that prints the token has not ended within {0:?}")]
    Late(Duration),
    /// There is nothing in it.
    #[error("the token is empty")]
    Empty,
}

impl TokenSource {
    /// The token of this moment. Cancel-safe: a command is killed.
    ///
    /// # Errors
    /// When there is none, though there should be.
    pub async fn read(&self) -> Result<Option<String>, TokenError> {
        let text = match self {
            Self::None => return Ok(None),
            Self::Value(token) => token.clone(),
            Self::File(path) => tokio::fs::read_to_string(path)
                .await
                .map_err(|source| TokenError::File { path: path.clone(), source })?,
            Self::Command(line) => printed(line).await?,
        };
        match text.lines().map(str::trim).find(|line| !line.is_empty()) {
            Some(token) => Ok(Some(token.to_owned())),
            None => Err(TokenError::Empty),
        }
    }
}

async fn printed(line: &str) -> Result<String, TokenError> {
    let mut command = Command::new("sh");
    command.arg("-c").arg(line).stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(COMMAND_TIMEOUT, command.output()).await;
    let output = output.map_err(|_| TokenError::Late(COMMAND_TIMEOUT))?.map_err(TokenError::Run)?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr).trim().chars().take(500).collect();
        return Err(TokenError::Failed { status: output.status, stderr });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_source_is_read_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let (file, command) =
            (TokenSource::File(path.clone()), TokenSource::Command(format!("cat '{}'", path.display())));
        assert!(matches!(file.read().await, Err(TokenError::File { .. })));
        assert!(matches!(command.read().await, Err(TokenError::Failed { .. })));
        for token in ["first", "second"] {
            std::fs::write(&path, format!("\n {token} \n")).unwrap();
            assert_eq!(file.read().await.unwrap().as_deref(), Some(token));
            assert_eq!(command.read().await.unwrap().as_deref(), Some(token));
        }
        std::fs::write(&path, "\n").unwrap();
        assert!(matches!(file.read().await, Err(TokenError::Empty)));
        assert_eq!(TokenSource::None.read().await.unwrap(), None);
        assert_eq!(TokenSource::Value("t".to_owned()).read().await.unwrap().as_deref(), Some("t"));
    }

    #[test]
    fn a_token_is_not_printed() {
        for source in [TokenSource::Value("secret".to_owned()), TokenSource::Command("echo secret".to_owned())] {
            assert!(!format!("{source:?}").contains("secret"));
        }
    }
}
