//! One photograph: checked, decoded by pure Rust codecs, scaled, turned upright.

use image::codecs::{jpeg::JpegDecoder, png::PngDecoder, webp::WebPDecoder};
use image::{DynamicImage, ImageDecoder, ImageError, Limits, RgbImage, imageops::FilterType};

use super::output::{Output, Stop};
use super::pixels::{Orientation, scaled_size};
use super::source::Source;
use crate::container::{SNIFF_BYTES, StillFormat, still_format};
use crate::limits::StillLimits;
use crate::records::{ClipEnd, Refusal, StillDescription};

/// Limit: what the codecs may allocate for one picture of the largest size and depth.
const ALLOCATED_BYTES_MAX: u64 = 512 << 20;

pub(super) fn decode(
    source: Source<'_>,
    limits: &StillLimits,
    output: &Output,
) -> Result<(), Stop> {
    let format = still_format(&source.head::<SNIFF_BYTES>()).map_err(|_| Refusal::NotMedia)?;
    match format {
        StillFormat::Jpeg => decode_with(JpegDecoder::new(source), format, limits, output),
        StillFormat::Png => {
            let limited = PngDecoder::with_limits(source, allocation_limits());
            decode_with(limited, format, limits, output)
        }
        StillFormat::WebP => decode_with(WebPDecoder::new(source), format, limits, output),
    }
}

fn allocation_limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(ALLOCATED_BYTES_MAX);
    limits
}

fn decode_with<D: ImageDecoder>(
    decoder: Result<D, ImageError>,
    format: StillFormat,
    limits: &StillLimits,
    output: &Output,
) -> Result<(), Stop> {
    let mut decoder = decoder.map_err(|error| refusal(&error))?;
    let (coded_width, coded_height) = decoder.dimensions();
    let pixels = coded_width.checked_mul(coded_height);
    if pixels.is_none_or(|pixels| pixels > limits.pixels_max) {
        return Err(Refusal::TooManyPixels.into());
    }
    let (width, height) =
        scaled_size(coded_width, coded_height, limits.long_side_px_max).ok_or(Refusal::Damaged)?;
    // Unreadable EXIF is no reason to lose the picture.
    let orientation = decoder.orientation().map_or_else(
        |_| Orientation::default(),
        |tag| Orientation::from_exif(tag.to_exif()),
    );
    decoder
        .set_limits(allocation_limits())
        .map_err(|error| refusal(&error))?;
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| refusal(&error))?;
    let rgb = on_white(picture);
    let rgb = if (coded_width, coded_height) == (u32::from(width), u32::from(height)) {
        rgb
    } else {
        image::imageops::resize(&rgb, width.into(), height.into(), FilterType::Triangle)
    };
    let rows: Vec<&[u8]> = rgb.as_raw().chunks(usize::from(width) * 3).collect();
    let mut upright = Vec::new();
    orientation.turn(&rows, width, &mut upright);
    output.still_described(&StillDescription {
        format,
        coded_width,
        coded_height,
        orientation: orientation.to_exif(),
    })?;
    let (width, height) = orientation.turn_size(width, height);
    output.frame(0, width, height, &upright)?;
    output.end(&ClipEnd {
        decoded_frames_count: 1,
        emitted_frames_count: 1,
        ..ClipEnd::default()
    })
}

fn refusal(error: &ImageError) -> Refusal {
    if matches!(error, ImageError::Limits(_)) {
        Refusal::TooManyPixels
    } else {
        Refusal::Damaged
    }
}

/// Transparent pictures are shown on white, as a viewer would; what lies under transparency is
/// whatever a program left there.
fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let rgba = picture.into_rgba8();
    let (width, height) = rgba.dimensions();
    let mut rgb = Vec::with_capacity(rgba.as_raw().len() / 4 * 3);
    let (pixels, _) = rgba.as_raw().as_chunks::<4>();
    for [red, green, blue, alpha] in pixels {
        let alpha = u16::from(*alpha);
        let blend = |channel: &u8| {
            let mixed = (u16::from(*channel) * alpha + 255 * (255 - alpha) + 127) / 255;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        };
        rgb.extend([blend(red), blend(green), blend(blue)]);
    }
    RgbImage::from_raw(width, height, rgb).unwrap_or_default()
}
