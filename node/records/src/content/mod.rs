//! Documents by their content: what format a file has, whatever it is called, and what a CDA header says of itself.
//!
//! Read `format` (the first bytes), then `xml` (the one reader, without recursion, entities or anything that could grow) and `cda`
//! (title, date, author, patient). Nothing is rendered, executed or followed. Source: HL7 CDA R2 (POCD_HD000040).
mod cda;
mod format;
pub(crate) mod xml;

pub use cda::{CdaHeader, cda_header};
pub use format::{Format, format_of};

use crate::limits::{DOCUMENT_HEAD_BYTES_MAX, HEADER_TEXT_CHARS_MAX};
use crate::model::{About, Line};
use protocol::kinds::DataKind;

/// What the main file of a document says of itself; `start` is its beginning, as much as is at hand of its `size` bytes.
///
/// Measurements in HL7 (vital signs, ORU) become rows, if the whole file is at hand.
pub fn about(start: &[u8], size: u64) -> About {
    let whole = start.len() as u64 >= size;
    let lines = if whole { measurements(start) } else { Vec::new() };
    let start = &start[..start.len().min(DOCUMENT_HEAD_BYTES_MAX)];
    let format = format_of(start);
    let header = if format == Format::Cda { cda_header(start) } else { CdaHeader::default() };
    let short = |text: String| text.chars().take(HEADER_TEXT_CHARS_MAX).collect();
    About {
        format: Some(format),
        title: short(header.title),
        at: header.at,
        author: short(header.author),
        organization: short(header.organization),
        patient: header.patient.into(),
        lines,
    }
}

/// The rows of an ORU message; nothing of anything else.
fn measurements(bytes: &[u8]) -> Vec<Line> {
    let Some(kind) = DataKind::parse("OMG-13").filter(|_| format_of(bytes) == Format::Hl7) else { return Vec::new() };
    match crate::parse_record(&kind, bytes) {
        Ok(parsed) => parsed.value.lines(),
        Err(_) => Vec::new(),
    }
}
