//! Is a file what the manifest says? Hash, form, operator set, shape, contract, known numbers.

use std::fmt::Write as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use zhenren_biometrics::probe::{Spec, probe};
use zhenren_importer::describe::{Description, describe};
use zhenren_importer::minifasnet_onnx;

use crate::error::PackError;
use crate::load;
use crate::manifest::{Contract, Kind, Model};

/// Operator sets the pinned inference library was tested with here.
const OPSETS: std::ops::RangeInclusive<i64> = 9..=21;

/// Lower-case hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut hex, byte| {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// Checks the fetched bytes and gives what is to be kept: ONNX, or the file itself.
pub(crate) fn translate(model: &Model, bytes: Vec<u8>) -> Result<Vec<u8>, PackError> {
    let found = sha256(&bytes);
    if found != model.sha256 {
        return Err(PackError::WrongHash {
            file: model.file.clone(),
            wanted: model.sha256.clone(),
            found,
        });
    }
    let form = |source| PackError::Form {
        file: model.file.clone(),
        source,
    };
    let onnx = match model.kind {
        Kind::File => return Ok(bytes),
        Kind::Onnx => bytes,
        Kind::MinifasnetPth => minifasnet_onnx(&bytes).map_err(form)?,
    };
    face(model, &describe(&onnx).map_err(form)?)?;
    Ok(onnx)
}

/// Operator set and shape.
fn face(model: &Model, face: &Description) -> Result<(), PackError> {
    if !OPSETS.contains(&face.opset) || !face.foreign_opsets.is_empty() {
        let mut found = face.opset.to_string();
        for other in &face.foreign_opsets {
            let _ = write!(found, " and {other}");
        }
        return Err(PackError::Opset {
            file: model.file.clone(),
            found,
            least: *OPSETS.start(),
            most: *OPSETS.end(),
        });
    }
    let Some(input) = &model.input else {
        return Ok(());
    };
    let shape = |detail: String| PackError::Shape {
        file: model.file.clone(),
        detail,
    };
    let [(_, found)] = face.inputs.as_slice() else {
        let count = face.inputs.len();
        return Err(shape(format!("has {count} inputs, one is wanted")));
    };
    let fits = found.len() == input.shape.len()
        && found
            .iter()
            .zip(input.shape)
            .all(|(found, wanted)| found.is_none_or(|found| found == wanted));
    if !fits {
        let found: Vec<String> = found
            .iter()
            .map(|dim| dim.map_or_else(|| String::from("?"), |dim| dim.to_string()))
            .collect();
        return Err(shape(format!(
            "takes [{}], the manifest says {:?}",
            found.join(", "),
            input.shape
        )));
    }
    Ok(())
}

/// Runs the written model on the engine's test picture.
pub(crate) fn run(library_dir: &Path, model: &Model, file: &Path) -> Result<(), PackError> {
    let outputs = match model.contract {
        Contract::Yunet | Contract::Scrfd => {
            load::detector(model, file).map(|spec| probe(library_dir, &Spec::Detector(&spec)))
        }
        Contract::Arcface112 => load::features(model, file, Vec::new())
            .map(|spec| probe(library_dir, &Spec::Features(&spec))),
        Contract::Minifasnet => {
            load::pad(model, file).map(|spec| probe(library_dir, &Spec::Pad(&spec)))
        }
        Contract::Speech => return Ok(()),
    };
    let Some(outputs) = outputs else {
        return Err(PackError::Shape {
            file: model.file.clone(),
            detail: String::from("has an incomplete description in the manifest"),
        });
    };
    let outputs = outputs.map_err(|source| PackError::Contract {
        file: model.file.clone(),
        source,
    })?;
    for golden in &model.golden {
        let known = outputs.iter().find(|(name, _)| *name == golden.output);
        for (index, wanted) in golden.values.iter().enumerate() {
            let at = golden.first + index;
            let found = known
                .and_then(|(_, values)| values.get(at))
                .copied()
                .unwrap_or(f32::NAN);
            // A NaN is not near anything.
            let is_near = (found - wanted).abs() <= golden.tolerance;
            if !is_near {
                return Err(PackError::Golden {
                    file: model.file.clone(),
                    place: format!("{}[{at}]", golden.output),
                    wanted: *wanted,
                    found,
                });
            }
        }
    }
    Ok(())
}
