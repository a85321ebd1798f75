//! Measures the default features on folders of photographs and prints what `docs/ACCURACY.md`
//! reports: `cargo run --release --example accuracy -- MODELS FACES` where FACES has the layout of
//! the shared development data (`london`, `portraits_pd`, `cc0_lisa`, `ccby_composites`).

#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a report for people, made of small numbers"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use zhenren_biometrics::geometry::Point;
use zhenren_biometrics::{Engine, Features, Image, Portrait, compare};

struct Face {
    set: String,
    person: String,
    shot: String,
    single: Features,
    mirrored: Features,
}

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [models, faces] = arguments.as_slice() else {
        println!("usage: accuracy MODELS FACES");
        return ExitCode::from(64);
    };
    match report(models, faces) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn report(models: &Path, root: &Path) -> Result<(), Failure> {
    let engine = Engine::load(models, 1)?;
    let mut faces = Vec::new();
    for set in ["london", "portraits_pd", "cc0_lisa", "ccby_composites"] {
        read_set(&engine, root, set, &mut faces)?;
    }
    for mirrored in [false, true] {
        println!(
            "\n== {} ==",
            if mirrored {
                "with the mirrored average"
            } else {
                "single chip"
            }
        );
        scores(&faces, mirrored);
    }
    Ok(())
}

fn read_set(engine: &Engine, root: &Path, set: &str, faces: &mut Vec<Face>) -> Result<(), Failure> {
    let mut paths: Vec<_> = std::fs::read_dir(root.join(set))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    let (mut found, mut hints, mut sharp) = (0, Vec::new(), Vec::new());
    let mut covered: Covered = BTreeMap::new();
    for path in &paths {
        let picture = image::open(path)?.to_rgb8();
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let picture = Image {
            width,
            height,
            rgb: picture.into_raw(),
        };
        let portrait = match engine.analyse_photo(&picture) {
            Ok(portrait) => portrait,
            Err(refusal) => {
                println!("{}: {refusal}", path.display());
                continue;
            }
        };
        found += 1;
        hints.push(portrait.quality.occlusion_hint);
        sharp.push(portrait.quality.sharpness);
        covers(engine, &picture, &portrait, &mut covered);
        let (person, shot) = named(set, path);
        let single = engine
            .features_unmirrored(&picture, &portrait.mesh)?
            .ok_or("a collapsed mesh")?;
        let set = set.to_owned();
        faces.push(Face {
            set,
            person,
            shot,
            single,
            mirrored: portrait.features,
        });
    }
    println!("{set}: {found} of {} faces found", paths.len());
    println!("  occlusion hint {}", spread(&mut hints));
    println!("  sharpness {}", spread(&mut sharp));
    for (name, (hints, lost)) in &mut covered {
        println!("  painted {name}: no face {lost}, hint {}", spread(hints));
    }
    Ok(())
}

/// Who is in a picture, and in which shot.
fn named(set: &str, path: &Path) -> (String, String) {
    let name = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    match (set, name.split_once('_')) {
        ("london", Some((person, shot))) => (person.to_owned(), shot.to_owned()),
        ("cc0_lisa", _) => ("lisa".to_owned(), name),
        _ => (name, String::new()),
    }
}

type Failure = Box<dyn std::error::Error>;

/// Whether a point is painted.
type Inside<'a> = &'a dyn Fn(Point) -> bool;

/// Hints of pictures with this painted on, and how many of them had no face any more.
type Covered = BTreeMap<&'static str, (Vec<f64>, usize)>;

/// Paints masks and dark glasses onto a face and measures it again.
fn covers(engine: &Engine, picture: &Image, portrait: &Portrait, covered: &mut Covered) {
    let mesh = &portrait.mesh;
    let (nose, chin) = (mesh.at(4), mesh.at(152));
    let (left, right) = (mesh.at(234), mesh.at(454));
    let mask = move |p: Point| {
        let down = (chin.x - nose.x, chin.y - nose.y);
        let along =
            ((p.x - nose.x) * down.0 + (p.y - nose.y) * down.1) / (down.0.powi(2) + down.1.powi(2));
        let middle = Point::new(nose.x + down.0 * along, nose.y + down.1 * along);
        (-0.05..=1.05).contains(&along)
            && p.distance(middle) < left.distance(right) * (0.5 - 0.2 * along.max(0.0))
    };
    let (eye_left, eye_right) = (mesh.eye_left_centre(), mesh.eye_right_centre());
    let radius = mesh.inter_eye() * 0.42;
    let glasses = move |p: Point| p.distance(eye_left) < radius || p.distance(eye_right) < radius;
    let kinds: [(&'static str, Inside<'_>, [u8; 3]); 5] = [
        ("blue mask", &mask, [120, 165, 210]),
        ("white mask", &mask, [235, 235, 235]),
        ("black mask", &mask, [22, 22, 24]),
        ("dark glasses", &glasses, [20, 20, 20]),
        ("brown glasses", &glasses, [60, 45, 30]),
    ];
    for (name, inside, colour) in kinds {
        let mut painted = picture.clone();
        for (i, pixel) in painted.rgb.chunks_exact_mut(3).enumerate() {
            let p = Point::new((i % picture.width) as f32, (i / picture.width) as f32);
            if inside(p) {
                // Cloth and glass are not of one even shade.
                let shade = 1.0 + 0.08 * (p.y * 0.15).sin() + 0.05 * (p.x * 0.07).cos();
                for (value, paint) in pixel.iter_mut().zip(colour) {
                    *value = (f32::from(paint) * shade) as u8;
                }
            }
        }
        let entry = covered.entry(name).or_default();
        match engine.analyse_photo(&painted) {
            Ok(portrait) => entry.0.push(portrait.quality.occlusion_hint),
            Err(_) => entry.1 += 1,
        }
    }
}

fn scores(faces: &[Face], mirrored: bool) {
    let of = |face: &Face| {
        if mirrored {
            face.mirrored.clone()
        } else {
            face.single.clone()
        }
    };
    let pairs = |keep: &dyn Fn(&Face, &Face) -> bool| -> Vec<f64> {
        let mut scores = Vec::new();
        for (i, a) in faces.iter().enumerate() {
            for b in faces.iter().skip(i + 1).filter(|b| keep(a, b)) {
                scores.push(compare(&of(a), &of(b)));
            }
        }
        scores.sort_by(f64::total_cmp);
        scores
    };
    let same = |a: &Face, b: &Face| a.set == b.set && a.person == b.person;
    let both = |a: &Face, b: &Face, set: &str| a.set == set && b.set == set;
    let mut london = pairs(&|a, b| both(a, b, "london") && same(a, b));
    println!("london mated {}", spread(&mut london));
    let mut lisa = pairs(&|a, b| both(a, b, "cc0_lisa"));
    println!("lisa mated {}", spread(&mut lisa));
    let mut studio = pairs(&|a, b| {
        both(a, b, "london") && !same(a, b) && a.shot == b.shot && a.shot == "neutral"
    });
    println!("london neutral non-mated {}", tail(&mut studio));
    let mut studio = pairs(&|a, b| both(a, b, "london") && !same(a, b));
    println!("london all non-mated {}", tail(&mut studio));
    let mut portraits = pairs(&|a, b| both(a, b, "portraits_pd"));
    println!("portraits non-mated {}", tail(&mut portraits));
    let mut within = pairs(&|a, b| a.set == b.set && !same(a, b) && a.set != "ccby_composites");
    println!("within sets non-mated {}", tail(&mut within));
    let mut cross =
        pairs(&|a, b| a.set != b.set && a.set != "ccby_composites" && b.set != "ccby_composites");
    println!("across sets non-mated {}", tail(&mut cross));
    let mut all =
        pairs(&|a, b| !same(a, b) && a.set != "ccby_composites" && b.set != "ccby_composites");
    println!("all real people non-mated {}", tail(&mut all));
}

fn spread(values: &mut [f64]) -> String {
    if values.is_empty() {
        return "none".to_owned();
    }
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[((values.len() - 1) as f64 * share) as usize];
    format!(
        "n {} min {:.3} 5% {:.3} median {:.3} 95% {:.3} max {:.3}",
        values.len(),
        at(0.0),
        at(0.05),
        at(0.5),
        at(0.95),
        at(1.0)
    )
}

fn tail(values: &mut [f64]) -> String {
    values.sort_by(|a, b| b.total_cmp(a));
    let mut parts = vec![format!("n {} max {:.4}", values.len(), values[0])];
    for rate in [0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001] {
        let index = (values.len() as f64 * rate) as usize;
        if index > 0 {
            parts.push(format!("{rate}: {:.4}", values[index]));
        }
    }
    parts.join(" | ")
}
