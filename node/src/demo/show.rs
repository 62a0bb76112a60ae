use super::stage::Stage;
use crate::cli::DemoArgs;
use crate::control::Reply;
use crate::failure::Failure;
use crate::page::{self, Kind};
use portal::PortalError;
use std::io::IsTerminal as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Whether somebody pressed Ctrl-C or asked the process to end.
pub struct Stop {
    wanted: Arc<AtomicBool>,
}

impl Stop {
    /// Listens from now on: the demo's folder must not outlive it.
    pub fn listen() -> Result<Self, Failure> {
        let refused = |error: std::io::Error| Failure::store(format!("the operating system refused: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(refused)?;
        let entered = runtime.enter();
        let mut interrupt = signal(SignalKind::interrupt()).map_err(refused)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(refused)?;
        drop(entered);
        let wanted = Arc::new(AtomicBool::new(false));
        let flag = wanted.clone();
        let wait = move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            });
            flag.store(true, Ordering::Relaxed);
        };
        std::thread::Builder::new().name("signals".into()).spawn(wait).map_err(refused)?;
        Ok(Self { wanted })
    }
    /// Whether it is time to end.
    pub fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }
}

/// Opens the clinic's page until somebody ends it.
pub fn page(stage: &Stage<'_>, args: &DemoArgs, reply: &Reply, stop: &Stop) -> Result<(), Failure> {
    let clinic = stage.clinic()?;
    let runtime = clinic.node.runtime();
    clinic.service().accounts().stage_demo()?;
    let page = free_port(stage, args.port)?;
    let link = page.demo_link().unwrap_or_else(|| page.url());
    if stage.out.is_json() {
        println!("{}", {
            let mut json = reply.json.clone();
            json["page"] = link.clone().into();
            json
        });
    } else {
        stage.out.say(&reply.text);
        println!("The page of {} is open: {}\nCtrl-C ends the demo; nothing is kept.", clinic.plan.name, link);
    }
    if std::io::stdout().is_terminal() {
        open_browser(&link);
    }
    while !stop.is_wanted() && !clinic.node.has_ended() {
        std::thread::sleep(LOOK);
    }
    page.stop(runtime);
    Ok(())
}

/// The wanted port, or the next one that is free.
fn free_port(stage: &Stage<'_>, first: u16) -> Result<page::Page, Failure> {
    let clinic = stage.clinic()?;
    for port in (first..=u16::MAX).take(PORTS_TRIED) {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        match page::open(clinic.desk(), listen, Kind::Demo, clinic.node.runtime().handle()) {
            Ok(page) => return Ok(page),
            Err(PortalError::Taken(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::unreachable(format!("ports {first} and the {PORTS_TRIED} after it are taken"))
        .next("name another with --port"))
}

/// Shows a page in the browser of this machine, if there is one.
fn open_browser(link: &str) {
    for opener in ["xdg-open", "open", "chromium", "firefox"] {
        let quiet =
            Command::new(opener).arg(link).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        if quiet.is_ok() {
            return;
        }
    }
}

/// How many ports are tried.
const PORTS_TRIED: usize = 100;
const LOOK: Duration = Duration::from_millis(100);
