//! Identity strings: what the index turns into tags, by rules of several fields each.
//!
//! No rule has one field only: the frequency profile of a single name is the name list. A rule whose field is unknown or
//! damaged gives nothing. `protocol` blinds the strings; here nothing is hashed and nothing is secret.
use crate::limits::PHONES_TAGGED_MAX;
use crate::normal::{NORMALISER_VERSION, Normalised, normalise};
use crate::{Demographics, normal::name::NameKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Which fields an identity string joins. `(f)` is folded kana.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum RuleId {
    /// 1: birth date, given(f), sex.
    BirthGivenSex = 1,
    /// 2: birth date, family(f), first two kana of given(f).
    BirthFamilyInitials = 2,
    /// 3: family(f), given(f), birth year.
    NamesYear = 3,
    /// 4: family(f), given(f), month and day of birth.
    NamesMonthDay = 4,
    /// 5: telephone, given(f).
    PhoneGiven = 5,
    /// 6: insurance, given(f).
    InsuranceGiven = 6,
    /// 7: birth date, given kanji with variants folded.
    BirthGivenKanji = 7,
    /// 8: birth date, telephone.
    BirthPhone = 8,
    /// 9: birth date, insurance.
    BirthInsurance = 9,
    /// 10: birth date, family kanji with variants folded, sex.
    BirthFamilyKanjiSex = 10,
    /// 11: birth date, postcode, sex.
    BirthPostcodeSex = 11,
    /// 12: network card number, birth date.
    CardBirth = 12,
}

impl RuleId {
    /// All rules by number.
    pub const ALL: [Self; 12] = [
        Self::BirthGivenSex,
        Self::BirthFamilyInitials,
        Self::NamesYear,
        Self::NamesMonthDay,
        Self::PhoneGiven,
        Self::InsuranceGiven,
        Self::BirthGivenKanji,
        Self::BirthPhone,
        Self::BirthInsurance,
        Self::BirthFamilyKanjiSex,
        Self::BirthPostcodeSex,
        Self::CardBirth,
    ];
    /// The number that stands in the identity string.
    pub fn number(self) -> u8 {
        self as u8
    }
    /// The rule with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.number() == number)
    }
}

/// Whether these agreeing rules make a link across networks without a person: 7 and 9, that is birth date, given kanji and
/// insurance at once. Twins differ in the kanji, strangers in the insurance.
pub fn links_across(agreed: &BTreeSet<RuleId>) -> bool {
    agreed.contains(&RuleId::BirthGivenKanji) && agreed.contains(&RuleId::BirthInsurance)
}

/// The identity strings of a patient, ordered by rule, each once: `"tok" ‖ rule (1 byte) ‖ normaliser version (2 bytes, big
/// endian) ‖ fields, each with its length before it (2 bytes, big endian)`.
///
/// At most one per rule, except that each of the first two telephone numbers gets its own. Newborns without a name, test
/// patients and unknown persons have none.
pub fn identity_strings(raw: &Demographics) -> Vec<(RuleId, Vec<u8>)> {
    identity_strings_of(&normalise(raw))
}

/// As [`identity_strings`], for a patient already in normal form.
pub fn identity_strings_of(person: &Normalised) -> Vec<(RuleId, Vec<u8>)> {
    if person.kind != NameKind::Person {
        return Vec::new();
    }
    let parts = Parts::of(person);
    let mut out: Vec<_> = RuleId::ALL.into_iter().flat_map(|rule| parts.strings(rule)).collect();
    out.sort();
    out.dedup();
    out
}

/// The fields of all rules as texts; empty is unknown.
struct Parts {
    family: String,
    given: String,
    family_kanji: String,
    given_kanji: String,
    birth: String,
    year: String,
    sex: &'static str,
    postcode: String,
    phones: Vec<String>,
    insurance: Option<[String; 3]>,
    card: String,
}

impl Parts {
    fn of(person: &Normalised) -> Self {
        let insurance = person.insurance.as_ref();
        Self {
            family: person.family.tag_kana().unwrap_or_default(),
            given: person.given.tag_kana().unwrap_or_default(),
            family_kanji: person.family.tag_kanji().unwrap_or_default().to_owned(),
            given_kanji: person.given.tag_kanji().unwrap_or_default().to_owned(),
            birth: person.birth.full().map(|date| format!("{:08}", date.number())).unwrap_or_default(),
            year: person.birth.year().map(|year| format!("{year:04}")).unwrap_or_default(),
            sex: person.sex.map_or("", |sex| sex.letter()),
            postcode: person.postcode.clone().unwrap_or_default(),
            phones: person.phones.iter().take(PHONES_TAGGED_MAX).map(|phone| phone.digits.clone()).collect(),
            insurance: insurance.map(|card| [card.insurer.digits.clone(), card.symbol.clone(), card.number.clone()]),
            card: person.card.clone().unwrap_or_default(),
        }
    }

    fn strings(&self, rule: RuleId) -> Vec<(RuleId, Vec<u8>)> {
        let initials: String = self.given.chars().take(2).collect();
        let month_day = self.birth.get(4..).unwrap_or("");
        let one = |fields: &[&str]| string(rule, fields).into_iter().collect::<Vec<_>>();
        let each_phone = |other: &str| self.phones.iter().filter_map(|phone| string(rule, &[phone, other])).collect();
        let insured = |other: &str| {
            // The symbol alone may be empty: 後期高齢者 have none.
            let [insurer, symbol, number] = self.insurance.as_ref()?;
            (!other.is_empty()).then(|| (rule, join(rule, &[insurer, symbol, number, other])))
        };
        match rule {
            RuleId::BirthGivenSex => one(&[&self.birth, &self.given, self.sex]),
            RuleId::BirthFamilyInitials => one(&[&self.birth, &self.family, &initials]),
            RuleId::NamesYear => one(&[&self.family, &self.given, &self.year]),
            RuleId::NamesMonthDay => one(&[&self.family, &self.given, month_day]),
            RuleId::PhoneGiven => each_phone(&self.given),
            RuleId::InsuranceGiven => insured(&self.given).into_iter().collect(),
            RuleId::BirthGivenKanji => one(&[&self.birth, &self.given_kanji]),
            RuleId::BirthPhone => each_phone(&self.birth),
            RuleId::BirthInsurance => insured(&self.birth).into_iter().collect(),
            RuleId::BirthFamilyKanjiSex => one(&[&self.birth, &self.family_kanji, self.sex]),
            RuleId::BirthPostcodeSex => one(&[&self.birth, &self.postcode, self.sex]),
            RuleId::CardBirth => one(&[&self.card, &self.birth]),
        }
    }
}

fn string(rule: RuleId, fields: &[&str]) -> Option<(RuleId, Vec<u8>)> {
    fields.iter().all(|field| !field.is_empty()).then(|| (rule, join(rule, fields)))
}

fn join(rule: RuleId, fields: &[&str]) -> Vec<u8> {
    let mut out = b"tok".to_vec();
    out.push(rule.number());
    out.extend(NORMALISER_VERSION.to_be_bytes());
    for field in fields {
        // Fields are cut at TEXT_CHARS_MAX characters, far below the two bytes of length.
        out.extend(u16::try_from(field.len()).unwrap_or(u16::MAX).to_be_bytes());
        out.extend(field.as_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patient() -> Demographics {
        Demographics {
            family: "髙﨑".into(),
            given: "京子".into(),
            family_kana: "ﾀｶｻｷ".into(),
            given_kana: "きょうこ".into(),
            birth: "昭和25年1月2日".into(),
            sex: "女".into(),
            postcode: "〒022-0003".into(),
            phones: vec!["0192-00-1234".into(), "+81-90-0000-1234".into()],
            insurer: "138016".into(),
            insured_symbol: "国-１２３".into(),
            insured_number: "００１２３４（０１）".into(),
            card: "K-0001-2345".into(),
            ..Demographics::default()
        }
    }
    fn rules(strings: &[(RuleId, Vec<u8>)]) -> Vec<u8> {
        strings.iter().map(|(rule, _)| rule.number()).collect()
    }

    #[test]
    fn a_complete_patient_has_every_rule_and_two_numbers_where_a_telephone_is_in_it() {
        assert_eq!(rules(&identity_strings(&patient())), [1, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 11, 12]);
    }
    #[test]
    fn the_string_has_label_rule_version_and_fields_with_their_lengths() {
        let strings = identity_strings(&patient());
        let (_, seven) = strings.iter().find(|(rule, _)| *rule == RuleId::BirthGivenKanji).expect("rule 7");
        let mut expect = b"tok\x07\x00\x01\x00\x0819500102\x00\x06".to_vec();
        expect.extend("京子".as_bytes());
        assert_eq!(*seven, expect);
    }
    #[test]
    fn every_notation_of_one_patient_gives_the_same_strings() {
        let other = Demographics {
            family: "高崎　京子 様".into(),
            family_kana: "タカザキ　キヨウコ".into(),
            birth: "3250102".into(),
            sex: "2".into(),
            postcode: "0220003".into(),
            phones: vec!["(0192)00-1234".into(), "０９０－００００－１２３４".into()],
            insurer: "００１３８０１６".into(),
            insured_symbol: "国・123".into(),
            insured_number: "1234".into(),
            card: "k00012345".into(),
            ..Demographics::default()
        };
        assert_eq!(identity_strings(&patient()), identity_strings(&other));
    }
    #[test]
    fn rules_with_an_absent_or_damaged_field_give_nothing() {
        let mut raw = patient();
        raw.birth = "420418".into();
        assert_eq!(rules(&identity_strings(&raw)), [5, 5, 6]);
        raw.birth = "19500100".into();
        assert_eq!(rules(&identity_strings(&raw)), [3, 5, 5, 6]);
        let mut raw = patient();
        raw.given = "京■".into();
        raw.given_kana = String::new();
        assert_eq!(rules(&identity_strings(&raw)), [8, 8, 9, 10, 11, 12]);
        assert!(identity_strings(&Demographics::default()).is_empty());
    }
    #[test]
    fn neighbouring_fields_cannot_trade_characters() {
        let named = |family: &str, given: &str| Demographics {
            family_kana: family.into(),
            given_kana: given.into(),
            birth: "19500102".into(),
            ..Demographics::default()
        };
        let (one, other) = (identity_strings(&named("アイ", "ウ")), identity_strings(&named("ア", "イウ")));
        assert!(one.iter().all(|string| !other.contains(string)));
    }
    #[test]
    fn newborns_test_patients_and_unknown_persons_have_no_strings() {
        for name in ["山田　ベビー", "テスト　患者", "氏名不詳 1", "（株）見本"] {
            let raw = Demographics { family: name.into(), given: String::new(), ..patient() };
            assert!(identity_strings(&raw).is_empty(), "{name}");
        }
    }
    #[test]
    fn only_given_kanji_and_insurance_together_link_across_networks() {
        use RuleId::{BirthGivenKanji as Seven, BirthInsurance as Nine};
        assert!(links_across(&[Seven, Nine].into()));
        assert!(!links_across(&[Seven].into()) && !links_across(&[Nine, RuleId::BirthGivenSex].into()));
    }
    #[test]
    fn numbers_and_rules_are_one_to_one() {
        for (rule, number) in RuleId::ALL.into_iter().zip(1..) {
            assert_eq!((rule.number(), RuleId::from_number(number)), (number, Some(rule)));
        }
        assert_eq!(RuleId::from_number(0), None);
    }
}
