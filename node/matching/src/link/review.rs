//! What people are asked, and in which order: a link that a rule may not make alone.
use super::bands::Doubt;
use super::levels::{BirthLevel, Field, Kana, Kanji, Levels};
use super::model::MilliBits;
use serde::{Deserialize, Serialize};

/// What a person says about a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Answer {
    /// One person.
    Same,
    /// Two persons.
    NotSame,
}

/// A first word, before the second that it needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// Who, by the opaque number of a member of staff.
    pub staff: String,
    /// What they say.
    pub answer: Answer,
}

/// What becomes of a pair after somebody spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoken {
    /// It holds.
    Settled(Answer),
    /// Somebody else has to say the same.
    NeedsSecond,
    /// The two do not agree: it begins anew, and the next word is a first one.
    Disputed,
    /// Who spoke first cannot be the second as well.
    SamePerson,
}

/// Takes a word. To part two records is safe and needs one person; to join what something speaks against needs two.
pub fn speak(doubt: Option<Doubt>, first: Option<&Word>, word: &Word) -> Spoken {
    match first {
        Some(first) if first.staff == word.staff && word.answer == first.answer => Spoken::SamePerson,
        Some(first) if first.answer == word.answer => Spoken::Settled(word.answer),
        // Whoever said "same" first may think better of it alone.
        Some(first) if first.staff != word.staff => Spoken::Disputed,
        _ if word.answer == Answer::Same && doubt.is_some_and(needs_second) => Spoken::NeedsSecond,
        _ => Spoken::Settled(word.answer),
    }
}

/// Whether a link against this doubt needs a second reviewer: something contradicts it, or it moves a whole person.
pub fn needs_second(doubt: Doubt) -> bool {
    match doubt {
        Doubt::CardsDiffer
        | Doubt::SexAndGivenDiffer
        | Doubt::BirthAndGivenDiffer
        | Doubt::BirthDiffers
        | Doubt::OtherBranch
        | Doubt::TwinsSuspected
        | Doubt::SeveralPersons
        | Doubt::MemberDiffers => true,
        Doubt::Namesakes
        | Doubt::SameFacility
        | Doubt::Newborn
        | Doubt::FamilyNameChanged
        | Doubt::NoMargin
        | Doubt::Weight => false,
    }
}

/// Order of the queue: what can do harm first, then what is nearest to a decision.
pub fn urgency(doubt: Option<Doubt>, weight: MilliBits) -> (u8, u32) {
    let first = match doubt {
        // A link that people made and the records now contradict is shown to people at this moment.
        None => 0,
        Some(Doubt::SeveralPersons | Doubt::MemberDiffers) => 1,
        Some(_) => 2,
    };
    (first, weight.0.unsigned_abs())
}

/// Languages of [`reason`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// 日本語.
    Japanese,
    /// English.
    English,
}

/// Why people are asked, in a sentence. `None`: a link that people made, which the records contradict now.
pub fn reason(doubt: Option<Doubt>, language: Language) -> &'static str {
    let (japanese, english) = match doubt {
        None => (
            "職員が同一人物とした組ですが、その後の患者情報の変更と矛盾します",
            "people said that this is one person, and what the records say now contradicts it",
        ),
        Some(Doubt::CardsDiffer) => {
            ("共通診察券（共通ID）の番号が異なります", "both have a common ID, and they differ")
        }
        Some(Doubt::SexAndGivenDiffer) => ("性別と名がどちらも異なります", "sex and given name both differ"),
        Some(Doubt::BirthAndGivenDiffer) => {
            ("生年月日の2か所以上と名が異なります", "two parts of the birth date and the given name differ")
        }
        Some(Doubt::BirthDiffers) => (
            "生年月日が異なり、本人だけの番号の一致がありません",
            "the birth date differs, and no number of one person agrees",
        ),
        Some(Doubt::OtherBranch) => (
            "保険証の番号は同じで枝番が異なります（家族の可能性）",
            "one insurance number, two branches: two members of a family, or a wrong branch",
        ),
        Some(Doubt::TwinsSuspected) => (
            "生年月日と世帯が同じで名が完全には一致しません（双子の可能性）",
            "birth date and household agree, the given name does not fully: twins, or a misread name",
        ),
        Some(Doubt::Namesakes) => (
            "氏名と生年月日だけが一致し、同姓同名の別人がありえます",
            "only name and birth date agree, and others are likely to bear the same",
        ),
        Some(Doubt::SameFacility) => ("同じ施設の二つの診察券番号です", "two charts of one facility"),
        Some(Doubt::Newborn) => ("名前のない新生児です", "a newborn without a name"),
        Some(Doubt::FamilyNameChanged) => (
            "姓が異なり、世帯の項目も一致しません（婚姻などの可能性）",
            "the family name differs and nothing of the household agrees: marriage, or somebody else",
        ),
        Some(Doubt::NoMargin) => ("ほぼ同じ程度に一致する別の候補があります", "another candidate is nearly as good"),
        Some(Doubt::SeveralPersons) => (
            "これまで別人としていた二人を一人にまとめることになります",
            "it would bring two persons together that were apart until now",
        ),
        Some(Doubt::MemberDiffers) => {
            ("同じ人物とされた別の記録と矛盾します", "another record of the same person contradicts")
        }
        Some(Doubt::Weight) => (
            "多くの項目が一致しますが、自動で結ぶには足りません",
            "much agrees, but not enough for a link without a person",
        ),
    };
    if language == Language::Japanese { japanese } else { english }
}

/// How one comparison of a pair came out, for a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// Equal.
    Equal,
    /// Alike: other writing, one slip, part of it.
    Near,
    /// Different.
    Differs,
    /// Not known on one side or both.
    Unknown,
}

/// How two records agree in family name, given name, birth date, sex, household and card.
pub fn agreements(levels: Levels) -> [(Field, Agreement); 6] {
    let name = |field: Field| match (levels.kanji(field), levels.kana(field)) {
        (Kanji::Equal, Kana::Equal | Kana::Unknown) | (Kanji::Unknown, Kana::Equal) => Agreement::Equal,
        (Kanji::Unknown, Kana::Unknown) => Agreement::Unknown,
        (Kanji::Differ, Kana::Differ | Kana::Unknown) | (Kanji::Unknown, Kana::Differ) => Agreement::Differs,
        _ => Agreement::Near,
    };
    let birth = match levels.get(Field::Birth) {
        level if level == BirthLevel::Equal as usize || level == BirthLevel::Habit as usize => Agreement::Equal,
        level if level == BirthLevel::Unknown as usize => Agreement::Unknown,
        level if level == BirthLevel::Differ as usize => Agreement::Differs,
        _ => Agreement::Near,
    };
    let plain = |field: Field| match levels.get(field) {
        0 => Agreement::Equal,
        1 => Agreement::Differs,
        _ => Agreement::Unknown,
    };
    let home = match levels.homes_agreeing() {
        0 => Agreement::Differs,
        1 => Agreement::Near,
        _ => Agreement::Equal,
    };
    [
        (Field::Family, name(Field::Family)),
        (Field::Given, name(Field::Given)),
        (Field::Birth, birth),
        (Field::Sex, plain(Field::Sex)),
        (Field::Home, home),
        (Field::Card, plain(Field::Card)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(staff: &str, answer: Answer) -> Word {
        Word { staff: staff.into(), answer }
    }

    #[test]
    fn two_people_join_twins_and_one_parts_them() {
        let twins = Some(Doubt::TwinsSuspected);
        let (one, other) = (word("a", Answer::Same), word("b", Answer::Same));
        assert_eq!(speak(twins, None, &one), Spoken::NeedsSecond);
        assert_eq!(speak(twins, Some(&one), &one), Spoken::SamePerson);
        assert_eq!(speak(twins, Some(&one), &other), Spoken::Settled(Answer::Same));
        assert_eq!(speak(twins, Some(&one), &word("b", Answer::NotSame)), Spoken::Disputed);
        assert_eq!(speak(twins, Some(&one), &word("a", Answer::NotSame)), Spoken::Settled(Answer::NotSame));
        assert_eq!(speak(twins, None, &word("a", Answer::NotSame)), Spoken::Settled(Answer::NotSame));
    }
    #[test]
    fn one_person_joins_two_charts_of_a_facility() {
        assert_eq!(speak(Some(Doubt::SameFacility), None, &word("a", Answer::Same)), Spoken::Settled(Answer::Same));
    }
    #[test]
    fn a_contradicted_link_comes_before_everything_else() {
        assert!(urgency(None, MilliBits(9_000)) < urgency(Some(Doubt::Weight), MilliBits(0)));
        assert!(urgency(Some(Doubt::Weight), MilliBits(-500)) < urgency(Some(Doubt::Weight), MilliBits(3_000)));
    }
}
