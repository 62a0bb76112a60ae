use super::file::{Draft, FileProblem, OverlapFile, OverlapKind};
use super::rows::{Part, Row, begun};
use super::{OverlapError, Tell};
use crate::limits::PUBLISH_CHUNK;
use crate::patients::PatientEntry;
use crate::publishing::strings_of;
use crate::random::fresh;
use crate::service::Service;
use matching::NORMALISER_VERSION;
use matching::tags::RuleId;
use protocol::crypto::Secret;
use protocol::data::{Space, View as _, decode};
use protocol::ids::{Hash, NetworkId, PatientRef};
use protocol::overlap::{Ask, List, Mask, Point, Refused, Stated, Terms, check_begin};
use std::path::{Path, PathBuf};

/// For which count a secret is made.
#[derive(Clone, Debug)]
pub enum SecretFor {
    /// This side will ask the network of this charter's text.
    Asking {
        /// The own network.
        own: NetworkId,
        /// Text of the other's charter file.
        partner_charter: String,
    },
    /// This side was asked, by the file at this path.
    Asked(PathBuf),
}

impl Service {
    /// Makes the secret that the holders of this side share for one count. The file goes from holder to holder, and neither to
    /// the node that merges nor to the other side.
    ///
    /// # Errors
    /// [`OverlapError`].
    pub fn overlap_secret(&self, of: &SecretFor, to: &Path) -> Result<Terms, OverlapError> {
        let terms = match of {
            SecretFor::Asking { own, partner_charter } => {
                let (partner, _) = self.read_partner(partner_charter)?;
                self.overlap_terms(*own, partner)
            }
            SecretFor::Asked(ask) => {
                let (ask, _) = read_ask(ask)?;
                if !self.networks().contains(&ask.says.terms.partner) {
                    return Err(Refused::WrongNetwork.into());
                }
                ask.says.terms
            }
        };
        check_rule(&terms)?;
        check_begin(&terms, &self.overlaps_begun(), self.now())?;
        let secret: [u8; 32] = fresh();
        let head = [&terms.encode()[..], &secret].concat();
        Draft::write(to, &OverlapFile::new(OverlapKind::Secret, head, Vec::new()))?.finish()?;
        Ok(terms)
    }
    /// Masks this node's patients with the side's secret, for the node that merges.
    ///
    /// # Errors
    /// [`OverlapError`].
    pub fn overlap_mask(&self, secret: &Path, to: &Path, tell: Tell<'_>) -> Result<Terms, OverlapError> {
        let (terms, secret) = read_secret(secret)?;
        self.check_own(&terms)?;
        check_rule(&terms)?;
        check_begin(&terms, &self.overlaps_begun(), self.now())?;
        let list = List::gather(self.masked_patients(&Mask::new(&secret, &terms), tell))?;
        let draft = Draft::write(to, &OverlapFile::new(OverlapKind::Part, terms.encode(), vec![list]))?;
        self.keep_holder(&terms, None, "masked")?;
        draft.finish()?;
        Ok(terms)
    }
    /// Raises the other side's list, out of its ask or its answer, with this side's secret. One list for each count: with a
    /// second, whoever merges could try points of its own.
    ///
    /// # Errors
    /// [`OverlapError`].
    pub fn overlap_raise(&self, secret: &Path, from: &Path, to: &Path, tell: Tell<'_>) -> Result<Terms, OverlapError> {
        let (terms, secret) = read_secret(secret)?;
        self.check_own(&terms)?;
        check_begin(&terms, &self.overlaps_begun(), self.now())?;
        let file = OverlapFile::read(from)?;
        let is_ours = match file.kind {
            OverlapKind::Ask => Stated::<Ask>::decode(&file.head).is_ok_and(|ask| ask.says.terms == terms),
            OverlapKind::Answer => true,
            found => return Err(OverlapError::file(from, FileProblem::Kind { found, wanted: OverlapKind::Ask })),
        };
        let list = file.lists.last().filter(|_| is_ours);
        let list = list.ok_or_else(|| OverlapError::Other { path: from.to_owned() })?;
        let raised = raise(list, &Mask::new(&secret, &terms), tell)?;
        let head = [terms.id().0, list.hash().0].concat();
        let draft = Draft::write(to, &OverlapFile::new(OverlapKind::Raised, head, vec![raised]))?;
        self.keep_holder(&terms, Some(list.hash()), "raised")?;
        draft.finish()?;
        Ok(terms)
    }
    fn keep_holder(&self, terms: &Terms, list: Option<Hash>, note: &'static str) -> Result<(), OverlapError> {
        let before = self.overlap_row(terms);
        let raised = match before.as_ref().map(|row| &row.part) {
            Some(Part::Desk { .. }) => return Err(OverlapError::HasSecret),
            Some(Part::Holder { raised }) => *raised,
            None => None,
        };
        if raised.is_some() && list.is_some() && raised != list {
            return Err(OverlapError::RaisedAnother);
        }
        let at = before.map_or_else(|| self.now(), |row| row.at);
        let row = Row { terms: terms.clone(), at, part: Part::Holder { raised: list.or(raised) } };
        let (terms, now) = (terms.clone(), self.now());
        self.keep_overlap(row, note, move |rows| check_begin(&terms, &begun(rows), now))
    }
    fn check_own(&self, terms: &Terms) -> Result<(), Refused> {
        let own = self.networks();
        if own.contains(&terms.asker) || own.contains(&terms.partner) { Ok(()) } else { Err(Refused::WrongNetwork) }
    }
    pub(super) fn overlap_terms(&self, asker: NetworkId, partner: NetworkId) -> Terms {
        let (rule, normaliser) = (RULE.number(), NORMALISER_VERSION);
        Terms { session: fresh(), asker, partner, rule, normaliser, at: self.now() }
    }
    /// This node's patients and its side's marks as points.
    pub(super) fn masked_patients(&self, mask: &Mask, tell: Tell<'_>) -> Vec<Point> {
        let view = self.view();
        let mut points = mask.marks();
        let (mut from, mut done) = (Vec::new(), 0);
        loop {
            let page = view.scan(Space::Patients, &[], &from, PUBLISH_CHUNK);
            let Some((last, _)) = page.last() else { return points };
            from = [last.as_slice(), &[0]].concat();
            done += page.len() as u64;
            for (key, value) in page {
                let number = key.try_into().ok().map(u64::from_be_bytes);
                let entry: Option<PatientEntry> = decode(&value);
                let (Some(number), Some(entry)) = (number, entry) else { continue };
                if entry.is_deleted {
                    continue;
                }
                let strings = strings_of(&view, PatientRef(number), &entry).into_iter();
                let of_rule = strings.filter(|(rule, _)| *rule == RULE.number());
                points.extend(of_rule.filter_map(|(_, text)| mask.point(&text)));
            }
            tell("masking patients", done, None);
        }
    }
}

/// Raises a list and tells how far it is.
pub(super) fn raise(list: &List, mask: &Mask, tell: Tell<'_>) -> Result<List, OverlapError> {
    let of = list.len() as u64;
    let mut told = |done: usize| {
        if done.is_multiple_of(PUBLISH_CHUNK) {
            tell("raising points", done as u64, Some(of));
        }
    };
    Ok(list.raised(mask, &mut told)?)
}

pub(super) fn check_rule(terms: &Terms) -> Result<(), Refused> {
    let is_known = terms.rule == RULE.number() && terms.normaliser == NORMALISER_VERSION;
    if is_known { Ok(()) } else { Err(Refused::Rules) }
}

/// An ask and the file that it came in.
pub(super) fn read_ask(path: &Path) -> Result<(Stated<Ask>, OverlapFile), OverlapError> {
    let file = OverlapFile::read_as(path, OverlapKind::Ask)?;
    let ask = Stated::<Ask>::decode(&file.head).map_err(|_| OverlapError::file(path, FileProblem::Damaged))?;
    let list = file.list().map_err(|problem| OverlapError::file(path, problem))?;
    if list.hash() != ask.says.list || u32::try_from(list.len()) != Ok(ask.says.points) {
        return Err(Refused::Signature.into());
    }
    Ok((ask, file))
}

fn read_secret(path: &Path) -> Result<(Terms, Secret), OverlapError> {
    let file = OverlapFile::read_as(path, OverlapKind::Secret)?;
    let damaged = || OverlapError::file(path, FileProblem::Damaged);
    let (terms, secret) = file.head.split_last_chunk::<32>().ok_or_else(damaged)?;
    Ok((Terms::decode(terms).map_err(|_| damaged())?, Secret::from_bytes(*secret)))
}

/// Birth date, family name in kana, first two kana of the given name: of all single rules the one with the fewest strangers (5 in
/// 1,000) that nearly every patient has. It misses 14 of 100 that are shared; see `docs/overlap.md`.
const RULE: RuleId = RuleId::BirthFamilyInitials;
