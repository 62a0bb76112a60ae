//! Who may know our patient: a look-up in local copies, without a packet.
use super::core::Engine;
use super::input::{LocateOrder, Ticket};
use super::keys;
use super::output::Event;
use super::tags::TagKey;
use crate::data::View;
use crate::ids::{FacilityId, Handle, NetworkId, PatientRef, ShelfId, Tag};
use crate::index::{self, Audience, Shelf};
use crate::kinds::KindSet;
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How sure it is that a candidate is our patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Certainty {
    /// Rules 7 and 9 agree: birth date with given name as written, and birth date with insurance.
    Rules,
    /// People at both desks said so.
    Human,
    /// Some rules agree; people must say.
    Candidate,
    /// People said that it is somebody else.
    NotSame,
}

/// A holder that may know our patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Who.
    pub holder: FacilityId,
    /// In which network.
    pub network: NetworkId,
    /// On which shelf.
    pub shelf: ShelfId,
    /// Its name for the patient there.
    pub handle: Handle,
    /// Kinds that it announces.
    pub kinds: KindSet,
    /// Rules whose tags agree.
    pub rules: Vec<u8>,
    /// What follows.
    pub certainty: Certainty,
    /// When the holder signed the shelf.
    pub published_at: Millis,
}

impl<V: View> Engine<V> {
    /// Answers at once if the patient's tags are known; else as soon as evaluators have made them.
    pub(super) fn locate(&mut self, now: Millis, ticket: Ticket, order: LocateOrder) {
        if let Some(order) = self.wait_for_tags(now, ticket, order) {
            self.located(now, ticket, &order);
        }
    }
    pub(super) fn located(&mut self, now: Millis, ticket: Ticket, order: &LocateOrder) {
        let found = self.candidates(now, order);
        self.event(Event::Located(ticket, found));
    }
    fn candidates(&self, now: Millis, order: &LocateOrder) -> Vec<Candidate> {
        let readable = self.shelves.values().filter(|shelf| self.is_ours_to_read(now, shelf));
        let foreign = readable.filter(|shelf| shelf.holder != order.facility && self.is_confirmed(&shelf.id()));
        // Many shelves, few keys: tags are made or read once for each.
        let mut tags: BTreeMap<TagKey, Vec<(u8, Option<Tag>)>> = BTreeMap::new();
        let mut found: Vec<Candidate> = Vec::new();
        for shelf in foreign {
            let Some(key) = self.tag_key(now, shelf) else { continue };
            let tags = tags.entry(key).or_insert_with(|| self.known_tags(key, order.patient, &order.strings));
            found.extend(self.on_shelf(now, shelf, order, tags));
        }
        // One holder may show one patient on several shelves: the one that announces most is asked.
        found.sort_by_key(|c| {
            (c.holder.clone(), rank(c.certainty), std::cmp::Reverse(c.kinds.bits().count_ones()), c.shelf)
        });
        let mut seen: BTreeMap<(FacilityId, u8), ShelfId> = BTreeMap::new();
        found.retain(|c| {
            let first = *seen.entry((c.holder.clone(), rank(c.certainty))).or_insert(c.shelf);
            first == c.shelf
        });
        found
    }
    fn on_shelf(&self, now: Millis, shelf: &Shelf, order: &LocateOrder, tags: &[(u8, Option<Tag>)]) -> Vec<Candidate> {
        let id = shelf.id();
        let Some(manifest) = index::manifest(&self.view, id) else { return Vec::new() };
        let Some(network) = self.network_of_holder(now, shelf) else { return Vec::new() };
        let mut by_handle: BTreeMap<Handle, (KindSet, Vec<u8>)> = BTreeMap::new();
        for (rule, tag) in tags {
            let Some(tag) = tag else { continue };
            for (body, _) in index::find_all(&self.view, id, tag, now) {
                if body.rule == *rule {
                    let entry = by_handle.entry(body.handle).or_default();
                    entry.0 = entry.0.or(body.kinds);
                    entry.1.push(*rule);
                }
            }
        }
        by_handle
            .into_iter()
            .map(|(handle, (kinds, rules))| Candidate {
                holder: shelf.holder.clone(),
                network,
                shelf: id,
                handle,
                kinds,
                certainty: self.certainty(order.patient, &shelf.holder, handle, &rules),
                rules,
                published_at: manifest.at,
            })
            .collect()
    }
    fn certainty(&self, patient: PatientRef, holder: &FacilityId, handle: Handle, rules: &[u8]) -> Certainty {
        match keys::link_here(&self.view, patient, holder, handle) {
            Some(link) if link.same => Certainty::Human,
            Some(_) => Certainty::NotSame,
            None if DECISIVE_RULES.iter().all(|rule| rules.contains(rule)) => Certainty::Rules,
            None => Certainty::Candidate,
        }
    }
    pub(super) fn network_of_holder(&self, now: Millis, shelf: &Shelf) -> Option<NetworkId> {
        let networks = match &shelf.audience {
            Audience::Network { network, .. } => vec![*network],
            Audience::Accord { accord } => {
                let accord = self.book.accord(*accord)?;
                vec![accord.a, accord.b]
            }
        };
        networks.into_iter().find(|network| self.book.live(*network, &shelf.holder, now).is_some())
    }
}

fn rank(certainty: Certainty) -> u8 {
    match certainty {
        Certainty::Rules | Certainty::Human => 0,
        Certainty::Candidate => 1,
        Certainty::NotSame => 2,
    }
}

/// Rules that together make a link without people (linkage reference, 8.1): birth date with folded given kanji, birth date
/// with insurance.
pub(super) const DECISIVE_RULES: [u8; 2] = [7, 9];
