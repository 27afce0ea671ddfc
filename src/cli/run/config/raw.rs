//! A configuration as its file has it.

use crate::cli::run::args::UpdateSnapshots;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl<T: Clone> OneOrMany<T> {
    pub(super) fn list(&self) -> Vec<T> {
        match self {
            Self::Many(many) => many.clone(),
            Self::One(one) => vec![one.clone()],
        }
    }
}

/// What matches a path or a title: a glob, or a regular expression.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum Pattern {
    Regex {
        #[serde(rename = "$source")]
        source: String,
        #[serde(rename = "$flags")]
        flags: String,
    },
    Glob(String),
}

/// A number, or percent of the cores.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Workers {
    Number(usize),
    Percent(String),
}

/// What a project and the whole configuration may both say.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Common {
    pub(super) name: Option<String>,
    pub(super) test_dir: Option<String>,
    pub(super) test_match: Option<OneOrMany<Pattern>>,
    pub(super) test_ignore: Option<OneOrMany<Pattern>>,
    pub(super) grep: Option<OneOrMany<Pattern>>,
    pub(super) grep_invert: Option<OneOrMany<Pattern>>,
    pub(super) r#use: Map<String, Value>,
    pub(super) expect: Option<Map<String, Value>>,
    pub(super) retries: Option<u32>,
    pub(super) timeout: Option<u64>,
    pub(super) repeat_each: Option<u32>,
    pub(super) fully_parallel: Option<bool>,
    pub(super) output_dir: Option<String>,
    pub(super) snapshot_dir: Option<String>,
    pub(super) snapshot_path_template: Option<String>,
    pub(super) ignore_snapshots: Option<bool>,
    pub(super) metadata: Option<Value>,
    pub(super) workers: Option<Workers>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct RawProject {
    #[serde(flatten)]
    pub(super) common: Common,
    pub(super) dependencies: Vec<String>,
    pub(super) teardown: Option<String>,
    #[serde(flatten)]
    pub(super) rest: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct RawConfig {
    #[serde(flatten)]
    pub(super) common: Common,
    pub(super) projects: Vec<RawProject>,
    pub(super) global_timeout: Option<u64>,
    pub(super) max_failures: Option<u32>,
    pub(super) forbid_only: bool,
    pub(super) fail_on_flaky_tests: bool,
    pub(super) quiet: bool,
    pub(super) update_snapshots: Option<UpdateSnapshots>,
    pub(super) shard: Option<RawShard>,
    pub(super) reporter: Option<RawReporter>,
    pub(super) web_server: Option<OneOrMany<WebServer>>,
    pub(super) global_setup: Option<OneOrMany<String>>,
    pub(super) global_teardown: Option<OneOrMany<String>>,
    #[serde(flatten)]
    pub(super) rest: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct RawShard {
    pub(super) current: u32,
    pub(super) total: u32,
}

/// `'list'` or `[['list'], ['json', { outputFile }]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum RawReporter {
    Name(String),
    List(Vec<Value>),
}

/// A program that must answer while tests run.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::cli::run) struct WebServer {
    pub(in crate::cli::run) command: String,
    pub(in crate::cli::run) url: Option<String>,
    pub(in crate::cli::run) port: Option<u16>,
    pub(in crate::cli::run) name: Option<String>,
    pub(in crate::cli::run) cwd: Option<String>,
    pub(in crate::cli::run) env: BTreeMap<String, String>,
    pub(in crate::cli::run) reuse_existing_server: bool,
    pub(in crate::cli::run) ignore_https_errors: bool,
    pub(in crate::cli::run) timeout: Option<u64>,
    pub(in crate::cli::run) stdout: Option<String>,
    pub(in crate::cli::run) stderr: Option<String>,
    pub(in crate::cli::run) graceful_shutdown: Option<Value>,
    pub(in crate::cli::run) wait: Option<Value>,
}
