//! The worker process and the runner that drives it; mostly without a browser, operations are served by a stand-in.

#[cfg(test)]
mod chromium;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod frames;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod intl;
mod leftovers;
#[cfg(test)]
mod process;
#[cfg(test)]
mod runs;
#[cfg(test)]
mod steps;
#[cfg(test)]
mod support;
