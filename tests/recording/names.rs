//! What elements of real pages are called: as Playwright's generator calls them, but where its choice would not last.

use super::person;
use serde::Deserialize;
use serde_json::json;
use std::path::Path;
use understudy::browser::{BrowserPool, LaunchOptions};
use understudy::model::locator::render;
use understudy::model::recording::ClickMode;
use understudy::recorder::{RecorderEvent, RecorderOptions};

/// `naming/capture.mjs` writes them, but for what is ours.
#[derive(Deserialize)]
struct Row {
    page: String,
    at: String,
    official: String,
    /// Empty where it is the official one.
    ours: String,
}

#[tokio::test]
async fn elements_have_names_that_last() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recording/naming");
    let rows = std::fs::read_to_string(folder.join("names.json")).expect("a table");
    let rows: Vec<Row> = serde_json::from_str(&rows).expect("rows");
    let pool = BrowserPool::new(LaunchOptions::default());
    let mut recording = super::Recording::new(&pool, json!({}), RecorderOptions::default()).await;
    let page = recording.context.new_page().await.expect("a page");
    let mut shown = String::new();
    let mut wrong = String::new();
    for Row { page: name, at, official, ours } in rows {
        if shown != name {
            let url = format!("file://{}", folder.join(&name).display());
            page.main_frame().goto(&url, &person::goto()).await.expect("a document");
            shown = name;
        }
        recording.recorder.set_mode(ClickMode::PickLocator).await;
        person::click(&page, &at).await.expect("a click");
        let mut picked = String::new();
        loop {
            match recording.events.recv().await.expect("a pick") {
                RecorderEvent::Picked(selector) => picked = render(&selector),
                RecorderEvent::Mode(ClickMode::Record) => break,
                _ => {}
            }
        }
        let expected = if ours.is_empty() { &official } else { &ours };
        if *expected != picked {
            wrong += &format!("{shown} {at}\n  official {official}\n  expected {expected}\n  picked   {picked}\n");
        }
    }
    pool.close().await;
    assert!(wrong.is_empty(), "\n{wrong}");
}
