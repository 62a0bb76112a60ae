//! Founders sign (持分による署名): one object, shares at hand, and how many signatures are there and still wanted.
use crate::engine::CommandError;
use crate::keys::Share;
use crate::object_file::{FileError, FileKind, ObjectFile};
use crate::service::{Service, WriteError};
use protocol::crypto::Real;
use protocol::data::{Batch, Space, View};
use protocol::engine::{Command, proposals};
use protocol::ids::{Hash, NetworkId};
use protocol::limits::PROPOSALS_MAX;
use protocol::state::{Book, Charter, Object, ObjectKind, Signed};
use protocol::wire::FieldError;
use std::collections::BTreeMap;

/// Signatures of one network's founders on an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Whose founders.
    pub network: NetworkId,
    /// The network's name.
    pub name: String,
    /// Founders that signed.
    pub signed_by: Vec<String>,
    /// How many must.
    pub need: usize,
}

impl Tally {
    /// Whether enough signed.
    pub fn is_enough(&self) -> bool {
        self.signed_by.len() >= self.need
    }
}

/// An object that founders sign, and how far they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signing {
    /// The object's name, to sign it elsewhere.
    pub hash: Hash,
    /// What it is.
    pub kind: ObjectKind,
    /// What it says.
    pub object: Object,
    /// Signatures by network.
    pub tallies: Vec<Tally>,
    /// The object with what signatures there are.
    pub signed: Signed,
}

impl Signing {
    /// Whether every network that must sign has signed: the object is in force.
    pub fn is_complete(&self) -> bool {
        !self.tallies.is_empty() && self.tallies.iter().all(Tally::is_enough)
    }
}

/// Why an object was not signed or taken.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The share is of nobody who may sign this.
    #[error("the share of {name:?} is of no founder who may sign this; take a share that the charter names")]
    NotAFounder {
        /// The share's name.
        name: String,
    },
    /// No share was given.
    #[error("no founder's share was given; name at least one share file")]
    NoShare,
    /// Nothing of this name waits.
    #[error("nothing with the name {0} waits for founders here; list what waits and try again")]
    Unknown(Hash),
    /// The charter of a network is not known here.
    #[error("the charter of {0:?} is not known here; import its charter file first")]
    NoCharter(NetworkId),
    /// The object's form.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The Engine.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The store.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Service {
    /// Objects that wait for founders, from this node's desk and from peers, with who signed.
    pub fn proposals(&self) -> Vec<Signing> {
        let charters = self.charters();
        self.waiting().into_iter().filter_map(|signed| signing(&charters, signed).ok()).collect()
    }
    /// What the Engine keeps for founders, and what files brought that no founder of ours has signed yet.
    fn waiting(&self) -> Vec<Signed> {
        let view = self.view();
        let mut waiting = proposals(&view);
        for (_, value) in view.scan(Space::Meta, OFFERED, &[], PROPOSALS_MAX) {
            let Ok(signed) = Signed::decode(&value) else { continue };
            match waiting.iter_mut().find(|known| known.hash() == signed.hash()) {
                Some(known) => known.merge(&signed),
                None => waiting.push(signed),
            }
        }
        waiting
    }
    /// Adds shares to an object that waits, and offers the result.
    ///
    /// # Errors
    /// [`SignError`]; nothing changed.
    pub fn sign_proposal(&self, hash: Hash, shares: &[Share]) -> Result<Signing, SignError> {
        let waiting = self.waiting().into_iter().find(|signed| signed.hash() == hash);
        let signed = waiting.ok_or(SignError::Unknown(hash))?;
        let signed = self.add_shares(signed, shares)?;
        self.propose(signed)
    }
    /// Takes a file that somebody brought: a charter to know, a welcome, or an object with signatures to join with ours.
    ///
    /// Gives how far each object in it is; empty for charters and welcomes.
    ///
    /// # Errors
    /// [`SignError`]; what came before the failing part is kept.
    pub fn import(&self, text: &str) -> Result<Vec<Signing>, SignError> {
        let file = ObjectFile::parse(text)?;
        match file.kind {
            FileKind::Charter => self.know_charters(&file.objects()?).map(|()| Vec::new()),
            FileKind::Welcome => self.take_welcome(&file).map(|()| Vec::new()),
            FileKind::Proposal => {
                let (mut charters, mut objects) = file.charters_and_rest()?;
                charters.sort_by_key(|signed| signed.seq);
                for charter in charters {
                    let is_offer = signing(&self.charters(), charter.clone()).is_ok_and(|offer| !offer.is_complete());
                    match charter.seq > 0 && is_offer {
                        // A later charter that still waits for founders.
                        true => objects.push(charter),
                        false => self.know_charters(&[charter])?,
                    }
                }
                objects.into_iter().map(|signed| self.take_offer(signed)).collect()
            }
            FileKind::Join => Err(FileError::Kind { found: "join", wanted: "charter, welcome or proposal" }.into()),
        }
    }
    /// An object, waiting or in force, as a file for another network's or founder's desk, with the charters it leans on.
    ///
    /// # Errors
    /// [`SignError::Unknown`] if there is none of this name.
    pub fn export(&self, hash: Hash) -> Result<String, SignError> {
        let signed = self.find_object(hash).ok_or(SignError::Unknown(hash))?;
        let chains = self.charter_chains();
        let leaning = networks_of(&signed, &Object::decode(&signed)?);
        let leaning = leaning.iter().filter_map(|network| chains.get(network)).flatten();
        let objects: Vec<&Signed> = leaning.filter(|charter| charter.hash() != hash).chain([&signed]).collect();
        Ok(ObjectFile::of(FileKind::Proposal, &objects).to_text())
    }
    /// A network's charter as a file: what a partner needs to propose an accord, and a newcomer to join by files.
    ///
    /// # Errors
    /// [`SignError::NoCharter`] if it is not known here.
    pub fn export_charter(&self, network: NetworkId) -> Result<String, SignError> {
        let chains = self.charter_chains();
        let charters = chains.get(&network).ok_or(SignError::NoCharter(network))?;
        Ok(ObjectFile::of(FileKind::Charter, &charters.iter().collect::<Vec<_>>()).to_text())
    }

    fn find_object(&self, hash: Hash) -> Option<Signed> {
        let view = self.view();
        let waiting = self.waiting().into_iter().find(|signed| signed.hash() == hash);
        waiting.or_else(|| {
            let stored = view.scan(Space::State, &[], &[], usize::MAX).into_iter();
            stored.filter_map(|(_, value)| Signed::decode(&value).ok()).find(|signed| signed.hash() == hash)
        })
    }
    /// An object out of a file: the Engine takes it once a founder of an own network has signed it; until then it waits here.
    fn take_offer(&self, mut signed: Signed) -> Result<Signing, SignError> {
        let known = self.waiting().into_iter().find(|known| known.hash() == signed.hash());
        if let Some(known) = &known {
            signed.merge(known);
        }
        let (charters, own) = (self.charters(), self.networks());
        let signing = signing(&charters, signed.clone())?;
        if signing.tallies.iter().any(|tally| own.contains(&tally.network) && !tally.signed_by.is_empty()) {
            return self.propose(signed);
        }
        if signing.tallies.iter().all(|tally| !own.contains(&tally.network)) {
            return Err(CommandError::Refused("this object concerns no network of this node".into()).into());
        }
        if known.is_none() && self.waiting().len() >= PROPOSALS_MAX {
            return Err(CommandError::Refused("too many objects wait for founders".into()).into());
        }
        let mut batch = Batch::default();
        batch.put(Space::Meta, [OFFERED, &signed.hash().0].concat(), signed.encode());
        self.commit(batch)?;
        Ok(signing)
    }
    /// Offers an object to the Engine with every charter it may lean on.
    pub(crate) fn propose(&self, signed: Signed) -> Result<Signing, SignError> {
        let (charters, chains) = (self.charters(), self.charter_chains());
        let networks = networks_of(&signed, &Object::decode(&signed)?);
        let leaning = networks.iter().filter_map(|network| chains.get(network)).flatten().cloned().collect();
        self.ask_durably(Command::Propose { object: signed.clone(), charters: leaning })?;
        if self.find_object(signed.hash()).is_none() {
            return Err(WriteError("the node could not keep the object; look at its disk and try again".into()).into());
        }
        let mut batch = Batch::default();
        batch.remove(Space::Meta, [OFFERED, &signed.hash().0].concat());
        self.commit(batch)?;
        // What others signed of it before counts too.
        let known = proposals(&self.view()).into_iter().find(|known| known.hash() == signed.hash());
        let signing = signing(&charters, known.unwrap_or(signed))?;
        let certs = self.identity().certs.clone();
        if signing.is_complete() && !certs.is_empty() {
            // An own facility may have become a member: its certificate is wanted from now on.
            let _ = self.engine().cast(Command::Take(certs));
        }
        Ok(signing)
    }
    /// Signs with every share; each must be of a founder who may sign it.
    pub(crate) fn add_shares(&self, mut signed: Signed, shares: &[Share]) -> Result<Signed, SignError> {
        if shares.is_empty() {
            return Err(SignError::NoShare);
        }
        let charters = self.charters();
        let object = Object::decode(&signed)?;
        // A later charter is signed by its own founders too.
        let mut keys = if let Object::Charter(charter) = &object { charter.keys() } else { Vec::new() };
        for network in networks_of(&signed, &object) {
            if let Some(charter) = charters.get(&network) {
                keys.extend(Charter::decode(&charter.body)?.keys());
            }
        }
        for share in shares {
            if !keys.contains(&share.public().key) {
                return Err(SignError::NotAFounder { name: share.name.clone() });
            }
            signed.add(&Real, share.secret());
        }
        Ok(signed)
    }
    /// Every charter that is known here, its newest version: in force, or brought by a file for an accord to come.
    pub(crate) fn charters(&self) -> BTreeMap<NetworkId, Signed> {
        let newest = |(network, mut chain): (NetworkId, Vec<Signed>)| Some((network, chain.pop()?));
        self.charter_chains().into_iter().filter_map(newest).collect()
    }
    /// The same with all versions, oldest first.
    pub(crate) fn charter_chains(&self) -> BTreeMap<NetworkId, Vec<Signed>> {
        let view = self.view();
        let brought = view.scan(Space::Meta, CHARTERS, &[], usize::MAX).into_iter();
        let in_force = view.scan(Space::State, &[ObjectKind::Charter.code()], &[], usize::MAX).into_iter();
        let known = brought.chain(in_force).filter_map(|(_, value)| Signed::decode(&value).ok());
        let mut chains: BTreeMap<NetworkId, Vec<Signed>> = BTreeMap::new();
        for signed in known {
            let Some(network) = Charter::network_of(&signed) else { continue };
            let chain = chains.entry(network).or_default();
            if chain.iter().all(|known| known.seq != signed.seq) {
                chain.push(signed);
                chain.sort_by_key(|signed| signed.seq);
            }
        }
        chains
    }
    /// Keeps charters of other networks for accords. The first charter of a network is its name's hash, so nobody can bring
    /// another one for it; a later one is taken if the founders of the one before signed it.
    pub(crate) fn know_charters(&self, charters: &[Signed]) -> Result<(), SignError> {
        let mut batch = Batch::default();
        let mut chains = self.charter_chains();
        let mut charters = charters.to_vec();
        charters.sort_by_key(|signed| signed.seq);
        for signed in charters {
            let charter = Charter::decode(&signed.body)?;
            let network = Charter::network_of(&signed).ok_or(FieldError("signed.subject"))?;
            let chain = chains.entry(network).or_default();
            if chain.iter().any(|known| known.seq == signed.seq) {
                continue;
            }
            let before = chain.iter().find(|known| known.seq.checked_add(1) == Some(signed.seq));
            let before = before.and_then(|known| Charter::decode(&known.body).ok());
            let follows = signed.seq == 0 || before.is_some_and(|before| before.has_quorum(&Real, &signed));
            if !charter.has_quorum(&Real, &signed) || !follows {
                return Err(CommandError::Refused(format!(
                    "the charter of {:?} lacks signatures of its founders, or of those before them",
                    charter.name
                ))
                .into());
            }
            batch.put(Space::Meta, [CHARTERS, Book::subject_of(&signed).as_slice()].concat(), signed.encode());
            chain.push(signed);
        }
        if batch.is_empty() {
            return Ok(());
        }
        self.commit(batch)?;
        Ok(())
    }
}

/// How far an object is, by the charters known.
pub(crate) fn signing(charters: &BTreeMap<NetworkId, Signed>, signed: Signed) -> Result<Signing, SignError> {
    let object = Object::decode(&signed)?;
    let mut tallies = Vec::new();
    for network in networks_of(&signed, &object) {
        tallies.push(match charters.get(&network) {
            Some(charter) => tally(network, &Charter::decode(&charter.body)?, &signed),
            // A partner's charter may not have come here yet: its signatures cannot be judged, so they do not count.
            None => Tally { network, name: network.to_string(), signed_by: Vec::new(), need: QUORUM_MIN },
        });
    }
    match &object {
        Object::Charter(charter) => {
            if let Some(network) = Charter::network_of(&signed) {
                let mut own = tally(network, charter, &signed);
                own.name = format!("{} (new charter)", own.name);
                // Once it is in force itself, those before it have signed.
                tallies.retain(|_| charters.get(&network).is_none_or(|known| known.hash() != signed.hash()));
                tallies.push(own);
            }
        }
        Object::Disaster(disaster) if disaster.founder.is_some() => tallies.iter_mut().for_each(|tally| tally.need = 1),
        _ => {}
    }
    Ok(Signing { hash: signed.hash(), kind: signed.kind, object, tallies, signed })
}

/// Which founders of one network signed.
pub(crate) fn tally(network: NetworkId, charter: &Charter, signed: &Signed) -> Tally {
    let signers = signed.signers(&Real, &charter.keys());
    let names = charter.founders.iter().filter(|founder| signers.contains(&founder.key));
    Tally {
        network,
        name: charter.name.clone(),
        signed_by: names.map(|founder| founder.name.clone()).collect(),
        need: charter.k as usize,
    }
}

/// Whose founders must sign an object.
fn networks_of(signed: &Signed, object: &Object) -> Vec<NetworkId> {
    match object {
        Object::Membership(membership) => vec![membership.network],
        Object::Revocation(revocation) => vec![revocation.network],
        Object::Accord(accord) => vec![accord.a, accord.b],
        Object::Suspension(suspension) => vec![suspension.network],
        Object::Disaster(disaster) => vec![disaster.network],
        Object::Charter(_) => Charter::network_of(signed).into_iter().collect(),
        Object::EvaluatorCall(call) => vec![call.network],
        Object::NodeKey(_) | Object::Directory(_) | Object::EvaluatorKey(_) => Vec::new(),
    }
}

/// The seq of the next version of an object.
pub(crate) fn next_seq(book: &Book, kind: ObjectKind, subject: &[u8]) -> u64 {
    book.seq(kind, subject).map_or(1, |seq| seq.saturating_add(1))
}

/// The least that any charter asks for.
const QUORUM_MIN: usize = 2;
const OFFERED: &[u8] = b"service/offered/";
const CHARTERS: &[u8] = b"service/charter/";
