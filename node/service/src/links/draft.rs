//! A transaction that is being made, laid over what is stored: a decision sees those before it.
use protocol::data::{Batch, Space, View};
use std::collections::BTreeMap;

/// What is stored, with what is about to be.
pub(super) struct Draft<'v> {
    stored: &'v dyn View,
    laid: BTreeMap<(Space, Vec<u8>), Option<Vec<u8>>>,
    batch: Batch,
}

impl<'v> Draft<'v> {
    pub(super) fn over(stored: &'v dyn View) -> Self {
        Self { stored, laid: BTreeMap::new(), batch: Batch::default() }
    }
    pub(super) fn put(&mut self, space: Space, key: Vec<u8>, value: Vec<u8>) {
        self.add(|batch| batch.put(space, key, value));
    }
    pub(super) fn remove(&mut self, space: Space, key: Vec<u8>) {
        self.add(|batch| batch.remove(space, key));
    }
    /// Adds what `fill` writes.
    pub(super) fn add(&mut self, fill: impl FnOnce(&mut Batch)) {
        let mut more = Batch::default();
        fill(&mut more);
        for write in &more.writes {
            self.laid.insert((write.space, write.key.clone()), write.value.clone());
        }
        self.batch.append(more);
    }
    /// The transaction.
    pub(super) fn done(self) -> Batch {
        self.batch
    }
}

impl View for Draft<'_> {
    fn get(&self, space: Space, key: &[u8]) -> Option<Vec<u8>> {
        match self.laid.get(&(space, key.to_vec())) {
            Some(laid) => laid.clone(),
            None => self.stored.get(space, key),
        }
    }
    fn scan(&self, space: Space, prefix: &[u8], from: &[u8], limit: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
        let start = from.max(prefix).to_vec();
        let laid = self.laid.range((space, start)..);
        let laid: Vec<_> = laid.take_while(|((at, key), _)| *at == space && key.starts_with(prefix)).collect();
        let gone = laid.iter().filter(|(_, value)| value.is_none()).count();
        let stored = self.stored.scan(space, prefix, from, limit.saturating_add(gone));
        let full = stored.len() == limit.saturating_add(gone);
        let end = stored.last().map(|(key, _)| key.clone()).filter(|_| full);
        let mut merged: BTreeMap<Vec<u8>, Vec<u8>> = stored.into_iter().collect();
        for ((_, key), value) in laid {
            match value {
                // Behind the last stored one that was read there may be more stored ones.
                Some(_) if end.as_ref().is_some_and(|end| key > end) => {}
                Some(value) => drop(merged.insert(key.clone(), value.clone())),
                None => drop(merged.remove(key)),
            }
        }
        merged.into_iter().take(limit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::data::MemoryView;

    #[test]
    fn a_draft_reads_as_if_it_were_stored() {
        let mut stored = MemoryView::default();
        let mut batch = Batch::default();
        (0..6u8).for_each(|n| batch.put(Space::Tokens, vec![b'a', n], vec![n]));
        stored.apply(&batch.writes);
        let mut draft = Draft::over(&stored);
        draft.remove(Space::Tokens, vec![b'a', 1]);
        draft.put(Space::Tokens, vec![b'a', 0], vec![9]);
        draft.put(Space::Tokens, vec![b'a', 7], vec![7]);
        draft.put(Space::Tokens, vec![b'b', 7], vec![7]);
        let reads = [(vec![], 9), (vec![], 3), (vec![b'a', 2], 2), (vec![b'a', 6], 9)];
        let laid: Vec<_> = reads.iter().map(|(from, limit)| draft.scan(Space::Tokens, b"a", from, *limit)).collect();
        let writes = draft.done().writes;
        stored.apply(&writes);
        for ((from, limit), laid) in reads.iter().zip(laid) {
            assert_eq!(laid, stored.scan(Space::Tokens, b"a", from, *limit), "from {from:?}, {limit}");
        }
        assert_eq!(stored.get(Space::Tokens, &[b'a', 0]), Some(vec![9]));
    }
}
