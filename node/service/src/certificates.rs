//! Certificates of withdrawals (撤回証明書): a file for the patient that names every node and when it obeyed.
use crate::consents::ConsentError;
use crate::service::Service;
use crate::staff::Staff;
use protocol::audit::{Event, What};
use protocol::consent::{Certificate, CertificateError, Stance, receipts_of};
use protocol::crypto::Real;
use protocol::engine::certificate;
use protocol::ids::{PatientRef, ReceiptId};

/// A certificate, and its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithdrawalFile {
    /// What it says.
    pub certificate: Certificate,
    /// The signed file.
    pub text: String,
}

impl Service {
    /// The certificate of a withdrawal as it stands now; of the newest one, if none is named. Ask again when it is not complete
    /// yet: each is signed anew. None if the patient withdrew nothing, or before this version kept track.
    ///
    /// # Errors
    /// [`ConsentError`].
    pub fn withdrawal_certificate(
        &self,
        staff: &Staff,
        patient: PatientRef,
        receipt: Option<ReceiptId>,
    ) -> Result<Option<WithdrawalFile>, ConsentError> {
        let entry = self.patient_entry(patient)?;
        let view = self.view();
        let noes =
            receipts_of(&view, patient).into_iter().filter(|one| matches!(one.stance, Stance::Deny | Stance::Stop));
        let newest = noes.max_by_key(|one| one.received_at).map(|one| one.id);
        let Some(receipt) = receipt.or(newest) else { return Ok(None) };
        let event = Event::new(self.now(), What::Shown).patient(patient).facility(entry.facility).staff(staff.id());
        self.log(event.count(1).note("withdrawal certificate"))?;
        let made = certificate(&view, (patient, receipt), self.node_key(), self.now());
        Ok(made.map(|certificate| {
            let text = certificate.to_text(&Real, &self.identity().node);
            WithdrawalFile { certificate, text }
        }))
    }
}

/// Checks a certificate's file; needs no node. Whose the keys in it are must be known from elsewhere.
///
/// # Errors
/// [`CertificateError`]; then nothing is proven.
pub fn check_certificate(text: &str) -> Result<Certificate, CertificateError> {
    Certificate::verify(text, &Real)
}
