//! Writes portraits of some seeds side by side, to look at: `portraits OUT.png SEED...`.
#![expect(clippy::print_stdout, reason = "a command")]
use anyhow::Context as _;
use zhenren_simulator::render::{HEIGHT, Pose, Scene, Subject, WIDTH, render};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let out = arguments.next().context("portraits OUT.png SEED...")?;
    let scenes = [
        Scene::default(),
        Scene {
            blink: 1.0,
            ..Scene::default()
        },
        Scene {
            mouth: 0.5,
            ..Scene::default()
        },
        Scene {
            pose: Pose {
                yaw_deg: 25.0,
                ..Pose::default()
            },
            ..Scene::default()
        },
        Scene {
            pose: Pose {
                yaw_deg: -25.0,
                pitch_deg: 12.0,
                ..Pose::default()
            },
            ..Scene::default()
        },
    ];
    let seeds: Vec<u64> = arguments.map(|a| a.parse()).collect::<Result<_, _>>()?;
    let width = u32::try_from(WIDTH * scenes.len())?;
    let mut sheet = image::RgbImage::new(width, u32::try_from(HEIGHT * seeds.len())?);
    for (row, seed) in seeds.iter().enumerate() {
        let subject = Subject::from_seed(*seed);
        for (column, scene) in scenes.iter().enumerate() {
            let started = std::time::Instant::now();
            let picture = render(&subject, scene, WIDTH, HEIGHT);
            println!("seed {seed} scene {column}: {:?}", started.elapsed());
            let tile = image::RgbImage::from_raw(
                u32::try_from(WIDTH)?,
                u32::try_from(HEIGHT)?,
                picture.rgb,
            )
            .context("the picture has its size")?;
            image::imageops::replace(
                &mut sheet,
                &tile,
                i64::try_from(column * WIDTH)?,
                i64::try_from(row * HEIGHT)?,
            );
        }
    }
    sheet.save(out)?;
    Ok(())
}
