use super::handle::Tell;
use super::show::when as shown;
use super::state::Desk;
use crate::care::{Care, Deed};
use crate::control::{Progress, Reply};
use crate::failure::Failure;
use protocol::time::{DAY_MS, Millis};
use serde_json::{Map, Value, json};
use service::health::Light;
use std::path::Path;
use store::VerifyReport;

/// Reads everything that is kept, while the node runs.
pub fn verify(desk: &Desk, tell: Tell<'_>) -> Reply {
    let mut bytes = 0;
    let report = desk.service().store().verify_paced(&mut |read| {
        let before = bytes / TOLD_BYTES;
        bytes += read;
        if bytes / TOLD_BYTES > before {
            tell(Progress { what: "MiB read".into(), done: bytes >> 20, total: None });
        }
        true
    });
    Care::note(desk.folder(), |care| care.verified = Some(Deed::of_check(desk.service().now(), &report)));
    Verified(&report).reply()
}

/// Makes a snapshot and drops what enough snapshots cover.
pub fn snapshot(desk: &Desk) -> Result<Reply, Failure> {
    let done = desk.service().store().compact(&mut |_| true);
    let done = done.map_err(|error| Failure::store(error).next("`musubi store verify` names what is damaged"))?;
    let text = format!(
        "Snapshot of frame {}: {} pairs, {} bytes. Dropped: {} segments of the journal ({} bytes), {} older snapshots.",
        done.position, done.pairs, done.bytes, done.dropped_segments, done.dropped_bytes, done.dropped_snapshots
    );
    let json = json!({
        "frame": done.position, "pairs": done.pairs, "bytes": done.bytes, "dropped_segments": done.dropped_segments,
        "dropped_bytes": done.dropped_bytes, "dropped_snapshots": done.dropped_snapshots,
    });
    Ok(Reply::new(json, text))
}

/// Copies what is new to a folder.
pub fn backup(desk: &Desk, to: &str, tell: Tell<'_>) -> Result<Reply, Failure> {
    let now = desk.service().now();
    let mut last = 0;
    let done = desk.service().store().backup(Path::new(to), now.0, &mut |done, total| {
        if done == 0 || done * 100 / total.max(1) > last {
            last = done * 100 / total.max(1);
            tell(Progress { what: "files".into(), done, total: Some(total) });
        }
        true
    });
    let done = match done {
        Ok(done) => done,
        Err(error) => {
            let deed = Deed { at: desk.service().now(), ok: false, frame: 0, text: error.to_string() };
            Care::note(desk.folder(), |care| care.backed_up = Some(deed));
            return Err(store_words::backup_failure(error));
        }
    };
    let ok = done.problems.is_empty();
    let deed = Deed { at: desk.service().now(), ok, frame: done.position, text: done.problems.join("; ") };
    Care::note(desk.folder(), |care| care.backed_up = Some(deed));
    let mut text = format!(
        "Backed up to {to}: everything up to frame {}, {} files ({} bytes), of which {} were copied now ({} bytes).\n\
         Keys are not in it: keep a copy of keys/ elsewhere.",
        done.position, done.files, done.bytes, done.copied_files, done.copied_bytes
    );
    for problem in &done.problems {
        text.push_str(&format!("\nNot taken: {problem}"));
    }
    let json = json!({
        "ok": ok, "frame": done.position, "files": done.files, "bytes": done.bytes, "copied_files": done.copied_files,
        "copied_bytes": done.copied_bytes, "problems": done.problems,
    });
    Ok(Reply::new(json, text).exit(u8::from(!ok)))
}

/// What a check found, for scripts and people.
pub struct Verified<'a>(pub &'a VerifyReport);

impl Verified<'_> {
    /// With exit code 1 where something is damaged.
    pub fn reply(&self) -> Reply {
        let report = self.0;
        let damages: Vec<Value> = report
            .damages
            .iter()
            .map(|damage| {
                json!({
                    "part": damage.part.word(), "file": damage.file, "byte": damage.byte, "what": damage.what, "remedy": damage.remedy,
                })
            })
            .collect();
        let keys: Map<String, Value> =
            report.keys.iter().map(|(space, keys)| (space.name().to_owned(), json!(keys))).collect();
        let json = json!({
            "ok": report.is_sound(), "frame": report.head, "snapshots": report.snapshots, "segments": report.segments,
            "frames": report.frames, "journal_bytes": report.journal_bytes, "keys": keys, "blobs": report.blobs,
            "blob_bytes": report.blob_bytes, "unnamed_blobs": report.unnamed_blobs, "log_events": report.log_events,
            "healed": report.healed, "not_checked": report.not_checked, "damages": damages,
        });
        let mut lines = vec![format!(
            "Read {} snapshots, {} segments of the journal ({} frames), {} keys of the index, {} large values, {} events of the audit log.",
            report.snapshots,
            report.segments,
            report.frames,
            report.keys.iter().map(|(_, keys)| keys).sum::<u64>(),
            report.blobs,
            report.log_events
        )];
        lines.extend(report.healed.iter().map(|line| format!("Put right at the start: {line}")));
        lines.extend(report.not_checked.iter().map(|line| format!("Not checked: {line}")));
        lines.extend(report.damages.iter().map(|damage| format!("DAMAGED: {damage}")));
        lines.push(match report.damages.len() {
            0 => "All is well.".to_owned(),
            count => format!("{count} damages."),
        });
        Reply::new(json, lines.join("\n")).exit(u8::from(!report.is_sound()))
    }
}

/// Lines for the doctor: check, light, what was found, what to do.
pub fn findings(desk: &Desk) -> Vec<(&'static str, Light, String, String)> {
    let mut lines = judge(&Care::load(desk.folder()), desk.service().now());
    // A system that does not tell leaves the line out.
    if let Ok(found) = rustix::fs::statvfs(desk.folder()) {
        lines.insert(0, room(found.f_bavail.saturating_mul(found.f_frsize)));
    }
    lines
}

/// Pure: whether so many free bytes are enough to go on.
fn room(free: u64) -> (&'static str, Light, String, String) {
    let light = match free {
        ..ROOM_BYTES_RED => Light::Red,
        ROOM_BYTES_RED..ROOM_BYTES_AMBER => Light::Amber,
        _ => Light::Green,
    };
    let remedy =
        if light == Light::Green { "" } else { "free some space: a full disk takes no records and no consents" };
    ("room", light, format!("{} MiB are free on the disk of the folder", free >> 20), remedy.into())
}

/// Pure: what is known of the care that the store got.
fn judge(care: &Care, now: Millis) -> Vec<(&'static str, Light, String, String)> {
    let is_old = |deed: &Deed, days: u64| now.0.saturating_sub(deed.at.0) > days * DAY_MS;
    let line = |check, deed: &Option<Deed>, days, never: &str, remedy: &str| match deed {
        None => (check, Light::Amber, never.to_owned(), remedy.to_owned()),
        Some(deed) if !deed.ok => {
            (check, Light::Red, format!("failed at {}: {}", shown(deed.at), deed.text), remedy.to_owned())
        }
        Some(deed) if is_old(deed, days) => {
            (check, Light::Amber, format!("the last one was at {}", shown(deed.at)), remedy.to_owned())
        }
        Some(deed) => (check, Light::Green, format!("at {}, frame {}", shown(deed.at), deed.frame), String::new()),
    };
    let newest = [&care.verified, &care.scrubbed].into_iter().flatten().max_by_key(|deed| deed.at.0).cloned();
    vec![
        line(
            "verify",
            &newest,
            CHECK_DAYS_MAX,
            "the store was not checked yet; a running node does it slowly",
            "`musubi store verify` names all damage and what to do",
        ),
        line(
            "backup",
            &care.backed_up,
            BACKUP_DAYS_MAX,
            "no backup was made yet",
            "`musubi backup --to DIR`, every night (docs/backup.md)",
        ),
        line(
            "drill",
            &care.drill,
            DRILL_DAYS_MAX,
            "no backup was tried out yet",
            "`musubi restore --from DIR --drill`",
        ),
    ]
}

/// For `status`: one line, and for scripts.
pub fn summary(desk: &Desk) -> (String, Value) {
    let care = Care::load(desk.folder());
    let health = desk.service().store().health();
    let scrub = desk.scrub();
    let at = |deed: &Option<Deed>| deed.as_ref().map_or_else(|| "never".to_owned(), |deed| shown(deed.at));
    let round = match scrub {
        Some((done, files)) => format!("being checked ({done} of {files} files)"),
        None => format!("checked {}", at(&care.scrubbed)),
    };
    let text = format!("frame {}, {round}, backed up {}", health.position, at(&care.backed_up));
    let json = json!({
        "frame": health.position, "scrub": scrub.map(|(done, files)| json!({ "done": done, "files": files })),
        "scrubbed": care.scrubbed, "verified": care.verified, "backed_up": care.backed_up, "drill": care.drill,
    });
    (text, json)
}

/// Errors of the store as failures, with their exit codes.
pub mod store_words {
    use crate::failure::Failure;
    use protocol::time::Millis;
    use store::{BackupFault, OpenError};

    /// Why a store could not be opened.
    pub fn open_failure(error: OpenError) -> Failure {
        match service::OpenError::Store(error) {
            service::OpenError::Store(OpenError::KeyMissing) => {
                Failure::store(OpenError::KeyMissing).next("copy the folder keys/ back from its backup, then try again")
            }
            other => other.into(),
        }
    }

    /// Why a backup could not be made or used.
    pub fn backup_failure(error: BackupFault) -> Failure {
        match &error {
            BackupFault::None | BackupFault::NotEmpty(_) | BackupFault::OtherStore => Failure::usage(&error),
            BackupFault::Damaged(_) => Failure::store(&error).next("`musubi store verify` names every damage"),
            BackupFault::Stopped => Failure::refused(&error),
            _ => Failure::store(&error),
        }
    }

    /// A moment of a backup.
    pub fn when(at: u64) -> String {
        super::shown(Millis(at))
    }
}

/// Progress is told after so many bytes.
const TOLD_BYTES: u64 = 1 << 20;
/// A check older than this is due again; the running node makes a round a day.
const CHECK_DAYS_MAX: u64 = 31;
/// A backup older than this is no backup any more.
const BACKUP_DAYS_MAX: u64 = 3;
/// A backup that nobody tried for so long is only a hope.
const DRILL_DAYS_MAX: u64 = 92;

/// Room below which the doctor says so: some days of a hospital's records.
const ROOM_BYTES_AMBER: u64 = 1 << 30;
/// Room below which writes are about to fail: the reserves and one snapshot of a small store.
const ROOM_BYTES_RED: u64 = 32 << 20;
const _: () = assert!(ROOM_BYTES_RED < ROOM_BYTES_AMBER);

#[cfg(test)]
mod tests {
    use super::*;

    fn deed(day: u64, ok: bool) -> Option<Deed> {
        Some(Deed { at: Millis(day * DAY_MS), ok, frame: 7, text: "it broke".into() })
    }

    #[track_caller]
    fn check(care: &Care, day: u64, expect: [Light; 3]) {
        let found = judge(care, Millis(day * DAY_MS));
        assert_eq!(found.iter().map(|line| line.1).collect::<Vec<_>>(), expect, "{found:?}");
        assert!(found.iter().all(|line| (line.1 == Light::Green) == line.3.is_empty()), "all but green has a remedy");
    }

    #[test]
    fn a_disk_with_little_room_is_told_before_it_is_full() {
        for (free, expect) in [
            (0, Light::Red),
            (ROOM_BYTES_RED - 1, Light::Red),
            (ROOM_BYTES_RED, Light::Amber),
            (ROOM_BYTES_AMBER - 1, Light::Amber),
            (ROOM_BYTES_AMBER, Light::Green),
        ] {
            let found = room(free);
            assert_eq!(found.1, expect, "{found:?}");
            assert_eq!(found.3.is_empty(), expect == Light::Green);
        }
    }
    #[test]
    fn nothing_known_is_amber() {
        check(&Care::default(), 1_000, [Light::Amber; 3]);
    }
    #[test]
    fn fresh_is_green_old_is_amber_failed_is_red() {
        let care = Care {
            verified: deed(1_000, true),
            backed_up: deed(1_000, true),
            drill: deed(1_000, true),
            scrubbed: None,
        };
        check(&care, 1_001, [Light::Green; 3]);
        check(&care, 1_004, [Light::Green, Light::Amber, Light::Green]);
        check(&care, 1_200, [Light::Amber; 3]);
        let failed = Care { backed_up: deed(1_000, false), ..care.clone() };
        check(&failed, 1_001, [Light::Green, Light::Red, Light::Green]);
        // The newest check counts.
        let healed = Care { scrubbed: deed(999, false), ..care };
        check(&healed, 1_001, [Light::Green; 3]);
    }
}
