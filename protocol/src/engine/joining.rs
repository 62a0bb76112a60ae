//! Joining a network: an invite lets one ask; founders admit.
use super::core::{Engine, Then};
use super::hello::by_node;
use super::input::Ticket;
use super::keys;
use super::output::{Effect, Event, JoinStatus, Output};
use super::timers::Timer;
use crate::audit::{self, What};
use crate::data::{Batch, Space, View, decode, encode};
use crate::ids::{FacilityId, Hash, NetworkId, NodeKey, PublicKey};
use crate::kinds::{FacilityClass, KindSet};
use crate::limits::{INVITES_MAX, JOINS_MAX, OBJECT_BYTES_MAX};
use crate::state::{Invite, JoinBody, NodeCert, Signed};
use crate::time::Millis;
use crate::wire::{Message, v1};
use serde::{Deserialize, Serialize};

/// A request of ours on its way.
#[derive(Clone, Debug)]
pub(super) struct Joining {
    invite: Invite,
    body: Vec<u8>,
    root: PublicKey,
    facility: FacilityId,
}

/// A request that waits for founders at the node whose invite it carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinRequest {
    /// Which invite.
    pub invite: Hash,
    /// Who asks.
    pub facility: FacilityId,
    /// Its name.
    pub name: String,
    /// What kind of house.
    pub class: FacilityClass,
    /// Kinds it wants.
    pub kinds: KindSet,
    /// The request's exact bytes ([`JoinBody`]).
    pub body: Vec<u8>,
    /// When it came.
    pub at: Millis,
}

#[derive(Serialize, Deserialize)]
struct OpenInvite {
    network: NetworkId,
    secret: [u8; 10],
    facility: FacilityId,
    until: Millis,
}

impl<V: View> Engine<V> {
    // --- the founder's node ------------------------------------------------------------------------------------------

    pub(super) fn open_invite(&mut self, now: Millis, ticket: Ticket, invite: Invite) {
        if self.open_invite_ids(now).len() >= INVITES_MAX {
            let hint = format!("{INVITES_MAX} invites are open; wait until some are used or run out");
            self.event(Event::CommandDone(ticket, Err(hint)));
            return;
        }
        let mut batch = Batch::default();
        let open = OpenInvite {
            network: invite.network,
            secret: invite.secret,
            facility: invite.facility.clone(),
            until: invite.until,
        };
        batch.put(Space::Desk, keys::invite(invite.id()), encode(&open));
        batch.log(audit::Event::new(now, What::InviteMade).peer(invite.facility.clone()).object(invite.id()));
        self.commit(batch, Then::Release(vec![Output::Event(Event::CommandDone(ticket, Ok(())))]));
        self.announce_directory(now);
    }
    pub(super) fn open_invite_ids(&self, now: Millis) -> Vec<Hash> {
        let stored = self.view.scan(Space::Desk, b"invite/", &[], INVITES_MAX * 4);
        let open = stored.into_iter().filter(|(_, value)| decode::<OpenInvite>(value).is_some_and(|i| i.until > now));
        open.filter_map(|(key, _)| Hash::from_slice(key.get(7..)?)).take(INVITES_MAX).collect()
    }
    pub(super) fn refuse_join(&mut self, now: Millis, ticket: Ticket, id: Hash) {
        let mut batch = Batch::default();
        batch.remove(Space::Desk, keys::join(id));
        batch.remove(Space::Desk, keys::invite(id));
        batch.log(audit::Event::new(now, What::JoinAsked).object(id).note("refused"));
        self.commit(batch, Then::Release(vec![Output::Event(Event::CommandDone(ticket, Ok(())))]));
    }
    pub(super) fn on_join(&mut self, now: Millis, from: NodeKey, message: v1::Join) {
        let Some(id) = Hash::from_slice(&message.invite) else { return self.strike(now, from, "malformed join") };
        if message.body.len() > OBJECT_BYTES_MAX {
            return self.strike(now, from, "join request too long");
        }
        let Ok(body) = JoinBody::decode(&message.body) else { return self.strike(now, from, "malformed join") };
        if let Some(answer) = self.admitted(now, id, &body) {
            return self.send(from, Message::JoinAnswer(answer));
        }
        match self.view.get(Space::Desk, &keys::invite(id)).and_then(|value| decode::<OpenInvite>(&value)) {
            Some(invite) => self.take_join(now, from, (id, message), (&body, &invite)),
            None => self.forward_join(from, id, message),
        }
    }
    fn admitted(&self, now: Millis, id: Hash, body: &JoinBody) -> Option<v1::JoinAnswer> {
        let membership = self.book.live(body.network, &body.facility, now).filter(|m| m.root == body.root)?;
        let subject = crate::state::Membership::subject(membership.network, &membership.facility);
        let key = [&[crate::state::ObjectKind::Membership.code()], subject.as_slice()].concat();
        let signed = Signed::decode(&self.view.get(Space::State, &key)?).ok()?;
        let charters = self.book.charter_objects(body.network);
        Some(join_answer(id, 2, "", &[charters.as_slice(), &[&signed]].concat()))
    }
    fn take_join(
        &mut self,
        now: Millis,
        from: NodeKey,
        (id, message): (Hash, v1::Join),
        (body, invite): (&JoinBody, &OpenInvite),
    ) {
        let proof = crate::crypto::mac(&invite.secret, &[b"join", &message.body]);
        let cert = NodeCert::decode(&body.node.body).ok();
        let reason = if proof.as_slice() != message.proof {
            "the invite's secret does not fit; compare it with the paper"
        } else if invite.until <= now {
            "the invite has run out; ask the network's office for a new one"
        } else if invite.facility != body.facility {
            "the invite is for another facility; check the ten digits"
        } else if invite.network != body.network {
            "the invite is for another network"
        } else if !cert.is_some_and(|cert| self.is_sound_cert(&cert, body)) {
            "the node certificate does not fit the facility's root key"
        } else {
            ""
        };
        if !reason.is_empty() {
            return self.send(from, Message::JoinAnswer(join_answer(id, 3, reason, &[])));
        }
        let answer = join_answer(id, 1, "", &self.book.charter_objects(body.network));
        let known = self.view.get(Space::Desk, &keys::join(id)).and_then(|value| decode::<JoinRequest>(&value));
        if let Some(known) = known {
            let same = known.body == message.body;
            let used = join_answer(id, 3, "the invite is in use by another request", &[]);
            return self.send(from, Message::JoinAnswer(if same { answer } else { used }));
        }
        if keys::pending_joins(&self.view).len() >= JOINS_MAX {
            return self.send(from, Message::JoinAnswer(join_answer(id, 1, "too many requests wait; later", &[])));
        }
        let request = JoinRequest {
            invite: id,
            facility: body.facility.clone(),
            name: body.name.clone(),
            class: body.class,
            kinds: body.kinds,
            body: message.body,
            at: now,
        };
        let mut batch = Batch::default();
        batch.put(Space::Desk, keys::join(id), encode(&request));
        batch.log(audit::Event::new(now, What::JoinAsked).peer(body.facility.clone()).object(id));
        let told = Output::Send { to: from, message: Message::JoinAnswer(answer) };
        self.commit(batch, Then::Release(vec![told, Output::Event(Event::JoinAsked(id))]));
    }
    fn is_sound_cert(&self, cert: &NodeCert, body: &JoinBody) -> bool {
        cert.root == body.root && cert.facility == body.facility && body.node.is_signed_by(&*self.crypto, &cert.root)
    }
    /// Not our invite: whoever lists it gets the request.
    fn forward_join(&mut self, from: NodeKey, id: Hash, message: v1::Join) {
        let owner = self.book.directories().find(|d| d.open_invites.contains(&id)).map(|d| d.node);
        match owner {
            Some(owner) if self.peers.is_up(&owner) => {
                self.send(owner, Message::Join(message));
                self.send(from, Message::JoinAnswer(join_answer(id, 1, "passed on to the founder's node", &[])));
            }
            Some(_) => {
                self.send(
                    from,
                    Message::JoinAnswer(join_answer(id, 1, "the founder's node is offline; asked again later", &[])),
                );
            }
            None => {
                let reason = "this invite is not open here: used, run out, or never made";
                self.send(from, Message::JoinAnswer(join_answer(id, 3, reason, &[])));
            }
        }
    }

    // --- the joining node --------------------------------------------------------------------------------------------

    pub(super) fn join(&mut self, now: Millis, ticket: Ticket, invite: Invite, body: JoinBody) {
        if invite.until <= now {
            let reason = "the invite has run out; ask the network's office for a new one".to_owned();
            return self.event(Event::CommandDone(ticket, Err(reason)));
        }
        let network = invite.network;
        self.book.pin(network);
        self.config.networks.insert(network);
        let joining = Joining { invite, body: body.encode(), root: body.root, facility: body.facility };
        self.joins.insert(network, joining);
        // What became of an earlier request is over with this one.
        self.event(Event::Joining(network, JoinStatus::Searching));
        self.event(Event::CommandDone(ticket, Ok(())));
        self.join_again(now, network);
    }
    pub(super) fn join_again(&mut self, now: Millis, network: NetworkId) {
        let Some(joining) = self.joins.get(&network) else { return };
        if self.book.live(network, &joining.facility, now).is_some_and(|m| m.root == joining.root) {
            return self.joined(now, network);
        }
        if joining.invite.until <= now {
            self.joins.remove(&network);
            return self.event(Event::Joining(network, JoinStatus::Refused("the invite has run out".into())));
        }
        let contacts = by_node(&joining.invite.contacts);
        let mut connected = false;
        for (node, addresses) in contacts {
            if self.peers.is_connected(&node) {
                connected = true;
                self.send_join(node, network);
            } else {
                self.hint(Effect::Dial { node, addresses });
            }
        }
        if !connected {
            self.event(Event::Joining(network, JoinStatus::Searching));
        }
        self.timers.set(Timer::Join(network), now.plus(self.config.limits.join_retry_ms));
    }
    pub(super) fn join_over(&mut self, node: NodeKey) {
        let networks: Vec<NetworkId> = self.joins.keys().copied().collect();
        for network in networks {
            let contacts = self.joins.get(&network).map(|j| by_node(&j.invite.contacts)).unwrap_or_default();
            if contacts.iter().any(|(contact, _)| *contact == node) {
                self.send_join(node, network);
            }
        }
    }
    fn send_join(&mut self, to: NodeKey, network: NetworkId) {
        let Some(joining) = self.joins.get(&network) else { return };
        let message = v1::Join {
            invite: joining.invite.id().0.to_vec(),
            body: joining.body.clone(),
            proof: joining.invite.proof(&joining.body).to_vec(),
        };
        self.send(to, Message::Join(message));
    }
    pub(super) fn on_join_answer(&mut self, now: Millis, from: NodeKey, message: v1::JoinAnswer) {
        let ours = self.joins.iter().find(|(_, joining)| joining.invite.id().0.as_slice() == message.invite);
        let Some((network, joining)) = ours.map(|(network, joining)| (*network, joining.clone())) else { return };
        // Only a contact of the invite may answer, and only the pinned network's charter is taken.
        if by_node(&joining.invite.contacts).iter().all(|(contact, _)| *contact != from) {
            return;
        }
        self.take_objects(now, None, message.objects);
        if self.book.live(network, &joining.facility, now).is_some_and(|m| m.root == joining.root) {
            return self.joined(now, network);
        }
        let reason: String = message.reason.chars().take(200).collect();
        if message.status == 3 {
            self.joins.remove(&network);
            self.timers.clear(Timer::Join(network));
            self.event(Event::Joining(network, JoinStatus::Refused(reason)));
        } else {
            self.event(Event::Joining(network, JoinStatus::Waiting));
        }
    }
    fn joined(&mut self, now: Millis, network: NetworkId) {
        self.joins.remove(&network);
        self.timers.clear(Timer::Join(network));
        let certs = self.identity.certs.clone();
        let _ = self.take_signed(now, None, certs);
        self.announce_directory(now);
        for node in self.peers.up() {
            self.send_hello(node);
            if self.book.standing(&node, now) != crate::state::Standing::Stranger {
                self.welcome(now, node);
            }
        }
        self.timers.set(Timer::Dial, now);
        self.event(Event::Joining(network, JoinStatus::Admitted));
    }
}

fn join_answer(id: Hash, status: u32, reason: &str, objects: &[&Signed]) -> v1::JoinAnswer {
    let objects = objects.iter().map(|signed| signed.to_wire()).collect();
    v1::JoinAnswer { invite: id.0.to_vec(), status, reason: reason.to_owned(), objects }
}
