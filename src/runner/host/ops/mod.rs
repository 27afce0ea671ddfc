//! The operation table: parse, call `browser`, map, and nothing else.
