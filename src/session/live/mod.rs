//! A browser that is driven from afar: what is asked of it is done in order, and it is shown meanwhile. Recordings are made and played
//! in it, and it outlives them. One task owns it.

mod perform;
mod player;
mod record;
mod stage;
mod words;

use super::masked::masked;
use super::recording::preview::Preview;
use crate::browser::{BrowserError, BrowserPool, ContextOptions, LaunchError, Mode};
use crate::model::live::{LiveControl, LiveNews};
use crate::model::mask::Mask;
use crate::model::{Event, ExecutionId};
use crate::recorder::{Recorder, RecorderOptions};
use crate::runner::host::ops::ReadableFiles;
use stage::{Setting, Stage};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

/// A browser that nobody asks anything of is closed after so long.
const IDLE: Duration = Duration::from_secs(30 * 60);

/// What holds for every browser of this process that is driven from afar.
#[derive(Debug, Clone)]
pub struct LivesOptions {
    /// Whether each step of a playback is pictured.
    pub pictures: bool,
    /// What secrets of recordings may be read.
    pub env: BTreeMap<String, String>,
    /// What files of recordings may be chosen again.
    pub files: ReadableFiles,
    /// Values that are told as stars.
    pub mask: Vec<String>,
    /// Whether what is typed into secret fields is kept in recordings.
    pub reveal_secrets: bool,
    /// How long nobody may ask for anything before it is closed.
    pub idle: Duration,
}

impl Default for LivesOptions {
    fn default() -> Self {
        let files = ReadableFiles::None;
        Self { pictures: true, env: BTreeMap::new(), files, mask: Vec::new(), reveal_secrets: false, idle: IDLE }
    }
}

/// Opens browsers that are driven from afar; cheap to clone.
#[derive(Clone)]
pub struct Lives {
    pool: BrowserPool,
    options: Arc<LivesOptions>,
    env: Arc<BTreeMap<String, String>>,
}

/// What comes from whoever drives it.
#[derive(Debug)]
pub struct LiveControls {
    /// In order.
    pub controls: mpsc::UnboundedReceiver<LiveControl>,
    /// Closes it.
    pub cancel: CancellationToken,
    /// As of [`super::Controls`].
    pub shown: Option<Arc<Semaphore>>,
}

/// Why a browser could not be opened, or is gone.
#[derive(Debug, thiserror::Error)]
enum LiveError {
    #[error(transparent)]
    Launch(#[from] LaunchError),
    #[error(transparent)]
    Browser(#[from] BrowserError),
    #[error("The browser was closed before it was open")]
    Cancelled,
}

impl Lives {
    /// Browsers of `pool`.
    #[must_use]
    pub fn new(pool: BrowserPool, options: LivesOptions) -> Self {
        let env = Arc::new(options.env.clone());
        Self { pool, options: Arc::new(options), env }
    }

    /// Opens a browser and does what is asked of it until it is to be closed, and tells everything to `events`, that it is closed last
    /// and once. Not cancel-safe: dropping the future loses that.
    pub async fn drive(&self, execution: ExecutionId, events: mpsc::Sender<Event>, mut controls: LiveControls) {
        let mask = Mask::new(&self.options.mask);
        masked(mask, events, async |events| self.tell_all(execution, events, &mut controls).await).await;
    }

    async fn tell_all(&self, execution: ExecutionId, events: mpsc::Sender<Event>, controls: &mut LiveControls) {
        let why = match self.open(&execution, &events, controls).await {
            Ok(stage) => stage.run(controls).await,
            Err(error) => Some(error.to_string()),
        };
        let _ = events.send(Event::Live { execution, news: LiveNews::Closed(why) }).await;
    }

    async fn open(
        &self,
        execution: &ExecutionId,
        events: &mpsc::Sender<Event>,
        controls: &mut LiveControls,
    ) -> Result<Stage, LiveError> {
        let opening = async {
            // Whoever looks at pictures is somewhere else: a window would only be in the way.
            let browser = self.pool.acquire(Mode::Headless).await?;
            let context = browser.new_context(ContextOptions::default()).await?;
            let recorder = RecorderOptions {
                reveal_secrets: self.options.reveal_secrets,
                cover_secrets: true,
                tell_pickers: true,
                ..RecorderOptions::default()
            };
            let (recorder, told) = Recorder::attach(&context, recorder);
            recorder.set_mode(crate::model::recording::ClickMode::Pause).await;
            let page = context.new_page().await?;
            Ok::<_, LiveError>((recorder, told, page))
        };
        let (recorder, told, page) = tokio::select! {
            opened = opening => opened?,
            () = controls.cancel.cancelled() => return Err(LiveError::Cancelled),
        };
        let (execution, events) = (execution.clone(), events.clone());
        let shown = controls.shown.clone();
        let preview = Preview::new(execution.clone(), events.clone(), recorder.clone(), shown, stage::view);
        let setting = Setting { execution, events, options: self.options.clone(), env: self.env.clone() };
        let mut stage = Stage::new(setting, page, recorder, told, preview);
        stage.opened().await;
        Ok(stage)
    }
}
