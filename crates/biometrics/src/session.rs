//! The inference library: the only file that names it.
//!
//! Opens ONNX models from a folder and runs them, one input, named outputs, all float32; models of
//! sequences (sound) are in `sequence`. Knows nothing of what the numbers mean.

mod sequence;

use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use ort::environment::Environment;
use ort::logging::LogLevel;
use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use ort::value::TensorRef;

use crate::error::EngineError;

pub(crate) use sequence::{Port, SequenceModel, Source, Tensor, Values};

/// The version of ONNX Runtime this build was measured with.
pub const LIBRARY_VERSION: &str = "1.31.1";

/// The library's file name inside the folder of models.
pub const LIBRARY_FILE: &str = "libonnxruntime.so";

/// One opened model.
pub(crate) struct Model {
    name: String,
    input_shape: [usize; 4],
    // The library's own run is thread-safe, its Rust face asks for exclusive use; an engine is
    // used by one worker at a time, so the lock is never waited for in practice.
    session: Mutex<Session>,
}

/// The outputs of one run, in the model's order.
pub(crate) struct Outputs {
    named: Vec<(String, Vec<f32>)>,
}

impl Model {
    /// Opens `name.onnx` in `folder`; `side` is the side of its square NHWC input.
    pub(crate) fn open(
        folder: &Path,
        name: &str,
        side: usize,
        threads: usize,
    ) -> Result<Self, EngineError> {
        let path = folder.join(format!("{name}.onnx"));
        Self::open_file(folder, &path, [1, side, side, 3], threads)
    }

    /// Opens a file anywhere; the inference library lies in `library_dir`.
    pub(crate) fn open_file(
        library_dir: &Path,
        path: &Path,
        input_shape: [usize; 4],
        threads: usize,
    ) -> Result<Self, EngineError> {
        if !path.is_file() {
            let path = path.to_owned();
            return Err(EngineError::Missing { path });
        }
        let environment = library(library_dir)?;
        let name = path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default();
        let fault = |detail: String| EngineError::Model {
            name: name.clone(),
            detail,
        };
        let session = open_session(environment, path, threads).map_err(fault)?;
        let wanted = input_shape.map(|size| size as i64);
        let input = session
            .inputs()
            .first()
            .and_then(|input| input.dtype().tensor_shape());
        match input {
            Some(shape)
                if shape.len() == wanted.len()
                    && shape.iter().zip(wanted).all(|(d, w)| *d == w || *d == -1) => {}
            other => {
                return Err(fault(format!("its input is {other:?}, wanted {wanted:?}")));
            }
        }
        Ok(Self {
            name,
            input_shape,
            session: Mutex::new(session),
        })
    }

    /// Runs the model on one input of its shape.
    pub(crate) fn run(&self, input: &[f32]) -> Result<Outputs, EngineError> {
        let fault = |error: ort::Error| EngineError::Inference {
            name: self.name.clone(),
            detail: error.to_string(),
        };
        let tensor = TensorRef::from_array_view((self.input_shape, input)).map_err(fault)?;
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let outputs = session.run(ort::inputs![tensor]).map_err(fault)?;
        let mut named = Vec::with_capacity(outputs.len());
        for (name, value) in &outputs {
            let (_, values) = value.try_extract_tensor::<f32>().map_err(fault)?;
            named.push((name.to_owned(), values.to_vec()));
        }
        Ok(Outputs { named })
    }

    /// The fault of an output that is not as the model's contract says.
    pub(crate) fn mismatch(&self, detail: &str) -> EngineError {
        EngineError::Model {
            name: self.name.clone(),
            detail: detail.to_owned(),
        }
    }
}

impl Outputs {
    /// The output with this name (TF's `:0` ending may be present or not) and this many values.
    pub(crate) fn named(&self, name: &str, count: usize) -> Option<&[f32]> {
        self.named
            .iter()
            .find(|(found, _)| found.strip_suffix(":0").unwrap_or(found) == name)
            .map(|(_, values)| values.as_slice())
            .filter(|values| values.len() == count)
    }

    /// Every output with its name.
    pub(crate) fn into_named(self) -> Vec<(String, Vec<f32>)> {
        self.named
    }

    /// The output at this place, with this many values.
    pub(crate) fn at(&self, index: usize, count: usize) -> Option<&[f32]> {
        self.named
            .get(index)
            .map(|(_, values)| values.as_slice())
            .filter(|values| values.len() == count)
    }

    /// The only output with this many values.
    pub(crate) fn sized(&self, count: usize) -> Option<&[f32]> {
        let mut fitting = self
            .named
            .iter()
            .filter(|(_, values)| values.len() == count);
        let found = fitting.next()?;
        fitting.next().is_none().then_some(found.1.as_slice())
    }
}

fn open_session(environment: &Environment, path: &Path, threads: usize) -> Result<Session, String> {
    builder(environment, threads)?
        .commit_from_file(path)
        .map_err(|error| error.to_string())
}

fn builder(environment: &Environment, threads: usize) -> Result<SessionBuilder, String> {
    let text = |error: ort::Error<SessionBuilder>| error.to_string();
    Session::builder(environment)
        .map_err(|error| error.to_string())?
        .with_optimization_level(GraphOptimizationLevel::Level3)
        .map_err(text)?
        .with_intra_threads(threads.max(1))
        .map_err(text)?
        .with_inter_threads(1)
        .map_err(text)?
        // Spinning threads would burn a core between frames.
        .with_intra_op_spinning(false)
        .map_err(text)
}

/// The library, loaded once a process from the first folder that is named.
fn library(folder: &Path) -> Result<&'static Environment, EngineError> {
    static LOADING: Mutex<()> = Mutex::new(());
    static LIBRARY: OnceLock<Environment> = OnceLock::new();
    let _one_at_a_time = LOADING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(environment) = LIBRARY.get() {
        return Ok(environment);
    }
    let environment = load(folder)?;
    Ok(LIBRARY.get_or_init(|| environment))
}

fn load(folder: &Path) -> Result<Environment, EngineError> {
    let path = folder.join(LIBRARY_FILE);
    if !path.is_file() {
        return Err(EngineError::Missing { path });
    }
    let path = path.canonicalize().unwrap_or(path);
    let fault = |detail: String| EngineError::Library {
        path: path.clone(),
        detail,
    };
    let bytes = std::fs::read(&path).map_err(|error| fault(error.to_string()))?;
    check_version(&bytes)?;
    drop(bytes);
    let environment = ort::init_from(&path)
        .map_err(|error| fault(error.to_string()))?
        .with_name("zhenren")
        .with_telemetry(false)
        .build()
        .map_err(|error| fault(error.to_string()))?;
    environment.set_log_level(LogLevel::Error);
    Ok(environment)
}

/// The library's exported symbols carry its full version; its API only tells the minor one, and
/// only after the code has been loaded.
fn check_version(bytes: &[u8]) -> Result<(), EngineError> {
    let prefix = b"VERS_";
    let found = bytes
        .windows(prefix.len())
        .position(|window| window == prefix)
        .map(|start| &bytes[start + prefix.len()..])
        .map(|rest| {
            &rest[..rest
                .iter()
                .take(32)
                .position(|byte| *byte == 0)
                .unwrap_or(0)]
        })
        .map(|text| String::from_utf8_lossy(text).into_owned())
        .unwrap_or_default();
    if found == LIBRARY_VERSION {
        return Ok(());
    }
    Err(EngineError::LibraryVersion {
        wanted: LIBRARY_VERSION,
        found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_the_symbols() {
        assert!(check_version(b"..\0VERS_1.31.1\0..").is_ok());
        let wrong = check_version(b"..\0VERS_1.20.0\0..").unwrap_err();
        assert!(wrong.to_string().contains("1.20.0"), "{wrong}");
        assert!(check_version(b"text").is_err());
    }

    #[test]
    fn a_missing_file_says_what_to_do() {
        let Err(error) = Model::open(Path::new("/nowhere"), "blazeface", 256, 1) else {
            panic!("opened nothing");
        };
        assert!(error.to_string().contains("make runtime"));
    }
}
