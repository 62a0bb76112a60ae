use super::badge::facility;
use super::dates::{age, both_calendars, moment};
use super::icon::icon;
use crate::desk::Person;
use crate::i18n::{Key, Lang, Words};
use maud::{Markup, html};
use protocol::time::Millis;
use records::model::Sex;

/// Who a page is about: stays on top while reading. `allergies`: what the own side knows; outer none: not told on this page.
pub fn banner(words: &Words, person: &Person, allergies: Option<Option<&[String]>>, now: Millis) -> Markup {
    html! {
        section.pt aria-label=(words.get(Key::BannerLabel)) {
            div.pt-row {
                div {
                    p.pt-name lang="ja" { (name(words, person)) }
                    p.pt-born {
                        b { @if let Some(birth) = person.birth { (age(words, birth, now.date_jst())) " " } (sex(words, person.sex)) }
                        span { (born(words, person)) }
                        @if person.is_deleted { span.pill.s-danger { (icon("alert")) (words.get(Key::DeletedPatient)) } }
                    }
                }
                dl.pt-facts {
                    div { dt { (words.get(Key::FactNumber)) } dd { span.num { (person.number) } "　" (facility(&person.facility, true)) } }
                    @if let Some(list) = allergies {
                        div { dt { (words.get(Key::FactAllergy)) } dd { (allergy(words, list)) } }
                    }
                }
                p.pt-seen {
                    span { (icon("eye")) (words.with(Key::SeenNow, &[("time", moment(now, now).into())])) }
                    span { (words.get(Key::SeenWhy)) }
                }
            }
        }
    }
}

/// The name with its reading above; in one piece if they cannot be laid word on word.
fn name(words: &Words, person: &Person) -> Markup {
    if person.name.is_empty() {
        return html! { span.unknown { (words.get(Key::NoName)) } };
    }
    let parts: Vec<&str> = person.name.split_whitespace().collect();
    let sounds: Vec<&str> = person.kana.split_whitespace().collect();
    html! {
        @if person.kana.is_empty() || person.kana == person.name {
            (person.name)
        } @else if parts.len() == sounds.len() {
            @for (part, sound) in parts.iter().zip(&sounds) { ruby { (part) rt { (sound) } } " " }
        } @else {
            ruby { (person.name) rt { (person.kana) } }
        }
    }
}

/// Birth date in both calendars.
pub fn born(words: &Words, person: &Person) -> String {
    let date = |birth| words.with(Key::Born, &[("date", both_calendars(words, birth).into())]);
    person.birth.map_or_else(|| words.get(Key::BirthUnknown), date)
}

/// Sex in a word.
pub fn sex(words: &Words, sex: Sex) -> String {
    words.get(match sex {
        Sex::Female => Key::SexFemale,
        Sex::Male => Key::SexMale,
        Sex::Other => Key::SexOther,
        Sex::Unknown => Key::SexUnknown,
    })
}

/// What is known here; that others may know more stands in the same line.
fn allergy(words: &Words, list: Option<&[String]>) -> Markup {
    let gap = match words.lang() {
        Lang::Ja => "　",
        Lang::En => " ",
    };
    html! {
        @match list {
            None => span.unknown { (words.get(Key::AllergyNoList)) },
            Some([]) => span { (words.get(Key::AllergyZero)) },
            Some(items) => {
                @for item in items { span.allergy { (icon("alert")) (item) } " " }
                span.meta { (words.get(Key::AllergyHere)) }
            },
        }
        (gap)
        span.unknown { (words.get(Key::AllergyOthers)) }
    }
}
