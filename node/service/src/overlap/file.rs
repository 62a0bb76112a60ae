//! Files of a count: text that survives mail and sticks, read and written line by line. A million points are 44 MB of text and
//! 32 MB in memory.
use super::OverlapError;
use data_encoding::{BASE64, BASE64_NOPAD};
use protocol::crypto::sha256;
use protocol::overlap::{List, ListError, POINT_BYTES};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, ErrorKind, Read as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// What a file of a count is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverlapKind {
    /// The secret that the holders of a side share.
    Secret,
    /// One holder's patients, masked.
    Part,
    /// A network asks.
    Ask,
    /// A list of the other side, raised by a holder.
    Raised,
    /// The other network's answer.
    Answer,
    /// What was counted, rounded.
    Outcome,
}

impl OverlapKind {
    const ALL: [Self; 6] = [Self::Secret, Self::Part, Self::Ask, Self::Raised, Self::Answer, Self::Outcome];
    /// The word in the file's first line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Part => "part",
            Self::Ask => "ask",
            Self::Raised => "raised",
            Self::Answer => "answer",
            Self::Outcome => "outcome",
        }
    }
    /// Lists in it.
    fn lists(self) -> usize {
        match self {
            Self::Secret | Self::Outcome => 0,
            Self::Part | Self::Ask | Self::Raised => 1,
            Self::Answer => 2,
        }
    }
}

/// Why a file of a count cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileProblem {
    /// The disk, in its words.
    #[error("{0}")]
    Disk(#[from] std::io::Error),
    /// It is there already and may be worth something.
    #[error("is there already and is not overwritten; choose another name or move it away")]
    Exists,
    /// Something else altogether.
    #[error("this is no file of a count: its first line should be `{MAGIC} …`")]
    Foreign,
    /// Another step's.
    #[error("this is the file {:?} of a count, {:?} is needed here", found.word(), wanted.word())]
    Kind {
        /// What it is.
        found: OverlapKind,
        /// What is needed.
        wanted: OverlapKind,
    },
    /// Cut or changed.
    #[error("was cut or changed on its way; have it sent again")]
    Damaged,
    /// It is whole, but its list cannot be.
    #[error("list {list}: {error}")]
    List {
        /// Which, from 1.
        list: usize,
        /// What is wrong.
        error: ListError,
    },
}

/// A file in memory.
#[derive(Debug)]
pub(super) struct OverlapFile {
    pub kind: OverlapKind,
    pub head: Vec<u8>,
    pub lists: Vec<List>,
}

impl OverlapFile {
    pub fn new(kind: OverlapKind, head: Vec<u8>, lists: Vec<List>) -> Self {
        Self { kind, head, lists }
    }
    /// Reads and checks a file: its form, its check line, every point.
    pub fn read(path: &Path) -> Result<Self, OverlapError> {
        let failed = |problem| OverlapError::file(path, problem);
        let file = File::open(path).map_err(|error| failed(error.into()))?;
        Self::parse(&mut BufReader::new(file)).map_err(failed)
    }
    pub fn read_as(path: &Path, wanted: OverlapKind) -> Result<Self, OverlapError> {
        let file = Self::read(path)?;
        if file.kind == wanted {
            return Ok(file);
        }
        Err(OverlapError::file(path, FileProblem::Kind { found: file.kind, wanted }))
    }
    /// The only list of a file that has one.
    pub fn list(&self) -> Result<&List, FileProblem> {
        self.lists.first().ok_or(FileProblem::Damaged)
    }

    pub(super) fn parse(from: &mut impl BufRead) -> Result<Self, FileProblem> {
        let mut lines = Lines { from, line: String::new() };
        let word = lines.next().ok().and_then(|line| line.strip_prefix(MAGIC)).ok_or(FileProblem::Foreign)?;
        let kind = OverlapKind::ALL.into_iter().find(|kind| kind.word() == word.trim());
        let kind = kind.ok_or(FileProblem::Foreign)?;
        let head = lines.next()?.strip_prefix(HEAD).and_then(|text| BASE64.decode(text.as_bytes()).ok());
        let head = head.ok_or(FileProblem::Damaged)?;
        let mut lists = Vec::new();
        for number in 1..=kind.lists() {
            let count: Option<usize> = lines.next()?.strip_prefix(LIST).and_then(|text| text.parse().ok());
            let mut list = List::default();
            for _ in 0..count.ok_or(FileProblem::Damaged)? {
                let bytes = BASE64_NOPAD.decode(lines.next()?.as_bytes()).map_err(|_| FileProblem::Damaged)?;
                let point: [u8; POINT_BYTES] = bytes.try_into().map_err(|_| FileProblem::Damaged)?;
                list.take(point).map_err(|error| FileProblem::List { list: number, error })?;
            }
            lists.push(list);
        }
        let file = Self { kind, head, lists };
        let is_whole = lines.next()?.strip_prefix(CHECK) == Some(&file.check());
        if is_whole { Ok(file) } else { Err(FileProblem::Damaged) }
    }
    pub(super) fn print(&self, out: &mut impl Write) -> std::io::Result<()> {
        writeln!(out, "{MAGIC} {}\n{HEAD}{}", self.kind.word(), BASE64.encode(&self.head))?;
        for list in &self.lists {
            writeln!(out, "{LIST}{}", list.len())?;
            for point in list.points() {
                writeln!(out, "{}", BASE64_NOPAD.encode(point))?;
            }
        }
        writeln!(out, "{CHECK}{}", self.check())
    }
    /// Sees accidents; against intent there are signatures.
    fn check(&self) -> String {
        let lists: Vec<[u8; 32]> = self.lists.iter().map(|list| list.hash().0).collect();
        sha256(&[self.kind.word().as_bytes(), lists.as_flattened(), &self.head]).to_string().chars().take(16).collect()
    }
}

/// A file that is whole on the disk under another name, until the step is in the log: then it gets its own.
pub(super) struct Draft {
    part: PathBuf,
    path: PathBuf,
}

impl Draft {
    /// Writes it beside its place. A secret is readable by the node's account only.
    pub fn write(path: &Path, file: &OverlapFile) -> Result<Self, OverlapError> {
        let failed = |error: std::io::Error| OverlapError::file(path, error);
        if path.exists() {
            return Err(OverlapError::file(path, FileProblem::Exists));
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let draft = Self { part: path.with_file_name(name), path: path.to_owned() };
        let mode = if file.kind == OverlapKind::Secret { 0o600 } else { 0o644 };
        let open = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&draft.part);
        let mut out = BufWriter::new(open.map_err(failed)?);
        file.print(&mut out).map_err(failed)?;
        let out = out.into_inner().map_err(|error| failed(error.into_error()))?;
        out.sync_all().map_err(failed)?;
        Ok(draft)
    }
    /// Gives it its name; never over another file.
    pub fn finish(self) -> Result<(), OverlapError> {
        match std::fs::hard_link(&self.part, &self.path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                Err(OverlapError::file(&self.path, FileProblem::Exists))
            }
            // A stick's file system may have no links.
            Err(_) => std::fs::rename(&self.part, &self.path).map_err(|error| OverlapError::file(&self.path, error)),
            Ok(()) => Ok(()),
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.part);
    }
}

/// Lines of bounded length; empty ones, and line ends of any system, do not count.
struct Lines<'a, R> {
    from: &'a mut R,
    line: String,
}

impl<R: BufRead> Lines<'_, R> {
    fn next(&mut self) -> Result<&str, FileProblem> {
        loop {
            self.line.clear();
            match (&mut *self.from).take(LINE_BYTES_MAX).read_line(&mut self.line) {
                Ok(0) => return Err(FileProblem::Damaged),
                Ok(_) if self.line.trim().is_empty() => {}
                Ok(_) => return Ok(self.line.trim()),
                Err(error) if error.kind() == ErrorKind::InvalidData => return Err(FileProblem::Damaged),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

const MAGIC: &str = "musubi overlap 1";
const HEAD: &str = "head ";
const LIST: &str = "list ";
const CHECK: &str = "check ";
/// A head has some 400 characters; a longer line comes in pieces, none of which is anything.
const LINE_BYTES_MAX: u64 = 2_048;
