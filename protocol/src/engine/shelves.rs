//! Copies of others' shelves: who may have which, following an author's changes, and the whole shelf as the last resort.
use super::core::{Engine, Then};
use super::keys;
use super::output::{Event, Output, Way};
use super::repair::Repair;
use crate::data::{Batch, Space, View};
use crate::ids::{NodeKey, ShelfId, Slot};
use crate::index::{self, Audience, Changes, ENTRY_BYTES, Entry, Manifest, Shelf, SyncFault};
use crate::kinds::Codes;
use crate::limits::{CHANGES_PER_FRAME, CHANGES_STAGED_MAX, SHELVES_FOLLOWED_MAX, SKETCH_CELLS_FIRST};
use crate::state::{NodeFacility, Signed, Standing, decode_manifest};
use crate::time::Millis;
use crate::wire::{FieldError, Message, v1};

/// Pages of one shelf that are being collected.
#[derive(Clone, Debug)]
pub(super) struct Staged {
    pub from: NodeKey,
    start: u64,
    pages: Vec<Changes>,
    count: usize,
    pub whole: bool,
    /// When something of it came last; a peer that does not deliver loses its turn.
    pub since: Millis,
    /// The newest seq that anybody announced meanwhile, and who did.
    pub newest: (u64, NodeKey),
    /// Differences instead of changes.
    pub repair: Option<Repair>,
}

impl Staged {
    pub(super) fn begin(now: Millis, from: NodeKey, start: u64) -> Self {
        Self { from, start, pages: Vec::new(), count: 0, whole: false, since: now, newest: (0, from), repair: None }
    }
    /// Lays a page to the others; false if they are more than a shelf may have.
    pub(super) fn lay(&mut self, now: Millis, page: Changes) -> bool {
        self.count = self.count.saturating_add(page.len());
        if !page.is_empty() {
            self.since = now;
            self.pages.push(page);
        }
        self.count <= CHANGES_STAGED_MAX
    }
    fn entries(&self) -> Vec<Entry> {
        self.pages.iter().flat_map(|page| page.adds.iter().copied()).collect()
    }
}

impl<V: View> Engine<V> {
    pub(super) fn load_shelves(&mut self) {
        let stored = self.view.scan(Space::Manifests, b"signed/", &[], usize::MAX);
        for manifest in stored.iter().filter_map(|(_, value)| decode_manifest(&Signed::decode(value).ok()?).ok()) {
            self.shelves.insert(manifest.shelf.id(), manifest.shelf);
        }
    }
    pub(super) fn signed_manifest(&self, shelf: ShelfId) -> Option<Signed> {
        Signed::decode(&self.view.get(Space::Manifests, &keys::manifest(shelf))?).ok()
    }
    /// Whether one of these facilities belongs to the audience of `shelf` now. The holder itself always does.
    fn is_audience(&self, now: Millis, shelf: &Shelf, facilities: &[NodeFacility]) -> bool {
        facilities.iter().any(|reader| {
            let Some(member) = self.book.live(reader.network, &reader.facility, now) else { return false };
            let within = |classes: Codes| classes.has(member.class.code());
            match &shelf.audience {
                _ if reader.facility == shelf.holder => true,
                Audience::Network { network, classes } => reader.network == *network && within(*classes),
                Audience::Accord { accord } => self.accord_covers(now, *accord, reader, shelf, &within),
            }
        })
    }
    fn accord_covers(
        &self,
        now: Millis,
        accord: crate::ids::AccordId,
        reader: &NodeFacility,
        shelf: &Shelf,
        within: &dyn Fn(Codes) -> bool,
    ) -> bool {
        let Some(accord) = self.book.accord(accord) else { return false };
        #[cfg(feature = "plants")]
        if crate::plants::on("P13") {
            return true;
        }
        let Some(other) = accord.other(reader.network) else { return false };
        let in_force = self.book.accord_in_force(reader.network, other, now).is_some();
        let holder_there = self.book.live(other, &shelf.holder, now).is_some();
        in_force && holder_there && within(accord.classes_for_readers_of(reader.network))
    }
    fn peer_facilities(&self, now: Millis, node: &NodeKey) -> Vec<NodeFacility> {
        let facilities = self.book.facilities_of(node, now);
        #[cfg(feature = "plants")]
        if crate::plants::on("P13") {
            return facilities;
        }
        match self.book.standing(node, now) {
            Standing::Stranger => Vec::new(),
            _ => facilities,
        }
    }
    pub(super) fn may_have(&self, now: Millis, node: &NodeKey, shelf: &Shelf) -> bool {
        self.is_audience(now, shelf, &self.peer_facilities(now, node))
    }
    /// Whether this node may use a shelf: it is of the audience, and the holder is a live member.
    pub(super) fn is_ours_to_read(&self, now: Millis, shelf: &Shelf) -> bool {
        let holder_lives = match &shelf.audience {
            Audience::Network { network, .. } => self.book.live(*network, &shelf.holder, now).is_some(),
            Audience::Accord { accord } => self.book.accord(*accord).is_some_and(|accord| {
                [accord.a, accord.b].into_iter().any(|network| self.book.live(network, &shelf.holder, now).is_some())
            }),
        };
        holder_lives && self.is_audience(now, shelf, &self.own_facilities(now))
    }

    pub(super) fn shelf_heads_for(&self, now: Millis, node: &NodeKey) -> Vec<v1::ShelfHead> {
        let theirs = self.peer_facilities(now, node);
        let visible = self.shelves.iter().filter(|(_, shelf)| self.is_audience(now, shelf, &theirs));
        visible
            .filter_map(|(id, _)| {
                Some(v1::ShelfHead { shelf: id.0.to_vec(), seq: index::manifest(&self.view, *id)?.seq })
            })
            .collect()
    }
    /// Tells peers of the audience that a shelf has a newer manifest. They follow; so they pass it on.
    pub(super) fn announce_shelf(&mut self, now: Millis, id: ShelfId, from: Option<NodeKey>) {
        let Some(shelf) = self.shelves.get(&id).cloned() else { return };
        let Some(manifest) = index::manifest(&self.view, id) else { return };
        for node in self.peers.up() {
            if Some(node) != from && self.may_have(now, &node, &shelf) {
                let digest = self.book.digest(&self.book.standing(&node, now)).0.to_vec();
                let shelves = vec![v1::ShelfHead { shelf: id.0.to_vec(), seq: manifest.seq }];
                self.send(node, Message::Heads(v1::Heads { digest, listed: false, heads: Vec::new(), shelves }));
            }
        }
    }
    pub(super) fn follow_newer(&mut self, now: Millis, from: NodeKey, heads: &[v1::ShelfHead]) {
        for head in heads {
            let Some(id) = ShelfId::from_slice(&head.shelf) else { continue };
            let held = index::manifest(&self.view, id);
            let is_own = self.shelves.get(&id).is_some_and(|shelf| self.serves_facility(&shelf.holder, now));
            if is_own || held.as_ref().is_some_and(|held| held.seq >= head.seq) {
                self.confirm_copy(&id);
                continue;
            }
            if let Some(staged) = self.staged.get_mut(&id) {
                if head.seq > staged.newest.0 {
                    staged.newest = (head.seq, from);
                }
                if now.since(staged.since) < STAGE_MS_MAX {
                    continue;
                }
                let late = staged.from;
                self.broken_claim(now, late, id, None);
            }
            if self.mending.waits(now, (from, id)) || self.staged.len() >= SHELVES_FOLLOWED_MAX {
                continue;
            }
            self.ask_changes(now, from, id, (held.map_or(0, |held| held.upto), false));
        }
    }
    /// A peer announced a shelf and did not deliver it: others are asked first, and where it is to blame it is struck.
    pub(super) fn broken_claim(&mut self, now: Millis, from: NodeKey, id: ShelfId, fault: Option<&'static str>) {
        self.staged.remove(&id);
        let chance = u64::from_be_bytes(self.random());
        self.mending.broke(now, (from, id), chance);
        if let Some(fault) = fault {
            self.strike(now, from, fault);
        }
    }
    pub(super) fn ask_changes(&mut self, now: Millis, from: NodeKey, shelf: ShelfId, (start, whole): (u64, bool)) {
        let newest = self.staged.get(&shelf).map_or((0, from), |staged| staged.newest);
        self.staged.insert(shelf, Staged { whole, newest, ..Staged::begin(now, from, start) });
        self.send(from, Message::Follow(v1::Follow { shelf: shelf.0.to_vec(), from: start, whole }));
    }
    pub(super) fn on_follow(&mut self, now: Millis, from: NodeKey, message: v1::Follow) {
        let Some(id) = ShelfId::from_slice(&message.shelf) else {
            return self.strike(now, from, "malformed follow");
        };
        let Some(shelf) = self.shelves.get(&id).cloned() else { return };
        if !self.may_have(now, &from, &shelf) {
            return self.strike(now, from, "asks for a shelf that is not for it");
        }
        let Some(signed) = self.signed_manifest(id) else { return };
        if message.whole {
            return self.send_whole(from, id, &signed);
        }
        let mut start = message.from;
        let Ok(mut page) = index::follow(&self.view, id, start, CHANGES_PER_FRAME) else {
            return self.ask_cells(from, id, &[], (0, SKETCH_CELLS_FIRST));
        };
        loop {
            let (upto, more) = (page.upto, page.more);
            self.send_page(from, id, &signed, (page, start, false));
            if !more {
                return;
            }
            start = upto;
            page = index::follow_on(&self.view, id, start, CHANGES_PER_FRAME);
        }
    }
    pub(super) fn send_whole(&mut self, to: NodeKey, id: ShelfId, signed: &Signed) {
        let entries = index::whole(&self.view, id);
        let mut chunks = entries.chunks(CHANGES_PER_FRAME).peekable();
        if chunks.peek().is_none() {
            let page = Changes { upto: 0, more: false, adds: Vec::new(), removes: Vec::new() };
            self.send_page(to, id, signed, (page, 0, true));
        }
        while let Some(chunk) = chunks.next() {
            let page = Changes { adds: chunk.to_vec(), removes: Vec::new(), upto: 0, more: chunks.peek().is_some() };
            self.send_page(to, id, signed, (page, 0, true));
        }
    }
    fn send_page(&mut self, to: NodeKey, id: ShelfId, signed: &Signed, (page, from, whole): (Changes, u64, bool)) {
        let message = v1::Changes {
            shelf: id.0.to_vec(),
            manifest: Some(signed.to_wire()),
            adds: page.adds.iter().flat_map(Entry::pack).collect(),
            removes: page
                .removes
                .iter()
                .flat_map(|(slot, number)| [&slot.0[..], &number.to_be_bytes()].concat())
                .collect(),
            from,
            upto: page.upto,
            more: page.more,
            whole,
        };
        self.send(to, Message::Changes(message));
    }
    pub(super) fn on_changes(&mut self, now: Millis, from: NodeKey, message: v1::Changes) {
        let Some(id) = ShelfId::from_slice(&message.shelf) else {
            return self.strike(now, from, "malformed changes");
        };
        let Some(staged) = self.staged.get_mut(&id).filter(|staged| staged.from == from) else { return };
        let Ok(page) = read_page(&message) else {
            return self.broken_claim(now, from, id, Some("malformed changes"));
        };
        if message.whole && !staged.whole {
            *staged = Staged { whole: true, newest: staged.newest, ..Staged::begin(now, from, 0) };
        }
        let says = !(page.is_empty() && message.more);
        if staged.repair.is_some() {
            return;
        }
        if !staged.lay(now, page) || !says {
            return self.broken_claim(now, from, id, Some("more changes than a shelf may have, or pages of nothing"));
        }
        if !message.more {
            self.take_collected(now, from, id, message.manifest);
        }
    }
    /// All pages are here: the manifest that they belong to decides.
    pub(super) fn take_collected(&mut self, now: Millis, from: NodeKey, id: ShelfId, manifest: Option<v1::Signed>) {
        let signed = manifest.and_then(|signed| Signed::from_wire(signed).ok());
        let checked =
            signed.ok_or(Unfit::Forged).and_then(|signed| Ok((self.check_manifest(now, id, &signed)?, signed)));
        match checked {
            Ok((manifest, signed)) => {
                let Some(staged) = self.staged.remove(&id) else { return };
                self.take_shelf(now, staged, &manifest, &signed);
            }
            // Who passes a fork on is not the one who made it.
            Err(Unfit::Fork) => self.broken_claim(now, from, id, None),
            Err(Unfit::Forged) => self.broken_claim(now, from, id, Some("manifest that does not hold")),
        }
    }
    /// The manifest, if its holder's index key signed it and it is for an audience of ours.
    fn check_manifest(&mut self, now: Millis, id: ShelfId, signed: &Signed) -> Result<Manifest, Unfit> {
        let manifest =
            decode_manifest(signed).ok().filter(|manifest| manifest.shelf.id() == id).ok_or(Unfit::Forged)?;
        let networks: Vec<_> = match &manifest.shelf.audience {
            Audience::Network { network, .. } => vec![*network],
            Audience::Accord { accord } => self.book.accord(*accord).map(|a| vec![a.a, a.b]).ok_or(Unfit::Forged)?,
        };
        let cert = networks.iter().find_map(|network| self.book.node_of(*network, &manifest.shelf.holder, now));
        let cert = cert.ok_or(Unfit::Forged)?;
        let sound = signed.is_signed_by(&*self.crypto, &cert.index)
            && manifest.at <= now.plus(crate::limits::CLOCK_TOLERANCE_MS)
            && now < manifest.until
            && self.is_audience(now, &manifest.shelf, &self.own_facilities(now));
        if !sound {
            return Err(Unfit::Forged);
        }
        if let Some(held) = index::manifest(&self.view, id)
            && held.conflicts(&manifest)
        {
            self.fork(signed.hash());
            return Err(Unfit::Fork);
        }
        Ok(manifest)
    }
    fn take_shelf(&mut self, now: Millis, staged: Staged, manifest: &Manifest, signed: &Signed) {
        let id = manifest.shelf.id();
        let taken = match &staged.repair {
            _ if staged.whole => index::replace(&self.view, manifest, &staged.entries()),
            Some(repair) => index::mend(&self.view, manifest, &repair.key, &staged.entries(), &repair.gone),
            None => index::take(&self.view, manifest, staged.start, &staged.pages),
        };
        let writes = match taken {
            Ok(writes) => writes,
            Err(fault) => return self.not_taken(now, &staged, id, fault),
        };
        self.mending.kept((staged.from, id));
        let mut batch = Batch { writes, events: Vec::new() };
        batch.put(Space::Manifests, keys::manifest(id), signed.encode());
        self.shelves.insert(id, manifest.shelf.clone());
        self.confirm_copy(&id);
        let by = match &staged.repair {
            _ if staged.whole => Way::Whole { entries: staged.count },
            Some(repair) => Way::Repair { added: staged.count, gone: repair.gone.len() },
            None => Way::Changes(staged.count),
        };
        self.mending.copies.count(by);
        self.commit(batch, Then::Release(vec![Output::Event(Event::ShelfReady(id, by))]));
        self.announce_shelf(now, id, Some(staged.from));
        // Who announced it has to deliver it: another's word does not count against the one who delivered this.
        let (newest, by) = staged.newest;
        if newest > manifest.seq && self.peers.is_up(&by) && !self.mending.waits(now, (by, id)) {
            self.ask_changes(now, by, id, (manifest.upto, false));
        }
    }
    /// Nothing was taken. Where what we have and what the author has now cannot be joined by following, a repair comes; where
    /// that does not lead there either, the whole shelf once.
    fn not_taken(&mut self, now: Millis, staged: &Staged, id: ShelfId, fault: SyncFault) {
        match fault {
            SyncFault::Root { .. } | SyncFault::Rewound { .. } if !staged.whole && staged.repair.is_none() => {
                self.start_repair(now, staged.from, id, staged.newest);
            }
            SyncFault::Root { .. } | SyncFault::Gap { .. } | SyncFault::TooMany(_) if !staged.whole => {
                self.ask_changes(now, staged.from, id, (0, true));
            }
            SyncFault::Older { .. } => self.broken_claim(now, staged.from, id, None),
            _ => self.broken_claim(now, staged.from, id, Some("pages that do not lead to the author's root")),
        }
    }
}

/// Why a manifest is not taken.
enum Unfit {
    /// Not signed by the holder's index key, not for us, or out of its time.
    Forged,
    /// The author said another thing under the same number.
    Fork,
}

fn read_page(message: &v1::Changes) -> Result<Changes, FieldError> {
    if !message.removes.len().is_multiple_of(REMOVE_BYTES) {
        return Err(FieldError("changes.removes"));
    }
    let removes = message.removes.chunks_exact(REMOVE_BYTES).map(|packed| {
        let number = packed[16..].try_into().map(u64::from_be_bytes).map_err(|_| FieldError("changes.removes"))?;
        Ok((Slot::from_slice(&packed[..16]).ok_or(FieldError("changes.removes"))?, number))
    });
    Ok(Changes {
        adds: packed_entries(&message.adds)?,
        removes: removes.collect::<Result<_, FieldError>>()?,
        upto: message.upto,
        more: message.more,
    })
}

/// The entries of one page.
pub(super) fn packed_entries(bytes: &[u8]) -> Result<Vec<Entry>, FieldError> {
    if !bytes.len().is_multiple_of(ENTRY_BYTES) || bytes.len() / ENTRY_BYTES > CHANGES_PER_FRAME {
        return Err(FieldError("adds"));
    }
    bytes.chunks_exact(ENTRY_BYTES).map(|packed| Entry::unpack(packed).ok_or(FieldError("adds"))).collect()
}

/// One removed slot on the wire: slot 16, number 8.
const REMOVE_BYTES: usize = 24;
/// How long a peer may take for the pages of one shelf until another may be asked.
const STAGE_MS_MAX: u64 = 60_000;
