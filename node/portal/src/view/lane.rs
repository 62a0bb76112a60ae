use super::badge::{colour, kind_word};
use super::dates::month_name;
use super::window::{Window, Zoom};
use crate::i18n::{Key, Lang, Words};
use crate::limits::{LANE_BINS, LANE_PIECES_LEAST};
use maud::{Markup, html};
use protocol::kinds::{Coarse, FacilityClass};
use protocol::time::Date;
use std::collections::BTreeMap;

/// The head of the time axis: months or years, days or weeks, and now.
pub fn axis(words: &Words, window: &Window) -> Markup {
    let ticks = window.ticks();
    let step = ticks.len().div_ceil(14).max(1);
    html! {
        svg.axis height="36" aria-hidden="true" {
            @for (index, (date, is_large)) in ticks.iter().enumerate() {
                line.grid x1=(percent(window.place(*date))) x2=(percent(window.place(*date))) y1=(if *is_large { "6" } else { "24" }) y2="36" {}
                @let line = label_line(window, *date, *is_large);
                @if let Some(y) = line.filter(|_| (index % step == 0 || *is_large) && window.place(*date) < LAST_LABEL) {
                    text.tick.strong[*is_large] x=(percent(window.place(*date))) dx="4" y=(y) {
                        (label(words.lang(), window.zoom, *date, *is_large))
                    }
                }
            }
            (now_line(window, 36, Some(&words.get(Key::Now))))
        }
    }
}

/// One thing on a lane: a mark on a day, or a bar if it lasts.
pub struct Piece {
    /// First day.
    pub from: Date,
    /// First day after it; none: a mark.
    pub to: Option<Date>,
    /// What it is.
    pub kind: Coarse,
    /// Where it leads.
    pub href: String,
    /// What it says in words.
    pub title: String,
    /// What stands in a bar, if it fits.
    pub label: String,
}

/// A lane: what it is called, whose it is, and where its list lies.
pub struct Lane<'a> {
    /// Its name for screen readers.
    pub label: &'a str,
    /// Anchor of the list that has the same rows.
    pub list: &'a str,
    /// Whose.
    pub class: Option<FacilityClass>,
    /// It is the own facility.
    pub is_own: bool,
    /// Visits are upright strokes, as in nursing and care.
    pub is_visits: bool,
    /// From this day on nothing is known; why.
    pub unknown: Option<(Date, String)>,
    /// Marks and bars that are drawn at most: of more, near ones become one.
    pub room: usize,
}

/// One lane as SVG. Marks too near to each other become one with a number. Each is a link to its record, or to the list where
/// several lie (addresses are relative to the patient's pages).
pub fn lane(words: &Words, window: &Window, shape: &Lane<'_>, pieces: &[Piece]) -> Markup {
    let (bars, marks): (Vec<&Piece>, Vec<&Piece>) = pieces.iter().partition(|piece| piece.to.is_some());
    let bars = joined(bars.into_iter().filter(|bar| touches(window, bar)).collect(), shape.room / 2);
    let bins = binned(
        window,
        &marks.into_iter().filter(|piece| window.has(piece.from)).collect::<Vec<_>>(),
        shape.room.saturating_sub(bars.len()),
    );
    let (height, middle) = (LANE, if bars.is_empty() { LANE / 2 } else { 11 });
    html! {
        svg class=(format!("marks {}", colour(shape.class, shape.is_own))) height=(height) role="group" aria-label=(shape.label) {
            @for (date, _) in window.ticks() {
                line.grid x1=(percent(window.place(date))) x2=(percent(window.place(date))) y1="0" y2=(height) {}
            }
            @if let Some((since, why)) = &shape.unknown { (unknown(window, *since, why, height)) }
            @for bar in &bars { (bar_of(words, window, bar, shape.list)) }
            (now_line(window, height, None))
            @for group in bins.values() { (mark(words, window, group, shape, middle)) }
        }
    }
}

/// A hatched span from a day to now: nothing is known of it.
fn unknown(window: &Window, since: Date, why: &str, height: u32) -> Markup {
    let from = window.edge(since.max(window.from));
    let to = window.edge(window.today).max(from + 0.01);
    html! {
        g.unknown-span {
            title { (why) }
            rect.hatched x=(percent(from)) y="3" width=(percent(to - from)) height=(height - 6) {}
        }
    }
}

fn touches(window: &Window, bar: &Piece) -> bool {
    bar.from <= window.to && bar.to.is_some_and(|to| to > window.from)
}

/// Bars that are drawn as one.
struct Bar<'a> {
    from: Date,
    to: Date,
    first: &'a Piece,
    count: usize,
}

/// At most so many bars: of more, those that touch, and then those that are near, become one. Stays never join supplies.
fn joined(mut bars: Vec<&Piece>, room: usize) -> Vec<Bar<'_>> {
    bars.sort_by_key(|bar| (bar.kind == Coarse::Visit, bar.from));
    let alone = |piece: &'_ Piece| (piece.from, piece.to.unwrap_or(piece.from));
    let mut gap = if bars.len() <= room { None } else { Some(0) };
    loop {
        let mut out: Vec<Bar<'_>> = Vec::new();
        for piece in &bars {
            let (from, to) = alone(piece);
            let near = |last: &&mut Bar<'_>| {
                let same = (last.first.kind == Coarse::Visit) == (piece.kind == Coarse::Visit);
                same && gap.is_some_and(|gap| last.to.plus_days(gap).is_none_or(|end| from <= end))
            };
            match out.last_mut().filter(near) {
                Some(last) => (last.to, last.count) = (last.to.max(to), last.count + 1),
                None => out.push(Bar { from, to, first: piece, count: 1 }),
            }
        }
        match gap {
            Some(days) if out.len() > room.max(2) && days < GAP_DAYS_MAX => gap = Some(2 * days + 1),
            _ => return out,
        }
    }
}

/// Marks by the column they stand in; fewer columns where more than so many would be filled.
fn binned<'a>(window: &Window, marks: &[&'a Piece], room: usize) -> BTreeMap<usize, Vec<&'a Piece>> {
    let mut columns = LANE_BINS;
    loop {
        let mut bins: BTreeMap<usize, Vec<&Piece>> = BTreeMap::new();
        for piece in marks {
            bins.entry(bin(window.place(piece.from), columns)).or_default().push(piece);
        }
        if bins.len() <= room || columns <= LANE_PIECES_LEAST {
            return bins;
        }
        columns = (columns * 3 / 4).max(LANE_PIECES_LEAST);
    }
}

fn bar_of(words: &Words, window: &Window, bar: &Bar<'_>, list: &str) -> Markup {
    let from = window.edge(bar.from.max(window.from));
    let to = window.edge(bar.to).min(1.0).max(from + 0.004);
    let y = LANE - 20;
    let many = words.with(Key::MarkMany, &[("n", bar.count.into())]);
    let several = format!("{} – {} {many}", bar.from, bar.to);
    let (href, title, label) = match bar.count {
        1 => (bar.first.href.as_str(), &bar.first.title, &bar.first.label),
        _ => (list, &several, &many),
    };
    let fits = (to - from) * AXIS_CHARS > text_width(label).min(LABEL_LEAST);
    html! {
        a.item href=(href) {
            title { (title) }
            rect.bar.stay[bar.first.kind == Coarse::Visit] x=(percent(from)) y=(y) width=(percent(to - from)) height="16" rx="2" {}
            @if fits { svg x=(percent(from)) width=(percent(to - from)) overflow="hidden" { text.bar-n x="5" y=(y + 12) { (label) } } }
        }
    }
}

fn mark(words: &Words, window: &Window, group: &[&Piece], lane: &Lane<'_>, y: u32) -> Markup {
    let Some(last) = group.last() else { return html! {} };
    let x = percent(window.place(last.from));
    let many = words.with(Key::MarkMany, &[("n", group.len().into())]);
    let (href, title) = match group {
        [only] => (only.href.as_str(), only.title.clone()),
        _ => (lane.list, format!("{} {many}", last.from)),
    };
    let kinds_agree = group.iter().all(|piece| shape(piece.kind) == shape(last.kind));
    html! {
        a.item href=(href) {
            title { (title) }
            @if lane.is_visits { use href="#m-stroke" x=(x) y=(y) {} }
            @else if group.len() == 1 || kinds_agree { use href=(format!("#m-{}", shape(last.kind))) x=(x) y=(y) {} }
            @else { use href="#m-many" x=(x) y=(y) {} text.many x=(x) y=(y + 4) { (group.len()) } }
            @if group.len() > 1 && kinds_agree && !lane.is_visits { text.times x=(x) dx="7" y=(y + 10) { (group.len()) } }
        }
    }
}

/// What the marks mean.
pub fn legend(words: &Words) -> Markup {
    let marks = [
        ("visit", Key::LegendVisit),
        ("drug", Key::LegendDrug),
        ("lab", Key::LegendLab),
        ("image", Key::LegendImage),
        ("doc", Key::LegendDoc),
        ("stroke", Key::LegendStroke),
        ("other", Key::LegendOther),
    ];
    html! {
        p.legend {
            @for (mark, key) in marks {
                span { svg.icon viewBox="-8 -8 16 16" aria-hidden="true" { use href=(format!("#m-{mark}")) {} } (words.get(key)) }
            }
            span { svg.icon.wide viewBox="0 0 26 16" aria-hidden="true" { rect.bar x="1" y="3" width="24" height="10" rx="2" {} } (words.get(Key::LegendBar)) }
            span { svg.icon viewBox="0 0 16 16" aria-hidden="true" { rect.hatched x="0" y="2" width="16" height="12" {} } (words.get(Key::LegendUnknown)) }
        }
    }
}

/// On which line a day's label stands: large ones above, where the tag of today stands, too. A year that the tag would cover
/// goes to the line below, which is free then; a month is left out, since the tag says it.
fn label_line(window: &Window, date: Date, is_large: bool) -> Option<&'static str> {
    let (tag, label) = (window.place(window.today).min(LAST_TAG), window.place(date));
    let is_covered = window.has(window.today) && tag - TAG_BEFORE < label && label < tag + TAG_AFTER;
    match (is_large, is_covered) {
        (false, _) => Some("32"),
        (true, false) => Some("15"),
        (true, true) if window.zoom == Zoom::Year => Some("32"),
        (true, true) => None,
    }
}

/// The line of today; with its word on the axis.
pub(super) fn now_line(window: &Window, height: u32, tag: Option<&str>) -> Markup {
    if !window.has(window.today) {
        return html! {};
    }
    let place = window.place(window.today);
    let x = percent(place);
    html! {
        line.today x1=(x) x2=(x) y1="0" y2=(height) {}
        @if let Some(tag) = tag {
            svg.at x=(percent(place.min(LAST_TAG))) overflow="visible" {
                rect.today-tag x="-31" y="0" width="62" height="17" rx="3" {}
                text.today-n y="12.5" { (tag) " " (window.today.month()) "/" (window.today.day()) }
            }
        }
    }
}

pub(super) fn label(lang: Lang, zoom: Zoom, date: Date, is_large: bool) -> String {
    let (year, month, day) = (date.year(), date.month(), date.day());
    match (zoom, is_large, lang) {
        (Zoom::Year, ..) => year.to_string(),
        (Zoom::Month, true, Lang::Ja) => format!("{year}年"),
        (Zoom::Month, true, Lang::En) => year.to_string(),
        (Zoom::Month, false, Lang::Ja) => format!("{month}月"),
        (Zoom::Month, false, Lang::En) => month_name(month).to_owned(),
        (_, true, Lang::Ja) => format!("{year}年 {month}月"),
        (_, true, Lang::En) => format!("{} {year}", month_name(month)),
        (_, false, _) => format!("{month}/{day}"),
    }
}

/// The mark of a kind.
fn shape(kind: Coarse) -> &'static str {
    match kind {
        Coarse::Visit => "visit",
        Coarse::Prescription | Coarse::Injection => "drug",
        Coarse::Lab => "lab",
        Coarse::Image | Coarse::Physiology => "image",
        Coarse::Document | Coarse::Summary | Coarse::Care => "doc",
        Coarse::Basic | Coarse::Disease | Coarse::Allergy | Coarse::Meal | Coarse::Other => "other",
    }
}

/// A piece's words: day, kind, title.
pub fn words_of(words: &Words, date: Date, kind: Coarse, title: &str) -> String {
    format!("{date} {} {title}", kind_word(words, kind)).trim_end().to_owned()
}

/// Width of a text in characters of half width.
#[allow(clippy::cast_precision_loss, reason = "labels are short")]
pub(super) fn text_width(text: &str) -> f64 {
    text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>() as f64
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "clamped to the bins"
)]
fn bin(place: f64, columns: usize) -> usize {
    ((place.clamp(0.0, 1.0) * columns as f64) as usize).min(columns.saturating_sub(1))
}

/// A share as SVG has it.
pub(super) fn percent(place: f64) -> String {
    format!("{:.2}%", place * 100.0)
}

/// Height of a lane, whatever is on it: the place that is kept for an answer is as high (`.row` in the style sheet).
const LANE: u32 = 44;
/// Characters of half width that the axis of a page of 1280 px holds. On narrower ones a label ends at the end of its bar.
pub(super) const AXIS_CHARS: f64 = 118.0;
/// Bars further apart than ten years are on no page.
const GAP_DAYS_MAX: i32 = 4_000;
/// So many of a longer label say enough.
pub(super) const LABEL_LEAST: f64 = 9.0;
/// Labels further right would be cut.
const LAST_LABEL: f64 = 0.95;
/// The tag of today stands no further right, so that it is whole.
const LAST_TAG: f64 = 0.965;
/// A label that begins so far before the middle of the tag, or so far behind it, would be covered: half the tag and the width of a
/// year's label on a lane of 600 px.
const TAG_BEFORE: f64 = 0.135;
/// See [`TAG_BEFORE`].
const TAG_AFTER: f64 = 0.05;

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(from: &str, to: Option<&str>, kind: Coarse) -> Piece {
        let date = |text: &str| Date::parse(text).expect("a date");
        let (from, to) = (date(from), to.map(date));
        Piece { from, to, kind, href: "items/x".into(), title: "t".into(), label: "l".into() }
    }
    fn told(pieces: &[Piece], room: usize) -> Vec<(String, String, usize)> {
        let bars = joined(pieces.iter().collect(), room);
        bars.iter().map(|bar| (bar.from.to_string(), bar.to.to_string(), bar.count)).collect()
    }

    #[test]
    fn the_tag_of_today_covers_no_label() {
        let date = |text: &str| Date::parse(text).expect("a date");
        let years = Window::new(Zoom::Year, None, date("20261122"));
        assert_eq!(label_line(&years, date("20260101"), true), Some("32"), "the last year stands below");
        assert_eq!(label_line(&years, date("20240101"), true), Some("15"));
        let months = Window::new(Zoom::Month, None, date("20270110"));
        assert_eq!(label_line(&months, date("20270101"), true), None, "the tag says the month");
        let back = Window::new(Zoom::Year, Some(date("20201231")), date("20261122"));
        assert_eq!(label_line(&back, date("20200101"), true), Some("15"), "no tag there");
    }
    #[test]
    fn bars_become_one_only_where_there_are_too_many_and_stays_stay_apart() {
        let drug = Coarse::Prescription;
        let all = [
            piece("20260101", Some("20260129"), drug),
            piece("20260120", Some("20260217"), drug),
            piece("20260301", Some("20260315"), drug),
            piece("20260120", Some("20260125"), Coarse::Visit),
        ];
        assert_eq!(told(&all, 4).iter().map(|bar| bar.2).collect::<Vec<_>>(), [1, 1, 1, 1]);
        let three = told(&all, 3);
        assert_eq!(three.iter().map(|bar| bar.2).collect::<Vec<_>>(), [2, 1, 1]);
        assert_eq!((three[0].0.as_str(), three[0].1.as_str()), ("2026-01-01", "2026-02-17"));
        assert_eq!(told(&all, 2).iter().map(|bar| bar.2).collect::<Vec<_>>(), [3, 1], "near ones, then");
        assert_eq!(told(&all, 0).len(), 2, "and never a stay with a supply");
    }
    #[test]
    fn a_full_lane_has_fewer_columns_and_loses_no_mark() {
        let window = Window::new(Zoom::Year, None, Date::parse("20261122").expect("a date"));
        let first = window.from;
        let marks: Vec<Piece> = (0..300)
            .map(|n| Piece { from: first.plus_days(n * 11).expect("a day"), ..piece("20260101", None, Coarse::Lab) })
            .collect();
        let all: Vec<&Piece> = marks.iter().collect();
        let (wide, narrow) = (binned(&window, &all, 100), binned(&window, &all, 12));
        assert!(wide.len() > 30 && narrow.len() <= 12, "{} {}", wide.len(), narrow.len());
        assert_eq!(narrow.values().map(Vec::len).sum::<usize>(), 300);
    }
}
