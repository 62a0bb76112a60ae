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

/// Largest message that is read.
pub(super) const MESSAGE_BYTES_MAX: u64 = records::limits::MESSAGE_BYTES_MAX as u64;
/// Largest document: what one fetch can carry.
pub(super) const DOCUMENT_BYTES_MAX: u64 = protocol::limits::FETCH_BYTES_MAX - (8 << 20);
/// Largest file that is copied into quarantine; larger ones stay where they are, with the reason.
pub(super) const QUARANTINE_COPY_BYTES_MAX: u64 = 64 << 20;
/// Files of one unit (one patient's day, or one other folder) that are looked at. Its cursor is one value of the store; a
/// patient's undated folder after twenty years of daily updates has 7,000. More are counted as ignored, with this reason.
pub(super) const UNIT_FILES_MAX: usize = 20_000;
/// Folders below a root that are followed; the standard needs eight with a volume and a content folder.
pub(super) const FOLDER_DEPTH_MAX: usize = 16;
/// Bytes of documents are read in pieces of this size.
pub(super) const PIECE_BYTES: usize = 256 << 10;
/// Heads of one day and kind of a patient that are read at once.
pub(super) const HEADS_PAGE: usize = 1_000;
/// Items of the quarantine read at once.
pub(super) const QUARANTINE_PAGE: usize = 500;
/// Reasons are cut here; they are sentences of ours, without anything of a patient.
pub(super) const REASON_CHARS_MAX: usize = 300;
