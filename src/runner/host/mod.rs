//! The parent: spawns workers, serves their operations by `browser`, schedules, retries.

pub mod ops;
