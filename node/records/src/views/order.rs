//! What the ORC segments of an order say of all of it.
use super::field;
use crate::hl7::{Message, Stamp, types};
use crate::model::{Code, Stage};
use crate::parsed::Problems;

/// The head of an order.
#[derive(Default)]
pub(super) struct Head {
    pub(super) order: String,
    pub(super) at: Option<Stamp>,
    pub(super) department: Code,
    pub(super) doctor: String,
    pub(super) cancelled: bool,
    /// When it is to be done (TQ1-7, OBR-36, OBR-27 of HL7 v2.4).
    pub(super) planned: Option<Stamp>,
    /// TQ1-9
    pub(super) priority: Code,
}

impl Head {
    /// Reads the first ORC; without one, PV1 and OBR say what they can.
    pub(super) fn read(message: &Message<'_>, problems: &mut Problems) -> Self {
        let mut head = Self::default();
        if let Some(orc) = message.first("ORC") {
            head.order = field::text(orc, 2);
            head.at = field::stamp(orc, 9, problems);
            head.department = field::coded(orc, 17, "HL70069");
            head.doctor = field::staff(orc, 12);
        }
        if let Some(obr) = message.first("OBR") {
            if head.order.is_empty() {
                head.order = field::text(obr, 2);
            }
            if head.doctor.is_empty() {
                head.doctor = field::staff(obr, 16);
            }
        }
        if let Some(pv1) = message.first("PV1") {
            if head.department.is_empty() {
                head.department = department(message);
            }
            if head.doctor.is_empty() {
                head.doctor = field::staff(pv1, 7);
            }
        }
        if let Some(tq1) = message.first("TQ1") {
            head.planned = field::stamp(tq1, 7, problems);
            head.priority = field::coded(tq1, 9, "HL70485");
        }
        if let Some(obr) = message.first("OBR").filter(|_| head.planned.is_none()) {
            let old = || Stamp::parse(&obr.field(27).first().text(4)).0;
            head.planned = field::stamp(obr, 36, problems).or_else(old);
        }
        let mut controls = message.all("ORC").map(|orc| field::text(orc, 1)).peekable();
        head.cancelled = controls.peek().is_some() && controls.all(|control| control == "CA");
        head
    }
    /// Cancelled, or this stage.
    pub(super) fn stage(&self, stage: Stage) -> Stage {
        if self.cancelled { Stage::Cancelled } else { stage }
    }
}

/// The department of the visit: PV1-10, else the place of an outpatient (PV1-3 of type C).
pub(super) fn department(message: &Message<'_>) -> Code {
    let Some(pv1) = message.first("PV1") else { return Code::default() };
    let said = field::coded(pv1, 10, "HL70069");
    let place = pv1.field(3).first();
    if !said.is_empty() || place.text(6) == "N" {
        return said;
    }
    let code = types::code(place);
    Code { code: code.code, system: "HL70069".into(), ..Code::default() }
}
