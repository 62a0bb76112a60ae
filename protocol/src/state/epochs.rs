//! What the book says of patient keys: which epochs of a network have a key of evaluators, and which are served now.
use super::{Book, EvaluatorCall, EvaluatorKey, Object, ObjectKind, Refused, Signed, epoch_subject};
use crate::crypto::Crypto;
use crate::ids::{FacilityId, Hash, NetworkId, NodeKey};
use crate::limits::EPOCH_OVERLAP_MS;
use crate::oprf::{KeySet, Seat};
use crate::time::Millis;

/// An epoch whose key its evaluators have made.
#[derive(Clone, Debug)]
pub struct Epoch<'a> {
    /// Hash of the call: the key's name.
    pub call_hash: Hash,
    /// Who holds it.
    pub call: &'a EvaluatorCall,
    /// What their answers are checked against.
    pub keys: KeySet,
}

impl Epoch<'_> {
    /// The facility in a seat.
    pub fn evaluator(&self, seat: Seat) -> Option<&FacilityId> {
        self.call.evaluators.get(seat.at()).map(|evaluator| &evaluator.facility)
    }
}

impl Book {
    pub(super) fn check_key(&self, crypto: &dyn Crypto, signed: &Signed, key: &EvaluatorKey) -> Result<(), Refused> {
        let kind = ObjectKind::EvaluatorKey;
        let call = self.call(key.network, key.epoch).filter(|(object, _)| object.hash() == key.call);
        let Some((object, call)) = call else { return Err(Refused::Unanchored { kind }) };
        if signed.seq != object.seq || key.keys(call).is_none() {
            return Err(crate::wire::FieldError("evaluator_key.commitments").into());
        }
        if EvaluatorKey::is_signed(crypto, signed, call) { Ok(()) } else { Err(Refused::Signatures { kind }) }
    }
    /// The call of one epoch, with its object.
    pub fn call(&self, network: NetworkId, epoch: u32) -> Option<(&Signed, &EvaluatorCall)> {
        match self.object(ObjectKind::EvaluatorCall, &epoch_subject(network, epoch))? {
            (signed, Object::EvaluatorCall(call)) => Some((signed, call)),
            _ => None,
        }
    }
    /// All calls of all networks known here, with their objects.
    pub fn calls(&self) -> impl Iterator<Item = (&Signed, &EvaluatorCall)> {
        self.of_kind(ObjectKind::EvaluatorCall).filter_map(|(signed, object)| match object {
            Object::EvaluatorCall(call) => Some((signed, call)),
            _ => None,
        })
    }
    /// The epoch of a network, if its key was made.
    pub fn epoch(&self, network: NetworkId, epoch: u32) -> Option<Epoch<'_>> {
        let (signed, call) = self.call(network, epoch)?;
        let (_, Object::EvaluatorKey(key)) = self.object(ObjectKind::EvaluatorKey, &epoch_subject(network, epoch))?
        else {
            return None;
        };
        let call_hash = signed.hash();
        // A key of an earlier call of the same epoch is none any more.
        let keys = (key.call == call_hash).then(|| key.keys(call))??;
        Some(Epoch { call_hash, call, keys })
    }
    /// The epoch that a call of this hash began, if its key was made.
    pub fn epoch_of_call(&self, hash: Hash) -> Option<Epoch<'_>> {
        let (_, call) = self.calls().find(|(signed, _)| signed.hash() == hash)?;
        self.epoch(call.network, call.epoch)
    }
    /// Epochs with a key that are in force now, newest first.
    pub fn epochs(&self, network: NetworkId, now: Millis) -> Vec<Epoch<'_>> {
        let calls = self.calls().map(|(_, call)| call);
        let live = calls.filter(|call| call.network == network && call.from <= now && now < call.to);
        let mut epochs: Vec<Epoch<'_>> = live.filter_map(|call| self.epoch(network, call.epoch)).collect();
        epochs.sort_by_key(|epoch| std::cmp::Reverse(epoch.call.epoch));
        epochs
    }
    /// Which epochs the holders of a network publish in now: the newest with a key and, until its members had time to make
    /// their tags anew, the one before. None at all: the network's tags are those of `local` mode. The second value says
    /// whether `local` mode is such a predecessor, or all there is.
    pub fn served_epochs(&self, network: NetworkId, now: Millis) -> (Vec<u32>, bool) {
        let epochs = self.epochs(network, now);
        let Some(newest) = epochs.first() else { return (Vec::new(), true) };
        let changing = now < newest.call.from.plus(EPOCH_OVERLAP_MS);
        let take = if changing { 2 } else { 1 };
        let served: Vec<u32> = epochs.iter().take(take).map(|epoch| epoch.call.epoch).collect();
        let local = changing && served.len() == 1;
        (served, local)
    }
    /// The node that serves an evaluator's facility now.
    pub fn evaluator_node(&self, epoch: &Epoch<'_>, seat: Seat, now: Millis) -> Option<NodeKey> {
        self.node_of(epoch.call.network, epoch.evaluator(seat)?, now).map(|cert| cert.node)
    }
}
