//! The arithmetic of RFC 6962 trees: hashes of leaves and nodes, and the checking of proofs. Knows no store.
use crate::{crypto::sha256, ids::Hash};

/// Hash of a leaf over its data.
pub(crate) fn hash_leaf(data: &[u8]) -> Hash {
    sha256(&[&[0], data])
}

/// Hash of the node over two subtrees.
pub(crate) fn hash_children(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], &left.0, &right.0])
}

/// Root of the tree without leaves.
pub(crate) fn empty_root() -> Hash {
    sha256(&[])
}

/// Subtrees that are complete at some size, by level; the binary digits of that size. Adding a leaf costs O(log n) hashes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frontier {
    levels: Vec<Option<Hash>>,
}

impl Frontier {
    /// The frontier of a tree with `size` leaves, from its complete subtrees.
    pub(crate) fn of(size: u64, mut node: impl FnMut(u8, u64) -> Hash) -> Self {
        let width = 64 - size.leading_zeros();
        let levels =
            (0..width).map(|level| (size >> level & 1 == 1).then(|| node(level as u8, (size >> level) - 1))).collect();
        Self { levels }
    }
    /// Takes the next leaf's hash; tells every subtree that became complete, with its level, lowest first.
    pub(crate) fn push(&mut self, leaf: Hash, mut complete: impl FnMut(u8, Hash)) {
        let mut carried = leaf;
        for level in 0u8.. {
            complete(level, carried);
            let at = usize::from(level);
            if at == self.levels.len() {
                self.levels.push(None);
            }
            match self.levels[at].take() {
                Some(left) => carried = hash_children(&left, &carried),
                None => {
                    self.levels[at] = Some(carried);
                    return;
                }
            }
        }
    }
    /// Root of the tree of all leaves so far.
    pub(crate) fn root(&self) -> Hash {
        self.levels
            .iter()
            .flatten()
            .copied()
            .reduce(|right, left| hash_children(&left, &right))
            .unwrap_or_else(empty_root)
    }
}

/// Whether `proof` shows that the leaf with hash `leaf` stands at `index` in the tree of `size` leaves with root `root`.
///
/// Source: RFC 9162, 2.1.3.2.
pub fn verify_inclusion(leaf: Hash, index: u64, size: u64, proof: &[Hash], root: Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = hash_children(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = hash_children(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == root
}

/// Whether `proof` shows that the tree of `to` leaves with root `new` begins with the tree of `from` leaves with root `old`.
///
/// Every tree extends the empty one, which needs an empty proof. Source: RFC 9162, 2.1.4.2.
pub fn verify_consistency(from: u64, to: u64, old: Hash, new: Hash, proof: &[Hash]) -> bool {
    if from > to {
        return false;
    }
    if from == to {
        return proof.is_empty() && old == new && (from > 0 || old == empty_root());
    }
    if from == 0 {
        return proof.is_empty() && old == empty_root();
    }
    // A complete old tree is a node of the new one: the proof leaves it out.
    let mut path = proof.iter();
    let first = if from.is_power_of_two() { Some(&old) } else { path.next() };
    let Some(first) = first else { return false };
    let (mut at, mut last) = (from - 1, to - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            old_hash = hash_children(sibling, &old_hash);
            new_hash = hash_children(sibling, &new_hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = hash_children(&new_hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == old && new_hash == new
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Roots of the eight leaves of the well-known test of RFC 6962 implementations.
    #[test]
    fn roots_are_those_of_the_known_test_tree() {
        let leaves: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let expect = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut frontier = Frontier::default();
        assert_eq!(frontier.root().to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        for (leaf, expect) in leaves.iter().zip(expect) {
            frontier.push(hash_leaf(leaf), |_, _| {});
            assert_eq!(frontier.root().to_string(), expect);
        }
    }
}
