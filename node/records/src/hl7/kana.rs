/// Turns half-width katakana into full width and joins its voice marks (`ｶﾞ` → `ガ`); everything else stays as it is.
pub fn full_width_kana(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let Some(full) = full(c) else {
            out.push(c);
            continue;
        };
        let voiced = match chars.peek() {
            Some('\u{FF9E}') => voiced(full),
            Some('\u{FF9F}') if matches!(full, 'ハ' | 'ヒ' | 'フ' | 'ヘ' | 'ホ') => {
                char::from_u32(full as u32 + 2)
            }
            _ => None,
        };
        if voiced.is_some() {
            chars.next();
        }
        out.push(voiced.unwrap_or(full));
    }
    out
}

/// Whether a text is written in kana alone (either script, either width), with spaces and long marks; false for nothing.
pub fn is_kana(text: &str) -> bool {
    let kana = |c: char| matches!(c, 'ぁ'..='ゟ' | '゠'..='ヿ' | '\u{FF61}'..='\u{FF9F}');
    let filler = |c: char| matches!(c, ' ' | '\u{3000}' | '-' | '－' | '‐' | '−');
    text.chars().any(kana) && text.chars().all(|c| kana(c) || filler(c))
}

/// Whether there is any half-width kana.
pub(super) fn has_half_width_kana(text: &str) -> bool {
    // In UTF-8 they all begin with this byte; texts without it need not be decoded.
    text.bytes().any(|byte| byte == 0xEF) && text.chars().any(is_half_width_kana)
}

pub(super) fn is_half_width_kana(c: char) -> bool {
    matches!(c, '\u{FF61}'..='\u{FF9F}')
}

fn full(c: char) -> Option<char> {
    if !is_half_width_kana(c) {
        return None;
    }
    FULL.chars().nth((c as u32 - 0xFF61) as usize)
}

fn voiced(c: char) -> Option<char> {
    match c {
        'ウ' => Some('ヴ'),
        'カ' | 'キ' | 'ク' | 'ケ' | 'コ' | 'サ' | 'シ' | 'ス' | 'セ' | 'ソ' | 'タ' | 'チ' | 'ツ' | 'テ' | 'ト'
        | 'ハ' | 'ヒ' | 'フ' | 'ヘ' | 'ホ' => char::from_u32(c as u32 + 1),
        _ => None,
    }
}

const FULL: &str = "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン゛゜";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voice_marks_join() {
        assert_eq!(full_width_kana("ｶﾞｷﾞ ﾊﾟﾊﾞｱﾞ ｳﾞ｡ﾟ"), "ガギ パバア゛ ヴ。゜");
        assert_eq!(FULL.chars().count(), 63);
    }
    #[test]
    fn kana_is_told_from_kanji() {
        assert!(is_kana("ミホン ハナコ") && is_kana("みほん") && is_kana("ﾐﾎﾝ"));
        assert!(!is_kana("見本") && !is_kana("") && !is_kana("Mihon") && !is_kana(" "));
    }
}
