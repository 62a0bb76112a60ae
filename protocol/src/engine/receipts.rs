//! Receipts of a read: the reader states what came, the holder checks it against its own log and signs too; both keep it.
use super::core::{Engine, Then};
use super::keys;
use super::reader::receipt_message;
use crate::audit::{self, What};
use crate::crypto::Signature;
use crate::data::{Batch, Space, View};
use crate::fetch::{Countersigned, ExchangeReceipt};
use crate::ids::{FacilityId, Hash, NodeKey, RequestId};
use crate::time::Millis;
use crate::wire::{FieldError, Message, bytes16, bytes32, v1};

impl<V: View> Engine<V> {
    /// A reader's receipt, or a holder's countersignature of ours.
    pub(super) fn on_receipt(&mut self, now: Millis, from: NodeKey, message: v1::Receipt) {
        let Ok((receipt, reader, holder)) = read_receipt(&message) else {
            return self.strike(now, from, "malformed receipt");
        };
        if let Some(holder_signature) = holder {
            let signed = Countersigned { receipt, reader_signature: reader, holder_signature };
            return self.on_countersigned(now, from, signed);
        }
        let known = self.view.get(Space::Jobs, &keys::executed(&from, receipt.request)).is_some();
        let fits = known && self.was_served(&receipt) && receipt.verify_reader(&*self.crypto, &from.into(), &reader);
        if !fits || !self.serves_facility(&receipt.holder, now) {
            return self.strike(now, from, "receipt that does not hold");
        }
        if crate::fetch::receipt_of(&self.view, receipt.request).is_some() {
            return;
        }
        let signed = receipt.countersign(&*self.crypto, &self.identity.node, reader);
        let mut batch = Batch::default();
        batch.writes.push(signed.write());
        let stated = &signed.receipt;
        let event = audit::Event::new(now, What::Receipted).request(stated.request).peer(stated.reader.clone());
        batch.log(event.facility(stated.holder.clone()).node(from).count(stated.items).object(stated.plan));
        let answer = receipt_message(stated, &signed.reader_signature, Some(&signed.holder_signature));
        self.commit(batch, Then::Release(vec![super::Output::Send { to: from, message: Message::Receipt(answer) }]));
    }
    /// Whether a receipt states what our own log says: the leaf that decided the request, and the plan that was served.
    fn was_served(&self, receipt: &ExchangeReceipt) -> bool {
        let (leaf, hash) = receipt.holder_leaf;
        let of_request = |event: &audit::Event, what| event.what == what && event.request == Some(receipt.request);
        let decided = audit::event(&self.view, leaf).is_some_and(|event| of_request(&event, What::Decided));
        // Both leaves were written in one batch, so they stand side by side.
        let answered = audit::event(&self.view, leaf.saturating_add(1)).is_some_and(|event| {
            of_request(&event, What::Answered) && event.object == Some(receipt.plan) && receipt.items <= event.count
        });
        decided && answered && audit::leaf_hash(&self.view, leaf) == Some(hash)
    }
}

fn read_receipt(wire: &v1::Receipt) -> Result<(ExchangeReceipt, Signature, Option<Signature>), FieldError> {
    let facility = |text: &str, name| FacilityId::parse(text).map_err(|_| FieldError(name));
    let receipt = ExchangeReceipt {
        request: RequestId(bytes16(&wire.request, "receipt.request")?),
        reader: facility(&wire.reader, "receipt.reader")?,
        holder: facility(&wire.holder, "receipt.holder")?,
        plan: Hash(bytes32(&wire.plan, "receipt.plan")?),
        items: wire.items,
        bytes: wire.bytes,
        holder_leaf: (wire.holder_leaf, Hash(bytes32(&wire.holder_leaf_hash, "receipt.holder_leaf_hash")?)),
        reader_leaf: (wire.reader_leaf, Hash(bytes32(&wire.reader_leaf_hash, "receipt.reader_leaf_hash")?)),
        at: Millis(wire.at),
    };
    let reader = Signature::from_slice(&wire.reader_signature).ok_or(FieldError("receipt.reader_signature"))?;
    let holder = if wire.holder_signature.is_empty() {
        None
    } else {
        Some(Signature::from_slice(&wire.holder_signature).ok_or(FieldError("receipt.holder_signature"))?)
    };
    Ok((receipt, reader, holder))
}
