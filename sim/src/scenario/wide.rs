//! Scenarios of many nodes, made instead of written: for measuring, and for what must reach everybody.
use super::{File, NetworkFile, NodeFile, OutageFile, Pace, People, Span, Swarm, Work};
use protocol::limits::{CHECKPOINT_INTERVAL_MS, PUBLISH_INTERVAL_MS, SYNC_INTERVAL_MS};

/// `nodes` nodes in networks of at most [`NETWORK_NODES`], with the intervals of real nodes and no faults, for so long.
///
/// Three people for every four nodes; each desk looks up as often as that makes one look-up a node and hour.
pub fn plain(name: &str, nodes: usize, horizon: Span) -> File {
    let networks = nodes.div_ceil(NETWORK_NODES).max(1);
    let network =
        |at: usize| NetworkFile { id: format!("net{at}"), name: format!("地域{at}"), evaluators: Vec::new() };
    File {
        name: name.to_owned(),
        title_ja: format!("{nodes}施設（障害なし）"),
        start: 20_270_401,
        horizon,
        pace: Pace {
            sync: Span(SYNC_INTERVAL_MS),
            checkpoint: Span(CHECKPOINT_INTERVAL_MS),
            publish: Span(PUBLISH_INTERVAL_MS),
        },
        network: (0..networks).map(network).collect(),
        node: (0..nodes).map(|at| node(at, networks)).collect(),
        accord: Vec::new(),
        people: People { count: (nodes * 3 / 4).max(4) as u32, facilities: 5, records: 3, large_permille: 20 },
        work: Work {
            visits: nodes as u64 * horizon.0.div_ceil(HOUR_MS),
            withdrawals: 0,
            withdraw_in_transfer_permille: 0,
            consents: 0,
            probes: 0,
            attacks: 0,
            withdrawal: None,
        },
        swarm: Swarm { classes: Vec::new(), on_permille: 0 },
        outage: Vec::new(),
    }
}

fn node(at: usize, networks: usize) -> NodeFile {
    // Houses as in a network of the programme: a hospital now and then, mostly clinics and pharmacies.
    let class = match at / networks % 10 {
        0 => "hospital",
        3 | 6 => "pharmacy",
        _ => "clinic",
    };
    NodeFile {
        id: format!("n{at:04}"),
        network: Some(format!("net{}", at % networks)),
        facility: format!("99{at:08}"),
        class: class.to_owned(),
        hub: at < networks,
        bad: false,
        ends: None,
        key_ends: None,
        revoked: None,
        latency: Span(4 + at as u64 % 12),
        mbps: 30,
    }
}

/// One network, nine in ten nodes up, no other fault; one patient withdraws. Every tenth node is off from half an hour before
/// until an hour after.
pub fn withdrawal(name: &str, nodes: usize) -> File {
    let mut file = plain(name, nodes, Span(4 * HOUR_MS));
    file.title_ja = format!("{nodes}施設・1割停止中の同意撤回（4時間）");
    file.people = People { count: 12, facilities: nodes as u64 / 4, records: 2, large_permille: 100 };
    file.work.visits = nodes as u64;
    file.work.withdrawal = Some(Span(2 * HOUR_MS));
    let off = file.node.iter().enumerate().filter(|(at, _)| at % 10 == OFF_PLACE);
    file.outage = off
        .map(|(_, node)| OutageFile {
            node: node.id.clone(),
            at: Span(2 * HOUR_MS - HOUR_MS / 2),
            span: Span(3 * HOUR_MS / 2),
        })
        .collect();
    file
}

/// Which of ten nodes is off.
const OFF_PLACE: usize = 7;
/// Most nodes of one network: the mean of the 270 networks of the country.
pub const NETWORK_NODES: usize = 151;
const HOUR_MS: u64 = 3_600_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::resolve;

    #[test]
    fn what_is_made_fits_like_what_is_written() {
        for (nodes, networks) in [(1, 1), (10, 1), (150, 1), (1_461, 10)] {
            let scenario = resolve(plain("made", nodes, Span(HOUR_MS))).expect("fits");
            assert_eq!((scenario.nodes.len(), scenario.file.network.len()), (nodes, networks));
        }
        assert_eq!(resolve(withdrawal("made", 150)).expect("fits").outages.len(), 15);
    }
}
