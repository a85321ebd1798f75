//! Cutting turned and scaled pieces out of a picture, as bytes or as a model's float input.
//!
//! Knows no face. Bilinear; a piece that is made much smaller is cut from a halved picture, so
//! that fine structure does not turn into noise.

use std::borrow::Cow;

use crate::geometry::{Affine, Point};
use crate::image::Image;

/// Limit: eight halvings take the largest picture below one model input.
const HALVINGS_MAX: usize = 8;

/// A square piece of a picture: `to_picture` carries piece pixels to picture pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cut {
    /// Pixels on a side of the piece.
    pub(crate) side: usize,
    /// From piece coordinates to picture coordinates.
    pub(crate) to_picture: Affine,
}

impl Cut {
    /// The square around `centre` with the picture side `extent`, its x axis turned by `radians`.
    pub(crate) fn square(side: usize, centre: Point, extent: f32, radians: f32) -> Self {
        let scale = extent / side as f32;
        let middle = (side as f32 - 1.0) / 2.0;
        let turn = Affine::similarity(scale, radians, Point::default());
        let corner = turn.apply(Point::new(middle, middle));
        let origin = Point::new(centre.x - corner.x, centre.y - corner.y);
        Self {
            side,
            to_picture: Affine::similarity(scale, radians, origin),
        }
    }

    /// The whole picture, centred in a square, the rest black.
    pub(crate) fn letterbox(side: usize, width: usize, height: usize) -> Self {
        let centre = Point::new((width as f32 - 1.0) / 2.0, (height as f32 - 1.0) / 2.0);
        Self::square(side, centre, width.max(height) as f32, 0.0)
    }

    /// The piece as bytes, black outside the picture.
    pub(crate) fn bytes(&self, image: &Image) -> Image {
        let mut rgb = Vec::with_capacity(self.side * self.side * 3);
        self.each(image, |pixel| {
            rgb.extend(pixel.map(|value| (value + 0.5) as u8));
        });
        Image {
            width: self.side,
            height: self.side,
            rgb,
        }
    }

    /// The piece as a model's input: NHWC, each byte value times `gain` plus `offset`.
    pub(crate) fn tensor(&self, image: &Image, gain: f32, offset: f32) -> Vec<f32> {
        let mut values = Vec::with_capacity(self.side * self.side * 3);
        self.each(image, |pixel| {
            values.extend(pixel.map(|value| value * gain + offset));
        });
        values
    }

    fn each(&self, image: &Image, mut put: impl FnMut([f32; 3])) {
        let (image, map) = self.at_scale(image);
        let [a, b, c, d, e, f] = map.m;
        for row in 0..self.side {
            let (start_x, start_y) = (b * row as f32 + c, e * row as f32 + f);
            for column in 0..self.side {
                let column = column as f32;
                put(bilinear(&image, a * column + start_x, d * column + start_y));
            }
        }
    }

    /// The picture halved until the piece is not less than half as fine, and the map into it.
    fn at_scale<'a>(&self, image: &'a Image) -> (Cow<'a, Image>, Affine) {
        let mut map = self.to_picture;
        if map.scale() < 2.0 {
            return (Cow::Borrowed(image), map);
        }
        let (from, to) = self.bounds(image);
        let mut image = image.part(from, to);
        map.m[2] -= from.0 as f32;
        map.m[5] -= from.1 as f32;
        for _ in 0..HALVINGS_MAX {
            if map.scale() < 2.0 || image.width < 2 || image.height < 2 {
                break;
            }
            image = image.halved();
            // Pixel centres are whole numbers, so halving moves them by a quarter.
            map.m = map.m.map(|value| value / 2.0);
            map.m[2] -= 0.25;
            map.m[5] -= 0.25;
        }
        (Cow::Owned(image), map)
    }

    /// The picture corners between which the piece lies, the second one outside.
    fn bounds(&self, image: &Image) -> ((usize, usize), (usize, usize)) {
        let far = self.side as f32;
        let corners = [(0.0, 0.0), (far, 0.0), (0.0, far), (far, far)]
            .map(|(x, y)| self.to_picture.apply(Point::new(x, y)));
        let least = |pick: fn(Point) -> f32| corners.into_iter().map(pick).fold(f32::MAX, f32::min);
        let most = |pick: fn(Point) -> f32| corners.into_iter().map(pick).fold(f32::MIN, f32::max);
        let margin = 2.0 * self.to_picture.scale();
        let near = |value: f32, end: usize| ((value - margin).max(0.0) as usize).min(end - 1);
        let past = |value: f32, end: usize| ((value + margin).max(0.0) as usize + 1).min(end);
        let from = (
            near(least(|p| p.x), image.width),
            near(least(|p| p.y), image.height),
        );
        let to = (
            past(most(|p| p.x), image.width),
            past(most(|p| p.y), image.height),
        );
        (from, (to.0.max(from.0 + 1), to.1.max(from.1 + 1)))
    }
}

/// The colour at a place between pixels; black outside the picture.
fn bilinear(image: &Image, x: f32, y: f32) -> [f32; 3] {
    let (floor_x, floor_y) = (x.floor(), y.floor());
    let (left, top) = (floor_x as i32, floor_y as i32);
    let (part_x, part_y) = (x - floor_x, y - floor_y);
    let (width, height) = (image.width as i32, image.height as i32);
    if left >= 0 && top >= 0 && left + 1 < width && top + 1 < height {
        let start = (top as usize * image.width + left as usize) * 3;
        let stride = image.width * 3;
        let upper = &image.rgb[start..start + 6];
        let lower = &image.rgb[start + stride..start + stride + 6];
        return std::array::from_fn(|channel| {
            let above = mix(upper[channel], upper[channel + 3], part_x);
            let below = mix(lower[channel], lower[channel + 3], part_x);
            above + (below - above) * part_y
        });
    }
    let at = |column: i32, row: i32, channel: usize| -> u8 {
        if column < 0 || row < 0 || column >= width || row >= height {
            return 0;
        }
        image.rgb[(row as usize * image.width + column as usize) * 3 + channel]
    };
    std::array::from_fn(|channel| {
        let above = mix(at(left, top, channel), at(left + 1, top, channel), part_x);
        let below = mix(
            at(left, top + 1, channel),
            at(left + 1, top + 1, channel),
            part_x,
        );
        above + (below - above) * part_y
    })
}

fn mix(from: u8, to: u8, part: f32) -> f32 {
    let from = f32::from(from);
    from + (f32::from(to) - from) * part
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Red grows with x, green with y.
    fn ramp(width: usize, height: usize) -> Image {
        let rgb = (0..height)
            .flat_map(|y| (0..width).flat_map(move |x| [x as u8, y as u8, 7]))
            .collect();
        Image { width, height, rgb }
    }

    #[test]
    fn the_letterbox_keeps_the_shape_and_maps_back() {
        let cut = Cut::letterbox(128, 640, 480);
        let corner = cut
            .to_picture
            .inverse()
            .unwrap()
            .apply(Point::new(0.0, 0.0));
        assert!((corner.x + 0.4).abs() < 0.01, "{corner:?}");
        assert!((corner.y - 15.6).abs() < 0.01, "{corner:?}");
        let there = cut.to_picture.apply(Point::new(63.5, 63.5));
        assert!(there.distance(Point::new(319.5, 239.5)) < 1e-3);
    }

    #[test]
    fn an_upright_cut_at_scale_one_copies_pixels() {
        let image = ramp(60, 40);
        let piece = Cut::square(11, Point::new(30.0, 20.0), 11.0, 0.0).bytes(&image);
        assert_eq!(piece.rgb[..3], [25, 15, 7]);
        assert_eq!(piece.rgb[piece.rgb.len() - 3..], [35, 25, 7]);
    }

    #[test]
    fn a_turned_cut_follows_its_map() {
        let image = ramp(90, 90);
        let cut = Cut::square(21, Point::new(44.0, 44.0), 30.0, 0.5);
        let piece = cut.tensor(&image, 1.0, 0.0);
        for (column, row) in [(0_usize, 0_usize), (20, 3), (10, 10)] {
            let truth = cut.to_picture.apply(Point::new(column as f32, row as f32));
            let start = (row * 21 + column) * 3;
            assert!((piece[start] - truth.x).abs() < 0.01);
            assert!((piece[start + 1] - truth.y).abs() < 0.01);
        }
    }

    #[test]
    fn shrinking_keeps_the_place() {
        let image = ramp(250, 250);
        let cut = Cut::letterbox(50, 250, 250);
        let piece = cut.tensor(&image, 1.0, 0.0);
        // Halving a ramp rounds up by half a step each time.
        let truth = cut.to_picture.apply(Point::new(20.0, 30.0));
        assert!((piece[(30 * 50 + 20) * 3] - truth.x).abs() < 1.0);
        assert!((piece[(30 * 50 + 20) * 3 + 1] - truth.y).abs() < 1.0);
    }

    #[test]
    fn outside_is_black() {
        let image = ramp(10, 10);
        let piece = Cut::square(4, Point::new(-40.0, 5.0), 4.0, 0.0).bytes(&image);
        assert!(piece.rgb.iter().all(|value| *value == 0));
    }
}
