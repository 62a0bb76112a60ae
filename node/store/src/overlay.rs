//! Writes that are not in the index yet, laid over it.
use crate::db::Pair;
use crate::keyring::plain;
use protocol::data::{Space, View, Write};
use std::collections::BTreeMap;

/// Writes by key, the last one of a key winning.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pending {
    writes: BTreeMap<(Space, Vec<u8>), Option<Vec<u8>>>,
    bytes: usize,
}

impl Pending {
    pub(crate) fn lay(&mut self, write: Write) {
        self.bytes += weight(&write.key, write.value.as_deref());
        let at = (write.space, write.key);
        let key_len = at.1.len();
        if let Some(old) = self.writes.insert(at, write.value) {
            self.bytes -= OVERHEAD + key_len + old.map_or(0, |value| value.len());
        }
    }

    /// The write that waits for this key, if one does.
    pub(crate) fn find(&self, space: Space, key: &[u8]) -> Option<&Option<Vec<u8>>> {
        if self.writes.is_empty() {
            return None;
        }
        self.writes.get(&(space, key.to_vec()))
    }

    /// A scan in which these writes are already done; `base` scans what they lie over, from a key on and up to a limit.
    pub(crate) fn scan(&self, at: &Range<'_>, base: impl FnOnce(usize) -> Vec<Pair>) -> Vec<Pair> {
        let start = (at.space, at.from.max(at.prefix).to_vec());
        let laid = self.writes.range(start..);
        let mut laid = laid.take_while(|((space, key), _)| *space == at.space && key.starts_with(at.prefix)).peekable();
        if laid.peek().is_none() {
            return base(at.limit);
        }
        let laid: Vec<_> = laid.collect();
        // Each removal may take one pair of the base away, so that many more are asked for.
        let removals = laid.iter().filter(|(_, value)| value.is_none()).count();
        let mut merged: BTreeMap<Vec<u8>, Vec<u8>> = base(at.limit.saturating_add(removals)).into_iter().collect();
        for ((_, key), value) in laid {
            match value {
                Some(value) => merged.insert(key.clone(), value.clone()),
                None => merged.remove(key),
            };
        }
        merged.into_iter().take(at.limit).collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Space, &[u8], Option<&[u8]>)> {
        self.writes.iter().map(|((space, key), value)| (*space, key.as_slice(), value.as_deref()))
    }
    pub(crate) fn into_writes(self) -> Vec<Write> {
        self.writes.into_iter().map(|((space, key), value)| Write { space, key, value }).collect()
    }
    pub(crate) fn len(&self) -> usize {
        self.writes.len()
    }
    pub(crate) fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }
    /// What they take in memory, about.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Where a scan goes.
pub(crate) struct Range<'a> {
    pub(crate) space: Space,
    pub(crate) prefix: &'a [u8],
    pub(crate) from: &'a [u8],
    pub(crate) limit: usize,
}

/// A view in which some writes are already done.
pub(crate) struct Overlay<'a> {
    pub(crate) base: &'a dyn View,
    pub(crate) pending: &'a Pending,
}

impl View for Overlay<'_> {
    fn get(&self, space: Space, key: &[u8]) -> Option<Vec<u8>> {
        match self.pending.find(space, key) {
            Some(value) => value.as_deref().map(|value| plain(value).to_vec()),
            None => self.base.get(space, key),
        }
    }
    fn scan(&self, space: Space, prefix: &[u8], from: &[u8], limit: usize) -> Vec<Pair> {
        let at = Range { space, prefix, from, limit };
        let mut pairs = self.pending.scan(&at, |limit| self.base.scan(space, prefix, from, limit));
        for (_, value) in &mut pairs {
            if plain(value).len() != value.len() {
                *value = plain(value).to_vec();
            }
        }
        pairs
    }
}

/// What a write adds to the size of a batch.
pub(crate) fn weight(key: &[u8], value: Option<&[u8]>) -> usize {
    OVERHEAD + key.len() + value.map_or(0, <[u8]>::len)
}

const OVERHEAD: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use protocol::data::MemoryView;

    type Small = (Vec<u8>, Option<u8>);

    fn smalls() -> impl Strategy<Value = Vec<Small>> {
        proptest::collection::vec((proptest::collection::vec(0u8..3, 0..4), any::<Option<u8>>()), 0..30)
    }

    fn writes(smalls: Vec<Small>) -> Vec<Write> {
        let write = |(key, value): Small| Write { space: Space::Jobs, key, value: value.map(|v| vec![v]) };
        smalls.into_iter().map(write).collect()
    }

    proptest! {
        #[test]
        fn reading_over_pending_writes_is_reading_after_them(
            below in smalls(), above in smalls(),
            prefix in proptest::collection::vec(0u8..3, 0..3), from in proptest::collection::vec(0u8..3, 0..3),
            limit in 0usize..10,
        ) {
            let mut base = MemoryView::default();
            base.apply(&writes(below));
            let mut after = base.clone();
            after.apply(&writes(above.clone()));
            let mut pending = Pending::default();
            writes(above).into_iter().for_each(|write| pending.lay(write));
            let bytes: usize = pending.iter().map(|(_, key, value)| weight(key, value)).sum();
            prop_assert_eq!(pending.bytes(), bytes);
            let over = Overlay { base: &base, pending: &pending };
            prop_assert_eq!(
                over.scan(Space::Jobs, &prefix, &from, limit),
                after.scan(Space::Jobs, &prefix, &from, limit)
            );
            prop_assert_eq!(over.get(Space::Jobs, &from), after.get(Space::Jobs, &from));
        }
    }
}
