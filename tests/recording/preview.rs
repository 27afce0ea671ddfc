//! Live pictures over lines of different speed.

use super::session::Session;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use understudy::model::Event;
use understudy::model::recording::RecordingControl;

/// Never the same, and with much to see.
const BUSY: &str = "data:text/html,<body style='margin:0;font:14px/1.1 monospace;overflow:hidden'><script>\
    let n = 0; setInterval(() => { n++; document.body.textContent = Array.from({ length: 6000 }, (_, i) => \
    String.fromCharCode(33 + (i * 7 + n * 13) % 90)).join(' '); }, 20)</script>";

/// The next picture's weight, bytes.
async fn picture(session: &mut Session) -> usize {
    session.until(|event| matches!(event, Event::RecordingFrame { .. })).await;
    match session.told.pop() {
        Some(Event::RecordingFrame { frame, .. }) => frame.len(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn pictures_are_as_good_as_the_line() {
    let line = Arc::new(Semaphore::new(0));
    let mut session = Session::over(BUSY, Some(line.clone()));
    session.ready().await;
    let so_far = session.told.iter().filter(|event| matches!(event, Event::RecordingFrame { .. })).count();
    line.add_permits(so_far);
    // Everything arrives at once: the best there is.
    let mut best = 0;
    for _ in 0..12 {
        best = best.max(picture(&mut session).await);
        line.add_permits(1);
    }
    // A line that takes half a second for a picture gets light ones …
    loop {
        let weight = picture(&mut session).await;
        // The line, not something to wait for.
        tokio::time::sleep(Duration::from_millis(520)).await;
        line.add_permits(1);
        if weight * 2 < best {
            break;
        }
    }
    // … until it is fast again.
    loop {
        let weight = picture(&mut session).await;
        line.add_permits(1);
        if weight * 5 > best * 4 {
            break;
        }
    }
    session.controls.send(RecordingControl::Stop).expect("a session");
    line.add_permits(1000);
    assert!(session.end().await.0);
}
