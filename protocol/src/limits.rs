//! Every bound of the core, each with its reason. Operators may turn those that the configuration names.
use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};

// --- wire -----------------------------------------------------------------------------------------------------------
/// The version this build speaks; it also reads the one before.
pub const WIRE_VERSION: u32 = 1;
/// The oldest version it still reads.
pub const WIRE_VERSION_MIN: u32 = 1;
/// One frame of `/musubi/msg/1`; checked before anything is allocated.
pub const FRAME_BYTES_MAX: usize = 1 << 20;
/// State objects in one frame: about 600 bytes each, so half a frame at most.
pub const OBJECTS_PER_FRAME: usize = 500;
/// Body of one state object. A charter of a hundred founders is about 10 kB.
pub const OBJECT_BYTES_MAX: usize = 64 << 10;
/// Signatures on one object: more founders than any network has.
pub const SIGNATURES_MAX: usize = 64;
/// Heads in one frame: 26 bytes each.
pub const HEADS_MAX: usize = 20_000;
/// Longest free text in an object (names, reasons, addresses).
pub const TEXT_BYTES_MAX: usize = 512;
/// Addresses or contacts in one object.
pub const ADDRESSES_MAX: usize = 16;
/// Open invites that one node's directory lists.
pub const INVITES_MAX: usize = 64;
/// Bytes that a refusal is padded to, so that refusals of every reason look alike.
pub const ANSWER_PADDED_BYTES: usize = 512;

// --- state ----------------------------------------------------------------------------------------------------------
/// Founders of one network.
pub const FOUNDERS_MAX: usize = 32;
/// Clauses of one accord.
pub const CLAUSES_MAX: usize = 64;
/// Life of a membership: thirteen months, so that the yearly renewal has a month of slack.
pub const MEMBERSHIP_MS: u64 = 396 * DAY_MS;
/// Life of a node key.
pub const NODE_KEY_MS: u64 = 90 * DAY_MS;
/// How long an invite is open.
pub const INVITE_MS: u64 = 7 * DAY_MS;
/// A signature from further ahead than this is refused: the signer's clock is wrong or it lies.
pub const CLOCK_TOLERANCE_MS: u64 = 5 * MINUTE_MS;
/// How far after the newest moment on disk a start is believed without a word of the operator: a clinic closes for two weeks, and
/// a mistyped month or year goes further. What is written then can never be called back.
pub const CLOCK_START_AHEAD_MS: u64 = 14 * crate::time::DAY_MS;
/// How long one founder alone may suspend: over a weekend, until the others can be asked.
pub const SUSPENSION_MS_MAX: u64 = 72 * HOUR_MS;
/// After what time the same founder may suspend the same again.
pub const SUSPENSION_AGAIN_MS: u64 = 14 * DAY_MS;
const _: () = assert!(SUSPENSION_MS_MAX < SUSPENSION_AGAIN_MS);
/// How long k founders may declare a disaster for; they may declare it again.
pub const DISASTER_MS_MAX: u64 = 30 * DAY_MS;
/// How long one founder alone may.
pub const DISASTER_ONE_MS_MAX: u64 = DAY_MS;
/// Prefectures and parts of them in one declaration: there are 47.
pub const DISASTER_AREAS_MAX: usize = 64;
/// Versions of charters in one proposal: two networks that changed theirs every year for decades.
pub const CHARTERS_MAX: usize = 64;
/// Half-signed objects that wait for founders; the oldest goes first.
pub const PROPOSALS_MAX: usize = 256;
/// Requests to join that wait at a founder's node.
pub const JOINS_MAX: usize = 256;

// --- rhythm ---------------------------------------------------------------------------------------------------------
/// How often two connected peers compare what they hold.
pub const SYNC_INTERVAL_MS: u64 = 5 * MINUTE_MS;
/// How often a changed log gets a checkpoint.
pub const CHECKPOINT_INTERVAL_MS: u64 = MINUTE_MS;
/// How often additions to the index are published; removals go at once.
pub const PUBLISH_INTERVAL_MS: u64 = MINUTE_MS;
/// How often a manifest is signed anew although nothing changed.
pub const MANIFEST_RENEW_MS: u64 = DAY_MS;
/// How long a manifest is valid.
pub const MANIFEST_MS: u64 = 35 * DAY_MS;
/// How long a joining node waits before it asks its contact again.
pub const JOIN_RETRY_MS: u64 = 5 * SECOND_MS;
/// How many peers get a new object pushed; they pass it on.
pub const PUSH_PEERS: usize = 3;
/// How long a reader waits for a holder to be reached before it shows it as offline.
pub const DIAL_WAIT_MS: u64 = 5 * SECOND_MS;
/// How long a reader waits for an answer before the row says *late*.
pub const ANSWER_WAIT_MS: u64 = 30 * SECOND_MS;
/// How long a holder remembers that it executed a request; requests live shorter (see below), so none runs twice.
pub const EXECUTED_KEPT_MS: u64 = 2 * DAY_MS;
/// Longest life of a request, from making to deadline.
pub const REQUEST_LIFE_MS: u64 = HOUR_MS;
const _: () = assert!(EXECUTED_KEPT_MS > 2 * (REQUEST_LIFE_MS + CLOCK_TOLERANCE_MS));
/// How long a reader may keep what it fetched, unless an accord says less.
pub const COPY_MS: u64 = DAY_MS;

// --- work -----------------------------------------------------------------------------------------------------------
/// Fetches under way at one reader.
pub const FETCHES_MAX: usize = 1_024;
/// Transfers that one holder serves at once.
pub const SERVES_MAX: usize = 64;
/// Answers up to this size travel behind the decision on the message stream; a bulk stream costs a round trip more.
pub const INLINE_BYTES_MAX: u64 = 64 << 10;
/// Changes of one shelf in one frame: 88 bytes each, within [`FRAME_BYTES_MAX`].
pub const CHANGES_PER_FRAME: usize = 10_000;
const _: () = assert!(CHANGES_PER_FRAME * 88 < FRAME_BYTES_MAX);
/// Changes collected for one shelf before its root is checked: 132 MB at most; a shelf of a million entries and the
/// removals that are still remembered.
pub const CHANGES_STAGED_MAX: usize = 1_500_000;
/// Cells of the first round of a repair: enough to find some 75 differences, and to tell how many there are to an eighth.
pub const SKETCH_CELLS_FIRST: usize = 128;
/// Cells of one repair in all: about 360,000 differences. Above it the whole shelf is sent.
pub const SKETCH_CELLS_MAX: usize = 1 << 19;
/// Cells in one frame, of at most 17 bytes each.
pub const SKETCH_CELLS_PER_FRAME: usize = 60_000;
const _: () = assert!(SKETCH_CELLS_PER_FRAME * 17 < FRAME_BYTES_MAX);
/// Rounds of one repair; after them the whole shelf is sent. One does for few differences, two for many nineteen times in twenty.
pub const SKETCH_ROUNDS_MAX: u32 = 3;
/// Sketches of others that this node holds at once, 12 MiB each at most; the oldest goes, and its sender begins again.
pub const SKETCHES_MAX: usize = 4;
/// Above one difference for so many entries the whole shelf is sent: finding and sending half of it takes six tenths of its bytes,
/// and three times the work and the round trips.
pub const REPAIR_SHARE: u64 = 2;
/// How soon a peer may have the same shelf compared again: a comparison reads all of it.
pub const REPAIR_PAUSE_MS: u64 = 10 * SECOND_MS;
/// How long a peer that claimed a newer shelf and did not deliver it is not asked for that shelf; doubles each time.
pub const CLAIM_PAUSE_MS: u64 = MINUTE_MS;
/// The longest such pause.
pub const CLAIM_PAUSE_MS_MAX: u64 = 4 * HOUR_MS;
/// Broken claims remembered; those that end soonest go first.
pub const CLAIMS_MAX: usize = 4_096;
/// Shelves being followed at once: more than all holders of a prefecture have. The others wait for the next comparison of heads.
pub const SHELVES_FOLLOWED_MAX: usize = 4_096;
/// Publications in one command.
pub const PUBLICATIONS_MAX: usize = 10_000;
/// Strikes after which a peer is hung up on and backed off from.
pub const STRIKES_MAX: u32 = 8;
/// Witnesses that make a checkpoint good, or all others if there are fewer.
pub const WITNESSES: usize = 3;
/// Questions about links waiting at one holder's desk.
pub const LINK_ASKS_MAX: usize = 1_000;

/// Values of a patient that a blind confirmation compares, always as many: about what names, birth date, sex, telephone,
/// insurance, house and card give in their forms. Three times as many multiplications on each side, a few milliseconds.
pub const CONFIRM_VALUES: usize = 40;
/// Longest wait for the other side's next word in a confirmation. Both sides only compute.
pub const CONFIRM_WAIT_MS: u64 = 20 * SECOND_MS;
/// Confirmations under way at once: each is a few kilobytes and milliseconds.
pub const CONFIRMS_MAX: usize = 64;
/// Confirmations about one handle in a day. A dishonest holder tests some forty guesses in each, a dishonest asker one record; a
/// visit needs one, and one more if a line breaks.
pub const CONFIRMS_A_DAY_HANDLE: u32 = 4;
/// Confirmations that one member of staff asks for in a day: a full day at a reception desk, each with a new patient.
pub const CONFIRMS_A_DAY_STAFF: u32 = 100;
/// Confirmations that one node asks for, or is asked by one node, in a day: new patients of a large hospital.
pub const CONFIRMS_A_DAY_NODE: u32 = 1_000;
const _: () = assert!(CONFIRMS_A_DAY_HANDLE < CONFIRMS_A_DAY_STAFF && CONFIRMS_A_DAY_STAFF < CONFIRMS_A_DAY_NODE);

// --- consent, policy, index -----------------------------------------------------------------------------------------

/// Receipts read from the store at once. A patient has a handful; the page only bounds one look at the disk.
pub const CONSENT_PAGE: usize = 256;
/// Withdrawals whose spread is followed at once; of those above it a certificate says what was heard until a restart.
pub const RECALLS_MAX: usize = 100_000;
/// Nodes on one certificate: all of a prefecture.
pub const CERTIFICATE_NODES_MAX: usize = 2_000;
/// A certificate's file: about 300 bytes for a node that had copies, and 33 for each read.
pub const CERTIFICATE_BYTES_MAX: usize = 4 << 20;
/// Age of the newest confirmed state up to which all is well.
pub const STATE_GREEN_MS: u64 = 24 * HOUR_MS;
/// Age up to which reads work with a warning; above it own records, sealed summaries and emergency reads only.
pub const STATE_AMBER_MS: u64 = 72 * HOUR_MS;
/// Span over which requests of one reader are counted.
pub const QUOTA_WINDOW_MS: u64 = HOUR_MS;
/// Requests that one reader may make at one holder in that window: a busy hospital's morning, far below enumeration.
pub const QUOTA_REQUESTS: u32 = 5_000;
/// Readers counted at once: far above all members of all networks that a node can have an accord with. Above it a reader
/// that was not counted before is told that we are busy.
pub const QUOTA_READERS_MAX: usize = 10_000;
/// How long after an emergency read the holder's desk should have reviewed it.
pub const EMERGENCY_REVIEW_MS: u64 = 7 * DAY_MS;
/// How long after an unreviewed emergency read the reader may make no other.
pub const EMERGENCY_LAPSE_MS: u64 = 14 * DAY_MS;
const _: () = assert!(EMERGENCY_REVIEW_MS < EMERGENCY_LAPSE_MS);
/// Emergency requests of one reader at one holder in [`QUOTA_WINDOW_MS`]: a bus accident, and below a morning's look at a ward.
pub const EMERGENCY_REQUESTS: u32 = 60;
/// Transfers for emergencies above [`SERVES_MAX`]: the lane that stays free.
pub const EMERGENCY_SERVES: usize = 16;
/// Reason in words: a line or two.
pub const EMERGENCY_TEXT_CHARS_MAX: usize = 200;
/// Dates of laboratory results that an emergency opens: the last ones, enough to see where it goes.
pub const EMERGENCY_LAB_DATES: usize = 3;
/// How long an emergency read stays in lists after its review.
pub const GLASS_KEPT_MS: u64 = 365 * DAY_MS;
/// Emergency reads looked through for reviews that are due: years of a large hospital's.
pub const GLASSES_MAX: usize = 10_000;
/// Live entries that a bucket of a shelf holds on average, and the step to which dummies fill a shelf up.
pub const BUCKET_ENTRIES: u64 = 64;
/// Most bits of bucket numbers: 2^20 buckets of 64 are 67 million entries, twice a prefecture's largest holder.
pub const BUCKET_BITS_MAX: u8 = 20;
/// Patients of one holder that may share a tag: the largest class that the composite rules make is 8.
pub const SAME_TAG_MAX: u8 = 8;
/// Old removals forgotten in one step, above those that came with it, so that the cost of a step follows its change.
pub const FORGET_MAX: usize = 1_000;

// --- tags by evaluators ---------------------------------------------------------------------------------------------
/// Evaluators of one network. Usual are five; the messages of a key generation grow with the square.
pub const EVALUATORS_MAX: usize = 16;
/// Epochs from this number on have a key of evaluators; below it lie those of `local` mode, so a shelf says by its epoch how
/// its tags are made.
pub const EVALUATED_EPOCH_MIN: u32 = 1_000;
/// Nodes up to which `local` mode will do: they know one another. Above it the doctor asks for evaluators.
pub const LOCAL_NODES_MAX: usize = 3;
/// How long the epoch before is served beside a new one, from the new one's beginning: holders make their tags anew at their
/// own pace, a large one in about three weeks at its daily allowance.
pub const EPOCH_OVERLAP_MS: u64 = 30 * DAY_MS;
/// Identity strings in one request to an evaluator: some 20 ms of curve arithmetic, so that heartbeats do not wait for it.
pub const EVALUATE_BATCH_MAX: usize = 256;
const _: () = assert!(EVALUATE_BATCH_MAX * 32 + 256 < FRAME_BYTES_MAX);
/// Identity strings that a hospital may have evaluated in a day: a first tagging of 20,000 patients with ten rules. Names with
/// birth dates are some 10^10: at this pace a hundred thousand years.
pub const EVALUATE_DAY_HOSPITAL: u32 = 200_000;
/// The same for a member of any other class: a clinic with 2,000 patients is done in a day.
pub const EVALUATE_DAY_OTHERS: u32 = 20_000;
/// The same for a facility of a partner network, which only looks up patients that it treats: a thousand a day.
pub const EVALUATE_DAY_PARTNER: u32 = 10_000;
/// How long an evaluator may take for a batch before another is asked.
pub const EVALUATE_WAIT_MS: u64 = 5 * SECOND_MS;
/// How long an evaluator that was silent is left alone, and how often a batch that found too few is tried again.
pub const EVALUATE_RETRY_MS: u64 = MINUTE_MS;
/// How long an evaluator that said that our day's allowance is used up is left alone.
pub const EVALUATE_REST_MS: u64 = HOUR_MS;
/// How long a look-up of a patient without tags waits for evaluators: two that are silent, and a third that answers.
pub const LOCATE_TAGS_WAIT_MS: u64 = 3 * EVALUATE_WAIT_MS;
/// Look-ups that wait for evaluators at once.
pub const LOCATES_WAITING_MAX: usize = 1_000;

// --- overlap ---------------------------------------------------------------------------------------------------------
/// How often two networks count what they share, either asking, within [`OVERLAP_PERIOD_MS`]: the difference of two counts
/// tells something of whoever came or went between them. Once, and once more after a mistake.
pub const OVERLAP_RUNS_MAX: usize = 2;
/// The period in which counts of one pair of networks are limited; an ask of longer ago is not answered.
pub const OVERLAP_PERIOD_MS: u64 = 31 * DAY_MS;
/// A count is told to the nearest so many, and below so many not at all.
pub const OVERLAP_STEP: u32 = 100;
/// Marks that both sides know, of which each puts a half of its own choice into its list: what both chose hides the exact count
/// from whoever counts. It varies by 8 about 256, so the rounded count is right to one step all but surely.
pub const OVERLAP_MARKS: u32 = 1_024;
/// Lists are filled to the next multiple, so that their length tells a side's size only roughly.
pub const OVERLAP_FILL: usize = 1_000;
/// Points of one list: the patients of a prefecture's largest network, 64 MB in memory.
pub const OVERLAP_POINTS_MAX: usize = 2_000_000;
const _: () = assert!(OVERLAP_POINTS_MAX.is_multiple_of(OVERLAP_FILL));
const _: () = assert!(OVERLAP_MARKS.is_multiple_of(4));

// --- fetch ----------------------------------------------------------------------------------------------------------
/// Longest answer to one fetch. A six-month lab history of one patient is about 2 MiB, a scanned chart some hundred.
pub const FETCH_BYTES_MAX: u64 = 1 << 30;
/// One chunk of it: small enough to resume a cut line without shame, large enough for a 100 Mbit/s line.
pub const CHUNK_BYTES_MAX: u64 = 256 << 10;
const _: () = assert!(FETCH_BYTES_MAX.is_multiple_of(CHUNK_BYTES_MAX));
/// Items of one plan: the busiest chart of ten years has a few thousand.
pub const FETCH_ITEMS_MAX: usize = 10_000;
/// One frame of `/musubi/bulk/1` behind its length: a chunk and its address, or all chunk hashes of the largest item.
pub const BULK_FRAME_BYTES_MAX: usize = CHUNK_BYTES_MAX as usize + 64;
const _: () = assert!((FETCH_BYTES_MAX / CHUNK_BYTES_MAX) as usize * 32 + 16 < BULK_FRAME_BYTES_MAX);
/// Record heads read at once while walking through a patient's records: about 200 KiB.
pub const HEADS_PAGE: usize = 500;

// --- audit ----------------------------------------------------------------------------------------------------------
/// Cosignatures on one checkpoint: three make it good, and a whole prefecture's witnesses still fit.
pub const COSIGNATURES_MAX: usize = 512;
/// A checkpoint's note with all of them, each about 260 bytes.
pub const NOTE_BYTES_MAX: usize = 160 << 10;
const _: () = assert!(COSIGNATURES_MAX * 280 < NOTE_BYTES_MAX);
/// Hashes in a proof: a tree of 2^64 leaves needs 64 for inclusion and one more for consistency.
pub const PROOF_HASHES_MAX: usize = 65;
/// An evidence file: a note, a proof and one event.
pub const EVIDENCE_BYTES_MAX: usize = 256 << 10;
const _: () = assert!(NOTE_BYTES_MAX < EVIDENCE_BYTES_MAX);
