//! What a context tells whoever watches it.

use super::bridge::ExposedCall;
use super::chooser::FileChooser;
use super::dialog::Dialog;
use super::download::Download;
use super::frame::Frame;
use super::load_state::LoadState;
use super::network::{Request, Route, RoutedSocketNotice, WebSocketEvent, WebSocketNotice};
use super::page::Page;
use super::script::RemoteObject;
use super::worker::Worker;
use std::sync::Arc;

/// Called on the reading task, in Chromium's order and before the answer to the command that was the cause: must not block.
pub type Observer = Arc<dyn Fn(Notice) + Send + Sync>;

/// Is told the same beside the observer, before it, and all that is said and sent without having asked. As short.
pub type Witness = Arc<dyn Fn(&Notice) + Send + Sync>;

/// Something happened in a context.
#[derive(Debug, Clone)]
pub enum Notice {
    /// A page is there, with its main frame; also popups.
    PageCreated(Page),
    /// A page is gone.
    PageClosed(Page),
    /// The renderer of a page is gone.
    PageCrashed(Page),
    /// The context is gone.
    ContextClosed,
    /// A worker runs.
    WorkerCreated(Worker),
    /// It is gone.
    WorkerClosed(Worker),
    /// A frame was added.
    FrameAttached(Frame),
    /// A frame shows another document or URL.
    FrameNavigated {
        /// Where.
        frame: Frame,
        /// Whether only its address is another one.
        same_document: bool,
    },
    /// A frame was removed.
    FrameDetached(Frame),
    /// A document got so far.
    Loaded(Frame, LoadState),
    /// `alert`, `confirm`, `prompt` or `beforeunload`; only if [`Topic::Dialog`] is wanted.
    Dialog(Dialog),
    /// It was answered, by whomever; also only then.
    DialogClosed(DialogClosed),
    /// A console message; only if wanted.
    Console(ConsoleMessage),
    /// An uncaught exception; only if wanted.
    PageError(PageError),
    /// A request goes out; only if wanted.
    Request(Request),
    /// Its answer begins; only if wanted.
    Response(Request),
    /// Its answer ended; only if wanted.
    RequestFinished(Request),
    /// It has no answer; only if wanted.
    RequestFailed(Request),
    /// Something happened to a WebSocket; only if wanted.
    WebSocket(WebSocketNotice),
    /// Something happened to a WebSocket about which a test decides.
    RoutedSocket(RoutedSocketNotice),
    /// A request waits for a decision; only while the page or its context is routed.
    Route(Route),
    /// Something that a handler is for is visible, by [`Page::add_handler`]'s number; somebody waits.
    Covered(Page, u64),
    /// A page called what a test exposed to it.
    Exposed(ExposedCall),
    /// A [`super::Resident`] called out of a frame.
    Called(Frame, String),
    /// A download begins; only if wanted.
    Download(Download),
    /// A file chooser would have opened; only if wanted.
    FileChooser(FileChooser),
}

impl Notice {
    /// What must be asked for to be told this, and on which page; none where it is always told.
    pub(super) fn topic(&self) -> Option<(&Page, Topic)> {
        Some(match self {
            Self::Console(message) => (message.page.as_ref()?, Topic::Console),
            Self::PageError(error) => (&error.page, Topic::PageError),
            Self::Request(request) if request.is_known() => return None,
            Self::Request(request) => (request.page()?, Topic::Request),
            Self::Response(request) => (request.page()?, Topic::Response),
            Self::RequestFinished(request) => (request.page()?, Topic::RequestFinished),
            Self::RequestFailed(request) => (request.page()?, Topic::RequestFailed),
            // Who was told of its beginning is told of the rest, whatever he asks for by then.
            Self::WebSocket(notice) if matches!(notice.what, WebSocketEvent::Opened(_)) => {
                (&notice.page, Topic::WebSocket)
            }
            _ => return None,
        })
    }
}

impl Notice {
    /// Who hears it knows the request it is about, and wants to hear where that is redirected to.
    pub(super) fn make_known(&self) {
        match self {
            Self::Request(request) | Self::Response(request) => request.make_known(),
            Self::Route(route) => route.request().make_known(),
            _ => {}
        }
    }
}

/// What must be asked for, by page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// [`Notice::Console`]
    Console,
    /// [`Notice::Dialog`]; while nobody wants them they are dismissed.
    Dialog,
    /// [`Notice::PageError`]
    PageError,
    /// [`Notice::Request`]
    Request,
    /// [`Notice::Response`]
    Response,
    /// [`Notice::RequestFinished`]
    RequestFinished,
    /// [`Notice::RequestFailed`]
    RequestFailed,
    /// [`Notice::Download`]
    Download,
    /// [`Notice::WebSocket`]
    WebSocket,
    /// [`Notice::FileChooser`]; while nobody wants them they are shown.
    FileChooser,
}

impl Topic {
    /// By Playwright's event name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "console" => Self::Console,
            "dialog" => Self::Dialog,
            "pageerror" => Self::PageError,
            "request" => Self::Request,
            "response" => Self::Response,
            "requestfinished" => Self::RequestFinished,
            "requestfailed" => Self::RequestFailed,
            "download" => Self::Download,
            "websocket" => Self::WebSocket,
            "filechooser" => Self::FileChooser,
            _ => return None,
        })
    }

    /// Whether a [`Witness`] sees it.
    pub(super) fn is_witnessed(self) -> bool {
        !matches!(self, Self::Dialog | Self::Download)
    }

    pub(super) fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// How a dialog was answered.
#[derive(Debug, Clone)]
pub struct DialogClosed {
    /// Whose.
    pub page: Page,
    /// Whether with OK.
    pub accepted: bool,
    /// What was in a prompt.
    pub text: String,
}

/// `console.…` in a page or a worker.
#[derive(Debug, Clone)]
pub struct ConsoleMessage {
    /// Whose; none of a service worker.
    pub page: Option<Page>,
    /// The worker that said it.
    pub worker: Option<Worker>,
    /// `log`, `warning`, `error`, …
    pub kind: String,
    /// As a console shows it.
    pub text: String,
    /// What was passed.
    pub args: Vec<RemoteObject>,
    /// URL, line and column, both from 0.
    pub location: (String, i64, i64),
}

/// An uncaught exception in a page.
#[derive(Debug, Clone)]
pub struct PageError {
    /// Whose.
    pub page: Page,
    /// `TypeError`, …
    pub name: String,
    /// Without the name.
    pub message: String,
    /// With the first line.
    pub stack: String,
    /// URL, line and column, both from 0.
    pub location: (String, i64, i64),
}
