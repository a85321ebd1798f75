//! What may happen: operations as values, and how they are generated.
//!
//! An operation names things by how recently they were made ([`Pick`]), so that a list of them
//! still means something after a shorter one was cut out of it.

use proptest::collection::vec;
use proptest::prelude::*;

/// The one made so many before the latest.
pub(crate) type Pick = u8;

/// Where a recording's text says what should be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    Passes,
    OtherPerson,
    NoFace,
    IgnoresPrompts,
    Unreadable,
    Breaks,
}

/// Whom a question is about, and what to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    Enrolled,
    Stranger,
    CallerPhoto,
    EmptyPhoto,
}

/// What goes wrong in the decoder at the next recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    Crashes,
    Lies,
    Breaks,
}

/// Who freezes an app, or lifts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hand {
    Operator,
    Tenant,
}

/// One step of opening an account and getting its apps access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    RealName,
    Agreement,
    NewApp,
    Application,
    Approval,
}

/// One operation.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Recharge {
        tenant: u8,
        fen: u16,
        reference: u8,
    },
    OpenV1 {
        tenant: u8,
        key: Option<u8>,
        about: About,
    },
    OpenUnicloud {
        tenant: u8,
        about: About,
    },
    IssueKey {
        tenant: u8,
    },
    BeginToken(Pick),
    BeginCertificate(Pick),
    BeginKey(Pick),
    Draw(Pick),
    Upload {
        attempt: Pick,
        index: u8,
        script: Script,
    },
    CorruptPart(Pick),
    Complete {
        attempt: Pick,
        is_honest: bool,
    },
    Leave(Pick),
    Cancel(Pick),
    Look(Pick),
    /// New prices for everybody, or for one tenant.
    ChangeTariff {
        tenant: Option<u8>,
        tiers: &'static str,
    },
    ToggleAttackBilling {
        tenant: u8,
        bills: bool,
    },
    FreezeApp {
        tenant: u8,
        by: Hand,
    },
    UnfreezeApp {
        tenant: u8,
        by: Hand,
    },
    OpenAccount {
        tenant: u8,
        step: Step,
    },
    RepeatLastRequest,
    RunOneJob,
    KillWorkerMidJob {
        after: u8,
    },
    LoseLease {
        begins: u8,
    },
    Decoder(Trouble),
    AdvanceTime {
        seconds: i64,
    },
    RotateKey,
    RunRetention,
    Restart,
    /// Dies after so many waypoints; then the same again.
    StopAnywhere {
        after: u8,
        op: Box<Op>,
    },
}

impl Op {
    /// Whether it is about what stands in the way of an app.
    pub(crate) fn changes_standings(&self) -> bool {
        match self {
            Self::StopAnywhere { op, .. } => op.changes_standings(),
            Self::FreezeApp { .. } | Self::UnfreezeApp { .. } | Self::OpenAccount { .. } => true,
            _ => false,
        }
    }
}

/// The tenant whose account is closed at the start.
const CLOSED: u8 = 3;

/// Seconds to move: within a deadline, just over each of them, and years.
const STEPS_S: [i64; 14] = [
    1, 20, 61, 181, 601, 1741, 1801, 3601, 82_801, 86_401, 259_201, 691_200, 2_678_400, 31_622_400,
];

/// Prices that rise, fall, and turn at the calls that tenants here have.
const TIERS: [&str; 4] = ["100000:85,:80", ":120", ":40", "99999:90,100001:10,:200"];

pub(crate) fn ops() -> impl Strategy<Value = Vec<Op>> {
    vec(chunk(), 1..12).prop_map(|chunks| chunks.into_iter().flatten().collect())
}

/// Something that belongs together, or one operation.
fn chunk() -> impl Strategy<Value = Vec<Op>> {
    prop_oneof![
        12 => any_op().prop_map(|op| vec![op]),
        3 => capture(),
        1 => opening(),
        2 => (capture(), any_op(), any::<prop::sample::Index>()).prop_map(|(mut ops, op, at)| {
            let at = at.index(ops.len());
            ops.insert(at, op);
            ops
        }),
    ]
}

/// The closed account's way to its first question.
fn opening() -> impl Strategy<Value = Vec<Op>> {
    let tenant = CLOSED;
    (0..3_u8).prop_map(move |about| {
        let step = |step| Op::OpenAccount { tenant, step };
        vec![
            step(Step::RealName),
            step(Step::Agreement),
            step(Step::Application),
            step(Step::Approval),
            Op::Recharge {
                tenant,
                fen: 300,
                reference: about,
            },
            Op::OpenV1 {
                tenant,
                key: Some(about),
                about: About::CallerPhoto,
            },
        ]
    })
}

/// A whole story through one of the doors, up to the answer.
fn capture() -> impl Strategy<Value = Vec<Op>> {
    (
        0..3_u8,
        tenant(),
        proptest::option::of(0..4_u8),
        about(),
        script(),
    )
        .prop_map(|(door, tenant, key, about, script)| {
            let mut ops = match door {
                0 => vec![Op::OpenV1 { tenant, key, about }, Op::BeginToken(0)],
                1 => vec![Op::OpenUnicloud { tenant, about }, Op::BeginCertificate(0)],
                _ => vec![Op::IssueKey { tenant }, Op::BeginKey(0)],
            };
            ops.extend([
                Op::Draw(0),
                Op::Upload {
                    attempt: 0,
                    index: 0,
                    script,
                },
                Op::Complete {
                    attempt: 0,
                    is_honest: true,
                },
                Op::RunOneJob,
            ]);
            ops
        })
}

fn any_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        10 => request(),
        6 => (0..40_u8, request())
            .prop_map(|(after, op)| Op::StopAnywhere { after, op: Box::new(op) }),
        4 => Just(Op::RepeatLastRequest),
        4 => Just(Op::RunOneJob),
        4 => (0..40_u8).prop_map(|after| Op::KillWorkerMidJob { after }),
        3 => (1..5_u8).prop_map(|begins| Op::LoseLease { begins }),
        3 => prop_oneof![Just(Trouble::Crashes), Just(Trouble::Lies), Just(Trouble::Breaks)]
            .prop_map(Op::Decoder),
        6 => prop::sample::select(STEPS_S.as_slice())
            .prop_map(|seconds| Op::AdvanceTime { seconds }),
        1 => Just(Op::RotateKey),
        3 => Just(Op::RunRetention),
        1 => Just(Op::Restart),
    ]
}

/// What somebody asks for from outside.
fn request() -> impl Strategy<Value = Op> {
    let attempt = || 0..3_u8;
    prop_oneof![
        2 => (tenant(), 50..400_u16, 0..4_u8)
            .prop_map(|(tenant, fen, reference)| Op::Recharge { tenant, fen, reference }),
        4 => (tenant(), proptest::option::of(0..4_u8), about())
            .prop_map(|(tenant, key, about)| Op::OpenV1 { tenant, key, about }),
        2 => (tenant(), about()).prop_map(|(tenant, about)| Op::OpenUnicloud { tenant, about }),
        2 => tenant().prop_map(|tenant| Op::IssueKey { tenant }),
        3 => attempt().prop_map(Op::BeginToken),
        2 => attempt().prop_map(Op::BeginCertificate),
        3 => attempt().prop_map(Op::BeginKey),
        2 => attempt().prop_map(Op::Draw),
        3 => (attempt(), 0..2_u8, script())
            .prop_map(|(attempt, index, script)| Op::Upload { attempt, index, script }),
        1 => attempt().prop_map(Op::CorruptPart),
        3 => (attempt(), prop::bool::weighted(0.8))
            .prop_map(|(attempt, is_honest)| Op::Complete { attempt, is_honest }),
        1 => attempt().prop_map(Op::Leave),
        2 => attempt().prop_map(Op::Cancel),
        2 => attempt().prop_map(Op::Look),
        1 => (proptest::option::of(tenant()), prop::sample::select(TIERS.as_slice()))
            .prop_map(|(tenant, tiers)| Op::ChangeTariff { tenant, tiers }),
        1 => (tenant(), any::<bool>())
            .prop_map(|(tenant, bills)| Op::ToggleAttackBilling { tenant, bills }),
        2 => (tenant(), hand()).prop_map(|(tenant, by)| Op::FreezeApp { tenant, by }),
        2 => (tenant(), hand()).prop_map(|(tenant, by)| Op::UnfreezeApp { tenant, by }),
        2 => (prop_oneof![3 => Just(CLOSED), 1 => tenant()], step())
            .prop_map(|(tenant, step)| Op::OpenAccount { tenant, step }),
    ]
}

/// The first has money, the second none at the start, the third is the first one's test app, the
/// fourth's account is closed; a fifth comes when an app is made.
fn tenant() -> impl Strategy<Value = u8> {
    prop_oneof![8 => Just(0), 2 => Just(1), 2 => Just(2), 1 => Just(CLOSED), 1 => Just(4)]
}

fn hand() -> impl Strategy<Value = Hand> {
    prop_oneof![Just(Hand::Operator), Just(Hand::Tenant)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::RealName),
        2 => Just(Step::Agreement),
        1 => Just(Step::NewApp),
        2 => Just(Step::Application),
        2 => Just(Step::Approval),
    ]
}

fn about() -> impl Strategy<Value = About> {
    prop_oneof![
        4 => Just(About::Enrolled),
        1 => Just(About::Stranger),
        2 => Just(About::CallerPhoto),
        1 => Just(About::EmptyPhoto),
    ]
}

fn script() -> impl Strategy<Value = Script> {
    prop_oneof![
        6 => Just(Script::Passes),
        2 => Just(Script::OtherPerson),
        2 => Just(Script::NoFace),
        1 => Just(Script::IgnoresPrompts),
        1 => Just(Script::Unreadable),
        1 => Just(Script::Breaks),
    ]
}
