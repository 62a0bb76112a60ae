//! Code tables of the field in words: departments, usages of drugs, and the small tables of HL7, MERIT-9 and JAHIS.
//!
//! Source: SS-MIX2 標準化ストレージ コード表 and 使用者定義表 0069, JAMI 標準用法マスタ. Codes that are not here are shown as they are.
mod department;
mod document;
mod dosage;
mod tables;
mod usage;

pub use department::department;
pub use document::{DOCUMENT_TABLE, DocumentType, cardiology_kind, document_type};
pub use dosage::{DayTime, Dosage, MealTiming, Timing, dosage};
pub use tables::word;
pub use usage::{usage_supplement, usage_words};
