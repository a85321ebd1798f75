//! What a login and a password of an operator may be. Knows no hash and no row.
//!
//! Length is what makes a password hard to guess, so there are no rules about kinds of character;
//! refused is only what a guesser tries first.

use thiserror::Error;

/// Limit: characters of a login.
pub const LOGIN_CHARS_MAX: usize = 64;
/// Limit: fewest characters of a password.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// Limit: most characters of a password; every one of them counts.
pub const PASSWORD_CHARS_MAX: usize = 128;
/// Limit: fewest different characters of a password.
const DIFFERENT_CHARS_MIN: usize = 5;

/// What guessers try first among the passwords of this length, and the pieces they are made of.
const COMMON: [&str; 16] = [
    "123456789",
    "abc123",
    "admin",
    "iloveyou",
    "letmein",
    "operator",
    "passw0rd",
    "password",
    "qwerty",
    "qwertyuiop",
    "1q2w3e4r",
    "1qaz2wsx",
    "asdfghjkl",
    "welcome",
    "woaini",
    "zhenren",
];
/// Limit: characters that must be left of a password when the commonest pieces are taken out.
const OWN_CHARS_MIN: usize = 8;

/// Why a text is no login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "login must have 2 to 64 characters out of a-z, 0-9, '.', '_', '-' and '@', a letter or digit \
     first"
)]
pub struct LoginInvalid;

/// Why a text is not taken as a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PasswordRefused {
    /// Fewer than 12 characters.
    #[error("password must have at least 12 characters")]
    TooShort,
    /// More than 128 characters.
    #[error("password must have at most 128 characters")]
    TooLong,
    /// Characters nobody can type again.
    #[error("password must not have control characters")]
    HasControls,
    /// The login with little around it.
    #[error("password must not be made of the login")]
    HoldsLogin,
    /// One of those that are tried first: few different characters, runs, the commonest words.
    #[error("password is among the first that are guessed; use a longer one of your own")]
    Common,
}

/// A login as it is kept: trimmed, in lower case.
pub fn login(text: &str) -> Result<String, LoginInvalid> {
    let login = text.trim().to_ascii_lowercase();
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let fits = (2..=LOGIN_CHARS_MAX).contains(&login.len())
        && login.bytes().next().is_some_and(is_plain)
        && login
            .bytes()
            .all(|byte| is_plain(byte) || b"._-@".contains(&byte));
    if fits { Ok(login) } else { Err(LoginInvalid) }
}

/// Whether a text may be the password of the operator with this login.
pub fn check_password(login: &str, password: &str) -> Result<(), PasswordRefused> {
    let count = password.chars().count();
    if count < PASSWORD_CHARS_MIN {
        return Err(PasswordRefused::TooShort);
    }
    if count > PASSWORD_CHARS_MAX {
        return Err(PasswordRefused::TooLong);
    }
    if password.chars().any(char::is_control) {
        return Err(PasswordRefused::HasControls);
    }
    let lower = password.to_lowercase();
    if login.len() >= 3 && without(&lower, &[login]) < OWN_CHARS_MIN {
        return Err(PasswordRefused::HoldsLogin);
    }
    let is_common = different(&lower) < DIFFERENT_CHARS_MIN
        || without(&lower, &COMMON) < OWN_CHARS_MIN
        || is_run(&lower);
    if is_common {
        return Err(PasswordRefused::Common);
    }
    Ok(())
}

/// Characters left when every one of the pieces is taken out.
fn without(text: &str, pieces: &[&str]) -> usize {
    let mut left = text.to_owned();
    for piece in pieces {
        left = left.replace(piece, "");
    }
    left.chars().count()
}

fn different(text: &str) -> usize {
    text.chars()
        .collect::<std::collections::BTreeSet<_>>()
        .len()
}

/// Each character follows the one before, up or down: `abcdefghijkl`, `987654321098`.
fn is_run(text: &str) -> bool {
    let codes: Vec<u32> = text.chars().map(u32::from).collect();
    let steps = codes
        .iter()
        .zip(codes.iter().skip(1))
        .filter(|(one, next)| one.abs_diff(**next) == 1)
        .count();
    // One break is still a run: `901234567890`.
    steps + 2 >= codes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_short_and_plain() {
        assert_eq!(login("  Li.Wei-2 ").as_deref(), Ok("li.wei-2"));
        assert_eq!(login("wei@shop.example").as_deref(), Ok("wei@shop.example"));
        for text in ["", "a", "-ab", "a b", "李伟", "a\u{0}b", &"a".repeat(65)] {
            assert_eq!(login(text), Err(LoginInvalid), "{text}");
        }
    }

    #[test]
    fn what_is_guessed_first_is_refused() {
        use PasswordRefused as No;
        let long = "a1b2".repeat(33);
        for (password, refused) in [
            ("elevenchars", No::TooShort),
            ("十一个字也不够长啊呀", No::TooShort),
            (long.as_str(), No::TooLong),
            ("correct\u{7}horse battery", No::HasControls),
            ("li.wei.li.wei", No::HoldsLogin),
            ("LI.WEI-2026!", No::HoldsLogin),
            ("aaaaaaaaaaaa", No::Common),
            ("abababababab", No::Common),
            ("123456789012", No::Common),
            ("abcdefghijklm", No::Common),
            ("ZYXWVUTSRQPON", No::Common),
            ("password1234", No::Common),
            ("QwertyUiop12", No::Common),
            ("Zhenren-Admin!", No::Common),
        ] {
            assert_eq!(
                check_password("li.wei", password),
                Err(refused),
                "{password}"
            );
        }
    }

    #[test]
    fn ordinary_long_passwords_are_taken() {
        for password in [
            "correct horse battery",
            "春眠不觉晓处处闻啼鸟夜来风雨",
            "8f2c0d1be7a94c53",
            "mit Zucker & Zimt",
        ] {
            assert_eq!(check_password("li.wei", password), Ok(()), "{password}");
        }
    }
}
