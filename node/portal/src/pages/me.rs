use super::login::{Field, field, new_password, said};
use super::passkey::{PasskeyFor, passkeys};
use crate::auth::Said;
use crate::i18n::{Key, Words};
use crate::view::{Frame, Nav, moment, role_word, what_word};
use maud::{Markup, html};
use service::staff::OwnView;

/// The own page: who one is here, password, second factor, sessions, and what the log has under one's own number.
pub fn me(frame: &Frame<'_>, own: &OwnView, ask: Option<PasskeyFor<'_>>, wrong: Option<Said>) -> Markup {
    let words = frame.words;
    let title = words.get(Key::MeTitle);
    let body = html! {
        main.page #main {
            div.page-head { div { h1 { (title) } p.lead { (words.get(Key::MeLead)) } } }
            (said(words, wrong))
            div.cols.cols-main-side {
                div.stack {
                    section.card { (events(words, own)) }
                }
                div.stack {
                    section.card { (facts(words, own)) }
                    section.card { (sessions(frame, own)) }
                    section.card.pad { (password(frame, own)) }
                    section.card.pad { (factor(frame, own)) }
                    section.card { (passkeys(frame, own, ask)) }
                }
            }
        }
    };
    frame.page(&title, Nav::Other, &body)
}

fn facts(words: &Words, own: &OwnView) -> Markup {
    let row = &own.row;
    html! {
        div.card-head { h2 { (words.get(Key::MeAccount)) } }
        dl.kv {
            div { dt { (words.get(Key::FieldName)) } dd lang="ja" { (row.name.expose()) } }
            div { dt { (words.get(Key::ColRole)) } dd { (role_word(words, row.role)) } }
            @if !row.department.is_empty() {
                div { dt { (words.get(Key::FieldDepartment)) } dd lang="ja" { (row.department) } }
            }
            div { dt { (words.get(Key::FieldLogin)) } dd { code { (row.login) } } }
            div { dt { (words.get(Key::ColStaffNumber)) } dd.num { (row.number) } }
        }
    }
}

fn sessions(frame: &Frame<'_>, own: &OwnView) -> Markup {
    let words = frame.words;
    html! {
        div.card-head { h2 { (words.get(Key::MeSessions)) } }
        ul.plain {
            @for (began, seen, is_this) in &own.sessions {
                li {
                    span { (words.with(Key::MeSession, &[
                        ("began", moment(*began, own.now).into()), ("seen", moment(*seen, own.now).into()),
                    ])) }
                    @if *is_this { span.pill.s-data { (words.get(Key::MeThisSession)) } }
                }
            }
        }
        @if own.sessions.len() > 1 {
            form.pad method="post" action="/me/sessions" {
                (frame.token())
                button.btn type="submit" { (words.get(Key::MeEndOthers)) }
            }
        }
    }
}

fn old_password() -> Field<'static> {
    Field {
        name: "old",
        label: Key::FieldOldPassword,
        hint: None,
        value: "",
        kind: "password",
        fill: "current-password",
    }
}

/// For password managers: whose password this is.
pub(super) fn whose(words: &Words, own: &OwnView) -> Markup {
    html! { label hidden { (words.get(Key::FieldLogin)) input type="text" autocomplete="username" value=(own.row.login) readonly; } }
}

fn password(frame: &Frame<'_>, own: &OwnView) -> Markup {
    let words = frame.words;
    html! {
        details {
            summary { h2 { (words.get(Key::MePassword)) } }
            p.sub { (words.get(Key::MePasswordLead)) }
            form.find method="post" action="/me/password" {
                (frame.token())
                (whose(words, own))
                (field(words, &old_password()))
                (new_password(words))
                p.actions.after { button.btn type="submit" { (words.get(Key::MePasswordButton)) } }
            }
        }
    }
}

fn factor(frame: &Frame<'_>, own: &OwnView) -> Markup {
    let words = frame.words;
    html! {
        details {
            summary { h2 { (words.get(Key::MeFactor)) } }
            p.sub { (words.with(Key::MeFactorLead, &[("n", own.recovery.into())])) }
            form.find method="post" action="/me/factor" {
                (frame.token())
                (whose(words, own))
                // The same field as above needs another name for its label.
                p.after { label for="f-old-factor" { b { (words.get(Key::FieldOldPassword)) } } }
                p.find-row {
                    input #f-old-factor name="old" type="password" autocomplete="current-password" maxlength="200" required;
                }
                p.actions.after { button.btn type="submit" { (words.get(Key::MeFactorButton)) } }
            }
        }
    }
}

fn events(words: &Words, own: &OwnView) -> Markup {
    html! {
        div.card-head { h2 { (words.get(Key::MeEvents)) } }
        @if own.events.is_empty() {
            p.empty { (words.get(Key::MeEventsZero)) }
        } @else {
            div.scroll-x { table.table {
                thead { tr {
                    @for key in [Key::ColWhen, Key::ColWhat, Key::ColPatient, Key::ColNote] {
                        th scope="col" { (words.get(key)) }
                    }
                } }
                tbody { @for line in &own.events {
                    tr {
                        td.num { (moment(line.event.at, own.now)) }
                        td { (what_word(words, line.event.what)) }
                        td.num { @if let Some(patient) = line.event.patient { (patient) } }
                        td.sub { (line.event.note) }
                    }
                } }
            } }
        }
        p.card-foot { (words.get(Key::MeEventsFoot)) }
    }
}
