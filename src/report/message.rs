//! Texts of errors, coloured by what their lines are: the runner tells them without colours.

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
            lines.push(style.dim(&format!("   at {}:{}", location.file, location.line)));
        }
        lines.push(String::new());
        lines.push(code_frame(snippet, style));
    } else if let Some(location) = location.filter(|_| error.stack.is_empty()) {
        lines.push(style.dim(&format!("    at {}:{}:{}", location.file, location.line, location.column)));
    }
    let stack = error.stack.trim_end();
    if !stack.is_empty() {
        lines.extend(stack.lines().map(|line| style.dim(line)));
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
    each_line(text, |line| {
        if in_log && !line.starts_with(' ') && !line.is_empty() {
            in_log = false;
        }
        in_diff |= line.starts_with("- Expected");
        let painted = if in_log {
            style.dim(line)
        } else if in_diff && line.starts_with('-') {
            style.green(line)
        } else if in_diff && line.starts_with('+') {
            style.red(line)
        } else if in_diff && line.starts_with("  ") {
            style.dim(line)
        } else {
            labelled(line, style)
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

/// Gutter grey, markers red.
fn code_frame(snippet: &str, style: Style) -> String {
    each_line(snippet.trim_end_matches('\n'), |line| {
        let Some(bar) = line.find('|') else { return line.to_owned() };
        let (gutter, code) = line.split_at(bar + 1);
        let number = gutter.trim_start_matches(['>', ' ']);
        let marks_column = number == "|" && code.trim() == "^";
        let code = if marks_column { style.red(&style.bold(code)) } else { code.to_owned() };
        match gutter.strip_prefix('>') {
            Some(rest) => format!("{}{}{code}", style.red(&style.bold(">")), style.gray(rest)),
            None => format!("{}{code}", style.gray(gutter)),
        }
    })
}

fn each_line(text: &str, mut paint: impl FnMut(&str) -> String) -> String {
    text.split('\n').map(&mut paint).collect::<Vec<_>>().join("\n")
}
