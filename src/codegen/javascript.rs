//! TypeScript for `@playwright/test`, JavaScript for the library: the same calls in another frame.

use super::indented;
use super::signals::{Answer, Signals, modifiers, shortcut};
use crate::model::action::{Action, MouseButton, Point, RecordedAction, Recording, RecordingOptions};
use crate::model::locator::{quote, render};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// For `@playwright/test`.
pub(super) fn test(recording: &Recording) -> String {
    let options = &recording.options;
    let mut text = String::from("import { test, expect");
    text += if options.device.is_some() {
        ", devices } from '@playwright/test';\n"
    } else {
        " } from '@playwright/test';\n"
    };
    if let Some(context) = context_options(options) {
        let _ = write!(text, "\ntest.use({});\n", context);
    }
    text += "\ntest('test', async ({ page }) => {\n";
    for recorded in &recording.actions {
        text += &indented(&call(recorded, Flavour::Test), "  ");
    }
    text + "});\n"
}

/// For the library.
pub(super) fn library(recording: &Recording) -> String {
    let options = &recording.options;
    let devices = if options.device.is_some() { ", devices" } else { "" };
    let context = context_options(options).unwrap_or_default();
    let mut text = format!(
        "const {{ chromium{devices} }} = require('playwright');\n\n(async () => {{\n  const browser = await chromium.launch({{\n    \
         headless: false\n  }});\n"
    );
    text += &indented(&format!("const context = await browser.newContext({context});\n"), "  ");
    for recorded in &recording.actions {
        text += &indented(&call(recorded, Flavour::Library), "  ");
    }
    text += "\n  // ---------------------\n";
    if let Some(path) = &options.save_storage {
        let _ = writeln!(text, "  await context.storageState({{ path: {} }});", quote(path));
    }
    text + "  await context.close();\n  await browser.close();\n})();\n"
}

/// For `@playwright/test`, to be run rather than read: pages that `playwright codegen` leaves out of a test are there. With the line at which
/// each action begins, from 1.
pub(super) fn played(title: &str, recording: &Recording) -> (String, Vec<u32>) {
    let options = &recording.options;
    let mut text = String::from("import { test, expect, devices } from '@playwright/test';\n");
    if let Some(context) = context_options(options) {
        let _ = writeln!(text, "test.use({context});");
    }
    if let Some(attribute) = &options.test_id_attribute {
        let _ = writeln!(text, "test.use({{ testIdAttribute: {} }});", quote(attribute));
    }
    let _ = writeln!(text, "test({}, async ({{ page, context }}) => {{", quote(title));
    let mut begins = Vec::new();
    for recorded in &recording.actions {
        begins.push(u32::try_from(text.lines().count()).unwrap_or(u32::MAX - 1) + 1);
        text += &call(recorded, Flavour::Played);
    }
    if let Some(path) = &options.save_storage {
        let _ = writeln!(text, "await context.storageState({{ path: {} }});", quote(path));
    }
    (text + "});\n", begins)
}

/// Whether other selectors are tried where the best one finds nothing or several. That something is there is asked of the best one alone.
fn heals(recorded: &RecordedAction) -> bool {
    !recorded.alternatives.is_empty() && !matches!(recorded.action, Action::AssertVisible { .. })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flavour {
    /// As `playwright codegen` writes it for the test runner.
    Test,
    /// The same for the library.
    Library,
    /// A test that nobody reads.
    Played,
}

/// What is said to `test.use` or `newContext`; nothing where there is nothing to say.
fn context_options(options: &RecordingOptions) -> Option<String> {
    let mut given = Map::new();
    if let Some(viewport) = options.viewport {
        given.insert("viewport".into(), json!({ "height": viewport.height, "width": viewport.width }));
    }
    if let Some(path) = &options.load_storage {
        given.insert("storageState".into(), json!(path));
    }
    let text = object(&Value::Object(given));
    match &options.device {
        Some(device) if text == "{}" => Some(format!("{{\n  ...devices[{}],\n}}", quote(device))),
        Some(device) => Some(text.replacen("{\n", &format!("{{\n  ...devices[{}],\n", quote(device)), 1)),
        None if text == "{}" => None,
        None => Some(text),
    }
}

/// An action with what has to stand around it, a line each, without indentation.
fn call(recorded: &RecordedAction, flavour: Flavour) -> String {
    let page = &recorded.page;
    if flavour == Flavour::Test && matches!(recorded.action, Action::OpenPage { .. } | Action::ClosePage {}) {
        // The test has its first page; another one that no page opened it does not have.
        if matches!(recorded.action, Action::OpenPage { .. }) && page != "page" {
            let text = statement(page, recorded, flavour);
            return text.replacen("context.newPage", "page.context().newPage", 1) + "\n";
        }
        return String::new();
    }
    let signals = Signals::of(recorded);
    let mut text = String::new();
    if let Some(answer) = &signals.dialog {
        let answer = match answer {
            Answer::Dismissed => "dismiss()".to_owned(),
            Answer::Accepted(prompt) => format!("accept({})", prompt.map(quote).unwrap_or_default()),
        };
        let _ = write!(
            text,
            "{page}.once('dialog', dialog => {{\n  console.log(`Dialog message: ${{dialog.message()}}`);\n  \
             dialog.{answer}.catch(() => {{}});\n}});\n"
        );
    }
    if let Some(popup) = signals.popup {
        let _ = writeln!(text, "const {popup}Promise = {page}.waitForEvent('popup');");
    }
    if let Some(n) = signals.download {
        let _ = writeln!(text, "const download{n}Promise = {page}.waitForEvent('download');");
    }
    text += &statement(page, recorded, flavour);
    text += "\n";
    if let Some(popup) = signals.popup {
        let _ = writeln!(text, "const {popup} = await {popup}Promise;");
    }
    if let Some(n) = signals.download {
        let _ = writeln!(text, "const download{n} = await download{n}Promise;");
    }
    text
}

fn statement(page: &str, recorded: &RecordedAction, flavour: Flavour) -> String {
    let action = &recorded.action;
    let plainly = |selector: &str| format!("{page}.{}", render(selector));
    let on = |selector: &str| {
        if flavour == Flavour::Played && heals(recorded) {
            let alternatives = object(&json!(recorded.alternatives));
            return format!("(await {}._healed({alternatives}, test))", plainly(selector));
        }
        plainly(selector)
    };
    let act = |selector: &str, call: String| format!("await {}.{call};", on(selector));
    // The library has no expect.
    let comment = if flavour == Flavour::Library { "// " } else { "" };
    let expect = |selector: &str, rest: String| format!("{comment}await expect({}){rest};", on(selector));
    // TypeScript knows that it may not be set.
    let env = |variable: &str| format!("process.env.{variable}{}", if flavour == Flavour::Library { "" } else { "!" });
    match action {
        Action::OpenPage { url } if flavour == Flavour::Played && page == "page" => {
            if super::is_blank(url) {
                String::new()
            } else {
                format!("await page.goto({});", quote(url))
            }
        }
        Action::OpenPage { url } => {
            let opened = format!("const {page} = await context.newPage();");
            if super::is_blank(url) { opened } else { format!("{opened}\nawait {page}.goto({});", quote(url)) }
        }
        Action::ClosePage {} => format!("await {page}.close();"),
        Action::Navigate { url } => format!("await {page}.goto({});", quote(url)),
        Action::Click { selector, button, modifiers, click_count, position } => {
            let options = click_options(*button, *modifiers, *click_count, *position);
            act(selector, format!("{}({options})", if *click_count == 2 { "dblclick" } else { "click" }))
        }
        Action::Hover { selector, position } => {
            act(selector, format!("hover({})", options_text(&[("position", place(*position))])))
        }
        Action::Check { selector } => act(selector, "check()".into()),
        Action::Uncheck { selector } => act(selector, "uncheck()".into()),
        Action::Fill { selector, secret: Some(variable), .. } => act(selector, format!("fill({})", env(variable))),
        Action::Fill { selector, text, .. } => act(selector, format!("fill({})", quote(text))),
        Action::Press { selector, key, modifiers } => {
            act(selector, format!("press({})", quote(&shortcut(key, *modifiers))))
        }
        Action::Select { selector, secret: Some(variable), .. } => {
            act(selector, format!("selectOption({})", env(variable)))
        }
        Action::Select { selector, options, .. } => act(selector, format!("selectOption({})", one_or_list(options))),
        Action::SetInputFiles { selector, files } => act(selector, format!("setInputFiles({})", one_or_list(files))),
        Action::DragTo { selector, target, source_position, target_position } => {
            let options = options_text(&[
                ("sourcePosition", place(*source_position)),
                ("targetPosition", place(*target_position)),
            ]);
            let options = if options.is_empty() { options } else { format!(", {options}") };
            act(selector, format!("dragTo({}{options})", plainly(target)))
        }
        Action::Wheel { selector, delta_x, delta_y } => {
            format!("{}\nawait {page}.mouse.wheel({delta_x}, {delta_y});", act(selector, "hover()".into()))
        }
        Action::AssertText { selector, text, substring } => {
            let matcher = if *substring { "toContainText" } else { "toHaveText" };
            expect(selector, format!(".{matcher}({})", quote(text)))
        }
        Action::AssertValue { selector, secret: Some(variable), .. } => {
            expect(selector, format!(".toHaveValue({})", env(variable)))
        }
        Action::AssertValue { selector, value, .. } if value.is_empty() => expect(selector, ".toBeEmpty()".into()),
        Action::AssertValue { selector, value, .. } => expect(selector, format!(".toHaveValue({})", quote(value))),
        Action::AssertChecked { selector, checked } => {
            expect(selector, format!("{}.toBeChecked()", if *checked { "" } else { ".not" }))
        }
        Action::AssertVisible { selector } => expect(selector, ".toBeVisible()".into()),
        Action::AssertSnapshot { selector, aria_snapshot } => {
            expect(selector, format!(".toMatchAriaSnapshot({})", template(aria_snapshot, comment)))
        }
    }
}

fn click_options(button: MouseButton, sum: u32, click_count: u32, position: Option<Point>) -> String {
    let names = modifiers(sum);
    options_text(&[
        ("button", (button != MouseButton::Left).then(|| json!(button))),
        ("modifiers", (!names.is_empty()).then(|| json!(names))),
        ("clickCount", (click_count > 2).then(|| json!(click_count))),
        ("position", place(position)),
    ])
}

fn place(point: Option<Point>) -> Option<Value> {
    point.map(|Point { x, y }| json!({ "x": number(x), "y": number(y) }))
}

/// 3 rather than 3.0.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e9 { json!(value as i64) } else { json!(value) }
}

/// An object of what is given; nothing where nothing is.
fn options_text(options: &[(&str, Option<Value>)]) -> String {
    let given: Map<String, Value> =
        options.iter().filter_map(|(key, value)| Some(((*key).to_owned(), value.clone()?))).collect();
    if given.is_empty() { String::new() } else { object(&Value::Object(given)) }
}

fn one_or_list(values: &[String]) -> String {
    if let [one] = values { quote(one) } else { object(&json!(values)) }
}

/// A literal as Playwright formats it: an object's entries in alphabetical order, each on a line of its own.
fn object(value: &Value) -> String {
    match value {
        Value::String(text) => quote(text),
        Value::Array(items) => format!("[{}]", items.iter().map(object).collect::<Vec<_>>().join(", ")),
        Value::Object(entries) if entries.is_empty() => "{}".into(),
        Value::Object(entries) => {
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_by_key(|(key, _)| key.as_str());
            let lines =
                sorted.into_iter().map(|(key, value)| format!("  {key}: {}", indented(&object(value), "  ").trim()));
            format!("{{\n{}\n}}", lines.collect::<Vec<_>>().join(",\n"))
        }
        other => other.to_string(),
    }
}

/// A template literal; of several lines it stands on lines of its own.
fn template(text: &str, comment: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('`', "\\`").replace("${", "\\${");
    if !text.contains('\n') {
        return format!("`{text}`");
    }
    let lines = text.lines().map(|line| format!("{comment}  {line}\n"));
    format!("`\n{}{comment}  `", lines.collect::<String>())
}
