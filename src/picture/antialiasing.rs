//! Which pixels only smooth an edge. Those differ from one machine to another and say nothing.
//!
//! After "Anti-aliased Pixel and Intensity Slope Detector" by V. Vysniauskas (2009): such a pixel lies between a brighter and a darker
//! neighbour, one of which belongs to an even area in both pictures.

use super::colour::brighter;
use image::RgbaImage;

/// Neighbours of the same colour that make an area even.
const EVEN: usize = 3;

/// Whether the pixel of `picture` at this place smooths an edge; `other` is the same scene.
pub(super) fn smooths(picture: &RgbaImage, x: u32, y: u32, other: &RgbaImage) -> bool {
    let own = *picture.get_pixel(x, y);
    let mut equal = usize::from(at_border(picture, x, y));
    let (mut darkest, mut brightest) = ((0.0, (x, y)), (0.0, (x, y)));
    for (nx, ny) in neighbours(picture, x, y) {
        let difference = brighter(own, *picture.get_pixel(nx, ny));
        if difference == 0.0 {
            equal += 1;
            if equal >= EVEN {
                return false;
            }
        } else if difference < darkest.0 {
            darkest = (difference, (nx, ny));
        } else if difference > brightest.0 {
            brightest = (difference, (nx, ny));
        }
    }
    let between = darkest.0 < 0.0 && brightest.0 > 0.0;
    between && [darkest.1, brightest.1].into_iter().any(|(x, y)| is_even(picture, x, y) && is_even(other, x, y))
}

fn is_even(picture: &RgbaImage, x: u32, y: u32) -> bool {
    let own = picture.get_pixel(x, y);
    let equal = neighbours(picture, x, y).filter(|&(x, y)| picture.get_pixel(x, y) == own).count();
    equal + usize::from(at_border(picture, x, y)) >= EVEN
}

fn at_border(picture: &RgbaImage, x: u32, y: u32) -> bool {
    x == 0 || y == 0 || x + 1 == picture.width() || y + 1 == picture.height()
}

/// Those around it, column by column.
fn neighbours(picture: &RgbaImage, x: u32, y: u32) -> impl Iterator<Item = (u32, u32)> + use<> {
    let right = (x + 1).min(picture.width() - 1);
    let bottom = (y + 1).min(picture.height() - 1);
    let top = y.saturating_sub(1);
    (x.saturating_sub(1)..=right)
        .flat_map(move |nx| (top..=bottom).map(move |ny| (nx, ny)))
        .filter(move |&place| place != (x, y))
}
