use super::feeds::{KNOWN_ROOTS, parts, publish_pending};
use super::state::Desk;
use service::ingest::{Feed, ScanError};
use std::path::PathBuf;

/// Takes in what the transaction storages tell since the last turn; gives the feeds of which only a walk says what changed.
pub fn follow_all(desk: &Desk) -> Vec<Feed> {
    let mut to_scan = Vec::new();
    let mut is_new = false;
    for (feed, journal) in journals(desk) {
        match desk.ingest().follow(&feed, &journal, &mut |_| {}) {
            Ok(followed) => {
                if followed.changes > 0 {
                    tracing::info!(facility = %feed.facility, feed = %feed.name, changes = followed.changes, added = followed.scan.added, "journal followed");
                }
                is_new |= followed.scan.added > 0;
                to_scan.extend(followed.needs_scan.then_some(feed));
            }
            // Whoever scans it now sees the change too.
            Err(ScanError::Running(_)) => {}
            Err(error) => {
                tracing::warn!(facility = %feed.facility, feed = %feed.name, %error, "journal not followed; the walks go on");
            }
        }
    }
    if is_new && let Err(error) = publish_pending(desk) {
        tracing::debug!(%error, "not published now");
    }
    to_scan
}

/// Every root with a journal beside it. A folder with `standard` and `extended` has one for each.
fn journals(desk: &Desk) -> Vec<(Feed, PathBuf)> {
    let mut all = Vec::new();
    for facility in desk.config().facilities {
        for feed in &facility.feeds {
            let Some(folder) = &feed.transactions else { continue };
            let is_split = KNOWN_ROOTS.iter().any(|(_, name)| folder.join(name).is_dir());
            for (suffix, root) in parts(&feed.path) {
                let below = KNOWN_ROOTS.iter().find(|(known, _)| *known == suffix).map(|(_, name)| folder.join(name));
                let journal = if is_split { below } else { suffix.is_empty().then(|| folder.clone()) };
                let name = format!("{}{suffix}", feed.name);
                let (facility, authority) = (facility.id.clone(), facility.authority.clone());
                all.extend(journal.map(|journal| (Feed { name, root, facility, authority }, journal)));
            }
        }
    }
    all
}
