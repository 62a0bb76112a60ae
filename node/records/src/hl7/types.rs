//! The data types of HL7 as Japan uses them: coded values, names, staff, places, addresses, telephones, amounts.
use super::kana::{full_width_kana, is_kana};
use super::part::Repeat;
use crate::model::{Address, Amount, Code, NameForm, OtherCode, PersonName, Phone};

/// A coded value (CWE). The standard code comes first, wherever it stands: told by the system's name, never by position.
pub fn code(repeat: Repeat<'_>) -> Code {
    let triplet = |from: usize| OtherCode {
        code: repeat.text(from).into_owned(),
        text: repeat.text(from + 1).into_owned(),
        system: repeat.text(from + 2).into_owned(),
    };
    let (first, second) = (triplet(1), triplet(4));
    let (main, other) = match (first.is_empty(), second.is_empty()) {
        (_, true) => (first, None),
        (true, false) => (second, None),
        (false, false) if is_local(&first.system) && !is_local(&second.system) => (second, Some(first)),
        (false, false) => (first, Some(second)),
    };
    let original = repeat.text(9);
    let text =
        if main.text.is_empty() && other.is_none() && !original.is_empty() { original.into_owned() } else { main.text };
    Code { code: main.code, text, system: main.system, other }
}

/// A person's name (XPN). The second value says that its parts or marks were not where they belong.
pub fn person_name(repeat: Repeat<'_>) -> (Option<PersonName>, bool) {
    let mut odd = false;
    let mut family = full_width_kana(&repeat.text(1));
    let mut given = full_width_kana(&repeat.text(2));
    if given.is_empty()
        && let Some((before, after)) = family.split_once([' ', '\u{3000}'])
    {
        (family, given) = (before.to_owned(), after.trim().to_owned());
        odd = true;
    }
    if family.is_empty() && given.is_empty() {
        return (None, false);
    }
    let mark = |text: &str| match text {
        "I" => Some(NameForm::Kanji),
        "P" => Some(NameForm::Kana),
        "A" => Some(NameForm::Roman),
        _ => None,
    };
    // Some writers put the marks a component too early.
    let marked = mark(&repeat.text(8)).or_else(|| (5..=10).filter(|n| *n != 7).find_map(|n| mark(&repeat.text(n))));
    odd |= mark(&repeat.text(8)).is_none();
    let form = marked.unwrap_or_else(|| script(&family, &given));
    (Some(PersonName { family: family.into(), given: given.into(), form }), odd)
}

/// The script that a name is written in.
pub fn script(family: &str, given: &str) -> NameForm {
    let whole = format!("{family}{given}");
    if is_kana(&whole) {
        NameForm::Kana
    } else if !whole.is_empty() && whole.chars().all(|c| c.is_ascii() || c.is_whitespace()) {
        NameForm::Roman
    } else {
        NameForm::Kanji
    }
}

/// A member of staff (XCN) as one text: family and given name, or the number if there is no name.
pub fn staff(repeat: Repeat<'_>) -> String {
    let (family, given) = (repeat.text(2), repeat.text(3));
    match (family.is_empty(), given.is_empty()) {
        (true, true) => repeat.text(1).into_owned(),
        (false, true) => family.into_owned(),
        (true, false) => given.into_owned(),
        (false, false) => format!("{family} {given}"),
    }
}

/// An address (XAD): everything in component 8 in normal Japanese use, else its parts in order.
pub fn address(repeat: Repeat<'_>) -> Option<Address> {
    let whole = repeat.text(8);
    let text = if whole.is_empty() {
        [4, 3, 1, 2].iter().map(|n| repeat.text(*n).into_owned()).collect::<String>()
    } else {
        whole.into_owned()
    };
    let postcode = repeat.text(5).into_owned();
    let purpose = repeat.text(7).into_owned();
    (!text.is_empty() || !postcode.is_empty()).then(|| Address {
        postcode: postcode.into(),
        text: text.into(),
        purpose,
    })
}

/// A telephone number or mail address (XTN).
pub fn phone(repeat: Repeat<'_>) -> Option<Phone> {
    let number = [12, 1, 4].iter().map(|n| repeat.text(*n)).find(|text| !text.is_empty());
    let parts = || [6, 7].iter().map(|n| repeat.text(*n)).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("-");
    let number = number.map_or_else(parts, |number| number.into_owned());
    let (purpose, equipment) = (repeat.text(2).into_owned(), repeat.text(3).into_owned());
    (!number.is_empty()).then(|| Phone { number: number.into(), purpose, equipment })
}

/// A place (PL) as one text: ward, room and bed, or the department.
pub fn place(repeat: Repeat<'_>) -> String {
    let parts: Vec<_> = [1, 2, 3].iter().map(|n| repeat.text(*n)).filter(|text| !text.is_empty()).collect();
    parts.join("-")
}

/// A quantity with unit (CQ): `5^D&日&ISO+`.
pub fn quantity(repeat: Repeat<'_>) -> Option<Amount> {
    let number = repeat.text(1).into_owned();
    let unit = repeat.component(2);
    (!number.is_empty()).then(|| Amount { number, number_max: String::new(), unit: code(unit.as_repeat()) })
}

/// A number as HL7's NM has it: digits, sign, one point. No exponent, no comparison.
pub fn is_plain_number(text: &str) -> bool {
    let body = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, part) = body.split_once('.').unwrap_or((body, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    digits(whole) && digits(part) && !(whole.is_empty() && part.is_empty())
}

/// Whether a coding system is a site's own (`99…`, `L`) or not named at all.
pub fn is_local(system: &str) -> bool {
    system.is_empty() || system.starts_with("99") || system == "L"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hl7::Separators;
    use crate::hl7::part::Field;

    fn repeat(raw: &str) -> Repeat<'_> {
        Field::new(raw, Separators::STANDARD).first()
    }
    #[track_caller]
    fn check_code(raw: &str, code_expect: &str, shown: &str) {
        let code = code(repeat(raw));
        assert_eq!((code.code.as_str(), code.shown()), (code_expect, shown), "code of {raw:?}");
    }

    #[test]
    fn the_standard_code_counts_wherever_it_stands() {
        check_code("3A010^総蛋白^JC10^10222^ＴＰ^99X03", "3A010", "総蛋白");
        check_code("10222^ＴＰ^99X03^3A010^総蛋白^JC10", "3A010", "総蛋白");
        check_code("^^^3A010^総蛋白^JC10", "3A010", "総蛋白");
        check_code("10222^ＴＰ^99X03", "10222", "ＴＰ");
        check_code("^卵アレルギー^99XX", "", "卵アレルギー");
        check_code("CR^^DCM", "CR", "CR");
    }
    #[track_caller]
    fn check_name(raw: &str, family: &str, given: &str, form: NameForm, odd: bool) {
        let (name, found_odd) = person_name(repeat(raw));
        let name = name.expect("a name");
        assert_eq!((name.family.expose().as_str(), name.given.expose().as_str()), (family, given));
        assert_eq!((name.form, found_odd), (form, odd), "{raw}");
    }
    #[test]
    fn names_are_read_in_every_form_of_the_field() {
        check_name("見本^花子^^^^^L^I", "見本", "花子", NameForm::Kanji, false);
        check_name("ミホン^ハナコ^^^^^L^P", "ミホン", "ハナコ", NameForm::Kana, false);
        check_name("ミホンハナコ^^^^^L^P", "ミホンハナコ", "", NameForm::Kana, true);
        check_name("見本^花子^^^^L^I", "見本", "花子", NameForm::Kanji, true);
        check_name("見本　花子^^^^^^L^I", "見本", "花子", NameForm::Kanji, true);
        check_name("ﾐﾎﾝ^ﾊﾅｺ", "ミホン", "ハナコ", NameForm::Kana, true);
        assert_eq!(person_name(repeat("^^^^^^L^I")), (None, false));
    }
    #[test]
    fn staff_places_and_contacts_become_texts() {
        assert_eq!(staff(repeat("D0101^医師^一郎^^^^^^^L^^^^^I")), "医師 一郎");
        assert_eq!(staff(repeat("607^医師一郎^^^^^^^^L^^^^^I")), "医師一郎");
        assert_eq!(place(repeat("3W^305^02^^^N")), "3W-305-02");
        let address = address(repeat("^^^^999-0001^JPN^H^静岡県架空市本町")).expect("there");
        assert_eq!(address.text.expose(), "静岡県架空市本町");
        assert_eq!(
            phone(repeat("^PRN^PH^^^^^^^^^054-000-1234")).map(|p| p.number.into_exposed()),
            Some("054-000-1234".into())
        );
        let days = quantity(repeat("5^D&日&ISO+")).expect("there");
        assert_eq!((days.number.as_str(), days.unit.shown()), ("5", "日"));
    }
    #[test]
    fn plain_numbers_are_told_from_texts() {
        for good in ["7.2", "-1", "+.5", "11200", "1."] {
            assert!(is_plain_number(good), "{good}");
        }
        for bad in ["", "-", ".", "< 3", "1e3", "１２", "1.2.3"] {
            assert!(!is_plain_number(bad), "{bad}");
        }
    }
}
