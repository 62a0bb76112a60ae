use super::page;
use crate::desk::Places;
use crate::i18n::{Key, Words};
use crate::view::{Frame, icon, kind_list, moment, purpose_word, what_word};
use maud::{Markup, html};
use protocol::audit::What;
use service::access_log::LogLine;

/// One page of the audit log, newest first.
pub struct LogPage {
    /// Names.
    pub places: Places,
    /// How long the log is.
    pub size: u64,
    /// What is shown.
    pub lines: Vec<LogLine>,
    /// Only of this kind.
    pub what: Option<What>,
    /// From where older ones go on; none: this is the beginning.
    pub older: Option<u64>,
}

/// The log: when, what, who, of which opaque patient number. Nothing in it is anybody's name.
pub fn log(frame: &Frame<'_>, view: &LogPage) -> Markup {
    let words = frame.words;
    let lead = words.with(Key::LogLead, &[("n", view.size.into())]);
    let word = view.what.map(What::word).unwrap_or_default();
    let body = html! {
        form.find-row method="get" action="/admin/log" {
            label for="f-what" { b { (words.get(Key::ColDeed)) } }
            select #f-what name="what" {
                option value="" { (words.get(Key::LogEverything)) }
                @for what in What::ALL { option value=(what.word()) selected[what.word() == word] { (what_word(words, *what)) } }
            }
            button.btn type="submit" { (words.get(Key::LogShow)) }
        }
        section.card.after {
            div.scroll-x tabindex="0" role="region" aria-label=(words.get(Key::LogTitle)) { table.table {
                thead { tr { @for key in [Key::ColLeaf, Key::ColDay, Key::ColDeed, Key::ColStaff, Key::ColPatient, Key::ColFacility, Key::ColKinds, Key::ColNote] { th scope="col" { (words.get(key)) } } } }
                tbody { @for line in &view.lines { (row(words, view, line)) } }
            } }
            @if view.lines.is_empty() { p.empty { (words.get(Key::LogZero)) } }
            @if let Some(older) = view.older {
                p.card-foot { a href=(format!("/admin/log?what={word}&before={older}")) { (icon("prev")) (words.get(Key::LogOlder)) } }
            }
        }
    };
    page(frame, ("/admin/log", Key::LogTitle), &lead, &body)
}

fn row(words: &Words, view: &LogPage, line: &LogLine) -> Markup {
    let event = &line.event;
    let facility = event.peer.as_ref().or(event.facility.as_ref());
    html! {
        tr {
            td.num { (line.index) }
            th.num scope="row" { time { (event.at.date_jst()) } " " (moment(event.at, event.at)) }
            td { (what_word(words, event.what)) @if event.count > 0 { " " span.meta { (event.count) } } }
            td.num { @match &event.staff { Some(id) => (id), None => span.meta { (words.get(Key::StaffNode)) } } }
            td.num { @if let Some(patient) = event.patient { (patient) } }
            td { @if let Some(id) = facility { (view.places.facility(id).name) } }
            td.sub { @if !event.kinds.is_empty() { (kind_list(words, event.kinds)) } @if let Some(purpose) = event.purpose { " · " (purpose_word(words, purpose)) } }
            td.sub lang="en" { (event.note) }
        }
    }
}
