//! C#: the library, and tests for NUnit and MSTest.

use super::calls::{Argument, Call, calls, capitalised, number, quoted};
use super::indented;
use super::signals::{Answer, Signals, modifiers, shortcut};
use crate::model::action::{Action, MouseButton, Point, RecordedAction, Recording, RecordingOptions, Signal};

/// Whose code it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    /// A program.
    Library,
    NUnit,
    MsTest,
}

/// The whole file.
pub(super) fn program(recording: &Recording, flavour: Flavour) -> String {
    let options = &recording.options;
    let body: String = recording.actions.iter().map(|recorded| call(recorded, flavour)).collect();
    let (using, attributes, test) = match flavour {
        Flavour::NUnit => ("NUnit", "[Parallelizable(ParallelScope.Self)]\n[TestFixture]", "Test"),
        Flavour::MsTest => ("MSTest", "[TestClass]", "TestMethod"),
        Flavour::Library => {
            let context = context_options(options, "playwright").unwrap_or_default();
            return format!(
                "using Microsoft.Playwright;\nusing System;\nusing System.Threading.Tasks;\n\n\
                 using var playwright = await Playwright.CreateAsync();\n\
                 await using var browser = await playwright.Chromium.LaunchAsync(new()\n{{\n    Headless = false,\n}});\n\
                 var context = await browser.NewContextAsync({context});\n\n{body}{}",
                storage(options, "context")
            );
        }
    };
    let context = context_options(options, "Playwright").map(|context| {
        format!(
            "    public override BrowserNewContextOptions ContextOptions()\n    {{\n{}    }}\n\n",
            indented(&format!("return {context};\n"), "        ")
        )
    });
    format!(
        "using Microsoft.Playwright.{using};\nusing Microsoft.Playwright;\n\n{attributes}\npublic class Tests : PageTest\n{{\n\
         {}    [{test}]\n    public async Task MyTest()\n    {{\n{}    }}\n}}\n",
        context.unwrap_or_default(),
        indented(&(body + &storage(options, "Context")), "        ")
    )
}

/// A device is copied where something of it is changed.
fn context_options(options: &RecordingOptions, playwright: &str) -> Option<String> {
    let device = options.device.as_deref().map(|name| format!("{playwright}.Devices[{}]", quoted(name)));
    let storage = options.load_storage.as_deref().map(|path| ("StorageStatePath", quoted(path)));
    let viewport = options.viewport.map(|size| {
        ("ViewportSize", object(&[("Height", size.height.to_string()), ("Width", size.width.to_string())]))
    });
    let given: Vec<_> = storage.into_iter().chain(viewport).collect();
    match (given.is_empty(), device) {
        (true, device) => device,
        (false, None) => Some(object(&given)),
        (false, Some(device)) => Some(object(&given).replacen("new()", &format!("new({device})"), 1)),
    }
}

fn storage(options: &RecordingOptions, context: &str) -> String {
    let line = |path| format!("\nawait {context}.StorageStateAsync(new()\n{{\n    Path = {path}\n}});\n");
    options.save_storage.as_deref().map(quoted).map(line).unwrap_or_default()
}

fn call(recorded: &RecordedAction, flavour: Flavour) -> String {
    if flavour != Flavour::Library && matches!(recorded.action, Action::OpenPage { .. } | Action::ClosePage {}) {
        // The test has its first page; another one that no page opened it does not have.
        if matches!(recorded.action, Action::OpenPage { .. }) && recorded.page != "page" {
            return statement(&recorded.page, &recorded.action).replacen(
                "context.NewPageAsync",
                "Context.NewPageAsync",
                1,
            ) + "\n";
        }
        return String::new();
    }
    // Test classes have the first page as a property.
    let page = match recorded.page.as_str() {
        "page" if flavour != Flavour::Library => "Page",
        other => other,
    };
    let signals = Signals::of(recorded);
    let mut text = statement(page, &recorded.action) + "\n";
    let popup = signals.popup.map(|popup| (popup.to_owned(), "Popup"));
    for (name, what) in popup.into_iter().chain(signals.download.map(|n| (format!("download{n}"), "Download"))) {
        let inner = indented(&text, "    ");
        text = format!("var {name} = await {page}.RunAndWaitFor{what}Async(async () =>\n{{\n{inner}}});\n");
    }
    if let Some(answer) = &signals.dialog {
        let answer = match answer {
            Answer::Dismissed => "DismissAsync()".to_owned(),
            Answer::Accepted(prompt) => format!("AcceptAsync({})", prompt.map(quoted).unwrap_or_default()),
        };
        let handler = format!("{page}_Dialog{}_EventHandler", dialog_number(recorded));
        text = format!(
            "void {handler}(object sender, IDialog dialog)\n{{\n    \
             Console.WriteLine($\"Dialog message: {{dialog.Message}}\");\n    dialog.{answer};\n    \
             {page}.Dialog -= {handler};\n}}\n{page}.Dialog += {handler};\n{text}"
        );
    }
    text
}

fn dialog_number(recorded: &RecordedAction) -> &str {
    let mut dialogs = recorded.signals.iter().rev().filter_map(|signal| match signal {
        Signal::Dialog { dialog_alias, .. } => Some(dialog_alias.as_str()),
        _ => None,
    });
    dialogs.next().unwrap_or_default()
}

fn statement(page: &str, action: &Action) -> String {
    let on = |selector: &str| format!("{page}.{}", chain(&calls(selector)));
    let act = |selector: &str, call: String| format!("await {}.{call};", on(selector));
    let expect = |selector: &str, rest: String| format!("await Expect({}).{rest};", on(selector));
    let env = |variable: &str| format!("System.Environment.GetEnvironmentVariable({})!", quoted(variable));
    match action {
        Action::OpenPage { url } => {
            let opened = format!("var {page} = await context.NewPageAsync();");
            if super::is_blank(url) { opened } else { format!("{opened}\nawait {page}.GotoAsync({});", quoted(url)) }
        }
        Action::ClosePage {} => format!("await {page}.CloseAsync();"),
        Action::Navigate { url } => format!("await {page}.GotoAsync({});", quoted(url)),
        Action::Click { selector, button, modifiers, click_count, position } => {
            let method = if *click_count == 2 { "DblClickAsync" } else { "ClickAsync" };
            act(selector, format!("{method}({})", click_options(*button, *modifiers, *click_count, *position)))
        }
        Action::Hover { selector, position } => {
            let options = position.map(|point| object(&[("Position", place(point))]));
            act(selector, format!("HoverAsync({})", options.unwrap_or_default()))
        }
        Action::Check { selector } => act(selector, "CheckAsync()".into()),
        Action::Uncheck { selector } => act(selector, "UncheckAsync()".into()),
        Action::Fill { selector, secret: Some(variable), .. } => act(selector, format!("FillAsync({})", env(variable))),
        Action::Fill { selector, text, .. } => act(selector, format!("FillAsync({})", quoted(text))),
        Action::Press { selector, key, modifiers } => {
            act(selector, format!("PressAsync({})", quoted(&shortcut(key, *modifiers))))
        }
        Action::Select { selector, secret: Some(variable), .. } => {
            act(selector, format!("SelectOptionAsync({})", env(variable)))
        }
        Action::Select { selector, options, .. } => act(selector, format!("SelectOptionAsync({})", array(options))),
        Action::SetInputFiles { selector, files } => act(selector, format!("SetInputFilesAsync({})", array(files))),
        Action::DragTo { selector, target, source_position, target_position } => {
            let points = [("SourcePosition", source_position), ("TargetPosition", target_position)];
            let given: Vec<_> = points.into_iter().filter_map(|(name, point)| Some((name, place((*point)?)))).collect();
            let options = if given.is_empty() { String::new() } else { format!(", {}", object(&given)) };
            act(selector, format!("DragToAsync({}{options})", on(target)))
        }
        Action::Wheel { selector, delta_x, delta_y } => {
            let hover = act(selector, "HoverAsync()".into());
            format!("{hover}\nawait {page}.Mouse.WheelAsync({delta_x}, {delta_y});")
        }
        Action::AssertText { selector, text, substring } => {
            let matcher = if *substring { "ToContainTextAsync" } else { "ToHaveTextAsync" };
            expect(selector, format!("{matcher}({})", quoted(text)))
        }
        Action::AssertValue { selector, secret: Some(variable), .. } => {
            expect(selector, format!("ToHaveValueAsync({})", env(variable)))
        }
        Action::AssertValue { selector, value, .. } if value.is_empty() => expect(selector, "ToBeEmptyAsync()".into()),
        Action::AssertValue { selector, value, .. } => expect(selector, format!("ToHaveValueAsync({})", quoted(value))),
        Action::AssertChecked { selector, checked } => {
            expect(selector, format!("{}ToBeCheckedAsync()", if *checked { "" } else { "Not." }))
        }
        Action::AssertVisible { selector } => expect(selector, "ToBeVisibleAsync()".into()),
        Action::AssertSnapshot { selector, aria_snapshot } => {
            expect(selector, format!("ToMatchAriaSnapshotAsync({})", quoted(aria_snapshot)))
        }
    }
}

/// In alphabetical order.
fn click_options(button: MouseButton, sum: u32, click_count: u32, position: Option<Point>) -> String {
    let keys: Vec<_> = modifiers(sum).into_iter().map(|name| format!("KeyboardModifier.{name}")).collect();
    let button = match button {
        MouseButton::Left => None,
        MouseButton::Middle => Some(("Button", "MouseButton.Middle".to_owned())),
        MouseButton::Right => Some(("Button", "MouseButton.Right".to_owned())),
    };
    let count = (click_count > 2).then(|| ("ClickCount", click_count.to_string()));
    let keys = (!keys.is_empty()).then(|| ("Modifiers", format!("new[] {{ {} }}", keys.join(", "))));
    let position = position.map(|point| ("Position", place(point)));
    let given: Vec<_> = [button, count, keys, position].into_iter().flatten().collect();
    if given.is_empty() { String::new() } else { object(&given) }
}

fn place(Point { x, y }: Point) -> String {
    // A fraction is a double unless it says that it is none.
    let float = |value: f64| format!("{}{}", number(value), if value.fract() == 0.0 { "" } else { "f" });
    object(&[("X", float(x)), ("Y", float(y))])
}

/// A line for each entry.
fn object(entries: &[(&str, String)]) -> String {
    let lines: String = entries.iter().map(|(key, value)| indented(&format!("{key} = {value},\n"), "    ")).collect();
    format!("new()\n{{\n{lines}}}")
}

fn array(values: &[String]) -> String {
    let values: Vec<_> = values.iter().map(|value| quoted(value)).collect();
    format!("new[] {{ {} }}", values.join(", "))
}

fn chain(calls: &[Call]) -> String {
    calls.iter().map(one_call).collect::<Vec<_>>().join(".")
}

fn one_call(Call { name, argument, options }: &Call) -> String {
    let method = capitalised(name);
    if matches!(*name, "first" | "last" | "visible" | "contentFrame") {
        return method;
    }
    let mut all: Vec<_> = argument.iter().map(value_text).collect();
    if !options.is_empty() {
        let entries = options.iter().map(|(key, value)| {
            let regex = if matches!(value, Argument::Regex { .. }) { "Regex" } else { "" };
            format!("{}{regex} = {}", capitalised(key), value_text(value))
        });
        all.push(format!("new() {{ {} }}", entries.collect::<Vec<_>>().join(", ")));
    }
    format!("{method}({})", all.join(", "))
}

fn value_text(value: &Argument) -> String {
    match value {
        Argument::Text(text) => quoted(text),
        Argument::Role(role) => format!("AriaRole.{}", capitalised(role)),
        Argument::Regex { source, flags } => {
            let flags = if flags.contains('i') { ", RegexOptions.IgnoreCase" } else { "" };
            format!("new Regex(\"{}\"{flags})", source.replace('\\', "\\\\").replace('"', "\\\""))
        }
        Argument::Literal(literal) => literal.clone(),
        Argument::Locator(calls) => format!("page.{}", chain(calls)),
    }
}
