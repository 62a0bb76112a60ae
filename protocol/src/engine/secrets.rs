//! Secrets of `local` mode: one per network and one per accord, handed sealed from member to member, checked against the
//! commitment in charter or accord. The threshold OPRF takes their place later; nothing but tags depends on them.
use super::core::{Engine, Then};
use super::input::Ticket;
use super::keys::{self, Scope};
use super::output::{Event, Output};
use crate::crypto::{open_from, seal_to, sha256};
use crate::data::{Batch, Space, View};
use crate::ids::{Hash, NodeKey};
use crate::time::Millis;
use crate::wire::{Message, bytes32, v1};

impl<V: View> Engine<V> {
    pub(super) fn load_secrets(&mut self) {
        for (key, value) in self.view.scan(Space::Meta, b"secret/", &[], usize::MAX) {
            let scope = key.get(7).and_then(|code| Scope::from_parts((*code).into(), key.get(8..40)?.try_into().ok()?));
            let epoch = key.get(40..44).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
            if let (Some(scope), Some(epoch), Ok(secret)) = (scope, epoch, value.as_slice().try_into()) {
                self.secrets.insert((scope, epoch), secret);
            }
        }
    }
    /// The commitment that a scope's secret must meet, if the scope is ours.
    fn commitment(&self, now: Millis, scope: Scope, epoch: u32) -> Option<Hash> {
        match scope {
            Scope::Network(network) => {
                let charter = self.book.charter(network).filter(|_| self.book.own().contains(&network))?;
                (charter.epoch == epoch).then_some(charter.secret_hash)
            }
            Scope::Accord(id) => {
                let accord = self.book.accord(id)?;
                let in_force = self.book.accord_in_force(accord.a, accord.b, now).is_some();
                (in_force && accord.epoch == epoch).then_some(accord.secret_hash)
            }
        }
    }
    /// Scopes that this node needs and has no secret of.
    fn missing_secrets(&self) -> Vec<(Scope, u32)> {
        let own = self.book.own();
        let networks =
            own.iter().filter_map(|n| self.book.charter(*n).map(|charter| (Scope::Network(*n), charter.epoch)));
        let accords = self.book.accords().filter(|a| own.contains(&a.a) || own.contains(&a.b));
        let accords = accords.map(|accord| (Scope::Accord(accord.id()), accord.epoch));
        networks.chain(accords).filter(|scope| !self.secrets.contains_key(scope)).collect()
    }
    pub(super) fn ask_secrets(&mut self, now: Millis) {
        if self.own_facilities(now).is_empty() {
            return;
        }
        for (scope, epoch) in self.missing_secrets() {
            let (code, id) = scope.parts();
            for node in self.peers.up() {
                if self.may_have_secret(now, &node, scope) {
                    let ask = v1::SecretAsk { scope: code.into(), id: id.to_vec(), epoch };
                    self.send(node, Message::SecretAsk(ask));
                }
            }
        }
    }
    fn may_have_secret(&self, now: Millis, node: &NodeKey, scope: Scope) -> bool {
        let theirs = self.book.facilities_of(node, now);
        match scope {
            Scope::Network(network) => theirs.iter().any(|f| f.network == network),
            Scope::Accord(id) => self.book.accord(id).is_some_and(|accord| {
                let side = theirs.iter().any(|f| f.network == accord.a || f.network == accord.b);
                side && self.book.accord_in_force(accord.a, accord.b, now).is_some()
            }),
        }
    }
    pub(super) fn keep_secret(&mut self, now: Millis, ticket: Ticket, (scope, epoch): (Scope, u32), secret: [u8; 32]) {
        self.store_secret(now, (scope, epoch), secret, vec![Output::Event(Event::CommandDone(ticket, Ok(())))]);
    }
    fn store_secret(&mut self, now: Millis, scope: (Scope, u32), secret: [u8; 32], mut then: Vec<Output>) {
        let mut batch = Batch::default();
        batch.put(Space::Meta, keys::secret(scope.0, scope.1), secret.as_slice());
        self.secrets.insert(scope, secret);
        then.push(Output::Event(Event::SecretReady));
        self.commit(batch, Then::Release(then));
        self.mark_all_dirty(now);
        self.offer_secret(now, scope, &secret);
    }
    /// Peers that asked in vain before get it now.
    fn offer_secret(&mut self, now: Millis, scope: (Scope, u32), secret: &[u8; 32]) {
        for node in self.peers.up() {
            self.give_secret(now, node, scope, secret);
        }
    }
    pub(super) fn on_secret_ask(&mut self, now: Millis, from: NodeKey, message: v1::SecretAsk) {
        let scope = bytes32(&message.id, "secret_ask.id").ok().and_then(|id| Scope::from_parts(message.scope, id));
        let Some(scope) = scope else { return self.strike(now, from, "malformed secret ask") };
        if let Some(secret) = self.secrets.get(&(scope, message.epoch)).copied() {
            self.give_secret(now, from, (scope, message.epoch), &secret);
        }
    }
    fn give_secret(&mut self, now: Millis, to: NodeKey, (scope, epoch): (Scope, u32), secret: &[u8; 32]) {
        if !self.may_have_secret(now, &to, scope) || self.commitment(now, scope, epoch).is_none() {
            return;
        }
        let facilities = self.book.facilities_of(&to, now);
        let cert = facilities.iter().find_map(|f| self.book.node_of(f.network, &f.facility, now));
        let Some(seal) = cert.map(|cert| cert.seal) else { return };
        let (code, id) = scope.parts();
        let entropy = self.random();
        let Some(sealed) = seal_to(&seal, &seal_info(code, &id, epoch), secret, entropy) else { return };
        self.send(to, Message::SecretGive(v1::SecretGive { scope: code.into(), id: id.to_vec(), epoch, sealed }));
    }
    pub(super) fn on_secret_give(&mut self, now: Millis, from: NodeKey, message: v1::SecretGive) {
        let Ok(id) = bytes32(&message.id, "secret_give.id") else {
            return self.strike(now, from, "malformed secret");
        };
        let Some(scope) = Scope::from_parts(message.scope, id) else { return };
        let epoch = message.epoch;
        let Some(commitment) = self.commitment(now, scope, epoch) else { return };
        if self.secrets.contains_key(&(scope, epoch)) {
            return;
        }
        let opened = open_from(&self.identity.seal, &seal_info(scope.parts().0, &id, epoch), &message.sealed);
        match opened.and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok()) {
            Some(secret) if secret_hash(&secret) == commitment => {
                self.store_secret(now, (scope, epoch), secret, Vec::new());
            }
            _ => self.strike(now, from, "secret that does not meet its commitment"),
        }
    }
}

/// The commitment to a secret that charter or accord carries.
pub fn secret_hash(secret: &[u8; 32]) -> Hash {
    sha256(&[b"musubi/secret", secret])
}

fn seal_info(code: u8, id: &[u8; 32], epoch: u32) -> Vec<u8> {
    [b"musubi/1/secret".as_slice(), &[code], id, &epoch.to_be_bytes()].concat()
}
