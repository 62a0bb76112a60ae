use super::queue::{author, held};
use super::{done, name};
use crate::desk::Person;
use crate::i18n::{Key, Words};
use crate::view::{Frame, Nav, icon, kind_list, moment};
use maud::{Markup, html};
use protocol::ids::PatientRef;
use protocol::time::Millis;
use service::links::{Exposure, LinkShown};

/// One link.
pub struct MatchLink {
    /// When.
    pub now: Millis,
    /// The link, and what it makes or made visible.
    pub shown: LinkShown,
    /// Who the two are.
    pub people: [Option<Person>; 2],
    /// The number of who is signed in.
    pub own: String,
    /// What became of the act before this page.
    pub said: Option<Key>,
    /// What was typed without a reason.
    pub fault: Option<Key>,
}

/// A link: who made it, who saw what through it, and how it is undone.
pub fn match_link(frame: &Frame<'_>, view: &MatchLink) -> Markup {
    let words = frame.words;
    let title = words.with(Key::MatchLinkTitle, &[("id", view.shown.link.id.to_string().into())]);
    let body = html! {
        main.page #main {
            p.back { a href="/matching" { (icon("prev")) (words.get(Key::MatchBackToQueue)) } }
            div.page-head { div {
                h1 { (title) }
                p.lead { (name(words, view.people[0].as_ref())) " ⇔ " (name(words, view.people[1].as_ref())) " " (held(words, view.shown.holds)) }
            } }
            (done(words, view.said))
            div.cols.cols-main-side {
                section.card { (seen(words, view)) }
                div.stack {
                    section.card { dl.kv {
                        div { dt { (words.get(Key::ColStaff)) } dd.num { (author(words, &view.shown.link.author)) } }
                        div { dt { (words.get(Key::ColWhen)) } dd.num { (moment(view.shown.link.at, view.now)) } }
                        @if !view.shown.link.reason.is_empty() { div { dt { (words.get(Key::MatchWhy)) } dd { (view.shown.link.reason) } } }
                    } }
                    @if view.shown.holds { section.card.pad { (undo(frame, view)) } }
                }
            }
        }
    };
    frame.page(&title, Nav::Matching, &body)
}

fn seen(words: &Words, view: &MatchLink) -> Markup {
    let Exposure { since, looks, more, .. } = &view.shown.exposure;
    let since = [("when", moment(*since, view.now).into())];
    let of = |patient: PatientRef| {
        let pair = view.shown.link.pair;
        let index = [pair.0, pair.1].iter().position(|own| *own == patient);
        index.and_then(|index| view.people[index].as_ref())
    };
    html! {
        div.card-head { h2 { (words.with(Key::MatchSeen, &since)) } }
        @if looks.is_empty() { p.empty { (words.get(Key::MatchSeenZero)) } }
        @else {
            div.scroll-x tabindex="0" role="region" aria-label=(words.with(Key::MatchSeen, &since)) { table.table {
                thead { tr { @for key in [Key::ColWhen, Key::ColStaff, Key::MatchSeenOf, Key::MatchSeenOn, Key::ColRecords, Key::ColKinds] { th scope="col" { (words.get(key)) } } } }
                tbody { @for look in looks {
                    tr {
                        th.num scope="row" { (moment(look.at, view.now)) }
                        td.num { (look.staff.as_deref().unwrap_or_default()) }
                        td { (patient(words, of(look.patient), look.patient)) }
                        td { (patient(words, of(look.through), look.through)) }
                        td.num { (look.count) }
                        td.sub { (kind_list(words, look.kinds)) }
                    }
                } }
            } }
        }
        @if *more { p.card-foot { (words.get(Key::AccessMore)) } }
    }
}

/// Another patient of the person than the link's two is told by number.
fn patient(words: &Words, person: Option<&Person>, number: PatientRef) -> Markup {
    html! { @if person.is_some() { (name(words, person)) } @else { span.num { (number) } } }
}

fn undo(frame: &Frame<'_>, view: &MatchLink) -> Markup {
    let words = frame.words;
    let is_own = view.shown.first.as_ref() == Some(&view.own);
    html! {
        h2 { (words.get(Key::MatchUndo)) }
        p.sub { (words.get(Key::MatchUndoLead)) }
        @if is_own { p.notice-line.s-pending.after { (icon("people")) span { (words.get(Key::MatchFirstIsYou)) } } }
        @else if let Some(first) = &view.shown.first {
            p.notice-line.s-pending.after { (icon("people")) span { (words.with(Key::MatchUndoSecondOf, &[("staff", first.as_str().into())])) } }
        }
        form.fields method="post" action=(format!("/matching/links/{}/undo", view.shown.link.id)) {
            (frame.token())
            p {
                label for="note" { (words.get(Key::MatchUndoWhy)) span.must { (words.get(Key::AskRequired)) } }
                input #note name="note" type="text" maxlength="200" autocomplete="off" aria-invalid=[view.fault.map(|_| "true")] aria-describedby=[view.fault.map(|_| "note-fault")];
                @if let Some(fault) = view.fault { span.fault #note-fault { (icon("alert")) (words.get(fault)) } }
            }
            p { button.btn.btn-danger type="submit" { (words.get(Key::MatchUndoButton)) } }
        }
    }
}
