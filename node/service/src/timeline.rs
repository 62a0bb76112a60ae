//! The timeline (時系列) of one patient: own records and copies of others' in one list, and how every holder stands.
//!
//! A holder that could not be asked has a row that says so; nothing here turns *offline* or *late* into "no data".
use crate::clock::Clock;
use crate::links::Reach;
use crate::links::reach::{reach, through};
use crate::patients;
use crate::records_read::{RecordId, RecordRow, rows};
use crate::staff::Staff;
use crate::view_cache::{CopiedItem, ViewCache};
use protocol::audit::{Event, What};
use protocol::data::{Batch, Outcome, View};
use protocol::fetch::State;
use protocol::ids::{FacilityId, PatientRef, RequestId};
use protocol::kinds::{Coarse, DataKind, KindSet};
use protocol::time::{Date, Millis, Period};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::Store;

/// What to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimelineSpec {
    /// Whose.
    pub patient: PatientRef,
    /// Kinds.
    pub kinds: KindSet,
    /// Care dates; records without a date lie in every period.
    pub period: Period,
    /// Also what was replaced or deleted, of own records.
    pub with_history: bool,
    /// Of which of this node's patients that are the same person.
    pub whose: Whose,
}

/// Whose records of this node are shown of one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// All.
    Person,
    /// Those under any number of the patient's own facility.
    Facility,
    /// Those of other facilities of this node only.
    OtherFacilities,
}

impl Whose {
    fn covers(self, reach: Reach) -> bool {
        let own = matches!(reach, Reach::Opened | Reach::SameFacility);
        match self {
            Self::Person => true,
            Self::Facility => own,
            Self::OtherFacilities => !own,
        }
    }
}

impl TimelineSpec {
    /// Everything that holds now.
    pub fn all(patient: PatientRef) -> Self {
        Self { patient, kinds: KindSet::ALL, period: Period::ALL, with_history: false, whose: Whose::Person }
    }
}

/// Where the bytes of a row are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An own record.
    Own(RecordId),
    /// A copy of another holder's.
    Copy {
        /// The request that fetched it.
        request: RequestId,
        /// The item.
        item: [u8; 16],
        /// When the copy goes.
        until: Millis,
    },
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineRow {
    /// Where its bytes are.
    pub origin: Origin,
    /// Who holds it.
    pub holder: FacilityId,
    /// What it is.
    pub kind: DataKind,
    /// Its coarse kind.
    pub coarse: Coarse,
    /// 診療日; none for the whole current state.
    pub care_date: Option<Date>,
    /// When its source made it.
    pub made_at: Millis,
    /// When its holder last knew that it holds: the age to show.
    pub checked_at: Millis,
    /// 診療科, of own records.
    pub department: String,
    /// One line.
    pub title: String,
    /// Its bytes.
    pub size: u64,
    /// Whether it holds; copies do as far as their holder said.
    pub state: State,
}

/// What is shown of one patient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// Whole current states first, then the newest 診療日.
    pub rows: Vec<TimelineRow>,
    /// Rows by holder, this node's facilities among them.
    pub by_holder: BTreeMap<FacilityId, usize>,
}

/// Why no timeline is shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimelineError {
    /// No such patient.
    #[error("there is no patient {0} at this node")]
    Unknown(PatientRef),
    /// What is shown must be in the log first, and the log could not be written.
    #[error("nothing is shown, since the log could not be written: {0}")]
    Log(String),
}

/// Timelines of a node's patients. Cheap to clone.
#[derive(Clone)]
pub struct Timelines {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    cache: ViewCache,
}

impl Timelines {
    /// Timelines from this store and the copies in it.
    pub fn new(store: Arc<Store>, clock: Arc<dyn Clock>) -> Self {
        let cache = ViewCache::new(store.clone());
        Self { store, clock, cache }
    }

    /// All rows that are here: own records and live copies; and of other patients of this node that are the same person, what
    /// their consents let `staff` see. The log has it before it is shown, under each patient whose records are.
    ///
    /// # Errors
    /// [`TimelineError`]; nothing is shown then.
    pub fn show(&self, staff: &Staff, spec: &TimelineSpec) -> Result<Timeline, TimelineError> {
        let view = self.store.view();
        let now = self.clock.now();
        let entry = patients::load(&view, spec.patient).ok_or(TimelineError::Unknown(spec.patient))?;
        let (mut own, mut seen) = (Vec::new(), Vec::new());
        let members = reach(&view, staff, spec.patient, now).into_iter();
        for member in members.filter(|member| spec.whose.covers(member.reach)) {
            let within = TimelineSpec { patient: member.patient, kinds: spec.kinds.and(member.kinds), ..*spec };
            let rows = own_rows(&view, &within);
            if member.patient != spec.patient && !rows.is_empty() {
                let kinds = kinds_of(&rows);
                let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
                let event = Event::new(now, What::Shown).staff(staff.id()).patient(member.patient);
                let event = event.facility(member.facility).note(through(spec.patient));
                seen.push(event.kinds(kinds).count(count));
            }
            own.extend(rows);
        }
        let copies = copied_rows(self.cache.items(spec.patient, now), spec);
        let timeline = join(own, copies);
        let kinds = kinds_of(&timeline.rows);
        let count = u32::try_from(timeline.rows.len()).unwrap_or(u32::MAX);
        let event = Event::new(now, What::Shown).staff(staff.id()).patient(spec.patient).facility(entry.facility);
        let mut batch = Batch::default();
        batch.log(event.kinds(kinds).count(count));
        seen.into_iter().for_each(|event| batch.log(event));
        match self.store.commit(batch) {
            Outcome::Committed { .. } => Ok(timeline),
            Outcome::Failed(why) => Err(TimelineError::Log(why)),
        }
    }
}

fn kinds_of(rows: &[TimelineRow]) -> KindSet {
    rows.iter().fold(KindSet::NONE, |all, row| all.or(KindSet::of(&[row.coarse])))
}

/// Own records of a patient as rows, in no order.
fn own_rows(view: &dyn View, spec: &TimelineSpec) -> Vec<TimelineRow> {
    let shown = |row: &RecordRow| {
        let holds = spec.with_history || row.state == State::Current;
        holds && spec.kinds.has(row.kind.coarse()) && spec.period.has(row.care_date)
    };
    let own = rows(view, spec.patient).into_iter().filter(shown);
    own.map(|row| TimelineRow {
        origin: Origin::Own(row.id),
        holder: row.facility,
        coarse: row.kind.coarse(),
        kind: row.kind,
        care_date: row.care_date,
        made_at: row.at,
        checked_at: row.stored_at,
        department: row.department,
        title: row.title,
        size: row.size,
        state: row.state,
    })
    .collect()
}

/// Copies as rows, in no order. Of a record that was fetched twice only the younger copy is shown.
fn copied_rows(copies: Vec<CopiedItem>, spec: &TimelineSpec) -> Vec<TimelineRow> {
    let mut newest: BTreeMap<(FacilityId, DataKind, Option<Date>, [u8; 32]), CopiedItem> = BTreeMap::new();
    for copy in copies {
        let item = &copy.item;
        if !spec.kinds.has(item.kind.coarse()) || !spec.period.has(item.care_date) {
            continue;
        }
        let same = (copy.holder.clone(), item.kind.clone(), item.care_date, item.digest.0);
        match newest.get(&same) {
            Some(older) if older.item.checked_at >= item.checked_at => {}
            _ => {
                newest.insert(same, copy);
            }
        }
    }
    let row = |copy: CopiedItem| TimelineRow {
        origin: Origin::Copy { request: copy.request, item: copy.item.id, until: copy.until },
        holder: copy.holder,
        coarse: copy.item.kind.coarse(),
        kind: copy.item.kind,
        care_date: copy.item.care_date,
        made_at: copy.item.made_at,
        checked_at: copy.item.checked_at,
        department: String::new(),
        title: copy.item.title,
        size: copy.item.size,
        state: State::Current,
    };
    newest.into_values().map(row).collect()
}

/// One list of both, in the order of reading.
fn join(own: Vec<TimelineRow>, copies: Vec<TimelineRow>) -> Timeline {
    let mut rows = own;
    rows.extend(copies);
    rows.sort_by(|a, b| {
        let newest_first =
            (b.care_date.is_none(), b.care_date, b.made_at).cmp(&(a.care_date.is_none(), a.care_date, a.made_at));
        newest_first.then_with(|| (&a.kind, &a.holder, &a.title).cmp(&(&b.kind, &b.holder, &b.title)))
    });
    let mut by_holder: BTreeMap<FacilityId, usize> = BTreeMap::new();
    rows.iter().for_each(|row| *by_holder.entry(row.holder.clone()).or_default() += 1);
    Timeline { rows, by_holder }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(day: Option<u8>, made_at: u64, holder: &str) -> TimelineRow {
        let kind = DataKind::parse(if day.is_some() { "OML-11" } else { "PPR-01" }).expect("a kind");
        TimelineRow {
            origin: Origin::Own(RecordId([0; 16])),
            holder: FacilityId::parse(holder).expect("ten digits"),
            coarse: kind.coarse(),
            kind,
            care_date: day.and_then(|day| Date::new(2025, 6, day)),
            made_at: Millis(made_at),
            checked_at: Millis(made_at),
            department: String::new(),
            title: "血液検査".into(),
            size: 1,
            state: State::Current,
        }
    }

    #[test]
    fn whole_states_come_first_and_then_the_newest_day_of_all_holders() {
        let own = vec![row(Some(1), 1, "1312345678"), row(None, 2, "1312345678")];
        let copies = vec![row(Some(9), 3, "0412345678"), row(Some(9), 5, "0412345678")];
        let timeline = join(own, copies);
        let order: Vec<u64> = timeline.rows.iter().map(|row| row.made_at.0).collect();
        assert_eq!(order, [2, 5, 3, 1]);
        assert_eq!(timeline.by_holder.values().copied().collect::<Vec<_>>(), [2, 2]);
    }
}
