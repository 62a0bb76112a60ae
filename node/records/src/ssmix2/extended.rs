//! The extended storage (拡張ストレージ): documents of any format, recognised, titled and listed; never opened.
use super::path::{self, FileName, Folders, LEVELS, PathReason};
use crate::model::{Code, Document, DocumentFile};
use crate::parsed::Problems;
use crate::{Fault, Parsed, Place};
use protocol::kinds::DataKind;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// What the path of one file of the extended storage says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtendedFile {
    /// Patient, date, key, time, flag; the kind is `DOC-` and the standard's or the site's code.
    pub name: FileName,
    /// What kind of document it is.
    pub folder: KindFolder,
    /// Which of the two layouts.
    pub generation: Generation,
    /// Path of the content below the storage root: the content folder, or the file itself in the old layout. All files with the
    /// same content are one document.
    pub content: String,
    /// Path within the content folder; the file's name in the old layout.
    pub inner: String,
}

impl std::fmt::Debug for ExtendedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ExtendedFile {} {:?}", self.name.kind, self.generation)
    }
}

/// The two layouts of the extended storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Generation {
    /// Up to 1.2b: files directly in the kind's folder, with the seven-part name.
    Flat,
    /// From 1.2c on: a content folder with the seven-part name.
    Foldered,
}

/// The name of a データ種別 folder: a local and a standard triplet, either of which may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindFolder {
    /// ローカル文書コード, 名称, コード体系
    pub local: [String; 3],
    /// 標準文書コード, 名称, コード体系 (`LN` is LOINC)
    pub standard: [String; 3],
}

impl KindFolder {
    /// Reads `L12345^入院診療録^99ZZZ^11506-3^経過記録^LN`, or a plain code such as `LJCS-300R`. Texts are composed (NFC).
    pub fn parse(name: &str) -> Self {
        let mut parts = name.split('^').map(|part| part.trim().nfc().collect::<String>());
        let mut triplet = || [(); 3].map(|()| parts.next().unwrap_or_default());
        Self { local: triplet(), standard: triplet() }
    }
    /// The folder's name again, without empty elements at the end.
    pub fn folder_name(&self) -> String {
        let all: Vec<&str> = self.local.iter().chain(&self.standard).map(String::as_str).collect();
        all.join("^").trim_end_matches('^').to_owned()
    }
    /// What content folders call the kind: the site's code, else the standard's.
    pub fn short_name(&self) -> &str {
        if self.local[0].is_empty() { &self.standard[0] } else { &self.local[0] }
    }
    /// `DOC-` and the standard's code, else the site's; characters that a kind cannot have are left out.
    pub fn data_kind(&self) -> DataKind {
        let code = if self.standard[0].is_empty() { &self.local[0] } else { &self.standard[0] };
        let plain: String =
            code.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.')).take(28).collect();
        DataKind::parse(&format!("DOC-{plain}")).expect("ASCII letters, digits, hyphens and points, at most 32")
    }
}

/// Reads a path of either layout below the storage root.
///
/// # Errors
/// [`PathReason`], with which the file goes to quarantine.
pub fn parse(rel_path: &str) -> Result<Parsed<ExtendedFile>, PathReason> {
    let raw = path::names(rel_path)?;
    // Compared after NFC, because some file systems decompose; what leads to the file keeps its own form.
    let composed: Vec<String> = raw.iter().map(|name| name.nfc().collect()).collect();
    let names: Vec<&str> = composed.iter().map(String::as_str).collect();
    let start = path::anchor(&names).ok_or(PathReason::Depth { levels: names.len() })?;
    let mut problems = Problems::default();
    let folders = Folders::read(&names[start..], &mut problems)?;
    let folder = KindFolder::parse(folders.kind);
    let at = start + LEVELS - 1;
    let entry = names.get(at).copied().ok_or(PathReason::Depth { levels: names.len() })?;
    let (generation, stem) = if names.len() == at + 1 {
        (
            Generation::Flat,
            entry.rsplit_once('.').filter(|(stem, _)| stem.contains('_')).map_or(entry, |(stem, _)| stem),
        )
    } else {
        (Generation::Foldered, entry)
    };
    let kind_names = [folders.kind, folder.local[0].as_str(), folder.standard[0].as_str()];
    let kind_names: Vec<&str> = kind_names.into_iter().filter(|name| !name.is_empty()).collect();
    let parts = path::Parts::split(stem, &folders, &kind_names, &mut problems)?;
    let name = parts.check(&folders, folder.data_kind(), &mut problems)?;
    let inner = if generation == Generation::Flat { raw[at].to_owned() } else { raw[at + 1..].join("/") };
    let content = raw[..=at].join("/");
    Ok(problems.with(ExtendedFile { name, folder, generation, content, inner }))
}

/// Makes one document of all files of one content: `files` are paths within it with their sizes, in any order.
pub fn document(folder: &KindFolder, files: &[(String, u64)]) -> Parsed<Document> {
    let mut problems = Problems::default();
    let mut files: Vec<DocumentFile> =
        files.iter().map(|(name, bytes)| DocumentFile { name: name.clone(), bytes: *bytes }).collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let (main, guessed) = main_file(&files);
    if guessed {
        problems.add(Place::File, Fault::MainFileGuessed);
    }
    let code = |[code, text, system]: &[String; 3]| Code {
        code: code.clone(),
        text: text.clone(),
        system: system.clone(),
        other: None,
    };
    let (local, standard) = (code(&folder.local), code(&folder.standard));
    problems.with(Document { local, standard, main, files, about: None })
}

/// The entry file of a content: `main_document.*`, else the only file, the only XML or HL7, the only PDF, the first by name.
/// The second value says that it was a guess.
fn main_file(files: &[DocumentFile]) -> (String, bool) {
    let ends = |file: &&DocumentFile, extensions: &[&str]| {
        let name = file.name.to_ascii_lowercase();
        extensions.iter().any(|extension| name.ends_with(extension))
    };
    let only = |extensions: &[&str]| {
        let mut found = files.iter().filter(|file| ends(file, extensions));
        found.next().filter(|_| found.next().is_none())
    };
    let named = files.iter().find(|file| file.name.starts_with("main_document."));
    let sure = named.or_else(|| if files.len() == 1 { files.first() } else { None });
    let found = sure.or_else(|| only(&[".xml", ".hl7"])).or_else(|| only(&[".pdf"])).or_else(|| files.first());
    (found.map(|file| file.name.clone()).unwrap_or_default(), sure.is_none() && found.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use protocol::kinds::Coarse;

    const FOLDER: &str = "L12345^入院診療録^99ZZZ^11506-3^経過記録^LN";

    #[track_caller]
    fn check(folder: &str, content: &str, inner: &str, kind: &str) -> ExtendedFile {
        let path = format!("000/123/0001234567/20250613/{folder}/{content}{inner}");
        let parsed = parse(&path).expect("a path of the extended storage");
        assert_eq!((parsed.value.name.kind.as_str(), parsed.value.name.kind.coarse()), (kind, Coarse::Document));
        assert!(parsed.is_clean(), "{:?}", parsed.problems);
        parsed.value
    }

    #[test]
    fn both_layouts_are_read() {
        let file =
            check(FOLDER, "0001234567_20250613_L12345_77_20250614000100158_-_1", "/main_document.pdf", "DOC-11506-3");
        assert_eq!(
            (file.generation, file.inner.as_str(), file.name.key.as_str()),
            (Generation::Foldered, "main_document.pdf", "77")
        );
        let file =
            check("L-SUMMARY", "0001234567_20250613_L-SUMMARY_77_20250614000100158_01_1.pdf", "", "DOC-L-SUMMARY");
        assert_eq!(file.generation, Generation::Flat);
    }
    #[test]
    fn names_of_the_field_are_read() {
        let vitals = "L-OBSERVATIONS^OBSERVATIONS^99ZL01";
        let content = format!("0001234567_20250613_{vitals}_000000020250613_201206140001001_1");
        let file = check(vitals, &content, "/main_document.hl7", "DOC-L-OBSERVATIONS");
        assert_eq!(file.name.key, "000000020250613");
        let content = "0001234567_20250613_LJCS-300R_20231205101112...1002_20250614000100158_01_1";
        assert_eq!(check("LJCS-300R", content, "/a/b.xml", "DOC-LJCS-300R").inner, "a/b.xml");
        check(
            "^退院サマリ^^18842-5^退院時サマリ^LN",
            "0001234567_20250613_18842-5_9_20250614000100158_01_1",
            "/x.pdf",
            "DOC-18842-5",
        );
    }
    #[test]
    fn kind_folders_round_trip() {
        for name in [FOLDER, "^退院サマリ^^18842-5^退院時サマリ^LN", "LJCS-300R", "L-OBSERVATIONS^OBSERVATIONS^99ZL01"]
        {
            assert_eq!(KindFolder::parse(name).folder_name(), name);
        }
        assert_eq!(KindFolder::parse("サマリ").data_kind().as_str(), "DOC-");
    }
    #[test]
    fn the_main_file_is_found_or_guessed() {
        let main = |names: &[&str]| {
            let files: Vec<(String, u64)> = names.iter().map(|name| ((*name).to_owned(), 1)).collect();
            let parsed = document(&KindFolder::parse(FOLDER), &files);
            (parsed.value.main, parsed.problems.is_empty())
        };
        assert_eq!(main(&["z.pdf", "main_document.xml"]), ("main_document.xml".into(), true));
        assert_eq!(main(&["only.bin"]), ("only.bin".into(), true));
        assert_eq!(main(&["a.png", "b.xml", "c.pdf"]), ("b.xml".into(), false));
        assert_eq!(main(&["a.png", "c.pdf"]), ("c.pdf".into(), false));
        assert_eq!(main(&["b.png", "a.png"]), ("a.png".into(), false));
        let title = |folder: &str| document(&KindFolder::parse(folder), &[]).value.title();
        assert_eq!(title(FOLDER), "経過記録");
        assert_eq!((title("LJCS-100D").as_str(), title("^^^34746-8^^LN").as_str()), ("心電図 データ", "看護サマリ"));
    }

    proptest! {
        #[test]
        fn any_folder_and_content_are_read_or_refused(folder in "[^/]{1,40}", content in "[0-9A-Z_^.-]{0,80}", inner in "(/.{0,20})?") {
            let _ = parse(&format!("000/123/0001234567/20250613/{folder}/{content}{inner}"));
            let _ = parse(&format!("000/123/0001234567/-/{folder}/0001234567_-_{folder}_{content}{inner}"));
            let kind = KindFolder::parse(&folder);
            prop_assert_eq!(kind.data_kind().coarse(), Coarse::Document);
        }
    }
}
