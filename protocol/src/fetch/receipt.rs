use crate::{
    crypto::{Crypto, Secret, Signature, domain},
    data::{Space, View, Write, decode, encode},
    ids::{FacilityId, Hash, PublicKey, RequestId},
    time::Millis,
};
use serde::{Deserialize, Serialize};

/// What both sides of an exchange state: which plan was served, and where in both logs it stands. So each log vouches for
/// the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeReceipt {
    /// Which request.
    pub request: RequestId,
    /// Who read.
    pub reader: FacilityId,
    /// Who held.
    pub holder: FacilityId,
    /// [`super::Plan::hash`] of what was served.
    pub plan: Hash,
    /// How many items arrived.
    pub items: u32,
    /// How many bytes.
    pub bytes: u64,
    /// Index and hash of the holder's leaf.
    pub holder_leaf: (u64, Hash),
    /// Index and hash of the reader's leaf.
    pub reader_leaf: (u64, Hash),
    /// When the reader had it all.
    pub at: Millis,
}

impl ExchangeReceipt {
    /// What the reader signs.
    pub fn signing_bytes(&self) -> Vec<u8> {
        domain(
            "receipt",
            &[
                &self.request.0,
                self.reader.as_bytes(),
                self.holder.as_bytes(),
                &self.plan.0,
                &self.items.to_be_bytes(),
                &self.bytes.to_be_bytes(),
                &self.holder_leaf.0.to_be_bytes(),
                &self.holder_leaf.1.0,
                &self.reader_leaf.0.to_be_bytes(),
                &self.reader_leaf.1.0,
                &self.at.0.to_be_bytes(),
            ],
        )
    }
    /// What the holder signs: the receipt with the reader's signature.
    pub fn countersigning_bytes(&self, reader: &Signature) -> Vec<u8> {
        domain("receipt-held", &[&self.signing_bytes(), &reader.0])
    }
    /// The reader's signature, by its node key.
    pub fn sign(&self, crypto: &dyn Crypto, secret: &Secret) -> Signature {
        crypto.sign(secret, &self.signing_bytes())
    }
    /// Whether `signature` is the reader's.
    pub fn verify_reader(&self, crypto: &dyn Crypto, reader: &PublicKey, signature: &Signature) -> bool {
        crypto.verify(reader, &self.signing_bytes(), signature)
    }
    /// The holder's word on it, by its node key, after it checked the reader's.
    pub fn countersign(self, crypto: &dyn Crypto, secret: &Secret, reader_signature: Signature) -> Countersigned {
        let holder_signature = crypto.sign(secret, &self.countersigning_bytes(&reader_signature));
        Countersigned { receipt: self, reader_signature, holder_signature }
    }
}

/// A receipt that both sides signed; both keep it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Countersigned {
    /// What they state.
    pub receipt: ExchangeReceipt,
    /// Over [`ExchangeReceipt::signing_bytes`].
    pub reader_signature: Signature,
    /// Over [`ExchangeReceipt::countersigning_bytes`].
    pub holder_signature: Signature,
}

impl Countersigned {
    /// Whether both node keys signed. Whose keys they are is for the caller to know.
    pub fn verify(&self, crypto: &dyn Crypto, reader: &PublicKey, holder: &PublicKey) -> bool {
        let held = self.receipt.countersigning_bytes(&self.reader_signature);
        self.receipt.verify_reader(crypto, reader, &self.reader_signature)
            && crypto.verify(holder, &held, &self.holder_signature)
    }
    /// What keeps it: in [`Space::Receipts`], under the request.
    pub fn write(&self) -> Write {
        Write { space: Space::Receipts, key: self.receipt.request.0.to_vec(), value: Some(encode(self)) }
    }
}

/// The receipt of a request, if both sides signed it.
pub fn receipt_of(view: &dyn View, request: RequestId) -> Option<Countersigned> {
    view.get(Space::Receipts, &request.0).and_then(|bytes| decode(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{crypto::Real, data::MemoryView};

    fn receipt() -> ExchangeReceipt {
        ExchangeReceipt {
            request: RequestId([1; 16]),
            reader: FacilityId::parse("1312345678").expect("ten digits"),
            holder: FacilityId::parse("1312345679").expect("ten digits"),
            plan: Hash([2; 32]),
            items: 3,
            bytes: 4,
            holder_leaf: (5, Hash([6; 32])),
            reader_leaf: (7, Hash([8; 32])),
            at: Millis(9),
        }
    }

    #[test]
    fn a_receipt_needs_both_signatures_and_every_field() {
        let (reader, holder) = (Secret::from_bytes([1; 32]), Secret::from_bytes([2; 32]));
        let keys = (Real.public(&reader), Real.public(&holder));
        let signature = receipt().sign(&Real, &reader);
        let both = receipt().countersign(&Real, &holder, signature);
        assert!(both.verify(&Real, &keys.0, &keys.1));
        assert!(!both.verify(&Real, &keys.1, &keys.0));
        let changed = [
            ExchangeReceipt { request: RequestId([9; 16]), ..receipt() },
            ExchangeReceipt { reader: receipt().holder, holder: receipt().reader, ..receipt() },
            ExchangeReceipt { plan: Hash([9; 32]), ..receipt() },
            ExchangeReceipt { items: 9, ..receipt() },
            ExchangeReceipt { bytes: 9, ..receipt() },
            ExchangeReceipt { holder_leaf: receipt().reader_leaf, ..receipt() },
            ExchangeReceipt { reader_leaf: receipt().holder_leaf, ..receipt() },
            ExchangeReceipt { at: Millis(10), ..receipt() },
        ];
        for receipt in changed {
            assert!(!Countersigned { receipt, ..both.clone() }.verify(&Real, &keys.0, &keys.1));
        }
        let twice = Countersigned { holder_signature: both.reader_signature, ..both.clone() };
        assert!(!twice.verify(&Real, &keys.0, &keys.0), "a reader cannot sign for a holder");
    }
    #[test]
    fn a_kept_receipt_is_found_by_its_request() {
        let secret = Secret::from_bytes([1; 32]);
        let both = receipt().countersign(&Real, &secret, receipt().sign(&Real, &secret));
        let mut view = MemoryView::default();
        view.apply(&[both.write()]);
        assert_eq!(receipt_of(&view, RequestId([1; 16])), Some(both));
        assert_eq!(receipt_of(&view, RequestId([2; 16])), None);
    }
}
