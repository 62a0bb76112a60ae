use crate::ids::{NodeKey, ShelfId};
use crate::time::Millis;
use std::collections::{BTreeMap, BTreeSet};

/// What the Engine remembers of another node while it runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Peer {
    /// A connection stands.
    pub connected: bool,
    /// Its hello came.
    pub greeted: bool,
    /// It compared notes since it connected: what it calls back came before.
    pub synced: bool,
    /// When anything of it came last.
    pub seen: Option<Millis>,
    /// When its state was last equal to ours, or became so.
    pub agreed: Option<Millis>,
    /// Faults since the last good exchange.
    pub strikes: u32,
    /// What a stranger greeted with: looked at again when a charter or accord comes that anchors it.
    pub introduced: Vec<crate::state::Signed>,
    /// Up to which size of our log it has co-signed, as far as we know.
    pub cosigned: u64,
    /// Standing when it connected; only planted bug P05 looks at it.
    #[cfg(feature = "plants")]
    pub standing_at_hello: Option<crate::state::Standing>,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Peers {
    pub map: BTreeMap<NodeKey, Peer>,
    /// Shelves being collected, from whom.
    pub following: BTreeMap<ShelfId, NodeKey>,
}

impl Peers {
    pub(super) fn get(&mut self, node: NodeKey) -> &mut Peer {
        self.map.entry(node).or_default()
    }
    pub(super) fn is_up(&self, node: &NodeKey) -> bool {
        self.map.get(node).is_some_and(|peer| peer.connected && peer.greeted)
    }
    pub(super) fn is_connected(&self, node: &NodeKey) -> bool {
        self.map.get(node).is_some_and(|peer| peer.connected)
    }
    pub(super) fn up(&self) -> BTreeSet<NodeKey> {
        self.map.iter().filter(|(_, peer)| peer.connected && peer.greeted).map(|(node, _)| *node).collect()
    }
}
