use super::{Draft, ObjectKind};
use crate::crypto::sha256;
use crate::ids::{AccordId, Hash, NetworkId};
use crate::kinds::{Codes, KindSet};
use crate::limits::{ADDRESSES_MAX, CLAUSES_MAX, EVALUATED_EPOCH_MIN, TEXT_BYTES_MAX};
use crate::policy::Clause;
use crate::time::Millis;
use crate::wire::{FieldError, bytes32, v1};
use prost::Message as _;

/// What two networks let each other do. Signed by k founders of each; not transitive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accord {
    /// One side.
    pub a: NetworkId,
    /// The other side.
    pub b: NetworkId,
    /// Hash of A's charter when it was signed.
    pub a_charter: Hash,
    /// Hash of B's charter when it was signed.
    pub b_charter: Hash,
    /// What is allowed, by direction; what no clause allows is refused with the number of the nearest.
    pub clauses: Vec<Clause>,
    /// First moment.
    pub from: Millis,
    /// Moment after the last.
    pub to: Millis,
    /// SHA-256 of the paper version.
    pub text_hash: Hash,
    /// Epoch of its patient key.
    pub epoch: u32,
    /// Commitment to its secret of `local` mode.
    pub secret_hash: Hash,
    /// Addresses at which nodes of either side are first met (multiaddr with the node's peer id).
    pub contacts: Vec<String>,
    /// How many hours a reader may keep what it fetched.
    pub copy_hours: u32,
}

impl Accord {
    /// The one name of the pair, whichever side asks.
    pub fn id_of(a: NetworkId, b: NetworkId) -> AccordId {
        let (low, high) = if a <= b { (a, b) } else { (b, a) };
        AccordId(sha256(&[b"musubi/accord", &low.0, &high.0]).0)
    }
    /// The pair's name.
    pub fn id(&self) -> AccordId {
        Self::id_of(self.a, self.b)
    }
    /// The network across from `network`, if `network` is a side.
    pub fn other(&self, network: NetworkId) -> Option<NetworkId> {
        match network {
            n if n == self.a => Some(self.b),
            n if n == self.b => Some(self.a),
            _ => None,
        }
    }
    /// Whether it is in force at `now`.
    pub fn is_in_force(&self, now: Millis) -> bool {
        #[cfg(feature = "plants")]
        if crate::plants::on("P06") {
            return self.from <= now; // the end is not looked at again
        }
        self.from <= now && now < self.to
    }
    /// Kinds that readers of any class in `network` may see of holders across.
    pub fn kinds_for_readers_of(&self, network: NetworkId) -> KindSet {
        self.toward(network).fold(KindSet::NONE, |kinds, clause| kinds.or(clause.kinds))
    }
    /// Classes of readers in `network` that any clause lets ask.
    pub fn classes_for_readers_of(&self, network: NetworkId) -> Codes {
        Codes(self.toward(network).fold(0, |bits, clause| bits | clause.classes.0))
    }
    fn toward(&self, reader: NetworkId) -> impl Iterator<Item = &Clause> {
        let holder = self.other(reader);
        self.clauses.iter().filter(move |clause| Some(clause.holder_network) == holder)
    }
    /// As an object to sign.
    pub fn draft(&self, seq: u64) -> Draft {
        let clause = |c: &Clause| v1::Clause {
            number: c.number.into(),
            holder_network: c.holder_network.0.to_vec(),
            kinds: c.kinds.bits(),
            roles: c.roles.0,
            purposes: c.purposes.0,
            classes: c.classes.0,
        };
        let body = v1::Accord {
            a: self.a.0.to_vec(),
            b: self.b.0.to_vec(),
            a_charter: self.a_charter.0.to_vec(),
            b_charter: self.b_charter.0.to_vec(),
            clauses: self.clauses.iter().map(clause).collect(),
            from: self.from.0,
            to: self.to.0,
            text_hash: self.text_hash.0.to_vec(),
            epoch: self.epoch,
            secret_hash: self.secret_hash.0.to_vec(),
            contacts: self.contacts.clone(),
            copy_hours: self.copy_hours,
        }
        .encode_to_vec();
        let id = self.id().0.to_vec();
        Draft { kind: ObjectKind::Accord, subject: id.clone(), seq, issuer: id, body }
    }
    /// Reads and checks a body.
    ///
    /// # Errors
    /// [`FieldError`] naming what does not hold.
    pub fn decode(body: &[u8]) -> Result<Self, FieldError> {
        let wire = v1::Accord::decode(body).map_err(|_| FieldError("accord"))?;
        let a = NetworkId(bytes32(&wire.a, "accord.a")?);
        let b = NetworkId(bytes32(&wire.b, "accord.b")?);
        if a == b {
            return Err(FieldError("accord.b"));
        }
        if wire.clauses.len() > CLAUSES_MAX {
            return Err(FieldError("accord.clauses"));
        }
        if wire.contacts.len() > ADDRESSES_MAX || wire.contacts.iter().any(|c| c.len() > TEXT_BYTES_MAX) {
            return Err(FieldError("accord.contacts"));
        }
        // Above lie the epochs of evaluators.
        if wire.epoch >= EVALUATED_EPOCH_MIN {
            return Err(FieldError("accord.epoch"));
        }
        let mut clauses = Vec::with_capacity(wire.clauses.len());
        for clause in wire.clauses {
            let holder_network = NetworkId(bytes32(&clause.holder_network, "accord.clauses.holder_network")?);
            let number = u16::try_from(clause.number).map_err(|_| FieldError("accord.clauses.number"))?;
            if ![a, b].contains(&holder_network) || clauses.iter().any(|c: &Clause| c.number == number) {
                return Err(FieldError("accord.clauses"));
            }
            clauses.push(Clause {
                number,
                holder_network,
                kinds: KindSet::from_bits(clause.kinds),
                roles: Codes(clause.roles),
                purposes: Codes(clause.purposes),
                classes: Codes(clause.classes),
            });
        }
        Ok(Self {
            a,
            b,
            a_charter: Hash(bytes32(&wire.a_charter, "accord.a_charter")?),
            b_charter: Hash(bytes32(&wire.b_charter, "accord.b_charter")?),
            clauses,
            from: Millis(wire.from),
            to: Millis(wire.to),
            text_hash: Hash(bytes32(&wire.text_hash, "accord.text_hash")?),
            epoch: wire.epoch,
            secret_hash: Hash(bytes32(&wire.secret_hash, "accord.secret_hash")?),
            contacts: wire.contacts,
            copy_hours: wire.copy_hours,
        })
    }
}
