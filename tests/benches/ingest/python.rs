//! A Python library for HL7 v2 that parses the same messages: decoded, split into segments, fields and components, stored nowhere.
use crate::tree::Tree;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// A Python with the library, in a folder of its own.
pub struct Python {
    program: PathBuf,
}

impl Python {
    /// Makes it.
    ///
    /// # Errors
    /// Why there is none here: no Python, or the package cannot be had.
    pub fn set_up(folder: &Path) -> Result<Self, String> {
        let venv = folder.join("python");
        let quiet = |command: &mut Command| {
            let ended = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
            ended.is_ok_and(|status| status.success())
        };
        if !quiet(Command::new("python3").args(["-m", "venv"]).arg(&venv)) {
            return Err("python3 with its module venv is not here".into());
        }
        let program = venv.join("bin/python");
        if !quiet(Command::new(&program).args(["-m", "pip", "install", "--quiet", PACKAGE])) {
            return Err(format!("{PACKAGE} could not be installed from PyPI"));
        }
        Ok(Self { program })
    }

    /// Parses as many files as asked for, or all; gives how many there were and how long it took, without Python's start.
    pub fn run(&self, tree: &Tree, limit: usize) -> (usize, Duration) {
        let messages = tree.files.iter().filter(|(at, _)| at.components().any(|part| part.as_os_str() == "standard"));
        let list: Vec<String> = messages.take(limit).map(|(at, _)| at.display().to_string()).collect();
        let mut child = Command::new(&self.program)
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let mut input = child.stdin.take().expect("a pipe");
        input.write_all(list.join("\n").as_bytes()).expect("Python reads");
        drop(input);
        let output = child.wait_with_output().expect("Python ends");
        let seconds: f64 = String::from_utf8_lossy(&output.stdout).trim().parse().expect("seconds");
        (list.len(), Duration::from_secs_f64(seconds))
    }
}

/// The library, at the release that the figures were taken with.
pub const PACKAGE: &str = "hl7==0.4.5";
const SCRIPT: &str = "
import sys, time, hl7
paths = sys.stdin.read().split('\\n')
begun = time.perf_counter()
for path in paths:
    with open(path, 'rb') as file:
        text = file.read().decode('iso2022_jp', 'replace').replace('\\r\\n', '\\r').replace('\\n', '\\r')
    try:
        hl7.parse(text)
    except Exception:
        pass
print(time.perf_counter() - begun)
";
