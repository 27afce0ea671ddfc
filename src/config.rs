//! Flags over environment over file over default; the only reader of the environment.
