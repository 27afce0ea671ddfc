//! The child, unprivileged: transform (oxc), engine (QuickJS), the Playwright Test facade in `js/`.
