//! Nearly equal: one slip in a short text, one digit in a number.
use super::levels::{Kana, Kanji};
use crate::normal::text::WILDCARD;

/// Equal kanji, unless characters were lost: a lost character is never equal to itself.
pub fn whole_or_unknown(text: &str) -> Kanji {
    if text.contains(WILDCARD) { Kanji::Unknown } else { Kanji::Equal }
}

/// Two different kanji texts.
pub fn kanji(one: &str, other: &str) -> Kanji {
    if one.contains(WILDCARD) || other.contains(WILDCARD) {
        let alike = crate::normal::kanji::agree_but_for_lost(one, other);
        return if alike { Kanji::Unknown } else { Kanji::Differ };
    }
    if one.is_ascii() && other.is_ascii() {
        return if slips(one, other) <= 1 { Kanji::Near } else { Kanji::Differ };
    }
    let shared = one.chars().zip(other.chars()).filter(|(a, b)| a == b).count();
    if shared > 0 { Kanji::Near } else { Kanji::Differ }
}

/// Two different folded kana.
pub fn kana(one: &str, other: &str) -> Kana {
    if one.contains(WILDCARD) || other.contains(WILDCARD) {
        return Kana::Unknown;
    }
    let shorter = one.chars().count().min(other.chars().count());
    let allowed = if shorter >= LONG_NAME { 2 } else { 1 };
    let cut = shorter >= CUT_MIN && (one.starts_with(other) || other.starts_with(one));
    if shorter >= 2 && (cut || slips(one, other) <= allowed) { Kana::Near } else { Kana::Differ }
}

/// Whether two readings differ only in how a long vowel is written, with a mark on one side: ユーコ and ユウコ. Two vowels
/// more or less without a mark (オノ, オオノ) are another name.
pub fn long_mark(one: &str, other: &str) -> bool {
    let marked = |text: &str| text.contains('ー');
    (marked(one) || marked(other)) && one.chars().count().max(other.chars().count()) <= TEXT_MAX && {
        let (mut a, mut b) = (one.chars().peekable(), other.chars().peekable());
        let mut before = '\0';
        loop {
            match (a.peek().copied(), b.peek().copied()) {
                (None, None) => return true,
                (Some(x), Some(y)) if x == y => {
                    before = x;
                    a.next();
                    b.next();
                }
                (Some('ー'), Some(y)) if lengthens(before, y) => drop((a.next(), b.next())),
                (Some(x), Some('ー')) if lengthens(before, x) => drop((a.next(), b.next())),
                (Some('ー'), _) => drop(a.next()),
                (_, Some('ー')) => drop(b.next()),
                _ => return false,
            }
        }
    }
}

/// Whether a vowel makes the sound before it longer.
fn lengthens(before: char, vowel: char) -> bool {
    let row = match vowel {
        'ア' => "アカサタナハマヤラワガザダバパ",
        'イ' => "イキシチニヒミリギジビピエケセテネヘメレゲゼデベペ",
        'ウ' => "ウクスツヌフムユルグズブプオコソトノホモヨロゴゾドボポ",
        'エ' => "エケセテネヘメレゲゼデベペ",
        'オ' => "オコソトノホモヨロゴゾドボポ",
        _ => "",
    };
    row.contains(before)
}

/// Slips between two texts (optimal string alignment); [`TEXT_MAX`] if one is too long to look at.
pub fn slips(one: &str, other: &str) -> usize {
    let (mut left, mut right) = (['\0'; TEXT_MAX], ['\0'; TEXT_MAX]);
    let (Some(a), Some(b)) = (spread(one, &mut left), spread(other, &mut right)) else { return TEXT_MAX };
    let (mut before, mut last, mut row) = ([0; TEXT_MAX + 1], [0; TEXT_MAX + 1], [0; TEXT_MAX + 1]);
    for (at, cell) in last.iter_mut().enumerate() {
        *cell = at;
    }
    for i in 1..=a.len() {
        row[0] = i;
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        (before, last) = (last, row);
    }
    last[b.len()]
}

fn spread<'a>(text: &str, room: &'a mut [char; TEXT_MAX]) -> Option<&'a [char]> {
    let mut count = 0;
    for c in text.chars() {
        *room.get_mut(count)? = c;
        count += 1;
    }
    Some(&room[..count])
}

/// Whether two numbers of eight digits differ in one digit, or in two that were exchanged.
pub fn digits_slip(a: u32, b: u32) -> bool {
    let (mut a, mut b, mut differing) = (a, b, [(0, 0); 2]);
    let mut count = 0;
    while a != 0 || b != 0 {
        if a % 10 != b % 10 {
            if count == 2 {
                return false;
            }
            differing[count] = (a % 10, b % 10);
            count += 1;
        }
        (a, b) = (a / 10, b / 10);
    }
    let [(x, y), (v, w)] = differing;
    count == 1 || count == 2 && x == w && y == v
}

/// Whether two block numbers differ in one part only, or one lacks the last part.
pub fn blocks(a: u64, b: u64) -> bool {
    if a == 0 || b == 0 {
        return false;
    }
    let part = |block: u64, at: u32| (block >> (16 * at)) & 0xFFFF;
    let differing = (0..4).filter(|&at| part(a, at) != part(b, at)).count();
    let parts = (0..4).filter(|&at| part(a, at) != 0).count();
    (differing == 1 && parts > 1) || a >> 16 == b || b >> 16 == a
}

/// How many numbers two sorted lists share.
pub fn shared(a: &[u32], b: &[u32]) -> usize {
    a.iter().filter(|word| b.binary_search(word).is_ok()).count()
}

/// Longest text that is compared character by character; longer ones are only equal or different.
const TEXT_MAX: usize = 24;
/// From this length on two slips are still near.
const LONG_NAME: usize = 7;
/// Shortest kana that may match as the beginning of a longer one (fields cut at 20 bytes).
const CUT_MIN: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_is_one_exchange_one_missing_or_one_wrong_character() {
        let cases = [("タナカ", "タカナ"), ("タナカ", "タカ"), ("タナカ", "タメカ")];
        assert!(cases.iter().all(|(a, b)| slips(a, b) == 1));
        assert_eq!((slips("タナカ", "スズキ"), slips("", "ア"), slips("ア", "ア")), (3, 1, 0));
    }
    #[test]
    fn a_name_of_any_length_is_looked_at_in_bounded_time() {
        assert_eq!(slips(&"ア".repeat(100_000), &"ア".repeat(99_999)), TEXT_MAX);
    }
    #[test]
    fn a_long_vowel_may_be_written_with_a_mark_but_not_left_out_without_one() {
        let pairs = [
            ("ユーコ", "ユウコ"),
            ("コータロー", "コウタロウ"),
            ("オーノ", "オオノ"),
            ("ユーコ", "ユコ"),
            ("ケーコ", "ケイコ"),
        ];
        assert!(pairs.iter().all(|(a, b)| long_mark(a, b) && long_mark(b, a)));
        let names = [("オノ", "オオノ"), ("ユーコ", "ユアコ"), ("ユーコ", "ユウカ"), ("ユカ", "ユウカ"), ("ー", "ア")];
        assert!(names.iter().all(|(a, b)| !long_mark(a, b) && !long_mark(b, a)));
    }
    #[test]
    fn digits_may_be_mistyped_or_exchanged_once() {
        assert!(digits_slip(19_420_814, 19_420_815) && digits_slip(19_420_814, 19_420_841));
        assert!(!digits_slip(19_420_814, 19_430_815) && !digits_slip(19_420_814, 19_420_814));
    }
    #[test]
    fn block_numbers_may_differ_in_one_part() {
        let block = |a: u64, b: u64, c: u64| (a << 32) | (b << 16) | c;
        assert!(blocks(block(1, 2, 3), block(1, 2, 4)) && blocks(block(1, 2, 3), (1 << 16) | 2));
        assert!(!blocks(block(1, 2, 3), block(1, 4, 5)) && !blocks(0, block(1, 2, 3)));
    }
}
