//! dlib's face recognition network, from its `.dat` file to ONNX.
//!
//! [`reader`] understands the file, [`network`] the architecture. Nothing here is general: other
//! dlib networks are refused with a sentence that says where they differ.

mod network;
mod reader;

use crate::Converted;
use crate::error::ConvertError;

/// Translates the bytes of `dlib_face_recognition_resnet_model_v1.dat`.
///
/// Input `image`: 1×150×150×3, RGB 0..=255, normalisation inside the graph.
/// Output `features`: 1×128, not normalised to unit length.
pub(crate) fn convert(bytes: &[u8]) -> Result<Converted, ConvertError> {
    network::build(&reader::read(bytes)?)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::convert;
    use crate::error::ConvertError;

    fn weights() -> Vec<u8> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../runtime/packages/dlib_face_recognition_resnet_model_v1.dat");
        std::fs::read(&file)
            .unwrap_or_else(|_| panic!("{} is missing: run `make runtime`", file.display()))
    }

    #[test]
    fn a_file_cut_anywhere_is_refused() {
        let bytes = weights();
        let cuts = (0..500).chain([bytes.len() / 2, bytes.len() - 1]);
        for length in cuts {
            assert!(
                convert(&bytes[..length]).is_err(),
                "{length} bytes were enough"
            );
        }
        let cut = convert(&bytes[..1_000_000]).map(|_| ()).unwrap_err();
        assert!(
            matches!(
                cut,
                ConvertError::Truncated {
                    length: 1_000_000,
                    ..
                }
            ),
            "{cut}"
        );
    }

    #[test]
    fn another_layer_is_named() {
        let mut bytes = weights();
        let at = bytes
            .windows(10)
            .position(|part| part == b"max_pool_2")
            .unwrap();
        bytes[at..at + 10].copy_from_slice(b"min_pool_2");
        let fault = convert(&bytes).map(|_| ()).unwrap_err();
        assert!(matches!(&fault, ConvertError::UnknownOp { op, .. } if op == "min_pool_2"));
    }

    #[test]
    fn something_else_is_refused() {
        for bytes in [b"PK\x03\x04 an archive".as_slice(), b"{}", b"", &[0xff; 64]] {
            assert!(convert(bytes).is_err());
        }
    }

    /// Wrong numbers in the structure must end in an error or a graph, never in a panic.
    #[test]
    fn damaged_structure_never_panics() {
        let bytes = weights();
        // From the wrappers through the first layers' parameters and flags.
        for at in (0..340).chain(19_290..19_400).chain(19_700..19_830) {
            let mut damaged = bytes[..60_000].to_vec();
            damaged[at] ^= 1 << (at % 8);
            assert!(convert(&damaged).is_err(), "a part of the file was enough");
        }
    }
}
