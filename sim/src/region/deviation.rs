//! What real storage gets wrong, planted on purpose, each with the verdict that it deserves.
//!
//! Kinds that a reader must not take in never replace a good file: they stand beside it under a key of their own, so that a
//! storage with deviations holds every record that the clean one holds. Source: SS-MIX2 reference, chapter 11.
use super::charset::{Jis, half_width};
use super::summary::{Flag, Verdict};
use super::tree::{Draft, KEYLESS, folder, name};
use serde::Serialize;

macro_rules! deviations {
    ($($(#[$doc:meta])* $name:ident = $verdict:ident, $fit:ident;)*) => {
        /// One kind of deviation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Deviation { $($(#[$doc])* $name,)* }
        impl Deviation {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
            /// What a reader should make of the file that deviates.
            pub fn verdict(self) -> Verdict { match self { $(Self::$name => Verdict::$verdict,)* } }
            fn fit(self) -> Fit { match self { $(Self::$name => Fit::$fit,)* } }
        }
    };
}

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
}

deviations! {
    /// Shift_JIS in spite of MSH-18.
    Cp932 = Stored, Any;
    /// UTF-8.
    Utf8 = Stored, Any;
    /// UTF-8 with a byte order mark.
    Utf8Mark = Stored, Any;
    /// Segments end in LF.
    LineFeeds = Stored, Any;
    /// Segments end in CR LF.
    CarriageReturnLineFeeds = Stored, Any;
    /// Empty double-byte runs after each run.
    EmptyRuns = Stored, Any;
    /// Runs closed with `ESC ( J`.
    RomanReturns = Stored, Any;
    /// Half-width katakana in their own set.
    HalfWidthKana = Stored, Any;
    /// Family and given name in one component, with a full-width space.
    JoinedName = Stored, Any;
    /// Other spellings in MSH-18 and MSH-20.
    OddCharsetNames = Stored, Any;
    /// 0x1C after the last segment.
    TrailingSeparator = Stored, Any;
    /// No CR after the last segment.
    NoLastReturn = Stored, Any;
    /// 診療科コード missing in the name.
    SixPartName = Stored, Keyed;
    /// 発生日時 in 14 digits.
    ShortStamp = Stored, Keyed;
    /// `.hl7` after the flag.
    Extension = Stored, Keyed;
    /// Name and folder give different dates.
    OtherDate = Stored, Keyed;
    /// Cut in the middle of the last segment; the others are whole.
    CutTail = Stored, Keyed;
    /// A kind that the standard does not know.
    UnknownKind = Stored, Lab;
    /// Replaced content keeps flag 1 beside the newer one.
    TwoCurrent = History, Replaced;
    /// Replaced content has flag 0, as in an older convention.
    ReplacedAsVoid = History, Replaced;
    /// No byte.
    Empty = Quarantined, Keyed;
    /// Cut within MSH.
    CutHead = Quarantined, Keyed;
    /// Flag 9.
    WrongFlag = Quarantined, Keyed;
    /// In another patient's folder.
    Misplaced = Quarantined, Keyed;
    /// PID-3 is another patient's.
    OtherPatient = Quarantined, Keyed;
    /// A copy under way: `.tmp`.
    Temporary = Ignored, Keyed;
    /// `Thumbs.db`.
    Thumbnails = Ignored, Reception;
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
            Fit::Keyed => keyed,
            Fit::Replaced => draft.flag == Flag::Past,
            Fit::Reception => current && slot.kind == "ADT-12",
            Fit::Lab => current && slot.kind == "OML-11",
        }
    }
    /// The file or files in place of the draft.
    pub(crate) fn plant(self, draft: &Draft<'_>, jis: &Jis) -> Vec<Planted> {
        match self.recode(draft.text, jis) {
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
            Self::EmptyRuns => after_runs(&jis.encode(text), b"\x1b(B\x1b$B\x1b(B"),
            Self::RomanReturns => after_runs(&jis.encode(text), b"\x1b(J"),
            Self::HalfWidthKana => jis.encode(&half_width(text)),
            Self::JoinedName => jis.encode(&joined(text)),
            Self::OddCharsetNames => {
                jis.encode(&text.replacen("~ISO IR87", "~ISOIR87", 1).replacen("ISO 2022-1994", " ISO2022-1994", 1))
            }
            Self::TrailingSeparator => [jis.encode(text), vec![0x1c]].concat(),
            Self::NoLastReturn => jis.encode(text.trim_end_matches('\r')),
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
/// The bytes with every return to ASCII written as `instead`.
fn after_runs(bytes: &[u8], instead: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() * 5 / 4);
    let mut rest = bytes;
    while let Some((first, tail)) = rest.split_first() {
        if let Some(tail) = rest.strip_prefix(b"\x1b(B") {
            out.extend_from_slice(instead);
            rest = tail;
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    out
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
