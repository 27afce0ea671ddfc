//! What the report in JSON says about the configuration, by the official runner's names.

use super::config::{Resolved, TEST_MATCH};
use super::reporters::Choice;
use clap::ValueEnum;
use serde_json::{Value, json};

/// What is known besides what tests see of it.
pub(super) struct Known<'k> {
    pub(super) reporters: &'k [Choice],
    pub(super) quiet: bool,
    pub(super) fail_on_flaky: bool,
}

/// `config` of the report; `full_config` is what tests see. What has no effect here says what is done here.
pub(super) fn about(full_config: &Value, resolved: &Resolved, known: &Known<'_>) -> Value {
    let projects = resolved.projects.iter().enumerate().map(|(at, project)| {
        let matching = resolved.matching.get(at).cloned().unwrap_or_default();
        let test_match = if matching.test_match.is_empty() { vec![TEST_MATCH.to_owned()] } else { matching.test_match };
        json!({
            "id": project.name, "name": project.name, "testDir": project.config.test_dir, "outputDir": project.config.output_dir,
            "repeatEach": project.repeat_each, "retries": project.retries, "timeout": project.config.timeout,
            "metadata": project.config.metadata, "testIgnore": matching.test_ignore, "testMatch": test_match,
        })
    });
    let mut about = json!({
        "argv": std::env::args().collect::<Vec<_>>(), "version": env!("CARGO_PKG_VERSION"), "projects": projects.collect::<Vec<_>>(),
        "globalSetup": resolved.setup, "globalTeardown": resolved.teardown, "grep": {}, "grepInvert": null, "preserveOutput": "always",
        "quiet": known.quiet, "failOnFlakyTests": known.fail_on_flaky, "reporter": reporters(resolved, known.reporters),
        "reportSlowTests": null, "tags": [], "updateSnapshots": "missing", "updateSourceMethod": "patch", "webServer": resolved.web_server,
    });
    if let (Some(about), Some(more)) = (about.as_object_mut(), full_config.as_object()) {
        about.extend(more.clone());
    }
    about
}

/// `[name, options]` of each; those of the configuration with the options that stand there.
fn reporters(resolved: &Resolved, choices: &[Choice]) -> Vec<Value> {
    let told = choices.iter().map(|choice| {
        let name = choice.kind.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        let configured = resolved.reporters.iter().find(|one| one.name == name && one.file == choice.file);
        match (configured, &choice.file) {
            (Some(configured), _) => json!([name, configured.options]),
            (None, Some(file)) => json!([name, { "outputFile": file }]),
            (None, None) => json!([name, null]),
        }
    });
    told.collect()
}
