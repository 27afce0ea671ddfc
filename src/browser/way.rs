//! The way from a frame out to the main frame: where its points are on the screen, and what covers them on the way.

use super::error::BrowserError;
use super::frame::Frame;
use super::injected::{Engine, typed};
use super::screenshot::Rect;
use super::script::RemoteObject;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A point in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
pub struct Point {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

/// A point of a frame as seen from the main frame.
pub(super) enum Outside {
    /// Where it is in the main frame's visible part.
    At(Point),
    /// It is not to be seen: this element covers the frame there.
    Covered(String),
}

/// The frame elements between a frame and the main frame.
pub(super) struct Way {
    /// From inside out.
    owners: Vec<(Engine, RemoteObject)>,
    /// The frame around the outermost of `owners`.
    outermost: Frame,
}

/// A frame element as js/main.js tells of it: where the point inside of it is outside, and what covers it there.
#[derive(Deserialize)]
struct Seen {
    x: f64,
    y: f64,
    blocker: Option<String>,
    /// The element's box before it is turned or scaled; then `x` and `y` are in it.
    transformed: Option<Size>,
}

#[derive(Deserialize)]
struct Size {
    width: f64,
    height: f64,
}

impl Way {
    /// From a frame; how to get out of it is found when it is needed.
    pub(super) fn from(frame: &Frame) -> Self {
        Self { owners: Vec::new(), outermost: frame.clone() }
    }

    /// One frame further in.
    pub(super) fn enter(&mut self, engine: Engine, owner: RemoteObject) {
        self.owners.insert(0, (engine, owner));
    }

    /// Goes out with a point; `hit` asks whether it is covered.
    pub(super) async fn outside(&mut self, point: Point, hit: bool) -> Result<Outside, BrowserError> {
        self.complete().await?;
        let mut point = point;
        let mut done = None;
        for (engine, owner) in &self.owners {
            let session = owner.context().session().id();
            // The quad of a transformed one was as seen from the outermost frame of its process.
            if done == Some(session) {
                continue;
            }
            let seen: Seen = typed(engine.about(owner, "outside", json!({ "point": point, "hit": hit })).await?)?;
            if let Some(blocker) = seen.blocker {
                return Ok(Outside::Covered(blocker));
            }
            point = Point { x: seen.x, y: seen.y };
            if let Some(Size { width, height }) = seen.transformed
                && let Some(quad) = owner.quad().await?
            {
                point = quad.at(point.x / width, point.y / height);
                done = Some(session);
            }
        }
        Ok(Outside::At(point))
    }

    /// A box of the frame in the main frame's visible part.
    pub(super) async fn shown(&mut self, rect: Rect) -> Result<Rect, BrowserError> {
        Ok(match self.outside(Point { x: rect.x, y: rect.y }, false).await? {
            Outside::At(Point { x, y }) => Rect { x, y, ..rect },
            Outside::Covered(_) => rect,
        })
    }

    async fn complete(&mut self) -> Result<(), BrowserError> {
        while let Some(parent) = self.outermost.parent() {
            let Some(owner) = self.outermost.owner_element().await? else { break };
            self.owners.push((Engine::of(owner.context()).await?, owner));
            self.outermost = parent;
        }
        Ok(())
    }
}
