use super::{Line, LineKind, silent};
use crate::limits::TITLE_CHARS_MAX;
use serde::{Deserialize, Serialize};

/// A record of a kind that has no view of its own: its segments and fields, readable.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generic {
    /// The kind's name in words of the field, or its code.
    pub name: String,
    /// Message type and trigger (`OMD^O03`).
    pub message: String,
    /// The order was taken back (ORC-1 `CA`).
    pub cancelled: bool,
    /// Its segments, without MSH and PID.
    pub segments: Vec<GenericSegment>,
}

/// One segment of a generic record.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenericSegment {
    /// Three letters.
    pub name: String,
    /// Number and text of the fields that say something.
    pub fields: Vec<(u16, String)>,
}

impl Generic {
    /// One line without the patient's name.
    pub fn title(&self) -> String {
        let cancelled = if self.cancelled { "（取消）" } else { "" };
        format!("{}{cancelled}", self.name).chars().take(TITLE_CHARS_MAX).collect()
    }
    /// Rows for reading.
    pub fn lines(&self) -> Vec<Line> {
        let rows = self.segments.iter().flat_map(|segment| {
            segment.fields.iter().map(|(number, text)| {
                Line::of(LineKind::Field, text.clone()).label(format!("{}-{number}", segment.name))
            })
        });
        rows.collect()
    }
}

silent!(Generic, GenericSegment);
