//! Evaluators (評価者): who makes the patient tags of a network, how far their key is, and how a network's tags are made now.
use crate::health::{Check, Finding, Light, finding};
use crate::keys::Share;
use crate::service::Service;
use crate::signing::{SignError, Signing};
use protocol::crypto::Real;
use protocol::engine::KeygenView;
use protocol::ids::{FacilityId, NetworkId, NodeKey};
use protocol::limits::{EVALUATED_EPOCH_MIN, EVALUATORS_MAX, LOCAL_NODES_MAX};
use protocol::oprf::keygen::Progress;
use protocol::state::{Evaluator, EvaluatorCall};
use protocol::time::{DAY_MS, Millis};
use std::collections::BTreeSet;

/// Whom founders name.
#[derive(Clone, Debug)]
pub struct CallTerms {
    /// Of which network.
    pub network: NetworkId,
    /// Which members, in the order of their seats.
    pub facilities: Vec<FacilityId>,
    /// How many must answer; more than half unless said.
    pub threshold: Option<u32>,
    /// How many days the key is used; a year unless said.
    pub days: Option<u64>,
}

/// Why evaluators could not be named.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// A member without a node, or no member.
    #[error("{0} has no node in this network now; name members that `musubi peers` shows, or this node's own facility")]
    NoNode(FacilityId),
    /// The counts.
    #[error(
        "{threshold} of {count} evaluators cannot be: at least two and more than half must answer, of 3 to {EVALUATORS_MAX} that \
         run nodes of their own"
    )]
    Counts {
        /// How many must answer.
        threshold: u32,
        /// How many there are.
        count: usize,
    },
    /// Signing.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// How the tags of one network are made now.
#[derive(Clone, Debug)]
pub struct TagMode {
    /// Which network.
    pub network: NetworkId,
    /// Its name.
    pub name: String,
    /// Nodes that serve live members.
    pub nodes: usize,
    /// Whether tags under the secret of `local` mode are published.
    pub local: bool,
    /// Epochs with a key of evaluators, newest first.
    pub epochs: Vec<EpochLine>,
    /// Key generations that this node takes part in.
    pub keygens: Vec<KeygenView>,
    /// The epoch that is called for and has no key yet.
    pub called: Option<u32>,
}

/// An epoch as a desk reads it.
#[derive(Clone, Debug)]
pub struct EpochLine {
    /// Its number.
    pub epoch: u32,
    /// How many must answer.
    pub threshold: usize,
    /// Who, and whether they are reached now.
    pub evaluators: Vec<(FacilityId, String, bool)>,
    /// Moment after its last.
    pub to: Millis,
    /// Whether entries are published in it now.
    pub is_served: bool,
}

impl Service {
    /// Names evaluators, signs that with the shares at hand and offers it to the other founders. When enough have signed, the
    /// named nodes make the key by themselves. An epoch that is called for and has no key yet is called for anew.
    ///
    /// # Errors
    /// [`CallError`]; nothing was offered.
    pub fn call_evaluators(&self, terms: &CallTerms, shares: &[Share]) -> Result<Signing, CallError> {
        let (book, now) = (self.book(), self.now());
        let mut evaluators = Vec::new();
        for facility in &terms.facilities {
            let cert = book.node_of(terms.network, facility, now);
            let cert = cert.ok_or_else(|| CallError::NoNode(facility.clone()))?;
            evaluators.push(Evaluator { facility: facility.clone(), node: cert.node, seal: cert.seal });
        }
        let count = evaluators.len();
        let threshold = terms.threshold.unwrap_or_else(|| u32::try_from(count / 2 + 1).unwrap_or(u32::MAX));
        let newest = book.calls().filter(|(_, call)| call.network == terms.network).max_by_key(|(_, call)| call.epoch);
        let (epoch, seq) = match newest {
            None => (EVALUATED_EPOCH_MIN, 1),
            Some((_, call)) if book.epoch(call.network, call.epoch).is_some() => (call.epoch.saturating_add(1), 1),
            Some((signed, call)) => (call.epoch, signed.seq.saturating_add(1)),
        };
        let from = now.minus(BACKDATE_MS);
        let to = now.plus(terms.days.unwrap_or(EPOCH_DAYS).saturating_mul(DAY_MS));
        let call = EvaluatorCall { network: terms.network, epoch, threshold, evaluators, from, to };
        let draft = call.draft(seq);
        if count < EVALUATORS_MIN || EvaluatorCall::decode(&draft.body).is_err() {
            return Err(CallError::Counts { threshold, count });
        }
        let signed = self.add_shares(draft.sign(&Real, &[]), shares)?;
        Ok(self.propose(signed)?)
    }
    /// How the tags of each own network are made now.
    pub fn tag_modes(&self) -> Vec<TagMode> {
        let (book, now) = (self.book(), self.now());
        let snapshot = self.engine().snapshot();
        let is_up = |node: NodeKey| node == self.node_key() || snapshot.as_ref().is_some_and(|s| s.up.contains(&node));
        let mode = |network: NetworkId| {
            let (served, local) = book.served_epochs(network, now);
            let members = book.members(network).filter_map(|m| book.node_of(network, &m.facility, now));
            let nodes: BTreeSet<NodeKey> = members.map(|cert| cert.node).collect();
            let line = |epoch: &protocol::state::Epoch<'_>| EpochLine {
                epoch: epoch.call.epoch,
                threshold: epoch.keys.threshold(),
                evaluators: epoch
                    .call
                    .evaluators
                    .iter()
                    .map(|e| {
                        let name = book.membership(network, &e.facility).map(|m| m.name.clone()).unwrap_or_default();
                        let up = book.node_of(network, &e.facility, now).is_some_and(|cert| is_up(cert.node));
                        (e.facility.clone(), name, up)
                    })
                    .collect(),
                to: epoch.call.to,
                is_served: served.contains(&epoch.call.epoch),
            };
            let calls = book.calls().filter(|(_, call)| call.network == network && now < call.to);
            TagMode {
                network,
                name: book.charter(network).map(|charter| charter.name.clone()).unwrap_or_default(),
                nodes: nodes.len(),
                local,
                epochs: book.epochs(network, now).iter().map(line).collect(),
                keygens: snapshot.iter().flat_map(|s| &s.keygens).filter(|k| k.network == network).cloned().collect(),
                called: calls.map(|(_, call)| call.epoch).filter(|epoch| book.epoch(network, *epoch).is_none()).max(),
            }
        };
        self.networks().into_iter().map(mode).collect()
    }
}

/// The doctor's line: the weakest of our networks.
pub(crate) fn check(modes: &[TagMode]) -> Finding {
    let lines = modes.iter().map(line);
    let worst = lines.max_by_key(|finding| finding.light);
    worst.unwrap_or_else(|| finding(Check::Tags, Light::Green, "no network yet, so no tags", ""))
}

fn line(mode: &TagMode) -> Finding {
    let name = &mode.name;
    if let Some(keygen) = mode.keygens.first() {
        let waits = match &keygen.progress {
            Progress::Waiting(seats) => {
                let seats: Vec<String> = seats.iter().map(|seat| seat.number().to_string()).collect();
                format!("waits for evaluator {}", seats.join(", "))
            }
            Progress::Failed(faults) => {
                let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
                return finding(
                    Check::Tags,
                    Light::Red,
                    format!("{name}: the key of epoch {} cannot be made: {}", keygen.epoch, faults.join("; ")),
                    "founders call evaluators again without the one named: `musubi evaluators call`",
                );
            }
            Progress::Made => format!("{} of {} evaluators have signed", keygen.signatures, keygen.evaluators),
        };
        return finding(
            Check::Tags,
            Light::Amber,
            format!("{name}: the key of epoch {} is being made; {waits}", keygen.epoch),
            "wait until the nodes of all evaluators have been connected; if one stays away, founders call others",
        );
    }
    match mode.epochs.first() {
        None if mode.nodes > LOCAL_NODES_MAX => finding(
            Check::Tags,
            Light::Amber,
            format!(
                "{name}: tags are made under a secret that each of {} nodes holds (`local` mode); whoever steals one node can \
                 try names against the index",
                mode.nodes
            ),
            "founders name evaluators: `musubi evaluators call --evaluator DIGITS … --share FILE …`",
        ),
        None => finding(
            Check::Tags,
            Light::Green,
            format!("{name}: `local` mode, the weaker way, for up to {LOCAL_NODES_MAX} nodes"),
            "",
        ),
        Some(epoch) => {
            let up = epoch.evaluators.iter().filter(|(_, _, up)| *up).count();
            let found = format!(
                "{name}: {up} of {} evaluators are reached, {} make a tag",
                epoch.evaluators.len(),
                epoch.threshold
            );
            let light = if up < epoch.threshold { Light::Amber } else { Light::Green };
            finding(
                Check::Tags,
                light,
                found,
                "patients that are new here cannot be looked up until more evaluators are connected; `musubi evaluators show` \
                 names them",
            )
        }
    }
}

/// Fewer would be two that can make tags only together, or one of them never.
const EVALUATORS_MIN: usize = 3;
/// How long a key is used unless said otherwise.
const EPOCH_DAYS: u64 = 366;
/// So that a partner with a clock a little behind takes it at once.
const BACKDATE_MS: u64 = 60_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(nodes: usize, epochs: Vec<EpochLine>) -> TagMode {
        let network = NetworkId([1; 32]);
        TagMode {
            network,
            name: "気仙".into(),
            nodes,
            local: epochs.is_empty(),
            epochs,
            keygens: Vec::new(),
            called: None,
        }
    }
    fn epoch(up: usize) -> EpochLine {
        let facility = |at: usize| FacilityId::parse(&format!("99{at:08}")).expect("ten digits");
        let evaluators = (0..3).map(|at| (facility(at), String::new(), at < up)).collect();
        EpochLine { epoch: EVALUATED_EPOCH_MIN, threshold: 2, evaluators, to: Millis(0), is_served: true }
    }

    #[test]
    fn local_mode_of_more_than_three_nodes_is_shown_as_weaker() {
        assert_eq!(check(&[mode(3, Vec::new())]).light, Light::Green);
        let found = check(&[mode(3, Vec::new()), mode(4, Vec::new())]);
        assert_eq!(found.light, Light::Amber);
        assert!(found.remedy.contains("musubi evaluators call"), "{found:?}");
        assert_eq!(check(&[]).light, Light::Green);
    }
    #[test]
    fn fewer_evaluators_than_must_answer_are_shown() {
        assert_eq!(check(&[mode(9, vec![epoch(2)])]).light, Light::Green);
        assert_eq!(check(&[mode(9, vec![epoch(1)])]).light, Light::Amber);
    }
}
