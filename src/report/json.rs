//! The `json` reporter: one object for the whole run, shaped as the official one's, whose readers there are.

use super::Reporter;
use super::book::Verdict;
use super::failure::location_of;
use super::output::Output;
use super::record::{About, Record, Test, Try, timestamp};
use crate::model::Level;
use crate::model::run::{Annotation, Attempt, Outcome, RunEvent, StepCategory, TestError};
use serde_json::{Map, Value, json};
use sha1::{Digest, Sha1};
use std::io::{self, Write};

/// Writes it when the run is over.
pub struct Json {
    out: Output,
    about: About,
    record: Record,
}

impl Json {
    /// `out` gets nothing but JSON.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>, about: About) -> Self {
        Self { out: Output::new(out), about, record: Record::default() }
    }

    fn report(&self) -> Value {
        let Self { about, record, .. } = self;
        let mut files: Vec<Suite> = Vec::new();
        for test in &record.tests {
            let file = about.file(&test.case.location.file);
            let at = files.iter().position(|suite| suite.title == file).unwrap_or_else(|| {
                files.push(Suite { title: file.clone(), file: file.clone(), ..Suite::default() });
                files.len() - 1
            });
            files[at].add(test, 0, &file, about);
        }
        let count = |verdict| record.count(verdict);
        let mut config = about.config.clone();
        if let Some(metadata) = config.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("actualWorkers".to_owned(), record.workers.into());
        }
        json!({
            "config": config,
            "suites": files.into_iter().map(Suite::told).collect::<Vec<_>>(),
            "errors": record.errors.iter().map(|error| whole_error(error, about)).collect::<Vec<_>>(),
            "stats": {
                "startTime": timestamp(record.started), "duration": about.elapsed(), "expected": count(Verdict::Expected),
                "skipped": count(Verdict::Skipped) + count(Verdict::DidNotRun) + count(Verdict::Interrupted),
                "unexpected": count(Verdict::Unexpected), "flaky": count(Verdict::Flaky),
            },
        })
    }
}

impl Reporter for Json {
    fn event(&mut self, event: &RunEvent) {
        self.record.note(event);
    }

    fn end(&mut self, _outcome: Outcome) -> io::Result<()> {
        if let Ok(text) = serde_json::to_string_pretty(&self.report()) {
            self.out.put(&format!("{text}\n"));
        }
        self.out.end()
    }
}

/// A file or a `describe`.
#[derive(Default)]
struct Suite {
    title: String,
    file: String,
    line: u32,
    column: u32,
    specs: Vec<Value>,
    suites: Vec<Suite>,
}

impl Suite {
    fn add(&mut self, test: &Test, depth: usize, file: &str, about: &About) {
        let case = &test.case;
        if depth + 1 < case.title_path.len() {
            let title = &case.title_path[depth];
            let (line, column) = case.describes.get(depth).map_or((0, 0), |place| (place.line, place.column));
            let same = |suite: &Self| suite.title == *title && (suite.line, suite.column) == (line, column);
            let at = self.suites.iter().position(same).unwrap_or_else(|| {
                let suite = Self { title: title.clone(), file: file.to_owned(), line, column, ..Self::default() };
                self.suites.push(suite);
                self.suites.len() - 1
            });
            return self.suites[at].add(test, depth + 1, file, about);
        }
        let title = case.title_path.last().cloned().unwrap_or_default();
        let (line, column) = (case.location.line, case.location.column);
        let told = test_of(test, about);
        // As with the official one: what did not run went not wrong.
        let ok = test.verdict() != Verdict::Unexpected;
        // The same test of several projects is one entry.
        let known = self
            .specs
            .iter_mut()
            .find(|spec| spec["title"] == title.as_str() && spec["line"] == line && spec["column"] == column);
        if let Some(known) = known {
            known["ok"] = (known["ok"] == true && ok).into();
            if let Some(tests) = known["tests"].as_array_mut() {
                tests.push(told);
            }
            return;
        }
        let mut tags: Vec<&str> = case.tags.iter().map(|tag| tag.trim_start_matches('@')).collect();
        tags.sort_unstable();
        self.specs.push(json!({
            "title": title, "ok": ok, "tags": tags, "tests": [told], "id": official_id(test, file), "file": file, "line": line,
            "column": column,
        }));
    }

    fn told(self) -> Value {
        let Self { title, file, line, column, specs, suites } = self;
        let mut told = json!({ "title": title, "file": file, "line": line, "column": column, "specs": specs });
        if !suites.is_empty() {
            told["suites"] = suites.into_iter().map(Self::told).collect();
        }
        told
    }
}

/// As the official runner makes it: from file, project and titles.
fn official_id(test: &Test, file: &str) -> String {
    let digest =
        |text: &str| Sha1::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>()[..20].to_owned();
    let case = &test.case;
    let repeat = if case.repeat > 0 { format!(" (repeat:{})", case.repeat) } else { String::new() };
    let titles = case.title_path.join("\x1e");
    format!("{}-{}", digest(file), digest(&format!("[project={}]{file}\x1e{titles}{repeat}", case.project)))
}

fn test_of(test: &Test, about: &About) -> Value {
    let case = &test.case;
    let status = match test.verdict() {
        Verdict::Expected => "expected",
        Verdict::Unexpected => "unexpected",
        Verdict::Flaky => "flaky",
        Verdict::Skipped | Verdict::DidNotRun | Verdict::Interrupted => "skipped",
    };
    let last = test.attempts().last().map(|(_, attempt)| attempt);
    json!({
        "timeout": test.timeout(),
        "annotations": annotations(test.annotations(), about),
        "expectedStatus": last.map_or(case.expected_status, |attempt| attempt.expected_status),
        "projectId": case.project, "projectName": case.project,
        "results": test.attempts().map(|(one, attempt)| result(one, attempt, about)).collect::<Vec<_>>(),
        "status": status,
    })
}

fn annotations(annotations: &[Annotation], about: &About) -> Value {
    let told = annotations.iter().map(|annotation| {
        let mut told = json!({ "type": annotation.kind });
        if let Some(description) = &annotation.description {
            told["description"] = description.as_str().into();
        }
        if let Some(location) = &annotation.location {
            told["location"] = location_of(location, &about.full(&location.file));
        }
        told
    });
    told.collect()
}

fn result(one: &Try, attempt: &Attempt, about: &About) -> Value {
    let printed = |to_out: bool| -> Value {
        let lines = one.printed.iter().filter(|(level, _)| (*level == Level::Info) == to_out);
        lines.map(|(_, text)| json!({ "text": text })).collect()
    };
    let mut told = json!({
        "workerIndex": one.worker.map_or(-1, |index| i64::from(index.worker)),
        "parallelIndex": one.worker.map_or(-1, |index| i64::from(index.parallel)),
        "status": attempt.status, "duration": attempt.duration_ms,
        "errors": attempt.errors.iter().map(|error| short_error(error, about)).collect::<Vec<_>>(),
        "stdout": printed(true), "stderr": printed(false), "retry": attempt.retry, "startTime": timestamp(one.started),
        "annotations": annotations(&attempt.annotations, about),
        "attachments": attempt.attachments.iter().map(|attachment| {
            let mut told = json!({ "name": attachment.name, "contentType": attachment.content_type });
            if let Some(path) = &attachment.path {
                told["path"] = path.as_str().into();
            }
            if let Some(body) = &attachment.body {
                told["body"] = body.as_str().into();
            }
            told
        }).collect::<Vec<_>>(),
    });
    if let Some(error) = attempt.errors.first() {
        told["error"] = whole_error(error, about);
        if let Some(location) = &error.location {
            told["errorLocation"] = location_of(location, &about.full(&location.file));
        }
    }
    let steps = steps(one, None, about);
    if !steps.is_empty() {
        told["steps"] = steps.into();
    }
    told
}

/// The author's own.
fn steps(one: &Try, parent: Option<u32>, about: &About) -> Vec<Value> {
    let own = one.steps.iter().filter(|step| step.begin.category == StepCategory::Step);
    let is_own =
        |id: u32| one.steps.iter().any(|step| step.begin.id == id && step.begin.category == StepCategory::Step);
    let children = own.filter(|step| step.begin.parent.filter(|id| is_own(*id)) == parent);
    children
        .map(|step| {
            let mut told = Map::new();
            told.insert("title".to_owned(), step.begin.title.as_str().into());
            told.insert("duration".to_owned(), step.duration_ms.into());
            if let Some(error) = &step.error {
                told.insert("error".to_owned(), whole_error(error, about));
            }
            let inner = steps(one, Some(step.begin.id), about);
            if !inner.is_empty() {
                told.insert("steps".to_owned(), inner.into());
            }
            told.into()
        })
        .collect()
}

fn whole_error(error: &TestError, about: &About) -> Value {
    let mut told = json!({ "message": error.message });
    if !error.stack.is_empty() {
        told["stack"] = format!("{}\n{}", error.message, error.stack.trim_end()).into();
    }
    if let Some(location) = &error.location {
        told["location"] = location_of(location, &about.full(&location.file));
    }
    if let Some(snippet) = &error.snippet {
        told["snippet"] = snippet.as_str().into();
    }
    told
}

fn short_error(error: &TestError, about: &About) -> Value {
    let mut told = json!({ "message": super::error_words(error) });
    if let Some(location) = &error.location {
        told["location"] = location_of(location, &about.full(&location.file));
    }
    told
}
