//! All measurements, interleaved: whatever else the machine does, every side meets the same of it.
use crate::Plan;
use crate::ours::{Node, Scanned};
use crate::python::Python;
use crate::reads::{self, Reads};
use crate::tree::Tree;
use crate::{hashing, sqlite};
use std::path::Path;
use std::time::Duration;

/// Everything.
pub struct Measured {
    pub files: u64,
    pub bytes: u64,
    pub rounds: usize,
    /// Medians.
    pub ours: Duration,
    pub hashing: Duration,
    pub sqlite: Duration,
    /// Files of it, and the median; or why there is none.
    pub python: Result<(usize, Duration), String>,
    /// Most memory of any scan.
    pub peak_bytes: u64,
    pub sqlite_bytes: u64,
    /// On the last node of the rounds, or on the large one.
    pub large: Large,
}

/// What was measured on one store after its scan.
pub struct Large {
    pub files: u64,
    pub source_bytes: u64,
    pub scan: Scanned,
    pub again: Scanned,
    /// Journal, index, blobs.
    pub sizes: [u64; 3],
    pub open: Duration,
    pub reads: Reads,
}

/// Sets up, measures, takes down.
pub fn all(plan: &Plan, folder: &Path) -> Measured {
    eprintln!("writing a storage of {} patients …", plan.patients);
    let tree = Tree::make(&folder.join("tree"), plan.patients);
    let python = Python::set_up(folder);
    if let Err(why) = &python {
        eprintln!("  without Python: {why}");
    }
    // Once unmeasured: the files are in memory.
    hashing::run(&tree);
    let (mut ours, mut hashed, mut imported, mut parsed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut last, mut peak_bytes, mut sqlite_bytes) = (None, 0, 0);
    for round in 1..=plan.rounds {
        let node = Node::new(&folder.join(format!("node-{round}")), &tree);
        hashed.push(hashing::run(&tree));
        let scanned = node.scan();
        let (took, bytes) = sqlite::run(&tree, &folder.join(format!("sqlite-{round}")));
        imported.push(took);
        sqlite_bytes = bytes;
        if let Ok(python) = &python {
            parsed.push(python.run(&tree, PYTHON_FILES));
        }
        eprintln!(
            "  round {round}: ours {:?}, hashing {:?}, SQLite {took:?}, Python {:?}",
            scanned.took,
            hashed.last(),
            parsed.last()
        );
        assert_eq!(scanned.seen, tree.files.len() as u64, "every file was seen");
        peak_bytes = peak_bytes.max(scanned.peak_bytes);
        ours.push(scanned.took);
        last = Some((node, scanned));
    }
    let (files, bytes, (node, scan)) = (tree.files.len() as u64, tree.bytes, last.expect("a round"));
    let large = match plan.large {
        0 => after(&node, scan, &tree),
        patients => {
            eprintln!("writing a storage of {patients} patients …");
            let tree = Tree::make(&folder.join("large"), patients);
            let node = Node::new(&folder.join("node-large"), &tree);
            eprintln!("  {} files; taking them in …", tree.files.len());
            let scan = node.scan();
            peak_bytes = peak_bytes.max(scan.peak_bytes);
            after(&node, scan, &tree)
        }
    };
    Measured {
        files,
        bytes,
        rounds: plan.rounds,
        ours: median(ours),
        hashing: median(hashed),
        sqlite: median(imported),
        python: python
            .map(|_| (parsed.first().map_or(0, |run| run.0), median(parsed.iter().map(|run| run.1).collect()))),
        peak_bytes,
        sqlite_bytes,
        large,
    }
}

fn after(node: &Node, scan: Scanned, tree: &Tree) -> Large {
    let sizes = node.sizes();
    let again = node.scan();
    assert_eq!(again.read, 0, "a scan of an unchanged storage opens no file");
    node.open();
    let open = median((0..OPENS).map(|_| node.open()).collect());
    let reads = reads::run(&node.folder);
    Large { files: tree.files.len() as u64, source_bytes: tree.bytes, scan, again, sizes, open, reads }
}

/// The middle one.
fn median(mut list: Vec<Duration>) -> Duration {
    list.sort();
    list.get(list.len() / 2).copied().unwrap_or_default()
}

/// Files that Python parses; more take minutes and change nothing.
const PYTHON_FILES: usize = 5_000;
/// Openings of the store.
const OPENS: usize = 3;
