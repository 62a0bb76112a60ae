use crate::desk::DeskError;
use crate::i18n::{Key, Words};
use crate::view::{Frame, Nav, icon, rich};
use axum::http::StatusCode;
use maud::{Markup, html};

/// Why a page cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No key of the entrance.
    Key,
    /// Another name than the portal's in the address.
    Host {
        /// The right one.
        url: String,
    },
    /// A form from elsewhere.
    Forged,
    /// No page at this address.
    Page,
    /// The desk said why.
    Desk(DeskError),
}

impl Fault {
    /// The number that goes with it.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Key | Self::Forged => StatusCode::FORBIDDEN,
            Self::Host { .. } => StatusCode::MISDIRECTED_REQUEST,
            Self::Page | Self::Desk(DeskError::Unknown) => StatusCode::NOT_FOUND,
            Self::Desk(DeskError::EmptySearch) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Desk(DeskError::Busy) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Desk(DeskError::Damaged(_) | DeskError::Failed(_)) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
    /// What happened, and what to do, in words.
    fn texts(&self, words: &Words) -> (String, String) {
        let pair = |title, text| (words.get(title), words.get(text));
        match self {
            Self::Key => pair(Key::FaultKeyTitle, Key::FaultKeyText),
            Self::Host { url } => {
                (words.get(Key::FaultHostTitle), words.with(Key::FaultHostText, &[("url", url.as_str().into())]))
            }
            Self::Forged => pair(Key::FaultForgedTitle, Key::FaultForgedText),
            Self::Page => pair(Key::FaultUnknownTitle, Key::FaultPageText),
            Self::Desk(DeskError::Unknown) => pair(Key::FaultUnknownTitle, Key::FaultUnknownText),
            Self::Desk(DeskError::EmptySearch) => pair(Key::FaultTitle, Key::SearchEmpty),
            Self::Desk(DeskError::Busy) => pair(Key::FaultBusyTitle, Key::FaultBusyText),
            Self::Desk(DeskError::Damaged(_)) => pair(Key::FaultDamagedTitle, Key::FaultDamagedText),
            Self::Desk(DeskError::Failed(_)) => pair(Key::FaultFailedTitle, Key::FaultFailedText),
        }
    }
}

/// The page of a fault. Outside of the entrance it stands alone, without menu and search.
pub fn fault(frame: &Frame<'_>, fault: &Fault) -> Markup {
    let (title, text) = fault.texts(frame.words);
    let body = html! {
        main.page #main {
            section.notice.s-danger {
                (icon(if *fault == Fault::Key { "lock" } else { "alert" }))
                h1 { (title) }
                p { (rich(&text)) }
                @if !matches!(fault, Fault::Key | Fault::Host { .. }) {
                    p.actions { a.btn href="/" { (frame.words.get(Key::FaultHome)) } }
                }
            }
        }
    };
    match fault {
        Fault::Key | Fault::Host { .. } => frame.bare(&title, &body),
        _ => frame.page(&title, Nav::Other, &body),
    }
}
