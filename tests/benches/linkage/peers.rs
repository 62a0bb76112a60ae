//! The peers, installed from PyPI into a folder of their own, run on the same files in the same minutes.
use std::path::{Path, PathBuf};
use std::process::Command;

/// Python with the peers and FEBRL's package; `None` if they cannot be installed (no network).
pub fn python(folder: &Path) -> Option<PathBuf> {
    let venv = folder.join("venv");
    let python = venv.join("bin/python");
    let ready = venv.join("ready");
    if !ready.is_file() {
        let made = Command::new("python3").args(["-m", "venv"]).arg(&venv).status();
        let packages = ["recordlinkage", "splink==5.*", "anonlink", "clkhash", "setuptools<81"];
        let filled = Command::new(&python).args(["-m", "pip", "install", "-q"]).args(packages).status();
        if !(made.is_ok_and(|s| s.success()) && filled.is_ok_and(|s| s.success())) {
            return None;
        }
        std::fs::write(&ready, "").expect("a mark");
    }
    Some(python)
}

/// Processor seconds, peak MiB and best one-to-one F1 of a peer; `None` if it failed.
pub fn run(python: &Path, peer: &str, set: &Path) -> Option<[f64; 3]> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/benches/linkage/peers.py");
    let output = Command::new(python).arg(script).arg(peer).arg(set).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().unwrap_or("");
    let numbers: Vec<f64> = last.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    if numbers.len() != 3 {
        eprintln!("{peer}: {}", String::from_utf8_lossy(&output.stderr));
    }
    numbers.try_into().ok()
}
