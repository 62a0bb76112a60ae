//! Many records at once, files of documents, and who looked: the rest of a real node's desk.
use super::access::{AccessRow, AccessView, Deed};
use super::chart::{Contents, FacilityName, Facts, File, Holder, ItemPath, ItemRow};
use super::node::of_record;
use super::{DeskError, ServiceDesk};
use crate::limits::{ALLERGIES_SHOWN_MAX, ONE_LOOK_MS, OTHERS_LOOKS_MAX};
use protocol::audit::What;
use protocol::ids::{FacilityId, PatientRef};
use protocol::kinds::{Coarse, FacilityClass, KindSet};
use protocol::time::Millis;
use records::model::{Clinical, Document};
use service::Staff;
use service::access_log::LogLine;
use service::charts::Wanted;
use service::consents::Standing;
use service::records_read::{RecordId, RecordView};
use service::staff::{Right, may};
use service::timeline::{Origin, TimelineSpec};

impl ServiceDesk {
    /// What stands in the banner: own allergies, and the newest statement of the patient at this desk.
    pub(super) fn facts(&self, staff: &Staff, patient: PatientRef, lists: Vec<Wanted>) -> Facts {
        let records = self.service.records();
        let read = records.contents(staff, patient, &self.service.view_cache(), &lists);
        let mut allergies: Option<Vec<String>> = None;
        for (_, clinical) in read.as_ref().map(|contents| contents.read.as_slice()).unwrap_or_default() {
            if let Clinical::Allergies(list) = clinical {
                let holds = list.items.iter().filter(|item| !item.withdrawn);
                allergies.get_or_insert_default().extend(holds.map(|item| item.allergen.shown().to_owned()));
            }
        }
        // A list that cannot be read is an unknown list, also beside one that can.
        let is_whole = read.is_ok_and(|contents| contents.unread == 0);
        let consent = self.service.consents(staff, patient).map_or(Standing::Unsaid, |file| file.standing());
        let emergency = self.service.emergency_until(patient);
        Facts { allergies: allergies.filter(|_| is_whole), consent, emergency }
    }
    /// Own lists of allergies, for pages that do not list records.
    pub(super) fn allergy_records(&self, staff: &Staff, patient: PatientRef) -> Vec<Wanted> {
        let spec = TimelineSpec { kinds: KindSet::of(&[Coarse::Allergy]), ..TimelineSpec::all(patient) };
        let shown = self.service.timelines().show(staff, &spec).map(|timeline| timeline.rows).unwrap_or_default();
        let own = shown.into_iter().filter_map(|row| match row.origin {
            Origin::Own(id) => Some(Wanted::Own(id)),
            Origin::Copy { .. } => None,
        });
        own.take(ALLERGIES_SHOWN_MAX).collect()
    }
    /// When a source of this facility was walked last.
    pub(super) fn checked(&self, facility: &FacilityId) -> Option<Millis> {
        let feeds = self.feeds.as_ref()?;
        let own = feeds.feeds.iter().filter(|feed| feed.facility == *facility);
        own.filter_map(|feed| feeds.ingest.last_report(feed)).map(|report| report.began).max()
    }
    pub(super) fn read(&self, staff: &Staff, patient: PatientRef, items: &[ItemPath]) -> Result<Contents, DeskError> {
        let wanted: Vec<Wanted> = items.iter().copied().map(wanted).collect();
        let read = self.service.records().contents(staff, patient, &self.service.view_cache(), &wanted);
        let read = read.map_err(of_record)?;
        Ok(Contents {
            read: read.read.into_iter().map(|(wanted, clinical)| (path(wanted), clinical)).collect(),
            unread: read.unread,
        })
    }
    pub(super) fn read_file(
        &self,
        staff: &Staff,
        patient: PatientRef,
        item: &ItemPath,
        index: usize,
    ) -> Result<File, DeskError> {
        let (records, cache) = (self.service.records(), self.service.view_cache());
        let read = records.contents(staff, patient, &cache, &[wanted(*item)]).map_err(of_record)?;
        let Some((_, Clinical::Document(document))) = read.read.into_iter().next() else {
            return Err(DeskError::Unknown);
        };
        let name = document.files.get(index).ok_or(DeskError::Unknown)?.name.clone();
        let mut bytes = Vec::new();
        let written = match *item {
            ItemPath::Own(id) => records.write_file_to(staff, (patient, RecordId(id)), &name, &mut bytes),
            ItemPath::Copy(request, id) => {
                records.write_copied_file_to(staff, (patient, &cache), (request, id), &name, &mut bytes)
            }
        };
        written.map_err(of_record)?;
        Ok(File { kind: Document::media_type(&name), bytes })
    }
    pub(super) fn read_access(&self, staff: &Staff, patient: PatientRef) -> Result<AccessView, DeskError> {
        let entry = self.service.patients().entry(patient).ok_or(DeskError::Unknown)?;
        // Who may not read records sees no allergies either.
        let lists =
            if may(staff.role(), Right::ReadRecords) { self.allergy_records(staff, patient) } else { Vec::new() };
        let facts = self.facts(staff, patient, lists);
        let lines = self.service.patients_list(staff, patient).map_err(|error| DeskError::Failed(error.to_string()))?;
        let more = lines.len() > OTHERS_LOOKS_MAX;
        let own = self.own_name(&entry.facility);
        let rows = lines.iter().rev().filter_map(|line| self.access_row(line, &own));
        let rows = merged(rows.take(OTHERS_LOOKS_MAX));
        Ok(AccessView { now: self.service.now(), person: self.person(patient, &entry), facts, rows, more })
    }
    fn access_row(&self, line: &LogLine, own: &FacilityName) -> Option<AccessRow> {
        let event = &line.event;
        let deed = match event.what {
            What::Shown if event.note == "patient's list" || event.note == "access log" => Deed::LookedAtList,
            What::Shown => Deed::Looked,
            What::PatientFound => Deed::Found,
            What::Requested => Deed::Asked,
            What::Received => Deed::Got,
            What::Answered => Deed::Gave,
            What::Decided if event.reason.is_some_and(|reason| reason != 0) => Deed::Refused,
            What::ConsentGiven | What::ConsentWithdrawn => Deed::Consent,
            What::LinkMade | What::LinkUndone => Deed::Linked,
            What::Dropped => Deed::Dropped,
            // A question that was allowed is told by the answer that followed.
            _ => return None,
        };
        let peer = event.peer.as_ref().filter(|_| deed != Deed::Looked);
        Some(AccessRow {
            at: event.at,
            deed,
            facility: peer.map_or_else(|| own.clone(), |peer| self.other_name(peer)),
            is_own: peer.is_none(),
            staff: event.staff.clone(),
            purpose: event.purpose,
            kinds: event.kinds,
            count: event.count,
        })
    }
    fn other_name(&self, id: &FacilityId) -> FacilityName {
        let book = self.service.book();
        let member = book.networks().find_map(|(network, _)| book.membership(network, id).cloned());
        match member {
            Some(member) => FacilityName { id: id.clone(), name: member.name, class: Some(member.class) },
            None => FacilityName { id: id.clone(), name: id.to_string(), class: None },
        }
    }
}

/// Names of a document's files.
pub(super) fn files_of(view: &RecordView) -> Vec<(String, u64)> {
    match view {
        RecordView::Clinical { clinical, .. } => match clinical.as_ref() {
            Clinical::Document(one) => one.files.iter().map(|file| (file.name.clone(), file.bytes)).collect(),
            _ => Vec::new(),
        },
        RecordView::Unreadable(_) => Vec::new(),
    }
}

/// The own records of one kind.
pub(super) fn own_wanted(own: &[ItemRow], kind: Coarse) -> Vec<Wanted> {
    own.iter().filter(|row| row.kind.coarse() == kind).map(|row| wanted(row.path)).take(ALLERGIES_SHOWN_MAX).collect()
}

/// Holders in the order of their places on the page, so that the eye learns them: hospitals first, care last.
pub(super) fn in_places(mut holders: Vec<Holder>) -> Vec<Holder> {
    let rank = |class: Option<FacilityClass>| match class {
        Some(FacilityClass::Hospital) => 0,
        Some(FacilityClass::Clinic) => 1,
        Some(FacilityClass::Dental) => 2,
        Some(FacilityClass::Pharmacy) => 3,
        Some(FacilityClass::Lab) => 4,
        Some(FacilityClass::Checkup) => 5,
        None => 6,
        Some(FacilityClass::Fire | FacilityClass::Municipal) => 7,
        Some(FacilityClass::VisitingNursing) => 8,
        Some(FacilityClass::Care) => 9,
    };
    holders.sort_by(|a, b| {
        let place = |one: &Holder| (rank(one.facility.class), one.facility.id.clone());
        place(a).cmp(&place(b)).then_with(|| a.network.cmp(&b.network)).then_with(|| a.handle.cmp(&b.handle))
    });
    holders
}

fn wanted(path: ItemPath) -> Wanted {
    match path {
        ItemPath::Own(id) => Wanted::Own(RecordId(id)),
        ItemPath::Copy(request, id) => Wanted::Copy(request, id),
    }
}

fn path(wanted: Wanted) -> ItemPath {
    match wanted {
        Wanted::Own(RecordId(id)) => ItemPath::Own(id),
        Wanted::Copy(request, id) => ItemPath::Copy(request, id),
    }
}

/// Rows of one deed of one person at one facility within a few minutes are one look.
fn merged(rows: impl Iterator<Item = AccessRow>) -> Vec<AccessRow> {
    let mut out: Vec<AccessRow> = Vec::new();
    for row in rows {
        let same = |own: &AccessRow| {
            (own.deed, &own.staff, &own.facility) == (row.deed, &row.staff, &row.facility)
                && own.at.since(row.at) < ONE_LOOK_MS
        };
        match out.iter_mut().rev().take(NEAR_ROWS).find(|own| same(own)) {
            Some(own) => {
                own.at = Millis(own.at.0.min(row.at.0));
                own.kinds = own.kinds.or(row.kinds);
                own.count = own.count.max(row.count);
                own.purpose = own.purpose.or(row.purpose);
            }
            None => out.push(row),
        }
    }
    out
}

/// Rows of other people may stand between those of one look.
const NEAR_ROWS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::time::MINUTE_MS;

    fn row(deed: Deed, minutes: u64, staff: &str) -> AccessRow {
        let facility =
            FacilityName { id: FacilityId::parse("0310000011").expect("ten digits"), name: "港".into(), class: None };
        let at = Millis(1_795_311_720_000 + minutes * MINUTE_MS);
        let kinds = KindSet::of(&[if minutes == 0 { Coarse::Lab } else { Coarse::Visit }]);
        AccessRow { at, deed, facility, is_own: true, staff: Some(staff.into()), purpose: None, kinds, count: 1 }
    }

    #[test]
    fn one_look_is_one_row_and_two_people_are_two() {
        let rows = [
            row(Deed::Looked, 3, "d-1"),
            row(Deed::Asked, 2, "d-1"),
            row(Deed::Looked, 1, "d-2"),
            row(Deed::Looked, 0, "d-1"),
        ];
        let all = merged(rows.into_iter());
        assert_eq!(all.len(), 3);
        assert_eq!(all[0].kinds, KindSet::of(&[Coarse::Lab, Coarse::Visit]));
        assert_eq!(merged([row(Deed::Looked, 60, "d-1"), row(Deed::Looked, 0, "d-1")].into_iter()).len(), 2);
    }
}
