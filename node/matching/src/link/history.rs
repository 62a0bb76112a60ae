//! Links as assertions (名寄せの記録): who said that two records are one person, on what evidence, and who took it back.
//!
//! Records are never merged. A person is what the valid assertions say, folded over an append-only log; taking an assertion
//! back leaves everything as it was before. A [`Event::Separated`] outranks any weight until it is withdrawn itself.
use super::levels::Levels;
use super::model::MilliBits;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A record: the facility's and its patient's number, or an office's record id.
pub type RecordRef = String;
/// Number of an event in its log, from 1.
pub type EventId = u64;
/// A person: the number of the event that first held its oldest record.
pub type PersonId = u64;

/// Who asserts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Author {
    /// The rule, by its version.
    Rule(u16),
    /// A member of staff.
    Person(String),
}

/// What an automatic link rests on; enough to recompute it years later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The weight.
    pub milli_bits: i32,
    /// Outcomes of the comparisons, packed.
    pub levels: u64,
    /// Versions of normaliser, weights and rule, and the number of the census.
    pub versions: [u32; 4],
}

impl Evidence {
    /// Of a weighed pair.
    pub fn of(weight: MilliBits, levels: Levels, versions: [u32; 4]) -> Self {
        Self { milli_bits: weight.0, levels: levels.pack(), versions }
    }
}

/// One entry of the log. `Debug` is not printed anywhere: records' names are personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// Two records are one person.
    Linked {
        /// The records.
        pair: (RecordRef, RecordRef),
        /// Who says so.
        author: Author,
        /// On what grounds; a person's word needs none.
        evidence: Option<Evidence>,
        /// In words.
        reason: String,
    },
    /// Two records are two persons, whatever a weight says.
    Separated {
        /// The records.
        pair: (RecordRef, RecordRef),
        /// Who says so.
        author: Author,
        /// In words.
        reason: String,
    },
    /// An earlier event does not hold any more.
    Withdrawn {
        /// Which.
        event: EventId,
        /// Who says so.
        author: Author,
        /// In words.
        reason: String,
    },
}

/// Why an event is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// A link would bring records together that a person separated.
    #[error("a person declared these records, or two that this link would join, to be different; withdraw that first")]
    CannotLinkViolated,
    /// No such event.
    #[error("no event {0}")]
    UnknownEvent(EventId),
    /// It was withdrawn before.
    #[error("event {0} is withdrawn already")]
    AlreadyWithdrawn(EventId),
    /// A record and itself.
    #[error("a record is not linked with itself")]
    Itself,
}

/// The log and what follows from it.
#[derive(Clone, Debug, Default)]
pub struct History {
    events: Vec<Event>,
    withdrawn: BTreeSet<EventId>,
}

impl History {
    /// Takes one event; gives its number.
    ///
    /// # Errors
    /// [`HistoryError`]; nothing is taken.
    pub fn apply(&mut self, event: Event) -> Result<EventId, HistoryError> {
        match &event {
            Event::Linked { pair, .. } | Event::Separated { pair, .. } if pair.0 == pair.1 => {
                return Err(HistoryError::Itself);
            }
            Event::Linked { pair, .. } if self.would_join_apart(pair) => return Err(HistoryError::CannotLinkViolated),
            Event::Withdrawn { event, .. } => self.may_withdraw(*event)?,
            Event::Linked { .. } | Event::Separated { .. } => {}
        }
        if let Event::Withdrawn { event, .. } = &event {
            self.withdrawn.insert(*event);
        }
        if let Event::Separated { pair, author, reason } = &event {
            self.withdraw_direct_links(pair, author, reason);
        }
        self.events.push(event);
        Ok(self.events.len() as EventId)
    }
    /// All events in order; the first has number 1.
    pub fn events(&self) -> &[Event] {
        &self.events
    }
    /// Whether an event still holds.
    pub fn holds(&self, event: EventId) -> bool {
        event >= 1 && event <= self.events.len() as EventId && !self.withdrawn.contains(&event)
    }
    /// The records of every person with more than one, sorted.
    pub fn persons(&self) -> Vec<BTreeSet<RecordRef>> {
        let mut groups: BTreeMap<&str, BTreeSet<RecordRef>> = BTreeMap::new();
        let mut group_of: BTreeMap<&str, &str> = BTreeMap::new();
        for (_, (one, other)) in self.links() {
            let of = |record| group_of.get(record).copied().unwrap_or(record);
            let (x, y) = (of(one.as_str()), of(other.as_str()));
            let (keep, gone) = if x <= y { (x, y) } else { (y, x) };
            let mut moved = groups.remove(gone).unwrap_or_default();
            moved.extend([one.clone(), other.clone()]);
            if keep != gone {
                for (record, group) in [(one.as_str(), keep), (other.as_str(), keep)] {
                    group_of.insert(record, group);
                }
                group_of.values_mut().filter(|group| **group == gone).for_each(|group| *group = keep);
            }
            groups.entry(keep).or_default().extend(moved);
        }
        groups.into_values().collect()
    }
    /// The other records of a record's person.
    pub fn same_as(&self, record: &str) -> BTreeSet<RecordRef> {
        let group = self.persons().into_iter().find(|group| group.contains(record)).unwrap_or_default();
        group.into_iter().filter(|other| other != record).collect()
    }
    /// The events that speak of a record, withdrawn ones included: who said what, and when it stood in the log.
    pub fn about(&self, record: &str) -> Vec<(EventId, &Event)> {
        let speaks = |event: &Event| match event {
            Event::Linked { pair, .. } | Event::Separated { pair, .. } => pair.0 == record || pair.1 == record,
            Event::Withdrawn { .. } => false,
        };
        (1..).zip(&self.events).filter(|(_, event)| speaks(event)).collect()
    }

    fn links(&self) -> impl Iterator<Item = (EventId, &(RecordRef, RecordRef))> {
        (1..).zip(&self.events).filter(|(id, _)| self.holds(*id)).filter_map(|(id, event)| match event {
            Event::Linked { pair, .. } => Some((id, pair)),
            _ => None,
        })
    }

    fn apart(&self) -> impl Iterator<Item = &(RecordRef, RecordRef)> {
        (1..).zip(&self.events).filter(|(id, _)| self.holds(*id)).filter_map(|(_, event)| match event {
            Event::Separated { pair, .. } => Some(pair),
            _ => None,
        })
    }

    /// Whether a link would put two separated records into one person.
    fn would_join_apart(&self, pair: &(RecordRef, RecordRef)) -> bool {
        let group = |record: &RecordRef| {
            let mut group = self.same_as(record);
            group.insert(record.clone());
            group
        };
        let (left, right) = (group(&pair.0), group(&pair.1));
        self.apart().any(|(a, b)| left.contains(a) && right.contains(b) || left.contains(b) && right.contains(a))
    }

    fn may_withdraw(&self, event: EventId) -> Result<(), HistoryError> {
        match event.checked_sub(1).and_then(|at| self.events.get(at as usize)) {
            None | Some(Event::Withdrawn { .. }) => Err(HistoryError::UnknownEvent(event)),
            Some(_) if self.withdrawn.contains(&event) => Err(HistoryError::AlreadyWithdrawn(event)),
            Some(_) => Ok(()),
        }
    }

    /// A separation takes back what links the two: first the direct links, then whatever else still joins them, newest first.
    fn withdraw_direct_links(&mut self, pair: &(RecordRef, RecordRef), author: &Author, reason: &str) {
        loop {
            if !self.same_as(&pair.0).contains(&pair.1) {
                return;
            }
            let direct = |p: &(RecordRef, RecordRef)| p == pair || (&p.1, &p.0) == (&pair.0, &pair.1);
            let links: Vec<_> = self.links().map(|(id, p)| (id, direct(p), p.clone())).collect();
            let own = self.same_as(&pair.0);
            let of_person = |p: &(RecordRef, RecordRef)| own.contains(&p.0) || own.contains(&p.1);
            let next =
                links.iter().rev().find(|(_, direct, _)| *direct).or(links.iter().rev().find(|(.., p)| of_person(p)));
            let Some((event, ..)) = next else { return };
            self.withdrawn.insert(*event);
            self.events.push(Event::Withdrawn { event: *event, author: author.clone(), reason: reason.to_owned() });
        }
    }
}
