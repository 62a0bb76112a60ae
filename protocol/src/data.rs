//! What the core asks of a store: ordered key spaces to read, batches to write. No disk is known here.
//!
//! The node keeps the spaces in sled behind a journal, the simulator in ordered maps; both seal or move the bytes below
//! this line. Values of the core are `format byte ‖ bincode` ([`encode`], [`decode`]): local only, never signed or sent.
use crate::audit::Event;
use serde::{Serialize, de::DeserializeOwned};

/// The sixteen key spaces. Fixed: none is ever made at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Space {
    /// name → schema version, identity, cursors, positions.
    Meta = 0,
    /// kind ‖ subject → newest signed object.
    State = 1,
    /// shelf ‖ … → entries, changes, own publications.
    Entries = 2,
    /// shelf → newest manifest, staged pages.
    Manifests = 3,
    /// p → patient at a facility.
    Patients = 4,
    /// links between patients, and to handles of other holders.
    People = 5,
    /// space ‖ keyed hash ‖ p → search keys, handles.
    Tokens = 6,
    /// p ‖ care date ‖ kind ‖ keyed hash of key → record head.
    Records = 7,
    /// p ‖ bundle → bodies.
    Bodies = 8,
    /// p ‖ time → consent receipt.
    Consents = 9,
    /// log ‖ index → event; log ‖ level ‖ node → hash.
    Audit = 10,
    /// peer ‖ time ‖ request → exchange receipt.
    Receipts = 11,
    /// due ‖ id → job; requests that were executed.
    Jobs = 12,
    /// letters.
    Letters = 13,
    /// drafts, review queue.
    Desk = 14,
    /// accounts, sessions.
    Staff = 15,
}

impl Space {
    /// All sixteen, in order.
    pub const ALL: [Self; 16] = [
        Self::Meta,
        Self::State,
        Self::Entries,
        Self::Manifests,
        Self::Patients,
        Self::People,
        Self::Tokens,
        Self::Records,
        Self::Bodies,
        Self::Consents,
        Self::Audit,
        Self::Receipts,
        Self::Jobs,
        Self::Letters,
        Self::Desk,
        Self::Staff,
    ];
    /// The name of its tree on disk.
    pub fn name(self) -> &'static str {
        [
            "meta",
            "state",
            "entries",
            "manifests",
            "patients",
            "people",
            "tokens",
            "records",
            "bodies",
            "consents",
            "audit",
            "receipts",
            "jobs",
            "letters",
            "desk",
            "staff",
        ][self as usize]
    }
    /// The space with this number, for decoders.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

/// A consistent, read-only look at the key spaces. Reads are synchronous and see every acknowledged batch.
pub trait View {
    /// The value under `key`.
    fn get(&self, space: Space, key: &[u8]) -> Option<Vec<u8>>;
    /// Up to `limit` pairs whose key is at or above `from` and starts with `prefix`, in order of keys.
    fn scan(&self, space: Space, prefix: &[u8], from: &[u8], limit: usize) -> Vec<(Vec<u8>, Vec<u8>)>;
}

impl<V: View + ?Sized> View for &V {
    fn get(&self, space: Space, key: &[u8]) -> Option<Vec<u8>> {
        (**self).get(space, key)
    }
    fn scan(&self, space: Space, prefix: &[u8], from: &[u8], limit: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
        (**self).scan(space, prefix, from, limit)
    }
}
impl<V: View + ?Sized> View for std::sync::Arc<V> {
    fn get(&self, space: Space, key: &[u8]) -> Option<Vec<u8>> {
        (**self).get(space, key)
    }
    fn scan(&self, space: Space, prefix: &[u8], from: &[u8], limit: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
        (**self).scan(space, prefix, from, limit)
    }
}

/// One write of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Where.
    pub space: Space,
    /// Under which key.
    pub key: Vec<u8>,
    /// The new value, or none to remove the key.
    pub value: Option<Vec<u8>>,
}

/// What is written together or not at all, with the audit events that tell of it.
///
/// The store's one writer gives each event its position in the log and writes leaf and tree nodes in the same batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Writes in order; a later one to the same key wins.
    pub writes: Vec<Write>,
    /// Events in order; each becomes one leaf.
    pub events: Vec<Event>,
}

impl Batch {
    /// Adds a write.
    pub fn put(&mut self, space: Space, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.writes.push(Write { space, key: key.into(), value: Some(value.into()) });
    }
    /// Adds a removal.
    pub fn remove(&mut self, space: Space, key: impl Into<Vec<u8>>) {
        self.writes.push(Write { space, key: key.into(), value: None });
    }
    /// Adds an event.
    pub fn log(&mut self, event: Event) {
        self.events.push(event);
    }
    /// Whether it would change nothing.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.events.is_empty()
    }
    /// Takes all of `other` behind what is here.
    pub fn append(&mut self, other: Self) {
        self.writes.extend(other.writes);
        self.events.extend(other.events);
    }
}

/// What became of a batch: durable, with the log positions of its events in order; or not written at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// In the journal, synced and visible; one log index per event.
    Committed {
        /// Index of each event's leaf in the log, in the order of [`Batch::events`].
        leaves: Vec<u64>,
    },
    /// Nothing of it was written; the reason, for the operator.
    Failed(String),
}

/// What a view gives in the place of a value whose patient was erased: no value that [`encode`] makes, so [`decode`] gives
/// none for it.
pub const ERASED: &[u8] = &[0];

/// Writes a value of this node's own spaces.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    let mut out = vec![FORMAT];
    if let Ok(bytes) = bincode::serde::encode_to_vec(value, CONFIG) {
        out.extend(bytes);
    }
    out
}

/// Reads what [`encode`] wrote; none if it is of another format or damaged.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let (format, body) = bytes.split_first()?;
    if *format != FORMAT {
        return None;
    }
    let (value, read) = bincode::serde::decode_from_slice(body, CONFIG).ok()?;
    (read == body.len()).then_some(value)
}

const FORMAT: u8 = 1;
/// A damaged length must not ask for more memory than any value has: none comes near 64 MiB.
const CONFIG: bincode::config::Configuration<
    bincode::config::LittleEndian,
    bincode::config::Varint,
    bincode::config::Limit<{ 64 << 20 }>,
> = bincode::config::standard().with_limit::<{ 64 << 20 }>();

/// Key spaces in memory: for the simulator and for tests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryView {
    spaces: std::collections::BTreeMap<(Space, Vec<u8>), Vec<u8>>,
}

impl MemoryView {
    /// Applies writes in order.
    pub fn apply(&mut self, writes: &[Write]) {
        for write in writes {
            let at = (write.space, write.key.clone());
            match &write.value {
                Some(value) => self.spaces.insert(at, value.clone()),
                None => self.spaces.remove(&at),
            };
        }
    }
    /// All pairs of one space, in order.
    pub fn all(&self, space: Space) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.spaces
            .range((space, Vec::new())..)
            .take_while(move |((at, _), _)| *at == space)
            .map(|((_, key), value)| (key.as_slice(), value.as_slice()))
    }
}

impl View for MemoryView {
    fn get(&self, space: Space, key: &[u8]) -> Option<Vec<u8>> {
        self.spaces.get(&(space, key.to_vec())).cloned()
    }
    fn scan(&self, space: Space, prefix: &[u8], from: &[u8], limit: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
        let start = from.max(prefix).to_vec();
        self.spaces
            .range((space, start)..)
            .take_while(|((at, key), _)| *at == space && key.starts_with(prefix))
            .take(limit)
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .collect()
    }
}
