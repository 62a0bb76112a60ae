use super::node::Node;
use super::town::Cluster;
use super::wait::{eventually, eventually_some};
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The founders of one network: each has a share in a file. A founder needs no node; who has the file can sign with it.
#[derive(Debug)]
pub struct Founders {
    /// The network's name.
    pub network: String,
    folder: PathBuf,
    shares: Vec<PathBuf>,
}

impl Founders {
    /// Makes a share for each founder.
    ///
    /// # Panics
    /// If a share cannot be made.
    #[track_caller]
    pub fn new(town: &Cluster, network: &str, names: &[&str]) -> Self {
        let folder = town.file(&format!("founders-{network}"));
        std::fs::create_dir(&folder).expect("one folder for each network");
        let shares: Vec<PathBuf> = (1..=names.len()).map(|number| folder.join(format!("{number}.share"))).collect();
        for (name, file) in names.iter().zip(&shares) {
            town.musubi(["founders", "share", name, "--to"]).arg(file).run().done();
        }
        Self { network: network.to_owned(), folder, shares }
    }
    /// The share file of a founder; the first has number 1.
    pub fn share(&self, number: usize) -> &Path {
        &self.shares[number - 1]
    }
    /// `--share FILE` for some founders.
    pub fn sign(&self, numbers: &[usize]) -> Vec<OsString> {
        numbers.iter().flat_map(|number| ["--share".into(), self.share(*number).into()]).collect()
    }
    /// Founds the network at a node: drafted with one share there, signed with another where no node is, then admits the node's
    /// own facility with both.
    ///
    /// # Panics
    /// If a step fails.
    #[track_caller]
    pub fn found(&self, town: &Cluster, at: &Node, (here, away): (usize, usize)) {
        let (draft, signed) = (self.folder.join("charter.draft"), self.folder.join("charter"));
        let public = |file: &PathBuf| town.musubi(["founders", "public"]).arg(file).run().done()["public"].clone();
        let lines: Vec<Value> = self.shares.iter().map(public).collect();
        let lines = lines.iter().flat_map(|line| ["--founder", line.as_str().expect("a line")]);
        let call = at.call(["founders", "draft", &self.network]).args(lines).args(self.sign(&[here]));
        let drafted = call.args(["--out".as_ref(), draft.as_os_str()]).run().done();
        assert_eq!(drafted["founded"], false, "one founder is not enough: {drafted}");
        at.call(["founders", "found"]).arg(&draft).run().fails(1, &["1 of 2"]);
        let call = town.musubi(["founders", "sign-charter"]).arg(&draft).args(self.sign(&[away]));
        assert_eq!(call.args(["--out".as_ref(), signed.as_os_str()]).run().done()["enough"], true);
        assert_eq!(at.call(["founders", "found"]).arg(&signed).run().done()["founded"], true);
        let own = at.call(["admit", "own", "--facility", at.house.id]).args(self.sign(&[here, away])).run().done();
        assert_eq!(own["complete"], true, "{own}");
    }
    /// Invites a facility at a running member, and has its node ask. Gives the invite and the request's id.
    ///
    /// # Panics
    /// If a step fails.
    #[track_caller]
    pub fn ask_in(&self, member: &Node, newcomer: &Node) -> (String, String) {
        let invite = member.cli(["invite", newcomer.house.id])["invite"].as_str().expect("an invite").to_owned();
        newcomer.cli(["join", &invite]);
        let asked = eventually_some("the request to join is at the inviting node", || {
            let list = member.cli(["admit", "list"]);
            let waiting =
                list["waiting"].as_array()?.iter().find(|join| join["facility"] == newcomer.house.id)?.clone();
            Some(waiting["id"].as_str()?.to_owned())
        });
        (invite, asked)
    }
    /// Invites, asks and admits with shares that are all at hand; waits until both sides see each other.
    ///
    /// # Panics
    /// If a step fails.
    #[track_caller]
    pub fn admit(&self, member: &Node, newcomer: &Node, shares: &[usize]) -> String {
        let (invite, asked) = self.ask_in(member, newcomer);
        let signed = member.call(["admit", "sign", &asked]).args(self.sign(shares)).run().done();
        assert_eq!(signed["complete"], true, "{signed}");
        newcomer.await_admitted();
        eventually("both see each other", || newcomer.sees(member) && member.sees(newcomer));
        invite
    }
}

impl Node {
    /// Waits until the founders have admitted it.
    ///
    /// # Panics
    /// If they do not within the deadline.
    #[track_caller]
    pub fn await_admitted(&self) {
        let status = self.cli(["join", "--status", "--wait", "60"]);
        assert_eq!(status["status"], "admitted", "{status}");
    }
    /// Whether it is connected to another node.
    pub fn sees(&self, other: &Node) -> bool {
        self.peer(other).is_some_and(|peer| peer["up"] == true)
    }
    /// What it knows of another node.
    pub fn peer(&self, other: &Node) -> Option<Value> {
        let peers = self.cli(["peers"]);
        let is_other = |peer: &&Value| {
            peer["facilities"].as_array().is_some_and(|list| list.iter().any(|house| house["id"] == other.house.id))
        };
        peers["peers"].as_array()?.iter().find(is_other).cloned()
    }
}

/// An accord that `ours` writes and signs at its node and `theirs` signs at its own; files are carried. Gives its id for
/// `revoke --accord`.
///
/// # Panics
/// If a step fails.
#[track_caller]
pub fn accord_between(
    (ours, our_node, our_shares): (&Founders, &Node, &[usize]),
    (theirs, their_node, their_shares): (&Founders, &Node, &[usize]),
    clauses: &[&str],
) -> String {
    let file = |name: &str| ours.folder.join(name);
    let (charter, proposed, signed) = (file("partner.charter"), file("accord.proposed"), file("accord.signed"));
    let out = |path: &PathBuf| ["--out".into(), path.clone().into_os_string()];
    their_node.call(["accord", "charter"]).args(out(&charter)).run().done();
    let call = our_node.call(["accord", "propose", "--network", &ours.network, "--partner"]).arg(&charter);
    let call = call.args(clauses.iter().flat_map(|clause| ["--clause", clause])).args(ours.sign(our_shares));
    let contacts = [our_node.address(), their_node.address()];
    let call = call.args(contacts.iter().flat_map(|address| ["--contact", address.as_str()]));
    let half = call.args(out(&proposed)).run().done();
    assert_eq!(half["complete"], false, "the partner has not signed: {half}");
    let id = half["id"].as_str().expect("an id").to_owned();
    their_node.call([OsStr::new("accord"), "import".as_ref()]).arg(&proposed).run().done();
    let whole = their_node.call(["accord", "sign", &id]).args(theirs.sign(their_shares)).run().done();
    assert_eq!(whole["complete"], true, "{whole}");
    their_node.call(["accord", "export", &id]).args(out(&signed)).run().done();
    our_node.call([OsStr::new("accord"), "import".as_ref()]).arg(&signed).run().done();
    let shown = our_node.cli(["accord", "show"]);
    assert_eq!(shown["accords"][0]["in_force"], true, "{shown}");
    eventually("the two sides see each other", || our_node.sees(their_node) && their_node.sees(our_node));
    shown["accords"][0]["accord"].as_str().expect("an accord has an id").to_owned()
}
