use super::badge::facility;
use super::dates::{age, both_calendars, moment, stamp};
use super::frame::Frame;
use super::icon::icon;
use crate::desk::{Facts, Person};
use crate::i18n::{Key, Lang, Words};
use maud::{Markup, html};
use protocol::time::Millis;
use records::model::Sex;
use service::consents::Standing;
use service::staff::Right;

/// The pages of one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// 時間軸
    Timeline,
    /// 検査
    Labs,
    /// 薬
    Drugs,
    /// 画像・文書
    Documents,
    /// 同意
    Consent,
    /// だれが見たか
    Access,
}

impl Tab {
    /// All of them, in their order.
    pub const ALL: [Self; 6] = [Self::Timeline, Self::Labs, Self::Drugs, Self::Documents, Self::Consent, Self::Access];
    /// Its word in addresses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Timeline => "timeline",
            Self::Labs => "labs",
            Self::Drugs => "drugs",
            Self::Documents => "documents",
            Self::Consent => "consent",
            Self::Access => "access",
        }
    }
    /// Its title.
    pub fn key(self) -> Key {
        match self {
            Self::Timeline => Key::TimelineTitle,
            Self::Labs => Key::LabsTitle,
            Self::Drugs => Key::DrugsTitle,
            Self::Documents => Key::DocumentsTitle,
            Self::Consent => Key::ConsentTitle,
            Self::Access => Key::AccessTitle,
        }
    }
    /// What it needs; a tab that would be refused is not shown.
    pub fn right(self) -> Right {
        match self {
            Self::Timeline | Self::Labs | Self::Drugs | Self::Documents => Right::ReadRecords,
            Self::Consent => Right::RecordConsent,
            Self::Access => Right::PatientAccess,
        }
    }
    /// The first page of a person that who is signed in may open.
    pub fn first(frame: &Frame<'_>) -> Option<Self> {
        let mut open = Self::ALL.into_iter().filter(|tab| frame.may(tab.right()));
        // At a desk that reads no records the consent comes first.
        open.next()
    }
}

/// Who a page is about: stays on top while reading, with the tabs of the person's pages. `tab`: which one is open; none: a
/// single record.
pub fn banner(frame: &Frame<'_>, person: &Person, facts: &Facts, tab: Option<Tab>, now: Millis) -> Markup {
    let words = frame.words;
    html! {
        section.pt aria-label=(words.get(Key::BannerLabel)) {
            div.pt-row {
                div {
                    p.pt-name lang="ja" { (name(words, person)) }
                    p.pt-born {
                        b { @if let Some(birth) = person.birth { (age(words, birth, now.date_jst())) " " } (sex(words, person.sex)) }
                        span { (born(words, person)) }
                        span.num.meta { (person.number) }
                        @if person.is_deleted { span.pill.s-danger { (icon("alert")) (words.get(Key::DeletedPatient)) } }
                    }
                }
                dl.pt-facts {
                    @if frame.may(Right::ReadRecords) && tab != Some(Tab::Consent) { div { dt { (words.get(Key::FactAllergy)) } dd { (allergy(words, facts.allergies.as_deref())) } } }
                    div { dt { (words.get(Key::FactConsent)) } dd { (consent(words, facts.consent, now)) } }
                }
                p.pt-seen {
                    span { (icon("eye")) (words.with(Key::SeenNow, &[("time", moment(now, now).into())])) }
                    span { (words.get(Key::SeenWhy)) "　" (facility(&person.facility, true)) }
                    @if frame.may(Right::PatientAccess) { a href=(format!("/patients/{}/access", person.patient.0)) { (words.get(Key::AccessTitle)) } }
                    @if facts.emergency.is_none() && frame.may(Right::BreakGlass) { a.glass-link href=(format!("/patients/{}/emergency", person.patient.0)) { (icon("alert")) (words.get(Key::EmergencyTitle)) } }
                    @if !frame.disasters.is_empty() && frame.may(Right::DisasterRead) { a.glass-link href=(format!("/patients/{}/disaster", person.patient.0)) { (icon("alert")) (words.get(Key::DisasterRead)) } }
                }
            }
            @if let Some(until) = facts.emergency {
                p.pt-glass { (icon("alert")) b { (words.get(Key::GlassOpen)) } (words.with(Key::GlassUntil, &[("when", stamp(until).into())])) " " span { (words.get(Key::GlassAfter)) } }
            }
            nav.tabs aria-label=(words.get(Key::TabsLabel)) {
                @for one in Tab::ALL.into_iter().filter(|one| frame.may(one.right())) {
                    a href=(format!("/patients/{}/{}", person.patient.0, one.word())) aria-current=[(tab == Some(one)).then_some("page")] { (words.get(one.key())) }
                }
            }
        }
    }
}

/// What the patient said at this desk, in words and with a shape.
fn consent(words: &Words, consent: Standing, now: Millis) -> Markup {
    let (class, shape, key, at) = match consent {
        Standing::Unsaid => ("t-late", "late", Key::ConsentUnsaid, None),
        Standing::Given(at) => ("t-data", "check", Key::ConsentGiven, Some(at)),
        Standing::Limited(at) => ("t-late", "outside", Key::ConsentLimited, Some(at)),
        Standing::Withdrawn(at) => ("t-danger", "offline", Key::ConsentWithdrawn, Some(at)),
    };
    html! {
        span class=(format!("dot {class}")) { (icon(shape)) b { (words.get(key)) } }
        @if let Some(at) = at { " " span.meta { (words.with(Key::ConsentSince, &[("when", moment(at, now).into())])) } }
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
