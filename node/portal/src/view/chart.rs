//! Charts as SVG: x in per cent, y in pixels, no view box, so that a chart is as wide as its place and text never scales.
use super::badge::{colour, mark_word};
use super::lane::{AXIS_CHARS, LABEL_LEAST, now_line, percent, text_width};
use super::window::Window;
use crate::desk::{FacilityName, ItemPath};
use crate::i18n::{Key, Words};
use maud::{Markup, html};
use protocol::time::Date;
use records::model::Mark;
use service::charts::{LabPoint, LabSeries, Span, Supply};

/// Marker and colour of a source within one chart: sources of one class still differ by shape.
fn marker(place: usize) -> String {
    format!("#m-s{}", place % 6)
}

/// One test over time: the reference range as a band, one line a house, each result a link.
pub fn plot(
    words: &Words,
    window: &Window,
    series: &LabSeries<ItemPath>,
    points: &[&LabPoint<ItemPath>],
    facility: &dyn Fn(usize) -> FacilityName,
) -> Markup {
    let (low, high) = scale(series, points);
    let y = |value: f64| PAD + (high - value) / (high - low) * (PLOT - 2.0 * PAD);
    let mut places: Vec<usize> = points.iter().map(|point| point.place).collect();
    places.sort_unstable();
    places.dedup();
    html! {
        svg.plot height=(PLOT_PX) role="group" aria-label=(format!("{} {}", series.name, series.unit)) {
            @for (date, _) in window.ticks() {
                line.grid x1=(percent(window.place(date))) x2=(percent(window.place(date))) y1="0" y2=(PLOT_PX) {}
            }
            (band(points, y))
            (now_line(window, PLOT_PX, None))
            @for place in places {
                g class=(format!("marks {}", colour(facility(place).class, place == 0))) {
                    @let own: Vec<&&LabPoint<ItemPath>> = points.iter().filter(|point| point.place == place && point.number.is_some() && point.mark != Mark::Struck).collect();
                    @for pair in own.windows(2) { (segment(window, pair[0], pair[1], &y)) }
                    @for point in own { (result(words, window, point, &facility(place), &y)) }
                }
            }
            (labels(window, points, &y))
        }
    }
}

/// Lowest and highest value that are drawn, with the reference range in it where it does not flatten the line.
pub fn scale(series: &LabSeries<ItemPath>, points: &[&LabPoint<ItemPath>]) -> (f64, f64) {
    let values = || points.iter().filter_map(|point| point.number);
    let (mut low, mut high) = (values().fold(f64::MAX, f64::min), values().fold(f64::MIN, f64::max));
    if low > high {
        return (0.0, 1.0);
    }
    let reach = (high - low).max(high.abs() * 0.2).max(f64::MIN_POSITIVE);
    if let Some(last) = series.last() {
        let (from, to) = last.normal;
        low = from.filter(|from| *from > low - 1.5 * reach).map_or(low, |from| low.min(from));
        high = to.filter(|to| *to < high + 1.5 * reach).map_or(high, |to| high.max(to));
    }
    if high - low < f64::EPSILON * high.abs().max(1.0) { (low - 1.0, high + 1.0) } else { (low, high) }
}

/// The reference range of the newest result. Of two houses with different ranges only what both hold normal is filled.
fn band(points: &[&LabPoint<ItemPath>], y: impl Fn(f64) -> f64) -> Markup {
    let newest = |place: usize| points.iter().rev().find(|point| point.place == place).map(|point| point.normal);
    let mut places: Vec<usize> = points.iter().map(|point| point.place).collect();
    places.sort_unstable();
    places.dedup();
    let ranges: Vec<(Option<f64>, Option<f64>)> =
        places.into_iter().filter_map(newest).filter(|range| *range != (None, None)).collect();
    if ranges.is_empty() {
        return html! {};
    }
    let low = ranges.iter().filter_map(|range| range.0).reduce(f64::max);
    let high = ranges.iter().filter_map(|range| range.1).reduce(f64::min);
    let top = high.map_or(0.0, &y).clamp(0.0, PLOT);
    let bottom = low.map_or(PLOT, &y).clamp(0.0, PLOT);
    if bottom <= top {
        return html! {};
    }
    html! { rect.band x="0" width="100%" y=(pixel(top)) height=(pixel((bottom - top).max(3.0))) {} }
}

fn segment(window: &Window, a: &LabPoint<ItemPath>, b: &LabPoint<ItemPath>, y: &dyn Fn(f64) -> f64) -> Markup {
    let (Some(from), Some(to)) = (a.number, b.number) else { return html! {} };
    let is_far = a.date.plus_days(FAR_DAYS).is_some_and(|far| far < b.date);
    html! {
        line.trend.far[is_far] x1=(percent(window.place(a.date))) x2=(percent(window.place(b.date))) y1=(pixel(y(from))) y2=(pixel(y(to))) {}
    }
}

fn result(
    words: &Words,
    window: &Window,
    point: &LabPoint<ItemPath>,
    facility: &FacilityName,
    y: &dyn Fn(f64) -> f64,
) -> Markup {
    let Some(number) = point.number.filter(|_| window.has(point.date)) else { return html! {} };
    let mark = mark_word(words, point.mark).map(|(_, sign, word)| format!(" {sign}{word}")).unwrap_or_default();
    let at = (percent(window.place(point.date)), pixel(y(number)));
    html! {
        a.item href=(format!("items/{}", point.path)) {
            title { (facility.name) " " (point.date) " " (point.value) (mark) @if point.repeats.is_some() { " " (words.get(Key::LabRepeat)) } }
            @if point.repeats.is_some() { circle.again-ring cx=(at.0) cy=(at.1) r="8" {} }
            use href=(marker(point.place)) x=(at.0) y=(at.1) {}
        }
    }
}

/// Figures at the newest result and at the one furthest from it, none else.
fn labels(window: &Window, points: &[&LabPoint<ItemPath>], y: &dyn Fn(f64) -> f64) -> Markup {
    let drawn: Vec<(&LabPoint<ItemPath>, f64)> = points
        .iter()
        .filter(|point| window.has(point.date) && point.mark != Mark::Struck)
        .filter_map(|point| Some((*point, point.number?)))
        .collect();
    let Some((last, value)) = drawn.last() else { return html! {} };
    let far = drawn.iter().max_by(|a, b| (a.1 - value).abs().total_cmp(&(b.1 - value).abs()));
    let is_near = |other: &LabPoint<ItemPath>| (window.place(other.date) - window.place(last.date)).abs() < 0.06;
    html! {
        text.value-n x=(percent(window.place(last.date).min(0.93))) dx="9" y=(pixel(y(*value) + 4.0)) { (last.value) }
        @if let Some((point, other)) = far.filter(|(point, _)| !is_near(point)) {
            @let beside = if other > value { (y(*other) - 8.0).max(11.0) } else { (y(*other) + 17.0).min(PLOT - 3.0) };
            text.value-n.soft x=(percent(window.place(point.date))) dx="-4" y=(pixel(beside)) { (point.value) }
        }
    }
}

/// Supplies of one drug at one house as bars: filled up to now, an outline for what is left.
pub fn bars(
    window: &Window,
    line: (usize, &FacilityName),
    supplies: &[Supply<ItemPath>],
    frames: &Frames<'_>,
) -> Markup {
    let (place, facility) = line;
    html! {
        svg class=(format!("marks supplies {}", colour(facility.class, place == 0))) height=(ROW) role="group" aria-label=(facility.name) {
            @for (date, _) in window.ticks() {
                line.grid x1=(percent(window.place(date))) x2=(percent(window.place(date))) y1="0" y2=(ROW) {}
            }
            @for span in frames.gaps { (frame(window, *span, "gap-box")) }
            @for supply in supplies { (supply_bar(window, supply, facility)) }
            @for span in frames.doubles { (frame(window, *span, "double-box")) }
            (now_line(window, ROW, None))
        }
    }
}

/// What is framed in a row of bars.
pub struct Frames<'a> {
    /// Red: two at once.
    pub doubles: &'a [Span],
    /// Dashed: none.
    pub gaps: &'a [Span],
}

fn supply_bar(window: &Window, supply: &Supply<ItemPath>, facility: &FacilityName) -> Markup {
    let Some(end) = supply.end() else {
        let seen = window.has(supply.from);
        return html! {
            @if seen {
                a.item href=(format!("items/{}", supply.path)) {
                    title { (facility.name) " " (supply.from) " " (supply.product) " " (supply.usage) }
                    use href="#m-drug" x=(percent(window.place(supply.from))) y=(ROW / 2) {}
                }
            }
        };
    };
    if end <= window.from || supply.from > window.to {
        return html! {};
    }
    let (from, to) = (window.edge(supply.from.max(window.from)), window.edge(end));
    let now = window.edge(window.today);
    let text = short(supply);
    let fits = (to - from) * AXIS_CHARS > text_width(&text).min(LABEL_LEAST);
    html! {
        a.item href=(format!("items/{}", supply.path)) {
            title { (facility.name) " " (supply.from) " " (supply.product) " " (supply.dose) " " (supply.usage) }
            rect.left x=(percent(from)) y="5" width=(percent(to - from)) height="18" rx="2" {}
            @if from < now { rect.bar x=(percent(from)) y="5" width=(percent(to.min(now) - from)) height="18" rx="2" {} }
            @if fits { svg x=(percent(from)) width=(percent(to.min(1.0) - from)) overflow="hidden" { text.bar-n x="6" y="18" { (text) } } }
        }
    }
}

/// Strength and dose, as far as the product's name has them.
fn short(supply: &Supply<ItemPath>) -> String {
    let strength: String =
        supply.product.chars().skip_while(|c| !c.is_ascii_digit()).take_while(|c| *c != '「').collect();
    let strength = if strength.is_empty() { supply.product.clone() } else { strength };
    if supply.dose.is_empty() { strength } else { format!("{strength} {}", supply.dose) }
}

fn frame(window: &Window, span: Span, class: &str) -> Markup {
    if span.to <= window.from || span.from > window.to {
        return html! {};
    }
    let (from, to) = (window.edge(span.from), window.edge(span.to));
    html! { rect class=(class) x=(percent(from)) y="2" width=(percent(to - from)) height=(ROW - 4) rx="2" {} }
}

fn pixel(y: f64) -> String {
    format!("{y:.1}")
}

/// The line between results further apart than this is thin: nobody knows what was between.
const FAR_DAYS: i32 = 45;
/// Height of one test's chart and its margin.
const PLOT: f64 = 84.0;
const PLOT_PX: u32 = 84;
const PAD: f64 = 14.0;
/// Height of one line of supplies.
const ROW: u32 = 28;

/// The earliest of some days, else this one.
pub fn first_day(days: impl Iterator<Item = Date>, otherwise: Date) -> Date {
    days.min().unwrap_or(otherwise)
}
