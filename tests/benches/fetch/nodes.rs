//! Two real nodes as processes of their own: founded, joined by an accord, fed and consented through the command line, then
//! asked over the reader's control socket, so that no start of a program is measured.
use crate::charts::{self, Chart};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Reader and holder, joined.
pub struct Nodes {
    reader: Node,
    /// Runs as long as it is held.
    _holder: Node,
    patients: Vec<(Chart, String)>,
}

/// What one fetch brought, as the reader's node tells it.
pub struct Fetched {
    /// From the command's arrival to the answer that may be shown.
    pub took: Duration,
    /// Bytes verified.
    pub bytes: u64,
    /// Items verified.
    pub items: u64,
}

struct Node {
    program: PathBuf,
    folder: PathBuf,
    shares: Vec<PathBuf>,
    child: Option<Child>,
    addresses: Vec<String>,
}

impl Nodes {
    /// Sets everything up below `root`.
    pub fn start(program: &Path, root: &Path) -> Self {
        let mut reader = Node::found(program, root, ("reader", "9903100017", "clinic"));
        let mut holder = Node::found(program, root, ("holder", "9904100018", "hospital"));
        reader.run();
        holder.run();
        reader.join_network("気仙見本");
        holder.join_network("仙台見本");
        accord(root, &reader, &holder);
        for (node, has_records) in [(&reader, false), (&holder, true)] {
            let feed = node.folder.with_extension("storage");
            charts::write_masters(&feed).expect("room for the storages");
            if has_records {
                charts::write_records(&feed).expect("room for the storages");
            }
            node.ask(&["feed", "add", feed.to_str().expect("a path of ours"), "--scan-interval-s", "86400"]);
            let scanned = node.ask(&["feed", "scan"]);
            eprintln!("  storage taken in: {}", scanned["feeds"][0]["stored"]);
        }
        for node in [&reader, &holder] {
            for chart in Chart::ALL {
                node.ask(&["consent", "record", &node.patient(chart)]);
            }
        }
        let patients = Chart::ALL.map(|chart| (chart, reader.patient(chart))).to_vec();
        let nodes = Self { reader, _holder: holder, patients };
        nodes.wait_until_found();
        nodes
    }
    /// Fetches a chart across the accord.
    pub fn fetch(&self, chart: Chart) -> Fetched {
        let patient = self.patients.iter().find(|(of, _)| *of == chart).map(|(_, patient)| patient.clone());
        let kinds: &[&str] = if chart == Chart::Document { &[] } else { &["lab"] };
        let request = json!({ "Fetch": {
            "who": { "staff": "d-1", "role": "Doctor" }, "patient": patient, "read": {
                "purpose": "treatment", "ground": "reception 1", "evidence": "reception", "kinds": kinds,
                "from": null, "to": null, "holders": [], "wait_ms": null, "limit_bytes": null,
            },
        } });
        let reply = self.reader.call(&request);
        let row = &reply["rows"][0];
        assert_eq!((row["status"].as_str(), row["cut"].as_bool()), (Some("data"), Some(false)), "{}", said(&reply));
        Fetched {
            took: Duration::from_micros(number(&reply["took_us"])),
            bytes: number(&reply["bytes"]),
            items: number(&reply["items"]),
        }
    }
    /// By which transport the two are connected.
    pub fn path(&self) -> String {
        let peers = self.reader.ask(&["peers"]);
        peers["peers"][0]["path"].as_str().unwrap_or("?").to_owned()
    }
    /// Folder of the reader, whose disk is the one that is measured.
    pub fn disk(&self) -> &Path {
        &self.reader.folder
    }
    fn wait_until_found(&self) {
        let begun = Instant::now();
        let is_found = |patient: &str| {
            let found = self.reader.ask(&["locate", patient, "--role", "doctor"]);
            let candidate = &found["candidates"][0];
            candidate["certainty"] == "rules" && candidate["online"] == true
        };
        while !self.patients.iter().all(|(_, patient)| is_found(patient)) {
            assert!(begun.elapsed() < PATIENCE, "the reader does not find the holder's patients");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

/// Resident memory of a node that does nothing, with the data of the demo's largest facility.
pub fn idle_bytes(program: &Path, root: &Path) -> u64 {
    let data = root.join("demo");
    let mut node = Node::found(program, root, ("idle", "9903100025", "hospital"));
    let made = node.ask(&["demo-data", "--to", data.to_str().expect("a path of ours"), "--deviations", "0"]);
    let facilities = made["facilities"].as_array().expect("a list of facilities");
    let files = |facility: &Value| facility["summary"]["standard"]["files"].as_u64().unwrap_or(0);
    let largest = facilities.iter().max_by_key(|facility| files(facility)).expect("a facility");
    node.run();
    node.join_network("見本");
    node.ask(&["feed", "add", largest["path"].as_str().expect("a path"), "--scan-interval-s", "86400"]);
    node.ask(&["feed", "scan"]);
    node.stop();
    node.run();
    std::thread::sleep(SETTLING);
    number(&node.ask(&["doctor", "--sizes"])["resident_bytes"])
}

fn accord(root: &Path, reader: &Node, holder: &Node) {
    let file = |name: &str| root.join(name).to_str().expect("a path of ours").to_owned();
    let (charter, draft, signed) = (file("holder.charter"), file("draft.accord"), file("signed.accord"));
    holder.ask(&["accord", "charter", "--out", &charter]);
    let mut propose = vec!["accord", "propose", "--partner", &charter, "--clause", "both:*", "--out", &draft];
    for address in reader.addresses.iter().chain(&holder.addresses) {
        propose.extend(["--contact", address]);
    }
    let id = reader.ask(&reader.signed(&propose))["id"].as_str().expect("the accord's id").to_owned();
    holder.ask(&["accord", "import", &draft]);
    holder.ask(&holder.signed(&["accord", "sign", &id]));
    holder.ask(&["accord", "export", &id, "--out", &signed]);
    reader.ask(&["accord", "import", &signed]);
}

impl Node {
    fn found(program: &Path, root: &Path, (name, digits, class): (&str, &str, &str)) -> Self {
        let folder = root.join(name);
        let shares = [1, 2].map(|number| root.join(format!("{name}-{number}.share"))).to_vec();
        let node = Self { program: program.to_owned(), folder, shares, child: None, addresses: Vec::new() };
        let authority = format!("1.2.392.100495.20.3.51.1{digits}");
        node.ask(&["setup", "--id", digits, "--name", name, "--class", class, "--authority", &authority]);
        let config = node.folder.join("musubi.toml");
        let text = std::fs::read_to_string(&config).expect("setup wrote it") + CONFIG;
        std::fs::write(config, text).expect("our own folder");
        node
    }
    fn run(&mut self) {
        let ready = self.folder.join("ready");
        let log = std::fs::File::create(self.folder.join("run.log")).expect("our own folder");
        let child = self
            .command(&["run", "--ready-file", ready.to_str().expect("a path of ours")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.child = Some(child.expect("the node starts"));
        let begun = Instant::now();
        let text = loop {
            match std::fs::read_to_string(&ready) {
                Ok(text) => break text,
                Err(_) => assert!(begun.elapsed() < PATIENCE, "the node does not get ready; see its run.log"),
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let ready: Value = serde_json::from_str(&text).expect("JSON");
        let addresses = ready["addresses"].as_array().into_iter().flatten();
        let with_peer = |address: &Value| {
            let address = address.as_str().unwrap_or_default().to_owned();
            let id = format!("/p2p/{}", ready["peer_id"].as_str().unwrap_or_default());
            if address.contains("/p2p/") { address } else { address + &id }
        };
        self.addresses = addresses.map(with_peer).collect();
    }
    fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
            // It could not take its own away.
            let _ = std::fs::remove_file(self.folder.join("ready"));
        }
    }
    fn join_network(&self, network: &str) {
        let mut draft = vec!["founders".to_owned(), "draft".to_owned(), network.to_owned()];
        for (number, share) in self.shares.iter().enumerate() {
            let made =
                self.ask(&["founders", "share", &format!("{number}"), "--to", share.to_str().expect("a path of ours")]);
            draft.extend(["--founder".to_owned(), made["public"].as_str().expect("a line").to_owned()]);
        }
        self.ask(&self.signed(&draft));
        self.ask(&self.signed(&["admit", "own"]));
    }
    /// With both founders' shares.
    fn signed<S: AsRef<str>>(&self, arguments: &[S]) -> Vec<String> {
        let mut out: Vec<String> = arguments.iter().map(|argument| argument.as_ref().to_owned()).collect();
        for share in &self.shares {
            out.extend(["--share".to_owned(), share.to_str().expect("a path of ours").to_owned()]);
        }
        out
    }
    fn patient(&self, chart: Chart) -> String {
        let found = self.ask(&["patient", "find", &chart.number()]);
        found["patients"][0]["patient"].as_str().expect("a patient of the storage").to_owned()
    }
    fn command<S: AsRef<str>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--folder").arg(&self.folder).arg("--json");
        command.args(arguments.iter().map(AsRef::as_ref));
        command
    }
    /// One command, which must succeed.
    fn ask<S: AsRef<str>>(&self, arguments: &[S]) -> Value {
        let output = self.command(arguments).output().expect("the program starts");
        let text = String::from_utf8_lossy(&output.stdout);
        let words: Vec<&str> = arguments.iter().map(AsRef::as_ref).take(3).collect();
        assert!(output.status.success(), "{words:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }
    /// One request over the control socket: length, then JSON.
    fn call(&self, request: &Value) -> Value {
        let mut socket = UnixStream::connect(self.folder.join("control.sock")).expect("the node runs");
        let bytes = request.to_string().into_bytes();
        let length = u32::try_from(bytes.len()).expect("a short request");
        socket.write_all(&[&length.to_be_bytes(), bytes.as_slice()].concat()).expect("the node reads");
        loop {
            let mut length = [0; 4];
            socket.read_exact(&mut length).expect("the node answers");
            let mut frame = vec![0; u32::from_be_bytes(length) as usize];
            socket.read_exact(&mut frame).expect("the node answers");
            let frame: Value = serde_json::from_slice(&frame).expect("JSON");
            if let Some(done) = frame.get("Done") {
                return done["json"].clone();
            }
            assert!(frame.get("Progress").is_some(), "refused: {frame}");
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A reply without its long lists.
fn said(reply: &Value) -> String {
    reply["rows"].as_array().into_iter().flatten().map(|row| format!("{} {}", row["status"], row["clause"])).collect()
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number in the answer")
}

/// Loopback, no page, and no waiting for the usual rhythm of a network before the first fetch.
const CONFIG: &str = "
[portal]
listen = \"off\"
[peer]
listen = [\"/ip4/127.0.0.1/udp/0/quic-v1\", \"/ip4/127.0.0.1/tcp/0\"]
relay = \"off\"
[limits]
publish_interval_ms = 500
[log]
level = \"warn\"
";
/// Longest wait for something that must happen.
const PATIENCE: Duration = Duration::from_secs(120);
/// After its start a node reads its index and publishes; then it is idle.
const SETTLING: Duration = Duration::from_secs(5);
