//! The transaction storage (トランザクションストレージ): a journal beside the storage that says, in order, what was created, replaced
//! or deleted. Only its header lines are read; what they tell is in the storage itself.
//!
//! `<YYYY>/TR_YYYYMMDDHHMMSSFFF_nnnnn.DAT`, each record a line `#SSMIX,2.00,医療施設ID,患者ID,診療日,データ種別,オーダNo,処理区分,
//! 診療科コード,トランザクション日時` and the message. Line ends are not settled by the standard: CR, LF and CRLF are read.
use crate::Redacted;
use crate::limits::PATIENT_CHARS_MAX;

/// Where in a storage something changed, as one header line tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// 医療施設ID
    pub facility: String,
    /// 患者ID
    pub patient: Redacted<String>,
    /// 診療日 as the folder is named: eight digits, or a hyphen.
    pub date: String,
    /// データ種別
    pub kind: String,
    /// トランザクション日時
    pub occurred: String,
}

/// What a line of a journal file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Part of a message.
    Text,
    /// A header.
    Changed(Changed),
    /// Begins like a header and is none: the file is another's, or damaged.
    Odd,
}

/// Reads one line, without its end.
pub fn line(bytes: &[u8]) -> Line {
    if !bytes.starts_with(HEAD) {
        return Line::Text;
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return Line::Odd };
    let fields: Vec<&str> = text.split(',').map(str::trim).collect();
    let [_, _version, facility, patient, date, kind, _order, action, _department, occurred, ..] = fields.as_slice()
    else {
        return Line::Odd;
    };
    let is_date = *date == "-" || date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit());
    let is_known = matches!(*action, "INS" | "DEL");
    if !is_folder_name(patient) || patient.chars().count() > PATIENT_CHARS_MAX || !is_date || !is_known {
        return Line::Odd;
    }
    Line::Changed(Changed {
        facility: (*facility).to_owned(),
        patient: (*patient).to_owned().into(),
        date: (*date).to_owned(),
        kind: (*kind).to_owned(),
        occurred: (*occurred).to_owned(),
    })
}

impl Changed {
    /// The patient's day below a storage root; none for numbers too short to have all three folders.
    pub fn folder(&self) -> Option<String> {
        let patient = self.patient.expose();
        let part = |from: usize| {
            let part: String = patient.chars().skip(from).take(3).collect();
            (part.chars().count() == 3).then_some(part)
        };
        Some(format!("{}/{}/{patient}/{}", part(0)?, part(3)?, self.date))
    }
}

/// Whether a file's name is one of a journal's: names sort as their files were begun.
pub fn is_journal_name(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    upper.starts_with("TR_") && upper.ends_with(".DAT")
}

fn is_folder_name(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(|c| c.is_control() || matches!(c, '/' | '\\' | ':' | '.' | '*' | '?'))
}

const HEAD: &[u8] = b"#SSMIX,";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEADER: &str = "#SSMIX,2.00,1319999999,0001234567,20250610,OMP-01,000000250610011,INS,01,20250610103112984";

    #[test]
    fn a_header_says_where_something_changed() {
        let Line::Changed(changed) = line(HEADER.as_bytes()) else { panic!("a header") };
        assert_eq!(changed.folder().as_deref(), Some("000/123/0001234567/20250610"));
        assert_eq!((changed.facility.as_str(), changed.kind.as_str()), ("1319999999", "OMP-01"));
        let undated = HEADER.replace("20250610,", "-,").replace("INS", "DEL");
        let Line::Changed(changed) = line(undated.as_bytes()) else { panic!("a header") };
        assert_eq!(changed.folder().as_deref(), Some("000/123/0001234567/-"));
        assert_eq!(line(b"MSH|^~\\&|HIS"), Line::Text);
    }
    #[test]
    fn a_header_that_leads_elsewhere_or_is_cut_is_odd() {
        for odd in [
            HEADER.replace("0001234567", "../../../etc"),
            HEADER.replace("0001234567", ""),
            HEADER.replace("20250610,", "2025-06-10,"),
            HEADER.replace("INS", "UPD"),
            HEADER[..40].to_owned(),
        ] {
            assert_eq!(line(odd.as_bytes()), Line::Odd, "{odd}");
        }
        let Line::Changed(short) = line(HEADER.replace("0001234567", "12345").as_bytes()) else { panic!("a header") };
        assert_eq!(short.folder(), None);
    }
    #[test]
    fn journal_names_are_told_from_others() {
        assert!(is_journal_name("TR_20250610000000000_00001.DAT"));
        assert!(is_journal_name("tr_20250610000000000_00001.dat"));
        assert!(!is_journal_name("TR_20250610.DAT.tmp"));
    }
    proptest! {
        #[test]
        fn any_line_is_read(bytes: Vec<u8>) {
            let _ = line(&bytes);
            let _ = line(&[HEAD, &bytes].concat());
        }
    }
}
