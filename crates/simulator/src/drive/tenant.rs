//! The calls of the tenant's back end: enrol a person, ask for a key, ask again for the answer.

use std::time::Duration;

use anyhow::Context as _;
use base64::Engine as _;
use md5::{Digest as _, Md5};
use reqwest::Method;
use serde_json::{Value, json};

use super::wire::{Wire, hex, required, text};
use crate::seed::Seeded;

/// Result codes that mean "ask again": not captured yet, being analysed.
const PENDING: [i64; 2] = [10_300, 10_005];
/// Limit: how often the answer is asked for again, and how long apart.
const ASK_COUNT_MAX: u32 = 10;
const ASK_EVERY_MS: u64 = 300;

/// A made-up person: the name and number of nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// A name in Chinese characters.
    pub name: String,
    /// A well-formed identity number with a true checksum.
    pub id_number: String,
}

impl Person {
    /// The person that belongs to a face's seed; the same seed, the same name and number.
    pub fn of_seed(seed: u64) -> Self {
        let numerals = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
        let digits = seed.to_string();
        let spelled: String = digits
            .bytes()
            .filter_map(|digit| numerals.get(usize::from(digit.saturating_sub(b'0'))))
            .copied()
            .collect();
        let mut seeded = Seeded::new(seed, "identity number");
        let mut draw = |least: u64, most: u64| least + seeded.next_u64() % (most - least + 1);
        let (year, month, day, serial) = (draw(1960, 2000), draw(1, 12), draw(1, 28), draw(1, 999));
        let body = format!("110101{year}{month:02}{day:02}{serial:03}");
        let check = check_character(&body);
        Self {
            name: format!("模拟{spelled}"),
            id_number: format!("{body}{check}"),
        }
    }
}

/// GB 11643: the last character from the 17 digits before it.
fn check_character(body: &str) -> char {
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body
        .bytes()
        .zip(weights)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    let at = usize::try_from(sum % 11).unwrap_or(0);
    "10X98765432".chars().nth(at).unwrap_or('X')
}

/// What the platform answers about a finished flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// 0 for accepted, otherwise the code of the reason.
    pub identify_ret: i64,
    /// Lower-hex MD5 of the identity number.
    pub id_card_number_md5: String,
    /// Lower-hex MD5 of the name's UTF-8.
    pub name_utf8_md5: String,
}

impl Answer {
    /// Whether both digests are this person's.
    pub fn is_about(&self, person: &Person) -> bool {
        self.id_card_number_md5 == md5_hex(&person.id_number)
            && self.name_utf8_md5 == md5_hex(&person.name)
    }
}

/// Lower-hex MD5 of a text, the digest the dialect uses.
pub(super) fn md5_hex(text: &str) -> String {
    hex(&Md5::digest(text.as_bytes()))
}

pub(super) async fn access_token(wire: &Wire) -> anyhow::Result<String> {
    let query = [
        ("grant_type", "client_credential"),
        ("appid", &wire.target.appid),
        ("secret", &wire.target.secret),
    ];
    let pairs: Vec<String> = query
        .iter()
        .map(|(name, value)| format!("{name}={}", escaped(value)))
        .collect();
    let path = format!("/cgi-bin/token?{}", pairs.join("&"));
    let answer = wire
        .call_dialect(|| wire.request(Method::GET, &path))
        .await?;
    required(&answer, "access_token")
}

pub(super) async fn enrol(wire: &Wire, person: &Person, photo: &[u8]) -> anyhow::Result<()> {
    let photo = base64::engine::general_purpose::STANDARD.encode(photo);
    let body = json!({ "name": person.name, "id_number": person.id_number, "photo": photo });
    let call = || {
        let request = wire.request(Method::POST, "/v1/people");
        request
            .basic_auth(&wire.target.appid, Some(&wire.target.secret))
            .json(&body)
    };
    let answer = wire.call(call).await?;
    required(&answer, "id").map(|_| ())
}

pub(super) async fn user_id_key(
    wire: &Wire,
    token: &str,
    person: &Person,
) -> anyhow::Result<String> {
    let path = format!(
        "/cityservice/face/identify/getuseridkey?access_token={}",
        escaped(token)
    );
    let body = json!({ "name": person.name, "id_card_number": person.id_number });
    let answer = wire
        .call_dialect(|| wire.request(Method::POST, &path).json(&body))
        .await?;
    required(&answer, "user_id_key")
}

/// The answer behind a `verify_result`; asks again for a while as long as it is pending.
pub(super) async fn get_info(
    wire: &Wire,
    token: &str,
    verify_result: &str,
) -> anyhow::Result<Answer> {
    let path = format!(
        "/cityservice/face/identify/getinfo?access_token={}",
        escaped(token)
    );
    let body = json!({ "verify_result": verify_result });
    let mut asked = 1;
    loop {
        let answer = wire
            .call_dialect(|| wire.request(Method::POST, &path).json(&body))
            .await?;
        let identify_ret = answer
            .get("identify_ret")
            .and_then(Value::as_i64)
            .context("the answer has no identify_ret")?;
        if asked >= ASK_COUNT_MAX || !PENDING.contains(&identify_ret) {
            return Ok(Answer {
                identify_ret,
                id_card_number_md5: text(&answer, "id_card_number_md5"),
                name_utf8_md5: text(&answer, "name_utf8_md5"),
            });
        }
        asked += 1;
        tokio::time::sleep(Duration::from_millis(ASK_EVERY_MS)).await;
    }
}

/// Percent-encoded for a query.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use zhenren_domain::identity_number::IdentityNumber;

    use super::*;

    #[test]
    fn made_up_people_have_well_formed_numbers_of_their_own() {
        for seed in 0..200 {
            let person = Person::of_seed(seed);
            assert!(
                IdentityNumber::parse(&person.id_number).is_ok(),
                "{}",
                person.id_number
            );
            assert_eq!(person, Person::of_seed(seed));
            assert_ne!(person, Person::of_seed(seed + 1));
        }
    }

    #[test]
    fn digests_are_those_of_the_name_and_number() {
        let person = Person {
            name: "张三".to_owned(),
            id_number: "11010519491231002X".to_owned(),
        };
        let answer = Answer {
            identify_ret: 0,
            id_card_number_md5: md5_hex("11010519491231002X"),
            name_utf8_md5: "615db57aa314529aaa0fbe95b3e95bd3".to_owned(),
        };
        assert!(answer.is_about(&person));
        assert!(!answer.is_about(&Person::of_seed(1)));
    }

    #[test]
    fn queries_are_escaped() {
        assert_eq!(escaped("a b&c=张"), "a%20b%26c%3D%E5%BC%A0");
    }
}
