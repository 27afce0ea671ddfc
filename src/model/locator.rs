//! Selectors as text, their parts, and how a person reads them (`getByRole(…)`).
