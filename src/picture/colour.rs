//! How far two colours are apart: in YIQ, where brightness weighs most, as the eye does it.

use image::Rgba;

/// The largest distance of two colours, black and white.
pub(super) const FARTHEST: f64 = 35215.0;

struct Yiq {
    y: f64,
    i: f64,
    q: f64,
}

/// On white, as far as it is transparent.
fn yiq(Rgba([r, g, b, a]): Rgba<u8>) -> Yiq {
    let opaque = f64::from(a) / 255.0;
    let on_white = |channel: u8| match a {
        255 => f64::from(channel),
        _ => 255.0 + (f64::from(channel) - 255.0) * opaque,
    };
    let (r, g, b) = (on_white(r), on_white(g), on_white(b));
    Yiq { y: brightness(r, g, b), i: orange_to_blue(r, g, b), q: purple_to_green(r, g, b) }
}

// The weights of the NTSC standard. Products are added one after the other: a fused addition would round otherwise.
#[expect(clippy::suboptimal_flops, reason = "the same rounding as elsewhere")]
fn brightness(r: f64, g: f64, b: f64) -> f64 {
    r * 0.298_895_31 + g * 0.586_622_47 + b * 0.114_482_23
}
#[expect(clippy::suboptimal_flops, reason = "the same rounding as elsewhere")]
fn orange_to_blue(r: f64, g: f64, b: f64) -> f64 {
    r * 0.595_977_99 - g * 0.274_176_10 - b * 0.321_801_89
}
#[expect(clippy::suboptimal_flops, reason = "the same rounding as elsewhere")]
fn purple_to_green(r: f64, g: f64, b: f64) -> f64 {
    r * 0.211_470_17 - g * 0.522_617_11 + b * 0.311_146_94
}

/// The square of their distance, 0 to [`FARTHEST`].
#[expect(clippy::suboptimal_flops, reason = "the same rounding as elsewhere")]
pub(super) fn distance(one: Rgba<u8>, other: Rgba<u8>) -> f64 {
    if one == other {
        return 0.0;
    }
    let (one, other) = (yiq(one), yiq(other));
    let (y, i, q) = (one.y - other.y, one.i - other.i, one.q - other.q);
    0.5053 * y * y + 0.299 * i * i + 0.1957 * q * q
}

/// How much brighter the one is.
pub(super) fn brighter(one: Rgba<u8>, other: Rgba<u8>) -> f64 {
    if one == other {
        return 0.0;
    }
    yiq(one).y - yiq(other).y
}

/// A shade of grey that shows where the pixel stood, nearly white.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
pub(super) fn pale(Rgba([r, g, b, a]): Rgba<u8>) -> Rgba<u8> {
    const STRENGTH: f64 = 0.1;
    let bright = brightness(f64::from(r), f64::from(g), f64::from(b));
    let shade = 255.0 + (bright - 255.0) * (STRENGTH * f64::from(a) / 255.0);
    let shade = shade as u8;
    Rgba([shade, shade, shade, 255])
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLACK: Rgba<u8> = Rgba([0, 0, 0, 255]);
    const WHITE: Rgba<u8> = Rgba([255, 255, 255, 255]);

    #[test]
    fn distances() {
        assert!((distance(BLACK, WHITE) - 32857.0).abs() < 2.0, "{}", distance(BLACK, WHITE));
        assert!(distance(WHITE, Rgba([1, 2, 3, 0])).abs() < f64::EPSILON, "what is transparent is white");
        assert!(distance(WHITE, Rgba([254, 255, 255, 255])) > 0.0);
        assert!(brighter(WHITE, BLACK) > 254.0);
        assert!(brighter(BLACK, WHITE) < -254.0);
        assert_eq!(pale(BLACK), Rgba([229, 229, 229, 255]));
    }
}
