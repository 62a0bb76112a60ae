use super::passkey::{self, PasskeyFor};
use crate::auth::Said;
use crate::i18n::{Key, Words};
use crate::view::{Frame, icon, qr, rich, role_word};
use maud::{Markup, html};
use protocol::kinds::Role;

/// What stands in a form again after a mistake; never a password.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filled<'a> {
    /// Of a set-up link.
    pub key: &'a str,
    /// The login.
    pub login: &'a str,
    /// The name.
    pub name: &'a str,
    /// A one-time code.
    pub code: &'a str,
    /// Where to go afterwards.
    pub to: &'a str,
}

/// One field of a form: what it is, and how browsers help with it.
pub(super) struct Field<'a> {
    pub name: &'static str,
    pub label: Key,
    pub hint: Option<Key>,
    pub value: &'a str,
    /// `text` or `password`.
    pub kind: &'static str,
    /// For password managers.
    pub fill: &'static str,
}

/// A label, its hint and its input, one above the other.
pub(super) fn field(words: &Words, field: &Field<'_>) -> Markup {
    let id = format!("f-{}", field.name);
    let hint = format!("{id}-hint");
    html! {
        p.after {
            label for=(id) { b { (words.get(field.label)) } }
            @if let Some(key) = field.hint { br; span.sub id=(hint) { (words.get(key)) } }
        }
        p.find-row {
            input id=(id) name=(field.name) type=(field.kind) value=(field.value) autocomplete=(field.fill) maxlength="200"
                spellcheck="false" autocapitalize="none" required aria-describedby=[field.hint.map(|_| hint.as_str())];
        }
    }
}

/// What was wrong, above a form; read out at once.
pub(super) fn said(words: &Words, said: Option<Said>) -> Markup {
    html! {
        @if let Some(said) = said {
            p.fault role="alert" { (icon("alert")) (words.with(said.key, &[("n", said.seconds.into())])) }
        }
    }
}

/// A page of the way in: one card.
pub(super) fn door(frame: &Frame<'_>, title: Key, lead: Key, body: &Markup) -> Markup {
    let words = frame.words;
    let title = words.get(title);
    let body = html! {
        main.page #main {
            div.page-head { div { h1 { (title) } p.lead { (rich(&words.get(lead))) } } }
            section.card.pad { (body) }
        }
    };
    frame.bare(&title, &body)
}

fn hidden_to(to: &str) -> Markup {
    html! { @if !to.is_empty() && to != "/" { input type="hidden" name="to" value=(to); } }
}

fn button(words: &Words, key: Key) -> Markup {
    html! { p.actions.after { button.btn.btn-primary type="submit" { (words.get(key)) } } }
}

/// The login. `is_empty`: nobody is known here yet.
pub fn login(frame: &Frame<'_>, filled: &Filled<'_>, wrong: Option<Said>, is_empty: bool) -> Markup {
    let words = frame.words;
    let login = Field {
        name: "login",
        label: Key::FieldLogin,
        hint: None,
        value: filled.login,
        kind: "text",
        fill: "username",
    };
    let password = Field {
        name: "password",
        label: Key::FieldPassword,
        hint: None,
        value: "",
        kind: "password",
        fill: "current-password",
    };
    let body = html! {
        (said(words, wrong))
        @if is_empty { p.notice.s-late { (icon("info")) span { (rich(&words.get(Key::LoginEmpty))) } } }
        form.find method="post" action="/login" {
            (frame.token())
            (hidden_to(filled.to))
            (field(words, &login))
            (field(words, &password))
            (button(words, Key::LoginButton))
        }
        p.after { a href=(with_to("/login/first", filled.to)) { (words.get(Key::LoginHasCode)) } }
        @if frame.demo { p.after { a href="/demo" { (words.get(Key::DemoSwitch)) } } }
    };
    door(frame, Key::LoginTitle, Key::LoginLead, &body)
}

fn with_to(path: &str, to: &str) -> String {
    if to.is_empty() || to == "/" { path.to_owned() } else { format!("{path}?to={}", crate::app::percent(to)) }
}

/// One-time code and new password.
pub fn first(frame: &Frame<'_>, filled: &Filled<'_>, wrong: Option<Said>) -> Markup {
    let words = frame.words;
    let plain = |name, label, hint, value| Field { name, label, hint, value, kind: "text", fill: "off" };
    let body = html! {
        (said(words, wrong))
        form.find method="post" action="/login/first" {
            (frame.token())
            (hidden_to(filled.to))
            (field(words, &Field { fill: "username", ..plain("login", Key::FieldLogin, None, filled.login) }))
            (field(words, &plain("code", Key::FieldOnce, Some(Key::FieldOnceHint), filled.code)))
            (new_password(words))
            (button(words, Key::FirstButton))
        }
        p.after { a href=(with_to("/login", filled.to)) { (words.get(Key::ToLogin)) } }
    };
    door(frame, Key::FirstTitle, Key::FirstLead, &body)
}

/// The two fields of a new password.
pub(super) fn new_password(words: &Words) -> Markup {
    let secret = |name, label, hint| Field { name, label, hint, value: "", kind: "password", fill: "new-password" };
    html! {
        (field(words, &secret("password", Key::FieldNewPassword, Some(Key::FieldNewPasswordHint))))
        (field(words, &secret("again", Key::FieldAgain, None)))
    }
}

fn code_field(words: &Words) -> Markup {
    let code = Field {
        name: "code",
        label: Key::FieldCode,
        hint: Some(Key::FieldCodeHint),
        value: "",
        kind: "text",
        fill: "one-time-code",
    };
    field(words, &code)
}

/// The second factor.
pub fn code(frame: &Frame<'_>, ask: Option<PasskeyFor<'_>>, to: &str, wrong: Option<Said>) -> Markup {
    let words = frame.words;
    let body = html! {
        (said(words, wrong))
        @if let Some(ask) = ask { (passkey::used(frame, ask, &hidden_to(to))) }
        form.find method="post" action="/login/code" {
            (frame.token())
            (hidden_to(to))
            (code_field(words))
            (button(words, Key::CodeButton))
        }
        p.after { a href="/login" { (words.get(Key::CodeBack)) } }
        p.sub.after { (words.get(Key::CodeLost)) }
    };
    door(frame, Key::CodeTitle, Key::CodeLead, &body)
}

/// Setting a second factor up. `offer`: what the picture says, and the secret to be typed.
pub fn factor(frame: &Frame<'_>, (uri, secret): (&str, &str), to: &str, wrong: Option<Said>) -> Markup {
    let words = frame.words;
    let groups: Vec<String> =
        secret.as_bytes().chunks(4).map(|four| String::from_utf8_lossy(four).into_owned()).collect();
    let body = html! {
        (said(words, wrong))
        p { (words.get(Key::FactorScan)) }
        (qr(uri, &words.get(Key::FactorPicture), 240))
        p { (words.get(Key::FactorType)) " " code { (groups.join(" ")) } }
        form.find method="post" action="/login/factor" {
            (frame.token())
            (hidden_to(to))
            (code_field(words))
            (button(words, Key::FactorButton))
        }
    };
    door(frame, Key::FactorTitle, Key::FactorLead, &body)
}

/// The recovery codes, once.
pub fn recovery(frame: &Frame<'_>, codes: &[String], to: &str) -> Markup {
    let words = frame.words;
    let body = html! {
        p.notice.s-late { (icon("info")) span { (words.get(Key::RecoveryKeep)) } }
        ul.plain.after { @for code in codes { li { code { (code) } } } }
        p.actions.after { a.btn.btn-primary href=(to) { (words.get(Key::RecoveryDone)) } }
    };
    door(frame, Key::RecoveryTitle, Key::RecoveryLead, &body)
}

/// Who to be in the demo.
pub fn demo(frame: &Frame<'_>) -> Markup {
    let words = frame.words;
    let body = html! {
        ul.plain {
            @for role in Role::ALL {
                li {
                    form method="post" action="/demo" {
                        (frame.token())
                        input type="hidden" name="role" value=(role.word());
                        button.btn type="submit" { (role_word(words, *role)) }
                    }
                }
            }
        }
    };
    door(frame, Key::DemoSwitch, Key::DemoSwitchLead, &body)
}
