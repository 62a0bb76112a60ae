//! Kanji of names and places: variant characters (異体字) folded to one representative.
use super::text::{self, WILDCARD, is_kanji, is_lost, settle};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// L2: without gaps, variants folded, 々 written out, ヶ and が between kanji as ケ, lost characters as [`WILDCARD`].
pub fn folded(text: &str) -> String {
    settle(text, |text| {
        let plain: Vec<char> = text::unify_all(text).chars().filter(|c| !matches!(c, ' ' | '・')).collect();
        let mut out = String::with_capacity(text.len());
        let mut before = None;
        for (i, &c) in plain.iter().enumerate() {
            let between = before.is_some_and(is_kanji) && plain.get(i + 1).copied().is_some_and(is_kanji);
            let c = match c {
                '々' | '〻' => before.unwrap_or(c),
                'ヶ' => 'ケ',
                'ヵ' => 'カ',
                'が' | 'ガ' if between => 'ケ',
                c if is_lost(c) => WILDCARD,
                c => representative(c),
            };
            out.push(c);
            before = Some(c);
        }
        out
    })
}

/// The character that stands for all variants of this one; itself if it has none.
pub fn representative(c: char) -> char {
    // Kana, digits and letters have no variants.
    if c < '\u{2E80}' || ('\u{3000}'..'\u{3400}').contains(&c) { c } else { table().get(&c).copied().unwrap_or(c) }
}

/// Whether two folded texts agree where neither lost a character, and have the same length.
pub fn agree_but_for_lost(one: &str, other: &str) -> bool {
    one.chars().count() == other.chars().count()
        && one.chars().zip(other.chars()).all(|(a, b)| a == b || a == WILDCARD || b == WILDCARD)
}

/// Old forms of the 常用漢字 first, then the variants of personal names over them; chains are followed to their end.
fn table() -> &'static Variants {
    static TABLE: OnceLock<Variants> = OnceLock::new();
    TABLE.get_or_init(|| Variants::of(read_table()))
}

/// The table, with one bit per character of the first plane, since most characters have no variants.
struct Variants {
    steps: BTreeMap<char, char>,
    present: Vec<u64>,
}

impl Variants {
    fn of(steps: BTreeMap<char, char>) -> Self {
        let mut present = vec![0; 0x1_0000 / 64];
        for c in steps.keys().map(|c| *c as usize).filter(|c| *c < 0x1_0000) {
            present[c / 64] |= 1 << (c % 64);
        }
        Self { steps, present }
    }
    fn get(&self, c: &char) -> Option<&char> {
        let at = *c as usize;
        let absent = self.present.get(at / 64).is_some_and(|bits| bits >> (at % 64) & 1 == 0);
        if absent { None } else { self.steps.get(c) }
    }
}

fn read_table() -> BTreeMap<char, char> {
    let mut steps = BTreeMap::new();
    for pair in lines(include_str!("joyo.txt")).flat_map(str::split_whitespace) {
        let mut chars = pair.chars();
        if let (Some(old), Some(new)) = (chars.next(), chars.next()) {
            steps.insert(old, new);
        }
    }
    for (stands, variants) in lines(include_str!("variants.txt")).filter_map(|line| line.split_once('=')) {
        let Some(stands) = stands.trim().chars().next() else { continue };
        steps.remove(&stands);
        steps.extend(variants.trim().chars().map(|variant| (variant, stands)));
    }
    steps.iter().map(|(&c, &next)| (c, end_of(&steps, next))).collect()
}

fn end_of(steps: &BTreeMap<char, char>, start: char) -> char {
    let mut c = start;
    for _ in 0..CHAIN_MAX {
        match steps.get(&c) {
            Some(&next) => c = next,
            None => break,
        }
    }
    c
}

fn lines(data: &'static str) -> impl Iterator<Item = &'static str> {
    data.lines().filter(|line| !line.starts_with('#'))
}

/// Longest chain of the tables: old form → new form → the variant that stands for all.
const CHAIN_MAX: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variant_ends_at_a_character_that_stands_for_itself() {
        let steps = read_table();
        assert!(steps.len() > 350, "{}", steps.len());
        for (variant, stands) in &steps {
            assert_ne!(variant, stands);
            assert_eq!(representative(*stands), *stands, "{variant} → {stands}");
        }
    }
    #[test]
    fn similar_names_that_are_not_variants_stay_apart() {
        for (a, b) in [("渡部", "渡辺"), ("大田", "太田"), ("土井", "士井"), ("末吉", "未吉"), ("埼", "崎")]
        {
            assert_ne!(folded(a), folded(b));
        }
    }
    #[test]
    fn a_lost_character_agrees_with_any_one_character_only() {
        assert!(agree_but_for_lost("山*太郎", "山田太郎"));
        assert!(!agree_but_for_lost("山*太郎", "山太郎"));
        assert!(!agree_but_for_lost("山*太郎", "川田太郎"));
    }
}
