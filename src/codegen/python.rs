//! Python: the library with and without `asyncio`, and a test for `pytest`.

use super::calls::{Argument, Call, calls, number, quoted};
use super::signals::{Answer, Signals, modifiers, shortcut};
use crate::model::action::{Action, MouseButton, Point, RecordedAction, Recording, RecordingOptions};
use std::fmt::Write;

/// Whose code it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    /// `sync_playwright`.
    Sync,
    /// `async_playwright`.
    Async,
    /// `pytest-playwright`.
    Pytest,
}

/// The whole file.
pub(super) fn module(recording: &Recording, flavour: Flavour) -> String {
    let mut body = String::new();
    for recorded in &recording.actions {
        for line in call(recorded, flavour).lines() {
            let _ = writeln!(body, "    {line}");
        }
    }
    let os = if body.contains("os.environ[") { "import os\n" } else { "" };
    let options = &recording.options;
    if flavour == Flavour::Pytest {
        let fixture = context_options(options, "\"", "\": ");
        let (pytest, fixture) = if fixture.is_empty() {
            ("", String::new())
        } else {
            let text = format!(
                "@pytest.fixture(scope=\"session\")\ndef browser_context_args(browser_context_args, playwright):\n    \
                 return {{{}}}\n\n\n",
                fixture.join(", ")
            );
            ("import pytest\n", text)
        };
        return format!(
            "{os}{pytest}import re\nfrom playwright.sync_api import Page, expect\n\n\n{fixture}def test_example(page: Page) -> None:\n{body}"
        );
    }
    let context = context_options(options, "", "=").join(", ");
    let (def, wait, api) = match flavour {
        Flavour::Async => ("async def", "await ", "async"),
        Flavour::Sync | Flavour::Pytest => ("def", "", "sync"),
    };
    let save = options.save_storage.as_deref().map(quoted);
    let save = save.map(|path| format!("    {wait}context.storage_state(path={path})\n")).unwrap_or_default();
    let asyncio = if flavour == Flavour::Async { "import asyncio\n" } else { "" };
    let mut text = format!(
        "{asyncio}{os}import re\nfrom playwright.{api}_api import Playwright, {api}_playwright, expect\n\n\n\
         {def} run(playwright: Playwright) -> None:\n    browser = {wait}playwright.chromium.launch(headless=False)\n    \
         context = {wait}browser.new_context({context})\n{body}\n    # ---------------------\n{save}    {wait}context.close()\n    \
         {wait}browser.close()\n\n\n"
    );
    text += if flavour == Flavour::Async {
        "async def main() -> None:\n    async with async_playwright() as playwright:\n        await run(playwright)\n\n\nasyncio.run(main())\n"
    } else {
        "with sync_playwright() as playwright:\n    run(playwright)\n"
    };
    text
}

/// `key=value` each, in alphabetical order, a device first; `open` and `close` stand around a key.
fn context_options(options: &RecordingOptions, open: &str, close: &str) -> Vec<String> {
    let device = options.device.as_deref().map(|name| format!("**playwright.devices[{}]", quoted(name)));
    let storage = options.load_storage.as_deref().map(|path| format!("{open}storage_state{close}{}", quoted(path)));
    let viewport = options
        .viewport
        .map(|size| format!("{open}viewport{close}{{\"width\":{},\"height\":{}}}", size.width, size.height));
    device.into_iter().chain(storage).chain(viewport).collect()
}

fn call(recorded: &RecordedAction, flavour: Flavour) -> String {
    let page = &recorded.page;
    if flavour == Flavour::Pytest && matches!(recorded.action, Action::OpenPage { .. } | Action::ClosePage {}) {
        // The test has its first page; another one that no page opened it does not have.
        if matches!(recorded.action, Action::OpenPage { .. }) && recorded.page != "page" {
            return statement(page, &recorded.action, "").replacen("context.new_page", "page.context.new_page", 1)
                + "\n";
        }
        return String::new();
    }
    let (wait, with) = if flavour == Flavour::Async { ("await ", "async with") } else { ("", "with") };
    let signals = Signals::of(recorded);
    let mut text = statement(page, &recorded.action, wait);
    let around = signals.popup.map(|popup| (popup.to_owned(), "popup"));
    let around = around.into_iter().chain(signals.download.map(|n| (format!("download{n}"), "download")));
    for (name, what) in around {
        let inner: String = text.lines().map(|line| format!("    {line}\n")).collect();
        text = format!("{with} {page}.expect_{what}() as {name}_info:\n{inner}{name} = {wait}{name}_info.value");
    }
    match &signals.dialog {
        None => text,
        Some(answer) => {
            let answer = match answer {
                Answer::Dismissed => "dismiss()".to_owned(),
                Answer::Accepted(prompt) => format!("accept({})", prompt.map(quoted).unwrap_or_default()),
            };
            format!("{page}.once(\"dialog\", lambda dialog: dialog.{answer})\n{text}")
        }
    }
}

fn statement(page: &str, action: &Action, wait: &str) -> String {
    let on = |selector: &str| format!("{page}.{}", chain(&calls(selector)));
    let act = |selector: &str, call: String| format!("{wait}{}.{call}", on(selector));
    let expect = |selector: &str, rest: String| format!("{wait}expect({}).{rest}", on(selector));
    let env = |variable: &str| format!("os.environ[{}]", quoted(variable));
    match action {
        Action::OpenPage { url } => {
            let opened = format!("{page} = {wait}context.new_page()");
            if super::is_blank(url) { opened } else { format!("{opened}\n{wait}{page}.goto({})", quoted(url)) }
        }
        Action::ClosePage {} => format!("{wait}{page}.close()"),
        Action::Navigate { url } => format!("{wait}{page}.goto({})", quoted(url)),
        Action::Click { selector, button, modifiers, click_count, position } => {
            let method = if *click_count == 2 { "dblclick" } else { "click" };
            act(selector, format!("{method}({})", click_options(*button, *modifiers, *click_count, *position)))
        }
        Action::Hover { selector, position } => {
            act(selector, format!("hover({})", position.map(|point| keyword("position", point)).unwrap_or_default()))
        }
        Action::Check { selector } => act(selector, "check()".into()),
        Action::Uncheck { selector } => act(selector, "uncheck()".into()),
        Action::Fill { selector, secret: Some(variable), .. } => act(selector, format!("fill({})", env(variable))),
        Action::Fill { selector, text, .. } => act(selector, format!("fill({})", quoted(text))),
        Action::Press { selector, key, modifiers } => {
            act(selector, format!("press({})", quoted(&shortcut(key, *modifiers))))
        }
        Action::Select { selector, secret: Some(variable), .. } => {
            act(selector, format!("select_option({})", env(variable)))
        }
        Action::Select { selector, options, .. } => act(selector, format!("select_option({})", one_or_list(options))),
        Action::SetInputFiles { selector, files } => act(selector, format!("set_input_files({})", one_or_list(files))),
        Action::DragTo { selector, target, source_position, target_position } => {
            let source = source_position.map(|point| keyword("source_position", point));
            let place = target_position.map(|point| keyword("target_position", point));
            let arguments: Vec<_> = [on(target)].into_iter().chain(source).chain(place).collect();
            act(selector, format!("drag_to({})", arguments.join(", ")))
        }
        Action::Wheel { selector, delta_x, delta_y } => {
            format!("{}\n{wait}{page}.mouse.wheel({delta_x}, {delta_y})", act(selector, "hover()".into()))
        }
        Action::AssertText { selector, text, substring } => {
            let matcher = if *substring { "to_contain_text" } else { "to_have_text" };
            expect(selector, format!("{matcher}({})", quoted(text)))
        }
        Action::AssertValue { selector, secret: Some(variable), .. } => {
            expect(selector, format!("to_have_value({})", env(variable)))
        }
        Action::AssertValue { selector, value, .. } if value.is_empty() => expect(selector, "to_be_empty()".into()),
        Action::AssertValue { selector, value, .. } => expect(selector, format!("to_have_value({})", quoted(value))),
        Action::AssertChecked { selector, checked } => {
            expect(selector, format!("{}to_be_checked()", if *checked { "" } else { "not_" }))
        }
        Action::AssertVisible { selector } => expect(selector, "to_be_visible()".into()),
        Action::AssertSnapshot { selector, aria_snapshot } => {
            expect(selector, format!("to_match_aria_snapshot({})", quoted(aria_snapshot)))
        }
    }
}

/// In alphabetical order.
fn click_options(button: MouseButton, sum: u32, click_count: u32, position: Option<Point>) -> String {
    let names: Vec<_> = modifiers(sum).into_iter().map(quoted).collect();
    let button = match button {
        MouseButton::Left => None,
        MouseButton::Middle => Some("button=\"middle\"".to_owned()),
        MouseButton::Right => Some("button=\"right\"".to_owned()),
    };
    let count = (click_count > 2).then(|| format!("click_count={click_count}"));
    let names = (!names.is_empty()).then(|| format!("modifiers=[{}]", names.join(", ")));
    let place = position.map(|point| keyword("position", point));
    [button, count, names, place].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn keyword(name: &str, Point { x, y }: Point) -> String {
    format!("{name}={{\"x\":{},\"y\":{}}}", number(x), number(y))
}

fn one_or_list(values: &[String]) -> String {
    match values {
        [one] => quoted(one),
        several => format!("[{}]", several.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(", ")),
    }
}

fn chain(calls: &[Call]) -> String {
    calls.iter().map(one_call).collect::<Vec<_>>().join(".")
}

fn one_call(Call { name, argument, options }: &Call) -> String {
    let name = match *name {
        // Properties.
        "first" | "last" | "visible" | "contentFrame" => return snake(name),
        // Words of the language.
        "and" | "or" => format!("{name}_"),
        other => snake(other),
    };
    let named = options.iter().map(|(key, value)| format!("{}={}", snake(key), value_text(value)));
    let all: Vec<_> = argument.iter().map(value_text).chain(named).collect();
    format!("{name}({})", all.join(", "))
}

fn value_text(value: &Argument) -> String {
    match value {
        Argument::Text(text) | Argument::Role(text) => quoted(text),
        Argument::Regex { source, flags } => {
            let source = source.replace("\\/", "/").replace('"', "\\\"");
            let flags = if flags.contains('i') { ", re.IGNORECASE" } else { "" };
            format!("re.compile(r\"{source}\"{flags})")
        }
        Argument::Literal(literal) => match literal.as_str() {
            "true" => "True".into(),
            "false" => "False".into(),
            other => other.into(),
        },
        Argument::Locator(calls) => format!("page.{}", chain(calls)),
    }
}

/// `getByRole` → `get_by_role`.
fn snake(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}
