//! Made-up SS-MIX2 storages for the benchmark: three people, known to both facilities; nobody in them exists.
use crate::noise;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

/// What is asked for of whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chart {
    /// One document of 200 MB.
    Document,
    /// 5,000 laboratory results of about 2 KB.
    Records,
    /// One laboratory result of about 2 KB.
    Record,
}

impl Chart {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Document, Self::Records, Self::Record];

    /// The patient's number at both facilities.
    pub fn number(self) -> String {
        format!("{:010}", self as u32 + 1)
    }
    fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::Document => ("見本^文子", "ミホン^フミコ"),
            Self::Records => ("見本^数子", "ミホン^カズコ"),
            Self::Record => ("見本^一子", "ミホン^イチコ"),
        }
    }
    fn results(self) -> u32 {
        match self {
            Self::Document => 0,
            Self::Records => RECORDS,
            Self::Record => 1,
        }
    }
}

/// Writes the master data that both facilities have of everybody.
pub fn write_masters(root: &Path) -> io::Result<()> {
    Chart::ALL.into_iter().try_for_each(|chart| {
        let path = place(chart, "-", "ADT-00", "999999999999999");
        put(&root.join("standard").join(path), &encoded(&master(chart)))
    })
}

/// Writes what the holder alone has.
pub fn write_records(root: &Path) -> io::Result<()> {
    for chart in Chart::ALL {
        for number in 0..chart.results() {
            let day = format!("2024{:02}{:02}", 1 + number / DAY / 28, 1 + number / DAY % 28);
            let path = place(chart, &day, "OML-11", &format!("{number:015}"));
            put(&root.join("standard").join(path), &encoded(&result(chart, number)))?;
        }
    }
    let kind = "^退院サマリ^^18842-5^退院時サマリ^LN";
    let folder = place(Chart::Document, "20250610", kind, "000000000000001");
    put(&root.join("extended").join(folder).join("summary.pdf"), &noise::bytes(DOCUMENT_BYTES, 7))
}

fn put(at: &Path, bytes: &[u8]) -> io::Result<()> {
    at.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    std::fs::write(at, bytes)
}

/// `000/000/0000000001/20240101/OML-11/0000000001_20240101_OML-11_…_01_1`.
fn place(chart: Chart, date: &str, kind: &str, key: &str) -> String {
    let number = chart.number();
    let (a, b) = (&number[..3], &number[3..6]);
    let department = if kind == "ADT-00" { "-" } else { "01" };
    format!("{a}/{b}/{number}/{date}/{kind}/{number}_{date}_{kind}_{key}_20250610093012123_{department}_1")
}

fn header(chart: Chart, family: &str) -> String {
    let (kanji, kana) = chart.name();
    let number = chart.number();
    format!(
        "MSH|^~\\&|HIS|BENCH|GW|RCV|20250610093012.1230||{family}|{number}|P|2.5||||||~ISO IR87||ISO 2022-1994|SS-MIX2_1.20\r\
         PID|0001||{number}^^^^PI||{kanji}^^^^^L^I~{kana}^^^^^L^P||195803{:02}|F|||^^^^000-0001^JPN^H^架空県見本市１−２−３\r\
         PV1|0001|O|01^^^^^C\r",
        10 + chart as u32
    )
}

fn master(chart: Chart) -> String {
    let number = 1000 + chart as u32;
    header(chart, "ADT^A08^ADT_A01")
        + &format!("IN1|1|C0^国民健康保険^JHSD0001|06123456|||||||12|{number}|20250401|||||SEL^本人^HL70063\r")
}

fn result(chart: Chart, number: u32) -> String {
    let mut text = header(chart, "OUL^R22^OUL_R22");
    let _ =
        write!(text, "SPM|1|||019^全血^JC10|||||||||||||20240610\rOBR|1|{number:015}||E001^末梢血^99ZL1|||20240610\r");
    let _ = write!(text, "ORC|SC|{number:015}\r");
    for row in 0..ROWS {
        let value = 100 + (number * 37 + row * 101) % 900;
        let _ = write!(
            text,
            "OBX|{}|NM|2A{row:02}0000001930101^検査{row:02}^JC10||{value}|10*4/mm3^10*4/mm3^ISO+|380-500|N|||F|||2024061009{:02}{:02}\r",
            row + 1,
            number % 60,
            (number / 60 + row) % 60
        );
    }
    text
}

fn encoded(text: &str) -> Vec<u8> {
    encoding_rs::ISO_2022_JP.encode(text).0.into_owned()
}

/// Size of the document.
const DOCUMENT_BYTES: usize = 200_000_000;
/// How many results the long chart has.
const RECORDS: u32 = 5_000;
/// Results of one day.
const DAY: u32 = 20;
/// Lines of a result: makes it about 2 KB.
const ROWS: u32 = 13;
