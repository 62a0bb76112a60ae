use crate::clock::{Clock, SystemClock};
use crate::engine::{self, CommandError, EngineHandle, Host, Inbox};
use crate::keys::{KeyError, KeyFolder, KeyName};
use crate::links;
use crate::onboarding::{self, FacilitySetup, FacilitySpec};
use crate::patients::Patients;
use crate::random::fresh;
use crate::records_read::Records;
use crate::staff::Accounts;
use crate::timeline::Timelines;
use crate::view_cache::ViewCache;
use protocol::audit::{self, Event, What};
use protocol::crypto::{Crypto, Real};
use protocol::data::{Batch, Outcome, Space, View, decode, encode};
use protocol::engine::{Command, EngineConfig, Identity, Limits};
use protocol::ids::{FacilityId, NetworkId, NodeKey};
use protocol::state::Book;
use protocol::time::{Date, Millis};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use store::{OpenReport, Store, StoreConfig, StoreView};

/// With what a node is opened.
#[derive(Clone, Debug)]
pub struct ServiceConfig {
    /// The node's folder.
    pub folder: PathBuf,
    /// The node's name for people, in the directory of its networks.
    pub name: String,
    /// Whether it relays for others.
    pub relay: bool,
    /// Program and version, for the hello.
    pub build: String,
    /// Rhythm of the Engine; tests and the demo run faster.
    pub limits: Limits,
    /// Facilities that are set up on this node, if they are not yet; others stay as they are.
    pub facilities: Vec<FacilitySpec>,
    /// The store's page cache; none: its default of 16 MiB.
    pub cache_bytes: Option<u64>,
    /// The operator says that the computer's clock is right, however far ahead of the store it is.
    pub trusts_clock: bool,
}

impl ServiceConfig {
    /// The defaults for a node in this folder.
    pub fn new(folder: impl Into<PathBuf>, name: impl Into<String>) -> Self {
        Self {
            folder: folder.into(),
            name: name.into(),
            relay: false,
            build: concat!("musubi/", env!("CARGO_PKG_VERSION")).into(),
            limits: Limits::default(),
            facilities: Vec::new(),
            cache_bytes: None,
            trusts_clock: false,
        }
    }
}

/// A node that was opened: the use cases, and what a driver needs.
pub struct Opened {
    /// All use cases.
    pub service: Service,
    /// The hands of the driver.
    pub host: Host,
    /// The driver's queue of commands.
    pub inbox: Inbox,
    /// What opening the store found and did.
    pub report: OpenReport,
}

/// Why a node could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store; it says what to do.
    #[error(transparent)]
    Store(#[from] store::OpenError),
    /// A key file; it says which.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// A facility of the configuration; it says what is wrong.
    #[error(transparent)]
    Setup(#[from] onboarding::SetupError),
    /// The computer's clock is far ahead of what the store holds: believed wrongly, it could never be taken back.
    #[error(
        "the computer's clock says {wall}, and the newest entry of this node is of {newest}. If the clock is wrong, set it; nothing was changed"
    )]
    Clock {
        /// Its day.
        wall: Date,
        /// The day of the newest entry.
        newest: Date,
    },
    /// The store is open but takes no writes.
    #[error("the store takes no writes: {0}")]
    Write(String),
}

/// Why something could not be written. Nothing of it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("could not be stored: {0}")]
pub struct WriteError(pub String);

/// Every use case of a node. Cheap to clone; every method may block, so call it from threads that may.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<Store>,
    keys: KeyFolder,
    clock: Arc<dyn Clock>,
    engine: EngineHandle,
    identity: Identity,
    config: ServiceConfig,
    accounts: Accounts,
    links: links::State,
}

impl Service {
    /// Opens the node in its folder, or makes one. Nothing runs until somebody drives the Engine with host and inbox
    /// ([`engine::alone::start`] does so without a network).
    ///
    /// # Errors
    /// [`OpenError`]; each says what to do.
    pub fn open(config: ServiceConfig) -> Result<Opened, OpenError> {
        let store_config = StoreConfig::new(fresh());
        let cache_bytes = config.cache_bytes.unwrap_or(store_config.cache_bytes);
        let (store, report) = Store::open(&config.folder, StoreConfig { cache_bytes, ..store_config })?;
        let newest = newest_moment(&store.view());
        if let (Some(wall), Some(newest), false) = (SystemClock::is_far_ahead(newest), newest, config.trusts_clock) {
            store.close();
            return Err(OpenError::Clock { wall: wall.date_jst(), newest: newest.date_jst() });
        }
        let clock = Arc::new(SystemClock::new(newest));
        let (service, host, inbox) = Self::open_with(Arc::new(store), clock, config)?;
        Ok(Opened { service, host, inbox, report })
    }
    /// Opens a node over a store that is open already, with a clock of the caller's; keys lie in the folder of `config`.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open_with(
        store: Arc<Store>,
        clock: Arc<dyn Clock>,
        config: ServiceConfig,
    ) -> Result<(Self, Host, Inbox), OpenError> {
        let keys = KeyFolder::open(&config.folder.join("keys"))?;
        let is_new = keys.find(&KeyName::Node)?.is_none();
        let now = clock.now();
        let mut identity = Identity {
            node: keys.get_or_make(&KeyName::Node)?,
            index: keys.get_or_make(&KeyName::Index)?,
            log: keys.get_or_make(&KeyName::Log)?,
            witness: keys.get_or_make(&KeyName::Witness)?,
            seal: keys.get_or_make(&KeyName::Seal)?,
            certs: Vec::new(),
        };
        if is_new {
            let mut batch = Batch::default();
            batch.log(Event::new(now, What::NodeSetUp).node(NodeKey(Real.public(&identity.node).0)));
            commit(&store, batch).map_err(|error| OpenError::Write(error.0))?;
        }
        onboarding::renew_certs(&store, &keys, &identity, now)?;
        for spec in &config.facilities {
            onboarding::set_up_if_new(&store, &keys, &identity, spec, now)?;
        }
        identity.certs = onboarding::facilities(&store.view()).into_iter().map(|setup| setup.cert).collect();
        let engine_config = EngineConfig {
            name: config.name.clone(),
            networks: networks(&store.view()),
            relay: config.relay,
            build: config.build.clone(),
            limits: config.limits.clone(),
        };
        let (engine, host, inbox) = engine::open(engine::HostParts {
            store: store.clone(),
            clock: clock.clone(),
            identity: identity.clone(),
            config: engine_config,
            seed: fresh(),
        });
        if let Err(error) = ViewCache::new(store.clone()).sweep() {
            tracing::warn!(%error, "copies that nothing names could not be deleted; the next start tries again");
        }
        let accounts = Accounts::new(store.clone(), clock.clone());
        let service = Self {
            inner: Arc::new(Inner {
                store,
                keys,
                clock,
                engine,
                identity,
                config,
                accounts,
                links: links::State::default(),
            }),
        };
        service.resume();
        Ok((service, host, inbox))
    }
    /// What a running Engine must be told again after each start.
    fn resume(&self) {
        let held_back = self.view_cache().hold_back();
        if !held_back.is_empty()
            && let Err(error) = self.commit(held_back)
        {
            tracing::warn!(%error, "copies of others' records could not be held back until their holders are heard");
        }
        if let Err(error) = self.begin_links() {
            tracing::warn!(%error, "patients of an earlier release are not linked yet; the next start tries again");
        }
        let certs = self.inner.identity.certs.clone();
        if !certs.is_empty() {
            // Refused until a membership names their roots; then the Engine takes them by itself.
            let _ = self.engine().cast(Command::Take(certs));
        }
        for command in onboarding::open_joins(&self.view(), &self.book(), self.now()) {
            let _ = self.engine().cast(command);
        }
    }
    /// The folder of this node.
    pub fn folder(&self) -> &std::path::Path {
        &self.inner.config.folder
    }
    /// With what it was opened.
    pub fn config(&self) -> &ServiceConfig {
        &self.inner.config
    }
    /// The store.
    pub fn store(&self) -> &Arc<Store> {
        &self.inner.store
    }
    /// A look at the store.
    pub fn view(&self) -> StoreView {
        self.inner.store.view()
    }
    /// The guarded moment.
    pub fn now(&self) -> Millis {
        self.inner.clock.now()
    }
    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }
    /// The way to the Engine.
    pub fn engine(&self) -> &EngineHandle {
        &self.inner.engine
    }
    /// What is known of networks and members.
    pub fn book(&self) -> Arc<Book> {
        self.inner.engine.book()
    }
    /// The accounts of staff.
    pub fn accounts(&self) -> &Accounts {
        &self.inner.accounts
    }
    pub(crate) fn links_state(&self) -> &links::State {
        &self.inner.links
    }
    /// Search and show of own patients.
    pub fn patients(&self) -> Patients {
        Patients::new(self.inner.store.clone(), self.inner.clock.clone())
    }
    /// Own records, listed and shown.
    pub fn records(&self) -> Records {
        Records::new(self.inner.store.clone(), self.inner.clock.clone())
    }
    /// Own records and copies of others' in one list.
    pub fn timelines(&self) -> Timelines {
        Timelines::new(self.inner.store.clone(), self.inner.clock.clone())
    }
    /// Copies of what was fetched.
    pub fn view_cache(&self) -> ViewCache {
        ViewCache::new(self.inner.store.clone())
    }
    /// Deletes copies whose time is over. To be called every few minutes, and once after each start.
    ///
    /// # Errors
    /// [`WriteError`]; they are not shown any more in any case, and the next call tries again.
    pub fn expire_copies(&self) -> Result<(), WriteError> {
        loop {
            let writes = self.view_cache().expire(self.now()).map_err(|error| WriteError(error.to_string()))?;
            if writes.is_empty() {
                return Ok(());
            }
            self.commit(Batch { writes, events: Vec::new() })?;
        }
    }
    /// The key files.
    pub fn keys(&self) -> &KeyFolder {
        &self.inner.keys
    }
    /// This node's key.
    pub fn node_key(&self) -> NodeKey {
        NodeKey(Real.public(&self.inner.identity.node).0)
    }
    pub(crate) fn identity(&self) -> &Identity {
        &self.inner.identity
    }
    /// The facilities that were set up on this node.
    pub fn facilities(&self) -> Vec<FacilitySetup> {
        onboarding::facilities(&self.view())
    }
    /// Networks of this node's facilities, also those that it is about to join.
    pub fn networks(&self) -> BTreeSet<NetworkId> {
        networks(&self.view())
    }
    /// A facility's name as its membership, or its set-up here, says; its number if nobody knows.
    pub fn facility_name(&self, facility: &FacilityId) -> String {
        let book = self.book();
        let known = book.networks().find_map(|(network, _)| book.membership(network, facility)).map(|m| m.name.clone());
        let own = || self.facilities().into_iter().find(|setup| setup.id == *facility).map(|setup| setup.name);
        known.or_else(own).unwrap_or_else(|| facility.to_string())
    }
    /// Writes a batch and waits until it is durable.
    ///
    /// # Errors
    /// [`WriteError`]; nothing was written.
    pub fn commit(&self, batch: Batch) -> Result<Vec<u64>, WriteError> {
        commit(&self.inner.store, batch)
    }
    /// Sends a command whose effect is signed objects, and waits until they are durable and visible: the Engine answers as
    /// soon as it has checked them, the store takes batches in order.
    pub(crate) fn ask_durably(&self, command: Command) -> Result<(), CommandError> {
        self.engine().ask(command)?;
        self.commit(Batch::default()).map(drop).map_err(|error| CommandError::Refused(error.to_string()))
    }
    /// Writes one event of the log.
    pub(crate) fn log(&self, event: Event) -> Result<u64, WriteError> {
        let mut batch = Batch::default();
        batch.log(event);
        self.commit(batch).map(|leaves| leaves.first().copied().unwrap_or_default())
    }
    /// Takes a network as an own one from now on, also after a restart.
    pub(crate) fn keep_network(&self, network: NetworkId) -> Result<(), WriteError> {
        let mut batch = Batch::default();
        batch.put(Space::Meta, network_key(network), encode(&network));
        self.commit(batch).map(drop)
    }
}

/// Writes a batch and waits until it is durable.
pub(crate) fn commit(store: &Store, batch: Batch) -> Result<Vec<u64>, WriteError> {
    match store.commit(batch) {
        Outcome::Committed { leaves } => Ok(leaves),
        Outcome::Failed(why) => Err(WriteError(why)),
    }
}

pub(crate) fn networks(view: &dyn View) -> BTreeSet<NetworkId> {
    let found = view.scan(Space::Meta, NETWORKS, &[], usize::MAX);
    found.into_iter().filter_map(|(_, value)| decode(&value)).collect()
}

fn network_key(network: NetworkId) -> Vec<u8> {
    [NETWORKS, &network.0].concat()
}

/// The newest moment that is surely past: that of the log's last event.
fn newest_moment(view: &dyn View) -> Option<Millis> {
    let size = audit::head(view).size;
    size.checked_sub(1).and_then(|last| audit::event(view, last)).map(|event| event.at)
}

const NETWORKS: &[u8] = b"service/network/";
