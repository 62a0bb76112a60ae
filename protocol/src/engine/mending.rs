//! What the Engine remembers of repairs: sketches that others send it, and claims that were not kept.
use super::output::Copies;
use crate::ids::{NodeKey, ShelfId};
use crate::index::{Cell, SketchKey, unpack};
use crate::limits::{
    CLAIM_PAUSE_MS, CLAIM_PAUSE_MS_MAX, CLAIMS_MAX, REPAIR_PAUSE_MS, SKETCH_CELLS_MAX, SKETCH_CELLS_PER_FRAME,
    SKETCHES_MAX,
};
use crate::time::Millis;
use crate::wire::v1;
use std::collections::BTreeMap;

/// A peer and one of its shelves.
pub(super) type Line = (NodeKey, ShelfId);

/// Both, and how copies came to their roots.
#[derive(Clone, Debug, Default)]
pub(super) struct Mending {
    sketches: BTreeMap<Line, Sketched>,
    claims: BTreeMap<Line, Claim>,
    pub copies: Copies,
}

/// A copy's sketch, as far as it came.
#[derive(Clone, Debug)]
pub(super) struct Sketched {
    pub key: SketchKey,
    /// Entries that the copy has.
    pub entries: u64,
    pub cells: Vec<Cell>,
    /// Rounds that were answered.
    pub rounds: u32,
    since: Millis,
    is_answered: bool,
}

/// A newer shelf that was announced and did not come.
#[derive(Clone, Copy, Debug)]
struct Claim {
    broken: u32,
    until: Millis,
}

/// What follows from a frame of cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gathered {
    /// More frames of this round are under way.
    Wait,
    /// The round is complete.
    Ready,
    /// What came before is not known here any more.
    Lost,
    /// Its sender's fault.
    Fault(&'static str),
}

impl Mending {
    /// Lays a frame of cells to those that came before.
    pub(super) fn gather(&mut self, now: Millis, line: Line, key: SketchKey, frame: &v1::Sketch) -> Gathered {
        if frame.from == 0 {
            if self.sketches.get(&line).is_some_and(|old| old.is_answered && now.since(old.since) < REPAIR_PAUSE_MS) {
                return Gathered::Fault("has a shelf compared again and again");
            }
            self.begin(now, line, key, frame.count);
        }
        let Some(sketch) = self.sketches.get_mut(&line).filter(|sketch| sketch.key == key && !sketch.is_answered)
        else {
            return Gathered::Lost;
        };
        let from = sketch.cells.len();
        let room = (SKETCH_CELLS_MAX - from).min(SKETCH_CELLS_PER_FRAME);
        let fits = usize::try_from(frame.from) == Ok(from) && frame.count == sketch.entries;
        match unpack(&frame.cells, from, frame.count, room).filter(|cells| fits && !cells.is_empty()) {
            Some(cells) => sketch.cells.extend(cells),
            None => {
                self.sketches.remove(&line);
                return Gathered::Fault("malformed sketch");
            }
        }
        if frame.more {
            return Gathered::Wait;
        }
        sketch.rounds += 1;
        Gathered::Ready
    }
    fn begin(&mut self, now: Millis, line: Line, key: SketchKey, entries: u64) {
        self.sketches.remove(&line);
        if self.sketches.len() >= SKETCHES_MAX {
            let oldest = self.sketches.iter().min_by_key(|(_, sketch)| sketch.since).map(|(line, _)| *line);
            oldest.and_then(|line| self.sketches.remove(&line));
        }
        let sketch = Sketched { key, entries, cells: Vec::new(), rounds: 0, since: now, is_answered: false };
        self.sketches.insert(line, sketch);
    }
    pub(super) fn sketch(&self, line: Line) -> Option<&Sketched> {
        self.sketches.get(&line)
    }
    /// The sketch did its work; that it was there is remembered for a moment.
    pub(super) fn answered(&mut self, now: Millis, line: Line) {
        if let Some(sketch) = self.sketches.get_mut(&line) {
            (sketch.cells, sketch.is_answered, sketch.since) = (Vec::new(), true, now);
        }
    }
    /// A peer is gone; what it claimed stays.
    pub(super) fn lost(&mut self, node: NodeKey) {
        self.sketches.retain(|(of, _), _| *of != node);
    }
    /// A peer did not deliver what it announced: it is not asked for this shelf for a while, twice as long each time, and up
    /// to a quarter longer by `chance`, so that many who wait do not come back together.
    pub(super) fn broke(&mut self, now: Millis, line: Line, chance: u64) {
        if self.claims.len() >= CLAIMS_MAX && !self.claims.contains_key(&line) {
            let first = self.claims.iter().min_by_key(|(_, claim)| claim.until).map(|(line, _)| *line);
            first.and_then(|line| self.claims.remove(&line));
        }
        let broken = self.claims.get(&line).map_or(0, |claim| claim.broken);
        let pause = (CLAIM_PAUSE_MS << broken.min(16)).min(CLAIM_PAUSE_MS_MAX);
        let until = now.plus(pause + chance % (pause / 4));
        self.claims.insert(line, Claim { broken: broken.saturating_add(1), until });
    }
    /// A peer delivered.
    pub(super) fn kept(&mut self, line: Line) {
        self.claims.remove(&line);
    }
    /// Whether a peer is not asked for this shelf now.
    pub(super) fn waits(&self, now: Millis, line: Line) -> bool {
        self.claims.get(&line).is_some_and(|claim| now < claim.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_000_000);

    fn line(node: u8) -> Line {
        (NodeKey([node; 32]), ShelfId([1; 32]))
    }
    fn frame(from: u32, cells: usize, more: bool) -> v1::Sketch {
        let cells = crate::index::pack(&vec![Cell::default(); cells], from as usize, 9);
        v1::Sketch { shelf: vec![1; 32], key: vec![2; 16], count: 9, from, cells, more }
    }
    const KEY: SketchKey = SketchKey([2; 16]);

    #[test]
    fn frames_of_a_round_are_laid_together_in_order_only() {
        let mut mending = Mending::default();
        assert_eq!(mending.gather(NOW, line(1), KEY, &frame(10, 5, false)), Gathered::Lost);
        assert_eq!(mending.gather(NOW, line(1), KEY, &frame(0, 10, true)), Gathered::Wait);
        assert_eq!(mending.gather(NOW, line(2), KEY, &frame(10, 5, false)), Gathered::Lost, "of another peer");
        assert_eq!(mending.gather(NOW, line(1), SketchKey([3; 16]), &frame(10, 5, false)), Gathered::Lost);
        assert_eq!(mending.gather(NOW, line(1), KEY, &frame(10, 5, false)), Gathered::Ready);
        assert_eq!(mending.sketch(line(1)).map(|sketch| (sketch.cells.len(), sketch.rounds)), Some((15, 1)));
        assert!(matches!(mending.gather(NOW, line(1), KEY, &frame(14, 5, false)), Gathered::Fault(_)));
        assert_eq!(mending.gather(NOW, line(1), KEY, &frame(15, 5, false)), Gathered::Lost, "a fault ends it");
    }
    #[test]
    fn no_frame_and_no_number_of_frames_goes_beyond_the_limits() {
        let mut mending = Mending::default();
        assert!(matches!(mending.gather(NOW, line(1), KEY, &frame(0, 0, true)), Gathered::Fault(_)), "an empty frame");
        let large = SKETCH_CELLS_PER_FRAME + 1;
        assert!(matches!(mending.gather(NOW, line(1), KEY, &frame(0, large, true)), Gathered::Fault(_)));
        let mut at = 0;
        while at + SKETCH_CELLS_PER_FRAME <= SKETCH_CELLS_MAX {
            let next = frame(at as u32, SKETCH_CELLS_PER_FRAME, true);
            assert_eq!(mending.gather(NOW, line(1), KEY, &next), Gathered::Wait);
            at += SKETCH_CELLS_PER_FRAME;
        }
        let last = frame(at as u32, SKETCH_CELLS_PER_FRAME, true);
        assert!(matches!(mending.gather(NOW, line(1), KEY, &last), Gathered::Fault(_)));
    }
    #[test]
    fn of_too_many_sketches_the_oldest_goes() {
        let mut mending = Mending::default();
        for node in 0..=SKETCHES_MAX as u8 {
            mending.gather(NOW.plus(u64::from(node)), line(node), KEY, &frame(0, 10, false));
        }
        assert_eq!(mending.sketches.len(), SKETCHES_MAX);
        assert!(mending.sketch(line(0)).is_none() && mending.sketch(line(1)).is_some());
        mending.lost(NodeKey([1; 32]));
        assert!(mending.sketch(line(1)).is_none());
    }
    #[test]
    fn a_shelf_is_not_compared_again_at_once() {
        let mut mending = Mending::default();
        mending.gather(NOW, line(1), KEY, &frame(0, 10, false));
        mending.answered(NOW, line(1));
        assert!(matches!(mending.gather(NOW, line(1), KEY, &frame(0, 10, false)), Gathered::Fault(_)));
        let later = NOW.plus(REPAIR_PAUSE_MS);
        assert_eq!(mending.gather(later, line(1), KEY, &frame(0, 10, false)), Gathered::Ready);
    }
    #[test]
    fn a_broken_claim_costs_twice_the_pause_each_time_and_a_kept_one_clears_it() {
        let (mut mending, mut pauses) = (Mending::default(), Vec::new());
        for _ in 0..20 {
            mending.broke(NOW, line(1), 0);
            let pause = (0..).map(|step| step * CLAIM_PAUSE_MS).find(|ms| !mending.waits(NOW.plus(*ms), line(1)));
            pauses.extend(pause);
        }
        assert_eq!(pauses[..4], [1, 2, 4, 8].map(|times| times * CLAIM_PAUSE_MS));
        assert_eq!(pauses[19], CLAIM_PAUSE_MS_MAX);
        assert!(!mending.waits(NOW, line(2)), "another peer is asked meanwhile");
        mending.kept(line(1));
        assert!(!mending.waits(NOW, line(1)));
        mending.broke(NOW, line(1), u64::MAX);
        assert!(!mending.waits(NOW.plus(CLAIM_PAUSE_MS + CLAIM_PAUSE_MS / 4), line(1)));
    }
    #[test]
    fn broken_claims_are_remembered_within_bounds() {
        let mut mending = Mending::default();
        for number in 0..CLAIMS_MAX as u32 + 10 {
            let mut shelf = ShelfId([0; 32]);
            shelf.0[..4].copy_from_slice(&number.to_be_bytes());
            mending.broke(NOW.plus(u64::from(number)), (NodeKey([1; 32]), shelf), 0);
        }
        assert_eq!(mending.claims.len(), CLAIMS_MAX);
    }
}
