//! Importing a pack: what is written, what is left alone, and what a damaged source says.
#![expect(
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test says what went wrong by failing"
)]

#[path = "support/pack.rs"]
mod pack;
mod support;

use std::fs;
use std::path::Path;

use pack::{SMALL_GRAPH, hash, pack};
use support::{manifest, runtime};
use zhenren_importer::{ConvertError, ImportError, check, import_all};

fn import(folder: &Path) -> Result<zhenren_importer::ImportReport, ImportError> {
    import_all(folder, &folder.join("models"), &mut |_| {})
}

fn refusal(folder: &Path) -> ImportError {
    import(folder).expect_err("a damaged pack was imported")
}

fn only_whole_files(folder: &Path) -> bool {
    let names = fs::read_dir(folder.join("models")).unwrap();
    names
        .map(|entry| entry.unwrap().file_name())
        .all(|name| !name.display().to_string().ends_with("tmp"))
}

#[test]
fn two_imports_of_the_real_pack_give_the_same_bytes() {
    manifest();
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&one, &two] {
        let mut lines = 0;
        let report = import_all(&runtime(), folder.path(), &mut |_| lines += 1).unwrap();
        assert_eq!(
            (report.imported.len(), report.unchanged.len(), lines),
            (5, 0, 5)
        );
    }
    for entry in fs::read_dir(one.path()).unwrap() {
        let name = entry.unwrap().file_name();
        let both = [&one, &two].map(|folder| fs::read(folder.path().join(&name)).unwrap());
        assert!(both[0] == both[1], "{} differs", name.display());
    }
}

/// Guards against a change of the importer that forgets to raise `IMPORTER_VERSION`: the models in
/// use would then stay as they were.
#[test]
fn the_models_in_use_are_those_that_this_importer_writes() {
    manifest();
    let models = runtime().join("models");
    let findings = check(&models);
    assert!(findings.is_empty(), "run `make runtime`: {findings:?}");
    for model in manifest().models {
        let fresh = zhenren_importer::import_model(&runtime(), &model).unwrap();
        let used = fs::read(models.join(format!("{}.onnx", model.name))).unwrap();
        assert!(
            fresh == used,
            "{} differs: raise IMPORTER_VERSION",
            model.name
        );
    }
}

#[test]
fn a_second_import_does_nothing_and_a_damaged_file_is_made_again() {
    let folder = pack(SMALL_GRAPH, &[0; 12]);
    assert_eq!(import(folder.path()).unwrap().imported, ["small"]);
    let file = folder.path().join("models/small.onnx");
    let first = fs::read(&file).unwrap();
    assert_eq!(import(folder.path()).unwrap().unchanged, ["small"]);
    fs::write(&file, b"damaged").unwrap();
    assert_eq!(import(folder.path()).unwrap().imported, ["small"]);
    assert_eq!(fs::read(&file).unwrap(), first);
    assert!(only_whole_files(folder.path()));
}

#[test]
fn a_source_with_another_hash_is_refused_and_the_old_model_stays() {
    let folder = pack(SMALL_GRAPH, &[0; 12]);
    import(folder.path()).unwrap();
    let file = folder.path().join("models/small.onnx");
    let old = fs::read(&file).unwrap();
    // Another pin, so that the import is due, and another file than that pin's.
    let manifest = folder.path().join("manifest.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace(&hash(&[0; 12]), &hash(&[1; 12]))).unwrap();
    let fault = refusal(folder.path());
    assert!(matches!(fault, ImportError::WrongHash { .. }), "{fault}");
    let sentence = fault.to_string();
    for part in ["w.bin", &hash(&[0; 12]), &hash(&[1; 12]), "make runtime"] {
        assert!(sentence.contains(part), "{sentence}");
    }
    assert_eq!(fs::read(&file).unwrap(), old);
}

#[test]
fn an_absent_source_names_the_remedy() {
    let folder = pack(SMALL_GRAPH, &[0; 12]);
    fs::remove_file(folder.path().join("w.bin")).unwrap();
    let sentence = refusal(folder.path()).to_string();
    assert!(
        sentence.contains("w.bin") && sentence.contains("make runtime"),
        "{sentence}"
    );
}

#[test]
fn an_unknown_operator_is_named_with_its_node_and_file() {
    let folder = pack(&SMALL_GRAPH.replace("Mul", "Einsum"), &[0; 12]);
    let fault = refusal(folder.path());
    let sentence = fault.to_string();
    for part in ["g.json", "'out'", "Einsum"] {
        assert!(sentence.contains(part), "{sentence}");
    }
    let unknown = matches!(
        fault,
        ImportError::Convert {
            source: ConvertError::UnknownOp { .. },
            ..
        }
    );
    assert!(unknown && !folder.path().join("models/small.onnx").exists());
}

#[test]
fn truncated_sources_are_refused() {
    let short = refusal(pack(SMALL_GRAPH, &[0; 11]).path()).to_string();
    assert!(short.contains("ends at byte 11"), "{short}");
    for length in (0..SMALL_GRAPH.len()).step_by(7) {
        let sentence = refusal(pack(&SMALL_GRAPH[..length], &[0; 12]).path()).to_string();
        assert!(sentence.contains("g.json"), "{sentence}");
    }
}

#[test]
fn a_graph_that_uses_itself_or_nothing_is_refused() {
    for (from, to, part) in [
        (r#"["in","factor"]"#, r#"["out","factor"]"#, "uses itself"),
        (r#"["in","factor"]"#, r#"["in","lost"]"#, "'lost'"),
        (r#"["in","factor"]"#, r#"["in"]"#, "operand 1"),
        (r#""shape":[3]"#, r#""shape":[3,1,1]"#, "do not fit"),
        (r#""shape":[3]"#, r#""shape":[1,1,1,1,3]"#, "gives"),
    ] {
        let graph = SMALL_GRAPH.replace(from, to);
        assert_ne!(graph, SMALL_GRAPH);
        let sentence = refusal(pack(&graph, &[0; 12]).path()).to_string();
        assert!(sentence.contains(part), "{sentence}");
    }
}

#[test]
fn a_manifest_fault_says_where() {
    let folder = pack(SMALL_GRAPH, &[0; 12]);
    let manifest = folder.path().join("manifest.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("contract =", "contrat =")).unwrap();
    let sentence = refusal(folder.path()).to_string();
    for part in ["manifest.toml", "line 10", "contrat"] {
        assert!(sentence.contains(part), "{sentence}");
    }
    fs::write(
        &manifest,
        text.replace(r#"name = "small""#, r#"name = "../small""#),
    )
    .unwrap();
    assert!(refusal(folder.path()).to_string().contains("../small"));
}

#[test]
fn the_check_finds_each_fault_and_only_then() {
    let folder = pack(SMALL_GRAPH, &[0; 12]);
    let models = folder.path().join("models");
    let sentences = || {
        check(&models)
            .into_iter()
            .map(|found| found.sentence)
            .collect::<Vec<_>>()
    };
    assert!(
        sentences()[0].contains("no imported models"),
        "{:?}",
        sentences()
    );
    import(folder.path()).unwrap();
    assert!(
        sentences()[0].contains("libonnxruntime.so is missing"),
        "{:?}",
        sentences()
    );
    fs::write(models.join("libonnxruntime.so"), b"other").unwrap();
    assert!(
        sentences()[0].contains("not the pinned one"),
        "{:?}",
        sentences()
    );
    fs::write(models.join("libonnxruntime.so"), b"library").unwrap();
    assert!(sentences().is_empty(), "{:?}", sentences());
    fs::write(models.join("small.onnx"), b"other").unwrap();
    assert!(
        sentences()[0].contains("changed after the import"),
        "{:?}",
        sentences()
    );
    fs::remove_file(models.join("small.onnx")).unwrap();
    assert!(
        sentences()[0].contains("small.onnx is missing"),
        "{:?}",
        sentences()
    );
    fs::write(models.join("models.json"), b"{").unwrap();
    assert!(
        sentences()[0].contains("cannot be read"),
        "{:?}",
        sentences()
    );
}
