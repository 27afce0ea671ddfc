//! What the demo shows: a session's events, as a client gets them, for a person to read.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Where a step's duration begins, columns.
const TIME_COLUMN: usize = 64;

/// Writes lines to `out` and pictures to `folder`.
pub(super) struct Screen<W> {
    out: W,
    folder: PathBuf,
    colors: bool,
    /// Whether the last line can be written over.
    live: bool,
    steps: u64,
    failed: u64,
    pictures: u64,
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) exit_code: u8,
    pub(super) duration_ms: u64,
}

impl<W: Write> Screen<W> {
    /// `live`: whether `out` is a terminal.
    pub(super) fn new(out: W, folder: &Path, colors: bool, live: bool) -> Self {
        Self { out, folder: folder.to_owned(), colors, live, steps: 0, failed: 0, pictures: 0 }
    }

    /// A line as it is.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    /// A heading and what it names, in columns.
    pub(super) fn fact(&mut self, name: &str, value: &str) -> io::Result<()> {
        let name = self.paint("2", &format!("{name:<10}"));
        self.line(&format!("  {name}{value}"))
    }

    pub(super) fn bold(&self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Shows one event; the verdict is the last.
    pub(super) fn event(&mut self, name: &str, payload: &Value) -> io::Result<Option<Verdict>> {
        match name {
            "execution:step" => self.step(payload)?,
            "execution:screenshot" => self.picture(payload)?,
            "execution:log" => self.log(payload)?,
            "error" => {
                let message = payload["message"].as_str().unwrap_or("something went wrong");
                self.indented(message, "31")?;
            }
            "execution:complete" => return Ok(Some(verdict(payload))),
            _ => {}
        }
        self.out.flush()?;
        Ok(None)
    }

    fn step(&mut self, step: &Value) -> io::Result<()> {
        let explanation = step["explanation"].as_str().unwrap_or("a step");
        let number = step["stepNumber"].as_u64().unwrap_or_default();
        let (mark, color) = match step["status"].as_str() {
            Some("passed") => ("✓", "32"),
            Some("failed") => ("✕", "31"),
            _ if self.live => {
                return write!(self.out, "  {} {number:>2}  {explanation}", self.paint("33", "●"));
            }
            _ => return Ok(()),
        };
        self.steps += 1;
        let took = step["duration"].as_u64().map(|ms| format!("{ms:>6} ms")).unwrap_or_default();
        let space = " ".repeat(TIME_COLUMN.saturating_sub(explanation.chars().count() + 6).max(1));
        self.clear()?;
        let line = format!("  {} {number:>2}  {explanation}{space}{}", self.paint(color, mark), self.paint("2", &took));
        self.line(line.trim_end())?;
        if let Some(error) = step["error"].as_str() {
            self.failed += 1;
            self.indented(error, "31")?;
        }
        Ok(())
    }

    fn picture(&mut self, payload: &Value) -> io::Result<()> {
        let Some(bytes) = payload["imageData"].as_str().and_then(|text| STANDARD.decode(text).ok()) else {
            return Ok(());
        };
        let end = if bytes.starts_with(b"\x89PNG") { "png" } else { "jpg" };
        let number = payload["stepNumber"].as_u64().unwrap_or_default();
        fs::write(self.folder.join(format!("step-{number:02}.{end}")), bytes)?;
        self.pictures += 1;
        Ok(())
    }

    fn log(&mut self, payload: &Value) -> io::Result<()> {
        let color = match payload["level"].as_str() {
            Some("error") => "31",
            Some("warn") => "33",
            _ => "2",
        };
        self.clear()?;
        self.indented(payload["message"].as_str().unwrap_or_default(), color)
    }

    /// The last words.
    pub(super) fn verdict(&mut self, verdict: Verdict) -> io::Result<()> {
        let (word, color) = match verdict.exit_code {
            0 => ("Passed", "1;32"),
            1 => ("Failed", "1;31"),
            130 => ("Cancelled", "1;33"),
            124 => ("Timed out", "1;31"),
            _ => ("Could not run", "1;31"),
        };
        let seconds = verdict.duration_ms as f64 / 1_000.0;
        let steps = match self.steps {
            1 => "1 step".to_owned(),
            n => format!("{n} steps"),
        };
        let word = self.paint(color, word);
        self.line(&format!("\n  {word} · {steps} in {seconds:.1} s"))?;
        match self.pictures {
            0 => Ok(()),
            n => {
                let folder = self.folder.display().to_string();
                self.fact("pictures", &format!("{folder} ({n}, the target of each step outlined)"))
            }
        }
    }

    fn indented(&mut self, text: &str, color: &str) -> io::Result<()> {
        for line in text.lines() {
            let line = self.paint(color, line);
            self.line(&format!("        {line}"))?;
        }
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        if self.live { write!(self.out, "\r\x1b[K") } else { Ok(()) }
    }

    fn paint(&self, color: &str, text: &str) -> String {
        if self.colors && !text.is_empty() { format!("\x1b[{color}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

fn verdict(payload: &Value) -> Verdict {
    /// What cannot be understood did not run.
    const COULD_NOT_RUN: u8 = 2;
    let exit_code = payload["exitCode"].as_u64().and_then(|code| u8::try_from(code).ok()).unwrap_or(COULD_NOT_RUN);
    Verdict { exit_code, duration_ms: payload["duration"].as_u64().unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn events(live: bool) -> (String, Option<Verdict>, PathBuf, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let mut out = Vec::new();
        let mut screen = Screen::new(&mut out, folder.path(), false, live);
        let mut last = None;
        for (name, payload) in [
            ("execution:log", json!({"message": "Running 1 test", "level": "info"})),
            ("execution:step", json!({"stepNumber": 1, "status": "running", "explanation": "Go to /"})),
            ("execution:screenshot", json!({"stepNumber": 1, "imageData": "/9j/"})),
            ("execution:step", json!({"stepNumber": 1, "status": "passed", "explanation": "Go to /", "duration": 12})),
            (
                "execution:step",
                json!({"stepNumber": 2, "status": "failed", "explanation": "Click", "duration": 3, "error": "no\nsuch"}),
            ),
            ("agent:status", json!({"agentId": "a", "status": "busy"})),
            ("execution:complete", json!({"exitCode": 1, "duration": 1_500})),
        ] {
            last = screen.event(name, &payload).unwrap();
        }
        screen.verdict(last.unwrap()).unwrap();
        let picture = folder.path().join("step-01.jpg");
        let text = String::from_utf8(out).unwrap().replace(&folder.path().display().to_string(), "FOLDER");
        (text, last, picture, folder)
    }

    #[test]
    fn steps_and_the_verdict_are_told_and_pictures_kept() {
        let (text, verdict, picture, _folder) = events(false);
        insta::assert_snapshot!(text, @r"
                Running 1 test
          ✓  1  Go to /                                                       12 ms
          ✕  2  Click                                                          3 ms
                no
                such

          Failed · 2 steps in 1.5 s
          pictures  FOLDER (1, the target of each step outlined)
        ");
        assert_eq!(verdict, Some(Verdict { exit_code: 1, duration_ms: 1_500 }));
        assert_eq!(fs::read(picture).unwrap(), [0xff, 0xd8, 0xff]);
    }

    #[test]
    fn on_a_terminal_a_running_step_is_written_over() {
        let (text, ..) = events(true);
        assert!(text.contains("  ●  1  Go to /\r\x1b[K  ✓  1  Go to /"), "{text:?}");
    }
}
