//! Files for people who carry signed objects from node to node: text that survives mail and sticks, with a check line.
use crate::limits::{OBJECT_FILE_BYTES_MAX, OBJECTS_IN_FILE_MAX};
use data_encoding::BASE64;
use protocol::crypto::sha256;
use protocol::state::{ObjectKind, Signed};

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A network's charter, perhaps not yet signed by enough founders.
    Charter,
    /// A facility asks to join a network that it cannot reach.
    Join,
    /// The answer: charter and membership.
    Welcome,
    /// An object that founders sign, with the charters it leans on.
    Proposal,
}

impl FileKind {
    /// The word in the file's first line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Charter => "charter",
            Self::Join => "join",
            Self::Welcome => "welcome",
            Self::Proposal => "proposal",
        }
    }
    fn parse(word: &str) -> Option<Self> {
        [Self::Charter, Self::Join, Self::Welcome, Self::Proposal].into_iter().find(|kind| kind.word() == word)
    }
}

/// Why a text is no file of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Something else altogether.
    #[error("this is not a Musubi file: its first line should be `{MAGIC} …`")]
    Foreign,
    /// Another kind of file.
    #[error("this file is a {found}, a {wanted} is needed here")]
    Kind {
        /// What it is.
        found: &'static str,
        /// What is needed.
        wanted: &'static str,
    },
    /// It is one, but not whole.
    #[error("this file was cut or changed on its way; export it again")]
    Damaged,
    /// It is whole, but what is in it cannot be.
    #[error("part {0} of this file is not a signed object of this version")]
    Object(usize),
    /// Larger than any honest file.
    #[error("this file is larger than {OBJECT_FILE_BYTES_MAX} bytes; it is not one of ours")]
    Large,
}

/// Some bytes to carry, each part for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectFile {
    /// What it is for.
    pub kind: FileKind,
    /// What is in it.
    pub parts: Vec<Vec<u8>>,
}

impl ObjectFile {
    /// A file of signed objects.
    pub fn of(kind: FileKind, objects: &[&Signed]) -> Self {
        Self { kind, parts: objects.iter().map(|signed| signed.encode()).collect() }
    }
    /// The text of the file.
    pub fn to_text(&self) -> String {
        let mut out = format!("{MAGIC} {}\n", self.kind.word());
        for part in &self.parts {
            out.push_str(&BASE64.encode(part));
            out.push('\n');
        }
        out.push_str(CHECK);
        out.push_str(&self.check());
        out.push('\n');
        out
    }
    /// Reads what [`ObjectFile::to_text`] wrote; line ends of any system are fine. No signature is checked.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn parse(text: &str) -> Result<Self, FileError> {
        if text.len() > OBJECT_FILE_BYTES_MAX {
            return Err(FileError::Large);
        }
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let word = lines.next().and_then(|line| line.strip_prefix(MAGIC)).ok_or(FileError::Foreign)?;
        let kind = FileKind::parse(word.trim()).ok_or(FileError::Foreign)?;
        let mut parts = Vec::new();
        for line in lines {
            if let Some(check) = line.strip_prefix(CHECK) {
                let file = Self { kind, parts };
                return if file.check() == check.trim() { Ok(file) } else { Err(FileError::Damaged) };
            }
            if parts.len() == OBJECTS_IN_FILE_MAX {
                return Err(FileError::Large);
            }
            parts.push(BASE64.decode(line.as_bytes()).map_err(|_| FileError::Damaged)?);
        }
        Err(FileError::Damaged)
    }
    /// As [`ObjectFile::parse`], for one kind only.
    ///
    /// # Errors
    /// [`FileError::Kind`] if it is of another.
    pub fn parse_as(kind: FileKind, text: &str) -> Result<Self, FileError> {
        let file = Self::parse(text)?;
        if file.kind == kind { Ok(file) } else { Err(FileError::Kind { found: file.kind.word(), wanted: kind.word() }) }
    }
    /// Its parts as signed objects.
    ///
    /// # Errors
    /// [`FileError::Object`] with the number of the first that is none.
    pub fn objects(&self) -> Result<Vec<Signed>, FileError> {
        let read = |(at, part): (usize, &Vec<u8>)| Signed::decode(part).map_err(|_| FileError::Object(at + 1));
        self.parts.iter().enumerate().map(read).collect()
    }
    /// The charters among its objects, and the others.
    ///
    /// # Errors
    /// As [`ObjectFile::objects`].
    pub fn charters_and_rest(&self) -> Result<(Vec<Signed>, Vec<Signed>), FileError> {
        Ok(self.objects()?.into_iter().partition(|signed| signed.kind == ObjectKind::Charter))
    }
    fn check(&self) -> String {
        let lengths: Vec<[u8; 8]> = self.parts.iter().map(|part| (part.len() as u64).to_be_bytes()).collect();
        let mut all: Vec<&[u8]> = vec![self.kind.word().as_bytes()];
        for (length, part) in lengths.iter().zip(&self.parts) {
            all.push(length);
            all.push(part);
        }
        sha256(&all).to_string().chars().take(16).collect()
    }
}

const MAGIC: &str = "musubi file 1";
const CHECK: &str = "check ";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_file_survives_mail_and_no_changed_byte_passes(
            parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..60), 1..5), at: usize
        ) {
            let file = ObjectFile { kind: FileKind::Proposal, parts };
            let text = file.to_text();
            prop_assert_eq!(ObjectFile::parse(&text.replace('\n', "\r\n\r\n")), Ok(file.clone()));
            let mut changed = text.clone().into_bytes();
            let at = at % changed.len();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("ascii");
            prop_assert_ne!(ObjectFile::parse(&changed), Ok(file));
        }
        #[test]
        fn any_text_is_read_or_refused(text in "(musubi file 1 (join|proposal)\n)?.{0,60}(\n.{0,60}){0,3}") {
            if let Ok(file) = ObjectFile::parse(&text) {
                let _ = file.objects();
            }
        }
    }
    #[test]
    fn a_file_of_another_kind_is_named() {
        let text = ObjectFile { kind: FileKind::Join, parts: vec![vec![1]] }.to_text();
        assert_eq!(
            ObjectFile::parse_as(FileKind::Welcome, &text),
            Err(FileError::Kind { found: "join", wanted: "welcome" })
        );
        assert_eq!(ObjectFile::parse("hello"), Err(FileError::Foreign));
    }
}
