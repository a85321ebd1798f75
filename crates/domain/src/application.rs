//! An application for access: the form of the access manual, every row of it, and what approval
//! grants. Knows no accounts, apps or rows; whose the appids are is asked by the use case.

/// Limit: characters of names.
const NAME_CHARS_MAX: usize = 64;
/// Limit: characters of the scene and purpose.
const SCENE_CHARS_MAX: usize = 2_000;
/// Limit: characters of an e-mail address (RFC 5321).
const EMAIL_CHARS_MAX: usize = 254;
/// Limit: digits of a telephone number (E.164), and the fewest anybody has.
const MOBILE_DIGITS: std::ops::RangeInclusive<usize> = 6..=15;
/// Limit: calls that can be asked for; more than the platform could ever serve.
const CALLS_MAX: u64 = 100_000_000;
/// Calls per minute that approval grants at least, so that a modest form does not starve its app.
pub const MINUTE_CALLS_LEAST: u64 = 60;
/// Limit: characters of a refusal's reason.
pub const REASON_CHARS_MAX: usize = 500;

/// What kind of thing asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectType {
    /// A WeChat official account.
    OfficialAccount,
    /// A mini program.
    MiniProgram,
    /// A page in a browser.
    Web,
    /// A native application.
    App,
}

impl SubjectType {
    /// Every kind.
    pub const ALL: [Self; 4] = [
        Self::OfficialAccount,
        Self::MiniProgram,
        Self::Web,
        Self::App,
    ];

    /// The name in forms.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OfficialAccount => "official_account",
            Self::MiniProgram => "mini_program",
            Self::Web => "web",
            Self::App => "app",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Somebody to talk to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Whole name.
    pub name: String,
    /// Telephone; only the operator's own contact may lack it.
    pub mobile: Option<String>,
    /// E-mail address.
    pub email: String,
}

/// The form as it was filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// 1: who provides the service.
    pub business_name: String,
    /// 2: when people meet the check, and what for.
    pub scene: String,
    /// 3: what kind of thing asks.
    pub subject_type: SubjectType,
    /// 3: its name.
    pub formal_name: String,
    /// 3: its appid.
    pub formal_app_id: String,
    /// 4: the name of the one for trying out.
    pub test_name: Option<String>,
    /// 4: its appid.
    pub test_app_id: Option<String>,
    /// 5: calls a day, on average.
    pub daily_calls_average: u64,
    /// 5: different people a day, on average.
    pub daily_people_average: Option<u64>,
    /// 6: calls in the busiest minute.
    pub peak_calls_per_minute: u64,
    /// 7: calls a minute, on average.
    pub average_calls_per_minute: u64,
    /// 8: who knows the product.
    pub product_contact: Contact,
    /// 9: who knows the code.
    pub developer_contact: Contact,
    /// 10: who at the operator knows about it.
    pub our_contact: Option<Contact>,
}

/// One field that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {demand}")]
pub struct FieldError {
    /// Which, with the name of its group before a dot.
    pub field: String,
    /// What it must be, as the rest of a sentence.
    pub demand: &'static str,
}

impl Form {
    /// The form trimmed, or every field that cannot be taken.
    pub fn check(mut self) -> Result<Self, Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.name("business_name", &mut self.business_name);
        checks.text("scene", &mut self.scene, SCENE_CHARS_MAX);
        checks.name("formal_name", &mut self.formal_name);
        checks.test_app(&mut self);
        let numbers = [
            ("daily_calls_average", self.daily_calls_average),
            (
                "daily_people_average",
                self.daily_people_average.unwrap_or(1),
            ),
            ("peak_calls_per_minute", self.peak_calls_per_minute),
            ("average_calls_per_minute", self.average_calls_per_minute),
        ];
        for (field, number) in numbers {
            let fits = (1..=CALLS_MAX).contains(&number);
            checks.that(fits, field, "must be from 1 to 100000000");
        }
        checks.that(
            self.average_calls_per_minute <= self.peak_calls_per_minute,
            "average_calls_per_minute",
            "must not be more than peak_calls_per_minute",
        );
        checks.contact("product_contact", &mut self.product_contact, true);
        checks.contact("developer_contact", &mut self.developer_contact, true);
        if let Some(contact) = &mut self.our_contact {
            checks.contact("our_contact", contact, false);
        }
        if checks.found.is_empty() {
            Ok(self)
        } else {
            Err(checks.found)
        }
    }
}

#[derive(Debug, Default)]
struct Checks {
    found: Vec<FieldError>,
}

impl Checks {
    fn that(&mut self, holds: bool, field: &str, demand: &'static str) {
        if !holds {
            let field = field.to_owned();
            self.found.push(FieldError { field, demand });
        }
    }

    fn name(&mut self, field: &str, text: &mut String) {
        let fits = trim(text, NAME_CHARS_MAX, false);
        self.that(fits, field, "must have 1 to 64 printable characters");
    }

    fn text(&mut self, field: &str, text: &mut String, chars_max: usize) {
        let fits = trim(text, chars_max, true);
        self.that(fits, field, "must have 1 to 2000 characters");
    }

    /// The test app has a name and an appid, or neither, and is not the formal one.
    fn test_app(&mut self, form: &mut Form) {
        match (&mut form.test_name, &form.test_app_id) {
            (None, None) => {}
            (Some(name), Some(app_id)) => {
                let differs = *app_id != form.formal_app_id;
                self.name("test_name", name);
                self.that(differs, "test_app_id", "must not be the formal_app_id");
            }
            (Some(_), None) => self.that(false, "test_app_id", "must go with test_name"),
            (None, Some(_)) => self.that(false, "test_name", "must go with test_app_id"),
        }
    }

    fn contact(&mut self, group: &str, contact: &mut Contact, needs_mobile: bool) {
        self.name(&format!("{group}.name"), &mut contact.name);
        let field = format!("{group}.email");
        contact.email = contact.email.trim().to_owned();
        self.that(
            is_email(&contact.email),
            &field,
            "must be an e-mail address",
        );
        let field = format!("{group}.mobile");
        match &mut contact.mobile {
            Some(mobile) => {
                *mobile = mobile.trim().to_owned();
                let demand = "must be a telephone number of 6 to 15 digits";
                self.that(is_mobile(mobile), &field, demand);
            }
            None => self.that(!needs_mobile, &field, "is missing"),
        }
    }
}

fn trim(text: &mut String, chars_max: usize, takes_lines: bool) -> bool {
    *text = text.trim().to_owned();
    let is_plain = |c: char| !c.is_control() || (takes_lines && matches!(c, '\n' | '\r' | '\t'));
    (1..=chars_max).contains(&text.chars().count()) && text.chars().all(is_plain)
}

/// Whether mail could be sent there: one part before the last at sign, a domain with a dot after.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let is_plain = |part: &str| {
        !part.is_empty()
            && !part
                .chars()
                .any(|c| c.is_whitespace() || c.is_control() || c == '@')
    };
    let labels: Vec<&str> = domain.split('.').collect();
    text.chars().count() <= EMAIL_CHARS_MAX
        && is_plain(local)
        && labels.len() >= 2
        && labels.iter().all(|label| is_plain(label))
}

/// Digits, with a plus in front and blanks and hyphens between them where people write such.
fn is_mobile(text: &str) -> bool {
    let rest = text.strip_prefix('+').unwrap_or(text);
    let digits = rest.chars().filter(char::is_ascii_digit).count();
    let is_plain = rest
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-'));
    MOBILE_DIGITS.contains(&digits) && is_plain
}

/// Where an application stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationState {
    /// Waits for somebody to decide.
    Submitted,
    /// Gave access.
    Approved,
    /// Gave none.
    Refused,
}

impl ApplicationState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Submitted, Self::Approved, Self::Refused];

    /// The name in rows and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Approved => "approved",
            Self::Refused => "refused",
        }
    }

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// What whoever approves may say about limits; what is left out follows from the form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wished {
    /// Calls per minute.
    pub minute_calls_max: Option<u64>,
    /// Calls per day.
    pub day_calls_max: Option<u64>,
    /// Verifications of the test app in all.
    pub calls_quota: Option<u64>,
}

/// What approval grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Calls per minute of each app.
    pub minute_calls_max: u64,
    /// Calls per day of each app; the configured default without it.
    pub day_calls_max: Option<u64>,
    /// Verifications of the test app in all.
    pub calls_quota: u64,
}

impl Grant {
    /// What is granted for a form, or the field that cannot be granted.
    pub fn of(form: &Form, wished: Wished, quota_default: u64) -> Result<Self, FieldError> {
        let numbers = [
            ("minute_calls_max", wished.minute_calls_max),
            ("day_calls_max", wished.day_calls_max),
            ("calls_quota", wished.calls_quota),
        ];
        for (field, number) in numbers {
            if number.is_some_and(|number| !(1..=CALLS_MAX).contains(&number)) {
                return Err(FieldError {
                    field: field.to_owned(),
                    demand: "must be from 1 to 100000000",
                });
            }
        }
        let peak = form.peak_calls_per_minute.max(MINUTE_CALLS_LEAST);
        Ok(Self {
            minute_calls_max: wished.minute_calls_max.unwrap_or(peak),
            day_calls_max: wished.day_calls_max,
            calls_quota: wished.calls_quota.unwrap_or(quota_default),
        })
    }
}

/// The reason of a refusal as it is kept: trimmed, 1 to 500 characters.
pub fn reason(text: &str) -> Result<String, FieldError> {
    let mut reason = text.to_owned();
    if trim(&mut reason, REASON_CHARS_MAX, true) {
        Ok(reason)
    } else {
        Err(FieldError {
            field: "reason".to_owned(),
            demand: "must have 1 to 500 characters",
        })
    }
}

#[cfg(test)]
mod tests;
