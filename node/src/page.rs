//! The page for people (portal): opened and closed with the node.
use crate::care::{self, Care};
use crate::config;
use crate::desk::{self, Desk, roots};
use crate::failure::Failure;
use portal::{Deed, Door, Feeds, Lang, Line, PortalConfig, PortalError, RunningPortal, Setting, StoreCare, Works};
use service::staff::Accounts;
use std::net::SocketAddr;
use std::sync::Arc;
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
pub fn open(desk: &Arc<Desk>, listen: SocketAddr, kind: Kind, runtime: &Handle) -> Result<Page, PortalError> {
    let language = if desk.config().language == "en" { Lang::En } else { Lang::Ja };
    let feeds = roots(desk).into_iter().map(|(feed, _)| feed).collect();
    let config = PortalConfig {
        language,
        demo: kind == Kind::Demo,
        feeds: Some(Feeds { ingest: desk.ingest().clone(), feeds }),
        works: Some(Arc::new(Running(desk.clone()))),
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

/// The running program, as the pages of running the node know it.
struct Running(Arc<Desk>);

impl Works for Running {
    fn findings(&self) -> Vec<Line> {
        let line = |(check, light, found, remedy): desk::CheckLine| Line { check: check.into(), light, found, remedy };
        desk::check_lines(&self.0).into_iter().map(line).collect()
    }
    fn care(&self) -> StoreCare {
        let care = Care::load(self.0.folder());
        let deed = |deed: Option<care::Deed>| deed.map(|deed| Deed { at: deed.at, is_good: deed.ok, text: deed.text });
        StoreCare {
            verified: deed(care.verified),
            scrubbed: deed(care.scrubbed),
            backed_up: deed(care.backed_up),
            drill: deed(care.drill),
            round: self.0.scrub(),
        }
    }
    fn settings(&self) -> Vec<Setting> {
        let raw = serde_json::to_value(&self.0.config().raw).unwrap_or_default();
        let setting = |key: &config::Key| Setting {
            key: key.key.into(),
            value: config::value_of(&raw, key.key),
            default: key.default.into(),
            range: key.range.into(),
            meaning: key.meaning.into(),
            needs_restart: key.restart,
        };
        config::KEYS.iter().map(setting).collect()
    }
    fn retry(&self, feed: &str) -> Result<(), String> {
        let (desk, name) = (self.0.clone(), feed.to_owned());
        if !roots(&desk).iter().any(|(root, _)| root.name == name) {
            return Err(format!("there is no source {name:?} here"));
        }
        let work = move || {
            let begun = desk::retry(&desk, &name);
            if let Err(error) = begun {
                tracing::warn!(feed = %name, %error, "quarantined files could not be tried again");
            }
        };
        std::thread::Builder::new().name("retry".into()).spawn(work).map(drop).map_err(|error| error.to_string())
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
