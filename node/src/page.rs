//! The page for people (portal): opened and closed with the node.
use crate::desk::{Desk, roots};
use crate::failure::Failure;
use portal::{Door, Feeds, Lang, PortalConfig, PortalError, RunningPortal};
use service::staff::Accounts;
use std::net::SocketAddr;
use tokio::runtime::{Handle, Runtime};

/// The open page.
pub struct Page {
    portal: RunningPortal,
    accounts: Accounts,
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
    Ok(Page { portal, accounts: desk.service().accounts().clone() })
}

impl Page {
    /// Where it is.
    pub fn url(&self) -> String {
        self.portal.url()
    }
    /// A link with which the first administrator makes an account, while nobody has one. It voids the one before. Only for the
    /// terminal of who runs the node.
    pub fn set_up_link(&self) -> Option<String> {
        self.accounts.set_up_link().map(|secret| self.portal.link(Door::SetUp, &secret))
    }
    /// A link that lets one browser in as the demo's doctor; none where no demo is staged.
    pub fn demo_link(&self) -> Option<String> {
        self.accounts.demo_link().map(|secret| self.portal.link(Door::Demo, &secret))
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
            PortalError::NotLoopback(_) => Self::usage(&error),
            PortalError::Random(_) => Self::store(&error),
        }
    }
}
