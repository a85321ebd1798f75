//! One still picture: the face on an identity photo, or the reason why there is none to use.

use std::f32::consts::PI;

use crate::align::chip;
use crate::detect::Detection;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::features::Features;
use crate::image::Image;
use crate::mesh::Mesh;
use crate::quality::{Quality, quality};
use crate::sample::Cut;
use crate::track::{BYSTANDER_SHARE, FLAG_MIN};

/// Limit: a picture with a shorter side cannot show a face the features model could use.
const SIDE_MIN: usize = 48;

/// Limit: with eyes nearer than this (pixels) the chip is invented rather than seen.
const INTER_EYE_MIN: f32 = 16.0;

/// A detection this strong in the upright picture is not an upside-down face.
const SURE: f32 = 0.85;

/// A turned picture is believed when its best face scores this much higher.
const CLEARLY: f32 = 0.05;

/// A usable photo.
#[derive(Clone, Debug)]
pub struct Portrait {
    /// The face's features.
    pub features: Features,
    /// The features model, as in `Measurements::features_model`.
    pub model_id: String,
    /// How good the picture is.
    pub quality: Quality,
    /// The aligned face, 150×150.
    pub chip: Image,
    /// Where the face is.
    pub mesh: Mesh,
    /// Much smaller faces in the background that were left out.
    pub bystanders_count: usize,
}

/// Why a photo is not used.
#[derive(Debug, thiserror::Error)]
pub enum PhotoRefusal {
    /// There is no face.
    #[error("there is no face in the picture")]
    NoFace,
    /// There are several faces of similar size.
    #[error("there are {faces_count} faces in the picture, one is wanted")]
    SeveralFaces {
        /// How many.
        faces_count: usize,
    },
    /// The picture or the face in it has too few pixels.
    #[error("the face is too small")]
    TooSmall,
    /// The bytes are no picture.
    #[error("the picture's sizes do not agree")]
    BadPicture,
    /// The engine itself failed: nothing the photo did.
    #[error("the engine failed")]
    Fault(#[from] EngineError),
}

pub(crate) fn analyse(engine: &Engine, image: &Image) -> Result<Portrait, PhotoRefusal> {
    if !image.is_sound() {
        return Err(PhotoRefusal::BadPicture);
    }
    if image.width.min(image.height) < SIDE_MIN {
        return Err(PhotoRefusal::TooSmall);
    }
    let faces = faces(engine, image)?;
    let mesh = match faces.as_slice() {
        [] => return Err(PhotoRefusal::NoFace),
        [only] => only,
        [largest, rest @ ..] => {
            let side = largest.extent().1;
            let rivals = rest
                .iter()
                .filter(|face| face.extent().1 >= side * BYSTANDER_SHARE);
            match rivals.count() {
                0 => largest,
                others => {
                    return Err(PhotoRefusal::SeveralFaces {
                        faces_count: others + 1,
                    });
                }
            }
        }
    };
    if mesh.inter_eye() < INTER_EYE_MIN {
        return Err(PhotoRefusal::TooSmall);
    }
    let chip = chip(image, mesh).ok_or(PhotoRefusal::NoFace)?;
    Ok(Portrait {
        features: engine
            .features
            .of_face(image, mesh)?
            .ok_or(PhotoRefusal::NoFace)?,
        model_id: engine.features.id().to_owned(),
        quality: quality(image, mesh, &chip),
        chip,
        mesh: mesh.clone(),
        bystanders_count: faces.len() - 1,
    })
}

/// The meshes of all faces, largest first.
fn faces(engine: &Engine, image: &Image) -> Result<Vec<Mesh>, EngineError> {
    let mut best = turned(engine, image, 0.0)?;
    // Pictures arrive lying or upside down when a scanner knew no better, and a detector half
    // believes in a face that stands on its head.
    if score(&best) < SURE {
        for turn in [0.5, -0.5, 1.0] {
            let other = turned(engine, image, turn * PI)?;
            if score(&other) > score(&best) + CLEARLY {
                best = other;
            }
        }
    }
    let meshes = confirmed(engine, image, best)?;
    if !meshes.is_empty() {
        return Ok(meshes);
    }
    // A face that fills the picture is easier for the short-range detector.
    confirmed(engine, image, engine.short.detect(image)?)
}

/// The best score of some detections, 0 for none.
fn score(found: &[Detection]) -> f32 {
    found.iter().map(|face| face.score).fold(0.0, f32::max)
}

fn turned(engine: &Engine, image: &Image, radians: f32) -> Result<Vec<Detection>, EngineError> {
    let side = engine.wide.side();
    let mut cut = Cut::letterbox(side, image.width, image.height);
    if radians.abs() > 0.1 {
        let middle = (side as f32 - 1.0) / 2.0;
        let centre = cut
            .to_picture
            .apply(crate::geometry::Point::new(middle, middle));
        let extent = image.width.max(image.height) as f32;
        cut = Cut::square(side, centre, extent, radians);
    }
    engine.wide.detect_in(image, &cut)
}

/// Keeps the faces in which the mesh model believes too, each once.
fn confirmed(
    engine: &Engine,
    image: &Image,
    found: Vec<Detection>,
) -> Result<Vec<Mesh>, EngineError> {
    let mut meshes: Vec<Mesh> = Vec::new();
    for face in found {
        let mesh = engine.mesh.of_detection(image, &face)?;
        let (centre, side) = mesh.extent();
        let is_new = |other: &Mesh| {
            let (middle, width) = other.extent();
            middle.distance(centre) > side.max(width) * 0.4
        };
        if mesh.flag >= FLAG_MIN && meshes.iter().all(is_new) {
            meshes.push(mesh);
        }
    }
    meshes.sort_by(|a, b| b.extent().1.total_cmp(&a.extent().1));
    Ok(meshes)
}
