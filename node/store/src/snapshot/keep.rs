//! When a snapshot is made, and what may go then. Pure: what is there goes in, what to do comes out.
use crate::limits::{SEGMENTS_KEPT_MIN, SNAPSHOT_JOURNAL_BYTES_MIN, SNAPSHOTS_KEPT};

/// A segment of the journal: the number of its first frame, and its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) first: u64,
    pub(crate) bytes: u64,
}

/// Whether a snapshot pays: the journal behind the newest one has grown as large as that one is, and not small.
pub(crate) fn is_due(segments: &[Piece], newest: Option<(u64, u64)>) -> bool {
    let (position, snapshot_bytes) = newest.unwrap_or((0, 0));
    // The segment that the newest snapshot ends in counts as behind it: nobody knows how much of it without reading.
    let from = segments.partition_point(|piece| piece.first <= position.max(1)).saturating_sub(1);
    let behind: u64 = segments.get(from..).unwrap_or_default().iter().map(|piece| piece.bytes).sum();
    behind > SNAPSHOT_JOURNAL_BYTES_MIN.max(snapshot_bytes)
}

/// Which segments may go: those that lie wholly at or below a frame that so many good snapshots have seen, and that the
/// index has on its disk. The newest few stay in any case.
pub(crate) fn droppable(segments: &[Piece], good: &[u64], indexed: u64) -> Vec<u64> {
    let Some(covered) = good.len().checked_sub(SNAPSHOTS_KEPT).and_then(|at| good.get(at)) else { return Vec::new() };
    let upto = (*covered).min(indexed);
    let spare = segments.len().saturating_sub(SEGMENTS_KEPT_MIN);
    let nexts = segments.iter().skip(1).map(|piece| piece.first);
    let pairs = segments.iter().zip(nexts).take(spare);
    pairs.take_while(|(_, next)| next - 1 <= upto).map(|(piece, _)| piece.first).collect()
}

/// Which snapshots may go: all but the newest good ones. Damaged ones, which are not among `good`, stay for people to see.
pub(crate) fn superfluous(good: &[u64]) -> &[u64] {
    &good[..good.len().saturating_sub(SNAPSHOTS_KEPT)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pieces(firsts: &[u64], bytes: u64) -> Vec<Piece> {
        firsts.iter().map(|first| Piece { first: *first, bytes }).collect()
    }

    #[test]
    fn a_small_journal_needs_no_snapshot_and_a_grown_one_does() {
        let half = SNAPSHOT_JOURNAL_BYTES_MIN / 2;
        assert!(!is_due(&pieces(&[1, 5], half), None));
        assert!(is_due(&pieces(&[1, 5, 9], half), None));
        assert!(!is_due(&pieces(&[1, 5, 9], half), Some((6, 1))));
        assert!(is_due(&pieces(&[1, 5, 9, 12], half), Some((6, 1))));
        assert!(!is_due(&pieces(&[1, 5, 9, 12], half), Some((6, half * 4))), "a large snapshot is not made for little");
    }

    #[test]
    fn one_snapshot_alone_lets_nothing_go() {
        assert_eq!(droppable(&pieces(&[1, 5, 9, 12, 20, 30], 1), &[29], 40), [0u64; 0]);
        assert_eq!(droppable(&pieces(&[1, 5, 9, 12, 20, 30], 1), &[], 40), [0u64; 0]);
    }

    #[test]
    fn the_older_of_two_snapshots_and_the_index_bound_what_goes() {
        let segments = pieces(&[1, 5, 9, 12, 20, 30, 40], 1);
        assert_eq!(droppable(&segments, &[8, 35], 50), [1, 5]);
        assert_eq!(droppable(&segments, &[7, 35], 50), [1]);
        assert_eq!(droppable(&segments, &[8, 35], 4), [1]);
        assert_eq!(droppable(&segments, &[3, 8, 35], 50), [1, 5]);
    }

    #[test]
    fn the_newest_segments_stay() {
        assert_eq!(droppable(&pieces(&[1, 5, 9, 12], 1), &[30, 35], 50), [0u64; 0]);
    }

    proptest! {
        #[test]
        fn whatever_goes_is_in_two_good_snapshots_and_the_index(
            steps in proptest::collection::vec(1u64..9, 0..20), good in proptest::collection::btree_set(0u64..90, 0..5), indexed in 0u64..90,
        ) {
            let mut first = 1;
            let segments: Vec<Piece> = steps.iter().map(|step| { let at = first; first += step; Piece { first: at, bytes: 1 } }).collect();
            let good: Vec<u64> = good.into_iter().collect();
            let gone = droppable(&segments, &good, indexed);
            prop_assert!(segments.len() - gone.len() >= SEGMENTS_KEPT_MIN.min(segments.len()));
            for (at, first) in gone.iter().enumerate() {
                prop_assert_eq!(segments[at].first, *first, "from the oldest on, without holes");
                let last = segments[at + 1].first - 1;
                prop_assert!(good.iter().filter(|position| **position >= last).count() >= SNAPSHOTS_KEPT && indexed >= last);
            }
        }
    }
}
