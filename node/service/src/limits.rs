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
/// A scan of a signed paper: some pages in grey with 200 dpi have one MiB, a photograph of a tablet has five.
pub const PAPER_BYTES_MAX: u64 = 10 << 20;
/// Name, and relation, of who speaks for a patient.
pub const PROXY_CHARS_MAX: usize = 100;
/// Statements that one list of ending consents looks through: about two seconds of a clinic's machine.
pub const RECEIPTS_LOOKED_MAX: usize = 200_000;
/// A password counts by its length; ten characters with a second factor.
pub const PASSWORD_CHARS_MIN: usize = 10;
/// Longer ones are no safer and cost work.
pub const PASSWORD_CHARS_MAX: usize = 128;
/// Attempts on one login before the next has to wait: a person needs two to come in, and mistypes.
pub const LOGIN_GUESSES_FREE: u32 = 6;
/// Attempts from one source before it has to wait: a ward behind one address comes in at the change of shifts.
pub const SOURCE_GUESSES_FREE: u32 = 40;
/// Longest wait for one login: about a hundred guesses a day.
pub const LOGIN_WAIT_MS_MAX: u64 = 15 * protocol::time::MINUTE_MS;
/// Longest wait for one source; shorter, since others come from it too.
pub const SOURCE_WAIT_MS_MAX: u64 = 2 * protocol::time::MINUTE_MS;
/// After so long without an attempt, earlier ones are forgotten.
pub const GUESS_FORGET_MS: u64 = 12 * protocol::time::HOUR_MS;
const _: () = assert!(GUESS_FORGET_MS > LOGIN_WAIT_MS_MAX);
/// Logins, and sources, whose attempts are counted at once: 32 bytes each.
pub const THROTTLED_MAX: usize = 4_096;
/// A session that nobody uses ends after a round on the ward.
pub const SESSION_IDLE_MS: u64 = 30 * protocol::time::MINUTE_MS;
/// A session ends after a shift, whatever is done with it.
pub const SESSION_MS: u64 = 12 * protocol::time::HOUR_MS;
/// Between password and second factor.
pub const SESSION_PENDING_MS: u64 = 10 * protocol::time::MINUTE_MS;
/// How often a session's use is written down.
pub const SESSION_TOUCH_MS: u64 = protocol::time::MINUTE_MS;
/// Sessions of one person at once: ward, office, tablet. The oldest ends.
pub const SESSIONS_OF_ONE_MAX: usize = 8;
/// The set-up link of a node without staff.
pub const SETUP_LINK_MS: u64 = 30 * protocol::time::MINUTE_MS;
/// A one-time code for a new member of staff, or after a reset: over a weekend.
pub const ONCE_CODE_MS: u64 = 72 * protocol::time::HOUR_MS;
/// Recovery codes of one person.
pub const RECOVERY_CODES: usize = 8;
/// Passkeys of one person: office, ward, phone, a key in a drawer.
pub const PASSKEYS_OF_ONE_MAX: usize = 10;
/// A challenge waits for its answer as long as the form around it.
pub const CHALLENGE_MS: u64 = SESSION_PENDING_MS;
/// Challenges that stand open at once: 72 bytes each; the oldest makes room.
pub const CHALLENGES_MAX: usize = 4_096;
/// Longest identifier of a passkey (WebAuthn, section 4).
pub const PASSKEY_ID_BYTES_MAX: usize = 1_023;
/// Entries of one map from an authenticator; keys have five.
pub const CBOR_ENTRIES_MAX: usize = 32;
/// Values within values from an authenticator.
pub const CBOR_DEPTH_MAX: usize = 4;
/// Accounts of one node: the staff of a large hospital.
pub const ACCOUNTS_MAX: usize = 10_000;
/// Lines of one list of staff.
pub const IMPORT_LINES_MAX: usize = 2_000;
/// Bytes of one list of staff.
pub const IMPORT_BYTES_MAX: usize = 512 << 10;
/// Characters of a name or department.
pub const STAFF_TEXT_CHARS_MAX: usize = 80;
/// Characters of a login.
pub const LOGIN_CHARS_MAX: usize = 40;
/// Events at the end of the log in which a person's own accesses are looked for.
pub const OWN_EVENTS_LOOKED: u64 = 20_000;
/// Own accesses that are shown.
pub const OWN_EVENTS_SHOWN: usize = 100;
/// Bundles of 60 KiB that stay open while an answer is sent: the records of a busy day lie in a few, in any order.
pub const BUNDLES_OPEN_MAX: usize = 8;
