use super::dates::{days_between, moment, months_between};
use super::icon::icon;
use crate::desk::{FacilityName, RowStatus};
use crate::i18n::{Key, Words};
use crate::limits::LAB_OLD_DAYS;
use maud::{Markup, html};
use protocol::engine::HolderStatus;
use protocol::kinds::{Coarse, FacilityClass};
use protocol::time::{Date, Millis};
use records::model::Mark;

/// The letter of a class of facilities.
pub fn seal_letter(class: Option<FacilityClass>) -> &'static str {
    match class {
        Some(FacilityClass::Hospital) => "病",
        Some(FacilityClass::Clinic) => "診",
        Some(FacilityClass::Dental) => "歯",
        Some(FacilityClass::Pharmacy) => "薬",
        Some(FacilityClass::VisitingNursing) => "訪",
        Some(FacilityClass::Care) => "介",
        Some(FacilityClass::Lab) => "検",
        Some(FacilityClass::Checkup) => "健",
        Some(FacilityClass::Fire) => "消",
        Some(FacilityClass::Municipal) => "役",
        None => "施",
    }
}

/// A facility's seal: one character, the colour of its class, filled for own ones.
pub fn seal(class: Option<FacilityClass>, is_own: bool) -> Markup {
    let (letter, kind) = (seal_letter(class), colour(class, is_own));
    let own = if is_own { " seal-own" } else { "" };
    html! { span class=(format!("seal {kind}{own}")) aria-hidden="true" { (letter) } }
}

/// The class of colour of a facility's marks. Another hospital than the own one has another colour, as its seal.
pub fn colour(class: Option<FacilityClass>, is_own: bool) -> &'static str {
    match class {
        Some(FacilityClass::Hospital) if !is_own => "k-hospital2",
        Some(FacilityClass::Hospital) => "k-hospital",
        Some(FacilityClass::Clinic | FacilityClass::Lab | FacilityClass::Checkup) => "k-clinic",
        Some(FacilityClass::Dental) => "k-dental",
        Some(FacilityClass::Pharmacy) => "k-pharmacy",
        Some(FacilityClass::VisitingNursing) => "k-nursing",
        Some(FacilityClass::Care) => "k-care",
        Some(FacilityClass::Fire | FacilityClass::Municipal) => "k-public",
        None => "k-plain",
    }
}

/// Seal and name.
pub fn facility(name: &FacilityName, is_own: bool) -> Markup {
    html! { span.fac { (seal(name.class, is_own)) span { (name.name) } } }
}

/// The network, small, beside a facility.
pub fn network_of(network: Option<&str>, words: &Words) -> String {
    network.map_or_else(|| words.get(Key::ItemOwn), str::to_owned)
}

/// A text of ours in which commands stand between backticks.
pub fn rich(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// Where a line comes from: seal, name and network.
pub fn source(name: &FacilityName, network: Option<&str>, words: &Words) -> Markup {
    html! {
        span.src {
            (seal(name.class, network.is_none()))
            span { (name.name) " · " (network_of(network, words)) }
        }
    }
}

/// Where a line of a summary comes from: seal and day, with the name for ears and eyes that ask.
pub fn seen_at(name: &FacilityName, is_own: bool, date: Date, today: Date) -> Markup {
    let short = if date.year() == today.year() {
        format!("{}/{}", date.month(), date.day())
    } else {
        format!("{}/{}", date.year(), date.month())
    };
    html! {
        span.src title=(format!("{} {date}", name.name)) {
            (seal(name.class, is_own)) span.away { (name.name) } time datetime=(date) { (short) }
        }
    }
}

/// A laboratory's mark: sign, word and class of colour; nothing for a plain result.
pub fn mark_word(words: &Words, mark: Mark) -> Option<(&'static str, &'static str, String)> {
    let (class, sign, key) = match mark {
        Mark::None => return None,
        Mark::Low => ("lo", "▼", Key::MarkLow),
        Mark::High => ("hi", "▲", Key::MarkHigh),
        Mark::Abnormal => ("hi", "◆", Key::MarkAbnormal),
        Mark::Alert => ("hi", "!", Key::MarkAlert),
        Mark::Struck => ("struck", "×", Key::MarkStruck),
    };
    Some((class, sign, words.get(key)))
}

/// A row's state: shape, word and colour.
pub fn pill(words: &Words, status: RowStatus, now: Millis) -> Markup {
    let (class, shape, word) = state(words, status, now);
    html! { span class=(format!("pill {class}")) { (icon(shape)) (word) } }
}

/// A row's state in a word.
pub fn state_word(words: &Words, status: RowStatus, now: Millis) -> String {
    state(words, status, now).2
}

/// What stands in the lane of a row without data, and whether it is hatched as unknown.
pub fn tell(words: &Words, status: RowStatus, now: Millis) -> String {
    use HolderStatus as S;
    match status {
        RowStatus::Answered(S::Data) => String::new(),
        RowStatus::Answered(S::Nothing) => words.get(Key::TellNothing),
        RowStatus::Answered(S::Pending) => words.get(Key::TellPending),
        RowStatus::Answered(S::Busy) => words.get(Key::TellBusy),
        RowStatus::Answered(S::Offline { last_seen: Some(seen) }) => {
            words.with(Key::TellOffline, &[("since", moment(seen, now).into())])
        }
        RowStatus::Answered(S::Offline { last_seen: None }) => words.get(Key::TellOfflineEver),
        RowStatus::Answered(S::Late) => words.get(Key::TellLate),
        RowStatus::Answered(S::OutsideAccord { clause }) => words.with(Key::TellOutside, &[("clause", clause.into())]),
        RowStatus::Answered(S::NotMember) => words.get(Key::TellNotMember),
        RowStatus::Answered(S::NoConsentHere) => words.get(Key::TellNoConsent),
        RowStatus::Answered(S::Damaged) => words.get(Key::TellDamaged),
        RowStatus::Unlinked => words.get(Key::TellUnlinked),
        RowStatus::NotSame => words.get(Key::TellNotSame),
        RowStatus::Gone => words.get(Key::TellGone),
    }
}

fn state(words: &Words, status: RowStatus, now: Millis) -> (&'static str, &'static str, String) {
    use HolderStatus as S;
    match status {
        RowStatus::Answered(S::Data) => ("s-data", "data", words.get(Key::StateData)),
        RowStatus::Answered(S::Nothing) => ("s-nothing", "nothing", words.get(Key::StateNothing)),
        RowStatus::Answered(S::Pending) => ("s-pending", "pending", words.get(Key::StatePending)),
        RowStatus::Answered(S::Busy) => ("s-busy", "busy", words.get(Key::StateBusy)),
        RowStatus::Answered(S::Offline { last_seen: Some(seen) }) => {
            ("s-offline", "offline", words.with(Key::StateOffline, &[("since", moment(seen, now).into())]))
        }
        RowStatus::Answered(S::Offline { last_seen: None }) => {
            ("s-offline", "offline", words.get(Key::StateOfflineEver))
        }
        RowStatus::Answered(S::Late) => ("s-late", "late", words.get(Key::StateLate)),
        RowStatus::Answered(S::OutsideAccord { .. }) => ("s-nothing", "outside", words.get(Key::StateOutside)),
        RowStatus::Answered(S::NotMember) => ("s-offline", "lock", words.get(Key::StateNotMember)),
        RowStatus::Answered(S::NoConsentHere) => ("s-pending", "noconsent", words.get(Key::StateNoConsent)),
        RowStatus::Answered(S::Damaged) => ("s-danger", "damaged", words.get(Key::StateDamaged)),
        RowStatus::Unlinked => ("s-pending", "people", words.get(Key::StateUnlinked)),
        RowStatus::NotSame => ("s-nothing", "people", words.get(Key::StateNotSame)),
        RowStatus::Gone => ("s-offline", "lock", words.get(Key::StateGone)),
    }
}

/// How long ago a day was.
pub fn ago(words: &Words, date: Date, today: Date) -> String {
    let days = days_between(date, today);
    let months = months_between(date, today).unwrap_or(0);
    match (days, months) {
        (..0, _) => words.get(Key::AgoAhead),
        (0, _) => words.get(Key::AgoToday),
        (1..=60, _) => words.with(Key::AgoDays, &[("n", days.into())]),
        (_, 0..=23) => words.with(Key::AgoMonths, &[("n", months.into())]),
        _ => words.with(Key::AgoYears, &[("n", (months / 12).into())]),
    }
}

/// Whether a record of this kind says little of today any more.
pub fn is_old(kind: Coarse, date: Date, today: Date) -> bool {
    matches!(kind, Coarse::Lab | Coarse::Physiology) && days_between(date, today) > LAB_OLD_DAYS
}

/// A coarse kind in words.
pub fn kind_word(words: &Words, kind: Coarse) -> String {
    words.get(match kind {
        Coarse::Basic => Key::KindBasic,
        Coarse::Visit => Key::KindVisit,
        Coarse::Prescription => Key::KindPrescription,
        Coarse::Injection => Key::KindInjection,
        Coarse::Lab => Key::KindLab,
        Coarse::Disease => Key::KindDisease,
        Coarse::Allergy => Key::KindAllergy,
        Coarse::Image => Key::KindImage,
        Coarse::Physiology => Key::KindPhysiology,
        Coarse::Document => Key::KindDocument,
        Coarse::Summary => Key::KindSummary,
        Coarse::Care => Key::KindCare,
        Coarse::Meal => Key::KindMeal,
        Coarse::Other => Key::KindOther,
    })
}
