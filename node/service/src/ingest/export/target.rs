//! The folder of an export: whose it is, what lies in it, the lists beside the storage.
//!
//! `musubi-export/` holds `export.json` (the node's mark), `SHA256SUMS` (every file in place; `sha256sum -c` reads it),
//! `report.tsv` (what is left out or under another name) and, while an export is under way, `part` and lists ending in `.part`.
use super::report::ExportError;
use crate::ingest::limits::PIECE_BYTES;
use protocol::time::Millis;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fs::{self, File, FileTimes, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// A folder that this export may write into.
pub(super) struct Target {
    root: PathBuf,
    own: PathBuf,
    sums: BufWriter<File>,
    report: BufWriter<File>,
    /// Short hashes of the paths in place: tells what of an earlier call has to go.
    placed: HashSet<[u8; 16]>,
    made: PathBuf,
}

impl Target {
    /// Opens a new or empty folder, or one with an export of the node with this mark.
    pub(super) fn open(root: &Path, mark: &str) -> Result<Self, ExportError> {
        let own = root.join(OWN);
        let at = |error| refused(root, &error);
        make_folder(root).map_err(at)?;
        let wanted = format!("{{\"musubi_export\":1,\"node\":\"{mark}\"}}\n");
        match fs::read_to_string(own.join(MARK)) {
            Ok(found) if found == wanted => {}
            Ok(_) => return Err(ExportError::NotEmpty(root.to_owned())),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(error)),
            Err(_) => {
                if fs::read_dir(root).map_err(at)?.next().is_some() {
                    return Err(ExportError::NotEmpty(root.to_owned()));
                }
                make_folder(&own).map_err(at)?;
                let mut file = new_file(&own.join(MARK)).map_err(at)?;
                file.write_all(wanted.as_bytes()).and_then(|()| file.sync_all()).map_err(at)?;
            }
        }
        let prepare = || -> io::Result<(BufWriter<File>, BufWriter<File>)> {
            keep_earlier(&own)?;
            if own.join(PARTS).exists() {
                fs::remove_dir_all(own.join(PARTS))?;
            }
            make_folder(&own.join(PARTS))?;
            let mut report = BufWriter::new(new_file(&own.join(REPORT_PART))?);
            report.write_all(REPORT_HEAD.as_bytes())?;
            Ok((BufWriter::new(new_file(&own.join(SUMS_PART))?), report))
        };
        let (sums, report) = prepare().map_err(|error| refused(&own, &error))?;
        Ok(Self { root: root.to_owned(), own, sums, report, placed: HashSet::new(), made: PathBuf::new() })
    }

    /// A file on its way, not yet at its place.
    pub(super) fn part(&self, number: usize) -> Result<Part, ExportError> {
        let at = self.own.join(PARTS).join(number.to_string());
        let file = new_file(&at).map_err(|error| refused(&at, &error))?;
        Ok(Part { at, file: Some(file), hasher: Sha256::new(), bytes: 0 })
    }

    /// Puts a complete file to its place below the root, unless the same bytes are there. Gives whether they were.
    pub(super) fn put(&mut self, part: Part, to: &Path, modified: Millis) -> Result<bool, ExportError> {
        let sum: [u8; 32] = part.hasher.finalize().into();
        let place = self.root.join(to);
        let at = |error| refused(&place, &error);
        self.list(to, &sum).map_err(at)?;
        if same_bytes(&place, part.bytes, &sum) {
            fs::remove_file(&part.at).map_err(at)?;
            return Ok(true);
        }
        if let Some(time) = UNIX_EPOCH.checked_add(Duration::from_millis(modified.0)) {
            let file = part.file.map_or_else(|| OpenOptions::new().write(true).open(&part.at), Ok).map_err(at)?;
            file.set_times(FileTimes::new().set_modified(time)).map_err(at)?;
        }
        let folder = place.parent().unwrap_or(&self.root);
        if self.made != folder {
            make_folder(folder).map_err(at)?;
            self.made = folder.to_owned();
        }
        fs::rename(&part.at, &place).map_err(at)?;
        Ok(false)
    }

    /// Names something in the report. No field may hold a tab or a line end, so such are written as a space.
    pub(super) fn tell(&mut self, what: &str, fields: [&str; 4]) -> Result<(), ExportError> {
        let clean = fields.map(|field| field.replace(['\t', '\n', '\r'], " "));
        writeln!(self.report, "{what}\t{}", clean.join("\t")).map_err(|error| refused(&self.own, &error))
    }

    /// Ends the export: lists get their names, files of earlier calls that are not in them go. Gives how many.
    pub(super) fn close(mut self) -> Result<(u64, PathBuf), ExportError> {
        let mut close = || -> io::Result<u64> {
            self.sums.flush()?;
            self.report.flush()?;
            let mut removed = 0;
            for name in [SUMS, EARLIER] {
                removed += self.remove_earlier(&self.own.join(name))?;
            }
            self.sums.get_ref().sync_all()?;
            self.report.get_ref().sync_all()?;
            fs::rename(self.own.join(SUMS_PART), self.own.join(SUMS))?;
            fs::rename(self.own.join(REPORT_PART), self.own.join(REPORT))?;
            if self.own.join(EARLIER).exists() {
                fs::remove_file(self.own.join(EARLIER))?;
            }
            fs::remove_dir_all(self.own.join(PARTS))?;
            Ok(removed)
        };
        let removed = close().map_err(|error| refused(&self.own, &error))?;
        Ok((removed, self.own.join(REPORT)))
    }

    fn list(&mut self, path: &Path, sum: &[u8; 32]) -> io::Result<()> {
        let bytes = path.as_os_str().as_encoded_bytes();
        self.placed.insert(short(bytes));
        let odd = bytes.iter().any(|byte| matches!(byte, b'\\' | b'\n' | b'\r'));
        let mut line = if odd { b"\\".to_vec() } else { Vec::new() };
        line.extend_from_slice(data_encoding::HEXLOWER.encode(sum).as_bytes());
        line.extend_from_slice(b"  ");
        for byte in bytes {
            match byte {
                b'\\' => line.extend_from_slice(b"\\\\"),
                b'\n' => line.extend_from_slice(b"\\n"),
                b'\r' => line.extend_from_slice(b"\\r"),
                other => line.push(*other),
            }
        }
        line.push(b'\n');
        self.sums.write_all(&line)?;
        // Before the file is at its place: a call that is cut short must not forget what it wrote.
        self.sums.flush()
    }

    fn remove_earlier(&self, list: &Path) -> io::Result<u64> {
        let file = match File::open(list) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(error),
        };
        let mut removed = 0;
        for line in BufReader::new(file).split(b'\n') {
            let Some(path) = listed(&line?) else { continue };
            if self.placed.contains(&short(path.as_os_str().as_encoded_bytes())) {
                continue;
            }
            match fs::remove_file(self.root.join(path)) {
                Ok(()) => removed += 1,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(removed)
    }
}

/// A file on its way.
pub(super) struct Part {
    at: PathBuf,
    file: Option<File>,
    hasher: Sha256,
    bytes: u64,
}

impl Part {
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        let file = match self.file.take() {
            Some(file) => file,
            None => OpenOptions::new().append(true).open(&self.at)?,
        };
        self.file.insert(file).write_all(bytes)
    }
    /// Gives its handle back: a document may have thousands of files.
    pub(super) fn rest(&mut self) {
        self.file = None;
    }
    pub(super) fn len(&self) -> u64 {
        self.bytes
    }
}

/// What the operating system said of a place.
pub(super) fn refused(at: &Path, error: &io::Error) -> ExportError {
    ExportError::Target { at: at.to_owned(), why: error.to_string() }
}

/// What a call that was cut short had listed is kept until a call ends well.
fn keep_earlier(own: &Path) -> io::Result<()> {
    let unfinished = match fs::read(own.join(SUMS_PART)) {
        Ok(unfinished) => unfinished,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut earlier = OpenOptions::new().create(true).append(true).open(own.join(EARLIER))?;
    earlier.write_all(&unfinished)?;
    earlier.write_all(b"\n")?;
    earlier.sync_all()
}

/// The path in a line of a list; none if it leads elsewhere.
fn listed(line: &[u8]) -> Option<PathBuf> {
    let (line, is_escaped) = line.strip_prefix(b"\\").map_or((line, false), |line| (line, true));
    let path = line.get(SUM_CHARS..).filter(|path| !path.is_empty())?;
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.iter();
    while let Some(byte) = rest.next() {
        match (is_escaped, byte) {
            (true, b'\\') => bytes.push(match rest.next()? {
                b'n' => b'\n',
                b'r' => b'\r',
                other => *other,
            }),
            _ => bytes.push(*byte),
        }
    }
    #[cfg(unix)]
    let path = PathBuf::from(<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes));
    #[cfg(not(unix))]
    let path = PathBuf::from(String::from_utf8(bytes).ok()?);
    let only_down = path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    only_down.then_some(path)
}

fn same_bytes(place: &Path, bytes: u64, sum: &[u8; 32]) -> bool {
    if !fs::symlink_metadata(place).is_ok_and(|data| data.is_file() && data.len() == bytes) {
        return false;
    }
    let Ok(mut file) = File::open(place) else { return false };
    let (mut hasher, mut piece) = (Sha256::new(), vec![0; PIECE_BYTES.min(usize::try_from(bytes).unwrap_or(0) + 1)]);
    loop {
        match file.read(&mut piece) {
            Ok(0) => return <[u8; 32]>::from(hasher.finalize()) == *sum,
            Ok(count) => hasher.update(&piece[..count]),
            Err(_) => return false,
        }
    }
}

fn short(path: &[u8]) -> [u8; 16] {
    let hash: [u8; 32] = Sha256::digest(path).into();
    let mut short = [0; 16];
    short.copy_from_slice(&hash[..16]);
    short
}

/// Folders that only the node's account may read: what is written is plain.
fn make_folder(at: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(at)
}

fn new_file(at: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(at)
}

/// The folder beside the storages.
pub(super) const OWN: &str = "musubi-export";
const MARK: &str = "export.json";
const SUMS: &str = "SHA256SUMS";
const SUMS_PART: &str = "SHA256SUMS.part";
const EARLIER: &str = "earlier.list";
const REPORT: &str = "report.tsv";
const REPORT_PART: &str = "report.tsv.part";
const PARTS: &str = "part";
const REPORT_HEAD: &str = "what\tfacility\tfeed\tpath\twhy\n";
/// Hexadecimal digits and two spaces before a path.
const SUM_CHARS: usize = 66;

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder").flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn row_146_an_export_writes_nowhere_else_over_nothing_else_and_leaves_no_part_on_a_full_disk() {
        let folder = tempfile::tempdir().expect("a folder");
        // A list that was tampered with leads nowhere outside, and so removes nothing there.
        let line = |path: &str| [vec![b'0'; SUM_CHARS], path.as_bytes().to_vec()].concat();
        for outside in ["../other/file", "/etc/passwd", "a/../../b", "./a", "", "..", "a/./../.."] {
            assert_eq!(
                listed(&line(outside)).filter(|path| path.starts_with("..") || path.is_absolute()),
                None,
                "{outside}"
            );
        }
        assert_eq!(listed(&line("../x")), None);
        assert_eq!(listed(&line("a/b")), Some(PathBuf::from("a/b")));
        // Over what somebody else wrote: refused, and it stays as it is.
        let taken = folder.path().join("taken");
        fs::create_dir(&taken).expect("made");
        fs::write(taken.join("notes.txt"), "mine").expect("written");
        assert!(matches!(Target::open(&taken, "m"), Err(ExportError::NotEmpty(_))));
        assert_eq!(
            (names(&taken), fs::read_to_string(taken.join("notes.txt")).expect("read")),
            (vec!["notes.txt".to_owned()], "mine".to_owned())
        );
        let file = folder.path().join("file");
        fs::write(&file, "mine").expect("written");
        assert!(matches!(Target::open(&file, "m"), Err(ExportError::Target { .. })));
        assert_eq!(fs::read_to_string(&file).expect("read"), "mine");
        // On a full disk: the place stays empty, whether the bytes or their line in the list do not fit.
        let full = || OpenOptions::new().write(true).open("/dev/full").expect("a full disk");
        let root = folder.path().join("new");
        let mut target = Target::open(&root, "m").expect("opened");
        let mut part = target.part(1).expect("begun");
        part.file = Some(full());
        assert_eq!(part.write(&vec![7; 1 << 20]).expect_err("full").kind(), io::ErrorKind::StorageFull);
        assert_eq!(names(&root), [OWN]);
        let mut part = target.part(2).expect("begun");
        part.write(b"record").expect("written");
        target.sums = BufWriter::new(full());
        let put = target.put(part, Path::new("1319999999/main/x"), Millis(0));
        assert!(matches!(put, Err(ExportError::Target { .. })), "{put:?}");
        assert_eq!(names(&root), [OWN], "no record without its line");
        drop(target);
        // The next call takes what was begun away and goes on.
        let mut target = Target::open(&root, "m").expect("opened again");
        assert_eq!(names(&root.join(OWN).join(PARTS)), Vec::<String>::new());
        let mut part = target.part(1).expect("begun");
        part.write(b"record").expect("written");
        target.put(part, Path::new("1319999999/main/x"), Millis(0)).expect("put");
        target.close().expect("ended");
        assert_eq!(fs::read(root.join("1319999999/main/x")).expect("read"), b"record");
        assert!(!root.join(OWN).join(PARTS).exists());
    }
}
