//! Flags over environment over file over default; the only reader of the environment.
//!
//! What a variable or a file says is put in front of what the user typed, as a flag: one parser judges all of it, in the same
//! words. `--max-sessions` is `UNDERSTUDY_MAX_SESSIONS` and, in a settings file, `max-sessions`, at the top for all commands or in a
//! table named like one command.

mod folders;
mod manager;
mod terminal;

pub use folders::{home, state_dir};
pub use manager::{Manager, manager};
pub use terminal::{colors, dumb_terminal, environment, has_display};

use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command};
use std::collections::{BTreeMap, HashSet};
use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Names that older agents knew: command, flag, variable.
const OLDER_NAMES: [(&str, &str, &str); 6] = [
    ("agent", "server", "SERVER_URL"),
    ("agent", "token", "AGENT_TOKEN"),
    ("agent", "name", "AGENT_NAME"),
    ("agent", "state-dir", "STORAGE_PATH"),
    ("serve", "cors-origin", "CORS_ORIGINS"),
    ("serve", "redis", "REDIS_URL"),
];
/// Flags that have no variable and no key: they say something about this one call.
const OF_THE_CALL: [&str; 3] = ["help", "version", "settings"];
/// Flags whose values are shown to nobody.
const SECRETS: [&str; 4] = ["token", "jwt-secret", "mask", "redis"];

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// One that was named, or one that cannot be read.
    #[error("failed to read the settings {path}: {source}", path = .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No TOML.
    #[error("failed to read the settings {path}: {message}", path = .path.display())]
    Syntax {
        /// Which.
        path: PathBuf,
        /// Line and reason.
        message: String,
    },
    /// A key that is no flag of any command, most likely misspelt.
    #[error("the settings {path} have a key {key:?} that is no flag{of}", path = .path.display(), of = .command.as_deref().map(|name| format!(" of `understudy {name}`")).unwrap_or_default())]
    Unknown {
        /// Which.
        path: PathBuf,
        /// In the file.
        key: String,
        /// Whose table it stands in.
        command: Option<String>,
    },
    /// A value of a kind that no flag has.
    #[error("{from}: {key} is {kind}, and should be a text, a number, true or false, or a list of these", kind = .kind)]
    Kind {
        /// File.
        from: String,
        /// In the file.
        key: String,
        /// TOML's name.
        kind: &'static str,
    },
}

/// Where a value comes from; the later one wins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Nobody said anything.
    Default,
    /// A settings file.
    File(PathBuf),
    /// A variable.
    Environment(String),
    /// The command line.
    Flag,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => path.display().fmt(f),
            Self::Environment(name) => f.write_str(name),
            Self::Flag => f.write_str("command line"),
        }
    }
}

/// A flag's value in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Without the dashes.
    pub flag: String,
    /// All values of a repeatable flag; `true` for one without value. Secrets are masked.
    pub values: Vec<String>,
    /// Who said so.
    pub source: Source,
}

/// Environment and settings files.
#[derive(Debug, Default)]
pub struct Surroundings {
    environment: BTreeMap<String, OsString>,
    /// The first one that has a key wins.
    files: Vec<(PathBuf, Table)>,
}

/// A value that is not from the command line.
struct Given {
    values: Vec<OsString>,
    source: Source,
}

impl Surroundings {
    /// Reads the environment and the settings: `named` (which must exist), else the user's and the system's.
    ///
    /// # Errors
    /// When a file cannot be read or has keys that no command of `root` has.
    pub fn read(root: &Command, named: Option<&Path>) -> Result<Self, ConfigError> {
        let environment: BTreeMap<String, OsString> =
            env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect();
        let named = named.map(Path::to_path_buf).or_else(|| environment.get("UNDERSTUDY_SETTINGS").map(PathBuf::from));
        let usual = || {
            let base = environment.get("XDG_CONFIG_HOME").map(PathBuf::from);
            let base = base.or_else(|| environment.get("HOME").map(|home| Path::new(home).join(".config")));
            base.map(|base| base.join("understudy/config.toml"))
                .into_iter()
                .chain([PathBuf::from("/etc/understudy/config.toml")])
                .filter(|path| path.exists())
                .collect()
        };
        let paths: Vec<PathBuf> = named.map_or_else(usual, |path| vec![path]);
        let mut files = Vec::new();
        for path in paths {
            let text = fs::read_to_string(&path).map_err(|source| ConfigError::Read { path: path.clone(), source })?;
            files.push((path.clone(), parse(root, path, &text)?));
        }
        Ok(Self { environment, files })
    }

    /// What was typed, with flags for what environment and files say and the user did not.
    ///
    /// # Errors
    /// When a file has a value that is none for a flag.
    pub fn arguments(&self, root: &Command, typed: Vec<OsString>) -> Result<Vec<OsString>, ConfigError> {
        // What cannot be parsed is told by the real parser.
        let Ok(matches) = root.clone().ignore_errors(true).try_get_matches_from(&typed) else { return Ok(typed) };
        let Some((name, matches)) = matches.subcommand() else { return Ok(typed) };
        let Some(command) = root.find_subcommand(name) else { return Ok(typed) };
        let Some(at) = typed.iter().position(|part| part == OsStr::new(name)) else { return Ok(typed) };
        let mut flags = Vec::new();
        for (arg, given) in self.given(root, command, Some(matches))? {
            flags.extend(as_flags(arg, &given.values));
        }
        let mut all = typed;
        all.splice(at + 1..at + 1, flags);
        Ok(all)
    }

    /// Every flag of a command with what is in force for it when the command line says nothing.
    ///
    /// # Errors
    /// As [`Surroundings::arguments`].
    pub fn in_force(&self, root: &Command, command: &Command) -> Result<Vec<Setting>, ConfigError> {
        let mut given = self.given(root, command, None)?;
        let mut settings = Vec::new();
        for arg in flags(root, command) {
            let flag = arg.get_long().unwrap_or_default().to_owned();
            let found = given.iter().position(|(other, _)| other.get_id() == arg.get_id());
            let (values, source) = match found.map(|at| given.swap_remove(at).1) {
                Some(given) => (given.values, given.source),
                None => (arg.get_default_values().iter().map(|value| value.into()).collect(), Source::Default),
            };
            let secret = SECRETS.contains(&flag.as_str());
            let shown = |value: OsString| match secret {
                true => "***".to_owned(),
                false => without_password(&value.to_string_lossy()),
            };
            settings.push(Setting { flag, values: values.into_iter().map(shown).collect(), source });
        }
        Ok(settings)
    }

    /// Values from outside the command line for the flags of a command that the user did not type. A flag that excludes one
    /// that has a nearer source is left out.
    fn given<'c>(
        &self,
        root: &'c Command,
        command: &'c Command,
        typed: Option<&ArgMatches>,
    ) -> Result<Vec<(&'c Arg, Given)>, ConfigError> {
        let is_typed = |arg: &Arg| {
            typed.is_some_and(|typed| {
                let known = typed.try_contains_id(arg.get_id().as_str()).is_ok();
                known && typed.value_source(arg.get_id().as_str()) == Some(clap::parser::ValueSource::CommandLine)
            })
        };
        let mut taken: HashSet<&str> =
            flags(root, command).filter(|arg| is_typed(arg)).map(|arg| arg.get_id().as_str()).collect();
        let mut found = Vec::new();
        for arg in flags(root, command).filter(|arg| !is_typed(arg)) {
            if let Some(given) = self.look_up(command.get_name(), arg)? {
                found.push((arg, given));
            }
        }
        // Environment before files, so that of two that exclude each other the nearer one stays.
        found.sort_by_key(|(_, given)| matches!(given.source, Source::File(_)));
        found.retain(|(arg, _)| {
            let id = arg.get_id().as_str();
            let rivals = if arg.is_global_set() { Vec::new() } else { rivals(command, arg) };
            let free = !rivals.iter().any(|rival| taken.contains(rival));
            if free {
                taken.insert(id);
            }
            free
        });
        Ok(found)
    }

    fn look_up(&self, command: &str, arg: &Arg) -> Result<Option<Given>, ConfigError> {
        let flag = arg.get_long().unwrap_or_default();
        let older = OLDER_NAMES.iter().filter(|(of, name, _)| *of == command && *name == flag);
        let names = std::iter::once(variable(flag)).chain(older.map(|(_, _, name)| (*name).to_owned()));
        for name in names {
            if let Some(value) = self.environment.get(&name).filter(|value| !value.is_empty()) {
                let values = if repeatable(arg) { parts(value) } else { vec![value.clone()] };
                return Ok(Some(Given { values, source: Source::Environment(name) }));
            }
        }
        for (path, table) in &self.files {
            let own = table.get(command).and_then(Value::as_table).and_then(|table| key(table, flag));
            if let Some(value) = own.or_else(|| key(table, flag).filter(|value| !value.is_table())) {
                let values = texts(value).map_err(|kind| ConfigError::Kind {
                    from: path.display().to_string(),
                    key: flag.to_owned(),
                    kind,
                })?;
                return Ok(Some(Given { values, source: Source::File(path.clone()) }));
            }
        }
        Ok(None)
    }
}

/// `http://user:secret@host` → `http://user:***@host`, anywhere in a text.
fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let authority = rest.find(['/', '?', '#', ' ']).unwrap_or(rest.len());
    let user = rest[..authority].rfind('@').and_then(|end| rest[..end].find(':').map(|start| (start, end)));
    match user {
        Some((start, end)) => format!("{scheme}://{}:***{}", &rest[..start], without_password(&rest[end..])),
        None => format!("{scheme}://{}", without_password(rest)),
    }
}

/// `--max-sessions` → `UNDERSTUDY_MAX_SESSIONS`.
fn variable(flag: &str) -> String {
    format!("UNDERSTUDY_{}", flag.replace('-', "_").to_uppercase())
}

/// The flags of a command, those for all commands included.
fn flags<'c>(root: &'c Command, command: &'c Command) -> impl Iterator<Item = &'c Arg> {
    let global = root.get_arguments().filter(|arg| arg.is_global_set());
    let own = command.get_arguments().filter(|arg| !arg.is_global_set());
    own.chain(global).filter(|arg| arg.get_long().is_some_and(|long| !OF_THE_CALL.contains(&long)))
}

/// Flags that exclude this one, whichever of the two says so.
fn rivals<'c>(command: &'c Command, arg: &'c Arg) -> Vec<&'c str> {
    let excluded = |by: &'c Arg| command.get_arg_conflicts_with(by).into_iter().map(|other| other.get_id().as_str());
    let id = arg.get_id().as_str();
    let own = command.get_arguments().filter(|other| !other.is_global_set() && other.get_id() != arg.get_id());
    let by_others = own.filter(|other| excluded(other).any(|rival| rival == id)).map(|other| other.get_id().as_str());
    let groups = command.get_groups().filter(|group| !(*group).clone().is_multiple());
    let groups = groups.filter(|group| group.get_args().any(|member| member.as_str() == id));
    let members = groups.flat_map(ArgGroup::get_args).map(|member| member.as_str());
    excluded(arg).chain(by_others).chain(members).filter(|rival| *rival != id).collect()
}

fn repeatable(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append)
}

/// One token per value, so that values may begin with dashes. Flags without value are there or not.
fn as_flags(arg: &Arg, values: &[OsString]) -> Vec<OsString> {
    let long = format!("--{}", arg.get_long().unwrap_or_default());
    if matches!(arg.get_action(), ArgAction::SetTrue) {
        let set = values.iter().any(|value| !["0", "false", "no", "off"].contains(&value.to_string_lossy().as_ref()));
        return if set { vec![long.into()] } else { Vec::new() };
    }
    let flag = |value: &OsString| {
        let mut flag = OsString::from(format!("{long}="));
        flag.push(value);
        flag
    };
    values.iter().map(flag).collect()
}

/// Of a repeatable flag's variable: lines where there are several, else what stands between commas.
fn parts(value: &OsStr) -> Vec<OsString> {
    let Some(text) = value.to_str() else { return vec![value.to_owned()] };
    let separator = if text.trim().contains('\n') { '\n' } else { ',' };
    text.split(separator).map(str::trim).filter(|part| !part.is_empty()).map(OsString::from).collect()
}

/// Keys are written like flags, or with underscores.
fn key<'t>(table: &'t Table, flag: &str) -> Option<&'t Value> {
    table.get(flag).or_else(|| table.get(&flag.replace('-', "_")))
}

fn texts(value: &Value) -> Result<Vec<OsString>, &'static str> {
    match value {
        Value::String(text) => Ok(vec![text.into()]),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => Ok(vec![value.to_string().into()]),
        Value::Array(values) => values
            .iter()
            .map(|value| texts(value).and_then(|one| one.into_iter().next().ok_or("an empty list")))
            .collect(),
        Value::Datetime(_) => Err("a date"),
        Value::Table(_) => Err("a table"),
    }
}

fn parse(root: &Command, path: PathBuf, text: &str) -> Result<Table, ConfigError> {
    let table: Table = text
        .parse()
        .map_err(|error: toml::de::Error| ConfigError::Syntax { path: path.clone(), message: error.to_string() })?;
    let known = |command: &Command, key: &str| {
        flags(root, command).any(|arg| arg.get_long() == Some(key.replace('_', "-").as_str()))
    };
    for (key, value) in &table {
        match (value, root.find_subcommand(key)) {
            (Value::Table(own), Some(command)) => {
                if let Some(key) = own.keys().find(|key| !known(command, key)) {
                    return Err(ConfigError::Unknown {
                        path,
                        key: key.clone(),
                        command: Some(command.get_name().to_owned()),
                    });
                }
            }
            _ if root.get_subcommands().any(|command| known(command, key)) => {}
            _ => return Err(ConfigError::Unknown { path, key: key.clone(), command: None }),
        }
    }
    Ok(table)
}

#[cfg(test)]
mod tests;
