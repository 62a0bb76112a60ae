use super::OverlapError;
use crate::service::{Service, WriteError};
use protocol::audit::{Event, What};
use protocol::data::{Batch, Outcome, Space, View, decode, encode};
use protocol::ids::{Hash, NetworkId};
use protocol::overlap::{Begun, Refused, Session, Stage, Terms};
use protocol::time::Millis;
use serde::{Deserialize, Serialize};

/// What this node was in a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// It asked, and counts.
    Asker,
    /// It answered.
    Partner,
    /// It masked its patients for another node of its network that merges.
    Holder,
}

/// A count as a desk reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverlapView {
    /// Its terms.
    pub terms: Terms,
    /// When this node took part.
    pub at: Millis,
    /// As what.
    pub role: Role,
    /// How far it is; none at a holder.
    pub stage: Option<Stage>,
    /// Names of both networks, asker first, as far as they are known here.
    pub names: (String, String),
}

/// What is remembered of one count.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Row {
    pub terms: Terms,
    pub at: Millis,
    pub part: Part,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Part {
    /// A node that merges. Alone: it is the whole side, with a secret of its own.
    Desk { session: Session, role: Role, is_alone: bool },
    /// A node that has the side's secret, and the list that it raised.
    Holder { raised: Option<Hash> },
}

impl Row {
    fn key(&self) -> Vec<u8> {
        [OVERLAPS, &self.terms.session].concat()
    }
}

impl Service {
    /// Every count that this node took part in, newest first.
    pub fn overlaps(&self) -> Vec<OverlapView> {
        let charters = self.charters();
        let name = |network: &NetworkId| {
            let charter = charters.get(network).and_then(|signed| protocol::state::Charter::decode(&signed.body).ok());
            charter.map_or_else(|| network.to_string(), |charter| charter.name)
        };
        let mut views: Vec<OverlapView> = rows(&self.view())
            .into_iter()
            .map(|row| {
                let (role, stage) = match &row.part {
                    Part::Desk { session, role, .. } => (*role, Some(session.stage)),
                    Part::Holder { .. } => (Role::Holder, None),
                };
                let names = (name(&row.terms.asker), name(&row.terms.partner));
                OverlapView { terms: row.terms, at: row.at, role, stage, names }
            })
            .collect();
        views.sort_by_key(|view| std::cmp::Reverse(view.at));
        views
    }
    pub(super) fn overlap_row(&self, terms: &Terms) -> Option<Row> {
        rows(&self.view()).into_iter().find(|row| row.terms == *terms)
    }
    /// The count in which this holds.
    pub(super) fn overlap_where(&self, fits: impl Fn(&Session) -> bool) -> Result<(Row, Session, bool), OverlapError> {
        let fitting = |row: Row| match row.part.clone() {
            Part::Desk { session, is_alone, .. } if fits(&session) => Some((row, session, is_alone)),
            _ => None,
        };
        rows(&self.view()).into_iter().find_map(fitting).ok_or(OverlapError::Unknown)
    }
    /// Counts begun before.
    pub(super) fn overlaps_begun(&self) -> Vec<Begun> {
        begun(rows(&self.view()))
    }
    /// Writes a row and the event of the step in one batch, if `check` still holds for what is remembered then.
    pub(super) fn keep_overlap(
        &self,
        row: Row,
        note: &'static str,
        check: impl FnOnce(Vec<Row>) -> Result<(), Refused> + Send + 'static,
    ) -> Result<(), OverlapError> {
        let event = Event::new(self.now(), What::OverlapCounted).object(row.terms.id()).note(note);
        let (outcome, checked) = self.store().commit_returning(move |view| {
            let mut batch = Batch::default();
            let checked = check(rows(view));
            if checked.is_ok() {
                batch.put(Space::Meta, row.key(), encode(&row));
                batch.log(event);
            }
            Ok((batch, checked))
        });
        match (outcome, checked) {
            (_, Some(Err(refused))) => Err(refused.into()),
            (Outcome::Committed { .. }, _) => Ok(()),
            (Outcome::Failed(why), _) => Err(WriteError(why).into()),
        }
    }
}

pub(super) fn begun(rows: Vec<Row>) -> Vec<Begun> {
    rows.into_iter().map(|row| Begun { terms: row.terms, at: row.at }).collect()
}

fn rows(view: &dyn View) -> Vec<Row> {
    let found = view.scan(Space::Meta, OVERLAPS, &[], usize::MAX);
    found.into_iter().filter_map(|(_, value)| decode(&value)).collect()
}

/// In [`Space::Meta`]: what is remembered of a count, under its chance number.
const OVERLAPS: &[u8] = b"service/overlap/";
