use super::xml::{Event, Scanner, attribute, text_of};
use crate::hl7::Stamp;

/// What a clinical document says of itself.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CdaHeader {
    /// Its title.
    pub title: String,
    /// Its kind: code and system (OID).
    pub code: (String, String),
    /// When it was made (effectiveTime).
    pub at: Option<Stamp>,
    /// The person who wrote it, else the device.
    pub author: String,
    /// The house that the author works for.
    pub organization: String,
    /// The patient's number (recordTarget), without its authority.
    pub patient: String,
}

impl std::fmt::Debug for CdaHeader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CdaHeader ‹redacted›")
    }
}

/// Reads the header of a CDA R2 document up to its body; what is not there stays empty. Cost: linear.
pub fn cda_header(start: &[u8]) -> CdaHeader {
    let text = text_of(start);
    let mut scanner = Scanner::new(text.trim_start_matches('\u{FEFF}').trim_start());
    let mut path: Vec<&str> = Vec::new();
    let mut header = CdaHeader::default();
    let mut authors = 0;
    while let Some(event) = scanner.next() {
        match event {
            Event::Open(name, attributes) => {
                path.push(name);
                match below(&path) {
                    ["component"] => break,
                    ["author"] => authors += 1,
                    at => note(&mut header, at, attributes, authors),
                }
            }
            Event::Close(_) => {
                path.pop();
                if path.is_empty() {
                    break;
                }
            }
            Event::Text(words) => tell(&mut header, below(&path), words.trim(), authors),
        }
    }
    header
}

/// The path below the root.
fn below<'p, 'a>(path: &'p [&'a str]) -> &'p [&'a str] {
    match path {
        ["ClinicalDocument", rest @ ..] => rest,
        _ => &[],
    }
}

fn note(header: &mut CdaHeader, path: &[&str], attributes: &str, authors: usize) {
    let value = |name: &str| attribute(attributes, name).unwrap_or_default().into_owned();
    match path {
        ["code"] => header.code = (value("code"), value("codeSystem")),
        ["effectiveTime"] => header.at = Stamp::parse(&value("value")).0,
        ["author", "time"] if authors == 1 && header.at.is_none() => header.at = Stamp::parse(&value("value")).0,
        ["recordTarget", "patientRole", "id"] if header.patient.is_empty() => header.patient = value("extension"),
        _ => {}
    }
}

fn tell(header: &mut CdaHeader, path: &[&str], words: &str, authors: usize) {
    if words.is_empty() {
        return;
    }
    let add = |to: &mut String| {
        if !to.is_empty() {
            to.push(' ');
        }
        to.push_str(words);
    };
    match path {
        ["title"] => add(&mut header.title),
        ["author", "assignedAuthor", "assignedPerson", "name", ..] if authors == 1 => add(&mut header.author),
        ["author", "assignedAuthor", "assignedAuthoringDevice", "softwareName"] if authors == 1 => {
            add(&mut header.author)
        }
        ["author", "assignedAuthor", "representedOrganization", "name"] if authors == 1 => {
            add(&mut header.organization)
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "<?xml version=\"1.0\" encoding=\"ENCODING\"?><ClinicalDocument xmlns=\"urn:hl7-org:v3\">\
        <id root=\"1\" extension=\"2\"/><code code=\"18842-5\" codeSystem=\"2.16.840.1.113883.6.1\"/>\
        <title>退院時サマリ</title><effectiveTime value=\"20250621170000+0900\"/>\
        <recordTarget><patientRole><id root=\"1\" extension=\"0001234567\"/><patient><name><family>見本</family></name></patient>\
        </patientRole></recordTarget>\
        <author><time value=\"20250620\"/><assignedAuthor><assignedPerson><name><family>循環</family><given>次郎</given></name>\
        </assignedPerson><representedOrganization><name>見本中央病院</name></representedOrganization></assignedAuthor></author>\
        <author><assignedAuthor><assignedPerson><name>二人目</name></assignedPerson></assignedAuthor></author>\
        <component><structuredBody><title>本文</title></structuredBody></component></ClinicalDocument>";

    #[test]
    fn a_document_says_what_it_is_in_every_encoding() {
        for label in ["UTF-8", "Shift_JIS", "EUC-JP", "ISO-2022-JP"] {
            let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).expect("known");
            let text = DOCUMENT.replace("ENCODING", label);
            let header = cda_header(&encoding.encode(&text).0);
            assert_eq!((header.title.as_str(), header.author.as_str()), ("退院時サマリ", "循環 次郎"), "{label}");
            assert_eq!((header.organization.as_str(), header.patient.as_str()), ("見本中央病院", "0001234567"));
            assert_eq!(header.at.map(|at| at.to_string()).as_deref(), Some("2025-06-21 17:00:00"));
            assert_eq!(header.code.0, "18842-5");
        }
    }
    #[test]
    fn what_is_cut_or_no_document_gives_what_is_there() {
        let cut = DOCUMENT.find("<recordTarget>").expect("there");
        let header = cda_header(&DOCUMENT.as_bytes()[..cut]);
        assert_eq!((header.title.as_str(), header.patient.as_str()), ("退院時サマリ", ""));
        assert!(cda_header(b"<report><title>x</title></report>") == CdaHeader::default());
    }
}
