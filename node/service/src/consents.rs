//! Consents (同意): taken at the desk, withdrawn at the desk, shown to the patient with what became of them.
use crate::engine::CommandError;
use crate::limits::COMMAND_WAIT_MS;
use crate::patients::{self, PatientEntry};
use crate::random::fresh;
use crate::service::{Service, WriteError};
use crate::staff::Staff;
use protocol::audit::{Event, What};
use protocol::consent::{
    ConsentReceipt, Holders, LegalBase, Networks, Readers, Stance, Withdrawal, WithdrawalScope, receipts_of,
};
use protocol::engine::{Command, Event as Told, Progress};
use protocol::ids::{Hash, PatientRef, ReceiptId};
use protocol::kinds::{Codes, FacilityClass, KindSet};
use protocol::time::Millis;
use std::time::Duration;

/// What a patient says, as the desk fills it in. Start from [`ConsentSpec::broad`] and narrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentSpec {
    /// Whose.
    pub patient: PatientRef,
    /// Yes, no, stop, or the taking back of a no.
    pub stance: Stance,
    /// Sides of a reading; codes of `Mode`.
    pub modes: Codes,
    /// Networks of the readers.
    pub networks: Networks,
    /// Whose records.
    pub holders: Holders,
    /// Who may (or may not) read.
    pub readers: Readers,
    /// Which kinds.
    pub kinds: KindSet,
    /// Which staff; codes of `Role`.
    pub roles: Codes,
    /// For which purposes; codes of `Purpose`.
    pub purposes: Codes,
    /// First moment; none: now.
    pub from: Option<Millis>,
    /// First moment at which it counts no more; none: without end.
    pub to: Option<Millis>,
    /// What it rests on.
    pub base: LegalBase,
    /// Which version of the printed text the patient read.
    pub text_version: String,
    /// Hash of the scan, tablet stroke or card reader's protocol.
    pub evidence: Hash,
    /// When the patient made the statement; none: now. Never later than now.
    pub taken_at: Option<Millis>,
    /// Of a no: not even in an emergency.
    pub even_in_emergency: bool,
}

impl ConsentSpec {
    /// A yes to everything for both sides: doctors, nurses, pharmacists and dentists of hospitals, clinics, dental clinics and
    /// pharmacies, for treatment and referral, without end.
    pub fn broad(patient: PatientRef) -> Self {
        use protocol::consent::{Mode, modes};
        use protocol::kinds::FacilityClass::{Clinic, Dental, Hospital, Pharmacy};
        use protocol::kinds::{Purpose, Role, classes, purposes, roles};
        Self {
            patient,
            stance: Stance::Permit,
            modes: modes(&[Mode::Publish, Mode::View]),
            networks: Networks::All,
            holders: Holders::All,
            readers: Readers::All { classes: classes(&[Hospital, Clinic, Dental, Pharmacy]) },
            kinds: KindSet::ALL,
            roles: roles(&[Role::Doctor, Role::Nurse, Role::Pharmacist, Role::Dentist]),
            purposes: purposes(&[Purpose::Treatment, Purpose::Referral]),
            from: None,
            to: None,
            base: LegalBase::Signed,
            text_version: String::new(),
            evidence: Hash([0; 32]),
            taken_at: None,
            even_in_emergency: false,
        }
    }
}

/// What a patient takes back, as the desk fills it in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithdrawSpec {
    /// Whose.
    pub patient: PatientRef,
    /// How much of it.
    pub scope: WithdrawalScope,
    /// Which version of the printed text the patient read.
    pub text_version: String,
    /// Hash of the scan or stroke.
    pub evidence: Hash,
    /// Not even in an emergency.
    pub even_in_emergency: bool,
}

impl WithdrawSpec {
    /// Everything, everywhere, but for emergencies.
    pub fn everything(patient: PatientRef) -> Self {
        Self {
            patient,
            scope: WithdrawalScope::Everything,
            text_version: String::new(),
            evidence: Hash([0; 32]),
            even_in_emergency: false,
        }
    }
}

/// A statement that is durable.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// What is on file.
    pub receipt: ConsentReceipt,
    /// Entries that went, and readers' nodes that were told to drop copies.
    pub progress: Progress,
    /// How long it took until both held, in milliseconds.
    pub took_ms: u64,
}

/// What is on file of one patient, for the screen and for the printed certificate.
#[derive(Clone, Debug)]
pub struct ConsentFile {
    /// Whose.
    pub patient: PatientRef,
    /// All statements, oldest first.
    pub receipts: Vec<ConsentReceipt>,
    /// The newest withdrawal, if there is one.
    pub withdrawn_at: Option<Millis>,
    /// When this was read.
    pub at: Millis,
}

/// What a patient's newest statement at this desk is. Not a decision: that is made for every request anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Nothing was said here.
    #[default]
    Unsaid,
    /// Yes, since then.
    Given(Millis),
    /// Something is excluded, since then.
    Limited(Millis),
    /// Withdrawn, since then.
    Withdrawn(Millis),
}

/// How one statement stands among the others of its patient. For the screen; decisions are made from all of them anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementState {
    /// It counts.
    InForce,
    /// It counts from a later moment on.
    Later,
    /// Its time is over.
    Ended,
    /// A yes that a later withdrawal of its whole scope took back.
    TakenBack,
    /// A no that a later yes took back within that yes's scope.
    PartlyLifted,
}

impl ConsentFile {
    /// How a statement of this file stands.
    pub fn state_of(&self, one: &ConsentReceipt) -> StatementState {
        let is_later = |other: &&ConsentReceipt| other.id != one.id && other.taken_at >= one.taken_at;
        let mut later = self.receipts.iter().filter(is_later);
        let is_no = matches!(one.stance, Stance::Deny | Stance::Stop);
        if one.to.is_some_and(|to| to <= self.at) {
            return StatementState::Ended;
        }
        if is_no && later.any(|other| other.stance == Stance::Lift) {
            return StatementState::PartlyLifted;
        }
        if !is_no && later.any(|other| other.stance == Stance::Stop && covers(other, one)) {
            return StatementState::TakenBack;
        }
        if one.from > self.at { StatementState::Later } else { StatementState::InForce }
    }
    /// The newest statement that is in force; a lift only makes way for a yes.
    pub fn standing(&self) -> Standing {
        let counts = |one: &&ConsentReceipt| one.is_in_force(self.at) && one.stance != Stance::Lift;
        match self.receipts.iter().filter(counts).max_by_key(|one| (one.taken_at, one.received_at)) {
            None => Standing::Unsaid,
            Some(one) => match one.stance {
                // A withdrawal of some kinds, or of some readers, leaves the rest of a yes as it was.
                Stance::Stop if self.is_some_yes_left() => Standing::Limited(one.taken_at),
                Stance::Stop => Standing::Withdrawn(one.taken_at),
                Stance::Deny => Standing::Limited(one.taken_at),
                Stance::Permit | Stance::Lift => Standing::Given(one.taken_at),
            },
        }
    }
    fn is_some_yes_left(&self) -> bool {
        self.receipts.iter().any(|one| one.stance == Stance::Permit && self.state_of(one) == StatementState::InForce)
    }
}

/// Whether a withdrawal speaks of everything that a yes speaks of, by what both say of kinds, readers, networks and holders.
fn covers(stop: &ConsentReceipt, yes: &ConsentReceipt) -> bool {
    let kinds = yes.kinds.iter().all(|kind| stop.kinds.has(kind));
    let networks = match (&stop.networks, &yes.networks) {
        (Networks::All, _) => true,
        (Networks::List(stopped), Networks::List(named)) => named.iter().all(|network| stopped.contains(network)),
        (Networks::List(_), Networks::All) => false,
    };
    let holders = match (&stop.holders, &yes.holders) {
        (Holders::All, _) => true,
        (Holders::List(stopped), Holders::List(named)) => named.iter().all(|holder| stopped.contains(holder)),
        (Holders::List(_), Holders::All) => false,
    };
    let readers = match (&stop.readers, &yes.readers) {
        (Readers::All { classes }, Readers::All { classes: named } | Readers::AllBut { classes: named, .. }) => {
            named.iter().all(|class| classes.has(class))
        }
        // A withdrawal from everybody names every class there is.
        (Readers::All { classes }, Readers::List(_)) => {
            FacilityClass::ALL.iter().all(|class| classes.has(class.code()))
        }
        (Readers::List(stopped), Readers::List(named)) => named.iter().all(|reader| stopped.contains(reader)),
        _ => false,
    };
    kinds && networks && holders && readers
}

/// Why a statement was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ConsentError {
    /// No such patient on this node.
    #[error("there is no patient {0} on this node; search again")]
    NoPatient(PatientRef),
    /// Nothing would be said.
    #[error("a statement needs at least one kind, one role, one purpose and one side")]
    Empty,
    /// It would end before it begins.
    #[error("the consent would end before it begins")]
    Period,
    /// Dated in the future.
    #[error("a statement cannot be dated in the future")]
    Future,
    /// The Engine.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The store.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Service {
    /// Records what a patient said. A yes after an earlier no takes that no back within its own scope, as a patient who signs
    /// again means it.
    ///
    /// # Errors
    /// [`ConsentError`]; nothing was recorded.
    pub fn record_consent(&self, staff: &Staff, spec: &ConsentSpec) -> Result<Recorded, ConsentError> {
        let entry = self.patient_entry(spec.patient)?;
        let receipt = self.receipt_of(staff, spec, &entry)?;
        if receipt.stance == Stance::Permit {
            let earlier = receipts_of(&self.view(), spec.patient);
            let said_no = earlier.iter().any(|old| {
                matches!(old.stance, Stance::Deny | Stance::Stop)
                    && old.is_in_force(receipt.taken_at)
                    && old.taken_at < receipt.taken_at
            });
            if said_no {
                self.keep_receipt(spec.patient, receipt.lift(ReceiptId(fresh())))?;
            }
        }
        self.keep_receipt(spec.patient, receipt)
    }
    /// Withdraws: the decision obeys at once, entries leave the index, readers with copies are told.
    ///
    /// # Errors
    /// [`ConsentError`]; nothing was recorded.
    pub fn withdraw_consent(&self, staff: &Staff, spec: &WithdrawSpec) -> Result<Recorded, ConsentError> {
        let entry = self.patient_entry(spec.patient)?;
        let now = self.now();
        let withdrawal = Withdrawal {
            taker: entry.facility,
            patient: entry.id,
            scope: spec.scope.clone(),
            taken_at: now,
            received_at: now,
            text_version: spec.text_version.clone(),
            evidence: spec.evidence,
            staff: staff.id().to_owned(),
            even_in_emergency: spec.even_in_emergency,
        };
        self.keep_receipt(spec.patient, withdrawal.receipt(ReceiptId(fresh())))
    }
    /// What is on file of a patient.
    ///
    /// # Errors
    /// [`ConsentError::NoPatient`].
    pub fn consents(&self, staff: &Staff, patient: PatientRef) -> Result<ConsentFile, ConsentError> {
        let entry = self.patient_entry(patient)?;
        let at = self.now();
        let receipts = receipts_of(&self.view(), patient);
        let count = u32::try_from(receipts.len()).unwrap_or(u32::MAX);
        let event = Event::new(at, What::Shown).patient(patient).facility(entry.facility).staff(staff.id());
        self.log(event.count(count).note("consents"))?;
        let noes = receipts.iter().filter(|receipt| receipt.stance == Stance::Stop);
        let withdrawn_at = noes.map(|receipt| receipt.taken_at).max();
        Ok(ConsentFile { patient, receipts, withdrawn_at, at })
    }

    pub(crate) fn patient_entry(&self, patient: PatientRef) -> Result<PatientEntry, ConsentError> {
        patients::load(&self.view(), patient).ok_or(ConsentError::NoPatient(patient))
    }
    fn receipt_of(
        &self,
        staff: &Staff,
        spec: &ConsentSpec,
        entry: &PatientEntry,
    ) -> Result<ConsentReceipt, ConsentError> {
        let now = self.now();
        let taken_at = spec.taken_at.unwrap_or(now);
        let from = spec.from.unwrap_or(taken_at);
        if spec.kinds.is_empty() || spec.roles.is_empty() || spec.purposes.is_empty() || spec.modes.is_empty() {
            return Err(ConsentError::Empty);
        }
        if taken_at > now {
            return Err(ConsentError::Future);
        }
        if spec.to.is_some_and(|to| to <= from) {
            return Err(ConsentError::Period);
        }
        Ok(ConsentReceipt {
            id: ReceiptId(fresh()),
            taker: entry.facility.clone(),
            patient: entry.id.clone(),
            stance: spec.stance,
            modes: spec.modes,
            networks: spec.networks.clone(),
            holders: spec.holders.clone(),
            readers: spec.readers.clone(),
            kinds: spec.kinds,
            roles: spec.roles,
            purposes: spec.purposes,
            from,
            to: spec.to,
            base: spec.base,
            text_version: spec.text_version.clone(),
            evidence: spec.evidence,
            taken_at,
            received_at: now,
            staff: staff.id().to_owned(),
            even_in_emergency: spec.even_in_emergency,
        })
    }
    fn keep_receipt(&self, patient: PatientRef, receipt: ConsentReceipt) -> Result<Recorded, ConsentError> {
        let begun = self.now();
        let pending = self.engine().send(Command::Consent { patient, receipt: Box::new(receipt.clone()) })?;
        loop {
            match pending.next(Duration::from_millis(COMMAND_WAIT_MS))? {
                Told::Consented(_, progress) => {
                    let receipt = ConsentReceipt { received_at: progress.at, ..receipt };
                    return Ok(Recorded { receipt, progress, took_ms: self.now().since(begun) });
                }
                Told::CommandDone(_, Err(why)) => return Err(CommandError::Refused(why).into()),
                _ => {}
            }
        }
    }
}
