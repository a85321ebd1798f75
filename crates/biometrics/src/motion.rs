//! What the face does of its own accord: eyes, mouth, head, and movement no flat picture has.
//!
//! Peak-to-peak values leave out the outermost frames on each side, so that one wild mesh makes no
//! movement.

use zhenren_domain::measurements::Sample;

use crate::geometry::{Point, fit_affine};
use crate::series::{Reading, median_of_three, quantile, samples};

/// Blinks are read only where the head is within this of the clip's middle, degrees.
const EYE_YAW_MAX: f64 = 18.0;
const EYE_PITCH_MAX: f64 = 12.0;

/// A value and how it went.
pub(crate) type Measured = (f64, Vec<Sample>);

/// Peak-to-peak eye height over width, relative to the open eye.
pub(crate) fn eye_range(readings: &[Reading]) -> Option<Measured> {
    let middle = |pick: fn(&crate::series::FaceReading) -> f64| {
        quantile(
            samples(readings, pick)
                .into_iter()
                .map(|sample| sample.value),
            0.5,
        )
    };
    let (yaw, pitch) = (
        middle(|face| face.pose.yaw)?,
        middle(|face| face.pose.pitch)?,
    );
    let straight: Vec<Reading> = readings
        .iter()
        .filter(|reading| {
            reading.face.as_ref().is_some_and(|face| {
                (face.pose.yaw - yaw).abs() <= EYE_YAW_MAX
                    && (face.pose.pitch - pitch).abs() <= EYE_PITCH_MAX
            })
        })
        .cloned()
        .collect();
    let series = samples(&straight, |face| face.expression.eye);
    let values = || series.iter().map(|sample| sample.value);
    let open = quantile(values(), 0.7).filter(|open| *open > 0.0)?;
    // A blink may be one frame long: the lowest value counts, the highest is trimmed.
    let range = quantile(values(), 0.95)? - quantile(values(), 0.0)?;
    Some((range / open, series))
}

/// Peak-to-peak mouth opening.
pub(crate) fn mouth_range(readings: &[Reading]) -> Option<Measured> {
    peak_to_peak(samples(readings, |face| face.expression.mouth))
}

/// Peak-to-peak yaw in degrees.
pub(crate) fn yaw_range(readings: &[Reading]) -> Option<Measured> {
    peak_to_peak(samples(readings, |face| face.pose.yaw))
}

/// Movement of the mesh in the picture plane that no affine map explains, in inter-eye distances.
///
/// However a flat picture is held, its points move (nearly) by an affine map; a head that turns
/// shows parallax and a face that speaks bends. The value is the 95th percentile over the frames
/// of the root mean square residual against the clip's mean shape.
pub(crate) fn non_rigid_motion(readings: &[Reading]) -> Option<Measured> {
    let faces: Vec<_> = readings
        .iter()
        .filter_map(|reading| reading.face.as_ref().map(|face| (reading.at_ms, face)))
        .collect();
    let first = &faces.first()?.1.shape;
    let unit = f64::from(faces.first()?.1.inter_eye);
    if unit <= 0.0 {
        return None;
    }
    let carried: Vec<(f64, Vec<Point>)> = faces
        .iter()
        .filter_map(|(at_ms, face)| Some((*at_ms, onto(&face.shape, first)?)))
        .collect();
    let mean = mean_shape(&carried)?;
    let series: Vec<Sample> = faces
        .iter()
        .filter_map(|(at_ms, face)| {
            let residual = residual(&onto(&face.shape, &mean)?, &mean);
            Some(Sample {
                at_ms: *at_ms,
                value: residual / unit,
            })
        })
        .collect();
    let value = quantile(
        median_of_three(&series).iter().map(|sample| sample.value),
        0.95,
    )?;
    Some((value, series))
}

fn peak_to_peak(series: Vec<Sample>) -> Option<Measured> {
    let smooth = median_of_three(&series);
    let values = || smooth.iter().map(|sample| sample.value);
    let range = quantile(values(), 0.98)? - quantile(values(), 0.02)?;
    Some((range, series))
}

fn onto(shape: &[Point], target: &[Point]) -> Option<Vec<Point>> {
    let map = fit_affine(shape, target)?;
    Some(shape.iter().map(|point| map.apply(*point)).collect())
}

fn mean_shape(shapes: &[(f64, Vec<Point>)]) -> Option<Vec<Point>> {
    let (_, first) = shapes.first()?;
    let count = shapes.len() as f32;
    Some(
        (0..first.len())
            .map(|i| {
                let sum = shapes.iter().fold(Point::default(), |sum, (_, shape)| {
                    Point::new(sum.x + shape[i].x, sum.y + shape[i].y)
                });
                Point::new(sum.x / count, sum.y / count)
            })
            .collect(),
    )
}

fn residual(shape: &[Point], mean: &[Point]) -> f64 {
    let sum: f64 = shape
        .iter()
        .zip(mean)
        .map(|(a, b)| f64::from(a.distance(*b)).powi(2))
        .sum();
    (sum / mean.len().max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Affine;
    use crate::series::FaceReading;
    use crate::synthetic;

    fn clip(mesh: impl Fn(f32) -> crate::mesh::Mesh) -> Vec<Reading> {
        (0..45_u8)
            .map(|i| {
                let face = FaceReading::new(&mesh((f32::from(i) / 7.0).sin()));
                Reading {
                    at_ms: f64::from(i) * 66.7,
                    face: Some(face),
                }
            })
            .collect()
    }

    #[test]
    fn a_flat_picture_moves_affinely_and_a_head_does_not() {
        let print = clip(|phase| {
            let mut mesh = synthetic::mesh(0.0, 0.0, 0.0);
            let map = Affine {
                m: [1.0 - 0.3 * phase.abs(), 0.1 * phase, 9.0, 0.0, 1.0, 4.0],
            };
            for point in &mut mesh.points {
                let place = map.apply(point.flat());
                (point.x, point.y) = (place.x, place.y);
            }
            mesh
        });
        let head = clip(|phase| synthetic::mesh(15.0 * phase, 0.0, 0.0));
        let (flat, _) = non_rigid_motion(&print).unwrap();
        let (round, _) = non_rigid_motion(&head).unwrap();
        assert!(flat < 0.002, "{flat}");
        assert!(round > 0.02, "{round}");
        assert!(yaw_range(&head).unwrap().0 > 25.0);
    }

    #[test]
    fn one_closed_frame_is_eye_range_but_a_turned_head_is_not() {
        let mut readings = clip(|_| synthetic::mesh(0.0, 0.0, 0.0));
        assert!(eye_range(&readings).unwrap().0 < 0.01);
        readings[20].face.as_mut().unwrap().expression.eye = 0.08;
        assert!(eye_range(&readings).unwrap().0 > 0.6);
        readings[20].face.as_mut().unwrap().pose.yaw = 35.0;
        assert!(eye_range(&readings).unwrap().0 < 0.01);
    }

    #[test]
    fn no_face_measures_nothing() {
        let empty = [Reading {
            at_ms: 0.0,
            face: None,
        }];
        assert!(eye_range(&empty).is_none());
        assert!(mouth_range(&empty).is_none());
        assert!(non_rigid_motion(&empty).is_none());
    }
}
