//! The projects of a configuration: which run, in which order, and the files of each.

use super::pattern::{Matcher, TEST_MATCH};
use super::raw::{Common, OneOrMany, Pattern, RawConfig, RawProject};
use super::resolve::{Flags, Matching, Resolved};
use crate::browser::find_channel;
use crate::cli::run::select::{files_below, plain};
use crate::runner::host::{Mode, Project};
use crate::runner::protocol::WorkerConfig;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What projects are made of.
pub(super) struct Wanted<'w> {
    pub(super) raw: &'w RawConfig,
    pub(super) folder: &'w Path,
    pub(super) flags: &'w Flags<'w>,
    pub(super) env: &'w BTreeMap<String, String>,
    pub(super) notes: Vec<String>,
}

/// Adds the projects that are to run, with those that they depend on.
///
/// # Errors
/// Which name means no project, or which projects wait for each other.
pub(super) fn add(wanted: &mut Wanted<'_>, resolved: &mut Resolved) -> Result<(), String> {
    let nameless = [RawProject::default()];
    let all = if wanted.raw.projects.is_empty() { &nameless } else { wanted.raw.projects.as_slice() };
    let chosen = chosen(all, wanted)?;
    let order = ordered(all, &chosen, wanted.flags.no_deps)?;
    for at in &order {
        let raw = &all[*at];
        let (mut project, files) = project(raw, wanted, resolved)?;
        let index_of = |name: &String| {
            let number = all.iter().position(|other| other.common.name.as_ref() == Some(name));
            number.and_then(|number| order.iter().position(|one| *one == number))
        };
        if !wanted.flags.no_deps {
            project.dependencies = raw.dependencies.iter().filter_map(index_of).collect();
            project.teardown = raw.teardown.as_ref().and_then(index_of);
        }
        resolved.projects.push(project);
        resolved.files.push(files);
        let (own, base) = (&raw.common, &wanted.raw.common);
        resolved.matching.push(Matching {
            test_match: patterns(own.test_match.as_ref().or(base.test_match.as_ref())),
            test_ignore: patterns(own.test_ignore.as_ref().or(base.test_ignore.as_ref())),
        });
    }
    Ok(())
}

fn name_of(project: &RawProject) -> &str {
    project.common.name.as_deref().unwrap_or_default()
}

/// Indices of the projects that are asked for and that Chromium can play.
fn chosen(all: &[RawProject], wanted: &mut Wanted<'_>) -> Result<Vec<usize>, String> {
    let names = wanted.flags.projects;
    for name in names {
        if !all.iter().any(|project| named(project, name)) {
            let known: Vec<String> = all.iter().map(|project| format!("{:?}", name_of(project))).collect();
            return Err(format!("there is no project {name:?}. The projects: {}", known.join(", ")));
        }
    }
    let mut chosen = Vec::new();
    for (at, project) in all.iter().enumerate() {
        let asked = names.iter().any(|name| named(project, name));
        if !names.is_empty() && !asked {
            continue;
        }
        match other_browser(&wanted.raw.common.r#use, project) {
            Some(browser) if asked && !names.iter().any(|name| name.contains('*')) => {
                return Err(format!(
                    "project {:?} is for {browser}, and only Chromium can be driven here (--runner node runs it with Node.js)",
                    name_of(project)
                ));
            }
            Some(browser) => wanted.notes.push(format!(
                "project {:?} is left out: it is for {browser}, and only Chromium can be driven here",
                name_of(project)
            )),
            None => chosen.push(at),
        }
    }
    if chosen.is_empty() {
        return Err("no project is for Chromium, which is all that can be driven here".to_owned());
    }
    Ok(chosen)
}

/// `*` stands for anything; case does not matter, as with Playwright.
fn named(project: &RawProject, name: &str) -> bool {
    let own = name_of(project).to_lowercase();
    let name = name.to_lowercase();
    let Some((first, rest)) = name.split_once('*') else { return own == name };
    let Some(mut left) = own.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    left.ends_with(last)
}

fn other_browser(base: &Map<String, Value>, project: &RawProject) -> Option<String> {
    let own = &project.common.r#use;
    let option = |name| own.get(name).or_else(|| base.get(name)).and_then(Value::as_str);
    let browser = option("browserName").or_else(|| option("defaultBrowserType")).unwrap_or("chromium");
    (browser != "chromium").then(|| browser.to_owned())
}

/// The projects and all they need, those that others depend on first.
fn ordered(all: &[RawProject], chosen: &[usize], alone: bool) -> Result<Vec<usize>, String> {
    fn visit(all: &[RawProject], at: usize, path: &mut Vec<usize>, order: &mut Vec<usize>) -> Result<(), String> {
        if let Some(from) = path.iter().position(|one| *one == at) {
            let circle: Vec<&str> = path[from..].iter().chain([&at]).map(|one| name_of(&all[*one])).collect();
            return Err(format!("projects wait for each other: {}", circle.join(" -> ")));
        }
        if order.contains(&at) {
            return Ok(());
        }
        path.push(at);
        let find = |name: &String| {
            let found = all.iter().position(|other| other.common.name.as_ref() == Some(name));
            found.ok_or_else(|| format!("project {:?} names {name:?}, and there is none", name_of(&all[at])))
        };
        for name in &all[at].dependencies {
            visit(all, find(name)?, path, order)?;
        }
        path.pop();
        order.push(at);
        if let Some(name) = &all[at].teardown {
            let teardown = find(name)?;
            if !order.contains(&teardown) {
                order.push(teardown);
            }
        }
        Ok(())
    }
    if alone {
        return Ok(chosen.to_vec());
    }
    let mut order = Vec::new();
    for at in chosen {
        visit(all, *at, &mut Vec::new(), &mut order)?;
    }
    let serves = |at: &usize| {
        let name = all[*at].common.name.as_ref();
        all.iter().any(|other| {
            name.is_some_and(|name| other.dependencies.contains(name))
                || name.is_some() && other.teardown.as_ref() == name
        })
    };
    // Stable: the rest stays in the configuration's order.
    order.sort_by_key(|at| (!serves(at), if serves(at) { 0 } else { *at }));
    Ok(order)
}

fn project(raw: &RawProject, wanted: &Wanted<'_>, resolved: &mut Resolved) -> Result<(Project, Vec<String>), String> {
    let (base, own, flags) = (&wanted.raw.common, &raw.common, wanted.flags);
    let full = |path: &String| plain(&wanted.folder.join(path));
    let test_dir = own.test_dir.as_ref().or(base.test_dir.as_ref()).map_or_else(|| wanted.folder.to_path_buf(), full);
    let output_dir = match flags.output {
        Some(output) => output.to_path_buf(),
        None => own
            .output_dir
            .as_ref()
            .or(base.output_dir.as_ref())
            .map_or_else(|| wanted.folder.join("test-results"), full),
    };
    if !resolved.output_dirs.contains(&output_dir) {
        resolved.output_dirs.push(output_dir.clone());
    }
    let mut options = base.r#use.clone();
    options.extend(own.r#use.clone());
    let mode = launch(&mut options, flags, resolved);
    let expect = own.expect.clone().or_else(|| base.expect.clone()).unwrap_or_default();
    let retries = flags.retries.or(own.retries).or(base.retries).unwrap_or(0);
    let timeout = flags.timeout.or(own.timeout).or(base.timeout).unwrap_or(30_000);
    let repeat_each = flags.repeat_each.or(own.repeat_each).or(base.repeat_each).unwrap_or(1);
    let metadata = own.metadata.clone().or_else(|| base.metadata.clone()).unwrap_or_else(|| json!({}));
    let cwd = flags.cwd;
    let snapshot_dir = own.snapshot_dir.as_ref().or(base.snapshot_dir.as_ref()).map_or_else(|| test_dir.clone(), full);
    let template = own.snapshot_path_template.as_ref().or(base.snapshot_path_template.as_ref());
    let name = own.name.clone().or_else(|| base.name.clone()).unwrap_or_default();
    let config = WorkerConfig {
        timeout,
        expect_timeout: expect.get("timeout").and_then(Value::as_u64).unwrap_or(5_000),
        r#use: options,
        env: wanted.env.clone(),
        project: name.clone(),
        retries,
        allow_unsupported: flags.allow_unsupported,
        output_dir: output_dir.display().to_string(),
        project_grep: patterns(own.grep.as_ref().or(base.grep.as_ref())),
        project_grep_invert: patterns(own.grep_invert.as_ref().or(base.grep_invert.as_ref())),
        root: cwd.display().to_string(),
        test_dir: test_dir.display().to_string(),
        expect,
        snapshot_dir: snapshot_dir.display().to_string(),
        snapshot_path_template: template.cloned(),
        ignore_snapshots: own.ignore_snapshots.or(base.ignore_snapshots).unwrap_or(false),
        metadata,
        ..WorkerConfig::default()
    };
    let project = Project {
        name,
        files: Vec::new(),
        config,
        fully_parallel: flags.fully_parallel || own.fully_parallel.or(base.fully_parallel).unwrap_or(false),
        retries,
        repeat_each,
        mode,
        ..Project::default()
    };
    Ok((project, files(own, base, &test_dir, cwd, &resolved.output_dirs)?))
}

/// Takes out of `use` what is for the start of Chromium.
fn launch(options: &mut Map<String, Value>, flags: &Flags<'_>, resolved: &mut Resolved) -> Mode {
    if let Some(url) = flags.base_url {
        options.insert("baseURL".to_owned(), url.into());
    }
    if let Some(trace) = flags.trace {
        options.insert("trace".to_owned(), trace.into());
    }
    let launch = options.get("launchOptions").and_then(Value::as_object).cloned().unwrap_or_default();
    for arg in launch.get("args").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        if !resolved.browser_args.iter().any(|known| known == arg) {
            resolved.browser_args.push(arg.to_owned());
        }
    }
    if let Some(program) = launch.get("executablePath").and_then(Value::as_str) {
        resolved.executable.get_or_insert_with(|| PathBuf::from(program));
    }
    let channel = launch.get("channel").or_else(|| options.get("channel")).and_then(Value::as_str).unwrap_or_default();
    // One that is not here is told of.
    if let Ok(Some(program)) = find_channel(channel) {
        resolved.executable.get_or_insert(program);
    }
    let headless = launch.get("headless").or_else(|| options.get("headless")).and_then(Value::as_bool).unwrap_or(true);
    let mode = if flags.headed || !headless { Mode::Headed } else { Mode::Headless };
    options.insert("headless".to_owned(), (mode == Mode::Headless).into());
    mode
}

/// As `--grep` takes them.
fn patterns(patterns: Option<&OneOrMany<Pattern>>) -> Vec<String> {
    let patterns = patterns.map(OneOrMany::list).unwrap_or_default();
    let text = |pattern| match pattern {
        Pattern::Regex { source, flags } => format!("/{source}/{flags}"),
        Pattern::Glob(text) => text,
    };
    patterns.into_iter().map(text).collect()
}

/// The project's spec files, relative to the current folder.
fn files(own: &Common, base: &Common, test_dir: &Path, cwd: &Path, outputs: &[PathBuf]) -> Result<Vec<String>, String> {
    let list = |own: &Option<OneOrMany<Pattern>>, base: &Option<OneOrMany<Pattern>>| {
        own.as_ref().or(base.as_ref()).map(OneOrMany::list)
    };
    let default = || vec![Pattern::Glob(TEST_MATCH.to_owned())];
    let wanted = Matcher::new(&list(&own.test_match, &base.test_match).unwrap_or_else(default))?;
    let ignored = Matcher::new(&list(&own.test_ignore, &base.test_ignore).unwrap_or_default())?;
    let matches = |path: &Path| {
        let path = path.to_string_lossy();
        wanted.matches(&path) && !ignored.matches(&path)
    };
    Ok(files_below(cwd, test_dir, outputs, matches))
}
