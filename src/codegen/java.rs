//! Java: the library, and a test for JUnit.

use super::calls::{Argument, Call, calls, capitalised, number, quoted};
use super::indented;
use super::signals::{Answer, Signals, modifiers, shortcut};
use crate::model::action::{Action, MouseButton, Point, RecordedAction, Recording, RecordingOptions};
use crate::model::device::device;

/// A class with `main`.
pub(super) fn library(recording: &Recording) -> String {
    let context = context_options(&recording.options);
    let context = context.map(|options| format!("new Browser.NewContextOptions(){options}")).unwrap_or_default();
    let mut body = format!(
        "Browser browser = playwright.chromium().launch(new BrowserType.LaunchOptions()\n  .setHeadless(false));\n\
         BrowserContext context = browser.newContext({context});\n"
    );
    body.extend(recording.actions.iter().map(|recorded| call(recorded, false)));
    body += &storage(&recording.options, "context");
    format!(
        "import com.microsoft.playwright.*;\nimport com.microsoft.playwright.options.*;\n\
         import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;\nimport java.util.*;\n\n\
         public class Example {{\n  public static void main(String[] args) {{\n    try (Playwright playwright = Playwright.create()) {{\n\
         {}    }}\n  }}\n}}\n",
        indented(&body, "      ")
    )
}

/// A class with a test. As with the official generator it has no word on the context's options.
pub(super) fn junit(recording: &Recording) -> String {
    let mut body: String = recording.actions.iter().map(|recorded| call(recorded, true)).collect();
    body += &storage(&recording.options, "page.context()");
    format!(
        "import com.microsoft.playwright.junit.UsePlaywright;\nimport com.microsoft.playwright.Page;\n\
         import com.microsoft.playwright.options.*;\n\nimport org.junit.jupiter.api.*;\n\
         import static com.microsoft.playwright.assertions.PlaywrightAssertions.*;\n\n@UsePlaywright\npublic class TestExample {{\n  \
         @Test\n  void test(Page page) {{\n{}  }}\n}}\n",
        indented(&body, "    ")
    )
}

/// Setters in alphabetical order, a line each; a device is told by what it is.
fn context_options(options: &RecordingOptions) -> Option<String> {
    let device = options.device.as_deref().and_then(|name| device(name).ok());
    let mut setters = Vec::new();
    if let Some(device) = device {
        setters.push(format!(".setDeviceScaleFactor({})", number(device.device_scale_factor)));
        setters.push(format!(".setHasTouch({})", device.has_touch));
        setters.push(format!(".setIsMobile({})", device.is_mobile));
    }
    if let Some(path) = &options.load_storage {
        setters.push(format!(".setStorageStatePath(Paths.get({}))", quoted(path)));
    }
    if let Some(device) = device {
        setters.push(format!(".setUserAgent({})", quoted(&device.user_agent)));
    }
    if let Some(size) = options.viewport.or(device.map(|device| device.viewport)) {
        setters.push(format!(".setViewportSize({}, {})", size.width, size.height));
    }
    (!setters.is_empty()).then(|| setters.iter().map(|setter| format!("\n  {setter}")).collect())
}

fn storage(options: &RecordingOptions, context: &str) -> String {
    let path = options.save_storage.as_deref().map(quoted);
    let line = |path| format!("\n{context}.storageState(new BrowserContext.StorageStateOptions().setPath({path}));\n");
    path.map(line).unwrap_or_default()
}

fn call(recorded: &RecordedAction, junit: bool) -> String {
    let page = &recorded.page;
    if junit && matches!(recorded.action, Action::OpenPage { .. } | Action::ClosePage {}) {
        // The test has its first page; another one that no page opened it does not have.
        if matches!(recorded.action, Action::OpenPage { .. }) && recorded.page != "page" {
            return statement(page, &recorded.action).replacen("context.newPage", "page.context().newPage", 1) + "\n";
        }
        return String::new();
    }
    let signals = Signals::of(recorded);
    let mut text = statement(page, &recorded.action) + "\n";
    if let Some(popup) = signals.popup {
        text = format!("Page {popup} = {page}.waitForPopup(() -> {{\n{}}});\n", indented(&text, "  "));
    }
    if let Some(n) = signals.download {
        text = format!("Download download{n} = {page}.waitForDownload(() -> {{\n{}}});\n", indented(&text, "  "));
    }
    if let Some(answer) = &signals.dialog {
        let answer = match answer {
            Answer::Dismissed => "dismiss()".to_owned(),
            Answer::Accepted(prompt) => format!("accept({})", prompt.map(quoted).unwrap_or_default()),
        };
        text = format!(
            "{page}.onceDialog(dialog -> {{\n  \
             System.out.println(String.format(\"Dialog message: %s\", dialog.message()));\n  dialog.{answer};\n}});\n{text}"
        );
    }
    text
}

fn statement(page: &str, action: &Action) -> String {
    let on = |selector: &str| format!("{page}.{}", chain(&calls(selector)));
    let act = |selector: &str, call: String| format!("{}.{call};", on(selector));
    let assert = |selector: &str, rest: String| format!("assertThat({}).{rest};", on(selector));
    let env = |variable: &str| format!("System.getenv({})", quoted(variable));
    match action {
        Action::OpenPage { url } => {
            let opened = format!("Page {page} = context.newPage();");
            if super::is_blank(url) { opened } else { format!("{opened}\n{page}.navigate({});", quoted(url)) }
        }
        Action::ClosePage {} => format!("{page}.close();"),
        Action::Navigate { url } => format!("{page}.navigate({});", quoted(url)),
        Action::Click { selector, button, modifiers, click_count, position } => {
            let method = if *click_count == 2 { "dblclick" } else { "click" };
            let setters = click_options(*button, *modifiers, *click_count, *position);
            let class = if *click_count == 2 { "DblclickOptions" } else { "ClickOptions" };
            let setters: String = setters.iter().map(|setter| format!("\n  {setter}")).collect();
            let options = if setters.is_empty() { setters } else { format!("new Locator.{class}(){setters}") };
            act(selector, format!("{method}({options})"))
        }
        Action::Hover { selector, position } => {
            let options = position.map(|point| format!("new Locator.HoverOptions(){}", setter("Position", point)));
            act(selector, format!("hover({})", options.unwrap_or_default()))
        }
        Action::Check { selector } => act(selector, "check()".into()),
        Action::Uncheck { selector } => act(selector, "uncheck()".into()),
        Action::Fill { selector, secret: Some(variable), .. } => act(selector, format!("fill({})", env(variable))),
        Action::Fill { selector, text, .. } => act(selector, format!("fill({})", quoted(text))),
        Action::Press { selector, key, modifiers } => {
            act(selector, format!("press({})", quoted(&shortcut(key, *modifiers))))
        }
        Action::Select { selector, secret: Some(variable), .. } => {
            act(selector, format!("selectOption({})", env(variable)))
        }
        Action::Select { selector, options, .. } => {
            let values: Vec<_> = options.iter().map(|option| quoted(option)).collect();
            act(selector, format!("selectOption({})", one_or_array(&values, "String")))
        }
        Action::SetInputFiles { selector, files } => {
            let paths: Vec<_> = files.iter().map(|file| format!("Paths.get({})", quoted(file))).collect();
            act(selector, format!("setInputFiles({})", one_or_array(&paths, "Path")))
        }
        Action::DragTo { selector, target, source_position, target_position } => {
            let setters: String = [("SourcePosition", source_position), ("TargetPosition", target_position)]
                .into_iter()
                .filter_map(|(name, point)| Some(setter(name, (*point)?)))
                .collect();
            let options = if setters.is_empty() { setters } else { format!(", new Locator.DragToOptions(){setters}") };
            act(selector, format!("dragTo({}{options})", on(target)))
        }
        Action::Wheel { selector, delta_x, delta_y } => {
            format!("{}\n{page}.mouse().wheel({delta_x}, {delta_y});", act(selector, "hover()".into()))
        }
        Action::AssertText { selector, text, substring } => {
            let matcher = if *substring { "containsText" } else { "hasText" };
            assert(selector, format!("{matcher}({})", quoted(text)))
        }
        Action::AssertValue { selector, secret: Some(variable), .. } => {
            assert(selector, format!("hasValue({})", env(variable)))
        }
        Action::AssertValue { selector, value, .. } if value.is_empty() => assert(selector, "isEmpty()".into()),
        Action::AssertValue { selector, value, .. } => assert(selector, format!("hasValue({})", quoted(value))),
        Action::AssertChecked { selector, checked } => {
            assert(selector, format!("{}isChecked()", if *checked { "" } else { "not()." }))
        }
        Action::AssertVisible { selector } => assert(selector, "isVisible()".into()),
        Action::AssertSnapshot { selector, aria_snapshot } => {
            assert(selector, format!("matchesAriaSnapshot({})", quoted(aria_snapshot)))
        }
    }
}

fn click_options(button: MouseButton, sum: u32, click_count: u32, position: Option<Point>) -> Vec<String> {
    let keys = modifiers(sum).into_iter().map(|name| format!("KeyboardModifier.{}", name.to_uppercase()));
    let keys: Vec<_> = keys.collect();
    let button = match button {
        MouseButton::Left => None,
        MouseButton::Middle => Some(".setButton(MouseButton.MIDDLE)".to_owned()),
        MouseButton::Right => Some(".setButton(MouseButton.RIGHT)".to_owned()),
    };
    let keys = (!keys.is_empty()).then(|| format!(".setModifiers(Arrays.asList({}))", keys.join(", ")));
    let count = (click_count > 2).then(|| format!(".setClickCount({click_count})"));
    let place = position.map(|point| setter("Position", point));
    [button, keys, count, place].into_iter().flatten().collect()
}

fn setter(name: &str, Point { x, y }: Point) -> String {
    format!(".set{name}({}, {})", number(x), number(y))
}

fn one_or_array(values: &[String], class: &str) -> String {
    match values {
        [] => format!("new {class}[0]"),
        [one] => one.clone(),
        several => format!("new {class}[] {{{}}}", several.join(", ")),
    }
}

fn chain(calls: &[Call]) -> String {
    // Options are classes of what the method belongs to.
    let mut class = "Page";
    let mut texts = Vec::new();
    for call in calls {
        texts.push(one_call(call, class));
        class = if call.name == "contentFrame" { "FrameLocator" } else { "Locator" };
    }
    texts.join(".")
}

fn one_call(Call { name, argument, options }: &Call, class: &str) -> String {
    let mut all: Vec<_> = argument.iter().map(value_text).collect();
    if !options.is_empty() {
        let setters: String =
            options.iter().map(|(key, value)| format!(".set{}({})", capitalised(key), value_text(value))).collect();
        let class = if *name == "filter" { "Locator" } else { class };
        all.push(format!("new {class}.{}Options(){setters}", capitalised(name)));
    }
    format!("{name}({})", all.join(", "))
}

fn value_text(value: &Argument) -> String {
    match value {
        Argument::Text(text) => quoted(text),
        Argument::Role(role) => format!("AriaRole.{}", role.to_uppercase()),
        Argument::Regex { source, flags } => {
            let flags = if flags.contains('i') { ", Pattern.CASE_INSENSITIVE" } else { "" };
            format!("Pattern.compile(\"{}\"{flags})", source.replace('\\', "\\\\").replace('"', "\\\""))
        }
        Argument::Literal(literal) => literal.clone(),
        Argument::Locator(calls) => format!("page.{}", chain(calls)),
    }
}
