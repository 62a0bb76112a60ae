use super::call::{Answer, Call, end_of};
use super::house::House;
use super::limits::{LOOK, READY_WAIT};
use serde_json::Value;
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::Mutex;
use std::time::Instant;

/// How others reach a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen {
    /// At a port of the loopback, QUIC and TCP, the same after a restart.
    Port,
    /// As [`Listen::Port`], and it relays for members.
    Relay,
    /// Not at all: it dials out, and members reach it through a relay.
    Nowhere,
}

/// One node in its folder. Killed when dropped.
#[derive(Debug)]
pub struct Node {
    /// Who it is.
    pub house: House,
    /// The port that it listens on, if any.
    pub port: Option<u16>,
    folder: PathBuf,
    home: PathBuf,
    output: PathBuf,
    ready: PathBuf,
    child: Option<Child>,
}

impl Node {
    pub(super) fn set_up(town: &Path, house: House, listen: Listen) -> Self {
        let node = Self {
            house,
            port: (listen != Listen::Nowhere).then(free_port),
            folder: town.join(house.word),
            home: town.join("home"),
            output: town.join(format!("{}.out", house.word)),
            ready: town.join(format!("{}.ready", house.word)),
            child: None,
        };
        let authority = house.authority();
        node.cli([
            "setup",
            "--id",
            house.id,
            "--name",
            house.name,
            "--class",
            house.class,
            "--authority",
            &authority,
            "--preset",
            house.preset,
        ]);
        let addresses = node.port.map(|port| {
            [format!("/ip4/127.0.0.1/udp/{port}/quic-v1"), format!("/ip4/127.0.0.1/tcp/{port}")]
                .map(toml::Value::String)
        });
        node.configure(|root| {
            let peer = table(root, "peer");
            peer.insert("listen".into(), toml::Value::Array(addresses.into_iter().flatten().collect()));
            peer.insert("serve_relay".into(), (listen == Listen::Relay).into());
            table(root, "portal").insert("listen".into(), "off".into());
            // Short times: what takes minutes in a region takes moments in a test.
            let limits = table(root, "limits");
            let times = [("sync_interval_ms", 500), ("checkpoint_interval_ms", 300), ("publish_interval_ms", 50)];
            for (key, ms) in times.into_iter().chain([("dial_wait_ms", 2_000), ("join_retry_ms", 200)]) {
                limits.insert(key.into(), toml::Value::Integer(ms));
            }
        });
        node
    }
    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
    /// What it wrote to its console so far.
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.output).unwrap_or_default()).into_owned()
    }
    /// Its address for others, with its peer id.
    ///
    /// # Panics
    /// If it listens nowhere.
    pub fn address(&self) -> String {
        let port = self.port.expect("this node listens");
        let peer = self.cli(["status"])["peer_id"].as_str().map(str::to_owned).expect("a node has a peer id");
        format!("/ip4/127.0.0.1/udp/{port}/quic-v1/p2p/{peer}")
    }
    /// Changes its configuration file.
    ///
    /// # Panics
    /// If the file is no TOML.
    pub fn configure(&self, change: impl FnOnce(&mut toml::Table)) {
        let path = self.folder.join("musubi.toml");
        let text = std::fs::read_to_string(&path).expect("`musubi setup` wrote the configuration");
        let mut root: toml::Table = text.parse().expect("the configuration is TOML");
        change(&mut root);
        std::fs::write(&path, root.to_string()).expect("the folder is ours");
    }
    /// Sets one key of its configuration file.
    pub fn set(&self, part: &str, key: &str, value: impl Into<toml::Value>) {
        self.configure(|root| {
            table(root, part).insert(key.to_owned(), value.into());
        });
    }

    /// Starts it and waits until it serves.
    ///
    /// # Panics
    /// If it ends or does not serve within the deadline.
    #[track_caller]
    pub fn start(&mut self) {
        self.launch();
        self.await_ready();
    }
    /// Starts it without waiting.
    ///
    /// # Panics
    /// If it runs already, or the program cannot be started.
    #[track_caller]
    pub fn launch(&mut self) {
        assert!(self.child.is_none(), "{} runs already", self.house.word);
        let _ = std::fs::remove_file(&self.ready);
        let output =
            || -> File { OpenOptions::new().create(true).append(true).open(&self.output).expect("the folder is ours") };
        let call = self.call(["run", "--ready-file"]).arg(&self.ready);
        let mut command = call.into_command();
        command.stdout(output()).stderr(output());
        self.child = Some(command.spawn().expect("the program starts"));
    }
    /// Waits until it serves.
    ///
    /// # Panics
    /// If it ends or does not serve within the deadline.
    #[track_caller]
    pub fn await_ready(&mut self) {
        let until = Instant::now() + READY_WAIT;
        let (word, output) = (self.house.word, self.output());
        let child = self.child.as_mut().expect("it was launched");
        while !self.ready.exists() {
            let ended = child.try_wait().expect("it is our child");
            assert!(ended.is_none(), "{word} ended at its start with {ended:?}\n{output}");
            assert!(Instant::now() < until, "{word} did not serve within {} s\n{output}", READY_WAIT.as_secs());
            std::thread::sleep(LOOK);
        }
    }
    /// Ends it as an operator does, and gives its exit code.
    ///
    /// # Panics
    /// If it does not run or does not end.
    #[track_caller]
    pub fn stop(&mut self) -> i32 {
        let mut child = self.child.take().expect("it runs");
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it is our child");
        let exit = end_of(&mut child, READY_WAIT);
        exit.unwrap_or_else(|| panic!("{} did not end after SIGTERM\n{}", self.house.word, self.output()))
    }
    /// `kill -9`, now.
    ///
    /// # Panics
    /// If it does not run.
    #[track_caller]
    pub fn kill_nine(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().expect("it is our child");
        child.wait().expect("it is our child");
    }
    /// Its process, if it runs.
    pub fn pid(&self) -> Option<rustix::process::Pid> {
        self.child.as_ref().map(rustix::process::Pid::from_child)
    }
    /// Whether its process is alive.
    pub fn is_alive(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }
    /// Resident bytes of its process, where the system tells.
    pub fn resident_kib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.as_ref()?.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().trim_end_matches("kB").trim().parse().ok()
    }

    /// A command for this node.
    pub fn call<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Call {
        Call::new(&self.home).arg("--folder").arg(&self.folder).args(args)
    }
    /// Asks, whatever the exit code.
    #[track_caller]
    pub fn ask<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Answer {
        self.call(args).run()
    }
    /// Asks for something that must be done.
    ///
    /// # Panics
    /// With everything that the command wrote, if its exit code is not 0.
    #[track_caller]
    pub fn cli<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Value {
        self.ask(args).done()
    }
    /// Another hand on the same node, for threads that ask while it is killed.
    pub fn hand(&self) -> Self {
        Self {
            house: self.house,
            port: self.port,
            folder: self.folder.clone(),
            home: self.home.clone(),
            output: self.output.clone(),
            ready: self.ready.clone(),
            child: None,
        }
    }
    /// Adds a storage as a source that is scanned only when asked for.
    #[track_caller]
    pub fn add_feed(&self, path: &Path) {
        self.cli([
            OsStr::new("feed"),
            "add".as_ref(),
            path.as_os_str(),
            "--scan-interval-s".as_ref(),
            "86400".as_ref(),
        ]);
    }
    /// Scans all sources; a scan that the node itself began is waited for.
    ///
    /// # Panics
    /// If a scan fails or its counts do not add up.
    #[track_caller]
    pub fn scan(&self) -> Value {
        self.walk("scan")
    }
    /// Tries again what is in quarantine, as [`Node::scan`].
    ///
    /// # Panics
    /// As [`Node::scan`].
    #[track_caller]
    pub fn retry(&self) -> Value {
        self.walk("retry")
    }
    #[track_caller]
    fn walk(&self, verb: &str) -> Value {
        let json = self.cli(["feed", verb]);
        assert_eq!(json["adds_up"], true, "{json}");
        json
    }
    /// The patient of a number that its house gave.
    ///
    /// # Panics
    /// If there is not exactly one.
    #[track_caller]
    pub fn patient(&self, number: &str) -> String {
        let found = self.cli(["patient", "find", number]);
        let rows: Vec<&Value> =
            found["patients"].as_array().into_iter().flatten().filter(|row| row["number"] == number).collect();
        assert_eq!(rows.len(), 1, "one patient of that number at {}: {found}", self.house.word);
        rows[0]["patient"].as_str().expect("a patient has a number here").to_owned()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A table of a configuration file.
fn table<'a>(root: &'a mut toml::Table, name: &str) -> &'a mut toml::Table {
    let value = root.entry(name).or_insert_with(|| toml::Value::Table(toml::Table::new()));
    value.as_table_mut().expect("a table of the configuration")
}

/// A port of the loopback that is free for TCP and UDP, below those that systems give to outgoing connections, so that it is
/// still free when a node comes back. Ports once given are not given again in this process.
fn free_port() -> u16 {
    static NEXT: Mutex<Option<u16>> = Mutex::new(None);
    let mut next = NEXT.lock().expect("nothing panics with the lock");
    // Test programs that run at the same time begin at different places.
    let first = || PORTS.start + (std::process::id().wrapping_mul(61) % u32::from(PORTS.end - PORTS.start)) as u16;
    let mut port = next.unwrap_or_else(first);
    for _ in PORTS {
        let at = port;
        port = if port + 1 == PORTS.end { PORTS.start } else { port + 1 };
        if TcpListener::bind(("127.0.0.1", at)).is_ok() && UdpSocket::bind(("127.0.0.1", at)).is_ok() {
            *next = Some(port);
            return at;
        }
    }
    panic!("no port of {PORTS:?} is free");
}

const PORTS: std::ops::Range<u16> = 20_000..32_000;
