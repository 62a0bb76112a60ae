//! The time axis of one person: the summary on the left, a row of lanes for every holder, and the lists with the same rows.
use super::list::{Sourced, list};
use super::patient::{Asked, PatientPage};
use super::rows::{Before, Rows};
use super::summary;
use crate::desk::{HolderAnswer, ItemRow};
use crate::i18n::{Key, Words};
use crate::limits::{ITEMS_SHOWN_LEAST, ITEMS_SHOWN_MAX, MERGED_SHOWN_MAX, SLOTS_MAX};
use crate::view::{Frame, Window, Zoom, axis, icon, legend};
use maud::{Markup, html};
use protocol::kinds::{Coarse, FacilityClass, KindSet};

/// How the list below the rows is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// One list for every holder, added as it answers: nothing that stands moves.
    #[default]
    Holder,
    /// One list by date, once all have answered.
    Date,
}

impl Order {
    /// Its word in URLs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Holder => "holder",
            Self::Date => "date",
        }
    }
    /// Reads what [`Order::word`] writes.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Holder, Self::Date].into_iter().find(|order| order.word() == word)
    }
}

/// Which kinds of records the lanes show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lanes {
    /// 受診・入院
    Visits,
    /// 薬
    Drugs,
    /// 検査
    Labs,
    /// 画像
    Images,
    /// 文書・看護・介護・ほか
    Papers,
}

impl Lanes {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Visits, Self::Drugs, Self::Labs, Self::Images, Self::Papers];
    /// Its word in URLs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Visits => "visits",
            Self::Drugs => "drugs",
            Self::Labs => "labs",
            Self::Images => "images",
            Self::Papers => "papers",
        }
    }
    fn key(self) -> Key {
        match self {
            Self::Visits => Key::LegendVisit,
            Self::Drugs => Key::LegendDrug,
            Self::Labs => Key::LegendLab,
            Self::Images => Key::LegendImage,
            Self::Papers => Key::LanesPapers,
        }
    }
    fn kinds(self) -> KindSet {
        KindSet::of(match self {
            Self::Visits => &[Coarse::Visit],
            Self::Drugs => &[Coarse::Prescription, Coarse::Injection],
            Self::Labs => &[Coarse::Lab],
            Self::Images => &[Coarse::Image, Coarse::Physiology],
            Self::Papers => &[
                Coarse::Document,
                Coarse::Summary,
                Coarse::Care,
                Coarse::Basic,
                Coarse::Disease,
                Coarse::Allergy,
                Coarse::Meal,
                Coarse::Other,
            ],
        })
    }
}

/// Which days, which lanes, and how lists are ordered: all that an address says beside the patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Which days.
    pub window: Window,
    /// How the list is ordered.
    pub order: Order,
    /// Kinds that are shown.
    pub kinds: KindSet,
}

impl View {
    /// These days; lanes by the words of [`Lanes::word`], all if none is known.
    pub fn new<'a>(window: Window, order: Order, lanes: impl Iterator<Item = &'a str>) -> Self {
        let chosen = lanes.filter_map(|word| Lanes::ALL.into_iter().find(|lane| lane.word() == word));
        let kinds = chosen.fold(KindSet::NONE, |all, lane| all.or(lane.kinds()));
        Self { window, order, kinds: if kinds.is_empty() { KindSet::ALL } else { kinds } }
    }
    fn has(&self, lane: Lanes) -> bool {
        lane.kinds().is_within(self.kinds)
    }
    /// The same lanes in an address.
    fn query(&self) -> String {
        if Lanes::ALL.into_iter().all(|lane| self.has(lane)) {
            return String::new();
        }
        Lanes::ALL.into_iter().filter(|lane| self.has(*lane)).map(|lane| format!("&show={}", lane.word())).collect()
    }
}

/// Everything that is known without asking anybody.
pub(super) fn open(page: &PatientPage, frame: &Frame<'_>) -> Markup {
    let (words, rows) = (frame.words, rows(page, frame.words));
    let before = if page.asked == Asked::Never { Before::NotAsked } else { Before::Asking };
    let own = page.chart.own.iter().map(|item| own_item(page, item)).collect();
    let care = page.holders().iter().take(SLOTS_MAX).position(|holder| is_care(holder.facility.class));
    html! {
        @if !matches!(page.asked, Asked::At(_)) { aside.side { (summary::column(page, words)) } }
        (toolbar(page, words))
        div.row.head { p.row-name { (words.get(Key::AxisLabel)) } div.lane { (axis(words, &page.view.window)) } }
        (rows.own())
        @for (slot, holder) in page.holders().iter().enumerate().take(SLOTS_MAX) {
            @if care == Some(slot) { p class=(format!("group-row g-{slot}")) { (words.get(Key::GroupCare)) } }
            (rows.before(slot, holder, before))
        }
        div.under { (legend(words)) }
        @match page.view.order {
            Order::Holder => section.list.list-own id="list-own" {
                div.card-head { h2 { (words.get(Key::ListOwn)) } (period(page, words)) }
                (list(words, &page.view.window, own, rows_of_one(page)))
            },
            Order::Date => @if page.asked == Asked::Now {
                section.list.list-own { p.empty { (words.get(Key::ListWaiting)) } }
            },
        }
    }
}

/// One holder's row, and its list below.
pub(super) fn answer(
    page: &PatientPage,
    frame: &Frame<'_>,
    (slot, arrived): (usize, usize),
    answer: &HolderAnswer,
) -> Markup {
    let words = frame.words;
    let id = if page.view.order == Order::Date { "list-all".to_owned() } else { format!("list-{arrived}") };
    let items: Vec<Sourced<'_>> = answer
        .items
        .iter()
        .map(|item| Sourced { item, facility: &answer.holder.facility, network: Some(&answer.holder.network) })
        .collect();
    html! {
        (rows(page, words).answer(slot, &id, answer))
        @if page.view.order == Order::Holder && !items.is_empty() {
            section class=(format!("list l-{arrived}")) id=(id) {
                div.card-head { h2 { (words.with(Key::ListOf, &[("name", answer.holder.facility.name.as_str().into())])) } (period(page, words)) }
                (list(words, &page.view.window, items, rows_of_one(page)))
            }
        }
    }
}

/// The summary of all, and the list by date.
pub(super) fn close(page: &PatientPage, words: &Words, has_more: bool) -> Markup {
    html! {
        @if has_more { aside.side.all { (summary::column(page, words)) } }
        @if page.view.order == Order::Date {
            section.list.list-all id="list-all" {
                div.card-head { h2 { (words.get(Key::ListMerged)) } (period(page, words)) }
                (list(words, &page.view.window, merged(page), MERGED_SHOWN_MAX))
            }
        }
    }
}

/// Rows of one house's list: all lists together stay below a page's size.
fn rows_of_one(page: &PatientPage) -> usize {
    (MERGED_SHOWN_MAX / (page.holders().len() + 1)).clamp(ITEMS_SHOWN_LEAST, ITEMS_SHOWN_MAX)
}

/// Whether a house cares for people at home or in a home.
pub(super) fn is_care(class: Option<FacilityClass>) -> bool {
    matches!(class, Some(FacilityClass::VisitingNursing | FacilityClass::Care))
}

fn rows<'a>(page: &'a PatientPage, words: &'a Words) -> Rows<'a> {
    Rows { words, page }
}

fn own_item<'a>(page: &'a PatientPage, item: &'a ItemRow) -> Sourced<'a> {
    Sourced { item, facility: &page.chart.person.facility, network: None }
}

fn merged(page: &PatientPage) -> Vec<Sourced<'_>> {
    let mut items: Vec<Sourced<'_>> = page.chart.own.iter().map(|item| own_item(page, item)).collect();
    for answer in &page.answers {
        let network = Some(answer.holder.network.as_str());
        items.extend(answer.items.iter().map(|item| Sourced { item, facility: &answer.holder.facility, network }));
    }
    items
}

fn period(page: &PatientPage, words: &Words) -> Markup {
    let window = &page.view.window;
    let ends = [("from", window.from.to_string().into()), ("to", window.to.to_string().into())];
    html! { span.more.meta { (words.with(Key::ListPeriod, &ends)) } }
}

fn toolbar(page: &PatientPage, words: &Words) -> Markup {
    let View { window, order, .. } = page.view;
    let lanes = page.view.query();
    let link = |zoom: Zoom, to: Option<String>, order: Order| {
        let to = to.map(|to| format!("&to={to}")).unwrap_or_default();
        format!("timeline?zoom={}&order={}{to}{lanes}", zoom.word(), order.word())
    };
    let zooms = [
        (Zoom::Day, Key::ZoomDay),
        (Zoom::Week, Key::ZoomWeek),
        (Zoom::Month, Key::ZoomMonth),
        (Zoom::Year, Key::ZoomYear),
    ];
    let orders = [(Order::Holder, Key::OrderHolder), (Order::Date, Key::OrderDate)];
    let current = |is: bool| is.then_some("true");
    let end = window.to.number().to_string();
    let step = |on| window.step(on).map(|to| link(window.zoom, Some(to.number().to_string()), order));
    let shown = Lanes::ALL.into_iter().filter(|lane| page.view.has(*lane)).count();
    html! {
        div.toolbar {
            div.segment role="group" aria-label=(words.get(Key::ZoomLabel)) {
                @for (zoom, key) in zooms {
                    a href=(link(zoom, None, order)) aria-current=[current(zoom == window.zoom)] { (words.get(key)) }
                }
            }
            p.step {
                @if let Some(href) = step(false) { a href=(href) aria-label=(words.get(Key::StepBack)) { (icon("prev")) } }
                span.num { (window.from) " 〜 " (window.to) }
                @if let Some(href) = step(true) { a href=(href) aria-label=(words.get(Key::StepOn)) { (icon("next")) } }
            }
            details.pick.push {
                summary.btn.btn-quiet { (words.get(Key::LanesPick)) " " span.num { (shown) "/" (Lanes::ALL.len()) } }
                form.pick-form method="get" action="timeline" {
                    input type="hidden" name="zoom" value=(window.zoom.word());
                    input type="hidden" name="order" value=(order.word());
                    input type="hidden" name="to" value=(end);
                    @for lane in Lanes::ALL {
                        label.check { input type="checkbox" name="show" value=(lane.word()) checked[page.view.has(lane)]; (words.get(lane.key())) }
                    }
                    button.btn type="submit" { (words.get(Key::LanesShow)) }
                }
            }
            div.segment role="group" aria-label=(words.get(Key::OrderLabel)) {
                @for (one, key) in orders {
                    a href=(link(window.zoom, Some(end.clone()), one)) aria-current=[current(one == order)] { (words.get(key)) }
                }
            }
        }
    }
}
