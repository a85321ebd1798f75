//! Where the skin is: a head as a function of two coordinates on it.
//!
//! `s` runs around the head (radians, 0 at the nose, positive to the picture's right, which is
//! the subject's own left), `t` runs up it (half head widths, 0 at the eyes). Everything painted
//! or modelled is a function of `(s, t)`, so that paint and relief always agree.

use super::identity::{HairStyle, Identity};
use super::vector::{V3, bump, mix, smooth, spot, v3};

/// Lowest `t` of the head, under the chin, where the neck takes over.
pub(super) const T_MIN: f32 = -1.72;
/// Highest `t`, the crown.
pub(super) const T_MAX: f32 = 1.62;
/// Half height of the closed line between the lips.
pub(super) const LIP_LINE: f32 = 0.008;

/// `(t, half width, depth in front, depth behind)` of the average skull.
const SECTIONS: [(f32, f32, f32, f32); 16] = [
    (-1.72, 0.30, 0.30, 0.55),
    (-1.60, 0.36, 0.72, 0.60),
    (-1.50, 0.46, 0.97, 0.64),
    (-1.40, 0.57, 1.06, 0.68),
    (-1.20, 0.71, 1.12, 0.75),
    (-0.90, 0.83, 1.16, 0.90),
    (-0.60, 0.91, 1.17, 1.08),
    (-0.30, 0.96, 1.16, 1.26),
    (0.00, 0.985, 1.17, 1.36),
    (0.30, 1.0, 1.20, 1.40),
    (0.60, 0.985, 1.17, 1.38),
    (0.90, 0.93, 1.08, 1.28),
    (1.15, 0.82, 0.94, 1.10),
    (1.35, 0.66, 0.74, 0.86),
    (1.50, 0.46, 0.50, 0.58),
    (1.62, 0.02, 0.02, 0.02),
];

/// The neutral skin point at `(s, t)`.
pub(super) fn skin_point(face: &Identity, s: f32, t: f32) -> V3 {
    let (mut half, front, back) = section(t);
    let low = smooth(-0.3, -1.25, t);
    half *= face.width * (1.0 + (face.jaw - 0.5) * 0.3 * low);
    let depth = if s.abs() < std::f32::consts::FRAC_PI_2 {
        front
    } else {
        back
    };
    let (sin, cos) = s.sin_cos();
    // A superellipse a little squarer than an ellipse: faces are flatter in front.
    let n = 2.25;
    let radius = ((sin.abs() / half).powf(n) + (cos.abs() / depth).powf(n)).powf(-1.0 / n);
    let mut point = v3(radius * sin, height(face, s, t), radius * cos);
    let out = v3(sin, 0.0, cos);
    point += out * (bones(face, s, t) + ear(s, t) + hair_lift(face, s, t));
    point += v3(0.25 * sin, 0.0, 1.0) * nose(face, s, t);
    point
}

/// How far a fully opened mouth moves the skin point at `(s, t)`.
pub(super) fn mouth_shift(face: &Identity, s: f32, t: f32) -> V3 {
    let line = face.mouth_y();
    let gap = 1.6 * face.mouth_half;
    let across = s / face.mouth_half;
    let lens = (1.0 - across * across).max(0.0).sqrt();
    let cut = ((line + LIP_LINE - t) / (2.0 * LIP_LINE)).clamp(0.0, 1.0);
    let jaw = smooth(line + 0.2, line - 0.45, t) * 0.78;
    let below = mix(jaw, cut, lens) * smooth(1.55, 0.5, s.abs());
    let under_chin = smooth(T_MIN, face.chin_y() - 0.02, t);
    let down = 0.86 * gap * below * under_chin;
    let above = (1.0 - cut) * lens * smooth(line + 0.28, line, t);
    let up = 0.14 * gap * above;
    v3(0.0, up - down, -0.22 * down)
}

fn section(t: f32) -> (f32, f32, f32) {
    for pair in SECTIONS.windows(2) {
        if let [a, b] = pair
            && t <= b.0
        {
            let k = ((t - a.0) / (b.0 - a.0)).clamp(0.0, 1.0);
            return (mix(a.1, b.1, k), mix(a.2, b.2, k), mix(a.3, b.3, k));
        }
    }
    (0.02, 0.02, 0.02)
}

/// Height of the point: the jaw line climbs from the chin to the ear.
fn height(face: &Identity, s: f32, t: f32) -> f32 {
    let stretched = if t < 0.0 {
        t * mix(1.0, face.length, smooth(-1.2, -1.5, t))
    } else {
        t
    };
    let rise = smooth(0.35, 1.45, s.abs()) * smooth(-0.75, -1.55, t);
    stretched + rise * mix(0.68, 0.5, face.jaw)
}

fn bones(face: &Identity, s: f32, t: f32) -> f32 {
    let side = s.abs();
    let apart = face.eye_apart;
    let line = face.mouth_y();
    let chin = face.chin_y();
    let mut d = 0.0;
    d -= 0.12 * spot(side, t, (apart - 0.03, 0.05), (0.19, 0.12));
    d += 0.055 * spot(side, t, (apart, 0.0), (face.eye_half * 0.75, 0.085));
    d += (0.045 + face.ridge) * spot(side, t, (apart - 0.05, face.brow_height), (0.24, 0.085));
    d += (0.03 + face.cheek) * spot(side, t, (0.68, -0.32), (0.2, 0.17));
    d -= (0.02 + 0.4 * face.cheek) * spot(side, t, (0.66, -0.85), (0.2, 0.2));
    d += (0.05 + face.chin) * spot(s, t, (0.0, chin + 0.16), (0.22, 0.13));
    d -= 0.05 * spot(s, t, (0.0, line - face.lip_lower - 0.1), (0.24, 0.06));
    d += lips(face, s, t);
    // The fold from the nose to the corner of the mouth.
    let fold_s = mix(
        face.nose_wide + 0.05,
        face.mouth_half + 0.06,
        ((face.nose_base() + 0.1 - t) / (face.lip_gap + 0.1)).clamp(0.0, 1.0),
    );
    let fold = bump((side - fold_s) / 0.045)
        * smooth(line - 0.08, line + 0.12, t)
        * smooth(face.nose_base() + 0.22, face.nose_base() + 0.05, t);
    d -= (0.006 + 0.03 * face.age) * fold;
    d + 0.02 * spot(s, t, (0.0, 0.65), (0.4, 0.25))
}

fn lips(face: &Identity, s: f32, t: f32) -> f32 {
    let line = face.mouth_y();
    let across = (s / (face.mouth_half * 1.02)).abs();
    let muzzle = spot(s, t, (0.0, line), (face.mouth_half * 0.8, 0.2)) * 0.05;
    if across >= 1.0 {
        return muzzle;
    }
    let taper = (1.0 - across * across).sqrt();
    let above = t - line;
    let upper = bump((above - 0.6 * face.lip_upper) / (0.6 * face.lip_upper + 0.01));
    let lower = bump((above + 0.6 * face.lip_lower) / (0.6 * face.lip_lower + 0.01));
    let parting = bump(above / 0.02);
    taper * (0.5 * face.lip_upper * upper + 0.6 * face.lip_lower * lower - 0.025 * parting) + muzzle
}

fn nose(face: &Identity, s: f32, t: f32) -> f32 {
    let base = face.nose_base();
    let tip = base + 0.11;
    let root = 0.2;
    let along = ((root - t) / (root - tip)).clamp(0.0, 1.0);
    let rise = mix(
        face.nose_bridge * smooth(0.0, 0.4, along),
        face.nose_out,
        along.powf(1.5),
    );
    let under = smooth(base - 0.035, tip - 0.01, t);
    let half = mix(0.085, 0.105 + 0.25 * (face.nose_wide - 0.19), along);
    let ridge = rise * under * bump(s / half);
    let ball = 0.05 * spot(s, t, (0.0, tip), (0.09, 0.08));
    let wings = 0.42
        * face.nose_out
        * spot(
            s.abs(),
            t,
            (face.nose_wide * 0.7, base + 0.075),
            (face.nose_wide * 0.3, 0.062),
        );
    ridge + ball * under + wings * smooth(base - 0.05, base + 0.03, t)
}

fn ear(s: f32, t: f32) -> f32 {
    let ds = (s.abs() - 1.66) / 0.15;
    let dt = (t + 0.2) / 0.3;
    let d = ds * ds + dt * dt;
    let shell = 0.17 * smooth(1.25, 0.75, d);
    let hollow = 0.07 * spot(s.abs(), t, (1.6, -0.2), (0.05, 0.13));
    shell - hollow
}

/// How much of the skin at `(s, t)` is under head hair, 0 to 1.
pub(super) fn hair_cover(face: &Identity, s: f32, t: f32) -> f32 {
    if face.style == HairStyle::Bald {
        return 0.0;
    }
    let side = s.abs();
    let front = match face.style {
        HairStyle::Fringe => 0.47,
        HairStyle::Short | HairStyle::Long | HairStyle::Bald => face.hairline,
    };
    let temple = if face.style == HairStyle::Long {
        -1.4
    } else {
        -0.28
    };
    let wave = 0.03 * (s * 9.0 + face.hairline * 40.0).sin() + 0.015 * (s * 23.0).sin();
    let mut edge = mix(
        front - 0.12 * (side / 0.8).powi(2),
        temple,
        smooth(0.86, 1.2, side),
    ) + wave;
    if face.style != HairStyle::Long {
        let around_ear = smooth(1.36, 1.42, side) * smooth(1.98, 1.86, side);
        edge = mix(edge, 0.2, around_ear);
    }
    edge = mix(edge, -1.15, smooth(1.9, 2.2, side));
    smooth(edge - 0.03, edge + 0.04, t)
}

fn hair_lift(face: &Identity, s: f32, t: f32) -> f32 {
    let cover = hair_cover(face, s, t);
    if cover <= 0.0 {
        return 0.0;
    }
    let deep = smooth(0.0, 0.35, t - 0.35);
    let tousle = 0.25 * ((s * 11.0 + t * 7.0).sin() * (t * 13.0 - s * 5.0).cos());
    cover * face.hair_thick * (0.45 + 0.55 * deep + tousle)
}
