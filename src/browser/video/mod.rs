//! Videos of pages: what changes is kept as pictures with their times while the page lives, and becomes a video when somebody wants one.
//! So a video that nobody wants costs no more than the pictures.

mod film;
mod studio;
mod webm;

pub use film::{Film, FilmOptions, FilmWatcher, Footage, Shot};
pub use studio::Studio;

use super::context::Size;

/// The longer side of a video where nothing is said, pixels.
const USUAL_SIDE: u32 = 800;
/// The window of a page that has no size of its own.
const WINDOW: Size = Size { width: 800, height: 450 };

/// How large a video is: as asked, or as the page, made smaller to fit. Encoders want even numbers.
pub fn video_size(asked: Option<Size>, page: Option<Size>) -> Size {
    let size = asked.unwrap_or_else(|| {
        let Size { width, height } = page.unwrap_or(WINDOW);
        let longer = width.max(height).max(1);
        let fit = |side: u32| if longer > USUAL_SIDE { side * USUAL_SIDE / longer } else { side };
        Size { width: fit(width), height: fit(height) }
    });
    let even = |side: u32| (side & !1).max(2);
    Size { width: even(size.width), height: even(size.height) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn videos_fit() {
        let size = |width, height| Size { width, height };
        for (asked, page, expected) in [
            (None, Some(size(1280, 720)), size(800, 450)),
            (None, Some(size(411, 731)), size(410, 730)),
            (None, Some(size(100, 2000)), size(40, 800)),
            (None, None, size(800, 450)),
            (Some(size(641, 480)), Some(size(1280, 720)), size(640, 480)),
            (Some(size(0, 0)), None, size(2, 2)),
        ] {
            assert_eq!(video_size(asked, page), expected);
        }
    }
}
