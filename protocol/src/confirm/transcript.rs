use crate::crypto::sha256;
use crate::ids::{FacilityId, Handle, NodeKey, RequestId, ShelfId};
use crate::kinds::Purpose;
use serde::{Deserialize, Serialize};

/// What shows that the patient is sought for a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// The patient is there.
    PatientPresent = 1,
    /// The patient consented.
    Consent = 2,
    /// The patient is being treated.
    Treatment = 3,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::PatientPresent, Self::Consent, Self::Treatment];

    /// Its code on the wire.
    pub fn code(self) -> u32 {
        self as u32
    }
    /// From its code.
    pub fn from_code(code: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
    /// Its word in commands.
    pub fn word(self) -> &'static str {
        match self {
            Self::PatientPresent => "patient-present",
            Self::Consent => "consent",
            Self::Treatment => "treatment",
        }
    }
    /// From its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }
}

/// Who judges in a round. The second comes only after *one person* in the first, so that either side may object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Round {
    /// The holder sees which of its values agree.
    HolderJudges = 1,
    /// Who asked sees which of theirs agree.
    AskerJudges = 2,
}

impl Round {
    /// Its number on the wire.
    pub fn number(self) -> u32 {
        self as u32
    }
    /// From its number.
    pub fn from_number(number: u32) -> Option<Self> {
        [Self::HolderJudges, Self::AskerJudges].into_iter().find(|round| round.number() == number)
    }
}

/// What one run is about. Every value is hashed under all of it, so that nothing of a run means anything in another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    /// Which run; drawn anew each time.
    pub id: RequestId,
    /// Who asks.
    pub reader: FacilityId,
    /// Who is asked.
    pub holder: FacilityId,
    /// The node of who asks.
    pub asker_node: NodeKey,
    /// The node that is asked.
    pub holder_node: NodeKey,
    /// The shelf on which the handle was found.
    pub shelf: ShelfId,
    /// The holder's name for the patient.
    pub handle: Handle,
    /// The shelf's epoch.
    pub epoch: u32,
    /// What for.
    pub purpose: Purpose,
    /// What shows it.
    pub reason: Reason,
}

impl Transcript {
    /// The domain of one round's hash to the group: 49 bytes, short enough for RFC 9380's one byte of length.
    pub(super) fn domain(&self, round: Round) -> Vec<u8> {
        let (epoch, purpose) = (self.epoch.to_be_bytes(), [self.purpose.code()]);
        let (reason, round) = (self.reason.code().to_be_bytes(), round.number().to_be_bytes());
        let parts: [&[u8]; 11] = [
            &self.id.0,
            self.reader.as_bytes(),
            self.holder.as_bytes(),
            &self.asker_node.0,
            &self.holder_node.0,
            &self.shelf.0,
            &self.handle.0,
            &epoch,
            &purpose,
            &reason,
            &round,
        ];
        [DOMAIN, &sha256(&[&crate::crypto::domain("confirm", &parts)]).0].concat()
    }
}

const DOMAIN: &[u8] = b"musubi/1/confirm-";
const _: () = assert!(DOMAIN.len() + 32 < 256);
