//! Every bound of this package, with its reason.

/// Longest HL7 file that is read. A year of laboratory results in one file stays far below a mebibyte; more is an accident.
pub const MESSAGE_BYTES_MAX: usize = 32 << 20;
/// Most segments of one file. A long stay written as meals in one go has some hundred.
pub const SEGMENTS_MAX: usize = 50_000;
/// Most fields of one segment; the longest of HL7 v2.5 (PV1, OBR) has 52, local ones are not much longer.
pub const FIELDS_MAX: usize = 200;
/// Most repetitions of one field.
pub const REPEATS_MAX: usize = 500;
/// Most components of one repetition, and most subcomponents of one component.
pub const COMPONENTS_MAX: usize = 100;
/// Longest escape sequence between two escape characters, in characters; `\X…\` with a whole line of bytes still fits.
pub const ESCAPE_CHARS_MAX: usize = 400;
/// Most blank lines or spaces that one formatting escape (`\.sp+n\`, `\.sk+n\`) may ask for.
pub const ESCAPE_SPACING_MAX: usize = 20;
/// Most problems that are kept per file; what is beyond is counted by one last problem.
pub const PROBLEMS_MAX: usize = 100;
/// Longest path below a storage root, in bytes: the index database's two columns of 260 and the separator.
pub const PATH_BYTES_MAX: usize = 1_024;
/// Longest name of one folder or file, in bytes.
pub const PATH_NAME_BYTES_MAX: usize = 255;
/// Longest patient number in a path, in characters. The index database has 15; some sites use more.
pub const PATIENT_CHARS_MAX: usize = 64;
/// Longest 特定キー, in characters. The index database has 22; SEAMAT's composite keys of the extended storage are longer.
pub const KEY_CHARS_MAX: usize = 120;
/// Folders that may stand above the patient tree in a path (a root per facility and per volume).
pub const PATH_PREFIX_MAX: usize = 3;
/// Most fields of a generic segment and most segments of a generic record that are kept for showing; the file has the rest.
pub const GENERIC_FIELDS_MAX: usize = 60;
/// See [`GENERIC_FIELDS_MAX`].
pub const GENERIC_SEGMENTS_MAX: usize = 400;
/// Longest title of a record, in characters: one line of a timeline.
pub const TITLE_CHARS_MAX: usize = 60;

/// Most bytes of labels (test groups, specimens) that the rows of one report repeat; a real one has some ten kilobytes.
pub const LABEL_BYTES_MAX: usize = 16 << 20;
/// Most distinct values of a list that is kept without repetition (classes of a prescription, examinations, findings).
pub const DISTINCT_MAX: usize = 500;
/// How far into a document its format and header are looked for.
pub const DOCUMENT_HEAD_BYTES_MAX: usize = 256 << 10;
/// Deepest nesting of XML elements in a document's header; CDA needs about ten.
pub const XML_DEPTH_MAX: usize = 64;
/// Longest text that is taken from a document's header, in characters.
pub const HEADER_TEXT_CHARS_MAX: usize = 200;

const _: () = assert!(GENERIC_FIELDS_MAX <= FIELDS_MAX && GENERIC_SEGMENTS_MAX <= SEGMENTS_MAX);
const _: () = assert!(PATH_NAME_BYTES_MAX < PATH_BYTES_MAX);
