use super::NodeKey;

/// The node key in a libp2p peer id's text: base 58 of an identity multihash over the protobuf of an Ed25519 key.
///
/// Source: libp2p specs, peer-ids: `00 24 08 01 12 20` and the 32 bytes of the key.
pub fn node_of_peer_id(text: &str) -> Option<NodeKey> {
    let bytes = bs58::decode(text.get(..PEER_ID_CHARS_MAX.min(text.len()))?).into_vec().ok()?;
    let key = bytes.strip_prefix(&PREFIX)?;
    NodeKey::from_slice(key)
}

/// The text of a node key's libp2p peer id.
pub fn peer_id_of(node: &NodeKey) -> String {
    bs58::encode([PREFIX.as_slice(), &node.0].concat()).into_string()
}

const PREFIX: [u8; 6] = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20];
/// 38 bytes in base 58 are 52 characters.
const PEER_ID_CHARS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peer_ids_of_ed25519_keys_read_back() {
        let node = NodeKey([9; 32]);
        let text = peer_id_of(&node);
        assert!(text.starts_with("12D3KooW"), "{text}");
        assert_eq!(node_of_peer_id(&text), Some(node));
        assert_eq!(node_of_peer_id("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N"), None);
        assert_eq!(node_of_peer_id("０"), None);
    }
}
