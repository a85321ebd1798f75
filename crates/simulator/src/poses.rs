//! Exports one subject as a set of still pictures with a list of what each shows, for virtual
//! persons that run inside a browser page and cross-fade between them.

use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use crate::paper;
use crate::render::{HEIGHT, Pose, Scene, Subject, WIDTH, exposure_for, render};

/// Degrees of the fullest turn and nod.
const TURN_DEG: f32 = 32.0;
const NOD_DEG: f32 = 22.0;

/// `poses.json`.
#[derive(Debug, Serialize)]
struct Manifest {
    size: [usize; 2],
    seed: u64,
    reference: &'static str,
    poses: Vec<Entry>,
}

/// One picture: what it belongs to, and how far that has gone from 0 to 1.
#[derive(Debug, Serialize)]
struct Entry {
    file: String,
    group: &'static str,
    level: f32,
    yaw: f32,
    pitch: f32,
    blink: f32,
    mouth: f32,
}

/// Each group with the number of its pictures after the neutral one.
const GROUPS: [(&str, u8); 6] = [
    ("neutral", 0),
    ("blink", 4),
    ("mouth", 4),
    ("nod", 5),
    ("turn_left", 6),
    ("turn_right", 6),
];

/// Writes the pictures, `reference.jpg` and `poses.json` into a folder, which is made.
/// Returns how many pictures there are.
pub fn export(folder: &Path, seed: u64) -> anyhow::Result<usize> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let subject = Subject::from_seed(seed);
    let mut base = Scene::default();
    base.camera.noise = 0.6;
    base.camera.exposure = Some(exposure_for(&subject, &base));
    let mut poses = Vec::new();
    for (group, count) in GROUPS {
        let levels = if count == 0 { 0..=0 } else { 1..=count };
        for index in levels {
            let level = f32::from(index) / f32::from(count.max(1));
            let scene = scene(&base, group, level);
            let file = format!("{group}_{index}.jpg");
            write(
                folder,
                &file,
                &paper::jpeg(&render(&subject, &scene, WIDTH, HEIGHT))?,
            )?;
            poses.push(Entry {
                file,
                group,
                level,
                yaw: scene.pose.yaw_deg,
                pitch: scene.pose.pitch_deg,
                blink: scene.blink,
                mouth: scene.mouth,
            });
        }
    }
    write(
        folder,
        "reference.jpg",
        &paper::jpeg(&paper::reference(&subject))?,
    )?;
    let count = poses.len();
    let manifest = Manifest {
        size: [WIDTH, HEIGHT],
        seed,
        reference: "reference.jpg",
        poses,
    };
    write(folder, "poses.json", &serde_json::to_vec_pretty(&manifest)?)?;
    Ok(count)
}

fn scene(base: &Scene, group: &str, level: f32) -> Scene {
    let mut scene = *base;
    match group {
        "blink" => scene.blink = level,
        "mouth" => scene.mouth = 0.65 * level,
        "nod" => {
            scene.pose = Pose {
                pitch_deg: NOD_DEG * level,
                ..scene.pose
            }
        }
        "turn_left" => {
            scene.pose = Pose {
                yaw_deg: TURN_DEG * level,
                ..scene.pose
            }
        }
        "turn_right" => {
            scene.pose = Pose {
                yaw_deg: -TURN_DEG * level,
                ..scene.pose
            }
        }
        _ => {}
    }
    scene.gaze.0 = (-scene.pose.yaw_deg / 30.0).clamp(-1.0, 1.0);
    scene
}

fn write(folder: &Path, file: &str, bytes: &[u8]) -> anyhow::Result<()> {
    let path = folder.join(file);
    std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_listed_picture_is_there_and_levels_rise_to_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let count = export(folder.path(), 1).expect("exported");
        let text = std::fs::read(folder.path().join("poses.json")).expect("a list");
        let list: Value = serde_json::from_slice(&text).expect("JSON");
        let poses = list["poses"].as_array().expect("poses");
        assert_eq!((count, poses.len()), (26, 26));
        assert_eq!(list["size"], serde_json::json!([480, 640]));
        for pose in poses {
            let file = folder
                .path()
                .join(pose["file"].as_str().expect("a file name"));
            let picture = image::open(&file).expect("a picture");
            assert_eq!((picture.width(), picture.height()), (480, 640));
        }
        let level = |group: &str| {
            let own = poses.iter().filter(|pose| pose["group"] == group);
            own.map(|pose| pose["level"].as_f64().expect("a level"))
                .fold(0.0, f64::max)
        };
        for (group, expected) in [("neutral", 0.0), ("turn_left", 1.0), ("nod", 1.0)] {
            assert!((level(group) - expected).abs() < 1e-9, "{group}");
        }
        let left = poses
            .iter()
            .rfind(|pose| pose["group"] == "turn_left")
            .expect("a left turn");
        assert!(left["yaw"].as_f64().expect("degrees") > 25.0);
        assert!(folder.path().join("reference.jpg").is_file());
    }
}
