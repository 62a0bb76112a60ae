use crate::limits::CONTENTS_MAX;
use crate::records_read::{RecordError, RecordId, RecordView, Records};
use crate::staff::Staff;
use crate::view_cache::ViewCache;
use protocol::audit::{Event, What};
use protocol::ids::{FacilityId, PatientRef, RequestId};
use protocol::kinds::KindSet;
use records::model::Clinical;
use std::collections::BTreeMap;

/// A record that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    /// An own one.
    Own(RecordId),
    /// A copy of another holder's.
    Copy(RequestId, [u8; 16]),
}

/// Contents of many records. Personal data.
#[derive(Default)]
pub struct Contents {
    /// What could be read, in the order asked.
    pub read: Vec<(Wanted, Clinical)>,
    /// How many could not: gone since, damaged, or of an unknown form. What they say is unknown.
    pub unread: usize,
}

impl Records {
    /// Reads many records of one patient at once, at most [`CONTENTS_MAX`]; what lies beyond counts as unread. One event for
    /// the own ones and one for each request is in the log before anything is given out.
    ///
    /// # Errors
    /// [`RecordError::Log`]; nothing is shown then.
    pub fn contents(
        &self,
        staff: &Staff,
        patient: PatientRef,
        cache: &ViewCache,
        wanted: &[Wanted],
    ) -> Result<Contents, RecordError> {
        let mut out = Contents { unread: wanted.len().saturating_sub(CONTENTS_MAX), ..Contents::default() };
        let mut copies: BTreeMap<RequestId, (FacilityId, KindSet, u32)> = BTreeMap::new();
        let mut own: BTreeMap<PatientRef, (KindSet, u32)> = BTreeMap::new();
        // Looked for once: each search for one reads the heads of all.
        let has_own = wanted.iter().any(|one| matches!(one, Wanted::Own(_)));
        let seen = if has_own { self.seen(staff, patient) } else { BTreeMap::new() };
        for one in wanted.iter().take(CONTENTS_MAX) {
            let view = match *one {
                Wanted::Own(id) => {
                    let found = seen.get(&id).ok_or(RecordError::Unknown(patient));
                    found.and_then(|(owner, head)| {
                        let view = self.read_own(*owner, head)?;
                        let told = own.entry(*owner).or_insert((KindSet::NONE, 0));
                        *told = (told.0.or(KindSet::of(&[head.key.kind.coarse()])), told.1.saturating_add(1));
                        Ok(view)
                    })
                }
                Wanted::Copy(request, item) => self.read_copy(patient, cache, (request, item)).map(|(copy, view)| {
                    let told = copies.entry(request).or_insert((copy.holder, KindSet::NONE, 0));
                    told.1 = told.1.or(KindSet::of(&[copy.item.kind.coarse()]));
                    told.2 = told.2.saturating_add(1);
                    view
                }),
            };
            match view {
                Ok(RecordView::Clinical { clinical, .. }) => out.read.push((*one, *clinical)),
                Ok(RecordView::Unreadable(_)) | Err(_) => out.unread += 1,
            }
        }
        for (owner, told) in own {
            self.log_shown(staff, (patient, owner), told)?;
        }
        for (request, (holder, kinds, count)) in copies {
            let event = Event::new(self.now(), What::Shown).staff(staff.id()).patient(patient).request(request);
            self.write_log(event.peer(holder).kinds(kinds).count(count))?;
        }
        Ok(out)
    }
}
