//! What a session tells, with stars for what is not to be told.

use crate::model::Event;
use crate::model::live::LiveNews;
use crate::model::mask::Mask;
use tokio::sync::mpsc;

/// Does the work, whose every word goes through the mask, up to the last one.
pub(super) async fn masked(mask: Mask, events: mpsc::Sender<Event>, work: impl AsyncFnOnce(mpsc::Sender<Event>)) {
    if mask.is_empty() {
        return work(events).await;
    }
    let (inner, mut told) = mpsc::channel(1);
    let hand_on = async move {
        while let Some(event) = told.recv().await {
            let is_last = is_last(&event);
            // Whoever listened may be gone.
            let _ = events.send(mask.over(event)).await;
            if is_last {
                break;
            }
        }
    };
    tokio::join!(work(inner), hand_on);
}

fn is_last(event: &Event) -> bool {
    matches!(event, Event::RecordingComplete { .. } | Event::Live { news: LiveNews::Closed(_), .. })
}
