//! The bytes of a file, from an address or from a folder: bounded, timed, counted.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{PackError, io};
use crate::manifest::Model;

/// Where the files of a pack are taken from.
#[derive(Clone, Debug)]
pub enum Source {
    /// The addresses of the manifest.
    Web,
    /// A folder that holds them already.
    Folder(PathBuf),
}

/// Until a connection stands.
const CONNECT: Duration = Duration::from_secs(20);

/// Until a whole file is there.
const WHOLE: Duration = Duration::from_mins(30);

/// Until a silent server is given up.
const SILENT: Duration = Duration::from_mins(1);

/// Bytes between two reports of progress.
const PIECE: usize = 256 * 1024;

/// The file of a model, no longer than the manifest says; `progress` gets the bytes so far.
pub(crate) fn fetch(
    source: &Source,
    model: &Model,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<u8>, PackError> {
    match source {
        Source::Folder(folder) => {
            let path = folder.join(&model.file);
            let file = File::open(&path).map_err(|error| io("read", &path, error))?;
            read(file, model, progress).map_err(|fault| match fault {
                Fault::Pack(fault) => fault,
                Fault::Io(error) => io("read", &path, error),
            })
        }
        Source::Web => from_web(model, progress),
    }
}

fn from_web(model: &Model, progress: &mut dyn FnMut(u64)) -> Result<Vec<u8>, PackError> {
    let failed = |detail: String| PackError::Fetch {
        url: model.url.clone(),
        detail,
    };
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(SILENT))
        .timeout_global(Some(WHOLE))
        .user_agent(concat!("zhenren/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let mut response = agent
        .get(&model.url)
        .call()
        .map_err(|error| failed(error.to_string()))?;
    read(response.body_mut().as_reader(), model, progress).map_err(|fault| match fault {
        Fault::Pack(fault) => fault,
        Fault::Io(error) => failed(error.to_string()),
    })
}

enum Fault {
    Pack(PackError),
    Io(std::io::Error),
}

fn read(
    mut from: impl Read,
    model: &Model,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<u8>, Fault> {
    let wanted = model.bytes;
    let mut bytes = Vec::new();
    let mut piece = vec![0; PIECE];
    loop {
        let count = match from.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            // A connection that ends early says so in one of these ways.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::UnexpectedEof
                        | ErrorKind::ConnectionReset
                        | ErrorKind::ConnectionAborted
                ) =>
            {
                break;
            }
            Err(error) => return Err(Fault::Io(error)),
        };
        bytes.extend_from_slice(piece.get(..count).unwrap_or_default());
        if length(&bytes) > wanted {
            return Err(Fault::Pack(PackError::TooLarge {
                file: model.file.clone(),
                wanted,
            }));
        }
        progress(length(&bytes));
    }
    if length(&bytes) < wanted {
        return Err(Fault::Pack(PackError::Truncated {
            file: model.file.clone(),
            wanted,
            found: length(&bytes),
        }));
    }
    Ok(bytes)
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Whether two paths name one file system place; used to refuse installing a pack from itself.
pub(crate) fn is_inside(folder: &Path, source: &Source) -> bool {
    match source {
        Source::Web => false,
        Source::Folder(from) => match (from.canonicalize(), folder.canonicalize()) {
            (Ok(from), Ok(folder)) => from.starts_with(folder),
            _ => false,
        },
    }
}
