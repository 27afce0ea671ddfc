//! Sessions that do what a test says.

use super::patiently;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use understudy::model::live::{LiveControl, LiveNews};
use understudy::model::recording::RecordingControl;
use understudy::model::{Event, ExecutionId, Level, StartExecution, StartRecording};
use understudy::session::{Controls, LiveControls};

/// How the future of a session ends.
pub(super) enum Ending {
    Return,
    Panic,
}

/// A session that the agent has started.
pub(crate) struct Session {
    pub(crate) start: StartExecution,
    pub(super) events: mpsc::Sender<Event>,
    pub(crate) cancel: CancellationToken,
    pub(super) done: oneshot::Sender<Ending>,
}

impl Session {
    fn id(&self) -> ExecutionId {
        self.start.execution.clone()
    }

    pub(crate) async fn log(&self, message: &str) {
        let message = message.to_owned();
        self.tell(Event::ExecutionLog { execution: self.id(), level: Level::Info, message }).await;
    }

    pub(crate) async fn tell(&self, event: Event) {
        self.events.send(event).await.unwrap();
    }

    pub(crate) async fn complete(self, exit_code: i32) {
        self.tell(Event::ExecutionComplete { execution: self.id(), exit_code, duration_ms: 7 }).await;
        let _ = self.done.send(Ending::Return);
    }

    /// Ends without a completion.
    pub(crate) fn vanish(self) {
        let _ = self.done.send(Ending::Return);
    }

    pub(crate) fn panic(self) {
        let _ = self.done.send(Ending::Panic);
    }

    pub(crate) async fn cancelled(&self) {
        patiently("the cancellation", self.cancel.cancelled()).await;
    }
}

/// A browser that the agent has opened; dropped, it is closed.
pub(crate) struct Browser {
    pub(crate) execution: ExecutionId,
    pub(super) events: mpsc::Sender<Event>,
    pub(crate) controls: LiveControls,
    pub(super) done: oneshot::Sender<()>,
}

impl Browser {
    pub(crate) async fn tell(&self, news: LiveNews) {
        self.events.send(Event::Live { execution: self.execution.clone(), news }).await.unwrap();
    }

    /// What is to be done in it next.
    pub(crate) async fn wish(&mut self) -> LiveControl {
        patiently("a wish", self.controls.controls.recv()).await.unwrap()
    }

    pub(crate) async fn closed(self, why: Option<&str>) {
        self.tell(LiveNews::Closed(why.map(str::to_owned))).await;
        let _ = self.done.send(());
    }
}

/// A recording that the agent has started; dropped, it ends.
pub(crate) struct Recording {
    pub(crate) start: StartRecording,
    pub(super) events: mpsc::Sender<Event>,
    pub(crate) controls: Controls,
    pub(super) done: oneshot::Sender<()>,
}

impl Recording {
    pub(crate) async fn tell(&self, event: Event) {
        self.events.send(event).await.unwrap();
    }

    /// What the server wants of it next.
    pub(crate) async fn control(&mut self) -> RecordingControl {
        patiently("a control", self.controls.controls.recv()).await.unwrap()
    }

    pub(crate) async fn complete(self, success: bool, code: &str) {
        let (flow, execution) = (self.start.flow.clone(), self.start.execution.clone());
        self.tell(Event::RecordingComplete { flow, execution, success, code: Some(code.to_owned()), message: None })
            .await;
        let _ = self.done.send(());
    }
}
