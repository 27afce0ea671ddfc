//! Texts of errors, coloured by what their lines are: the runner tells them without colours.

use super::highlight::highlight;
use super::style::Style;
use crate::model::run::TestError;

/// An error as people read it, not indented: message, code frame, stack. `file` is the one its test is in; a place in another
/// file is named above the code frame.
pub(super) fn error_text(error: &TestError, file: Option<&str>, style: Style) -> String {
    let mut lines = vec![message(&error.message, style)];
    let location = error.location.as_ref();
    if let Some(snippet) = error.snippet.as_deref().filter(|snippet| !snippet.trim().is_empty()) {
        if let Some(location) = location.filter(|location| file != Some(location.file.as_str())) {
            lines.push(String::new());
            lines.push(format!("{}{}:{}", style.gray("   at "), location.file, location.line));
        }
        lines.push(String::new());
        lines.push(code_frame(snippet, style));
    } else if let Some(location) = location.filter(|_| error.stack.is_empty()) {
        lines.push(style.dim(&format!("    at {}:{}:{}", location.file, location.line, location.column)));
    }
    let stack = error.stack.trim_end();
    if !stack.is_empty() {
        lines.extend(stack.lines().map(|line| match line.strip_prefix("[cause]: ") {
            Some(cause) => format!("{}{cause}", style.dim("[cause]: ")),
            None => style.dim(line),
        }));
    }
    lines.join("\n")
}

fn message(text: &str, style: Style) -> String {
    // `Test timeout of 30000ms exceeded.` is the runner's own and has no name in front.
    if !text.lines().next().is_some_and(|line| line.contains("Error: ")) && text.contains("timeout of ") {
        return each_line(text, |line| style.red(line));
    }
    let mut in_log = false;
    let mut in_diff = false;
    // Of a text that was compared with a file.
    let mut in_hunk = false;
    each_line(text, |line| {
        if in_log && !line.starts_with(' ') && !line.is_empty() {
            in_log = false;
        }
        in_diff |= line.starts_with("- Expected");
        let is_head = line.starts_with("  @@ ") && line.ends_with(" @@");
        in_hunk = is_head || in_hunk && !line.is_empty();
        let painted = if in_log || is_head {
            style.dim(line)
        } else if in_hunk && line.starts_with("  -") {
            style.green(line)
        } else if in_hunk && line.starts_with("  +") {
            style.red(line)
        } else if in_diff && line.starts_with('-') {
            style.green(line)
        } else if in_diff && line.starts_with('+') {
            style.red(line)
        } else if in_diff && line.starts_with("  ") {
            style.dim(line)
        } else {
            hint(line, style).unwrap_or_else(|| labelled(line, style))
        };
        in_log |= line == "Call log:";
        painted
    })
}

/// `Expected…: value` and `Received…: value` with the value coloured.
fn labelled(line: &str, style: Style) -> String {
    let Some((label, value)) = line.split_once(": ") else { return line.to_owned() };
    if label.starts_with("Expected") {
        format!("{label}: {}", style.green(value))
    } else if label.starts_with("Received") {
        format!("{label}: {}", style.red(value))
    } else {
        line.to_owned()
    }
}

/// `Error: expect(locator).not.toHaveText(expected) // why` with what it is about coloured; none where it is no such line.
fn hint(line: &str, style: Style) -> Option<String> {
    let (before, rest) = line.split_at(line.find("expect(")?);
    if !before.is_empty() && !before.ends_with(": ") {
        return None;
    }
    let (received, rest) = rest.strip_prefix("expect(")?.split_once(").")?;
    let (matcher, rest) = rest.split_once('(')?;
    let (expected, rest) = rest.split_once(')')?;
    let mut words = matcher.split('.').map(str::to_owned).collect::<Vec<_>>();
    let name = words.pop()?;
    let fits = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric());
    if !fits(&name) || !words.iter().all(|word| fits(word)) {
        return None;
    }
    let modifiers: String = words.iter().map(|word| format!("{word}{}", style.dim("."))).collect();
    let end = match rest.strip_prefix(" // ") {
        Some(comment) => style.dim(&format!(") // {comment}")),
        None => format!("{}{rest}", style.dim(")")),
    };
    let (open, dot, args) = (style.dim("expect("), style.dim(")."), style.dim("("));
    Some(format!("{before}{open}{}{dot}{modifiers}{name}{args}{}{end}", style.red(received), style.green(expected)))
}

/// Gutter grey, markers red, code as the language has it.
fn code_frame(snippet: &str, style: Style) -> String {
    // `> 12 |   code`; what stands below a line has no number.
    let lines: Vec<_> = snippet.trim_end_matches('\n').split('\n').collect();
    let parts: Vec<Option<(&str, &str)>> = lines.iter().map(|line| Some(line.split_at(line.find('|')? + 1))).collect();
    let is_mark = |gutter: &str| !gutter.contains(|c: char| c.is_ascii_digit());
    let code: Vec<&str> =
        parts.iter().flatten().filter(|(gutter, _)| !is_mark(gutter)).map(|(_, code)| *code).collect();
    let mut painted = highlight(&code.join("\n"), style).into_iter();
    let line = |(line, parts): (&&str, &Option<(&str, &str)>)| {
        let Some((gutter, code)) = parts else { return (*line).to_owned() };
        let code = if is_mark(gutter) {
            let (space, mark) = code.split_at(code.len() - code.trim_start().len());
            format!("{space}{}", style.red(&style.bold(mark)))
        } else {
            painted.next().unwrap_or_default()
        };
        match gutter.strip_prefix('>') {
            Some(rest) => format!("{}{}{code}", style.red(&style.bold(">")), style.gray(rest)),
            None => format!("{}{code}", style.gray(gutter)),
        }
    };
    lines.iter().zip(&parts).map(line).collect::<Vec<_>>().join("\n")
}

fn each_line(text: &str, mut paint: impl FnMut(&str) -> String) -> String {
    text.split('\n').map(&mut paint).collect::<Vec<_>>().join("\n")
}
