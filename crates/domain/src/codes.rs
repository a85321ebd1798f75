//! The numbers each dialect gives to what happened: one table, here only.
//!
//! Sources and wording: the contract's table of `identify_ret` and its uniCloud tables. Knows no
//! HTTP: a dialect's own door adds `errmsg` stems and request ids.

use crate::outcome::{Outcome, Reason};
use crate::verification::State;

/// `identify_ret` while a recording is under analysis.
pub const WECHAT_IN_PROGRESS: i32 = 10005;
/// `identify_ret` before a recording was submitted.
pub const WECHAT_NOT_COMPLETED: i32 = 10300;

/// Every code of the WeChat dialect's result table, with what it means, in order.
pub const WECHAT_CODES: [(i32, &str); 52] = [
    (0, "pass"),
    (10001, "bad parameter"),
    (10002, "no usable face features"),
    (10003, "name and number do not belong together"),
    (10004, "face differs from the authoritative photograph"),
    (10005, "check in progress"),
    (10006, "appid is not entitled"),
    (10007, "back end could not fetch the image"),
    (10008, "authority system failure"),
    (10009, "authority has no photograph"),
    (10010, "photograph quality too low to compare"),
    (10011, "identity is not opened for comparison"),
    (10012, "credit check failed"),
    (10013, "credit system error"),
    (10014, "authority failed, credit source answered"),
    (10015, "authority unavailable"),
    (10016, "storing the picture failed"),
    (10017, "illegal identify_id"),
    (10018, "person is absent or expired"),
    (10020, "check timed out"),
    (10021, "duplicate request, previous result returned"),
    (10022, "personal data JSON is malformed"),
    (10026, "identity is not in the comparison database"),
    (10027, "speech recognition failed"),
    (10028, "lip movement check failed"),
    (10029, "upstream timeout"),
    (10030, "binding the identity card failed"),
    (10031, "account lacks a nickname or merchant id"),
    (10032, "identity is not in the credit database"),
    (10040, "request is not UTF-8"),
    (10041, "illegal user_id_key"),
    (10042, "too frequent"),
    (10045, "system failure"),
    (10052, "over the upstream limit"),
    (10057, "face changed during the check"),
    (10066, "bioid repeated"),
    (10069, "presence check temporarily unavailable"),
    (90100, "cancelled by the person"),
    (90101, "camera or microphone not authorised"),
    (90102, "native library error"),
    (90103, "upload error"),
    (90104, "configuration could not be fetched"),
    (90105, "confirmation page failed"),
    (90106, "camera could not be started"),
    (90107, "capture timed out"),
    (90108, "movement too violent"),
    (90109, "device is not supported"),
    (90199, "unknown failure"),
    (10300, "not completed"),
    (84001, "invalid identify id"),
    (84002, "person's data expired"),
    (84003, "person's data does not exist"),
];

/// What a code of [`WECHAT_CODES`] means.
pub fn wechat_meaning(code: i32) -> Option<&'static str> {
    WECHAT_CODES
        .iter()
        .find(|(known, _)| *known == code)
        .map(|(_, meaning)| *meaning)
}

/// The `identify_ret` of a reason.
pub const fn wechat_code(reason: Reason) -> i32 {
    match reason {
        Reason::Passed => 0,
        Reason::NoFace
        | Reason::SeveralFaces
        | Reason::FaceTooSmall
        | Reason::FaceNotFrontal
        | Reason::TooDark
        | Reason::TooBright
        | Reason::Blurred
        | Reason::Occluded
        | Reason::ClipTooShort
        | Reason::TimingImplausible
        | Reason::MediaUnreadable
        | Reason::ChallengeNotFollowed
        | Reason::StillFace
        | Reason::LifeUnseen
        | Reason::FaceTooLarge
        | Reason::AmbientTooStrong
        | Reason::FlashMismatch
        | Reason::FlatFace
        | Reason::ArtefactSeen => 10002,
        Reason::SpeechUnheard | Reason::DigitsDiffer => 10027,
        Reason::LipsStill => 10028,
        Reason::SubjectChanged => 10057,
        Reason::ComparisonNonMatch => 10004,
        Reason::NameNumberMismatch => 10003,
        Reason::IdentityUnknown => 10026,
        Reason::ReferenceMissing => 10009,
        Reason::ReferencePoor => 10010,
        Reason::SourceUnavailable => 10015,
        Reason::Cancelled => 90100,
        Reason::NotAuthorised => 90101,
        Reason::DeviceUnsupported => 90109,
        Reason::CaptureTimedOut => 90107,
        Reason::Expired => 10020,
        Reason::SystemFailure => 10045,
    }
}

/// The `identify_ret` of a verification as it stands: 10300 before a recording was sent, 10005
/// while it is analysed, otherwise the code of the answer or of the last attempt that gave none,
/// so that a back end that asks at once is told.
pub const fn wechat_code_of(state: &State, last_reason: Option<Reason>) -> i32 {
    match (state, last_reason) {
        (State::Closed(closing), _) => wechat_code(closing.reason),
        (State::Open, Some(reason)) => wechat_code(reason),
        (State::Open, None) | (State::Capturing { .. }, _) => WECHAT_NOT_COMPLETED,
        (State::Analyzing { .. }, _) => WECHAT_IN_PROGRESS,
    }
}

/// `authState` of the uniCloud dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthState {
    /// Not answered yet.
    Processing,
    /// Accepted.
    Success,
    /// Rejected or inconclusive.
    Fail,
}

impl AuthState {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Processing => "PROCESSING",
            Self::Success => "SUCCESS",
            Self::Fail => "FAIL",
        }
    }
}

/// The `authState` of a verification as it stands.
pub const fn unicloud_auth_state(state: &State) -> AuthState {
    match state {
        State::Open | State::Capturing { .. } | State::Analyzing { .. } => AuthState::Processing,
        State::Closed(closing) => match closing.outcome {
            Outcome::Accepted => AuthState::Success,
            Outcome::Rejected | Outcome::Inconclusive => AuthState::Fail,
        },
    }
}

/// The `subCode` beside `authState` FAIL: says which kind of failure it was.
pub const fn unicloud_sub_code(reason: Reason) -> &'static str {
    match reason {
        Reason::Passed => "PASS",
        Reason::NoFace
        | Reason::SeveralFaces
        | Reason::FaceTooSmall
        | Reason::FaceNotFrontal
        | Reason::TooDark
        | Reason::TooBright
        | Reason::Blurred
        | Reason::Occluded
        | Reason::ClipTooShort
        | Reason::MediaUnreadable
        | Reason::LifeUnseen
        | Reason::FaceTooLarge
        | Reason::AmbientTooStrong => "QUALITY",
        Reason::TimingImplausible
        | Reason::StillFace
        | Reason::FlashMismatch
        | Reason::FlatFace
        | Reason::ArtefactSeen
        | Reason::SubjectChanged => "RISK",
        Reason::ChallengeNotFollowed
        | Reason::SpeechUnheard
        | Reason::DigitsDiffer
        | Reason::LipsStill => "CHALLENGE_NOT_FOLLOWED",
        Reason::ComparisonNonMatch => "FACE_MISMATCH",
        Reason::NameNumberMismatch => "IDENTITY_MISMATCH",
        Reason::IdentityUnknown => "IDENTITY_UNKNOWN",
        Reason::ReferenceMissing | Reason::ReferencePoor => "NO_USABLE_PHOTO",
        Reason::SourceUnavailable => "SOURCE_UNAVAILABLE",
        Reason::Cancelled | Reason::NotAuthorised | Reason::DeviceUnsupported => "CANCELLED",
        Reason::CaptureTimedOut => "TIMED_OUT",
        Reason::Expired => "EXPIRED",
        Reason::SystemFailure => "SYSTEM",
    }
}

/// The `errCode` of `uni.startFacialRecognitionVerify` on the client; 0 and 10013 both mean that
/// the back end must ask.
pub const fn unicloud_client_code(reason: Reason) -> i32 {
    match reason {
        Reason::Passed => 0,
        Reason::Cancelled | Reason::CaptureTimedOut => 10011,
        Reason::DeviceUnsupported => 10002,
        Reason::NotAuthorised
        | Reason::Expired
        | Reason::SystemFailure
        | Reason::SourceUnavailable => 10010,
        Reason::NoFace
        | Reason::SeveralFaces
        | Reason::FaceTooSmall
        | Reason::FaceNotFrontal
        | Reason::TooDark
        | Reason::TooBright
        | Reason::Blurred
        | Reason::Occluded
        | Reason::ClipTooShort
        | Reason::TimingImplausible
        | Reason::MediaUnreadable
        | Reason::ChallengeNotFollowed
        | Reason::StillFace
        | Reason::LifeUnseen
        | Reason::FaceTooLarge
        | Reason::AmbientTooStrong
        | Reason::FlashMismatch
        | Reason::FlatFace
        | Reason::ArtefactSeen
        | Reason::SpeechUnheard
        | Reason::DigitsDiffer
        | Reason::LipsStill
        | Reason::SubjectChanged
        | Reason::ComparisonNonMatch
        | Reason::NameNumberMismatch
        | Reason::IdentityUnknown
        | Reason::ReferenceMissing
        | Reason::ReferencePoor => 10013,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes of the contract's table 1.5, typed from it and not from the table above.
    const CONTRACT_1_5: [i32; 48] = [
        0, 10001, 10002, 10003, 10004, 10005, 10006, 10007, 10008, 10009, 10010, 10011, 10012,
        10013, 10014, 10015, 10016, 10017, 10018, 10020, 10021, 10022, 10026, 10027, 10028, 10029,
        10030, 10031, 10032, 10040, 10041, 10042, 10045, 10052, 10057, 10066, 10069, 90100, 90101,
        90102, 90103, 90104, 90105, 90106, 90107, 90108, 90109, 90199,
    ];

    #[test]
    fn the_table_holds_every_code_of_the_contract_once() {
        for code in CONTRACT_1_5 {
            assert!(wechat_meaning(code).is_some(), "{code}");
        }
        let mut codes: Vec<i32> = WECHAT_CODES.iter().map(|(code, _)| *code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), WECHAT_CODES.len());
    }

    #[test]
    fn every_reason_has_a_documented_code_and_only_a_pass_has_zero() {
        for reason in Reason::ALL {
            let code = wechat_code(reason);
            assert!(CONTRACT_1_5.contains(&code), "{}", reason.name());
            assert_eq!(code == 0, reason == Reason::Passed);
            assert_eq!(unicloud_client_code(reason) == 0, reason == Reason::Passed);
            assert_eq!(
                unicloud_sub_code(reason) == "PASS",
                reason == Reason::Passed
            );
        }
    }

    #[test]
    fn an_unanswered_question_is_not_completed_or_in_progress() {
        let attempt_id = crate::ids::AttemptId::from_number(1);
        let capturing = State::Capturing {
            attempt_id: attempt_id.clone(),
        };
        let analyzing = State::Analyzing { attempt_id };
        assert_eq!(wechat_code_of(&State::Open, None), 10300);
        assert_eq!(wechat_code_of(&capturing, None), 10300);
        assert_eq!(wechat_code_of(&analyzing, None), 10005);
        assert_eq!(wechat_code_of(&State::Open, Some(Reason::Cancelled)), 90100);
        assert_eq!(unicloud_auth_state(&State::Open), AuthState::Processing);
    }
}
