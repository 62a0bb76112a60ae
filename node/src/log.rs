//! The log of a running node: one line per event that a clerk would recognise, never anything of a patient.
use crate::config::{Config, LogTo};
use crate::failure::Failure;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Starts the log of this process.
///
/// # Errors
/// [`Failure`] if the log's folder cannot be written.
pub fn start(folder: &Path, config: &Config) -> Result<(), Failure> {
    // Other crates' words are kept shorter: what they say at `info` means little to a clerk.
    let others = if matches!(config.log_level.as_str(), "debug" | "trace") { "info" } else { "warn" };
    let own = ["musubi", "service", "store", "peer", "portal", "protocol"];
    let own: Vec<String> = own.iter().map(|name| format!("{name}={}", config.log_level)).collect();
    let filter = EnvFilter::new(format!("{others},{}", own.join(",")));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
    // A second start in one process (tests) keeps the first log.
    let _ = match config.log_to {
        LogTo::Stderr => builder.with_writer(io::stderr).try_init(),
        LogTo::File => {
            let log = folder.join("log");
            let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&log);
            made.map_err(|error| Failure::store(format!("{}: {error}", log.display())))?;
            builder.with_writer(Daily::new(log)).try_init()
        }
    };
    Ok(())
}

/// A file per day (in Japan), and no more than a month of them.
struct Daily {
    folder: PathBuf,
    open: Mutex<Option<(u64, File)>>,
}

impl Daily {
    fn new(folder: PathBuf) -> Self {
        Self { folder, open: Mutex::new(None) }
    }
    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |span| span.as_secs());
        let day = (seconds + 9 * 3_600) / 86_400;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.as_ref().is_none_or(|(of, _)| *of != day) {
            let date = protocol::time::Millis(seconds * 1_000).date_jst();
            let path = self.folder.join(format!("musubi-{date}.log"));
            *open = Some((day, OpenOptions::new().create(true).append(true).mode(0o600).open(path)?));
            self.remove_old();
        }
        match open.as_mut() {
            Some((_, file)) => file.write_all(bytes),
            None => Ok(()),
        }
    }
    fn remove_old(&self) {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return };
        let is_log = |name: &str| name.starts_with("musubi-") && name.ends_with(".log");
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let mut logs: Vec<String> = names.filter(|name| is_log(name)).collect();
        logs.sort();
        for old in logs.iter().rev().skip(FILES_MAX) {
            // Stays until tomorrow then.
            let _ = std::fs::remove_file(self.folder.join(old));
        }
    }
}

impl<'a> MakeWriter<'a> for Daily {
    type Writer = Line<'a>;
    fn make_writer(&'a self) -> Line<'a> {
        Line(self)
    }
}

/// One line on its way.
struct Line<'a>(&'a Daily);

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)?;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Days of log that are kept.
const FILES_MAX: usize = 31;
