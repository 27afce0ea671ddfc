//! The `html` reporter: one file that needs nothing else, for people.

use super::Reporter;
use super::book::Verdict;
use super::output::Output;
use super::record::{About, Record, Step, Test, Try, timestamp};
use super::style::{count, duration};
use crate::model::run::{Attachment, Attempt, Outcome, RunEvent, TestError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::fmt::Write as _;
use std::io::{self, Write};

/// Writes it when the run is over.
pub struct Html {
    out: Output,
    about: About,
    record: Record,
}

/// Verdicts: what they are called, in the page's classes and to people, and their marks.
const VERDICTS: [(Verdict, &str, &str, &str); 5] = [
    (Verdict::Unexpected, "unexpected", "failed", "✘"),
    (Verdict::Flaky, "flaky", "flaky", "±"),
    (Verdict::Interrupted, "interrupted", "interrupted", "!"),
    (Verdict::Expected, "expected", "passed", "✓"),
    (Verdict::Skipped, "skipped", "skipped", "–"),
];
/// Of pictures that are put into the page, bytes.
const LARGEST: u64 = 8 << 20;

impl Html {
    /// `out` gets the page.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>, about: About) -> Self {
        Self { out: Output::new(out), about, record: Record::default() }
    }

    fn page(&self) -> String {
        let mut body = String::new();
        let mut buttons =
            format!("<button data-verdict=\"\" aria-pressed=\"true\">all {}</button>", self.record.tests.len());
        for (verdict, class, word, _) in VERDICTS {
            let number = self.tests(verdict);
            if number > 0 {
                let _ =
                    write!(buttons, "<button data-verdict=\"{class}\" aria-pressed=\"false\">{word} {number}</button>");
            }
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a duration in milliseconds")]
        let took = duration(self.about.elapsed() as u64);
        let _ = write!(
            body,
            "<header><h1>Test report</h1><nav>{buttons}</nav><input type=\"search\" placeholder=\"file, title, @tag, project\" \
             aria-label=\"Filter\"><p>{} · {took} · {}</p></header>",
            timestamp(self.record.started),
            count(self.record.workers, "worker"),
        );
        for error in &self.record.errors {
            let _ = write!(
                body,
                "<section><h2>Outside of any test</h2><div class=\"attempt\">{}</div></section>",
                error_of(error)
            );
        }
        let mut files: Vec<(String, Vec<&Test>)> = Vec::new();
        for test in &self.record.tests {
            let file = self.about.file(&test.case.location.file);
            match files.iter_mut().find(|(known, _)| *known == file) {
                Some((_, tests)) => tests.push(test),
                None => files.push((file, vec![test])),
            }
        }
        for (file, tests) in files {
            let _ = write!(body, "<section class=\"file\"><h2>{}</h2>", escaped(&file));
            tests.into_iter().for_each(|test| test_of(test, &mut body));
            body.push_str("</section>");
        }
        format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <title>Test report</title><style>{}</style><body>{body}<script>{}</script></body></html>\n",
            include_str!("html/page.css"),
            include_str!("html/page.js"),
        )
    }

    /// What did not run counts as skipped.
    fn tests(&self, verdict: Verdict) -> usize {
        let also = if verdict == Verdict::Skipped { self.record.count(Verdict::DidNotRun) } else { 0 };
        self.record.count(verdict) + also
    }
}

impl Reporter for Html {
    fn event(&mut self, event: &RunEvent) {
        self.record.note(event);
    }

    fn end(&mut self, _outcome: Outcome) -> io::Result<()> {
        let page = self.page();
        self.out.put(&page);
        self.out.end()
    }
}

fn test_of(test: &Test, body: &mut String) {
    let case = &test.case;
    let verdict = test.verdict();
    let (_, class, _, mark) = VERDICTS.into_iter().find(|(known, ..)| *known == verdict).unwrap_or(VERDICTS[4]);
    let ms: u64 = test.attempts().map(|(_, attempt)| attempt.duration_ms).sum();
    let open = if verdict == Verdict::Unexpected { " open" } else { "" };
    let _ = write!(
        body,
        "<details class=\"test {class}\"{open}><summary><span class=\"mark\">{mark}</span><span class=\"title\">{} \
         <span class=\"place\">:{}</span>",
        escaped(&case.title()),
        case.location.line
    );
    let tags = case.tags.iter().chain(std::iter::once(&case.project)).filter(|tag| !tag.is_empty());
    tags.for_each(|tag| body.push_str(&format!("<span class=\"tag\">{}</span>", escaped(tag))));
    let _ = write!(body, "</span><span class=\"time\">{}</span></summary>", duration(ms));
    for (one, attempt) in test.attempts() {
        attempt_of(one, attempt, body);
    }
    body.push_str("</details>");
}

fn attempt_of(one: &Try, attempt: &Attempt, body: &mut String) {
    body.push_str("<div class=\"attempt\">");
    if one.retry > 0 {
        let _ =
            write!(body, "<h3>Retry #{} <span class=\"time\">{}</span></h3>", one.retry, duration(attempt.duration_ms));
    }
    for annotation in &attempt.annotations {
        let text = annotation.description.as_deref().map(|text| format!(": {text}")).unwrap_or_default();
        let _ = write!(body, "<p class=\"place\">{}</p>", escaped(&format!("{}{text}", annotation.kind)));
    }
    attempt.errors.iter().for_each(|error| body.push_str(&error_of(error)));
    steps(one, None, body);
    let printed: String = one.printed.iter().map(|(_, text)| text.as_str()).collect();
    if !printed.is_empty() {
        let _ = write!(body, "<details><summary>printed</summary><pre>{}</pre></details>", escaped(&printed));
    }
    attempt.attachments.iter().for_each(|attachment| attached(attachment, body));
    body.push_str("</div>");
}

fn error_of(error: &TestError) -> String {
    format!("<pre class=\"bad\">{}</pre>", escaped(&super::error_words(error)))
}

fn steps(one: &Try, parent: Option<u32>, body: &mut String) {
    let children: Vec<&Step> = one.steps.iter().filter(|step| step.begin.parent == parent).collect();
    if children.is_empty() {
        return;
    }
    body.push_str("<ul>");
    for step in children {
        let class = if step.error.is_some() { " bad" } else { "" };
        let line = format!("{} <span class=\"time\">{}</span>", escaped(&step.begin.title), duration(step.duration_ms));
        if one.steps.iter().any(|other| other.begin.parent == Some(step.begin.id)) {
            let open = if step.error.is_some() { " open" } else { "" };
            let _ = write!(body, "<li class=\"step{class}\"><details{open}><summary>{line}</summary>");
            steps(one, Some(step.begin.id), body);
            body.push_str("</details></li>");
        } else {
            let _ = write!(body, "<li class=\"step{class}\"><span>{line}</span></li>");
        }
    }
    body.push_str("</ul>");
}

/// A picture or a text is shown, of other files there is the path.
fn attached(attachment: &Attachment, body: &mut String) {
    let Attachment { name, content_type, path, body: inline } = attachment;
    let content = match (inline, path) {
        (Some(inline), _) => Some(inline.clone()),
        (None, Some(path)) => {
            let small = std::fs::metadata(path).is_ok_and(|metadata| metadata.len() <= LARGEST);
            small.then(|| std::fs::read(path).ok()).flatten().map(|bytes| BASE64.encode(bytes))
        }
        (None, None) => None,
    };
    let name = escaped(name);
    match content {
        Some(content) if content_type.starts_with("image/") => {
            let _ = write!(
                body,
                "<figure><img alt=\"{name}\" src=\"data:{};base64,{content}\"><figcaption>{name}</figcaption></figure>",
                escaped(content_type)
            );
        }
        Some(content) if content_type.starts_with("text/") || content_type == "application/json" => {
            let text = BASE64.decode(content).unwrap_or_default();
            let text = escaped(&String::from_utf8_lossy(&text));
            let _ = write!(body, "<details><summary>{name}</summary><pre>{text}</pre></details>");
        }
        _ => {
            let path = escaped(path.as_deref().unwrap_or_default());
            let _ = write!(body, "<p>{name}: <span class=\"place\">{path}</span></p>");
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
