//! The parent: spawns workers, serves their operations by `browser`, schedules, retries.

mod drive;
mod loader;
pub mod ops;
mod paths;
mod run;
mod schedule;
mod service;
mod spawn;

pub use super::protocol::{Module, WorkerConfig};
pub use crate::browser::Mode;
pub use loader::{FileLoader, ModuleLoader, NoImports};
pub use run::{RunRequest, Runner, RunnerOptions, Screenshots};
pub use service::{Performed, Picture, Service, Services, Surroundings};
