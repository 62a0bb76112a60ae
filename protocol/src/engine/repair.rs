//! Repair of a copy that following does not bring to its author's root: what is missing is found by a sketch, both sides.
//!
//! The copy sends cells of what it has; the source finds the difference and sends it, or says how many cells it needs. One
//! round does for few differences and two for many; after three, or where most differs, the whole shelf is sent.
use super::core::Engine;
use super::mending::Gathered;
use super::shelves::{Staged, packed_entries};
use crate::data::View;
use crate::ids::{NodeKey, ShelfId};
use crate::index::{self, Compared, Entry, Mark, SketchKey};
use crate::limits::{
    CHANGES_PER_FRAME, CHANGES_STAGED_MAX, SKETCH_CELLS_FIRST, SKETCH_CELLS_MAX, SKETCH_CELLS_PER_FRAME,
    SKETCH_ROUNDS_MAX,
};
use crate::state::Signed;
use crate::time::Millis;
use crate::wire::{FieldError, Message, bytes16, v1};

/// A repair of ours under way.
#[derive(Clone, Debug)]
pub(super) struct Repair {
    pub key: SketchKey,
    /// What we have and the shelf has not.
    pub gone: Vec<Mark>,
    /// Our entries when it began.
    entries: u64,
    /// Cells sent.
    sent: usize,
    rounds: u32,
}

impl<V: View> Engine<V> {
    /// The copy: begins a repair at `from`; `newest` as in [`Staged`]. Who has nothing is sent the whole shelf.
    pub(super) fn start_repair(&mut self, now: Millis, from: NodeKey, id: ShelfId, newest: (u64, NodeKey)) {
        let entries = index::manifest(&self.view, id).map_or(0, |held| held.count);
        let is_audience = self.shelves.get(&id).cloned().is_some_and(|shelf| self.may_have(now, &from, &shelf));
        if entries == 0 || !is_audience {
            return self.ask_changes(now, from, id, (0, true));
        }
        let key = SketchKey(self.random());
        let repair = Repair { key, gone: Vec::new(), entries, sent: 0, rounds: 0 };
        let mut staged = Staged::begin(now, from, 0);
        (staged.newest, staged.repair) = (newest, Some(repair));
        self.staged.insert(id, staged);
        self.send_cells(now, id, SKETCH_CELLS_FIRST);
    }
    /// The next round: all cells up to this number that were not sent yet.
    fn send_cells(&mut self, now: Millis, id: ShelfId, upto: usize) {
        let Some(staged) = self.staged.get_mut(&id) else { return };
        let Some(repair) = &mut staged.repair else { return };
        let (to, key, entries, mut from) = (staged.from, repair.key, repair.entries, repair.sent);
        let cells = index::sketch(&self.view, id, &key, from..upto);
        (repair.sent, repair.rounds, staged.since) = (upto, repair.rounds + 1, now);
        let mut frames = cells.chunks(SKETCH_CELLS_PER_FRAME).peekable();
        while let Some(frame) = frames.next() {
            let sketch = v1::Sketch {
                shelf: id.0.to_vec(),
                key: key.0.to_vec(),
                count: entries,
                from: u32::try_from(from).unwrap_or(u32::MAX),
                cells: index::pack(frame, from, entries),
                more: frames.peek().is_some(),
            };
            self.send(to, Message::Sketch(sketch));
            from += frame.len();
        }
    }
    /// The source: cells of a copy.
    pub(super) fn on_sketch(&mut self, now: Millis, from: NodeKey, message: v1::Sketch) {
        let (Some(id), Ok(key)) = (ShelfId::from_slice(&message.shelf), bytes16(&message.key, "sketch.key")) else {
            return self.strike(now, from, "malformed sketch");
        };
        let Some(shelf) = self.shelves.get(&id).cloned() else { return };
        if !self.may_have(now, &from, &shelf) {
            return self.strike(now, from, "asks for a shelf that is not for it");
        }
        match self.mending.gather(now, (from, id), SketchKey(key), &message) {
            Gathered::Wait => {}
            Gathered::Ready => self.compare_sketch(now, from, id),
            Gathered::Lost => self.ask_cells(from, id, &key, (0, SKETCH_CELLS_FIRST)),
            Gathered::Fault(why) => self.strike(now, from, why),
        }
    }
    fn compare_sketch(&mut self, now: Millis, from: NodeKey, id: ShelfId) {
        let Some(sketch) = self.mending.sketch((from, id)) else { return };
        let (key, have, rounds) = (sketch.key, sketch.cells.len(), sketch.rounds);
        let compared = index::compare(&self.view, id, &key, &sketch.cells, sketch.entries);
        if let Compared::More(upto) = compared
            && rounds < SKETCH_ROUNDS_MAX
        {
            return self.ask_cells(from, id, &key.0, (have, upto));
        }
        self.mending.answered(now, (from, id));
        let Some(signed) = self.signed_manifest(id) else { return };
        match compared {
            Compared::Found { adds, gone } => self.send_mend(from, id, &signed, (key, &adds, &gone)),
            Compared::More(_) | Compared::Whole => self.send_whole(from, id, &signed),
        }
    }
    /// Asks a copy for cells; without a key, to begin a repair.
    pub(super) fn ask_cells(&mut self, to: NodeKey, id: ShelfId, key: &[u8], (from, upto): (usize, usize)) {
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let more = v1::SketchMore { shelf: id.0.to_vec(), key: key.to_vec(), from: number(from), upto: number(upto) };
        self.send(to, Message::SketchMore(more));
    }
    fn send_mend(
        &mut self,
        to: NodeKey,
        id: ShelfId,
        signed: &Signed,
        (key, adds, gone): (SketchKey, &[Entry], &[Mark]),
    ) {
        let pages = adds.len().div_ceil(CHANGES_PER_FRAME).max(gone.len().div_ceil(GONE_PER_FRAME)).max(1);
        let (mut adds, mut gone) = (adds.chunks(CHANGES_PER_FRAME), gone.chunks(GONE_PER_FRAME));
        for page in 1..=pages {
            let (adds, gone) = (adds.next().unwrap_or_default(), gone.next().unwrap_or_default());
            let mend = v1::Mend {
                shelf: id.0.to_vec(),
                key: key.0.to_vec(),
                manifest: Some(signed.to_wire()),
                adds: adds.iter().flat_map(Entry::pack).collect(),
                gone: gone.iter().flat_map(|mark| mark.0.to_be_bytes()).collect(),
                more: page < pages,
            };
            self.send(to, Message::Mend(mend));
        }
    }
    /// The copy: more cells are wanted, or a repair in the place of changes that are forgotten there.
    pub(super) fn on_sketch_more(&mut self, now: Millis, from: NodeKey, message: v1::SketchMore) {
        let Some(id) = ShelfId::from_slice(&message.shelf) else {
            return self.strike(now, from, "malformed call for cells");
        };
        let Some(staged) = self.staged.get_mut(&id).filter(|staged| staged.from == from && !staged.whole) else {
            return;
        };
        let newest = staged.newest;
        let Some(repair) = &mut staged.repair else {
            return self.start_repair(now, from, id, newest);
        };
        if repair.key.0 != *message.key {
            return;
        }
        let upto = usize::try_from(message.upto).unwrap_or(usize::MAX);
        if message.from == 0 {
            // It lost what we sent.
            repair.sent = 0;
        }
        if repair.rounds >= SKETCH_ROUNDS_MAX || upto <= repair.sent || upto > SKETCH_CELLS_MAX {
            return self.ask_changes(now, from, id, (0, true));
        }
        self.send_cells(now, id, upto);
    }
    /// The copy: what differs.
    pub(super) fn on_mend(&mut self, now: Millis, from: NodeKey, message: v1::Mend) {
        let Some(id) = ShelfId::from_slice(&message.shelf) else {
            return self.strike(now, from, "malformed repair");
        };
        let Some(staged) = self.staged.get_mut(&id).filter(|staged| staged.from == from && !staged.whole) else {
            return;
        };
        let Some(repair) = staged.repair.as_mut().filter(|repair| repair.key.0 == *message.key) else { return };
        let page = packed_entries(&message.adds).and_then(|adds| Ok((adds, packed_marks(&message.gone)?)));
        let Ok((adds, gone)) = page else {
            return self.broken_claim(now, from, id, Some("malformed repair"));
        };
        repair.gone.extend(&gone);
        let is_within = repair.gone.len() <= SKETCH_CELLS_MAX;
        if !staged.collect(now, adds, message.more && gone.is_empty()) || !is_within {
            return self.broken_claim(now, from, id, Some("more than a repair may have"));
        }
        if !message.more {
            self.take_collected(now, from, id, message.manifest);
        }
    }
}

impl Staged {
    /// Lays a page of entries to the others. False if they are too many, or if the page says nothing and `must_say` something.
    fn collect(&mut self, now: Millis, adds: Vec<Entry>, must_say: bool) -> bool {
        let says = !(adds.is_empty() && must_say);
        let page = index::Changes { adds, ..index::Changes::default() };
        self.lay(now, page) && says
    }
}

fn packed_marks(bytes: &[u8]) -> Result<Vec<Mark>, FieldError> {
    let (marks, rest) = bytes.as_chunks::<8>();
    let fits = rest.is_empty() && marks.len() <= GONE_PER_FRAME;
    fits.then(|| marks.iter().map(|mark| Mark(u64::from_be_bytes(*mark))).collect()).ok_or(FieldError("mend.gone"))
}

/// Marks in one frame: 8 bytes each, beside as many entries as a frame may have.
const GONE_PER_FRAME: usize = 10_000;
const _: () = assert!(CHANGES_PER_FRAME * 88 + GONE_PER_FRAME * 8 < crate::limits::FRAME_BYTES_MAX);
const _: () = assert!(SKETCH_CELLS_MAX < CHANGES_STAGED_MAX);
