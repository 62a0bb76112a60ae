use super::place::{Contents, Place, Taken, Version};
use super::report::{ExportError, ExportProgress, ExportReport};
use super::source::{Taker, Trouble, pour, ranges};
use super::target::{OWN, Part, Target, refused};
use crate::bodies::Body;
use crate::ingest::cursor::{Cursor, FileEntry, Gone, cursors_prefix};
use crate::ingest::feed::Feed;
use crate::ingest::limits::{EXPORT_PAGE, PIECE_BYTES};
use crate::ingest::quarantine::{Quarantine, copy_path};
use crate::ingest::report::IgnoredWhy;
use crate::ingest::scan::{Ingest, Turn};
use crate::ingest::walk::real_path;
use crate::patients::{NEXT_KEY, find_by_id};
use protocol::audit::{Event, What};
use protocol::crypto::{mac, sha256};
use protocol::data::{Batch, Outcome, Space, View, decode};
use protocol::fetch::{RecordHead, head_key, heads};
use protocol::ids::{PatientId, PatientRef};
use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Instant;

/// One feed, and where below the target its storage goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportPart {
    /// What is written.
    pub feed: Feed,
    /// Where, below the target.
    pub below: PathBuf,
}

/// Whether originals come along that could not be read as what their path says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithQuarantine {
    /// They do, as far as copies are kept.
    Yes,
    /// They are left out and named.
    No,
}

impl Ingest {
    /// Writes these feeds into a folder: new, empty, or holding an export of this node, which is brought up to date.
    ///
    /// # Errors
    /// [`ExportError`]; what is in place stays, and the same call goes on from there.
    pub fn export(
        &self,
        parts: &[ExportPart],
        to: &Path,
        quarantine: WithQuarantine,
        progress: &mut dyn FnMut(ExportProgress),
    ) -> Result<ExportReport, ExportError> {
        let began = Instant::now();
        outside_of_feeds(parts, to)?;
        let mut turn = [0; 8];
        turn.copy_from_slice(&sha256(&[b"export", to.as_os_str().as_encoded_bytes()]).0[..8]);
        let _turn = Turn::of(&self.inner, turn).ok_or_else(|| ExportError::Running(to.to_owned()))?;
        let mark = mac(&self.inner.salt, &[b"export"]);
        let target = Target::open(to, &data_encoding::HEXLOWER.encode(&mark[..16]))?;
        let view = self.store.view();
        let of: Option<u64> = parts.iter().map(|part| self.last_report(&part.feed).map(|last| last.seen)).sum();
        let report = ExportReport::default();
        let mut run = Run {
            ingest: self,
            view: &view,
            target,
            report,
            quarantine,
            of,
            progress,
            known: None,
            reached: HashSet::new(),
        };
        for part in parts {
            self.note_export(part)?;
            run.part(part)?;
        }
        run.unreached(parts)?;
        let Run { target, mut report, .. } = run;
        (report.removed, report.list) = target.close()?;
        report.took = began.elapsed();
        Ok(report)
    }

    /// What leaves is in the log before it moves.
    fn note_export(&self, part: &ExportPart) -> Result<(), ExportError> {
        let seen = self.last_report(&part.feed).map_or(0, |last| last.seen);
        let event = Event::new(self.clock.now(), What::Exported).facility(part.feed.facility.clone());
        let mut batch = Batch::default();
        batch.log(event.count(u32::try_from(seen).unwrap_or(u32::MAX)).note(part.feed.name.clone()));
        match self.store.commit(batch) {
            Outcome::Committed { .. } => Ok(()),
            Outcome::Failed(why) => Err(ExportError::Store(why)),
        }
    }
}

/// One export on its way.
struct Run<'a> {
    ingest: &'a Ingest,
    view: &'a dyn View,
    target: Target,
    report: ExportReport,
    quarantine: WithQuarantine,
    of: Option<u64>,
    progress: &'a mut dyn FnMut(ExportProgress),
    known: Option<(PatientId, Option<PatientRef>)>,
    /// Names of the versions that some file of a feed stands for.
    reached: HashSet<[u8; 16]>,
}

impl Run<'_> {
    fn part(&mut self, part: &ExportPart) -> Result<(), ExportError> {
        let prefix = cursors_prefix(part.feed.id());
        let mut from = Vec::new();
        loop {
            let page = self.view.scan(Space::Meta, &prefix, &from, EXPORT_PAGE);
            let Some((last, _)) = page.last() else { break };
            from = [last.as_slice(), &[0]].concat();
            for (key, value) in page {
                if self.ingest.inner.stopped.load(Ordering::Relaxed) {
                    return Err(ExportError::Stopped);
                }
                let Some(cursor) = decode::<Cursor>(&value) else { continue };
                self.unit(part, &Contents::of(&cursor, &Gone::load(self.view, &key)))?;
                (self.progress)(ExportProgress { files: self.report.files, of: self.of });
            }
        }
        self.without_names(part)
    }

    fn unit(&mut self, part: &ExportPart, contents: &Contents) -> Result<(), ExportError> {
        let mut taken = Taken::default();
        for version in &contents.versions {
            self.version(part, version, &mut taken)?;
        }
        for (path, entry) in &contents.quarantined {
            self.quarantined(part, path, entry, &mut taken)?;
        }
        for (path, why) in &contents.ignored {
            self.leave_out(part, path, &format!("ignored: {why}"))?;
        }
        for path in &contents.unclear {
            self.leave_out(part, path, "its path does not say what it is any more; `musubi feed scan` reads it again")?;
        }
        Ok(())
    }

    fn version(&mut self, part: &ExportPart, version: &Version, taken: &mut Taken) -> Result<(), ExportError> {
        let Some((patient, head)) = self.head(part, version) else {
            return self.damaged(part, version, "the store has no record of this version");
        };
        self.reached.insert(version.name);
        let places = taken.place(version, head.state);
        let body = match Body::open(self.view, self.ingest.store.blobs(), patient, head.place) {
            Ok(body) => body,
            Err(error) => return self.damaged(part, version, &error.to_string()),
        };
        let names: Vec<Option<&str>> = version.files.iter().map(|file| file.inner.as_deref()).collect();
        let ranges = match ranges(&body, &names) {
            Ok(ranges) => ranges,
            Err(Trouble::Damaged(why)) => return self.damaged(part, version, &why),
            Err(Trouble::Taker(error)) => return Err(refused(&part.below, &error)),
        };
        let mut pouring = Pouring { parts: Vec::with_capacity(ranges.len()), open: 0 };
        for number in 0..ranges.len() {
            let mut part = self.target.part(number)?;
            if ranges.len() > 1 {
                part.rest();
            }
            pouring.parts.push(part);
        }
        match pour(&body, &head, &ranges, &mut pouring) {
            Ok(()) => {}
            Err(Trouble::Damaged(why)) => return self.damaged(part, version, &why),
            Err(Trouble::Taker(error)) => return Err(refused(&part.below, &error)),
        }
        for (number, (file, piece)) in version.files.iter().zip(pouring.parts).enumerate() {
            match (ranges.get(number).cloned().flatten(), places.get(number)) {
                (Some(range), Some(place)) if range.end - range.start == piece.len() => {
                    self.put(part, (&file.path, &file.entry), (place, &version.name), piece)?;
                }
                _ => {
                    self.report.damaged += 1;
                    self.leave_out(part, &file.path, "the stored document does not have this file")?;
                }
            }
        }
        Ok(())
    }

    /// Puts one file to its place and names it if that is not its own.
    fn put(
        &mut self,
        part: &ExportPart,
        (path, entry): (&str, &FileEntry),
        (place, name): (&Place, &[u8; 16]),
        piece: Part,
    ) -> Result<(), ExportError> {
        let beside = |name: &[u8; 16]| {
            let at = Path::new(OWN).join("earlier").join(data_encoding::HEXLOWER.encode(name)).join(&part.below);
            real_path(path).map(|path| at.join(path))
        };
        let to = match place {
            Place::Own(to) | Place::Flagged(to) => Some(part.below.join(to)),
            Place::Beside => beside(name),
        };
        let Some(to) = to else { return self.leave_out(part, path, "its path cannot be written") };
        self.report.bytes += piece.len();
        self.report.files += 1;
        self.report.same += u64::from(self.target.put(piece, &to, entry.print.modified)?);
        if !matches!(place, Place::Own(_)) {
            self.report.moved += 1;
            let why = format!("an earlier version that is no longer at its place; written to {}", to.display());
            self.name_in_list("moved", part, path, &why)?;
        }
        Ok(())
    }

    fn quarantined(
        &mut self,
        part: &ExportPart,
        path: &str,
        entry: &FileEntry,
        taken: &mut Taken,
    ) -> Result<(), ExportError> {
        let inner = &self.ingest.inner;
        let quarantine = Quarantine { folder: &inner.quarantine, salt: &inner.salt, feed: &part.feed };
        let Some(item) = quarantine.item(self.view, path) else {
            return self.leave_out(part, path, "quarantined: no note of it is there any more");
        };
        if self.quarantine == WithQuarantine::No {
            return self.leave_out(part, path, &format!("quarantined: {}", item.reason));
        }
        if !item.has_copy || item.print != entry.print {
            return self.leave_out(part, path, &format!("quarantined, and no copy is kept: {}", item.reason));
        }
        let mut piece = self.target.part(0)?;
        let copy = copy_path(&inner.quarantine, &item);
        if let Err(error) = copy_into(&copy, &mut piece) {
            let why = format!("quarantined, and its copy cannot be read ({}): {}", error.kind(), item.reason);
            return self.leave_out(part, path, &why);
        }
        let Some(to) = taken.own(path).filter(|_| piece.len() == entry.print.bytes) else {
            return self.leave_out(part, path, &format!("quarantined, and its copy is not whole: {}", item.reason));
        };
        self.report.from_quarantine += 1;
        self.put(part, (path, entry), (&Place::Own(to), &[0; 16]), piece)
    }

    /// What the last scan counted without keeping names.
    fn without_names(&mut self, part: &ExportPart) -> Result<(), ExportError> {
        let Some(last) = self.ingest.last_report(&part.feed) else { return Ok(()) };
        for why in [IgnoredWhy::TooMany, IgnoredWhy::TooDeep] {
            let count = last.ignored.get(&why.to_string()).copied().unwrap_or(0);
            if count > 0 {
                *self.report.left_out.entry(format!("ignored: {why}")).or_default() += count;
                self.name_in_list("left-out", part, "", &format!("{count} files, ignored: {why}"))?;
            }
        }
        if last.unreadable > 0 {
            let why = format!("{} folders could not be read; what came from them before is written", last.unreadable);
            self.name_in_list("note", part, "", &why)?;
        }
        Ok(())
    }

    /// Versions of these facilities that no file of these feeds stands for: of a feed that is not configured any more.
    fn unreached(&mut self, parts: &[ExportPart]) -> Result<(), ExportError> {
        let feeds: BTreeSet<(&str, &str)> =
            parts.iter().map(|part| (part.feed.facility.as_str(), part.feed.name.as_str())).collect();
        let next = self.view.get(Space::Meta, NEXT_KEY).and_then(|value| decode::<u64>(&value)).unwrap_or(1);
        for patient in 1..next {
            for (key, head) in heads(self.view, PatientRef(patient)) {
                let is_ours = feeds.contains(&(head.key.facility.as_str(), head.source.as_str()));
                let is_reached = key.last_chunk::<16>().is_some_and(|name| self.reached.contains(name));
                if let Some(part) = parts.iter().find(|part| part.feed.name == head.source)
                    && is_ours
                    && !is_reached
                {
                    let what = format!("{} {}", head.key.kind, head.key.key);
                    self.leave_out(part, &what, "where it came from was not noted by the release that took it in")?;
                }
            }
        }
        Ok(())
    }

    fn head(&mut self, part: &ExportPart, version: &Version) -> Option<(PatientRef, RecordHead)> {
        let id = PatientId::new(part.feed.authority.clone(), &version.number).ok()?;
        let found = match &self.known {
            Some((known, found)) if *known == id => *found,
            _ => find_by_id(self.view, &self.ingest.tokens, &id, Some(&part.feed.facility)),
        };
        self.known = Some((id, found));
        let key = head_key(found?, version.date, &version.kind, &version.name);
        Some((found?, decode(&self.view.get(Space::Records, &key)?)?))
    }

    fn damaged(&mut self, part: &ExportPart, version: &Version, why: &str) -> Result<(), ExportError> {
        for file in &version.files {
            self.report.damaged += 1;
            self.leave_out(part, &file.path, why)?;
        }
        Ok(())
    }

    fn leave_out(&mut self, part: &ExportPart, path: &str, why: &str) -> Result<(), ExportError> {
        *self.report.left_out.entry(why.to_owned()).or_default() += 1;
        self.name_in_list("left-out", part, path, why)
    }

    fn name_in_list(&mut self, what: &str, part: &ExportPart, path: &str, why: &str) -> Result<(), ExportError> {
        let below = part.below.join(real_path(path).unwrap_or_else(|| path.into()));
        self.target.tell(what, [part.feed.facility.as_str(), &part.feed.name, &below.to_string_lossy(), why])
    }
}

/// Files of one version on their way.
struct Pouring {
    parts: Vec<Part>,
    /// The one that has a handle.
    open: usize,
}

impl Taker for Pouring {
    fn take(&mut self, file: usize, bytes: &[u8]) -> io::Result<()> {
        if file != self.open
            && let Some(done) = self.parts.get_mut(std::mem::replace(&mut self.open, file))
        {
            done.rest();
        }
        self.parts.get_mut(file).map_or(Ok(()), |part| part.write(bytes))
    }
}

fn copy_into(from: &Path, piece: &mut Part) -> io::Result<()> {
    let (mut file, mut buffer) = (File::open(from)?, vec![0; PIECE_BYTES]);
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        piece.write(&buffer[..count])?;
    }
}

/// An export into a feed's own folder would come back with the next scan.
fn outside_of_feeds(parts: &[ExportPart], to: &Path) -> Result<(), ExportError> {
    let real = to.ancestors().find_map(|above| {
        let rest = to.strip_prefix(above).ok()?;
        Some(std::fs::canonicalize(above).ok()?.join(rest))
    });
    let real = real.unwrap_or_else(|| to.to_owned());
    let within = |part: &ExportPart| std::fs::canonicalize(&part.feed.root).is_ok_and(|root| real.starts_with(root));
    if parts.iter().any(within) { Err(ExportError::WithinFeed(to.to_owned())) } else { Ok(()) }
}
