//! Pictures of steps: one for each, in order, of what there is to see right after it. While one is taken nothing else is
//! begun that it could show; what follows (outline, encoding) goes on beside the test.

use super::service::Picture;
use super::stage::Stage;
use crate::model::run::RunEvent;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// A page whose picture takes longer goes without. A fresh Chromium on a busy machine needs more than half a second.
const PATIENCE: Duration = Duration::from_secs(5);

/// Held while a picture is taken. In it: ends when the picture before has been told.
type Shutter = Mutex<Option<oneshot::Receiver<()>>>;

/// The pictures of one worker.
#[derive(Default)]
pub(crate) struct Pictures {
    shutter: Arc<Shutter>,
    tasks: JoinSet<()>,
    /// Nothing is taken any more.
    enough: CancellationToken,
}

/// One step's picture, not yet taken.
pub(crate) struct Exposure {
    shutter: Arc<Shutter>,
    taken: oneshot::Sender<Taken>,
}

/// A picture being taken.
struct Taken {
    film: BoxFuture<'static, Option<super::service::Film>>,
    shutter: OwnedMutexGuard<Option<oneshot::Receiver<()>>>,
    /// Ends when the picture before has been told.
    before: Option<oneshot::Receiver<()>>,
    told: oneshot::Sender<()>,
}

impl Pictures {
    /// A picture for this step, should there be something to see after it.
    pub(crate) fn of(&mut self, stage: Arc<Stage>, step: u32) -> Exposure {
        let (taken, picture) = oneshot::channel();
        let enough = self.enough.clone();
        self.tasks.spawn(async move {
            if let Ok(taken) = picture.await {
                develop(&stage, step, taken, &enough).await;
            }
        });
        Exposure { shutter: self.shutter.clone(), taken }
    }

    /// Waits until one is done; for ever where there is none. Cancel safe.
    pub(crate) async fn one_ends(&mut self) {
        if self.tasks.join_next().await.is_none() {
            std::future::pending().await
        }
    }

    /// Ends when no picture is being taken.
    pub(crate) fn still(&self) -> impl Future<Output = ()> + Send + use<> {
        let shutter = self.shutter.clone();
        async move { drop(shutter.lock().await) }
    }

    /// Takes no more; waits for those that are taken to be told.
    pub(crate) async fn finish(&mut self) {
        self.enough.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

impl Exposure {
    /// Begins to take it; what is asked of the browser from now on comes after it.
    pub(crate) async fn take(self, picture: Picture) {
        let mut shutter = self.shutter.lock_owned().await;
        let (told, after) = oneshot::channel();
        let before = shutter.replace(after);
        // Nobody develops it once the worker is disposed of.
        let _ = self.taken.send(Taken { film: picture(), shutter, before, told });
    }
}

async fn develop(stage: &Stage, step: u32, taken: Taken, enough: &CancellationToken) {
    let Taken { film, shutter, before, told } = taken;
    let image = async {
        let film = tokio::select! {
            film = timeout(PATIENCE, film) => film.ok().flatten(),
            () = enough.cancelled() => None,
        };
        drop(shutter);
        tokio::task::spawn_blocking(film?).await.ok()
    };
    let image = tokio::select! {
        image = image => image,
        // It is not held up by pictures.
        () = stage.cancel.cancelled() => None,
    };
    if let Some(before) = before {
        // It ends either way.
        let _ = before.await;
    }
    if let Some(image) = image {
        stage.tell(RunEvent::Screenshot { step, image });
    }
    drop(told);
}
