//! The only room that knows CDP: launch, supervise, context, page, frame, locator, input.

mod barrier;
mod cdp;
pub mod context;
pub mod dialog;
pub mod emulation;
pub mod error;
pub mod frame;
pub mod input;
mod instance;
pub mod launch;
pub mod navigation;
pub mod network;
pub mod notice;
pub mod page;
mod page_events;
mod pool;
pub mod progress;
pub mod screenshot;
pub mod script;
mod spare;
mod storage;
mod sync;
mod transport;
pub mod url_match;

pub use barrier::Barrier;
pub use context::{BrowserContext, ContextOptions};
pub use error::BrowserError;
pub use frame::{Frame, LoadState};
pub use instance::Browser;
pub use launch::{LaunchError, LaunchOptions, Mode};
pub use notice::{Notice, Observer, Topic};
pub use page::Page;
pub use pool::BrowserPool;
pub use progress::{CallLog, Deadline, Progress};
pub use script::{CallArg, Evaluation, ExecutionContext, RemoteObject};
