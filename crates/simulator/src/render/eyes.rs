//! Eyes, lids and the inside of the mouth: the parts of the paint that move.

use super::identity::Identity;
use super::shape::LIP_LINE;
use super::vector::{V3, bump, mix, smooth, srgb, v3};

/// Radius of the iris, in half head widths.
const IRIS_RADIUS: f32 = 0.082;
/// About one pixel at the usual size: the softness of painted edges.
const EDGE: f32 = 0.009;

/// What the moving parts are doing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expression {
    /// 0 open to 1 closed.
    pub(super) blink: f32,
    /// 0 closed to 1 wide open.
    pub(super) mouth: f32,
    /// Where the eyes look, in half head widths along the skin.
    pub(super) gaze: (f32, f32),
}

/// Paints the eye over the skin colour at `(s, t)`; also says how glossy it is there.
pub(super) fn paint_eye(
    face: &Identity,
    look: &Expression,
    s: f32,
    t: f32,
    skin: (V3, f32),
) -> (V3, f32) {
    let side = s.abs();
    let u = (side - face.eye_apart) / face.eye_half;
    if u.abs() > 1.45 || t.abs() > 0.3 {
        return skin;
    }
    let w = t - face.eye_slant * u;
    let arch = (1.0 - u * u).max(0.0);
    let top_open = face.eye_open * 0.58 * arch.powf(0.75) * (1.0 - 0.12 * u);
    let bottom = -face.eye_open * 0.42 * arch.powf(0.9) * (1.0 + 0.15 * u);
    let shut = bottom * 0.75 + 0.004;
    let top = mix(top_open, shut, look.blink);
    let (mut colour, mut gloss) = skin;
    colour = lid(face, look, u, w, (top, top_open), colour);
    let inside = smooth(-EDGE, EDGE, top - w)
        * smooth(-EDGE, EDGE, w - bottom)
        * smooth(1.02, 0.97, u.abs());
    if inside > 0.0 && top > bottom {
        let ball = eyeball(face, look, (s, t), (u, w), top);
        colour = colour.mix(ball, inside);
        gloss = mix(gloss, 0.0, inside);
    }
    // Lashes: dark along the upper lid, fainter along the lower one.
    let reach = smooth(1.12, 0.85, u.abs());
    let upper = bump((w - top - 0.006) / 0.014) * reach * mix(0.65, 1.0, smooth(-0.6, 0.6, u));
    let lower = bump((w - bottom + 0.004) / 0.009) * reach * 0.4;
    let lash = face.hair.mix(v3(0.01, 0.008, 0.007), 0.7);
    (
        colour.mix(lash, (mix(0.85, 1.0, look.blink) * upper + lower).min(0.93)),
        gloss,
    )
}

fn lid(
    face: &Identity,
    look: &Expression,
    u: f32,
    w: f32,
    (top, open): (f32, f32),
    skin: V3,
) -> V3 {
    let reach = smooth(1.25, 0.8, u.abs());
    let crease_at = open + 0.045 - 0.02 * look.blink;
    let crease = bump((w - crease_at) / 0.012)
        * reach
        * (0.15 + 0.4 * face.crease)
        * (1.0 - 0.4 * look.blink);
    let fold_shadow =
        smooth(crease_at + 0.01, crease_at - 0.03, w) * smooth(top - 0.03, top, w) * reach * 0.1;
    let pouch = bump((w + face.eye_open * 0.42 + 0.05) / 0.014) * reach * (0.06 + 0.16 * face.age);
    skin * (1.0 - (crease + fold_shadow + pouch).min(0.7))
}

fn eyeball(
    face: &Identity,
    look: &Expression,
    (s, t): (f32, f32),
    (u, w): (f32, f32),
    top: f32,
) -> V3 {
    let centre = s.signum() * face.eye_apart + look.gaze.0;
    let dx = s - centre;
    let dy = t - look.gaze.1 - 0.012;
    let d = (dx * dx + dy * dy).sqrt();
    // Even white eyes are shaded by the lids and no brighter than the skin around allows.
    let white = srgb(214.0, 206.0, 200.0).mix(face.skin, 0.25);
    let mut colour = white * (1.0 - 0.25 * u * u);
    // The pink corner beside the nose.
    colour = colour.mix(srgb(200.0, 130.0, 120.0), smooth(-0.78, -0.95, u) * 0.8);
    let spokes = 0.85 + 0.15 * (dy.atan2(dx) * 17.0).sin();
    let ring = mix(1.15, 0.45, smooth(0.6, 1.0, d / IRIS_RADIUS));
    let iris = face.iris * (spokes * ring);
    colour = colour.mix(iris, smooth(IRIS_RADIUS + EDGE, IRIS_RADIUS - EDGE, d));
    colour = colour.mix(
        v3(0.004, 0.004, 0.004),
        smooth(0.034 + EDGE, 0.034 - EDGE, d),
    );
    let shadow = 1.0 - 0.5 * smooth(0.06, 0.0, top - w);
    let glint_x = dx + 0.022;
    let glint_y = dy - 0.03;
    let glint = smooth(0.02, 0.01, (glint_x * glint_x + glint_y * glint_y).sqrt());
    (colour * shadow).mix(v3(0.9, 0.9, 0.9), glint)
}

/// Paints what shows between the lips over the skin colour; `None` where there are lips.
pub(super) fn paint_mouth(face: &Identity, look: &Expression, s: f32, t: f32) -> Option<V3> {
    let above = t - face.mouth_y();
    let across = s / face.mouth_half;
    if above.abs() >= LIP_LINE || across.abs() >= 0.97 || look.mouth < 0.02 {
        return None;
    }
    let lens = (1.0 - across * across).max(0.0).sqrt();
    let gap = 1.6 * face.mouth_half * look.mouth * lens;
    let depth = (LIP_LINE - above) / (2.0 * LIP_LINE) * gap;
    let dark = srgb(46.0, 14.0, 14.0);
    let tongue = srgb(150.0, 70.0, 70.0);
    let mut colour = dark.mix(
        tongue,
        0.7 * smooth(0.55, 0.95, depth / gap.max(0.01)) * smooth(0.1, 0.25, gap),
    );
    let tooth_low = 0.085 - 0.03 * across * across;
    let gaps = 1.0 - 0.3 * bump(((s / 0.075).fract().abs() - 0.5) / 0.06);
    let tooth = smooth(tooth_low + 0.01, tooth_low - 0.01, depth) * smooth(0.9, 0.7, across.abs());
    let shade = 1.0 - 0.5 * smooth(0.05, 0.0, depth) - 0.3 * across * across;
    colour = colour.mix(srgb(226.0, 216.0, 200.0) * (gaps * shade), tooth);
    Some(colour)
}
