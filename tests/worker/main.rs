//! The worker process and the runner that drives it, without a browser: operations are served by a stand-in.

#[cfg(test)]
mod process;
#[cfg(test)]
mod runs;
#[cfg(test)]
mod support;
