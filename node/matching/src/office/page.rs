//! The report as one page: figures, wrong links by kind, and the curve of precision over recall as inline SVG.
use super::report::{Judged, Report};
use std::fmt::Write as _;

/// The page. It holds figures only, no value of any record, and needs no other file.
pub fn page(report: &Report, title: &str) -> String {
    let mut out = String::from(HEAD);
    let _ = write!(out, "<h1>{}</h1>", escaped(title));
    let mut rows = vec![
        ("Records", report.records.to_string()),
        ("Pairs compared", report.compared.to_string()),
        ("Linked without a person", report.certain.to_string()),
        ("For a person to look at", report.probable.to_string()),
        ("The same per 1,000 records", format!("{:.2}", report.reviews_per_1000)),
        ("Large blocks split by a further field", report.blocks_refined.to_string()),
        ("Blocks too large to look at", report.blocks_refused.to_string()),
    ];
    if let Some(judged) = &report.judged {
        rows.extend(judged_rows(judged));
    }
    table(&mut out, "Figures", &rows);
    let doubts: Vec<_> = report.doubts.iter().map(|(doubt, count)| (word(doubt), count.to_string())).collect();
    table(
        &mut out,
        "Why pairs wait for a person",
        &doubts.iter().map(|(a, b)| (a.as_str(), b.clone())).collect::<Vec<_>>(),
    );
    if let Some(judged) = &report.judged {
        let kinds: Vec<_> = judged.mistakes.iter().map(|(kind, count)| (word(kind), count.to_string())).collect();
        table(&mut out, "Wrong links by kind", &kinds.iter().map(|(a, b)| (a.as_str(), b.clone())).collect::<Vec<_>>());
        curve(&mut out, judged);
    }
    out.push_str("</body></html>\n");
    out
}

fn judged_rows(judged: &Judged) -> Vec<(&'static str, String)> {
    vec![
        ("Pairs of one person", judged.true_pairs.to_string()),
        ("Found by blocking", format!("{:.4}", judged.completeness)),
        ("Precision of links without a person", format!("{:.6}", judged.precision)),
        ("Its lower 95 % limit", format!("{:.6}", judged.precision_low)),
        ("Recall of links without a person", format!("{:.4}", judged.recall)),
        ("Recall with people", format!("{:.4}", judged.recall_with_review)),
        ("Best F1", format!("{:.4}", judged.f1)),
        ("Precision and recall there", format!("{:.4}, {:.4}", judged.f1_precision, judged.f1_recall)),
    ]
}

/// The name of a kind as people write it: `OtherBranch` → `other branch`.
fn word(kind: &impl std::fmt::Debug) -> String {
    let mut out = String::new();
    for c in format!("{kind:?}").chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push(' ');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn table(out: &mut String, title: &str, rows: &[(&str, String)]) {
    if rows.is_empty() {
        return;
    }
    let _ = write!(out, "<h2>{title}</h2><table>");
    for (name, value) in rows {
        let _ = write!(out, "<tr><th>{}</th><td>{}</td></tr>", escaped(name), escaped(value));
    }
    out.push_str("</table>");
}

/// Precision over recall, both from [`AXIS_MIN`] to 1.
fn curve(out: &mut String, judged: &Judged) {
    let place = |value: f64| ((value - AXIS_MIN) / (1.0 - AXIS_MIN)).clamp(0.0, 1.0) * PLOT;
    let point = |recall: f64, precision: f64| (MARGIN + place(recall), MARGIN + PLOT - place(precision));
    let _ = write!(
        out,
        "<h2>Precision over recall</h2><svg viewBox='0 0 {0} {0}' role='img' aria-label='curve'>",
        PLOT + 2.0 * MARGIN
    );
    for step in 0..=4 {
        let value = AXIS_MIN + (1.0 - AXIS_MIN) * f64::from(step) / 4.0;
        let ((x, low), (left, y)) = (point(value, AXIS_MIN), point(AXIS_MIN, value));
        let _ = write!(out, "<text x='{x:.1}' y='{:.1}' text-anchor='middle'>{value:.2}</text>", low + 18.0);
        let _ = write!(out, "<text x='{:.1}' y='{:.1}' text-anchor='end'>{value:.2}</text>", left - 6.0, y + 4.0);
        let _ = write!(out, "<path class='grid' d='M{MARGIN} {y:.1}h{PLOT}M{x:.1} {MARGIN}v{PLOT}'/>");
    }
    let mut line = String::new();
    for [_, precision, recall] in
        judged.curve.iter().filter(|[_, precision, recall]| *precision >= AXIS_MIN && *recall >= AXIS_MIN)
    {
        let (x, y) = point(*recall, *precision);
        let _ = write!(line, "{}{x:.1} {y:.1}", if line.is_empty() { 'M' } else { 'L' });
    }
    let (x, y) = point(judged.recall, judged.precision);
    let _ = write!(out, "<path class='line' d='{line}'/><circle cx='{x:.1}' cy='{y:.1}' r='4'/></svg>");
    out.push_str("<p>The line takes pairs from the heaviest on; the dot is what is linked without a person.</p>");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&#39;").replace('"', "&quot;")
}

const HEAD: &str = "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Linking</title><style>\
body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}\
table{border-collapse:collapse}th,td{text-align:left;padding:.2rem 1rem .2rem 0;font-weight:normal;border-bottom:1px solid #ddd}\
td{text-align:right;font-variant-numeric:tabular-nums}svg{max-width:30rem}text{font-size:11px;fill:#555}\
.grid{stroke:#e4e4e4;fill:none}.line{stroke:#1a5f7a;stroke-width:2;fill:none}circle{fill:#b3261e}</style></head><body>";
/// Where the axes begin: below it no rule is worth drawing.
const AXIS_MIN: f64 = 0.8;
const PLOT: f64 = 360.0;
const MARGIN: f64 = 48.0;
