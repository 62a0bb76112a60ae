use super::Tell;
use super::feed_place::may_become_feed;
use super::show::{table, when};
use super::state::Desk;
use super::words;
use crate::cli::write_whole;
use crate::config::{self, ConfigError, feed_name};
use crate::control::{NewFeed, Progress, Reply};
use crate::failure::Failure;
use protocol::ids::PatientRef;
use serde_json::{Value, json};
use service::WriteError;
use service::ingest::{Feed, Ingest, Quarantined, Retry, ScanError, ScanReport};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

impl From<ScanError> for Failure {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::Store(_) => Self::store(error).next("`musubi doctor` says what is wrong with the store"),
            ScanError::Root { .. } => Self::store(error),
            ScanError::Running(_) | ScanError::Stopped => Self::refused(error),
        }
    }
}

/// Every root of every feed in the configuration, by facility. A folder that holds `standard` or `extended` is each of them.
pub fn roots(desk: &Desk) -> Vec<(Feed, u64)> {
    let mut all = Vec::new();
    for facility in desk.config().facilities {
        for feed in &facility.feeds {
            for (suffix, root) in parts(&feed.path) {
                let feed_root = Feed {
                    name: format!("{}{suffix}", feed.name),
                    root,
                    facility: facility.id.clone(),
                    authority: facility.authority.clone(),
                };
                all.push((feed_root, feed.scan_interval_s));
            }
        }
    }
    all
}

pub(super) fn parts(path: &Path) -> Vec<(&'static str, std::path::PathBuf)> {
    let found: Vec<_> =
        KNOWN_ROOTS.into_iter().map(|(suffix, name)| (suffix, path.join(name))).filter(|(_, at)| at.is_dir()).collect();
    if found.is_empty() { vec![("", path.to_owned())] } else { found }
}

/// Writes a feed into the configuration; a running node scans it at its next turn.
pub fn add(desk: &Desk, new: NewFeed) -> Result<Reply, Failure> {
    let facility = words::own_facility(desk, new.facility.as_deref())?;
    let path = Path::new(&new.path);
    if !path.is_dir() {
        return Err(Failure::usage(format!(
            "{}: there is no such folder, or the node may not read it",
            path.display()
        ))
        .next("check the path and that the share is mounted; the node's account needs read access"));
    }
    let config = desk.config();
    let feeds = config.facilities.iter().find(|f| f.id == facility).map(|f| f.feeds.clone()).unwrap_or_default();
    if feeds.iter().any(|feed| feed.path == path) {
        return Err(Failure::refused(format!("{} is a feed already", path.display()))
            .next("`musubi feed list` shows all feeds"));
    }
    let others: Vec<_> =
        config.facilities.iter().flat_map(|facility| facility.feeds.iter().map(|feed| feed.path.clone())).collect();
    may_become_feed(desk.folder(), &others, path)?;
    if let Some(journal) = new.transactions.as_deref().filter(|journal| !Path::new(journal).is_dir()) {
        return Err(Failure::usage(format!("{journal}: there is no such folder, or the node may not read it"))
            .next("name the folder above the years of the transaction storage, or leave --transactions out"));
    }
    let name = new.name.unwrap_or_else(|| feed_name(feeds.len() + 1));
    let feed = config::Feed {
        name: name.clone(),
        path: path.to_owned(),
        transactions: new.transactions.map(std::path::PathBuf::from),
        scan_interval_s: new.scan_interval_s.unwrap_or(300),
    };
    let file = desk.folder().join(config::FILE);
    let disk = |error: std::io::Error| ConfigError::Disk { path: file.clone(), why: error.to_string() };
    let text = std::fs::read_to_string(&file).map_err(disk)?;
    let text = config::add_feed(&text, &facility, &feed)?;
    config::parse(&text, figment::Figment::new())?;
    write_whole(&file, &text).map_err(disk)?;
    desk.set_config(config::load(desk.folder())?);
    let next = if desk.is_node() { "The node scans it within moments." } else { "`musubi feed scan` takes it in now." };
    let json = json!({ "name": name, "facility": facility.to_string(), "path": new.path, "scan_interval_s": feed.scan_interval_s });
    Ok(Reply::new(json, format!("Feed {name} of {facility}: {}\n{next}", new.path)))
}

/// All sources with what the last scan found.
pub fn list(desk: &Desk) -> Reply {
    let mut rows = Vec::new();
    let mut list = Vec::new();
    for (feed, interval) in roots(desk) {
        let last = desk.ingest().last_report(&feed);
        rows.push(vec![
            feed.name.clone(),
            feed.facility.to_string(),
            feed.root.display().to_string(),
            last.as_ref().map_or_else(|| "never".into(), |last| when(last.began)),
            last.as_ref().map(counts_text).unwrap_or_default(),
        ]);
        list.push(json!({
            "name": feed.name, "facility": feed.facility.to_string(), "path": feed.root.display().to_string(),
            "scan_interval_s": interval, "last": last.as_ref().map(report_json),
        }));
    }
    let text = match rows.is_empty() {
        true => "There is no feed. `musubi feed add PATH` adds one.".to_owned(),
        false => table(&["Name", "Facility", "Path", "Last scan", "Found"], rows),
    };
    Reply::new(json!({ "feeds": list }), text)
}

/// What one scan found, for scripts.
pub fn report_json(report: &ScanReport) -> Value {
    json!({
        "seen": report.seen, "stored": report.stored, "history": report.history, "deleted": report.deleted,
        "quarantined": report.quarantined, "ignored": report.ignored.values().sum::<u64>(), "ignored_by_reason": report.ignored,
        "unchanged": report.unchanged, "read": report.read, "added": report.added, "vanished": report.vanished,
        "unreadable": report.unreadable, "patients": report.patients, "patients_changed": report.patients_changed,
        "began": report.began.0, "took_ms": u64::try_from(report.took.as_millis()).unwrap_or(u64::MAX), "adds_up": report.adds_up(),
    })
}

fn counts_text(report: &ScanReport) -> String {
    format!(
        "{} seen = {} stored + {} history + {} deleted + {} quarantined + {} ignored; {} new",
        report.seen,
        report.stored,
        report.history,
        report.deleted,
        report.quarantined,
        report.ignored.values().sum::<u64>(),
        report.added
    )
}

/// Walks one feed or all.
pub fn scan(desk: &Desk, name: Option<&str>, retry: Retry, tell: Tell<'_>) -> Result<Reply, Failure> {
    let feeds = chosen(desk, name)?;
    let mut reports = Vec::new();
    for feed in &feeds {
        reports.push((feed.clone(), scan_one(desk.ingest(), feed, retry, tell)?));
    }
    desk.service().link_pending()?;
    publish_pending(desk)?;
    Ok(scanned(&reports))
}

/// Tries the quarantined files of one feed again.
///
/// # Errors
/// [`Failure`] if the feed could not be walked.
pub fn retry(desk: &Desk, name: &str) -> Result<(), Failure> {
    scan(desk, Some(name), Retry::Quarantined, &mut |_| {}).map(drop)
}

/// Takes in every feed that is due; used by the running node.
///
/// # Errors
/// [`Failure`] of the first feed that could not be scanned; the others were.
pub fn scan_all(desk: &Desk, feeds: &[Feed]) -> Result<(), Failure> {
    let mut first = Ok(());
    for feed in feeds {
        if let Err(error) = desk.ingest().scan(feed, &mut |_| {}) {
            tracing::warn!(facility = %feed.facility, feed = %feed.name, %error, "feed not scanned");
            first = first.and(Err(error.into()));
        }
    }
    publish_pending(desk)?;
    first
}

/// Links what changed, and a part of all patients if they are linked anew: as much as fits into one turn of the running node,
/// between scans. After a first scan of everything that takes many turns; publishing and the node's end need not wait for it.
pub fn link_some(desk: &Desk) {
    let (service, begun) = (desk.service(), Instant::now());
    let done = (|| {
        while begun.elapsed() < PENDING_TURN {
            if service.link_pending_step()?.is_some() {
                continue;
            }
            if begun.elapsed() >= RUN_TURN || service.link_run_step()?.is_none() {
                break;
            }
        }
        Ok::<_, WriteError>(())
    })();
    if let Err(error) = done {
        tracing::warn!(%error, "patients that changed could not be linked now; it is tried again");
    }
}

/// How long one turn links what changed at most: feeds go on in between, and a node that is told to end waits no longer.
const PENDING_TURN: Duration = Duration::from_secs(2);
/// How long one turn of linking all patients anew takes at most: nobody waits for it.
const RUN_TURN: Duration = Duration::from_millis(250);

fn scan_one(ingest: &Ingest, feed: &Feed, retry: Retry, tell: Tell<'_>) -> Result<ScanReport, Failure> {
    let what = format!("taking in {} of {}", feed.name, feed.facility);
    let mut told = |progress: service::ingest::Progress| {
        tell(Progress { what: what.clone(), done: progress.seen, total: None });
    };
    // The node's own scan of a feed that was just added may be under way: what changed since it looked is found after it.
    loop {
        match ingest.scan_with(feed, retry, &mut told) {
            Err(ScanError::Running(_)) => std::thread::sleep(TURN_POLL),
            done => return Ok(done?),
        }
    }
}

/// How often a scan that waits for another one of its feed looks whether that ended.
const TURN_POLL: Duration = Duration::from_millis(50);

fn chosen(desk: &Desk, name: Option<&str>) -> Result<Vec<Feed>, Failure> {
    let all: Vec<Feed> = roots(desk).into_iter().map(|(feed, _)| feed).collect();
    let extended = |feed: &Feed, name: &str| feed.name.strip_suffix("-extended") == Some(name);
    let chosen: Vec<Feed> =
        all.iter().filter(|feed| name.is_none_or(|name| feed.name == name || extended(feed, name))).cloned().collect();
    if chosen.is_empty() {
        let names: Vec<&str> = all.iter().map(|feed| feed.name.as_str()).collect();
        return Err(match names.is_empty() {
            true => Failure::refused("there is no feed").next("`musubi feed add PATH` adds one"),
            false => Failure::usage(format!("no feed is named {:?}", name.unwrap_or_default()))
                .next(format!("feeds are: {}", names.join(", "))),
        });
    }
    Ok(chosen)
}

fn scanned(reports: &[(Feed, ScanReport)]) -> Reply {
    let lines = reports.iter().map(|(feed, report)| {
        let mut line = format!("{} of {}: {}", feed.name, feed.facility, counts_text(report));
        for (why, count) in &report.ignored {
            line.push_str(&format!("\n  ignored {count}: {why}"));
        }
        if report.quarantined > 0 {
            line.push_str("\n  `musubi feed quarantine` says what could not be read and why");
        }
        line
    });
    let list: Vec<Value> = reports
        .iter()
        .map(|(feed, report)| {
            let mut json = report_json(report);
            json["name"] = json!(feed.name);
            json["facility"] = json!(feed.facility.to_string());
            json
        })
        .collect();
    let all_add_up = reports.iter().all(|(_, report)| report.adds_up());
    let text = lines.collect::<Vec<_>>().join("\n");
    Reply::new(json!({ "feeds": list, "adds_up": all_add_up }), text).exit(u8::from(!all_add_up))
}

/// Publishes what changed; what could not be told now waits for the next time. Gives how many patients were told.
///
/// # Errors
/// [`Failure`] of the Engine or store; nothing is lost.
pub fn publish_pending(desk: &Desk) -> Result<usize, Failure> {
    let outbox = desk.ingest().outbox();
    let mut told = 0;
    let mut after = None;
    loop {
        let page = outbox.pending(after, PUBLISH_PAGE);
        let Some(last) = page.last() else { return Ok(told) };
        after = Some(last.patient);
        let patients: Vec<PatientRef> = page.iter().map(|pending| pending.patient).collect();
        told += desk.service().publish(&patients)?;
        outbox.published(page).map_err(Failure::store)?;
    }
}

/// Reads a folder as a feed would be read, into a store that is thrown away.
pub fn test(desk: &Desk, facility: Option<String>, path: &str, tell: Tell<'_>) -> Result<Reply, Failure> {
    let facility = words::own_facility(desk, facility.as_deref())?;
    let authority = desk.config().facilities.into_iter().find(|f| f.id == facility).map(|f| f.authority);
    let authority = authority.ok_or_else(|| Failure::usage("the facility is not in the configuration"))?;
    let folder = tempfile::tempdir().map_err(|error| Failure::store(format!("no folder for the test: {error}")))?;
    let mut entropy = [0; 32];
    getrandom::fill(&mut entropy).map_err(|error| Failure::store(format!("no randomness: {error}")))?;
    let store = store::Store::in_memory(store::StoreConfig::new(entropy)).map_err(Failure::store)?;
    let ingest = Ingest::new(Arc::new(store), desk.service().clock().clone(), folder.path());
    let mut reports = Vec::new();
    for (suffix, root) in parts(Path::new(path)) {
        let feed =
            Feed { name: format!("test{suffix}"), root, facility: facility.clone(), authority: authority.clone() };
        let report = scan_one(&ingest, &feed, Retry::Changed, tell)?;
        reports.push((feed, report));
    }
    let mut reply = scanned(&reports);
    let troubles = ingest.quarantined();
    reply.json["troubles"] = troubles.iter().take(TEST_TROUBLES_MAX).map(trouble_json).collect();
    for trouble in troubles.iter().take(TEST_TROUBLES_MAX) {
        reply.text.push_str(&format!("\n  {}: {}", trouble.path.expose(), trouble.reason));
    }
    reply.text.push_str("\nNothing was stored.");
    Ok(reply)
}

/// What could not be read, with the reasons.
pub fn quarantine(desk: &Desk, name: Option<&str>, limit: usize) -> Reply {
    let all: Vec<Quarantined> =
        desk.ingest().quarantined().into_iter().filter(|item| name.is_none_or(|name| item.feed == name)).collect();
    let shown: Vec<&Quarantined> = all.iter().take(limit).collect();
    let rows = shown.iter().map(|item| {
        let path = item.path.expose().escape_debug().to_string();
        let (since, tries) = (when(item.since), item.tries.to_string());
        vec![item.id.clone(), item.feed.clone(), since, tries, path, item.reason.to_string()]
    });
    let mut text = match shown.is_empty() {
        true => "Nothing is in quarantine.".to_owned(),
        false => table(&["Id", "Feed", "Since", "Tries", "File", "Why"], rows),
    };
    if shown.len() < all.len() {
        text.push_str(&format!("\n… and {} more; --limit shows them", all.len() - shown.len()));
    }
    let json = json!({ "count": all.len(), "items": shown.iter().map(|item| trouble_json(item)).collect::<Vec<_>>() });
    Reply::new(json, text)
}

fn trouble_json(item: &Quarantined) -> Value {
    json!({
        "id": item.id, "feed": item.feed, "facility": item.facility.to_string(), "path": item.path.expose(),
        "reason": item.reason.to_string(), "since": item.since.0, "tries": item.tries, "copy": item.has_copy,
    })
}

/// What is added to a feed's name for the roots below its folder that are known by name, and these names.
pub(super) const KNOWN_ROOTS: [(&str, &str); 2] =
    [("", sim::region::STANDARD_ROOT), ("-extended", sim::region::EXTENDED_ROOT)];
/// Patients told to the Engine at once.
const PUBLISH_PAGE: usize = 1_000;
/// Troubles that a test shows; a wrong root has one per file.
const TEST_TROUBLES_MAX: usize = 20;
