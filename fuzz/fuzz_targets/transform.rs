//! A source that a server sends: what is made of it knows where it came from, or it is refused in words.
#![no_main]
// The rooms are here whole, and most of what is in them is not called.
#![allow(dead_code, unused_imports)]

use libfuzzer_sys::fuzz_target;
use runner::protocol::Module;
use runner::worker::stack::snippet;
use runner::worker::transform::transform;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "../../src/model/mod.rs"]
mod model;
#[path = "runner.rs"]
mod runner;

fuzz_target!(init: plant(), |source: &str| {
    match transform(&Module::new("a.spec.ts", source)) {
        Ok(made) => {
            // A few errors are left to the engine; what is made of their sources is read all the same.
            let _ = transform(&Module::new("again.js", made.code.as_str()));
            for line in made.code.split('\n').zip(1..).map(|(_, number)| number) {
                // What is ours has no place there; whatever has one can be shown.
                let (line, column) = made.positions.original(line, 1);
                let _ = snippet(source, line, column);
            }
        }
        Err(error) => assert!(!error.message.is_empty()),
    }
});

/// Specs are seeds of the corpus, which is read after this.
fn plant() {
    // What is caught is no crash; here every panic would be one otherwise. What is not caught still is.
    drop(std::panic::take_hook());
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = here.join("corpus/transform");
    fs::create_dir_all(&corpus).expect("the corpus's folder");
    let areas = ["tests", "framework", "actions", "expect"].map(|area| here.join("../fixtures/specs").join(area));
    for spec in areas.iter().flat_map(|area| fs::read_dir(area).into_iter().flatten().flatten()) {
        let path: PathBuf = spec.path();
        if path.extension().is_some_and(|ending| ending == "ts") {
            fs::copy(&path, corpus.join(spec.file_name())).expect("a seed");
        }
    }
}
