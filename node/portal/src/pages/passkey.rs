//! Forms that a passkey answers. They stand hidden until the script finds a browser and an address that can; until then a sentence
//! says what is needed. Everything that is asked stands in attributes, so the policy of pages need not be loosened.
use super::login::{Field, field};
use super::me::whose;
use crate::i18n::Key;
use crate::view::{Frame, icon, moment};
use maud::{Markup, html};
use service::staff::{OwnView, PasskeyAsk, PasskeyRow, RelyingParty};

/// What is asked, and for whom.
pub type PasskeyFor<'a> = (&'a PasskeyAsk, &'a RelyingParty);

/// A passkey in the place of a code.
pub(super) fn used(frame: &Frame<'_>, ask: PasskeyFor<'_>, to: &Markup) -> Markup {
    let form = html! {
        form.find method="post" action="/login/passkey" {
            (frame.token())
            (to)
            (answer())
            p.actions { button.btn type="submit" { (frame.words.get(Key::PasskeyButton)) } }
        }
    };
    asked(frame, ("get", "/login", ""), ask, &form)
}

/// The passkeys of one person, with adding and removing.
pub(super) fn passkeys(frame: &Frame<'_>, own: &OwnView, ask: Option<PasskeyFor<'_>>) -> Markup {
    let words = frame.words;
    html! {
        div.card-head { h2 { (words.get(Key::MePasskeys)) } }
        p.pad.sub { (words.get(Key::MePasskeysLead)) }
        @if !own.passkeys.is_empty() {
            ul.plain { @for row in &own.passkeys { li { (line(frame, own, row)) } } }
        }
        div.pad {
            @if let Some(ask) = ask {
                details {
                    summary { (words.get(Key::MePasskeyAdd)) }
                    (asked(frame, ("create", "/me", own.row.login.as_str()), ask, &add(frame, own)))
                }
            }
            @if !own.passkeys.is_empty() {
                details {
                    summary { (words.get(Key::MePasskeyRemove)) }
                    (remove(frame, own))
                }
            }
        }
    }
}

fn line(frame: &Frame<'_>, own: &OwnView, row: &PasskeyRow) -> Markup {
    let words = frame.words;
    html! {
        span {
            b { (row.name) } br;
            span.sub { (words.with(Key::MePasskeyMade, &[("made", moment(row.made_at, own.now).into())])) }
            @if let Some(used) = row.used_at {
                br; span.sub { (words.with(Key::MePasskeyUsed, &[("used", moment(used, own.now).into())])) }
            }
        }
        @if row.is_blocked { p.fault { (icon("alert")) (words.get(Key::PasskeyBlocked)) } }
    }
}

fn add(frame: &Frame<'_>, own: &OwnView) -> Markup {
    let words = frame.words;
    let name = Field {
        name: "name",
        label: Key::FieldPasskeyName,
        hint: Some(Key::FieldPasskeyNameHint),
        value: "",
        kind: "text",
        fill: "off",
    };
    html! {
        form.find method="post" action="/me/passkey" {
            (frame.token())
            (answer())
            (whose(words, own))
            (field(words, &name))
            (password(frame, "f-old-passkey"))
            p.actions.after { button.btn type="submit" { (words.get(Key::MePasskeyAdd)) } }
        }
    }
}

fn remove(frame: &Frame<'_>, own: &OwnView) -> Markup {
    let words = frame.words;
    html! {
        form.find method="post" action="/me/passkey/remove" {
            (frame.token())
            (whose(words, own))
            p.after { label for="f-passkey" { b { (words.get(Key::MePasskeyWhich)) } } }
            p.find-row {
                select #f-passkey name="id" { @for row in &own.passkeys { option value=(row.id) { (row.name) } } }
            }
            (password(frame, "f-old-remove"))
            p.actions.after { button.btn type="submit" { (words.get(Key::MePasskeyRemove)) } }
        }
    }
}

/// The own password; its id differs from those of the other forms of the page.
fn password(frame: &Frame<'_>, id: &str) -> Markup {
    html! {
        p.after { label for=(id) { b { (frame.words.get(Key::FieldOldPassword)) } } }
        p.find-row {
            input id=(id) name="old" type="password" autocomplete="current-password" maxlength="200" required;
        }
    }
}

/// Where the script puts what the browser answers.
fn answer() -> Markup {
    html! { @for name in ["id", "client", "data", "signature"] { input type="hidden" name=(name) autocomplete="off"; } }
}

fn asked(
    frame: &Frame<'_>,
    (way, page, login): (&str, &str, &str),
    (ask, party): PasskeyFor<'_>,
    form: &Markup,
) -> Markup {
    let (words, url) = (frame.words, format!("{}{page}", party.origin));
    html! {
        div.after data-passkey=(way) data-party=(party.id) data-challenge=(ask.challenge) data-user=(ask.user)
            data-ids=(ask.ids.join(" ")) data-login=(login) hidden {
            (form)
            p.fault role="alert" hidden { (icon("alert")) (words.get(Key::PasskeyGaveUp)) }
        }
        p.sub.after { (words.get(Key::PasskeyNeeds)) " " a href=(url) { (party.origin) } }
    }
}
