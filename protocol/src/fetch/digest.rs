use crate::{audit::tree::Frontier, ids::Hash, limits::CHUNK_BYTES_MAX};
use sha2::{Digest, Sha256};

/// The digest of a record's bytes: the RFC 6962 root over its chunks of [`CHUNK_BYTES_MAX`], the last one shorter. Of up to
/// one chunk it is `SHA-256(0 ‖ bytes)`; of nothing, `SHA-256()`.
pub fn digest_of(bytes: &[u8]) -> Hash {
    let mut digester = Digester::new();
    digester.update(bytes);
    digester.finish().0
}

/// [`digest_of`] for bytes that come in pieces of any size.
#[derive(Clone, Debug)]
pub struct Digester {
    chunk: Sha256,
    filled: u64,
    hashes: Vec<Hash>,
}

impl Default for Digester {
    fn default() -> Self {
        Self::new()
    }
}

impl Digester {
    /// Nothing read yet.
    pub fn new() -> Self {
        Self { chunk: fresh(), filled: 0, hashes: Vec::new() }
    }
    /// Takes the next bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = usize::try_from(CHUNK_BYTES_MAX - self.filled).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.chunk.update(now);
            self.filled += now.len() as u64;
            if self.filled == CHUNK_BYTES_MAX {
                self.close();
            }
            bytes = later;
        }
    }
    /// The digest, and the hash of each chunk.
    pub fn finish(mut self) -> (Hash, Vec<Hash>) {
        if self.filled > 0 {
            self.close();
        }
        (root_of(&self.hashes), self.hashes)
    }
    fn close(&mut self) {
        let full = std::mem::replace(&mut self.chunk, fresh());
        self.hashes.push(Hash(full.finalize().into()));
        self.filled = 0;
    }
}

/// The digest of something whose chunks have these hashes.
pub(super) fn root_of(hashes: &[Hash]) -> Hash {
    let mut frontier = Frontier::default();
    for hash in hashes {
        frontier.push(*hash, |_, _| {});
    }
    frontier.root()
}

fn fresh() -> Sha256 {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{audit::tree::hash_children, crypto::sha256};
    use proptest::prelude::*;

    #[test]
    fn a_short_record_is_one_leaf_and_a_longer_one_a_tree() {
        assert_eq!(digest_of(b""), sha256(&[]));
        assert_eq!(digest_of(b"abc"), sha256(&[&[0], b"abc"]));
        let long = vec![7; CHUNK_BYTES_MAX as usize + 1];
        let (full, rest) = long.split_at(CHUNK_BYTES_MAX as usize);
        assert_eq!(digest_of(&long), hash_children(&digest_of(full), &digest_of(rest)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn pieces_of_any_size_give_the_same_digest(size in 0usize..900_000, step in 1usize..400_000) {
            let bytes: Vec<u8> = (0..size).map(|at| (at / 251) as u8).collect();
            let mut digester = Digester::new();
            for piece in bytes.chunks(step) {
                digester.update(piece);
            }
            let (digest, hashes) = digester.finish();
            prop_assert_eq!(digest, digest_of(&bytes));
            prop_assert_eq!(hashes.len() as u64, (size as u64).div_ceil(CHUNK_BYTES_MAX));
            prop_assert_eq!(root_of(&hashes), digest);
        }
    }
}
