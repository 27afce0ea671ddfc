//! One call on a page, as its trace sees it.

use super::Event;
use super::context::Shared;
use crate::browser::progress::CallWitness;
use crate::browser::screenshot::Rect;
use crate::browser::{Page, Point};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::sync::Arc;

/// Writes what a call notes while it runs.
pub(super) struct Call {
    pub(super) trace: Arc<Shared>,
    pub(super) id: String,
}

impl CallWitness for Call {
    fn noted(&self, line: &str) {
        let time = self.trace.clock.now();
        self.trace.write(&Event::Log { call_id: self.id.clone(), time, message: line.to_owned() });
    }

    fn acting<'a>(&'a self, page: &'a Page, point: Point, target: Option<Rect>) -> BoxFuture<'a, ()> {
        self.trace.write(&Event::Input { call_id: self.id.clone(), point: Some(point), r#box: target });
        self.trace.snapshot(page, &self.id, "action", target).boxed()
    }
}
