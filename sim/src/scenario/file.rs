use super::Span;
use serde::{Deserialize, Serialize};

/// A scenario as it stands in its file. Unknown keys are errors.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Name, which is also how it is asked for.
    pub name: String,
    /// Title for people, in Japanese.
    pub title_ja: String,
    /// First day, `YYYYMMDD`; time begins at its midnight in Japan.
    pub start: u32,
    /// Simulated time.
    pub horizon: Span,
    /// How often nodes do what they do by themselves.
    pub pace: Pace,
    /// Networks.
    pub network: Vec<NetworkFile>,
    /// Nodes, one facility each.
    pub node: Vec<NodeFile>,
    /// Accords between networks.
    pub accord: Vec<AccordFile>,
    /// Who lives there.
    pub people: People,
    /// What people do.
    pub work: Work,
    /// What goes wrong.
    pub swarm: Swarm,
    /// Nodes that are switched off for a while, whatever the seed.
    #[serde(default)]
    pub outage: Vec<OutageFile>,
}

/// Intervals of the nodes.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Pace {
    /// Comparing notes with a peer.
    pub sync: Span,
    /// Checkpoints of a changed log.
    pub checkpoint: Span,
    /// Publishing additions to the index.
    pub publish: Span,
}

/// One network: three founders, of whom two sign.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkFile {
    /// Short name.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Nodes that its founders name as evaluators when the run begins, more than half of whom make a tag; none: `local` mode.
    #[serde(default)]
    pub evaluators: Vec<String>,
}

/// One node and the facility that it serves.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NodeFile {
    /// Short name.
    pub id: String,
    /// Network of its facility; none for somebody outside who only probes.
    pub network: Option<String>,
    /// The facility's ten digits.
    pub facility: String,
    /// What kind of house (a word of the class vocabulary).
    pub class: String,
    /// The others of its network meet this node first.
    #[serde(default)]
    pub hub: bool,
    /// It is a bad neighbour: a member with good keys that tries what it may not.
    #[serde(default)]
    pub bad: bool,
    /// When its membership ends; none: after the run.
    pub ends: Option<Span>,
    /// When its node certificate ends; none: after the run.
    pub key_ends: Option<Span>,
    /// When its network takes its membership back; none: never.
    pub revoked: Option<Span>,
    /// One way to the backbone: the middle of it.
    pub latency: Span,
    /// Bits per second, in millions.
    pub mbps: u64,
}

/// One accord.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AccordFile {
    /// Short name.
    pub id: String,
    /// The two networks.
    pub parties: [String; 2],
    /// Kinds that it opens, both ways.
    pub kinds: Vec<String>,
    /// Purposes that it opens them for.
    pub purposes: Vec<String>,
    /// Classes of facilities that it opens them to.
    pub classes: Vec<String>,
    /// When it ends; none: after the run.
    pub ends: Option<Span>,
}

/// Who lives there.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct People {
    /// How many.
    pub count: u32,
    /// Most facilities at which one of them is known.
    pub facilities: u64,
    /// Most records of one person at one facility.
    pub records: u64,
    /// Share of records, per mille, that are too large for the message stream.
    pub large_permille: u64,
}

/// What people do in the whole run, by number.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// Look-ups at a desk, each with reads from some of the holders found.
    pub visits: u64,
    /// Withdrawals, besides those that hit a running transfer.
    pub withdrawals: u64,
    /// Share of large transfers, per mille, during which the patient withdraws.
    pub withdraw_in_transfer_permille: u64,
    /// Changes of consent: narrower, wider, for a time.
    pub consents: u64,
    /// Requests by those who may not ask.
    pub probes: u64,
    /// How often bad neighbours try what they may not, all together.
    #[serde(default)]
    pub attacks: u64,
    /// When the first patient says once and for all that it is over; from then on it is watched who obeys by when.
    pub withdrawal: Option<Span>,
}

/// A node that is switched off.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OutageFile {
    /// Which.
    pub node: String,
    /// When.
    pub at: Span,
    /// For how long.
    #[serde(rename = "for")]
    pub span: Span,
}

/// Faults: each class is on or off per seed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Swarm {
    /// Classes that may be on.
    pub classes: Vec<String>,
    /// How likely each is, per mille.
    pub on_permille: u64,
}
