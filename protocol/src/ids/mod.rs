//! Identifiers: parsed once at the border, then carried as types.
//!
//! [`facility`] and [`network`] name organisations, [`patient`] and [`record`] name what they hold, [`key`] the keys and
//! hashes, [`printed`] how an identifier looks on paper, with check letters.
mod facility;
mod key;
mod network;
mod patient;
mod peer;
mod printed;
mod record;

pub use facility::FacilityId;
pub use key::{AccordId, Handle, Hash, NodeKey, PublicKey, ReceiptId, RequestId, SealKey, ShelfId, Slot, Tag};
pub use network::NetworkId;
pub use patient::{AuthorityId, PatientId, PatientRef};
pub use peer::{node_of_peer_id, peer_id_of};
pub use printed::{PrintedError, from_printed, to_printed};
pub use record::RecordKey;

/// Why a text is not an identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Something else than ten ASCII digits is left after removing spaces and hyphens.
    #[error("a facility has ten digits (保険医療機関番号 with prefecture and table number), not {0:?}")]
    Digits(String),
    /// Not an object identifier of digits and dots.
    #[error("an assigning authority is an OID such as 1.2.392.100495.20.3.51.11312345678, not {0:?}")]
    Oid(String),
    /// Empty, too long, or with control characters.
    #[error("a patient number has 1 to 64 printable characters, not {0:?}")]
    Number(String),
    /// Not the right number of hexadecimal digits.
    #[error("expected {expect} hexadecimal digits, got {got:?}")]
    Hex {
        /// How many digits were wanted.
        expect: usize,
        /// What came.
        got: String,
    },
}
