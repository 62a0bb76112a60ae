//! ISO-2022-JP as SS-MIX2 wants it on disk: ASCII and JIS X 0208 only, back in ASCII before every delimiter.
//!
//! Own table, built once: the WHATWG encoder writes vendor cells and numeric entities, and searches each kanji anew.
//! Source: SS-MIX2 標準化ストレージ仕様書, character sets.
use super::names;
use encoding_rs::EUC_JP;

/// From characters to cells of JIS X 0208.
pub(crate) struct Jis(Vec<u16>);

/// The 〓 that stands for a character outside the set.
const GETA: u16 = 0x222e;
const TO_ASCII: &[u8] = b"\x1b(B";
const TO_KANJI: &[u8] = b"\x1b$B";
const TO_KANA: &[u8] = b"\x1b(I";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Set {
    Ascii,
    Kanji,
    Kana,
}

impl Jis {
    /// Reads the table out of EUC-JP, whose two bytes are the cell with the high bits set.
    pub(crate) fn new() -> Self {
        let mut cells = vec![0; 0x1_0000];
        for row in (0x21u8..=0x28).chain(0x30..=0x74) {
            for cell in 0x21u8..=0x7e {
                let pair = [row | 0x80, cell | 0x80];
                let (text, bad) = EUC_JP.decode_without_bom_handling(&pair);
                if let (false, Some(slot)) = (bad, text.chars().next().and_then(|c| cells.get_mut(c as usize))) {
                    *slot = u16::from_be_bytes([row, cell]);
                }
            }
        }
        for (other, cell) in [('\u{301c}', 0x2141), ('\u{2212}', 0x215d), ('\u{2016}', 0x2142)] {
            cells[other as usize] = cell;
        }
        Self(cells)
    }
    /// The text as bytes. Half-width katakana go to their own set (a deviation); what JIS X 0208 lacks is written in its
    /// everyday form, or as 〓.
    pub(crate) fn encode(&self, text: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(text.len() + text.len() / 4);
        let mut set = Set::Ascii;
        for c in text.chars() {
            let wanted = match c {
                '\0'..='\x7f' => Set::Ascii,
                '\u{ff61}'..='\u{ff9f}' => Set::Kana,
                _ => Set::Kanji,
            };
            if wanted != set {
                bytes.extend_from_slice(match wanted {
                    Set::Ascii => TO_ASCII,
                    Set::Kanji => TO_KANJI,
                    Set::Kana => TO_KANA,
                });
                set = wanted;
            }
            match wanted {
                Set::Ascii => bytes.push(c as u8),
                Set::Kana => bytes.push((c as u32 - 0xff40) as u8),
                Set::Kanji => bytes.extend_from_slice(&self.cell(c).to_be_bytes()),
            }
        }
        if set != Set::Ascii {
            bytes.extend_from_slice(TO_ASCII);
        }
        bytes
    }
    fn cell(&self, c: char) -> u16 {
        let find = |c: char| self.0.get(c as usize).copied().filter(|cell| *cell != 0);
        find(c).or_else(|| find(names::everyday(c))).unwrap_or(GETA)
    }
}

/// Katakana in half width, voiced marks apart; other characters unchanged.
pub(crate) fn half_width(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match KANA.iter().find(|(full, _)| full.contains(c)) {
            Some((full, half)) => {
                let at = full.chars().position(|f| f == c).unwrap_or(0);
                out.extend(half.chars().nth(at));
                match full.chars().next() {
                    Some('ガ') => out.push('ﾞ'),
                    Some('パ') => out.push('ﾟ'),
                    _ => {}
                }
            }
            None => out.push(c),
        }
    }
    out
}

const KANA: &[(&str, &str)] = &[
    (
        "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲンァィゥェォャュョッー",
        "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜｦﾝｧｨｩｪｫｬｭｮｯｰ",
    ),
    ("ガギグゲゴザジズゼゾダヂヅデドバビブベボヴ", "ｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾊﾋﾌﾍﾎｳ"),
    ("パピプペポ", "ﾊﾋﾌﾍﾎ"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_returns_to_ascii_before_every_delimiter() {
        let bytes = Jis::new().encode("見本^花子");
        assert_eq!(bytes, b"\x1b$B8+K\\\x1b(B^\x1b$B2V;R\x1b(B");
    }
    #[test]
    fn what_jis_lacks_becomes_its_everyday_form_or_a_geta() {
        let jis = Jis::new();
        assert_eq!(jis.encode("髙"), jis.encode("高"));
        assert_eq!(jis.encode("𠀋"), jis.encode("〓"));
        assert_eq!(jis.encode("−"), b"\x1b$B!]\x1b(B");
    }
    #[test]
    fn half_width_kana_carry_their_marks_apart() {
        assert_eq!(half_width("ガッパ花"), "ｶﾞｯﾊﾟ花");
        assert_eq!(Jis::new().encode("ｱ|"), b"\x1b(I1\x1b(B|");
    }
}
