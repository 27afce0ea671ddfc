//! What an attempt left behind, as people are told: paths of files, the start of texts. Laid out as Playwright's.

use super::failure::indented;
use super::style::Style;
use crate::model::run::Attachment;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::path::Path;

/// Of a text attachment, characters; the rest is in the attachment.
const SHOWN: usize = 300;

/// The files of one comparison, by the ends of their names, and in which order and words they are told.
const PARTS: [(&str, &str); 4] =
    [("-expected", "Expected: "), ("-actual", "Received: "), ("-previous", "Previous: "), ("-diff", "Diff:     ")];
/// Of [`PARTS`]: without it there is no comparison to tell of.
const ACTUAL: usize = 1;

/// Attachments that are told together: the files of a comparison, or a single one.
struct Group<'a> {
    name: &'a str,
    first: &'a Attachment,
    /// Paths in the order of [`PARTS`].
    parts: [Option<&'a str>; 4],
}

/// All that can be told, a block each. Numbers count what is not told, too.
pub(super) fn attached(attachments: &[Attachment], root: &Path, style: Style) -> String {
    let groups = groups(attachments);
    groups.iter().enumerate().map(|(at, group)| block(at + 1, group, root, style)).collect()
}

fn groups(attachments: &[Attachment]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for attachment in attachments {
        let single = Group { name: &attachment.name, first: attachment, parts: [None; 4] };
        let Some((path, (name, part))) = attachment.path.as_deref().zip(part_of(&attachment.name)) else {
            groups.push(single);
            continue;
        };
        let is_its = |group: &Group<'_>| group.name == name && group.parts.iter().any(Option::is_some);
        let at = groups.iter().position(is_its).unwrap_or_else(|| {
            groups.push(Group { name, ..single });
            groups.len() - 1
        });
        groups[at].parts[part] = Some(path);
    }
    groups
}

/// `p-actual.png` is a part of `p`: which of [`PARTS`].
fn part_of(name: &str) -> Option<(&str, usize)> {
    let end =
        |text: &'_ str| PARTS.iter().enumerate().find_map(|(at, (end, _))| Some((text.strip_suffix(end)?.len(), at)));
    let stem = || name.rsplit_once('.').filter(|(_, extension)| !extension.is_empty()).map(|(stem, _)| stem);
    let (length, part) = end(name).or_else(|| end(stem()?))?;
    Some((&name[..length], part))
}

fn block(number: usize, group: &Group<'_>, root: &Path, style: Style) -> String {
    let Group { name, first, parts } = group;
    let shown = |path: &str| match Path::new(path).strip_prefix(root) {
        Ok(inside) => inside.display().to_string(),
        Err(_) => path.to_owned(),
    };
    let text = match (&first.path, &first.body) {
        (Some(path), _) if *name == "error-context" => {
            return format!("\n{}\n", style.dim(&format!("    Error Context: {}", shown(path))));
        }
        _ if name.starts_with('_') => return String::new(),
        (Some(_), _) if parts[ACTUAL].is_some() => {
            let lines =
                parts.iter().zip(PARTS).filter_map(|(path, (_, word))| Some(format!("{word}{}", shown((*path)?))));
            lines.collect::<Vec<_>>().join("\n")
        }
        (Some(path), _) if *name == "trace" => {
            let path = shown(path);
            let quoted = if path.contains(' ') { format!("\"{path}\"") } else { path.clone() };
            format!("{path}\nUsage:\n\n    npx playwright show-trace {quoted}\n")
        }
        (Some(path), _) => shown(path),
        (None, Some(body)) if first.content_type.starts_with("text/") => {
            let text = STANDARD.decode(body).unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            match text.char_indices().nth(SHOWN) {
                Some((end, _)) => format!("{}...", &text[..end]),
                None => text,
            }
        }
        _ => return String::new(),
    };
    let (before, after) = (format!("    attachment #{number}: "), format!(" ({})", first.content_type));
    let rule = style.rule_after(&format!("{before}{name}{after}"));
    let head =
        format!("{}{}{}", style.dim(&before), style.dim(&style.bold(name)), style.dim(&format!("{after}{rule}")));
    let last = style.dim(&format!("    {}", style.rule_after("    ")));
    format!("\n{head}\n{}\n{last}\n", style.dim(&indented(&text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Terminal;

    fn file(name: &str, path: &str) -> Attachment {
        let content_type = "image/png".to_owned();
        Attachment { name: name.to_owned(), content_type, path: Some(path.to_owned()), body: None }
    }

    fn text(name: &str, text: &str) -> Attachment {
        let body = Some(STANDARD.encode(text));
        Attachment { name: name.to_owned(), content_type: "text/plain".to_owned(), path: None, body }
    }

    /// Without rules.
    fn told(attachments: &[Attachment]) -> String {
        attached(attachments, Path::new("/here"), Terminal::default().style()).replace('─', "")
    }

    #[test]
    fn a_trace_comes_with_what_opens_it() {
        let told = |name: &str, path: &str| told(&[file(name, path)]);
        let lines = "    out/trace.zip\n    Usage:\n\n        npx playwright show-trace out/trace.zip\n\n    \n";
        assert!(told("trace", "/here/out/trace.zip").contains(lines));
        assert!(told("trace", "/here/my out/t.zip").contains("show-trace \"my out/t.zip\"\n"));
        assert!(!told("archive", "/here/out/trace.zip").contains("Usage"));
    }

    #[test]
    fn files_of_a_comparison_are_told_together() {
        let all = [
            file("p-expected.png", "/here/s/p.png"),
            text("note", "hi"),
            file("p-actual.png", "/here/out/p-actual.png"),
            file("_hidden", "/here/out/hidden"),
            file("p-diff.png", "/there/p-diff.png"),
            file("error-context", "/here/out/error-context.md"),
            file("q-diff", "/here/q"),
            text("r-actual.txt", "r"),
            file("v1.2-previous.png", "/here/v"),
            file("v1.2-actual.png", "/here/w"),
        ];
        assert_eq!(
            told(&all),
            "\n    attachment #1: p (image/png) \n    Expected: s/p.png\n    Received: out/p-actual.png\n    Diff:     /there/p-diff.png\n    \n\
             \n    attachment #2: note (text/plain) \n    hi\n    \n\
             \n    Error Context: out/error-context.md\n\
             \n    attachment #5: q (image/png) \n    q\n    \n\
             \n    attachment #6: r-actual.txt (text/plain) \n    r\n    \n\
             \n    attachment #7: v1.2 (image/png) \n    Received: w\n    Previous: v\n    \n"
        );
    }

    #[test]
    fn parts_are_known_by_their_names() {
        for (name, expected) in [
            ("p-actual.png", Some(("p", 1))),
            ("a-b-diff", Some(("a-b", 3))),
            ("x.y-expected", Some(("x.y", 0))),
            ("a-expected.b.png", None),
            ("a-actual.", None),
            ("actual.png", None),
        ] {
            assert_eq!(part_of(name), expected, "{name}");
        }
    }
}
