use crate::config::{self, Config};
use crate::failure::Failure;
use peer::NetHandle;
use service::engine::alone::{self, Alone};
use service::engine::{Host, Inbox};
use service::ingest::Ingest;
use service::onboarding::FacilitySpec;
use service::patients::Patients;
use service::{Opened, Service, ServiceConfig};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError, RwLock};

/// A node as the handlers see it: with a network, or alone for one request.
pub struct Desk {
    service: Service,
    ingest: Ingest,
    patients: Patients,
    folder: PathBuf,
    config: RwLock<Config>,
    net: OnceLock<NetHandle>,
    page: OnceLock<String>,
    alone: OnceLock<Alone>,
    scrub: Mutex<Option<(u64, u64)>>,
}

/// A desk, and what a driver of its Engine needs.
pub struct Parts {
    /// The desk.
    pub desk: Desk,
    /// The driver's hands.
    pub host: Host,
    /// The driver's queue.
    pub inbox: Inbox,
    /// What opening the store found and did.
    pub report: store::OpenReport,
}

impl Desk {
    /// Opens the node in a folder for one request: its Engine runs, but reaches nobody.
    ///
    /// # Errors
    /// [`Failure`] of configuration or store.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        let Parts { desk, host, inbox, .. } = Self::parts(folder, config::load(folder)?)?;
        let alone =
            alone::start(host, inbox).map_err(|error| Failure::store(format!("no thread for the Engine: {error}")))?;
        let _ = desk.alone.set(alone);
        Ok(desk)
    }
    /// Opens the node in a folder for a driver.
    ///
    /// # Errors
    /// [`Failure`] of the store.
    pub fn parts(folder: &Path, config: Config) -> Result<Parts, Failure> {
        let relay = config.net.relay_server;
        let spec = |f: &config::Facility| FacilitySpec::usual(f.id.clone(), f.name.clone(), f.class, relay);
        let service_config = ServiceConfig {
            relay,
            limits: config.engine.clone(),
            facilities: config.facilities.iter().map(spec).collect(),
            cache_bytes: Some(config.cache_bytes),
            trusts_clock: config.trusts_clock,
            ..ServiceConfig::new(folder, config.name.clone())
        };
        let Opened { service, host, inbox, report } = Service::open(service_config)?;
        let ingest = Ingest::new(service.store().clone(), service.clock().clone(), folder);
        let patients = Patients::new(service.store().clone(), service.clock().clone());
        let desk = Self {
            service,
            ingest,
            patients,
            folder: folder.to_owned(),
            config: RwLock::new(config),
            net: OnceLock::new(),
            page: OnceLock::new(),
            alone: OnceLock::new(),
            scrub: Mutex::default(),
        };
        Ok(Parts { desk, host, inbox, report })
    }
    /// Ends what was opened for one request.
    pub fn close(self) {
        if let Some(alone) = self.alone.get() {
            alone.stop();
        }
        self.service.store().close();
    }
    /// The use cases.
    pub fn service(&self) -> &Service {
        &self.service
    }
    /// Taking feeds in.
    pub fn ingest(&self) -> &Ingest {
        &self.ingest
    }
    /// The patients.
    pub fn patients(&self) -> &Patients {
        &self.patients
    }
    /// The node's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
    /// The configuration in force.
    pub fn config(&self) -> Config {
        self.config.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
    /// Takes feeds that were added.
    pub fn set_config(&self, config: Config) {
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
    }
    /// The network part; none if this desk was opened for one request.
    pub fn net(&self) -> Option<&NetHandle> {
        self.net.get()
    }
    /// Tells the handlers of the network part.
    pub fn set_net(&self, net: NetHandle) {
        let _ = self.net.set(net);
    }
    /// Where the page is, if it is open.
    pub fn page(&self) -> Option<&str> {
        self.page.get().map(String::as_str)
    }
    /// Tells the handlers where the page is.
    pub fn set_page(&self, page: String) {
        let _ = self.page.set(page);
    }
    /// How far the slow round over all files is: files done, of how many; none between rounds.
    pub fn scrub(&self) -> Option<(u64, u64)> {
        *self.scrub.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// Tells how far it is.
    pub fn set_scrub(&self, progress: Option<(u64, u64)>) {
        *self.scrub.lock().unwrap_or_else(PoisonError::into_inner) = progress;
    }
    /// Whether a node runs, and not only this request.
    pub fn is_node(&self) -> bool {
        self.alone.get().is_none()
    }
}
