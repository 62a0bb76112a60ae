use super::login::{Field, Filled, door, field, new_password, said};
use crate::auth::Said;
use crate::i18n::Key;
use crate::view::{Frame, icon, rich};
use maud::{Markup, html};
use protocol::ids::FacilityId;

/// The first administrator.
pub fn set_up(frame: &Frame<'_>, filled: &Filled<'_>, facilities: &[FacilityId], wrong: Option<Said>) -> Markup {
    let words = frame.words;
    let plain = |name, label, hint, value, fill| Field { name, label, hint, value, kind: "text", fill };
    let body = html! {
        (said(words, wrong))
        form.find method="post" action="/setup" {
            (frame.token())
            input type="hidden" name="key" value=(filled.key);
            @if let [_, _, ..] = facilities { (facility_choice(frame, facilities)) }
            (field(words, &plain("name", Key::FieldName, None, filled.name, "name")))
            (field(words, &plain("login", Key::FieldLogin, Some(Key::FieldLoginHint), filled.login, "username")))
            (new_password(words))
            p.actions.after { button.btn.btn-primary type="submit" { (words.get(Key::SetUpButton)) } }
        }
    };
    door(frame, Key::SetUpTitle, Key::SetUpLead, &body)
}

/// Which facility, where a node has several.
pub(super) fn facility_choice(frame: &Frame<'_>, facilities: &[FacilityId]) -> Markup {
    html! {
        p.after { label for="f-facility" { b { (frame.words.get(Key::FieldFacility)) } } }
        p.find-row {
            select #f-facility name="facility" {
                @for facility in facilities { option value=(facility.to_string()) { (facility.to_string()) } }
            }
        }
    }
}

/// The link was used, or is too old.
pub fn set_up_over(frame: &Frame<'_>) -> Markup {
    let words = frame.words;
    let body = html! {
        p.notice.s-danger { (icon("lock")) span { (rich(&words.get(Key::SetUpOver))) } }
        p.actions.after { a.btn href="/login" { (words.get(Key::ToLogin)) } }
    };
    door(frame, Key::SetUpTitle, Key::SetUpOverLead, &body)
}
