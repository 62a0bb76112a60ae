use super::call::Call;
use super::house::House;
use super::limits::SHOWN_LINES;
use super::node::{Listen, Node};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The folder of one test, with everything in it: homes, nodes, storages, founders' shares.
///
/// When the test fails, the last lines of every node's output and the command that replays it are printed. With
/// `MUSUBI_E2E_KEEP` set the folder stays.
pub struct Cluster {
    folder: Option<TempDir>,
    path: PathBuf,
    replay: String,
}

impl Cluster {
    /// An empty town for the test `name` of the file `file`.
    ///
    /// # Panics
    /// If there is no place for temporary files.
    pub fn new(file: &str, name: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("musubi-e2e-").tempdir().expect("a place for temporary files");
        let path = folder.path().canonicalize().expect("the folder was just made");
        let town = Self {
            folder: Some(folder),
            path,
            replay: format!("cargo build -p musubi && cargo test -p e2e --test {file} -- --exact {name} --nocapture"),
        };
        std::fs::create_dir(town.file("home")).expect("the folder is ours");
        town
    }
    /// The same test with chance in it.
    ///
    /// # Panics
    /// As [`Cluster::new`], and if `MUSUBI_E2E_SEED` is no number.
    pub fn with_seed(file: &str, name: &str, seed: u64) -> (Self, u64) {
        let seed = match std::env::var("MUSUBI_E2E_SEED") {
            Ok(text) => text.parse().expect("MUSUBI_E2E_SEED is a number"),
            Err(_) => seed,
        };
        let mut town = Self::new(file, name);
        town.replay = format!("MUSUBI_E2E_SEED={seed} {}", town.replay);
        (town, seed)
    }
    /// The town's folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
    /// A file or folder of the town.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
    /// A command that needs no node.
    pub fn musubi<A: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Call {
        Call::new(&self.file("home")).args(args)
    }
    /// Sets a node up, and writes into its configuration how it is reached. It does not run yet.
    pub fn set_up(&self, house: House, listen: Listen) -> Node {
        Node::set_up(&self.path, house, listen)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let keep = std::env::var_os("MUSUBI_E2E_KEEP").is_some();
        if std::thread::panicking() {
            show_outputs(&self.path);
            eprintln!("\nTo replay: {}", self.replay);
        }
        if keep && let Some(folder) = self.folder.take() {
            eprintln!("Everything is in {}", folder.keep().display());
        }
    }
}

/// What nodes wrote to their consoles, and their logs.
fn show_outputs(path: &Path) {
    let list =
        |folder: &Path| folder.read_dir().into_iter().flatten().flatten().map(|entry| entry.path()).collect::<Vec<_>>();
    let mut files = list(path);
    files.extend(list(path).iter().flat_map(|node| list(&node.join("log"))));
    files.retain(|file| {
        file.is_file()
            && (file.extension().is_some_and(|end| end == "out") || file.parent().is_some_and(|up| up.ends_with("log")))
    });
    files.sort();
    for file in files {
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap_or_default()).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        if !lines.is_empty() {
            eprintln!("\n--- {} ---", file.strip_prefix(path).unwrap_or(&file).display());
            lines[lines.len().saturating_sub(SHOWN_LINES)..].iter().for_each(|line| eprintln!("{line}"));
        }
    }
}
