//! Where videos are made: Chromium has an encoder, and lets pages use it. A page that nobody sees, at an address that nobody has.

use super::film::Footage;
use super::webm::{self, Chunk};
use crate::browser::context::{BrowserContext, ContextOptions};
use crate::browser::error::BrowserError;
use crate::browser::instance::Browser;
use crate::browser::load_state::LoadState;
use crate::browser::navigation::GotoOptions;
use crate::browser::raw::{RawEvent, RawObserver, RawSession};
use crate::browser::script::{CallArg, Evaluation, ExecutionContext};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io;
use std::sync::{Arc, OnceLock};
use tokio::sync::Mutex;

/// Pages at such an address may use the encoder; it is answered here, nothing is asked of any network.
const ADDRESS: &str = "https://studio.invalid/";
/// Time for a page without anything to be there, milliseconds.
const OPENING: u64 = 30_000;
/// Of pictures that are handed over at once, bytes.
const BATCH: usize = 1 << 20;

/// A studio; one video after the other. Dropping it closes its page.
pub struct Studio {
    context: BrowserContext,
    world: ExecutionContext,
    /// Held by whose video it is.
    turn: Mutex<()>,
}

/// What the encoder made: microseconds, whether it is a key, base64.
#[derive(Deserialize)]
struct Made(f64, bool, String);

impl Studio {
    /// Opens it.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn open(browser: &Browser) -> Result<Self, BrowserError> {
        let context = browser.new_context(ContextOptions::default()).await?;
        let world = furnish(&context).await.inspect_err(|_| context.close())?;
        Ok(Self { context, world, turn: Mutex::new(()) })
    }

    /// Whether it can be used no more.
    pub fn is_closed(&self) -> bool {
        self.context.is_closed()
    }

    /// The video, as WebM.
    ///
    /// # Errors
    /// When the browser is gone, it has no encoder, or the pictures cannot be read.
    pub async fn make(&self, footage: &Footage) -> Result<Vec<u8>, BrowserError> {
        let _turn = self.turn.lock().await;
        let size = footage.size();
        let duration = footage.duration();
        self.ask("(w, h) => studio.begin(w, h)", &[size.width.into(), size.height.into()]).await?;
        let mut made = Vec::new();
        let mut batch = Vec::new();
        let mut bytes = 0;
        let read = |error: io::Error| BrowserError::other(format!("failed to read the pictures of a video: {error}"));
        let mut last = (0.0, String::new());
        for index in 0..footage.len() {
            let (at, jpeg) = footage.picture(index).map_err(read)?;
            bytes += jpeg.len();
            // Times grow.
            last = (if index == 0 { at } else { at.max(last.0 + 0.001) }, BASE64.encode(jpeg));
            batch.push(json!([micros(last.0), last.1]));
            if bytes > BATCH {
                made.extend(self.add(&mut batch).await?);
                bytes = 0;
            }
        }
        if footage.len() == 0 {
            batch.push(json!([0, ""]));
        }
        // What was seen last is seen until the end.
        batch.push(json!([micros((duration - 0.04).max(last.0 + 0.001)), last.1]));
        made.extend(self.add(&mut batch).await?);
        made.extend(self.ask("() => studio.end()", &[]).await?);
        let chunks: Vec<Chunk> = made.into_iter().map(Chunk::try_from).collect::<Result<_, _>>()?;
        Ok(webm::file(size, micros(duration) / 1000, &chunks))
    }

    async fn add(&self, batch: &mut Vec<Value>) -> Result<Vec<Made>, BrowserError> {
        self.ask("pictures => studio.add(pictures)", &[std::mem::take(batch).into()]).await
    }

    async fn ask(&self, function: &str, args: &[Value]) -> Result<Vec<Made>, BrowserError> {
        let args: Vec<CallArg> = args.iter().cloned().map(CallArg::Value).collect();
        let answer = self.world.call(function, &args).await?;
        let answer = if answer.is_null() { json!([]) } else { answer };
        serde_json::from_value(answer)
            .map_err(|error| BrowserError::other(format!("failed to decode a video: {error}")))
    }
}

impl Drop for Studio {
    fn drop(&mut self) {
        self.context.close();
    }
}

impl TryFrom<Made> for Chunk {
    type Error = BrowserError;

    fn try_from(Made(at, key, data): Made) -> Result<Self, BrowserError> {
        let data =
            BASE64.decode(data).map_err(|error| BrowserError::other(format!("failed to decode a video: {error}")))?;
        Ok(Self { at: whole(at / 1000.0), key, data })
    }
}

fn micros(seconds: f64) -> u64 {
    whole(seconds * 1e6)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time within a video")]
fn whole(number: f64) -> u64 {
    number.round() as u64
}

/// The page with the encoder in it.
async fn furnish(context: &BrowserContext) -> Result<ExecutionContext, BrowserError> {
    let page = context.new_page().await?;
    let session: Arc<OnceLock<RawSession>> = Arc::default();
    let own = session.clone();
    let observer: RawObserver = Arc::new(move |event| {
        if let (RawEvent::Told { method, params }, Some(session)) = (event, own.get())
            && method == "Fetch.requestPaused"
        {
            let answer = json!({ "requestId": params["requestId"], "responseCode": 200, "body": "" });
            session.ask("Fetch.fulfillRequest", &answer, drop);
        }
    });
    let raw = page.raw_session(observer).await?;
    // Nothing is told before something is enabled.
    let _ = session.set(raw.clone());
    raw.send("Fetch.enable", &json!({})).await?;
    let to = GotoOptions { wait_until: LoadState::Load, timeout: OPENING, referer: None };
    page.main_frame().goto(ADDRESS, &to).await?;
    raw.end();
    let world = page.main_frame().main_context().await?;
    let furniture = Evaluation { expression: include_str!("../js/studio.js").into(), ..Evaluation::default() };
    world.evaluate(&furniture).await?;
    Ok(world)
}
