//! Blind confirmation across networks: a patient's values for the Engine, what their agreement means, and the desk's command.
use crate::engine::CommandError;
use crate::linking::LinkError;
use crate::links::census::stored;
use crate::service::Service;
use crate::staff::Staff;
use crate::{cards, patients};
use matching::link::census::Population;
use matching::link::confirm::{BLIND_VALUES, Blind};
use matching::{Grade, normalise};
use protocol::confirm::{Answer, Reason, Values};
use protocol::data::View;
use protocol::engine::{Certainty, Command, ConfirmOrder, Event};
use protocol::ids::{FacilityId, Handle, PatientRef, RequestId};
use protocol::kinds::Purpose;
use protocol::limits::{CONFIRM_VALUES, CONFIRM_WAIT_MS};
use std::time::Duration;

const _: () = assert!(BLIND_VALUES == CONFIRM_VALUES);

impl Service {
    /// Finds out with a holder's node whether its candidate is our patient. Neither side sees a value of the other; what comes
    /// of it is kept at both, and is taken back as any link across networks ([`Service::answer_link`]).
    ///
    /// # Errors
    /// [`LinkError`]; a refusal by the holder, silence and a broken line all read as [`CommandError::Refused`].
    pub fn confirm_link(
        &self,
        staff: &Staff,
        patient: PatientRef,
        (holder, handle): (&FacilityId, Option<Handle>),
        reason: Reason,
    ) -> Result<(RequestId, Answer), LinkError> {
        let (facility, candidate) = self.one_candidate(patient, holder, handle)?;
        if candidate.certainty == Certainty::NotSame {
            return Err(LinkError::Parted(holder.clone()));
        }
        let order = ConfirmOrder {
            patient,
            facility,
            candidate,
            staff: staff.id().to_owned(),
            role: staff.role(),
            purpose: Purpose::Treatment,
            reason,
        };
        let pending = self.engine().send(Command::Confirm(Box::new(order)))?;
        loop {
            match pending.next(Duration::from_millis(WAIT_MS))? {
                Event::Confirmed(_, id, answer) => return Ok((id, answer)),
                Event::CommandDone(_, Err(why)) => return Err(CommandError::Refused(why).into()),
                _ => {}
            }
        }
    }
}

/// A patient's values; none if there is no such patient.
pub(crate) fn values(view: &dyn View, patient: PatientRef) -> Option<Values> {
    let blind = blind(view, patient)?;
    Some(Values { judging: blind.judging(), shown: blind.shown() })
}

/// What it means that these of the values agree: by this node's census, vetoes and thresholds.
pub(crate) fn judge(view: &dyn View, patient: PatientRef, agreed: &[bool]) -> Answer {
    let Some(blind) = blind(view, patient) else { return Answer::NotSame };
    match blind.grade(agreed, &Population::of(stored(view))) {
        Grade::Certain => Answer::Same,
        Grade::Probable => Answer::NeedsHuman,
        Grade::Unlike => Answer::NotSame,
    }
}

fn blind(view: &dyn View, patient: PatientRef) -> Option<Blind> {
    let entry = patients::load(view, patient).filter(|entry| !entry.is_deleted)?;
    let raw = cards::demographics(view, patient, &entry);
    Some(Blind::of(&normalise(&raw), &raw.address))
}

/// Both rounds, each with the Engine's own wait.
const WAIT_MS: u64 = 4 * CONFIRM_WAIT_MS;
