//! Bounds of linking within a node.

/// Patients whose decisions share one transaction.
pub(super) const PAGE: usize = 128;
/// Patients under one key that are looked at. A larger block says little: its members count only if another key joins them.
pub(super) const BLOCK_MAX: usize = 64;
/// Candidates of one patient that are weighed; those with the most keys in common come first.
pub(super) const CANDIDATES_MAX: usize = 256;
/// Assertions about one patient that are read. A rule makes few, and people do not make a thousand.
pub(super) const LINES_MAX: usize = 1_000;
/// Patients of one person that are followed; a rule joins at most 50.
pub(super) const MEMBERS_MAX: usize = 200;
/// Bytes of one part of a census: far below the largest value.
pub(super) const CENSUS_PART_BYTES: usize = 48 << 10;
/// Questions in one list.
pub(super) const QUESTIONS_MAX: usize = 200;
/// Questions read to find the most urgent ones.
pub(super) const QUESTIONS_READ_MAX: usize = 20_000;
/// Characters of a reason.
pub(super) const REASON_CHARS_MAX: usize = 300;
/// For how long a question may be put off.
pub(super) const LATER_DAYS_MAX: u32 = 366;
/// Looks through one link that are listed.
pub(super) const LOOKS_MAX: usize = 1_000;
/// How long a word can be taken back by who said it: a slip is seen at once. What was said earlier is undone.
pub(super) const SLIP_MS: u64 = 10 * protocol::time::MINUTE_MS;
/// Members of staff whose last word is looked at when a patient is erased: more than a node has accounts.
pub(super) const SLIPS_MAX: usize = 10_000;
/// Links in the list of the newest ones.
pub(super) const RECENT_MAX: usize = 20;
