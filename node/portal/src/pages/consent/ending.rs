use crate::desk::{Person, Places};
use crate::i18n::Key;
use crate::view::{Frame, Nav, born, icon, sentence};
use maud::{Markup, html};
use protocol::consent::ConsentReceipt;
use protocol::time::Millis;

/// Who is asked again: consents that end soon, on the screen and as a list for paper. `more`: there were too many to look at all.
pub fn consents_ending(
    frame: &Frame<'_>,
    rows: &[(Person, ConsentReceipt)],
    places: &Places,
    (now, more): (Millis, bool),
) -> Markup {
    let words = frame.words;
    let title = words.get(Key::ConsentsTitle);
    let body = html! {
        main.page #main {
            div.page-head { div { h1 { (title) } p.lead { (words.with(Key::ConsentsLead, &[("n", rows.len().into())])) } } }
            section.card.pad { (crate::pages::search_form(frame)) }
            section.card.after {
                div.card-head { h2 { (words.get(Key::EndingTitle)) } span.more.sub { (words.get(Key::SheetPrint)) } }
                @if rows.is_empty() { p.empty { (words.get(Key::EndingZero)) } }
                @else {
                    div.scroll-x tabindex="0" role="region" aria-label=(words.get(Key::EndingTitle)) { table.table.table-roomy {
                        thead { tr { @for key in [Key::ColPatient, Key::ColBirth, Key::ColNumber, Key::ColWhatSaid, Key::ColUntil] { th scope="col" { (words.get(key)) } } } }
                        tbody { @for (person, one) in rows {
                            tr {
                                th scope="row" { a.big-link href=(format!("/patients/{}/consent", person.patient.0)) lang="ja" { (person.name) } span.kana lang="ja" { (person.kana) } }
                                td { (born(words, person)) }
                                td.num { (person.number) }
                                td { (sentence(words, places, one)) }
                                td.num { @if let Some(to) = one.to { time { (to.date_jst()) } } }
                            }
                        } }
                    } }
                }
                @if more { p.card-foot { (icon("late")) (words.get(Key::EndingMore)) } }
            }
            p.print-only { (words.with(Key::PrintNote, &[("node", frame.node.into()), ("when", now.date_jst().to_string().into())])) }
        }
    };
    frame.page(&title, Nav::Consents, &body)
}
