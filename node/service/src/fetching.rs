//! Fetching (照会): every certain holder of a patient's records is asked at once; each gets its own row, whatever it answers.
use crate::engine::{CommandError, Pending};
use crate::limits::ANSWER_GRACE_MS;
use crate::locating::{LocateError, Located, is_certain};
use crate::patients::PatientEntry;
use crate::publishing::strings_of;
use crate::random::fresh;
use crate::service::Service;
use crate::staff::Staff;
use protocol::audit::{Event, What};
use protocol::crypto::sha256;
use protocol::data::{Batch, Space, encode};
use protocol::engine::{Answer, Candidate, Certainty, Command, Event as Told, FetchOrder, HolderStatus};
use protocol::fetch::Item;
use protocol::ids::{FacilityId, Handle, Hash, PatientRef, ReceiptId, RequestId};
use protocol::kinds::{KindSet, Purpose};
use protocol::limits::{ANSWER_WAIT_MS, FETCH_BYTES_MAX, REQUEST_LIFE_MS};
use protocol::policy::{BreakGlass, Evidence, EvidenceKind};
use protocol::time::Period;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// What shows that the purpose is true; its text stays here, a commitment to it goes to holders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ground {
    /// What it is.
    pub kind: EvidenceKind,
    /// Number and time of the reception, number of the referral and the like. Can be opened to a holder who asks.
    pub text: String,
}

/// What was said for doing without consent, by somebody who has shown who they are. Only [`Service::break_glass`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken(pub(crate) BreakGlass);

/// What to ask of holders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchSpec {
    /// Our patient.
    pub patient: PatientRef,
    /// Why.
    pub purpose: Purpose,
    /// What shows it.
    pub ground: Ground,
    /// A consent at our side, if not one on file (patient present).
    pub base: Option<ReceiptId>,
    /// What is said for doing without consent; only [`Service::break_glass`] says it.
    pub emergency: Option<Broken>,
    /// Kinds wanted.
    pub kinds: KindSet,
    /// Care dates wanted.
    pub period: Period,
    /// Most bytes wanted of each holder.
    pub limit_bytes: u64,
    /// Longest wait in milliseconds until a row says *late*.
    pub wait_ms: u64,
    /// Only these holders; empty: all.
    pub holders: Vec<FacilityId>,
}

impl FetchSpec {
    /// All kinds and dates, for treatment of a patient at the reception.
    pub fn treatment(patient: PatientRef, reception: impl Into<String>) -> Self {
        Self {
            patient,
            purpose: Purpose::Treatment,
            ground: Ground { kind: EvidenceKind::Reception, text: reception.into() },
            base: None,
            emergency: None,
            kinds: KindSet::ALL,
            period: Period::ALL,
            limit_bytes: FETCH_BYTES_MAX,
            wait_ms: ANSWER_WAIT_MS,
            holders: Vec::new(),
        }
    }
}

/// What a holder's row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowState {
    /// The holder, or the line to it, answered.
    Answered(HolderStatus),
    /// Not asked: people have to say first whether it is our patient.
    Unlinked,
    /// Not asked: people said that it is somebody else.
    NotSame,
}

impl RowState {
    /// The word in JSON and commands.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Answered(status) => status.word(),
            Self::Unlinked => "unlinked",
            Self::NotSame => "not-same",
        }
    }
}

/// One holder's row. What was not fetched is never shown as none.
#[derive(Clone, Debug)]
pub struct HolderRow {
    /// Who, where and how sure.
    pub located: Located,
    /// What it says.
    pub state: RowState,
    /// The request, if one was sent; copies lie under it in the view cache.
    pub request: Option<RequestId>,
    /// What came, verified; the bytes are in the view cache.
    pub items: Vec<Item>,
    /// Bytes verified.
    pub bytes: u64,
    /// Whether a rule took something away from what was asked for, or the transfer was cut.
    pub is_cut: bool,
    /// Our leaf for it.
    pub leaf: Option<u64>,
    /// The holder's leaf for it.
    pub holder_leaf: Option<(u64, Hash)>,
    /// How long the answer took, from the question on to our leaf for it.
    pub took: Duration,
}

/// Why nothing was asked.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Looking for holders failed.
    #[error(transparent)]
    Locate(#[from] LocateError),
    /// Nothing would be asked for.
    #[error("a read asks for at least one kind and one byte")]
    Empty,
    /// Without it no holder answers.
    #[error(
        "a read needs what shows its purpose: the number of the reception, the referral, or who stands at the desk"
    )]
    NoGround,
    /// The Engine.
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl Service {
    /// Locates and asks every certain holder at the same time; gives one row for each candidate, as the Engine answers within
    /// the wait. A row that says *late* is filled in the view cache when its answer comes; subscribers of events hear of it.
    ///
    /// # Errors
    /// [`FetchError`]; holders that could not be asked are rows, not errors.
    pub fn fetch(&self, staff: &Staff, spec: &FetchSpec) -> Result<Vec<HolderRow>, FetchError> {
        self.fetch_each(staff, spec, |_| {})
    }
    /// As [`Service::fetch`], and tells each row as it comes, for pages that fill up live.
    ///
    /// # Errors
    /// As [`Service::fetch`].
    pub fn fetch_each(
        &self,
        staff: &Staff,
        spec: &FetchSpec,
        mut each: impl FnMut(&HolderRow),
    ) -> Result<Vec<HolderRow>, FetchError> {
        if spec.kinds.is_empty() || spec.limit_bytes == 0 {
            return Err(FetchError::Empty);
        }
        if spec.ground.text.trim().is_empty() {
            return Err(FetchError::NoGround);
        }
        let entry = self.patient_entry(spec.patient).map_err(LocateError::from)?;
        let (evidence, mut ground) = self.ground(staff, spec, &entry);
        let mut found = self.candidates(spec.patient, &entry)?;
        found.retain(|candidate| spec.holders.is_empty() || spec.holders.contains(&candidate.holder));
        let begun = Instant::now();
        let mut sent = BTreeMap::new();
        for candidate in found.iter().filter(|candidate| is_certain(candidate)) {
            let order = self.order(staff, spec, &entry, (candidate, evidence, ground.clone()));
            let pending = self.engine().send(Command::Fetch(Box::new(order)));
            if pending.is_ok() {
                ground = Batch::default();
            }
            sent.insert(key_of(candidate), pending);
        }
        if !ground.is_empty() {
            // Nobody is asked; that somebody wanted to is in the log all the same.
            self.commit(ground).map_err(LocateError::from)?;
        }
        let (mut rows, mut asked) = (Vec::new(), Vec::new());
        for located in self.describe(found) {
            match sent.remove(&key_of(&located.candidate)) {
                Some(pending) => asked.push((located, pending)),
                None if located.candidate.certainty == Certainty::NotSame => {
                    rows.push(HolderRow::unasked(located, RowState::NotSame));
                }
                None => rows.push(HolderRow::unasked(located, RowState::Unlinked)),
            }
        }
        rows.iter().for_each(&mut each);
        self.collect(spec, begun, asked, (&mut rows, &mut each))?;
        Ok(rows)
    }
    fn order(
        &self,
        staff: &Staff,
        spec: &FetchSpec,
        entry: &PatientEntry,
        (candidate, evidence, ground): (&Candidate, Evidence, Batch),
    ) -> FetchOrder {
        FetchOrder {
            patient: spec.patient,
            facility: entry.facility.clone(),
            candidate: candidate.clone(),
            strings: strings_of(&self.view(), spec.patient, entry),
            staff: staff.id().to_owned(),
            role: staff.role(),
            purpose: spec.purpose,
            evidence: Some(evidence),
            base: spec.base,
            emergency: spec.emergency.clone().map(|broken| broken.0),
            kinds: spec.kinds,
            period: spec.period,
            limit_bytes: spec.limit_bytes.min(FETCH_BYTES_MAX),
            wait_ms: spec.wait_ms.clamp(1, REQUEST_LIFE_MS),
            ground,
        }
    }
    /// Looks at all that are asked in turn, so that no slow holder hides a quick one.
    fn collect(
        &self,
        spec: &FetchSpec,
        begun: Instant,
        mut asked: Vec<(Located, Result<Pending, CommandError>)>,
        (rows, each): (&mut Vec<HolderRow>, &mut impl FnMut(&HolderRow)),
    ) -> Result<(), FetchError> {
        let limit = spec.wait_ms.clamp(1, REQUEST_LIFE_MS).saturating_add(ANSWER_GRACE_MS);
        while !asked.is_empty() {
            let pause = Duration::from_millis(if asked.len() == 1 { limit } else { LOOK_MS });
            let is_over = begun.elapsed() > Duration::from_millis(limit);
            let mut waiting = Vec::new();
            for (located, pending) in asked {
                let answer = match pending {
                    Ok(pending) => match pending.next(pause) {
                        Ok(Told::Answer(_, answer)) => Some(Ok(*answer)),
                        Ok(_) => {
                            waiting.push((located, Ok(pending)));
                            continue;
                        }
                        Err(CommandError::Late) if !is_over => {
                            waiting.push((located, Ok(pending)));
                            continue;
                        }
                        Err(CommandError::Stopped) => return Err(CommandError::Stopped.into()),
                        Err(_) => None,
                    },
                    Err(CommandError::Stopped) => return Err(CommandError::Stopped.into()),
                    Err(error) => Some(Err(error)),
                };
                let took = begun.elapsed();
                let row = match answer {
                    Some(Ok(answer)) => HolderRow::answered(located, answer, took),
                    Some(Err(_)) => HolderRow::unasked(located, RowState::Answered(HolderStatus::Busy)),
                    None => HolderRow::unasked(located, RowState::Answered(HolderStatus::Late)),
                };
                each(&row);
                rows.push(row);
            }
            asked = waiting;
        }
        rows.sort_by(|one, other| one.located.candidate.holder.cmp(&other.located.candidate.holder));
        Ok(())
    }
    /// What shows the purpose, so that it can be opened later, and the event that this member of staff asks. It goes to disk
    /// with the leaf for the first question, so before anything is shown.
    fn ground(&self, staff: &Staff, spec: &FetchSpec, entry: &PatientEntry) -> (Evidence, Batch) {
        let salt: [u8; 16] = fresh();
        let commitment = sha256(&[b"musubi/ground", &salt, spec.ground.text.as_bytes()]);
        let mut batch = Batch::default();
        let key = [b"ground/".as_slice(), &commitment.0].concat();
        let shown = encode(&(salt, spec.ground.text.as_str(), spec.patient));
        batch.put(Space::Desk, key, store::owned(spec.patient, &shown));
        let event = Event::new(self.now(), What::PatientFound).patient(spec.patient).facility(entry.facility.clone());
        batch.log(event.staff(staff.id()).purpose(spec.purpose).kinds(spec.kinds).object(commitment).note("asked"));
        (Evidence { kind: spec.ground.kind, commitment }, batch)
    }
}

/// What tells candidates apart.
fn key_of(candidate: &Candidate) -> (FacilityId, Handle) {
    (candidate.holder.clone(), candidate.handle)
}

impl HolderRow {
    fn unasked(located: Located, state: RowState) -> Self {
        Self {
            located,
            state,
            request: None,
            items: Vec::new(),
            bytes: 0,
            is_cut: false,
            leaf: None,
            holder_leaf: None,
            took: Duration::ZERO,
        }
    }
    fn answered(located: Located, answer: Answer, took: Duration) -> Self {
        Self {
            state: RowState::Answered(answer.status),
            request: answer.request,
            items: answer.items,
            bytes: answer.bytes,
            is_cut: answer.cut,
            leaf: answer.leaf,
            holder_leaf: answer.holder_leaf,
            took,
            located,
        }
    }
    /// Whether records came.
    pub fn has_data(&self) -> bool {
        self.state == RowState::Answered(HolderStatus::Data)
    }
}

/// How long one holder is waited for before the next is looked at.
const LOOK_MS: u64 = 5;
