use super::patient::PatientPage;
use super::timeline::is_care;
use crate::desk::{FacilityName, Holder, HolderAnswer, ItemPath, ItemRow, RowStatus};
use crate::i18n::{Key, Words};
use crate::limits::{HOLDER_OLD_MS, LANE_PIECES_LEAST, LANE_PIECES_MAX, SLOTS_MAX};
use crate::view::{Lane, Piece, facility, kind_word, lane, moment, network_of, rich, tell, words_of};
use maud::{Markup, html};
use protocol::engine::HolderStatus;
use protocol::kinds::{Coarse, KindSet};
use protocol::time::{Date, Millis};
use records::model::Clinical;
use std::collections::BTreeMap;

/// The rows of the time axis: lanes for every holder, at a place of their own that is kept while the answer is awaited.
pub(super) struct Rows<'a> {
    /// The words.
    pub words: &'a Words,
    /// The page they are on.
    pub page: &'a PatientPage,
}

/// What stands in a row before its holder was asked, or answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    Asking,
    NotAsked,
}

/// A holder's records by the lane they stand on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Visits, stays, drugs; of nursing and care everything.
    Acts,
    /// Results, images, papers.
    Reports,
}

impl Rows<'_> {
    /// The own row: whole from the beginning.
    pub(super) fn own(&self) -> Markup {
        let chart = &self.page.chart;
        let checked = match chart.own_checked {
            Some(at) => self.words.with(Key::OwnChecked, &[("when", moment(at, chart.now).into())]),
            None => self.words.get(Key::OwnNotChecked),
        };
        let name = &chart.person.facility;
        let unknown = chart.own_checked.and_then(|at| self.standing_still(at));
        html! { div.row.own { (self.lanes(&chart.own, name, &checked, ("#list-own", self.has_reports(name.class, KindSet::ALL)), unknown.as_ref())) } }
    }
    /// A holder's row while nothing came.
    pub(super) fn before(&self, slot: usize, holder: &Holder, before: Before) -> Markup {
        let words = self.words;
        let kinds: Vec<String> = holder.kinds.iter().map(|kind| kind_word(words, kind)).collect();
        let text = match before {
            Before::Asking => Key::TellAsking,
            Before::NotAsked => Key::TellNotAsked,
        };
        let state = if before == Before::Asking { "lane wait" } else { "lane unknown-lane" };
        let size = if self.has_reports(holder.facility.class, holder.kinds) { " two" } else { "" };
        html! {
            div class=(format!("row r-{slot} ask-{slot}{size}")) {
                (self.name(&holder.facility, &holder.network, false))
                div class=(state) {
                    span.tell {
                        (words.get(text))
                        @if !kinds.is_empty() { " · " (words.with(Key::Announced, &[("kinds", kinds.join("・").into())])) }
                    }
                }
            }
        }
    }
    /// A holder's answer, laid over the place that was kept for it.
    pub(super) fn answer(&self, slot: usize, list: &str, answer: &HolderAnswer) -> Markup {
        let (words, now) = (self.words, self.page.chart.now);
        let is_data = matches!(answer.status, RowStatus::Answered(HolderStatus::Data));
        let name = &answer.holder.facility;
        let announced = self.has_reports(name.class, answer.holder.kinds);
        let size = if announced { " two" } else { "" };
        let state = if answer.status.is_unknown() { "lane unknown-lane" } else { "lane" };
        let oldest = answer.items.iter().map(|item| item.checked_at).max().and_then(|at| self.standing_still(at));
        let list = format!("#{list}");
        html! {
            div class=(format!("row answer r-{slot} got-{slot}{size}")) {
                @if is_data {
                    (self.lanes(&answer.items, name, &answer.holder.network, (&list, announced), oldest.as_ref()))
                } @else {
                    (self.name(name, &answer.holder.network, false))
                    div class=(state) { span.tell { (rich(&tell(words, answer.status, now))) } }
                }
            }
        }
    }
    /// One or two lanes with their names.
    fn lanes(
        &self,
        items: &[ItemRow],
        name: &FacilityName,
        below: &str,
        (list, announced): (&str, bool),
        unknown: Option<&(Date, String)>,
    ) -> Markup {
        let is_own = name.id == self.page.chart.person.facility.id;
        // As many lanes as were kept for it: what was not announced stands on the first.
        let parts: &[Part] = if announced { &[Part::Acts, Part::Reports] } else { &[Part::Acts] };
        html! {
            @for part in parts {
                @let is_first = *part == Part::Acts;
                @let shape = Lane { label: &self.lane_name(name, *part), list, class: name.class, is_own, is_visits: is_first && is_care(name.class), unknown: unknown.cloned(), room: self.room() };
                @if is_first { (self.name(name, below, is_own)) } @else { p.row-name.second { (self.words.get(Key::LaneReports)) } }
                div.lane { (lane(self.words, &self.page.view.window, &shape, &self.pieces(items, (*part, !announced), name))) }
            }
        }
    }
    /// Marks and bars of one lane: there are two of each house.
    fn room(&self) -> usize {
        let lanes = 2 * (self.page.holders().len() + 1);
        (LANE_PIECES_MAX / lanes).max(LANE_PIECES_LEAST)
    }
    fn lane_name(&self, name: &FacilityName, part: Part) -> String {
        let word = match part {
            Part::Acts if is_care(name.class) => Key::LegendStroke,
            Part::Acts => Key::LaneActs,
            Part::Reports => Key::LaneReports,
        };
        format!("{} {}", name.name, self.words.get(word))
    }
    fn name(&self, name: &FacilityName, below: &str, is_own: bool) -> Markup {
        let below = if below.is_empty() { network_of(None, self.words) } else { below.to_owned() };
        html! { p.row-name { (facility(name, is_own)) small { (below) } } }
    }
    /// Whether kinds are among these that stand on a lane of their own and are chosen.
    fn has_reports(&self, class: Option<protocol::kinds::FacilityClass>, kinds: KindSet) -> bool {
        let more = if is_care(class) { KindSet::NONE } else { papers() };
        !kinds.and(reports().or(more)).and(self.page.view.kinds).is_empty()
    }
    /// What came to a holder since its newest check is unknown, if that is long ago.
    fn standing_still(&self, checked: Millis) -> Option<(Date, String)> {
        let now = self.page.chart.now;
        let when = moment(checked, now);
        (now.since(checked) > HOLDER_OLD_MS)
            .then(|| (checked.date_jst(), self.words.with(Key::TellStands, &[("since", when.into())])))
    }
    fn pieces(&self, items: &[ItemRow], (part, is_only): (Part, bool), name: &FacilityName) -> Vec<Piece> {
        let supplies = self.supplies();
        let (stays, mut used) = stays(items);
        let mut out = Vec::new();
        let chosen =
            |item: &&ItemRow| self.page.view.kinds.has(item.kind.coarse()) && (is_only || part_of(item, name) == part);
        for item in items.iter().filter(chosen) {
            let (Some(from), kind) = (item.care_date, item.kind.coarse()) else { continue };
            let title = words_of(self.words, from, kind, &item.title);
            let href = format!("items/{}", item.path);
            let piece = Piece { from, to: None, kind, href, title, label: item.title.clone() };
            match supplies.get(&item.path).copied().flatten() {
                Some((drugs, days, end)) => {
                    let values = [("n", drugs.into()), ("days", days.into())];
                    out.push(Piece { to: Some(end), label: self.words.with(Key::BarSupply, &values), ..piece });
                }
                None if used.remove(&item.path).is_some() => {}
                None => out.push(piece),
            }
        }
        if part == Part::Acts && self.page.view.kinds.has(Coarse::Visit) {
            out.extend(stays.into_iter().map(|(item, from, to)| Piece {
                from,
                to: Some(to.unwrap_or_else(|| self.today_after())),
                kind: Coarse::Visit,
                href: format!("items/{}", item.path),
                title: words_of(self.words, from, Coarse::Visit, &item.title),
                label: item.title.clone(),
            }));
        }
        out
    }
    fn today_after(&self) -> Date {
        let today = self.page.view.window.today;
        today.plus_days(1).unwrap_or(today)
    }
    /// Number of drugs, longest days and end of each prescription that was read.
    fn supplies(&self) -> BTreeMap<ItemPath, Option<(usize, u32, Date)>> {
        let of = |read: &service::charts::Read<ItemPath>| {
            let Clinical::Prescription(one) = &read.clinical else { return None };
            let drugs: usize = one.groups.iter().map(|group| group.drugs.len()).sum();
            let days = one.groups.iter().filter_map(|group| group.usage.days.parse().ok()).max()?;
            let days: u32 = Some(days).filter(|days| (1..=BAR_DAYS_MAX).contains(days))?;
            Some((drugs, days, read.day().plus_days(i32::try_from(days).ok()?)?))
        };
        self.page.reads.iter().map(|read| (read.path, of(read))).collect()
    }
}

/// A stay: its record, first day and, once it ended, last day.
type Stay<'a> = (&'a ItemRow, Date, Option<Date>);

/// Stays out of admissions (ADT-22) and discharges (ADT-52), and the records that are in them. A discharge without an
/// admission here stays a mark.
fn stays(items: &[ItemRow]) -> (Vec<Stay<'_>>, BTreeMap<ItemPath, ()>) {
    let of = |code: &str| {
        let mut found: Vec<(&ItemRow, Date)> = items
            .iter()
            .filter(|item| item.kind.as_str() == code)
            .filter_map(|item| Some((item, item.care_date?)))
            .collect();
        found.sort_by_key(|(_, date)| *date);
        found
    };
    let (ins, mut outs) = (of("ADT-22"), of("ADT-52"));
    let mut used = BTreeMap::new();
    let mut stays = Vec::new();
    for (at, (item, from)) in ins.iter().enumerate() {
        let next = ins.get(at + 1).map(|(_, date)| *date);
        let end = outs.iter().position(|(_, date)| date >= from && next.is_none_or(|next| *date <= next));
        let end = end.map(|index| outs.remove(index));
        used.insert(item.path, ());
        if let Some((out, _)) = end {
            used.insert(out.path, ());
        }
        // An older stay without an end is one whose discharge did not come; only the newest may still last.
        let to = end.map(|(_, date)| date.plus_days(1).unwrap_or(date)).or(next);
        stays.push((*item, *from, to));
    }
    (stays, used)
}

fn part_of(item: &ItemRow, name: &FacilityName) -> Part {
    let kind = item.kind.coarse();
    let is_report = reports().has(kind) || (papers().has(kind) && !is_care(name.class));
    if is_report { Part::Reports } else { Part::Acts }
}

/// Results.
fn reports() -> KindSet {
    KindSet::of(&[Coarse::Lab, Coarse::Image, Coarse::Physiology])
}

/// Papers: of nursing and care they are the visits themselves.
fn papers() -> KindSet {
    KindSet::of(&[Coarse::Document, Coarse::Summary, Coarse::Care])
}

/// A supply of more days is a slip of the pen.
const BAR_DAYS_MAX: u32 = 400;

/// Which place a holder has; holders that were not foreseen come below, in order of arrival.
pub(super) fn slot_of(holders: &[Holder], holder: &Holder, arrived: usize) -> usize {
    let found = holders.iter().take(SLOTS_MAX).position(|own| own.is_same(holder));
    found.unwrap_or(SLOTS_MAX + arrived.min(SLOTS_MAX - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::ids::{FacilityId, Handle};
    use protocol::kinds::KindSet;

    fn holder(id: &str, handle: u8, kinds: KindSet) -> Holder {
        let id = FacilityId::parse(id).expect("ten digits");
        let facility = FacilityName { id, name: "病院".into(), class: None };
        Holder { facility, network: "気仙ネット".into(), handle: Some(Handle([handle; 16])), kinds }
    }

    #[test]
    fn two_patients_of_one_holder_have_a_place_each() {
        let [one, other] = [1, 2].map(|handle| holder("0310000011", handle, KindSet::ALL));
        let holders = [one.clone(), other.clone()];
        assert_eq!(slot_of(&holders, &one, 0), 0);
        assert_eq!(slot_of(&holders, &other, 1), 1);
    }
    #[test]
    fn a_holder_that_announces_something_else_by_now_keeps_its_place() {
        let holders = [holder("0310000011", 1, KindSet::ALL)];
        assert_eq!(slot_of(&holders, &holder("0310000011", 1, KindSet::NONE), 0), 0);
        assert_eq!(slot_of(&holders, &holder("0310000029", 1, KindSet::ALL), 0), SLOTS_MAX);
    }
}
