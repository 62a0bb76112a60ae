//! Images and documents of all houses as one list, newest first. Nothing is opened or loaded before somebody asks for it.
use super::list::{Sourced, list};
use super::patient::PatientPage;
use crate::i18n::{Key, Words};
use crate::limits::DOCUMENTS_SHOWN_MAX;
use crate::view::{Window, Zoom};
use maud::{Markup, html};
use protocol::kinds::{Coarse, KindSet};

/// The list, over what is known so far.
pub(super) fn page(page: &PatientPage, words: &Words) -> Markup {
    let kinds = KindSet::of(&[Coarse::Image, Coarse::Physiology, Coarse::Document, Coarse::Summary, Coarse::Care]);
    let own = page.chart.own.iter();
    let own = own.map(|item| Sourced { item, facility: &page.chart.person.facility, network: None });
    let others = page.answers.iter().flat_map(|answer| {
        let holder = &answer.holder;
        answer.items.iter().map(|item| Sourced { item, facility: &holder.facility, network: Some(&holder.network) })
    });
    let all: Vec<Sourced<'_>> = own.chain(others).filter(|one| kinds.has(one.item.kind.coarse())).collect();
    let today = page.view.window.today;
    let first = all.iter().filter_map(|one| one.item.care_date).min().unwrap_or(today);
    let last = all.iter().filter_map(|one| one.item.care_date).max().unwrap_or(today).max(today);
    let window = Window::between(Zoom::Year, first, last, today);
    html! {
        div.part-head {
            h2 { (words.get(Key::DocumentsTitle)) }
            p.sub { (words.with(Key::DocumentsCount, &[("n", all.len().into())])) }
        }
        section.card {
            (page.unknown_line(words))
            (list(words, &window, all, DOCUMENTS_SHOWN_MAX))
        }
        p.card-note { (words.get(Key::DocumentsRule)) }
    }
}
