//! Small pure pieces that several use cases need: digests, tokens as text, names at the door.

use md5::Md5;
use sha2::{Digest, Sha256};

/// Limit: characters of a name, after trimming.
pub const NAME_CHARS_MAX: usize = 64;

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |number: u8| char::from_digit(u32::from(number), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// SHA-256 of bytes, in lower-case hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// MD5 of a text in lower-case hexadecimal digits. The WeChat dialect demands it; it guards
/// nothing.
pub fn md5_hex(text: &str) -> String {
    hex(&Md5::digest(text.as_bytes()))
}

/// A name as it is kept: trimmed, 1 to 64 characters, none of them a control character.
pub fn name(text: &str) -> Option<String> {
    let trimmed = text.trim();
    let fits = (1..=NAME_CHARS_MAX).contains(&trimmed.chars().count());
    let plain = !trimmed.chars().any(char::is_control);
    (fits && plain).then(|| trimmed.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of the contract, section 1.4.
    #[test]
    fn md5_of_the_documented_pair() {
        assert_eq!(md5_hex("张三"), "615db57aa314529aaa0fbe95b3e95bd3");
        assert_eq!(
            md5_hex("310101199801011234"),
            "c54ee6f3f16eba72b9d8781c30bfb655"
        );
        assert_eq!(
            md5_hex("11010519491231002X"),
            "ae05564031c21338aa8a2e7266e7855c"
        );
    }

    #[test]
    fn names_are_trimmed_and_limited() {
        assert_eq!(name("  张三 "), Some(String::from("张三")));
        assert_eq!(name(" "), None);
        assert_eq!(name(&"x".repeat(65)), None);
        assert_eq!(name("a\u{0}b"), None);
    }
}
