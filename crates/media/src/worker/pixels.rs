//! Standing pictures upright, and the size they are scaled to.
//!
//! Cameras store what the sensor saw and note how the device was held: MP4 as a matrix, photos as
//! an EXIF number. Both name one of the same eight orientations.

/// How the stored picture relates to the upright one: transpose first, then mirror.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Orientation {
    is_transposed: bool,
    is_mirrored_x: bool,
    is_mirrored_y: bool,
}

/// The eight orientations in EXIF order, from 1.
const EXIF: [Orientation; 8] = [
    Orientation::new(false, false, false),
    Orientation::new(false, true, false),
    Orientation::new(false, true, true),
    Orientation::new(false, false, true),
    Orientation::new(true, false, false),
    Orientation::new(true, true, false),
    Orientation::new(true, true, true),
    Orientation::new(true, false, true),
];

impl Orientation {
    const fn new(is_transposed: bool, is_mirrored_x: bool, is_mirrored_y: bool) -> Self {
        Self {
            is_transposed,
            is_mirrored_x,
            is_mirrored_y,
        }
    }

    /// From an EXIF number; numbers outside of 1 to 8 mean upright.
    pub(super) fn from_exif(number: u8) -> Self {
        let index = usize::from(number).wrapping_sub(1);
        EXIF.get(index).copied().unwrap_or_default()
    }

    /// The EXIF number, 1 to 8.
    pub(super) fn to_exif(self) -> u8 {
        (1..=8)
            .find(|number| Self::from_exif(*number) == self)
            .unwrap_or(1)
    }

    /// From a display matrix of nine 32-bit numbers: `x' = a x + c y`, `y' = b x + d y`. Angles
    /// between the right ones (no camera writes them) count as the nearest right one.
    pub(super) fn from_display_matrix(bytes: &[u8]) -> Self {
        let (numbers, _) = bytes.as_chunks::<4>();
        let at = |index| {
            numbers
                .get(index)
                .map_or(0, |bytes| i32::from_ne_bytes(*bytes))
        };
        let (a, b, c, d) = (at(0), at(1), at(3), at(4));
        if a.unsigned_abs() >= b.unsigned_abs() {
            Self::new(false, a < 0, d < 0)
        } else {
            Self::new(true, c < 0, b < 0)
        }
    }

    /// Width and height after turning.
    pub(super) const fn turn_size(self, width: u16, height: u16) -> (u16, u16) {
        if self.is_transposed {
            (height, width)
        } else {
            (width, height)
        }
    }

    /// Copies RGB rows upright into `upright`, without padding.
    pub(super) fn turn(self, rows: &[&[u8]], width: u16, upright: &mut Vec<u8>) {
        upright.clear();
        let width = usize::from(width);
        upright.reserve(rows.len() * width * 3);
        if self.is_transposed {
            for x in directed(width, self.is_mirrored_y) {
                for y in directed(rows.len(), self.is_mirrored_x) {
                    upright.extend_from_slice(pixel(rows, x, y));
                }
            }
            return;
        }
        for y in directed(rows.len(), self.is_mirrored_y) {
            if self.is_mirrored_x {
                for x in (0..width).rev() {
                    upright.extend_from_slice(pixel(rows, x, y));
                }
            } else {
                let row = rows.get(y).and_then(|row| row.get(..width * 3));
                upright.extend_from_slice(row.unwrap_or_default());
            }
        }
    }
}

fn directed(count: usize, is_mirrored: bool) -> impl Iterator<Item = usize> {
    (0..count).map(move |index| {
        if is_mirrored {
            count - 1 - index
        } else {
            index
        }
    })
}

fn pixel<'a>(rows: &[&'a [u8]], x: usize, y: usize) -> &'a [u8] {
    rows.get(y)
        .and_then(|row| row.get(x * 3..x * 3 + 3))
        .unwrap_or_default()
}

/// The size to scale to: the long side at most `long_side_px_max`, never larger than it was.
/// `None` for a picture without pixels.
pub(super) fn scaled_size(width: u32, height: u32, long_side_px_max: u16) -> Option<(u16, u16)> {
    let long_side = u64::from(width.max(height));
    let target = u64::from(long_side_px_max).min(long_side);
    let scale = |side: u32| {
        let scaled = (u64::from(side) * target + long_side / 2) / long_side;
        u16::try_from(scaled.max(1)).ok()
    };
    if width == 0 || height == 0 || long_side_px_max == 0 {
        return None;
    }
    Some((scale(width)?, scale(height)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A 2x3 picture whose pixels are numbered 0..6 from the top left.
    fn turned(orientation: Orientation) -> Vec<u8> {
        let pixels: Vec<u8> = (0..6).flat_map(|number| [number; 3]).collect();
        let rows: Vec<&[u8]> = pixels.chunks(6).collect();
        let mut upright = Vec::new();
        orientation.turn(&rows, 2, &mut upright);
        upright.chunks(3).map(|pixel| pixel[0]).collect()
    }

    #[test]
    fn the_eight_orientations() {
        // Expected values are drawn by hand: stored  0 1 / 2 3 / 4 5.
        let expected = [
            [0, 1, 2, 3, 4, 5],
            [1, 0, 3, 2, 5, 4],
            [5, 4, 3, 2, 1, 0],
            [4, 5, 2, 3, 0, 1],
            [0, 2, 4, 1, 3, 5],
            [4, 2, 0, 5, 3, 1],
            [5, 3, 1, 4, 2, 0],
            [1, 3, 5, 0, 2, 4],
        ];
        for (number, expected) in (1..=8).zip(expected) {
            let orientation = Orientation::from_exif(number);
            assert_eq!(turned(orientation), expected, "EXIF {number}");
            assert_eq!(orientation.to_exif(), number);
        }
    }

    #[test]
    fn a_phone_matrix_turns_clockwise() {
        let matrix = [0i32, 0x1_0000, 0, -0x1_0000, 0, 0, 0, 0, 0x4000_0000];
        let bytes: Vec<u8> = matrix
            .iter()
            .flat_map(|number| number.to_ne_bytes())
            .collect();
        assert_eq!(Orientation::from_display_matrix(&bytes).to_exif(), 6);
        assert_eq!(Orientation::from_display_matrix(&[]).to_exif(), 1);
    }

    #[test]
    fn sizes_shrink_and_never_grow() {
        assert_eq!(scaled_size(1280, 720, 640), Some((640, 360)));
        assert_eq!(scaled_size(480, 640, 640), Some((480, 640)));
        assert_eq!(scaled_size(1, 1, 640), Some((1, 1)));
        assert_eq!(scaled_size(100_000, 1, 640), Some((640, 1)));
        assert_eq!(scaled_size(0, 5, 640), None);
    }
}
