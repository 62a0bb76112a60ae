//! Other facilities of the same node whose patient is the same person: shown as holders, as if each were another node.
use super::node::{ServiceDesk, of_timeline};
use super::{DeskError, Holder, HolderAnswer, ItemPath, ItemRow, RowStatus};
use protocol::engine::HolderStatus;
use protocol::ids::PatientRef;
use service::Staff;
use service::links::Reach;
use service::records_read::RecordId;
use service::timeline::{Origin, TimelineRow, TimelineSpec, Whose};
use std::collections::BTreeMap;

impl ServiceDesk {
    /// The holders, in no order. Who has several patients of the person is one of them.
    pub(super) fn linked(&self, staff: &Staff, patient: PatientRef) -> Result<Vec<Holder>, DeskError> {
        let person = self.service.person(staff, patient).map_err(|error| DeskError::Failed(error.to_string()))?;
        let others = person.into_iter().filter(|one| matches!(one.reach, Reach::Consent | Reach::NoConsent));
        let mut holders: BTreeMap<_, Holder> = BTreeMap::new();
        for one in others {
            let fresh = || Holder {
                facility: self.own_name(&one.facility),
                network: self.service.config().name.clone(),
                handle: None,
                kinds: one.kinds,
            };
            let holder = holders.entry(one.facility.clone()).or_insert_with(fresh);
            holder.kinds = holder.kinds.or(one.kinds);
        }
        Ok(holders.into_values().collect())
    }

    /// Their answers: what their patients' consents let the reader see. Whether the page still listens.
    pub(super) fn answer_linked(
        &self,
        staff: &Staff,
        patient: PatientRef,
        each: &mut dyn FnMut(HolderAnswer) -> bool,
    ) -> Result<bool, DeskError> {
        let holders = self.linked(staff, patient)?;
        if holders.is_empty() {
            return Ok(true);
        }
        let spec = TimelineSpec { whose: Whose::OtherFacilities, ..TimelineSpec::all(patient) };
        let mut rows = self.service.timelines().show(staff, &spec).map_err(of_timeline)?.rows;
        for holder in holders {
            let theirs = rows.extract_if(.., |row| row.holder == holder.facility.id);
            let items: Vec<ItemRow> = theirs.filter_map(own_row).collect();
            let status = if items.is_empty() { HolderStatus::Nothing } else { HolderStatus::Data };
            let status = RowStatus::Answered(status);
            if !each(HolderAnswer { holder, status, items, is_cut: false, at: self.service.now() }) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

pub(super) fn own_row(row: TimelineRow) -> Option<ItemRow> {
    let Origin::Own(RecordId(id)) = row.origin else { return None };
    let TimelineRow { kind, care_date, title, made_at, checked_at, .. } = row;
    Some(ItemRow { path: ItemPath::Own(id), kind, care_date, title, made_at, checked_at })
}
