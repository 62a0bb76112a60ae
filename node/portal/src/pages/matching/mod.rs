//! Same person or not (名寄せの確認): `queue` (what waits, what was decided lately, how much of it), `pair` (two patients side by
//! side), `link` (one link, what it made visible, and how it is undone).
mod link;
mod pair;
mod queue;

pub use link::{MatchLink, match_link};
pub use pair::{MatchPair, Tried, WHYS, match_pair};
pub use queue::{MatchQueue, Waiting, match_queue};

use crate::desk::Person;
use crate::i18n::{Key, Words};
use crate::view::{Frame, icon, rich};
use maud::{Markup, html};

/// What a page of the review may say of the act before it, with the sign that it is said by.
pub const MATCH_DONE: [(Key, &str, &str); 13] = [
    (Key::MatchDoneSame, "s-data", "check"),
    (Key::MatchDoneNotSame, "s-data", "check"),
    (Key::MatchDoneLater, "s-pending", "pending"),
    (Key::MatchDoneSecond, "s-pending", "people"),
    (Key::MatchDoneDisputed, "s-late", "people"),
    (Key::MatchDoneSamePerson, "s-late", "people"),
    (Key::MatchDoneBack, "s-data", "check"),
    (Key::MatchDoneBackSeen, "s-late", "eye"),
    (Key::MatchDoneNoWord, "s-late", "late"),
    (Key::MatchDoneGone, "s-late", "late"),
    (Key::MatchDoneParted, "s-late", "people"),
    (Key::MatchDoneUndone, "s-data", "check"),
    (Key::MatchDoneUndoSecond, "s-pending", "people"),
];

/// What became of the act before this page.
fn done(words: &Words, said: Option<Key>) -> Markup {
    let said = MATCH_DONE.iter().find(|(key, ..)| said == Some(*key));
    html! {
        @if let Some((key, class, shape)) = said {
            p class=(format!("notice after-head {class}")) role="status" { (icon(shape)) span { (rich(&words.get(*key))) } }
        }
    }
}

/// Takes back the last word of who is signed in.
fn take_back(frame: &Frame<'_>) -> Markup {
    html! {
        form method="post" action="/matching/undo" {
            (frame.token())
            button.btn.btn-quiet type="submit" data-key="u" { (frame.words.get(Key::MatchTakeBack)) " " kbd { "U" } }
        }
    }
}

/// A patient's name in a list; one that is not here any more has none.
fn name(words: &Words, person: Option<&Person>) -> Markup {
    match person {
        Some(person) if !person.name.is_empty() => html! { span lang="ja" { (person.name) } },
        _ => html! { span.unknown { (words.get(Key::NoName)) } },
    }
}
