use super::Ticket;
use crate::data::{Batch, Space, View};
use std::collections::BTreeMap;

/// The view with the Engine's own batches on top that are on their way to the disk.
#[derive(Debug)]
pub(super) struct Overlay<V> {
    base: V,
    pending: BTreeMap<(Space, Vec<u8>), Laid>,
    by_ticket: BTreeMap<Ticket, Vec<(Space, Vec<u8>)>>,
}

/// Who laid a value, and the value; none hides what is below.
type Laid = (Ticket, Option<Vec<u8>>);

impl<V: View> Overlay<V> {
    pub(super) fn new(base: V) -> Self {
        Self { base, pending: BTreeMap::new(), by_ticket: BTreeMap::new() }
    }
    /// Lays a batch on top until [`Overlay::settle`].
    pub(super) fn lay(&mut self, ticket: Ticket, batch: &Batch) {
        let mut keys = Vec::with_capacity(batch.writes.len());
        for write in &batch.writes {
            let at = (write.space, write.key.clone());
            self.pending.insert(at.clone(), (ticket, write.value.clone()));
            keys.push(at);
        }
        self.by_ticket.insert(ticket, keys);
    }
    /// The batch is on disk, or never will be: what it laid and nobody laid over goes.
    pub(super) fn settle(&mut self, ticket: Ticket) {
        for at in self.by_ticket.remove(&ticket).into_iter().flatten() {
            if self.pending.get(&at).is_some_and(|(owner, _)| *owner == ticket) {
                self.pending.remove(&at);
            }
        }
    }
}

impl<V: View> View for Overlay<V> {
    fn get(&self, space: Space, key: &[u8]) -> Option<Vec<u8>> {
        if self.pending.is_empty() {
            return self.base.get(space, key);
        }
        match self.pending.get(&(space, key.to_vec())) {
            Some((_, value)) => value.clone(),
            None => self.base.get(space, key),
        }
    }
    fn scan(&self, space: Space, prefix: &[u8], from: &[u8], limit: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
        let start = from.max(prefix).to_vec();
        let laid: Vec<_> = self
            .pending
            .range((space, start)..)
            .take_while(|((at, key), _)| *at == space && key.starts_with(prefix))
            .collect();
        if laid.is_empty() {
            return self.base.scan(space, prefix, from, limit);
        }
        // Removed keys on top may hide as many below: ask for that many more, then cut.
        let below = self.base.scan(space, prefix, from, limit.saturating_add(laid.len()));
        let mut merged: BTreeMap<Vec<u8>, Vec<u8>> = below.into_iter().collect();
        for ((_, key), (_, value)) in laid {
            match value {
                Some(value) => merged.insert(key.clone(), value.clone()),
                None => merged.remove(key),
            };
        }
        merged.into_iter().take(limit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::MemoryView;

    #[test]
    fn pending_batches_are_seen_and_leave_when_settled() {
        let mut base = MemoryView::default();
        let mut first = Batch::default();
        first.put(Space::Desk, b"a".as_slice(), b"1".as_slice());
        first.put(Space::Desk, b"b".as_slice(), b"2".as_slice());
        base.apply(&first.writes);
        let mut overlay = Overlay::new(base);
        let mut second = Batch::default();
        second.remove(Space::Desk, b"a".as_slice());
        second.put(Space::Desk, b"c".as_slice(), b"3".as_slice());
        overlay.lay(Ticket(1), &second);
        assert_eq!(overlay.get(Space::Desk, b"a"), None);
        let keys: Vec<_> = overlay.scan(Space::Desk, b"", b"", 2).into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, [b"b".to_vec(), b"c".to_vec()]);
        overlay.settle(Ticket(1));
        assert_eq!(overlay.get(Space::Desk, b"a"), Some(b"1".to_vec()));
    }
}
