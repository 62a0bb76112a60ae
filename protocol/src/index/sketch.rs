//! Sets that differ little, told apart by a sketch (rateless invertible Bloom lookup table).
//!
//! Each entry becomes a keyed hash, its mark, and lies in some of an endless row of cells: in the first always, in cell `i`
//! with probability 2/(2+i). Two sides' cells laid against each other hold only the difference; a cell with one mark left
//! gives it away, and taking it out of its other cells frees more. About 1.4 cells tell one difference, whatever the size of
//! the sets. Source: Yang, Gilad, Alizadeh: Practical Rateless Set Reconciliation, SIGCOMM 2024; mapping as there.
use crate::limits::{SKETCH_CELLS_FIRST, SKETCH_CELLS_MAX};
use siphasher::sip::SipHasher24;
use std::ops::Range;

/// The key of one repair: drawn anew by who repairs, so that no author can make entries whose marks meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SketchKey(pub [u8; 16]);

impl SketchKey {
    /// The mark of a packed entry: SipHash-2-4.
    pub fn mark(&self, packed: &[u8]) -> Mark {
        Mark(SipHasher24::new_with_key(&self.0).hash(packed))
    }
    /// What tells a single mark in a cell from several.
    fn check(&self, mark: Mark) -> u32 {
        (self.mark(&mark.0.to_be_bytes()).0 >> 32) as u32
    }
}

/// A keyed hash that stands for an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(pub u64);

/// One cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Exclusive or of the marks.
    sum: u64,
    /// Exclusive or of their checks.
    check: u32,
    /// How many.
    count: i64,
}

impl Cell {
    fn lay(&mut self, mark: Mark, check: u32, by: i64) {
        self.sum ^= mark.0;
        self.check ^= check;
        self.count = self.count.wrapping_add(by);
    }
    fn less(self, other: Self) -> Self {
        Self { sum: self.sum ^ other.sum, check: self.check ^ other.check, count: self.count.wrapping_sub(other.count) }
    }
    /// The one mark in it, if there is just one.
    fn single(&self, key: &SketchKey) -> Option<Mark> {
        let mark = Mark(self.sum);
        (self.count.unsigned_abs() == 1 && key.check(mark) == self.check).then_some(mark)
    }
}

/// The cells of one set in a range.
#[derive(Clone, Debug)]
pub struct Sketch<'k> {
    key: &'k SketchKey,
    range: Range<usize>,
    cells: Vec<Cell>,
}

impl<'k> Sketch<'k> {
    /// Empty cells of this range, at most [`SKETCH_CELLS_MAX`].
    pub fn new(key: &'k SketchKey, range: Range<usize>) -> Self {
        let range = range.start.min(SKETCH_CELLS_MAX)..range.end.min(SKETCH_CELLS_MAX);
        let cells = vec![Cell::default(); range.len()];
        Self { key, range, cells }
    }
    /// Lays one entry of the set into its cells.
    pub fn add(&mut self, packed: &[u8]) {
        let mark = self.key.mark(packed);
        let check = self.key.check(mark);
        for at in places(mark, self.range.end).skip_while(|at| *at < self.range.start) {
            self.cells[at - self.range.start].lay(mark, check, 1);
        }
    }
    /// The cells.
    pub fn into_cells(self) -> Vec<Cell> {
        self.cells
    }
}

/// What two sets do not share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Marks of entries that only we have, in order.
    pub ours: Vec<Mark>,
    /// Marks of entries that only they have, in order.
    pub theirs: Vec<Mark>,
}

/// Lays two sides' first cells against each other and takes the difference out; none if the cells are too few.
///
/// Bounded whatever the cells hold: no more marks come out than there are cells.
pub fn peel(key: &SketchKey, ours: &[Cell], theirs: &[Cell]) -> Option<Difference> {
    let mut cells: Vec<Cell> = ours.iter().zip(theirs).map(|(ours, theirs)| ours.less(*theirs)).collect();
    let mut ready: Vec<usize> = (0..cells.len()).filter(|at| cells[*at].single(key).is_some()).collect();
    let mut found = Difference::default();
    while let Some(at) = ready.pop() {
        let Some(mark) = cells[at].single(key) else { continue };
        if found.ours.len() + found.theirs.len() >= cells.len() {
            return None;
        }
        let by = cells[at].count;
        if by > 0 {
            found.ours.push(mark)
        } else {
            found.theirs.push(mark)
        }
        let check = key.check(mark);
        for place in places(mark, cells.len()) {
            cells[place].lay(mark, check, -by);
            if place != at && cells[place].single(key).is_some() {
                ready.push(place);
            }
        }
    }
    found.ours.sort();
    found.theirs.sort();
    cells.iter().all(|cell| *cell == Cell::default()).then_some(found)
}

/// How many differences there are, from cells that are too few to tell which; `count` is our number of entries, `lean` that
/// less theirs.
///
/// A cell that holds each of d differences with probability p strays from its mean by d·p·(1-p) in the square, whichever side
/// they are on. From 128 cells the standard error is an eighth, and it shrinks with their root. What p is of a cell is read
/// from our own entries: it is near 2/(2+i) only, and what is off would count with the square of `lean`. For that our part of
/// the difference is among the entries, or theirs is not, which is `lean`² in `count` too few or too many.
pub fn estimate(ours: &[Cell], theirs: &[Cell], lean: i64, count: u64) -> u64 {
    let (entries, lean) = (i128::from(count), i128::from(lean));
    let strayed = |(ours, theirs): (&Cell, &Cell)| {
        let (held, difference) = (i128::from(ours.count), i128::from(ours.count.wrapping_sub(theirs.count)));
        let spread = held.saturating_mul(entries - held);
        let off = difference.saturating_mul(entries).saturating_sub(lean.saturating_mul(held));
        (spread > 0).then(|| off.saturating_mul(off) / spread)
    };
    let all: Vec<i128> = ours.iter().zip(theirs).skip(1).filter_map(strayed).collect();
    let number = i128::try_from(all.len().max(1)).unwrap_or(i128::MAX);
    let mean = all.into_iter().fold(0i128, i128::saturating_add) / number;
    let among = lean.saturating_mul(lean.abs()) / entries.max(1);
    u64::try_from(mean.saturating_add(among).max(0))
        .unwrap_or(u64::MAX)
        .max(lean.unsigned_abs().try_into().unwrap_or(u64::MAX))
}

/// Cells that tell so many differences nearly always: 1.45 for each, and some for small numbers, where chance is larger.
pub fn cells_for(differences: u64) -> usize {
    let cells = differences.saturating_mul(29) / 20 + 32;
    usize::try_from(cells).unwrap_or(usize::MAX).max(SKETCH_CELLS_FIRST)
}

/// Packs cells from the number `from` on, of a set with so many entries: sum 8, check 4, and the count less the expected one
/// as a zigzag varint, which is one byte mostly.
pub fn pack(cells: &[Cell], from: usize, entries: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(cells.len() * (CELL_BYTES + 1));
    for (at, cell) in cells.iter().enumerate() {
        out.extend(cell.sum.to_be_bytes());
        out.extend(cell.check.to_be_bytes());
        let off = cell.count.wrapping_sub(expected(entries, from + at));
        let mut zigzag = ((off << 1) ^ (off >> 63)) as u64;
        while zigzag >= 0x80 {
            out.push(zigzag as u8 | 0x80);
            zigzag >>= 7;
        }
        out.push(zigzag as u8);
    }
    out
}

/// Reads what [`pack`] wrote; none if it is anything else, or more than `limit` cells.
pub fn unpack(mut bytes: &[u8], from: usize, entries: u64, limit: usize) -> Option<Vec<Cell>> {
    let mut cells = Vec::with_capacity((bytes.len() / (CELL_BYTES + 1)).min(limit));
    while !bytes.is_empty() {
        if cells.len() == limit {
            return None;
        }
        let (sum, rest) = bytes.split_first_chunk::<8>()?;
        let (check, rest) = rest.split_first_chunk::<4>()?;
        let end = rest.iter().take(VARINT_BYTES_MAX).position(|byte| byte & 0x80 == 0)?;
        let (varint, rest) = rest.split_at(end + 1);
        let zigzag = varint.iter().rev().fold(0u64, |value, byte| value << 7 | u64::from(byte & 0x7f));
        if end > 0 && varint[end] == 0 {
            return None;
        }
        let off = (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
        let count = expected(entries, from + cells.len()).wrapping_add(off);
        cells.push(Cell { sum: u64::from_be_bytes(*sum), check: u32::from_be_bytes(*check), count });
        bytes = rest;
    }
    Some(cells)
}

/// Entries that a cell of a set has on average.
fn expected(entries: u64, at: usize) -> i64 {
    let divisor = u64::try_from(at).unwrap_or(u64::MAX).saturating_add(2);
    i64::try_from(entries.saturating_mul(2) / divisor).unwrap_or(i64::MAX)
}

/// The cells below `end` that a mark lies in, in order; the first is always one of them.
///
/// Sums, products, quotients and roots of `f64` are exact to the last bit on every machine (IEEE 754), so both sides walk the
/// same cells; see `the_same_marks_lie_in_the_same_cells_everywhere`.
fn places(mark: Mark, end: usize) -> impl Iterator<Item = usize> {
    let mut state = mark.0;
    std::iter::successors(Some(0u64), move |at| {
        state = state.wrapping_mul(MULTIPLIER);
        let step = (*at as f64 + 1.5) * (TWO_TO_32 / (state as f64 + 1.0).sqrt() - 1.0);
        // A cast of a number that is too large gives the largest one.
        at.checked_add(step.ceil() as u64)
    })
    .map(|at| usize::try_from(at).unwrap_or(usize::MAX))
    .take_while(move |at| *at < end)
}

/// Of the generator that draws a mark's next cell, as in the source.
const MULTIPLIER: u64 = 0xda94_2042_e4dd_58b5;
const TWO_TO_32: f64 = 4_294_967_296.0;
const CELL_BYTES: usize = 12;
/// A cell's count strays from the expected one by a small part of the set; 2^34 is more than any shelf has.
const VARINT_BYTES_MAX: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const KEY: SketchKey = SketchKey([9; 16]);

    fn cells(key: &SketchKey, set: &BTreeSet<u32>, range: Range<usize>) -> Vec<Cell> {
        let mut sketch = Sketch::new(key, range);
        set.iter().for_each(|entry| sketch.add(&entry.to_be_bytes()));
        sketch.into_cells()
    }
    fn marks(key: &SketchKey, ours: &BTreeSet<u32>, theirs: &BTreeSet<u32>) -> Vec<Mark> {
        let mut marks: Vec<Mark> = ours.difference(theirs).map(|entry| key.mark(&entry.to_be_bytes())).collect();
        marks.sort();
        marks
    }
    /// The difference, with ever more cells until they do; and how many they were.
    fn reconciled(key: &SketchKey, ours: &BTreeSet<u32>, theirs: &BTreeSet<u32>) -> (Difference, usize) {
        let enough = 64 + 8 * (ours.len() + theirs.len());
        let (ours, theirs) = (cells(key, ours, 0..enough), cells(key, theirs, 0..enough));
        let peeled = (1..=enough).find_map(|few| Some((peel(key, &ours[..few], &theirs[..few])?, few)));
        peeled.expect("eight cells for each entry are enough")
    }

    #[test]
    fn the_same_marks_lie_in_the_same_cells_everywhere() {
        assert_eq!(KEY.mark(b"entry"), Mark(6398956105314310862));
        assert_eq!(KEY.check(Mark(1)), 2111333705);
        assert_eq!(
            places(Mark(0x0123_4567_89ab_cdef), 1_000_000).collect::<Vec<_>>(),
            [
                0, 1, 2, 4, 6, 8, 20, 24, 34, 36, 126, 153, 155, 1225, 2837, 3114, 3242, 7220, 8569, 13648, 14833,
                15115, 58349, 81321, 109742, 240143, 354198, 440048, 447027, 545649
            ]
        );
        assert_eq!(places(Mark(0), usize::MAX).next(), Some(0));
    }
    #[test]
    fn a_thousand_differences_take_less_than_a_thousand_and_a_half_cells() {
        for seed in 0..8 {
            let key = SketchKey([seed; 16]);
            let (ours, theirs) = ((0..5_000).collect(), (500..5_500).collect());
            let (difference, used) = reconciled(&key, &ours, &theirs);
            assert_eq!((difference.ours.len(), difference.theirs.len()), (500, 500));
            assert!((1_200..1_500).contains(&used), "{used} cells");
            assert!(cells_for(1_000) >= used);
        }
    }
    #[test]
    fn few_cells_tell_how_many_differences_there_are() {
        for (seed, (kept, lost)) in
            [(3_000, 0), (0, 3_000), (2_000, 2_000), (40_000, 100), (25_000, 0), (100, 25_000)].into_iter().enumerate()
        {
            let key = SketchKey([seed as u8; 16]);
            let ours = (0..50_000 + kept).collect();
            let theirs = (0..50_000).chain(100_000..100_000 + lost).collect();
            let both = [&ours, &theirs].map(|set| cells(&key, set, 0..SKETCH_CELLS_FIRST));
            let (said, true_number) = (
                estimate(&both[0], &both[1], i64::from(kept) - i64::from(lost), 50_000 + u64::from(kept)),
                u64::from(kept + lost),
            );
            assert!(said > true_number * 3 / 5 && said < true_number * 3 / 2, "{said} instead of {true_number}");
        }
    }
    #[test]
    fn a_range_of_cells_is_that_part_of_the_whole_row() {
        let set: BTreeSet<u32> = (0..300).collect();
        let whole = cells(&KEY, &set, 0..500);
        assert_eq!([cells(&KEY, &set, 0..128), cells(&KEY, &set, 128..500)].concat(), whole);
    }
    #[test]
    fn cells_take_13_bytes_and_little_more() {
        let set: BTreeSet<u32> = (0..100_000).collect();
        let packed = pack(&cells(&KEY, &set, 0..4_000), 0, 100_000);
        assert!(packed.len() < 4_000 * 13 + 800, "{} bytes", packed.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]
        #[test]
        fn any_two_sets_come_together(
            key in any::<[u8; 16]>(),
            shared in proptest::collection::btree_set(any::<u32>(), 0..200),
            ours in proptest::collection::btree_set(any::<u32>(), 0..60),
            theirs in proptest::collection::btree_set(any::<u32>(), 0..60),
        ) {
            let key = SketchKey(key);
            let ours: BTreeSet<u32> = shared.union(&ours).copied().collect();
            let theirs: BTreeSet<u32> = shared.union(&theirs).copied().collect();
            let (difference, _) = reconciled(&key, &ours, &theirs);
            prop_assert_eq!(difference.ours, marks(&key, &ours, &theirs));
            prop_assert_eq!(difference.theirs, marks(&key, &theirs, &ours));
        }
        #[test]
        fn equal_sets_differ_in_nothing_and_one_cell_says_so(set in proptest::collection::btree_set(any::<u32>(), 0..300)) {
            prop_assert_eq!(reconciled(&KEY, &set, &set), (Difference::default(), 1));
        }
        #[test]
        fn sets_that_share_nothing_come_together(len in 0u32..150) {
            let (ours, theirs) = ((0..len).collect(), (1_000..1_000 + 2 * len).collect());
            let (difference, _) = reconciled(&KEY, &ours, &theirs);
            prop_assert_eq!((difference.ours.len(), difference.theirs.len()), (len as usize, 2 * len as usize));
        }
        #[test]
        fn cells_pack_and_any_bytes_are_read_or_refused(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            from in 0usize..SKETCH_CELLS_MAX,
            entries in any::<u64>(),
        ) {
            if let Some(cells) = unpack(&bytes, from, entries, 16) {
                prop_assert!(cells.len() <= 16);
                prop_assert_eq!(&pack(&cells, from, entries), &bytes);
            }
            let set: BTreeSet<u32> = bytes.iter().map(|byte| u32::from(*byte)).collect();
            let cells = cells(&KEY, &set, 0..40);
            let packed = pack(&cells, 0, set.len() as u64);
            prop_assert_eq!(unpack(&packed, 0, set.len() as u64, 40), Some(cells));
            prop_assert_eq!(unpack(&packed, 0, set.len() as u64, 39), None);
        }
        #[test]
        fn hostile_cells_end_and_name_no_more_marks_than_there_are_cells(
            made in proptest::collection::vec((any::<u64>(), any::<Option<u32>>(), prop_oneof![-2i64..3, any::<i64>()]), 0..80),
            lean in any::<i64>(),
        ) {
            // Half of them carry a check that fits, so that each looks like a single mark, wherever it lies.
            let theirs: Vec<Cell> = made
                .iter()
                .map(|(sum, check, count)| Cell { sum: *sum, check: check.unwrap_or_else(|| KEY.check(Mark(*sum))), count: *count })
                .collect();
            let ours = vec![Cell::default(); theirs.len()];
            if let Some(difference) = peel(&KEY, &ours, &theirs) {
                prop_assert!(difference.ours.len() + difference.theirs.len() <= theirs.len());
            }
            let said = estimate(&ours, &theirs, lean, 1_000);
            prop_assert!(said >= lean.unsigned_abs());
            prop_assert!(cells_for(said) >= SKETCH_CELLS_FIRST);
        }
    }
}
