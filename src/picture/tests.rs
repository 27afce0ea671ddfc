//! Held to what `pixelmatch` counts: fixtures/pictures/SOURCE.md.

use super::difference;
use image::RgbaImage;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Case {
    kind: String,
    seed: u32,
    width: u32,
    height: u32,
    threshold: f64,
    pixels: u64,
}

/// `capture.mjs` has it too; change both.
struct Random(u32);

impl Random {
    fn below(&mut self, limit: u32) -> u8 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u8::try_from((self.0 >> 16) % limit).unwrap()
    }
}

fn pixel(kind: &str, random: &mut Random) -> [u8; 4] {
    const SHADES: [u8; 5] = [0, 60, 128, 200, 255];
    let shade = |random: &mut Random| SHADES[usize::from(random.below(5))];
    match kind {
        "noise" => [random.below(256), random.below(256), random.below(256), 255],
        "shades" => {
            let shade = shade(random);
            [shade, shade, shade, 255]
        }
        _ => [shade(random), shade(random), shade(random), [0, 128, 255, 255][usize::from(random.below(4))]],
    }
}

fn stripes(width: u32, height: u32, shift: u32) -> Vec<u8> {
    let sharp = |x: u32, y: u32| if (x * 3 + y * 2 + shift) % 23 < 11 { 20 } else { 230 };
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    places
        .flat_map(|(x, y)| {
            let shade = u8::try_from((sharp(x, y) * 2 + sharp(x + 1, y) + sharp(x, y + 1)) / 4).unwrap();
            [shade, 255 - shade, shade, 255]
        })
        .collect()
}

fn pair(case: &Case) -> [RgbaImage; 2] {
    let Case { kind, seed, width, height, .. } = case;
    let pixels = if kind == "stripes" {
        [stripes(*width, *height, *seed), stripes(*width, *height, seed + 1)]
    } else {
        let mut random = Random(*seed);
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for _ in 0..width * height {
            let first = pixel(kind, &mut random);
            one.extend(first);
            other.extend(if random.below(4) == 0 { pixel(kind, &mut random) } else { first });
        }
        [one, other]
    };
    pixels.map(|pixels| RgbaImage::from_raw(*width, *height, pixels).unwrap())
}

#[test]
fn as_many_pixels_differ_as_pixelmatch_says() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../../fixtures/pictures/counts.json")).unwrap();
    assert!(cases.len() > 200 && cases.iter().filter(|case| case.pixels > 0).count() > 100);
    for case in cases {
        let [one, other] = pair(&case);
        assert_eq!(difference(&one, &other, case.threshold).pixels, case.pixels, "{case:?}");
    }
}
