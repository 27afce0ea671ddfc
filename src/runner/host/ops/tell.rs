//! What happens in the browser, as events for the worker; and what can be done about it.

use super::objects::Objects;
use super::traffic::{request_json, response};
use super::{Failure, Operations, Performed, parse, sockets, worker};
use crate::browser::network::Request;
use crate::browser::network::{Frame as Message, WebSocketEvent, WebSocketNotice};
use crate::browser::notice::{ConsoleMessage, PageError};
use crate::browser::{Frame, Notice, Owner, Page};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Runs on the browser's reading task: in order, and before the answer to what was the cause.
pub(super) fn notice(objects: &Arc<Objects>, context: &str, notice: Notice) {
    // What is told of a page that is closed nobody hears, and nothing would take it out of the tables again.
    let page = match &notice {
        Notice::Request(request)
        | Notice::Response(request)
        | Notice::RequestFinished(request)
        | Notice::RequestFailed(request) => request.page(),
        Notice::Console(message) => message.page.as_ref(),
        Notice::Dialog(dialog) => Some(dialog.page()),
        _ => None,
    };
    if page.is_some_and(|page| objects.page_name(page).is_none()) {
        return;
    }
    match notice {
        Notice::PageCreated(page) if is_too_many(objects, &page) => page.dismiss(),
        Notice::PageCreated(page) => page_created(objects, context, &page),
        Notice::PageClosed(page) => {
            of_page(objects, &page, "closed", json!({}));
            objects.forget_page(&page);
        }
        Notice::PageCrashed(page) => of_page(objects, &page, "crashed", json!({})),
        Notice::ContextClosed => {
            objects.send(context, "closed", json!({}));
            objects.forget_context(context);
        }
        Notice::FrameAttached(frame) => frame_attached(objects, &frame),
        Notice::FrameNavigated { frame, same_document } => {
            let params = json!({ "url": frame.url(), "name": frame.name(), "newDocument": !same_document });
            of_frame(objects, &frame, "navigated", params);
        }
        Notice::FrameDetached(frame) => {
            of_frame(objects, &frame, "detached", json!({}));
            objects.forget_frame(&frame);
        }
        // Of recordings.
        Notice::Called(..) => {}
        Notice::DialogClosed(closed) => of_page(objects, &closed.page, "dialogclosed", json!({})),
        Notice::WorkerCreated(worker) => worker::created(objects, context, &worker),
        Notice::WorkerClosed(worker) => worker::closed(objects, &worker),
        Notice::Loaded(frame, state) => of_frame(objects, &frame, "loadState", json!({ "state": state.name() })),
        Notice::Dialog(dialog) => {
            let page = dialog.page().clone();
            let params = json!({
                "dialog": objects.add_dialog(&dialog),
                "type": dialog.kind(),
                "message": dialog.message(),
                "defaultValue": dialog.default_value(),
            });
            of_page(objects, &page, "dialog", params);
        }
        Notice::Console(message) => {
            let target = message.page.as_ref().map_or_else(|| Some(context.into()), |page| objects.page_name(page));
            if let Some(target) = target {
                objects.send(&target, "console", console(objects, message));
            }
        }
        Notice::PageError(error) => {
            of_page(objects, &error.page, "pageerror", page_error(&error));
        }
        Notice::Request(request) => of_request(objects, context, "request", &request),
        Notice::Response(request) => {
            if let Some(response) = response(objects, &request) {
                of_owner(objects, context, request.owner(), "response", response);
            }
        }
        Notice::RequestFinished(request) => of_request(objects, context, "requestfinished", &request),
        Notice::RequestFailed(request) => of_request(objects, context, "requestfailed", &request),
        Notice::WebSocket(notice) => websocket(objects, notice),
        Notice::RoutedSocket(notice) => sockets::told(objects, context, notice),
        Notice::Route(route) => {
            let params =
                json!({ "route": objects.add_route(&route), "request": request_json(objects, route.request()) });
            // Of a popup that nobody knows yet, its context decides.
            let target = route.request().page().and_then(|page| objects.page_name(page));
            objects.send(target.as_deref().unwrap_or(context), "route", params);
        }
        Notice::Covered(page, handler) => of_page(objects, &page, "covered", json!({ "handler": handler })),
        Notice::Exposed(call) => {
            let Some(frame) = call.context().frame().cloned() else { return };
            let params = json!({
                "frame": objects.frame_name(&frame),
                "name": call.name.clone(),
                "args": call.args.clone(),
                "call": objects.add_call(call),
            });
            of_page(objects, frame.page(), "exposed", params);
        }
        Notice::FileChooser(chooser) => {
            let Some(frame) = chooser.element.context().frame().cloned() else { return };
            let mut params = objects.new_handle(chooser.element.clone());
            params["multiple"] = json!(chooser.multiple);
            params["frame"] = json!(objects.frame_name(&frame));
            of_page(objects, frame.page(), "filechooser", params);
        }
        Notice::Download(download) => {
            let params = json!({
                "download": objects.add_download(download.clone()),
                "url": download.url,
                "suggestedFilename": download.suggested_filename,
            });
            of_page(objects, &download.page, "download", params);
        }
    }
}

fn of_page(objects: &Objects, page: &Page, name: &str, params: Value) {
    if let Some(target) = objects.page_name(page) {
        objects.send(&target, name, params);
    }
}

fn of_frame(objects: &Objects, frame: &Frame, name: &str, params: Value) {
    if let Some(target) = objects.frame_name(frame) {
        objects.send(&target, name, params);
    }
}

/// What a service worker asks for is told by its context.
fn of_owner(objects: &Objects, context: &str, owner: &Owner, name: &str, params: Value) {
    match owner {
        Owner::Page(page) => of_page(objects, page, name, params),
        Owner::Worker(_) => objects.send(context, name, params),
    }
}

fn of_request(objects: &Objects, context: &str, name: &str, request: &Request) {
    of_owner(objects, context, request.owner(), name, request_json(objects, request));
}

/// Whether pages have opened this one beyond the bound. What a test opens was looked at before.
fn is_too_many(objects: &Objects, page: &Page) -> bool {
    let by_a_page = page.opener().is_some() || objects.opening.load(Ordering::SeqCst) == 0;
    let Some(most) = objects.most_pages.filter(|most| by_a_page && objects.open_pages() > *most) else { return false };
    tracing::warn!("{most} pages are open: one that a page opened is closed");
    objects.bounds.hit(format!("A session may have {most} pages at a time, those that pages open among them"));
    true
}

fn page_created(objects: &Objects, context: &str, page: &Page) {
    let (id, main) = objects.add_page(page);
    let frame = page.main_frame();
    let mut params = json!({
        "page": id,
        "mainFrame": { "frame": main, "url": frame.url(), "name": frame.name() },
        "viewport": page.viewport().map(|size| json!({ "width": size.width, "height": size.height })),
    });
    if let Some(opener) = page.opener().and_then(|opener| objects.page_name(opener)) {
        params["opener"] = json!(opener);
    }
    if let Some(video) = objects.videos.begin(page) {
        params["video"] = json!(video);
    }
    objects.send(context, "page", params);
    let mut children: Vec<Frame> = page.frames().into_iter().filter(|child| child.parent().is_some()).collect();
    children.sort_by_key(depth);
    for child in children {
        frame_attached(objects, &child);
    }
    for worker in page.workers() {
        worker::created(objects, context, &worker);
    }
}

fn depth(frame: &Frame) -> usize {
    frame.parent().map_or(0, |parent| 1 + depth(&parent))
}

fn frame_attached(objects: &Objects, frame: &Frame) {
    let parent = frame.parent().and_then(|parent| objects.frame_name(&parent));
    // Of a page the worker does not know yet: it is told of all frames then.
    let (Some(parent), Some(page)) = (parent, objects.page_name(frame.page())) else { return };
    let id = objects.add_frame(frame);
    let params = json!({ "frame": id, "parent": parent, "url": frame.url(), "name": frame.name() });
    objects.send(&page, "frameAttached", params);
}

fn websocket(objects: &Objects, notice: WebSocketNotice) {
    let Some(page) = objects.page_name(&notice.page) else { return };
    let socket = format!("websocket {page} {}", notice.id);
    let frame = |frame: Message| json!({ "binary": frame.binary, "data": frame.data });
    match notice.what {
        WebSocketEvent::Opened(url) => objects.send(&page, "websocket", json!({ "socket": socket, "url": url })),
        // Of archives.
        WebSocketEvent::Asked(_) | WebSocketEvent::Answered { .. } => {}
        WebSocketEvent::Sent(sent) => objects.send(&socket, "framesent", frame(sent)),
        WebSocketEvent::Received(received) => objects.send(&socket, "framereceived", frame(received)),
        WebSocketEvent::Failed(error) => objects.send(&socket, "socketerror", json!({ "error": error })),
        WebSocketEvent::Closed => objects.send(&socket, "closed", json!({})),
    }
}

pub(super) fn page_error(error: &PageError) -> Value {
    let (url, line, column) = &error.location;
    let location = json!({ "url": url, "line": line, "column": column });
    json!({ "name": error.name, "message": error.message, "stack": error.stack, "location": location })
}

pub(super) fn console(objects: &Objects, message: ConsoleMessage) -> Value {
    let (url, line, column) = message.location;
    let args: Vec<Value> = message.args.into_iter().map(|arg| objects.new_handle(arg)).collect();
    json!({
        "type": message.kind,
        "worker": message.worker.and_then(|worker| objects.worker_name(&worker)),
        "text": message.text,
        "location": { "url": url, "lineNumber": line, "columnNumber": column },
        "args": args,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    dialog: String,
    prompt_text: Option<String>,
}

/// `dialog.…`
pub(super) async fn perform(operations: &Operations, name: &str, params: Value) -> Result<Performed, Failure> {
    match name {
        "dialog.accept" => {
            let answer: Answer = parse(params)?;
            operations.objects.dialog(&answer.dialog)?.accept(answer.prompt_text.as_deref()).await?;
        }
        "dialog.dismiss" => {
            let answer: Answer = parse(params)?;
            operations.objects.dialog(&answer.dialog)?.dismiss().await?;
        }
        _ => return Err(Failure::unknown(name)),
    }
    Ok(Value::Null.into())
}
