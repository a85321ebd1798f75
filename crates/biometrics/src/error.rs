//! What can go wrong with the machine. Poor pictures are outcomes, not errors: see `photo`.

use std::path::PathBuf;

/// A fault of the engine: something an operator must repair, never something the subject did.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A file of the model pack is not there.
    #[error("{} is missing, run `make runtime`", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The inference library could not be loaded.
    #[error("the inference library {} cannot be loaded: {detail}", path.display())]
    Library {
        /// The file.
        path: PathBuf,
        /// What the loader said.
        detail: String,
    },
    /// The inference library is not the pinned version.
    #[error("the inference library says {found:?}, this build needs {wanted}, run `make runtime`")]
    LibraryVersion {
        /// The pinned version.
        wanted: &'static str,
        /// What the file says of itself.
        found: String,
    },
    /// A model cannot be opened, or is not the model its name says.
    #[error("the model {name} cannot be used: {detail}")]
    Model {
        /// The model's file name without its ending.
        name: String,
        /// Why.
        detail: String,
    },
    /// A model did not run.
    #[error("the model {name} did not run: {detail}")]
    Inference {
        /// The model's file name without its ending.
        name: String,
        /// What the library said.
        detail: String,
    },
    /// A picture whose sizes do not agree, or that cannot be encoded.
    #[error("the picture's sizes do not agree")]
    BadPicture,
}
