//! Key generation among evaluators: the founders' call begins it, members pass on what was said until all have the same, each
//! signs the key when its own share is on disk, and the key becomes shared state when all have signed.
use super::core::{Engine, Then};
use super::keys;
use super::output::{Alarm, Event};
use crate::crypto::Secret;
use crate::data::{Batch, Space, View};
use crate::ids::{Hash, NetworkId, NodeKey};
use crate::limits::EVALUATORS_MAX;
use crate::oprf::keygen::{Keygen, Own, Progress, Step};
use crate::oprf::{Seat, Share};
use crate::state::{EvaluatorKey, Signed};
use crate::time::Millis;
use crate::wire::{Message, v1};
use std::collections::BTreeMap;

/// A key generation that this node takes part in.
pub(super) struct Generating {
    network: NetworkId,
    epoch: u32,
    /// The seq of the call, which the key takes over.
    seq: u64,
    keygen: Keygen,
    /// The key with the signatures so far; ours is on it once our share is on disk.
    signed: Option<Signed>,
    failed: bool,
}

/// How a key generation stands, for status pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeygenView {
    /// Of which network.
    pub network: NetworkId,
    /// Which epoch.
    pub epoch: u32,
    /// How far it is.
    pub progress: Progress,
    /// Evaluators that signed the finished key.
    pub signatures: usize,
    /// How many there are.
    pub evaluators: usize,
}

impl<V: View> Engine<V> {
    pub(super) fn load_shares(&mut self) {
        for (key, value) in self.view.scan(Space::Meta, SHARES, &[], usize::MAX) {
            let call = key.get(SHARES.len()..).and_then(Hash::from_slice);
            let share = value.split_at_checked(2).and_then(|(seat, bytes)| {
                let seat = Seat::new(u16::from_be_bytes(seat.try_into().ok()?).into())?;
                Share::from_bytes(seat, bytes)
            });
            if let (Some(call), Some(share)) = (call, share) {
                self.shares.insert(call, share);
            }
        }
    }
    /// Begins what calls ask of this node and is not begun; forgets what a newer call replaced or time has ended.
    pub(super) fn begin_keygens(&mut self, now: Millis) {
        let own = self.book.own();
        let calls = self.book.calls().filter(|(_, call)| own.contains(&call.network) && now < call.to);
        let named = calls.filter(|(_, call)| call.evaluators.iter().any(|e| e.node == self.node));
        let named: Vec<(Hash, bool)> =
            named.map(|(signed, call)| (signed.hash(), self.book.epoch(call.network, call.epoch).is_some())).collect();
        let mut batch = Batch::default();
        let gone: Vec<Hash> =
            self.shares.keys().filter(|call| named.iter().all(|(n, _)| n != *call)).copied().collect();
        for call in gone {
            self.shares.remove(&call);
            batch.remove(Space::Meta, keys::share(call));
        }
        self.keygens.retain(|call, _| named.contains(&(*call, false)));
        for (call, _) in named.iter().filter(|(_, made)| !made) {
            self.begin_or_go_on(now, *call);
        }
        for (call, _) in named.iter().filter(|(_, made)| *made) {
            let key = keys::keygen_seed(*call);
            if self.view.get(Space::Meta, &key).is_some() {
                batch.remove(Space::Meta, key);
            }
        }
        if !batch.is_empty() {
            self.commit(batch, Then::Nothing);
        }
    }
    fn begin_or_go_on(&mut self, now: Millis, call: Hash) {
        let key = keys::keygen_seed(call);
        match self.keygens.get(&call) {
            // A share that could not be written is written again.
            Some(generating) if generating.signed.is_none() => self.advance_keygen(now, call),
            Some(_) => {}
            None if self.seeding.contains(&call) => {}
            None if self.view.get(Space::Meta, &key).is_some() => self.begin_keygen(call),
            None => {
                // The seed is on disk before anything is said: a node that was stopped must not deal another key.
                let seed: [u8; 32] = self.random();
                let mut batch = Batch::default();
                batch.put(Space::Meta, key, seed.as_slice());
                self.seeding.insert(call);
                self.commit(batch, Then::Seeded(call));
            }
        }
    }
    /// The seed is on disk: deal.
    pub(super) fn begin_keygen(&mut self, hash: Hash) {
        self.seeding.remove(&hash);
        let seed = self.view.get(Space::Meta, &keys::keygen_seed(hash)).and_then(|seed| seed.try_into().ok());
        let call = self.book.calls().find(|(signed, _)| signed.hash() == hash);
        let (Some(seed), Some((object, call))) = (seed, call) else { return };
        let ceremony = call.ceremony(hash);
        let Some(seat) = ceremony.seat_of(&self.node) else { return };
        let own = Own {
            seat,
            node: self.identity.node.clone(),
            seal: self.identity.seal.clone(),
            seed: Secret::from_bytes(seed),
        };
        let (network, epoch, seq) = (call.network, call.epoch, object.seq);
        match Keygen::begin(&*self.crypto, ceremony, own) {
            Ok(keygen) => {
                let generating = Generating { network, epoch, seq, keygen, signed: None, failed: false };
                self.keygens.insert(hash, generating);
                self.tell_keygen(hash, None);
            }
            // The call names something that is no sealing key; every evaluator sees the same.
            Err(error) => self.event(Event::Alarm(Alarm::KeyGeneration { network, epoch, why: error.to_string() })),
        }
    }
    /// Sends everything we have of a key generation to those who take part, save one.
    fn tell_keygen(&mut self, hash: Hash, except: Option<NodeKey>) {
        let Some(generating) = self.keygens.get(&hash) else { return };
        let members = generating.keygen.ceremony().members.iter().map(|member| member.node);
        let others: Vec<NodeKey> =
            members.filter(|node| *node != self.node && Some(*node) != except && self.peers.is_up(node)).collect();
        let frame = generating.frame(hash);
        for node in others {
            self.send(node, Message::Keygen(frame.clone()));
        }
    }
    /// A peer is here: it hears of every key generation that it takes part in with us.
    pub(super) fn tell_keygens_to(&mut self, node: NodeKey) {
        let with = self.keygens.iter().filter(|(_, g)| g.keygen.ceremony().seat_of(&node).is_some());
        let frames: Vec<v1::Keygen> = with.map(|(hash, generating)| generating.frame(*hash)).collect();
        for frame in frames {
            self.send(node, Message::Keygen(frame));
        }
    }
    pub(super) fn on_keygen(&mut self, now: Millis, from: NodeKey, message: v1::Keygen) {
        let Some(hash) = Hash::from_slice(&message.call) else {
            return self.strike(now, from, "malformed key generation");
        };
        // A call that is not here yet, or a key that is made: the next comparison of state brings both sides together.
        let Some(generating) = self.keygens.get_mut(&hash) else { return };
        if generating.keygen.ceremony().seat_of(&from).is_none() || message.steps.len() > STEPS_MAX {
            return self.strike(now, from, "key generation of others");
        }
        let theirs = message.steps.len();
        let (mut news, mut bad) = (false, false);
        for step in message.steps {
            let taken = Step::from_wire(step).and_then(|step| generating.keygen.take(&*self.crypto, step));
            match taken {
                Ok(new) => news |= new,
                Err(_) => bad = true,
            }
        }
        let key = message.key.and_then(|signed| Signed::from_wire(signed).ok());
        let their_signatures = key.as_ref().map_or(0, |signed| signed.signatures.len());
        news |= generating.merge(&*self.crypto, key);
        let lacking = generating.keygen.steps().count() > theirs
            || generating.signed.as_ref().is_some_and(|signed| signed.signatures.len() > their_signatures);
        let reply = lacking.then(|| generating.frame(hash));
        if bad {
            self.strike(now, from, "step of a key generation that does not hold");
        }
        if let Some(frame) = reply {
            self.send(from, Message::Keygen(frame));
        }
        if news {
            self.tell_keygen(hash, Some(from));
            self.advance_keygen(now, hash);
        }
    }
    /// Our share goes to disk once it is whole, the key into shared state once all have signed it.
    fn advance_keygen(&mut self, now: Millis, hash: Hash) {
        let Some(generating) = self.keygens.get_mut(&hash) else { return };
        if let Progress::Failed(faults) = generating.keygen.progress() {
            if !generating.failed {
                generating.failed = true;
                let (network, epoch) = (generating.network, generating.epoch);
                let why = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
                self.event(Event::Alarm(Alarm::KeyGeneration { network, epoch, why }));
            }
            return;
        }
        let all = generating.keygen.ceremony().members.len();
        match &generating.signed {
            Some(signed) if signed.signatures.len() == all => {
                let signed = signed.clone();
                // Every signature was checked when it came; what refuses it here is a newer call, which begins anew.
                let _ = self.take_signed(now, None, vec![signed]);
                self.begin_keygens(now);
            }
            Some(_) => {}
            None if self.shares.contains_key(&hash) => self.sign_key(now, hash),
            None => {
                let Some(made) = generating.keygen.made() else { return };
                let mut batch = Batch::default();
                let value = [&made.share.seat().number().to_be_bytes()[..], &made.share.expose()].concat();
                batch.put(Space::Meta, keys::share(hash), value);
                self.commit(batch, Then::ShareKept(hash, made.share));
            }
        }
    }
    /// Our share is on disk: from now on this node can evaluate, and says so by signing the key.
    pub(super) fn share_kept(&mut self, now: Millis, hash: Hash, share: Share) {
        self.shares.insert(hash, share);
        self.sign_key(now, hash);
    }
    fn sign_key(&mut self, now: Millis, hash: Hash) {
        let Some(generating) = self.keygens.get_mut(&hash).filter(|generating| generating.signed.is_none()) else {
            return;
        };
        let Some(made) = generating.keygen.made() else { return };
        let key = EvaluatorKey {
            network: generating.network,
            epoch: generating.epoch,
            call: hash,
            commitments: made.keys.commitments().clone(),
        };
        generating.signed = Some(key.draft(generating.seq).sign(&*self.crypto, &[&self.identity.node]));
        self.tell_keygen(hash, None);
        self.advance_keygen(now, hash);
    }
    pub(super) fn keygen_views(&self) -> Vec<KeygenView> {
        let view = |generating: &Generating| KeygenView {
            network: generating.network,
            epoch: generating.epoch,
            progress: generating.keygen.progress(),
            signatures: generating.signed.as_ref().map_or(0, |signed| signed.signatures.len()),
            evaluators: generating.keygen.ceremony().members.len(),
        };
        self.keygens.values().map(view).collect()
    }
}

impl Generating {
    fn frame(&self, hash: Hash) -> v1::Keygen {
        v1::Keygen {
            call: hash.0.to_vec(),
            steps: self.keygen.steps().map(Step::to_wire).collect(),
            key: self.signed.as_ref().map(Signed::to_wire),
        }
    }
    /// Takes over others' signatures on the very key that we signed; gives whether there was a new one.
    fn merge(&mut self, crypto: &dyn crate::crypto::Crypto, theirs: Option<Signed>) -> bool {
        let (Some(ours), Some(mut theirs)) = (&mut self.signed, theirs) else { return false };
        if ours.hash() != theirs.hash() {
            return false;
        }
        let members: Vec<_> = self.keygen.ceremony().members.iter().map(|member| member.node.into()).collect();
        let good = theirs.signers(crypto, &members);
        theirs.signatures.retain(|signature| good.contains(&signature.key));
        let before = ours.signatures.len();
        ours.merge(&theirs);
        ours.signatures.len() > before
    }
}

/// Key generations that this node takes part in, by the hash of their call.
pub(super) type Keygens = BTreeMap<Hash, Generating>;

/// Where shares lie in [`Space::Meta`].
const SHARES: &[u8] = b"share/";
/// Steps of one key generation: two deals of each seat, and a complaint and an answer for each pair.
const STEPS_MAX: usize = 2 * EVALUATORS_MAX + 2 * EVALUATORS_MAX * EVALUATORS_MAX;
