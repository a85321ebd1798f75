//! Which container a file claims to be, from its first bytes alone.
//!
//! The decoding library could guess among hundreds of formats; it is never asked to. It gets the
//! format named here, and everything else is refused before a worker is troubled.

use crate::error::MediaError;

/// Bytes needed to tell the kinds apart.
pub(crate) const SNIFF_BYTES: usize = 16;

/// The recording containers that reach the decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Container {
    /// Matroska, or `WebM`, its subset.
    Matroska,
    /// MP4, or `QuickTime`, its ancestor.
    Mp4,
}

/// The picture formats that reach the decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum StillFormat {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP.
    WebP,
}

/// Names the container of a recording.
pub(crate) fn clip_container(head: &[u8]) -> Result<Container, MediaError> {
    if head.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]) {
        Ok(Container::Matroska)
    } else if head.get(4..8) == Some(b"ftyp") {
        Ok(Container::Mp4)
    } else if still_format_of(head).is_some() || is_other_media(head) {
        Err(MediaError::WrongContainer)
    } else {
        Err(MediaError::NotMedia)
    }
}

/// Names the format of a still picture.
pub(crate) fn still_format(head: &[u8]) -> Result<StillFormat, MediaError> {
    if let Some(format) = still_format_of(head) {
        return Ok(format);
    }
    if clip_container(head).is_ok() || is_other_media(head) {
        Err(MediaError::WrongContainer)
    } else {
        Err(MediaError::NotMedia)
    }
}

fn still_format_of(head: &[u8]) -> Option<StillFormat> {
    if head.starts_with(&[0xff, 0xd8, 0xff]) {
        Some(StillFormat::Jpeg)
    } else if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some(StillFormat::Png)
    } else if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        Some(StillFormat::WebP)
    } else {
        None
    }
}

/// Media that people do send and that deserves the better sentence "of the wrong kind".
fn is_other_media(head: &[u8]) -> bool {
    const MAGIC: [&[u8]; 12] = [
        b"RIFF",
        b"GIF8",
        b"OggS",
        b"ID3",
        b"FLV\x01",
        b"fLaC",
        b"BM",
        b"II*\0",
        b"MM\0*",
        &[0x00, 0x00, 0x01, 0xba],
        &[0x00, 0x00, 0x01, 0xb3],
        &[0x30, 0x26, 0xb2, 0x75],
    ];
    let is_mpeg_audio = matches!(head, [0xff, second, ..] if second & 0xe0 == 0xe0);
    let is_old_quicktime = matches!(head.get(4..8), Some(b"moov" | b"mdat" | b"wide" | b"free"));
    is_mpeg_audio || is_old_quicktime || MAGIC.iter().any(|magic| head.starts_with(magic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_decide() {
        let cases: [(&[u8], Result<Container, MediaError>); 8] = [
            (
                &[0x1a, 0x45, 0xdf, 0xa3, 0x9f, 0x42],
                Ok(Container::Matroska),
            ),
            (b"\0\0\0\x20ftypisom", Ok(Container::Mp4)),
            (b"RIFF\x10\0\0\0AVI LIST", Err(MediaError::WrongContainer)),
            (
                b"\x89PNG\r\n\x1a\n\0\0\0\x0d",
                Err(MediaError::WrongContainer),
            ),
            (b"GIF89a", Err(MediaError::WrongContainer)),
            (&[0xff, 0xfb, 0x90, 0x64], Err(MediaError::WrongContainer)),
            (b"To whom it may concern", Err(MediaError::NotMedia)),
            (b"", Err(MediaError::NotMedia)),
        ];
        for (head, expected) in cases {
            assert_eq!(clip_container(head), expected, "{head:02x?}");
        }
        assert_eq!(
            still_format(b"RIFF\x10\0\0\0WEBPVP8 "),
            Ok(StillFormat::WebP)
        );
        assert_eq!(
            still_format(b"\0\0\0\x20ftypisom"),
            Err(MediaError::WrongContainer)
        );
        assert_eq!(still_format(b"hello"), Err(MediaError::NotMedia));
    }
}
