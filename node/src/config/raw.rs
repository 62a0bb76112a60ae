use super::check::{Config, check};
use super::preset::Preset;
use super::unknown;
use figment::Figment;
use figment::providers::{Env, Format, Toml};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Name of the configuration file in a node's folder.
pub const FILE: &str = "musubi.toml";

/// What the file and the environment say.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Raw {
    pub preset: Preset,
    pub name: Option<String>,
    pub facility: Vec<RawFacility>,
    pub portal: RawPortal,
    pub peer: RawPeer,
    pub limits: RawLimits,
    pub log: RawLog,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RawFacility {
    pub id: String,
    pub name: String,
    pub class: String,
    pub authority: String,
    pub feed: Vec<RawFeed>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RawFeed {
    pub name: Option<String>,
    pub kind: String,
    pub path: String,
    pub transactions: Option<String>,
    pub scan_interval_s: Option<u64>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RawPortal {
    pub listen: Option<String>,
    pub language: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RawPeer {
    pub listen: Vec<String>,
    pub announce: Vec<String>,
    pub bootstrap: Vec<String>,
    pub relay: Option<RawRelay>,
    pub serve_relay: Option<bool>,
    pub quic: Option<bool>,
    pub tcp: Option<bool>,
    pub mdns: Option<bool>,
}

/// `"auto"`, `"off"` or addresses.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RawRelay {
    Word(String),
    Addresses(Vec<String>),
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RawLimits {
    pub cache_mib: Option<u64>,
    pub connections_max: Option<u64>,
    pub sync_interval_ms: Option<u64>,
    pub checkpoint_interval_ms: Option<u64>,
    pub publish_interval_ms: Option<u64>,
    pub dial_wait_ms: Option<u64>,
    pub join_retry_ms: Option<u64>,
    pub requests_per_hour: Option<u64>,
    pub emergency_review_ms: Option<u64>,
    pub emergency_lapse_ms: Option<u64>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RawLog {
    pub level: Option<String>,
    pub to: Option<String>,
}

/// Why a configuration cannot be used. Nothing was started or changed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is no such file.
    #[error("{}: there is no configuration here", .0.display())]
    Missing(PathBuf),
    /// The file cannot be read or written.
    #[error("{}: {why}", path.display())]
    Disk {
        /// Which file.
        path: PathBuf,
        /// In the words of the operating system.
        why: String,
    },
    /// The text is no TOML, or a value has another type.
    #[error("the configuration cannot be read: {0}")]
    Form(String),
    /// A key that nothing reads.
    #[error("`{key}` is no configuration key{}", nearest.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    Unknown {
        /// As it was written.
        key: String,
        /// The nearest key there is.
        nearest: Option<String>,
    },
    /// A value out of its range.
    #[error("`{key}` is {value:?}, but must be {range}")]
    Value {
        /// Which key.
        key: String,
        /// As it was written.
        value: String,
        /// What it may be.
        range: String,
    },
    /// Two facilities with one number.
    #[error("facility {0} is in the configuration twice")]
    Twice(String),
    /// No facility of that number.
    #[error("no facility {0:?} in the configuration")]
    NoFacility(String),
}

/// Reads `FOLDER/musubi.toml` and the `MUSUBI_…` variables over it.
///
/// # Errors
/// [`ConfigError`].
pub fn load(folder: &Path) -> Result<Config, ConfigError> {
    // MUSUBI_FOLDER, MUSUBI_STAFF and MUSUBI_ROLE belong to the command line.
    load_with(folder, Figment::from(Env::prefixed("MUSUBI_").ignore(&["folder", "staff", "role"]).split("__")))
}

/// As [`load`], with other values over the file than those of the environment.
///
/// # Errors
/// [`ConfigError`].
pub fn load_with(folder: &Path, over: Figment) -> Result<Config, ConfigError> {
    let path = folder.join(FILE);
    let text = std::fs::read_to_string(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => ConfigError::Missing(path.clone()),
        _ => ConfigError::Disk { path: path.clone(), why: error.to_string() },
    })?;
    parse(&text, over)
}

/// Reads a text and the values over it.
///
/// # Errors
/// [`ConfigError`].
pub fn parse(text: &str, over: Figment) -> Result<Config, ConfigError> {
    let figment = Figment::from(Toml::string(text)).merge(over);
    let form = |error: figment::Error| ConfigError::Form(error.to_string());
    let tree: serde_json::Value = figment.extract().map_err(form)?;
    unknown::check(&tree)?;
    check(figment.extract::<Raw>().map_err(form)?)
}
