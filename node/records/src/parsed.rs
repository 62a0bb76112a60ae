use crate::hl7::Encoding;
use crate::limits::PROBLEMS_MAX;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A value that was read, and everything that was odd about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parsed<T> {
    /// What was read.
    pub value: T,
    /// What was odd, in order of finding; at most [`PROBLEMS_MAX`].
    pub problems: Vec<Problem>,
}

impl<T> Parsed<T> {
    /// A value without any problem.
    pub fn clean(value: T) -> Self {
        Self { value, problems: Vec::new() }
    }
    /// The same problems with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Parsed<U> {
        Parsed { value: change(self.value), problems: self.problems }
    }
    /// Whether nothing above a note was found.
    pub fn is_clean(&self) -> bool {
        self.problems.iter().all(|problem| problem.fault.severity() == Severity::Note)
    }
}

/// One oddity of a file. Holds no personal data, so it may be shown, logged and stored in the clear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Where it is.
    pub place: Place,
    /// What it is.
    pub fault: Fault,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.fault)
    }
}

/// Where in a file or its path something was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// The file's path.
    Path,
    /// The file as a whole.
    File,
    /// One segment; `row` counts from 1.
    Segment {
        /// Three letters, or `???`.
        name: String,
        /// Which segment of the file.
        row: u32,
    },
    /// One field of one segment.
    Field {
        /// Three letters, or `???`.
        name: String,
        /// Which segment of the file.
        row: u32,
        /// Number of the field as HL7 counts.
        field: u16,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path => f.write_str("path"),
            Self::File => f.write_str("file"),
            Self::Segment { name, row } => write!(f, "segment {row} ({name})"),
            Self::Field { name, row, field } => write!(f, "segment {row} ({name}-{field})"),
        }
    }
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// Common and harmless; kept for the curious.
    Note,
    /// The content stands, but somebody should tell the vendor.
    Warning,
    /// The shown content is a corrected reading; the bytes are kept as they came.
    Repaired,
}

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident $(($inner:ty))? => $severity:ident, $text:literal;)*) => {
        /// What can be odd about a file that is taken in all the same.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
        pub enum Fault { $($(#[$doc])* #[error($text)] $name $(($inner))?,)* }
        impl Fault {
            /// How bad it is.
            pub fn severity(&self) -> Severity {
                match self { $(Self::$name { .. } => Severity::$severity,)* }
            }
        }
    };
}

faults! {
    /// Bytes in another encoding than the standard asks for.
    OtherEncoding(Encoding) => Warning, "written in {0}, not in ISO-2022-JP as SS-MIX2 asks; it was read as {0}";
    /// Raw shift sequences left open at the end of a segment.
    NotReset => Repaired, "a run of Japanese text was not closed with ESC ( B before the segment ended; it was closed there";
    /// ESC with an unknown rest.
    UnknownShift => Warning, "an unknown ESC sequence was dropped";
    /// Cells without a character.
    Unmapped(usize) => Warning, "{0} characters have no place in JIS X 0208 (外字?) and are shown as 〓";
    /// Cells that only vendors have.
    VendorCharacters(usize) => Warning, "{0} characters are of a vendor's own rows (①, 髙), which SS-MIX2 does not allow; kept as they are";
    /// Half-width katakana.
    HalfWidthKana => Warning, "has half-width katakana, which SS-MIX2 does not allow; shown in full width";
    /// LF or CRLF.
    LineFeeds => Warning, "segments end with LF or CRLF instead of CR";
    /// MLLP rests, EOF marks, NULs around the message.
    StrayBytes => Note, "control bytes before or after the message were left out";
    /// `¥` or `‾` in MSH-2.
    YenDelimiter => Warning, "the yen sign or overline stands for the delimiters \\ and ~";
    /// Unclosed or unknown HL7 escape.
    BadEscape => Warning, "an escape sequence is unknown or not closed; shown as it stands";
    /// The end is missing.
    Truncated => Repaired, "the file ends in the middle of a segment; the complete segments were taken, read it again soon";
    /// Beyond a limit of this program.
    BeyondLimit => Warning, "has more of these than this program reads; the rest is only in the stored file";
    /// A line that is no segment.
    NotASegment => Warning, "a line is not a segment and was left out";
    /// More than one MSH.
    SecondMessage => Warning, "the file has more than one message; all of them were read together";
    /// The same message again.
    DuplicateMessage => Warning, "the same message stands twice in the file; the second was left out";
    /// `#SSMIX` line.
    JournalHeader => Note, "begins with a journal line, which was skipped";
    /// A segment that the kind needs.
    MissingSegment(String) => Warning, "has no {0} segment; what is there was taken";
    /// MSH-12.
    OtherVersion => Warning, "says another HL7 version than 2.5; read with the same grammar";
    /// MSH-11.
    TestData => Warning, "is marked as test or debugging data (MSH-11); it should not be in a live storage";
    /// MSH-9 against the folder.
    KindDisagrees => Warning, "the message type (MSH-9) does not belong to this kind; the folder and the segments decided";
    /// ORC-2 against the file name.
    KeyDisagrees => Note, "the order number in the message differs from the one in the file name; the file name decides";
    /// Date against the folder.
    DateDisagrees => Note, "the date in the message differs from the folder's; normal for changed orders, the folder decides";
    /// PID-3 in another form.
    PatientForm => Note, "the patient number is written in another form than in the path (zeros, hyphens or case)";
    /// PID-7 and PID-8.
    SwappedBirthAndSex => Repaired, "birth date and sex were swapped; read the other way round";
    /// Time stamp.
    BadDate => Warning, "is not a date or time that the calendar has; the part that is one was taken";
    /// Birth date after the file was sent.
    FutureDate => Warning, "lies in the future of the file itself; left out";
    /// A moment after the file was sent.
    FutureMoment => Warning, "lies more than a day after the file was sent, though it is no plan; kept as it is";
    /// Names.
    NameForm => Warning, "the name's parts or marks (I, P) are not where they belong; told apart by their script";
    /// Numbers.
    BadNumber => Warning, "is marked as a number but is none; kept as text";
    /// OBX-2.
    ValueType => Note, "the value's type is missing or wrong; told from the value itself";
    /// Codes.
    CodeUnverified => Warning, "the code does not have the shape of its coding system; taken as unverified";
    /// Unescaped delimiters.
    Rejoined => Repaired, "a text had unescaped delimiters; its pieces were joined again";
    /// Results with no row.
    NoResult => Note, "an order without any result yet";
    /// PRB-25 or similar.
    Restricted => Note, "the sender marked this as confidential";
    /// Path: six parts.
    SixParts => Note, "the file name has six parts; the department is missing";
    /// Path: spaces.
    Spaces => Note, "the file name has spaces around its parts; left out";
    /// Path: extension.
    Extension => Note, "the file name has an extension; left out";
    /// Path: case.
    LowerCase => Note, "the kind is written in lower case";
    /// Path: date folder.
    CareDateForm => Warning, "the date folder is not YYYYMMDD or a hyphen; the date comes from the message";
    /// Path: parts against folders.
    NameDisagrees => Warning, "date or kind in the file name differ from the folders; the folders decide";
    /// Path: dated kind under the hyphen.
    DatedUnderHyphen => Warning, "a kind with a date stands under the hyphen folder; the date comes from the message";
    /// Path: whole-state kind under a date.
    UndatedUnderDate => Warning, "a kind without a date stands under a date folder; taken as the whole current state";
    /// Path: unknown kind.
    UnknownKind => Warning, "a kind that the standard does not list; kept and shown as it is";
    /// Path: fifteen nines.
    NoOrderNumber => Warning, "an order without an order number (nines); several such records of one day look like one";
    /// Path: 発生日時.
    StampForm => Note, "the time in the file name does not have 17 digits; filled up with zeros";
    /// Path: the folders above the patient's.
    SplitFolders => Note, "the folders above the patient are not the first six characters of the patient number";
    /// Several flag-1 files.
    TwoCurrent => Warning, "more than one file of this record has flag 1; the newest counts";
    /// No flag-1 file.
    NoCurrent => Warning, "the record has only replaced files (flag 2); nothing is current, look again later";
    /// Flag 0 newer than flag 1.
    NewerTombstone => Warning, "a file with flag 0 is newer than the current one with flag 1; the record stays alive";
    /// Extended storage.
    MainFileGuessed => Note, "the main file of the document was guessed";
    /// The list of problems is full.
    MoreProblems => Warning, "has more problems than are listed";
}

/// Collects problems up to the limit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    pub(crate) fn add(&mut self, place: Place, fault: Fault) {
        match self.0.len() {
            n if n + 1 < PROBLEMS_MAX => self.0.push(Problem { place, fault }),
            n if n + 1 == PROBLEMS_MAX => self.0.push(Problem { place: Place::File, fault: Fault::MoreProblems }),
            _ => {}
        }
    }
    /// Adds it unless the same fault was told before, wherever.
    pub(crate) fn add_once(&mut self, place: Place, fault: Fault) {
        if !self.0.iter().any(|problem| problem.fault == fault) {
            self.add(place, fault);
        }
    }
    pub(crate) fn extend(&mut self, problems: Vec<Problem>) {
        for problem in problems {
            self.add(problem.place, problem.fault);
        }
    }
    pub(crate) fn with<T>(self, value: T) -> Parsed<T> {
        Parsed { value, problems: self.0 }
    }
}
