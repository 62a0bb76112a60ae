//! Our side: the node's own code in a process of its own, with a new store; it tells what it did in one line.
use crate::tree::{PARTS, Tree};
use protocol::ids::{AuthorityId, FacilityId};
use serde_json::{Value, json};
use service::clock::SystemClock;
use service::ingest::{Feed, Ingest};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{Store, StoreConfig};

/// A node's folder, and the storage that it takes in.
pub struct Node {
    pub folder: PathBuf,
    root: PathBuf,
}

/// What one scan cost.
#[derive(Clone, Copy)]
pub struct Scanned {
    /// From the start of the process to its end.
    pub took: Duration,
    /// Most memory that the process had.
    pub peak_bytes: u64,
    pub seen: u64,
    pub read: u64,
}

impl Node {
    pub fn new(folder: &Path, tree: &Tree) -> Self {
        std::fs::create_dir_all(folder).expect("a folder of ours");
        Self { folder: folder.to_owned(), root: tree.root.clone() }
    }

    /// Takes the storage in, or what changed of it.
    pub fn scan(&self) -> Scanned {
        let (took, told) = self.child(TAKE_IN);
        let number = |name: &str| told[name].as_u64().expect("a number");
        Scanned { took, peak_bytes: number("peak"), seen: number("seen"), read: number("read") }
    }

    /// How long a process takes that opens the store and closes it.
    pub fn open(&self) -> Duration {
        self.child(OPEN).0
    }

    /// Bytes on disk of the journal, the index and the blobs.
    pub fn sizes(&self) -> [u64; 3] {
        ["journal", "db", "blobs"].map(|name| bytes_below(&self.folder.join(name)))
    }

    fn child(&self, word: &str) -> (Duration, Value) {
        let this = std::env::current_exe().expect("this program");
        let begun = Instant::now();
        let output = Command::new(this).arg(word).arg(&self.folder).arg(&self.root).output().expect("it starts");
        let took = begun.elapsed();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{word}: {text}{}", String::from_utf8_lossy(&output.stderr));
        (took, serde_json::from_str(&text).expect("one JSON object"))
    }
}

/// The work of the process. True if these arguments ask for it.
pub fn serve(arguments: &[String]) -> bool {
    let [word, folder, root] = arguments else { return false };
    let (store, _) = match word.as_str() {
        TAKE_IN | OPEN => Store::open(Path::new(folder), StoreConfig::new([7; 32])).expect("a store"),
        _ => return false,
    };
    let (mut seen, mut read) = (0, 0);
    if word == TAKE_IN {
        let store = Arc::new(store);
        let ingest = Ingest::new(store.clone(), Arc::new(SystemClock::new(None)), Path::new(folder));
        for part in PARTS.into_iter().filter(|part| Path::new(root).join(part).is_dir()) {
            let report = ingest.scan(&feed(part, &Path::new(root).join(part)), &mut |_| {}).expect("a scan");
            assert!(report.adds_up(), "{report:?}");
            seen += report.seen;
            read += report.read;
        }
        store.close();
    }
    println!("{}", json!({ "seen": seen, "read": read, "peak": peak() }));
    true
}

fn feed(name: &str, root: &Path) -> Feed {
    Feed {
        name: name.to_owned(),
        root: root.to_owned(),
        facility: FacilityId::parse("9903100017").expect("ten digits"),
        authority: AuthorityId::parse("1.2.392.100495.20.3.51.19903100017").expect("an OID"),
    }
}

/// Most memory that this process had, where the system tells.
fn peak() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()).map_or(0, |kib| kib << 10)
}

fn bytes_below(folder: &Path) -> u64 {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => bytes_below(&entry.path()),
            Ok(data) => data.len(),
            Err(_) => 0,
        })
        .sum()
}

const TAKE_IN: &str = "take-in";
const OPEN: &str = "open";
