//! The two pictures of the golden vectors; `runtime/golden/pictures.mjs` draws the same.

/// Uniform noise, size × size × 3 values of 0..=255.
pub(crate) fn noise(size: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let value = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..size * size * 3).map(value).collect()
}

/// Centre x, y and radii in thousandths of the picture, then the colour; later ones lie on top.
const ELLIPSES: [[i64; 7]; 15] = [
    [500, 400, 330, 380, 50, 35, 30],
    [500, 530, 280, 380, 224, 172, 140],
    [390, 400, 75, 14, 60, 40, 30],
    [610, 400, 75, 14, 60, 40, 30],
    [390, 460, 60, 28, 240, 240, 240],
    [610, 460, 60, 28, 240, 240, 240],
    [390, 460, 26, 26, 90, 60, 40],
    [610, 460, 26, 26, 90, 60, 40],
    [390, 460, 11, 11, 10, 10, 10],
    [610, 460, 11, 11, 10, 10, 10],
    [500, 570, 38, 80, 205, 150, 120],
    [480, 630, 12, 8, 110, 70, 60],
    [520, 630, 12, 8, 110, 70, 60],
    [500, 730, 110, 32, 190, 80, 80],
    [500, 730, 100, 5, 90, 30, 30],
];

/// A schematic face, size × size × 3 values of 0..=255.
pub(crate) fn drawing(size: usize) -> Vec<u8> {
    let width = i64::try_from(size).unwrap();
    let mut pixels = Vec::new();
    for y in 0..width {
        for x in 0..width {
            let (u, v) = ((2 * x + 1) * 500 / width, (2 * y + 1) * 500 / width);
            let mut colour = [90, 110, 130];
            for [cx, cy, rx, ry, red, green, blue] in ELLIPSES {
                let (a, b) = ((u - cx) * ry, (v - cy) * rx);
                if a * a + b * b <= (rx * ry).pow(2) {
                    colour = [red, green, blue];
                }
            }
            let shade = (u - 500).abs() / 10;
            pixels.extend(colour.map(|value| u8::try_from((value - shade).max(0)).unwrap()));
        }
    }
    pixels
}
