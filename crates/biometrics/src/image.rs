//! A picture as the engine sees it: 8-bit RGB rows, nothing else.

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
