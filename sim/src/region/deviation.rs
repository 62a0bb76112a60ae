//! What real storage gets wrong, planted on purpose, each with the verdict that it deserves.
//!
//! Kinds that a reader must not take in never replace a good file: they stand beside it under a key of their own, so that a
//! storage with deviations holds every record that the clean one holds. Source: SS-MIX2 reference, chapter 11.
use super::charset::{Jis, half_width};
use super::moment::compact;
use super::rewrite;
use super::summary::{Flag, Verdict};
use super::tree::{Draft, KEYLESS, Slot, folder, name};
use serde::Serialize;

macro_rules! deviations {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $verdict:ident, $fit:ident;)*) => {
        /// One kind of deviation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Deviation { $($(#[$doc])* $name,)* }
        impl Deviation {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
            /// Those that [`super::Deviations::Some`] draws from, so that a plan of earlier versions gives the same files.
            pub const COMMON: &[Self] = Self::ALL.split_at(COMMON_COUNT).0;
            /// Its number in chapter 11 of the reference.
            pub fn id(self) -> &'static str { match self { $(Self::$name => $id,)* } }
            /// What a reader should make of the file that deviates.
            pub fn verdict(self) -> Verdict { match self { $(Self::$name => Verdict::$verdict,)* } }
            fn fit(self) -> Fit { match self { $(Self::$name => Fit::$fit,)* } }
        }
    };
}

/// How many of the first kinds are common ones.
const COMMON_COUNT: usize = 27;

/// Which files a deviation can befall.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// Current content of any kind.
    Any,
    /// Current content with an order number.
    Keyed,
    /// Content that was replaced.
    Replaced,
    /// Receptions, of which a patient has one a day.
    Reception,
    /// Laboratory results.
    Lab,
    /// Meals, of which a patient has one order a day.
    Meal,
    /// Current content whose text it changes.
    Text,
    /// Content of the extended storage.
    Document,
}

deviations! {
    /// Shift_JIS in spite of MSH-18.
    Cp932 = "1", Stored, Any;
    /// UTF-8.
    Utf8 = "2", Stored, Any;
    /// UTF-8 with a byte order mark.
    Utf8Mark = "2", Stored, Any;
    /// Segments end in LF.
    LineFeeds = "14", Stored, Any;
    /// Segments end in CR LF.
    CarriageReturnLineFeeds = "14", Stored, Any;
    /// Empty double-byte runs after each run.
    EmptyRuns = "8", Stored, Any;
    /// Runs closed with `ESC ( J`.
    RomanReturns = "6", Stored, Any;
    /// Half-width katakana in their own set.
    HalfWidthKana = "9", Stored, Any;
    /// Family and given name in one component, with a full-width space.
    JoinedName = "26", Stored, Any;
    /// Other spellings in MSH-18 and MSH-20.
    OddCharsetNames = "5", Stored, Any;
    /// 0x1C after the last segment.
    TrailingSeparator = "13", Stored, Any;
    /// No CR after the last segment.
    NoLastReturn = "15", Stored, Any;
    /// 診療科コード missing in the name.
    SixPartName = "48", Stored, Keyed;
    /// 発生日時 in 14 digits.
    ShortStamp = "48", Stored, Keyed;
    /// `.hl7` after the flag.
    Extension = "47", Stored, Keyed;
    /// Name and folder give different dates.
    OtherDate = "42", Stored, Keyed;
    /// Cut in the middle of the last segment; the others are whole.
    CutTail = "17", Stored, Keyed;
    /// A kind that the standard does not know.
    UnknownKind = "50", Stored, Lab;
    /// Replaced content keeps flag 1 beside the newer one.
    TwoCurrent = "44", History, Replaced;
    /// Replaced content has flag 0, as in an older convention.
    ReplacedAsVoid = "46", History, Replaced;
    /// No byte.
    Empty = "17", Quarantined, Keyed;
    /// Cut within MSH.
    CutHead = "17", Quarantined, Keyed;
    /// Flag 9.
    WrongFlag = "47", Quarantined, Keyed;
    /// In another patient's folder.
    Misplaced = "42", Quarantined, Keyed;
    /// PID-3 is another patient's.
    OtherPatient = "23", Quarantined, Keyed;
    /// A copy under way: `.tmp`.
    Temporary = "47", Ignored, Keyed;
    /// `Thumbs.db`.
    Thumbnails = "51", Ignored, Reception;
    /// UTF-16 with its mark.
    Utf16 = "3", Stored, Any;
    /// EUC-JP.
    EucJp = "4", Stored, Any;
    /// Runs opened with `ESC $ @`.
    OldKanji = "6", Stored, Any;
    /// A run that is not closed before its segment ends.
    OpenRun = "7", Stored, Any;
    /// Kana of the name with their voice marks apart (ス゛).
    SeparatedMarks = "10", Stored, Text;
    /// Vendor cells: ① and 髙.
    VendorCharacters = "11", Stored, Any;
    /// The yen sign as escape character.
    YenDelimiters = "12", Stored, Any;
    /// 0x0B before and FS CR behind the message.
    TransportRests = "13", Stored, Any;
    /// CR, LF and CR LF in one file.
    MixedEnds = "14", Stored, Any;
    /// Blank lines, and blanks at the ends of segments.
    BlankLines = "16", Stored, Text;
    /// Nothing but NULs.
    NulFilled = "17", Quarantined, Keyed;
    /// No EVN, TQ1 and RXR.
    MissingSegments = "18", Stored, Text;
    /// A segment of the vendor's own.
    ForeignSegment = "19", Stored, Text;
    /// The same message twice in one file.
    SecondMessage = "19", Stored, Text;
    /// The same bytes sent a second before, still with flag 1.
    SentTwice = "20", History, Keyed;
    /// MSH-10 is empty.
    NoControlNumber = "21", Stored, Text;
    /// MSH-9 is of another kind; the segments are right.
    OtherType = "22", Stored, Text;
    /// Message of another kind than its folder.
    WrongKind = "22", Quarantined, Keyed;
    /// PID-3 with a hyphen.
    HyphenedNumber = "23", Stored, Text;
    /// PID-3 in full-width digits.
    WideNumber = "24", Stored, Text;
    /// Marks of names one component too early.
    EarlyMarks = "25", Stored, Text;
    /// PID-7 and PID-8 swapped.
    SwappedBirth = "27", Stored, Text;
    /// PID-7 is zeros.
    ZeroBirth = "27", Stored, Text;
    /// A moment far in the future.
    FutureDate = "28", Stored, Text;
    /// MSH-7 with sixty seconds.
    OddStamp = "29", Stored, Text;
    /// Numbers with words in them.
    OddNumber = "30", Stored, Text;
    /// OBX-2 is empty.
    NoValueType = "31", Stored, Text;
    /// A text of three components.
    CodedText = "32", Stored, Text;
    /// A group of tests without any row.
    EmptyGroup = "33", Stored, Text;
    /// A code under the label of another system.
    WrongLabel = "34", Stored, Text;
    /// JLAC10 codes cut to 14 characters.
    ShortTestCode = "35", Stored, Text;
    /// Units as free text with delimiters in them.
    FreeUnit = "36", Stored, Text;
    /// Delimiters in a comment that are not escaped.
    BareDelimiters = "37", Stored, Text;
    /// A comment far beyond the standard's length.
    LongText = "38", Stored, Text;
    /// A row on the specimen among the results.
    SpecimenRow = "38a", Stored, Text;
    /// HL7 v2.4.
    OldVersion = "38b", Stored, Text;
    /// IN1-10 carries all numbers of the insurance.
    InsuranceInOne = "39", Stored, Text;
    /// The date folder has hyphens.
    DateFolder = "40", Stored, Keyed;
    /// Filed under the day after the message's.
    FolderDate = "41", Stored, Keyed;
    /// Dated content under the hyphen folder.
    UnderHyphen = "43", Stored, Keyed;
    /// An order whose number is fifteen nines.
    NineKey = "43", Stored, Meal;
    /// Replaced content without anything that replaced it.
    OnlyPast = "45", History, Keyed;
    /// The name ends with the department.
    NoFlag = "47", Quarantined, Keyed;
    /// A copy that an editor left behind.
    Backup = "47", Ignored, Keyed;
    /// Blanks around a part of the name.
    SpacedName = "48", Stored, Keyed;
    /// Kind in lower case, folder and name.
    LowerCase = "49", Stored, Keyed;
    /// A line of the journal before the message.
    JournalCopy = "49a", Stored, Text;
    /// A device's name.
    DeviceName = "54", Quarantined, Reception;
    /// A folder name of the extended storage with its voice marks apart.
    DecomposedFolder = "55", Stored, Document;
    /// Two files of one moment with flag 1.
    EqualStamps = "56", History, Keyed;
}

/// A file to write: path below the facility's folder, bytes, what it is, what a reader should make of it.
pub(crate) struct Planted {
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) item: Option<(&'static str, Flag)>,
    pub(crate) verdict: Verdict,
}

impl Deviation {
    /// Whether it can befall this file.
    pub(crate) fn fits(self, draft: &Draft<'_>) -> bool {
        let slot = draft.slot;
        let current = draft.flag == Flag::Current;
        let keyed = current && slot.key != KEYLESS && slot.date.is_some();
        match self.fit() {
            Fit::Any => current && (self != Self::HalfWidthKana || half_width(draft.text) != draft.text),
            Fit::Keyed => {
                let fits = match self {
                    Self::SentTwice => !draft.stamp.ends_with("0000"),
                    Self::EqualStamps => slot.department != "-",
                    _ => true,
                };
                keyed && fits
            }
            Fit::Replaced => draft.flag == Flag::Past,
            Fit::Reception => current && slot.kind == "ADT-12",
            Fit::Lab => current && slot.kind == "OML-11",
            Fit::Meal => current && slot.kind == "OMD",
            Fit::Text => current && rewrite::rewritten(self, draft).is_some_and(|text| text != draft.text),
            Fit::Document => false,
        }
    }
    /// How many files it fits, roughly: few first.
    pub(crate) fn breadth(self) -> u8 {
        match self.fit() {
            Fit::Meal | Fit::Reception | Fit::Replaced | Fit::Lab | Fit::Document => 0,
            Fit::Text => 1,
            Fit::Keyed => 2,
            Fit::Any => 3,
        }
    }
    /// The file or files in place of the draft.
    pub(crate) fn plant(self, draft: &Draft<'_>, jis: &Jis) -> Vec<Planted> {
        let recoded = match rewrite::rewritten(self, draft) {
            Some(text) => Some(jis.encode(&text)),
            None => self.recode(draft.text, jis),
        };
        match recoded {
            Some(bytes) => vec![Planted { bytes, ..draft.plain(jis) }],
            None => match self.rename(draft) {
                Some((path, flag)) => {
                    let item = Some((draft.slot.kind, flag));
                    vec![Planted { path, item, verdict: self.verdict(), ..draft.plain(jis) }]
                }
                None => vec![draft.plain(jis), self.companion(draft, jis)],
            },
        }
    }
    /// The text in other bytes.
    fn recode(self, text: &str, jis: &Jis) -> Option<Vec<u8>> {
        Some(match self {
            Self::Cp932 => encoding_rs::SHIFT_JIS.encode(text).0.into_owned(),
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Utf8Mark => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            Self::LineFeeds => jis.encode(&text.replace('\r', "\n")),
            Self::CarriageReturnLineFeeds => jis.encode(&text.replace('\r', "\r\n")),
            Self::EmptyRuns => replaced(&jis.encode(text), b"\x1b(B", b"\x1b(B\x1b$B\x1b(B"),
            Self::RomanReturns => replaced(&jis.encode(text), b"\x1b(B", b"\x1b(J"),
            Self::HalfWidthKana => jis.encode(&half_width(text)),
            Self::JoinedName => jis.encode(&joined(text)),
            Self::OddCharsetNames => {
                jis.encode(&text.replacen("~ISO IR87", "~ISOIR87", 1).replacen("ISO 2022-1994", " ISO2022-1994", 1))
            }
            Self::TrailingSeparator => [jis.encode(text), vec![0x1c]].concat(),
            Self::NoLastReturn => jis.encode(text.trim_end_matches('\r')),
            Self::Utf16 => std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect(),
            Self::EucJp => encoding_rs::EUC_JP.encode(text).0.into_owned(),
            Self::OldKanji => replaced(&jis.encode(text), b"\x1b$B", b"\x1b$@"),
            Self::OpenRun => [jis.encode(text), b"ZZX|1|\x1b$BHw9M".to_vec(), vec![b'\r']].concat(),
            Self::VendorCharacters => [jis.encode(text), b"ZZX|1|\x1b$B-!|b\x1b(B\r".to_vec()].concat(),
            Self::YenDelimiters => text.replace('\\', "¥").into_bytes(),
            Self::TransportRests => [vec![0x0b], jis.encode(text), b"\x1c\r".to_vec()].concat(),
            Self::MixedEnds => jis.encode(&mixed_ends(text)),
            _ => return None,
        })
    }
    /// Another path for the same bytes, and the flag in it.
    fn rename(self, draft: &Draft<'_>) -> Option<(String, Flag)> {
        let Draft { patient, slot, stamp, flag, .. } = draft;
        let place = folder(patient, slot.date, slot.kind);
        let own = name(patient, slot, slot.key, stamp, *flag);
        Some(match self {
            Self::SixPartName => {
                (format!("{place}/{}", own.replacen(&format!("_{}_", slot.department), "_", 1)), *flag)
            }
            Self::ShortStamp => (format!("{place}/{}", name(patient, slot, slot.key, &stamp[..14], *flag)), *flag),
            Self::Extension => (format!("{place}/{own}.hl7"), *flag),
            Self::OtherDate => {
                let date = slot.date.and_then(|date| date.plus_days(1));
                (format!("{place}/{}", name(patient, &slot.on(date), slot.key, stamp, *flag)), *flag)
            }
            Self::DateFolder => {
                let date = slot.date.map(compact)?;
                let hyphened = format!("{}-{}-{}", &date[..4], &date[4..6], &date[6..]);
                let (place, own) = (place.replace(&date, &hyphened), own.replacen(&date, &hyphened, 1));
                (format!("{place}/{own}"), *flag)
            }
            Self::FolderDate => {
                let slot = slot.on(slot.date.and_then(|date| date.plus_days(1)));
                let place = folder(patient, slot.date, slot.kind);
                (format!("{place}/{}", name(patient, &slot, slot.key, stamp, *flag)), *flag)
            }
            Self::UnderHyphen => {
                let slot = slot.on(None);
                let place = folder(patient, slot.date, slot.kind);
                (format!("{place}/{}", name(patient, &slot, slot.key, stamp, *flag)), *flag)
            }
            Self::NineKey => (format!("{place}/{}", name(patient, slot, KEYLESS, stamp, *flag)), *flag),
            Self::SpacedName => (format!("{place}/{}", own.replacen(stamp, &format!(" {stamp}"), 1)), *flag),
            Self::LowerCase => {
                let lower = slot.kind.to_ascii_lowercase();
                (format!("{place}/{own}").replace(slot.kind, &lower), *flag)
            }
            Self::TwoCurrent => {
                (format!("{place}/{}", name(patient, slot, slot.key, stamp, Flag::Current)), Flag::Current)
            }
            Self::ReplacedAsVoid => {
                (format!("{place}/{}", name(patient, slot, slot.key, stamp, Flag::Void)), Flag::Void)
            }
            _ => return None,
        })
    }
    /// A further file beside the good one.
    fn companion(self, draft: &Draft<'_>, jis: &Jis) -> Planted {
        let Draft { patient, slot, stamp, text, .. } = draft;
        let key = format!("8{}", &slot.key[1..]);
        let place = folder(patient, slot.date, slot.kind);
        let beside = |flag| format!("{place}/{}", name(patient, slot, &key, stamp, flag));
        let other = other_number(patient);
        let kind = slot.kind;
        let (path, bytes, item) = match self {
            Self::Empty => (beside(Flag::Current), Vec::new(), Some((kind, Flag::Current))),
            Self::CutHead => (beside(Flag::Current), text.as_bytes()[..60].to_vec(), Some((kind, Flag::Current))),
            Self::CutTail => (beside(Flag::Current), cut(&jis.encode(text)), Some((kind, Flag::Current))),
            Self::WrongFlag => (beside(Flag::Unknown), jis.encode(text), Some((kind, Flag::Unknown))),
            Self::Misplaced => {
                let path =
                    format!("{}/{}", folder(&other, slot.date, kind), name(patient, slot, &key, stamp, Flag::Current));
                (path, jis.encode(text), Some((kind, Flag::Current)))
            }
            Self::OtherPatient => {
                let text = text.replacen(&format!("|{patient}^"), &format!("|{other}^"), 1);
                (beside(Flag::Current), jis.encode(&text), Some((kind, Flag::Current)))
            }
            Self::UnknownKind => {
                let slot = slot.of("OML-12");
                let path = format!(
                    "{}/{}",
                    folder(patient, slot.date, slot.kind),
                    name(patient, &slot, &key, stamp, Flag::Current)
                );
                (path, jis.encode(text), Some((slot.kind, Flag::Current)))
            }
            Self::NulFilled => (beside(Flag::Current), vec![0; 512], Some((kind, Flag::Current))),
            Self::SentTwice => {
                let path = format!("{place}/{}", name(patient, slot, slot.key, &before(stamp), Flag::Current));
                (path, jis.encode(text), Some((kind, Flag::Current)))
            }
            Self::EqualStamps => {
                let slot = Slot { department: "-", ..**slot };
                let path = format!("{place}/{}", name(patient, &slot, slot.key, stamp, Flag::Current));
                // Other bytes: equal ones at one moment would be the same version twice.
                (path, jis.encode(&format!("{text}ZZX|1|again\r")), Some((kind, Flag::Current)))
            }
            Self::WrongKind => {
                let slot = slot.of(if kind == "OMD" { "OMP-01" } else { "OMD" });
                let place = folder(patient, slot.date, slot.kind);
                let path = format!("{place}/{}", name(patient, &slot, &key, stamp, Flag::Current));
                (path, jis.encode(text), Some((slot.kind, Flag::Current)))
            }
            Self::OnlyPast => (beside(Flag::Past), jis.encode(text), Some((kind, Flag::Past))),
            Self::NoFlag => {
                let path = beside(Flag::Unknown);
                (path[..path.len() - 2].to_owned(), jis.encode(text), Some((kind, Flag::Unknown)))
            }
            Self::Backup => (format!("{}~", beside(Flag::Current)), jis.encode(text), None),
            Self::DeviceName => (format!("{place}/NUL.hl7"), jis.encode(text), Some((kind, Flag::Unknown))),
            Self::Temporary => (format!("{}.tmp", beside(Flag::Current)), jis.encode(text), None),
            _ => (format!("{place}/Thumbs.db"), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), None),
        };
        Planted { path, bytes, item, verdict: self.verdict() }
    }
}

/// The message with each name of PID-5 in one component.
fn joined(text: &str) -> String {
    let one = |name: &str| name.replacen('^', "\u{3000}", 1);
    let field = |(at, field): (usize, &str)| match at {
        5 => field.split('~').map(one).collect::<Vec<_>>().join("~"),
        _ => field.to_owned(),
    };
    let line = |line: &str| match line.starts_with("PID|") {
        true => line.split('|').enumerate().map(field).collect::<Vec<_>>().join("|"),
        false => line.to_owned(),
    };
    text.split('\r').map(line).collect::<Vec<_>>().join("\r")
}
/// The text with its segments ended by CR, LF and CR LF in turn.
fn mixed_ends(text: &str) -> String {
    let ends = ["\r", "\n", "\r\n"].iter().cycle();
    text.split_terminator('\r').zip(ends).flat_map(|(line, end)| [line, *end]).collect()
}
/// The bytes with one sequence written as another.
fn replaced(bytes: &[u8], from: &[u8], instead: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() * 5 / 4);
    let mut rest = bytes;
    while let Some((first, tail)) = rest.split_first() {
        if let Some(tail) = rest.strip_prefix(from) {
            out.extend_from_slice(instead);
            rest = tail;
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    out
}
/// The second before: the same digits with another last one, never a later moment.
fn before(stamp: &str) -> String {
    let (head, last) = stamp.split_at(stamp.len() - 4);
    let count = last.parse::<u32>().unwrap_or(0).saturating_sub(1);
    format!("{head}{count:04}")
}
/// All segments but the last, and half of that.
fn cut(bytes: &[u8]) -> Vec<u8> {
    let body = &bytes[..bytes.len().saturating_sub(1)];
    let last = body.iter().rposition(|byte| *byte == b'\r').map_or(0, |at| at + 1);
    body[..last + (body.len() - last) / 2].to_vec()
}
/// A number that is nobody's here: first digit 9.
fn other_number(patient: &str) -> String {
    format!("9{}", &patient[1..])
}
