//! Writes what each kind of subject looks like, one row each, to look at: `attacks OUT.png
//! CHALLENGE`. Columns are five moments of the recording.

use anyhow::Context as _;
use zhenren_simulator::prompt;
use zhenren_simulator::render::{HEIGHT, WIDTH};
use zhenren_simulator::take::{Cast, SubjectKind, Take};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let out = arguments.next().context("attacks OUT.png CHALLENGE")?;
    let challenge = prompt::from_list(&arguments.next().unwrap_or_else(|| "flash:3".to_owned()))?;
    let cast = Cast {
        enrolled: 15,
        other: 20,
        behaviour: 3,
    };
    let (width, height) = (u32::try_from(WIDTH / 2)?, u32::try_from(HEIGHT / 2)?);
    let rows = u32::try_from(SubjectKind::ALL.len())?;
    let mut sheet = image::RgbImage::new(width * 5, height * rows);
    for (row, kind) in (0_u32..).zip(SubjectKind::ALL) {
        let take = Take::new(kind, cast, &challenge);
        for column in 0..5_u16 {
            let share = (f32::from(column) + 0.5) / 5.0;
            let whole = f32::from(u16::try_from(challenge.duration_ms)?);
            let picture = take.picture(whole * share);
            let (full_width, full_height) = (u32::try_from(WIDTH)?, u32::try_from(HEIGHT)?);
            let tile = image::RgbImage::from_raw(full_width, full_height, picture.rgb)
                .context("the picture has its size")?;
            let tile = image::imageops::thumbnail(&tile, width, height);
            let (x, y) = (u32::from(column) * width, row * height);
            image::imageops::replace(&mut sheet, &tile, i64::from(x), i64::from(y));
        }
    }
    sheet.save(out)?;
    Ok(())
}
