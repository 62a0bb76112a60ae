use crate::app::router;
use crate::desk::{Desk, ServiceDesk};
use crate::i18n::Lang;
use crate::limits::{LINE_WAIT_MS, STOP_WAIT_MS};
use crate::lines::{Caller, Lines};
use crate::works::Works;
use service::Service;
use service::ingest::{Feed, Ingest};
use service::staff::Accounts;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The sources of a node, to be seen on the first page.
#[derive(Clone)]
pub struct Feeds {
    /// Who takes them in.
    pub ingest: Ingest,
    /// Which.
    pub feeds: Vec<Feed>,
}

/// How a portal is opened.
#[derive(Clone)]
pub struct PortalConfig {
    /// Where it listens. Loopback only, until it has TLS: passwords would cross the wire in clear. Port 0: any that is free.
    pub listen: SocketAddr,
    /// The language of who did not choose.
    pub language: Lang,
    /// Made-up people: a strip on every page says so, and holders are asked without typing a reception's number.
    pub demo: bool,
    /// The node's sources, if it has any.
    pub feeds: Option<Feeds>,
    /// The program around the pages, for the pages of running the node.
    pub works: Option<Arc<dyn Works>>,
    /// How long a line to a browser may be silent before it ends, in milliseconds.
    pub line_wait_ms: u64,
}

impl PortalConfig {
    /// The defaults at this address.
    pub fn new(listen: SocketAddr) -> Self {
        Self { listen, language: Lang::Ja, demo: false, feeds: None, works: None, line_wait_ms: LINE_WAIT_MS }
    }
}

/// Why a portal could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum PortalError {
    /// Nothing was opened; the configuration has to change.
    #[error(
        "the portal may listen on this machine only (127.0.0.1 or ::1) until it has TLS of its own, not on {0}; set portal.listen to \
         127.0.0.1:8470 and reach it from elsewhere through a tunnel of your own"
    )]
    NotLoopback(SocketAddr),
    /// Another program, or another node, has the port. The caller may choose another.
    #[error("port {0} on this machine is taken by another program; stop it, or set portal.listen to another port")]
    Taken(u16),
    /// The system refused.
    #[error("the portal could not listen on {addr}")]
    Listen {
        /// Where.
        addr: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The system gives no randomness for the tokens of forms.
    #[error("the system gives no randomness for the tokens of the portal's forms: {0}")]
    Random(getrandom::Error),
}

/// A portal that is open. Dropping it closes it at once; [`RunningPortal::stop`] lets pages end.
pub struct RunningPortal {
    /// Where it listens.
    pub addr: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl RunningPortal {
    /// Where a browser finds it.
    pub fn url(&self) -> String {
        format!("http://{}/", self.addr)
    }
    /// An address with a link's secret in it. For the terminal of who runs the node; never into a log.
    pub fn link(&self, door: Door, secret: &str) -> String {
        let path = match door {
            Door::SetUp => "setup",
            Door::Demo => "enter",
        };
        format!("http://{}/{path}?key={secret}", self.addr)
    }
    /// Takes no more requests and waits a little for pages that are being sent.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        if tokio::time::timeout(Duration::from_millis(STOP_WAIT_MS), &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

impl Drop for RunningPortal {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Where a link with a secret leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// To the first administrator's account.
    SetUp,
    /// Into the demo.
    Demo,
}

/// Opens the portal of a node.
///
/// # Errors
/// [`PortalError`]; nothing is open then.
pub async fn serve(service: Service, mut config: PortalConfig) -> Result<RunningPortal, PortalError> {
    let accounts = service.accounts().clone();
    let desk = ServiceDesk::new(service, config.feeds.take()).with_works(config.works.take());
    serve_desk(Arc::new(desk), accounts, config).await
}

/// Opens the portal over any desk.
///
/// # Errors
/// [`PortalError`]; nothing is open then.
pub async fn serve_desk(
    desk: Arc<dyn Desk>,
    accounts: Accounts,
    config: PortalConfig,
) -> Result<RunningPortal, PortalError> {
    if !config.listen.ip().is_loopback() {
        return Err(PortalError::NotLoopback(config.listen));
    }
    let refused = |source: std::io::Error| match source.kind() {
        ErrorKind::AddrInUse => PortalError::Taken(config.listen.port()),
        _ => PortalError::Listen { addr: config.listen, source },
    };
    let listener = TcpListener::bind(config.listen).await.map_err(refused)?;
    let addr = listener.local_addr().map_err(refused)?;
    let pages = router(desk, accounts, &config, addr).map_err(PortalError::Random)?;
    let pages = pages.into_make_service_with_connect_info::<Caller>();
    let lines = Lines::new(listener, Duration::from_millis(config.line_wait_ms));
    let (stop, mut stopped) = watch::channel(false);
    let task = tokio::spawn(async move {
        let wait = async move {
            // An error means that the portal was dropped.
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        if let Err(error) = axum::serve(lines, pages).with_graceful_shutdown(wait).await {
            tracing::error!(%error, "portal ended");
        }
    });
    tracing::info!(%addr, "portal open");
    Ok(RunningPortal { addr, stop, task })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_place_and_the_remedy() {
        assert!(PortalError::Taken(8470).to_string().contains("8470"));
        let text = PortalError::NotLoopback(SocketAddr::from(([0, 0, 0, 0], 8470))).to_string();
        assert!(text.contains("0.0.0.0:8470") && text.contains("127.0.0.1"), "{text}");
    }
}
