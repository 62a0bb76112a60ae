//! Two patients side by side, character by character: what a reviewer looks at. Holds what was written, so it is personal data.
use crate::Demographics;
use crate::normal::date;

/// One field of two records.
#[derive(Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which.
    pub field: Shown,
    /// As the first record writes it.
    pub one: Vec<Piece>,
    /// As the second writes it.
    pub other: Vec<Piece>,
}

impl std::fmt::Debug for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Difference({:?}, ‹redacted›)", self.field)
    }
}

impl Difference {
    /// Whether both write the same.
    pub fn is_equal(&self) -> bool {
        self.one.iter().chain(&self.other).all(|piece| piece.is_shared)
    }
    /// Whether one of them writes nothing.
    pub fn is_unknown(&self) -> bool {
        self.one.is_empty() || self.other.is_empty()
    }
}

/// A run of characters that both have, or only one.
#[derive(Clone, PartialEq, Eq)]
pub struct Piece {
    /// The characters.
    pub text: String,
    /// Whether the other has them as well.
    pub is_shared: bool,
}

/// Fields in the order of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    /// 氏名.
    Name,
    /// 氏名（カナ）.
    Kana,
    /// 生年月日.
    Birth,
    /// 性別.
    Sex,
    /// 郵便番号.
    Postcode,
    /// 住所.
    Address,
    /// 電話.
    Phones,
    /// 保険: insurer, symbol, number and branch.
    Insurance,
    /// 共通診察券.
    Card,
}

/// All fields of two records that at least one of them has.
pub fn differences(one: &Demographics, other: &Demographics) -> Vec<Difference> {
    let fields = [
        Shown::Name,
        Shown::Kana,
        Shown::Birth,
        Shown::Sex,
        Shown::Postcode,
        Shown::Address,
        Shown::Phones,
        Shown::Insurance,
        Shown::Card,
    ];
    let both = fields.into_iter().map(|field| (field, text(one, field), text(other, field)));
    let said = both.filter(|(_, a, b)| !(a.is_empty() && b.is_empty()));
    said.map(|(field, a, b)| {
        let (one, other) = pieces(&a, &b);
        Difference { field, one, other }
    })
    .collect()
}

fn text(of: &Demographics, field: Shown) -> String {
    let join = |parts: &[&str], with: &str| {
        parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(with)
    };
    match field {
        Shown::Name => join(&[&of.family, &of.given], " "),
        Shown::Kana => join(&[&of.family_kana, &of.given_kana], " "),
        // One calendar on both sides: 昭和17年 and 1942 are no difference.
        Shown::Birth => match date::parse(&of.birth).birth {
            date::Birth::Full(date) => date.to_string(),
            _ => of.birth.trim().to_owned(),
        },
        Shown::Sex => of.sex.trim().to_owned(),
        Shown::Postcode => of.postcode.trim().to_owned(),
        Shown::Address => of.address.trim().to_owned(),
        Shown::Phones => join(&of.phones.iter().map(String::as_str).collect::<Vec<_>>(), ", "),
        Shown::Insurance => join(&[&of.insurer, &of.insured_symbol, &of.insured_number, &of.insured_branch], " · "),
        Shown::Card => of.card.trim().to_owned(),
    }
}

/// Both texts, cut where they begin or cease to agree (longest common subsequence of characters).
fn pieces(one: &str, other: &str) -> (Vec<Piece>, Vec<Piece>) {
    let cut = |text: &str| text.chars().take(SHOWN_CHARS_MAX).collect::<Vec<char>>();
    let (a, b) = (cut(one), cut(other));
    let mut longest = vec![vec![0u16; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i][j] = match a[i] == b[j] {
                true => longest[i + 1][j + 1] + 1,
                false => longest[i + 1][j].max(longest[i][j + 1]),
            };
        }
    }
    let (mut i, mut j, mut left, mut right) = (0, 0, Vec::new(), Vec::new());
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            push(&mut left, a[i], true);
            push(&mut right, b[j], true);
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || i < a.len() && longest[i + 1][j] >= longest[i][j + 1] {
            push(&mut left, a[i], false);
            i += 1;
        } else {
            push(&mut right, b[j], false);
            j += 1;
        }
    }
    (left, right)
}

fn push(pieces: &mut Vec<Piece>, c: char, is_shared: bool) {
    match pieces.last_mut().filter(|piece| piece.is_shared == is_shared) {
        Some(piece) => piece.text.push(c),
        None => pieces.push(Piece { text: c.into(), is_shared }),
    }
}

/// Characters of a field that are compared; an address has some forty.
const SHOWN_CHARS_MAX: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(pieces: &[Piece]) -> String {
        pieces.iter().map(|p| if p.is_shared { p.text.clone() } else { format!("[{}]", p.text) }).collect()
    }
    #[track_caller]
    fn check(one: &str, other: &str, expect: (&str, &str)) {
        let (a, b) = pieces(one, other);
        assert_eq!((marked(&a).as_str(), marked(&b).as_str()), expect);
    }

    #[test]
    fn differing_characters_are_marked_on_both_sides() {
        check("十時 健一", "十時 健二", ("十時 健[一]", "十時 健[二]"));
        check("見本町1-2-3", "見本町1-2-3-405", ("見本町1-2-3", "見本町1-2-3[-405]"));
        check("タナカ", "タカナ", ("タ[ナ]カ", "タカ[ナ]"));
    }
    #[test]
    fn one_day_in_two_calendars_is_no_difference() {
        let of = |birth: &str| Demographics { birth: birth.into(), ..Demographics::default() };
        let both = differences(&of("S17.4.18"), &of("1942-04-18"));
        assert!(both.len() == 1 && both[0].is_equal());
    }
    #[test]
    fn a_text_of_any_length_is_cut_and_nothing_of_it_is_in_debug() {
        let of = |c: &str| Demographics { address: c.repeat(100_000), ..Demographics::default() };
        let both = differences(&of("あ"), &of("い"));
        assert_eq!(both[0].one[0].text.chars().count(), SHOWN_CHARS_MAX);
        assert!(!format!("{both:?}").contains('あ'));
    }
}
