//! Who is there: greetings, standing, connections.
use super::core::Engine;
use super::output::{Effect, Event};
use super::timers::Timer;
use crate::data::View;
use crate::ids::NodeKey;
use crate::kinds::MemberRole;
use crate::limits::{OBJECTS_PER_FRAME, WIRE_VERSION, WIRE_VERSION_MIN};
use crate::state::{Directory, ObjectKind, Signed, Standing, Target};
use crate::time::Millis;
use crate::wire::{Message, v1};

impl<V: View> Engine<V> {
    pub(super) fn on_connected(&mut self, node: NodeKey) {
        let peer = self.peers.get(node);
        peer.connected = true;
        peer.greeted = false;
        self.send_hello(node);
        self.join_over(node);
    }
    pub(super) fn send_hello(&mut self, to: NodeKey) {
        let own = self.book.own().iter().copied().collect::<Vec<_>>();
        let mut objects: Vec<Signed> =
            own.iter().flat_map(|network| self.book.charter_objects(*network)).cloned().collect();
        for cert in &self.identity.certs {
            for network in &own {
                objects.extend(self.own_membership(*network, cert));
            }
            objects.push(cert.clone());
        }
        let hello = v1::Hello {
            version_min: WIRE_VERSION_MIN,
            version_max: WIRE_VERSION,
            objects: objects.iter().map(Signed::to_wire).collect(),
            build: self.config.build.clone(),
        };
        self.send(to, Message::Hello(hello));
    }
    fn own_membership(&self, network: crate::ids::NetworkId, cert: &Signed) -> Option<Signed> {
        let body = crate::state::NodeCert::decode(&cert.body).ok()?;
        let key = crate::state::Membership::subject(network, &body.facility);
        let stored =
            self.view.get(crate::data::Space::State, &[&[ObjectKind::Membership.code()], key.as_slice()].concat())?;
        Signed::decode(&stored).ok()
    }
    pub(super) fn on_hello(&mut self, now: Millis, from: NodeKey, hello: v1::Hello) {
        if hello.version_max < WIRE_VERSION_MIN || hello.version_min > WIRE_VERSION {
            let hint =
                format!("this node speaks wire versions {WIRE_VERSION_MIN} to {WIRE_VERSION}; update the older side");
            self.send(from, Message::Refuse(v1::Refuse { code: 2, hint }));
            return;
        }
        if hello.objects.len() > HELLO_OBJECTS_MAX {
            return self.strike(now, from, "too many objects in a hello");
        }
        self.peers.get(from).introduced =
            hello.objects.iter().filter_map(|o| Signed::from_wire(o.clone()).ok()).collect();
        self.take_objects(now, Some(from), hello.objects);
        let standing = self.book.standing(&from, now);
        let peer = self.peers.get(from);
        peer.greeted = true;
        peer.strikes = 0;
        if standing != Standing::Stranger {
            peer.introduced.clear();
        }
        #[cfg(feature = "plants")]
        {
            peer.standing_at_hello = Some(standing.clone());
        }
        match &standing {
            Standing::Stranger if self.tell_revoked(now, from) => return,
            Standing::Stranger => return self.offer_accords(from, None),
            // The other side may not have heard that the accord is complete: it goes with what anchors it.
            Standing::Partner(accords) => self.offer_accords(from, Some(accords)),
            Standing::Member(_) => {}
        }
        self.welcome(now, from);
    }
    /// A peer with standing is here: revocations first, then everything else that it may have.
    pub(super) fn welcome(&mut self, now: Millis, from: NodeKey) {
        self.event(Event::PeerUp(from));
        self.send_revocations(now, from);
        self.send_drops(from);
        self.send_heads(now, from, false);
        self.ask_secrets(now);
        self.tell_keygens_to(from);
        self.start_rounds(now);
        self.offer_proposals(now, from);
        self.resume_fetches(now, from);
        self.resume_links(from);
        self.resume_reviews(from);
        self.show_log_to(now, from);
        self.timers.set(Timer::Sync(from), now.plus(self.config.limits.sync_ms));
    }
    pub(super) fn on_disconnected(&mut self, now: Millis, node: NodeKey) {
        let peer = self.peers.get(node);
        let was_up = peer.connected && peer.greeted;
        peer.connected = false;
        peer.greeted = false;
        peer.synced = false;
        if was_up {
            peer.seen = Some(now);
        }
        self.timers.clear(Timer::Sync(node));
        self.staged.retain(|_, staged| staged.from != node);
        self.mending.lost(node);
        self.peers.following.retain(|_, source| *source != node);
        self.lost_holder(now, node);
        self.lost_evaluator(now, node);
        self.event(Event::PeerDown(node));
    }
    pub(super) fn on_unreachable(&mut self, now: Millis, node: NodeKey) {
        self.unreachable_holder(now, node);
    }
    /// Whether this message may be looked at: strangers may greet, ask to join and bring an accord that our founders signed.
    pub(super) fn may_speak(&mut self, now: Millis, from: NodeKey, message: &Message) -> bool {
        match message {
            Message::Hello(_)
            | Message::Join(_)
            | Message::JoinAnswer(_)
            | Message::Refuse(_)
            | Message::Proposal(_) => true,
            _ => self.standing_of(now, from) != Standing::Stranger,
        }
    }
    pub(super) fn standing_of(&mut self, now: Millis, node: NodeKey) -> Standing {
        #[cfg(feature = "plants")]
        if crate::plants::on("P05")
            && let Some(standing) = self.peers.get(node).standing_at_hello.clone()
        {
            return standing;
        }
        self.book.standing(&node, now)
    }
    /// Asks the transport to keep a connection to everybody we may talk to and know an address of.
    pub(super) fn dial_all(&mut self, now: Millis) {
        for node in self.book.reachable(now) {
            if node != self.node && !self.peers.is_connected(&node) {
                self.dial(node);
            }
        }
        let contacts: Vec<String> = self.book.accords().flat_map(|accord| accord.contacts.clone()).collect();
        for (node, addresses) in by_node(&contacts) {
            if node != self.node && !self.peers.is_connected(&node) && self.book.directory(&node).is_none() {
                self.hint(Effect::Dial { node, addresses });
            }
        }
        self.timers.set(Timer::Dial, now.plus(self.config.limits.sync_ms));
    }
    pub(super) fn dial(&mut self, node: NodeKey) {
        let addresses = self.book.directory(&node).map(|directory| directory.addresses.clone()).unwrap_or_default();
        if !addresses.is_empty() {
            self.hint(Effect::Dial { node, addresses });
        }
    }
    pub(super) fn on_listening(&mut self, now: Millis, addresses: Vec<String>) {
        self.addresses = addresses;
        self.addresses.truncate(crate::limits::ADDRESSES_MAX);
        self.announce_directory(now);
    }
    /// Signs where we are met, and tells everybody.
    pub(super) fn announce_directory(&mut self, now: Millis) {
        if self.own_facilities(now).is_empty() {
            return;
        }
        let directory = Directory {
            node: self.node,
            name: self.config.name.clone(),
            addresses: self.addresses.clone(),
            open_invites: self.open_invite_ids(now),
            relay: self.config.relay,
        };
        let known = self.book.directory(&self.node);
        if known == Some(&directory) {
            return;
        }
        let seq = now.0.max(self.book.seq(ObjectKind::Directory, &self.node.0).map_or(0, |seq| seq + 1));
        let signed = directory.draft(seq).sign(&*self.crypto, &[&self.identity.node]);
        // Our own word, signed a line above: it can only be refused while we are no member, which is looked at first.
        let _ = self.take_signed(now, None, vec![signed]);
    }
    /// Hangs up on whoever lost its standing; the last that they hear is why.
    pub(super) fn hang_up_strangers(&mut self, now: Millis, revocations: &[v1::Signed]) {
        for node in self.peers.up() {
            if self.book.standing(&node, now) == Standing::Stranger && self.has_been_known(&node) {
                self.send(node, Message::Objects(v1::Objects { objects: revocations.to_vec() }));
                self.hint(Effect::Hangup { node, until: now });
            }
        }
    }
    /// Tells a peer that greets as if it still belonged here that it does not: it may have been away, or cut off before it could
    /// read why. Gives whether it was so. It is not hung up on: one that cannot take the revocation, since its clock is wrong
    /// for instance, would dial again and again; as a stranger it gets nothing anyhow.
    fn tell_revoked(&mut self, now: Millis, node: NodeKey) -> bool {
        let revocations: Vec<v1::Signed> =
            self.book.revocations_of(&node, now).into_iter().take(OBJECTS_PER_FRAME).map(Signed::to_wire).collect();
        let is_revoked = !revocations.is_empty();
        if is_revoked {
            self.send(node, Message::Objects(v1::Objects { objects: revocations }));
        }
        is_revoked
    }
    /// Suspensions end by their date, on every node for itself: whoever rested is met again then.
    pub(super) fn wake_when_rest_ends(&mut self, now: Millis) {
        let ends = self.book.suspensions().map(|suspension| suspension.until).filter(|until| *until > now);
        if let Some(next) = ends.min() {
            self.timers.set(Timer::Rest, next);
        }
    }
    pub(super) fn rest_is_over(&mut self, now: Millis) {
        self.mark_all_dirty(now);
        self.ask_secrets(now);
        self.announce_directory(now);
        self.greet_newcomers(now);
        for peer in self.peers.up() {
            // Who rested was told nothing meanwhile.
            self.send_heads(now, peer, false);
        }
        self.timers.set(Timer::Dial, now);
        self.wake_when_rest_ends(now);
    }
    fn has_been_known(&self, node: &NodeKey) -> bool {
        self.book.directory(node).is_some()
            || self.book.networks().any(|(network, _)| self.book.revoked(network, &Target::Node(*node)).is_some())
    }
    /// Members of a network that relay for others, connected now.
    pub fn relays(&self, now: Millis) -> Vec<NodeKey> {
        let own = self.own_facilities(now);
        let relays = own.iter().flat_map(|own| self.book.nodes_with(own.network, MemberRole::Relay, now));
        relays.filter(|node| *node != self.node).collect()
    }
}

/// Sorts addresses that end in a peer id by node. The id is an Ed25519 identity multihash in base 58 (libp2p peer-id spec).
pub(super) fn by_node(addresses: &[String]) -> Vec<(NodeKey, Vec<String>)> {
    let mut sorted: std::collections::BTreeMap<NodeKey, Vec<String>> = std::collections::BTreeMap::new();
    for address in addresses {
        if let Some(node) = address.rsplit_once("/p2p/").and_then(|(_, id)| crate::ids::node_of_peer_id(id)) {
            sorted.entry(node).or_default().push(address.clone());
        }
    }
    sorted.into_iter().collect()
}

/// A charter, a membership and a certificate for each facility that a node serves in each network.
const HELLO_OBJECTS_MAX: usize = 256;
