//! Keys, pointer and fingers. Events are sent in one go and their answers awaited at the end: Chromium keeps the order.

mod drag;
mod keyboard;
mod keys;
mod mouse;
mod touch;

pub(super) use drag::Drags;
pub use keyboard::{Keyboard, Modifier};
pub use mouse::{Button, ClickOptions, Mouse};
pub use touch::Touchscreen;

use super::cdp::Reply;
use super::error::BrowserError;

/// Awaits the answers; the first error wins.
async fn all(replies: Vec<Reply>) -> Result<(), BrowserError> {
    for reply in replies {
        reply.raw().await?;
    }
    Ok(())
}
