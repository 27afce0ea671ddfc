//! What Chromium writes to its standard error, for when it does not start.

use super::super::sync::lock;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio_util::sync::CancellationToken;

/// The last lines of Chromium's standard error.
pub(super) struct Tail {
    lines: Arc<Mutex<VecDeque<String>>>,
    done: CancellationToken,
}

impl Tail {
    /// Each on a new line; waits a moment for the last ones.
    pub(super) async fn text(&self) -> String {
        let _ = tokio::time::timeout(Duration::from_millis(500), self.done.cancelled()).await;
        lock(&self.lines).iter().map(|line| format!("\n  {line}")).collect()
    }
}

pub(super) fn tail_of(stderr: Option<impl AsyncRead + Unpin + Send + 'static>) -> Tail {
    let lines = Arc::new(Mutex::new(VecDeque::new()));
    let done = CancellationToken::new();
    if let Some(stderr) = stderr {
        let (lines, done) = (lines.clone(), done.clone().drop_guard());
        tokio::spawn(async move {
            let _done = done;
            let mut reader = BufReader::new(stderr).lines();
            while let Ok(Some(line)) = reader.next_line().await {
                let mut lines = lock(&lines);
                if lines.len() == 20 {
                    lines.pop_front();
                }
                lines.push_back(line);
            }
        });
    }
    Tail { lines, done }
}
