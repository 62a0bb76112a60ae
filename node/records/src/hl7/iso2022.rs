//! The 7-bit shifts of ISO-2022-JP in both directions.
//!
//! Decoding rewrites the shifts as EUC-JP and lets `encoding_rs` map the cells. Its own ISO-2022-JP decoder follows the web,
//! not hospitals: empty runs become U+FFFD, an open run swallows the CR, `ESC ( J` turns `\` into `¥`.
use super::charset::GETA;
use super::kana::is_half_width_kana;
use encoding_rs::EUC_JP;

/// What shifted bytes said.
pub(super) struct Shifted {
    pub(super) text: String,
    pub(super) not_reset: bool,
    pub(super) unknown: bool,
    pub(super) unmapped: usize,
    /// Cells outside of JIS X 0208 that have a character all the same.
    pub(super) vendor: usize,
}

/// Decodes 7-bit text with shifts, or none if bytes above 0x7F stand where only half-width katakana may.
pub(super) fn decode(bytes: &[u8]) -> Option<Shifted> {
    let mut out = Rewriter { out: Vec::with_capacity(bytes.len() + bytes.len() / 4), ..Rewriter::default() };
    let mut rest = bytes;
    // CR, LF and ESC never occur inside a double-byte character, so segments may be told apart on bytes.
    while !rest.is_empty() {
        let end = memchr::memchr2(b'\r', b'\n', rest).map_or(rest.len(), |at| at + 1);
        out.segment(&rest[..end])?;
        rest = &rest[end..];
    }
    let (text, _) = EUC_JP.decode_without_bom_handling(&out.out);
    let unmapped = text.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count();
    let text = if unmapped > 0 {
        text.chars().map(|c| if c == char::REPLACEMENT_CHARACTER { GETA } else { c }).collect()
    } else {
        text.into_owned()
    };
    Some(Shifted { text, not_reset: out.not_reset, unknown: out.unknown, unmapped, vendor: out.vendor })
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Set {
    #[default]
    Ascii,
    Kanji,
    Supplement,
    Kana,
}

#[derive(Default)]
struct Rewriter {
    out: Vec<u8>,
    set: Set,
    before_kana: Set,
    not_reset: bool,
    unknown: bool,
    vendor: usize,
}

impl Rewriter {
    /// Rewrites one segment with its end. None: not a 7-bit text.
    fn segment(&mut self, bytes: &[u8]) -> Option<()> {
        let mut at = 0;
        // Where the running double-byte run began: in the input and in the output.
        let mut run = (0, self.out.len());
        while at < bytes.len() {
            if self.set == Set::Ascii {
                // Most of a message: as it stands, up to a shift, an end or a byte of more than seven bits.
                let plain = bytes[at..].iter().position(|b| !(0x20..0x80).contains(b)).unwrap_or(bytes.len() - at);
                self.out.extend_from_slice(&bytes[at..at + plain]);
                at += plain;
            }
            let Some(b) = bytes.get(at).copied() else { break };
            match b {
                0x1B => {
                    let (set, skip) = shift(&bytes[at..]);
                    self.unknown |= set.is_none();
                    self.set = set.unwrap_or(self.set);
                    at += skip;
                    run = (at, self.out.len());
                }
                b'\r' | b'\n' => {
                    self.end_run(&bytes[..at], run);
                    self.out.push(b);
                    at += 1;
                }
                0x0E => {
                    if self.set != Set::Kana {
                        self.before_kana = self.set;
                    }
                    self.set = Set::Kana;
                    at += 1;
                }
                0x0F => {
                    self.set = self.before_kana;
                    self.before_kana = Set::Ascii;
                    at += 1;
                }
                _ => at += self.character(&bytes[at..])?,
            }
        }
        Some(())
    }

    /// Writes the character at the start of `bytes` and says how many bytes it has.
    fn character(&mut self, bytes: &[u8]) -> Option<usize> {
        let b = bytes[0];
        let graphic = |b: &u8| (0x21..=0x7E).contains(b);
        let pair = bytes.get(1).filter(|next| graphic(next) && graphic(&b));
        match (self.set, pair) {
            (Set::Kanji, Some(next)) => {
                self.vendor += usize::from(!matches!(b, 0x21..=0x28 | 0x30..=0x74));
                self.out.extend([b | 0x80, next | 0x80]);
            }
            (Set::Supplement, Some(next)) => self.out.extend([0x8F, b | 0x80, next | 0x80]),
            (Set::Kana, _) if (0x21..=0x5F).contains(&b) => {
                self.out.extend([0x8E, b | 0x80]);
                return Some(1);
            }
            (Set::Ascii | Set::Kana, _) if (0xA1..=0xDF).contains(&b) => {
                // 8-bit half-width katakana among 7-bit shifts, as some mainframes write.
                self.out.extend([0x8E, b]);
                return Some(1);
            }
            _ if b >= 0x80 => return None,
            _ => {
                self.out.push(b);
                return Some(1);
            }
        }
        Some(2)
    }

    /// Closes what is open at the end of a segment. If the writer forgot `ESC ( B`, delimiters were read as kanji: a first
    /// byte beyond the rows of JIS X 0208 (`|` and `~` are) shows where ASCII began again.
    fn end_run(&mut self, segment: &[u8], run: (usize, usize)) {
        if self.set == Set::Ascii {
            return;
        }
        self.not_reset = true;
        if self.set == Set::Kanji {
            let open = segment.get(run.0..).unwrap_or_default();
            let whole = open.iter().all(|b| (0x21..=0x7E).contains(b));
            if whole && let Some(pairs) = open.chunks(2).position(|pair| pair[0] > 0x74) {
                let cells =
                    open[pairs * 2..].chunks_exact(2).filter(|pair| !matches!(pair[0], 0x21..=0x28 | 0x30..=0x74));
                self.vendor = self.vendor.saturating_sub(cells.count());
                self.out.truncate(run.1 + pairs * 2);
                self.out.extend_from_slice(&open[pairs * 2..]);
            }
        }
        self.set = Set::Ascii;
        self.before_kana = Set::Ascii;
    }
}

/// The set that an ESC sequence switches to, and its length; an unknown one is one byte long and switches nothing.
fn shift(bytes: &[u8]) -> (Option<Set>, usize) {
    match bytes {
        [0x1B, b'(', b'B' | b'J', ..] => (Some(Set::Ascii), 3),
        [0x1B, b'(', b'I', ..] => (Some(Set::Kana), 3),
        [0x1B, b'$', b'B' | b'@', ..] => (Some(Set::Kanji), 3),
        [0x1B, b'$', b'(', b'D', ..] => (Some(Set::Supplement), 4),
        [0x1B, b'$', b'(', b'B' | b'@', ..] => (Some(Set::Kanji), 4),
        [0x1B, b'&', b'@', 0x1B, b'$', b'B', ..] => (Some(Set::Kanji), 6),
        _ => (None, 1),
    }
}

/// Bytes for the disk, and how many characters had to be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// ISO-2022-JP.
    pub bytes: Vec<u8>,
    /// Characters that became 〓, because JIS X 0208 does not have them.
    pub replaced: usize,
}

/// Writes text as ISO-2022-JP; see [`encode_iso2022jp_counted`].
pub fn encode_iso2022jp(text: &str) -> Vec<u8> {
    encode_iso2022jp_counted(text).bytes
}

/// Writes text as ISO-2022-JP: ASCII and JIS X 0208 with `ESC ( B` and `ESC $ B`, half-width katakana with `ESC ( I`.
///
/// Every run is closed before the next ASCII character, so delimiters and CR are always ASCII. Characters of Windows' character
/// set are replaced as NHO's table says (① as `(1)`, ㎎ as `mg`); what JIS X 0208 does not have (髙, 𠮷) becomes 〓 and is counted.
pub fn encode_iso2022jp_counted(text: &str) -> Encoded {
    let mut writer = Writer { bytes: Vec::with_capacity(text.len() + 8), set: Set::Ascii, replaced: 0 };
    for c in text.chars() {
        match substitute(c) {
            Some(words) => words.chars().for_each(|c| writer.put(c)),
            None => writer.put(c),
        }
    }
    writer.switch(Set::Ascii);
    Encoded { bytes: writer.bytes, replaced: writer.replaced }
}

struct Writer {
    bytes: Vec<u8>,
    set: Set,
    replaced: usize,
}

impl Writer {
    fn put(&mut self, c: char) {
        match c {
            '\u{1B}' | '\u{0E}' | '\u{0F}' => self.replaced += 1,
            c if c.is_ascii() => {
                self.switch(Set::Ascii);
                self.bytes.push(c as u8);
            }
            c if is_half_width_kana(c) => {
                self.switch(Set::Kana);
                self.bytes.push((c as u32 - 0xFF61 + 0x21) as u8);
            }
            c => {
                let cell = cell(c).unwrap_or_else(|| {
                    self.replaced += 1;
                    GETA_CELL
                });
                self.switch(Set::Kanji);
                self.bytes.extend(cell);
            }
        }
    }
    fn switch(&mut self, set: Set) {
        if self.set != set {
            self.set = set;
            self.bytes.extend(match set {
                Set::Kanji | Set::Supplement => b"\x1B$B",
                Set::Kana => b"\x1B(I",
                Set::Ascii => b"\x1B(B",
            });
        }
    }
}

/// The cell of JIS X 0208-1983 (rows 1 to 8 and 16 to 84) that holds a character.
fn cell(c: char) -> Option<[u8; 2]> {
    let folded = match c {
        '\u{301C}' => '\u{FF5E}',
        '\u{2212}' => '\u{FF0D}',
        '\u{2016}' => '\u{2225}',
        '\u{2014}' => '\u{2015}',
        '\u{A2}' => '\u{FFE0}',
        '\u{A3}' => '\u{FFE1}',
        '\u{AC}' => '\u{FFE2}',
        '\u{A5}' => '\u{FFE5}',
        '\u{203E}' => '\u{FFE3}',
        other => other,
    };
    let mut utf8 = [0; 4];
    let (bytes, _, failed) = EUC_JP.encode(folded.encode_utf8(&mut utf8));
    match *bytes {
        [row @ (0xA1..=0xA8 | 0xB0..=0xF4), cell @ 0xA1..=0xFE] if !failed => Some([row & 0x7F, cell & 0x7F]),
        _ => None,
    }
}

const GETA_CELL: [u8; 2] = [0x22, 0x2E];

/// Words for characters of Windows' set that JIS X 0208 lacks (NHO 環境依存文字 table).
fn substitute(c: char) -> Option<String> {
    let word = match c {
        '①'..='⑳' => return Some(format!("({})", c as u32 - '①' as u32 + 1)),
        'Ⅰ'..='Ⅹ' => ROMAN[(c as u32 - 'Ⅰ' as u32) as usize],
        'ⅰ'..='ⅹ' => return Some(ROMAN[(c as u32 - 'ⅰ' as u32) as usize].to_ascii_lowercase()),
        _ => SUBSTITUTES.iter().find(|(from, _)| *from == c)?.1,
    };
    Some(word.to_owned())
}

const ROMAN: [&str; 10] = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X"];
#[rustfmt::skip]
const SUBSTITUTES: &[(char, &str)] = &[
    ('㍉', "ミリ"), ('㌔', "キロ"), ('㌢', "センチ"), ('㍍', "メートル"), ('㌘', "グラム"), ('㌧', "トン"), ('㌃', "アール"),
    ('㌶', "ヘクタール"), ('㍑', "リットル"), ('㍗', "ワット"), ('㌍', "カロリー"), ('㌦', "ドル"), ('㌣', "セント"),
    ('㌫', "パーセント"), ('㍊', "ミリバール"), ('㌻', "ページ"), ('㎜', "mm"), ('㎝', "cm"), ('㎞', "km"), ('㎎', "mg"),
    ('㎏', "kg"), ('㏄', "cc"), ('㎡', "m*2"), ('㍻', "平成"), ('㍾', "明治"), ('㍽', "大正"), ('㍼', "昭和"), ('№', "No."),
    ('㏍', "K.K."), ('℡', "Tel"), ('㊤', "(上)"), ('㊥', "(中)"), ('㊦', "(下)"), ('㊧', "(左)"), ('㊨', "(右)"),
    ('㈱', "(株)"), ('㈲', "(有)"), ('㈹', "(代)"), ('〝', "″"), ('〟', "、"), ('∮', "Φ"), ('∑', "Σ"), ('∟', "└"), ('⊿', "Δ"),
    ('㍿', "株式会社"), ('㋿', "令和"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(bytes: &[u8], expect: &str) {
        assert_eq!(decode(bytes).map(|shifted| shifted.text).as_deref(), Some(expect), "text of {bytes:02X?}");
    }

    #[test]
    fn the_reference_bytes_of_a_name_are_written_and_read() {
        let bytes = b"\x1B$B8+K\\\x1B(B^\x1B$B2V;R\x1B(B^^^^^L^I";
        assert_eq!(encode_iso2022jp("見本^花子^^^^^L^I"), bytes);
        check(bytes, "見本^花子^^^^^L^I");
    }
    #[test]
    fn delimiter_bytes_inside_of_kanji_are_not_delimiters() {
        for word in ["日糖骨", "マま剤折漿", "μαβγδウう", "本目ボぼ＋", "服京"] {
            let bytes = encode_iso2022jp(word);
            assert!(bytes.iter().any(|b| b"|^&\\~".contains(b)), "{word}");
            check(&bytes, word);
        }
    }
    #[test]
    fn redundant_and_old_shifts_are_read() {
        check(b"A\x1B$B\x1B(BZ", "AZ");
        check(b"\x1B$B\x1B$B8+\x1B$BK\\\x1B(J\\~", "見本\\~");
        check(b"\x1B$@8+K\\\x1B(B", "見本");
        check(b"\x1B&@\x1B$B8+K\\\x1B(B", "見本");
        check(b"\x1B$(D0!\x1B(B", "丂");
        check(b"\x1B(I6^E\x1B(B|", "ｶﾞﾅ|");
        check(b"\x0E6^E\x0F|", "ｶﾞﾅ|");
        check(b"\x1B$B8+\x1B(B\xB6\xDE", "見ｶﾞ");
        check(b"\x1B$B8+ K\\\x1B(B", "見 本");
    }
    #[test]
    fn an_open_run_ends_with_its_segment() {
        let shifted = decode(b"PID|\x1B$B8+K\\\rPV1|1\r").expect("7 bits");
        assert_eq!((shifted.text.as_str(), shifted.not_reset), ("PID|見本\rPV1|1\r", true));
        let shifted = decode(b"OBX|\x1B$B8+K\\|F|19580312\rPV1|1\r").expect("7 bits");
        assert_eq!(shifted.text, "OBX|見本|F|19580312\rPV1|1\r");
    }
    #[test]
    fn unknown_shifts_and_cells_are_reported_not_lost() {
        let shifted = decode(b"a\x1B%Gb\x1B$B\x29\x21\x1B(B").expect("7 bits");
        assert_eq!((shifted.text.as_str(), shifted.unknown, shifted.unmapped), ("a%Gb〓", true, 1));
        assert!(decode(b"\x1B$B8+\x1B(B\x80").is_none());
    }
    #[test]
    fn foreign_characters_are_replaced_and_counted() {
        let encoded = encode_iso2022jp_counted("髙𠮷①㎎");
        assert_eq!(encoded.replaced, 2);
        check(&encoded.bytes, "〓〓(1)mg");
        check(&encode_iso2022jp("〜−‖¥"), "～－∥￥");
    }
    #[test]
    fn every_cell_of_the_standard_round_trips() {
        let mut cells = 0;
        for row in (0x21..=0x28u8).chain(0x30..=0x74) {
            for column in 0x21..=0x7Eu8 {
                let bytes = [0x1B, b'$', b'B', row, column, 0x1B, b'(', b'B'];
                let shifted = decode(&bytes).expect("7 bits");
                if shifted.unmapped == 0 {
                    assert_eq!(encode_iso2022jp(&shifted.text), bytes, "{}", shifted.text);
                    cells += 1;
                }
            }
        }
        assert_eq!(cells, 6_879);
    }

    proptest! {
        #[test]
        fn text_of_the_standard_round_trips(text in "([ -~]|[ぁ-んァ-ヶ]|[一右雨円王音下火花貝学気九休日本目服京剤糖骨]|[｡-ﾟ]|[\r\n]){0,60}") {
            let encoded = encode_iso2022jp_counted(&text);
            prop_assert_eq!(encoded.replaced, 0);
            let back = decode(&encoded.bytes).expect("7 bits");
            prop_assert_eq!(back.text, text);
            prop_assert!(!back.not_reset && !back.unknown);
        }
        #[test]
        fn any_text_is_written_in_seven_bits(text in "\\PC{0,60}") {
            let encoded = encode_iso2022jp_counted(&text);
            prop_assert!(encoded.bytes.is_ascii());
            prop_assert!(decode(&encoded.bytes).is_some());
        }
    }
}
