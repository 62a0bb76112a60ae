use super::badge::{colour, kind_word};
use super::dates::month_name;
use super::window::{Window, Zoom};
use crate::desk::ItemRow;
use crate::i18n::{Key, Lang, Words};
use crate::limits::LANE_BINS;
use maud::{Markup, html};
use protocol::kinds::{Coarse, FacilityClass};
use protocol::time::Date;
use std::collections::BTreeMap;

/// The head of the time axis: months or years, days or weeks, and now.
pub fn axis(words: &Words, window: &Window) -> Markup {
    let ticks = window.ticks();
    let step = ticks.len().div_ceil(16).max(1);
    html! {
        svg.axis height="36" aria-hidden="true" {
            @for (index, (date, is_large)) in ticks.iter().enumerate() {
                line.grid x1=(percent(window.place(*date))) x2=(percent(window.place(*date))) y1=(if *is_large { "6" } else { "22" }) y2="36" {}
                @if index % step == 0 || *is_large {
                    text.tick.strong[*is_large] x=(percent(window.place(*date))) dx="4" y=(if *is_large { "15" } else { "32" }) {
                        (label(words.lang(), window.zoom, *date, *is_large))
                    }
                }
            }
            (today(window, 36, Some(&words.get(Key::Now))))
        }
    }
}

/// One facility's records as marks: drugs and visits above, reports below. Marks too near to each other become one with a
/// number. Each is a link to its record, or to the list where several lie
/// (addresses are relative to the patient's timeline).
pub fn lane(
    words: &Words,
    window: &Window,
    items: &[ItemRow],
    class: Option<FacilityClass>,
    links: &Links<'_>,
) -> Markup {
    let mut bins: BTreeMap<(bool, usize), Vec<&ItemRow>> = BTreeMap::new();
    for item in items {
        if let Some(date) = item.care_date.filter(|date| window.has(*date)) {
            bins.entry((is_report(item.kind.coarse()), bin(window.place(date)))).or_default().push(item);
        }
    }
    html! {
        svg class=(format!("marks {}", colour(class))) height="44" role="group" aria-label=(links.label) {
            @for (date, _) in window.ticks() {
                line.grid x1=(percent(window.place(date))) x2=(percent(window.place(date))) y1="0" y2="44" {}
            }
            (today(window, 44, None))
            @for ((is_report, _), group) in &bins {
                (mark(words, window, group, if *is_report { 31 } else { 13 }, links))
            }
        }
    }
}

/// Where marks of a lane lead.
pub struct Links<'a> {
    /// Anchor of the list.
    pub list: &'a str,
    /// The lane in words.
    pub label: &'a str,
}

fn mark(words: &Words, window: &Window, group: &[&ItemRow], y: i32, links: &Links<'_>) -> Markup {
    let Some(last) = group.last() else { return html! {} };
    let Some(date) = last.care_date else { return html! {} };
    let x = percent(window.place(date));
    let many = words.with(Key::MarkMany, &[("n", group.len().into())]);
    let (href, title) = match group {
        [only] => {
            (format!("items/{}", only.path), format!("{date} {} {}", kind_word(words, only.kind.coarse()), only.title))
        }
        _ => (format!("#{}", links.list), format!("{date} {many}")),
    };
    html! {
        a.item href=(href) {
            title { (title) }
            @if group.len() == 1 {
                use href=(format!("#m-{}", shape(last.kind.coarse()))) x=(x) y=(y) {}
            } @else {
                use href="#m-many" x=(x) y=(y) {}
                text.many x=(x) y=(y + 4) { (group.len()) }
            }
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
        ("other", Key::LegendOther),
    ];
    html! {
        p.legend {
            @for (mark, key) in marks {
                span { svg.icon viewBox="-8 -8 16 16" aria-hidden="true" { use href=(format!("#m-{mark}")) {} } (words.get(key)) }
            }
            span { svg.icon viewBox="0 0 16 16" aria-hidden="true" { rect.hatched x="0" y="2" width="16" height="12" {} } (words.get(Key::LegendUnknown)) }
        }
    }
}

fn today(window: &Window, height: u32, tag: Option<&str>) -> Markup {
    if !window.has(window.today) {
        return html! {};
    }
    let x = percent(window.place(window.today));
    html! {
        line.today x1=(x) x2=(x) y1="0" y2=(height) {}
        @if let Some(tag) = tag {
            svg.at x=(x) overflow="visible" { rect.today-tag x="-16" y="0" width="32" height="17" rx="3" {} text.today-n y="12.5" { (tag) } }
        }
    }
}

fn label(lang: Lang, zoom: Zoom, date: Date, is_large: bool) -> String {
    let (year, month, day) = (date.year(), date.month(), date.day());
    match (zoom, is_large, lang) {
        (Zoom::Year, ..) => year.to_string(),
        (Zoom::Month, true, Lang::Ja) => format!("{year}年"),
        (Zoom::Month, true, Lang::En) => year.to_string(),
        (Zoom::Month, false, Lang::Ja) => format!("{month}月"),
        (Zoom::Month, false, Lang::En) => month_name(month).to_owned(),
        (_, true, Lang::Ja) => format!("{month}月{day}日"),
        (_, true, Lang::En) => format!("{day} {}", month_name(month)),
        (_, false, Lang::Ja) => format!("{month}/{day}"),
        (_, false, Lang::En) => day.to_string(),
    }
}

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

fn is_report(kind: Coarse) -> bool {
    matches!(kind, Coarse::Lab | Coarse::Image | Coarse::Physiology | Coarse::Document | Coarse::Summary | Coarse::Care)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "clamped to the bins"
)]
fn bin(place: f64) -> usize {
    ((place.clamp(0.0, 1.0) * LANE_BINS as f64) as usize).min(LANE_BINS - 1)
}

fn percent(place: f64) -> String {
    format!("{:.2}%", place * 100.0)
}
