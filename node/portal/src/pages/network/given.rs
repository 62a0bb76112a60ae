use crate::i18n::Key;
use crate::view::{Frame, Nav, icon, qr};
use maud::{Markup, html};

/// A text that somebody hands over: an invite, a charter, an object to sign.
pub struct Given {
    /// What it is.
    pub title: Key,
    /// What to do with it, in a sentence.
    pub lead: Key,
    /// The text.
    pub text: String,
    /// Facts to compare by telephone.
    pub facts: Vec<(Key, String)>,
    /// Whether it is short enough for a camera.
    pub has_code: bool,
}

/// The text with its code, for screen and paper.
pub fn given(frame: &Frame<'_>, given: &Given) -> Markup {
    let words = frame.words;
    let title = words.get(given.title);
    let body = html! {
        main.page #main {
            div.page-head { div { h1 { (title) } p.lead { (words.get(given.lead)) } } }
            div.cols.cols-main-side {
                section.card.pad {
                    h2 #given-label { (words.get(Key::GivenText)) }
                    pre.wide-code.after tabindex="0" role="region" aria-labelledby="given-label" { (given.text) }
                    p.sub.after { (icon("info")) " " (words.get(Key::GivenOnce)) }
                    p.actions.after { a.btn href="/founders" { (icon("prev")) (words.get(Key::OfficeTitle)) } }
                }
                div.stack {
                    @if given.has_code { section.card.pad { (qr(&given.text, &words.get(Key::GivenCode), 300)) } }
                    section.card { dl.kv { @for (key, value) in &given.facts { div { dt { (words.get(*key)) } dd { (value) } } } } }
                }
            }
        }
    };
    frame.page(&title, Nav::Network, &body)
}
