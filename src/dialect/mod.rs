//! One pure file per protocol: frames to commands and events, both ends.
