/// One configuration key, as `musubi config explain` prints it.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Key {
    /// Its place in the file, tables joined by dots.
    pub key: &'static str,
    /// What it may be.
    pub range: &'static str,
    /// What it is if nobody says.
    pub default: &'static str,
    /// What it means and what changes when it is turned.
    pub meaning: &'static str,
    /// Whether a running node takes a change only after a restart.
    pub restart: bool,
}

/// The key of this name, without regard to `[[…]]` numbers.
pub fn explain(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.key == name)
}

/// What a configuration, as it was read, says under a key: all values of it, where it stands in several tables; none if it is
/// not set.
pub fn value_of(raw: &serde_json::Value, key: &str) -> Option<String> {
    use serde_json::Value;
    let mut found: Vec<&Value> = vec![raw];
    for part in key.split('.') {
        let tables = found.into_iter().flat_map(|value| match value {
            Value::Array(list) => list.iter().collect(),
            one => vec![one],
        });
        found = tables.filter_map(|table| table.get(part)).collect();
    }
    let words = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Array(list) if list.is_empty() => None,
        other => Some(other.to_string()),
    };
    let said: Vec<String> = found.into_iter().filter_map(words).collect();
    if said.is_empty() { None } else { Some(said.join(", ")) }
}

const fn key(key: &'static str, range: &'static str, default: &'static str, meaning: &'static str) -> Key {
    Key { key, range, default, meaning, restart: true }
}

const fn live(key: &'static str, range: &'static str, default: &'static str, meaning: &'static str) -> Key {
    Key { key, range, default, meaning, restart: false }
}

/// Every key there is.
pub const KEYS: &[Key] = &[
    key(
        "preset",
        "clinic | hospital | hub | relay",
        "clinic",
        "Size of the machine and its task: decides the defaults of memory, connections and relaying.",
    ),
    key(
        "name",
        "1 to 100 characters",
        "the first facility's name",
        "The node's name for people, as other members see it in the directory.",
    ),
    key(
        "facility.id",
        "ten digits",
        "none, must be set",
        "保険医療機関番号 of the facility (with prefecture and table number), or ten digits from 99 on that its network gave it.",
    ),
    key("facility.name", "1 to 100 characters", "none, must be set", "The facility's name for people."),
    key(
        "facility.class",
        "hospital | clinic | dental | pharmacy | visiting-nursing | care | lab | checkup | fire | municipal",
        "none, must be set",
        "What kind of facility it is; index audiences and accords go by it.",
    ),
    key(
        "facility.authority",
        "an OID",
        "none, must be set",
        "Who gives this facility's patient numbers (assigning authority).",
    ),
    live(
        "facility.feed.name",
        "1 to 32 letters, digits, hyphens or underscores; unique in its facility",
        "main for the first, feed-2 for the second…",
        "The feed's name at this node. Kept when the path changes, so that nothing is taken in twice.",
    ),
    live("facility.feed.kind", "ss-mix2", "ss-mix2", "Format of a source of records."),
    live(
        "facility.feed.path",
        "a folder",
        "none, must be set",
        "Root of an SS-MIX2 storage (standardized, extended, or the folder above both). It is only read.",
    ),
    live(
        "facility.feed.transactions",
        "a folder",
        "none",
        "The SS-MIX2 transaction storage beside it (TR_….DAT by years, or standard and extended above them). Followed every \
         few seconds, so that a change is taken in without a walk; the walks go on as a check.",
    ),
    live(
        "facility.feed.scan_interval_s",
        "1 to 86400 seconds",
        "300",
        "How often the folder is walked in full. Lower finds changes sooner and costs one directory read per patient folder.",
    ),
    key(
        "portal.listen",
        "ADDRESS:PORT of this machine's loopback, or \"off\"",
        "127.0.0.1:8470",
        "Where the pages for people are served. Loopback only, since there is no certificate yet.",
    ),
    key("portal.language", "ja | en", "ja", "Language of the pages until a person chooses."),
    key(
        "peer.listen",
        "list of /ip4/ADDRESS/udp/PORT/quic-v1 or /ip4/ADDRESS/tcp/PORT",
        "[]",
        "Where other nodes may connect. Empty: outbound only, no inbound port needed.",
    ),
    key(
        "peer.announce",
        "list of addresses as in peer.listen",
        "[]",
        "Addresses under which others reach this node although no interface has them (port forwarding, a public name).",
    ),
    key(
        "peer.bootstrap",
        "list of …/p2p/PEER-ID",
        "[]",
        "Nodes to connect to at the start, besides those that the directory and invites name.",
    ),
    key(
        "peer.relay",
        "\"auto\" | \"off\" | list of …/p2p/PEER-ID (at most 4)",
        "auto",
        "Where a node without inbound port keeps a reservation, so that others reach it. auto: at members with the relay role.",
    ),
    key(
        "peer.serve_relay",
        "true | false",
        "true for hub and relay, else false",
        "Whether this node relays for members without inbound port. It sees sizes and times of what it relays, never contents.",
    ),
    key("peer.quic", "true | false", "true", "Whether QUIC over UDP may be used."),
    key("peer.tcp", "true | false", "true", "Whether TCP with Noise may be used."),
    key(
        "peer.mdns",
        "true | false",
        "false",
        "Whether neighbours on the LAN are looked for by multicast DNS (needs a build with the feature mdns).",
    ),
    key(
        "limits.cache_mib",
        "8 to 1024 MiB",
        "16; hospital 64; hub 128",
        "Page cache of the store. More makes look-ups in large stores faster and takes that much memory.",
    ),
    key(
        "limits.connections_max",
        "16 to 10000",
        "128; hospital 512; hub and relay 2048",
        "Connections to other nodes at once.",
    ),
    key(
        "limits.sync_interval_ms",
        "200 to 3600000 ms",
        "300000",
        "How often connected peers compare what they hold. Changes are pushed at once; this finds what was missed.",
    ),
    key(
        "limits.checkpoint_interval_ms",
        "200 to 3600000 ms",
        "60000",
        "How often a changed audit log gets a checkpoint that witnesses co-sign.",
    ),
    key(
        "limits.publish_interval_ms",
        "0 to 3600000 ms",
        "60000",
        "How long additions to the index are collected before they are published. Removals go at once.",
    ),
    key(
        "limits.dial_wait_ms",
        "100 to 60000 ms",
        "5000",
        "How long a read waits for a holder to be reached before its row says offline.",
    ),
    key(
        "limits.join_retry_ms",
        "100 to 600000 ms",
        "5000",
        "How often a request to join is repeated until founders have decided.",
    ),
    key(
        "limits.requests_per_hour",
        "1 to 1000000",
        "5000",
        "Requests that one reader may make here in an hour; above it the answer is busy.",
    ),
    key(
        "limits.emergency_review_ms",
        "1000 to 604800000 ms",
        "604800000",
        "Within what time an emergency read should be reviewed; never more than seven days.",
    ),
    key(
        "limits.emergency_lapse_ms",
        "1000 to 1209600000 ms",
        "1209600000",
        "After what time without review a reader may make no other emergency read here; never more than fourteen days.",
    ),
    key(
        "log.level",
        "error | warn | info | debug | trace",
        "info",
        "How much the log says. No level writes personal data.",
    ),
    key("log.to", "file | stderr", "file", "Where the log goes: a file per day in the folder log/, or the console."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_shown_and_what_is_not_is_the_default() {
        let raw = serde_json::json!({
            "name": "港", "portal": { "listen": null }, "peer": { "listen": [] },
            "facility": [{ "id": "1", "feed": [{ "path": "/a" }] }, { "id": "2", "feed": [{ "path": "/b" }] }],
        });
        let value = |key| value_of(&raw, key);
        assert_eq!(value("name"), Some("港".into()));
        assert_eq!(value("facility.feed.path"), Some("/a, /b".into()));
        assert_eq!([value("portal.listen"), value("peer.listen"), value("log.level")], [None, None, None]);
    }
}
