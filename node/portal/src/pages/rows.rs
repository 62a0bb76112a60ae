use crate::desk::{Chart, FacilityName, Holder, HolderAnswer, ItemRow, RowStatus};
use crate::i18n::{Key, Words};
use crate::limits::SLOTS_MAX;
use crate::view::{Links, Window, facility, icon, kind_word, lane, moment, network_of, pill, rich, tell};
use maud::{Markup, html};

/// The rows of a timeline: one for every holder, at a place of its own that is kept while the answer is awaited.
pub(super) struct Rows<'a> {
    /// The words.
    pub words: &'a Words,
    /// Who, and who else.
    pub chart: &'a Chart,
    /// Which days.
    pub window: &'a Window,
}

/// What stands in a row before its holder was asked, or answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    Asking,
    NotAsked,
}

impl Rows<'_> {
    /// The own row: whole from the beginning.
    pub(super) fn own(&self) -> Markup {
        let (words, chart) = (self.words, self.chart);
        let checked = match chart.own_checked {
            Some(at) => words.with(Key::OwnChecked, &[("when", moment(at, chart.now).into())]),
            None => words.get(Key::OwnNotChecked),
        };
        html! {
            div.row.own {
                (self.name(&chart.person.facility, None))
                p.state { span.pill.s-data { (icon("data")) (words.get(Key::OwnState)) } span.meta { (checked) } }
                div.lane { (self.marks(&chart.own, &chart.person.facility, "list-own")) }
                (self.count(&chart.own, false))
            }
        }
    }
    /// A holder's row while nothing came.
    pub(super) fn before(&self, slot: usize, holder: &Holder, before: Before) -> Markup {
        let words = self.words;
        let kinds: Vec<String> = holder.kinds.iter().map(|kind| kind_word(words, kind)).collect();
        let (class, shape, word, text) = match before {
            Before::Asking => ("s-busy", "asking", Key::StateAsking, Key::TellAsking),
            Before::NotAsked => ("s-offline", "notasked", Key::StateNotAsked, Key::TellNotAsked),
        };
        let lane = if before == Before::Asking { "lane wait" } else { "lane unknown-lane" };
        html! {
            div class=(format!("row r-{slot} ask-{slot}")) {
                (self.name(&holder.facility, Some(&holder.network)))
                p.state { span class=(format!("pill {class}")) { (icon(shape)) (words.get(word)) } }
                div class=(lane) {
                    span.tell {
                        (words.get(text))
                        @if !kinds.is_empty() { " · " (words.with(Key::Announced, &[("kinds", kinds.join("・").into())])) }
                    }
                }
                p.count {}
            }
        }
    }
    /// A holder's answer, laid over the place that was kept for it.
    pub(super) fn answer(&self, slot: usize, list: &str, answer: &HolderAnswer) -> Markup {
        let (words, now) = (self.words, self.chart.now);
        let is_data = matches!(answer.status, RowStatus::Answered(protocol::engine::HolderStatus::Data));
        let lane = if answer.status.is_unknown() { "lane unknown-lane" } else { "lane" };
        html! {
            div class=(format!("row answer r-{slot} got-{slot}")) {
                (self.name(&answer.holder.facility, Some(&answer.holder.network)))
                p.state { (pill(words, answer.status, now)) @if answer.is_cut { span.meta { (words.get(Key::CutNote)) } } }
                div class=(lane) {
                    @if is_data { (self.marks(&answer.items, &answer.holder.facility, list)) }
                    @else { span.tell { (rich(&tell(words, answer.status, now))) } }
                }
                @if is_data { (self.count(&answer.items, answer.is_cut)) } @else { p.count {} }
            }
        }
    }
    fn name(&self, name: &FacilityName, network: Option<&str>) -> Markup {
        html! { p.row-name { (facility(name, network.is_none())) small { (network_of(network, self.words)) } } }
    }
    fn marks(&self, items: &[ItemRow], name: &FacilityName, list: &str) -> Markup {
        lane(self.words, self.window, items, name.class, &Links { list, label: &name.name })
    }
    fn count(&self, items: &[ItemRow], is_cut: bool) -> Markup {
        let inside = items.iter().filter(|item| item.care_date.is_none_or(|date| self.window.has(date))).count();
        let text = if inside == items.len() {
            self.words.with(Key::ItemCount, &[("n", inside.into())])
        } else {
            self.words.with(Key::ItemCountOf, &[("n", items.len().into()), ("m", inside.into())])
        };
        html! { p.count.num { (text) @if is_cut { "+" } } }
    }
}

/// Which place a holder has; holders that were not foreseen come below, in order of arrival.
pub(super) fn slot_of(holders: &[Holder], holder: &Holder, arrived: usize) -> usize {
    let same = |own: &Holder| own.facility.id == holder.facility.id && own.network == holder.network;
    let found = holders.iter().take(SLOTS_MAX).position(same);
    found.unwrap_or(SLOTS_MAX + arrived.min(SLOTS_MAX - 1))
}
