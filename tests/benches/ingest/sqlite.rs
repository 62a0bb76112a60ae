//! A straightforward import: the same parser, then rows in SQLite, as durable as ours (a write-ahead log synced at every commit)
//! and committed as often. Bodies are kept as they came, as ours are; nothing is sealed.
use crate::tree::Tree;
use records::model::NameForm;
use records::ssmix2::{Class, classify};
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::time::{Duration, Instant};

/// Imports all files into a new database; gives how long it took and how large the database is.
pub fn run(tree: &Tree, folder: &Path) -> (Duration, u64) {
    std::fs::create_dir_all(folder).expect("a folder of ours");
    let at = folder.join("import.sqlite");
    let begun = Instant::now();
    let mut db = Connection::open(&at).expect("a database");
    db.execute_batch(SCHEMA).expect("the schema");
    for files in tree.files.chunks(BATCH) {
        let tx = db.transaction().expect("a transaction");
        for (at, path) in files {
            import(&tx, at, path).expect("a row");
        }
        tx.commit().expect("committed");
    }
    db.close().expect("closed");
    let took = begun.elapsed();
    let bytes =
        folder.read_dir().into_iter().flatten().flatten().filter_map(|entry| Some(entry.metadata().ok()?.len()));
    (took, bytes.sum())
}

fn import(db: &Connection, at: &Path, path: &str) -> rusqlite::Result<()> {
    let bytes = std::fs::read(at).expect("a file of ours");
    let digest: [u8; 32] = Sha256::digest(&bytes).into();
    match classify(path) {
        Class::Standard(parsed) => {
            let name = parsed.value;
            let Ok(reading) = records::parse_file(&name, &bytes) else { return refused(db, path, &bytes) };
            let reading = reading.value;
            let number = name.patient.expose();
            db.prepare_cached(RECORD)?.execute(params![
                path,
                number,
                reading.date.map(|date| date.number()),
                name.kind.as_str(),
                name.key,
                name.occurred_at.digits(),
                reading.clinical.department(),
                name.flag.digit().to_string(),
                reading.clinical.title(),
                digest,
                bytes
            ])?;
            let person = |form| reading.patient.name(form).map(|name| name.whole());
            let birth = reading.patient.birth_date.expose().map(|date| date.number());
            let (kanji, kana) = (person(NameForm::Kanji), person(NameForm::Kana));
            db.prepare_cached(PATIENT)?.execute(params![number, kanji, kana, birth, name.occurred_at.digits()])?;
        }
        Class::Extended(parsed) => {
            let (name, title) = (parsed.value.name, parsed.value.folder.standard[1].clone());
            db.prepare_cached(RECORD)?.execute(params![
                path,
                name.patient.expose(),
                name.care_date.map(|date| date.number()),
                name.kind.as_str(),
                name.key,
                name.occurred_at.digits(),
                name.department,
                name.flag.digit().to_string(),
                title,
                digest,
                bytes
            ])?;
        }
        Class::Quarantine(_) => refused(db, path, &bytes)?,
        Class::Ignored(_) => {}
    }
    Ok(())
}

fn refused(db: &Connection, path: &str, bytes: &[u8]) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO refused VALUES (?, ?)")?.execute(params![path, bytes]).map(drop)
}

const SCHEMA: &str = "
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE record (path TEXT PRIMARY KEY, patient TEXT, date INTEGER, kind TEXT, key TEXT, occurred TEXT, department TEXT,
    flag TEXT, title TEXT, digest BLOB, body BLOB) WITHOUT ROWID;
CREATE INDEX record_of_patient ON record (patient, date, kind);
CREATE TABLE patient (number TEXT PRIMARY KEY, kanji TEXT, kana TEXT, birth TEXT, as_of TEXT) WITHOUT ROWID;
CREATE INDEX patient_kanji ON patient (kanji);
CREATE INDEX patient_kana ON patient (kana);
CREATE INDEX patient_birth ON patient (birth);
CREATE TABLE refused (path TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID;
";
const RECORD: &str = "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const PATIENT: &str = "INSERT INTO patient VALUES (?, ?, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET
    kanji = excluded.kanji, kana = excluded.kana, birth = excluded.birth, as_of = excluded.as_of
    WHERE excluded.as_of > as_of";
/// Files of one transaction: as ours.
const BATCH: usize = 500;
