//! Manifests that come with the program. The models themselves do not.

use crate::error::PackError;
use crate::manifest::Manifest;

/// Names and texts.
pub const SHIPPED: [(&str, &str); 2] = [
    ("opencv-zoo", include_str!("../../../packs/opencv-zoo.toml")),
    (
        "silent-face",
        include_str!("../../../packs/silent-face.toml"),
    ),
];

/// The shipped manifest of this name, or the one in a `.toml` file.
pub fn shipped(name: &str) -> Result<Manifest, PackError> {
    if let Some((_, text)) = SHIPPED.iter().find(|(known, _)| *known == name) {
        return Manifest::parse(name, text);
    }
    let path = std::path::Path::new(name);
    if path.extension().is_some_and(|ending| ending == "toml") {
        let text =
            std::fs::read_to_string(path).map_err(|error| crate::error::io("read", path, error))?;
        return Manifest::parse(name, &text);
    }
    Err(PackError::UnknownManifest {
        name: name.to_owned(),
        shipped: SHIPPED.map(|(name, _)| name).join(", "),
    })
}
