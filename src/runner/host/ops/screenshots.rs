//! `expect.screenshot`: pictures of a page or an element until one is as expected, or stands still.

use super::locator::Target;
use super::snapshot::{Tolerance, decoded, encoded};
use super::{Failure, Operations, Performed, parse, picture};
use crate::browser::locator::Locator;
use crate::browser::progress::Progress;
use crate::browser::screenshot::ScreenshotOptions;
use crate::browser::{BrowserError, Page};
use crate::picture::{Comparison, Limits, compare};
use serde::Deserialize;
use serde_json::{Value, json};

/// Milliseconds before each picture; the last repeats.
const PAUSES: [u64; 5] = [0, 100, 250, 500, 1000];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    page: Option<String>,
    expected: Option<String>,
    #[serde(default)]
    is_not: bool,
    #[serde(default)]
    timeout: f64,
    #[serde(flatten)]
    tolerance: Tolerance,
}

/// Of what.
enum Subject {
    Page(Page),
    Element(Locator),
}

impl Subject {
    async fn picture(&self, options: &ScreenshotOptions, progress: &Progress) -> Result<Vec<u8>, BrowserError> {
        match self {
            Self::Page(page) => page.screenshot_within(options, progress).await,
            Self::Element(locator) => locator.screenshot_within(options, progress).await,
        }
    }
}

/// The pictures of a wait.
#[derive(Default)]
struct Seen {
    previous: Option<Vec<u8>>,
    actual: Option<Vec<u8>>,
    shown: Option<Vec<u8>>,
    why: Option<String>,
}

impl Seen {
    fn differ(&mut self, progress: &Progress, why: String, shown: Vec<u8>) {
        progress.note(why.clone());
        (self.why, self.shown) = (Some(why), Some(shown));
    }
}

pub(super) async fn perform(operations: &Operations, params: Value) -> Result<Performed, Failure> {
    let asked: Asked = parse(params.clone())?;
    let options = picture::options(operations, &params).await?;
    let subject = match &asked.page {
        Some(page) => Subject::Page(operations.page(page)?),
        None => Subject::Element(parse::<Target>(params)?.locator(operations)?),
    };
    let expected = asked.expected.as_deref().map(decoded).transpose()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time in milliseconds")]
    let progress = Progress::new(asked.timeout.round() as u64);
    let limits = asked.tolerance.limits();
    let mut seen = Seen::default();
    let result = settle(&subject, &options, &progress, expected.as_deref(), (&limits, asked.is_not), &mut seen).await;
    let timed_out = match result {
        Ok(()) => false,
        Err(BrowserError::Timeout { timeout_ms, .. }) => {
            progress.note(format!("Timeout {timeout_ms}ms exceeded."));
            seen.why = Some(match seen.actual {
                Some(_) => "Failed to take two consecutive stable screenshots.".to_owned(),
                None => format!("Timeout {timeout_ms}ms exceeded."),
            });
            true
        }
        Err(error) => return Err(error.into()),
    };
    let value = json!({
        "why": seen.why, "timedOut": timed_out, "log": progress.log.compressed(), "actual": seen.actual.map(encoded),
        "previous": seen.previous.filter(|_| timed_out).map(encoded), "diff": seen.shown.map(encoded),
    });
    let performed = Performed::from(value);
    Ok(match subject {
        Subject::Page(page) => performed.showing(&page, None),
        Subject::Element(locator) => performed.showing_element(locator),
    })
}

/// Leaves in `seen` why it is not as expected; nothing where it is, or where nothing is expected and it stands still.
async fn settle(
    subject: &Subject,
    options: &ScreenshotOptions,
    progress: &Progress,
    expected: Option<&[u8]>,
    (limits, is_not): (&Limits, bool),
    seen: &mut Seen,
) -> Result<(), BrowserError> {
    progress.note(match expected {
        Some(_) => "  verifying given screenshot expectation",
        None => "  generating new stable screenshot expectation",
    });
    for round in 0.. {
        let pause = PAUSES[round.min(PAUSES.len() - 1)];
        if pause > 0 {
            progress.note(format!("waiting {pause}ms before taking screenshot"));
            progress.sleep(pause).await?;
        }
        let actual = subject.picture(options, progress).await?;
        seen.previous = seen.actual.replace(actual.clone());
        // The first one may already be right; the others have to stand still.
        let other = if round == 0 { expected } else { seen.previous.as_deref() };
        let Some(other) = other else { continue };
        let compared = compared(other, &actual, limits).await;
        let same = compared == Comparison::Same;
        match compared {
            Comparison::Same => {}
            Comparison::Different { why, shown } => seen.differ(progress, why, shown),
            Comparison::Unreadable { why } => {
                progress.note(why.clone());
                *seen = Seen { why: Some(why), ..Seen::default() };
                return Ok(());
            }
        }
        if round == 0 && same != is_not {
            (seen.why, seen.shown) = (None, None);
            return Ok(());
        }
        if round > 0 && same {
            progress.note("captured a stable screenshot");
            let last = match expected {
                Some(expected) => self::compared(expected, &actual, limits).await,
                None => Comparison::Same,
            };
            (seen.why, seen.shown) = (None, None);
            if let Comparison::Different { why, shown } = last {
                seen.differ(progress, why, shown);
            }
            if is_not && seen.why.take().is_none() {
                seen.why = Some("Expected result should be different from the actual one.".to_owned());
            }
            return Ok(());
        }
    }
    Ok(())
}

/// Pictures are large: not on the threads that everything else waits for.
async fn compared(expected: &[u8], actual: &[u8], limits: &Limits) -> Comparison {
    if expected == actual {
        return Comparison::Same;
    }
    let (expected, actual, limits) = (expected.to_vec(), actual.to_vec(), *limits);
    let compared = tokio::task::spawn_blocking(move || compare(&expected, &actual, &limits)).await;
    compared.unwrap_or_else(|error| Comparison::Unreadable { why: format!("comparing broke off: {error}") })
}
