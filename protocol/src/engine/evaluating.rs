//! Evaluating for others: blinded identity strings are raised to our share, within the day's allowance of who asks. All that is
//! learnt is how many; that is in the log before the answer leaves.
use super::core::{Engine, Then};
use super::keys;
use super::output::Output;
use crate::audit::{self, What};
use crate::data::{Batch, Space, View, decode, encode};
use crate::ids::{FacilityId, Hash, NetworkId, NodeKey};
use crate::kinds::FacilityClass;
use crate::limits::{EVALUATE_DAY_HOSPITAL, EVALUATE_DAY_OTHERS, EVALUATE_DAY_PARTNER};
use crate::oprf::{ELEMENT_BYTES, evaluate};
use crate::state::NodeFacility;
use crate::time::{DAY_MS, Millis};
use crate::wire::{Message, bytes16, bytes32, v1};

/// What an evaluator answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum EvaluateStatus {
    Done = 1,
    AboveAllowance = 2,
    NoKey = 3,
    NoElement = 4,
}

impl<V: View> Engine<V> {
    pub(super) fn on_evaluate_request(&mut self, now: Millis, from: NodeKey, message: v1::EvaluateRequest) {
        let id = bytes16(&message.id, "evaluate.id");
        let (Ok(id), Ok(call)) = (id, bytes32(&message.call, "evaluate.call").map(Hash)) else {
            return self.strike(now, from, "malformed request for evaluation");
        };
        let network = self.book.epoch_of_call(call).filter(|epoch| now < epoch.call.to).map(|epoch| epoch.call.network);
        let (Some(network), true) = (network, self.shares.contains_key(&call)) else {
            return self.refuse_evaluation(from, id, EvaluateStatus::NoKey);
        };
        let askers = self.askers(now, &from, network);
        if askers.is_empty() {
            return self.strike(now, from, "asks evaluators of a network that it has nothing to do with");
        }
        let count = u32::try_from(message.elements.len() / ELEMENT_BYTES).unwrap_or(u32::MAX);
        let charged = askers
            .into_iter()
            .find(|(asker, allowed)| self.evaluated_today(now, asker).saturating_add(count) <= *allowed);
        let Some((charged, _)) = charged else {
            return self.refuse_evaluation(from, id, EvaluateStatus::AboveAllowance);
        };
        let Some(reply) = self.evaluate_here(call, &message.elements) else {
            self.refuse_evaluation(from, id, EvaluateStatus::NoElement);
            return self.strike(now, from, "asks for the evaluation of what is no element");
        };
        let mut batch = Batch::default();
        let total = self.evaluated_today(now, &charged).saturating_add(count);
        batch.put(Space::Meta, keys::evaluated(&charged), encode(&(now.0 / DAY_MS, total)));
        batch.log(audit::Event::new(now, What::TagsEvaluated).peer(charged).node(from).object(call).count(count));
        let (elements, proof) = reply;
        let reply =
            v1::EvaluateReply { id: id.to_vec(), status: EvaluateStatus::Done as u32, elements, proof: proof.to_vec() };
        let reply = Output::Send { to: from, message: Message::EvaluateReply(reply) };
        self.commit(batch, Then::Release(vec![reply]));
    }
    /// Raises a batch to our share of a call's key. None if we have none, or the batch holds what is no element.
    pub(super) fn evaluate_here(&mut self, call: Hash, elements: &[u8]) -> Option<(Vec<u8>, [u8; 64])> {
        let entropy: [u8; 64] = self.random();
        evaluate(self.shares.get(&call)?, elements, &entropy).ok()
    }
    fn refuse_evaluation(&mut self, to: NodeKey, id: [u8; 16], status: EvaluateStatus) {
        let reply =
            v1::EvaluateReply { id: id.to_vec(), status: status as u32, elements: Vec::new(), proof: Vec::new() };
        self.send(to, Message::EvaluateReply(reply));
    }
    /// The facilities for which a node may ask evaluators of `network`, with what each is allowed in a day.
    fn askers(&self, now: Millis, node: &NodeKey, network: NetworkId) -> Vec<(FacilityId, u32)> {
        let allowed = |theirs: &NodeFacility| {
            let member = self.book.live(theirs.network, &theirs.facility, now)?;
            if theirs.network != network {
                return self.book.accord_in_force(network, theirs.network, now).map(|_| EVALUATE_DAY_PARTNER);
            }
            Some(match member.class {
                FacilityClass::Hospital => EVALUATE_DAY_HOSPITAL,
                _ => EVALUATE_DAY_OTHERS,
            })
        };
        let facilities = self.book.facilities_of(node, now);
        facilities.into_iter().filter_map(|theirs| Some((theirs.facility.clone(), allowed(&theirs)?))).collect()
    }
    /// How many of a facility's strings were evaluated today. A clock that went back frees nothing.
    fn evaluated_today(&self, now: Millis, asker: &FacilityId) -> u32 {
        let counted = self.view.get(Space::Meta, &keys::evaluated(asker)).and_then(|value| decode(&value));
        counted.filter(|(day, _): &(u64, u32)| *day >= now.0 / DAY_MS).map_or(0, |(_, count)| count)
    }
}
