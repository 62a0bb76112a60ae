use super::{ConsentReceipt, Holders, LegalBase, Mode, Networks, Readers, Stance, modes};
use crate::ids::{FacilityId, Hash, NetworkId, PatientId, ReceiptId};
use crate::kinds::{Codes, FacilityClass, KindSet, Purpose, Role};
use crate::time::Millis;
use serde::{Deserialize, Serialize};

/// What a patient takes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WithdrawalScope {
    /// Everything, everywhere.
    Everything,
    /// Leaves one network (脱会).
    Network(NetworkId),
    /// Excludes these readers.
    Readers(Vec<FacilityId>),
    /// Narrows: no longer these kinds.
    Kinds(KindSet),
    /// Records of these holders.
    Holders(Vec<FacilityId>),
}

/// A withdrawal (同意撤回) as the desk takes it. It becomes a stop, so that no older or more specific yes outlives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// Who took it.
    pub taker: FacilityId,
    /// Of whom.
    pub patient: PatientId,
    /// What is taken back.
    pub scope: WithdrawalScope,
    /// When the patient said so.
    pub taken_at: Millis,
    /// When this node got it.
    pub received_at: Millis,
    /// Which version of the printed text the patient read.
    pub text_version: String,
    /// Hash of the scan or stroke.
    pub evidence: Hash,
    /// Who took it, by opaque staff number.
    pub staff: String,
    /// Not even in an emergency.
    pub even_in_emergency: bool,
}

impl Withdrawal {
    /// The stop that this withdrawal is. It counts from the beginning of time: a clock set back does not revive what was
    /// withdrawn.
    pub fn receipt(&self, id: ReceiptId) -> ConsentReceipt {
        let mut receipt = ConsentReceipt {
            id,
            taker: self.taker.clone(),
            patient: self.patient.clone(),
            stance: Stance::Stop,
            modes: modes(&[Mode::Publish, Mode::View]),
            networks: Networks::All,
            holders: Holders::All,
            readers: Readers::All { classes: Codes::of(FacilityClass::ALL.iter().map(|class| class.code())) },
            kinds: KindSet::ALL,
            roles: Codes::of(Role::ALL.iter().map(|role| role.code())),
            purposes: Codes::of(Purpose::ALL.iter().map(|purpose| purpose.code())),
            from: Millis(0),
            to: None,
            base: LegalBase::Signed,
            text_version: self.text_version.clone(),
            evidence: self.evidence,
            taken_at: self.taken_at,
            received_at: self.received_at,
            staff: self.staff.clone(),
            even_in_emergency: self.even_in_emergency,
        };
        match &self.scope {
            WithdrawalScope::Everything => {}
            WithdrawalScope::Network(network) => receipt.networks = Networks::List(vec![*network]),
            WithdrawalScope::Readers(readers) => receipt.readers = Readers::List(readers.clone()),
            WithdrawalScope::Kinds(kinds) => receipt.kinds = *kinds,
            WithdrawalScope::Holders(holders) => receipt.holders = Holders::List(holders.clone()),
        }
        receipt
    }
}
