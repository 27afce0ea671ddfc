//! One pure file or folder per protocol: frames to commands and events and back, both ends.

pub mod testflow;
