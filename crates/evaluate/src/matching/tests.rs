//! Rates of lists small enough to be counted by hand.

use super::*;

fn scored(score: f64, mated: bool, group: &str) -> Scored {
    Scored {
        score,
        mated,
        group: group.to_owned(),
    }
}

/// Non-mated 0.1, 0.2 … 1.0; mated 0.55, 0.75, 0.95, 1.15.
fn ten_and_four() -> Vec<Scored> {
    let non_mated = (1..=10).map(|i| scored(f64::from(i) / 10.0, false, ""));
    let mated = [0.55, 0.75, 0.95, 1.15].map(|score| scored(score, true, ""));
    non_mated.chain(mated).collect()
}

#[test]
fn rates_are_counted_from_the_threshold_on() {
    let scores = Scores::of(&ten_and_four());
    assert_eq!(scores.fmr(0.8), Rate::new(3, 10));
    assert_eq!(scores.fmr(0.81), Rate::new(2, 10));
    assert_eq!(scores.fnmr(0.75), Rate::new(1, 4));
    assert_eq!(scores.fnmr(0.76), Rate::new(2, 4));
}

#[test]
fn a_threshold_lets_no_more_through_than_asked() {
    let scores = Scores::of(&ten_and_four());
    // One of ten may match: only the 1.0, so anything above 0.9.
    let point = scores.point(0.1);
    assert_eq!(point.threshold, 0.9_f64.next_up());
    assert_eq!(point.fmr, Rate::new(1, 10));
    assert_eq!(point.fnmr, Rate::new(2, 4));
    assert!(point.carried);
    // 0.3 times 10 is not quite 3 in binary.
    assert_eq!(scores.point(0.3).fmr, Rate::new(3, 10));
    // Fewer pairs than the rate asks for: none may match, and that is said.
    let point = scores.point(0.01);
    assert_eq!(point.threshold, 1.0_f64.next_up());
    assert_eq!(point.fmr, Rate::new(0, 10));
    assert!(!point.carried);
    assert_eq!(scores.threshold(1.0), f64::NEG_INFINITY);
}

#[test]
fn ties_are_let_through_together_or_not_at_all() {
    let pairs: Vec<Scored> = [0.5, 0.9, 0.9, 0.9]
        .map(|score| scored(score, false, ""))
        .into();
    let point = Scores::of(&pairs).point(0.5);
    assert_eq!(point.fmr, Rate::new(0, 4));
}

#[test]
fn equal_errors_are_where_both_rates_meet() {
    // Non-mated above 0.7: 3 of 10; mated below 0.75: 1 of 4 and at 0.75+: 2 of 4.
    let (rate, threshold) = Scores::of(&ten_and_four()).equal_error().unwrap();
    assert!((rate - 0.275).abs() < 1e-9, "{rate}");
    assert!(threshold > 0.7 && threshold <= 0.8, "{threshold}");
    let apart: Vec<Scored> = [(0.1, false), (0.9, true)]
        .map(|(score, mated)| scored(score, mated, ""))
        .into();
    assert_eq!(Scores::of(&apart).equal_error().unwrap().0, 0.0);
    assert!(Scores::of(&[]).equal_error().is_none());
}

#[test]
fn the_spread_is_that_of_the_textbook() {
    let (mean, deviation) = Scores::of(&ten_and_four()).non_mated_spread().unwrap();
    assert!((mean - 0.55).abs() < 1e-12);
    assert!((deviation - 0.302_765_035_4).abs() < 1e-9, "{deviation}");
}

#[test]
fn what_is_no_number_takes_no_part() {
    let scores = Scores::of(&[scored(f64::NAN, false, ""), scored(0.5, false, "")]);
    assert_eq!(scores.non_mated().len(), 1);
}

#[test]
fn groups_are_counted_apart_and_the_hardest_is_found() {
    let mut pairs = Vec::new();
    for i in 0..1000 {
        pairs.push(scored(f64::from(i) / 2000.0, false, "easy"));
        pairs.push(scored(f64::from(i) / 1000.0, false, "hard"));
    }
    pairs.push(scored(0.9, true, "hard"));
    let report = Report::new(About::default(), &pairs);
    assert_eq!(report.groups.len(), 2);
    assert_eq!(report.hardest(1e-2).unwrap().0, "hard");
    let json = report.as_json();
    assert_eq!(json["groups"]["easy"]["non_mated_count"], 1000);
    assert_eq!(json["non_mated_count"], 2000);
    let toml = report.calibration().unwrap();
    assert!(
        toml.contains("group = \"hardest\"") && toml.contains("group hard"),
        "{toml}"
    );
}

#[test]
fn a_table_rises_and_falls_and_ends_where_the_pairs_do() {
    let pairs: Vec<Scored> = (0..1000)
        .map(|i| scored(f64::from(i) / 1000.0, false, ""))
        .collect();
    let table = Scores::of(&pairs).table();
    assert!(
        table
            .windows(2)
            .all(|pair| pair[0].0 < pair[1].0 && pair[0].1 > pair[1].1)
    );
    assert_eq!(table.last().unwrap().1, 1e-3);
    assert!(Scores::of(&pairs[..50]).table().is_empty());
}

#[test]
fn the_page_holds_the_plot_and_no_strange_markup() {
    let mut pairs = ten_and_four();
    pairs.push(scored(0.4, false, "<script>"));
    let about = About {
        model: String::from("a & b"),
        refused: vec![(String::from("x<y.jpg"), String::from("no face"))],
        pictures: 10,
        ..About::default()
    };
    let html = Report::new(about, &pairs).as_html();
    assert!(html.contains("<svg") && html.contains("a &amp; b"));
    assert!(html.contains("x&lt;y.jpg") && !html.contains("<script>"));
}
