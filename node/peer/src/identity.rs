//! Node key ⇄ PeerId: a node's libp2p identity *is* its Ed25519 key, so each follows from the other.
use libp2p::PeerId;
use libp2p::identity::Keypair;
use protocol::ids::NodeKey;

/// The PeerId of a node. Total: whether the bytes are a point of the curve shows in the handshake.
pub fn peer_id_of(node: NodeKey) -> PeerId {
    let mut bytes = Vec::with_capacity(PREFIX.len() + node.0.len());
    bytes.extend_from_slice(&PREFIX);
    bytes.extend_from_slice(&node.0);
    PeerId::from_bytes(&bytes).expect("an identity multihash of 36 bytes is always a PeerId")
}

/// The node key inside of a PeerId, or `None` if it is no Ed25519 identity (RSA, secp256k1, ECDSA), which we never talk to.
pub fn node_key_of(peer: &PeerId) -> Option<NodeKey> {
    let bytes = peer.to_bytes();
    bytes.strip_prefix(&PREFIX).and_then(NodeKey::from_slice)
}

/// The key pair of a node from its secret seed.
pub(crate) fn keypair_of(mut seed: [u8; 32]) -> Keypair {
    // `ed25519_from_bytes` overwrites what it was given.
    Keypair::ed25519_from_bytes(&mut seed).expect("every 32 bytes are an Ed25519 seed")
}

/// Multihash "identity", 36 bytes long; in it the protobuf `PublicKey { type: Ed25519, data: 32 bytes }`.
const PREFIX: [u8; 6] = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn node_key_and_peer_id_follow_from_each_other(seed: [u8; 32]) {
            let pair = keypair_of(seed);
            let peer = pair.public().to_peer_id();
            let node = node_key_of(&peer).expect("Ed25519");
            let key = pair.public().try_into_ed25519().expect("Ed25519");
            prop_assert_eq!(node.0, key.to_bytes());
            prop_assert_eq!(peer_id_of(node), peer);
        }
        #[test]
        fn any_32_bytes_have_a_peer_id(bytes: [u8; 32]) {
            prop_assert_eq!(node_key_of(&peer_id_of(NodeKey(bytes))), Some(NodeKey(bytes)));
        }
    }

    #[test]
    fn a_hashed_peer_id_has_no_node_key() {
        let mut sha256 = vec![0x12, 0x20];
        sha256.extend_from_slice(&[7; 32]);
        let peer = PeerId::from_bytes(&sha256).expect("a PeerId");
        assert_eq!(node_key_of(&peer), None);
    }
}
