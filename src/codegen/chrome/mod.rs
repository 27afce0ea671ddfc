//! The JSON of the Recorder in Chrome's DevTools, as it exports it and `@puppeteer/replay` plays it. What that format has no steps for is
//! done by an expression in the page where one can do it (choosing files and several options, answering a dialog, opening a page), and
//! is a `customStep` where none can (dragging), which players without an extension pass over.

mod selectors;
mod step;
mod xpath;

use self::step::{Button, Event, Flow, Press, Step, Targeted};
use super::is_blank;
use super::signals::{Answer, Signals, modifiers};
use crate::model::Viewport;
use crate::model::action::{Action, MouseButton, Point, RecordedAction, Recording, RecordingOptions, Signal};
use crate::model::device::device;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Where a page's first size is not said.
const VIEWPORT: Viewport = Viewport { width: 1280, height: 720 };

/// Where in an element is clicked that was recorded elsewhere: inside of the smallest check box. CSS pixels.
const OFFSET: Point = Point { x: 5.0, y: 5.0 };

pub(super) fn recording(recording: &Recording) -> String {
    let mut player = Player {
        attribute: recording.options.test_id_attribute.as_deref().unwrap_or("data-testid"),
        addresses: HashMap::new(),
        frames: HashMap::new(),
        scrolled: HashMap::new(),
        steps: vec![Targeted::main(viewport(&recording.options))],
    };
    for recorded in &recording.actions {
        player.play(recorded);
    }
    let title = recording.actions.iter().find_map(|recorded| match &recorded.action {
        Action::OpenPage { url } | Action::Navigate { url } if !is_blank(url) => Some(url.as_str()),
        _ => None,
    });
    let whole = Flow { title: title.unwrap_or("Recording"), steps: &player.steps };
    // Nothing in it can fail to be JSON.
    serde_json::to_string_pretty(&whole).unwrap_or_default() + "\n"
}

fn viewport(options: &RecordingOptions) -> Step {
    let device = options.device.as_deref().and_then(|name| device(name).ok());
    let size = options.viewport.or(device.map(|device| device.viewport)).unwrap_or(VIEWPORT);
    Step::SetViewport {
        width: size.width,
        height: size.height,
        device_scale_factor: device.map_or(1.0, |device| device.device_scale_factor),
        is_mobile: device.is_some_and(|device| device.is_mobile),
        has_touch: device.is_some_and(|device| device.has_touch),
        is_landscape: size.width > size.height,
    }
}

/// What has to be remembered from step to step.
struct Player<'a> {
    attribute: &'a str,
    /// What the pages show: DevTools finds a page by that.
    addresses: HashMap<&'a str, String>,
    /// Frames that were used by their selector, where their place is not known: of each frame, in the order of their use.
    frames: HashMap<String, Vec<String>>,
    /// How far the wheel has moved what is inside of an element.
    scrolled: HashMap<(&'a str, &'a str), Point>,
    steps: Vec<Targeted>,
}

impl<'a> Player<'a> {
    fn play(&mut self, recorded: &'a RecordedAction) {
        let page = recorded.page.as_str();
        if let Some(url) = &recorded.place.page_url {
            self.addresses.insert(page, url.clone());
        }
        if let Some(answer) = Signals::of(recorded).dialog {
            self.push(recorded, Step::expression(answering(&answer)));
        }
        self.act(recorded);
        for signal in &recorded.signals {
            match signal {
                Signal::Navigation { url } if recorded.place.frame_path.is_empty() => self.leads_to(recorded, url),
                Signal::Navigation { url } => drop(self.addresses.insert(page, url.clone())),
                _ => {}
            }
        }
    }

    /// The step just made ends when the page has gone there.
    fn leads_to(&mut self, recorded: &'a RecordedAction, url: &str) {
        // A popup's first address is told by what opened it; its opener stays.
        let popup = recorded.signals.iter().find_map(|signal| match signal {
            Signal::Popup { page } => Some(page.as_str()),
            _ => None,
        });
        self.addresses.insert(popup.unwrap_or(&recorded.page), url.to_owned());
        if popup.is_none()
            && let Some(last) = self.steps.last_mut()
            && last.asserted_events.is_empty()
        {
            last.asserted_events.push(Event::navigation(url));
        }
    }

    fn push(&mut self, recorded: &RecordedAction, step: Step) {
        let target = match recorded.page.as_str() {
            "page" => "main".to_owned(),
            other => self.addresses.get(other).cloned().unwrap_or_else(|| "about:blank".into()),
        };
        let frame = self.frame(recorded).filter(|path| !path.is_empty() && step.is_in_a_frame());
        self.steps.push(Targeted { target, frame, ..Targeted::main(step) });
    }

    fn act(&mut self, recorded: &'a RecordedAction) {
        let found = || selectors::of(recorded, self.attribute);
        match &recorded.action {
            Action::OpenPage { url } if recorded.page == "page" => {
                if !is_blank(url) {
                    self.navigate(recorded, url);
                }
            }
            Action::OpenPage { url } => {
                self.addresses.insert(&recorded.page, url.clone());
                self.steps.push(Targeted::main(Step::expression(format!(
                    "(window.open({}, '_blank', 'noopener'), true)",
                    json!(url)
                ))));
            }
            Action::ClosePage {} => self.push(recorded, Step::Close {}),
            Action::Navigate { url } => self.navigate(recorded, url),
            Action::Click { button, modifiers: sum, click_count, position, .. } => {
                let step = click(found(), *button, *click_count, position.or(recorded.place.offset));
                self.held(recorded, *sum, step);
            }
            Action::Check { .. } | Action::Uncheck { .. } if self.was_done_by_label(recorded) => {
                let checked = matches!(recorded.action, Action::Check { .. });
                self.push(recorded, Step::wait(found(), Some(json!({ "checked": checked }))));
            }
            Action::Check { .. } | Action::Uncheck { .. } => {
                self.push(recorded, click(found(), MouseButton::Left, 1, recorded.place.offset));
            }
            Action::Hover { .. } => self.push(recorded, Step::Hover { selectors: found() }),
            Action::Fill { text, secret, .. } => {
                if may_be_edited_in_place(recorded) && !text.is_empty() {
                    self.push(recorded, Step::Change { selectors: found(), value: String::new() });
                }
                let value = secret.as_deref().map_or_else(|| text.clone(), named);
                self.push(recorded, Step::Change { selectors: found(), value });
            }
            Action::Press { key, modifiers: sum, .. } => {
                for name in held(*sum) {
                    self.push(recorded, Step::KeyDown { key: name.into() });
                }
                self.push(recorded, Step::KeyDown { key: key.clone() });
                self.push(recorded, Step::KeyUp { key: key.clone() });
                for name in held(*sum).rev() {
                    self.push(recorded, Step::KeyUp { key: name.into() });
                }
            }
            Action::Select { secret: Some(variable), .. } => {
                self.push(recorded, Step::Change { selectors: found(), value: named(variable) });
            }
            Action::Select { options, .. } => match options.as_slice() {
                [one] => self.push(recorded, Step::Change { selectors: found(), value: one.clone() }),
                _ => {
                    let chosen = format!(
                        "for (const option of element.options) option.selected = {}.includes(option.value);",
                        json!(options)
                    );
                    self.by_script(recorded, "select", &chosen, json!({ "options": options }));
                }
            },
            Action::SetInputFiles { files, .. } => {
                let chosen = format!(
                    "const data = new DataTransfer(); for (const name of {}) data.items.add(new File([''], name)); \
                     element.files = data.files;",
                    json!(files)
                );
                self.by_script(recorded, "setInputFiles", &chosen, json!({ "files": files }));
            }
            Action::DragTo { target, source_position, target_position, .. } => {
                let onto = selectors::of_selector(target, self.attribute);
                let parameters = json!({
                    "selectors": found(), "target": onto, "sourcePosition": source_position, "targetPosition": target_position,
                });
                self.push(recorded, Step::Custom { name: "dragTo".into(), parameters });
            }
            Action::Wheel { selector, delta_x, delta_y } => {
                let selectors = found();
                let so_far = self.scrolled.entry((&recorded.page, selector)).or_insert(Point { x: 0.0, y: 0.0 });
                so_far.x = (so_far.x + delta_x).max(0.0);
                so_far.y = (so_far.y + delta_y).max(0.0);
                let Point { x, y } = *so_far;
                self.push(recorded, Step::Scroll { selectors, x, y });
            }
            Action::AssertVisible { .. } | Action::AssertSnapshot { .. } => {
                self.push(recorded, Step::wait(found(), None));
                self.push_shown(recorded);
            }
            Action::AssertText { text, substring, .. } => {
                let inside = if *substring { format!("text/{text}") } else { xpath::whole_text(text) };
                let selectors = found().into_iter().map(|mut way| {
                    way.push(inside.clone());
                    way
                });
                self.push(recorded, Step::wait(selectors.collect(), None));
            }
            Action::AssertValue { value, secret, .. } => {
                let value = secret.as_deref().map_or_else(|| value.clone(), named);
                self.push(recorded, Step::wait(found(), Some(json!({ "value": value }))));
            }
            Action::AssertChecked { checked, .. } => {
                self.push(recorded, Step::wait(found(), Some(json!({ "checked": checked }))));
            }
        }
    }

    /// A click on a label is recorded, and what it did to the box; clicking that too would undo it. The mouse was not on the box.
    fn was_done_by_label(&self, recorded: &RecordedAction) -> bool {
        recorded.place.page_url.is_some()
            && recorded.place.offset.is_none()
            && self
                .steps
                .last()
                .is_some_and(|last| matches!(last.step, Step::Click(_)) && last.asserted_events.is_empty())
    }

    fn navigate(&mut self, recorded: &'a RecordedAction, url: &str) {
        self.push(recorded, Step::Navigate { url: url.to_owned() });
        self.addresses.insert(&recorded.page, url.to_owned());
        self.scrolled.retain(|(page, _), _| *page != recorded.page);
        if let Some(last) = self.steps.last_mut() {
            last.asserted_events.push(Event::navigation(url));
        }
    }

    /// A step while keys are held.
    fn held(&mut self, recorded: &RecordedAction, sum: u32, step: Step) {
        for name in held(sum) {
            self.push(recorded, Step::KeyDown { key: name.into() });
        }
        self.push(recorded, step);
        for name in held(sum).rev() {
            self.push(recorded, Step::KeyUp { key: name.into() });
        }
    }

    /// What is done with `element` where it can be found without roles, told as if a person had done it.
    fn by_script(&mut self, recorded: &RecordedAction, name: &str, what: &str, parameters: Value) {
        let selectors = selectors::of(recorded, self.attribute);
        let step = match selectors.iter().find_map(|way| selectors::in_script(way)) {
            Some(found) => Step::expression(format!(
                "(() => {{ const element = {found}; if (!element) return false; {what} \
                 for (const type of ['input', 'change']) element.dispatchEvent(new Event(type, {{ bubbles: true }})); return true; }})()"
            )),
            None => {
                let mut parameters = parameters;
                parameters["selectors"] = json!(selectors);
                Step::Custom { name: name.into(), parameters }
            }
        };
        self.push(recorded, step);
    }

    /// To be there is not to be seen, and no step asks for more.
    fn push_shown(&mut self, recorded: &RecordedAction) {
        let selectors = selectors::of(recorded, self.attribute);
        if let Some(found) = selectors.iter().find_map(|way| selectors::in_script(way)) {
            let expression = format!(
                "(() => {{ const box = {found}?.getBoundingClientRect(); return box?.width > 0 && box.height > 0; }})()"
            );
            self.push(recorded, Step::expression(expression));
        }
    }

    /// The place of its frame; guessed by the order in which frames are used where the recording does not tell.
    fn frame(&mut self, recorded: &RecordedAction) -> Option<Vec<usize>> {
        let selector = recorded.action.selector()?;
        if !recorded.place.frame_path.is_empty() {
            return Some(recorded.place.frame_path.clone());
        }
        let mut ways = crate::model::locator::split_frames(selector);
        ways.pop();
        let mut path = Vec::new();
        for way in ways {
            let known = self.frames.entry(format!("{} {path:?}", recorded.page)).or_default();
            let index = known.iter().position(|other| *other == way).unwrap_or_else(|| {
                known.push(way);
                known.len() - 1
            });
            path.push(index);
        }
        Some(path)
    }
}

/// Where whoever plays it puts the value of the variable.
fn named(variable: &str) -> String {
    format!("${{{variable}}}")
}

/// What is edited in place is emptied first: Puppeteer adds to it where the caret is, which it moves to the start.
fn may_be_edited_in_place(recorded: &RecordedAction) -> bool {
    let is_field = |selector: &String| selector.contains("input") || selector.contains("textarea");
    !recorded.alternatives.is_empty() && !recorded.alternatives.iter().any(is_field)
}

fn click(selectors: Vec<Vec<String>>, button: MouseButton, count: u32, place: Option<Point>) -> Step {
    let Point { x, y } = place.unwrap_or(OFFSET);
    let button = match button {
        MouseButton::Left => None,
        MouseButton::Middle => Some(Button::Auxiliary),
        MouseButton::Right => Some(Button::Secondary),
    };
    let press = Press { selectors, offset_x: x, offset_y: y, button };
    if count < 2 { Step::Click(press) } else { Step::DoubleClick(press) }
}

/// Names of held keys. The format knows no key that is Control here and Meta there.
fn held(sum: u32) -> impl DoubleEndedIterator<Item = &'static str> {
    modifiers(sum).into_iter().map(|name| if name == "ControlOrMeta" { "Control" } else { name })
}

/// Dialogs hold a page until they are answered, and no step answers them: the page is told beforehand.
fn answering(answer: &Answer<'_>) -> String {
    let (yes, text) = match answer {
        Answer::Dismissed => (false, Value::Null),
        Answer::Accepted(text) => (true, json!(text.unwrap_or_default())),
    };
    format!("(Object.assign(window, {{ alert: () => {{}}, confirm: () => {yes}, prompt: () => {text} }}), true)")
}
