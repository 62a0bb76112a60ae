//! Own entries: what this node holds of whom, on every shelf whose whole audience the patient's consents allow.
use super::core::{Engine, Then};
use super::input::{Publication, Ticket};
use super::keys::{self, Published, Scope};
use super::output::{Event, Output};
use super::tags::TagKey;
use super::timers::Timer;
use crate::audit::{self, What};
use crate::consent::{ConsentReceipt, Reach, published, receipts_of};
use crate::data::{Batch, Space, View, decode, encode};
use crate::ids::{Handle, NetworkId, PatientRef, ReceiptId, ShelfId, Tag};
use crate::index::{self, Audience, Body, Change, Shelf};
use crate::kinds::{Codes, KindSet, MemberRole, Role, roles};
use crate::limits::{MANIFEST_RENEW_MS, PUBLICATIONS_MAX};
use crate::state::{NodeFacility, manifest_object};
use crate::time::Millis;

/// One shelf of ours, with what may be on it for whom.
pub(super) struct OwnShelf {
    pub(super) shelf: Shelf,
    key: TagKey,
    reach: Reach,
    /// What accord and membership leave of the kinds.
    kinds: KindSet,
}

impl<V: View> Engine<V> {
    pub(super) fn publish(&mut self, now: Millis, ticket: Ticket, list: Vec<Publication>) {
        if list.len() > PUBLICATIONS_MAX {
            let hint = format!("more than {PUBLICATIONS_MAX} publications in one command; send several");
            self.event(Event::CommandDone(ticket, Err(hint)));
            return;
        }
        let mut batch = Batch::default();
        for publication in list {
            let key = keys::source(publication.patient);
            let value = encode(&publication);
            if self.view.get(Space::Entries, &key).as_ref() != Some(&value) {
                batch.put(Space::Entries, key, value);
                self.dirty.insert(publication.patient);
            }
        }
        let done = Output::Event(Event::CommandDone(ticket, Ok(())));
        if batch.is_empty() {
            self.outputs.push_back(done);
        } else {
            self.commit(batch, Then::Release(vec![done]));
        }
        self.publish_soon(now);
    }
    /// Additions wait for the interval since the last batch, so that a new entry does not tell the moment of a visit.
    pub(super) fn publish_soon(&mut self, now: Millis) {
        if !self.dirty.is_empty() {
            let due = self.published_at.plus(self.config.limits.publish_ms).max(now.plus(1));
            self.timers.set_by(Timer::Publish, due);
        }
    }
    /// Consents, memberships, accords or secrets changed: every patient is looked at again.
    pub(super) fn mark_all_dirty(&mut self, now: Millis) {
        let mut after = None;
        loop {
            let page = keys::sources(&self.view, after, SOURCES_PAGE);
            let full = page.len() == SOURCES_PAGE;
            after = page.last().map(|publication| publication.patient);
            self.dirty.extend(page.into_iter().map(|publication| publication.patient));
            if !full {
                break;
            }
        }
        self.publish_soon(now);
    }
    /// Brings every own shelf in step with what waits.
    pub(super) fn flush_publications(&mut self, now: Millis) {
        self.published_at = now;
        let dirty: Vec<PatientRef> = std::mem::take(&mut self.dirty).into_iter().collect();
        self.publish_patients(now, &dirty);
    }
    /// Publishes or removes these patients' entries now; gives how many entries went away.
    pub(super) fn publish_patients(&mut self, now: Millis, patients: &[PatientRef]) -> usize {
        let own = self.own_shelves(now);
        let mut removed = 0;
        for shelf in own.iter().chain(&self.ended_shelves(now, &own)) {
            if !shelf.kinds.is_empty() && !self.has_key(shelf.key) {
                continue;
            }
            let mut changes = Vec::new();
            let mut batch = Batch::default();
            for patient in patients {
                removed += self.change_patient(now, shelf, *patient, (&mut changes, &mut batch));
            }
            if !changes.is_empty() {
                self.author_shelf(now, &shelf.shelf, changes, batch);
            }
        }
        self.start_rounds(now);
        removed
    }
    fn change_patient(
        &mut self,
        now: Millis,
        own: &OwnShelf,
        patient: PatientRef,
        out: (&mut Vec<Change>, &mut Batch),
    ) -> usize {
        let (changes, batch) = out;
        let shelf = own.shelf.id();
        let source: Option<Publication> =
            self.view.get(Space::Entries, &keys::source(patient)).and_then(|v| decode(&v));
        let old = self.published_of(shelf, patient);
        let wanted = source.filter(|source| source.facility == own.shelf.holder).and_then(|source| {
            let receipts = receipts_of(&self.view, patient);
            let kinds = published(&receipts, &own.shelf.holder, &own.reach, now).and(source.kinds).and(own.kinds);
            (!kinds.is_empty()).then(|| (kinds, newest_permit(&receipts), source))
        });
        let new = wanted.and_then(|(kinds, consent, source)| {
            let tags = self.tags_to_publish(own.key, &source);
            // Nothing to show before the first tags are here; what lost all of its tags stays known under its handle.
            (old.is_some() || !tags.is_empty() || source.strings.is_empty()).then(|| Published {
                handle: old.as_ref().map_or_else(|| Handle(self.random()), |old| old.handle),
                kinds,
                consent,
                tags,
            })
        });
        if old == new {
            return 0;
        }
        let key = keys::published(shelf, patient);
        let mut removed = 0;
        if let Some(old) = &old {
            let stays = |tag: &[u8; 32]| new.as_ref().is_some_and(|new| new.tags.iter().any(|(_, other)| other == tag));
            for (_, tag) in old.tags.iter().filter(|(_, tag)| !stays(tag)) {
                changes.push(Change::Remove { tag: Tag(*tag), handle: old.handle });
                removed += 1;
            }
        }
        match &new {
            Some(new) => {
                for (rule, tag) in &new.tags {
                    let body = Body { kinds: new.kinds, rule: *rule, handle: new.handle, consent: new.consent };
                    #[cfg(feature = "plants")]
                    let body = super::planted::diagnosed(body);
                    changes.push(Change::Add { tag: Tag(*tag), body });
                }
                batch.put(Space::Entries, key, encode(new));
                batch.put(Space::Tokens, keys::handle(new.handle), encode(&(patient, shelf)));
                batch.log(audit::Event::new(now, What::EntryPublished).patient(patient).kinds(new.kinds));
            }
            None => {
                batch.remove(Space::Entries, key);
                if let Some(old) = &old {
                    batch.remove(Space::Tokens, keys::handle(old.handle));
                }
                batch.log(audit::Event::new(now, What::EntryRemoved).patient(patient));
            }
        }
        removed
    }
    /// The tags of what a patient is found by, as far as they are known; the rest is asked for, and published when it is here.
    fn tags_to_publish(&mut self, key: TagKey, source: &Publication) -> Vec<(u8, [u8; 32])> {
        let known = self.known_tags(key, source.patient, &source.strings);
        if let (TagKey::Evaluated(call), true) = (key, known.iter().any(|(_, tag)| tag.is_none())) {
            self.want_tags(call, source.patient);
        }
        known.into_iter().filter_map(|(rule, tag)| Some((rule, tag?.0))).collect()
    }
    fn author_shelf(&mut self, now: Millis, shelf: &Shelf, changes: Vec<Change>, mut batch: Batch) {
        let seed = self.random();
        let authored = index::author(&self.view, shelf, changes, seed, now);
        let signed = manifest_object(&authored.manifest).sign(&*self.crypto, &[&self.identity.index]);
        batch.writes.extend(authored.writes);
        let id = shelf.id();
        batch.put(Space::Manifests, keys::manifest(id), signed.encode());
        self.shelves.insert(id, shelf.clone());
        self.commit(batch, Then::Authored(id, authored.manifest.count));
    }
    /// The manifest is on disk: only now others hear of it. One that left before and was lost with the power would be made
    /// a second time with the same number, and we would look like a holder that says two things.
    pub(super) fn authored(&mut self, now: Millis, id: ShelfId, entries: u64) {
        self.event(Event::Published { shelf: id, entries });
        self.announce_shelf(now, id, None);
    }
    pub(super) fn renew_manifests(&mut self, now: Millis) {
        for own in self.own_shelves(now) {
            let id = own.shelf.id();
            let stale = index::manifest(&self.view, id).is_some_and(|m| now.since(m.at) >= MANIFEST_RENEW_MS);
            if stale {
                self.author_shelf(now, &own.shelf, Vec::new(), Batch::default());
            }
        }
    }
    /// The shelves that this node's facilities author now.
    pub(super) fn own_shelves(&self, now: Millis) -> Vec<OwnShelf> {
        let mut shelves = Vec::new();
        for own in self.own_facilities(now) {
            let Some(charter) = self.book.charter(own.network) else { continue };
            let Some(membership) = self.book.live(own.network, &own.facility, now) else { continue };
            if !membership.roles.has(MemberRole::Holder.code()) {
                continue;
            }
            let inside = membership.kinds.and(charter.kinds);
            let keys = self.served_keys(now, own.network, Scope::Network(own.network), charter.epoch);
            for (classes, (epoch, key)) in charter.audiences.iter().flat_map(|c| keys.iter().map(move |key| (c, key))) {
                shelves.push(OwnShelf {
                    shelf: Shelf {
                        holder: own.facility.clone(),
                        audience: Audience::Network { network: own.network, classes: *classes },
                        epoch: *epoch,
                    },
                    key: *key,
                    reach: Reach::usual(own.network, *classes),
                    kinds: inside,
                });
            }
            shelves.extend(self.accord_shelves(now, &own, inside));
        }
        shelves
    }
    /// Epochs and keys under which holders of a network publish now: those of its evaluators, and where it has none, or has
    /// had them for a short time only, that of `local` mode.
    fn served_keys(&self, now: Millis, network: NetworkId, scope: Scope, local_epoch: u32) -> Vec<(u32, TagKey)> {
        let (epochs, local) = self.book.served_epochs(network, now);
        let evaluated = epochs.into_iter().filter_map(|epoch| {
            let call = self.book.epoch(network, epoch)?.call_hash;
            Some((epoch, TagKey::Evaluated(call)))
        });
        let local = local.then_some((local_epoch, TagKey::Local(scope, local_epoch)));
        evaluated.chain(local).collect()
    }
    /// Looks whether epochs began or ended since the last time.
    pub(super) fn note_served(&mut self, now: Millis) -> bool {
        let served = self.book.own().iter().map(|network| (*network, self.book.served_epochs(*network, now))).collect();
        let changed = self.served != served;
        self.served = served;
        changed
    }
    fn accord_shelves(&self, now: Millis, own: &NodeFacility, inside: KindSet) -> Vec<OwnShelf> {
        let partners = self.book.accords().filter_map(|accord| accord.other(own.network));
        let in_force = partners.filter_map(|other| Some((other, self.book.accord_in_force(own.network, other, now)?)));
        let mut shelves = Vec::new();
        for (other, accord) in in_force {
            for (epoch, key) in self.served_keys(now, own.network, Scope::Accord(accord.id()), accord.epoch) {
                shelves.push(OwnShelf {
                    shelf: Shelf {
                        holder: own.facility.clone(),
                        audience: Audience::Accord { accord: accord.id() },
                        epoch,
                    },
                    key,
                    reach: reach(other, accord.classes_for_readers_of(other)),
                    kinds: inside.and(accord.kinds_for_readers_of(other)),
                });
            }
        }
        shelves
    }
    /// Shelves of ours whose accord or membership ended: they are emptied.
    fn ended_shelves(&self, now: Millis, live: &[OwnShelf]) -> Vec<OwnShelf> {
        let ours = self.own_facilities(now);
        let ended = self.shelves.iter().filter(|(id, shelf)| {
            ours.iter().any(|own| own.facility == shelf.holder) && live.iter().all(|own| own.shelf.id() != **id)
        });
        ended
            .map(|(_, shelf)| OwnShelf {
                shelf: shelf.clone(),
                // Nothing goes on it any more, so no tag is made.
                key: TagKey::Local(scope_of(shelf), shelf.epoch),
                reach: reach(NetworkId([0; 32]), Codes::default()),
                kinds: KindSet::NONE,
            })
            .collect()
    }
    pub(super) fn patient_of(&self, handle: Handle) -> Option<(PatientRef, ShelfId)> {
        decode(&self.view.get(Space::Tokens, &keys::handle(handle))?)
    }
}

pub(super) fn scope_of(shelf: &Shelf) -> Scope {
    match shelf.audience {
        Audience::Network { network, .. } => Scope::Network(network),
        Audience::Accord { accord } => Scope::Accord(accord),
    }
}

fn reach(network: NetworkId, classes: Codes) -> Reach {
    Reach { roles: roles(&[Role::Doctor]), ..Reach::usual(network, classes) }
}

fn newest_permit(receipts: &[ConsentReceipt]) -> ReceiptId {
    let permits = receipts.iter().filter(|receipt| receipt.stance == crate::consent::Stance::Permit);
    permits.max_by_key(|receipt| (receipt.taken_at, receipt.id)).map_or(ReceiptId([0; 16]), |receipt| receipt.id)
}

const SOURCES_PAGE: usize = 1_000;
