//! Drugs over time, across houses: a row an ingredient, a line a house, a bar a supply; doubles, overlaps and gaps by word.
use super::patient::PatientPage;
use crate::desk::ItemPath;
use crate::i18n::{Key, Words};
use crate::limits::{
    INGREDIENTS_SHOWN_MAX, SPANS_SHOWN_MAX, SUPPLIES_ALL_MAX, SUPPLIES_SHOWN_LEAST, SUPPLIES_SHOWN_MAX,
};
use crate::view::{Frames, Window, Zoom, axis, bars, icon, seal};
use maud::{Markup, html};
use protocol::time::Date;
use service::charts::{DrugLine, Ingredient, Span, Supply, SupplyKind, drugs};

/// The chart and the table, over what is known so far.
pub(super) fn page(page: &PatientPage, words: &Words) -> Markup {
    let today = page.chart.now.date_jst();
    let window = window(page);
    let all = drugs(&page.reads);
    let touches = |one: &&Ingredient<ItemPath>| {
        one.supplies().any(|supply| supply.from <= window.to && supply.end().unwrap_or(supply.from) >= window.from)
    };
    let seen: Vec<&Ingredient<ItemPath>> = all.iter().filter(touches).collect();
    let current = all.iter().filter(|one| one.is_current(today)).count();
    let more = seen.len().saturating_sub(INGREDIENTS_SHOWN_MAX);
    let lines: usize = seen.iter().take(INGREDIENTS_SHOWN_MAX).map(|one| one.lines.len()).sum();
    let most = (page.share(SUPPLIES_ALL_MAX) / lines.max(1)).clamp(SUPPLIES_SHOWN_LEAST, SUPPLIES_SHOWN_MAX);
    let values = [("n", current.into()), ("m", seen.len().into())];
    html! {
        div.part-head {
            h2 { (words.get(Key::DrugsTitle)) }
            p.sub { (words.with(Key::DrugsCount, &values)) }
            (zooms(page, words))
        }
        (notices(words, &window, &seen))
        section.card.chart {
            (page.unknown_line(words))
            @if seen.is_empty() { p.empty { (words.get(Key::DrugsZero)) } } @else {
                div.drug-row.head { p.plot-name { (words.get(Key::ColIngredient)) } div { (axis(words, &window)) } p.plot-last { (words.get(Key::ColLeft)) } }
                @for one in seen.iter().take(INGREDIENTS_SHOWN_MAX) { (row(page, words, (&window, most), one)) }
                @if more > 0 { p.card-foot { (words.with(Key::ListMore, &[("n", more.into())])) } }
                (legend(words))
            }
        }
        @if !seen.is_empty() { (table(page, words, &seen)) }
        p.card-note { (words.get(Key::DrugsRule)) }
    }
}

/// Fourteen weeks to now and five ahead: what is left is seen. The address may ask for more.
fn window(page: &PatientPage) -> Window {
    let asked = page.view.window;
    let today = asked.today;
    let (back, ahead) = match asked.zoom {
        Zoom::Year => (730, 60),
        Zoom::Month => (365, 60),
        Zoom::Day | Zoom::Week => (98, 35),
    };
    let zoom = if asked.zoom == Zoom::Day { Zoom::Week } else { asked.zoom };
    let zoom = if zoom == Zoom::Year { Zoom::Month } else { zoom };
    let day = |days: i32| today.plus_days(days).unwrap_or(today);
    Window::between(zoom, day(-back), day(ahead), today)
}

fn zooms(page: &PatientPage, words: &Words) -> Markup {
    let zooms = [(Zoom::Week, Key::PeriodQuarter), (Zoom::Month, Key::PeriodYear), (Zoom::Year, Key::PeriodTwoYears)];
    let open = if page.view.window.zoom == Zoom::Day { Zoom::Week } else { page.view.window.zoom };
    html! {
        div.segment.push role="group" aria-label=(words.get(Key::ZoomLabel)) {
            @for (zoom, key) in zooms {
                a href=(format!("drugs?zoom={}", zoom.word())) aria-current=[(open == zoom).then_some("true")] { (words.get(key)) }
            }
        }
    }
}

/// What somebody should look at: first in words, then in the chart. The newest first, and how many more there are.
fn notices(words: &Words, window: &Window, seen: &[&Ingredient<ItemPath>]) -> Markup {
    let near = |span: &&Span| span.to > window.from && span.from <= window.today;
    let kinds = |one: &'_ Ingredient<ItemPath>| {
        let of = |spans: &[Span], rank: u8| spans.iter().filter(near).map(|span| (rank, *span)).collect::<Vec<_>>();
        [of(&one.doubles, 0), of(&one.overlaps, 1), of(&one.gaps, 2)].concat()
    };
    let mut all: Vec<(u8, Span, &str)> = seen
        .iter()
        .flat_map(|one| kinds(one).into_iter().map(|(rank, span)| (rank, span, one.name.as_str())))
        .collect();
    // Doubles come before all; what is older is in the chart.
    all.sort_by_key(|(rank, span, _)| (*rank > 0, std::cmp::Reverse(span.from)));
    let more = all.len().saturating_sub(SPANS_SHOWN_MAX);
    let line = |(rank, span, name): &(u8, Span, &str)| {
        let (class, shape, key) = match rank {
            0 => ("s-danger", "double", Key::DrugDouble),
            1 => ("s-late", "double", Key::DrugOverlap),
            _ => ("s-late", "gap", Key::DrugGap),
        };
        let ends = [("days", span.days().into()), ("from", short(span.from).into()), ("to", short(span.to).into())];
        html! {
            p class=(format!("notice-line {class}")) {
                (icon(shape)) b { (words.get(key)) } span lang="ja" { (name) } span { (words.with(Key::SpanDays, &ends)) }
            }
        }
    };
    html! {
        div.notice-lines {
            @for one in all.iter().take(SPANS_SHOWN_MAX) { (line(one)) }
            @if more > 0 { p.notice-line.s-late { (icon("double")) span { (words.with(Key::DrugMoreSpans, &[("n", more.into())])) } } }
        }
    }
}

fn row(page: &PatientPage, words: &Words, (window, most): (&Window, usize), one: &Ingredient<ItemPath>) -> Markup {
    let today = window.today;
    html! {
        div.drug-row {
            p.plot-name {
                b lang="ja" { (one.name) }
                span.sub {
                    @if one.is_double(window.from) { span.t-danger { (icon("double")) (words.get(Key::DrugDouble)) } " " }
                    @else if !one.overlaps.is_empty() { span.t-late { (icon("double")) (words.get(Key::DrugOverlap)) } " " }
                    @if one.is_current(today) { (words.get(Key::DrugNow)) } @else { (words.get(Key::DrugPast)) }
                }
            }
            div.drug-lines {
                @for line in &one.lines {
                    @let name = page.facility(line.place);
                    div.drug-line {
                        p { (seal(name.class, line.place == 0)) span.sub { (words.get(kind_key(line.kind))) } }
                        (bars(window, (line.place, &name), newest_of(&line.supplies, most), &Frames { doubles: newest_of(&framed(one, line), most), gaps: newest_of(&one.gaps, most) }))
                    }
                }
            }
            p.plot-last { (left(words, one, today)) }
        }
    }
}

/// The last so many of what stands in the order of time.
fn newest_of<T>(all: &[T], most: usize) -> &[T] {
    &all[all.len().saturating_sub(most)..]
}

/// Which spans one house has a part in: a double with another house that does the same, or an overlap of its own supplies.
fn framed(one: &Ingredient<ItemPath>, line: &DrugLine<ItemPath>) -> Vec<Span> {
    let parts = |line: &DrugLine<ItemPath>, span: &Span| {
        let has_part = |own: &&Supply<ItemPath>| own.from < span.to && own.end().is_some_and(|end| end > span.from);
        line.supplies.iter().filter(has_part).count()
    };
    let same = |span: &Span| one.lines.iter().filter(|other| other.kind == line.kind && parts(other, span) > 0).count();
    let doubles = one.doubles.iter().filter(|span| parts(line, span) > 0 && same(span) > 1);
    doubles.chain(one.overlaps.iter().filter(|span| parts(line, span) > 1)).copied().collect()
}

/// How long what was supplied lasts.
fn left(words: &Words, one: &Ingredient<ItemPath>, today: Date) -> Markup {
    let Some(end) = one.end() else { return html! { span.sub { (words.get(Key::DrugAsNeeded)) } } };
    let days = if end > today { Span { from: today, to: end }.days() } else { Span { from: end, to: today }.days() };
    html! {
        @if end > today { b { (words.with(Key::DrugLeft, &[("days", days.into())])) } }
        @else { span.sub { (words.with(Key::DrugEnded, &[("when", short(end).into())])) } }
    }
}

fn legend(words: &Words) -> Markup {
    html! {
        p.legend.card-foot {
            span.k-hospital { svg.icon.wide viewBox="0 0 26 16" aria-hidden="true" { rect.bar x="1" y="3" width="24" height="10" rx="2" {} } span.ink { (words.get(Key::LegendSupply)) } }
            span.k-hospital { svg.icon.wide viewBox="0 0 26 16" aria-hidden="true" { rect.left x="1" y="3" width="24" height="10" rx="2" {} } span.ink { (words.get(Key::LegendLeft)) } }
            span { svg.icon.wide viewBox="0 0 26 16" aria-hidden="true" { rect.double-box x="1" y="3" width="24" height="10" rx="2" {} } (words.get(Key::LegendDouble)) }
            span { svg.icon.wide viewBox="0 0 26 16" aria-hidden="true" { rect.gap-box x="1" y="3" width="24" height="10" rx="2" {} } (words.get(Key::DrugGap)) }
        }
    }
}

/// The same rows in words: product and usage as they were sent, one click from the record.
fn table(page: &PatientPage, words: &Words, seen: &[&Ingredient<ItemPath>]) -> Markup {
    html! {
        section.card.after {
            div.card-head { h2 { (words.get(Key::DrugsTable)) } span.more.meta { (words.get(Key::DrugsTableLead)) } }
            div.scroll-x tabindex="0" role="region" aria-label=(words.get(Key::DrugsTable)) {
                table.table {
                    thead { tr {
                        @for key in [Key::ColIngredient, Key::ColFacility, Key::ColProduct, Key::ColUsage, Key::ColFrom, Key::ColTo] { th scope="col" { (words.get(key)) } }
                    } }
                    @for one in seen.iter().take(INGREDIENTS_SHOWN_MAX) { (newest(page, words, one)) }
                }
            }
        }
    }
}

/// The newest supply of each house.
fn newest(page: &PatientPage, words: &Words, one: &Ingredient<ItemPath>) -> Markup {
    html! {
        tbody {
            @for (index, line) in one.lines.iter().enumerate() {
                @if let Some(supply) = line.supplies.last() {
                    tr {
                        @if index == 0 { th scope="rowgroup" rowspan=(one.lines.len()) lang="ja" { b { (one.name) } } }
                        td { (crate::view::facility(&page.facility(line.place), line.place == 0)) " " span.sub { (words.get(kind_key(line.kind))) } }
                        td lang="ja" { a href=(format!("items/{}", supply.path)) { (supply.product) } " " (supply.dose) }
                        td lang="ja" { (supply.usage) }
                        td.num { (supply.from) }
                        td.num { @match supply.end() { Some(end) => (end.plus_days(-1).unwrap_or(end)), None => "—" } }
                    }
                }
            }
        }
    }
}

fn kind_key(kind: SupplyKind) -> Key {
    match kind {
        SupplyKind::Prescribed => Key::DrugPrescribed,
        SupplyKind::Dispensed => Key::DrugDispensed,
    }
}

fn short(date: Date) -> String {
    format!("{}/{}", date.month(), date.day())
}
