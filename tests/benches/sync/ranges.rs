//! The crate negentropy (range-based reconciliation) over the same entries.
use crate::town::{Taken, cpu};
use negentropy::{Id, Negentropy, NegentropyStorageVector};
use protocol::index::{ENTRY_BYTES, Entry};
use sha2::{Digest, Sha256};

/// In which order negentropy has the entries: it sorts by a moment, which entries do not have.
#[derive(Clone, Copy)]
pub enum Order {
    /// By change number, so that what is new stands together at the end: its best case.
    Number,
    /// By hash alone, so that what differs lies anywhere.
    Hash,
}

/// One set, ready: ids are SHA-256 of the packed entries.
pub fn set(entries: &[Entry], order: Order) -> NegentropyStorageVector {
    let mut set = NegentropyStorageVector::with_capacity(entries.len());
    for entry in entries {
        let id = Id::from_byte_array(Sha256::digest(entry.pack()).into());
        let moment = match order {
            Order::Number => entry.number,
            Order::Hash => 0,
        };
        set.insert(moment, id).expect("not sealed");
    }
    set.seal().expect("not sealed");
    set
}

/// The copy finds what it lacks, asks for it by its 32 bytes of id, and gets the entries.
pub fn reconcile(copy: &NegentropyStorageVector, source: &NegentropyStorageVector) -> Taken {
    let begun = cpu();
    let mut client = Negentropy::borrowed(copy, FRAME_BYTES).expect("a good limit");
    let mut server = Negentropy::borrowed(source, FRAME_BYTES).expect("a good limit");
    let (mut have, mut need) = (Vec::new(), Vec::new());
    let mut taken = Taken::default();
    let mut question = Some(client.initiate().expect("the first"));
    while let Some(asked) = question {
        let answer = server.reconcile(&asked).expect("of its own kind");
        taken.bytes += (asked.len() + answer.len()) as u64;
        taken.trips += 1;
        question = client.reconcile_with_ids(&answer, &mut have, &mut need).expect("of its own kind");
    }
    taken.cpu = cpu() - begun;
    if !need.is_empty() {
        taken.trips += 1;
        taken.bytes += (need.len() * (ID_BYTES + ENTRY_BYTES)) as u64;
    }
    taken
}

const ID_BYTES: usize = 32;
/// As large as our frames.
const FRAME_BYTES: u64 = 1 << 20;
