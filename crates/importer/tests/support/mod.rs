//! Where the runtime packages lie, and how the tests run a model.
#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "every test binary uses its own part of it"
)]

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use ort::environment::Environment;
use ort::session::Session;
use ort::value::TensorRef;
use zhenren_importer::manifest::{Manifest, Model};

/// The workspace's `runtime` folder.
pub(crate) fn runtime() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runtime")
}

/// The manifest; fails with the remedy where the packages were never fetched.
pub(crate) fn manifest() -> Manifest {
    let manifest = Manifest::read(&runtime()).unwrap();
    for source in manifest.models.iter().flat_map(|model| &model.source) {
        present(&runtime().join(&source.file));
    }
    present(&library());
    manifest
}

fn present(file: &Path) {
    assert!(
        file.is_file(),
        "{} is missing: run `make runtime`",
        file.display()
    );
}

fn library() -> PathBuf {
    runtime().join("models/libonnxruntime.so")
}

/// A model of the manifest.
pub(crate) fn model(name: &str) -> Model {
    let found = manifest()
        .models
        .into_iter()
        .find(|model| model.name == name);
    found.unwrap_or_else(|| panic!("the manifest has no model {name}"))
}

/// A model of the manifest as the present code translates it.
pub(crate) fn imported(name: &str) -> Vec<u8> {
    zhenren_importer::import_model(&runtime(), &model(name)).unwrap()
}

/// A translated model, ready to run on one thread.
pub(crate) struct Runner {
    session: Session,
}

/// One output: its name, shape and values.
pub(crate) type Output = (String, Vec<i64>, Vec<f32>);

impl Runner {
    pub(crate) fn new(onnx: &[u8]) -> Self {
        static LIBRARY: OnceLock<Environment> = OnceLock::new();
        let environment = LIBRARY.get_or_init(|| {
            let builder = ort::init_from(library()).unwrap();
            builder.with_telemetry(false).build().unwrap()
        });
        let builder = Session::builder(environment).unwrap();
        let session = builder
            .with_intra_threads(1)
            .unwrap()
            .commit_from_memory(onnx);
        Self {
            session: session.unwrap(),
        }
    }

    pub(crate) fn run(&mut self, shape: &[usize], input: &[f32]) -> Vec<Output> {
        let tensor = TensorRef::from_array_view((shape.to_vec(), input)).unwrap();
        let outputs = self.session.run(ort::inputs![tensor]).unwrap();
        let read = outputs.iter().map(|(name, value)| {
            let (shape, values) = value.try_extract_tensor::<f32>().unwrap();
            (name.to_owned(), shape.to_vec(), values.to_vec())
        });
        read.collect()
    }
}

/// Little-endian 32-bit floats.
pub(crate) fn read_floats(file: &Path) -> Vec<f32> {
    let bytes = std::fs::read(file).unwrap_or_else(|fault| panic!("{}: {fault}", file.display()));
    bytes
        .chunks_exact(4)
        .map(|part| f32::from_le_bytes(part.try_into().unwrap()))
        .collect()
}
