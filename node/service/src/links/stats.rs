//! Figures about links: how many, by whom, and what waits.
use super::assertion::{Says, load};
use super::limits::QUESTIONS_READ_MAX;
use super::rows::{LINK, NOTE, line_key, questions};
use super::run::RunReport;
use crate::service::{Service, WriteError};
use crate::staff::Staff;
use matching::link::bands::Doubt;
use matching::link::history::Author;
use protocol::audit::{Event, What};
use protocol::data::{Space, View, decode};
use std::collections::BTreeMap;

/// Figures about links.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkStats {
    /// Patients of the node.
    pub patients: u64,
    /// Links that hold, made by the rule.
    pub by_rule: u64,
    /// Links that hold, made by people.
    pub by_people: u64,
    /// Links that were taken back.
    pub withdrawn: u64,
    /// Pairs that people declared different, and still do.
    pub apart: u64,
    /// Open questions by reason; `None`: contradicted links of people.
    pub open: BTreeMap<Option<Doubt>, u64>,
    /// How many of them are put off.
    pub later: u64,
    /// How many of them wait for a second person.
    pub second: u64,
    /// Patients that changed and are not linked yet.
    pub pending: u64,
    /// The census that weights rest on, and its persons.
    pub census: (u32, u64),
    /// Linking all patients anew, if it is under way.
    pub run: Option<RunReport>,
}

impl Service {
    /// Counts links and questions.
    ///
    /// # Errors
    /// [`WriteError`] if it could not be logged; then nothing is shown.
    pub fn link_stats(&self, staff: &Staff) -> Result<LinkStats, WriteError> {
        let view = self.view();
        let mut stats = LinkStats { patients: self.patients().count(), run: self.link_run(), ..LinkStats::default() };
        let census = &self.known_population().census;
        stats.census = (census.number, census.persons);
        let mut from = Vec::new();
        loop {
            let page = view.scan(Space::People, LINK, &from, PAGE);
            let Some((last, _)) = page.last() else { break };
            from = [last.as_slice(), &[0]].concat();
            let numbers =
                page.iter().filter_map(|(key, _)| key.strip_prefix(LINK)?.try_into().ok().map(u64::from_be_bytes));
            for link in numbers.filter_map(|id| load(&view, super::LinkId(id))) {
                let line = view.get(Space::People, &line_key(link.pair.0, link.id));
                let holds =
                    line.and_then(|value| decode::<super::rows::Line>(&value)).is_some_and(|l| l.withdrawn.is_none());
                match (link.says, holds, link.author) {
                    (Says::Linked, true, Author::Rule(_)) => stats.by_rule += 1,
                    (Says::Linked, true, Author::Person(_)) => stats.by_people += 1,
                    (Says::Linked, false, _) => stats.withdrawn += 1,
                    (Says::Separated, true, _) => stats.apart += 1,
                    (Says::Separated, false, _) | (Says::Withdrawn(_), ..) => {}
                }
            }
        }
        let now = self.now();
        for question in questions(&view, QUESTIONS_READ_MAX) {
            *stats.open.entry(question.doubt).or_default() += 1;
            stats.later += u64::from(question.later.is_some_and(|until| until > now));
            stats.second += u64::from(question.first.is_some());
        }
        stats.pending = view.scan(Space::Jobs, NOTE, &[], usize::MAX).len() as u64;
        self.log(Event::new(now, What::Shown).staff(staff.id()).note("link statistics"))?;
        Ok(stats)
    }
}

const PAGE: usize = 1_000;
