//! One file of the standardized storage: bytes to a fresh record, or to a reason for quarantine.
use super::contents::{FreshBody, blob_owner};
use super::feed::Feed;
use super::heads::{moment_of, version_name};
use super::limits::MESSAGE_BYTES_MAX;
use super::quarantine::QuarantineReason;
use super::walk::{Seen, print_of};
use crate::bodies::BODY_INLINE_BYTES_MAX;
use protocol::fetch::Digester;
use protocol::ids::{Hash, PatientId, RecordKey};
use protocol::time::{Date, Millis};
use records::model::Patient;
use records::ssmix2::FileName;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use store::{BlobError, Blobs};

/// A version of a record that was read and is not stored yet.
pub(super) struct Fresh {
    pub(super) key: RecordKey,
    pub(super) name: [u8; 16],
    pub(super) at: Millis,
    pub(super) department: String,
    pub(super) title: String,
    pub(super) digest: Hash,
    pub(super) size: u64,
    pub(super) body: FreshBody,
    /// What its PID says of the patient.
    pub(super) patient: Option<Box<Patient>>,
}

impl Fresh {
    /// What it takes in memory.
    pub(super) fn memory(&self) -> usize {
        FRESH_BYTES
            + match &self.body {
                FreshBody::Inline(bytes) => bytes.len(),
                FreshBody::Blob(_, hashes) => hashes.len() * 32,
            }
    }
}

/// Why a file did not become a fresh record.
pub(super) enum ReadError {
    /// Gone between listing and reading; as if it had not been seen.
    Vanished,
    /// It goes to quarantine.
    Unfit(QuarantineReason),
    /// The store's disk refused.
    Store(BlobError),
}

impl From<BlobError> for ReadError {
    fn from(error: BlobError) -> Self {
        Self::Store(error)
    }
}

/// What reading needs.
pub(super) struct Reader<'a> {
    pub(super) root: &'a Root,
    pub(super) feed: &'a Feed,
    pub(super) salt: &'a [u8],
    pub(super) blobs: &'a Blobs,
    /// Counts the files that were opened.
    pub(super) opened: &'a AtomicU64,
}

impl Reader<'_> {
    /// Reads and parses one message. A body too large for a bundle is a blob when this returns.
    pub(super) fn message(&self, name: &FileName, seen: &Seen) -> Result<Fresh, ReadError> {
        let bytes = self.whole(seen)?;
        let parsed = records::parse_file(name, &bytes);
        let reading = parsed.map_err(|failure| unfit(QuarantineReason::Content(failure.to_string())))?.value;
        let mut digester = Digester::new();
        digester.update(&bytes);
        let (digest, hashes) = digester.finish();
        let department = match reading.clinical.department() {
            "" => name.department.clone(),
            shown => shown.to_owned(),
        };
        let key = self.record_key(name, reading.date, name.key.clone())?;
        Ok(Fresh {
            name: version_name(self.salt, self.feed, &name.key, &name.occurred_at, &digest),
            at: moment_of(&name.occurred_at).unwrap_or(seen.print.modified),
            department,
            title: reading.clinical.title(),
            digest,
            size: bytes.len() as u64,
            body: self.body(&key.patient, bytes, hashes)?,
            key,
            patient: Some(Box::new(reading.patient)),
        })
    }

    /// The identity of a stored object.
    pub(super) fn record_key(&self, name: &FileName, date: Option<Date>, key: String) -> Result<RecordKey, ReadError> {
        let patient = PatientId::new(self.feed.authority.clone(), name.patient.expose());
        let patient = patient.map_err(|_| unfit(QuarantineReason::Number))?;
        Ok(RecordKey { facility: self.feed.facility.clone(), patient, kind: name.kind.clone(), care_date: date, key })
    }

    /// Opens a file that is really below the root, whatever links were put in its way since the walk, and still the one that
    /// was listed.
    pub(super) fn open(&self, seen: &Seen) -> Result<File, ReadError> {
        self.opened.fetch_add(1, Ordering::Relaxed);
        let file = self.root.open(&seen.at)?;
        self.is_still(&file, seen)?;
        Ok(file)
    }

    /// Whether a file has size and time of the listing; else a writer is at work.
    pub(super) fn is_still(&self, file: &File, seen: &Seen) -> Result<(), ReadError> {
        let now = file.metadata().map_err(|error| trouble(&error))?;
        if !now.is_file() {
            return Err(trouble(&io::ErrorKind::Unsupported.into()));
        }
        if print_of(&now) == seen.print { Ok(()) } else { Err(unfit(QuarantineReason::Changing)) }
    }

    fn whole(&self, seen: &Seen) -> Result<Vec<u8>, ReadError> {
        let too_large = |size| unfit(QuarantineReason::TooLarge { size, max: MESSAGE_BYTES_MAX });
        if seen.print.bytes > MESSAGE_BYTES_MAX {
            return Err(too_large(seen.print.bytes));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(seen.print.bytes).unwrap_or(0));
        let file = self.open(seen)?;
        (&file).take(MESSAGE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| trouble(&error))?;
        self.is_still(&file, seen)?;
        // A file that is written keeps its time for a moment, but not its length.
        if bytes.len() as u64 == seen.print.bytes { Ok(bytes) } else { Err(unfit(QuarantineReason::Changing)) }
    }

    fn body(&self, patient: &PatientId, bytes: Vec<u8>, hashes: Vec<Hash>) -> Result<FreshBody, ReadError> {
        if bytes.len() <= BODY_INLINE_BYTES_MAX {
            return Ok(FreshBody::Inline(bytes));
        }
        let mut writer = self.blobs.writer_of(&blob_owner(self.salt, patient));
        writer.write(&bytes)?;
        Ok(FreshBody::Blob(writer.finish()?.0, hashes))
    }
}

/// The folder that a scan reads, and nothing outside of it.
pub(super) struct Root {
    pub(super) path: PathBuf,
    /// The folder itself, for systems that open below a folder without following any link.
    #[cfg(target_os = "linux")]
    folder: File,
}

impl Root {
    /// Of the folder at this path, whose own links are followed.
    pub(super) fn open_at(path: &Path) -> io::Result<Self> {
        let path = std::fs::canonicalize(path)?;
        Ok(Self {
            #[cfg(target_os = "linux")]
            folder: File::open(&path)?,
            path,
        })
    }

    /// Opens a file below it. A link anywhere on the way is refused.
    fn open(&self, at: &Path) -> Result<File, ReadError> {
        #[cfg(target_os = "linux")]
        if let Some(opened) = self.open_beneath(at) {
            return opened;
        }
        let real = std::fs::canonicalize(at).map_err(|error| trouble(&error))?;
        if real != at || !real.starts_with(&self.path) {
            return Err(unfit(QuarantineReason::Link));
        }
        open_plain(&real).map_err(|error| trouble(&error))
    }

    /// One call that the system resolves as a whole, instead of one for each folder on the way; none where it cannot.
    #[cfg(target_os = "linux")]
    fn open_beneath(&self, at: &Path) -> Option<Result<File, ReadError>> {
        use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
        use rustix::io::Errno;
        let below = at.strip_prefix(&self.path).ok()?;
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        match openat2(&self.folder, below, flags, Mode::empty(), resolve) {
            Ok(file) => Some(Ok(file.into())),
            Err(Errno::LOOP | Errno::XDEV) => Some(Err(unfit(QuarantineReason::Link))),
            // Older kernels, and sandboxes that do not know the call.
            Err(Errno::NOSYS | Errno::PERM | Errno::AGAIN) => None,
            Err(error) => Some(Err(trouble(&error.into()))),
        }
    }
}

/// A reason for quarantine as an error.
pub(super) fn unfit(reason: QuarantineReason) -> ReadError {
    ReadError::Unfit(reason)
}

/// What the operating system said of a file.
pub(super) fn trouble(error: &io::Error) -> ReadError {
    match error.kind() {
        io::ErrorKind::NotFound => ReadError::Vanished,
        kind => unfit(QuarantineReason::Unreadable(kind.to_string())),
    }
}

/// Opens a file and nothing else: no link is followed, and a pipe or device that was put in its place is not waited for.
///
/// # Errors
/// Of the operating system; `Unsupported` if it is no file.
pub(super) fn open_plain(at: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits().cast_signed());
    }
    let file = options.open(at)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::new(io::ErrorKind::Unsupported, "not a file")) }
}

/// What a fresh record takes in memory beside its body.
const FRESH_BYTES: usize = 2 << 10;
