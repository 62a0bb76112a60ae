use super::{
    Accord, Charter, Directory, Disaster, Draft, EvaluatorCall, EvaluatorKey, Membership, NodeCert, Revocation, Signed,
    Suspension, epoch_subject,
};
use crate::ids::{AccordId, FacilityId, Hash, NetworkId};
use crate::index::{Audience, Manifest, Shelf};
use crate::kinds::Codes;
use crate::time::Millis;
use crate::wire::{FieldError, bytes32, v1};
use prost::Message as _;

/// Kinds of signed objects, with their numbers on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ObjectKind {
    /// A network's founders and rules.
    Charter = 1,
    /// Something taken back; sent before all but charters.
    Revocation = 2,
    /// What two networks let each other do.
    Accord = 3,
    /// A facility in a network.
    Membership = 4,
    /// A facility's node keys.
    NodeKey = 5,
    /// Where a node is met.
    Directory = 6,
    /// What a holder publishes on one shelf; kept with its shelf, not in the book.
    Manifest = 7,
    /// Something that rests for at most 72 hours, by one founder; sent with revocations.
    Suspension = 8,
    /// A declared disaster.
    Disaster = 9,
    /// Who makes and holds the patient key of an epoch.
    EvaluatorCall = 10,
    /// The patient key that they made.
    EvaluatorKey = 11,
}

impl ObjectKind {
    /// In the order in which they must be taken in: what later ones lean on comes first.
    pub const ALL: [Self; 11] = [
        Self::Charter,
        Self::Revocation,
        Self::Suspension,
        Self::Disaster,
        Self::Accord,
        Self::Membership,
        Self::NodeKey,
        Self::Directory,
        Self::Manifest,
        Self::EvaluatorCall,
        Self::EvaluatorKey,
    ];
    /// The number on the wire.
    pub fn code(self) -> u8 {
        self as u8
    }
    /// What the number means.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
    /// Its signing domain.
    pub fn word(self) -> &'static str {
        match self {
            Self::Charter => "charter",
            Self::Revocation => "revocation",
            Self::Accord => "accord",
            Self::Membership => "membership",
            Self::NodeKey => "node-key",
            Self::Directory => "directory",
            Self::Manifest => "manifest",
            Self::Suspension => "suspension",
            Self::Disaster => "disaster",
            Self::EvaluatorCall => "evaluator-call",
            Self::EvaluatorKey => "evaluator-key",
        }
    }
}

/// A decoded body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// See [`Charter`].
    Charter(Charter),
    /// See [`Revocation`].
    Revocation(Revocation),
    /// See [`Accord`].
    Accord(Accord),
    /// See [`Membership`].
    Membership(Membership),
    /// See [`NodeCert`].
    NodeKey(NodeCert),
    /// See [`Directory`].
    Directory(Directory),
    /// See [`Suspension`].
    Suspension(Suspension),
    /// See [`Disaster`].
    Disaster(Disaster),
    /// See [`EvaluatorCall`].
    EvaluatorCall(EvaluatorCall),
    /// See [`EvaluatorKey`].
    EvaluatorKey(EvaluatorKey),
}

impl Object {
    /// Reads the body of any kind that the book holds, and checks that it speaks of the subject it is signed under.
    ///
    /// # Errors
    /// [`FieldError`] naming what does not hold.
    pub fn decode(signed: &Signed) -> Result<Self, FieldError> {
        let (object, subject) = match signed.kind {
            ObjectKind::Charter => (Self::Charter(Charter::decode(&signed.body)?), signed.subject.clone()),
            ObjectKind::Revocation => {
                let body = Revocation::decode(&signed.body)?;
                let subject = Revocation::subject(body.network, &body.target);
                (Self::Revocation(body), subject)
            }
            ObjectKind::Accord => {
                let body = Accord::decode(&signed.body)?;
                let subject = body.id().0.to_vec();
                (Self::Accord(body), subject)
            }
            ObjectKind::Membership => {
                let body = Membership::decode(&signed.body)?;
                let subject = Membership::subject(body.network, &body.facility);
                (Self::Membership(body), subject)
            }
            ObjectKind::NodeKey => {
                let body = NodeCert::decode(&signed.body)?;
                let subject = body.root.0.to_vec();
                (Self::NodeKey(body), subject)
            }
            ObjectKind::Directory => {
                let body = Directory::decode(&signed.body)?;
                let subject = body.node.0.to_vec();
                (Self::Directory(body), subject)
            }
            ObjectKind::Suspension => {
                let body = Suspension::decode(&signed.body)?;
                if signed.seq != 0 {
                    return Err(FieldError("signed.seq"));
                }
                let subject = body.subject();
                (Self::Suspension(body), subject)
            }
            ObjectKind::Disaster => {
                let body = Disaster::decode(&signed.body)?;
                if body.founder.is_some() && signed.seq != 0 {
                    return Err(FieldError("signed.seq"));
                }
                let subject = body.subject();
                (Self::Disaster(body), subject)
            }
            ObjectKind::EvaluatorCall => {
                let body = EvaluatorCall::decode(&signed.body)?;
                let subject = epoch_subject(body.network, body.epoch);
                (Self::EvaluatorCall(body), subject)
            }
            ObjectKind::EvaluatorKey => {
                let body = EvaluatorKey::decode(&signed.body)?;
                let subject = epoch_subject(body.network, body.epoch);
                (Self::EvaluatorKey(body), subject)
            }
            ObjectKind::Manifest => return Err(FieldError("signed.kind")),
        };
        if subject == signed.subject { Ok(object) } else { Err(FieldError("signed.subject")) }
    }
}

/// A manifest as an object to sign with the index key.
pub fn manifest_object(manifest: &Manifest) -> Draft {
    Draft {
        kind: ObjectKind::Manifest,
        subject: manifest.shelf.id().0.to_vec(),
        seq: manifest.seq,
        issuer: manifest.shelf.holder.as_bytes().to_vec(),
        body: encode_manifest(manifest),
    }
}

/// The body of a manifest.
pub fn encode_manifest(manifest: &Manifest) -> Vec<u8> {
    v1::Manifest {
        holder: manifest.shelf.holder.as_str().to_owned(),
        audience: encode_audience(&manifest.shelf.audience),
        epoch: manifest.shelf.epoch,
        seq: manifest.seq,
        upto: manifest.upto,
        count: manifest.count,
        bits: manifest.bits.into(),
        root: manifest.root.0.to_vec(),
        at: manifest.at.0,
        until: manifest.until.0,
    }
    .encode_to_vec()
}

/// Reads a manifest and checks that subject and seq are those it is signed under.
///
/// # Errors
/// [`FieldError`] naming what does not hold.
pub fn decode_manifest(signed: &Signed) -> Result<Manifest, FieldError> {
    if signed.kind != ObjectKind::Manifest {
        return Err(FieldError("signed.kind"));
    }
    let wire = v1::Manifest::decode(signed.body.as_slice()).map_err(|_| FieldError("manifest"))?;
    let shelf = Shelf {
        holder: FacilityId::parse(&wire.holder).map_err(|_| FieldError("manifest.holder"))?,
        audience: decode_audience(&wire.audience).ok_or(FieldError("manifest.audience"))?,
        epoch: wire.epoch,
    };
    let bits = u8::try_from(wire.bits).ok().filter(|bits| *bits <= 32).ok_or(FieldError("manifest.bits"))?;
    if signed.subject != shelf.id().0 || signed.seq != wire.seq {
        return Err(FieldError("manifest.seq"));
    }
    Ok(Manifest {
        shelf,
        seq: wire.seq,
        upto: wire.upto,
        count: wire.count,
        bits,
        root: Hash(bytes32(&wire.root, "manifest.root")?),
        at: Millis(wire.at),
        until: Millis(wire.until),
    })
}

fn encode_audience(audience: &Audience) -> Vec<u8> {
    match audience {
        Audience::Network { network, classes } => [&[1], &network.0[..], &classes.0.to_be_bytes()].concat(),
        Audience::Accord { accord } => [&[2], &accord.0[..]].concat(),
    }
}

fn decode_audience(bytes: &[u8]) -> Option<Audience> {
    let (code, rest) = bytes.split_first()?;
    match (code, rest.len()) {
        (1, 40) => Some(Audience::Network {
            network: NetworkId(rest[..32].try_into().ok()?),
            classes: Codes(u64::from_be_bytes(rest[32..].try_into().ok()?)),
        }),
        (2, 32) => Some(Audience::Accord { accord: AccordId(rest.try_into().ok()?) }),
        _ => None,
    }
}
