//! Copies of a shelf that are out of step come to their author's root again, and only what differs moves.
use proptest::prelude::*;
use protocol::consent;
use protocol::crypto::Real;
use protocol::data::{Batch, MemoryView};
use protocol::engine::{Command, Copies, Event, Input, Publication, Scope, Way};
use protocol::ids::{NodeKey, PatientRef, ShelfId};
use protocol::index;
use protocol::kinds::{FacilityClass, KindSet};
use protocol::limits::{CLAIM_PAUSE_MS, SKETCH_ROUNDS_MAX, STRIKES_MAX};
use protocol::testing::builders::{self, TestNetwork};
use protocol::testing::pair::World;
use protocol::time::Millis;
use protocol::wire::{self, Message, v1};
use std::ops::Range;

const START: Millis = Millis(1_800_000_000_000);

/// Hospitals of one network.
struct Town {
    world: World,
    network: TestNetwork,
    author: NodeKey,
    copy: NodeKey,
}

const AUTHOR: (u32, &str) = (1, "author");
const COPY: (u32, &str) = (2, "copy");
const OTHER: (u32, &str) = (3, "other");

impl Town {
    /// An author with `patients` on its shelves and a copy that followed them.
    fn new(patients: u64) -> Self {
        let (world, network) = (World::at(START), TestNetwork::found(&Real, "n", START));
        let nobody = NodeKey([0; 32]);
        let mut town = Self { world, network, author: nobody, copy: nobody };
        (town.author, town.copy) = (town.member(AUTHOR), town.member(COPY));
        town.publish(0..patients);
        town.world.connect(town.author, town.copy);
        town.world.pass(1_000);
        assert!(town.is_in_step(town.copy) && !town.shelves().is_empty());
        town
    }
    fn member(&mut self, (number, name): (u32, &str)) -> NodeKey {
        let facility = builders::facility(number);
        let identity = builders::identity(&Real, name, std::slice::from_ref(&facility), START);
        let certs = identity.certs.clone();
        let node = self.world.add(name, identity, &[self.network.id]);
        let membership = self.network.admit(&Real, &facility, FacilityClass::Hospital, START);
        self.world.command(node, Command::Pin(self.network.id, Some(self.network.charter.clone())));
        self.world.command(node, Command::Take([vec![membership], certs].concat()));
        let (scope, secret) = (Scope::Network(self.network.id), self.network.secret);
        self.world.command(node, Command::KeepSecret { scope, epoch: 1, secret });
        node
    }
    /// The author's patients of these numbers, with a consent, three tags each.
    fn publish(&mut self, patients: Range<u64>) {
        let facility = builders::facility(AUTHOR.0);
        let mut consents = Batch::default();
        for patient in patients.clone() {
            let receipt = builders::consent(&facility, u32::try_from(patient).expect("few"), 1, START);
            consents.writes.push(consent::keep(PatientRef(patient), &receipt));
        }
        self.world.nodes[&self.author].view.commit(&consents);
        let strings = |patient: u64| [2u8, 7, 9].map(|rule| (rule, format!("{rule}/{patient}").into_bytes())).to_vec();
        let publication = |patient| Publication {
            patient: PatientRef(patient),
            facility: facility.clone(),
            kinds: KindSet::ALL,
            strings: strings(patient),
        };
        self.world.command(self.author, Command::Publish(patients.map(publication).collect()));
        self.world.pass(1_000);
    }
    fn disk(&self, node: NodeKey) -> MemoryView {
        self.world.nodes[&node].view.0.lock().expect("one thread").clone()
    }
    /// The node is lost and comes back with an older disk.
    fn restore(&mut self, (number, name): (u32, &str), disk: MemoryView) {
        let identity = builders::identity(&Real, name, &[builders::facility(number)], START);
        self.world.restore(name, identity, &[self.network.id], disk);
    }
    /// The author's shelves, as it has them.
    fn shelves(&self) -> Vec<ShelfId> {
        let all = index::manifests(&self.disk(self.author), ShelfId([0; 32]), 100);
        let own = builders::facility(AUTHOR.0);
        all.into_iter()
            .map(|manifest| manifest.shelf)
            .filter(|shelf| shelf.holder == own)
            .map(|shelf| shelf.id())
            .collect()
    }
    /// Whether a copy has all that the author has on the shelves that it may have.
    fn is_in_step(&self, copy: NodeKey) -> bool {
        let (author, copy) = (self.disk(self.author), self.disk(copy));
        let held = |id: &ShelfId| index::manifest(&copy, *id).is_some();
        self.shelves().iter().filter(|id| held(id)).all(|id| {
            index::manifest(&copy, *id) == index::manifest(&author, *id)
                && index::whole(&copy, *id) == index::whole(&author, *id)
        }) && self.shelves().iter().any(held)
    }
    fn ways(&mut self, node: NodeKey) -> Vec<Way> {
        let events = self.world.events(node);
        events
            .into_iter()
            .filter_map(|event| if let Event::ShelfReady(_, way) = event { Some(way) } else { None })
            .collect()
    }
    /// Frames of the index since the last call: how many of each, and their bytes.
    fn traffic(&mut self) -> Traffic {
        let mut traffic = Traffic::default();
        for (_, _, frame) in std::mem::take(&mut self.world.frames) {
            let count = match wire::decode(&frame).expect("our own") {
                Message::Follow(_) => &mut traffic.follows,
                Message::Changes(_) => &mut traffic.changes,
                Message::Sketch(_) => &mut traffic.sketches,
                Message::SketchMore(_) => &mut traffic.calls,
                Message::Mend(_) => &mut traffic.mends,
                _ => continue,
            };
            *count += 1;
            traffic.bytes += frame.len();
        }
        traffic
    }
    fn copies(&self, node: NodeKey) -> Copies {
        self.world.nodes[&node].engine.snapshot(self.world.now).copies
    }
    /// Heads as if `from` had sent them: it claims this manifest of every shelf of the author.
    fn claim(&mut self, from: NodeKey, seq: u64) {
        let shelves = self.shelves().iter().map(|id| v1::ShelfHead { shelf: id.0.to_vec(), seq }).collect();
        let heads = v1::Heads { digest: vec![0; 32], listed: true, heads: Vec::new(), shelves };
        self.world.input(self.copy, Input::Message { from, message: Message::Heads(heads) });
        self.world.settle();
    }
}

#[derive(Debug, Default)]
struct Traffic {
    follows: usize,
    changes: usize,
    sketches: usize,
    calls: usize,
    mends: usize,
    bytes: usize,
}

#[test]
fn a_copy_restored_from_an_old_backup_is_repaired_by_another_copy_while_the_author_is_away() {
    let mut town = Town::new(1_000);
    let backup = town.disk(town.copy);
    town.publish(1_000..1_100);
    // The other joins now: of what was removed before it never heard, so nobody can follow it from further back.
    let other = town.member(OTHER);
    town.world.connect(town.author, other);
    town.world.pass(1_000);
    assert!(town.is_in_step(other));
    town.world.cut(town.author, other);
    town.restore(COPY, backup);
    assert!(!town.is_in_step(town.copy));
    town.traffic();
    town.ways(town.copy);
    town.world.connect(town.copy, other);
    town.world.pass(1_000);
    assert!(town.is_in_step(town.copy));
    let (ways, traffic) = (town.ways(town.copy), town.traffic());
    let shelves = ways.len();
    assert!(
        shelves > 0 && ways.iter().all(|way| matches!(way, Way::Repair { added: 300..400, gone: 0..64 })),
        "{ways:?}"
    );
    assert_eq!((town.copies(town.copy).repaired, traffic.changes), (shelves as u64, 0), "{traffic:?}");
    assert!(traffic.calls <= 2 * shelves && traffic.sketches <= 2 * shelves, "three round trips: {traffic:?}");
    assert!(traffic.bytes < shelves * 400 * 88 * 3 / 2, "not the whole of 3,300 entries: {traffic:?}");
    // From here on it follows as ever.
    town.world.connect(town.copy, town.author);
    town.publish(1_100..1_110);
    assert!(town.is_in_step(town.copy));
    assert!(town.ways(town.copy).iter().all(|way| matches!(way, Way::Changes(_))));
}

#[test]
fn row_104c_copies_of_an_author_that_was_set_back_and_went_on_are_repaired() {
    let mut town = Town::new(1_000);
    let backup = town.disk(town.author);
    town.publish(1_000..1_050);
    assert!(town.is_in_step(town.copy));
    town.restore(AUTHOR, backup);
    town.publish(2_000..2_020);
    town.publish(3_000..3_001);
    assert!(!town.is_in_step(town.copy));
    town.traffic();
    town.ways(town.copy);
    town.world.connect(town.author, town.copy);
    town.world.pass(1_000);
    assert!(town.is_in_step(town.copy));
    let (ways, traffic) = (town.ways(town.copy), town.traffic());
    assert!(
        ways.iter().any(|way| matches!(way, Way::Repair { added, gone } if *added < 200 && *gone > 100)),
        "{ways:?}"
    );
    assert_eq!(town.copies(town.copy).replaced, 0, "{ways:?}");
    let rounds = SKETCH_ROUNDS_MAX as usize * ways.len();
    assert!(traffic.sketches <= rounds && traffic.bytes < ways.len() * 40_000, "{traffic:?}");
}

#[test]
fn a_copy_with_holes_in_its_store_comes_back_by_the_whole_shelf() {
    let mut town = Town::new(300);
    let mut disk = town.disk(town.copy);
    let holes: Vec<_> = town
        .shelves()
        .iter()
        .flat_map(|id| {
            protocol::data::View::scan(&disk, protocol::data::Space::Entries, &[&id.0[..], b"b"].concat(), &[], 2)
        })
        .map(|(key, _)| protocol::data::Write { space: protocol::data::Space::Entries, key, value: None })
        .collect();
    disk.apply(&holes);
    town.restore(COPY, disk);
    town.world.connect(town.author, town.copy);
    town.publish(300..310);
    assert!(town.is_in_step(town.copy), "{:?}", town.ways(town.copy));
    assert!(town.copies(town.copy).replaced > 0);
}

#[test]
fn row_174_who_claims_what_it_cannot_deliver_is_asked_ever_more_seldom_and_others_meanwhile() {
    let mut town = Town::new(50);
    let liar = town.member(OTHER);
    town.world.connect(town.author, liar);
    town.world.connect(town.copy, liar);
    town.world.pass(1_000);
    let shelves = town.shelves().len();
    // With the author away nothing else is asked for.
    town.world.cut(town.author, town.copy);
    town.traffic();
    let mut asked = Vec::new();
    for _ in 0..40 {
        town.claim(liar, 1_000_000);
        asked.push(town.traffic().follows);
        town.world.pass(CLAIM_PAUSE_MS / 4);
    }
    let times = asked.iter().filter(|follows| **follows > 0).count();
    assert!(asked[0] > 0 && asked[0] <= shelves && asked[1..4].iter().all(|follows| *follows == 0), "{asked:?}");
    assert!((2..=4).contains(&times), "after one, two and four minutes: {asked:?}");
    // The author is believed at once.
    town.world.connect(town.author, town.copy);
    town.publish(50..60);
    assert!(town.is_in_step(town.copy));
}

#[test]
fn what_a_liar_claims_does_not_count_against_who_delivers() {
    let mut town = Town::new(50);
    let liar = town.member(OTHER);
    town.world.connect(town.copy, liar);
    town.world.pass(1_000);
    let line = [(town.author, town.copy), (town.copy, town.author)];
    for round in 0..5 {
        line.iter().for_each(|pair| assert!(town.world.links.remove(pair)));
        town.publish(100 + round..101 + round);
        assert!(!town.is_in_step(town.copy));
        town.world.links.extend(line);
        // The author's word comes first, the liar's while the author is being followed.
        for id in town.shelves() {
            let seq = index::manifest(&town.disk(town.author), id).expect("its own").seq;
            for (from, seq) in [(town.author, seq), (liar, 1_000_000)] {
                let shelves = vec![v1::ShelfHead { shelf: id.0.to_vec(), seq }];
                let heads = v1::Heads { digest: vec![0; 32], listed: true, heads: Vec::new(), shelves };
                town.world.input(town.copy, Input::Message { from, message: Message::Heads(heads) });
            }
        }
        town.world.settle();
        assert!(town.is_in_step(town.copy), "round {round}");
    }
}

#[test]
fn whoever_has_a_shelf_compared_again_and_again_is_struck() {
    let mut town = Town::new(50);
    let id = town.shelves()[0];
    let key = index::SketchKey([7; 16]);
    let mut answered = 0;
    for _ in 0..STRIKES_MAX + 1 {
        let cells = index::sketch(&town.disk(town.copy), id, &key, 0..128);
        let entries = index::manifest(&town.disk(town.copy), id).expect("held").count;
        let (shelf, key, cells) = (id.0.to_vec(), key.0.to_vec(), index::pack(&cells, 0, entries));
        let sketch = v1::Sketch { shelf, key, count: entries, from: 0, cells, more: false };
        town.world.input(town.author, Input::Message { from: town.copy, message: Message::Sketch(sketch) });
        answered += town.traffic().mends;
    }
    assert_eq!(answered, 1);
    let alarms = town.world.events(town.author);
    assert!(alarms.iter().any(|event| matches!(event, Event::Alarm(protocol::engine::Alarm::Strikes(_)))));
}

#[test]
fn a_shelf_is_not_compared_for_who_is_not_of_its_audience() {
    let mut town = Town::new(50);
    let (id, stranger) = (town.shelves()[0], NodeKey([3; 32]));
    town.world.links.insert((town.author, stranger));
    town.world.input(town.author, Input::Connected(stranger));
    town.traffic();
    let sketch =
        v1::Sketch { shelf: id.0.to_vec(), key: vec![1; 16], count: 0, from: 0, cells: vec![0; 13], more: false };
    town.world.input(town.author, Input::Message { from: stranger, message: Message::Sketch(sketch) });
    let traffic = town.traffic();
    assert_eq!((traffic.mends, traffic.calls, traffic.changes), (0, 0, 0), "{traffic:?}");
}

/// What happens to three nodes that share an author's shelves.
#[derive(Clone, Debug)]
enum Step {
    Publish(u64),
    /// A disk is kept for later.
    Keep(usize),
    /// A node comes back with the disk that was kept.
    SetBack(usize),
    Meet(usize, usize),
    Part(usize, usize),
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1u64..40).prop_map(Step::Publish),
        2 => (0usize..3).prop_map(Step::Keep),
        2 => (0usize..3).prop_map(Step::SetBack),
        3 => (0usize..3, 0usize..3).prop_map(|(a, b)| Step::Meet(a, b)),
        2 => (0usize..3, 0usize..3).prop_map(|(a, b)| Step::Part(a, b)),
        1 => (1u64..400_000).prop_map(Step::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_set_back_in_between_all_copies_come_to_the_author_s_root(steps in proptest::collection::vec(step(), 1..24)) {
        let mut town = Town::new(100);
        let names = [AUTHOR, COPY, OTHER];
        let nodes = [town.author, town.copy, town.member(OTHER)];
        let mut kept: [MemoryView; 3] = nodes.map(|node| town.disk(node));
        let mut next = 100;
        for step in steps {
            match step {
                Step::Publish(count) => {
                    town.publish(next..next + count);
                    next += count;
                }
                Step::Keep(at) => kept[at] = town.disk(nodes[at]),
                Step::SetBack(at) => town.restore(names[at], kept[at].clone()),
                Step::Meet(a, b) if a != b => town.world.connect(nodes[a], nodes[b]),
                Step::Part(a, b) if a != b => town.world.cut(nodes[a], nodes[b]),
                Step::Meet(..) | Step::Part(..) => {}
                Step::Pass(ms) => town.world.pass(ms),
            }
        }
        for (a, b) in [(0, 1), (0, 2), (1, 2)] {
            town.world.cut(nodes[a], nodes[b]);
            town.world.connect(nodes[a], nodes[b]);
        }
        // An author that was set back needs as many manifests as it had made to be newer than what its peers have.
        for _ in 0..40 {
            town.publish(next..next + 1);
            next += 1;
            town.world.pass(400_000);
            if town.is_in_step(town.copy) && town.is_in_step(nodes[2]) {
                break;
            }
        }
        prop_assert!(town.is_in_step(town.copy) && town.is_in_step(nodes[2]));
    }
}
