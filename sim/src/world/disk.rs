use protocol::data::Outcome;
use std::sync::Arc;
use store::{Core, CoreConfig, Faults, MapDb, OpenError, StoreView, VirtualDisk, Work};

/// A host's disk: the real journal and store over a disk in memory that tears, fills and fails when told to.
pub struct HostDisk {
    disk: Arc<VirtualDisk>,
    index: Arc<MapDb>,
    config: CoreConfig,
    core: Option<Core>,
    faults: Faults,
}

impl HostDisk {
    /// An empty disk; `seed` chooses what a power cut keeps, `entropy` is the store's key.
    pub fn new(seed: u64, entropy: [u8; 32]) -> Self {
        let config = CoreConfig { entropy, segment_bytes: 1 << 20, reserve_bytes: 32 << 10 };
        Self {
            disk: Arc::new(VirtualDisk::new(seed)),
            index: Arc::new(MapDb::default()),
            config,
            core: None,
            faults: Faults::default(),
        }
    }
    /// Opens the store, with a fresh index if the old one does not fit the journal.
    ///
    /// # Errors
    /// [`OpenError`] if the disk refuses; try again when it is well.
    pub fn open(&mut self) -> Result<StoreView, OpenError> {
        self.core = None;
        let opened = match Core::open(self.disk.clone(), self.index.clone(), &self.config) {
            Err(OpenError::IndexUnfit(_)) => {
                self.index = Arc::new(MapDb::default());
                Core::open(self.disk.clone(), self.index.clone(), &self.config)
            }
            opened => opened,
        };
        let (core, _) = opened?;
        let view = core.view();
        self.core = Some(core);
        Ok(view)
    }
    /// Commits in order; every answer is for good.
    pub fn commit(&mut self, works: Vec<Work>) -> Vec<Outcome> {
        let closed = || Outcome::Failed("the store is closed".into());
        match &mut self.core {
            Some(core) => core.commit_now(works),
            None => works.iter().map(|_| closed()).collect(),
        }
    }
    /// The power goes and comes back: what was not synced is kept in parts, or not. The index is lost now and then.
    pub fn crash(&mut self, index_lost: bool) {
        self.core = None;
        self.disk.crash();
        if index_lost {
            self.index = Arc::new(MapDb::default());
        }
        self.faults.power = None;
        self.disk.set_faults(self.faults);
    }
    /// The process ends; the disk goes on.
    pub fn close(&mut self) {
        self.core = None;
    }
    /// Whether the journal takes no writes any more until it is opened anew.
    pub fn is_refusing(&self) -> bool {
        self.core.as_ref().is_some_and(|core| core.health().refusing.is_some())
    }
    /// Whether the power is about to go.
    pub fn is_torn(&self) -> bool {
        self.faults.power.is_some()
    }
    /// Changes how the disk misbehaves from now on.
    pub fn misbehave(&mut self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.faults);
        self.disk.set_faults(self.faults);
    }
    /// Bytes in use.
    pub fn used(&self) -> u64 {
        self.disk.used()
    }
    /// The key of the log's salts.
    pub fn salt_key(&self) -> Option<[u8; 32]> {
        self.core.as_ref().map(Core::salt_key)
    }
}
