//! Every bound of taking in, with its reason.

/// When a batch is committed. Each costs one sync of the disk; a larger one repeats more work after a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// Files read.
    pub files: usize,
    /// Bytes held in memory.
    pub bytes: usize,
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self { files: 500, bytes: 8 << 20 }
    }
}

const _: () = assert!(8 << 20 <= store::limits::BATCH_BYTES_MAX / 2);

/// Workers of one scan, if there are nearly as many cores: each holds a batch of [`BatchLimits::bytes`], and the store's one writer
/// takes what three of them read.
pub(super) const SCAN_WORKERS_MAX: usize = 4;
/// Loads that wait for a worker; listed files take some 300 bytes each.
pub(super) const LOADS_WAITING_MAX: usize = 4;
/// A load is handed out at this many files even if the patient has more.
pub(super) const LOAD_FILES_MAX: usize = 1_000;
/// Largest message that is read.
pub(super) const MESSAGE_BYTES_MAX: u64 = records::limits::MESSAGE_BYTES_MAX as u64;
/// Largest document: what one fetch can carry.
pub(super) const DOCUMENT_BYTES_MAX: u64 = protocol::limits::FETCH_BYTES_MAX - (8 << 20);
/// Largest file that is copied into quarantine; larger ones stay where they are, with the reason.
pub(super) const QUARANTINE_COPY_BYTES_MAX: u64 = 64 << 20;
/// Files of one unit (one patient's day, or one other folder) that are looked at. Its cursor is one value of the store; a
/// patient's undated folder after twenty years of daily updates has 7,000. More are counted as ignored, with this reason.
pub(super) const UNIT_FILES_MAX: usize = 20_000;
/// A unit in which files change or vanish under the reader is listed again and read again, so often in one scan; the next
/// scan goes on with what is left.
pub(super) const UNIT_TRIES: u32 = 3;
/// Folders that one turn of following a journal looks at; the next turn goes on. A busy hospital changes some hundred an hour.
pub(super) const TAIL_UNITS_MAX: usize = 10_000;
/// Files of a journal: one or some a day, for twenty years.
pub(super) const TAIL_FILES_MAX: usize = 100_000;
/// A header line has some hundred bytes; longer lines are text of messages.
pub(super) const TAIL_LINE_BYTES_MAX: usize = 1 << 10;
/// Folders of volumes below one root.
pub(super) const TAIL_VOLUMES_MAX: usize = 64;
/// Folders below a root that are followed; the standard needs eight with a volume and a content folder.
pub(super) const FOLDER_DEPTH_MAX: usize = 16;
/// Bytes of documents are read in pieces of this size.
pub(super) const PIECE_BYTES: usize = 256 << 10;
/// Heads of one day and kind of a patient that are read at once.
pub(super) const HEADS_PAGE: usize = 1_000;
/// Items of the quarantine read at once.
pub(super) const QUARANTINE_PAGE: usize = 500;
/// Units whose cursors are read at once for an export; a cursor may have 4 MiB, most have some hundred bytes.
pub(super) const EXPORT_PAGE: usize = 64;
/// Reasons are cut here; they are sentences of ours, without anything of a patient.
pub(super) const REASON_CHARS_MAX: usize = 300;
