//! The DET plot as SVG: error rates on normal-deviate scales, where normal scores are straight
//! lines.

use std::fmt::Write as _;

use crate::page::escape;

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 520.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 60.0;

/// Rates at the ends of both axes.
const LEAST: f64 = 1e-5;
const MOST: f64 = 0.5;

/// Lines of the grid.
const TICKS: [f64; 8] = [1e-5, 1e-4, 1e-3, 1e-2, 5e-2, 0.1, 0.2, 0.5];

/// Colours of the curves, told apart by those who see no red or green as well.
const COLOURS: [&str; 7] = [
    "#0b3d91", "#d95f02", "#117733", "#aa3377", "#555555", "#ccaa00", "#33bbee",
];

/// The plot of false non-matches over false matches.
pub(crate) fn det(curves: &[(String, Vec<(f64, f64)>)]) -> String {
    det_named(
        curves,
        "false match rate (FMR)",
        "false non-match rate (FNMR)",
    )
}

/// The plot of one error rate over another.
pub(crate) fn det_named(curves: &[(String, Vec<(f64, f64)>)], across: &str, up: &str) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
         height=\"{HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\" \
         aria-label=\"DET plot\"><rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>"
    );
    grid(&mut svg);
    for ((_, points), colour) in curves.iter().zip(COLOURS.iter().cycle()) {
        curve(&mut svg, points, colour);
    }
    legend(&mut svg, curves);
    let middle = f64::midpoint(LEFT, WIDTH - RIGHT);
    let centre = f64::midpoint(TOP, HEIGHT - BOTTOM);
    let low = HEIGHT - 14.0;
    // Writing to a string cannot fail.
    let _ = write!(
        svg,
        "<text x=\"{middle}\" y=\"{low}\" text-anchor=\"middle\">{}</text>\
         <text x=\"16\" y=\"{centre}\" text-anchor=\"middle\" transform=\"rotate(-90 16 {centre})\">{}</text></svg>",
        escape(across),
        escape(up)
    );
    svg
}

fn grid(svg: &mut String) {
    for rate in TICKS {
        let (x, y) = (x_of(rate), y_of(rate));
        let label = if rate >= 1e-3 {
            format!("{} %", rate * 100.0)
        } else {
            format!("{rate:e}")
        };
        let (right, low) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        let _ = write!(
            svg,
            "<path d=\"M{x:.1} {TOP}V{low}M{LEFT} {y:.1}H{right}\" stroke=\"#dddddd\" fill=\"none\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
            low + 18.0,
            LEFT - 6.0,
            y + 4.0
        );
    }
    let (width, height) = (WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    let _ = write!(
        svg,
        "<rect x=\"{LEFT}\" y=\"{TOP}\" width=\"{width}\" height=\"{height}\" fill=\"none\" stroke=\"#888888\"/>"
    );
}

fn curve(svg: &mut String, points: &[(f64, f64)], colour: &str) {
    let mut path = String::new();
    for (across, up) in points {
        // Steps: a rate changes where the threshold passes a score, and nowhere between.
        let (x, y) = (x_of(*across), y_of(*up));
        let _ = if path.is_empty() {
            write!(path, "M{x:.1} {y:.1}")
        } else {
            write!(path, "V{y:.1}H{x:.1}")
        };
    }
    let _ = write!(
        svg,
        "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>"
    );
}

fn legend(svg: &mut String, curves: &[(String, Vec<(f64, f64)>)]) {
    let mut y = TOP + 18.0;
    for ((name, _), colour) in curves.iter().zip(COLOURS.iter().cycle()) {
        let (start, end) = (WIDTH - RIGHT - 180.0, WIDTH - RIGHT - 156.0);
        let _ = write!(
            svg,
            "<path d=\"M{start} {y}H{end}\" stroke=\"{colour}\" stroke-width=\"2\"/>\
             <text x=\"{}\" y=\"{}\">{}</text>",
            end + 6.0,
            y + 4.0,
            escape(name)
        );
        y += 17.0;
    }
}

fn x_of(rate: f64) -> f64 {
    LEFT + share(rate) * (WIDTH - LEFT - RIGHT)
}

fn y_of(rate: f64) -> f64 {
    HEIGHT - BOTTOM - share(rate) * (HEIGHT - TOP - BOTTOM)
}

/// Where on its axis a rate lies, 0..=1.
fn share(rate: f64) -> f64 {
    let at = |rate: f64| deviate(rate.clamp(LEAST, MOST));
    (at(rate) - at(LEAST)) / (at(MOST) - at(LEAST))
}

/// The standard normal quantile (Acklam's rational approximation, nine digits).
fn deviate(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 5] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 4] = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
    ];
    let polynomial = |parts: &[f64], x: f64| parts.iter().fold(0.0, |sum, part| sum * x + part);
    let tail = |q: f64| polynomial(&C, q) / (polynomial(&D, q) * q + 1.0);
    if p < 0.024_25 {
        tail((-2.0 * p.ln()).sqrt())
    } else if p > 1.0 - 0.024_25 {
        -tail((-2.0 * (1.0 - p).ln()).sqrt())
    } else {
        let q = p - 0.5;
        let r = q * q;
        polynomial(&A, r) * q / (polynomial(&B, r) * r + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (p, wanted) in [
            (0.5, 0.0),
            (0.025, -1.959_964),
            (0.001, -3.090_232),
            (0.975, 1.959_964),
        ] {
            assert!((deviate(p) - wanted).abs() < 1e-5, "{p}: {}", deviate(p));
        }
    }

    #[test]
    fn the_ends_of_the_axes_are_the_ends_of_the_frame() {
        assert!((x_of(LEAST) - LEFT).abs() < 1e-9);
        assert!((x_of(MOST) - (WIDTH - RIGHT)).abs() < 1e-9);
        assert!((y_of(0.0) - (HEIGHT - BOTTOM)).abs() < 1e-9);
        assert!((y_of(1.0) - TOP).abs() < 1e-9);
    }
}
