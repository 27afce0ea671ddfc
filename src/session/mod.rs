//! One actor per session: an execution now, a recording with a later issue.
