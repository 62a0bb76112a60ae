use super::*;
use crate::{
    audit::{
        What,
        tree::{verify_consistency, verify_inclusion},
    },
    data::MemoryView,
    time::Millis,
};
use proptest::prelude::*;

const KEY: [u8; 32] = [7; 32];

fn event_of(number: u64) -> Event {
    Event::new(Millis(number), What::Answered).count(number as u32)
}

/// A log of `size` events, appended in batches of the given length.
fn log_of(size: u64, batch: usize) -> MemoryView {
    let mut view = MemoryView::default();
    let all: Vec<Event> = (0..size).map(event_of).collect();
    for events in all.chunks(batch.max(1)) {
        let appended = append(&view, &KEY, events);
        view.apply(&appended.writes);
    }
    view
}

/// RFC 6962's own, recursive definition.
fn merkle(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        more => {
            let at = split(more.len() as u64) as usize;
            hash_children(&merkle(&more[..at]), &merkle(&more[at..]))
        }
    }
}

#[test]
fn positions_count_up_across_batches() {
    let mut view = MemoryView::default();
    let first = append(&view, &KEY, &[event_of(0), event_of(1)]);
    view.apply(&first.writes);
    let second = append(&view, &KEY, &[event_of(2)]);
    view.apply(&second.writes);
    assert_eq!((first.leaves, second.leaves), (vec![0, 1], vec![2]));
    assert_eq!(head(&view).size, 3);
    assert_eq!(events(&view, 1, 10), vec![(1, event_of(1)), (2, event_of(2))]);
    assert_eq!(event(&view, 3), None);
}

#[test]
fn the_log_verifies_around_events_of_erased_patients_and_passes_them_over() {
    let mut view = log_of(9, 4);
    for index in [0, 3, 4, 5] {
        view.apply(&[put(event_key(index), ERASED.to_vec())]);
    }
    assert_eq!(verify_log(&view, &KEY), Ok(head(&log_of(9, 4))));
    let indexes = |from, limit| events(&view, from, limit).into_iter().map(|(index, _)| index).collect::<Vec<_>>();
    assert_eq!(indexes(0, 2), [1, 2]);
    assert_eq!(indexes(3, 2), [6, 7]);
    assert_eq!(indexes(3, 9), [6, 7, 8]);
    view.apply(&[put(node_key(0, 4), vec![1; 32])]);
    assert!(matches!(verify_log(&view, &KEY), Err(LogDamage::Node { .. } | LogDamage::Root(_))));
    view.apply(&[Write { space: Space::Audit, key: node_key(0, 4), value: None }]);
    assert_eq!(verify_log(&view, &KEY), Err(LogDamage::Event(4)));
}

#[test]
fn no_events_write_nothing() {
    assert_eq!(append(&MemoryView::default(), &KEY, &[]), Appended::default());
    assert_eq!(head(&MemoryView::default()), Head { size: 0, root: empty_root() });
    assert_eq!(verify_log(&MemoryView::default(), &KEY), Ok(head(&MemoryView::default())));
}

#[test]
fn leaves_are_salted_so_that_equal_events_do_not_show() {
    let mut view = MemoryView::default();
    let appended = append(&view, &KEY, &[event_of(1), event_of(1)]);
    view.apply(&appended.writes);
    assert_ne!(leaf_hash(&view, 0), leaf_hash(&view, 1));
}

#[test]
fn every_proof_of_every_size_up_to_40_is_good_for_its_place_only() {
    let view = log_of(40, 7);
    for size in 0..=40u64 {
        let root = root_at(&view, size).expect("below the head");
        for index in 0..size {
            let leaf = leaf_hash(&view, index).expect("written");
            let proof = inclusion(&view, index, size).expect("in the tree");
            assert!(verify_inclusion(leaf, index, size, &proof, root), "leaf {index} of {size}");
            assert!(!verify_inclusion(Hash([1; 32]), index, size, &proof, root));
            assert!(!verify_inclusion(leaf, (index + 1) % size, size, &proof, root) || size == 1);
        }
        for from in 0..=size {
            let old = root_at(&view, from).expect("below the head");
            let proof = consistency(&view, from, size).expect("in order");
            assert!(verify_consistency(from, size, old, root, &proof), "{from} to {size}");
            assert!(from == size || from == 0 || !verify_consistency(from, size, Hash([1; 32]), root, &proof));
            assert!(from == size || from == 0 || !verify_consistency(from, size, old, Hash([1; 32]), &proof));
        }
    }
    assert_eq!(inclusion(&view, 40, 40), None);
    assert_eq!(inclusion(&view, 0, 41), None);
    assert_eq!(consistency(&view, 3, 41), None);
    assert_eq!(consistency(&view, 4, 3), None);
    assert_eq!(root_at(&view, 41), None);
}

#[test]
fn row_97_a_changed_event_tree_node_root_or_head_is_damage() {
    let good = log_of(11, 4);
    assert_eq!(verify_log(&good, &KEY), Ok(head(&good)));
    let damaged = |writes: &[Write]| {
        let mut view = good.clone();
        view.apply(writes);
        verify_log(&view, &KEY)
    };
    let gone = |key| Write { space: Space::Audit, key, value: None };
    assert_eq!(damaged(&[put(event_key(6), encode(&event_of(99)))]), Err(LogDamage::Node { level: 0, node: 6 }));
    assert_eq!(damaged(&[gone(event_key(6))]), Err(LogDamage::Event(6)));
    assert_eq!(damaged(&[gone(event_key(10))]), Err(LogDamage::Event(10)));
    assert_eq!(damaged(&[put(event_key(6), vec![2])]), Err(LogDamage::Event(6)));
    assert_eq!(damaged(&[put(node_key(2, 1), vec![0; 32])]), Err(LogDamage::Node { level: 2, node: 1 }));
    let head = |size, root| put(HEAD.to_vec(), encode(&Head { size, root }));
    assert_eq!(damaged(&[head(11, Hash([0; 32]))]), Err(LogDamage::Root(11)));
    let shorter = root_at(&good, 10).expect("below the head");
    assert_eq!(damaged(&[head(10, shorter)]), Err(LogDamage::Beyond(10)));
}

/// A view of a log that grows while it is read: the first look sees its beginning, every later one all of it.
struct Growing {
    first: MemoryView,
    later: MemoryView,
    looks: std::sync::atomic::AtomicUsize,
}

impl Growing {
    fn now(&self) -> &MemoryView {
        match self.looks.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 => &self.first,
            _ => &self.later,
        }
    }
}

impl View for Growing {
    fn get(&self, space: Space, key: &[u8]) -> Option<Vec<u8>> {
        self.now().get(space, key)
    }
    fn scan(&self, space: Space, prefix: &[u8], from: &[u8], limit: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
        self.now().scan(space, prefix, from, limit)
    }
}

#[test]
fn a_log_that_grows_while_it_is_verified_is_not_damaged() {
    let (first, later) = (log_of(9, 4), log_of(14, 4));
    let growing = Growing { first: first.clone(), later, looks: Default::default() };
    assert_eq!(verify_log(&growing, &KEY), Ok(head(&first)));
}

#[test]
fn a_lost_tree_node_is_rebuilt_from_its_events() {
    let mut view = log_of(12, 5);
    let whole = append(&view, &KEY, &[event_of(12)]);
    view.apply(&[Write { space: Space::Audit, key: node_key(3, 0), value: None }]);
    assert_eq!(append(&view, &KEY, &[event_of(12)]), whole);
}

proptest! {
    #[test]
    fn batches_of_any_length_give_the_tree_of_the_standard(size in 0u64..120, batch in 1usize..40) {
        let view = log_of(size, batch);
        let leaves: Vec<Hash> = (0..size).map(|index| leaf_hash(&view, index).expect("written")).collect();
        prop_assert_eq!(head(&view), Head { size, root: merkle(&leaves) });
        prop_assert_eq!(&view, &log_of(size, 1));
        prop_assert_eq!(verify_log(&view, &KEY), Ok(head(&view)));
        let middle = size / 2;
        prop_assert_eq!(root_at(&view, middle), Some(merkle(&leaves[..middle as usize])));
    }
    #[test]
    fn any_proof_is_checked_without_panic(
        leaf: [u8; 32], index: u64, size: u64, from: u64, root: [u8; 32],
        proof in proptest::collection::vec(any::<[u8; 32]>(), 0..70),
    ) {
        let proof: Vec<Hash> = proof.into_iter().map(Hash).collect();
        prop_assert!(!verify_inclusion(Hash(leaf), index, size, &proof, Hash(root)));
        prop_assert!(!verify_consistency(from, size, Hash(leaf), Hash(root), &proof));
    }
}
