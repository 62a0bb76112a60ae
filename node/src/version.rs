//! What this program is.
use crate::control::Reply;
use protocol::limits::{WIRE_VERSION, WIRE_VERSION_MIN};
use serde_json::json;

/// Program and protocol versions.
pub fn reply() -> Reply {
    let version = env!("CARGO_PKG_VERSION");
    let json = json!({ "musubi": version, "wire": { "newest": WIRE_VERSION, "oldest": WIRE_VERSION_MIN } });
    Reply::new(json, format!("musubi {version}\nwire {WIRE_VERSION_MIN}..={WIRE_VERSION}"))
}
