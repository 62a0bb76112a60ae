use crate::assets::Assets;
use crate::desk::{Desk, DeskError};
use crate::guard::{Doors, Guard, cookie};
use crate::i18n::{Lang, Words};
use crate::limits::DESK_CALLS_MAX;
use crate::pages::{Fault, fault};
use crate::readings::Readings;
use crate::serve::PortalConfig;
use crate::view::Frame;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use maud::Markup;
use service::Staff;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What every request has.
pub(super) struct App {
    pub desk: Arc<dyn Desk>,
    pub staff: Staff,
    pub guard: Guard,
    pub assets: Assets,
    pub demo: bool,
    pub url: String,
    language: Lang,
    words: [Words; 2],
    style: String,
    favicon: String,
    calls: Arc<Semaphore>,
    readings: Mutex<Readings>,
}

impl App {
    pub fn new(desk: Arc<dyn Desk>, staff: Staff, config: &PortalConfig, addr: SocketAddr, doors: Doors) -> Self {
        let assets = Assets::new();
        Self {
            desk,
            staff,
            guard: Guard::new(doors, addr),
            style: assets.style(),
            favicon: assets.icon(),
            assets,
            demo: config.demo,
            url: format!("http://{addr}/"),
            language: config.language,
            words: [Words::of(Lang::Ja), Words::of(Lang::En)],
            calls: Arc::new(Semaphore::new(DESK_CALLS_MAX)),
            readings: Mutex::default(),
        }
    }
    /// The language that the browser chose, else that of the configuration.
    pub fn lang(&self, headers: &HeaderMap) -> Lang {
        cookie(headers, LANG_COOKIE).and_then(Lang::parse).unwrap_or(self.language)
    }
    /// What stands around a page. `here`: its path and query; none for the answer to a form.
    pub fn frame<'a>(&'a self, lang: Lang, node: &'a str, here: Option<&Uri>) -> Frame<'a> {
        let [ja, en] = &self.words;
        Frame {
            words: if lang == Lang::Ja { ja } else { en },
            style: &self.style,
            favicon: &self.favicon,
            node,
            demo: self.demo,
            role: self.staff.role(),
            token: self.guard.token(),
            here: here.map(|uri| uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string)),
        }
    }
    /// A place among the calls of the desk; none: too many are under way.
    pub fn permit(&self) -> Result<OwnedSemaphorePermit, DeskError> {
        self.calls.clone().try_acquire_owned().map_err(|_| DeskError::Busy)
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
            ask(app.desk.as_ref(), &app.staff)
        });
        task.await.unwrap_or_else(|_| Err(DeskError::Failed("a page's question to the node ended early".into())))
    }
    /// Answers of a little while ago.
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

/// A page with its status.
pub(super) fn page_with(status: axum::http::StatusCode, markup: Markup) -> Response {
    (status, markup).into_response()
}

/// Which language the browser chose.
pub(super) const LANG_COOKIE: &str = "musubi_lang";
