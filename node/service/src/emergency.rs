//! Emergency (緊急時閲覧): breaking the glass, the queue of what is to be reviewed, and the review.
//!
//! Whether the glass may be broken is decided by `protocol::policy`, here before anything is asked and at the holder again.
use crate::engine::CommandError;
use crate::fetching::{Broken, FetchError, FetchSpec, Ground, HolderRow};
use crate::service::{Service, WriteError};
use crate::staff::{Proven, Right, Staff, may};
use protocol::audit::{Event, What};
use protocol::engine::{Command, Glass, Review, glasses};
use protocol::ids::{FacilityId, PatientRef, RequestId};
use protocol::kinds::{KindSet, Purpose};
use protocol::limits::{ANSWER_WAIT_MS, COPY_MS, EMERGENCY_TEXT_CHARS_MAX};
use protocol::policy::{BreakGlass, EmergencyReason, EvidenceKind, Verdict, Why, emergency_kinds, may_break};
use protocol::time::Millis;

/// What is said to read without consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmergencySpec {
    /// Our patient.
    pub patient: PatientRef,
    /// Why.
    pub reason: EmergencyReason,
    /// The same in words, without names or numbers: it travels, and stays in both logs.
    pub text: String,
    /// Whether the patient is there.
    pub is_present: bool,
    /// [`Purpose::Emergency`], or [`Purpose::Disaster`] while one is declared.
    pub purpose: Purpose,
    /// Kinds wanted; no more than an emergency opens are served.
    pub kinds: KindSet,
    /// Only these holders; empty: all.
    pub holders: Vec<FacilityId>,
    /// Longest wait until a row says *late*.
    pub wait_ms: u64,
}

impl EmergencySpec {
    /// Everything that an emergency opens, of all holders.
    pub fn new(patient: PatientRef, reason: EmergencyReason, text: impl Into<String>) -> Self {
        Self {
            patient,
            reason,
            text: text.into(),
            is_present: true,
            purpose: Purpose::Emergency,
            kinds: emergency_kinds(),
            holders: Vec::new(),
            wait_ms: ANSWER_WAIT_MS,
        }
    }
}

/// Why the glass was not broken, or a read not reviewed. Nothing was asked and nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum EmergencyError {
    /// A rule forbids it, before anybody was asked.
    #[error("{}", sentence(.0))]
    Rule(Why),
    /// Reading failed.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Who asks may not review.
    #[error("emergency reads are reviewed by an auditor or the network's office, not by this role")]
    MayNotReview,
    /// A review says why.
    #[error("a review that finds no emergency says why, in at most {EMERGENCY_TEXT_CHARS_MAX} characters")]
    NoNote,
    /// The Engine.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The store.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// One emergency read, for screens and lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmergencyRow {
    /// As both sides keep it.
    pub glass: Glass,
    /// Name of the reader.
    pub reader_name: String,
    /// Name of the holder.
    pub holder_name: String,
    /// Where it stands.
    pub state: EmergencyState,
}

/// Where an emergency read stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EmergencyState {
    /// Its review is so late that the reader's right is off.
    Lapsed,
    /// Its review is late.
    Overdue,
    /// Waits for its review.
    Open,
    /// Nothing came of it, so there is nothing to review.
    Nothing,
    /// Reviewed.
    Reviewed(Verdict),
}

impl EmergencyState {
    /// The word in JSON and commands.
    pub fn word(self) -> &'static str {
        match self {
            Self::Lapsed => "lapsed",
            Self::Overdue => "overdue",
            Self::Open => "open",
            Self::Nothing => "nothing-came",
            Self::Reviewed(verdict) => verdict.word(),
        }
    }
    fn of(glass: &Glass, now: Millis) -> Self {
        match &glass.review {
            Some(review) => Self::Reviewed(review.verdict),
            None if !glass.is_served => Self::Nothing,
            None if glass.has_lapsed(now) => Self::Lapsed,
            None if glass.review_by <= now => Self::Overdue,
            None => Self::Open,
        }
    }
}

/// How many emergency reads wait, for a banner and for `doctor`. Names nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmergencyCounts {
    /// Reads of our records that our desk has to review.
    pub to_review: usize,
    /// Of these, those whose time is over.
    pub late: usize,
    /// Reads by our staff that others have not reviewed.
    pub ours_open: usize,
    /// Whether our staff's right is off because of them.
    pub is_off: bool,
}

impl Service {
    /// Reads without consent: limited kinds, one row for each holder, everything written down at both sides first.
    ///
    /// # Errors
    /// [`EmergencyError`]; holders that could not be asked, or refused, are rows.
    pub fn break_glass(&self, by: &Proven, spec: &EmergencySpec) -> Result<Vec<HolderRow>, EmergencyError> {
        self.break_glass_each(by, spec, |_| {})
    }
    /// As [`Service::break_glass`], and tells each row as it comes.
    ///
    /// # Errors
    /// As [`Service::break_glass`].
    pub fn break_glass_each(
        &self,
        by: &Proven,
        spec: &EmergencySpec,
        each: impl FnMut(&HolderRow),
    ) -> Result<Vec<HolderRow>, EmergencyError> {
        let said = BreakGlass {
            reason: spec.reason,
            text: spec.text.trim().to_owned(),
            factors: by.factors(),
            is_present: spec.is_present,
        };
        let staff = by.staff();
        may_break(&said, staff.role(), spec.purpose).map_err(EmergencyError::Rule)?;
        if spec.purpose == Purpose::Emergency && self.emergency_counts().is_off {
            return Err(EmergencyError::Rule(Why::EmergencyLapsed));
        }
        let fetch = FetchSpec {
            purpose: spec.purpose,
            ground: Ground { kind: EvidenceKind::PatientPresent, text: format!("{}: {}", said.reason, said.text) },
            kinds: spec.kinds,
            wait_ms: spec.wait_ms,
            holders: spec.holders.clone(),
            emergency: Some(Broken(said)),
            ..FetchSpec::treatment(spec.patient, "")
        };
        Ok(self.fetch_each(staff, &fetch, each)?)
    }
    /// Emergency reads of our records and by our staff, what is most urgent first.
    ///
    /// # Errors
    /// [`WriteError`] if that somebody looked could not be logged; then nothing is shown.
    pub fn emergencies(&self, staff: &Staff) -> Result<Vec<EmergencyRow>, WriteError> {
        let now = self.now();
        let row = |glass: Glass| EmergencyRow {
            reader_name: self.facility_name(&glass.reader),
            holder_name: self.facility_name(&glass.holder),
            state: EmergencyState::of(&glass, now),
            glass,
        };
        let mut rows: Vec<EmergencyRow> = glasses(&self.view()).into_iter().map(row).collect();
        rows.sort_by_key(|row| (row.state, std::cmp::Reverse(row.glass.at)));
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        self.log(Event::new(now, What::Shown).staff(staff.id()).count(count).note("emergency reads"))?;
        Ok(rows)
    }
    /// Says of an emergency read of our records whether it was one; its reader hears of it.
    ///
    /// # Errors
    /// [`EmergencyError`].
    pub fn review_emergency(
        &self,
        staff: &Staff,
        request: RequestId,
        verdict: Verdict,
        note: &str,
    ) -> Result<(), EmergencyError> {
        if !may(staff.role(), Right::ReviewEmergency) {
            return Err(EmergencyError::MayNotReview);
        }
        let note = note.trim();
        let is_long = note.chars().count() > EMERGENCY_TEXT_CHARS_MAX;
        if is_long || (verdict == Verdict::Unjustified && note.is_empty()) {
            return Err(EmergencyError::NoNote);
        }
        let review =
            Review { verdict, staff: staff.id().to_owned(), note: note.to_owned(), at: self.now(), is_heard: false };
        Ok(self.engine().ask(Command::Review { request, review: Box::new(review) })?)
    }
    /// Until when what our staff read of this patient without consent lies here; none: nothing does. Names nobody.
    pub fn emergency_until(&self, patient: PatientRef) -> Option<Millis> {
        let now = self.now();
        let ours = |glass: &Glass| glass.is_ours && glass.is_served && glass.patient == patient;
        let ends = glasses(&self.view()).into_iter().filter(ours).map(|glass| glass.at.plus(COPY_MS));
        ends.filter(|end| *end > now).max()
    }
    /// Whether a disaster is declared in a network of this node, so that a read may say it.
    pub fn is_disaster(&self) -> bool {
        let own = self.networks();
        self.disasters().iter().any(|one| own.contains(&one.disaster.network))
    }
    /// How many emergency reads wait.
    pub fn emergency_counts(&self) -> EmergencyCounts {
        let (now, book) = (self.now(), self.book());
        let mut counts = EmergencyCounts::default();
        for glass in glasses(&self.view()).iter().filter(|glass| glass.is_open()) {
            if glass.is_ours {
                counts.ours_open += 1;
                // A holder that is no member any more reviews nothing.
                counts.is_off |= glass.has_lapsed(now) && !book.facilities_of(&glass.node, now).is_empty();
            } else {
                counts.to_review += 1;
                counts.late += usize::from(glass.review_by <= now);
            }
        }
        counts
    }
}

fn sentence(why: &Why) -> String {
    let text = match why {
        Why::EmergencyRole => "staff of this role may not read without consent",
        Why::EmergencyFactors => "reading without consent needs both factors: password and code",
        Why::EmergencyReasonMissing => {
            return format!(
                "reading without consent needs its reason in words, 2 to {EMERGENCY_TEXT_CHARS_MAX} characters"
            );
        }
        Why::EmergencyNotPresent => "reading without consent is for a patient who is here; say so",
        Why::EmergencyLapsed => {
            "the right to read without consent is off: earlier emergency reads were not reviewed in time; ask their holders to \
             review them"
        }
        other => return format!("reading without consent is not open here ({other})"),
    };
    text.to_owned()
}
