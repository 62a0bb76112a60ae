//! Founders (発起人): shares of a network's authority, and the founding of a network.
use crate::engine::CommandError;
use crate::keys::{Share, SharePublic};
use crate::object_file::{FileError, FileKind, ObjectFile};
use crate::onboarding::first_moment;
use crate::random::fresh;
use crate::service::{Service, WriteError};
use crate::signing::{SignError, Signing, Tally, next_seq, tally};
use protocol::crypto::{Real, Secret};
use protocol::data::{Batch, Space, View, decode, encode};
use protocol::engine::{Command, Scope, secret_hash};
use protocol::ids::{FacilityId, Hash, NetworkId};
use protocol::kinds::{Codes, KindSet, Purpose, purposes};
use protocol::limits::MEMBERSHIP_MS;
use protocol::state::{Charter, Founder, Membership, ObjectKind, Signed};
use protocol::wire::FieldError;

/// What a new network's charter says.
#[derive(Clone, Debug)]
pub struct Founding {
    /// Name of the network.
    pub name: String,
    /// Those who hold a share; they need not run a node.
    pub founders: Vec<SharePublic>,
    /// How many of them must sign; more than half and at least two.
    pub k: u32,
    /// Kinds that members may exchange.
    pub kinds: KindSet,
    /// Purposes that members may name.
    pub purposes: Codes,
    /// Audiences of the index: sets of facility classes, disjoint.
    pub audiences: Vec<Codes>,
    /// SHA-256 of the paper rules.
    pub text_hash: Hash,
}

impl Founding {
    /// All kinds, treatment, referral, care plans, the patient's own request, emergencies and disasters, the usual audiences.
    pub fn usual(name: impl Into<String>, founders: Vec<SharePublic>, k: u32) -> Self {
        use Purpose::{CarePlan, Disaster, Emergency, PatientRequest, Referral, Treatment};
        Self {
            name: name.into(),
            founders,
            k,
            kinds: KindSet::ALL,
            purposes: purposes(&[Treatment, Referral, CarePlan, PatientRequest, Emergency, Disaster]),
            audiences: Charter::default_audiences(),
            text_hash: Hash([0; 32]),
        }
    }
}

/// A charter on its way to its founders.
#[derive(Clone, Debug)]
pub struct CharterDraft {
    /// The name that the network will have.
    pub network: NetworkId,
    /// Who signed.
    pub tally: Tally,
    /// The charter as a file for the next founder.
    pub file: String,
}

/// Why a network was not founded.
#[derive(Debug, thiserror::Error)]
pub enum FoundError {
    /// The charter cannot be: too few or too many founders, one twice, or a k that two quorums could miss each other with.
    #[error(
        "this charter cannot be ({0}): k founders must be more than half of all and at least two, each with a key of its own"
    )]
    Charter(FieldError),
    /// Too few founders have signed; the draft waits as a file.
    #[error("{have} of {need} founders have signed; pass the charter file on and let the next one sign it")]
    TooFew {
        /// Signatures there.
        have: usize,
        /// Signatures wanted.
        need: usize,
    },
    /// The share is of nobody on the charter.
    #[error("the share of {0:?} is of no founder on this charter")]
    NotAFounder(String),
    /// The network's secret was made by the node that drafted the charter.
    #[error("this node did not draft this charter; found the network at the node that did")]
    Elsewhere,
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

/// Adds a founder's signature to a charter file. Needs no node: a founder does it wherever the share is.
///
/// # Errors
/// [`FoundError`]; the file stays as it was.
pub fn sign_charter(text: &str, share: &Share) -> Result<CharterDraft, FoundError> {
    let mut signed = read_charter(text)?;
    let charter = Charter::decode(&signed.body).map_err(FoundError::Charter)?;
    if !charter.keys().contains(&share.public().key) {
        return Err(FoundError::NotAFounder(share.name.clone()));
    }
    signed.add(&Real, share.secret());
    Ok(draft_of(&charter, &signed))
}

impl Service {
    /// Writes a charter, signs it with the shares at hand, and keeps its secret for the founding.
    ///
    /// # Errors
    /// [`FoundError`].
    pub fn draft_network(&self, founding: &Founding, shares: &[Share]) -> Result<CharterDraft, FoundError> {
        let secret: [u8; 32] = fresh();
        let charter = Charter {
            name: founding.name.clone(),
            founders: founding.founders.iter().map(|f| Founder { name: f.name.clone(), key: f.key }).collect(),
            k: founding.k,
            audiences: founding.audiences.clone(),
            purposes: founding.purposes,
            kinds: founding.kinds,
            made_at: self.now(),
            text_hash: founding.text_hash,
            epoch: 1,
            secret_hash: secret_hash(&secret),
        };
        Charter::decode(&charter.encode()).map_err(FoundError::Charter)?;
        let stranger = shares.iter().find(|share| !charter.keys().contains(&share.public().key));
        if let Some(share) = stranger {
            return Err(FoundError::NotAFounder(share.name.clone()));
        }
        let secrets: Vec<&Secret> = shares.iter().map(Share::secret).collect();
        let signed = charter.genesis().sign(&Real, &secrets);
        let mut batch = Batch::default();
        batch.put(Space::Meta, founding_key(signed.hash()), encode(&secret));
        self.commit(batch)?;
        Ok(draft_of(&charter, &signed))
    }
    /// Founds the network of a charter that enough founders signed: this node takes it as its own and holds its secret.
    ///
    /// # Errors
    /// [`FoundError::TooFew`] with the count, [`FoundError::Elsewhere`] if another node drafted it.
    pub fn found(&self, charter_file: &str) -> Result<NetworkId, FoundError> {
        let signed = read_charter(charter_file)?;
        let charter = Charter::decode(&signed.body).map_err(FoundError::Charter)?;
        let network = NetworkId::of_genesis(signed.hash());
        let tally = tally(network, &charter, &signed);
        if !tally.is_enough() {
            return Err(FoundError::TooFew { have: tally.signed_by.len(), need: tally.need });
        }
        let kept = self.view().get(Space::Meta, &founding_key(signed.hash())).and_then(|value| decode(&value));
        let secret: [u8; 32] = kept.ok_or(FoundError::Elsewhere)?;
        self.keep_network(network)?;
        self.ask_durably(Command::Pin(network, Some(signed.clone())))?;
        let scope = Scope::Network(network);
        self.engine().ask(Command::KeepSecret { scope, epoch: charter.epoch, secret })?;
        let mut batch = Batch::default();
        batch.remove(Space::Meta, founding_key(signed.hash()));
        self.commit(batch)?;
        Ok(network)
    }
    /// Drafts and founds in one step, with enough shares at hand.
    ///
    /// # Errors
    /// [`FoundError`].
    pub fn found_network(&self, founding: &Founding, shares: &[Share]) -> Result<NetworkId, FoundError> {
        let draft = self.draft_network(founding, shares)?;
        self.found(&draft.file)
    }
    /// Admits a facility of this very node: its membership, signed with the shares at hand. What is missing comes from the
    /// other founders as for every proposal.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn admit_own(&self, network: NetworkId, facility: &FacilityId, shares: &[Share]) -> Result<Signing, SignError> {
        let book = self.book();
        if book.charter(network).is_none() {
            return Err(SignError::NoCharter(network));
        }
        let setup = self.facilities().into_iter().find(|setup| setup.id == *facility);
        let setup = setup.ok_or_else(|| {
            CommandError::Refused(format!("facility {facility} is not set up on this node; run `musubi setup` first"))
        })?;
        let from = first_moment(&book, network, facility, self.now());
        let membership = Membership {
            network,
            facility: facility.clone(),
            name: setup.name,
            class: setup.class,
            root: setup.root,
            roles: setup.roles,
            kinds: setup.kinds,
            from,
            to: from.plus(MEMBERSHIP_MS),
        };
        let seq = next_seq(&book, ObjectKind::Membership, &Membership::subject(network, facility));
        let signed = self.add_shares(membership.draft(seq).sign(&Real, &[]), shares)?;
        self.propose(signed)
    }
}

fn read_charter(text: &str) -> Result<Signed, FoundError> {
    let objects = ObjectFile::parse_as(FileKind::Charter, text)?.objects()?;
    objects
        .into_iter()
        .find(|signed| signed.kind == ObjectKind::Charter && signed.seq == 0)
        .ok_or(FileError::Damaged.into())
}

fn draft_of(charter: &Charter, signed: &Signed) -> CharterDraft {
    let network = NetworkId::of_genesis(signed.hash());
    let file = ObjectFile::of(FileKind::Charter, &[signed]).to_text();
    CharterDraft { network, tally: tally(network, charter, signed), file }
}

fn founding_key(genesis: Hash) -> Vec<u8> {
    [FOUNDINGS, &genesis.0].concat()
}

const FOUNDINGS: &[u8] = b"service/founding/";
