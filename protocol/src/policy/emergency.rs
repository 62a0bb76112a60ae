//! Reading without consent (緊急時の閲覧): what must be said for it, what it opens, and when the right to it is off.
use super::{Ask, Facts, Why};
use crate::kinds::{Coarse, Codes, KindSet, Purpose, Role, roles, vocabulary};
use crate::limits::{EMERGENCY_LAB_DATES, EMERGENCY_TEXT_CHARS_MAX};
use crate::time::Date;
use serde::{Deserialize, Serialize};
use std::fmt;

vocabulary! {
    /// Why nobody could be asked for consent.
    EmergencyReason {
        /// The patient is unconscious (意識障害).
        Unconscious = 0, "unconscious";
        /// The patient is awake but cannot understand or speak, and nobody speaks for them.
        CannotConsent = 1, "cannot-consent";
        /// Life is in danger and asking would cost time (切迫).
        LifeInDanger = 2, "life-in-danger";
        /// A child or a person in care, whose family cannot be reached.
        FamilyOutOfReach = 3, "family-out-of-reach";
        /// A declared disaster (災害).
        Disaster = 4, "disaster";
    }
}

vocabulary! {
    /// What the holder's desk says of an emergency read when it reviews it.
    Verdict {
        /// It was one.
        Justified = 0, "justified";
        /// It was none.
        Unjustified = 1, "unjustified";
    }
}

/// What a member of staff says to break the glass. All of it travels in the signed request and stays in both logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakGlass {
    /// Why.
    pub reason: EmergencyReason,
    /// The same in a few words, without names or numbers.
    pub text: String,
    /// With how many factors the member of staff signed in, by the reader's word.
    pub factors: u8,
    /// Whether the patient is there, by the reader's word.
    pub is_present: bool,
}

/// What the holder knows that an emergency read hangs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmergencyFacts {
    /// Whether the charter of the holder's network opens emergency reads.
    pub is_open: bool,
    /// Whether a disaster is declared in the holder's network, and is not over.
    pub is_disaster: bool,
    /// Whether an emergency read of this reader was left without review for too long.
    pub is_lapsed: bool,
}

/// The kinds that an emergency opens: allergies, drugs, problems, the last summary and the last laboratory results.
pub fn emergency_kinds() -> KindSet {
    KindSet::of(&[
        Coarse::Allergy,
        Coarse::Prescription,
        Coarse::Injection,
        Coarse::Disease,
        Coarse::Summary,
        Coarse::Lab,
    ])
}

/// Who may break the glass; in a declared disaster everybody who treats.
pub fn emergency_roles(purpose: Purpose) -> Codes {
    match purpose {
        Purpose::Disaster => roles(&[Role::Doctor, Role::Nurse, Role::Emergency, Role::Pharmacist, Role::Dentist]),
        _ => roles(&[Role::Doctor, Role::Nurse, Role::Emergency]),
    }
}

/// Whether what was said is enough to break the glass, by either side's rules: role, reason in words, the patient there, and
/// two factors. Staff from outside who help in a declared disaster may have one.
///
/// # Errors
/// What is missing.
pub fn may_break(glass: &BreakGlass, role: Role, purpose: Purpose) -> Result<(), Why> {
    let factors = if purpose == Purpose::Disaster { 1 } else { 2 };
    let words = glass.text.trim().chars().count();
    if !emergency_roles(purpose).has(role.code()) {
        Err(Why::EmergencyRole)
    } else if glass.factors < factors {
        Err(Why::EmergencyFactors)
    } else if !(EMERGENCY_TEXT_CHARS_MIN..=EMERGENCY_TEXT_CHARS_MAX).contains(&words)
        || glass.text.chars().any(char::is_control)
    {
        Err(Why::EmergencyReasonMissing)
    } else if !glass.is_present {
        Err(Why::EmergencyNotPresent)
    } else {
        Ok(())
    }
}

/// Whether a purpose can do without consent at all.
pub fn is_emergency(purpose: Purpose) -> bool {
    matches!(purpose, Purpose::Emergency | Purpose::Disaster)
}

/// The last rule: what is left for a request that no consent covers.
///
/// # Errors
/// Why it is not one that may do without.
pub(super) fn allowed(ask: &Ask, facts: &Facts<'_>) -> Result<KindSet, Why> {
    let rule = &facts.emergency;
    let Some(glass) = &ask.emergency else { return Err(Why::EmergencyNotAllowed) };
    let is_open = match ask.purpose {
        Purpose::Disaster => rule.is_disaster,
        _ => rule.is_open,
    };
    if !is_open {
        return Err(Why::EmergencyNotAllowed);
    }
    may_break(glass, ask.staff_role, ask.purpose)?;
    // In a disaster nobody has the time to review; what was read is reviewed afterwards all the same.
    if rule.is_lapsed && ask.purpose != Purpose::Disaster {
        return Err(Why::EmergencyLapsed);
    }
    Ok(emergency_kinds())
}

/// Which records an emergency opens of those that lie there, told newest first: the last summary, laboratory results of the
/// last dates, all of the rest.
#[derive(Clone, Debug, Default)]
pub struct Narrow {
    summaries: usize,
    labs: Vec<Option<Date>>,
}

impl Narrow {
    /// Whether the next older record is among them.
    pub fn takes(&mut self, kind: Coarse, care_date: Option<Date>) -> bool {
        match kind {
            Coarse::Summary => {
                self.summaries += 1;
                self.summaries == 1
            }
            Coarse::Lab => {
                if !self.labs.contains(&care_date) {
                    self.labs.push(care_date);
                }
                self.labs.len() <= EMERGENCY_LAB_DATES
            }
            kind => emergency_kinds().has(kind),
        }
    }
}

/// Shorter than this says nothing: "急" is no reason.
const EMERGENCY_TEXT_CHARS_MIN: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn glass() -> BreakGlass {
        BreakGlass {
            reason: EmergencyReason::Unconscious,
            text: "意識レベルJCS200".into(),
            factors: 2,
            is_present: true,
        }
    }
    #[track_caller]
    fn check(change: impl FnOnce(&mut BreakGlass), role: Role, purpose: Purpose, expect: Result<(), Why>) {
        let mut glass = glass();
        change(&mut glass);
        assert_eq!(may_break(&glass, role, purpose), expect, "{glass:?} {role} {purpose}");
    }

    #[test]
    fn row_88_an_emergency_needs_role_reason_words_factors_and_the_patient() {
        use Purpose::{Disaster, Emergency};
        check(|_| {}, Role::Doctor, Emergency, Ok(()));
        check(|_| {}, Role::Emergency, Emergency, Ok(()));
        check(|_| {}, Role::Clerk, Emergency, Err(Why::EmergencyRole));
        check(|_| {}, Role::Pharmacist, Emergency, Err(Why::EmergencyRole));
        check(|_| {}, Role::Pharmacist, Disaster, Ok(()));
        check(|_| {}, Role::Administrator, Disaster, Err(Why::EmergencyRole));
        check(|glass| glass.text = " \u{3000} ".into(), Role::Doctor, Emergency, Err(Why::EmergencyReasonMissing));
        check(|glass| glass.text = "急".into(), Role::Doctor, Emergency, Err(Why::EmergencyReasonMissing));
        check(|glass| glass.text = "あ".repeat(201), Role::Doctor, Emergency, Err(Why::EmergencyReasonMissing));
        check(|glass| glass.text = "two\nlines".into(), Role::Doctor, Emergency, Err(Why::EmergencyReasonMissing));
        check(|glass| glass.factors = 1, Role::Doctor, Emergency, Err(Why::EmergencyFactors));
        check(|glass| glass.factors = 1, Role::Doctor, Disaster, Ok(()));
        check(|glass| glass.is_present = false, Role::Doctor, Emergency, Err(Why::EmergencyNotPresent));
    }
    #[test]
    fn an_emergency_opens_the_last_summary_and_labs_of_the_last_dates() {
        let mut narrow = Narrow::default();
        let day = |day| Date::new(2026, 5, day);
        assert!(narrow.takes(Coarse::Summary, day(20)));
        assert!(!narrow.takes(Coarse::Summary, day(19)), "only the last");
        for at in 0..EMERGENCY_LAB_DATES as u8 {
            assert!(narrow.takes(Coarse::Lab, day(18 - at)) && narrow.takes(Coarse::Lab, day(18 - at)), "whole dates");
        }
        assert!(!narrow.takes(Coarse::Lab, day(1)));
        assert!(narrow.takes(Coarse::Allergy, None) && narrow.takes(Coarse::Prescription, day(1)));
        assert!(!narrow.takes(Coarse::Document, day(20)) && !narrow.takes(Coarse::Visit, day(20)));
    }
}
