//! `Intl` says what it says in Node.js: every case of `fixtures/intl` is evaluated by a worker and compared with what was captured there.

use super::chromium::play;
use super::support;
use serde::Deserialize;
use std::collections::BTreeMap;
use understudy::model::run::{Outcome, RunEvent};

/// In front of what a case gives.
const MARK: &str = "\u{1}";

#[derive(Deserialize)]
struct Captured {
    answers: Vec<(String, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    ours: String,
    #[serde(rename = "why")]
    _why: String,
}

#[test]
fn the_answers_are_those_of_node() {
    let captured: Captured = serde_json::from_str(include_str!("../../fixtures/intl/answers.json")).unwrap();
    let known: BTreeMap<String, Difference> =
        serde_json::from_str(include_str!("../../fixtures/intl/differences.json")).unwrap();
    let functions: Vec<String> = captured.answers.iter().map(|(case, _)| format!("() => ({case}),")).collect();
    let mut request = support::request(&format!(
        "import {{ test }} from '@playwright/test';\nconst cases = [\n{}\n];\ntest('t', () => {{ for (const it of cases) {{\n\
         let said; try {{ said = JSON.stringify(it()) ?? 'undefined'; }} catch (error) {{ said = `${{error.name}}: ${{error.message}}`; }}\n\
         console.log('{MARK}' + said); }} }});\n",
        functions.join("\n")
    ));
    let env = [("TZ", "UTC"), ("LC_ALL", "en_US.UTF-8")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    request.projects[0].config.env = env.into();
    let told = play(request);
    assert_eq!(told.outcome, Outcome::Passed, "{:?}", told.lines().last());
    let said = told.events.iter().filter_map(|event| match event {
        RunEvent::Log { text, .. } => text.strip_prefix(MARK),
        _ => None,
    });
    let said: Vec<&str> = said.collect();
    assert_eq!(said.len(), captured.answers.len());
    let mut wrong = Vec::new();
    for ((case, node), said) in captured.answers.iter().zip(said) {
        // What a Chromium has that is nearer to Node.js is no error.
        if said != node && known.get(case).is_none_or(|known| said != known.ours) {
            wrong.push(format!("{case}\n  ours {said}\n  node {node}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    let cases: Vec<&String> = captured.answers.iter().map(|(case, _)| case).collect();
    let stale: Vec<_> = known.keys().filter(|case| !cases.contains(case)).collect();
    assert!(stale.is_empty(), "in differences.json and no case: {stale:?}");
}

#[test]
fn local_time_is_that_of_the_environment() {
    let hours = |zone: &str| {
        let mut request = support::request(
            "import { test } from '@playwright/test';\ntest('t', () => {\n\
             const winter = new Date(Date.UTC(2024, 0, 1, 12)), summer = new Date(2024, 6, 1, 12);\n\
             console.log(winter.getHours(), summer.toISOString(), winter.toLocaleTimeString(), Intl.DateTimeFormat().resolvedOptions().timeZone); });",
        );
        request.projects[0].config.env = [("TZ".to_owned(), zone.to_owned())].into();
        play(request).lines().remove(0)
    };
    assert_eq!(hours("Europe/Berlin"), "log: 13 2024-07-01T10:00:00.000Z 1:00:00 PM Europe/Berlin");
    assert_eq!(hours("America/New_York"), "log: 7 2024-07-01T16:00:00.000Z 7:00:00 AM America/New_York");
}
