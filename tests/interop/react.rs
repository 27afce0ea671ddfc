//! The hooks and components that the protocols' documents print, in a page of React, in Chromium, against the hub.

use crate::process::{Agent, Hub, Peer, token, understudy};
use crate::seeds::printed;
use std::path::Path;

#[test]
fn the_hooks_and_components_of_the_documents_show_what_happens() {
    let hub = Hub::start_with(&["--cors-origin", "*"]);
    let ada = token("client", "ada");
    let (_page, address) = Peer::components(&hub.url, &ada);
    let _agent = Agent::start(&hub.url, &token("agent", "machine"), &[]);
    let mut other = Peer::seed("004-browser", &hub.url, &ada);
    other.until("an agent", |line| (line["handler"] == "onAgentStatus").then_some(()));
    let run = understudy()
        .args(["run", "components.spec.ts", "--timeout", "180000", "--reporter", "list"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/react"))
        .envs([("PAGE", address.as_str()), ("HUB", &hub.url), ("SERVICE", &token("service", "api"))])
        .env("UPDATED", printed("project.updated").to_string())
        .output()
        .unwrap();
    assert!(run.status.success(), "{}\n{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    other.until("what 004's hook says", |line| {
        (line["handler"] == "onUserPresence" && line["args"][0]["status"] == "busy").then_some(())
    });
}
