//! What there is to be of the server: a way there, its yes to the token, a clock like ours.

use super::super::{CouldNotRun, agent};
use super::Finding;
use crate::agent::{AgentOptions, TokenError, TokenSource, expiry, reach};
use crate::wire::client::ConnectError;
use crate::wire::http::date;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// A token that ends sooner is worth a word.
const SOON: Duration = Duration::from_secs(24 * 60 * 60);
/// Clocks that differ by more make valid tokens invalid.
const SKEW: Duration = Duration::from_secs(30);

pub(super) async fn look(agent: &agent::Args, fix: bool) -> Result<Vec<Finding>, CouldNotRun> {
    let mut all = Vec::new();
    let source = agent.reaching().token();
    if let TokenSource::File(path) = &source {
        all.extend(permissions(path, fix));
    }
    let token = source.read().await;
    all.push(match &token {
        Err(error) => missing(error),
        Ok(None) => {
            Finding::note("no token is shown to the server", "--token-file names one, where the server wants one")
        }
        Ok(Some(token)) => judged(token, SystemTime::now()),
    });
    let options = match agent.options() {
        // Whether the server is there is to be seen without one, too.
        Ok(options) if token.is_err() => AgentOptions { token: TokenSource::None, ..options },
        Ok(options) => options,
        Err(error) => {
            all.push(Finding::bad(error.to_string(), "mend that flag"));
            return Ok(all);
        }
    };
    let (server, dialer) = (options.server.clone(), options.dialer.clone());
    let by = dialer.proxy(&server).map_or_else(String::new, |proxy| format!(" through the proxy {proxy}"));
    all.push(match reach(&options).await {
        Ok(()) if token.is_err() => {
            Finding::good(format!("{server} answers{by}, and speaks --protocol {}", agent.reaching().protocol_name()))
        }
        Err(ConnectError::Refused(_)) if token.is_err() => {
            Finding::note(format!("{server} answers{by}, and wants a token"), "see above: there is none")
        }
        Ok(()) => Finding::good(format!(
            "{server} answers{by}, speaks --protocol {}, and takes the token",
            agent.reaching().protocol_name()
        )),
        Err(error) => {
            let todo = match &error {
                ConnectError::Refused(_) => "check the token: is it this server's, for agents, and still valid?",
                ConnectError::Untrusted(_) => "--ca-file F trusts a further authority",
                ConnectError::Unready(_) => "see above",
                ConnectError::Unreachable(_) => "is the server there, and are --server, --protocol and --proxy right?",
            };
            Finding::bad(format!("{server}{by}: {error}"), todo)
        }
    });
    if let Ok(Some(theirs)) = date(&server, &dialer).await {
        all.push(clocks(theirs, SystemTime::now()));
    }
    Ok(all)
}

fn judged(token: &str, now: SystemTime) -> Finding {
    let Some(expires) = expiry(token) else { return Finding::good("the token does not say when it ends") };
    let when = humantime::format_rfc3339_seconds(expires);
    match expires.duration_since(now) {
        Err(_) => Finding::bad(
            format!("the token has expired, at {when}"),
            "put a new one in its place: the agent reads it for every attempt",
        ),
        Ok(left) if left < SOON => {
            let left = humantime::format_duration(Duration::from_secs(left.as_secs()));
            Finding::note(
                format!("the token is valid for {left} only, until {when}"),
                "put a new one into --token-file in time, or use --token-command",
            )
        }
        Ok(_) => Finding::good(format!("the token is valid until {when}")),
    }
}

/// Why there is no token, as what it is.
fn missing(error: &TokenError) -> Finding {
    match error {
        TokenError::File { path, source } => {
            let path = path.display();
            match source.kind() {
                io::ErrorKind::NotFound => Finding::bad(
                    format!("the token's file {path} is missing"),
                    "put the token there, or name another file with --token-file",
                ),
                io::ErrorKind::PermissionDenied => Finding::bad(
                    format!("the token's file {path} may not be read by this user"),
                    "run this as the user of the agent, or make the file the agent's own: chown",
                ),
                _ => Finding::bad(
                    format!("the token's file {path} cannot be read: {source}"),
                    "name another file with --token-file",
                ),
            }
        }
        TokenError::Empty => Finding::bad("the token is empty", "put the token of the server there"),
        TokenError::Run(_) | TokenError::Failed { .. } | TokenError::Late(_) => {
            Finding::bad(error.to_string(), "run the --token-command by hand: it is to print the token within 30 s")
        }
    }
}

/// A file with a token is its owner's business.
fn permissions(path: &Path, fix: bool) -> Option<Finding> {
    let mode = fs::metadata(path).ok()?.permissions().mode();
    if mode & 0o077 == 0 {
        return None;
    }
    if fix {
        let mended = fs::set_permissions(path, Permissions::from_mode(0o600));
        return Some(match mended {
            Ok(()) => Finding::good(format!("{} is readable by its owner alone now", path.display())),
            Err(error) => {
                Finding::bad(format!("{} is readable by others: {error}", path.display()), "chmod 600, as its owner")
            }
        });
    }
    let what = format!("{} is readable by others than its owner", path.display());
    Some(Finding::bad(what, format!("chmod 600 {}, or --fix", path.display())))
}

fn clocks(theirs: SystemTime, ours: SystemTime) -> Finding {
    let (apart, which) = match ours.duration_since(theirs) {
        Ok(ahead) => (ahead, "ahead of"),
        Err(behind) => (behind.duration(), "behind"),
    };
    match apart <= SKEW {
        true => Finding::good("the clock agrees with the server's"),
        false => Finding::bad(
            format!("the clock is {} s {which} the server's: tokens are judged by it", apart.as_secs()),
            "timedatectl set-ntp true",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    #[test]
    fn tokens() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        for (expires, verdict) in [
            (1_800_000_000 + 86_400 * 30, Verdict::Good),
            (1_800_000_000 + 3600, Verdict::Note),
            (1_799_999_999, Verdict::Bad),
        ] {
            let claims = URL_SAFE_NO_PAD.encode(format!("{{\"exp\":{expires}}}"));
            assert_eq!(judged(&format!("e30.{claims}.x"), now).verdict, verdict, "{expires}");
        }
        assert_eq!(judged("opaque", now).verdict, Verdict::Good);
    }

    #[test]
    fn a_token_that_is_not_there_is_told_as_what_it_is() {
        let file = |kind: io::ErrorKind| TokenError::File { path: "/t".into(), source: kind.into() };
        for (error, words) in [
            (file(io::ErrorKind::NotFound), "the token's file /t is missing"),
            (file(io::ErrorKind::PermissionDenied), "the token's file /t may not be read by this user"),
            (file(io::ErrorKind::IsADirectory), "the token's file /t cannot be read: is a directory"),
            (TokenError::Empty, "the token is empty"),
        ] {
            let finding = missing(&error);
            assert_eq!((finding.verdict, finding.what.as_str()), (Verdict::Bad, words));
        }
    }

    #[test]
    fn clocks_that_differ() {
        let now = SystemTime::now();
        let minute = Duration::from_secs(60);
        assert_eq!(clocks(now, now + Duration::from_secs(5)).verdict, Verdict::Good);
        assert!(clocks(now, now + minute).what.starts_with("the clock is 60 s ahead of"));
        assert!(clocks(now + minute, now).what.starts_with("the clock is 60 s behind"));
    }

    #[test]
    fn a_file_that_others_can_read_is_mended() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::set_permissions(file.path(), Permissions::from_mode(0o644)).unwrap();
        assert_eq!(permissions(file.path(), false).unwrap().verdict, Verdict::Bad);
        assert_eq!(permissions(file.path(), true).unwrap().verdict, Verdict::Good);
        assert_eq!(permissions(file.path(), false), None);
    }
}
