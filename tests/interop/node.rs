//! `understudy agent --runner node`: what a server asks for runs in the official runner, and is told as if ours had run it.

use crate::agent::{BROKEN, FAILING, PASSING, cancelled};
use crate::process::{Agent, Peer};
use serde_json::json;
use std::time::Duration;

#[test]
fn the_official_runner_is_told_of_and_its_runs_too() {
    let (mut server, url) = Peer::server();
    let _agent = Agent::start(&url, "let me in", &["--runner", "node", "--execution-timeout", "5m"]);
    let system = server.event("agent:register", |_| true)["systemInfo"].clone();
    assert_eq!(system["runners"], json!(["node"]));
    assert!(system["nodeVersion"].as_str().unwrap().starts_with('v'), "{system}");

    assert_eq!(server.execute("e-1", PASSING), 0, "{}", server.log("e-1"));
    assert!(server.log("e-1").contains("greeted"), "{}", server.log("e-1"));
    let steps = server.told("execution:step", "e-1").into_iter().filter(|step| step["status"] == "passed");
    let steps: Vec<_> = steps.map(|step| (step["action"]["type"].as_str(), step["explanation"].as_str())).collect();
    let expected = [
        ("setContent", "Set the page's content"),
        ("fill", "Fill getByLabel('Name') with ‘Ada’"),
        ("click", "Click getByRole('button', { name: 'Greet' })"),
        ("expect", "Expect locator('#hello') to have text ‘Hello, Ada!’"),
    ];
    assert_eq!(steps, expected.map(|(action, words)| (Some(action), Some(words))));
    let pictures = server.told("execution:screenshot", "e-1");
    assert_eq!(pictures.iter().map(|shot| shot["stepNumber"].as_u64()).collect::<Vec<_>>(), [Some(4)]);

    assert_eq!(server.execute("e-2", FAILING), 1);
    let log = server.log("e-2");
    for part in ["greets in vain", "Good night", "Good morning", "test.spec.ts:5:", "toHaveText('Good night'"] {
        assert!(log.contains(part), "no {part:?} in:\n{log}");
    }
    assert_eq!(server.execute("e-3", BROKEN), 2);
    assert!(server.log("e-3").contains("test.spec.ts"), "{}", server.log("e-3"));
    // What only Node.js has.
    let code = "import { test } from '@playwright/test';\nimport { execSync } from 'node:child_process';\n\
                test('x', () => console.log(execSync('echo shell').toString()));";
    assert_eq!(server.execute("e-4", code), 0);
    assert!(server.log("e-4").contains("shell"), "{}", server.log("e-4"));

    for (execution, body) in [("waits", "await page.waitForTimeout(100_000);"), ("spins", "for (;;) {}")] {
        let took = cancelled(&mut server, execution, body);
        assert!(took < Duration::from_secs(3), "{execution}: {took:?}");
    }
}
