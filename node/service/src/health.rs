//! Health (状態): what the node knows of itself, and for everything that is not green what to do about it.
use crate::emergency::EmergencyCounts;
use crate::onboarding::FacilitySetup;
use crate::service::Service;
use protocol::audit::{self, Head};
use protocol::clock::Trust;
use protocol::data::{Space, View};
use protocol::engine::{Alarm, Copies, good_checkpoint, pending_joins, pending_links, proposals};
use protocol::ids::{FacilityId, NetworkId, NodeKey};
use protocol::policy::Freshness;
use protocol::state::{Membership, NodeCert, Standing};
use protocol::time::{DAY_MS, Millis};

/// What a status page shows.
#[derive(Clone, Debug)]
pub struct Status {
    /// Own key.
    pub node: NodeKey,
    /// The node's name.
    pub name: String,
    /// Whether the Engine runs.
    pub is_running: bool,
    /// Where it is met.
    pub addresses: Vec<String>,
    /// How far what it knows of networks may be trusted; none if it does not run.
    pub freshness: Option<Freshness>,
    /// Facilities set up here, with the networks they are in.
    pub facilities: Vec<(FacilitySetup, Vec<NetworkStatus>)>,
    /// Peers connected now.
    pub peers_up: usize,
    /// Peers that could be.
    pub peers_known: usize,
    /// Shelves of the index held here, own and copies.
    pub shelves: usize,
    /// How copies came to their authors' roots since the start.
    pub copies: Copies,
    /// Patients of this node.
    pub patients: u64,
    /// The log.
    pub log: Head,
    /// Size of the log that enough witnesses signed.
    pub witnessed: Option<u64>,
    /// Half-signed objects, requests to join, questions about links: what waits for people.
    pub waiting: (usize, usize, usize),
    /// Alarms since the start.
    pub alarms: Vec<(Millis, Alarm)>,
    /// The guarded moment.
    pub now: Millis,
}

/// A facility in a network.
#[derive(Clone, Debug)]
pub struct NetworkStatus {
    /// Which network.
    pub network: NetworkId,
    /// Its name.
    pub name: String,
    /// The membership, in force or not.
    pub membership: Option<Membership>,
    /// Whether it is in force now.
    pub is_live: bool,
}

/// One peer as the status shows it.
#[derive(Clone, Debug)]
pub struct PeerLine {
    /// Its key.
    pub node: NodeKey,
    /// Its name in the directory.
    pub name: String,
    /// Facilities it serves, with their names.
    pub facilities: Vec<(NetworkId, FacilityId, String)>,
    /// How it stands to us.
    pub standing: Standing,
    /// Whether it is connected.
    pub is_up: bool,
    /// When it was heard of last.
    pub last_seen: Option<Millis>,
    /// Where it is met.
    pub addresses: Vec<String>,
    /// Whether it relays.
    pub relay: bool,
}

/// How one line of the doctor's list stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Light {
    /// All is well.
    Green,
    /// Works, but somebody should look.
    Amber,
    /// Does not work.
    Red,
}

/// What the doctor looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// Whether the Engine runs.
    Running,
    /// Whether the computer's clock is believable.
    Clock,
    /// Whether the store takes writes.
    Store,
    /// Whether the index has all that is acknowledged.
    Index,
    /// Whether a facility is set up.
    Facility,
    /// Whether each facility is in a network.
    Membership,
    /// Whether node keys end soon.
    NodeKeys,
    /// Whether others can reach this node.
    Addresses,
    /// Whether peers are connected.
    Peers,
    /// How old what is known of the networks is.
    Freshness,
    /// Whether witnesses signed the log.
    Witnesses,
    /// Whether reads without consent wait for their review, or the right to them is off.
    Emergency,
    /// How patient tags are made, and whether they can be.
    Tags,
    /// Whether somebody should look at alarms.
    Alarms,
}

impl Check {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Clock => "clock",
            Self::Store => "store",
            Self::Index => "index",
            Self::Facility => "facility",
            Self::Membership => "membership",
            Self::NodeKeys => "node-keys",
            Self::Addresses => "addresses",
            Self::Peers => "peers",
            Self::Freshness => "freshness",
            Self::Witnesses => "witnesses",
            Self::Emergency => "emergency",
            Self::Tags => "tags",
            Self::Alarms => "alarms",
        }
    }
}

/// One line of the doctor's list. Whatever is not green has a remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub check: Check,
    /// How it stands.
    pub light: Light,
    /// What was found, without personal data.
    pub found: String,
    /// What to do; empty if green.
    pub remedy: String,
}

impl Service {
    /// Everything that a status page shows.
    pub fn status(&self) -> Status {
        let (book, now, view) = (self.book(), self.now(), self.view());
        let snapshot = self.engine().snapshot();
        let reachable = book.reachable(now).into_iter().filter(|node| *node != self.node_key()).count();
        let networks = self.networks();
        let in_networks = |setup: &FacilitySetup| {
            let line = |network: &NetworkId| NetworkStatus {
                network: *network,
                name: book.charter(*network).map(|charter| charter.name.clone()).unwrap_or_default(),
                membership: book.membership(*network, &setup.id).cloned(),
                is_live: book.live(*network, &setup.id, now).is_some_and(|m| m.root == setup.root),
            };
            networks.iter().map(line).collect::<Vec<_>>()
        };
        Status {
            node: self.node_key(),
            name: self.config().name.clone(),
            is_running: self.engine().is_running(),
            addresses: snapshot.as_ref().map(|s| s.addresses.clone()).unwrap_or_default(),
            freshness: snapshot.as_ref().map(|s| s.freshness),
            facilities: self.facilities().into_iter().map(|setup| (setup.clone(), in_networks(&setup))).collect(),
            peers_up: snapshot.as_ref().map_or(0, |s| s.up.len()),
            peers_known: reachable,
            shelves: snapshot.as_ref().map_or(0, |s| s.shelves.len()),
            copies: snapshot.as_ref().map(|s| s.copies).unwrap_or_default(),
            patients: self.patients().count(),
            log: audit::head(&view),
            witnessed: good_checkpoint(&view).map(|signed| signed.checkpoint.size),
            waiting: (
                proposals(&view).len(),
                pending_joins(&view).len(),
                pending_links(&view).iter().filter(|q| q.verdict.is_none()).count(),
            ),
            alarms: self.engine().alarms(),
            now,
        }
    }
    /// Every node that we may talk to, connected or not.
    pub fn peers(&self) -> Vec<PeerLine> {
        let (book, now) = (self.book(), self.now());
        let snapshot = self.engine().snapshot();
        let nodes = book.reachable(now).into_iter().filter(|node| *node != self.node_key());
        let line = |node: NodeKey| {
            let directory = book.directory(&node);
            let facilities = book.facilities_of(&node, now).into_iter().map(|f| {
                let name = book.membership(f.network, &f.facility).map(|m| m.name.clone()).unwrap_or_default();
                (f.network, f.facility, name)
            });
            PeerLine {
                node,
                name: directory.map(|d| d.name.clone()).unwrap_or_default(),
                facilities: facilities.collect(),
                standing: book.standing(&node, now),
                is_up: snapshot.as_ref().is_some_and(|s| s.up.contains(&node)),
                last_seen: snapshot.as_ref().and_then(|s| s.seen.get(&node).copied()),
                addresses: directory.map(|d| d.addresses.clone()).unwrap_or_default(),
                relay: directory.is_some_and(|d| d.relay),
            }
        };
        nodes.map(line).collect()
    }
    /// Looks at everything that can be wrong; for each line that is not green, what to do.
    pub fn doctor(&self) -> Vec<Finding> {
        let status = self.status();
        let mut list = vec![running(&status), clock(self.clock().trust()), store(self), index(self)];
        list.extend(facilities(&status));
        list.extend(node_keys(&status));
        if status.is_running {
            list.extend([addresses(&status), peers(&status), freshness(&status), witnesses(&status)]);
            list.push(crate::evaluators::check(&self.tag_modes()));
        }
        list.extend([emergency(&self.emergency_counts()), alarms(&status)]);
        list
    }
    /// How many values each key space holds; reads all keys.
    pub fn space_counts(&self) -> Vec<(Space, u64)> {
        let view = self.view();
        Space::ALL.into_iter().map(|space| (space, count(&view, space))).collect()
    }
}

fn count(view: &dyn View, space: Space) -> u64 {
    let (mut from, mut sum) = (Vec::new(), 0u64);
    loop {
        let page = view.scan(space, &[], &from, PAGE);
        sum += page.len() as u64;
        match page.last() {
            Some((last, _)) if page.len() == PAGE => from = [last.as_slice(), &[0]].concat(),
            _ => return sum,
        }
    }
}

pub(crate) fn finding(check: Check, light: Light, found: impl Into<String>, remedy: impl Into<String>) -> Finding {
    let remedy = if light == Light::Green { String::new() } else { remedy.into() };
    Finding { check, light, found: found.into(), remedy }
}

fn running(status: &Status) -> Finding {
    let (light, found) =
        if status.is_running { (Light::Green, "the node runs") } else { (Light::Red, "the node does not run") };
    finding(Check::Running, light, found, "start it with `musubi run`")
}

fn clock(trust: Trust) -> Finding {
    match trust {
        Trust::Sound => finding(Check::Clock, Light::Green, "the clock fits", ""),
        Trust::Doubted { by_ms } => finding(
            Check::Clock,
            Light::Amber,
            format!("the computer's clock is {} s off", by_ms / 1_000),
            "switch on time synchronisation (NTP) of the operating system, then restart the node; if its clock is right now, it was \
             ahead once while the node ran: restore a backup from before that, since time never runs backward in a store",
        ),
    }
}

fn store(service: &Service) -> Finding {
    let health = service.store().health();
    match (health.refusing, health.is_full) {
        (Some(why), _) => finding(
            Check::Store,
            Light::Red,
            format!("the journal takes no more writes: {why}"),
            "look at the disk, then restart the node; what was acknowledged is safe",
        ),
        (None, true) => finding(
            Check::Store,
            Light::Red,
            "the disk is full",
            "free some space on the disk of the node's folder; the node goes on by itself",
        ),
        (None, false) => finding(Check::Store, Light::Green, format!("journal at {}", health.position), ""),
    }
}

fn index(service: &Service) -> Finding {
    let health = service.store().health();
    if let Some(first) = health.lost.first() {
        let what = format!("the keys of {} patients are lost, the first is number {first}", health.lost.len());
        let remedy = "put the key ring back: `musubi key restore --from FILE`; until then nothing of them can be read";
        return finding(Check::Index, Light::Red, what, remedy);
    }
    match health.lagging {
        Some(why) => finding(
            Check::Index,
            Light::Amber,
            format!("the index lags behind the journal: {why}"),
            "restart the node; it rebuilds the index from the journal",
        ),
        None => finding(Check::Index, Light::Green, "the index has everything", ""),
    }
}

fn facilities(status: &Status) -> Vec<Finding> {
    if status.facilities.is_empty() {
        let remedy = "set one up with `musubi setup`, then restart the node";
        return vec![finding(Check::Facility, Light::Red, "no facility is set up on this node", remedy)];
    }
    let line = |(setup, networks): &(FacilitySetup, Vec<NetworkStatus>)| {
        let live: Vec<&NetworkStatus> = networks.iter().filter(|network| network.is_live).collect();
        if live.is_empty() {
            let remedy =
                "ask the network's office for an invite and run `musubi join`; if it was revoked, talk to the office";
            return finding(Check::Membership, Light::Amber, format!("facility {} is in no network", setup.id), remedy);
        }
        let soon = live.iter().find(|n| n.membership.as_ref().is_some_and(|m| m.to < status.now.plus(RENEW_SOON_MS)));
        match soon {
            Some(network) => finding(
                Check::Membership,
                Light::Amber,
                format!("the membership of facility {} in {} ends within 30 days", setup.id, network.name),
                "ask the network's office to renew it",
            ),
            None => finding(
                Check::Membership,
                Light::Green,
                format!("facility {} is in {} network(s)", setup.id, live.len()),
                "",
            ),
        }
    };
    status.facilities.iter().map(line).collect()
}

fn node_keys(status: &Status) -> Vec<Finding> {
    let line = |(setup, _): &(FacilitySetup, Vec<NetworkStatus>)| {
        let to = NodeCert::decode(&setup.cert.body).map_or(Millis(0), |cert| cert.to);
        let days = to.since(status.now) / DAY_MS;
        let (light, found) = match days {
            0 => (Light::Red, format!("the node key of facility {} has run out", setup.id)),
            1..KEY_DAYS_AMBER => (Light::Amber, format!("the node key of facility {} ends in {days} days", setup.id)),
            _ => (Light::Green, format!("the node key of facility {} is good for {days} days", setup.id)),
        };
        finding(
            Check::NodeKeys,
            light,
            found,
            "put the facility's root key back into keys/ and restart the node; it renews the key",
        )
    };
    status.facilities.iter().map(line).collect()
}

fn addresses(status: &Status) -> Finding {
    if status.addresses.is_empty() {
        let remedy = "check `listen` in the configuration and the firewall, or name a relay of your network";
        return finding(Check::Addresses, Light::Amber, "nobody can reach this node by itself", remedy);
    }
    finding(Check::Addresses, Light::Green, format!("{} addresses", status.addresses.len()), "")
}

fn peers(status: &Status) -> Finding {
    let found = format!("{} of {} peers are connected", status.peers_up, status.peers_known);
    match (status.peers_up, status.peers_known) {
        (0, 0) => finding(Check::Peers, Light::Green, "there are no other members yet", ""),
        (0, _) => finding(
            Check::Peers,
            Light::Red,
            found,
            "check the line to the outside (UDP and TCP 443), then `musubi peers`",
        ),
        (up, known) if up * 2 < known => {
            finding(Check::Peers, Light::Amber, found, "see `musubi peers` for who is missing since when")
        }
        _ => finding(Check::Peers, Light::Green, found, ""),
    }
}

fn freshness(status: &Status) -> Finding {
    let remedy = "bring the node back into contact with other members; see `musubi peers`";
    match status.freshness {
        Some(Freshness::Green) => finding(Check::Freshness, Light::Green, "what is known of the networks is fresh", ""),
        Some(Freshness::Amber) => {
            finding(Check::Freshness, Light::Amber, "what is known of the networks is older than a day", remedy)
        }
        Some(Freshness::Red) => finding(
            Check::Freshness,
            Light::Red,
            "what is known of the networks is older than three days: requests are not answered",
            remedy,
        ),
        None => finding(Check::Freshness, Light::Amber, "the Engine is too busy to say", "try again in a moment"),
    }
}

fn witnesses(status: &Status) -> Finding {
    match status.witnessed {
        Some(size) => finding(
            Check::Witnesses,
            Light::Green,
            format!("witnesses signed the log up to {size} of {}", status.log.size),
            "",
        ),
        None if status.peers_known == 0 => finding(Check::Witnesses, Light::Green, "there are no witnesses yet", ""),
        None => finding(
            Check::Witnesses,
            Light::Amber,
            "no witness has signed this log yet",
            "wait a minute while peers are connected; if it stays so, members of your network lack the role `witness`",
        ),
    }
}

fn emergency(counts: &EmergencyCounts) -> Finding {
    let (to_review, late) = (counts.to_review, counts.late);
    if counts.is_off {
        return finding(
            Check::Emergency,
            Light::Red,
            "the right to read without consent is off: earlier emergency reads were not reviewed in time",
            "`musubi emergency list` shows them; ask their holders to review them",
        );
    }
    let light = match (late, to_review) {
        (1.., _) => Light::Red,
        (0, 1..) => Light::Amber,
        (0, 0) => return finding(Check::Emergency, Light::Green, "no emergency read waits for review", ""),
    };
    let found = format!("{to_review} reads without consent wait for review, {late} of them too long");
    finding(
        Check::Emergency,
        light,
        found,
        "`musubi emergency list`, then `musubi emergency review ID --verdict …` by an auditor",
    )
}

fn alarms(status: &Status) -> Finding {
    let Some((_, newest)) = status.alarms.last() else {
        return finding(Check::Alarms, Light::Green, "no alarms since the start", "");
    };
    let (light, found, remedy) = match newest {
        Alarm::Store(why) => (Light::Red, format!("a write failed: {why}"), "look at the disk, then restart the node"),
        Alarm::Fork(hash) => (
            Light::Red,
            format!("two different versions of one signed object ({hash:?})"),
            "call the founders: one of them signed twice",
        ),
        Alarm::LogFork(log) => (
            Light::Red,
            format!("a log told two stories ({log:?})"),
            "call the node's operator; if it is your own log, it was restored from an old backup",
        ),
        Alarm::Damaged(holder) => (
            Light::Amber,
            format!("what {holder} sent did not fit its signature"),
            "ask the holder to run `musubi doctor`",
        ),
        Alarm::Strikes(node) => (
            Light::Amber,
            format!("peer {node:?} kept sending what it must not and was hung up on"),
            "tell its operator; an old version is the usual cause",
        ),
        Alarm::Evaluator { facility, why } => (
            Light::Amber,
            format!("{facility} answered as evaluator what it cannot prove ({why}); others were asked instead"),
            "tell its operator and the founders; a restored share is the usual cause, else it cheats",
        ),
        Alarm::Confirmations { facility, which } => (
            Light::Amber,
            format!("too many blind confirmations {which} in a day, asked for by {facility}"),
            "ask that desk why; `musubi audit list` names the patients of ours and the staff",
        ),
        Alarm::KeyGeneration { epoch, why, .. } => (
            Light::Red,
            format!("the patient key of epoch {epoch} cannot be made: {why}"),
            "founders call evaluators again, without the one named here: `musubi evaluators call`",
        ),
    };
    finding(Check::Alarms, light, format!("{} alarms; the newest: {found}", status.alarms.len()), remedy)
}

/// Memberships that end within this are shown.
const RENEW_SOON_MS: u64 = 30 * DAY_MS;
/// Node keys that end within so many days are shown: below the renewal at 30, so it did not happen.
const KEY_DAYS_AMBER: u64 = 25;
/// Keys read at once while counting.
const PAGE: usize = 2_000;
