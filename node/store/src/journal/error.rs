//! Why the journal could not be opened, read or written.
use crate::disk::DiskError;

/// Why the journal could not be opened or read. Nothing was changed on disk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// Bytes that were once acknowledged are no longer what they were. They must come back from a backup.
    #[error(
        "journal/{segment} is damaged at byte {offset} (frame {position}): {what}. Nothing was changed; \
         put this file back from a backup (`musubi store repair --from DIR`) and start again"
    )]
    Damaged {
        /// File name of the segment.
        segment: String,
        /// Where in it.
        offset: u64,
        /// Number of the frame that should be there.
        position: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A segment between others, or the first, is not there.
    #[error(
        "journal/{segment} is missing. Put it back from a backup (`musubi store repair --from DIR`) and start again"
    )]
    Gap {
        /// File name of the missing segment.
        segment: String,
    },
    /// Frames at the beginning are not here, and no snapshot covers them.
    #[error(
        "the journal begins at frame {first}, and no snapshot in snapshots/ covers the frames before it. Put the missing \
         files of journal/ or snapshots/ back from a backup (`musubi store repair --from DIR`) and start again"
    )]
    Uncovered {
        /// Number of the first frame that is here.
        first: u64,
    },
    /// The index has seen more than the journal holds: acknowledged frames are gone from its end.
    #[error(
        "the journal ends at frame {head}, but the index or a snapshot has seen frame {seen}: newer files of journal/ are \
         missing. Put them back (`musubi store repair --from DIR`); if an older journal was put there on purpose, move the folder db/ away and start again"
    )]
    Behind {
        /// Last frame of the journal.
        head: u64,
        /// Last frame that the index has applied.
        seen: u64,
    },
    /// Written by a newer release.
    #[error("journal/{segment} has format {found}, this release reads up to {known}. Install the newer release again")]
    Newer {
        /// File name of the segment.
        segment: String,
        /// Its format.
        found: u8,
        /// The newest format that this release knows.
        known: u8,
    },
    /// The key in `keys/store.key` is not the one that this journal was written with.
    #[error("keys/store.key does not fit journal/{segment}. Put the key of this store back from its backup")]
    WrongKey {
        /// File name of the segment.
        segment: String,
    },
    /// The index holds a frame that is not the one of this journal. The index must be rebuilt.
    #[error("frame {position} of the journal is not the one that the index has seen")]
    Diverged {
        /// Number of the frame.
        position: u64,
    },
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Why a group was not written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// No room; what was written of it was taken back, and the journal goes on when there is room again.
    #[error("the disk is full: nothing was written. Free some space; reading goes on meanwhile")]
    Full,
    /// The write failed and was taken back; the journal goes on.
    #[error("nothing was written: {0}")]
    Write(DiskError),
    /// The group is larger than a frame may be.
    #[error("a group of {bytes} bytes is above the limit of one frame; write it in smaller batches")]
    TooLarge {
        /// Its encoded size.
        bytes: usize,
    },
    /// An earlier failure left the end of the journal in doubt. It takes nothing before the store is opened again.
    #[error("the journal refuses writes since this failure: {0}. Check the disk, then restart the node")]
    Refusing(String),
}
