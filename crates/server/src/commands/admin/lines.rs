//! Texts that must not be arguments, which everybody on the machine sees: read line by line from a
//! file or standard input.

use std::io::Read as _;
use std::path::Path;

use anyhow::Result;
use zhenren_usecases::operators::SecretText;

use crate::exit::{Exit, sentence};

/// Limit: bytes of such a file; what stands in it are names, numbers and passwords.
const BYTES_MAX: u64 = 4096;

/// The first lines of the file that an option names (`-` for standard input), without their ends; a
/// line that is not there is empty.
pub(super) fn read<const COUNT: usize>(option: &str, path: &Path) -> Result<[SecretText; COUNT]> {
    let mut text = String::new();
    let done = if path == Path::new("-") {
        std::io::stdin()
            .lock()
            .take(BYTES_MAX)
            .read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(BYTES_MAX).read_to_string(&mut text))
    };
    let text = SecretText::from(text);
    done.map_err(|error| {
        let path = path.display();
        sentence(Exit::NoInput, format!("{option} {path}: {error}"))
    })?;
    let mut lines = text.reveal().lines();
    Ok(std::array::from_fn(|_| {
        SecretText::from(lines.next().unwrap_or_default())
    }))
}
