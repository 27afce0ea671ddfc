//! A failed test in full: what was tried, what went wrong, what it left behind.

use super::book::Entry;
use super::message::error_text;
use super::style::{Style, fit};
use crate::model::run::{Attachment, Attempt, Location, Status, TestCase};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::path::Path;

/// Of a text attachment, characters; the rest is in the attachment.
const SHOWN: usize = 300;

/// `[chromium] › file:line:column › describe › test @tag`.
pub(super) fn title(case: &TestCase) -> String {
    title_in_step(case, "")
}

/// The same with ` › step › step` behind the test.
pub(super) fn title_in_step(case: &TestCase, steps: &str) -> String {
    let Location { file, line, column } = &case.location;
    let project = &case.project;
    let project = if project.is_empty() { String::new() } else { format!("[{project}] › ") };
    let mut title = format!("{project}{file}:{line}:{column} › {}{steps}", case.title());
    for tag in case.tags.iter().filter(|tag| !case.title_path.iter().any(|part| part.contains(tag.as_str()))) {
        title.push(' ');
        title.push_str(tag);
    }
    title
}

/// `  1) title ─────` and every attempt that has errors; ends without a newline.
pub(super) fn failure(number: usize, entry: &Entry, root: &Path, style: Style) -> String {
    let header = format!("  {number}) {}{}", title(&entry.case), entry.failed_step());
    let mut text = format!("{}\n", style.red(&format!("{header}{}", style.rule_after(&header))));
    for attempt in &entry.attempts {
        let errors = errors(attempt, &entry.case, style);
        if errors.is_empty() {
            continue;
        }
        if attempt.retry > 0 {
            let header = format!("    Retry #{}", attempt.retry);
            text.push_str(&format!("\n{}\n", style.gray(&format!("{header}{}", style.rule_after(&header)))));
        }
        for error in errors {
            text.push_str(&format!("\n{}\n", indented(&error)));
        }
        for (at, attachment) in attempt.attachments.iter().enumerate() {
            text.push_str(&attached(at + 1, attachment, root, style));
        }
    }
    text
}

/// Errors of an attempt in full; a test that passed and should not have has none of its own.
fn errors(attempt: &Attempt, case: &TestCase, style: Style) -> Vec<String> {
    if attempt.errors.is_empty() && attempt.status == Status::Passed && attempt.expected_status == Status::Failed {
        return vec![style.red("Expected to fail, but passed.")];
    }
    attempt.errors.iter().map(|error| error_text(error, Some(&case.location.file), style)).collect()
}

/// The path of a file, or the start of a text; other content can not be shown.
pub(super) fn attached(number: usize, attachment: &Attachment, root: &Path, style: Style) -> String {
    let text = match (&attachment.path, &attachment.body) {
        (Some(path), _) => match Path::new(path).strip_prefix(root) {
            Ok(inside) => inside.display().to_string(),
            Err(_) => path.clone(),
        },
        (None, Some(body)) if attachment.content_type.starts_with("text/") => {
            let text = STANDARD.decode(body).unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            match text.char_indices().nth(SHOWN) {
                Some((end, _)) => format!("{}...", &text[..end]),
                None => text,
            }
        }
        _ => return String::new(),
    };
    let text = if attachment.name == "trace" && attachment.path.is_some() {
        let path = if text.contains(' ') { format!("\"{text}\"") } else { text.clone() };
        format!("{text}\nUsage:\n\n    npx playwright show-trace {path}\n")
    } else {
        text
    };
    let (before, after) = (format!("    attachment #{number}: "), format!(" ({})", attachment.content_type));
    let rule = style.rule_after(&format!("{before}{}{after}", attachment.name));
    let first = format!(
        "{}{}{}",
        style.dim(&before),
        style.dim(&style.bold(&attachment.name)),
        style.dim(&format!("{after}{rule}"))
    );
    let last = style.dim(&format!("    {}", style.rule_after("    ")));
    format!("\n{first}\n{}\n{last}\n", style.dim(&indented(&text)))
}

/// A line of the summary: `    title ─────`.
pub(super) fn summary_line(case: &TestCase, columns: Option<usize>, style: Style) -> String {
    let line = format!("    {}", title(case));
    let line = columns.map_or_else(|| line.clone(), |columns| fit(&line, columns));
    format!("{line}{}", style.rule_after(&line))
}

fn indented(text: &str) -> String {
    let indent = |line: &str| if line.is_empty() { String::new() } else { format!("    {line}") };
    text.split('\n').map(indent).collect::<Vec<_>>().join("\n")
}

/// A place in JSON, its file by this path.
pub(super) fn location_of(location: &Location, file: &str) -> serde_json::Value {
    serde_json::json!({ "file": file, "line": location.line, "column": location.column })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Terminal;

    #[test]
    fn a_trace_comes_with_what_opens_it() {
        let style = Terminal::default().style();
        let told = |name: &str, path: &str| {
            let (path, content_type) = (Some(path.to_owned()), "application/zip".to_owned());
            let attachment = Attachment { name: name.to_owned(), content_type, path, body: None };
            attached(2, &attachment, Path::new("/here"), style)
        };
        let lines = "    out/trace.zip\n    Usage:\n\n        npx playwright show-trace out/trace.zip\n\n    ───";
        assert!(told("trace", "/here/out/trace.zip").contains(lines));
        assert!(told("trace", "/here/my out/t.zip").contains("show-trace \"my out/t.zip\"\n"));
        assert!(!told("archive", "/here/out/trace.zip").contains("Usage"));
    }
}
