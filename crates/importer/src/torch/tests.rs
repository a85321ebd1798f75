//! Small pickles written by hand: what a state dictionary says is read, everything else refused.

use super::read;
use crate::error::ConvertError;

/// A dictionary with one tensor `w` of shape 2×3 over six floats, in the stream form.
fn small() -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.");
    bytes.extend(b"\x80\x02M\xe9\x03.");
    bytes.extend(b"\x80\x02}q\x00.");
    bytes.extend(b"\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01(");
    bytes.extend(b"X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n(");
    bytes.extend(b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x007");
    bytes.extend(b"X\x03\x00\x00\x00cpuK\x06NtQK\x00K\x02K\x03\x86K\x03K\x01\x86\x89h\x00)RtRu.");
    bytes.extend(b"\x80\x02]q\x00(X\x01\x00\x00\x007e.");
    bytes.extend(6_u64.to_le_bytes());
    for value in [1.0_f32, 2.0, 3.0, 4.0, 5.0, -6.0] {
        bytes.extend(value.to_le_bytes());
    }
    bytes
}

#[test]
fn a_state_dictionary_is_read() {
    let tensors = read(&small()).unwrap();
    assert_eq!(tensors.len(), 1);
    let tensor = &tensors["w"];
    assert_eq!(tensor.shape, [2, 3]);
    assert_eq!(
        tensor.data,
        crate::tensor::Data::F32(vec![1.0, 2.0, 3.0, 4.0, 5.0, -6.0])
    );
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let whole = small();
    for length in 0..whole.len() {
        assert!(
            read(&whole[..length]).is_err(),
            "{length} bytes were enough"
        );
    }
}

#[test]
fn damage_never_panics() {
    let whole = small();
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << bit;
            // Some damage only changes a number; nothing may panic.
            drop(read(&damaged));
        }
    }
}

#[test]
fn code_is_refused_by_name() {
    let mut bytes = small();
    let at = bytes
        .windows(12)
        .position(|part| part == b"torch._utils")
        .unwrap();
    bytes[at..at + 12].copy_from_slice(b"subprocess.x");
    let fault = read(&bytes).unwrap_err();
    assert!(
        matches!(&fault, ConvertError::Malformed(text) if text.contains("subprocess")),
        "{fault}"
    );
}

#[test]
fn the_zip_form_is_refused_by_name() {
    let fault = read(b"PK\x03\x04 rest").unwrap_err();
    assert!(fault.to_string().contains("zip form"), "{fault}");
}
