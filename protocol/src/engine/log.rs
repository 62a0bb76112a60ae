//! The log seen by others: checkpoints of ours, cosignatures of witnesses, and our word on theirs.
use super::core::{Engine, Then};
use super::keys;
use super::output::{Alarm, Event, Output};
use crate::audit::{self, Cosignature, SignedCheckpoint, What, witness};
use crate::crypto::Signature;
use crate::data::{Batch, Space, View, decode, encode};
use crate::ids::{Hash, NodeKey, PublicKey};
use crate::kinds::MemberRole;
use crate::limits::WITNESSES;
use crate::state::{NodeCert, Standing};
use crate::time::Millis;
use crate::wire::{FieldError, Message, bytes32, v1};
use std::collections::BTreeSet;

/// The checkpoint that is being co-signed.
#[derive(Clone, Debug, Default)]
pub(super) struct Witnessing {
    current: Option<SignedCheckpoint>,
}

impl<V: View> Engine<V> {
    /// Signs the head of our log if it grew, and shows it to witnesses.
    pub(super) fn make_checkpoint(&mut self, now: Millis) {
        let head = audit::head(&self.view);
        let same = self.witnessing.current.as_ref().is_some_and(|signed| signed.checkpoint.size == head.size);
        if head.size == 0 || same {
            return;
        }
        let signed = SignedCheckpoint::sign(&*self.crypto, &self.identity.log, head, now);
        self.witnessing.current = Some(signed);
        for node in self.witnesses(now) {
            self.show_log_to(now, node);
        }
    }
    /// Connected peers that may co-sign: members with the role, of our networks and of partners.
    fn witnesses(&self, now: Millis) -> Vec<NodeKey> {
        let up = self.peers.up();
        up.into_iter().filter(|node| !self.witness_certs(now, node).is_empty()).collect()
    }
    fn witness_certs(&self, now: Millis, node: &NodeKey) -> Vec<NodeCert> {
        if self.book.standing(node, now) == Standing::Stranger {
            return Vec::new();
        }
        let facilities = self.book.facilities_of(node, now);
        let witnesses = facilities.iter().filter(|f| {
            self.book.live(f.network, &f.facility, now).is_some_and(|m| m.roles.has(MemberRole::Witness.code()))
        });
        witnesses.filter_map(|f| self.book.node_of(f.network, &f.facility, now).cloned()).collect()
    }
    pub(super) fn show_log_to(&mut self, now: Millis, node: NodeKey) {
        let from = self.peers.get(node).cosigned;
        self.show_log_from(now, node, from);
    }
    fn show_log_from(&mut self, now: Millis, node: NodeKey, from: u64) {
        if self.witness_certs(now, &node).is_empty() {
            return;
        }
        let Some(signed) = self.witnessing.current.clone() else { return };
        if from > signed.checkpoint.size {
            // A witness remembers more than we have: our log was cut or restored. People must look.
            let log = Hash(signed.checkpoint.log.0);
            return self.event(Event::Alarm(Alarm::LogFork(log)));
        }
        let proof =
            if from == 0 { Some(Vec::new()) } else { audit::consistency(&self.view, from, signed.checkpoint.size) };
        let Some(proof) = proof else { return };
        let message = v1::Checkpoint {
            note: signed.to_note().into_bytes(),
            from,
            proof: proof.iter().map(|hash| hash.0.to_vec()).collect(),
        };
        self.send(node, Message::Checkpoint(message));
    }
    /// Somebody's checkpoint: our word on it, if it extends what we saw before.
    pub(super) fn on_checkpoint(&mut self, now: Millis, from: NodeKey, message: v1::Checkpoint) {
        let Ok((signed, proof)) = self.read_checkpoint(&message) else {
            return self.strike(now, from, "malformed checkpoint");
        };
        let log = signed.checkpoint.log;
        let facilities = self.book.facilities_of(&from, now);
        let owns =
            facilities.iter().filter_map(|f| self.book.node_of(f.network, &f.facility, now)).any(|c| c.log == log);
        if !owns || !signed.verify(&*self.crypto) {
            return self.strike(now, from, "checkpoint that does not hold");
        }
        let known: Option<witness::Known> =
            self.view.get(Space::Audit, &keys::witnessed(&log)).and_then(|v| decode(&v));
        let answer = |status, size| v1::Cosign { log: log.0.to_vec(), size, status, ..v1::Cosign::default() };
        match witness::judge(known.as_ref(), &signed.checkpoint, &proof, message.from) {
            Ok(()) => {
                let cosignature = signed.cosign(&*self.crypto, &self.identity.witness, now);
                let mut batch = Batch::default();
                batch.put(Space::Audit, keys::witnessed(&log), encode(&witness::Known::from(&signed.checkpoint)));
                let reply = v1::Cosign {
                    witness: cosignature.witness.0.to_vec(),
                    at: cosignature.at.0,
                    signature: cosignature.signature.0.to_vec(),
                    ..answer(1, signed.checkpoint.size)
                };
                // A witness never forgets what it signed: its own state is on disk before the cosignature leaves.
                let told = Output::Send { to: from, message: Message::Cosign(reply) };
                self.commit(batch, Then::Release(vec![told]));
            }
            Err(witness::Refusal::ProofFrom(size)) => self.send(from, Message::Cosign(answer(2, size))),
            Err(witness::Refusal::Shorter) => self.send(from, Message::Cosign(answer(2, known.map_or(0, |k| k.size)))),
            Err(witness::Refusal::BadProof | witness::Refusal::Fork) => {
                let mut batch = Batch::default();
                let evidence = crate::crypto::sha256(&[&message.note]);
                batch.put(Space::Audit, [b"f".as_slice(), &log.0, &evidence.0].concat(), message.note);
                batch.log(audit::Event::new(now, What::ForkSeen).node(from).object(evidence));
                self.commit(batch, Then::Release(vec![Output::Event(Event::Alarm(Alarm::LogFork(Hash(log.0))))]));
                self.send(from, Message::Cosign(answer(3, signed.checkpoint.size)));
            }
        }
    }
    fn read_checkpoint(&self, message: &v1::Checkpoint) -> Result<(SignedCheckpoint, Vec<Hash>), FieldError> {
        let note = std::str::from_utf8(&message.note).map_err(|_| FieldError("checkpoint.note"))?;
        let signed = SignedCheckpoint::from_note(note).ok_or(FieldError("checkpoint.note"))?;
        if message.proof.len() > PROOF_HASHES_MAX {
            return Err(FieldError("checkpoint.proof"));
        }
        let proof = message.proof.iter().map(|hash| bytes32(hash, "checkpoint.proof").map(Hash));
        Ok((signed, proof.collect::<Result<_, _>>()?))
    }
    pub(super) fn on_cosign(&mut self, now: Millis, from: NodeKey, message: v1::Cosign) {
        if message.log != self.public(&self.identity.log).0 {
            return;
        }
        match message.status {
            1 => self.take_cosignature(now, from, &message),
            2 => {
                self.peers.get(from).cosigned = message.size;
                self.show_log_from(now, from, message.size);
            }
            _ => {
                let log = self.public(&self.identity.log);
                self.event(Event::Alarm(Alarm::LogFork(Hash(log.0))));
            }
        }
    }
    fn take_cosignature(&mut self, now: Millis, from: NodeKey, message: &v1::Cosign) {
        let certs = self.witness_certs(now, &from);
        let witness =
            PublicKey::from_slice(&message.witness).filter(|key| certs.iter().any(|cert| cert.witness == *key));
        if certs.is_empty() {
            // Its membership ended while its answer was on the way: no fault of its own.
            return;
        }
        let (Some(witness), Some(signature)) = (witness, Signature::from_slice(&message.signature)) else {
            return self.strike(now, from, "cosignature that does not hold");
        };
        self.peers.get(from).cosigned = message.size;
        let cosignature = Cosignature { witness, at: Millis(message.at), signature };
        let Some(mut signed) = self.witnessing.current.take() else { return };
        // A witness that was shown one checkpoint twice (it came back meanwhile) answers twice.
        let is_new = signed.cosignatures.iter().all(|known| known.witness != witness);
        if is_new && signed.checkpoint.size == message.size && !signed.add(&*self.crypto, cosignature) {
            self.strike(now, from, "cosignature that does not hold");
        }
        let keys = self.witness_keys(now);
        let good = signed.good(&*self.crypto, &keys.iter().copied().collect::<Vec<_>>(), WITNESSES.min(keys.len()));
        let event = Output::Event(Event::Witnessed {
            size: signed.checkpoint.size,
            cosignatures: signed.cosignatures.len(),
            good,
        });
        if good {
            let mut batch = Batch::default();
            batch.put(Space::Audit, keys::checkpoint(), signed.to_note().into_bytes());
            self.commit(batch, Then::Release(vec![event]));
        } else {
            self.outputs.push_back(event);
        }
        self.witnessing.current = Some(signed);
    }
    /// Keys of everybody who may co-sign our log, connected or not.
    fn witness_keys(&self, now: Millis) -> BTreeSet<PublicKey> {
        let nodes = self.book.reachable(now).into_iter().filter(|node| *node != self.node);
        nodes.flat_map(|node| self.witness_certs(now, &node)).map(|cert| cert.witness).collect()
    }
}

/// Our newest checkpoint with enough cosignatures, if there is one.
pub fn good_checkpoint(view: &dyn View) -> Option<SignedCheckpoint> {
    let note = view.get(Space::Audit, &keys::checkpoint())?;
    SignedCheckpoint::from_note(std::str::from_utf8(&note).ok()?)
}

/// Hashes of a consistency proof: two per level of a tree of 2^63 leaves.
const PROOF_HASHES_MAX: usize = 130;
