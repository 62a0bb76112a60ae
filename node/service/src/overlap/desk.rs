use super::file::{Draft, FileProblem, OverlapFile, OverlapKind};
use super::holder::{check_rule, raise, read_ask};
use super::rows::{Part, Role, Row, begun};
use super::{OverlapError, Tell};
use crate::keys::Share;
use crate::random::fresh;
use crate::service::Service;
use crate::signing::SignError;
use protocol::crypto::{Real, Secret, derive};
use protocol::ids::{NetworkId, PublicKey};
use protocol::overlap::{
    Answer, Ask, List, Mask, Outcome, Point, Refused, Session, Stage, Stated as Signed, Statement as _, Terms, Told,
};
use protocol::state::Charter;
use std::path::{Path, PathBuf};

/// What is asked.
#[derive(Clone, Debug)]
pub struct AskOverlap {
    /// The own network.
    pub own: NetworkId,
    /// Text of the other network's charter file.
    pub partner_charter: String,
    /// Lists of the holders; none: this node's own patients, with a secret of its own.
    pub parts: Vec<PathBuf>,
}

/// How an ask is answered.
#[derive(Clone, Debug)]
pub struct AcceptOverlap {
    /// The ask.
    pub ask: PathBuf,
    /// Text of the asking network's charter file.
    pub asker_charter: String,
    /// Lists of the holders; none: this node's own patients, with a secret of its own.
    pub parts: Vec<PathBuf>,
    /// The asker's list, raised by a holder; if there are parts.
    pub raised: Option<PathBuf>,
}

/// What was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// Of which count.
    pub terms: Terms,
    /// How many points the own list has; rounded up, so that it tells no size.
    pub points: usize,
}

impl Service {
    /// Asks another network: writes the file of this side's masked points, signed by one of its founders.
    ///
    /// # Errors
    /// [`OverlapError`]; no file was written.
    pub fn ask_overlap(
        &self,
        asked: &AskOverlap,
        share: &Share,
        to: &Path,
        tell: Tell<'_>,
    ) -> Result<Stated, OverlapError> {
        let (partner, _) = self.read_partner(&asked.partner_charter)?;
        self.check_share(asked.own, share)?;
        let merged = self.merge(&asked.parts)?;
        let is_alone = merged.is_none();
        let (terms, list) = match merged {
            Some((terms, list)) if (terms.asker, terms.partner) == (asked.own, partner) => (terms, list),
            Some(_) => return Err(Refused::WrongNetwork.into()),
            None => {
                let terms = self.overlap_terms(asked.own, partner);
                // Before the work, and again when it is kept.
                protocol::overlap::check_begin(&terms, &self.overlaps_begun(), self.now())?;
                let points = self.masked_patients(&self.own_mask(&terms), tell);
                (terms, points)
            }
        };
        check_rule(&terms)?;
        self.check_no_secret(&terms)?;
        let list = List::gather(list)?.filled(&fresh())?;
        let points = u32::try_from(list.len()).unwrap_or(u32::MAX);
        let ask = Ask { terms: terms.clone(), node: self.node_key(), points, list: list.hash() };
        let now = self.now();
        let session = Session::asked(&ask, &self.overlaps_begun(), now)?;
        let signed = Signed::sign(&Real, share.secret(), ask.clone());
        let stated = Stated { terms: terms.clone(), points: list.len() };
        let draft = Draft::write(to, &OverlapFile::new(OverlapKind::Ask, signed.encode(), vec![list]))?;
        let row = Row { terms, at: now, part: Part::Desk { session, role: Role::Asker, is_alone } };
        self.keep_overlap(row, "asked", move |rows| Session::asked(&ask, &begun(rows), now).map(drop))?;
        draft.finish()?;
        Ok(stated)
    }
    /// Agrees to an ask: writes the file of the asker's points, raised, and this side's own, signed by one of its founders.
    ///
    /// # Errors
    /// [`OverlapError`]; no file was written.
    pub fn accept_overlap(
        &self,
        accept: &AcceptOverlap,
        share: &Share,
        to: &Path,
        tell: Tell<'_>,
    ) -> Result<Stated, OverlapError> {
        let (ask, file) = read_ask(&accept.ask)?;
        let (asker, charter) = self.read_partner(&accept.asker_charter)?;
        let (terms, now) = (ask.says.terms.clone(), self.now());
        if terms.asker != asker {
            return Err(Refused::WrongNetwork.into());
        }
        let own: Vec<NetworkId> = self.networks().into_iter().collect();
        let founders = Charter::decode(&charter.body).map(|charter| charter.keys()).unwrap_or_default();
        Session::check_ask(&Real, &ask, (&own, &founders), &self.overlaps_begun(), now)?;
        check_rule(&terms)?;
        self.check_share(terms.partner, share)?;
        self.check_no_secret(&terms)?;
        let theirs = file.list().map_err(|problem| OverlapError::file(&accept.ask, problem))?;
        let merged = self.merge(&accept.parts)?;
        let is_alone = merged.is_none();
        let (points, raised) = match (merged, &accept.raised) {
            (None, None) => {
                let mask = self.own_mask(&terms);
                (self.masked_patients(&mask, tell), raise(theirs, &mask, tell)?)
            }
            (Some((of, points)), Some(raised)) if of == terms => (points, read_raised(raised, &terms, theirs)?),
            (Some(_), Some(_)) => return Err(Refused::WrongNetwork.into()),
            _ => return Err(OverlapError::Raised),
        };
        let list = List::gather(points)?.filled(&fresh())?;
        let answer = Answer { ask: ask.says.hash(), raised: raised.hash(), own: list.hash() };
        let stated = Stated { terms: terms.clone(), points: list.len() };
        let session = Session::answered(&ask.says, &answer, &self.overlaps_begun(), now)?;
        let signed = Signed::sign(&Real, share.secret(), answer.clone());
        let draft = Draft::write(to, &OverlapFile::new(OverlapKind::Answer, signed.encode(), vec![raised, list]))?;
        let row = Row { terms, at: now, part: Part::Desk { session, role: Role::Partner, is_alone } };
        let check = move |rows| Session::answered(&ask.says, &answer, &begun(rows), now).map(drop);
        self.keep_overlap(row, "answered", check)?;
        draft.finish()?;
        Ok(stated)
    }
    /// Counts equal points, and writes what may be told of their number, for the other side. The exact number is kept nowhere.
    ///
    /// # Errors
    /// [`OverlapError`]; the count is still open.
    pub fn count_overlap(
        &self,
        answer: &Path,
        raised: Option<&Path>,
        to: &Path,
        tell: Tell<'_>,
    ) -> Result<(Terms, Told), OverlapError> {
        let file = OverlapFile::read_as(answer, OverlapKind::Answer)?;
        let damaged = || OverlapError::file(answer, FileProblem::Damaged);
        let signed = Signed::<Answer>::decode(&file.head).map_err(|_| damaged())?;
        let [ours, theirs] = file.lists.as_slice() else { return Err(damaged()) };
        let (row, mut session, is_alone) = self.overlap_where(|session| session.ask == signed.says.ask)?;
        let terms = row.terms.clone();
        let founders = self.founder_keys(terms.partner)?;
        session.check_answer(&Real, &signed, (&founders, ours.len()))?;
        if ours.hash() != signed.says.raised || theirs.hash() != signed.says.own {
            return Err(Refused::Signature.into());
        }
        let twice = match (is_alone, raised) {
            (true, None) => raise(theirs, &self.own_mask(&terms), tell)?,
            (false, Some(path)) => read_raised(path, &terms, theirs)?,
            _ => return Err(OverlapError::Raised),
        };
        let open = session.clone();
        let outcome = session.count(&signed.says, ours.common(&twice))?;
        let told = outcome.told;
        let stated = Signed::sign(&Real, &self.identity().node, outcome);
        let draft = Draft::write(to, &OverlapFile::new(OverlapKind::Outcome, stated.encode(), Vec::new()))?;
        self.keep_told(Row { part: Part::Desk { session, role: Role::Asker, is_alone }, ..row }, open, "counted")?;
        draft.finish()?;
        Ok((terms, told))
    }
    /// Takes what the asker's node counted.
    ///
    /// # Errors
    /// [`OverlapError`].
    pub fn hear_overlap(&self, outcome: &Path) -> Result<(Terms, Told), OverlapError> {
        let file = OverlapFile::read_as(outcome, OverlapKind::Outcome)?;
        let damaged = |_| OverlapError::file(outcome, FileProblem::Damaged);
        let signed = Signed::<Outcome>::decode(&file.head).map_err(damaged)?;
        let waits = Stage::Answered { answer: signed.says.answer };
        let (row, mut session, is_alone) = self.overlap_where(|session| session.stage == waits)?;
        let (open, terms) = (session.clone(), row.terms.clone());
        let told = session.hear(&Real, &signed)?;
        self.keep_told(Row { part: Part::Desk { session, role: Role::Partner, is_alone }, ..row }, open, "told")?;
        Ok((terms, told))
    }
    /// Keeps the end of a count, unless another desk was faster.
    fn keep_told(&self, row: Row, open: Session, note: &'static str) -> Result<(), OverlapError> {
        self.keep_overlap(row, note, move |rows| {
            let is_open = |row: &Row| matches!(&row.part, Part::Desk { session, .. } if *session == open);
            if rows.iter().any(is_open) { Ok(()) } else { Err(Refused::Step) }
        })
    }
    /// The terms and points of the holders' lists; none where no list is given.
    fn merge(&self, parts: &[PathBuf]) -> Result<Option<(Terms, Vec<Point>)>, OverlapError> {
        let mut merged: Option<(Terms, Vec<Point>)> = None;
        for path in parts {
            let file = OverlapFile::read_as(path, OverlapKind::Part)?;
            let damaged = || OverlapError::file(path, FileProblem::Damaged);
            let terms = Terms::decode(&file.head).map_err(|_| damaged())?;
            let (first, points) = merged.get_or_insert_with(|| (terms.clone(), Vec::new()));
            if *first != terms {
                return Err(OverlapError::Other { path: path.clone() });
            }
            points.extend_from_slice(file.list().map_err(|_| damaged())?.points());
        }
        Ok(merged)
    }
    fn check_share(&self, network: NetworkId, share: &Share) -> Result<(), OverlapError> {
        if self.founder_keys(network)?.contains(&share.public().key) {
            return Ok(());
        }
        Err(SignError::NotAFounder { name: share.name.clone() }.into())
    }
    fn founder_keys(&self, network: NetworkId) -> Result<Vec<PublicKey>, SignError> {
        let charter = self.charters().remove(&network).ok_or(SignError::NoCharter(network))?;
        Ok(Charter::decode(&charter.body)?.keys())
    }
    fn check_no_secret(&self, terms: &Terms) -> Result<(), OverlapError> {
        match self.overlap_row(terms).map(|row| row.part) {
            Some(Part::Holder { .. }) => Err(OverlapError::HasSecret),
            _ => Ok(()),
        }
    }
    /// The secret of a side that is this node alone: never on the disk, and the same until the count has ended.
    fn own_mask(&self, terms: &Terms) -> Mask {
        let key = self.store().key_for("service/overlap");
        Mask::new(&Secret::from_bytes(derive(&terms.id().0, &*key, b"side")), terms)
    }
}

/// A raised list of just this list, by a holder of this count.
fn read_raised(path: &Path, terms: &Terms, of: &List) -> Result<List, OverlapError> {
    let file = OverlapFile::read_as(path, OverlapKind::Raised)?;
    if file.head != [terms.id().0, of.hash().0].concat() {
        return Err(OverlapError::Other { path: path.to_owned() });
    }
    file.lists.into_iter().next().ok_or_else(|| OverlapError::file(path, FileProblem::Damaged))
}
