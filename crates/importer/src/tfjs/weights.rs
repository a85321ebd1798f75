//! Cuts the weight file into the constants that the manifest lists.
//!
//! Stored as 32-bit floats and integers, booleans, or 16-bit floats that stand for 32-bit ones.
//! Affine quantisation to integers is refused: none of our models uses it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::error::ConvertError;
use crate::tensor::{Data, Tensor, count};

#[derive(Deserialize)]
pub(super) struct WeightGroup {
    weights: Vec<WeightEntry>,
}

#[derive(Deserialize)]
struct WeightEntry {
    name: String,
    shape: Vec<usize>,
    dtype: String,
    quantization: Option<Quantization>,
}

#[derive(Deserialize)]
struct Quantization {
    dtype: String,
}

/// Reads every constant; the file must be used up exactly.
pub(super) fn read(
    groups: &[WeightGroup],
    bytes: &[u8],
) -> Result<BTreeMap<String, Arc<Tensor>>, ConvertError> {
    let mut constants = BTreeMap::new();
    let mut at = 0;
    for entry in groups.iter().flat_map(|group| &group.weights) {
        let stored = entry
            .quantization
            .as_ref()
            .map_or(&entry.dtype, |how| &how.dtype);
        let width = match stored.as_str() {
            "float32" | "int32" => 4,
            "float16" => 2,
            "bool" => 1,
            other => {
                return Err(ConvertError::Malformed(format!(
                    "weight '{}' is stored as {other}, which the importer does not read",
                    entry.name
                )));
            }
        };
        let wanted = count(&entry.shape).and_then(|elements| elements.checked_mul(width));
        let wanted = wanted.ok_or_else(|| {
            ConvertError::Malformed(format!("weight '{}' has an impossible shape", entry.name))
        })?;
        let part = bytes.get(at..).and_then(|rest| rest.get(..wanted));
        let part = part.ok_or(ConvertError::Truncated {
            offset: at,
            wanted,
            length: bytes.len(),
        })?;
        at += wanted;
        let tensor = Tensor::new(entry.shape.clone(), decode(stored, part))?;
        constants.insert(entry.name.clone(), Arc::new(tensor));
    }
    if at == bytes.len() {
        Ok(constants)
    } else {
        Err(ConvertError::Malformed(format!(
            "the weight files hold {} bytes, but the model describes {at}",
            bytes.len()
        )))
    }
}

fn decode(stored: &str, bytes: &[u8]) -> Data {
    match stored {
        "int32" => {
            let values = bytes.as_chunks::<4>().0;
            Data::I32(
                values
                    .iter()
                    .map(|&value| i32::from_le_bytes(value))
                    .collect(),
            )
        }
        "float16" => {
            let values = bytes.as_chunks::<2>().0;
            Data::F32(
                values
                    .iter()
                    .map(|&value| widen(u16::from_le_bytes(value)))
                    .collect(),
            )
        }
        "bool" => Data::Bool(bytes.iter().map(|&value| value != 0).collect()),
        _ => {
            let values = bytes.as_chunks::<4>().0;
            Data::F32(
                values
                    .iter()
                    .map(|&value| f32::from_le_bytes(value))
                    .collect(),
            )
        }
    }
}

/// A 16-bit float as a 32-bit one, exactly.
fn widen(half: u16) -> f32 {
    let sign = u32::from(half & 0x8000) << 16;
    let exponent = u32::from(half >> 10 & 0x1f);
    let fraction = u32::from(half & 0x03ff);
    let magnitude = match exponent {
        // Subnormal: fraction · 2⁻²⁴, exact in 32 bits.
        0 => (fraction as f32 * 2_f32.powi(-24)).to_bits(),
        0x1f => 0x7f80_0000 | fraction << 13,
        _ => (exponent + 112) << 23 | fraction << 13,
    };
    f32::from_bits(sign | magnitude)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_floats_widen_exactly() {
        for (half, wanted) in [
            (0x0000_u16, 0.0_f32),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_5e-8),
            (0x03ff, 6.097_555e-5),
            (0x0400, 6.103_515_6e-5),
            (0x3555, 0.333_251_95),
            (0xfc00, f32::NEG_INFINITY),
        ] {
            assert_eq!(widen(half).to_bits(), wanted.to_bits(), "{half:04x}");
        }
        assert!(widen(0x7e00).is_nan());
    }

    fn group(entries: &str) -> Vec<WeightGroup> {
        serde_json::from_str(&format!(r#"[{{"weights":[{entries}]}}]"#)).unwrap()
    }

    #[test]
    fn short_and_long_files_are_refused() {
        let groups = group(r#"{"name":"w","shape":[2],"dtype":"float32"}"#);
        assert!(read(&groups, &[0; 8]).is_ok());
        let short = read(&groups, &[0; 7]).unwrap_err();
        assert!(matches!(
            short,
            ConvertError::Truncated {
                offset: 0,
                wanted: 8,
                length: 7
            }
        ));
        assert!(
            read(&groups, &[0; 9])
                .unwrap_err()
                .to_string()
                .contains("9 bytes")
        );
    }

    #[test]
    fn unknown_quantisation_is_named() {
        let entry =
            r#"{"name":"w","shape":[2],"dtype":"float32","quantization":{"dtype":"uint8"}}"#;
        assert!(
            read(&group(entry), &[0; 2])
                .unwrap_err()
                .to_string()
                .contains("uint8")
        );
    }
}
