//! Every bound of the use cases, each with its reason.

/// Commands that wait for the Engine: more means that it does not keep up, and the caller hears *busy*.
pub const COMMANDS_MAX: usize = 256;
/// Events that wait for one answer: a late row and the real one, and some room.
pub const ANSWERS_MAX: usize = 8;
/// Events that wait for one subscriber; a slower one loses some and asks the board instead.
pub const EVENTS_MAX: usize = 1_024;
/// Subscribers at once: pages that follow a read live.
pub const SUBSCRIBERS_MAX: usize = 256;
/// Longest wait for the Engine to carry out a command that needs the disk only.
pub const COMMAND_WAIT_MS: u64 = 30_000;
/// Longest wait of a read beyond the time that the reader gave its holders.
pub const ANSWER_GRACE_MS: u64 = 5_000;
/// Alarms that a status page remembers; the log has them all.
pub const ALARMS_MAX: usize = 64;
/// Longest wait for a picture of the Engine; a status page then shows that it is busy.
pub const SNAPSHOT_WAIT_MS: u64 = 2_000;
/// Publications in one command: about 1 MiB of identity strings.
pub const PUBLISH_CHUNK: usize = 1_000;
const _: () = assert!(PUBLISH_CHUNK <= protocol::limits::PUBLICATIONS_MAX);
/// Members of staff are known by a number of at most so many characters.
pub const STAFF_CHARS_MAX: usize = 64;
/// A file of signed objects from outside: an accord with two charters is below 30 kB.
pub const OBJECT_FILE_BYTES_MAX: usize = 1 << 20;
/// Signed objects in one such file.
pub const OBJECTS_IN_FILE_MAX: usize = 64;
/// How long before its end a node key is renewed, if the facility's root is at hand.
pub const NODE_KEY_RENEW_MS: u64 = 30 * protocol::time::DAY_MS;
/// How far before now a membership begins, so that no member's clock finds it in the future.
pub const BACKDATE_MS: u64 = protocol::limits::CLOCK_TOLERANCE_MS;
/// Longest wait for witnesses when somebody asks for evidence at once.
pub const WITNESS_WAIT_MS: u64 = 5_000;
/// Events that a list of the log shows at most.
pub const LOG_PAGE_MAX: usize = 10_000;
/// How long an accord lasts if nobody says otherwise: a year.
pub const ACCORD_MS: u64 = 365 * protocol::time::DAY_MS;
/// The items of an answer up to this size are kept as values: one sync of the journal makes them durable with the leaf. Those
/// of a larger answer lie in a file, which is written once instead of twice (journal and index).
pub const KEPT_INLINE_BYTES_MAX: u64 = 256 << 10;
/// Records whose contents one page reads at once: ten years of a chronic patient at six holders. A page that wants more shows
/// a shorter period.
pub const CONTENTS_MAX: usize = 1_500;
/// A copied document of which one file is opened in a page: scanned charts have some ten MiB. Larger ones are saved by command.
pub const COPIED_FILE_BYTES_MAX: u64 = 64 << 20;
