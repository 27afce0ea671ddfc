//! The parent: spawns workers, serves their operations by `browser`, schedules, retries.

mod drive;
mod job;
mod loader;
mod loading;
mod mailbox;
mod operations;
pub mod ops;
mod packages;
mod paths;
mod pictures;
mod processor;
mod run;
mod schedule;
mod service;
mod spawn;
mod stage;

pub use super::protocol::{Module, Probe, Walls, WorkerConfig};
pub use crate::browser::Mode;
pub use loader::{FileLoader, ModuleLoader, NoImports};
pub use loading::ConfigFile;
pub use mailbox::{Letter, Mailbox, mailbox};
pub use packages::Asked;
pub use run::{LOAD_LIMIT, Project, RunRequest, Runner, RunnerOptions, Screenshots};
pub use service::{Call, Film, Performed, Picture, Service, Services, Surroundings};
pub use spawn::probe;
