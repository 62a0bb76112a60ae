//! Planted bugs that need more than a line (feature `plants`): each says what a careless change could do.
use super::core::Engine;
use super::input::Publication;
use super::keys;
use crate::data::{Space, View, decode};
use crate::ids::{Handle, NodeKey, PatientRef, ReceiptId};
use crate::index::Body;
use crate::plants::on;
use crate::policy::Decision;
use crate::wire::{Message, v1};

impl<V: View> Engine<V> {
    /// P11: the text of a refusal names the patient.
    pub(super) fn plant_name(&mut self, to: NodeKey, decision: &Decision, patient: Option<PatientRef>) {
        let source = patient.and_then(|patient| self.view.get(Space::Entries, &keys::source(patient)));
        let source: Option<Publication> = source.and_then(|value| decode(&value));
        if let (true, Decision::Refuse { .. }, Some(source)) = (on("P11"), decision, source) {
            let name = source.strings.first().map(|(_, text)| String::from_utf8_lossy(text).into_owned());
            let hint = format!("refused for {}", name.unwrap_or_default());
            self.send(to, Message::Refuse(v1::Refuse { code: 9, hint }));
        }
    }
    /// P12: a stranger learns from the length of a refusal whether a handle names somebody.
    pub(super) fn planted_hint(&self, hint: String, message: &Message) -> String {
        let Message::Request(request) = message else { return hint };
        let body = <v1::RequestBody as prost::Message>::decode(request.body.as_slice()).unwrap_or_default();
        let is_known = Handle::from_slice(&body.handle).is_some_and(|handle| self.patient_of(handle).is_some());
        if is_known && on("P12") { hint + " " } else { hint }
    }
}

/// P10: a diagnosis in the place of the consent.
pub(super) fn diagnosed(body: Body) -> Body {
    let consent = if on("P10") { ReceiptId(*b"ICD-10: E11.9   ") } else { body.consent };
    Body { consent, ..body }
}

/// P41: every string is blinded with the same number.
pub(super) fn one_blind(entropy: [u8; 64]) -> [u8; 64] {
    if crate::plants::on("P41") { [1; 64] } else { entropy }
}
