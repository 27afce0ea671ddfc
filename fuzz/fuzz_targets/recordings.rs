//! A recording that a server or a file brings: it is refused with a place in it, or code is made of it in every language, and the
//! TypeScript can be run.
#![no_main]
// The rooms are here whole, and most of what is in them is not called.
#![allow(dead_code, unused_imports)]

use libfuzzer_sys::fuzz_target;
use runner::protocol::Module;
use runner::worker::transform::transform;
use std::fs;
use std::path::Path;

#[path = "../../src/codegen/mod.rs"]
mod codegen;
#[path = "../../src/model/mod.rs"]
mod model;
#[path = "runner.rs"]
mod runner;

fuzz_target!(init: plant(), |text: &str| {
    let Ok(file) = model::action_file::read(text) else { return };
    for target in codegen::Target::ALL {
        let code = codegen::generate(target, &file.recording);
        assert!(!code.is_empty());
    }
    let (source, _) = codegen::played("it is played", &file.recording);
    if let Err(error) = transform(&Module::new("played.spec.ts", source.as_str())) {
        panic!("{} in\n{source}", error.message);
    }
});

/// The recordings of the tests are seeds of the corpus, which is read after this.
fn plant() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = here.join("corpus/recordings");
    fs::create_dir_all(&corpus).expect("the corpus's folder");
    for file in fs::read_dir(here.join("../fixtures/recordings")).into_iter().flatten().flatten() {
        if file.path().is_file() {
            fs::copy(file.path(), corpus.join(file.file_name())).expect("a seed");
        }
    }
}
