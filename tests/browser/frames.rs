//! Frames that change their process, leave or come back in the middle of what is done to them. Nothing here waits for time.

use crate::support::{TIMEOUT, goto, run, with_page};
use serde_json::json;
use understudy::browser::input::ClickOptions;
use understudy::browser::pointer::{Gesture, PointerOptions};
use understudy::browser::reading::Awaited;
use understudy::browser::url_match::UrlMatcher;
use understudy::browser::{BrowserError, Evaluation, Frame, LoadState, Locator, Page};

fn expression(text: &str) -> Evaluation {
    Evaluation { expression: text.into(), is_function: Some(false), arg: json!({ "v": "undefined" }), handles: vec![] }
}

async fn script(frame: &Frame, text: &str) -> Result<serde_json::Value, BrowserError> {
    frame.main_context().await?.evaluate(&expression(text)).await
}

/// A page of one site with a frame of another.
async fn with_frame(work: impl AsyncFnOnce(Page, Frame, [String; 2])) {
    with_page(json!({}), async |page, origin| {
        let sites = [origin.to_owned(), origin.replace("127.0.0.1", "localhost")];
        let main = page.main_frame();
        main.goto(&format!("{origin}/"), &goto(LoadState::Load)).await.unwrap();
        let html = format!("<iframe name=far src='{}/second'></iframe>", sites[1]);
        main.set_content(&html, LoadState::Load, TIMEOUT).await.unwrap();
        let far = page.frames().into_iter().find(|frame| frame.name() == "far").unwrap();
        work(page, far, sites).await;
    })
    .await;
}

async fn click(frame: &Frame, selector: &str) -> Result<(), BrowserError> {
    let locator = Locator::new(frame, selector);
    let gesture = Gesture::Click(ClickOptions::default());
    locator.gesture(&gesture, &PointerOptions::default(), TIMEOUT).await.map(drop)
}

#[test]
fn what_waits_goes_on_while_its_frame_changes_the_process() {
    run(with_frame(async |_, far, sites| {
        let there = async {
            for round in 0..6 {
                far.goto(&format!("{}/second", sites[round % 2]), &goto(LoadState::Load)).await.unwrap();
            }
            let html = "<button id=end onclick='window.clicked = true'>end</button>";
            far.set_content(html, LoadState::Load, TIMEOUT).await.unwrap();
        };
        let waiting = Locator::new(&far, "#end");
        let what = expression("!!document.querySelector('#end')");
        let polling = json!("raf");
        let (seen, clicked, polled, ()) = tokio::join!(
            waiting.wait_for(Awaited::Visible, TIMEOUT),
            click(&far, "#end"),
            far.wait_for_function(&what, &polling, TIMEOUT),
            there,
        );
        assert!(seen.unwrap().is_some());
        clicked.unwrap();
        polled.unwrap();
        assert_eq!(script(&far, "clicked").await.unwrap(), json!(true));
    }));
}

#[test]
fn a_look_at_any_moment_of_a_change_has_an_answer() {
    run(with_frame(async |_, far, sites| {
        for round in 0..8 {
            let url = format!("{}/second", sites[round % 2]);
            let options = goto(LoadState::Load);
            let (went, one, two, three) =
                tokio::join!(far.goto(&url, &options), far.title(), far.content(false), far.owner_element());
            went.unwrap();
            assert!(["Second", ""].contains(&one.unwrap().as_str()));
            assert!(two.unwrap().starts_with('<'));
            assert!(three.unwrap().is_some());
        }
    }));
}

#[test]
fn what_runs_in_a_frame_ends_with_it() {
    run(with_frame(async |page, far, sites| {
        for site in sites {
            let html = format!("<iframe name=near src='{site}/second'></iframe>");
            page.main_frame().set_content(&html, LoadState::Load, TIMEOUT).await.unwrap();
            assert!(far.is_detached());
            let near = page.frames().into_iter().find(|frame| frame.name() == "near").unwrap();
            let remove = async {
                // All that is below is under way by now: the page is asked in turn.
                script(&page.main_frame(), "document.querySelector('iframe').remove()").await.unwrap();
            };
            let never = UrlMatcher::Glob("**/never".into());
            let (clicked, ran, reached, ()) = tokio::join!(
                click(&near, "#never"),
                script(&near, "new Promise(() => {})"),
                near.wait_for_url(&never, LoadState::Load, TIMEOUT),
                remove,
            );
            let words = |error: BrowserError| error.to_string().lines().next().unwrap_or_default().to_owned();
            assert_eq!(words(clicked.unwrap_err()), "Frame was detached");
            assert_eq!(words(ran.unwrap_err()), "Frame was detached");
            assert_eq!(words(reached.unwrap_err()), "Navigating frame was detached!");
            assert_eq!(words(near.title().await.unwrap_err()), "Frame was detached");
        }
    }));
}

#[test]
fn a_page_that_closes_ends_what_its_frames_wait_for() {
    run(with_frame(async |page, far, _| {
        let (clicked, ran, closed) =
            tokio::join!(click(&far, "#never"), script(&far, "new Promise(() => {})"), page.close(false));
        closed.unwrap();
        for error in [clicked.unwrap_err(), ran.unwrap_err(), far.title().await.unwrap_err()] {
            assert!(error.is_closed(), "{error}");
        }
    }));
}
