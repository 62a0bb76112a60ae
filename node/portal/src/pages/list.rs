use crate::desk::{FacilityName, ItemRow};
use crate::i18n::{Key, Words};
use crate::view::{Window, ago, is_old, kind_word, source};
use maud::{Markup, html};
use protocol::time::Date;

/// A record and who holds it.
pub(super) struct Sourced<'a> {
    pub item: &'a ItemRow,
    pub facility: &'a FacilityName,
    pub network: Option<&'a str>,
}

/// Records of a window, grouped by date, newest first; what stands without a date comes before all.
pub(super) fn list(words: &Words, window: &Window, mut items: Vec<Sourced<'_>>, max: usize) -> Markup {
    let dates = items.iter().filter_map(|one| one.item.care_date).filter(|date| !window.has(*date));
    let outside: Vec<Date> = dates.collect();
    items.retain(|one| one.item.care_date.is_none_or(|date| window.has(date)));
    items.sort_by(|a, b| {
        let newest_first = |one: &Sourced<'_>| (one.item.care_date.is_none(), one.item.care_date, one.item.made_at);
        newest_first(b).cmp(&newest_first(a)).then_with(|| a.item.kind.cmp(&b.item.kind))
    });
    let more = items.len().saturating_sub(max);
    items.truncate(max);
    let groups = items.chunk_by(|a, b| a.item.care_date == b.item.care_date);
    html! {
        @if items.is_empty() {
            p.empty { (words.get(Key::ListEmptyPeriod)) }
        } @else {
            table.table.records {
                thead { tr {
                    @for key in [Key::ColDate, Key::ColKind, Key::ColTitle, Key::ColSource, Key::ColAge] { th scope="col" { (words.get(key)) } }
                } }
                @for group in groups { (day_group(words, window, group)) }
            }
        }
        @if more > 0 { p.card-foot { (words.with(Key::ListMore, &[("n", more.into())])) } }
        @if let (Some(first), Some(last)) = (outside.iter().min(), outside.iter().max()) {
            p.card-foot.meta {
                (words.with(Key::ListOutside, &[
                    ("n", outside.len().into()), ("from", first.to_string().into()), ("to", last.to_string().into()),
                ]))
            }
        }
    }
}

fn day_group(words: &Words, window: &Window, group: &[Sourced<'_>]) -> Markup {
    let date = group.first().and_then(|one| one.item.care_date);
    html! {
        tbody {
            @for (index, one) in group.iter().enumerate() {
                tr {
                    @if index == 0 {
                        th scope="rowgroup" rowspan=(group.len()) {
                            @match date { Some(date) => time { (date) }, None => (words.get(Key::ListStanding)) }
                        }
                    }
                    (line(words, window, one))
                }
            }
        }
    }
}

fn line(words: &Words, window: &Window, one: &Sourced<'_>) -> Markup {
    let kind = one.item.kind.coarse();
    let date = one.item.care_date.unwrap_or_else(|| one.item.made_at.date_jst());
    let word = kind_word(words, kind);
    let title = if one.item.title.is_empty() { &word } else { &one.item.title };
    html! {
        td { (word) }
        td { a lang="ja" href=(format!("items/{}", one.item.path)) { (title) } }
        td { (source(one.facility, one.network, words)) }
        td.age { @if is_old(kind, date, window.today) { b { (words.get(Key::Old)) } " " } (ago(words, date, window.today)) }
    }
}
