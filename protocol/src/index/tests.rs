use super::content::Place;
use super::*;
use crate::data::{MemoryView, Space, View};
use crate::ids::{AccordId, FacilityId, Handle, NetworkId, ReceiptId, Tag};
use crate::kinds::{Coarse, Codes, KindSet};
use crate::limits::MANIFEST_MS;
use crate::time::{DAY_MS, Millis};
use proptest::prelude::*;
use std::collections::BTreeMap;

pub(super) const NOW: Millis = Millis(1_000_000_000_000);

pub(super) fn shelf() -> Shelf {
    let holder = FacilityId::parse("0110000001").expect("ten digits");
    Shelf { holder, audience: Audience::Network { network: NetworkId([1; 32]), classes: Codes(3) }, epoch: 1 }
}
pub(super) fn tag(number: u32) -> Tag {
    let mut tag = Tag([0; 32]);
    tag.0[..4].copy_from_slice(&number.to_be_bytes());
    tag
}
pub(super) fn body(patient: u32, kinds: u32) -> Body {
    let mut handle = Handle([0; 16]);
    handle.0[..4].copy_from_slice(&patient.to_be_bytes());
    Body { kinds: KindSet::from_bits(kinds), rule: 7, handle, consent: ReceiptId([3; 16]) }
}
pub(super) fn add(tag_number: u32, patient: u32, kinds: u32) -> Change {
    Change::Add { tag: tag(tag_number), body: body(patient, kinds) }
}
pub(super) fn remove(tag_number: u32, patient: u32) -> Change {
    Change::Remove { tag: tag(tag_number), handle: body(patient, 0).handle }
}

/// An author with its store; every batch has its own seed.
#[derive(Default)]
pub(super) struct Author {
    pub view: MemoryView,
    batches: u8,
}
impl Author {
    pub fn publish(&mut self, changes: Vec<Change>) -> Manifest {
        self.publish_at(changes, NOW)
    }
    pub fn publish_at(&mut self, changes: Vec<Change>, now: Millis) -> Manifest {
        self.batches += 1;
        let authored = author(&self.view, &shelf(), changes, [self.batches; 32], now);
        self.view.apply(&authored.writes);
        authored.manifest
    }
}
/// Follows `from` up to its newest manifest in pages of `limit`.
pub(super) fn catch_up(copy: &mut MemoryView, from: &dyn View, limit: usize) -> Result<(), SyncFault> {
    let id = shelf().id();
    let Some(newest) = manifest(from, id) else { return Ok(()) };
    let start = manifest(copy, id).map_or(0, |held| held.upto);
    let (mut at, mut pages) = (start, Vec::new());
    loop {
        let page = match pages.is_empty() {
            true => follow(from, id, at, limit).expect("not too old"),
            false => follow_on(from, id, at, limit),
        };
        let (more, upto) = (page.more, page.upto);
        assert!(page.len() <= limit && (!more || upto > at));
        pages.push(Changes::unpack(&page.pack()).expect("packs"));
        at = upto;
        if !more {
            break;
        }
    }
    copy.apply(&take(copy, &newest, start, &pages)?);
    Ok(())
}
fn found(view: &dyn View, number: u32) -> Vec<Body> {
    find_all(view, shelf().id(), &tag(number), NOW).into_iter().map(|(body, _)| body).collect()
}

#[test]
fn row_173_sealed_bodies_are_64_bytes_and_open_only_with_tag_shelf_and_number() {
    let (id, sealed) = (shelf().id(), body(1, 5).seal(&tag(1), shelf().id(), 9));
    assert_eq!(sealed.len(), 64);
    assert!(sealed[48..].iter().any(|byte| *byte != 0), "the seal's mark is there");
    assert_eq!(Body::open(&tag(1), id, 9, &sealed), Some(body(1, 5)));
    assert_eq!(Body::open(&tag(2), id, 9, &sealed), None);
    assert_eq!(Body::open(&tag(1), Shelf { epoch: 2, ..shelf() }.id(), 9, &sealed), None);
    assert_eq!(Body::open(&tag(1), id, 10, &sealed), None);
}
#[test]
fn shelves_differ_by_holder_audience_and_epoch_and_share_no_slot() {
    let other = FacilityId::parse("0110000002").expect("ten digits");
    let accord = Audience::Accord { accord: AccordId([1; 32]) };
    let wider = Audience::Network { network: NetworkId([1; 32]), classes: Codes(7) };
    let shelves = [
        shelf(),
        Shelf { holder: other, ..shelf() },
        Shelf { audience: accord, ..shelf() },
        Shelf { audience: wider, ..shelf() },
        Shelf { epoch: 2, ..shelf() },
    ];
    let slots: std::collections::BTreeSet<_> = shelves.iter().map(|shelf| slot(&tag(1), shelf.id())).collect();
    assert_eq!(slots.len(), shelves.len());
}
#[test]
fn what_is_published_is_found_by_its_tag_alone() {
    let mut author = Author::default();
    author.publish(vec![add(1, 10, 3), add(2, 10, 3), add(3, 11, 1)]);
    assert_eq!(found(&author.view, 2), [body(10, 3)]);
    assert_eq!(found(&author.view, 4), []);
    assert_eq!(find(&author.view, shelf().id(), &tag(3), NOW).map(|(body, _)| body), Some(body(11, 1)));
}
#[test]
fn row_172_nothing_is_found_once_the_manifest_has_run_out() {
    let mut author = Author::default();
    let manifest = author.publish(vec![add(1, 10, 3)]);
    assert!(find(&author.view, shelf().id(), &tag(1), manifest.until.minus(1)).is_some());
    assert!(find(&author.view, shelf().id(), &tag(1), manifest.until).is_none());
}
#[test]
fn a_shelf_shows_only_multiples_of_64() {
    let mut author = Author::default();
    assert_eq!(author.publish(vec![]).count, 64);
    assert_eq!(author.publish((0..64).map(|n| add(n, n, 1)).collect()).count, 64);
    assert_eq!(author.publish(vec![add(64, 64, 1)]).count, 128);
    assert_eq!(author.publish(vec![remove(3, 3), remove(4, 4)]).count, 64);
    assert_eq!(whole(&author.view, shelf().id()).len(), 64);
}
#[test]
fn saying_the_same_again_changes_nothing_but_the_date() {
    let mut author = Author::default();
    let first = author.publish(vec![add(1, 10, 3)]);
    let again = author.publish_at(vec![add(1, 10, 3), remove(9, 9)], NOW.plus(DAY_MS));
    assert_eq!((again.upto, again.root, again.count), (first.upto, first.root, first.count));
    assert_eq!((again.seq, again.until), (first.seq + 1, NOW.plus(DAY_MS + MANIFEST_MS)));
    let mut copy = MemoryView::default();
    catch_up(&mut copy, &author.view, 1_000).expect("follows");
    assert_eq!(take(&copy, &again, 0, &[]), Err(SyncFault::Older { offered: 2, held: 2 }));
}
#[test]
fn patients_who_share_a_tag_do_not_push_each_other_out() {
    let mut author = Author::default();
    author.publish(vec![add(1, 10, 1), add(1, 11, 2), add(1, 12, 4)]);
    assert_eq!(found(&author.view, 1), [body(10, 1), body(11, 2), body(12, 4)]);
    author.publish(vec![remove(1, 10)]);
    assert_eq!(found(&author.view, 1), [body(12, 4), body(11, 2)]);
    author.publish(vec![add(1, 11, 7), remove(1, 12), add(1, 13, 1)]);
    assert_eq!(found(&author.view, 1), [body(11, 7), body(13, 1)]);
    author.publish(vec![remove(1, 13), remove(1, 11)]);
    assert_eq!(found(&author.view, 1), []);
}
#[test]
fn the_ninth_patient_of_one_tag_is_reported_as_left_out() {
    let changes = (0..9).map(|patient| add(1, patient, 1)).collect();
    let authored = author(&MemoryView::default(), &shelf(), changes, [1; 32], NOW);
    assert_eq!(authored.left_out, 1);
}
#[test]
fn a_removed_entry_is_gone_at_the_copy_and_an_old_page_cannot_bring_it_back() {
    let (mut author, mut copy) = (Author::default(), MemoryView::default());
    author.publish(vec![add(1, 10, 3), add(2, 11, 3)]);
    catch_up(&mut copy, &author.view, 1_000).expect("follows");
    let old = follow(&author.view, shelf().id(), 0, 1_000).expect("whole");
    author.publish(vec![remove(1, 10)]);
    catch_up(&mut copy, &author.view, 1_000).expect("follows");
    assert_eq!(found(&copy, 1), []);
    assert_eq!(found(&copy, 2), [body(11, 3)]);
    let newest = author.publish(vec![]);
    assert!(matches!(take(&copy, &newest, 0, &[old]), Err(SyncFault::Root { .. })));
}
#[test]
fn an_entry_that_came_and_went_never_travels() {
    let mut author = Author::default();
    author.publish(vec![add(1, 10, 3)]);
    let before = author.publish(vec![]).upto;
    author.publish(vec![add(2, 11, 3)]);
    author.publish(vec![remove(2, 11)]);
    let changes = follow(&author.view, shelf().id(), before, 1_000).expect("known");
    let gone = slot(&tag(2), shelf().id());
    assert!(changes.adds.iter().all(|entry| entry.slot != gone));
    assert!(changes.removes.iter().any(|(slot, _)| *slot == gone));
}
#[test]
fn row_172_forged_or_damaged_changes_never_make_the_root() {
    let mut author = Author::default();
    let newest = author.publish((0..100).map(|n| add(n, n, 1)).collect());
    let honest = follow(&author.view, shelf().id(), 0, 1_000).expect("whole");
    let copy = MemoryView::default();
    let mut one_less = honest.clone();
    one_less.adds.pop();
    assert!(matches!(take(&copy, &newest, 0, &[one_less]), Err(SyncFault::Root { have: 127, want: 128 })));
    let mut bent = honest.clone();
    bent.adds[5].body[0] ^= 1;
    assert!(matches!(take(&copy, &newest, 0, &[bent]), Err(SyncFault::Root { .. })));
    let mut above = honest.clone();
    above.adds[5].number = newest.upto + 1;
    assert_eq!(take(&copy, &newest, 0, &[above]), Err(SyncFault::Bounds(newest.upto + 1)));
    let wide = Manifest { bits: 255, ..newest.clone() };
    assert!(matches!(take(&copy, &wide, 0, std::slice::from_ref(&honest)), Err(SyncFault::Bounds(_))));
    assert_eq!(take(&copy, &newest, 7, std::slice::from_ref(&honest)), Err(SyncFault::Gap { from: 7, have: 0 }));
    assert!(take(&copy, &newest, 0, &[honest]).is_ok());
}
#[test]
fn removals_are_forgotten_after_35_days_and_older_copies_take_the_whole_shelf() {
    let mut author = Author::default();
    author.publish(vec![add(1, 10, 3), add(2, 11, 3)]);
    author.publish(vec![remove(1, 10)]);
    let removed = follow(&author.view, shelf().id(), 1, 1_000).expect("remembered").removes;
    assert_eq!(removed.len(), 1);
    author.publish_at(vec![], NOW.plus(MANIFEST_MS));
    assert!(follow(&author.view, shelf().id(), 1, 1_000).is_ok());
    let newest = author.publish_at(vec![], NOW.plus(MANIFEST_MS + 1));
    assert_eq!(follow(&author.view, shelf().id(), 1, 1_000), Err(TooOld { from: 1, horizon: removed[0].1 }));
    let mut copy = MemoryView::default();
    copy.apply(&replace(&copy, &newest, &whole(&author.view, shelf().id())).expect("the root fits"));
    assert_eq!(manifest(&copy, shelf().id()), Some(newest));
    assert_eq!(found(&copy, 2), [body(11, 3)]);
}
#[test]
fn a_whole_shelf_replaces_a_damaged_copy() {
    let (mut author, mut copy) = (Author::default(), MemoryView::default());
    author.publish((0..300).map(|n| add(n, n, 1)).collect());
    catch_up(&mut copy, &author.view, 50).expect("follows");
    let (key, _) = copy.scan(Space::Entries, &Place::prefix(shelf().id(), b'b'), &[], 1).remove(0);
    copy.apply(&[crate::data::Write { space: Space::Entries, key, value: None }]);
    let newest = author.publish(vec![add(1, 1, 8)]);
    let entries = whole(&author.view, shelf().id());
    assert!(replace(&copy, &newest, &entries[1..]).is_err());
    let mut twice = entries.clone();
    twice[1] = twice[0];
    assert!(matches!(replace(&copy, &newest, &twice), Err(SyncFault::Root { .. })));
    copy.apply(&replace(&copy, &newest, &entries).expect("the root fits"));
    assert_eq!(whole(&copy, shelf().id()), entries);
    author.publish(vec![remove(5, 5)]);
    catch_up(&mut copy, &author.view, 50).expect("follows again");
}
#[test]
fn pages_of_the_whole_shelf_make_the_whole_shelf() {
    let mut author = Author::default();
    author.publish((0..700).map(|n| add(n, n, 1)).collect());
    let (mut all, mut from) = (Vec::new(), crate::ids::Slot([0; 16]));
    loop {
        let page = whole_page(&author.view, shelf().id(), from, 100);
        let Some(last) = page.last() else { break };
        from = crate::ids::Slot((u128::from_be_bytes(last.slot.0) + 1).to_be_bytes());
        all.extend(page);
    }
    assert_eq!(all, whole(&author.view, shelf().id()));
}
#[test]
fn a_copy_of_a_copy_is_as_good() {
    let (mut author, mut near, mut far) = (Author::default(), MemoryView::default(), MemoryView::default());
    author.publish(vec![add(1, 10, 3), add(2, 11, 3)]);
    catch_up(&mut near, &author.view, 10).expect("follows");
    catch_up(&mut far, &near, 10).expect("follows");
    author.publish(vec![remove(2, 11), add(3, 12, 1)]);
    catch_up(&mut near, &author.view, 10).expect("follows");
    catch_up(&mut far, &near, 10).expect("follows");
    assert_eq!(whole(&far, shelf().id()), whole(&author.view, shelf().id()));
}
#[test]
fn a_restored_author_goes_on_above_what_its_peers_know() {
    let (mut author, mut copy) = (Author::default(), MemoryView::default());
    author.publish(vec![add(1, 10, 3)]);
    let backup = author.view.clone();
    author.publish(vec![add(2, 11, 3)]);
    catch_up(&mut copy, &author.view, 100).expect("follows");
    let newest = manifest(&copy, shelf().id()).expect("held");
    let at = newest.upto;
    author.view = backup;
    let authored = restart(&author.view, &shelf(), &newest, vec![(tag(1), body(10, 3))], [77; 32], NOW);
    author.view.apply(&authored.writes);
    assert!(authored.manifest.seq > newest.seq);
    assert!(whole(&author.view, shelf().id()).iter().all(|entry| entry.number > at));
    assert!(follow(&author.view, shelf().id(), at, 100).is_err());
    let entries = whole(&author.view, shelf().id());
    copy.apply(&replace(&copy, &authored.manifest, &entries).expect("the root fits"));
    assert_eq!((found(&copy, 1), found(&copy, 2)), (vec![body(10, 3)], vec![]));
    author.publish(vec![add(2, 11, 1)]);
    catch_up(&mut copy, &author.view, 100).expect("follows");
}
#[test]
fn a_forgotten_shelf_leaves_nothing() {
    let mut author = Author::default();
    author.publish(vec![add(1, 10, 3)]);
    let id = shelf().id();
    author.view.apply(&[stage(id, 0, &Changes::default()), stage(id, 1, &Changes { upto: 5, ..Changes::default() })]);
    assert_eq!(staged(&author.view, id).iter().map(|page| page.upto).collect::<Vec<_>>(), [0, 5]);
    assert_eq!(manifests(&author.view, crate::ids::ShelfId([0; 32]), 10).len(), 1);
    let writes = forget(&author.view, id);
    author.view.apply(&writes);
    assert_eq!(author.view, MemoryView::default());
}
#[test]
fn the_cost_of_a_change_does_not_follow_the_size_of_the_shelf() {
    let mut author = Author::default();
    author.publish((0..20_000).map(|n| add(n, n, 1)).collect());
    let authored = super::author(&author.view, &shelf(), vec![add(7, 7, 2)], [200; 32], NOW);
    let bytes: usize = authored.writes.iter().map(|w| w.key.len() + w.value.as_ref().map_or(0, Vec::len)).sum();
    assert!(authored.writes.len() < 20 && bytes < 20_000, "{} writes, {bytes} bytes", authored.writes.len());
    assert!(authored.manifest.bits >= 7, "buckets hold about 64");
}
#[test]
fn two_contents_under_one_number_conflict() {
    let mut author = Author::default();
    let one = author.publish(vec![add(1, 10, 3)]);
    let two = Author::default().publish(vec![add(1, 10, 4)]);
    assert!(one.conflicts(&two) && !one.conflicts(&one));
}
#[test]
fn the_root_is_that_of_rfc_6962_over_the_buckets() {
    let mut author = Author::default();
    let newest = author.publish((0..3_000).map(|n| add(n, n, 1)).collect());
    let mut buckets = vec![Vec::new(); 1 << newest.bits];
    for entry in whole(&author.view, shelf().id()) {
        buckets[super::content::bucket_of(&entry.slot, newest.bits) as usize].extend(entry.pack());
    }
    let sha = crate::crypto::sha256;
    let mut level: Vec<_> = buckets.iter().map(|packed| sha(&[&[0], &sha(&[packed]).0])).collect();
    while level.len() > 1 {
        level = level.chunks(2).map(|pair| sha(&[&[1], &pair[0].0, &pair[1].0])).collect();
    }
    assert!(newest.bits > 4 && level[0] == newest.root);
}

fn change() -> impl Strategy<Value = Change> {
    // Few tags and patients, so that they meet often.
    prop_oneof![
        3 => (0u32..12, 0u32..12, 1u32..16).prop_map(|(tag, patient, kinds)| add(tag, patient, kinds)),
        2 => (0u32..12, 0u32..12).prop_map(|(tag, patient)| remove(tag, patient)),
    ]
}
#[derive(Clone, Debug)]
enum Step {
    Publish(Vec<Change>),
    Bulk(u32, u32),
    Near(usize),
    Far(usize),
}
fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => proptest::collection::vec(change(), 0..12).prop_map(Step::Publish),
        1 => (0u32..100, 0u32..300).prop_map(|(from, len)| Step::Bulk(100 + from, len)),
        2 => (1usize..40).prop_map(Step::Near),
        2 => (1usize..40).prop_map(Step::Far),
    ]
}
/// The plain model: who is under which tag.
type Model = BTreeMap<u32, BTreeMap<u32, u32>>;
fn apply(model: &mut Model, change: &Change) {
    let read = |bytes: &[u8]| u32::from_be_bytes(bytes[..4].try_into().expect("four bytes"));
    match change {
        Change::Add { tag, body } => {
            let sharing = model.entry(read(&tag.0)).or_default();
            if sharing.len() < 8 || sharing.contains_key(&read(&body.handle.0)) {
                sharing.insert(read(&body.handle.0), body.kinds.bits());
            }
        }
        Change::Remove { tag, handle } => {
            model.entry(read(&tag.0)).or_default().remove(&read(&handle.0));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn in_any_interleaving_copies_come_to_the_author_s_root(steps in proptest::collection::vec(step(), 1..14)) {
        let (mut author, mut near, mut far) = (Author::default(), MemoryView::default(), MemoryView::default());
        let mut model = Model::new();
        let mut bulk_on = false;
        for step in steps {
            match step {
                Step::Publish(changes) => {
                    changes.iter().for_each(|change| apply(&mut model, change));
                    author.publish(changes);
                }
                Step::Bulk(from, len) => {
                    let one = |n| if bulk_on { remove(n, n) } else { add(n, n, 1) };
                    let changes: Vec<_> = (from..from + len).map(one).collect();
                    bulk_on = !bulk_on;
                    changes.iter().for_each(|change| apply(&mut model, change));
                    author.publish(changes);
                }
                Step::Near(limit) => catch_up(&mut near, &author.view, limit).expect("the root fits"),
                Step::Far(limit) => {
                    let have = manifest(&far, shelf().id()).map_or(0, |held| held.seq);
                    // A copy that is at its source's manifest has nothing to take.
                    if manifest(&near, shelf().id()).is_some_and(|newest| newest.seq > have) {
                        let start = manifest(&far, shelf().id()).map_or(0, |held| held.upto);
                        if follow(&near, shelf().id(), start, 1).is_ok() {
                            catch_up(&mut far, &near, limit).expect("the root fits");
                        } else {
                            let newest = manifest(&near, shelf().id()).expect("held");
                            far.apply(&replace(&far, &newest, &whole(&near, shelf().id())).expect("the root fits"));
                        }
                    }
                }
            }
            author.publish(vec![]);
        }
        catch_up(&mut near, &author.view, 25).expect("the root fits");
        for view in [&author.view, &near] {
            for number in (0..12).chain(100..500) {
                let mut patients = found(view, number);
                patients.sort_by_key(|body| body.handle);
                let said = model.get(&number).cloned().unwrap_or_default();
                let expect: Vec<_> = said.iter().map(|(patient, kinds)| body(*patient, *kinds)).collect();
                prop_assert_eq!(patients, expect, "tag {}", number);
            }
        }
        prop_assert_eq!(whole(&near, shelf().id()), whole(&author.view, shelf().id()));
    }
    #[test]
    fn changes_pack_and_any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Some(changes) = Changes::unpack(&bytes) {
            prop_assert_eq!(changes.pack(), bytes);
        }
    }
    #[test]
    fn entries_pack_and_any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 80..96)) {
        match Entry::unpack(&bytes) {
            Some(entry) => prop_assert_eq!(entry.pack().to_vec(), bytes),
            None => prop_assert!(bytes.len() != ENTRY_BYTES),
        }
    }
    #[test]
    fn bodies_seal_and_open(kinds in any::<u32>(), rule in any::<u8>(), handle in any::<[u8; 16]>(), number in any::<u64>(), key in any::<[u8; 32]>()) {
        let body = Body { kinds: KindSet::from_bits(kinds), rule, handle: Handle(handle), consent: ReceiptId(handle) };
        let sealed = body.seal(&Tag(key), shelf().id(), number);
        prop_assert_eq!(Body::open(&Tag(key), shelf().id(), number, &sealed), Some(body));
    }
    #[test]
    fn hostile_pages_never_panic(
        numbers in proptest::collection::vec((any::<[u8; 16]>(), any::<u64>()), 0..20),
        upto in any::<u64>(),
        from in any::<u64>(),
        bits in any::<u8>(),
    ) {
        let mut author = Author::default();
        let newest = author.publish(vec![add(1, 1, 1)]);
        let adds = numbers.iter().map(|(slot, number)| Entry { slot: crate::ids::Slot(*slot), number: *number, body: [0; 64] });
        let removes = numbers.iter().map(|(slot, number)| (crate::ids::Slot(*slot), *number)).collect();
        let page = Changes { adds: adds.collect(), removes, upto, more: false };
        let forged = Manifest { upto, bits, count: from, seq: newest.seq + 1, ..newest };
        prop_assert!(take(&author.view, &forged, from, std::slice::from_ref(&page)).is_err());
        prop_assert!(replace(&author.view, &forged, &page.adds).is_err());
    }
}

#[test]
fn kinds_in_a_body_are_those_that_were_sealed() {
    let kinds = KindSet::of(&[Coarse::Lab, Coarse::Image]).bits();
    let mut author = Author::default();
    author.publish(vec![add(1, 10, kinds)]);
    assert_eq!(found(&author.view, 1)[0].kinds, KindSet::of(&[Coarse::Lab, Coarse::Image]));
}
