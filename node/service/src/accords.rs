//! Accords (協定): what two networks let each other do, proposed by one side, signed by k founders of both.
use crate::engine::CommandError;
use crate::keys::Share;
use crate::limits::{ACCORD_MS, BACKDATE_MS};
use crate::object_file::{FileError, FileKind, ObjectFile};
use crate::random::fresh;
use crate::service::Service;
use crate::signing::{SignError, Signing, next_seq};
use protocol::crypto::Real;
use protocol::engine::{Command, Scope, secret_hash};
use protocol::ids::{AccordId, Hash, NetworkId};
use protocol::kinds::{Codes, KindSet};
use protocol::limits::{CLAUSES_MAX, COPY_MS};
use protocol::policy::Clause;
use protocol::state::{Accord, Charter, Object, ObjectKind, Signed};
use protocol::time::{HOUR_MS, Millis};

/// Whose records a clause opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holders {
    /// Ours: readers of the partner's network may ask.
    Ours,
    /// The partner's: our readers may ask.
    Theirs,
}

/// One clause in words of the desk; clauses are numbered from 1 in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClauseTerms {
    /// Whose records.
    pub holders: Holders,
    /// Which kinds.
    pub kinds: KindSet,
    /// Which staff; codes of `Role`.
    pub roles: Codes,
    /// For which purposes; codes of `Purpose`.
    pub purposes: Codes,
    /// Which classes of readers; codes of `FacilityClass`.
    pub classes: Codes,
}

/// What an accord is to say.
#[derive(Clone, Debug)]
pub struct AccordTerms {
    /// The proposing network, one of ours.
    pub own: NetworkId,
    /// The partner's charter file.
    pub partner_charter: String,
    /// What is allowed; everything else is refused.
    pub clauses: Vec<ClauseTerms>,
    /// First moment; none: now.
    pub from: Option<Millis>,
    /// Moment after the last; none: a year later.
    pub to: Option<Millis>,
    /// SHA-256 of the paper version.
    pub text_hash: Hash,
    /// How many hours a reader may keep what it fetched; none: a day.
    pub copy_hours: Option<u32>,
    /// Addresses at which nodes of either side are first met; empty: this node's own.
    pub contacts: Vec<String>,
}

/// Why no accord was proposed.
#[derive(Debug, thiserror::Error)]
pub enum AccordError {
    /// The partner's file.
    #[error("the partner's charter file: {0}")]
    File(#[from] FileError),
    /// The file has no charter that its founders signed.
    #[error("the partner's file has no charter that enough of its founders signed")]
    NoPartner,
    /// The own network is not known here.
    #[error("the charter of {0:?} is not known here")]
    NoCharter(NetworkId),
    /// Partner and own network are one.
    #[error("an accord is between two networks; this is the charter of your own")]
    SameNetwork,
    /// No clause, or too many.
    #[error("an accord has 1 to {CLAUSES_MAX} clauses")]
    Clauses,
    /// It would end before it begins.
    #[error("the accord would end before it begins")]
    Period,
    /// Signing or taking.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The Engine.
    #[error(transparent)]
    Command(#[from] CommandError),
}

/// An accord in force or waiting, as a desk reads it.
#[derive(Clone, Debug)]
pub struct AccordView {
    /// Its pair.
    pub id: AccordId,
    /// Names of both networks, if their charters are known.
    pub names: (String, String),
    /// What it says.
    pub accord: Accord,
    /// Name of the object, to export or sign it.
    pub hash: Hash,
    /// Whether it is in force now.
    pub in_force: bool,
    /// Who signed.
    pub signing: Option<Signing>,
}

impl Service {
    /// Writes an accord with the network of the partner's charter file, signs it with the shares at hand and offers it. A new
    /// accord of the same pair replaces the old one when both sides have signed. [`Service::export`] gives the file for the
    /// partner's desk, which takes it with [`Service::import`] and signs with [`Service::sign_proposal`].
    ///
    /// # Errors
    /// [`AccordError`]; nothing was offered.
    pub fn propose_accord(&self, terms: &AccordTerms, shares: &[Share]) -> Result<Signing, AccordError> {
        let (accord, secret) = self.write_accord(terms)?;
        let seq = next_seq(&self.book(), ObjectKind::Accord, &accord.id().0);
        let (scope, epoch) = (Scope::Accord(accord.id()), accord.epoch);
        let signed = self.add_shares(accord.draft(seq).sign(&Real, &[]), shares)?;
        self.engine().ask(Command::KeepSecret { scope, epoch, secret })?;
        Ok(self.propose(signed)?)
    }
    fn write_accord(&self, terms: &AccordTerms) -> Result<(Accord, [u8; 32]), AccordError> {
        let own = self.charters().remove(&terms.own).ok_or(AccordError::NoCharter(terms.own))?;
        let (partner_id, partner) = self.read_partner(&terms.partner_charter)?;
        if partner_id == terms.own {
            return Err(AccordError::SameNetwork);
        }
        if terms.clauses.is_empty() || terms.clauses.len() > CLAUSES_MAX {
            return Err(AccordError::Clauses);
        }
        let from = terms.from.unwrap_or_else(|| self.now().minus(BACKDATE_MS));
        let to = terms.to.unwrap_or_else(|| from.plus(ACCORD_MS));
        if to <= from {
            return Err(AccordError::Period);
        }
        let clause = |(number, clause): (u16, &ClauseTerms)| Clause {
            number,
            holder_network: if clause.holders == Holders::Ours { terms.own } else { partner_id },
            kinds: clause.kinds,
            roles: clause.roles,
            purposes: clause.purposes,
            classes: clause.classes,
        };
        let id = Accord::id_of(terms.own, partner_id);
        let epoch = self.book().accord(id).map_or(1, |old| old.epoch.saturating_add(1));
        let secret: [u8; 32] = fresh();
        let accord = Accord {
            a: terms.own,
            b: partner_id,
            a_charter: own.hash(),
            b_charter: partner.hash(),
            clauses: (1u16..).zip(&terms.clauses).map(clause).collect(),
            from,
            to,
            text_hash: terms.text_hash,
            epoch,
            secret_hash: secret_hash(&secret),
            contacts: if terms.contacts.is_empty() { self.addresses() } else { terms.contacts.clone() },
            copy_hours: terms.copy_hours.unwrap_or(COPY_HOURS),
        };
        Ok((accord, secret))
    }
    /// The network of a charter's file, and its newest charter that is known here then.
    pub(crate) fn read_partner(&self, text: &str) -> Result<(NetworkId, Signed), AccordError> {
        let charters = ObjectFile::parse_as(FileKind::Charter, text)?.objects()?;
        self.know_charters(&charters)?;
        let signed =
            charters.into_iter().find(|signed| signed.kind == ObjectKind::Charter).ok_or(AccordError::NoPartner)?;
        let network = Charter::network_of(&signed).ok_or(AccordError::NoPartner)?;
        let newest = self.charters().remove(&network).unwrap_or(signed);
        Ok((network, newest))
    }
    /// All accords of own networks, in force, ended or waiting for founders.
    pub fn accords(&self) -> Vec<AccordView> {
        let (book, now) = (self.book(), self.now());
        let stored = |accord: &Accord| {
            use protocol::data::{Space, View as _};
            let key = [&[ObjectKind::Accord.code()], accord.id().0.as_slice()].concat();
            self.view().get(Space::State, &key).and_then(|value| Signed::decode(&value).ok())
        };
        let charters = self.charters();
        let done = book.accords().filter_map(|accord| {
            let signed = stored(accord)?;
            let in_force = book.accord_in_force(accord.a, accord.b, now).is_some();
            Some((accord.clone(), signed.hash(), in_force, crate::signing::signing(&charters, signed).ok()))
        });
        let waiting = self.proposals().into_iter().filter_map(|signing| match &signing.object {
            Object::Accord(accord) => Some((accord.clone(), signing.hash, false, Some(signing.clone()))),
            _ => None,
        });
        let name = |network: &NetworkId| {
            let charter = charters.get(network).and_then(|signed| Charter::decode(&signed.body).ok());
            charter.map_or_else(|| network.to_string(), |charter| charter.name)
        };
        done.chain(waiting)
            .map(|(accord, hash, in_force, signing)| AccordView {
                id: accord.id(),
                names: (name(&accord.a), name(&accord.b)),
                hash,
                in_force,
                signing,
                accord,
            })
            .collect()
    }
}

/// Hours that a copy is kept unless an accord says less.
const COPY_HOURS: u32 = (COPY_MS / HOUR_MS) as u32;
