//! Stacks and code frames as people read them: original positions, none of our own frames.

use super::calls::{Callee, Calls};
use super::positions::PositionMap;
use std::collections::HashMap;
use std::fmt::Write as _;

/// Our own modules; what runs in them is no news to the author of a test.
pub(crate) const OWN: &str = "understudy:";

/// How the engine names what is no file: its own functions, and the text given to `JSON.parse`.
const ENGINE: [&str; 2] = ["native", "<input>"];

/// What is known of the user's modules, by path.
#[derive(Debug, Default)]
pub(crate) struct Sources(HashMap<String, Known>);

#[derive(Debug)]
struct Known {
    source: String,
    positions: PositionMap,
    calls: Calls,
}

impl Sources {
    pub(crate) fn insert(&mut self, path: String, source: String, positions: PositionMap, calls: Calls) {
        self.0.insert(path, Known { source, positions, calls });
    }

    pub(crate) fn source(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(|known| known.source.as_str())
    }

    /// All files by name, as JSON.
    pub(crate) fn as_json(&self) -> String {
        serde_json::Value::from_iter(self.0.iter().map(|(path, known)| (path.as_str(), known.source.as_str())))
            .to_string()
    }

    /// Frames of the engine → frames at original positions, `    at name (file:line:column)`, one a line. Frames of our own and of the
    /// engine are dropped. `at async …` is original already; it is dropped where it repeats the frame it continues.
    pub(crate) fn map_stack(&self, stack: &str) -> String {
        let mut mapped = String::new();
        let mut seen: Vec<(String, (u32, u32))> = Vec::new();
        let mut inner = Callee::None;
        for line in stack.lines() {
            let Some(frame) = Frame::parse(line) else { continue };
            let callee = std::mem::replace(&mut inner, Callee::Named(frame.name.trim_start_matches("<anonymous>")));
            if frame.file.starts_with(OWN) || ENGINE.contains(&frame.file) {
                continue;
            }
            let asynchronous = frame.name.starts_with("async ");
            let (line, column) = match self.0.get(frame.file) {
                Some(known) if !asynchronous => {
                    known.calls.place(known.positions.original(frame.line, frame.column), callee)
                }
                _ => (frame.line, frame.column),
            };
            let known = self.0.get(frame.file);
            let repeats = |(file, other): &(String, (u32, u32))| {
                file == frame.file
                    && (other.0 == line || known.is_some_and(|known| known.calls.is_awaited((line, column), *other)))
            };
            if asynchronous && seen.iter().any(repeats) {
                continue;
            }
            seen.push((frame.file.to_owned(), (line, column)));
            let file = frame.file;
            let _ = match frame.name.trim_end_matches("<anonymous>") {
                "" => writeln!(mapped, "    at {file}:{line}:{column}"),
                "async " => writeln!(mapped, "    at async {file}:{line}:{column}"),
                name => writeln!(mapped, "    at {name} ({file}:{line}:{column})"),
            };
        }
        mapped
    }

    /// The code frame at a place of a module that is known; empty otherwise.
    pub(crate) fn snippet(&self, path: &str, line: u32, column: u32) -> String {
        self.source(path).map_or_else(String::new, |source| snippet(source, line, column))
    }
}

struct Frame<'s> {
    name: &'s str,
    file: &'s str,
    line: u32,
    column: u32,
}

impl<'s> Frame<'s> {
    /// `at name (file:line:column)`, `at file:line:column` or `at name (native)`.
    fn parse(line: &'s str) -> Option<Self> {
        let rest = line.trim().strip_prefix("at ")?;
        let (name, place) = match rest.strip_suffix(')').and_then(|rest| rest.rsplit_once(" (")) {
            Some((name, place)) => (name, place),
            None => rest.strip_prefix("async ").map_or(("", rest), |place| ("async ", place)),
        };
        if place == "native" {
            return Some(Self { name, file: place, line: 0, column: 0 });
        }
        let (place, column) = place.rsplit_once(':')?;
        let (file, line) = place.rsplit_once(':')?;
        Some(Self { name, file, line: line.parse().ok()?, column: column.parse().ok()? })
    }
}

/// The lines around a place with a marker, as Playwright (Babel's code frame) prints them: two above, three below.
pub(crate) fn snippet(source: &str, line: u32, column: u32) -> String {
    const ABOVE: usize = 2;
    const BELOW: usize = 3;
    let lines: Vec<&str> = source.split('\n').map(|line| line.trim_end_matches('\r')).collect();
    let marked = line as usize;
    // What was made small by a tool shows nobody anything.
    const LONGEST: usize = 2000;
    let around = lines.iter().skip(marked.saturating_sub(ABOVE + 1)).take(ABOVE + 1 + BELOW);
    if marked == 0 || marked > lines.len() || around.into_iter().any(|line| line.len() > LONGEST) {
        return String::new();
    }
    let first = marked.saturating_sub(ABOVE).max(1);
    let last = (marked + BELOW).min(lines.len());
    let width = last.to_string().len();
    let mut frame = String::new();
    for number in first..=last {
        let text = lines[number - 1];
        let mark = if number == marked { '>' } else { ' ' };
        let _ = write!(frame, "{mark} {number:>width$} |");
        if !text.is_empty() {
            let _ = write!(frame, " {text}");
        }
        frame.push('\n');
        if number == marked {
            let indent: String = text
                .chars()
                .take(column.saturating_sub(1) as usize)
                .map(|c| if c == '\t' { '\t' } else { ' ' })
                .collect();
            let _ = writeln!(frame, "  {:width$} | {indent}^", "");
        }
    }
    frame.pop();
    frame
}

#[cfg(test)]
mod tests {
    use super::super::positions::Mapping;
    use super::*;

    #[test]
    fn frames_are_mapped_and_ours_left_out() {
        let mut sources = Sources::default();
        let positions = PositionMap::new(std::iter::once(Mapping { generated: (2, 1), original: (12, 5) }));
        sources.insert("a.spec.ts".to_owned(), String::new(), positions, Calls::default());
        let cases = [
            ("mapped", "    at f (a.spec.ts:2:8)\n", "    at f (a.spec.ts:12:5)\n"),
            ("without a name", "    at <anonymous> (a.spec.ts:2:8)\n", "    at a.spec.ts:12:5\n"),
            ("ours", "    at op (understudy:facade/op.js:2:8)\n    at f (native)\n", ""),
            ("async is original", "    at async f (a.spec.ts:2:8)\n", "    at async f (a.spec.ts:2:8)\n"),
            ("async without a name", "    at async <anonymous> (a.spec.ts:2:8)\n", "    at async a.spec.ts:2:8\n"),
            (
                "async that repeats its own call",
                "    at f (a.spec.ts:2:8)\n    at async f (a.spec.ts:12:1)\n    at async g (a.spec.ts:30:1)\n",
                "    at f (a.spec.ts:12:5)\n    at async g (a.spec.ts:30:1)\n",
            ),
            ("no file", "    at <input>:1:2\n    at parse (native)\n    at f (b.js:2:8)\n", "    at f (b.js:2:8)\n"),
            ("unknown file", "    at f (b.js:2:8)\n", "    at f (b.js:2:8)\n"),
            ("no frame", "Error: at sea\n", ""),
        ];
        for (name, stack, expected) in cases {
            assert_eq!(sources.map_stack(stack), expected, "{name}");
        }
    }

    #[test]
    fn a_code_frame_marks_the_place() {
        let source = "one\ntwo\nthree\n\tfour(x)\n\nsix\nseven\neight\nnine\nten\neleven";
        assert_eq!(
            snippet(source, 4, 3),
            "  2 | two\n  3 | three\n> 4 | \tfour(x)\n    | \t ^\n  5 |\n  6 | six\n  7 | seven"
        );
        assert_eq!(snippet(source, 10, 1), "   8 | eight\n   9 | nine\n> 10 | ten\n     | ^\n  11 | eleven");
        assert_eq!(snippet(source, 99, 1), "");
    }
}
