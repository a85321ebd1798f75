//! Installing packs of small generated models: what is right arrives in one piece, what is wrong in
//! one respect is refused by name, and the pack that was there stays as it was.

#![expect(
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test says what went wrong by failing"
)]

mod world;

use world::{Server, World, features_onnx, manifest, sha256, yunet_onnx};
use zhenren_importer::small::constant_model;
use zhenren_packs::{Manifest, PackError, Role, Source, install};

#[test]
fn a_pack_from_a_folder_arrives_and_serves() {
    let world = World::new();
    let good = manifest("small", &features_onnx(), "");
    let installed = world.install(&good, &features_onnx()).unwrap();
    assert_eq!(
        installed.files,
        [("strips-1.onnx".to_owned(), sha256(&features_onnx()))]
    );
    assert_eq!(
        installed.licences,
        [("strips-1".to_owned(), "CC0-1.0".to_owned())]
    );
    assert_eq!(world.packs.list().unwrap().len(), 1);
    assert_eq!(world.left_behind(), Vec::<String>::new());

    let refused = world.packs.choose("small", None, None).unwrap_err();
    assert!(
        matches!(refused, PackError::NoCalibration { .. }),
        "{refused}"
    );
    let tables = world.folder.path().join("tables.toml");
    std::fs::write(
        &tables,
        "[[calibration]]\ngroup = \"general\"\nsource = \"test\"\npairs = 1000\n\
         points = [[0.5, 0.1], [0.9, 0.001]]\n",
    )
    .unwrap();
    world
        .packs
        .choose("small", Some(Role::Features), Some(&tables))
        .unwrap();
    let loadout = world.packs.loadout(&world::library(), 1).unwrap();
    let features = loadout.features.unwrap();
    assert_eq!(features.id, "strips-1");
    assert_eq!(features.calibrations.len(), 1);

    let engine =
        zhenren_biometrics::Engine::open(&world.packs.loadout(&world::library(), 1).unwrap());
    assert_eq!(engine.unwrap().features_model(), "strips-1");

    let refused = world.packs.remove("small").unwrap_err();
    assert!(matches!(refused, PackError::InUse { .. }), "{refused}");
    world.packs.choose("default", None, None).unwrap();
    assert!(
        world
            .packs
            .loadout(&world::library(), 1)
            .unwrap()
            .features
            .is_none()
    );
    world.packs.remove("small").unwrap();
    assert!(world.packs.list().unwrap().is_empty());
    assert!(matches!(
        world.packs.remove("small").unwrap_err(),
        PackError::NotInstalled { .. }
    ));
}

/// Installs a good pack, then tries the bad one over it: the good one must still be whole.
fn refused(bad: &Manifest, bytes: &[u8]) -> PackError {
    let world = World::new();
    let good = features_onnx();
    world.install(&manifest("small", &good, ""), &good).unwrap();
    let before = world.packs.models("small", Role::Features).unwrap();
    let Err(fault) = world.install(bad, bytes) else {
        panic!("installed what is wrong");
    };
    let after = world.packs.models("small", Role::Features).unwrap();
    assert_eq!(before[0].1, after[0].1);
    assert_eq!(std::fs::read(&after[0].1).unwrap(), good);
    assert_eq!(world.left_behind(), Vec::<String>::new());
    fault
}

#[test]
fn another_file_is_refused_by_its_hash() {
    let onnx = features_onnx();
    let mut other = onnx.clone();
    *other.last_mut().unwrap() ^= 1;
    let fault = refused(&manifest("small", &onnx, ""), &other);
    let PackError::WrongHash { wanted, found, .. } = &fault else {
        panic!("{fault}");
    };
    assert_eq!((wanted, found), (&sha256(&onnx), &sha256(&other)));
}

#[test]
fn a_shorter_and_a_longer_file_are_refused_by_their_size() {
    let onnx = features_onnx();
    let good = manifest("small", &onnx, "");
    let fault = refused(&good, &onnx[..onnx.len() - 10]);
    assert!(matches!(fault, PackError::Truncated { .. }), "{fault}");
    let mut longer = onnx.clone();
    longer.push(0);
    let fault = refused(&good, &longer);
    assert!(matches!(fault, PackError::TooLarge { .. }), "{fault}");
}

#[test]
fn another_shape_is_refused() {
    let onnx = constant_model(
        ("input", &[1, 3, 96, 96]),
        &[("features", &[1, 6], vec![1.0; 6])],
        17,
    );
    let fault = refused(&manifest("small", &onnx, ""), &onnx);
    assert!(matches!(fault, PackError::Shape { .. }), "{fault}");
    assert!(fault.to_string().contains("96"), "{fault}");
}

#[test]
fn another_operator_set_is_refused() {
    for opset in [3, 99] {
        let onnx = constant_model(
            ("input", &[1, 3, 112, 112]),
            &[("features", &[1, 6], vec![1.0; 6])],
            opset,
        );
        let fault = refused(&manifest("small", &onnx, ""), &onnx);
        assert!(matches!(fault, PackError::Opset { .. }), "{fault}");
    }
}

#[test]
fn something_that_is_no_model_is_refused() {
    let bytes = b"<html>Not found</html>".to_vec();
    let fault = refused(&manifest("small", &bytes, ""), &bytes);
    assert!(matches!(fault, PackError::Form { .. }), "{fault}");
}

#[test]
fn a_model_that_gives_other_numbers_is_refused() {
    let six = |values: Vec<f32>| {
        constant_model(
            ("input", &[1, 3, 112, 112]),
            &[("features", &[1, 6], values)],
            17,
        )
    };
    let right = six(vec![0.5; 6]);
    let golden = "[[model.golden]]\noutput = \"features\"\nfirst = 4\nvalues = [0.5, 0.5]\n\
                  tolerance = 0.001\n";
    let world = World::new();
    world
        .install(&manifest("small", &right, golden), &right)
        .unwrap();
    let wrong = six(vec![0.5, 0.5, 0.5, 0.5, 0.5, 0.6]);
    let fault = refused(&manifest("small", &wrong, golden), &wrong);
    assert!(matches!(fault, PackError::Golden { .. }), "{fault}");
    // As many numbers as the manifest says, or none at all, is the contract's.
    let fewer = constant_model(
        ("input", &[1, 3, 112, 112]),
        &[("features", &[1, 5], vec![0.5; 5])],
        17,
    );
    let fault = refused(&manifest("small", &fewer, ""), &fewer);
    assert!(matches!(fault, PackError::Contract { .. }), "{fault}");
    let nothing = six(vec![0.0; 6]);
    let fault = refused(&manifest("small", &nothing, ""), &nothing);
    assert!(matches!(fault, PackError::Contract { .. }), "{fault}");
}

#[test]
fn a_file_changed_after_the_installation_is_not_loaded() {
    let world = World::new();
    let onnx = features_onnx();
    world.install(&manifest("small", &onnx, ""), &onnx).unwrap();
    let file = world.packs.folder().join("small/strips-1.onnx");
    std::fs::write(&file, b"something else").unwrap();
    let fault = world.packs.models("small", Role::Features).unwrap_err();
    assert!(matches!(fault, PackError::Changed { .. }), "{fault}");
}

#[test]
fn a_pack_from_the_web_arrives_with_progress() {
    let onnx = yunet_onnx();
    let server = Server::answer(
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", onnx.len()),
        onnx.clone(),
    );
    let text = world::detector_manifest(&onnx, &server.url("/d.onnx"));
    let manifest = Manifest::parse("web", &text).unwrap();
    let world = World::new();
    let mut last = 0;
    let mut watch = |step: zhenren_packs::Step<'_>| {
        if let zhenren_packs::Step::Fetching { done, .. } = step {
            last = done;
        }
    };
    install(
        &world.packs,
        &manifest,
        &Source::Web,
        &world::library(),
        &mut watch,
    )
    .unwrap();
    assert_eq!(last, onnx.len() as u64);
}

#[test]
fn a_truncated_download_is_named_and_leaves_nothing() {
    let onnx = yunet_onnx();
    let half = onnx[..onnx.len() / 2].to_vec();
    let server = Server::answer(
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", onnx.len()),
        half.clone(),
    );
    let text = world::detector_manifest(&onnx, &server.url("/d.onnx"));
    let manifest = Manifest::parse("web", &text).unwrap();
    let world = World::new();
    let fault = install(
        &world.packs,
        &manifest,
        &Source::Web,
        &world::library(),
        &mut |_| {},
    )
    .unwrap_err();
    let PackError::Truncated { wanted, found, .. } = fault else {
        panic!("{fault}");
    };
    assert_eq!((wanted, found), (onnx.len() as u64, half.len() as u64));
    assert_eq!(world.left_behind(), Vec::<String>::new());
    assert!(world.packs.list().unwrap().is_empty());
}

#[test]
fn an_address_without_the_file_is_named() {
    let server = Server::answer(
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
        Vec::new(),
    );
    let onnx = yunet_onnx();
    let text = world::detector_manifest(&onnx, &server.url("/d.onnx"));
    let manifest = Manifest::parse("web", &text).unwrap();
    let world = World::new();
    let fault = install(
        &world.packs,
        &manifest,
        &Source::Web,
        &world::library(),
        &mut |_| {},
    )
    .unwrap_err();
    assert!(
        matches!(&fault, PackError::Fetch { detail, .. } if detail.contains("404")),
        "{fault}"
    );
}

#[test]
fn manifests_are_checked() {
    let onnx = features_onnx();
    let good = world::manifest_text("small", &onnx, "");
    assert!(Manifest::parse("test", &good).is_ok());
    for (from, to, says) in [
        ("format = 1", "format = 2", "format 2"),
        (
            "name = \"small\"",
            "name = \"../small\"",
            "no name for a pack",
        ),
        (
            "name = \"small\"",
            "name = \"default\"",
            "no name for a pack",
        ),
        ("name = \"strips-1\"", "name = \"a/b\"", "names have"),
        ("bytes = ", "bytes = 9999999999999 #", "bytes must be"),
        ("url = \"https", "url = \"ftp", "url must"),
        ("licence = \"CC0-1.0\"", "licence = \" \"", "licence"),
        (
            "role = \"features\"",
            "role = \"pad\"",
            "not one of the role",
        ),
        ("layout = \"NCHW\"", "layout = \"NHWC\"", "input needs"),
        ("features_count = 6", "", "features_count"),
        ("sha256 = \"", "sha256 = \"x", "sha256"),
        ("summary", "sumary", "unknown field"),
    ] {
        let bad = good.replace(from, to);
        assert_ne!(bad, good, "{from}");
        let fault = Manifest::parse("test", &bad).unwrap_err().to_string();
        assert!(fault.contains(says), "{from}: {fault}");
    }
    let falling = "[[model.calibration]]\ngroup = \"general\"\nsource = \"x\"\npairs = 10\n\
                   points = [[0.9, 0.1], [0.5, 0.01]]\n";
    let fault =
        Manifest::parse("test", &world::manifest_text("small", &onnx, falling)).unwrap_err();
    assert!(fault.to_string().contains("rising"), "{fault}");
}

#[test]
fn shipped_manifests_parse_and_pin() {
    for (name, _) in zhenren_packs::SHIPPED {
        let manifest = zhenren_packs::shipped(name).unwrap();
        assert_eq!(manifest.name, name);
        assert!(
            manifest
                .models
                .iter()
                .all(|model| model.url.starts_with("https://"))
        );
    }
    assert!(matches!(
        zhenren_packs::shipped("nothing").unwrap_err(),
        PackError::UnknownManifest { .. }
    ));
}

/// The real files, where the shared development data is present.
#[test]
fn shipped_packs_install_from_the_shared_files() {
    let Some(models) = world::shared_models() else {
        return;
    };
    let world = World::new();
    let source = Source::Folder(models);
    let silent = zhenren_packs::shipped("silent-face").unwrap();
    install(
        &world.packs,
        &silent,
        &source,
        &world::library(),
        &mut |_| {},
    )
    .unwrap();
    world.packs.choose("silent-face", None, None).unwrap();
    assert_eq!(
        world.packs.loadout(&world::library(), 1).unwrap().pad.len(),
        2
    );
    // The folder has the detector and not the features: nothing of the pack is put in place.
    let zoo = zhenren_packs::shipped("opencv-zoo").unwrap();
    let fault = install(&world.packs, &zoo, &source, &world::library(), &mut |_| {}).unwrap_err();
    assert!(matches!(fault, PackError::Io { .. }), "{fault}");
    assert_eq!(world.packs.list().unwrap().len(), 1);
    let detector_only = zoo.only(Role::Detector).unwrap();
    install(
        &world.packs,
        &detector_only,
        &source,
        &world::library(),
        &mut |_| {},
    )
    .unwrap();
    world.packs.choose("opencv-zoo", None, None).unwrap();
    let loadout = world.packs.loadout(&world::library(), 1).unwrap();
    assert!(zhenren_biometrics::Engine::open(&loadout).is_ok());
}
