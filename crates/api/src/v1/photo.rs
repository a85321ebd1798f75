//! Pictures that travel as base64 inside JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zhenren_usecases::analysis::PhotoRefused;

use crate::problem::{self, Problem};

/// Limit: bytes of one picture; a good portrait needs a tenth of it.
const PHOTO_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The bytes of the picture; a `data:` prefix is taken off.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, Problem> {
    let base64 = match text.split_once(";base64,") {
        Some((start, rest)) if start.starts_with("data:") => rest,
        _ => text,
    };
    let bytes = STANDARD
        .decode(base64.trim())
        .map_err(|_| Problem::new(&problem::PHOTO_UNREADABLE))?;
    if bytes.len() > PHOTO_BYTES_MAX {
        return Err(Problem::new(&problem::PHOTO_TOO_LARGE));
    }
    Ok(bytes)
}

/// The problem of a picture that cannot be a reference.
pub(super) fn refused(error: &PhotoRefused) -> Problem {
    match error {
        PhotoRefused::NoFace => Problem::new(&problem::NO_FACE),
        PhotoRefused::SeveralFaces => Problem::new(&problem::SEVERAL_FACES),
        PhotoRefused::FaceTooSmall => Problem::new(&problem::FACE_TOO_SMALL),
        PhotoRefused::Poor => Problem::new(&problem::PHOTO_POOR),
        PhotoRefused::Unreadable => Problem::new(&problem::PHOTO_UNREADABLE),
        PhotoRefused::TooLarge => Problem::new(&problem::PHOTO_TOO_LARGE),
        PhotoRefused::Fault(fault) => Problem::fault(fault),
    }
}
