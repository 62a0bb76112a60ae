//! What is fuzzed, as plain functions of bytes: libFuzzer drives them here, and `sim/tests/fuzz.rs` in the ordinary test
//! command. Each reads its input as a node would and checks what must hold for any input at all; a panic is a find.
use protocol::kinds::DataKind;
use protocol::time::Millis;
use records::hl7::{self, Message};
use records::model::{Clinical, stays};
use records::ssmix2::cursor::{Change, Listing, diff};
use records::ssmix2::{classify, extended, kinds, layout, path};

/// A target by the name of its libFuzzer binary.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: &[Target] = &[
    ("charset", charset),
    ("iso2022", iso2022),
    ("hl7", hl7_message),
    ("path", storage_path),
    ("extended", extended_path),
    ("views", views),
    ("cursor", cursor),
    ("content", content),
    ("narrative", narrative),
    ("wire", wire),
];

/// Any bytes become text or a reason; text of ours has no control bytes of a shift left.
pub fn charset(bytes: &[u8]) {
    if let Ok(decoded) = hl7::decode(bytes) {
        assert!(!decoded.value.text.is_empty(), "an empty text is a failure");
        assert!(decoded.value.text.len() <= bytes.len() * 3 + 3, "text grows by a bounded factor");
    }
}

/// Bytes behind shifts: decoding ends, and what it gives can be written again in seven bits.
pub fn iso2022(bytes: &[u8]) {
    let shifted = [b"MSH|\x1b$B".as_slice(), bytes].concat();
    if let Ok(decoded) = hl7::decode(&shifted) {
        let written = hl7::encode_iso2022jp(&decoded.value.text);
        assert!(written.is_ascii(), "seven bits");
        if let Ok(again) = hl7::decode(&written) {
            let rewritten = hl7::encode_iso2022jp(&again.value.text);
            let third = hl7::decode(&rewritten).map(|decoded| decoded.value.text);
            assert!(third.is_ok_and(|text| text == again.value.text), "what was written once reads back the same");
        }
    }
}

/// Splitting is stable: what was split, joined with CR, splits into the same again, and every field says the same.
pub fn hl7_message(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for text in [text.as_ref(), &format!("MSH|^~\\&|A|B|||1||ADT^A08|1|P|2.5\r{text}")] {
        let Ok(parsed) = Message::parse(text) else { continue };
        let joined: String = parsed.value.segments().iter().map(|segment| format!("{}\r", segment.raw())).collect();
        let Ok(again) = Message::parse(&joined) else { panic!("what was split does not split again") };
        assert_eq!(again.value.segments().len(), parsed.value.segments().len());
        for (one, other) in parsed.value.segments().iter().zip(again.value.segments()) {
            assert_eq!(one.raw(), other.raw());
            for (number, field) in one.fields().take(FIELDS_READ) {
                assert_eq!(one.field(number.into()).raw(), field.raw());
                for repeat in field.repeats().take(REPEATS_READ) {
                    let _ = (repeat.whole(), hl7::types::code(repeat), hl7::types::person_name(repeat));
                    let _ = (hl7::types::quantity(repeat), hl7::types::address(repeat), hl7::types::staff(repeat));
                }
            }
        }
    }
}

/// Every path has a class, and a path that is understood can be written and understood again.
pub fn storage_path(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = classify(&text);
    for path in [text.as_ref(), &format!("000/123/0001234567/{text}")] {
        if let Ok(parsed) = path::parse(path) {
            let written = layout::relative_path(&parsed.value);
            if let Ok(again) = path::parse(&written) {
                assert_eq!(again.value.identity().kind, parsed.value.identity().kind);
            }
        }
    }
}

/// As [`storage_path`], for documents.
pub fn extended_path(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for path in [text.as_ref(), &format!("000/123/0001234567/20250613/{text}")] {
        if let Ok(parsed) = extended::parse(path) {
            let files = vec![(parsed.value.inner.clone(), 1), ("b.pdf".to_owned(), 2)];
            let document = extended::document(&parsed.value.folder, &files).value;
            assert!(!document.main.is_empty() && !document.title().is_empty());
            let _ = layout::extended_path(&parsed.value.name, &parsed.value.folder, &parsed.value.inner);
        }
    }
}

/// The first byte says which kind; the rest is read as its message, and everything that is shown of it is made.
pub fn views(bytes: &[u8]) {
    let Some((which, rest)) = bytes.split_first() else { return };
    let info = kinds::ALL[usize::from(*which) % kinds::ALL.len()];
    read_as(info.code, rest);
}

/// A message of one kind.
pub fn read_as(kind: &str, bytes: &[u8]) {
    let Some(kind) = DataKind::parse(kind) else { return };
    let Ok(parsed) = records::parse_record(&kind, bytes) else { return };
    let clinical = parsed.value;
    assert!(clinical.title().chars().count() <= records::limits::TITLE_CHARS_MAX);
    assert!(parsed.problems.len() <= records::limits::PROBLEMS_MAX);
    let shown: usize =
        clinical.lines().iter().map(|line| line.label.len() + line.value.len() + line.detail.len()).sum();
    assert!(shown <= SHOWN_BYTES_MAX + bytes.len() * 64, "{shown} bytes shown of {}", bytes.len());
    let _ = (clinical.at(), clinical.department(), clinical.is_cancelled(), clinical.has_restricted());
    match &clinical {
        Clinical::Visit(visit) => assert!(stays(&[visit, visit]).len() <= 1, "one event is one stay at most"),
        Clinical::Lab(report) => {
            let _ = report.cultures();
        }
        Clinical::Prescription(prescription) => {
            for group in &prescription.groups {
                let _ = (group.usage.dosage(), group.drugs.iter().map(|drug| drug.same_by().len()).sum::<usize>());
            }
        }
        _ => {}
    }
}

/// Two listings made from the bytes: the changes between them turn the first into the second.
pub fn cursor(bytes: &[u8]) {
    let mut listings = [Listing::default(), Listing::default()];
    for piece in bytes.chunks(4) {
        let [side, name, flag, size] = *piece else { continue };
        let path = format!("{}/x{}_{}", name % 3, name % 7, flag % 4);
        listings[usize::from(side % 2)].add(path, u64::from(size % 3), Millis(u64::from(side / 2 % 2)));
    }
    let [before, after] = listings;
    let mut replayed = before.clone();
    for change in diff(&before, &after) {
        match change {
            Change::Renamed { from, to } => {
                let print = replayed.files.remove(&from).expect("a rename starts from a file that was there");
                replayed.files.insert(to, print);
            }
            Change::Added { path } | Change::Changed { path } => {
                let print = after.files[&path];
                replayed.files.insert(path, print);
            }
            Change::Vanished { path } => assert!(replayed.files.remove(&path).is_some(), "what vanished was there"),
        }
    }
    assert!(replayed == after, "the changes give the newer listing");
}

/// Format and header of any bytes.
pub fn content(bytes: &[u8]) {
    let about = records::content::about(bytes, bytes.len() as u64);
    assert!(about.format.is_some());
    assert!(about.title.chars().count() <= records::limits::HEADER_TEXT_CHARS_MAX);
    let xml = [b"<?xml version=\"1.0\"?><ClinicalDocument>".as_slice(), bytes].concat();
    let _ = records::content::cda_header(&xml);
}

/// What people read of any document: no longer than it is, up to a mark for each tag, and without control signs that the
/// document writes as entities.
pub fn narrative(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for xml in [text.as_ref(), &format!("<ClinicalDocument><title>a</title><text>{text}</text></ClinicalDocument>")] {
        if let Some(read) = records::cda::narrative(xml) {
            assert!(read.len() <= xml.len() * 3 && xml.contains("<ClinicalDocument"));
            assert_eq!(read.trim(), read);
        }
    }
}

/// A frame of another node is a message or a reason; a message can be sent on.
pub fn wire(bytes: &[u8]) {
    if let Ok(message) = protocol::wire::decode(bytes) {
        let frame = protocol::wire::encode(message);
        assert!(protocol::wire::decode(&frame).is_ok(), "what was decoded encodes to something that decodes");
    }
}

/// Fields and repetitions that a target reads of each segment; the limits of the parser itself are tested elsewhere.
const FIELDS_READ: usize = 220;
const REPEATS_READ: usize = 20;
/// Labels that rows repeat are bounded by the parser; what is shown stays within it and a factor.
const SHOWN_BYTES_MAX: usize = 2 * records::limits::LABEL_BYTES_MAX;
