use super::desk;
use crate::control::Reply;
use crate::failure::Failure;
use clap::{Args, Subcommand};
use matching::link::bands::Rule;
use matching::office::columns::Map;
use matching::office::load::{Loaded, Source};
use matching::office::page::page;
use matching::office::report::{Linked, Report, link, links_csv, persons_csv, report};
use matching::office::truth::Truth;
use serde_json::json;
use std::io::Read as _;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum LinkVerb {
    #[command(flatten)]
    Desk(desk::LinkVerb),
    #[command(flatten)]
    Office(OfficeVerb),
}

/// Verbs on tables of an office: no node is asked, nothing is stored.
#[derive(Subcommand)]
pub enum OfficeVerb {
    /// Judge how well two tables (CSV) are linked, where it is known who is who; no node needed
    Evaluate(Evaluate),
    /// Find the records of one person within a table (CSV); no node needed
    Dedupe(Dedupe),
}

#[derive(Args)]
pub struct Evaluate {
    /// First table
    #[arg(long, value_name = "FILE")]
    left: PathBuf,
    /// Second table; without it the first is judged within itself
    #[arg(long, value_name = "FILE")]
    right: Option<PathBuf>,
    /// Who is who: `record_id,person_id` or pairs `left,right`
    #[arg(long, value_name = "FILE")]
    truth: PathBuf,
    /// Which column is what: lines `ours = theirs`
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// Also write figures and curve as an HTML page
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// Also write all certain and probable pairs as CSV
    #[arg(long, value_name = "FILE")]
    links: Option<PathBuf>,
}

#[derive(Args)]
pub struct Dedupe {
    /// The table; its records of one person go to --out
    table: PathBuf,
    /// Which column is what: lines `ours = theirs`
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// Also write the figures as an HTML page
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
}

/// Does what was typed.
///
/// # Errors
/// [`Failure`]: a file that cannot be read or understood.
pub fn run(verb: OfficeVerb) -> Result<Reply, Failure> {
    match verb {
        OfficeVerb::Evaluate(args) => evaluate(&args),
        OfficeVerb::Dedupe(args) => dedupe(&args),
    }
}

fn evaluate(args: &Evaluate) -> Result<Reply, Failure> {
    let map = read_map(args.map.as_deref())?;
    let rule = Rule::default();
    let mut loaded = load(&args.left, args.right.as_deref(), &map)?;
    let truth_text = read(&args.truth)?;
    let truth = Truth::read(&truth_text, &loaded)
        .map_err(|error| Failure::usage(format!("{}: {error}", args.truth.display())))?;
    let linked = link(&mut loaded, &rule);
    let report = report(&loaded, &linked, &rule, Some(&truth));
    write_page(args.page.as_deref(), &report, "How well records are linked")?;
    if let Some(path) = &args.links {
        write(path, &links_csv(&loaded, &linked))?;
    }
    Ok(Reply::new(json!(report), words(&report)))
}

fn dedupe(args: &Dedupe) -> Result<Reply, Failure> {
    let map = read_map(args.map.as_deref())?;
    let rule = Rule::default();
    let mut loaded = load(&args.table, None, &map)?;
    let linked: Linked = link(&mut loaded, &rule);
    let report = report(&loaded, &linked, &rule, None);
    write_page(args.page.as_deref(), &report, "Records of one person")?;
    Ok(Reply::new(json!(report), words(&report)).file(persons_csv(&loaded, &linked)))
}

fn load(left: &Path, right: Option<&Path>, map: &Map) -> Result<Loaded, Failure> {
    let name = |path: &Path| path.display().to_string();
    let (left_text, left_name) = (read(left)?, name(left));
    let source = Source { file: &left_name, text: &left_text };
    let loaded = match right {
        None => Loaded::one(source, map),
        Some(right) => {
            let (text, file) = (read(right)?, name(right));
            Loaded::two(source, Source { file: &file, text: &text }, map)
        }
    };
    loaded.map_err(|error| Failure::usage(error).next("see docs/matching.md: columns, and --map for others"))
}

fn read_map(path: Option<&Path>) -> Result<Map, Failure> {
    let Some(path) = path else { return Ok(Map::default()) };
    Map::parse(&read(path)?).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

fn read(path: &Path) -> Result<String, Failure> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::InvalidData => Failure::usage(format!("{}: not UTF-8", path.display()))
            .next("save the table as CSV in UTF-8 (Excel: \"CSV UTF-8\")"),
        _ => Failure::store(format!("{}: {error}", path.display())),
    };
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut text = String::new();
    file.take(TABLE_BYTES_MAX + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > TABLE_BYTES_MAX {
        return Err(
            Failure::usage(format!("{}: larger than {TABLE_BYTES_MAX} bytes", path.display())).next("link it in parts")
        );
    }
    Ok(text)
}

fn write_page(path: Option<&Path>, report: &Report, title: &str) -> Result<(), Failure> {
    path.map_or(Ok(()), |path| write(path, &page(report, title)))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| Failure::store(format!("{}: {error}", path.display())))
}

/// The figures for people.
fn words(report: &Report) -> String {
    let mut lines = vec![
        format!("Records    {}, {} pairs compared", report.records, report.compared),
        format!("Links      {} without a person", report.certain),
        format!("Reviews    {}, that is {:.2} per 1,000 records", report.probable, report.reviews_per_1000),
    ];
    if report.blocks_refused > 0 {
        lines.push(format!("Not looked at  {} blocks of equal keys were too large", report.blocks_refused));
    }
    if let Some(judged) = &report.judged {
        let kinds: Vec<String> = judged.mistakes.iter().map(|(kind, count)| format!("{count} {kind:?}")).collect();
        let wrong = if kinds.is_empty() { "none".to_owned() } else { kinds.join(", ").to_lowercase() };
        lines.extend([
            format!("Truth      {} pairs; blocking finds {:.4} of them", judged.true_pairs, judged.completeness),
            format!("Precision  {:.6} (95 % sure: at least {:.6})", judged.precision, judged.precision_low),
            format!("Recall     {:.4}; with people {:.4}", judged.recall, judged.recall_with_review),
            format!(
                "Best F1    {:.4} (precision {:.4}, recall {:.4})",
                judged.f1, judged.f1_precision, judged.f1_recall
            ),
            format!("Wrong      {wrong}"),
        ]);
    }
    lines.join("\n")
}

/// Far above the registrations of a region: 20 million rows.
const TABLE_BYTES_MAX: u64 = 4 << 30;

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluate_files(left: &str, truth: &str) -> Result<Reply, Failure> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("a file");
            path
        };
        let (left, truth, page) = (file("a.csv", left), file("t.csv", truth), folder.path().join("p.html"));
        let reply = evaluate(&Evaluate { left, right: None, truth, map: None, page: Some(page.clone()), links: None })?;
        assert!(std::fs::read_to_string(page).expect("a page").contains("<svg"));
        Ok(reply)
    }
    #[test]
    fn a_table_is_judged_and_drawn() {
        let row = |id: &str| format!("{id},見本,花子,ミホン,ハナコ,1942-04-18,F,見本市見本町1-2-3\n");
        let head = "record_id,family_kanji,given_kanji,family_kana,given_kana,birth_date,sex,address\n";
        let table = format!("{head}{}{}c,山田,太郎,ヤマダ,タロウ,1950-01-02,M,\n", row("a"), row("b"));
        let reply = evaluate_files(&table, "record_id,person_id\na,1\nb,1\nc,2\n").expect("figures");
        assert_eq!(reply.json["judged"]["true_pairs"], 1);
    }
    #[test]
    fn a_table_with_other_columns_says_which_are_missing() {
        let failure = evaluate_files("x,y\n1,2\n", "record_id,person_id\n1,1\n").expect_err("no columns");
        assert!(failure.to_string().contains("record_id") && failure.to_string().contains("x, y"), "{failure}");
    }
}
