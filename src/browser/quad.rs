//! Boxes as they are shown: turned, scaled, in perspective.

use super::way::Point;
use serde::Deserialize;

/// Four corners, clockwise from what is the top left one of the box.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(from = "[f64; 8]")]
pub(super) struct Quad([Point; 4]);

impl From<[f64; 8]> for Quad {
    fn from([ax, ay, bx, by, cx, cy, dx, dy]: [f64; 8]) -> Self {
        Self([(ax, ay), (bx, by), (cx, cy), (dx, dy)].map(|(x, y)| Point { x, y }))
    }
}

impl Quad {
    /// Where a point of the box is shown; `right` and `down` are the parts of its width and height, 0 to 1.
    pub(super) fn at(&self, right: f64, down: f64) -> Point {
        let [a, b, c, d] = self.0;
        // The projection of the unit square on the four corners.
        let (sum_x, sum_y) = (a.x - b.x + c.x - d.x, a.y - b.y + c.y - d.y);
        let (bx, by, dx, dy) = (b.x - c.x, b.y - c.y, d.x - c.x, d.y - c.y);
        let area = bx * dy - dx * by;
        let (g, h) = match area {
            0.0 => (0.0, 0.0),
            _ => ((sum_x * dy - dx * sum_y) / area, (bx * sum_y - sum_x * by) / area),
        };
        let depth = g * right + h * down + 1.0;
        Point {
            x: ((b.x - a.x + g * b.x) * right + (d.x - a.x + h * d.x) * down + a.x) / depth,
            y: ((b.y - a.y + g * b.y) * right + (d.y - a.y + h * d.y) * down + a.y) / depth,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_and_middles_are_where_they_are_shown() {
        let cases = [
            ("as it is", [10., 20., 110., 20., 110., 70., 10., 70.], (0.5, 0.5), (60., 45.)),
            ("twice as large", [0., 0., 200., 0., 200., 100., 0., 100.], (0.25, 0.5), (50., 50.)),
            ("a quarter turned", [100., 0., 100., 100., 0., 100., 0., 0.], (0.25, 0.), (100., 25.)),
            ("in perspective, its middle", [20., 0., 80., 0., 100., 100., 0., 100.], (0.5, 0.5), (50., 37.5)),
            ("in perspective, its last corner", [20., 0., 80., 0., 100., 100., 0., 100.], (0., 1.), (0., 100.)),
            ("flat", [0., 0., 10., 0., 10., 0., 0., 0.], (0.5, 0.5), (5., 0.)),
        ];
        for (name, corners, (right, down), (x, y)) in cases {
            let shown = Quad::from(corners).at(right, down);
            assert!((shown.x - x).abs() < 1e-9 && (shown.y - y).abs() < 1e-9, "{name}: {shown:?}");
        }
    }
}
