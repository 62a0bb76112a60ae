//! The column beside the time axis: problems, allergies, current drugs, abnormal results; each line with its source and date.
use super::patient::PatientPage;
use crate::desk::ItemPath;
use crate::i18n::{Key, Words};
use crate::limits::SUMMARY_LINES_MAX;
use crate::view::{icon, mark_word, seen_at};
use maud::{Markup, html};
use protocol::time::Date;
use service::charts::{allergies, drugs, labs, problems};

/// The whole column, over what is known so far. Silent holders are named under every part that they may add to.
pub(super) fn column(page: &PatientPage, words: &Words) -> Markup {
    html! {
        (problem_part(page, words))
        (allergy_part(page, words))
        (drug_part(page, words))
        (lab_part(page, words))
    }
}

fn part(
    page: &PatientPage,
    words: &Words,
    (key, href): (Key, Option<&str>),
    n: Option<usize>,
    lines: &[Markup],
) -> Markup {
    let more = n.unwrap_or(0).saturating_sub(lines.len());
    html! {
        section.side-part {
            h2 {
                (words.get(key)) @if let Some(n) = n { " " span.num { (n) } }
                @if let Some(href) = href { a.more href=(href) { (words.get(Key::SideAll)) } }
            }
            ul { @for line in lines { li { (line) } } }
            @if n.is_none() { p.sub { (words.get(Key::SideNoList)) } }
            @if more > 0 { p.sub { (words.with(Key::SideMore, &[("n", more.into())])) } }
            (page.unknown_short(words))
        }
    }
}

fn source(page: &PatientPage, sources: &[(usize, ItemPath, Date)]) -> Markup {
    let today = page.chart.now.date_jst();
    html! {
        @if let Some((place, path, date)) = sources.first() {
            a.src-link href=(format!("items/{path}")) { (seen_at(&page.facility(*place), *place == 0, *date, today)) }
        }
    }
}

fn problem_part(page: &PatientPage, words: &Words) -> Markup {
    let all = problems(&page.reads);
    let has_list = page.reads.iter().any(|read| matches!(read.clinical, records::model::Clinical::Problems(_)));
    let line = |note: &service::charts::ProblemNote<ItemPath>| {
        html! {
            span lang="ja" { @if note.is_main { b { (note.name) } } @else { (note.name) } @if note.is_suspected { span.sub { (words.get(Key::Suspected)) } } }
            (source(page, &note.sources))
        }
    };
    let lines: Vec<Markup> = all.iter().take(SUMMARY_LINES_MAX).map(line).collect();
    part(page, words, (Key::SideProblems, None), has_list.then_some(all.len()), &lines)
}

fn allergy_part(page: &PatientPage, words: &Words) -> Markup {
    let all = allergies(&page.reads);
    let line = |note: &service::charts::AllergyNote<ItemPath>| {
        html! {
            span lang="ja" { span.allergy { (icon("alert")) (note.name) } span.sub { (note.reactions) } }
            (source(page, &note.sources))
        }
    };
    let lines: Vec<Markup> = all.iter().flatten().take(SUMMARY_LINES_MAX).map(line).collect();
    part(page, words, (Key::FactAllergy, None), all.as_ref().map(Vec::len), &lines)
}

fn drug_part(page: &PatientPage, words: &Words) -> Markup {
    let today = page.chart.now.date_jst();
    let mut current: Vec<_> = drugs(&page.reads).into_iter().filter(|one| one.is_current(today)).collect();
    current.sort_by_key(|one| !one.is_double(today));
    let line = |one: &service::charts::Ingredient<ItemPath>| {
        let newest = one.lines.iter().flat_map(|line| line.supplies.iter().map(move |supply| (line.place, supply)));
        let newest = newest.max_by_key(|(_, supply)| supply.from);
        let sources: Vec<(usize, ItemPath, Date)> =
            newest.iter().map(|(place, supply)| (*place, supply.path, supply.from)).collect();
        html! {
            span lang="ja" {
                @if one.is_double(today) { span.allergy lang=(words.lang().tag()) { (icon("double")) (words.get(Key::DrugDouble)) } }
                (one.name) " "
                @if let Some((_, supply)) = newest { span.sub { (supply.dose) } }
            }
            (source(page, &sources))
        }
    };
    let lines: Vec<Markup> = current.iter().take(SUMMARY_LINES_MAX).map(line).collect();
    part(page, words, (Key::SideDrugs, Some("drugs")), Some(current.len()), &lines)
}

fn lab_part(page: &PatientPage, words: &Words) -> Markup {
    let abnormal: Vec<_> = labs(&page.reads).into_iter().filter(|series| series.is_abnormal()).collect();
    let line = |series: &service::charts::LabSeries<ItemPath>| {
        let Some(last) = series.last() else { return html! {} };
        let sources = [(last.place, last.path, last.date)];
        html! {
            span lang="ja" {
                (series.name) " "
                @if let Some((class, sign, word)) = mark_word(words, last.mark) {
                    span class=(class) { span.num { (last.value) } span.sign lang=(words.lang().tag()) { (sign) (word) } }
                }
            }
            (source(page, &sources))
        }
    };
    let lines: Vec<Markup> = abnormal.iter().take(SUMMARY_LINES_MAX).map(line).collect();
    part(page, words, (Key::SideLabs, Some("labs")), Some(abnormal.len()), &lines)
}
