use super::dates::moment;
use super::icon::icon;
use crate::desk::MemberPart;
use crate::i18n::{Key, Words};
use maud::{Markup, html};
use protocol::policy::Freshness;
use protocol::time::Millis;

/// Whether a member is connected, or since when it is not.
pub fn member_state(words: &Words, member: &MemberPart, now: Millis) -> Markup {
    html! {
        @if member.is_own { span.pill.s-data { (icon("data")) (words.get(Key::MemberOwn)) } }
        @else if member.is_online { span.pill.s-data { (icon("data")) (words.get(Key::MemberOnline)) } }
        @else if let Some(seen) = member.seen { span.pill.s-offline { (icon("offline")) (words.with(Key::MemberSeen, &[("since", moment(seen, now).into())])) } }
        @else { span.pill.s-nothing { (icon("notasked")) (words.get(Key::MemberNever)) } }
    }
}

/// How far what is known may be trusted: class of colour, shape and word.
pub fn fresh_sign(freshness: Option<Freshness>) -> (&'static str, &'static str, Key) {
    match freshness {
        Some(Freshness::Green) => ("t-data", "green", Key::FreshGreen),
        Some(Freshness::Amber) => ("t-late", "amber", Key::FreshAmber),
        Some(Freshness::Red) => ("t-danger", "red", Key::FreshRed),
        None => ("t-offline", "notasked", Key::FreshUnknown),
    }
}
