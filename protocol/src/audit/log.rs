use super::{
    event::Event,
    tree::{Frontier, empty_root, hash_children, hash_leaf},
};
use crate::{
    crypto::{mac, sha256},
    data::{ERASED, Space, View, Write, decode, encode},
    ids::Hash,
};
use serde::{Deserialize, Serialize};

/// What appending events writes, and where they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Appended {
    /// Events, tree nodes and the new head; for the same batch as what the events tell of.
    pub writes: Vec<Write>,
    /// Index of each event's leaf, in order.
    pub leaves: Vec<u64>,
}

/// How long the log is, and the hash over all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Number of leaves.
    pub size: u64,
    /// RFC 6962 root over them.
    pub root: Hash,
}

/// Where a stored log is not what its own events say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogDamage {
    /// An event below the head is gone or unreadable. Restore it from a backup; the log cannot be proven without it.
    #[error("event {0} of the log is missing or unreadable; restore the log from a backup")]
    Event(u64),
    /// A stored tree hash is not what the events give. The events are the truth: the tree can be rebuilt from them if
    /// the result has the root that witnesses signed.
    #[error(
        "tree hash {node} of level {level} does not follow from the events; compare with a checkpoint that witnesses signed"
    )]
    Node {
        /// Levels above the leaves.
        level: u8,
        /// Position in the level, from the left.
        node: u64,
    },
    /// The head's root is not what the events give.
    #[error("the root of the log's {0} events is not the stored one; compare with a checkpoint that witnesses signed")]
    Root(u64),
    /// Events lie above the head: it was set back.
    #[error("the log goes on above its head of {0} events; somebody set the head back")]
    Beyond(u64),
}

/// What to write so that `events` are the next leaves of the log in `view`. One writer at a time: the result is good for
/// exactly this view.
///
/// `b"e" ‖ index → event`, `b"n" ‖ level ‖ node → hash` (complete subtrees only), `b"h" → head`. Leaf data is
/// `SHA-256(salt ‖ event)` with a salt from `salt_key` and the index, so that a published hash gives no event away.
pub fn append(view: &dyn View, salt_key: &[u8; 32], events: &[Event]) -> Appended {
    if events.is_empty() {
        return Appended::default();
    }
    let mut size = head(view).size;
    let mut frontier = Frontier::of(size, |level, node| node_or_rebuilt(view, salt_key, level, node));
    let mut out = Appended::default();
    for event in events {
        let bytes = encode(event);
        let leaf = leaf_of(salt_key, size, &bytes);
        out.writes.push(put(event_key(size), bytes));
        frontier.push(leaf, |level, hash| out.writes.push(put(node_key(level, size >> level), hash.0.to_vec())));
        out.leaves.push(size);
        size += 1;
    }
    out.writes.push(put(HEAD.to_vec(), encode(&Head { size, root: frontier.root() })));
    out
}

/// The log's head; that of the empty log if nothing was ever written.
pub fn head(view: &dyn View) -> Head {
    view.get(Space::Audit, HEAD)
        .and_then(|bytes| decode(&bytes))
        .unwrap_or_else(|| Head { size: 0, root: empty_root() })
}

/// The event at `index`.
pub fn event(view: &dyn View, index: u64) -> Option<Event> {
    view.get(Space::Audit, &event_key(index)).and_then(|bytes| decode(&bytes))
}

/// Up to `limit` events from `from` on, with their indexes; those of erased patients are passed over.
pub fn events(view: &dyn View, mut from: u64, limit: usize) -> Vec<(u64, Event)> {
    let mut out = Vec::new();
    while out.len() < limit {
        let wanted = limit - out.len();
        let page = view.scan(Space::Audit, EVENT, &event_key(from), wanted);
        let next = page.last().and_then(|(key, _)| index_of(key)?.checked_add(1));
        let is_end = page.len() < wanted;
        out.extend(page.into_iter().filter_map(|(key, bytes)| Some((index_of(&key)?, decode(&bytes)?))));
        match next {
            Some(next) if !is_end => from = next,
            _ => break,
        }
    }
    out
}

/// The hash of the leaf at `index`.
pub fn leaf_hash(view: &dyn View, index: u64) -> Option<Hash> {
    node(view, 0, index)
}

/// The root that the log had, or has, at `size`.
pub fn root_at(view: &dyn View, size: u64) -> Option<Hash> {
    if size == 0 {
        return Some(empty_root());
    }
    (size <= head(view).size).then(|| range(view, 0, size)).flatten()
}

/// The proof that leaf `index` is in the tree of `size` leaves; none if it is not, or above the head.
pub fn inclusion(view: &dyn View, index: u64, size: u64) -> Option<Vec<Hash>> {
    if index >= size || size > head(view).size {
        return None;
    }
    let (mut start, mut end, mut proof) = (0, size, Vec::new());
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            proof.push(range(view, middle, end)?);
            end = middle;
        } else {
            proof.push(range(view, start, middle)?);
            start = middle;
        }
    }
    proof.reverse();
    Some(proof)
}

/// The proof that the tree of `to` leaves begins with that of `from`; none if `from > to` or `to` is above the head.
pub fn consistency(view: &dyn View, from: u64, to: u64) -> Option<Vec<Hash>> {
    if from > to || to > head(view).size {
        return None;
    }
    if from == 0 || from == to {
        return Some(Vec::new());
    }
    // RFC 6962, 2.1.2: `whole` while the old tree is a node of the new one, which the proof then leaves out.
    let (mut start, mut end, mut whole, mut proof) = (0, to, true, Vec::new());
    while end != from {
        let middle = start + split(end - start);
        if from <= middle {
            proof.push(range(view, middle, end)?);
            end = middle;
        } else {
            proof.push(range(view, start, middle)?);
            start = middle;
            whole = false;
        }
    }
    if !whole {
        proof.push(range(view, start, end)?);
    }
    proof.reverse();
    Some(proof)
}

/// Recomputes the whole tree from the events alone and compares it with what is stored. What is appended meanwhile is not in it.
///
/// # Errors
/// [`LogDamage`] naming the first place that differs.
pub fn verify_log(view: &dyn View, salt_key: &[u8; 32]) -> Result<Head, LogDamage> {
    let head = head(view);
    let mut frontier = Frontier::default();
    let mut next = 0;
    while next < head.size {
        let page = view.scan(Space::Audit, EVENT, &event_key(next), PAGE);
        if page.is_empty() {
            return Err(LogDamage::Event(next));
        }
        for (key, bytes) in page {
            if next == head.size {
                break;
            }
            // The event of an erased patient cannot be read, so its leaf speaks for it; the root covers it all the same.
            let leaf = match bytes.as_slice() {
                ERASED => leaf_hash(view, next),
                bytes => decode::<Event>(bytes).map(|_| leaf_of(salt_key, next, bytes)),
            };
            let leaf = leaf.filter(|_| index_of(&key) == Some(next)).ok_or(LogDamage::Event(next))?;
            let mut damage = None;
            frontier.push(leaf, |level, hash| {
                if node(view, level, next >> level) != Some(hash) {
                    damage.get_or_insert(LogDamage::Node { level, node: next >> level });
                }
            });
            if let Some(damage) = damage {
                return Err(damage);
            }
            next += 1;
        }
    }
    if frontier.root() != head.root {
        return Err(LogDamage::Root(head.size));
    }
    let goes_on = !view.scan(Space::Audit, EVENT, &event_key(head.size), 1).is_empty();
    // A running node appends meanwhile: then the head, which is written with its events, has moved on as well.
    if goes_on && self::head(view).size <= head.size {
        return Err(LogDamage::Beyond(head.size));
    }
    Ok(head)
}

/// The salt of the leaf at `index`: kept secret until that one event is shown to somebody.
pub(super) fn salt(salt_key: &[u8; 32], index: u64) -> [u8; 32] {
    mac(salt_key, &[&index.to_be_bytes()])
}

/// Hash of the leaf of an event's bytes.
pub(super) fn salted_leaf(salt: &[u8; 32], event: &[u8]) -> Hash {
    hash_leaf(&sha256(&[salt, event]).0)
}

/// The stored bytes of the event at `index`.
pub(super) fn event_bytes(view: &dyn View, index: u64) -> Option<Vec<u8>> {
    view.get(Space::Audit, &event_key(index))
}

fn leaf_of(salt_key: &[u8; 32], index: u64, event: &[u8]) -> Hash {
    salted_leaf(&salt(salt_key, index), event)
}

/// Hash of the leaves `start..end`. `start` lies where RFC 6962 splits, so that every left half is a stored node.
fn range(view: &dyn View, start: u64, end: u64) -> Option<Hash> {
    let width = end - start;
    if width.is_power_of_two() {
        let level = width.trailing_zeros();
        return node(view, level as u8, start >> level);
    }
    let middle = start + split(width);
    Some(hash_children(&range(view, start, middle)?, &range(view, middle, end)?))
}

/// The largest power of two below `width`, which is 2 or more.
fn split(width: u64) -> u64 {
    1 << (63 - (width - 1).leading_zeros())
}

fn node(view: &dyn View, level: u8, node: u64) -> Option<Hash> {
    view.get(Space::Audit, &node_key(level, node)).and_then(|bytes| Hash::from_slice(&bytes))
}

/// A tree hash, from what lies under it if it was lost. Under a lost event nothing can be proven: a hash that no proof
/// leads to stands in, and witnesses refuse the next head.
fn node_or_rebuilt(view: &dyn View, salt_key: &[u8; 32], level: u8, at: u64) -> Hash {
    if let Some(hash) = node(view, level, at) {
        return hash;
    }
    if level == 0 {
        let bytes = event_bytes(view, at).filter(|bytes| bytes != ERASED);
        return bytes.map_or(Hash([0; 32]), |bytes| leaf_of(salt_key, at, &bytes));
    }
    let child = |side: u64| node_or_rebuilt(view, salt_key, level - 1, at * 2 + side);
    hash_children(&child(0), &child(1))
}

fn put(key: Vec<u8>, value: Vec<u8>) -> Write {
    Write { space: Space::Audit, key, value: Some(value) }
}
fn event_key(index: u64) -> Vec<u8> {
    [EVENT, &index.to_be_bytes()].concat()
}
fn node_key(level: u8, node: u64) -> Vec<u8> {
    [b"n", [level].as_slice(), &node.to_be_bytes()].concat()
}
fn index_of(key: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(key.strip_prefix(EVENT)?.try_into().ok()?))
}

const EVENT: &[u8] = b"e";
const HEAD: &[u8] = b"h";
/// Events read at once: about 100 KiB.
const PAGE: usize = 1_000;

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
