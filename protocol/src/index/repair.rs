//! A copy that following does not bring to the author's root: its differences are found by a sketch and moved, no more.
use super::content::{Content, each_packed};
use super::copy::{SyncFault, between, proven};
use super::manifest::held;
use super::sketch::{Cell, Difference, Mark, Sketch, SketchKey, cells_for, estimate, peel};
use super::{Entry, Manifest};
use crate::data::{View, Write};
use crate::ids::ShelfId;
use crate::limits::{REPAIR_SHARE, SKETCH_CELLS_MAX};
use std::collections::BTreeSet;
use std::ops::Range;

/// What a source answers to a copy's cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compared {
    /// The difference.
    Found {
        /// What the copy lacks, in order of slots.
        adds: Vec<Entry>,
        /// What the copy has and the shelf has not.
        gone: Vec<Mark>,
    },
    /// The cells are too few; with those up to this number they will probably do.
    More(usize),
    /// So much differs that the whole shelf is less work.
    Whole,
}

/// The cells of what this node has of a shelf. Cost: one reading of the shelf.
pub fn sketch(view: &dyn View, shelf: ShelfId, key: &SketchKey, range: Range<usize>) -> Vec<Cell> {
    let mut sketch = Sketch::new(key, range);
    each_packed(view, shelf, |packed| sketch.add(packed));
    sketch.into_cells()
}

/// Lays a copy's first cells against this node's shelf. `entries` is how many the copy has. Cost: two readings of the shelf.
pub fn compare(view: &dyn View, shelf: ShelfId, key: &SketchKey, theirs: &[Cell], entries: u64) -> Compared {
    let count = held(view, shelf).map_or(0, |held| held.manifest.count);
    let ours = sketch(view, shelf, key, 0..theirs.len());
    if let Some(Difference { ours, theirs: gone }) = peel(key, &ours, theirs) {
        let wanted: BTreeSet<Mark> = ours.into_iter().collect();
        return Compared::Found { adds: marked(view, shelf, key, &wanted), gone };
    }
    let lean = i64::try_from(i128::from(count) - i128::from(entries)).unwrap_or(i64::MAX);
    let differences = estimate(&ours, theirs, lean, count);
    if differences > count / REPAIR_SHARE
        || cells_for(differences) > SKETCH_CELLS_MAX
        || theirs.len() >= SKETCH_CELLS_MAX
    {
        return Compared::Whole;
    }
    // The estimate errs by an eighth to either side in the first round: a quarter more is enough nineteen times in twenty.
    let more = cells_for(differences.saturating_add(differences / 4)).max(theirs.len() + theirs.len() / 4);
    Compared::More(more.min(SKETCH_CELLS_MAX))
}

/// Takes a difference: what comes of it must be the shelf under the manifest's root, whoever sent it.
///
/// `gone` are marks under the key of this repair. The signature and the time of the manifest are the caller's to check; the
/// manifest we hold may be offered again. Removals before it are forgotten, since this copy was not told them.
///
/// # Errors
/// [`SyncFault`]; nothing is taken then.
pub fn mend(
    view: &dyn View,
    manifest: &Manifest,
    key: &SketchKey,
    adds: &[Entry],
    gone: &[Mark],
) -> Result<Vec<Write>, SyncFault> {
    let shelf = manifest.shelf.id();
    let held = held(view, shelf).map(|held| held.manifest);
    let seq = held.as_ref().map_or(0, |held| held.seq);
    if manifest.seq < seq {
        return Err(SyncFault::Older { offered: manifest.seq, held: seq });
    }
    if !manifest.is_sound() {
        return Err(SyncFault::Bounds(manifest.upto));
    }
    let (bits, count) = held.map_or((manifest.bits, 0), |held| (held.bits, held.count));
    let mut content = Content::open(view, shelf, bits, count);
    if !gone.is_empty() {
        let gone = gone.iter().copied().collect();
        marked(view, shelf, key, &gone).iter().for_each(|entry| content.erase(&entry.slot));
    }
    for entry in adds {
        between(entry.number, 0, manifest.upto)?;
        content.put(*entry);
    }
    content.forget_all_removed();
    proven(content.finish(manifest.bits), manifest, manifest.upto)
}

/// The entries of a shelf that these marks stand for, in order of slots.
fn marked(view: &dyn View, shelf: ShelfId, key: &SketchKey, marks: &BTreeSet<Mark>) -> Vec<Entry> {
    let mut found = Vec::new();
    if !marks.is_empty() {
        each_packed(view, shelf, |packed| {
            if marks.contains(&key.mark(packed)) {
                found.extend(Entry::unpack(packed));
            }
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Author, NOW, add, catch_up, remove, shelf};
    use super::*;
    use crate::data::MemoryView;
    use crate::index::{follow, manifest, replace, take, whole};
    use crate::limits::{MANIFEST_MS, SKETCH_CELLS_FIRST, SKETCH_ROUNDS_MAX};
    use proptest::prelude::*;

    const KEY: SketchKey = SketchKey([5; 16]);

    /// Rounds of a repair as the Engine makes them, until the source knows the difference or gives up.
    fn compared(copy: &MemoryView, source: &MemoryView) -> (Compared, u32) {
        let id = shelf().id();
        let entries = manifest(copy, id).map_or(0, |held| held.count);
        let (mut cells, mut upto) = (Vec::new(), SKETCH_CELLS_FIRST);
        for round in 1.. {
            cells.extend(sketch(copy, id, &KEY, cells.len()..upto));
            match compare(source, id, &KEY, &cells, entries) {
                Compared::More(more) => upto = more,
                answer => return (answer, round),
            }
        }
        unreachable!("the loop ends by itself")
    }
    fn repaired(copy: &mut MemoryView, source: &MemoryView) {
        let newest = manifest(source, shelf().id()).expect("the source has the shelf");
        let writes = match compared(copy, source).0 {
            Compared::Found { adds, gone } => mend(copy, &newest, &KEY, &adds, &gone),
            _ => replace(copy, &newest, &whole(source, shelf().id())),
        };
        copy.apply(&writes.expect("the root fits"));
    }

    #[test]
    fn a_copy_that_is_too_old_to_follow_is_sent_what_it_lacks_and_no_more() {
        let (mut author, mut copy) = (Author::default(), MemoryView::default());
        author.publish((0..5_000).map(|n| add(n, n, 1)).collect());
        catch_up(&mut copy, &author.view, 1_000).expect("follows");
        let before = manifest(&copy, shelf().id()).expect("held").upto;
        author.publish([remove(3, 3), remove(4, 4)].into_iter().chain((5_000..5_200).map(|n| add(n, n, 1))).collect());
        let late = NOW.plus(MANIFEST_MS + 1);
        let newest = author.publish_at(vec![add(1, 1, 3)], late);
        assert!(follow(&author.view, shelf().id(), before, 1_000).is_err());
        let (answer, rounds) = compared(&copy, &author.view);
        let Compared::Found { adds, gone } = answer else { panic!("{answer:?}") };
        assert!(rounds <= SKETCH_ROUNDS_MAX && (200..400).contains(&adds.len()) && gone.len() < 100, "{rounds} rounds");
        copy.apply(&mend(&copy, &newest, &KEY, &adds, &gone).expect("the root fits"));
        assert_eq!(whole(&copy, shelf().id()), whole(&author.view, shelf().id()));
        // And it is as good as any other from here on: it follows, and others follow it.
        author.publish_at(vec![remove(7, 7), add(9_000, 1, 1)], late);
        catch_up(&mut copy, &author.view, 100).expect("follows");
        let mut far = MemoryView::default();
        catch_up(&mut far, &copy, 100).expect("follows");
        assert_eq!(whole(&far, shelf().id()), whole(&author.view, shelf().id()));
    }
    #[test]
    fn two_courses_of_one_author_come_together_again() {
        let (mut author, mut copy) = (Author::default(), MemoryView::default());
        author.publish((0..2_000).map(|n| add(n, n, 1)).collect());
        let backup = author.view.clone();
        author.publish((2_000..2_300).map(|n| add(n, n, 1)).chain([remove(5, 5)]).collect());
        catch_up(&mut copy, &author.view, 1_000).expect("follows");
        author.view = backup;
        author.publish(vec![add(7_000, 7, 1), remove(6, 6)]);
        let newest = author.publish(vec![]);
        let start = manifest(&copy, shelf().id()).expect("held").upto;
        assert_eq!(take(&copy, &newest, start, &[]), Err(SyncFault::Rewound { offered: newest.upto, have: start }));
        repaired(&mut copy, &author.view);
        assert_eq!(whole(&copy, shelf().id()), whole(&author.view, shelf().id()));
        author.publish((8_000..8_500).map(|n| add(n, n, 1)).collect());
        catch_up(&mut copy, &author.view, 100).expect("what came of the other course is forgotten");
        assert_eq!(whole(&copy, shelf().id()), whole(&author.view, shelf().id()));
    }
    #[test]
    fn a_forged_or_short_difference_never_makes_the_root() {
        let (mut author, mut copy) = (Author::default(), MemoryView::default());
        author.publish((0..1_000).map(|n| add(n, n, 1)).collect());
        catch_up(&mut copy, &author.view, 1_000).expect("follows");
        let newest = author.publish(vec![add(2_000, 2, 1), remove(8, 8), add(9, 9, 7)]);
        let Compared::Found { adds, gone } = compared(&copy, &author.view).0 else { panic!("few differences") };
        let refused = |adds: &[Entry], gone: &[Mark]| mend(&copy, &newest, &KEY, adds, gone).is_err();
        assert!(refused(&adds[1..], &gone) && refused(&adds, &gone[1..]) && refused(&[], &[]));
        let mut bent = adds.clone();
        bent[0].body[3] ^= 1;
        assert!(refused(&bent, &gone));
        let all: Vec<Mark> = whole(&copy, shelf().id()).iter().map(|entry| KEY.mark(&entry.pack())).collect();
        assert!(refused(&adds, &all));
        let above = Entry { number: newest.upto + 1, ..adds[0] };
        assert_eq!(mend(&copy, &newest, &KEY, &[above], &gone), Err(SyncFault::Bounds(newest.upto + 1)));
        assert!(
            mend(&copy, &newest, &SketchKey([6; 16]), &adds, &gone).is_err(),
            "marks of another repair name nothing"
        );
        assert!(mend(&copy, &newest, &KEY, &adds, &gone).is_ok());
    }
    #[test]
    fn shelves_that_share_little_are_sent_whole() {
        let (mut author, mut other) = (Author::default(), Author::default());
        author.publish((0..2_000).map(|n| add(n, n, 1)).collect());
        other.publish((1_000..3_000).map(|n| add(n, n, 2)).collect());
        assert_eq!(compared(&other.view, &author.view), (Compared::Whole, 1));
        assert_eq!(compared(&MemoryView::default(), &author.view), (Compared::Whole, 1));
    }

    #[test]
    fn a_copy_that_lacks_a_third_is_repaired_and_not_sent_the_whole() {
        let (mut author, mut copy) = (Author::default(), MemoryView::default());
        author.publish((0..20_000).map(|n| add(n, n, 1)).collect());
        catch_up(&mut copy, &author.view, 10_000).expect("follows");
        author.publish((20_000..30_000).map(|n| add(n, n, 1)).collect());
        let (answer, rounds) = compared(&copy, &author.view);
        let Compared::Found { adds, .. } = answer else { panic!("{rounds} rounds: {answer:?}") };
        assert!(adds.len() >= 10_000 && rounds <= SKETCH_ROUNDS_MAX, "{} in {rounds} rounds", adds.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn any_copy_comes_to_the_root_of_any_source(
            shared in 0u32..400,
            ours in proptest::collection::vec((0u32..900, any::<bool>()), 0..60),
            theirs in proptest::collection::vec((0u32..900, any::<bool>()), 0..60),
        ) {
            let (mut author, mut copy) = (Author::default(), MemoryView::default());
            author.publish((0..shared).map(|n| add(n, n, 1)).collect());
            let backup = author.view.clone();
            let change = |(n, is_new): &(u32, bool)| if *is_new { add(*n, *n, 2) } else { remove(*n, *n) };
            author.publish(theirs.iter().map(change).collect());
            catch_up(&mut copy, &author.view, 50).expect("follows");
            author.view = backup;
            author.publish(ours.iter().map(change).collect());
            author.publish(vec![]);
            repaired(&mut copy, &author.view);
            prop_assert_eq!(whole(&copy, shelf().id()), whole(&author.view, shelf().id()));
        }
        #[test]
        fn hostile_differences_never_panic_and_never_count(
            made in proptest::collection::vec((any::<[u8; 16]>(), any::<u64>()), 0..20),
            gone in proptest::collection::vec(any::<u64>(), 0..20),
            upto in any::<u64>(),
            bits in any::<u8>(),
        ) {
            let mut author = Author::default();
            let newest = author.publish(vec![add(1, 1, 1)]);
            let adds: Vec<Entry> = made.iter().map(|(slot, number)| Entry { slot: crate::ids::Slot(*slot), number: *number, body: [0; 64] }).collect();
            let gone: Vec<Mark> = gone.into_iter().map(Mark).collect();
            let forged = Manifest { upto, bits, seq: newest.seq + 1, root: crate::ids::Hash([1; 32]), ..newest };
            prop_assert!(mend(&author.view, &forged, &KEY, &adds, &gone).is_err());
        }
    }
}
