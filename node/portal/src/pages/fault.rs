use crate::desk::DeskError;
use crate::i18n::{Key, Words};
use crate::view::{Frame, Nav, icon, rich};
use axum::http::StatusCode;
use maud::{Markup, html};

/// Why a page cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The role of who asks has not the right.
    Right,
    /// The session is over; what was typed is not carried through the login.
    Session,
    /// The form is too long.
    Long,
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
            Self::Right | Self::Session | Self::Forged => StatusCode::FORBIDDEN,
            Self::Long => StatusCode::PAYLOAD_TOO_LARGE,
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
            Self::Right => pair(Key::FaultRightTitle, Key::FaultRightText),
            Self::Session => pair(Key::FaultSessionTitle, Key::FaultSessionText),
            Self::Long => pair(Key::FaultLongTitle, Key::FaultLongText),
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

/// The page of a fault. For who is not signed in it stands alone, without menu and search.
pub fn fault(frame: &Frame<'_>, fault: &Fault) -> Markup {
    let (title, text) = fault.texts(frame.words);
    let body = html! {
        main.page #main {
            section.notice.s-danger {
                (icon(if matches!(fault, Fault::Right | Fault::Session) { "lock" } else { "alert" }))
                h1 { (title) }
                p { (rich(&text)) }
                @match fault {
                    Fault::Host { .. } => {}
                    _ if frame.signed.is_none() => p.actions { a.btn href="/login" { (frame.words.get(Key::ToLogin)) } },
                    _ => p.actions { a.btn href="/" { (frame.words.get(Key::FaultHome)) } },
                }
            }
        }
    };
    if matches!(fault, Fault::Host { .. }) || frame.signed.is_none() {
        return frame.bare(&title, &body);
    }
    frame.page(&title, Nav::Other, &body)
}
