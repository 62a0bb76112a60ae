//! Chance by name: every consumer draws from its own stream, so that a new one shifts nobody else's draws.
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// The one seed of a region.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source(u64);

impl Source {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }
    /// The stream of one consumer at one place (a facility, a network, or nowhere) for one number (a person, a household).
    pub(crate) fn stream(self, consumer: &str, place: &str, number: u64) -> Stream {
        let mut seed = [0; 32];
        for (part, value) in seed.chunks_exact_mut(8).zip([self.0, fnv(consumer), fnv(place), number]) {
            part.copy_from_slice(&value.to_le_bytes());
        }
        Stream(ChaCha8Rng::from_seed(seed))
    }
}

/// An endless row of draws.
pub(crate) struct Stream(ChaCha8Rng);

impl Stream {
    /// A number below `bound`; zero if the bound is zero.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.0.next_u32()) * u64::from(bound)) >> 32) as u32
    }
    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high.saturating_sub(low) + 1)
    }
    /// True in `chance` of a thousand draws.
    pub(crate) fn permille(&mut self, chance: u32) -> bool {
        self.below(1000) < chance
    }
    /// One of `items`, which must not be empty.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u32) as usize]
    }
    /// One of `items`, as often as its weight says.
    pub(crate) fn weighted<'a, T>(&mut self, items: &'a [T], weight: impl Fn(&T) -> u32) -> &'a T {
        let mut left = self.below(items.iter().map(&weight).sum());
        for item in items {
            let own = weight(item);
            if left < own {
                return item;
            }
            left -= own;
        }
        &items[0]
    }
    /// So many decimal digits.
    pub(crate) fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + self.below(10) as u8)).collect()
    }
}

/// FNV-1a, 64 bit: names to numbers, the same on every machine.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
