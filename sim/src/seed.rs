//! Chance by name: every consumer draws from a stream of its own, so that a new one shifts nobody else's draws.
use protocol::crypto::sha256;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// The one number from which everything in a run follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// The stream of one consumer.
    pub fn stream(self, consumer: &str) -> Stream {
        Stream(ChaCha8Rng::from_seed(self.bytes(consumer)))
    }
    /// Thirty-two bytes for one use: a key, an Engine's seed.
    pub fn bytes(self, usage: &str) -> [u8; 32] {
        sha256(&[b"musubi/sim", &self.0.to_le_bytes(), usage.as_bytes()]).0
    }
}

/// An endless row of draws.
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// A number below `bound`; zero if the bound is zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.0.next_u64()) * u128::from(bound)) >> 64) as u64
    }
    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }
    /// True in `share` of a thousand draws.
    pub fn permille(&mut self, share: u64) -> bool {
        self.below(1000) < share
    }
    /// A place in a row of `len`; zero if it is empty.
    pub fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }
    /// One of `items`, which must not be empty.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.index(items.len())]
    }
    /// One of `items`, which must not be empty, as often as its weight says.
    pub fn weighted<T: Copy>(&mut self, items: &[(u64, T)]) -> T {
        let mut left = self.below(items.iter().map(|(weight, _)| weight).sum());
        for (weight, item) in items {
            if left < *weight {
                return *item;
            }
            left -= weight;
        }
        items[0].1
    }
    /// So many bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        self.0.fill_bytes(&mut out);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_one_seed_are_their_own() {
        let draw = |seed: u64, name: &str| Seed(seed).stream(name).below(u64::MAX);
        assert_eq!(draw(7, "disk"), draw(7, "disk"));
        assert_ne!(draw(7, "disk"), draw(7, "link"));
        assert_ne!(draw(7, "disk"), draw(8, "disk"));
    }
    #[test]
    fn draws_keep_their_bounds() {
        let mut stream = Seed(1).stream("bounds");
        for _ in 0..1_000 {
            assert!(stream.below(3) < 3);
            assert!((5..=9).contains(&stream.between(5, 9)));
            assert_eq!(stream.weighted(&[(0, 'a'), (4, 'b')]), 'b');
        }
        assert_eq!(stream.below(0), 0);
        assert!(!stream.permille(0) && stream.permille(1000));
    }
}
