use super::badge::kind_word;
use super::dates::moment;
use super::signed::role_word;
use crate::desk::Places;
use crate::i18n::{Key, Words};
use maud::{Markup, html};
use protocol::consent::{ConsentReceipt, Holders, Networks, Readers, Stance};
use protocol::kinds::{Codes, FacilityClass, KindSet, Purpose, Role};
use protocol::time::Millis;

/// A statement as one sentence 「だれは・なにを・なんのために・見てよい」, its changing parts underlined.
pub fn sentence(words: &Words, places: &Places, one: &ConsentReceipt) -> Markup {
    let who = marked(&who(words, places, one));
    let what = marked(&kind_list(words, one.kinds));
    let at = match &one.holders {
        Holders::All => String::new(),
        Holders::List(list) => {
            let names: Vec<String> = list.iter().map(|id| places.facility(id).name).collect();
            words.with(Key::SentenceAt, &[("names", names.join(words_join(words)).into())])
        }
    };
    let why = marked(&purpose_list(words, one.purposes));
    let key = match one.stance {
        Stance::Permit => Key::SentencePermit,
        Stance::Deny => Key::SentenceDeny,
        Stance::Stop => Key::SentenceStop,
        Stance::Lift => Key::SentenceLift,
    };
    let text = words.with(key, &[("who", who.into()), ("what", what.into()), ("at", at.into()), ("why", why.into())]);
    underlined(&text)
}

fn who(words: &Words, places: &Places, one: &ConsentReceipt) -> String {
    let join = words_join(words);
    let names = |ids: &[protocol::ids::FacilityId]| {
        ids.iter().map(|id| places.facility(id).name).collect::<Vec<_>>().join(join)
    };
    let classes = |codes: Codes| match FacilityClass::ALL.iter().all(|class| codes.has(class.code())) {
        true => words.get(Key::WhoEverybody),
        false => class_list(words, codes),
    };
    let own = match &one.readers {
        Readers::All { classes: codes } => classes(*codes),
        Readers::List(list) => return names(list),
        Readers::AllBut { classes: codes, except } => {
            words.with(Key::WhoBut, &[("who", classes(*codes).into()), ("names", names(except).into())])
        }
    };
    match &one.networks {
        Networks::All => own,
        Networks::List(list) => {
            let nets: Vec<String> = list.iter().map(|id| places.network(id)).collect();
            words.with(Key::WhoOf, &[("nets", nets.join(join).into()), ("who", own.into())])
        }
    }
}

/// Between the parts of a list.
fn words_join(words: &Words) -> &'static str {
    match words.lang() {
        crate::i18n::Lang::Ja => "・",
        crate::i18n::Lang::En => ", ",
    }
}

/// Classes of facilities in words.
pub fn class_list(words: &Words, codes: Codes) -> String {
    let classes = codes.iter().filter_map(FacilityClass::from_code).map(|class| class_word(words, class));
    classes.collect::<Vec<_>>().join(words_join(words))
}

/// A class of facilities in a word.
pub fn class_word(words: &Words, class: FacilityClass) -> String {
    words.get(match class {
        FacilityClass::Hospital => Key::ClassHospital,
        FacilityClass::Clinic => Key::ClassClinic,
        FacilityClass::Dental => Key::ClassDental,
        FacilityClass::Pharmacy => Key::ClassPharmacy,
        FacilityClass::VisitingNursing => Key::ClassNursing,
        FacilityClass::Care => Key::ClassCare,
        FacilityClass::Lab => Key::ClassLab,
        FacilityClass::Checkup => Key::ClassCheckup,
        FacilityClass::Fire => Key::ClassFire,
        FacilityClass::Municipal => Key::ClassMunicipal,
    })
}

/// Kinds of records in words.
pub fn kind_list(words: &Words, kinds: KindSet) -> String {
    if kinds == KindSet::ALL {
        return words.get(Key::WhatEverything);
    }
    kinds.iter().map(|kind| kind_word(words, kind)).collect::<Vec<_>>().join(words_join(words))
}

/// Roles in words.
pub fn role_list(words: &Words, codes: Codes) -> String {
    if Role::ALL.iter().all(|role| codes.has(role.code())) {
        return words.get(Key::RolesAll);
    }
    let roles = codes.iter().filter_map(Role::from_code).map(|role| role_word(words, role));
    roles.collect::<Vec<_>>().join(words_join(words))
}

/// Purposes in words.
pub fn purpose_list(words: &Words, codes: Codes) -> String {
    if Purpose::ALL.iter().all(|purpose| codes.has(purpose.code())) {
        return words.get(Key::PurposesAll);
    }
    let purposes = codes.iter().filter_map(Purpose::from_code).map(|purpose| purpose_word(words, purpose));
    purposes.collect::<Vec<_>>().join(words_join(words))
}

/// A purpose in a word.
pub fn purpose_word(words: &Words, purpose: Purpose) -> String {
    words.get(match purpose {
        Purpose::Treatment => Key::SeenWhy,
        Purpose::Referral => Key::PurposeReferral,
        Purpose::Emergency => Key::PurposeEmergency,
        Purpose::Disaster => Key::PurposeDisaster,
        Purpose::CarePlan => Key::PurposeCarePlan,
        Purpose::PatientRequest => Key::PurposePatient,
        Purpose::Quality => Key::PurposeQuality,
        Purpose::PublicHealth => Key::PurposeHealth,
        Purpose::Research => Key::PurposeResearch,
    })
}

/// When it was said, on which text, until when, by whose staff.
pub fn statement_meta(words: &Words, one: &ConsentReceipt, now: Millis) -> Vec<String> {
    let mut out = vec![words.with(Key::SaidAt, &[("when", moment(one.taken_at, now).into())])];
    if !one.text_version.is_empty() {
        out.push(words.with(Key::TextVersion, &[("version", one.text_version.as_str().into())]));
    }
    if let Some(to) = one.to {
        out.push(words.with(Key::SaidUntil, &[("date", to.date_jst().to_string().into())]));
    }
    out.push(words.get(match one.base {
        protocol::consent::LegalBase::Signed => Key::BaseSigned,
        protocol::consent::LegalBase::Notice => Key::BaseNotice,
        protocol::consent::LegalBase::Proxy => Key::BaseProxy,
        protocol::consent::LegalBase::EmergencyAfter => Key::BaseEmergency,
    }));
    if one.stance == Stance::Permit {
        out.push(role_list(words, one.roles));
    }
    if one.even_in_emergency {
        out.push(words.get(Key::EvenInEmergency));
    }
    out
}

/// A value between marks that [`underlined`] turns into lines below it.
fn marked(text: &str) -> String {
    format!("{START}{text}{END}")
}

fn underlined(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split(START).enumerate() {
            @if index == 0 { (part) } @else {
                @let (own, rest) = part.split_once(END).unwrap_or((part, ""));
                u { (own) } (rest)
            }
        }
    }
}

/// Two characters that no name has: of the private area, and taken out of what is put between them.
const START: char = '\u{f8f0}';
const END: char = '\u{f8f1}';

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Lang;
    use protocol::ids::{AuthorityId, FacilityId, PatientId, ReceiptId};
    use protocol::kinds::Coarse;

    fn broad() -> ConsentReceipt {
        let facility = FacilityId::parse("1319999999").expect("ten digits");
        let authority = AuthorityId::parse("1.2.392.100495.20.3.51.11319999999").expect("an OID");
        let patient = PatientId::new(authority, "0001").expect("a number");
        ConsentReceipt::broad(ReceiptId([1; 16]), facility, patient, Millis(1_795_311_720_000))
    }
    fn said(lang: Lang, one: &ConsentReceipt) -> String {
        sentence(&Words::of(lang), &Places::default(), one).into_string()
    }

    #[test]
    fn a_statement_is_one_sentence_in_both_languages() {
        let one = ConsentReceipt { kinds: KindSet::of(&[Coarse::Lab, Coarse::Allergy]), ..broad() };
        let ja = said(Lang::Ja, &one);
        assert!(ja.starts_with("<u>病院・診療所・歯科・薬局</u>は、") && ja.ends_with("見てよい。"), "{ja}");
        let en = said(Lang::En, &one);
        assert!(en.contains(" may see my <u>") && en.ends_with('.'), "{en}");
    }
    #[test]
    fn a_no_says_no_and_names_are_text() {
        let mut places = Places::default();
        let id = FacilityId::parse("0310000011").expect("ten digits");
        places.own.push(crate::desk::FacilityName { id: id.clone(), name: "<b>港</b>".into(), class: None });
        let one = ConsentReceipt { stance: Stance::Deny, readers: Readers::List(vec![id]), ..broad() };
        let ja = sentence(&Words::of(Lang::Ja), &places, &one).into_string();
        assert!(ja.contains("&lt;b&gt;港") && ja.contains("見てはいけない"), "{ja}");
    }
}
