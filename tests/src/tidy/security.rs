//! The table of bad inputs: what is tried, what comes of it, and by which tests. A test belongs to a row by its name (`row_39_…`).
use super::{Finding, Tree};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Where the rows stand: number, boundary, what is tried, what comes of it, and what is missing, between tabs.
const ROWS: &str = "tests/src/tidy/security.tsv";
/// The page made of them.
const PAGE: &str = "docs/security.md";

/// Rows without a test that do not say why, tests of rows that do not exist, and a page that is not what the table gives.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let (Some(rows), Some(page)) = (tree.get(ROWS), tree.get(PAGE)) else {
        return vec![Finding::new(PAGE, 0, "the table of bad inputs is not there", MAKE)];
    };
    let tests = tests_by_row(tree);
    let mut findings = Vec::new();
    for (at, line) in rows.lines().enumerate() {
        match Row::read(line) {
            None => findings.push(Finding::new(ROWS, at + 1, "not four or five columns", "write tabs between them")),
            Some(row) if row.missing.is_empty() && !tests.contains_key(row.number) => {
                let problem = format!("row {} has no test and does not say why", row.number);
                findings.push(Finding::new(ROWS, at + 1, problem, "name a test by it, or say what is missing"));
            }
            Some(_) => {}
        }
    }
    let known: Vec<&str> = rows.lines().filter_map(|line| line.split('\t').next()).collect();
    for (number, places) in tests.iter().filter(|(number, _)| !known.contains(&number.as_str())) {
        let (file, name) = &places[0];
        let problem = format!("`row{name}` names row {number}, which is not in the table");
        findings.push(Finding::new(file, 0, problem, "add the row, or name the test otherwise"));
    }
    if findings.is_empty() && page != render(tree) {
        findings.push(Finding::new(PAGE, 0, "the page is not what the table and the tests give", MAKE));
    }
    findings
}

/// The page.
pub fn render(tree: &Tree) -> String {
    let tests = tests_by_row(tree);
    let mut page = String::from(HEAD);
    let rows: Vec<Row<'_>> = tree.get(ROWS).unwrap_or_default().lines().filter_map(Row::read).collect();
    for (boundary, title) in BOUNDARIES {
        let _ = writeln!(page, "\n## {title}\n\n| Row | What is tried | What comes of it | Test |\n|---|---|---|---|");
        for row in rows.iter().filter(|row| row.boundary == boundary) {
            let named = tests.get(row.number).map(Vec::as_slice).unwrap_or_default();
            let links = named.iter().map(|(file, name)| format!("[{}](../{file})", without_number(name)));
            let shown = match (links.collect::<Vec<_>>().join(", "), row.missing) {
                (none, missing) if none.is_empty() => format!("**none**: {missing}"),
                (some, "") => some,
                (some, missing) => format!("{some}; {missing}"),
            };
            let _ = writeln!(page, "| {} | {} | {} | {shown} |", row.number, row.tried, row.outcome);
        }
    }
    page
}

struct Row<'a> {
    number: &'a str,
    boundary: &'a str,
    tried: &'a str,
    outcome: &'a str,
    missing: &'a str,
}

impl<'a> Row<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let mut columns = line.split('\t');
        let [number, boundary, tried, outcome] = [columns.next()?, columns.next()?, columns.next()?, columns.next()?];
        let missing = columns.next().unwrap_or_default();
        let is_known = BOUNDARIES.iter().any(|(known, _)| *known == boundary);
        (is_known && columns.next().is_none()).then_some(Self { number, boundary, tried, outcome, missing })
    }
}

/// File and name of every test that names a row, by row: `row_39_…`, or `rows_63_and_77_…`.
fn tests_by_row(tree: &Tree) -> BTreeMap<String, Vec<(String, String)>> {
    let mut found: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for (file, text) in tree.rust().filter(|(file, _)| !file.starts_with("tests/src/tidy/")) {
        for rest in text.split("fn row").skip(1) {
            let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            for number in numbers(&name) {
                found.entry(number.to_owned()).or_default().push((file.to_owned(), name.clone()));
            }
        }
    }
    found
}

/// `_39_once` names 39, `s_63_and_77_once` both.
fn numbers(name: &str) -> Vec<&str> {
    let is_number = |part: &&str| part.starts_with(|c: char| c.is_ascii_digit());
    let mut parts = name.split('_');
    match parts.next() {
        Some("") => parts.next().filter(is_number).into_iter().collect(),
        Some("s") => parts.take_while(|part| is_number(part) || *part == "and").filter(is_number).collect(),
        _ => Vec::new(),
    }
}

fn without_number(name: &str) -> String {
    let rest = numbers(name).last().and_then(|last| name.split_once(&format!("_{last}_")));
    rest.map_or(name, |(_, words)| words).replace('_', " ")
}

const BOUNDARIES: [(&str, &str); 9] = [
    ("wire", "Between nodes"),
    ("portal", "Pages"),
    ("store", "Store and log on disk"),
    ("clock", "Clock and machine"),
    ("cli", "Command line and configuration"),
    ("consent", "Consent, links, misuse"),
    ("office", "Offices of a network"),
    ("index", "Index and its copies"),
    ("audit", "Audit, emergency, witnesses"),
];
const MAKE: &str = "run MUSUBI_BLESS=1 cargo test -p e2e --test tidy bad_inputs";
const HEAD: &str = "<!-- Generated from tests/src/tidy/security.tsv and the names of tests: MUSUBI_BLESS=1 cargo test -p e2e --test tidy bad_inputs -->\n\
# Bad inputs and attacks\n\n\
What is tried against a node, what comes of it, and which test shows it. A test belongs to a row by its name. A row that says **none** \
has no test: it tells what stands there instead, or that nothing does. Rows of subjects that are not built (gateways, updates, other \
feeds) are left out; what is planned and missing elsewhere stands in [not-done.md](not-done.md).\n";

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "39\twire\tplayed again\truns once\n53\twire\tbombs\tnone\tnothing is packed\n";

    #[test]
    fn rows_without_tests_tests_without_rows_and_a_stale_page_are_found() {
        let found = |rows: &str, test: &str, page: &str| {
            check(&Tree::from_iter([(ROWS, rows), ("protocol/tests/a.rs", test), (PAGE, page)]))
        };
        let page = render(&Tree::from_iter([(ROWS, GOOD), ("protocol/tests/a.rs", "fn row_39_once() {}")]));
        assert!(page.contains("[once](../protocol/tests/a.rs)"), "{page}");
        assert_eq!(found(GOOD, "fn row_39_once() {}", &page), Vec::new());
        assert_eq!(found(GOOD, "fn row_39_once() {}", "old").len(), 1);
        assert_eq!(found(GOOD, "fn once() {}", &page).len(), 1);
        assert_eq!(found(GOOD, "fn row_39_once() {} fn row_40_other() {}", &page).len(), 1);
        assert_eq!(numbers("s_63_and_77_once"), ["63", "77"]);
        assert_eq!(numbers("s_of_one"), Vec::<&str>::new());
        assert_eq!(found("39 wire\n", "", &page).len(), 1);
    }
}
