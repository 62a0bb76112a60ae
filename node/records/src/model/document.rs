use super::{Code, Line, LineKind, silent};
use serde::{Deserialize, Serialize};

/// A document of the extended storage: listed and moved as one unit, never opened here.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The site's kind: code, words, system.
    pub local: Code,
    /// The standard's kind (LOINC and the like); empty if none was given.
    pub standard: Code,
    /// The entry file, relative to the content folder.
    pub main: String,
    /// Its files, sorted by name.
    pub files: Vec<DocumentFile>,
}

/// One file of a document.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentFile {
    /// Path within the content folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
}

impl Document {
    /// One line: the kind's words, never a file's name (which may hold a patient's).
    pub fn title(&self) -> String {
        let words = [self.standard.shown(), self.local.shown()];
        words.into_iter().find(|text| !text.is_empty()).unwrap_or("文書").to_owned()
    }
    /// Rows for reading.
    pub fn lines(&self) -> Vec<Line> {
        let rows = self.files.iter().map(|file| {
            let main = if file.name == self.main { "主文書" } else { "" };
            Line::of(LineKind::File, file.name.clone()).label(main).detail(format!("{} bytes", file.bytes))
        });
        rows.collect()
    }
    /// The media type of a file by its extension; `application/octet-stream` if unknown.
    pub fn media_type(name: &str) -> &'static str {
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
        match extension.as_str() {
            "pdf" => "application/pdf",
            "xml" | "cda" => "application/xml",
            "hl7" => "application/hl7-v2",
            "txt" | "csv" => "text/plain",
            "htm" | "html" => "text/html",
            "jpg" | "jpeg" => "image/jpeg",
            "png" => "image/png",
            "tif" | "tiff" => "image/tiff",
            "dcm" => "application/dicom",
            _ => "application/octet-stream",
        }
    }
}

silent!(Document, DocumentFile);
