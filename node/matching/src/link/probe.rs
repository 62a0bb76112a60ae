//! Under which keys a patient is looked for in a store: a few, each of which few others share.
//!
//! A list in memory can split a large block when it meets one. A store cannot: so these keys name two fields where one has
//! many bearers. They survive an error in either name, in the birth date, in the address and in any number, one at a time.
use super::entry::{Entry, Kind, Vocabulary, Writing};
use super::interner::{hash, mix};

/// The keys of a patient, sorted, each once; none of somebody who is never linked.
pub fn probes(words: &Vocabulary, entry: &Entry) -> Vec<u64> {
    let mut out = Vec::new();
    if entry.kind == Kind::Excluded {
        return out;
    }
    let stable = |number: u32| if number == 0 { 0 } else { hash(words.text(number).as_bytes()) | 1 };
    let mut add = |kind: u64, fields: &[u64]| {
        if fields.iter().all(|field| *field != 0) {
            out.push(fields.iter().fold(mix(kind), |state, field| mix(state ^ field)));
        }
    };
    let kana = |writing: Writing| stable(words.folded(writing.kana));
    let birth = if entry.birth.is_multiple_of(100) { 0 } else { u64::from(entry.birth) };
    let (year, day) = (u64::from(entry.birth / 10_000), if birth == 0 { 0 } else { birth % 10_000 });
    let whole = entry.given.is_unknown();
    // A name without a split stands in the family's place.
    for (kind, name) in [(1, kana(entry.family)), (2, stable(entry.family.kanji))] {
        add(kind, &[birth, name]);
    }
    for (kind, name) in [(3, kana(entry.given)), (4, stable(entry.given.kanji))] {
        add(kind, &[birth, name]);
    }
    for (kind, mut names) in
        [(5, [kana(entry.family), kana(entry.given)]), (6, [stable(entry.family.kanji), stable(entry.given.kanji)])]
    {
        names.sort_unstable();
        let names = if whole { &names[1..] } else { &names[..] };
        add(kind, &[names, &[year]].concat());
        add(kind, &[names, &[day]].concat());
    }
    entry.phones.iter().for_each(|phone| add(7, &[*phone]));
    add(8, &[entry.insurance]);
    add(9, &[stable(entry.town), entry.block]);
    add(9, &[u64::from(entry.postcode), entry.block]);
    add(10, &[entry.card]);
    // A newborn has no name yet: the day and the house are all there is.
    add(11, &[birth, u64::from(entry.postcode)]);
    if let Some(extras) = words.extras(entry) {
        extras.families.iter().for_each(|family| add(1, &[birth, stable(words.folded(*family))]));
        extras.tokens.iter().for_each(|token| add(12, &[birth, stable(*token)]));
    }
    out.sort_unstable();
    out.dedup();
    out.truncate(PROBES_MAX);
    out
}

/// Keys of one patient; a usual one has twelve.
pub const PROBES_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Demographics, normalise};

    fn shared(change: impl Fn(&mut Demographics)) -> usize {
        let text = |text: &str| text.to_owned();
        let one = Demographics {
            family: text("十時"),
            given: text("花子"),
            family_kana: text("トトキ"),
            given_kana: text("ハナコ"),
            birth: text("1942-04-18"),
            sex: text("F"),
            postcode: text("2700000"),
            address: text("千葉県見本市見本町1-2-3"),
            phones: vec![text("0470000001")],
            ..Demographics::default()
        };
        let mut other = one.clone();
        change(&mut other);
        let mut words = Vocabulary::default();
        let keys = [one, other].map(|raw| {
            let entry = words.entry(&normalise(&raw), &raw.address, "");
            probes(&words, &entry)
        });
        keys[0].iter().filter(|key| keys[1].contains(key)).count()
    }

    #[test]
    fn one_error_in_any_field_leaves_several_keys() {
        assert!(shared(|d| d.birth = "1942-08-14".into()) >= 2);
        assert!(shared(|d| d.family = "見本".into()) >= 4);
        assert!(shared(|d| (d.given_kana, d.given) = ("ハナエ".into(), "花江".into())) >= 3);
        assert!(shared(|d| (d.address, d.postcode, d.phones) = (String::new(), String::new(), Vec::new())) >= 4);
        assert!(shared(|d| std::mem::swap(&mut d.family, &mut d.given)) >= 3);
    }
    #[test]
    fn keys_do_not_depend_on_what_was_read_before() {
        let raw = Demographics { family: "十時".into(), birth: "1942-04-18".into(), ..Demographics::default() };
        let of = |words: &mut Vocabulary| {
            let entry = words.entry(&normalise(&raw), "", "");
            probes(words, &entry)
        };
        let mut fed = Vocabulary::default();
        (0..50).for_each(|n| {
            fed.number(&format!("語{n}"));
        });
        assert_eq!(of(&mut fed), of(&mut Vocabulary::default()));
    }
    #[test]
    fn nobody_known_has_no_keys() {
        let raw = Demographics {
            family: "テスト".into(),
            given: "患者".into(),
            birth: "1942-04-18".into(),
            ..Demographics::default()
        };
        let mut words = Vocabulary::default();
        let entry = words.entry(&normalise(&raw), "", "");
        assert!(probes(&words, &entry).is_empty());
    }
}
