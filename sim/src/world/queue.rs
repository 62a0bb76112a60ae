use super::Micros;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// What is going to happen, in order of time, then class, then the order in which it was put in.
#[derive(Debug)]
pub struct Queue<E> {
    heap: BinaryHeap<Reverse<Entry<E>>>,
    next: u64,
}

#[derive(Debug)]
struct Entry<E> {
    at: Micros,
    class: u8,
    number: u64,
    event: E,
}

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), next: 0 }
    }
}

impl<E> Queue<E> {
    /// Puts an event in. Of one moment, lower classes come first.
    pub fn put(&mut self, at: Micros, class: u8, event: E) {
        self.heap.push(Reverse(Entry { at, class, number: self.next, event }));
        self.next += 1;
    }
    /// Takes the next event out.
    pub fn take(&mut self) -> Option<(Micros, E)> {
        self.heap.pop().map(|Reverse(entry)| (entry.at, entry.event))
    }
}

impl<E> Entry<E> {
    fn rank(&self) -> (Micros, u8, u64) {
        (self.at, self.class, self.number)
    }
}
impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.rank() == other.rank()
    }
}
impl<E> Eq for Entry<E> {}
impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<E> Ord for Entry<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_then_class_then_order_of_insertion() {
        let mut queue = Queue::default();
        for (at, class, name) in [(5, 1, "c"), (5, 0, "b"), (1, 9, "a"), (5, 1, "d")] {
            queue.put(Micros(at), class, name);
        }
        let order: Vec<&str> = std::iter::from_fn(|| queue.take().map(|(_, name)| name)).collect();
        assert_eq!(order, ["a", "b", "c", "d"]);
    }
}
