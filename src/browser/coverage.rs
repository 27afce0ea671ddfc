//! Which parts of a page's scripts and style sheets were used, told in Chromium's own terms. In a session of its own.

use super::error::BrowserError;
use super::page::Page;
use super::raw::{RawEvent, RawObserver, RawSession};
use super::sync::lock;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

/// How the addresses of our own scripts begin.
const OURS: &str = "understudy:";

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Covered {
    /// Scripts.
    Js,
    /// Style sheets.
    Css,
}

/// What counts.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CoverageOptions {
    /// Only what the last document used.
    pub reset_on_navigation: bool,
    /// Scripts without an address too.
    pub report_anonymous_scripts: bool,
}

impl Default for CoverageOptions {
    fn default() -> Self {
        Self { reset_on_navigation: true, report_anonymous_scripts: false }
    }
}

/// What a page is told about, until somebody asks.
pub struct Coverage {
    covered: Covered,
    options: CoverageOptions,
    session: RawSession,
    seen: Arc<Mutex<Seen>>,
}

/// By Chromium's names, in the order of their coming.
#[derive(Default)]
struct Seen {
    order: Vec<String>,
    parts: HashMap<String, Part>,
}

#[derive(Default)]
struct Part {
    url: String,
    text: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Script {
    script_id: String,
    #[serde(default)]
    url: String,
}

#[derive(Deserialize)]
struct Added {
    header: Header,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    style_sheet_id: String,
    #[serde(rename = "sourceURL")]
    source_url: String,
}

/// A stretch of a style sheet.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stretch {
    start_offset: f64,
    end_offset: f64,
    used: bool,
}

impl Coverage {
    /// From now on it is looked what is used.
    ///
    /// # Errors
    /// When the page is gone.
    pub async fn start(page: &Page, covered: Covered, options: CoverageOptions) -> Result<Self, BrowserError> {
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let ears = Ears { covered, options, seen: seen.clone(), session: Arc::default() };
        let own = ears.session.clone();
        let observer: RawObserver = Arc::new(move |event| ears.hear(event));
        let session = page.raw_session(observer).await?;
        // Nothing is told before something is enabled.
        let _ = own.set(session.clone());
        let commands: &[(&str, Value)] = match covered {
            Covered::Js => &[
                ("Runtime.enable", json!({})),
                ("Profiler.enable", json!({})),
                ("Profiler.startPreciseCoverage", json!({ "callCount": true, "detailed": true })),
                ("Debugger.enable", json!({})),
                ("Debugger.setSkipAllPauses", json!({ "skip": true })),
            ],
            Covered::Css => &[
                ("Runtime.enable", json!({})),
                ("DOM.enable", json!({})),
                ("CSS.enable", json!({})),
                ("CSS.startRuleUsageTracking", json!({})),
            ],
        };
        for (method, params) in commands {
            session.send(method, params).await?;
        }
        Ok(Self { covered, options, session, seen })
    }

    /// What was used until now; the end of looking.
    ///
    /// # Errors
    /// When the page is gone.
    pub async fn stop(self) -> Result<Value, BrowserError> {
        let entries = match self.covered {
            Covered::Js => self.scripts().await?,
            Covered::Css => self.style_sheets().await?,
        };
        Ok(entries.into())
    }

    /// Whether the page is gone, and with it what was used.
    pub fn is_over(&self) -> bool {
        self.session.is_closed()
    }

    async fn scripts(&self) -> Result<Vec<Value>, BrowserError> {
        let mut taken = self.session.send("Profiler.takePreciseCoverage", &json!({})).await?;
        self.session.send("Profiler.stopPreciseCoverage", &json!({})).await?;
        let Some(Value::Array(found)) = taken.get_mut("result").map(Value::take) else { return Ok(Vec::new()) };
        let seen = lock(&self.seen);
        let entries = found.into_iter().filter_map(|mut entry| {
            let part = seen.parts.get(entry["scriptId"].as_str()?)?;
            let url = entry["url"].as_str().unwrap_or_default();
            if url.starts_with(OURS) || (url.is_empty() && !self.options.report_anonymous_scripts) {
                return None;
            }
            if let Some(text) = part.text.as_deref().filter(|text| !text.is_empty()) {
                entry["source"] = text.into();
            }
            Some(entry)
        });
        Ok(entries.collect())
    }

    async fn style_sheets(&self) -> Result<Vec<Value>, BrowserError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Rule {
            style_sheet_id: String,
            #[serde(flatten)]
            stretch: Stretch,
        }
        let mut stopped = self.session.send("CSS.stopRuleUsageTracking", &json!({})).await?;
        // Style sheets are told with the answer; what is in them was asked for before this is.
        self.session.send("CSS.disable", &json!({})).await?;
        let rules: Vec<Rule> = serde_json::from_value(stopped["ruleUsage"].take())
            .map_err(|error| BrowserError::other(format!("failed to decode the use of style sheets: {error}")))?;
        let mut stretches: HashMap<String, Vec<Stretch>> = HashMap::new();
        for rule in rules {
            stretches.entry(rule.style_sheet_id).or_default().push(rule.stretch);
        }
        let seen = lock(&self.seen);
        let entries = seen.order.iter().filter_map(|id| {
            let part = seen.parts.get(id)?;
            let ranges = used(stretches.get(id).map_or(&[], Vec::as_slice));
            Some(json!({ "url": part.url, "ranges": ranges, "text": part.text.as_deref()? }))
        });
        Ok(entries.collect())
    }
}

impl Drop for Coverage {
    fn drop(&mut self) {
        self.session.end();
    }
}

struct Ears {
    covered: Covered,
    options: CoverageOptions,
    seen: Arc<Mutex<Seen>>,
    session: Arc<OnceLock<RawSession>>,
}

impl Ears {
    fn hear(&self, event: RawEvent) {
        let RawEvent::Told { method, params } = event else { return };
        match (method.as_str(), self.covered) {
            ("Runtime.executionContextsCleared", _) if self.options.reset_on_navigation => {
                *lock(&self.seen) = Seen::default();
            }
            ("Debugger.scriptParsed", Covered::Js) => {
                let Ok(Script { script_id, url }) = serde_json::from_value(params) else { return };
                let wanted = !url.is_empty() || self.options.report_anonymous_scripts;
                self.add(&script_id, url);
                if wanted {
                    self.read(
                        script_id.clone(),
                        "Debugger.getScriptSource",
                        &json!({ "scriptId": script_id }),
                        "scriptSource",
                    );
                }
            }
            ("CSS.styleSheetAdded", Covered::Css) => {
                let Ok(Added { header }) = serde_json::from_value(params) else { return };
                if !header.source_url.is_empty() {
                    self.add(&header.style_sheet_id, header.source_url);
                    let params = json!({ "styleSheetId": header.style_sheet_id });
                    self.read(header.style_sheet_id, "CSS.getStyleSheetText", &params, "text");
                }
            }
            _ => {}
        }
    }

    fn add(&self, id: &str, url: String) {
        let mut seen = lock(&self.seen);
        if seen.parts.insert(id.to_owned(), Part { url, text: None }).is_none() {
            seen.order.push(id.to_owned());
        }
    }

    /// Answers come in order: what is asked for here is there before what `stop` asks for.
    fn read(&self, id: String, method: &'static str, params: &Value, field: &'static str) {
        let Some(session) = self.session.get() else { return };
        let seen = self.seen.clone();
        session.ask(method, params, move |answer| {
            // The document went away with it.
            let Ok(mut answer) = answer else { return };
            if let (Some(part), Value::String(text)) = (lock(&seen).parts.get_mut(&id), answer[field].take()) {
                part.text = Some(text);
            }
        });
    }
}

/// Stretches of used text, joined and in order. They nest; the innermost says whether a character was used. Those of a single character are none.
fn used(stretches: &[Stretch]) -> Vec<Value> {
    let mut borders: Vec<f64> = stretches.iter().flat_map(|one| [one.start_offset, one.end_offset]).collect();
    borders.sort_by(f64::total_cmp);
    borders.dedup();
    let mut joined: Vec<(f64, f64)> = Vec::new();
    for pair in borders.windows(2) {
        let [start, end] = [pair[0], pair[1]];
        let around = stretches.iter().filter(|one| one.start_offset <= start && end <= one.end_offset);
        let innermost =
            around.min_by(|a, b| (a.end_offset - a.start_offset).total_cmp(&(b.end_offset - b.start_offset)));
        if !innermost.is_some_and(|one| one.used) {
            continue;
        }
        match joined.last_mut() {
            Some(last) if last.1 >= start => last.1 = end,
            _ => joined.push((start, end)),
        }
    }
    joined
        .into_iter()
        .filter(|(start, end)| end - start > 1.0)
        .map(|(start, end)| json!({ "start": whole(start), "end": whole(end) }))
        .collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a text")]
fn whole(offset: f64) -> u64 {
    offset as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_joined_and_the_innermost_counts() {
        let stretch = |start_offset, end_offset, used| Stretch { start_offset, end_offset, used };
        let cases: [(&[Stretch], Value); 4] = [
            (&[], json!([])),
            (&[stretch(0.0, 5.0, true), stretch(5.0, 9.0, true)], json!([{ "start": 0, "end": 9 }])),
            (
                &[stretch(0.0, 20.0, true), stretch(5.0, 9.0, false)],
                json!([{ "start": 0, "end": 5 }, { "start": 9, "end": 20 }]),
            ),
            (&[stretch(0.0, 1.0, true), stretch(3.0, 8.0, false)], json!([])),
        ];
        for (stretches, expected) in cases {
            assert_eq!(Value::from(used(stretches)), expected);
        }
    }
}
