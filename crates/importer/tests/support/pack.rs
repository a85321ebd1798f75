//! A model pack of one small graph.

use std::fs;

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// A graph of one multiplication, in the form that TensorFlow.js writes.
pub(crate) const SMALL_GRAPH: &str = r#"{"format":"graph-model",
"signature":{"inputs":{"in":{"name":"in:0","tensorShape":{"dim":[{"size":"-1"},{"size":"2"},{"size":"2"},{"size":"3"}]}}},
"outputs":{"out":{"name":"out:0","tensorShape":{"dim":[{"size":"-1"},{"size":"2"},{"size":"2"},{"size":"3"}]}}}},
"modelTopology":{"node":[{"name":"in","op":"Placeholder"},{"name":"factor","op":"Const"},
{"name":"out","op":"Mul","input":["in","factor"]}]},
"weightsManifest":[{"paths":["w.bin"],"weights":[{"name":"factor","shape":[3],"dtype":"float32"}]}]}"#;

/// sha256 in lower-case hex.
pub(crate) fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// A runtime folder with one small model, pinned as it is.
pub(crate) fn pack(graph: &str, weights: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("g.json"), graph).unwrap();
    fs::write(folder.path().join("w.bin"), weights).unwrap();
    let text = format!(
        r#"format = 1
[library]
file = "libonnxruntime.so"
package = "none"
licence = "MIT"
sha256 = ["{library}"]
[[model]]
name = "small"
role = "features"
contract = "none"
kind = "tfjs"
package = "none"
licence = "MIT"
note = ""
source = [{{ file = "g.json", sha256 = "{json}" }}, {{ file = "w.bin", sha256 = "{bin}" }}]
input = {{ name = "in", shape = [1, 2, 2, 3], colour = "RGB", range = "p", align = "none" }}
output = [{{ name = "out", shape = [1, 2, 2, 3], meaning = "none" }}]
"#,
        library = hash(b"library"),
        json = hash(graph.as_bytes()),
        bin = hash(weights),
    );
    fs::write(folder.path().join("manifest.toml"), text).unwrap();
    folder
}
