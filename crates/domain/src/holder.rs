//! Who really holds an account: a person with an identity number or an organisation with a unified
//! social credit code (GB 32100). Knows no register: a number that fits may still be nobody's.

use crate::identity_number::{IdentityNumber, NumberError};

/// Limit: characters of a legal name.
pub const LEGAL_NAME_CHARS_MAX: usize = 128;
/// The characters of a unified social credit code, by their value; I, O, S, V and Z are left out.
const CODE_CHARACTERS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// Characters of a unified social credit code.
const CODE_LENGTH: usize = 18;
/// GB 32100 weights of the first 17 characters: powers of 3 modulo 31.
const CODE_WEIGHTS: [usize; 17] = [
    1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28,
];
/// GB 11714 weights of the organisation part, characters 9 to 16; the 17th checks them.
const BODY_WEIGHTS: [usize; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
/// The characters of the organisation part by their value.
const BODY_CHARACTERS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// What kind of holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HolderKind {
    /// A natural person.
    Person,
    /// A registered organisation.
    Organisation,
    /// Nobody: the demo account of the development profile. Never taken from a request.
    Simulated,
}

impl HolderKind {
    /// The name in rows and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Organisation => "organisation",
            Self::Simulated => "simulated",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Person, Self::Organisation, Self::Simulated]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// Why a real name is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HolderError {
    /// Empty, too long, or with control characters.
    #[error("legal name does not have 1 to 128 printable characters")]
    Name,
    /// A kind that only the program itself writes.
    #[error("kind is neither person nor organisation")]
    Kind,
    /// The identity number of a person does not fit.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// Not 18 characters.
    #[error("unified social credit code does not have 18 characters")]
    CodeLength,
    /// A character that codes never have, or a letter among the six digits of the region.
    #[error("unified social credit code has a character that does not belong there")]
    CodeCharacter,
    /// The 17th or the last character does not follow from the others.
    #[error("unified social credit code has a wrong check character")]
    CodeChecksum,
}

/// The name and number as they are kept: trimmed, the number in upper case, both checked.
pub fn check(kind: HolderKind, name: &str, number: &str) -> Result<(String, String), HolderError> {
    let name = name.trim();
    let fits = (1..=LEGAL_NAME_CHARS_MAX).contains(&name.chars().count());
    if !fits || name.chars().any(char::is_control) {
        return Err(HolderError::Name);
    }
    let number = match kind {
        HolderKind::Person => IdentityNumber::parse(number)?.reveal().to_owned(),
        HolderKind::Organisation => credit_code(number)?,
        HolderKind::Simulated => return Err(HolderError::Kind),
    };
    Ok((name.to_owned(), number))
}

/// A unified social credit code, trimmed, in upper case and checked.
fn credit_code(text: &str) -> Result<String, HolderError> {
    let code = text.trim().to_ascii_uppercase();
    if code.chars().count() != CODE_LENGTH {
        return Err(HolderError::CodeLength);
    }
    let value = |byte: u8| CODE_CHARACTERS.iter().position(|known| *known == byte);
    let values: Option<Vec<usize>> = code.bytes().map(value).collect();
    let values = values.ok_or(HolderError::CodeCharacter)?;
    if !code
        .bytes()
        .skip(2)
        .take(6)
        .all(|byte| byte.is_ascii_digit())
    {
        return Err(HolderError::CodeCharacter);
    }
    let sum = weighted(values.iter().copied(), &CODE_WEIGHTS);
    let is_whole = values.last() == Some(&((31 - sum % 31) % 31));
    if is_whole && code.as_bytes().get(16) == Some(&body_check(&code)) {
        Ok(code)
    } else {
        Err(HolderError::CodeChecksum)
    }
}

/// GB 11714: the ninth character of the organisation part.
fn body_check(code: &str) -> u8 {
    let value = |byte: u8| BODY_CHARACTERS.iter().position(|known| *known == byte);
    let body = code.bytes().skip(8).take(8);
    let sum = weighted(body.map(|byte| value(byte).unwrap_or(0)), &BODY_WEIGHTS);
    match 11 - sum % 11 {
        10 => b'X',
        11 => b'0',
        digit => b'0' + u8::try_from(digit).unwrap_or(0),
    }
}

fn weighted(values: impl Iterator<Item = usize>, weights: &[usize]) -> usize {
    values
        .zip(weights)
        .map(|(value, weight)| value * weight)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: HolderKind, number: &str) -> Result<String, HolderError> {
        check(kind, " Zhenren ", number).map(|(name, number)| {
            assert_eq!(name, "Zhenren");
            number
        })
    }

    /// Made up; both check characters computed with Python, by a script that was first held
    /// against codes of the public register.
    #[test]
    fn codes_with_right_check_characters_are_taken() {
        for code in [
            "91110108MA00000070",
            "913100001234567883",
            "52440300MJA000016L",
            "11100000000013573W",
        ] {
            let lower = format!(" {} ", code.to_lowercase());
            assert_eq!(of(HolderKind::Organisation, &lower), Ok(code.to_owned()));
        }
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let code = "91110108MA00000070";
        for index in 0..code.len() {
            let mut changed = code.as_bytes().to_vec();
            changed[index] = if changed[index] == b'2' { b'3' } else { b'2' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(
                of(HolderKind::Organisation, &changed),
                Err(HolderError::CodeChecksum),
                "{changed}"
            );
        }
        // The last character follows, the 17th does not: made with the right outer one.
        assert_eq!(
            of(HolderKind::Organisation, "91110108MA0000002G"),
            Err(HolderError::CodeChecksum)
        );
    }

    #[test]
    fn other_forms_are_refused_with_their_reason() {
        use HolderKind::{Organisation, Person, Simulated};
        let rows = [
            (Organisation, "9111010", HolderError::CodeLength),
            (
                Organisation,
                "91110108MI00000070",
                HolderError::CodeCharacter,
            ),
            (
                Organisation,
                "911101AAMA00000070",
                HolderError::CodeCharacter,
            ),
            (Simulated, "91110108MA00000070", HolderError::Kind),
            (
                Person,
                "310101199801011234",
                HolderError::Number(NumberError::WrongChecksum),
            ),
        ];
        for (kind, number, error) in rows {
            assert_eq!(of(kind, number), Err(error), "{number}");
        }
        assert!(of(Person, "11010519491231002x").is_ok());
        for name in ["", " ", "a\u{7}b", &"x".repeat(129)] {
            let refused = check(Person, name, "11010519491231002X");
            assert_eq!(refused, Err(HolderError::Name), "{name}");
        }
    }
}
