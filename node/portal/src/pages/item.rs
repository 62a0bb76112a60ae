use crate::desk::{Depth, ItemView};
use crate::i18n::{Key, Words};
use crate::limits::{FRAMES_SHOWN_MAX, LINES_SHOWN_MAX, ORIGINAL_CHARS_MAX};
use crate::view::{Frame, Nav, ago, banner, both_calendars, facility, icon, kind_word, mark_word, moment, network_of};
use maud::{Markup, html};
use records::model::{Document, Line, LineKind};

/// One record: its rows in words, where it comes from, and the text as it was sent, folded.
pub fn item(frame: &Frame<'_>, view: &ItemView, depth: Depth) -> Markup {
    let words = frame.words;
    let kind = kind_word(words, view.row.kind.coarse());
    let title = if view.row.title.is_empty() { &kind } else { &view.row.title };
    let body = html! {
        (banner(frame, &view.person, &view.facts, None, view.now))
        main.page #main {
            p.back { a href=(format!("/patients/{}/timeline", view.person.patient.0)) { (icon("prev")) (words.get(Key::BackToTimeline)) } }
            div.page-head { div { p.sub { (kind) " · " span.num { (view.row.kind.as_str()) } } h1 lang="ja" { (title) } } }
            div.cols.cols-main-side {
                section.card { (lines(words, view)) }
                div.stack {
                    section.card { (facts(words, view)) }
                    @if !view.problems.is_empty() { section.card { (problems(words, &view.problems)) } }
                }
            }
            (files(words, view))
            (original(words, view, depth))
        }
    };
    frame.page(&words.get(Key::ItemTitle), Nav::Patients, &body)
}

fn lines(words: &Words, view: &ItemView) -> Markup {
    if view.lines.is_empty() {
        return html! { p.empty { (words.get(Key::ItemUnread)) } };
    }
    let more = view.lines.len().saturating_sub(LINES_SHOWN_MAX);
    html! {
        table.table.lines {
            tbody { @for line in view.lines.iter().take(LINES_SHOWN_MAX) { (row(words, line)) } }
        }
        @if more > 0 { p.card-foot { (words.with(Key::ItemMoreLines, &[("n", more.into())])) } }
    }
}

fn row(words: &Words, line: &Line) -> Markup {
    let kind = line_word(words, line.kind);
    let mark = mark_word(words, line.mark);
    let class = mark.as_ref().map_or("", |(class, ..)| *class);
    html! {
        tr {
            td.line-kind { (kind) }
            th scope="row" lang="ja" { (line.label) }
            td.value lang="ja" {
                span class=(class) { (line.value) @if let Some((_, sign, word)) = mark { i { (sign) (word) } } }
            }
            td.sub lang="ja" { (line.detail) }
        }
    }
}

fn facts(words: &Words, view: &ItemView) -> Markup {
    let date = view.row.care_date;
    let today = view.now.date_jst();
    html! {
        dl.kv {
            div { dt { (words.get(Key::ItemSource)) } dd { (facility(&view.holder, view.network.is_none())) " " span.meta { (network_of(view.network.as_deref(), words)) } } }
            @if let Some(date) = date {
                div { dt { (words.get(Key::ColDate)) } dd { (both_calendars(words, date)) " " span.meta { (ago(words, date, today)) } } }
            }
            div { dt { (words.get(Key::ItemMade)) } dd { (both_calendars(words, view.row.made_at.date_jst())) " " span.meta { (ago(words, view.row.made_at.date_jst(), today)) } } }
            @if let Some(until) = view.until { div { dt { (words.get(Key::ItemUntil)) } dd.num { (moment(until, view.now)) } } }
            div { dt {} dd.meta { (words.with(Key::ItemSize, &[("n", view.bytes.into())])) } }
        }
    }
}

fn problems(words: &Words, problems: &[String]) -> Markup {
    html! {
        details.fold {
            summary { (words.get(Key::ItemProblems)) " " span.count-badge { (problems.len()) } }
            ul.plain { @for problem in problems { li.meta lang="en" { (problem) } } }
        }
    }
}

/// Files of a document, each in a frame of its own that may run nothing and ask nobody. What browsers cannot show is named.
fn files(words: &Words, view: &ItemView) -> Markup {
    let address = |index: usize| format!("{}/files/{index}", view.row.path);
    html! {
        @for (index, (name, bytes)) in view.files.iter().enumerate().take(FRAMES_SHOWN_MAX) {
            @let kind = Document::media_type(name);
            section.card.after {
                div.card-head {
                    h2 lang="ja" { (name) }
                    span.meta { (words.with(Key::ItemSize, &[("n", (*bytes).into())])) }
                    @if frames(kind) != Framed::No { a.more href=(address(index)) target="_blank" rel="noopener" { (words.get(Key::FileOpen)) } }
                }
                @match frames(kind) {
                    Framed::Picture => img.file-picture src=(address(index)) alt=(words.get(Key::FilePicture)) loading="lazy";,
                    Framed::Sandboxed => iframe.file-frame src=(address(index)) title=(name) sandbox="" loading="lazy" {},
                    // Browsers show PDF with a part of their own, which refuses to run in a sandbox; the answer itself forbids
                    // everything else.
                    Framed::Pdf => iframe.file-frame src=(address(index)) title=(name) loading="lazy" {},
                    Framed::No => p.empty { (words.get(Key::ItemNoText)) },
                }
            }
        }
        @if view.files.len() > FRAMES_SHOWN_MAX { p.card-note { (words.with(Key::ListMore, &[("n", (view.files.len() - FRAMES_SHOWN_MAX).into())])) } }
    }
}

/// How a file is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Framed {
    Picture,
    Sandboxed,
    Pdf,
    No,
}

fn frames(kind: &str) -> Framed {
    match kind {
        "image/png" | "image/jpeg" => Framed::Picture,
        "application/pdf" => Framed::Pdf,
        "application/xml" | "text/plain" | "text/html" | "application/hl7-v2" => Framed::Sandboxed,
        _ => Framed::No,
    }
}

/// The text as it was sent: folded to a link, so that it is fetched, and logged, only if somebody wants it.
fn original(words: &Words, view: &ItemView, depth: Depth) -> Markup {
    if depth == Depth::Rows {
        let here = format!("{}?original=1#original", view.row.path);
        return html! { p.after { a.btn href=(here) { (words.get(Key::ItemOriginalShow)) } } };
    }
    let shown: String = view.original.iter().flat_map(|text| text.chars()).take(ORIGINAL_CHARS_MAX).collect();
    html! {
        section.card.after #original {
            details.fold open {
                summary { (words.get(Key::ItemOriginal)) }
                @match &view.original {
                    None => p.empty { (words.get(Key::ItemNoText)) },
                    Some(text) => {
                        @if shown.len() < text.len() { p.card-foot { (words.get(Key::ItemOriginalCut)) } }
                        pre lang="ja" tabindex="0" { (shown) }
                    },
                }
            }
        }
    }
}

fn line_word(words: &Words, kind: LineKind) -> String {
    words.get(match kind {
        LineKind::Event => Key::LineEvent,
        LineKind::Time => Key::LineTime,
        LineKind::Department => Key::LineDepartment,
        LineKind::Doctor => Key::LineDoctor,
        LineKind::Place => Key::LinePlace,
        LineKind::Drug => Key::LineDrug,
        LineKind::Usage => Key::LineUsage,
        LineKind::Result => Key::LineResult,
        LineKind::Finding => Key::LineFinding,
        LineKind::Procedure => Key::LineProcedure,
        LineKind::Disease => Key::LineDisease,
        LineKind::Allergy => Key::LineAllergy,
        LineKind::Basic => Key::LineBasic,
        LineKind::Insurance => Key::LineInsurance,
        LineKind::Meal => Key::LineMeal,
        LineKind::Specimen => Key::LineSpecimen,
        LineKind::Reference => Key::LineReference,
        LineKind::Comment => Key::LineComment,
        LineKind::File => Key::LineFile,
        LineKind::Field => Key::LineField,
    })
}
