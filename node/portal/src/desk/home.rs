use super::{FacilityName, MemberPart};
use protocol::ids::{FacilityId, NetworkId, NodeKey};
use protocol::policy::Freshness;
use protocol::time::Millis;

/// How a node is: nothing of patients.
#[derive(Clone, Debug)]
pub struct Home {
    /// When.
    pub now: Millis,
    /// The node's name.
    pub node: String,
    /// Its key.
    pub key: NodeKey,
    /// Its facilities.
    pub facilities: Vec<FacilityName>,
    /// Patients known here.
    pub patients: u64,
    /// Whether the Engine runs.
    pub is_running: bool,
    /// How far what is known of the networks may be trusted; none if it could not be asked.
    pub freshness: Option<Freshness>,
    /// Its networks.
    pub networks: Vec<NetworkRow>,
    /// Its sources.
    pub feeds: Vec<FeedRow>,
    /// Its log.
    pub log: LogRow,
}

/// One network.
#[derive(Clone, Debug)]
pub struct NetworkRow {
    /// Which.
    pub id: NetworkId,
    /// Its name, if its charter is here.
    pub name: String,
    /// Whether one of the node's facilities is a member now.
    pub is_member: bool,
    /// Its members.
    pub members: Vec<MemberPart>,
    /// Names of the networks that it has an accord in force with.
    pub accords: Vec<String>,
}

/// One source.
#[derive(Clone, Debug)]
pub struct FeedRow {
    /// Whose.
    pub facility: FacilityId,
    /// Its name.
    pub name: String,
    /// When it was walked last, if ever.
    pub scanned: Option<Millis>,
    /// Files that wait in quarantine.
    pub quarantined: u64,
    /// Folders and files that the last walk could not open.
    pub unreadable: u64,
}

/// The log.
#[derive(Clone, Debug, Default)]
pub struct LogRow {
    /// Events.
    pub size: u64,
    /// Events under the newest checkpoint that witnesses signed, and by how many, if that is known.
    pub witnessed: Option<(u64, Option<usize>)>,
    /// Whether they are enough.
    pub is_good: bool,
}
