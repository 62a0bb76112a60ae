use crate::oprf::ElementError;

/// Why a round cannot go on. Always the fault of the other side, or of chance that nobody meets; none names a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfirmError {
    /// Bytes that are no elements, or the identity among them.
    #[error(transparent)]
    Element(#[from] ElementError),
    /// Two equal elements in a list, or one of ours sent back: made to agree, not masked.
    #[error("elements are repeated")]
    Repeated,
    /// The raised elements are not ours raised to one secret.
    #[error("the proof does not show that our values were raised")]
    Proof,
    /// Not the round that is under way.
    #[error("out of turn")]
    Turn,
}
