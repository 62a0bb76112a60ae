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
use std::path::Path;
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
    pub(super) root: &'a Path,
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
        let real = std::fs::canonicalize(&seen.at).map_err(|error| trouble(&error))?;
        if real != seen.at || !real.starts_with(self.root) {
            return Err(unfit(QuarantineReason::Link));
        }
        self.opened.fetch_add(1, Ordering::Relaxed);
        let file = open_plain(&real).map_err(|error| trouble(&error))?;
        self.is_still(&file, seen)?;
        Ok(file)
    }

    /// Whether a file has size and time of the listing; else a writer is at work.
    pub(super) fn is_still(&self, file: &File, seen: &Seen) -> Result<(), ReadError> {
        let now = file.metadata().map_err(|error| trouble(&error))?;
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
