//! Reports as one HTML page each, with the plot inside: they can be sent and kept as they are.

use std::fmt::Write as _;

use crate::matching::{FMR_POINTS, Report as Matching};
use crate::pad::{APCER_POINTS, Report as Pad};
use crate::rate::{Rate, percent};

/// Limit: refused files that are named one by one.
const REFUSED_SHOWN_MAX: usize = 200;

const STYLE: &str = "body{font:15px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;\
    color:#1b1b1b;background:#fff}table{border-collapse:collapse;margin:.5rem 0 1.5rem}\
    th,td{border:1px solid #ccc;padding:.3rem .6rem;text-align:left;vertical-align:top}\
    th{background:#f2f2f2}td.n{text-align:right;font-variant-numeric:tabular-nums}\
    .note{background:#fff7e0;border-left:4px solid #c90;padding:.6rem 1rem}\
    h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}";

/// Text as it may stand between tags.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            other => safe.push(other),
        }
    }
    safe
}

struct Page(String);

impl Page {
    fn new(title: &str) -> Self {
        Self(format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title>\
             <style>{STYLE}</style></head><body><h1>{0}</h1>",
            escape(title)
        ))
    }

    // Writing to a string cannot fail.
    fn heading(&mut self, text: &str) {
        let _ = write!(self.0, "<h2>{}</h2>", escape(text));
    }

    fn text(&mut self, text: &str) {
        let _ = write!(self.0, "<p>{}</p>", escape(text));
    }

    fn note(&mut self, text: &str) {
        let _ = write!(self.0, "<p class=\"note\">{}</p>", escape(text));
    }

    fn table(&mut self, head: &[&str], rows: &[Vec<String>]) {
        self.0.push_str("<table><tr>");
        for cell in head {
            let _ = write!(self.0, "<th>{}</th>", escape(cell));
        }
        self.0.push_str("</tr>");
        for row in rows {
            self.0.push_str("<tr>");
            for (index, cell) in row.iter().enumerate() {
                let class = if index == 0 { "" } else { " class=\"n\"" };
                let _ = write!(self.0, "<td{class}>{}</td>", escape(cell));
            }
            self.0.push_str("</tr>");
        }
        self.0.push_str("</table>");
    }

    fn refused(&mut self, refused: &[(String, String)]) {
        if refused.is_empty() {
            return;
        }
        let rows: Vec<Vec<String>> = refused
            .iter()
            .take(REFUSED_SHOWN_MAX)
            .map(|(path, why)| vec![path.clone(), why.clone()])
            .collect();
        self.table(&["file", "why"], &rows);
        if refused.len() > REFUSED_SHOWN_MAX {
            self.text(&format!(
                "{} more are in the JSON report.",
                refused.len() - REFUSED_SHOWN_MAX
            ));
        }
    }

    fn finish(mut self) -> String {
        self.0.push_str("</body></html>\n");
        self.0
    }
}

fn score(value: f64) -> String {
    if value.is_finite() {
        format!("{value:.4}")
    } else {
        String::from("—")
    }
}

pub(crate) fn matching(report: &Matching, plot: &str) -> String {
    let about = &report.about;
    let mut page = Page::new("Comparison: error rates");
    if let Some(notice) = &about.notice {
        page.note(notice);
    }
    page.table(
        &["what", "value"],
        &[
            vec![String::from("features model"), about.model.clone()],
            vec![String::from("list"), about.list.clone()],
            vec![
                String::from("mated pairs"),
                report.all.mated().len().to_string(),
            ],
            vec![
                String::from("non-mated pairs"),
                report.all.non_mated().len().to_string(),
            ],
            vec![
                String::from("failure to acquire"),
                report.failure_to_acquire().as_text(),
            ],
            vec![
                String::from("pairs lost to it, mated and non-mated"),
                format!("{} and {}", about.lost.0, about.lost.1),
            ],
            vec![
                String::from("equal error rate"),
                report.all.equal_error().map_or_else(
                    || String::from("—"),
                    |(rate, threshold)| format!("{} at {}", percent(rate), score(threshold)),
                ),
            ],
        ],
    );
    thresholds(&mut page, report);
    tables_in_use(&mut page, report);
    groups(&mut page, report);
    page.heading("DET");
    page.0.push_str(plot);
    if !about.refused.is_empty() {
        page.heading("Pictures from which nothing was acquired");
        page.refused(&about.refused);
    }
    page.finish()
}

fn thresholds(page: &mut Page, report: &Matching) {
    page.heading("Thresholds measured on these pairs");
    let rows: Vec<Vec<String>> = FMR_POINTS
        .iter()
        .map(|fmr| {
            let point = report.all.point(*fmr);
            let enough = if point.carried {
                ""
            } else {
                " (too few pairs)"
            };
            vec![
                format!("{fmr:e}{enough}"),
                score(point.threshold),
                point.fmr.as_text(),
                point.fnmr.as_text(),
            ]
        })
        .collect();
    page.table(&["FMR at most", "threshold", "FMR", "FNMR"], &rows);
    page.text(
        "Rates stand with their counts and the 95 % interval of Clopper and Pearson. Pairs share \
         people and pictures, so the pairs are not independent and the true intervals are wider. \
         A threshold set on the same pairs on which it is judged flatters itself.",
    );
}

fn tables_in_use(page: &mut Page, report: &Matching) {
    if report.about.tables.is_empty() {
        return;
    }
    page.heading("Thresholds of the calibration tables in use");
    let rows: Vec<Vec<String>> = report
        .about
        .tables
        .iter()
        .map(|(name, fmr, threshold)| {
            vec![
                format!("{name}, FMR {fmr:e}"),
                score(*threshold),
                report.all.fmr(*threshold).as_text(),
                report.all.fnmr(*threshold).as_text(),
            ]
        })
        .collect();
    page.table(&["table", "threshold", "FMR here", "FNMR here"], &rows);
}

fn groups(page: &mut Page, report: &Matching) {
    if report.groups.is_empty() {
        return;
    }
    page.heading("Groups, at the thresholds of all");
    let mut rows = Vec::new();
    for (name, scores) in &report.groups {
        for fmr in [1e-2, 1e-3, 1e-4] {
            let threshold = report.all.threshold(fmr);
            rows.push(vec![
                name.clone(),
                format!("{fmr:e}"),
                scores.fmr(threshold).as_text(),
                scores.fnmr(threshold).as_text(),
                score(scores.threshold(fmr)),
            ]);
        }
    }
    page.table(
        &[
            "group",
            "FMR of all",
            "FMR",
            "FNMR",
            "the group's own threshold",
        ],
        &rows,
    );
}

pub(crate) fn pad(report: &Pad, plot: &str) -> String {
    let about = &report.about;
    let threshold = about.threshold;
    let mut page = Page::new("Presentation attack detection: error rates");
    let worst = report.worst(threshold);
    page.table(
        &["what", "value"],
        &[
            vec![String::from("models"), about.models.clone()],
            vec![String::from("list"), about.list.clone()],
            vec![
                String::from("classified as an attack below"),
                format!("{threshold}"),
            ],
            vec![
                String::from("BPCER"),
                report.bona_fide.refused(threshold).as_text(),
            ],
            vec![
                String::from("BPNRR (bona fide without an answer)"),
                report.bona_fide.non_response().as_text(),
            ],
            vec![
                String::from("APCER of the worst species"),
                worst.map_or_else(
                    || String::from("—"),
                    |(name, rate)| format!("{name}: {}", rate.as_text()),
                ),
            ],
        ],
    );
    species(&mut page, report);
    page.heading("DET");
    page.0.push_str(plot);
    if !about.refused.is_empty() {
        page.heading("Presentations without an answer");
        page.refused(&about.refused);
    }
    page.finish()
}

fn species(page: &mut Page, report: &Pad) {
    let threshold = report.about.threshold;
    page.heading("Species of attack");
    let rows: Vec<Vec<String>> = report
        .species
        .iter()
        .map(|(name, kind)| {
            vec![
                name.clone(),
                kind.accepted(threshold).as_text(),
                kind.non_response().as_text(),
            ]
        })
        .collect();
    page.table(&["species", "APCER", "APNRR (no answer)"], &rows);
    page.heading("BPCER at a given APCER of the worst species");
    let rows: Vec<Vec<String>> = APCER_POINTS
        .iter()
        .map(|apcer| match report.at_apcer(*apcer) {
            Some((threshold, bpcer)) => {
                vec![percent(*apcer), score(threshold), bpcer.as_text()]
            }
            None => vec![
                percent(*apcer),
                String::from("—"),
                Rate::default().as_text(),
            ],
        })
        .collect();
    page.table(&["APCER at most", "threshold", "BPCER"], &rows);
    page.text(
        "In the words of ISO/IEC 30107-3: APCER is the share of the attack presentations of one \
         species that are classified as bona fide; BPCER the share of the bona fide presentations \
         that are classified as attacks; non-responses take no part in either and are given as \
         APNRR and BPNRR. Rates stand with their counts and the 95 % interval of Clopper and \
         Pearson. Only the species of the list were tried; nothing is said about others.",
    );
}
