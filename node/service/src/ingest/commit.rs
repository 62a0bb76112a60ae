//! One transaction: what was read of some units becomes heads, bodies, patients, tokens and cursors, all or nothing.
//!
//! Runs on the store's writer thread, where numbers are given and states settled from a view that nobody else changes.
use super::contents::FreshBody;
use super::cursor::{Cursor, Fate, Gone, Standing, gone_key, open_key, report_key};
use super::feed::Feed;
use super::heads::{Group, occurred_of, versions};
use super::outbox;
use super::read::Fresh;
use super::report::ScanReport;
use super::unit::{Patch, Present};
use crate::bodies::{Bundles, bundle_key, hashes_key};
use crate::patients::{ERASED, NEXT_KEY, PatientEntry, TokenKey, entry_key, find_by_id, load};
use protocol::audit::{Event, What};
use protocol::data::{Batch, Space, View, decode, encode};
use protocol::fetch::{Place, RecordHead, State, head_key};
use protocol::ids::{PatientId, PatientRef};
use protocol::kinds::KindSet;
use protocol::time::Millis;
use records::model::Patient;
use records::ssmix2::OccurredAt;
use records::ssmix2::flags::{self, Flag, Standing as GroupStanding, Version, settle};
use std::collections::{BTreeMap, BTreeSet};

/// What a transaction is made from.
pub(super) struct Order {
    pub(super) feed: Feed,
    pub(super) tokens: TokenKey,
    pub(super) now: Millis,
    pub(super) patches: Vec<Patch>,
    /// The scan ends with it: the report so far, to be completed and kept.
    pub(super) closing: Option<Ending>,
}

/// How taking in ends.
pub(super) enum Closing {
    /// The whole feed was walked; these items of the quarantine have no file any more.
    Scan {
        /// Their paths.
        gone: Vec<String>,
    },
    /// Only some folders were looked at: the report of the last walk stays.
    Follow,
}

/// What the last transaction notes.
pub(super) struct Ending {
    /// The report, to be completed.
    pub(super) report: ScanReport,
    /// Whether it is the feed's report from now on.
    pub(super) is_kept: bool,
}

/// What a transaction did, once it is durable.
pub(super) struct Written {
    /// The cursors of the units with their settled fates, in order.
    pub(super) units: Vec<WrittenUnit>,
    pub(super) added: u64,
    pub(super) changed: BTreeSet<PatientRef>,
}

/// A unit, once it is durable.
pub(super) struct WrittenUnit {
    pub(super) cursor: Cursor,
    is_last: bool,
    unseen: BTreeSet<String>,
}

impl WrittenUnit {
    /// Adds its files to a report, if it is complete.
    pub(super) fn count(&self, report: &mut ScanReport) {
        if self.is_last {
            self.cursor.count(&self.unseen, report);
        }
    }
}

/// Makes the transaction.
///
/// # Errors
/// A sentence for the operator if it contradicts what is stored; nothing is written then.
pub(super) fn build(view: &dyn View, order: Order) -> Result<(Batch, Written), String> {
    let Order { feed, tokens, now, patches, closing } = order;
    let mut builder = Builder::new(view, feed, tokens, now);
    let mut units = Vec::with_capacity(patches.len());
    for mut patch in patches {
        let (is_last, unseen) = (patch.is_last, std::mem::take(&mut patch.unseen));
        units.push(WrittenUnit { cursor: builder.patch(patch)?, is_last, unseen });
    }
    let (batch, added, changed) = builder.finish(closing, &units);
    Ok((batch, Written { units, added, changed }))
}

struct Builder<'v> {
    view: &'v dyn View,
    feed: Feed,
    tokens: TokenKey,
    now: Millis,
    batch: Batch,
    patients: BTreeMap<PatientRef, Touched>,
    by_number: BTreeMap<String, PatientRef>,
    /// New and changed heads.
    heads: BTreeMap<Vec<u8>, RecordHead>,
    added: u64,
    /// Somebody was erased here.
    has_erased: bool,
}

/// A patient whom this transaction changes.
struct Touched {
    old: Option<PatientEntry>,
    entry: PatientEntry,
    bundles: Bundles,
}

/// What a fresh record says of its patient, until it is known whether the record holds.
struct Lesson {
    patient: PatientRef,
    head: Vec<u8>,
    is_master: bool,
    at: Millis,
    said: Box<Patient>,
}

impl<'v> Builder<'v> {
    fn new(view: &'v dyn View, feed: Feed, tokens: TokenKey, now: Millis) -> Self {
        Self {
            view,
            feed,
            tokens,
            now,
            batch: Batch::default(),
            patients: BTreeMap::new(),
            by_number: BTreeMap::new(),
            heads: BTreeMap::new(),
            added: 0,
            has_erased: !view.scan(Space::Meta, ERASED, &[], 1).is_empty(),
        }
    }

    fn patch(&mut self, patch: Patch) -> Result<Cursor, String> {
        let Patch { key, number, mut cursor, mut fresh, mut groups, mut side, gone, .. } = patch;
        // In the folder of a patient the scan saw it already; elsewhere only the message told whose it is.
        if self.has_erased {
            fresh.retain(|fresh| !self.is_erased(&fresh.key.patient));
            groups.retain(|group, _| !self.id_of(group).is_ok_and(|id| self.is_erased(&id)));
        }
        let mut lessons = Vec::new();
        for fresh in fresh {
            lessons.extend(self.store(fresh)?);
        }
        for (group, present) in groups {
            self.settle(&group, &present, &mut cursor)?;
        }
        lessons.into_iter().for_each(|lesson| self.learn(lesson));
        // Paths hold the patient's number, so what names them is sealed with its key, if the unit is one patient's.
        let patient = number.and_then(|number| self.known(&number));
        let sealed = |value: Vec<u8>| patient.map_or(value.clone(), |patient| store::owned(patient, &value));
        for write in side.writes.iter_mut().filter(|write| write.space == Space::Desk) {
            write.value = write.value.take().map(sealed);
        }
        self.batch.append(side);
        if !gone.is_empty() {
            let mut all = Gone::load(self.view, &key);
            all.add(gone, &cursor);
            self.batch.put(Space::Meta, gone_key(&key), sealed(encode(&all)));
        }
        self.batch.put(Space::Meta, key, sealed(encode(&cursor)));
        Ok(cursor)
    }

    /// The patient with this number, if it has an entry or gets one here.
    fn known(&self, number: &str) -> Option<PatientRef> {
        let id = PatientId::new(self.feed.authority.clone(), number).ok()?;
        let here = self.by_number.get(id.expose_number()).copied();
        here.or_else(|| find_by_id(self.view, &self.tokens, &id, Some(&self.feed.facility)))
    }

    fn id_of(&self, group: &Group) -> Result<PatientId, String> {
        PatientId::new(self.feed.authority.clone(), &group.number).map_err(|error| error.to_string())
    }

    fn is_erased(&self, id: &PatientId) -> bool {
        self.tokens.is_erased(self.view, &self.feed.facility, id)
    }

    /// Gives a fresh record its head and its place; a version that is here already keeps both.
    fn store(&mut self, fresh: Fresh) -> Result<Option<Lesson>, String> {
        let patient = self.patient(&fresh.key.patient)?;
        let head = head_key(patient, fresh.key.care_date, &fresh.key.kind, &fresh.name);
        let is_master = fresh.key.kind.as_str() == "ADT-00";
        let lesson = fresh.patient.map(|said| Lesson { patient, head: head.clone(), is_master, at: fresh.at, said });
        let is_here = if self.is_new(patient) { self.heads.contains_key(&head) } else { self.head(&head).is_some() };
        if is_here {
            return Ok(lesson);
        }
        let place = match fresh.body {
            FreshBody::Blob(id, hashes) => {
                if hashes.len() > 1 {
                    let hashes = hashes.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>();
                    self.batch.put(Space::Bodies, hashes_key(&id), store::owned(patient, &hashes));
                }
                Place::Blob { id }
            }
            FreshBody::Inline(bytes) => {
                let touched = self.touched(patient)?;
                let (bundle, frame) = touched.bundles.add(bytes);
                let number = touched.entry.bundles.checked_add(bundle).ok_or("a patient has too many bundles")?;
                Place::Bundle { number, frame }
            }
        };
        self.added += 1;
        let value = RecordHead {
            key: fresh.key,
            at: fresh.at,
            department: fresh.department,
            title: fresh.title,
            digest: fresh.digest,
            size: fresh.size,
            place,
            state: State::History,
            source: self.feed.name.clone(),
            stored_at: self.now,
        };
        self.heads.insert(head, value);
        Ok(lesson)
    }

    /// Settles all versions of one record and notes the outcome in heads and cursor.
    fn settle(&mut self, group: &Group, present: &[Present], cursor: &mut Cursor) -> Result<(), String> {
        let patient = self.patient(&self.id_of(group)?)?;
        let mut own: BTreeMap<[u8; 16], &Present> = BTreeMap::new();
        for file in present {
            let slot = own.entry(file.name).or_insert(file);
            if rank(file.flag) > rank(slot.flag) {
                *slot = file;
            }
        }
        let (mut absent, mut others) = (Vec::new(), Vec::new());
        for (key, head) in self.versions(patient, group) {
            match name_of(&key) {
                Some(name) if own.contains_key(&name) => {}
                _ if head.source == self.feed.name => absent.push((key, head)),
                _ => others.push((key, head)),
            }
        }
        let stamps: Vec<(OccurredAt, &(Vec<u8>, RecordHead))> =
            others.iter().filter_map(|other| Some((occurred_of(other.1.at)?, other))).collect();
        let mut all: Vec<Version<'_>> = own.values().map(|file| version_of_file(file)).collect();
        all.extend(stamps.iter().map(|(occurred_at, (_, head))| Version {
            flag: flag_of(head.state),
            occurred_at,
            modified: head.stored_at,
            name: "",
        }));
        let settled = settle(&all).value;
        let (of_files, of_others) = settled.states.split_at(own.len().min(settled.states.len()));
        for ((name, _), state) in own.iter().zip(of_files) {
            let key = head_key(patient, group.date, &group.kind, name);
            if let Some(head) = self.head(&key) {
                self.set_state(patient, key, head, state_of(*state))?;
            }
            for file in present.iter().filter(|file| file.name == *name) {
                if let Some(Fate::Record { standing, .. }) =
                    cursor.files.get_mut(&file.path).map(|entry| &mut entry.fate)
                {
                    *standing = standing_of(*state);
                }
            }
        }
        for ((_, (key, head)), state) in stamps.iter().zip(of_others) {
            self.set_state(patient, key.clone(), head.clone(), state_of(*state))?;
        }
        for (key, head) in absent.into_iter().filter(|(_, head)| head.state == State::Current) {
            // Its file is gone and others of the same record are here: they tell what holds.
            self.set_state(patient, key, head, State::History)?;
        }
        if group.kind.as_str() == "ADT-00" {
            self.touched(patient)?.entry.is_deleted = settled.standing == GroupStanding::Deleted;
        }
        Ok(())
    }

    /// The patient is shown by its master data if there are any that hold, else by the newest message.
    fn learn(&mut self, lesson: Lesson) {
        let Lesson { patient, head, is_master, at, said } = lesson;
        let state = self.head(&head).map(|head| head.state);
        let Ok(Touched { entry, .. }) = self.touched(patient) else { return };
        let holds = if is_master { state == Some(State::Current) } else { state != Some(State::Deleted) };
        let newer = is_master || !entry.is_master && at >= entry.as_of;
        if holds && newer && !said.deleted {
            entry.patient = *said;
            entry.is_master = is_master;
            entry.as_of = at;
        }
    }

    fn set_state(&mut self, patient: PatientRef, key: Vec<u8>, head: RecordHead, state: State) -> Result<(), String> {
        if head.state == state {
            return Ok(());
        }
        let coarse = head.key.kind.coarse();
        let was = head.state == State::Current;
        let is = state == State::Current;
        if was != is {
            self.touched(patient)?.entry.count(coarse, is);
        }
        self.heads.insert(key, RecordHead { state, ..head });
        Ok(())
    }

    /// Whether a patient came with this transaction: nothing is stored of it then, and nothing need be looked for.
    fn is_new(&self, patient: PatientRef) -> bool {
        self.patients.get(&patient).is_some_and(|touched| touched.old.is_none())
    }

    fn head(&self, key: &[u8]) -> Option<RecordHead> {
        self.heads.get(key).cloned().or_else(|| decode(&self.view.get(Space::Records, key)?))
    }

    /// All versions of a record, with those of this transaction.
    fn versions(&self, patient: PatientRef, group: &Group) -> Vec<(Vec<u8>, RecordHead)> {
        let stored =
            if self.is_new(patient) { Vec::new() } else { versions(self.view, patient, group.date, &group.kind) };
        let mut all: BTreeMap<Vec<u8>, RecordHead> = stored.into_iter().collect();
        let mut prefix = head_key(patient, group.date, &group.kind, &[0; 16]);
        prefix.truncate(prefix.len() - 16);
        let fresh = self.heads.range(prefix.clone()..).take_while(|(key, _)| key.starts_with(&prefix));
        all.extend(fresh.map(|(key, head)| (key.clone(), head.clone())));
        let same = |head: &RecordHead| head.key.key == group.key && head.key.facility == self.feed.facility;
        all.into_iter().filter(|(_, head)| same(head)).collect()
    }

    /// The number of a patient of this feed; a new one if nobody had this number yet.
    fn patient(&mut self, id: &PatientId) -> Result<PatientRef, String> {
        if let Some(known) = self.by_number.get(id.expose_number()) {
            return Ok(*known);
        }
        let found = find_by_id(self.view, &self.tokens, id, Some(&self.feed.facility));
        let patient = match found {
            Some(patient) => patient,
            None => self.new_patient(id)?,
        };
        self.by_number.insert(id.expose_number().to_owned(), patient);
        Ok(patient)
    }

    fn new_patient(&mut self, id: &PatientId) -> Result<PatientRef, String> {
        let given = self.patients.last_key_value().map_or(0, |(last, _)| last.0);
        let stored = self.view.get(Space::Meta, NEXT_KEY).and_then(|value| decode::<u64>(&value)).unwrap_or(1);
        let next = stored.max(given.saturating_add(1));
        let after = next.checked_add(1).ok_or("no number is left for a new patient")?;
        self.batch.put(Space::Meta, NEXT_KEY, encode(&after));
        let entry = PatientEntry::new(id.clone(), self.feed.facility.clone());
        self.patients.insert(PatientRef(next), Touched { old: None, entry, bundles: Bundles::default() });
        Ok(PatientRef(next))
    }

    fn touched(&mut self, patient: PatientRef) -> Result<&mut Touched, String> {
        match self.patients.entry(patient) {
            std::collections::btree_map::Entry::Occupied(slot) => Ok(slot.into_mut()),
            std::collections::btree_map::Entry::Vacant(slot) => {
                let entry =
                    load(self.view, patient).ok_or("a patient's entry is missing; stop the node, move its folder `db` aside and start it: it is rebuilt from the journal")?;
                Ok(slot.insert(Touched { old: Some(entry.clone()), entry, bundles: Bundles::default() }))
            }
        }
    }

    fn finish(mut self, closing: Option<Ending>, units: &[WrittenUnit]) -> (Batch, u64, BTreeSet<PatientRef>) {
        let kinds = self.heads.values().fold(KindSet::NONE, |all, head| all.or(KindSet::of(&[head.key.kind.coarse()])));
        for (key, head) in std::mem::take(&mut self.heads) {
            self.batch.put(Space::Records, key, encode(&head));
        }
        let mut changed = BTreeSet::new();
        for (patient, touched) in std::mem::take(&mut self.patients) {
            if self.keep(patient, touched) {
                changed.insert(patient);
            }
        }
        let open = open_key(self.feed.id());
        let before = self.view.get(Space::Meta, &open).and_then(|value| decode::<u64>(&value)).unwrap_or(0);
        let count = before.saturating_add(self.added);
        match closing {
            None if self.added > 0 => self.batch.put(Space::Meta, open, encode(&count)),
            None => {}
            Some(Ending { mut report, is_kept }) => {
                units.iter().for_each(|unit| unit.count(&mut report));
                report.added += self.added;
                let event = Event::new(self.now, What::FeedScanned).facility(self.feed.facility.clone());
                let count = u32::try_from(count).unwrap_or(u32::MAX);
                self.batch.log(event.kinds(kinds).count(count).note(self.feed.name.clone()));
                if is_kept {
                    self.batch.put(Space::Meta, report_key(self.feed.id()), encode(&report));
                }
                self.batch.remove(Space::Meta, open);
            }
        }
        (self.batch, self.added, changed)
    }

    /// Writes a patient's bundles, tokens and entry; whether others have to hear of the change.
    fn keep(&mut self, patient: PatientRef, touched: Touched) -> bool {
        let Touched { old, mut entry, bundles } = touched;
        let (first, count) = (entry.bundles, bundles.count());
        for (number, value) in (first..).zip(bundles.into_values()) {
            self.batch.put(Space::Bodies, bundle_key(patient, number), value);
        }
        entry.bundles = first.saturating_add(count);
        let told = |entry: &PatientEntry| (entry.published_kinds(), entry.demographics());
        let is_changed = old.as_ref().is_none_or(|old| told(old) != told(&entry));
        if is_changed {
            entry.revision += 1;
            self.batch.put(Space::Jobs, outbox::key(patient), encode(&entry.revision));
        }
        if old.as_ref() == Some(&entry) {
            return is_changed;
        }
        if old.as_ref().is_none_or(|old| linked_by(old) != linked_by(&entry)) {
            crate::links::rows::note(&mut self.batch, patient, entry.revision);
        }
        let before = old.as_ref().map(|old| self.tokens.keys(patient, old)).unwrap_or_default();
        let after = self.tokens.keys(patient, &entry);
        before.difference(&after).for_each(|key| self.batch.remove(Space::Tokens, key.clone()));
        after.difference(&before).for_each(|key| self.batch.put(Space::Tokens, key.clone(), Vec::new()));
        self.batch.put(Space::Patients, entry_key(patient), encode(&entry));
        is_changed
    }
}

/// What links with other patients rest on.
fn linked_by(entry: &PatientEntry) -> (bool, matching::Demographics) {
    (entry.is_deleted, entry.demographics())
}

fn version_of_file(file: &Present) -> Version<'_> {
    Version { flag: file.flag, occurred_at: &file.occurred_at, modified: file.modified, name: &file.path }
}

fn name_of(head_key: &[u8]) -> Option<[u8; 16]> {
    head_key.last_chunk::<16>().copied()
}

/// Of two files with the same content, time and record, the one with the stronger flag counts.
fn rank(flag: Flag) -> u8 {
    match flag {
        Flag::Valid => 2,
        Flag::Past => 1,
        Flag::Void => 0,
    }
}

fn flag_of(state: State) -> Flag {
    match state {
        State::Current => Flag::Valid,
        State::History => Flag::Past,
        State::Deleted => Flag::Void,
    }
}

fn state_of(state: flags::State) -> State {
    match state {
        flags::State::Current => State::Current,
        flags::State::History => State::History,
        flags::State::Deleted => State::Deleted,
    }
}

fn standing_of(state: flags::State) -> Standing {
    match state {
        flags::State::Current => Standing::Stored,
        flags::State::History => Standing::History,
        flags::State::Deleted => Standing::Deleted,
    }
}
