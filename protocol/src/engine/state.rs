//! Signed objects between peers: heads are compared, what is newer moves; half-signed ones wait for founders.
use super::core::{Engine, Then};
use super::input::Ticket;
use super::keys;
use super::output::{Event, Output};
use super::timers::Timer;
use crate::audit::{self, What};
use crate::crypto::sha256;
use crate::data::{Batch, Space, View};
use crate::ids::{AccordId, Hash, NetworkId, NodeKey};
use crate::limits::{CHARTERS_MAX, HEADS_MAX, OBJECTS_PER_FRAME, PROPOSALS_MAX, PUSH_PEERS};
use crate::state::{Accepted, Book, Charter, Object, ObjectKind, Refused, Signed, Standing};
use crate::time::Millis;
use crate::wire::{Message, v1};
use rand_core::Rng;
use std::collections::{BTreeMap, BTreeSet};

impl<V: View> Engine<V> {
    pub(super) fn pin(&mut self, now: Millis, ticket: Ticket, network: NetworkId, charter: Option<Signed>) {
        self.book.pin(network);
        self.config.networks.insert(network);
        let outcome = match charter {
            Some(charter) => self.take_signed(now, None, vec![charter]).map_err(|refused| refused.to_string()),
            None => Ok(()),
        };
        self.event(Event::CommandDone(ticket, outcome));
    }
    pub(super) fn take(&mut self, now: Millis, ticket: Ticket, objects: Vec<Signed>) {
        let outcome = self.take_signed(now, None, objects).map_err(|refused| refused.to_string());
        self.event(Event::CommandDone(ticket, outcome));
    }
    pub(super) fn take_objects(&mut self, now: Millis, from: Option<NodeKey>, objects: Vec<v1::Signed>) {
        if objects.len() > OBJECTS_PER_FRAME {
            if let Some(from) = from {
                self.strike(now, from, "too many objects in one frame");
            }
            return;
        }
        let mut read = Vec::with_capacity(objects.len());
        for object in objects {
            match (Signed::from_wire(object), from) {
                (Ok(signed), _) => read.push(signed),
                (Err(_), Some(from)) => self.strike(now, from, "malformed object"),
                (Err(_), None) => {}
            }
        }
        // The sender's fault was counted; what is merely not anchored here yet comes again with the next comparison.
        let _ = self.take_signed(now, from, read);
    }
    /// Checks objects in the order in which they lean on each other, stores what is new and passes it on.
    ///
    /// Returns the first refusal; objects before and after it are taken all the same.
    pub(super) fn take_signed(
        &mut self,
        now: Millis,
        from: Option<NodeKey>,
        mut objects: Vec<Signed>,
    ) -> Result<(), Refused> {
        objects.sort_by_key(|signed| (signed.kind, signed.seq));
        let mut batch = Batch::default();
        let mut news = Vec::new();
        let mut first = Ok(());
        for signed in objects {
            match self.book.accept(&*self.crypto.clone(), &signed, now) {
                Ok(Accepted::New(object)) => {
                    store(&mut batch, now, &signed, &object);
                    news.push((signed, *object));
                }
                Ok(Accepted::Known) => {}
                Err(refused) => {
                    self.refused(now, from, &signed, &refused);
                    first = first.and(Err(refused));
                }
            }
        }
        if !news.is_empty() {
            self.commit(batch, Then::Nothing);
            self.spread(now, from, &news);
        }
        first
    }
    fn refused(&mut self, now: Millis, from: Option<NodeKey>, signed: &Signed, refused: &Refused) {
        match (refused, from) {
            (Refused::Fork { .. }, _) => {
                let mut batch = Batch::default();
                batch.log(audit::Event::new(now, What::ForkSeen).object(signed.hash()));
                self.commit(batch, Then::Nothing);
                self.fork(signed.hash());
            }
            (Refused::Unanchored { .. }, _) | (_, None) => {}
            (_, Some(from)) => self.strike(now, from, "object that does not hold"),
        }
    }
    /// What follows from new objects: peers hear of them, connections and publications follow.
    fn spread(&mut self, now: Millis, from: Option<NodeKey>, news: &[(Signed, Object)]) {
        let (mut reach_changed, mut members_changed) = (false, false);
        for (signed, object) in news {
            self.event(Event::StateChanged(signed.kind));
            reach_changed |= match object {
                Object::Accord(_) | Object::Charter(_) | Object::Revocation(_) | Object::Suspension(_) => true,
                Object::EvaluatorKey(_) => true,
                Object::EvaluatorCall(_) => false,
                // Another facility's membership changes nothing about what we publish to whom.
                Object::Membership(membership) => self.serves_facility(&membership.facility, now),
                Object::NodeKey(cert) => cert.node == self.node,
                Object::Directory(_) | Object::Disaster(_) => false,
            };
            members_changed |= !matches!(object, Object::Directory(_));
        }
        self.pass_on(now, from, news);
        let revocations: Vec<v1::Signed> =
            news.iter().filter(|(_, o)| takes_away(o)).map(|(signed, _)| signed.to_wire()).collect();
        if !revocations.is_empty() {
            self.hang_up_strangers(now, &revocations);
        }
        self.wake_when_rest_ends(now);
        if reach_changed {
            self.note_served(now);
            self.mark_all_dirty(now);
        }
        if members_changed {
            self.drop_finished_proposals(news);
            self.ask_secrets(now);
            self.begin_keygens(now);
            self.announce_directory(now);
            self.greet_newcomers(now);
        }
        self.timers.set_by(Timer::Dial, now.plus(1));
    }
    /// A peer that was a stranger when it greeted may have standing now.
    pub(super) fn greet_newcomers(&mut self, now: Millis) {
        for node in self.peers.up() {
            let introduced = std::mem::take(&mut self.peers.get(node).introduced);
            if introduced.is_empty() {
                continue;
            }
            // What still does not hold is kept for the next time.
            let _ = self.take_signed(now, Some(node), introduced.clone());
            if self.book.standing(&node, now) == Standing::Stranger {
                self.peers.get(node).introduced = introduced;
            } else {
                self.send_hello(node);
                self.welcome(now, node);
            }
        }
    }
    fn pass_on(&mut self, now: Millis, from: Option<NodeKey>, news: &[(Signed, Object)]) {
        let mut others: Vec<NodeKey> = self.peers.up().into_iter().filter(|node| Some(*node) != from).collect();
        // A later charter goes to everybody too: what its new founders sign would be nobody's word without it.
        let urgent = news
            .iter()
            .any(|(signed, object)| takes_away(object) || matches!(object, Object::Charter(_)) && signed.seq > 0);
        if !urgent {
            while others.len() > PUSH_PEERS {
                let at = self.rng.next_u32() as usize % others.len();
                others.swap_remove(at);
            }
        }
        for node in others {
            let standing = self.book.standing(&node, now);
            let visible = self.book.visible(&standing);
            let mine: Vec<v1::Signed> = news
                .iter()
                .filter(|(signed, _)| visible.contains(&signed))
                .map(|(signed, _)| signed.to_wire())
                .collect();
            for chunk in mine.chunks(OBJECTS_PER_FRAME) {
                self.send(node, Message::Objects(v1::Objects { objects: chunk.to_vec() }));
            }
        }
    }
    pub(super) fn send_revocations(&mut self, now: Millis, to: NodeKey) {
        let standing = self.book.standing(&to, now);
        let revocations = self.book.visible(&standing).into_iter().filter(|signed| {
            // With later charters, which they may lean on; the first one was in the hello.
            let is_later_charter = signed.kind == ObjectKind::Charter && signed.seq > 0;
            is_later_charter || matches!(signed.kind, ObjectKind::Revocation | ObjectKind::Suspension)
        });
        let objects: Vec<v1::Signed> = revocations.map(Signed::to_wire).collect();
        for chunk in objects.chunks(OBJECTS_PER_FRAME) {
            self.send(to, Message::Objects(v1::Objects { objects: chunk.to_vec() }));
        }
    }
    pub(super) fn on_objects(&mut self, now: Millis, from: NodeKey, message: v1::Objects) {
        self.take_objects(now, Some(from), message.objects);
    }

    /// Tells a peer what we hold: a digest, and with it the list if the peer must find the difference.
    pub(super) fn send_heads(&mut self, now: Millis, to: NodeKey, listed: bool) {
        let standing = self.standing_of(now, to);
        if standing == Standing::Stranger {
            return;
        }
        let digest = self.book.digest(&standing);
        let heads = if listed {
            self.book.visible(&standing).into_iter().take(HEADS_MAX).map(head_of).collect()
        } else {
            vec![]
        };
        let shelves = self.shelf_heads_for(now, &to);
        self.send(to, Message::Heads(v1::Heads { digest: digest.0.to_vec(), listed, heads, shelves }));
    }
    pub(super) fn on_heads(&mut self, now: Millis, from: NodeKey, message: v1::Heads) {
        if message.heads.len() > HEADS_MAX || message.shelves.len() > HEADS_MAX {
            self.strike(now, from, "too many heads");
            return;
        }
        if !std::mem::replace(&mut self.peers.get(from).synced, true) {
            self.event(Event::Synced(from));
        }
        let standing = self.standing_of(now, from);
        let digest = self.book.digest(&standing);
        if Hash::from_slice(&message.digest) == Some(digest) {
            self.peers.get(from).agreed = Some(now);
        } else if message.listed {
            self.compare(from, &standing, &message.heads);
        } else {
            self.send_heads(now, from, true);
        }
        self.heard_following(now, from, &message.shelves);
        self.follow_newer(now, from, &message.shelves);
    }
    fn compare(&mut self, from: NodeKey, standing: &Standing, theirs: &[v1::Head]) {
        let mut theirs: BTreeMap<(u32, Vec<u8>), &v1::Head> =
            theirs.iter().map(|head| ((head.kind, head.subject.clone()), head)).collect();
        let mut newer_here = Vec::new();
        let mut newer_there = Vec::new();
        for signed in self.book.visible(standing) {
            let mine = head_of(signed);
            match theirs.remove(&(mine.kind, mine.subject.clone())) {
                None => newer_here.push(signed.to_wire()),
                Some(their) if their.seq < mine.seq => newer_here.push(signed.to_wire()),
                Some(their) if their.seq > mine.seq || their.hash != mine.hash => newer_there.push(their.clone()),
                Some(_) => {}
            }
        }
        newer_there.extend(theirs.into_values().cloned());
        for chunk in newer_here.chunks(OBJECTS_PER_FRAME) {
            self.send(from, Message::Objects(v1::Objects { objects: chunk.to_vec() }));
        }
        if !newer_there.is_empty() {
            self.send(from, Message::Want(v1::Want { heads: newer_there }));
        }
    }
    pub(super) fn on_want(&mut self, now: Millis, from: NodeKey, message: v1::Want) {
        if message.heads.len() > HEADS_MAX {
            self.strike(now, from, "too many heads");
            return;
        }
        let standing = self.standing_of(now, from);
        let wanted: BTreeSet<(u32, Vec<u8>)> =
            message.heads.into_iter().map(|head| (head.kind, head.subject)).collect();
        let found = self.book.visible(&standing).into_iter().filter(|signed| {
            let head = head_of(signed);
            wanted.contains(&(head.kind, head.subject))
        });
        let objects: Vec<v1::Signed> = found.map(Signed::to_wire).collect();
        for chunk in objects.chunks(OBJECTS_PER_FRAME) {
            self.send(from, Message::Objects(v1::Objects { objects: chunk.to_vec() }));
        }
    }

    // --- half-signed objects -----------------------------------------------------------------------------------------

    pub(super) fn propose(&mut self, now: Millis, ticket: Ticket, object: Signed, charters: Vec<Signed>) {
        let outcome = self.take_proposal(now, None, object, &charters);
        self.event(Event::CommandDone(ticket, outcome));
    }
    pub(super) fn on_proposal(&mut self, now: Millis, from: NodeKey, message: v1::Proposal) {
        let charters: Vec<Signed> =
            message.charters.into_iter().take(CHARTERS_MAX).filter_map(|c| Signed::from_wire(c).ok()).collect();
        let Some(Ok(object)) = message.object.map(Signed::from_wire) else {
            self.strike(now, from, "malformed proposal");
            return;
        };
        if self.book.standing(&from, now) == Standing::Stranger && object.kind != ObjectKind::Accord {
            return;
        }
        if let Ok(Object::Accord(accord)) = Object::decode(&object)
            && [accord.a, accord.b].iter().all(|network| !self.book.own().contains(network))
        {
            // A partner that does not know our side yet brings all of its accords; those with others are not for us.
            return;
        }
        if self.take_proposal(now, Some(from), object, &charters).is_err() {
            self.strike(now, from, "proposal that does not hold");
        }
    }
    /// Joins signatures with what is known; makes the object real if they are enough, else keeps and passes it on.
    fn take_proposal(
        &mut self,
        now: Millis,
        from: Option<NodeKey>,
        mut object: Signed,
        charters: &[Signed],
    ) -> Result<(), String> {
        let key = keys::proposal(object.hash());
        let known = self.view.get(Space::State, &key).and_then(|value| Signed::decode(&value).ok());
        if let Some(known) = &known {
            object.merge(known);
        }
        match self.complete(now, from, &object, charters) {
            Ok(()) => return Ok(()),
            Err(Refused::Signatures { .. } | Refused::Unanchored { .. }) => {}
            Err(refused) => return Err(refused.to_string()),
        }
        self.check_half_signed(&mut object)?;
        if known.is_some_and(|known| known.signatures == object.signatures) {
            return Ok(());
        }
        if keys::proposals(&self.view).len() >= PROPOSALS_MAX {
            return Err("too many objects wait for founders".into());
        }
        let mut batch = Batch::default();
        batch.put(Space::State, key, object.encode());
        let event = Output::Event(Event::Proposed(object.hash()));
        self.commit(batch, Then::Release(vec![event]));
        for node in self.peers.up() {
            if Some(node) != from {
                self.offer_proposal(now, node, &object);
            }
        }
        Ok(())
    }
    fn complete(
        &mut self,
        now: Millis,
        from: Option<NodeKey>,
        object: &Signed,
        charters: &[Signed],
    ) -> Result<(), Refused> {
        if object.kind != ObjectKind::Accord {
            let mut trial = self.book.clone();
            trial.accept(&*self.crypto, object, now)?;
            return self.take_signed(now, from, vec![object.clone()]);
        }
        let taken = self.book.accept_with_charters(&*self.crypto.clone(), object, charters, now)?;
        let mut batch = Batch::default();
        let mut news = Vec::new();
        for (signed, accepted) in taken {
            if let Accepted::New(new) = accepted {
                store(&mut batch, now, &signed, &new);
                news.push((signed, *new));
            }
        }
        if !news.is_empty() {
            self.commit(batch, Then::Nothing);
            self.spread(now, from, &news);
        }
        Ok(())
    }
    /// Keeps only signatures of founders that we know; at least one must be of an own network.
    fn check_half_signed(&self, object: &mut Signed) -> Result<(), String> {
        let body = Object::decode(object).map_err(|error| error.to_string())?;
        let networks = match &body {
            Object::Membership(membership) => vec![membership.network],
            Object::Revocation(revocation) => vec![revocation.network],
            Object::EvaluatorCall(call) => vec![call.network],
            Object::Accord(accord) => vec![accord.a, accord.b],
            Object::Disaster(disaster) => vec![disaster.network],
            Object::Charter(_) => Charter::network_of(object).into_iter().collect(),
            _ => {
                return Err(
                    "only charters, memberships, revocations, accords, disasters and calls of evaluators wait for \
                            founders"
                        .into(),
                );
            }
        };
        let own: Vec<NetworkId> =
            networks.iter().copied().filter(|network| self.book.own().contains(network)).collect();
        // A later charter is signed by its own founders too.
        let new = if let Object::Charter(charter) = &body { charter.keys() } else { Vec::new() };
        let charters = own.iter().filter_map(|network| self.book.charter(*network));
        let keys: Vec<_> = charters.flat_map(Charter::keys).chain(new.iter().copied()).collect();
        if object.signers(&*self.crypto, &keys).is_empty() {
            return Err("no founder of an own network has signed it".into());
        }
        let all = networks
            .iter()
            .filter_map(|network| self.book.charter(*network))
            .flat_map(Charter::keys)
            .chain(new)
            .collect::<Vec<_>>();
        let known = object.signers(&*self.crypto, &all);
        let foreign_unknown = networks.iter().any(|network| self.book.charter(*network).is_none());
        // Signatures of a partner whose charter is not here yet are kept: they are checked when it comes.
        object.signatures.retain(|s| known.contains(&s.key) || foreign_unknown);
        Ok(())
    }
    fn offer_proposal(&mut self, now: Millis, to: NodeKey, object: &Signed) {
        let Standing::Member(shared) = self.book.standing(&to, now) else { return };
        let concerns = match Object::decode(object) {
            Ok(Object::Membership(membership)) => shared.contains(&membership.network),
            Ok(Object::Revocation(revocation)) => shared.contains(&revocation.network),
            Ok(Object::EvaluatorCall(call)) => shared.contains(&call.network),
            Ok(Object::Accord(accord)) => shared.contains(&accord.a) || shared.contains(&accord.b),
            Ok(Object::Disaster(disaster)) => shared.contains(&disaster.network),
            Ok(Object::Charter(_)) => Charter::network_of(object).is_some_and(|network| shared.contains(&network)),
            _ => false,
        };
        if concerns {
            self.send(to, Message::Proposal(v1::Proposal { object: Some(object.to_wire()), charters: Vec::new() }));
        }
    }
    pub(super) fn offer_proposals(&mut self, now: Millis, to: NodeKey) {
        for object in keys::proposals(&self.view) {
            self.offer_proposal(now, to, &object);
        }
    }
    /// A stranger may be of the other side of an accord that it has not heard is complete: bring it, with both charters.
    pub(super) fn offer_accords(&mut self, to: NodeKey, only: Option<&BTreeSet<AccordId>>) {
        let accords: Vec<(Signed, Vec<Signed>)> = self
            .book
            .accords()
            .filter(|accord| only.is_none_or(|only| only.contains(&accord.id())))
            .filter_map(|accord| {
                let key = [&[ObjectKind::Accord.code()], accord.id().0.as_slice()].concat();
                let signed = Signed::decode(&self.view.get(Space::State, &key)?).ok()?;
                let charters =
                    [accord.a, accord.b].iter().flat_map(|n| self.book.charter_objects(*n)).cloned().collect();
                Some((signed, charters))
            })
            .collect();
        for (accord, charters) in accords {
            let charters = charters.iter().map(Signed::to_wire).collect();
            self.send(to, Message::Proposal(v1::Proposal { object: Some(accord.to_wire()), charters }));
        }
    }
    fn drop_finished_proposals(&mut self, news: &[(Signed, Object)]) {
        let mut batch = Batch::default();
        for (signed, _) in news {
            let key = keys::proposal(signed.hash());
            if self.view.get(Space::State, &key).is_some() {
                batch.remove(Space::State, key);
            }
        }
        if !batch.is_empty() {
            self.commit(batch, Then::Nothing);
        }
    }
}

fn store(batch: &mut Batch, now: Millis, signed: &Signed, object: &Object) {
    batch.put(Space::State, Book::state_key(signed), signed.encode());
    let what = match object {
        Object::Membership(_) => What::MemberAdmitted,
        Object::Revocation(_) => What::MemberRevoked,
        Object::Accord(_) => What::AccordSigned,
        Object::NodeKey(_) => What::KeyChanged,
        Object::Suspension(_) => What::MemberSuspended,
        Object::Disaster(_) => What::DisasterDeclared,
        Object::Charter(_) | Object::EvaluatorCall(_) | Object::EvaluatorKey(_) => What::StateAccepted,
        // Addresses change daily and bind nobody.
        Object::Directory(_) => return,
    };
    batch.log(audit::Event::new(now, what).object(signed.hash()));
}

/// Whether somebody may lose standing by it: it goes to everybody at once, before anything else.
fn takes_away(object: &Object) -> bool {
    matches!(object, Object::Revocation(_) | Object::Suspension(_))
}

fn head_of(signed: &Signed) -> v1::Head {
    let subject = Book::subject_of(signed);
    v1::Head {
        kind: signed.kind.code().into(),
        subject: sha256(&[&subject]).0[..8].to_vec(),
        seq: signed.seq,
        hash: signed.hash().0[..8].to_vec(),
    }
}
