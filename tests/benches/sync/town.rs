//! Engines of one network over maps: an author with a large shelf, and copies of it in every state.
use protocol::consent;
use protocol::crypto::Real;
use protocol::data::{Batch, MemoryView};
use protocol::engine::{Command, Publication, Scope};
use protocol::ids::{NodeKey, PatientRef, ShelfId};
use protocol::index::{self, Entry};
use protocol::kinds::{FacilityClass, KindSet};
use protocol::limits::PUBLICATIONS_MAX;
use protocol::testing::builders::{self, TestNetwork};
use protocol::testing::pair::World;
use protocol::time::Millis;
use protocol::wire::{self, Message};

/// Entries that one patient has on a shelf.
pub const PER_PATIENT: u64 = 10;

/// Who is who.
#[derive(Clone, Copy)]
pub enum Member {
    Author = 1,
    Copy = 2,
    Later = 3,
}

/// The network.
pub struct Town {
    world: World,
    network: TestNetwork,
    author: NodeKey,
    copy: NodeKey,
    later: Option<NodeKey>,
    patients: u64,
}

/// What one bringing up to date took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Taken {
    /// Bytes of all frames about the index, both ways.
    pub bytes: u64,
    /// Questions of the copy that were answered.
    pub trips: u32,
    /// Seconds of processor time, both sides.
    pub cpu: f64,
    /// Whether it was a repair.
    pub is_repair: bool,
}

impl Town {
    /// An author without patients and a copy that is connected to it.
    pub fn new() -> Self {
        let (world, network) = (World::at(START), TestNetwork::found(&Real, "n", START));
        let nobody = NodeKey([0; 32]);
        let mut town = Self { world, network, author: nobody, copy: nobody, later: None, patients: 0 };
        town.author = town.join(Member::Author);
        town.copy = town.join(Member::Copy);
        town
    }
    fn join(&mut self, member: Member) -> NodeKey {
        let (facility, name) = (builders::facility(member as u32), name(member));
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
    /// Fills the author's shelf up to so many patients.
    pub fn publish(&mut self, upto: u64) {
        let facility = builders::facility(Member::Author as u32);
        let fresh: Vec<u64> = (self.patients..upto).collect();
        for some in fresh.chunks(PUBLICATIONS_MAX) {
            let mut consents = Batch::default();
            for patient in some {
                let receipt = builders::consent(&facility, u32::try_from(*patient).expect("few"), 1, START);
                consents.writes.push(consent::keep(PatientRef(*patient), &receipt));
            }
            self.world.nodes[&self.author].view.commit(&consents);
            let publication = |patient: &u64| Publication {
                patient: PatientRef(*patient),
                facility: facility.clone(),
                kinds: KindSet::ALL,
                strings: (1..=PER_PATIENT as u8).map(|rule| (rule, format!("{rule}/{patient}").into_bytes())).collect(),
            };
            self.world.command(self.author, Command::Publish(some.iter().map(publication).collect()));
            self.world.pass(1_000);
        }
        self.patients = upto;
    }
    /// The copy comes back with this disk and meets the author, or the copy that joined later.
    pub fn bring_up(&mut self, disk: MemoryView, source: Member) -> Taken {
        let identity = builders::identity(&Real, name(Member::Copy), &[builders::facility(Member::Copy as u32)], START);
        self.world.restore(name(Member::Copy), identity, &[self.network.id], disk);
        let source = self.node(source);
        self.meet(self.copy, source)
    }
    /// A new member takes the whole shelf from the author.
    pub fn join_later(&mut self) -> Taken {
        let later = self.join(Member::Later);
        self.later = Some(later);
        self.meet(later, self.author)
    }
    fn meet(&mut self, copy: NodeKey, source: NodeKey) -> Taken {
        self.world.frames.clear();
        let begun = cpu();
        self.world.connect(copy, source);
        self.world.pass(1_000);
        let mut taken = Taken { cpu: cpu() - begun, ..Taken::default() };
        self.world.cut(copy, source);
        let mut asks = false;
        for (from, _, frame) in std::mem::take(&mut self.world.frames) {
            let message = wire::decode(&frame).expect("our own");
            let question = match &message {
                Message::Heads(_) => None,
                Message::Follow(_) | Message::Sketch(_) => Some(true),
                Message::Changes(_) | Message::SketchMore(_) | Message::Mend(_) => Some(false),
                _ => continue,
            };
            taken.bytes += frame.len() as u64;
            taken.is_repair |= matches!(message, Message::Mend(_));
            if let Some(question) = question {
                assert_eq!(question, from == copy, "only the copy asks");
                taken.trips += u32::from(question && !asks);
                asks = question;
            }
        }
        assert!(self.entries(copy) == self.entries(self.author), "the copy has what the author has");
        taken
    }
    fn node(&self, member: Member) -> NodeKey {
        match member {
            Member::Author => self.author,
            Member::Copy => self.copy,
            Member::Later => self.later.expect("it joined"),
        }
    }
    /// What the copy's disk holds.
    pub fn disk(&self) -> MemoryView {
        self.view(self.copy)
    }
    fn view(&self, node: NodeKey) -> MemoryView {
        self.world.nodes[&node].view.0.lock().expect("one thread").clone()
    }
    /// Everything on the shelf, as a node has it.
    fn entries(&self, node: NodeKey) -> Vec<Entry> {
        entries(&self.world.nodes[&node].view.0.lock().expect("one thread"))
    }
    /// Everything on the author's shelf.
    pub fn shelf(&self) -> Vec<Entry> {
        self.entries(self.author)
    }
}

/// Everything on the one shelf of the author that hospitals may have.
pub fn entries(view: &MemoryView) -> Vec<Entry> {
    let author = builders::facility(Member::Author as u32);
    let all = index::manifests(view, ShelfId([0; 32]), 100).into_iter().map(|manifest| manifest.shelf);
    let hospital = FacilityClass::Hospital.code();
    let is_for_hospitals = |shelf: &index::Shelf| match &shelf.audience {
        index::Audience::Network { classes, .. } => classes.has(hospital),
        index::Audience::Accord { .. } => false,
    };
    let mut own = all.filter(|shelf| shelf.holder == author && is_for_hospitals(shelf));
    own.next().map(|shelf| index::whole(view, shelf.id())).unwrap_or_default()
}

fn name(member: Member) -> &'static str {
    match member {
        Member::Author => "author",
        Member::Copy => "copy",
        Member::Later => "later",
    }
}

/// Seconds that this thread has been on a processor; where the system does not tell, seconds that went by.
pub fn cpu() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    nanos.map_or_else(|| CLOCK.with(|clock| clock.elapsed().as_secs_f64()), |nanos| nanos / 1e9)
}

thread_local! {
    static CLOCK: std::time::Instant = std::time::Instant::now();
}

const START: Millis = Millis(1_800_000_000_000);
