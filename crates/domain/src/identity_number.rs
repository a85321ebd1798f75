//! Identity numbers: GB 11643 citizens' numbers and the residence permits that share their form.
//!
//! Two doors: [`IdentityNumber::parse`] checks everything; [`IdentityNumber::accept`] only
//! normalises, because the WeChat dialect takes numbers with a wrong checksum and answers later.
//! Knows no names and no identity source.

use std::fmt;

use jiff::civil::Date;

/// Limit: longer input is refused before it is looked at.
const INPUT_LENGTH_MAX: usize = 64;
/// GB 11643 weights of the first 17 digits.
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// Check characters by the weighted sum modulo 11.
const CHECK: [u8; 11] = *b"10X98765432";
/// First two digits of every province, municipality and autonomous region that issues numbers.
const PROVINCES: [u8; 31] = [
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52,
    53, 54, 61, 62, 63, 64, 65,
];

/// What kind of number it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberKind {
    /// A mainland resident.
    Mainland,
    /// Residence permit of a Hong Kong resident (810000…).
    HongKongPermit,
    /// Residence permit of a Macao resident (820000…).
    MacaoPermit,
    /// Residence permit of a Taiwan resident (830000…).
    TaiwanPermit,
}

/// Why a text is not an identity number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Nothing was given.
    #[error("identity number is empty")]
    Empty,
    /// Not 18 characters after normalisation.
    #[error("identity number does not have 18 characters")]
    WrongLength,
    /// The old form of 15 digits, which names no one for certain any more.
    #[error("identity number has the 15-digit form that is no longer valid; use the 18-digit one")]
    LegacyForm,
    /// A character that is no digit, or an X that is not the last.
    #[error("identity number has a character that does not belong there")]
    WrongCharacter,
    /// No region issues numbers that start so.
    #[error("identity number starts with a region that does not exist")]
    UnknownRegion,
    /// The eight digits of the birth date are no calendar day, or one outside 1900 to 2199.
    #[error("identity number holds a birth date that does not exist")]
    WrongBirthDate,
    /// The serial part is 000.
    #[error("identity number has the serial number 000")]
    WrongSerial,
    /// The last character does not follow from the others.
    #[error("identity number has a wrong check character")]
    WrongChecksum,
}

/// A normalised identity number: 18 characters, digits with perhaps a last `X`.
/// `Debug` and `Display` print it masked.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IdentityNumber(String);

impl IdentityNumber {
    /// Normalises and checks everything.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        let number = Self::accept(text)?;
        number.check()?;
        Ok(number)
    }

    /// Normalises and checks the form only: 18 characters that could be a number.
    pub fn accept(text: &str) -> Result<Self, NumberError> {
        let text = normalise(text);
        if text.is_empty() {
            return Err(NumberError::Empty);
        }
        if text.len() == 15 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NumberError::LegacyForm);
        }
        if text.chars().count() != 18 {
            return Err(NumberError::WrongLength);
        }
        let digits = text.bytes().take(17).all(|byte| byte.is_ascii_digit());
        let last = text
            .as_bytes()
            .get(17)
            .is_some_and(|byte| byte.is_ascii_digit() || *byte == b'X');
        if text.len() == 18 && digits && last {
            Ok(Self(text))
        } else {
            Err(NumberError::WrongCharacter)
        }
    }

    /// Checks region, birth date, serial and check character.
    pub fn check(&self) -> Result<(), NumberError> {
        self.kind()?;
        self.birth_date()?;
        if self.digits(14, 3) == 0 {
            return Err(NumberError::WrongSerial);
        }
        if self.0.as_bytes().get(17) == Some(&check_character(&self.0)) {
            Ok(())
        } else {
            Err(NumberError::WrongChecksum)
        }
    }

    /// What kind of number it is.
    pub fn kind(&self) -> Result<NumberKind, NumberError> {
        match self.digits(0, 6) {
            810_000 => Ok(NumberKind::HongKongPermit),
            820_000 => Ok(NumberKind::MacaoPermit),
            830_000 => Ok(NumberKind::TaiwanPermit),
            region
                if PROVINCES
                    .iter()
                    .any(|province| u32::from(*province) == region / 10_000) =>
            {
                Ok(NumberKind::Mainland)
            }
            _ => Err(NumberError::UnknownRegion),
        }
    }

    /// The day of birth.
    pub fn birth_date(&self) -> Result<Date, NumberError> {
        let part = |from, count| i16::try_from(self.digits(from, count)).unwrap_or(0);
        let year = part(6, 4);
        let small = |number: i16| i8::try_from(number).unwrap_or(0);
        if !(1900..2200).contains(&year) {
            return Err(NumberError::WrongBirthDate);
        }
        Date::new(year, small(part(10, 2)), small(part(12, 2)))
            .map_err(|_| NumberError::WrongBirthDate)
    }

    /// The whole number, for sealing and comparing only.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The number with all but the first and the last character hidden.
    pub fn masked(&self) -> String {
        let hidden = self.0.chars().count().saturating_sub(2);
        let first: String = self.0.chars().take(1).collect();
        let last: String = self.0.chars().skip(17).collect();
        format!("{first}{}{last}", "*".repeat(hidden))
    }

    fn digits(&self, from: usize, count: usize) -> u32 {
        self.0
            .bytes()
            .skip(from)
            .take(count)
            .fold(0, |sum, byte| sum * 10 + u32::from(byte.wrapping_sub(b'0')))
    }
}

impl fmt::Debug for IdentityNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.masked())
    }
}

impl fmt::Display for IdentityNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.masked())
    }
}

/// Full-width digits and letters to ASCII, blanks dropped around, a trailing x to X.
pub fn normalise(text: &str) -> String {
    if text.len() > INPUT_LENGTH_MAX {
        // Too long for any number; kept too long, so that the length check says so.
        return "?".repeat(INPUT_LENGTH_MAX);
    }
    let mut normal: String = text.trim().chars().map(to_half_width).collect();
    if normal.ends_with('x') {
        normal.pop();
        normal.push('X');
    }
    normal
}

fn to_half_width(character: char) -> char {
    // Full-width forms U+FF01..U+FF5E mirror ASCII 0x21..0x7E.
    match u32::from(character) {
        code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(character),
        _ => character,
    }
}

/// The check character that belongs to the first 17 digits.
fn check_character(number: &str) -> u8 {
    let sum: u32 = number
        .bytes()
        .zip(WEIGHTS)
        .map(|(byte, weight)| u32::from(byte.wrapping_sub(b'0')) * weight)
        .sum();
    let index = usize::try_from(sum % 11).unwrap_or(0);
    CHECK.get(index).copied().unwrap_or(b'?')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, NumberError> {
        IdentityNumber::parse(text).map(|number| number.reveal().to_owned())
    }

    #[test]
    fn the_vectors_of_the_contract() {
        assert_eq!(
            parse("11010519491231002X").as_deref(),
            Ok("11010519491231002X")
        );
        assert_eq!(parse("310101199801011234"), Err(NumberError::WrongChecksum));
        // The form is right, so the WeChat dialect takes it and answers later.
        assert!(IdentityNumber::accept("310101199801011234").is_ok());
    }

    #[test]
    fn input_is_normalised_before_it_is_looked_at() {
        for text in [
            " 11010519491231002x ",
            "１１０１０５１９４９１２３１００２Ｘ",
            "11010519491231002ｘ",
            "\u{3000}11010519491231002X\n",
        ] {
            assert_eq!(parse(text).as_deref(), Ok("11010519491231002X"), "{text}");
        }
    }

    /// A number with the right check character for these 17 digits.
    fn complete(digits: &str) -> String {
        format!("{digits}{}", char::from(check_character(digits)))
    }

    #[test]
    fn residence_permits_have_their_own_regions() {
        for (region, kind) in [
            ("810000", NumberKind::HongKongPermit),
            ("820000", NumberKind::MacaoPermit),
            ("830000", NumberKind::TaiwanPermit),
        ] {
            let text = complete(&format!("{region}19900307123"));
            let number = IdentityNumber::parse(&text).unwrap();
            assert_eq!(number.kind(), Ok(kind));
        }
        assert_eq!(
            parse(&complete("81000119900307123")),
            Err(NumberError::UnknownRegion)
        );
    }

    #[test]
    fn each_fault_has_its_own_name() {
        for (text, error) in [
            ("", NumberError::Empty),
            ("  ", NumberError::Empty),
            ("130503670401001", NumberError::LegacyForm),
            ("1101051949123100", NumberError::WrongLength),
            ("11010519491231002Y", NumberError::WrongCharacter),
            ("1101051949123100XX", NumberError::WrongCharacter),
            (
                "１１０１０５１９４９１２３１００２人",
                NumberError::WrongCharacter,
            ),
            (&complete("99010519491231002"), NumberError::UnknownRegion),
            (&complete("11010519490229002"), NumberError::WrongBirthDate),
            (&complete("11010518991231002"), NumberError::WrongBirthDate),
            (&complete("11010519491331002"), NumberError::WrongBirthDate),
            (&complete("11010519491231000"), NumberError::WrongSerial),
            ("110105194912310021", NumberError::WrongChecksum),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
        assert_eq!(parse(&"1".repeat(100_000)), Err(NumberError::WrongLength));
    }

    #[test]
    fn any_single_wrong_digit_is_noticed() {
        let right = "11010519491231002X";
        for place in 0..17 {
            for digit in b'0'..=b'9' {
                let mut bytes = right.as_bytes().to_vec();
                if bytes[place] == digit {
                    continue;
                }
                bytes[place] = digit;
                assert!(parse(std::str::from_utf8(&bytes).unwrap()).is_err());
            }
        }
    }

    #[test]
    fn it_never_prints_itself_whole() {
        let number = IdentityNumber::parse("11010519491231002X").unwrap();
        assert_eq!(
            format!("{number} {number:?}"),
            "1****************X 1****************X"
        );
    }
}
