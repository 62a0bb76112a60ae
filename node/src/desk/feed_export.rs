use super::Tell;
use super::feeds::KNOWN_ROOTS;
use super::state::Desk;
use super::words;
use crate::control::{FeedExport, Progress, Reply};
use crate::failure::Failure;
use serde_json::json;
use service::ingest::{ExportError, ExportPart, ExportReport, Feed, WithQuarantine};
use std::path::{Path, PathBuf};

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::NotEmpty(_) | ExportError::WithinFeed(_) => Self::usage(error),
            ExportError::Running(_) | ExportError::Stopped => Self::refused(error),
            ExportError::Target { .. } => {
                Self::store(error).next("give that folder room and its rights, then type the same command again")
            }
            ExportError::Store(_) => Self::store(error).next("`musubi doctor` says what is wrong with the store"),
        }
    }
}

/// Writes what feeds brought into a folder, as an SS-MIX2 storage.
pub fn export(desk: &Desk, asked: &FeedExport, tell: Tell<'_>) -> Result<Reply, Failure> {
    let parts = parts(desk, asked)?;
    let quarantine = if asked.with_quarantine { WithQuarantine::Yes } else { WithQuarantine::No };
    let mut told = |progress: service::ingest::ExportProgress| {
        tell(Progress { what: "writing storages".into(), done: progress.files, total: progress.of });
    };
    let report = desk.ingest().export(&parts, Path::new(&asked.to), quarantine, &mut told)?;
    Ok(reply(&asked.to, &parts, &report))
}

/// The feeds that brought something, whether their folders are there now or not, each with its place in the export.
fn parts(desk: &Desk, asked: &FeedExport) -> Result<Vec<ExportPart>, Failure> {
    let facility = asked.facility.as_deref().map(|text| words::own_facility(desk, Some(text))).transpose()?;
    let mut all = Vec::new();
    for owner in desk.config().facilities {
        for feed in owner.feeds.iter().filter(|_| facility.as_ref().is_none_or(|wanted| *wanted == owner.id)) {
            let found = KNOWN_ROOTS.map(|(suffix, root)| {
                let part = |root: PathBuf, below: &[&str]| ExportPart {
                    feed: Feed {
                        name: format!("{}{suffix}", feed.name),
                        root,
                        facility: owner.id.clone(),
                        authority: owner.authority.clone(),
                    },
                    below: [owner.id.as_str(), &feed.name].iter().chain(below).collect(),
                };
                let whole = part(feed.path.clone(), &[]);
                let split = part(feed.path.join(root), &[root]);
                desk.ingest().last_report(&whole.feed).map(|_| (whole, split))
            });
            let is_split = found[1].is_some() || KNOWN_ROOTS.iter().any(|(_, root)| feed.path.join(root).is_dir());
            all.extend(found.into_iter().flatten().map(|(whole, split)| if is_split { split } else { whole }));
        }
    }
    let names: Vec<String> = all.iter().map(|part| part.feed.name.clone()).collect();
    if let Some(wanted) = &asked.feed {
        all.retain(|part| part.feed.name == *wanted || part.feed.name.strip_suffix("-extended") == Some(wanted));
    }
    match (all.is_empty(), &asked.feed) {
        (false, _) => Ok(all),
        (true, Some(wanted)) if !names.is_empty() => {
            Err(Failure::usage(format!("no feed that brought something is named {wanted:?}"))
                .next(format!("feeds are: {}", names.join(", "))))
        }
        (true, _) => Err(Failure::refused("no feed has brought anything yet")
            .next("`musubi feed add PATH` adds one, `musubi feed scan` takes it in")),
    }
}

fn reply(to: &str, parts: &[ExportPart], report: &ExportReport) -> Reply {
    let left_out = report.left_out.values().sum::<u64>();
    let mut text = format!("{} files, {} bytes in {to}, each as it came in", report.files, report.bytes);
    let also = [
        (report.same, "were there already"),
        (report.from_quarantine, "are originals out of the quarantine"),
        (report.moved, "are earlier versions that lie under another name"),
        (report.removed, "of an earlier export were removed"),
    ];
    for (count, what) in also.into_iter().filter(|(count, _)| *count > 0) {
        text.push_str(&format!("\n  {count} {what}"));
    }
    for (why, count) in &report.left_out {
        text.push_str(&format!("\n  left out {count}: {why}"));
    }
    text.push_str(&format!("\nEach of these is named in {}", report.list.display()));
    text.push_str("\nThe folder holds records in plain: keep it as you keep the storage itself. `sha256sum -c musubi-export/SHA256SUMS` in it checks every file");
    if report.damaged > 0 {
        text.push_str(&format!(
            "\n{} files could not be given back as they came: `musubi doctor` says what is wrong with the store",
            report.damaged
        ));
    }
    let places: Vec<_> = parts
        .iter()
        .map(|part| {
            json!({ "facility": part.feed.facility.to_string(), "name": part.feed.name, "below": part.below.display().to_string() })
        })
        .collect();
    let json = json!({
        "to": to, "feeds": places, "files": report.files, "bytes": report.bytes, "same": report.same, "moved": report.moved,
        "from_quarantine": report.from_quarantine, "removed": report.removed, "left_out": left_out,
        "left_out_by_reason": report.left_out, "damaged": report.damaged, "report": report.list.display().to_string(),
        "took_ms": u64::try_from(report.took.as_millis()).unwrap_or(u64::MAX),
    });
    Reply::new(json, text).exit(u8::from(report.damaged > 0))
}
