use super::state::Desk;
use crate::control::Reply;
use crate::failure::Failure;
use protocol::time::DAY_MS;
use serde_json::json;
use std::path::Path;

/// Saves the keys of all patients into a file of their own.
pub fn back_up(desk: &Desk, to: &str, days: u64) -> Result<Reply, Failure> {
    let (store, now) = (desk.service().store(), desk.service().now());
    let backup = store.back_up_keys(Path::new(to), now, days.saturating_mul(DAY_MS)).map_err(Failure::store)?;
    let (path, until) = (backup.path.display().to_string(), backup.expires.date_jst());
    let text = format!(
        "Written to {path}; it can be restored until {until}. Keep it apart from other backups, and delete every copy of it by \
         then: it may hold keys of patients who are erased meanwhile. Expired ones removed here: {}.",
        backup.removed
    );
    let json = json!({ "file": path, "expires": backup.expires.0, "slots": backup.slots, "removed": backup.removed });
    Ok(Reply::new(json, text))
}
