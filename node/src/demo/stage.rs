use super::show::Stop;
use crate::cli::{DemoArgs, Output};
use crate::config;
use crate::control::Progress;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::run::{Node, Start, start};
use protocol::engine::Event;
use protocol::ids::{NodeKey, ShelfId};
use protocol::kinds::{FacilityClass, Role};
use service::{Service, Staff};
use sim::region::{FacilityPlan, Plan, preset};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The five nodes and where they live.
pub struct Stage<'a> {
    pub out: &'a Output,
    pub plan: Plan,
    pub houses: Vec<House>,
    folder: TempDir,
    stop: &'a Stop,
    began: Instant,
}

/// One facility with its node.
pub struct House {
    pub plan: FacilityPlan,
    pub node: Node,
    pub ears: Ears,
}

/// What a node told since its start.
#[derive(Clone, Default)]
pub struct Ears {
    heard: Arc<Mutex<Heard>>,
}

#[derive(Default)]
struct Heard {
    published: BTreeMap<ShelfId, u64>,
    obeyed: Vec<(NodeKey, Instant)>,
}

impl Ears {
    fn listen(service: &Service) -> Result<Self, Failure> {
        let events = service.engine().subscribe()?;
        let ears = Self::default();
        let heard = ears.heard.clone();
        // Ends with the Engine, which drops the other end.
        std::thread::spawn(move || {
            while let Ok(event) = events.recv() {
                let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                match event {
                    Event::Published { shelf, entries } => drop(heard.published.insert(shelf, entries)),
                    Event::Obeyed { node, .. } => heard.obeyed.push((node, Instant::now())),
                    _ => {}
                }
            }
        });
        Ok(ears)
    }
    /// Live entries on own shelves, as they were published last.
    pub fn entries(&self) -> u64 {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).published.values().sum()
    }
    /// When this reader's node obeyed a withdrawal.
    pub fn obeyed(&self, node: NodeKey) -> Option<Instant> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.obeyed.iter().find(|(who, _)| *who == node).map(|(_, at)| *at)
    }
}

impl House {
    pub fn desk(&self) -> &Arc<Desk> {
        self.node.desk()
    }
    pub fn service(&self) -> &Service {
        self.node.desk().service()
    }
    /// Whether its network is this one.
    pub fn is_of(&self, network: &str) -> bool {
        self.plan.network == network
    }
}

impl<'a> Stage<'a> {
    /// Starts five nodes in a new folder.
    pub fn build(args: &DemoArgs, out: &'a Output, stop: &'a Stop) -> Result<Self, Failure> {
        let began = Instant::now();
        let mut plan =
            preset("demo").ok_or_else(|| Failure::store("the demo's region is missing from this program"))?;
        plan.patients = args.patients;
        plan.seed = args.seed;
        // Most people of the town have been to the clinic that reads, so that there is always somebody to show it on.
        let clinics = plan.facilities.iter_mut().filter(|facility| facility.class == FacilityClass::Clinic);
        clinics.for_each(|clinic| clinic.size = clinic.size.max(CLINIC_SIZE));
        plan.check().map_err(Failure::usage)?;
        let folder = tempfile::Builder::new().prefix("musubi-demo-").tempdir();
        let folder = folder.map_err(|error| Failure::store(format!("no temporary folder: {error}")))?;
        let mut stage = Self { out, plan: plan.clone(), houses: Vec::new(), folder, stop, began };
        for facility in plan.facilities {
            match stage.house(facility) {
                Ok(house) => stage.houses.push(house),
                Err(failure) => {
                    stage.strike();
                    return Err(failure);
                }
            }
        }
        stage.done(&format!("{} nodes run, each with its own folder and its own line", stage.houses.len()));
        Ok(stage)
    }
    fn house(&self, plan: FacilityPlan) -> Result<House, Failure> {
        let folder = self.folder.path().join(format!("node-{}", plan.id));
        std::fs::create_dir_all(&folder).map_err(|error| Failure::store(format!("{}: {error}", folder.display())))?;
        let facility = config::Facility {
            id: plan.id.clone(),
            name: plan.name.clone(),
            class: plan.class,
            authority: plan.authority.clone(),
            feeds: Vec::new(),
        };
        let text = config::add_facility(&config::first_text(config::Preset::Clinic, None), &facility) + SETTINGS;
        let config = config::parse(&text, figment::Figment::new())?;
        std::fs::write(folder.join(config::FILE), &text)
            .map_err(|error| Failure::store(format!("{}: {error}", folder.display())))?;
        let node = start(Start { folder: &folder, config, has_socket: false })?;
        let ears = Ears::listen(node.desk().service())?;
        Ok(House { plan, node, ears })
    }
    /// Stops everything and takes the folder away.
    pub fn strike(self) {
        if !self.out.is_json() {
            self.out.say("Stopping the nodes and removing their temporary folder …");
        }
        std::thread::scope(|scope| {
            for house in self.houses {
                scope.spawn(move || house.node.stop());
            }
        });
        if let Err(error) = self.folder.close() {
            self.out.say(format!("A temporary folder could not be removed: {error}"));
        }
    }
    /// Where the made-up storages lie.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
    /// The house at this place of the plan.
    fn nth(&self, class: FacilityClass, network: &str) -> Result<&House, Failure> {
        let found = self.houses.iter().find(|house| house.plan.class == class && house.is_of(network));
        found.ok_or_else(|| Failure::store("the demo's region has another shape than the demo expects"))
    }
    /// The hospital of the reader's network; the first facility of the plan.
    pub fn hospital(&self) -> Result<&House, Failure> {
        self.nth(FacilityClass::Hospital, self.home())
    }
    /// The clinic that reads.
    pub fn clinic(&self) -> Result<&House, Failure> {
        self.nth(FacilityClass::Clinic, self.home())
    }
    /// The hospital of the other network.
    pub fn partner(&self) -> Result<&House, Failure> {
        let found = self.houses.iter().find(|house| !house.is_of(self.home()));
        found.ok_or_else(|| Failure::store("the demo's region has another shape than the demo expects"))
    }
    /// The reader's network.
    pub fn home(&self) -> &str {
        self.plan.facilities.first().map_or("", |facility| facility.network.as_str())
    }
    /// A step is done.
    pub fn done(&self, what: &str) {
        if !self.out.is_json() {
            self.out.say(format!("{:5.1} s  {what}", self.began.elapsed().as_secs_f64()));
        }
    }
    /// Since the start.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
    /// Shows how far long work is.
    pub fn bar(&self) -> impl FnMut(&str, u64, Option<u64>) {
        let mut bar = self.out.bar();
        move |what, done, total| bar.show(&Progress { what: what.to_owned(), done, total })
    }
    /// Whether somebody wants to stop.
    ///
    /// # Errors
    /// A [`Failure`] that says so.
    pub fn go_on(&self) -> Result<(), Failure> {
        if self.stop.is_wanted() { Err(Failure::refused("stopped")) } else { Ok(()) }
    }
    /// Looks again until it is so; waiting for nodes to tell each other is the only waiting here.
    ///
    /// # Errors
    /// [`Failure`] naming what did not come.
    pub fn until<T>(&self, what: &str, mut look: impl FnMut() -> Result<Option<T>, Failure>) -> Result<T, Failure> {
        let began = Instant::now();
        loop {
            self.go_on()?;
            if let Some(found) = look()? {
                return Ok(found);
            }
            if began.elapsed() > PATIENCE {
                return Err(Failure::unreachable(format!("the demo waited in vain: {what}"))
                    .next("another run usually works; if not, `musubi demo --once --json` names the step"));
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// A doctor, a nurse, a clerk of the demo.
pub fn staff(role: Role) -> Result<Staff, Failure> {
    Staff::new(&format!("demo-{role}"), role).map_err(Failure::usage)
}

/// Real lines on loopback, and a rhythm that nobody has to wait for.
const SETTINGS: &str = r#"
[portal]
listen = "off"
[peer]
listen = ["/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0"]
relay = "off"
[limits]
cache_mib = 8
sync_interval_ms = 1000
checkpoint_interval_ms = 500
publish_interval_ms = 200
dial_wait_ms = 2000
join_retry_ms = 200
"#;
/// Of a thousand people of its town, so many are known to the clinic.
const CLINIC_SIZE: u32 = 800;
/// Far above what a slow machine needs.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(20);
