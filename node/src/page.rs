//! The page for people (portal): opened and closed with the node.
use crate::desk::{Desk, roots};
use crate::failure::Failure;
use portal::{Feeds, Lang, PortalConfig, PortalError, RunningPortal};
use std::net::SocketAddr;
use tokio::runtime::{Handle, Runtime};

/// The open page.
pub struct Page {
    portal: RunningPortal,
}

/// How it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A node's own.
    Real,
    /// Of made-up people, and says so on every page.
    Demo,
}

/// Opens it.
///
/// # Errors
/// [`PortalError`]; nothing is open then.
pub fn open(desk: &Desk, listen: SocketAddr, kind: Kind, runtime: &Handle) -> Result<Page, PortalError> {
    let language = if desk.config().language == "en" { Lang::En } else { Lang::Ja };
    let feeds = roots(desk).into_iter().map(|(feed, _)| feed).collect();
    let config = PortalConfig {
        language,
        demo: kind == Kind::Demo,
        feeds: Some(Feeds { ingest: desk.ingest().clone(), feeds }),
        ..PortalConfig::new(listen)
    };
    let portal = runtime.block_on(portal::serve(desk.service().clone(), config))?;
    Ok(Page { portal })
}

impl Page {
    /// The link that lets a browser in. Only for the terminal of who runs the node.
    pub fn link(&self) -> &str {
        self.portal.start_url()
    }
    /// Closes it.
    pub fn stop(self, runtime: &Runtime) {
        runtime.block_on(self.portal.stop());
    }
}

impl From<PortalError> for Failure {
    fn from(error: PortalError) -> Self {
        match &error {
            PortalError::Taken(_) | PortalError::Listen { .. } => Self::unreachable(&error)
                .next("choose another port in portal.listen, or switch the page off with portal.listen = \"off\""),
            PortalError::NotLoopback(_) | PortalError::Staff(_) => Self::usage(&error),
            PortalError::Random(_) => Self::store(&error),
        }
    }
}
