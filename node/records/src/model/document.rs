use super::{Code, Line, LineKind, silent};
use crate::Redacted;
use crate::content::Format;
use crate::hl7::Stamp;
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
    /// What the main file says of itself; found anew whenever it is read, never stored.
    #[serde(skip)]
    pub about: Option<About>,
}

/// What the main file of a document says of itself.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Its format by content.
    pub format: Option<Format>,
    /// Its own title.
    pub title: String,
    /// When it was made.
    pub at: Option<Stamp>,
    /// Who wrote it.
    pub author: String,
    /// The house that the author works for.
    pub organization: String,
    /// The patient's number in it: to be compared with the path's.
    pub patient: Redacted<String>,
    /// What it says, where that is read: measurements in HL7.
    pub lines: Vec<Line>,
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
        if self.local.text.is_empty()
            && let Some(words) = crate::codes::cardiology_kind(&self.local.code)
        {
            return words;
        }
        let words = [self.standard.shown(), self.local.shown()];
        words.into_iter().find(|text| !text.is_empty()).unwrap_or("文書").to_owned()
    }
    /// Rows for reading.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        if let Some(about) = &self.about {
            Line::of(LineKind::Event, about.title.clone()).label("表題").push_to(&mut lines);
            let at = about.at.as_ref().map(Stamp::to_string).unwrap_or_default();
            Line::of(LineKind::Time, at).label("作成").push_to(&mut lines);
            Line::of(LineKind::Doctor, about.author.clone()).detail(about.organization.clone()).push_to(&mut lines);
        }
        let format = self.about.as_ref().and_then(|about| about.format).map_or("", Format::words);
        let rows = self.files.iter().map(|file| {
            let main = if file.name == self.main { "主文書" } else { "" };
            let format = if main.is_empty() { "" } else { format };
            let detail = format!("{format} {} bytes", file.bytes).trim().to_owned();
            Line::of(LineKind::File, file.name.clone()).label(main).detail(detail)
        });
        lines.extend(rows);
        lines.extend(self.about.iter().flat_map(|about| about.lines.iter().cloned()));
        lines
    }
    /// Whether the document names another patient than this one; a document without a number names nobody.
    pub fn names_other_patient(&self, patient: &str) -> bool {
        let own = self.about.as_ref().map_or("", |about| about.patient.expose().as_str());
        !own.is_empty() && !crate::ssmix2::path::same_patient(own, patient)
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

silent!(Document, DocumentFile, About);
