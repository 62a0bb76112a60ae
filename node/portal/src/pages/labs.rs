//! Laboratory tests over time, across houses: a line each where code and unit agree, and the same results as a table.
use super::patient::PatientPage;
use crate::desk::ItemPath;
use crate::i18n::{Key, Words};
use crate::limits::{
    LAB_CELLS_MAX, LAB_DAYS_SHOWN_LEAST, LAB_DAYS_SHOWN_MAX, LAB_ROWS_SHOWN_MAX, POINTS_ALL_MAX, POINTS_SHOWN_LEAST,
    POINTS_SHOWN_MAX, REPEATS_SHOWN_MAX, SERIES_SHOWN_MAX,
};
use crate::view::{Window, Zoom, axis, colour, first_day, icon, mark_word, plot, seal, seen_at};
use maud::{Markup, html};
use protocol::time::Date;
use records::model::LabStatus;
use service::charts::{Apart, LabPoint, LabSeries, Repeat, labs, repeats};

/// The chart and the table, over what is known so far.
pub(super) fn page(page: &PatientPage, words: &Words) -> Markup {
    let all = labs(&page.reads);
    let window = window(page, &all);
    let shown = &all[..all.len().min(SERIES_SHOWN_MAX)];
    let results: usize = all.iter().map(|series| series.points.len()).sum();
    let values = [("n", all.len().into()), ("m", results.into())];
    html! {
        div.part-head {
            h2 { (words.get(Key::LabsTitle)) }
            p.sub { (words.with(Key::LabsCount, &values)) }
            (zooms(page, words))
        }
        (repeated(page, words, &window, &repeats(&all)))
        section.card.chart {
            div.card-head.legend { (legend(page, words, &all)) }
            (page.unknown_line(words))
            @if all.is_empty() { p.empty { (words.get(Key::LabsZero)) } } @else {
                div.plot-row.head { p {} div { (axis(words, &window)) } p {} }
                @for series in shown { (row(page, words, (&window, points_of_one(page, shown.len())), series)) }
                @if all.len() > shown.len() { p.card-foot { (words.with(Key::LabsMore, &[("n", (all.len() - shown.len()).into())])) } }
            }
        }
        @if !all.is_empty() { (table(page, words, &all)) }
        p.card-note { (words.get(Key::LabsRule)) }
    }
}

/// The year to now, or the period of the address.
fn window(page: &PatientPage, all: &[LabSeries<ItemPath>]) -> Window {
    let asked = page.view.window;
    let first = first_day(all.iter().flat_map(|series| series.points.iter().map(|point| point.date)), asked.today);
    match asked.zoom {
        Zoom::Year => Window::between(Zoom::Year, first, asked.to, asked.today),
        _ => asked,
    }
}

fn zooms(page: &PatientPage, words: &Words) -> Markup {
    let zooms = [(Zoom::Week, Key::PeriodQuarter), (Zoom::Month, Key::PeriodYear), (Zoom::Year, Key::PeriodAll)];
    html! {
        div.segment.push role="group" aria-label=(words.get(Key::ZoomLabel)) {
            @for (zoom, key) in zooms {
                a href=(format!("labs?zoom={}", zoom.word())) aria-current=[(page.view.window.zoom == zoom).then_some("true")] { (words.get(key)) }
            }
        }
    }
}

/// Tests that a house made although another had made them days before: newest first, in words.
fn repeated(page: &PatientPage, words: &Words, window: &Window, all: &[Repeat]) -> Markup {
    let seen: Vec<&Repeat> = all.iter().filter(|one| window.has(one.again.1)).collect();
    let more = seen.len().saturating_sub(REPEATS_SHOWN_MAX);
    let house = |(place, date): (usize, Date)| {
        let name = page.facility(place);
        html! { span.src { (seal(name.class, place == 0)) span { (name.name) } time datetime=(date) { (date) } } }
    };
    html! {
        div.notice-lines {
            @for one in seen.iter().take(REPEATS_SHOWN_MAX) {
                p.notice-line.s-late {
                    (icon("double")) b { (words.get(Key::LabRepeat)) }
                    (house(one.first)) " → " (house(one.again))
                    span { (words.with(Key::LabRepeatTests, &[("days", one.days().into()), ("n", one.tests.len().into())])) }
                    span.sub lang="ja" { (one.tests.join("・")) }
                }
            }
            @if more > 0 { p.notice-line.s-late { (icon("double")) span { (words.with(Key::LabRepeatMore, &[("n", more.into())])) } } }
        }
    }
}

fn legend(page: &PatientPage, words: &Words, all: &[LabSeries<ItemPath>]) -> Markup {
    let mut places: Vec<usize> = all.iter().flat_map(|series| series.points.iter().map(|point| point.place)).collect();
    places.sort_unstable();
    places.dedup();
    html! {
        @for place in places {
            @let name = page.facility(place);
            span class=(colour(name.class, place == 0)) {
                svg.icon viewBox="-8 -8 16 16" aria-hidden="true" { use href=(format!("#m-s{}", place % 6)) {} }
                span.ink { (name.name) }
            }
        }
        span { svg.icon viewBox="0 0 16 16" aria-hidden="true" { rect.band x="0" y="3" width="16" height="10" {} } (words.get(Key::LabsNormal)) }
        span { (icon("double")) (words.get(Key::LabRepeat)) }
        span.hi { "▲" (words.get(Key::MarkHigh)) } span.lo { "▼" (words.get(Key::MarkLow)) }
    }
}

/// Results that are drawn of one test: all together stay below a page's size.
fn points_of_one(page: &PatientPage, tests: usize) -> usize {
    (page.share(POINTS_ALL_MAX) / tests.max(1)).clamp(POINTS_SHOWN_LEAST, POINTS_SHOWN_MAX)
}

fn row(page: &PatientPage, words: &Words, (window, most): (&Window, usize), series: &LabSeries<ItemPath>) -> Markup {
    let mut points: Vec<&LabPoint<ItemPath>> = series.points.iter().filter(|point| window.has(point.date)).collect();
    let cut = points.len().saturating_sub(most);
    points.drain(..cut);
    let today = window.today;
    html! {
        div.plot-row {
            p.plot-name {
                b lang="ja" { (series.name) }
                span.sub { (series.unit) " " @if let Some(last) = series.last() { @if !last.range.is_empty() { (words.with(Key::LabsRange, &[("range", last.range.as_str().into())])) } } }
                @if let Some(apart) = series.apart { span.sub { (words.get(match apart { Apart::Code => Key::ApartCode, Apart::Unit => Key::ApartUnit })) } }
                @if cut > 0 { span.sub { (words.with(Key::LabsCut, &[("n", cut.into())])) } }
            }
            div { (plot(words, window, series, &points, &|place| page.facility(place))) }
            p.plot-last {
                @if let Some(last) = series.last() {
                    @match mark_word(words, last.mark) {
                        Some((class, sign, word)) => { b.num.figure class=(class) { (last.value) } span class=(class) { (sign) (word) } },
                        None => b.num.figure { (last.value) },
                    }
                    a.src-link href=(format!("items/{}", last.path)) { (seen_at(&page.facility(last.place), last.place == 0, last.date, today)) }
                }
            }
        }
    }
}

/// One day of one house: a column of the table.
type Column = (Date, usize);

fn table(page: &PatientPage, words: &Words, all: &[LabSeries<ItemPath>]) -> Markup {
    let more = all.len().saturating_sub(LAB_ROWS_SHOWN_MAX);
    let all = &all[..all.len() - more];
    let days = (page.share(LAB_CELLS_MAX) / all.len().max(1)).clamp(LAB_DAYS_SHOWN_LEAST, LAB_DAYS_SHOWN_MAX);
    let mut columns: Vec<Column> =
        all.iter().flat_map(|series| series.points.iter().map(|point| (point.date, point.place))).collect();
    columns.sort_unstable();
    columns.dedup();
    let cut = columns.len().saturating_sub(days);
    columns.drain(..cut);
    html! {
        section.card.after {
            div.card-head { h2 { (words.get(Key::LabsTable)) } span.more.meta { (words.with(Key::LabsTableLead, &[("n", columns.len().into())])) } }
            div.scroll-x tabindex="0" role="region" aria-label=(words.get(Key::LabsTable)) {
                table.table.lab-table {
                    thead { tr {
                        th scope="col" { (words.get(Key::ColTest)) }
                        th scope="col" { (words.get(Key::ColRange)) }
                        @for (date, place) in &columns {
                            @let name = page.facility(*place);
                            th.right scope="col" title=(name.name) { (seal(name.class, *place == 0)) span.away { (name.name) } " " time { (date) } }
                        }
                    } }
                    tbody { @for series in all { tr {
                        th scope="row" lang="ja" { (series.name) " " span.sub { (series.unit) } }
                        td.sub.num { @if let Some(last) = series.last() { (last.range) } }
                        @for column in &columns { (cell(words, series, *column)) }
                    } } }
                }
            }
            @if more > 0 { p.card-foot { (words.with(Key::LabsMoreRows, &[("n", more.into())])) } }
        }
    }
}

fn cell(words: &Words, series: &LabSeries<ItemPath>, (date, place): Column) -> Markup {
    let point = series.points.iter().rev().find(|point| point.date == date && point.place == place);
    html! {
        td.num.right {
            @match point {
                None => span.meta { "—" },
                Some(point) => {
                    a.plain-link href=(format!("items/{}", point.path)) {
                        @match mark_word(words, point.mark) {
                            Some((class, sign, word)) => span class=(class) { (point.value) span.sign { (sign) (word) } },
                            None => (point.value),
                        }
                    }
                    @if point.repeats.is_some() { span.repeat { (icon("double")) span.away { (words.get(Key::LabRepeat)) } } }
                    @if point.status != LabStatus::Final { span.meta lang="ja" { " " (point.status.japanese()) } }
                }
            }
        }
    }
}
