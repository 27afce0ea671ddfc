//! What a page says by itself: console messages and uncaught exceptions.

use super::cdp::{Event, Session};
use super::notice::{ConsoleMessage, Notice, PageError, Topic};
use super::page::Page;
use super::page_events::with;
use super::script::{Exception, ExecutionContext, RawObject, RemoteObject, StackTrace};
use super::worker::Worker;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConsoleCalled {
    #[serde(rename = "type")]
    kind: String,
    args: Vec<RawObject>,
    execution_context_id: i64,
    #[serde(default)]
    stack_trace: StackTrace,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExceptionThrown {
    exception_details: Exception,
}

#[derive(Deserialize)]
struct LogAdded {
    entry: LogEntry,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogEntry {
    source: String,
    level: String,
    text: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    line_number: i64,
}

/// None without anything in it: Playwright leaves those out.
fn said_in(context: &ExecutionContext, event: ConsoleCalled) -> Option<ConsoleMessage> {
    if event.args.is_empty() {
        return None;
    }
    let args: Vec<_> = event.args.into_iter().map(|arg| context.object(arg)).collect();
    let text = args.iter().map(RemoteObject::preview).collect::<Vec<_>>().join(" ");
    Some(ConsoleMessage {
        page: context.page().cloned(),
        worker: context.worker().cloned(),
        kind: event.kind,
        text,
        args,
        location: event.stack_trace.place(),
    })
}

/// A worker called `console.…`.
pub(super) fn worker_called(worker: &Worker, context: &ExecutionContext, event: &Event<'_>) {
    with(event, |event: ConsoleCalled| match (said_in(context, event), worker.page()) {
        (Some(message), Some(page)) => page.heard_message(message),
        (Some(message), None) => worker.browser_context().tell(Notice::Console(message)),
        (None, _) => {}
    });
}

impl Page {
    pub(super) fn said(&self, session: &Session, event: &Event<'_>) {
        match event.method {
            "Runtime.consoleAPICalled" => with(event, |event| self.console_called(session, event)),
            "Log.entryAdded" => with(event, |event: LogAdded| self.log_added(event.entry)),
            "Runtime.exceptionThrown" => {
                with(event, |event: ExceptionThrown| self.exception_thrown(event.exception_details));
            }
            _ => {}
        }
    }

    fn console_called(&self, session: &Session, event: ConsoleCalled) {
        let context = self
            .frames()
            .into_iter()
            .find_map(|frame| frame.current_context(|context| context.is(session, event.execution_context_id)));
        let message = context.and_then(|context| said_in(&context, event));
        if let Some(message) = message {
            self.heard_message(message);
        }
    }

    fn heard_message(&self, message: ConsoleMessage) {
        self.keep_message(message.clone());
        self.tell_if(Topic::Console, || Notice::Console(message));
    }

    fn log_added(&self, entry: LogEntry) {
        // What a worker says it says itself.
        if entry.source == "worker" {
            return;
        }
        self.heard_message(ConsoleMessage {
            page: Some(self.clone()),
            worker: None,
            kind: entry.level,
            text: entry.text,
            args: Vec::new(),
            location: (entry.url, entry.line_number, 0),
        });
    }

    fn exception_thrown(&self, details: Exception) {
        let stack = details.message();
        let head = stack.split("\n    at ").next().unwrap_or(&stack);
        let (name, message) = match head.split_once(": ") {
            Some((name, message)) if !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_') => {
                (name.to_owned(), message.to_owned())
            }
            _ => (String::new(), head.to_owned()),
        };
        let error = PageError { page: self.clone(), name, message, stack, location: details.stack_trace.place() };
        self.keep_error(error.clone());
        self.tell_if(Topic::PageError, || Notice::PageError(error));
    }
}
