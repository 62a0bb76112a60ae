//! Every bound of the portal, each with its reason.

/// A form: a search text or a reception's number and a token.
pub const FORM_BYTES_MAX: usize = 16 << 10;
/// Characters of one search text or ground that are looked at.
pub const TEXT_CHARS_MAX: usize = 200;
/// Calls of the desk at once; more than the threads of a clinic's machine only wait for each other, so others hear *busy*.
pub const DESK_CALLS_MAX: usize = 32;
/// Holders with a place of their own on a page: far more than anybody is known to. Further ones are added below in order of
/// arrival, as many again; the style sheet counts every place out and stays below 64 kB.
pub const SLOTS_MAX: usize = 40;
/// Lists of arrived rows that are kept in order of arrival; as many as holders.
pub const ARRIVALS_MAX: usize = 2 * SLOTS_MAX;
/// Items of one holder in the list of one period. A shorter period shows the rest.
pub const ITEMS_SHOWN_MAX: usize = 40;
/// Items of all lists of one period together, and of the list by date: with the lanes, below 150 kB whoever holds how much.
pub const MERGED_SHOWN_MAX: usize = 140;
/// Each list has at least so many of them.
pub const ITEMS_SHOWN_LEAST: usize = 8;
/// Columns in which marks of one lane are drawn apart: about 16 px each at 1280, which is a mark.
pub const LANE_BINS: usize = 44;
/// Marks and bars of all lanes together, of about 200 bytes: where many lanes are full, each is drawn coarser.
pub const LANE_PIECES_MAX: usize = 300;
/// Each lane has at least so many of them.
pub const LANE_PIECES_LEAST: usize = 8;
/// Rows of one record that are shown.
pub const LINES_SHOWN_MAX: usize = 400;
/// Characters of a record's original text on its page.
pub const ORIGINAL_CHARS_MAX: usize = 40_000;
/// Answers of holders that are kept so that another period needs no second question; for how long, and of how many patients.
pub const READING_KEPT_MS: u64 = 10 * protocol::time::MINUTE_MS;
/// See [`READING_KEPT_MS`]: a desk has few patients open at a time.
pub const READINGS_MAX: usize = 32;
/// How long the ground of a question (the number of a reception) holds for one patient: a working day.
pub const GROUND_KEPT_MS: u64 = 12 * protocol::time::HOUR_MS;
/// Grounds that are kept: receptions of one desk in one day.
pub const GROUNDS_MAX: usize = 512;
/// Answers that wait for a slow browser; the question pauses then.
pub const ANSWERS_WAITING_MAX: usize = 16;
/// How long stopping waits for pages that are being sent.
pub const STOP_WAIT_MS: u64 = 3_000;
/// Records of allergies whose entries stand in the banner; a facility has one.
pub const ALLERGIES_SHOWN_MAX: usize = 4;
/// A record above this size has no original text on its page: no message is so large.
pub const ORIGINAL_BYTES_MAX: u64 = 1 << 20;
/// A source that was not walked for so long stands still.
pub const FEED_OLD_MS: u64 = protocol::time::DAY_MS;
/// Age from which a laboratory result is called old: six months.
pub const LAB_OLD_DAYS: i64 = 183;
/// Rows of the list of who looked: some months of one patient. The printed list names the first and last day.
pub const OTHERS_LOOKS_MAX: usize = 400;
/// What one person does within so long is one look.
pub const ONE_LOOK_MS: u64 = 10 * protocol::time::MINUTE_MS;
/// Lines of laboratory tests that are drawn; the table has the same.
pub const SERIES_SHOWN_MAX: usize = 16;
/// Lines of repeated tests above the chart; the table marks all.
pub const REPEATS_SHOWN_MAX: usize = 4;
/// Results that are drawn of one test: about one for each 10 px.
pub const POINTS_SHOWN_MAX: usize = 60;
/// Results that are drawn of all tests together, the newest of each: a page with its own and with all results stays small.
pub const POINTS_ALL_MAX: usize = 160;
/// Each test has at least so many of them.
pub const POINTS_SHOWN_LEAST: usize = 8;
/// Days of results in the table of tests.
pub const LAB_DAYS_SHOWN_MAX: usize = 8;
/// Tests in that table: more than a full panel of several houses.
pub const LAB_ROWS_SHOWN_MAX: usize = 60;
/// Cells of that table: many tests show fewer days.
pub const LAB_CELLS_MAX: usize = 160;
/// At least so many days.
pub const LAB_DAYS_SHOWN_LEAST: usize = 3;
/// Ingredients that are drawn.
pub const INGREDIENTS_SHOWN_MAX: usize = 30;
/// Lines of one part of the summary column.
pub const SUMMARY_LINES_MAX: usize = 6;
/// Rows of the list of images and documents.
pub const DOCUMENTS_SHOWN_MAX: usize = 200;
/// A file of a document that is opened in a frame.
pub const FRAMES_SHOWN_MAX: usize = 6;
/// Age from which contents count no more in the summary: a year and a quarter, what the month view shows.
pub const SUMMARY_DAYS: i32 = 460;
/// A holder whose newest check is older stands still: what came to it since is unknown.
pub const HOLDER_OLD_MS: u64 = 2 * protocol::time::DAY_MS;
/// Supplies of one drug of one house that are drawn: two years of four weeks each.
pub const SUPPLIES_SHOWN_MAX: usize = 26;
/// Supplies of all drugs together, the newest of each: about 400 bytes each.
pub const SUPPLIES_ALL_MAX: usize = 96;
/// Each drug of each house has at least so many of them.
pub const SUPPLIES_SHOWN_LEAST: usize = 3;
/// Doubles, overlaps and gaps in words above the chart, the newest first.
pub const SPANS_SHOWN_MAX: usize = 12;
/// The form of a list of staff: half a megabyte of Japanese text, each byte of it as three characters.
pub const LIST_FORM_BYTES_MAX: usize = 2 << 20;
const _: () = assert!(LIST_FORM_BYTES_MAX >= 3 * service::limits::IMPORT_BYTES_MAX);
/// The form of a statement with its scan.
pub const SCAN_FORM_BYTES_MAX: usize = 11 << 20;
const _: () = assert!(SCAN_FORM_BYTES_MAX as u64 >= service::limits::PAPER_BYTES_MAX + (256 << 10));
/// Characters of what a browser says of itself that are looked at.
pub const AGENT_CHARS_MAX: usize = 300;
/// Sessions whose answers are kept in memory.
pub const READERS_MAX: usize = 128;
/// Emergency reads on one page: a year of a busy hospital has fewer.
pub const GLASSES_SHOWN_MAX: usize = 100;
/// Lines of browsers at once: a browser opens six, and a clinic has some dozen. Further ones wait at the door.
pub const LINES_MAX: usize = 512;
/// How long a line may be silent before it ends, also while the node makes a page: longer than anything that a page waits for.
pub const LINE_WAIT_MS: u64 = 90_000;
const _: () = assert!(LINE_WAIT_MS > 2 * (service::limits::COMMAND_WAIT_MS + service::limits::ANSWER_GRACE_MS));
/// Bytes of a request for which a line gets one more millisecond: 16 kB/s, a scan of 10 MB through a poor tunnel. Slower is no browser.
pub const LINE_BYTES_EACH_MS: u64 = 16;
