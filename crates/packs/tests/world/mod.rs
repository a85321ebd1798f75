//! What the tests of packs share: a folder of packs, small models, a server that answers once.

#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each test file uses its own part of this one"
)]
#![expect(
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test says what went wrong by failing, and why it was skipped"
)]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::thread::JoinHandle;

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use zhenren_importer::small::{constant_model, strips_model};
use zhenren_packs::manifest::Manifest;
use zhenren_packs::{Installed, PackError, Packs, Source, install};

/// The folder of the inference library; its absence fails the test with what to do.
pub(crate) fn library() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../runtime/models");
    assert!(
        folder.join("libonnxruntime.so").is_file(),
        "the inference library is missing: run `make runtime`"
    );
    folder
}

/// The shared development models, or nothing and a message.
pub(crate) fn shared_models() -> Option<PathBuf> {
    let root = std::env::var_os("ZHENREN_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let models = root.join("data/models");
    if models.is_dir() {
        return Some(models);
    }
    eprintln!(
        "SKIPPED: {} is absent; set ZHENREN_SHARED",
        models.display()
    );
    None
}

pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) packs: Packs,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let packs = Packs::at(&folder.path().join("packs"));
        Self { folder, packs }
    }

    /// Installs from a folder in which the manifest's file holds these bytes.
    pub(crate) fn install(
        &self,
        manifest: &Manifest,
        bytes: &[u8],
    ) -> Result<Installed, PackError> {
        let source = self.folder.path().join("source");
        std::fs::create_dir_all(&source).unwrap();
        std::fs::write(source.join(&manifest.models[0].file), bytes).unwrap();
        let source = Source::Folder(source);
        install(&self.packs, manifest, &source, &library(), &mut |_| {})
    }

    /// Names in the folder of packs that begin with a dot.
    pub(crate) fn left_behind(&self) -> Vec<String> {
        std::fs::read_dir(self.packs.folder())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| name.starts_with('.'))
            .collect()
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    let digits: Vec<String> = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    digits.concat()
}

pub(crate) fn features_onnx() -> Vec<u8> {
    strips_model(112, 2)
}

/// A detector that never finds anything.
pub(crate) fn yunet_onnx() -> Vec<u8> {
    let mut outputs: Vec<(String, Vec<usize>)> = Vec::new();
    for stride in [8_usize, 16, 32] {
        let cells = (64 / stride) * (64 / stride);
        for (name, each) in [("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)] {
            outputs.push((format!("{name}_{stride}"), vec![1, cells, each]));
        }
    }
    let outputs: Vec<(&str, &[usize], Vec<f32>)> = outputs
        .iter()
        .map(|(name, shape)| (&**name, &**shape, vec![0.0; shape.iter().product()]))
        .collect();
    constant_model(("input", &[1, 3, 64, 64]), &outputs, 17)
}

pub(crate) fn manifest(name: &str, onnx: &[u8], more: &str) -> Manifest {
    Manifest::parse("test", &manifest_text(name, onnx, more)).unwrap()
}

pub(crate) fn manifest_text(name: &str, onnx: &[u8], more: &str) -> String {
    format!(
        "format = 1\nname = \"{name}\"\nsummary = \"A test.\"\n[[model]]\nname = \"strips-1\"\n\
         role = \"features\"\ncontract = \"arcface-112\"\nfile = \"strips.onnx\"\n\
         sha256 = \"{}\"\nbytes = {}\nurl = \"https://example.invalid/strips.onnx\"\n\
         licence = \"CC0-1.0\"\nfeatures_count = 6\n[model.input]\nshape = [1, 3, 112, 112]\n\
         layout = \"NCHW\"\ncolour = \"RGB\"\n{more}",
        sha256(onnx),
        onnx.len()
    )
}

pub(crate) fn detector_manifest(onnx: &[u8], url: &str) -> String {
    format!(
        "format = 1\nname = \"web\"\nsummary = \"A test.\"\n[[model]]\nname = \"nothing-1\"\n\
         role = \"detector\"\ncontract = \"yunet\"\nfile = \"d.onnx\"\nsha256 = \"{}\"\n\
         bytes = {}\nurl = \"{url}\"\nlicence = \"CC0-1.0\"\n[model.input]\n\
         shape = [1, 3, 64, 64]\nlayout = \"NCHW\"\ncolour = \"BGR\"\n",
        sha256(onnx),
        onnx.len()
    )
}

/// Answers one request with the given head and body, then hangs up.
pub(crate) struct Server {
    address: String,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn answer(head: String, body: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = [0; 4096];
            let _length = stream.read(&mut asked).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(&body).unwrap();
        });
        Self {
            address,
            thread: Some(thread),
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
