//! `PyTorch` state dictionaries (`.pth` in the stream form of before version 1.6) to named tensors.
//!
//! The file is five pickles (mark, version, machine, the dictionary, the order of the storages)
//! and then the storages. Nothing is executed: [`pickle`] understands the few words a state
//! dictionary is made of and refuses every other. The later zip form is refused by name.

mod pickle;

use std::collections::BTreeMap;

use crate::error::ConvertError;
use crate::tensor::{Data, Tensor, count};
use pickle::{Reader, Value};

/// The number that opens the stream, as the pickle's little-endian bytes.
const MARK: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/// The only version of the stream form.
const VERSION: i64 = 1001;

/// The float tensors of a state dictionary by name; tensors of integers (counters) are left out.
pub(crate) fn read(bytes: &[u8]) -> Result<BTreeMap<String, Tensor>, ConvertError> {
    if bytes.starts_with(b"PK") {
        return Err(malformed(
            "this is the zip form of a state dictionary; save it with \
             `_use_new_zipfile_serialization=False`",
        ));
    }
    let mut reader = Reader::new(bytes);
    if reader.pickle()? != Value::Long(MARK.to_vec()) {
        return Err(malformed("this is no PyTorch file"));
    }
    if reader.pickle()? != Value::Int(VERSION) {
        return Err(malformed("this PyTorch file has another version than 1001"));
    }
    reader.pickle()?;
    let Value::Dict(entries) = reader.pickle()? else {
        return Err(malformed("there is no state dictionary in the file"));
    };
    let Value::List(order) = reader.pickle()? else {
        return Err(malformed("the file does not list its storages"));
    };
    let widths = widths(&entries);
    let storages = storages(&mut reader, &order, &widths)?;
    let mut tensors = BTreeMap::new();
    for (name, value) in entries {
        let (Value::Text(name), Value::Tensor(view)) = (name, value) else {
            continue;
        };
        let Some(storage) = storages.get(&view.storage.key) else {
            return Err(malformed(format!("'{name}' has no storage")));
        };
        if view.storage.width != 4 {
            continue;
        }
        tensors.insert(name.clone(), cut(&name, &view, storage)?);
    }
    Ok(tensors)
}

/// Bytes of one element of each storage that a tensor names.
fn widths(entries: &[(Value, Value)]) -> BTreeMap<String, usize> {
    entries
        .iter()
        .filter_map(|(_, value)| {
            let Value::Tensor(view) = value else {
                return None;
            };
            Some((view.storage.key.clone(), view.storage.width))
        })
        .collect()
}

/// The storages' bytes, in the order of the list.
fn storages<'a>(
    reader: &mut Reader<'a>,
    order: &[Value],
    widths: &BTreeMap<String, usize>,
) -> Result<BTreeMap<String, &'a [u8]>, ConvertError> {
    let mut storages = BTreeMap::new();
    for key in order {
        let Value::Text(key) = key else {
            return Err(malformed("a storage has no name"));
        };
        let width = widths
            .get(key)
            .ok_or_else(|| malformed(format!("nothing uses the storage {key}")))?;
        let count = u64::from_le_bytes(reader.array()?);
        let length = usize::try_from(count)
            .ok()
            .and_then(|count| count.checked_mul(*width))
            .ok_or_else(|| malformed(format!("the storage {key} is too large")))?;
        storages.insert(key.clone(), reader.take(length)?);
    }
    Ok(storages)
}

fn cut(name: &str, view: &pickle::View, storage: &[u8]) -> Result<Tensor, ConvertError> {
    if count(&view.shape).is_none() || view.strides != crate::tensor::strides(&view.shape) {
        return Err(malformed(format!("'{name}' is not stored in one piece")));
    }
    let count = count(&view.shape).unwrap_or_default();
    let start = view.offset.saturating_mul(4);
    let end = start.saturating_add(count.saturating_mul(4));
    let bytes = storage
        .get(start..end)
        .ok_or_else(|| malformed(format!("'{name}' reaches beyond its storage")))?;
    let (words, _) = bytes.as_chunks::<4>();
    let values = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
    Tensor::new(view.shape.clone(), Data::F32(values))
}

fn malformed(detail: impl Into<String>) -> ConvertError {
    ConvertError::Malformed(detail.into())
}

#[cfg(test)]
mod tests;
