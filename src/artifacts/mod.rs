//! What a session leaves behind: folders, and images shrunk to a byte budget.

pub mod shrink;
