//! Writes portraits of some seeds, one row each, to look at or to compare: `portraits OUT.png
//! SEED...`. Columns: the reference, three rooms, a turn, an open mouth, closed eyes, a nod.
#![expect(clippy::print_stdout, reason = "a command")]

use anyhow::Context as _;
use zhenren_simulator::paper::reference;
use zhenren_simulator::prompt;
use zhenren_simulator::render::{HEIGHT, Picture, Pose, Scene, Subject, WIDTH, render};
use zhenren_simulator::take::{Cast, SubjectKind, Take};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let out = arguments.next().context("portraits OUT.png SEED...")?;
    let seeds: Vec<u64> = arguments.map(|a| a.parse()).collect::<Result<_, _>>()?;
    let mut sheet: Option<image::RgbImage> = None;
    for (row, seed) in seeds.iter().enumerate() {
        let started = std::time::Instant::now();
        let pictures = row_of(*seed)?;
        println!("seed {seed}: {:?}", started.elapsed());
        let size = (
            u32::try_from(WIDTH * pictures.len())?,
            u32::try_from(HEIGHT * seeds.len())?,
        );
        let sheet = sheet.get_or_insert_with(|| image::RgbImage::new(size.0, size.1));
        for (column, picture) in pictures.into_iter().enumerate() {
            let (width, height) = (u32::try_from(WIDTH)?, u32::try_from(HEIGHT)?);
            let tile = image::RgbImage::from_raw(width, height, picture.rgb);
            let tile = tile.context("the picture has its size")?;
            let (x, y) = (i64::try_from(column * WIDTH)?, i64::try_from(row * HEIGHT)?);
            image::imageops::replace(sheet, &tile, x, y);
        }
    }
    sheet.context("no seed was given")?.save(out)?;
    Ok(())
}

fn row_of(seed: u64) -> anyhow::Result<Vec<Picture>> {
    let subject = Subject::from_seed(seed);
    let mut pictures = vec![reference(&subject)];
    let silent = prompt::from_list("silent")?;
    for behaviour in [1, 2, 3] {
        let cast = Cast {
            enrolled: seed,
            other: seed,
            behaviour,
        };
        pictures.push(Take::new(SubjectKind::Passive, cast, &silent).picture(150.0));
    }
    let turned = Pose {
        yaw_deg: 25.0,
        ..Pose::default()
    };
    let nodding = Pose {
        pitch_deg: 18.0,
        ..Pose::default()
    };
    for scene in [
        Scene {
            pose: turned,
            ..Scene::default()
        },
        Scene {
            mouth: 0.6,
            ..Scene::default()
        },
        Scene {
            blink: 1.0,
            ..Scene::default()
        },
        Scene {
            pose: nodding,
            ..Scene::default()
        },
    ] {
        pictures.push(render(&subject, &scene, WIDTH, HEIGHT));
    }
    Ok(pictures)
}
