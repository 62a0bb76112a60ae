//! Lists of staff from a spreadsheet: read line by line, with what is wrong in each; and lists for one, without formulas.
use super::account::{NewAccount, Typed};
use super::fault::{AccountError, TextFault};
use super::secret::folded;
use crate::limits::{IMPORT_BYTES_MAX, IMPORT_LINES_MAX};
use protocol::ids::FacilityId;
use std::collections::BTreeMap;

/// What a list would do.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Line by line, without head and empty lines.
    pub lines: Vec<ImportLine>,
}

impl Preview {
    /// How many would be added.
    pub fn fresh(&self) -> usize {
        self.lines.iter().filter(|line| matches!(line.fate, Fate::New(_))).count()
    }
    /// How many lines are wrong.
    pub fn wrong(&self) -> usize {
        self.lines.iter().filter(|line| matches!(line.fate, Fate::Wrong(_) | Fate::Twice(_))).count()
    }
}

/// One line of a list.
#[derive(Clone, Debug)]
pub struct ImportLine {
    /// Its number in the file, from 1.
    pub line: u64,
    /// Its login, as it stands there.
    pub login: String,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of a line.
#[derive(Clone, Debug)]
pub enum Fate {
    /// Somebody new.
    New(Box<NewAccount>),
    /// The login is known here already; nothing is changed.
    Known,
    /// The login stands in this list twice; the first one, in this line, counts.
    Twice(u64),
    /// A field is wrong.
    Wrong(TextFault),
}

/// Reads a list: UTF-8 or Shift_JIS, a head line, columns in any order.
pub(super) fn read(list: &[u8], facilities: &[FacilityId]) -> Result<Preview, AccountError> {
    if list.len() > IMPORT_BYTES_MAX {
        return Err(AccountError::List("it is too long".into()));
    }
    let text = text_of(list)?;
    let separator = if text.lines().next().is_some_and(|head| head.contains('\t')) { b'\t' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text.as_bytes());
    let head = reader.headers().map_err(|error| AccountError::List(error.to_string()))?.clone();
    let places = places(&head)?;
    let (mut lines, mut seen) = (Vec::new(), BTreeMap::new());
    let mut place = (0, 1);
    for record in reader.records() {
        let record = record.map_err(|error| AccountError::List(error.to_string()))?;
        let line = line_at(&text, record.position().map_or(0, csv::Position::byte), &mut place);
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if lines.len() == IMPORT_LINES_MAX {
            return Err(AccountError::List(format!("more than {IMPORT_LINES_MAX} lines; divide it")));
        }
        let cell = |column: Column| {
            places
                .get(&column)
                .and_then(|at| record.get(*at))
                .map(|cell| unguarded(cell).to_owned())
                .unwrap_or_default()
        };
        let typed = Typed {
            login: cell(Column::Login),
            name: cell(Column::Name),
            role: cell(Column::Role),
            department: cell(Column::Department),
            facility: cell(Column::Facility),
        };
        let fate = match NewAccount::parse(&typed, facilities) {
            Err(fault) => Fate::Wrong(fault),
            Ok(new) => match seen.get(&new.login) {
                Some(first) => Fate::Twice(*first),
                None => {
                    seen.insert(new.login.clone(), line);
                    Fate::New(Box::new(new))
                }
            },
        };
        lines.push(ImportLine { line, login: typed.login.chars().take(LOGIN_SHOWN).collect(), fate });
    }
    Ok(Preview { lines })
}

/// The number of the line in which a record that was read at `byte` begins; ends of lines before it belong to none. `place`: how
/// far the last call came.
fn line_at(text: &str, byte: u64, place: &mut (usize, u64)) -> u64 {
    let bytes = text.as_bytes();
    let mut at = usize::try_from(byte).unwrap_or(usize::MAX).min(bytes.len());
    while bytes.get(at).is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
        at += 1;
    }
    let passed = bytes.get(place.0..at).unwrap_or_default().iter().filter(|byte| **byte == b'\n').count();
    *place = (at.max(place.0), place.1 + u64::try_from(passed).unwrap_or_default());
    place.1
}

/// A table for spreadsheets. A cell that one would run as a formula gets an apostrophe before it.
pub fn csv_of<'a>(rows: impl IntoIterator<Item = Vec<&'a str>>) -> String {
    let mut out = String::new();
    for row in rows {
        let cells: Vec<String> = row.into_iter().map(|cell| quoted(&guarded(cell))).collect();
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    }
    out
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r', '\'']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

fn guarded(cell: &str) -> String {
    if is_formula(cell) { format!("'{cell}") } else { cell.to_owned() }
}

/// The cell again that [`guarded`] wrote.
fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}

/// Whether spreadsheets would run it, also behind full-width signs.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

fn text_of(list: &[u8]) -> Result<String, AccountError> {
    let list = list.strip_prefix(b"\xef\xbb\xbf").unwrap_or(list);
    if let Ok(text) = std::str::from_utf8(list) {
        return Ok(text.to_owned());
    }
    let (text, _, has_faults) = encoding_rs::SHIFT_JIS.decode(list);
    if has_faults { Err(AccountError::List("it is neither UTF-8 nor Shift_JIS".into())) } else { Ok(text.into_owned()) }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Login,
    Name,
    Role,
    Department,
    Facility,
}

fn places(head: &csv::StringRecord) -> Result<BTreeMap<Column, usize>, AccountError> {
    let mut places = BTreeMap::new();
    for (at, title) in head.iter().enumerate() {
        let column = match folded(title).trim().to_lowercase().as_str() {
            "login" | "ログイン" | "ログインid" | "職員id" | "職員番号" => Column::Login,
            "name" | "氏名" | "名前" => Column::Name,
            "role" | "職種" | "役割" => Column::Role,
            "department" | "部署" | "診療科" | "所属" => Column::Department,
            "facility" | "施設" | "施設番号" => Column::Facility,
            _ => continue,
        };
        if places.insert(column, at).is_some() {
            return Err(AccountError::List(format!("the column {title:?} stands there twice")));
        }
    }
    let needed = [(Column::Login, "login"), (Column::Name, "name"), (Column::Role, "role")];
    match needed.iter().find(|(column, _)| !places.contains_key(column)) {
        Some((_, name)) => Err(AccountError::List(format!(
            "the first line has no column `{name}`; it names the columns: login,name,role,department (ログイン,氏名,職種,部署)"
        ))),
        None => Ok(places),
    }
}

const LOGIN_SHOWN: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn facilities() -> Vec<FacilityId> {
        vec![FacilityId::parse("1319999999").expect("ten digits")]
    }
    fn fates(list: &[u8]) -> Vec<(u64, &'static str)> {
        let preview = read(list, &facilities()).expect("a list");
        let word = |fate: &Fate| match fate {
            Fate::New(_) => "new",
            Fate::Known => "known",
            Fate::Twice(_) => "twice",
            Fate::Wrong(TextFault::Login) => "login",
            Fate::Wrong(TextFault::Role) => "role",
            Fate::Wrong(TextFault::Name) => "name",
            Fate::Wrong(_) => "other",
        };
        preview.lines.iter().map(|line| (line.line, word(&line.fate))).collect()
    }

    #[test]
    fn every_line_says_what_becomes_of_it() {
        let list = "login,name,role,department\nd-1,見本 太郎,doctor,内科\n\nD-1,見本 次郎,医師,\nx,短い,nurse,\nn-2,,nurse,\nn-3,見本,king,\n\
                    n-4,\"二行\nの名\",nurse,\nn-5,=cmd|' /C calc'!A0,看護師,\"病棟, 西\"\n";
        let expect = [(2, "new"), (4, "twice"), (5, "login"), (6, "name"), (7, "role"), (8, "name"), (10, "new")];
        assert_eq!(fates(list.as_bytes()), expect);
    }
    #[test]
    fn lists_of_spreadsheets_in_japan_are_read() {
        let (list, _, _) = encoding_rs::SHIFT_JIS.encode("職種\tログイン\t氏名\r\n医師\tｄ－１\t髙橋 一\r\n");
        assert_eq!(fates(&list), [(2, "new")]);
        assert_eq!(fates("\u{feff}login,name,role\r\nd-1,見本,医師\r\n".as_bytes()), [(2, "new")]);
    }
    #[test]
    fn a_list_that_is_none_is_refused_with_what_to_do() {
        let check = |list: &[u8], word: &str| match read(list, &facilities()) {
            Err(AccountError::List(why)) => assert!(why.contains(word), "{why}"),
            other => panic!("{other:?}"),
        };
        check(b"", "column");
        check(b"name,role\nx,doctor\n", "`login`");
        check(b"login,login,name,role\n", "twice");
        check(b"\xff\xfe\x00\x80\xff", "Shift_JIS");
        check(&vec![b'a'; IMPORT_BYTES_MAX + 1], "long");
        let many = format!("login,name,role\n{}", "d-1,x,doctor\n".repeat(IMPORT_LINES_MAX + 1));
        check(many.as_bytes(), "divide");
    }
    #[test]
    fn formulas_are_guarded_in_lists_and_come_back_as_they_were() {
        for evil in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", "'=1", "plain", "a\"b,c"] {
            let text = csv_of([vec!["login", "name", "role"], vec!["d-1", evil, "doctor"]]);
            let cell =
                text.lines().nth(1).and_then(|line| line.split_once(',')).map(|(_, rest)| rest.trim_matches('"'));
            assert!(cell.is_some_and(|cell| !is_formula(cell)), "{text}");
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let record = reader.records().next().expect("a line").expect("read");
            if !evil.starts_with('\'') {
                assert_eq!(unguarded(record.get(1).expect("a cell")), evil);
            }
        }
    }
    proptest! {
        #[test]
        fn no_bytes_at_all_break_the_reader(list in proptest::collection::vec(any::<u8>(), 0..400), text in "(login,name,role\n)?.{0,200}") {
            let _ = read(&list, &facilities());
            let _ = read(text.as_bytes(), &facilities());
        }
    }
}
