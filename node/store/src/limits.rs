//! Every bound of the store, with its reason.
use std::time::Duration;

/// Largest key. The widest key of the house plan has about 100 bytes; longer ones are a mistake of the caller.
pub const KEY_BYTES_MAX: usize = 512;
/// From here on a value belongs into [`crate::Blobs`]: sled writes large values several times over.
pub const VALUE_BYTES_INLINE: usize = 64 << 10;
/// From here on the index keeps a value beside sled, which writes it several times over and keeps as much of it dead. Each group
/// of writes with such a value costs one sync more, after the answers.
pub const FAR_BYTES_MIN: usize = 1 << 10;
/// As [`FAR_BYTES_MIN`], in the spaces that taking in fills: a head has some 250 bytes, and sled keeps three times as much.
pub const FAR_INTAKE_BYTES_MIN: usize = 128;
/// Values that lie one behind the other are read in one piece up to here: the heads of a patient, say.
pub const READ_TOGETHER_BYTES_MAX: u64 = 256 << 10;
/// A file of such values is closed at this size; it goes as a whole when less than half of it is alive.
pub const PACK_BYTES_MAX: u64 = 64 << 20;
/// Such files that are kept open for reading: 8 GiB of values. A process may have 1,024 files open where nobody raised that.
pub const PACKS_OPEN_MAX: usize = 128;
/// Largest value that is taken at all. Above it sled would make a file of its own for each value, or worse.
pub const VALUE_BYTES_MAX: usize = 4 << 20;
/// Largest batch. 10,000 index changes with their manifest are about 2 MiB.
pub const BATCH_BYTES_MAX: usize = 24 << 20;
/// A group of batches is closed at this size, so that one frame of the journal stays readable in one piece.
pub const GROUP_BYTES_MAX: usize = 8 << 20;
/// A group of batches is closed at this many writes: larger ones hold readers up while they are applied.
pub const GROUP_WRITES_MAX: usize = 2_000;
/// Most batches in one group; with [`GROUP_WRITES_MAX`] it bounds how long the first caller waits (about 10 ms).
pub const GROUP_BATCHES_MAX: usize = 512;
/// Largest plain payload of one frame: a full group and the batch that filled it, with their encoding.
pub const FRAME_BYTES_MAX: usize = 40 << 20;
const _: () = assert!(GROUP_BYTES_MAX + BATCH_BYTES_MAX + (BATCH_BYTES_MAX >> 3) < FRAME_BYTES_MAX);
/// A segment of the journal is closed at this size. Small enough to be read whole on a clinic's machine.
pub const SEGMENT_BYTES_DEFAULT: u64 = 16 << 20;
/// Smallest segment that may be configured (tests and the simulator use small ones).
pub const SEGMENT_BYTES_MIN: u64 = 1 << 10;
/// Batches waiting for the writer. At 2,000 small batches a second this is half a second; beyond it callers hear "busy".
pub const QUEUE_BATCHES_MAX: usize = 1_024;
/// sled's page cache unless configured. Not a ceiling on its memory, but most of it.
pub const CACHE_BYTES_DEFAULT: u64 = 16 << 20;
/// The file that is given back to the disk when it is full: enough for about 1,000 batches of the desk.
pub const RESERVE_BYTES_DEFAULT: u64 = 4 << 20;
/// The index takes what was acknowledged when nothing came for so long, since it takes longer than the sync of the journal
/// that somebody waits for; until then it is read from memory.
pub const INDEX_PAUSE: Duration = Duration::from_millis(20);
/// With so much waiting it takes it before the next group.
pub const INDEX_BYTES_MAX: usize = 256 << 10;
/// Writes that the index could not take are held in memory up to here; then the store refuses further batches.
pub const LAG_BYTES_MAX: usize = 16 << 20;
/// After the index could not take a group it is given the next only with so many waiting, or when no more fit into memory:
/// on a disk that is still full each try costs opening it anew.
pub const INDEX_AGAIN_GROUPS: u64 = 16;
/// Writes that an index which was opened anew had lost and that are held in memory instead; sled flushes twice a second.
pub const ANEW_BYTES_MAX: usize = 64 << 20;
/// Plain bytes of one frame of a blob: the unit of transfer of the house plan.
pub const CHUNK_BYTES: usize = 256 << 10;
/// Largest blob: a whole-body CT series is about 1 GiB.
pub const BLOB_BYTES_MAX: u64 = 4 << 30;
/// Most chunks of a blob.
pub const BLOB_CHUNKS_MAX: u64 = BLOB_BYTES_MAX / CHUNK_BYTES as u64;
const _: () = assert!(BLOB_BYTES_MAX.is_multiple_of(CHUNK_BYTES as u64));
/// Values of this size and above are tried with zstd in the spaces that hold text; shorter ones rarely shrink.
pub const PACK_BYTES_MIN: usize = 256;
/// Keys of patients that are kept open in memory, some 200 bytes each: those of a day's patients.
pub const KEYS_CACHED_MAX: usize = 8_192;
/// Blocks of sealed keys that are kept in memory, 16 KiB each: a scan over all patients reads each block once.
pub const BLOCKS_CACHED_MAX: usize = 64;
/// Blocks of 256 keys that one group may make: a million patients, 64 MiB. A number further ahead is a mistake.
pub const BLOCKS_AHEAD_MAX: u64 = 4_096;
/// Append handles that the real disk keeps open: the journal and some blobs on their way in.
pub const HANDLES_MAX: usize = 16;
/// A snapshot is made when the journal behind the newest one is larger than this, and than that one. Below it replaying is
/// a matter of seconds; doubling keeps what is written for snapshots in proportion to what was written at all.
pub const SNAPSHOT_JOURNAL_BYTES_MIN: u64 = 256 << 20;
/// So many good snapshots must cover a segment before it goes, and are kept: damage to the newest one costs nothing.
pub const SNAPSHOTS_KEPT: usize = 2;
/// The newest segments stay whatever covers them: what is read most after a crash has two copies.
pub const SEGMENTS_KEPT_MIN: usize = 4;
/// A page of a snapshot is closed at this size: large enough to pack well, small enough to be read in one piece.
pub const SNAPSHOT_PAGE_BYTES: usize = 512 << 10;
/// Plain bytes of frames that are sorted in memory while a snapshot is made; what is more waits in files beside it.
pub const SNAPSHOT_SORT_BYTES: usize = 48 << 20;
