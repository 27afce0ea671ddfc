//! The flags that were typed, as the settings of the service. The token is not among them.

use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Command};
use std::ffi::OsString;
use std::path::Path;
use toml::{Table, Value};

/// Flags of `service install` itself, and those that say where the token comes from.
const LEFT_OUT: [&str; 8] = ["user", "root", "launchd", "token", "token-file", "settings", "help", "version"];

/// What this process was called with; the token is in that file.
pub(super) fn toml(root: &Command, token: Option<&Path>) -> String {
    of(root, std::env::args_os().collect(), token)
}

fn of(root: &Command, typed: Vec<OsString>, token: Option<&Path>) -> String {
    let mut table = Table::new();
    let matches = root.clone().ignore_errors(true).try_get_matches_from(typed).ok();
    let install = matches.as_ref().and_then(|matches| {
        let (_, service) = matches.subcommand()?;
        service.subcommand().filter(|(name, _)| *name == "install").map(|(_, install)| install)
    });
    let command = root.find_subcommand("service").and_then(|service| service.find_subcommand("install"));
    if let (Some(command), Some(install)) = (command, install) {
        for arg in command.get_arguments() {
            let Some(flag) = arg.get_long().filter(|flag| !LEFT_OUT.contains(flag)) else { continue };
            if let Some(value) = value(arg.get_id().as_str(), arg.get_action(), install) {
                table.insert(flag.to_owned(), value);
            }
        }
    }
    if let Some(token) = token.filter(|_| !table.contains_key("token-command")) {
        table.insert("token-file".to_owned(), Value::from(token.display().to_string()));
    }
    let mut all = Table::new();
    all.insert("agent".to_owned(), Value::Table(table));
    format!("# Flags of `understudy agent`, written by `understudy service install`.\n{all}")
}

fn value(id: &str, action: &ArgAction, install: &ArgMatches) -> Option<Value> {
    if install.value_source(id)? != ValueSource::CommandLine {
        return None;
    }
    if matches!(action, ArgAction::SetTrue) {
        return Some(Value::from(true));
    }
    let mut values = install.get_raw(id)?.map(|value| Value::from(value.to_string_lossy().into_owned()));
    if matches!(action, ArgAction::Append) { Some(Value::Array(values.collect())) } else { values.next() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_kept_but_for_the_token() {
        let typed = "understudy service install --user --server https://a.test --token secret --max-sessions 3 --headed --env A --env B --browser-arg --x";
        let typed = typed.split(' ').map(OsString::from).collect();
        let text = of(&crate::cli::command(), typed, Some(Path::new("/etc/understudy/token")));
        let (_, body) = text.split_once('\n').unwrap();
        let table: Table = body.parse().unwrap();
        let expected: Table = "[agent]\nserver = 'https://a.test'\nmax-sessions = '3'\nheaded = true\nenv = ['A', 'B']\nbrowser-arg = ['--x']\ntoken-file = '/etc/understudy/token'"
            .parse()
            .unwrap();
        assert_eq!(table, expected, "{text}");
    }
}
