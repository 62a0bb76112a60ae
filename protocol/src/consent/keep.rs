use super::ConsentReceipt;
use crate::data::{Space, View, Write, decode, encode};
use crate::ids::{PatientRef, ReceiptId};
use crate::limits::CONSENT_PAGE;
use crate::time::Millis;

/// Where a receipt lies in [`Space::Consents`]: patient, moment of the statement, id.
pub fn consent_key(patient: PatientRef, taken_at: Millis, id: ReceiptId) -> Vec<u8> {
    [&patient.0.to_be_bytes()[..], &taken_at.0.to_be_bytes(), &id.0].concat()
}

/// The write that keeps a receipt.
pub fn keep(patient: PatientRef, receipt: &ConsentReceipt) -> Write {
    let key = consent_key(patient, receipt.taken_at, receipt.id);
    Write { space: Space::Consents, key, value: Some(encode(receipt)) }
}

/// All receipts of one patient, oldest statement first.
///
/// A receipt that cannot be read makes the answer empty: with a statement missing, which might be a stop, nothing is
/// permitted.
pub fn receipts_of(view: &dyn View, patient: PatientRef) -> Vec<ConsentReceipt> {
    let prefix = patient.0.to_be_bytes();
    let mut from = prefix.to_vec();
    let mut receipts = Vec::new();
    loop {
        let page = view.scan(Space::Consents, &prefix, &from, CONSENT_PAGE);
        for (_, value) in &page {
            match decode(value) {
                Some(receipt) => receipts.push(receipt),
                None => return Vec::new(),
            }
        }
        match page.last() {
            Some((last, _)) if page.len() == CONSENT_PAGE => from = [last.as_slice(), &[0]].concat(),
            _ => return receipts,
        }
    }
}
