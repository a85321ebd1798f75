//! Following one face: detect once, then cut from the mesh before, and look around now and then.

use std::time::Instant;

use crate::detect::Detection;
use crate::engine::{Engine, Timings};
use crate::error::EngineError;
use crate::image::Image;
use crate::mesh::Mesh;

/// Below this belief of the mesh model the face is lost.
pub(crate) const FLAG_MIN: f32 = 0.5;

/// The whole frame is searched this often, to count faces and to find a face that was lost.
const LOOK_EVERY_MS: f64 = 500.0;

/// A face smaller than this share of the main one is somebody in the background.
pub(crate) const BYSTANDER_SHARE: f32 = 0.4;

/// The face that is being followed.
#[derive(Default)]
pub(crate) struct Track {
    mesh: Option<Mesh>,
    next_look_ms: f64,
    faces_count: usize,
}

/// What one frame gave.
pub(crate) struct Tracked {
    pub(crate) mesh: Option<Mesh>,
    /// Faces in the frame, when the whole frame was searched.
    pub(crate) faces_count: Option<usize>,
}

impl Track {
    /// Looks at the next frame.
    pub(crate) fn follow(
        &mut self,
        engine: &Engine,
        at_ms: f64,
        image: &Image,
        timings: &mut Timings,
    ) -> Result<Tracked, EngineError> {
        if let Some(before) = self.mesh.take() {
            let started = Instant::now();
            let mesh = engine.mesh.after(image, &before)?;
            timings.mesh += started.elapsed();
            self.mesh = (mesh.flag >= FLAG_MIN).then_some(mesh);
        }
        let is_due = at_ms >= self.next_look_ms;
        if self.mesh.is_some() && !is_due {
            return Ok(Tracked {
                mesh: self.mesh.clone(),
                faces_count: None,
            });
        }
        // Small faces are searched for with the slow detector no more often than faces are counted.
        let faces = find(engine, image, is_due, timings)?;
        if is_due {
            self.next_look_ms = at_ms + LOOK_EVERY_MS;
        }
        let lost = self
            .mesh
            .as_ref()
            .is_none_or(|mesh| !is_on_a_face(mesh, &faces));
        if let (true, Some(face)) = (lost, faces.first()) {
            let started = Instant::now();
            let mesh = engine.mesh.of_detection(image, face)?;
            timings.mesh += started.elapsed();
            self.mesh = (mesh.flag >= FLAG_MIN).then_some(mesh);
        }
        self.faces_count = count(engine, image, &faces, self.mesh.as_ref(), timings)?;
        Ok(Tracked {
            mesh: self.mesh.clone(),
            faces_count: Some(self.faces_count),
        })
    }
}

/// The faces of a frame, largest first.
fn find(
    engine: &Engine,
    image: &Image,
    thorough: bool,
    timings: &mut Timings,
) -> Result<Vec<Detection>, EngineError> {
    let started = Instant::now();
    let mut faces = engine.short.detect(image)?;
    if faces.is_empty() && thorough {
        faces = engine.wide.detect(image)?;
    }
    timings.detect += started.elapsed();
    faces.sort_by(|a, b| b.side().total_cmp(&a.side()));
    Ok(faces)
}

/// A mesh may slide off onto a wall and still believe; a detector that sees faces elsewhere only
/// is the stronger witness. One that sees nothing is not: it misses turned heads.
fn is_on_a_face(mesh: &Mesh, faces: &[Detection]) -> bool {
    let (centre, _) = mesh.extent();
    faces.is_empty()
        || faces
            .iter()
            .any(|face| face.centre.distance(centre) < face.side() * 0.6)
}

/// How many faces there are, bystanders not counted, each confirmed by a mesh of its own.
fn count(
    engine: &Engine,
    image: &Image,
    faces: &[Detection],
    main: Option<&Mesh>,
    timings: &mut Timings,
) -> Result<usize, EngineError> {
    let Some(main) = main else { return Ok(0) };
    let (centre, side) = main.extent();
    let started = Instant::now();
    let mut found = 1;
    for face in faces {
        let is_main = face.centre.distance(centre) < face.side().max(side) * 0.5;
        if is_main || face.side() < side * BYSTANDER_SHARE {
            continue;
        }
        let mesh = engine.mesh.of_detection(image, face)?;
        let apart = mesh.extent().0.distance(centre) > side * 0.5;
        found += usize::from(mesh.flag >= FLAG_MIN && apart);
    }
    timings.mesh += started.elapsed();
    Ok(found)
}
