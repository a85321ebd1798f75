//! A hint that the face is covered: patches of skin that do not look like the rest of the skin.
//!
//! Compares the colour of the lower face, and of the skin under the eyes, with the rest. A beard
//! differs from skin as a mask does, but lips differ from a beard and cloth is the same all over.
//! Catches masks, scarves and dark glasses; does not catch a hand, a skin-coloured cover or clear
//! glasses. A hint, not a verdict.

use crate::geometry::Point;
use crate::image::Image;
use crate::mesh::Mesh;

/// Mesh points over bare skin, in groups that are compared with each other.
const FOREHEAD: [usize; 3] = [151, 108, 337];
const CHEEKS: [usize; 4] = [50, 280, 205, 425];
const UNDER_EYES: [usize; 4] = [229, 449, 119, 348];
const NOSE: [usize; 3] = [195, 5, 4];
const LOWER: [usize; 6] = [164, 18, 200, 199, 206, 426];

/// Mesh points on the red of the lips, and close around it.
const LIPS: [usize; 6] = [16, 85, 315, 12, 38, 268];
const AROUND_LIPS: [usize; 6] = [18, 83, 313, 164, 167, 393];

/// Patch half width in inter-eye distances.
const PATCH: f32 = 0.05;

/// Limit: patches of larger faces are sampled on a grid of this many pixels across.
const PATCH_PIXELS_MAX: i32 = 7;

/// Differences at which a patch surely is another material: chroma, and natural log of luma.
const CHROMA_SCALE: f64 = 0.12;
const LUMA_SCALE: f64 = 1.6;

/// The same for lips that surely are lips.
const LIPS_CHROMA_SCALE: f64 = 0.025;
const LIPS_LUMA_SCALE: f64 = 0.25;

/// Shade of one group: logarithm of luma and two chroma shares.
#[derive(Clone, Copy, Debug)]
struct Shade {
    luma: f64,
    red: f64,
    green: f64,
}

/// 0 for an uncovered face, towards 1 for a covered one.
pub fn hint(image: &Image, mesh: &Mesh) -> f64 {
    let radius = (mesh.inter_eye() * PATCH).max(1.0);
    let shades = |groups: &[&[usize]]| -> Vec<Shade> {
        let points = groups.iter().flat_map(|group| group.iter());
        points
            .filter_map(|&index| shade(image, mesh.at(index), radius))
            .collect()
    };
    let skin = (CHROMA_SCALE, LUMA_SCALE);
    let red = (LIPS_CHROMA_SCALE, LIPS_LUMA_SCALE);
    let lips = apart(&shades(&[&LIPS]), &shades(&[&AROUND_LIPS]), red).min(1.0);
    let upper = shades(&[&FOREHEAD, &UNDER_EYES, &NOSE]);
    let lower = apart(&shades(&[&LOWER]), &upper, skin) * (1.0 - lips);
    let eyes = apart(
        &shades(&[&UNDER_EYES]),
        &shades(&[&FOREHEAD, &CHEEKS, &NOSE]),
        skin,
    );
    let unsure = f64::from((1.0 - mesh.flag).clamp(0.0, 1.0));
    lower.max(eyes).max(unsure).clamp(0.0, 1.0)
}

/// How unlike two groups of patches are, by their medians, in units of `scale`; 0 when one of them is not visible.
fn apart(some: &[Shade], rest: &[Shade], scale: (f64, f64)) -> f64 {
    let difference = |pick: fn(&Shade) -> f64| {
        let middle = |shades: &[Shade]| crate::series::quantile(shades.iter().map(pick), 0.5);
        Some((middle(some)? - middle(rest)?).abs())
    };
    let measured = (|| {
        let chroma = difference(|shade| shade.red)?.hypot(difference(|shade| shade.green)?);
        Some((chroma / scale.0).hypot(difference(|shade| shade.luma)? / scale.1))
    })();
    measured.unwrap_or_default()
}

/// The mean shade of a patch; `None` outside the picture.
fn shade(image: &Image, centre: Point, radius: f32) -> Option<Shade> {
    let steps = ((radius * 2.0) as i32).clamp(1, PATCH_PIXELS_MAX);
    let mut sum = [0.0_f64; 3];
    let mut count = 0.0;
    for row in 0..steps {
        for column in 0..steps {
            let place = |step: i32| ((step as f32 + 0.5) / steps as f32 * 2.0 - 1.0) * radius;
            let (x, y) = (centre.x + place(column), centre.y + place(row));
            if x < 0.0 || y < 0.0 || x as usize >= image.width || y as usize >= image.height {
                continue;
            }
            let start = (y as usize * image.width + x as usize) * 3;
            for (sum, value) in sum.iter_mut().zip(&image.rgb[start..start + 3]) {
                *sum += f64::from(*value);
            }
            count += 1.0;
        }
    }
    let [red, green, blue] = sum.map(|value| value / f64::max(count, 1.0) + 4.0);
    let all = red + green + blue;
    let luma = 0.299 * red + 0.587 * green + 0.114 * blue;
    (count > 0.0).then(|| Shade {
        luma: luma.ln(),
        red: red / all,
        green: green / all,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    const SKIN: [u8; 3] = [200, 150, 120];

    fn face(paint: impl Fn(usize, usize) -> Option<[u8; 3]>) -> Image {
        let rgb = (0..640)
            .flat_map(|y| (0..480).map(move |x| (x, y)))
            .flat_map(|(x, y)| paint(x, y).unwrap_or(SKIN))
            .collect();
        Image {
            width: 480,
            height: 640,
            rgb,
        }
    }

    #[test]
    fn bare_skin_is_not_covered_even_in_side_light() {
        let mesh = synthetic::mesh(0.0, 0.0, 0.0);
        assert!(hint(&face(|_, _| None), &mesh) < 0.01);
        let lit = face(|x, _| Some(SKIN.map(|v| (f64::from(v) * (x as f64 / 480.0)) as u8)));
        assert!(hint(&lit, &mesh) < 0.3, "{}", hint(&lit, &mesh));
    }

    #[test]
    fn a_blue_or_black_cloth_over_the_mouth_is_noticed() {
        let mesh = synthetic::mesh(0.0, 0.0, 0.0);
        for cloth in [[120, 170, 220], [15, 15, 15]] {
            let picture = face(|_, y| (y > 340).then_some(cloth));
            assert!(
                hint(&picture, &mesh) > 0.7,
                "{cloth:?} {}",
                hint(&picture, &mesh)
            );
        }
    }
}
