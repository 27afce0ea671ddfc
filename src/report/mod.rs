//! Run events to what a person or a CI server reads.
