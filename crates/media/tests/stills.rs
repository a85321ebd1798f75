//! Photographs through the real worker.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a helper of a test that panics is a failed test"
)]

mod common;

use common::{Dice, media, real_decoder};
use zhenren_media::{MediaError, Still, StillFormat, StillLimits};

fn still(bytes: &[u8]) -> Result<Still, MediaError> {
    real_decoder().decode_still(bytes, &StillLimits::default())
}

/// Red top left, green top right, blue bottom left, white bottom right; wider than high.
fn quarters(name: &str, extra: &str) -> Vec<u8> {
    let recipe = "-f lavfi -i color=red:size=48x32 -f lavfi -i color=lime:size=48x32 \
        -f lavfi -i color=blue:size=48x32 -f lavfi -i color=white:size=48x32 \
        -filter_complex [0][1]hstack[t];[2][3]hstack[b];[t][b]vstack -frames:v 1";
    media(name, &format!("{recipe} {extra}"))
}

/// The four quarters of a picture, reading order, as letters.
fn letters(still: &Still) -> String {
    let frame = &still.frame;
    let (width, height) = (usize::from(frame.width), usize::from(frame.height));
    [(1, 1), (3, 1), (1, 3), (3, 3)]
        .iter()
        .map(|(x, y)| {
            let at = ((height * y / 4) * width + width * x / 4) * 3;
            let bright = |index: usize| frame.rgb[at + index] > 128;
            match (bright(0), bright(1), bright(2)) {
                (true, false, false) => 'r',
                (false, true, false) => 'g',
                (false, false, true) => 'b',
                (true, true, true) => 'w',
                _ => '?',
            }
        })
        .collect()
}

/// Puts an EXIF block with nothing but an orientation behind the start of a JPEG.
fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    let size = u16::try_from(exif.len() + 2).unwrap();
    let mut file = jpeg[..2].to_vec();
    file.extend([0xff, 0xe1]);
    file.extend(size.to_be_bytes());
    file.extend(exif);
    file.extend(&jpeg[2..]);
    file
}

#[test]
fn the_three_formats() {
    let cases = [
        (quarters("quarters.jpg", "-q:v 2"), StillFormat::Jpeg),
        (quarters("quarters.png", ""), StillFormat::Png),
        (
            quarters("quarters.webp", "-c:v libwebp -lossless 1"),
            StillFormat::WebP,
        ),
        (
            quarters("lossy.webp", "-c:v libwebp -quality 90"),
            StillFormat::WebP,
        ),
    ];
    for (file, format) in cases {
        let still = still(&file).unwrap();
        assert_eq!(still.description.format, format);
        assert_eq!((still.frame.width, still.frame.height), (96, 64));
        assert_eq!(letters(&still), "rgbw", "{format:?}");
    }
}

#[test]
fn the_eight_exif_orientations() {
    let jpeg = quarters("quarters.jpg", "-q:v 2");
    // What a viewer shows for the stored quarters  r g / b w.
    let shown = [
        "rgbw", "grwb", "wbgr", "bwrg", "rbgw", "brwg", "wgbr", "gwrb",
    ];
    for (orientation, shown) in (1..=8).zip(shown) {
        let still = still(&with_orientation(&jpeg, orientation)).unwrap();
        assert_eq!(letters(&still), shown, "orientation {orientation}");
        assert_eq!(still.description.orientation, orientation);
        assert_eq!(
            (
                still.description.coded_width,
                still.description.coded_height
            ),
            (96, 64)
        );
        let expected = if orientation > 4 { (64, 96) } else { (96, 64) };
        assert_eq!((still.frame.width, still.frame.height), expected);
    }
    // Out of range: upright, not refused.
    assert_eq!(
        letters(&still(&with_orientation(&jpeg, 99)).unwrap()),
        "rgbw"
    );
}

#[test]
fn one_pixel_is_a_picture() {
    for name in ["dot.png", "dot.jpg", "dot.webp"] {
        let file = media(
            name,
            "-f lavfi -i color=white:size=2x2,format=gbrp,crop=1:1 -frames:v 1",
        );
        let still = still(&file).unwrap();
        assert_eq!((still.frame.width, still.frame.height), (1, 1), "{name}");
        assert_eq!(still.frame.rgb.len(), 3);
        assert!(still.frame.rgb.iter().all(|channel| *channel > 240));
    }
}

#[test]
fn large_photographs_are_scaled() {
    let file = media(
        "photo.jpg",
        "-f lavfi -i testsrc2=size=4000x3000 -frames:v 1",
    );
    let still = still(&file).unwrap();
    assert_eq!(
        (
            still.description.coded_width,
            still.description.coded_height
        ),
        (4000, 3000)
    );
    assert_eq!((still.frame.width, still.frame.height), (1600, 1200));
}

#[test]
fn transparency_becomes_white() {
    let file = media(
        "clear.png",
        "-f lavfi -i color=red@0.0:size=8x8,format=rgba -frames:v 1",
    );
    let still = still(&file).unwrap();
    assert!(
        still.frame.rgb.iter().all(|channel| *channel == 255),
        "{:?}",
        &still.frame.rgb[..3]
    );
}

/// A PNG header that claims `width` by `height`, and no pixels to speak of.
fn png_bomb(width: u32, height: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    file.extend(&header);
    file.extend(crc32(&header).to_be_bytes());
    file.extend(b"\0\0\0\0IDAT");
    file.extend(crc32(b"IDAT").to_be_bytes());
    file
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            }
        })
    })
}

#[test]
fn decompression_bombs() {
    for (width, height) in [
        (60_000, 60_000),
        (2_000_000_000, 2_000_000_000),
        (8_000, 5_001),
    ] {
        assert_eq!(
            still(&png_bomb(width, height)),
            Err(MediaError::TooManyPixels),
            "{width}"
        );
    }
    // Within the cap the header is believed, and the missing pixels are noticed.
    assert_eq!(still(&png_bomb(8_000, 5_000)), Err(MediaError::Damaged));
    // A real one: a small file, honestly compressed, of too many pixels.
    let file = media(
        "bomb.png",
        "-f lavfi -i color=white:size=9000x9000 -frames:v 1",
    );
    assert!(file.len() < 1 << 20, "{} bytes", file.len());
    assert_eq!(still(&file), Err(MediaError::TooManyPixels));
}

#[test]
fn what_is_no_photograph() {
    assert_eq!(still(b"dear sir or madam"), Err(MediaError::NotMedia));
    assert_eq!(still(&common::webm_av1()), Err(MediaError::WrongContainer));
    let gif = media("dot.gif", "-f lavfi -i color=white:size=8x8 -frames:v 1");
    assert_eq!(still(&gif), Err(MediaError::WrongContainer));
    let size_bytes_max = StillLimits::default().size_bytes_max;
    assert_eq!(
        still(&vec![0xff; 50 << 20]),
        Err(MediaError::TooLarge { size_bytes_max })
    );
}

#[test]
fn damaged_photographs() {
    let bases = [
        quarters("quarters.jpg", "-q:v 2"),
        quarters("quarters.png", ""),
        quarters("lossy.webp", "-c:v libwebp -quality 90"),
    ];
    let decoder = real_decoder();
    let mut dice = Dice::new(7);
    for index in 0..60 {
        let mut bytes = bases[index % 3].clone();
        if index % 4 == 0 {
            bytes.truncate(16 + dice.below(bytes.len() - 16));
        } else {
            for _ in 0..=dice.below(6) {
                let at = 16 + dice.below(bytes.len() - 16);
                bytes[at] ^= u8::try_from(1 + dice.below(255)).unwrap();
            }
        }
        let answer = decoder.decode_still(&bytes, &StillLimits::default());
        let is_fine = matches!(
            answer,
            Ok(_) | Err(MediaError::Damaged | MediaError::TooManyPixels)
        );
        assert!(is_fine, "seed 7, case {index}: {answer:?}");
    }
}
