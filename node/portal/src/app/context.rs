use crate::assets::Assets;
use crate::desk::{Desk, DeskError};
use crate::guard::{Gate, Guard, cookie};
use crate::i18n::{Lang, Words};
use crate::limits::{DESK_CALLS_MAX, READERS_MAX};
use crate::pages::{Fault, fault};
use crate::readings::Readings;
use crate::serve::PortalConfig;
use crate::view::{Frame, Signed};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use maud::Markup;
use protocol::time::Millis;
use service::staff::{Accounts, Device, RelyingParty, Stage, Visitor};
use service::{Service, Staff};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What all requests share.
pub(crate) struct Portal {
    pub desk: Arc<dyn Desk>,
    pub accounts: Accounts,
    pub gate: Gate,
    pub assets: Assets,
    pub demo: bool,
    pub url: String,
    /// For whom passkeys are made here.
    pub party: RelyingParty,
    language: Lang,
    words: [Words; 2],
    style: String,
    script: String,
    favicon: String,
    calls: Arc<Semaphore>,
    readers: Mutex<BTreeMap<[u8; 32], Reader>>,
}

/// What one session asked for lately: nobody else sees it.
#[derive(Clone)]
struct Reader {
    used: Millis,
    readings: Arc<Mutex<Readings>>,
}

impl Portal {
    pub fn new(
        desk: Arc<dyn Desk>,
        accounts: Accounts,
        config: &PortalConfig,
        addr: SocketAddr,
    ) -> Result<Self, getrandom::Error> {
        let assets = Assets::new();
        Ok(Self {
            desk,
            accounts,
            gate: Gate::new(addr)?,
            style: assets.style(),
            script: assets.script(),
            favicon: assets.icon(),
            assets,
            demo: config.demo,
            url: format!("http://{addr}/"),
            party: party(addr),
            language: config.language,
            words: [Words::of(Lang::Ja), Words::of(Lang::En)],
            calls: Arc::new(Semaphore::new(DESK_CALLS_MAX)),
            readers: Mutex::default(),
        })
    }
    /// A place among the calls of the desk; none: too many are under way.
    pub fn permit(&self) -> Result<OwnedSemaphorePermit, DeskError> {
        self.calls.clone().try_acquire_owned().map_err(|_| DeskError::Busy)
    }
    /// Asks the accounts in a thread that may wait.
    pub async fn with_accounts<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Accounts) -> T + Send + 'static,
    ) -> Result<T, DeskError> {
        let (permit, accounts) = (self.permit()?, self.accounts.clone());
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            ask(&accounts)
        });
        task.await.map_err(|_| DeskError::Failed("a page's question to the accounts ended early".into()))
    }
    /// The answers that a session has; the session that was used longest ago makes room.
    fn readings_of(&self, session: [u8; 32]) -> Arc<Mutex<Readings>> {
        let now = self.desk.now();
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let reader = readers.entry(session).or_insert_with(|| Reader { used: now, readings: Arc::default() });
        reader.used = now;
        let readings = reader.readings.clone();
        while readers.len() > READERS_MAX {
            let Some(oldest) = readers.iter().min_by_key(|(_, one)| one.used).map(|(own, _)| *own) else { break };
            readers.remove(&oldest);
        }
        readings
    }
}

/// Browsers take a name as relying party, no address of digits, and without TLS only this one. Cookies and passkeys of a tunnel's
/// far end are of the same name.
fn party(addr: SocketAddr) -> RelyingParty {
    RelyingParty { id: "localhost".into(), origin: format!("http://localhost:{}", addr.port()) }
}

/// What one request has: the portal, and who asks.
pub(crate) struct App {
    portal: Arc<Portal>,
    /// Who asks, as far as they came in.
    pub visitor: Option<Visitor>,
    /// From where.
    pub device: Device,
    /// The token of this browser's forms.
    pub guard: Guard,
    readings: Arc<Mutex<Readings>>,
}

impl Deref for App {
    type Target = Portal;
    fn deref(&self) -> &Portal {
        &self.portal
    }
}

impl App {
    pub fn new(portal: Arc<Portal>, visitor: Option<Visitor>, device: Device, seed: &str) -> Self {
        let guard = Guard::new(&portal.gate, seed);
        let readings = match &visitor {
            Some(visitor) if visitor.stage == Stage::In => portal.readings_of(visitor.mark),
            _ => Arc::default(),
        };
        Self { portal, visitor, device, guard, readings }
    }
    /// Who acts, if somebody is in.
    pub fn staff(&self) -> Option<&Staff> {
        self.visitor.as_ref().filter(|visitor| visitor.stage == Stage::In).map(|visitor| &visitor.staff)
    }
    /// The language that the browser chose, else that of the configuration.
    pub fn lang(&self, headers: &HeaderMap) -> Lang {
        cookie(headers, LANG_COOKIE).and_then(Lang::parse).unwrap_or(self.language)
    }
    /// What stands around a page. `here`: its path and query; none for the answer to a form.
    pub fn frame<'a>(&'a self, lang: Lang, node: &'a str, here: Option<&Uri>) -> Frame<'a> {
        let [ja, en] = &self.portal.words;
        let inside = self.visitor.as_ref().filter(|visitor| visitor.stage == Stage::In);
        Frame {
            words: if lang == Lang::Ja { ja } else { en },
            style: &self.portal.style,
            script: &self.portal.script,
            favicon: &self.portal.favicon,
            node,
            demo: self.portal.demo,
            disasters: self.disasters(),
            signed: inside.map(|visitor| Signed { name: visitor.name.expose(), role: visitor.staff.role() }),
            token: self.guard.token(),
            here: here.map(|uri| uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string)),
        }
    }
    /// Disasters that stand, for the banner of every page. Reads what is in memory.
    fn disasters(&self) -> Vec<(String, Millis)> {
        let standing = self.portal.desk.service().map(Service::disasters).unwrap_or_default();
        standing.into_iter().map(|one| (one.network_name, one.disaster.until)).collect()
    }
    /// Asks the desk in a thread that may wait.
    pub async fn call<T: Send + 'static>(
        self: &Arc<Self>,
        ask: impl FnOnce(&dyn Desk, &Staff) -> Result<T, DeskError> + Send + 'static,
    ) -> Result<T, DeskError> {
        let permit = self.permit()?;
        let app = self.clone();
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            // The table of needs lets nobody come so far who is not in.
            let staff = app.staff().ok_or_else(|| DeskError::Failed("nobody is signed in".into()))?;
            ask(app.desk.as_ref(), staff)
        });
        task.await.unwrap_or_else(|_| Err(DeskError::Failed("a page's question to the node ended early".into())))
    }
    /// Asks a use case of the node in a thread that may wait.
    pub async fn office<T: Send + 'static>(
        self: &Arc<Self>,
        ask: impl FnOnce(&Service, &Staff) -> Result<T, DeskError> + Send + 'static,
    ) -> Result<T, DeskError> {
        self.call(|desk, staff| ask(node(desk)?, staff)).await
    }
    /// Answers of a little while ago, of this session.
    pub fn readings(&self) -> MutexGuard<'_, Readings> {
        self.readings.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// The page of a fault. What the node said of it goes to the operator's log, without anything of a patient.
    pub fn fault(&self, headers: &HeaderMap, what: &Fault) -> Response {
        if let Fault::Desk(error @ (DeskError::Failed(_) | DeskError::Damaged(_))) = what {
            tracing::warn!(%error, "page not shown");
        }
        let node = self.desk.name();
        let mut frame = self.frame(self.lang(headers), &node, None);
        frame.here = Some("/".into());
        page_with(what.status(), fault(&frame, what))
    }
}

/// The use cases of the node behind a desk.
pub(crate) fn node(desk: &dyn Desk) -> Result<&Service, DeskError> {
    desk.service().ok_or_else(|| DeskError::Failed("there is no node behind these pages".into()))
}

/// A page with its status.
pub(crate) fn page_with(status: axum::http::StatusCode, markup: Markup) -> Response {
    (status, markup).into_response()
}

/// Which language the browser chose.
pub(super) const LANG_COOKIE: &str = "musubi_lang";
