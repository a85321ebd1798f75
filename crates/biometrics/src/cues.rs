//! From findings to cues: names, units and series, in the vocabulary of `domain`.

use zhenren_domain::challenge::{Challenge, ChallengeKind, ClockLog};
use zhenren_domain::measurements::{Cue, CueKind, Measurements, Sample};

use crate::actions;
use crate::best::BestFrame;
use crate::clocks;
use crate::compare::{Calibration, compare};
use crate::continuity::track_jump;
use crate::distance;
use crate::engine::ENGINE_VERSION;
use crate::features::Features;
use crate::flash;
use crate::light::LightFrame;
use crate::mesh::Mesh;
use crate::motion;
use crate::quality::quality;
use crate::series::Reading;
use crate::timing::ClipTiming;

/// What the analysis found in one recording.
pub(crate) struct Findings<'a> {
    pub(crate) challenge: &'a Challenge,
    pub(crate) clock: &'a ClockLog,
    pub(crate) timing: Option<ClipTiming>,
    pub(crate) readings: &'a [Reading],
    pub(crate) faces_counts: &'a [(f64, usize)],
    pub(crate) best: Option<&'a BestFrame>,
    pub(crate) continuity: Option<(f64, Vec<Sample>)>,
    pub(crate) probe: Option<&'a Features>,
    pub(crate) reference: Option<&'a Features>,
    pub(crate) features_model: &'a str,
    /// What a score means; without it none is ever good enough.
    pub(crate) calibration: Option<&'a Calibration>,
    pub(crate) pad: Option<(f64, Vec<Sample>)>,
    pub(crate) light: Option<(Vec<LightFrame>, Mesh)>,
    pub(crate) moire: Option<(f64, Vec<Sample>)>,
    pub(crate) plane: Option<(f64, Vec<Sample>)>,
    pub(crate) perspective: Option<(f64, Vec<Sample>)>,
    pub(crate) loops: Option<(f64, Vec<Sample>)>,
    pub(crate) picture_width: usize,
}

/// Collects cues; a cue that could not be measured is left out.
#[derive(Default)]
struct Cues(Vec<Cue>);

impl Cues {
    fn put(&mut self, kind: CueKind, value: f64) {
        self.series(kind, Some((value, Vec::new())));
    }

    fn series(&mut self, kind: CueKind, measured: Option<(f64, Vec<Sample>)>) {
        if let Some((value, series)) = measured.filter(|(value, _)| value.is_finite()) {
            self.0.push(Cue {
                kind,
                value,
                series,
            });
        }
    }
}

pub(crate) fn measurements(findings: &Findings<'_>) -> Measurements {
    let mut cues = Cues::default();
    presence(&mut cues, findings);
    picture(&mut cues, findings);
    cues.series(CueKind::ContinuityMin, findings.continuity.clone());
    cues.series(CueKind::TrackJumpMax, track_jump(findings.readings));
    clock(&mut cues, findings);
    cues.series(CueKind::EyeRange, motion::eye_range(findings.readings));
    cues.series(CueKind::MouthRange, motion::mouth_range(findings.readings));
    cues.series(CueKind::YawRange, motion::yaw_range(findings.readings));
    cues.series(
        CueKind::NonRigidMotion,
        motion::non_rigid_motion(findings.readings),
    );
    let report = actions::measure(findings.challenge, findings.clock, findings.readings);
    if !report.actions.is_empty() {
        let seen = report
            .actions
            .iter()
            .filter(|action| action.amplitude >= 1.0)
            .count();
        let share = seen as f64 / report.actions.len() as f64;
        cues.series(CueKind::ActionsSeenShare, Some((share, report.signal)));
        cues.put(CueKind::ActionsOutOfOrder, report.out_of_order as f64);
    }
    if let Some(drift) = report.onset_drift_ms {
        cues.put(CueKind::OnsetDrift, drift);
    }
    cues.series(CueKind::PadScore, findings.pad.clone());
    cues.series(CueKind::MoirePeak, findings.moire.clone());
    cues.series(CueKind::PlanarResidual, findings.plane.clone());
    cues.series(CueKind::LoopShare, findings.loops.clone());
    let at_ms: Vec<f64> = findings
        .readings
        .iter()
        .map(|reading| reading.at_ms)
        .collect();
    let fit = clocks::fit(&at_ms, findings.clock);
    if let Some(fit) = &fit {
        let residual = (fit.residual_ms, fit.series.clone());
        cues.series(CueKind::FrameLogResidual, Some(residual));
    }
    light(&mut cues, findings, fit.as_ref());
    sizes(&mut cues, findings, fit.as_ref());
    let compared = comparison(&mut cues, findings);
    Measurements {
        cues: cues.0,
        actions: report.actions,
        heard_digits: None,
        features_model: if compared {
            findings.features_model.to_owned()
        } else {
            String::new()
        },
        engine_version: ENGINE_VERSION,
    }
}

fn presence(cues: &mut Cues, findings: &Findings<'_>) {
    let count = findings.readings.len();
    if count == 0 {
        return;
    }
    let most = findings
        .faces_counts
        .iter()
        .map(|(_, count)| *count)
        .max()
        .unwrap_or_default();
    let series = findings
        .faces_counts
        .iter()
        .map(|(at_ms, count)| Sample {
            at_ms: *at_ms,
            value: *count as f64,
        })
        .collect();
    cues.series(CueKind::FaceCountMax, Some((most as f64, series)));
    let present = findings
        .readings
        .iter()
        .filter(|reading| reading.face.is_some())
        .count();
    cues.put(CueKind::FacePresence, present as f64 / count as f64);
}

fn picture(cues: &mut Cues, findings: &Findings<'_>) {
    let Some(best) = findings.best else { return };
    let quality = quality(&best.image, &best.mesh, &best.chip);
    let neutral = actions::neutral_of(findings.challenge, findings.clock, findings.readings);
    cues.put(CueKind::InterEyeDistance, quality.inter_eye_px);
    cues.put(CueKind::FaceExtent, extent(&best.mesh, best.image.width));
    cues.put(CueKind::Sharpness, quality.sharpness);
    cues.put(CueKind::Brightness, quality.brightness);
    cues.put(CueKind::ClippedShare, quality.clipped_share);
    cues.put(CueKind::BestYaw, quality.pose.yaw.abs());
    cues.put(
        CueKind::BestPitch,
        (quality.pose.pitch - neutral.pitch).abs(),
    );
    cues.put(CueKind::OcclusionHint, quality.occlusion_hint);
}

/// Width of the face as a share of the picture's.
fn extent(mesh: &Mesh, width: usize) -> f64 {
    let across = mesh.points.iter().map(|point| point.x);
    let (least, most) = across.fold((f32::MAX, f32::MIN), |(least, most), x| {
        (least.min(x), most.max(x))
    });
    f64::from(most - least) / width.max(1) as f64
}

fn clock(cues: &mut Cues, findings: &Findings<'_>) {
    let Some(timing) = findings.timing else {
        return;
    };
    cues.put(CueKind::ClipDuration, timing.duration_ms);
    cues.put(CueKind::FrameRate, timing.frame_rate);
    cues.put(CueKind::FrameGapMax, timing.gap_max_ms);
    cues.put(CueKind::DuplicateFrameShare, timing.repeated_share);
}

/// The answer of the face to the light of the screen.
fn light(cues: &mut Cues, findings: &Findings<'_>, fit: Option<&clocks::Fit>) {
    let Some((frames, mesh)) = &findings.light else {
        return;
    };
    let measured = flash::measure(findings.challenge, findings.clock, fit, frames, mesh);
    let Some(report) = measured else { return };
    cues.series(
        CueKind::FlashCorrelation,
        Some((report.correlation, report.seen)),
    );
    cues.put(CueKind::FlashPValue, report.p_value);
    cues.put(CueKind::FlashLag, report.lag_ms);
    cues.put(CueKind::FlashGain, report.gain);
    cues.series(
        CueKind::FlashUnexplained,
        Some((report.unexplained, report.rest)),
    );
    let optional = [
        (CueKind::FlashBackgroundRatio, report.background_ratio),
        (CueKind::FlashRelief, report.relief),
        (CueKind::FlashNormals, report.normals),
    ];
    for (kind, value) in optional {
        if let Some(value) = value {
            cues.put(kind, value);
        }
    }
}

/// How near the face came and what that did to its shape.
fn sizes(cues: &mut Cues, findings: &Findings<'_>, fit: Option<&clocks::Fit>) {
    if findings.challenge.kind != ChallengeKind::NearFar {
        return;
    }
    let measured = distance::measure(
        findings.challenge,
        findings.clock,
        fit.map_or(0.0, |fit| fit.offset_ms),
        findings.readings,
        findings.picture_width,
    );
    let Some(report) = measured else { return };
    cues.series(
        CueKind::DistanceChange,
        Some((report.change, report.widths)),
    );
    if let Some(share) = report.seen_share {
        cues.put(CueKind::DistancesSeenShare, share);
    }
    cues.series(CueKind::PerspectiveChange, findings.perspective.clone());
}

/// Whether there was something to compare.
fn comparison(cues: &mut Cues, findings: &Findings<'_>) -> bool {
    let (Some(probe), Some(reference)) = (findings.probe, findings.reference) else {
        return false;
    };
    let score = compare(probe, reference);
    cues.put(CueKind::ComparisonScore, score);
    let fmr = findings
        .calibration
        .map_or(1.0, |table| table.fmr_of(score));
    cues.put(CueKind::ComparisonFmr, fmr);
    true
}
