//! A picture as the engine sees it: 8-bit RGB rows, nothing else.
//!
//! Knows no file format but the JPEG it can write; decoding strangers' bytes is the jail's work.

use crate::error::EngineError;

/// Limit: a side longer than this is no picture of a face but an attempt to exhaust memory.
const SIDE_MAX: usize = 16_384;

/// An owned RGB picture, three bytes a pixel, rows from the top, no padding.
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// `width * height * 3` bytes.
    pub rgb: Vec<u8>,
}

impl Image {
    /// A picture of these rows; `None` when the sizes do not agree or are out of range.
    pub fn from_rgb(width: usize, height: usize, rgb: Vec<u8>) -> Option<Self> {
        let image = Self { width, height, rgb };
        image.is_sound().then_some(image)
    }

    /// Whether width, height and the number of bytes agree.
    pub fn is_sound(&self) -> bool {
        (1..=SIDE_MAX).contains(&self.width)
            && (1..=SIDE_MAX).contains(&self.height)
            && self.rgb.len() == self.width * self.height * 3
    }

    /// The picture as JPEG bytes; `quality` is 1..=100.
    pub fn to_jpeg(&self, quality: u8) -> Result<Vec<u8>, EngineError> {
        let (Ok(width), Ok(height)) = (u32::try_from(self.width), u32::try_from(self.height))
        else {
            return Err(EngineError::BadPicture);
        };
        if !self.is_sound() {
            return Err(EngineError::BadPicture);
        }
        let mut bytes = Vec::new();
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, quality.clamp(1, 100))
            .encode(&self.rgb, width, height, image::ExtendedColorType::Rgb8)
            .map_err(|_| EngineError::BadPicture)?;
        Ok(bytes)
    }

    /// The picture mirrored left to right.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        let mut rgb = Vec::with_capacity(self.rgb.len());
        for row in self.rgb.chunks_exact(self.width.max(1) * 3) {
            for pixel in row.chunks_exact(3).rev() {
                rgb.extend_from_slice(pixel);
            }
        }
        Self {
            width: self.width,
            height: self.height,
            rgb,
        }
    }

    /// The part between two corners, the second one outside; corners are kept inside the picture.
    pub(crate) fn part(&self, from: (usize, usize), to: (usize, usize)) -> Self {
        let (left, top) = (from.0.min(self.width - 1), from.1.min(self.height - 1));
        let width = to.0.clamp(left + 1, self.width) - left;
        let height = to.1.clamp(top + 1, self.height) - top;
        let mut rgb = Vec::with_capacity(width * height * 3);
        for row in self.rgb.chunks_exact(self.width * 3).skip(top).take(height) {
            rgb.extend_from_slice(&row[left * 3..(left + width) * 3]);
        }
        Self { width, height, rgb }
    }

    /// The picture at half the size, each pixel the mean of four; an odd last line is dropped.
    /// Both sides must be at least two.
    pub(crate) fn halved(&self) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        let mut rgb = Vec::with_capacity(width * height * 3);
        for rows in self.rgb.chunks_exact(self.width * 6) {
            let (upper, lower) = rows.split_at(self.width * 3);
            for (upper, lower) in upper.chunks_exact(6).zip(lower.chunks_exact(6)) {
                for channel in 0..3 {
                    let sum = u16::from(upper[channel])
                        + u16::from(upper[channel + 3])
                        + u16::from(lower[channel])
                        + u16::from(lower[channel + 3]);
                    rgb.push(((sum + 2) / 4) as u8);
                }
            }
        }
        Self { width, height, rgb }
    }
}

// A picture is biometric data: its bytes never reach a log line (invariant I8).
impl std::fmt::Debug for Image {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Image({}x{})", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_must_agree() {
        assert!(Image::from_rgb(2, 2, vec![0; 12]).is_some());
        assert!(Image::from_rgb(2, 2, vec![0; 11]).is_none());
        assert!(Image::from_rgb(0, 2, vec![]).is_none());
    }

    #[test]
    fn mirroring_twice_is_the_same_picture() {
        let image = Image::from_rgb(3, 2, (0..18).collect()).unwrap();
        assert_ne!(image.mirrored(), image);
        assert_eq!(image.mirrored().mirrored(), image);
        assert_eq!(image.mirrored().rgb[..3], [6, 7, 8]);
    }

    #[test]
    fn halving_takes_the_mean() {
        let image =
            Image::from_rgb(2, 2, vec![0, 0, 0, 10, 10, 10, 20, 20, 20, 30, 30, 30]).unwrap();
        assert_eq!(image.halved().rgb, vec![15, 15, 15]);
    }

    #[test]
    fn jpeg_is_written_and_read_back() {
        let image = Image::from_rgb(16, 8, vec![90; 16 * 8 * 3]).unwrap();
        let bytes = image.to_jpeg(90).unwrap();
        let back = image::load_from_memory(&bytes).unwrap().to_rgb8();
        assert_eq!((back.width(), back.height()), (16, 8));
        assert!(back.as_raw().iter().all(|value| value.abs_diff(90) <= 2));
    }
}
