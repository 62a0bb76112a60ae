//! Committing: several batches become one group, one frame of the journal, one sync.
use crate::core::Core;
use crate::journal::{AppendError, Mark};
use crate::keyring::{KeyringError, owner};
use crate::limits::{
    BATCH_BYTES_MAX, GROUP_BYTES_MAX, GROUP_WRITES_MAX, INDEX_AGAIN_GROUPS, INDEX_BYTES_MAX, KEY_BYTES_MAX,
    LAG_BYTES_MAX, VALUE_BYTES_MAX,
};
use crate::overlay::{Overlay, Pending, weight};
use crate::view::{FLOOR_KEY, is_reserved};
use protocol::audit;
use protocol::data::{Batch, Outcome, Space, View, Write};

/// What to commit.
pub enum Work {
    /// A batch that is made already.
    Batch(Batch),
    /// A batch that is made when its turn comes, from all that was committed before it. An `Err` writes nothing.
    Build(Build),
    /// A batch of the store itself, which may write its own keys.
    Own(Batch),
}

/// Makes a batch on the writer's side, from a view that nobody else changes meanwhile.
pub type Build = Box<dyn FnOnce(&dyn View) -> Result<Batch, String> + Send>;

/// Batches on their way into one frame.
#[derive(Default)]
struct Group {
    pending: Pending,
    /// Which answers hang on it.
    members: Vec<usize>,
}

impl Core {
    /// As [`Core::acknowledge`], and the index has it all too.
    pub fn commit_now(&mut self, works: Vec<Work>) -> Vec<Outcome> {
        let outcomes = self.acknowledge(works);
        self.index();
        outcomes
    }

    /// Commits in order. Each answer is given for good: `Committed` means in the journal, synced and visible. The index has
    /// the last groups only after [`Core::index`], so that nobody waits for it.
    ///
    /// A batch sees those before it. Those that fit share one sync; one that is refused leaves the others alone.
    pub fn acknowledge(&mut self, works: Vec<Work>) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(works.len());
        let mut group = Group::default();
        for work in works {
            match self.prepare(work, &mut group) {
                Ok(leaves) => {
                    group.members.push(outcomes.len());
                    outcomes.push(Outcome::Committed { leaves });
                }
                Err(why) => outcomes.push(Outcome::Failed(why)),
            }
            if group.pending.len() >= GROUP_WRITES_MAX || group.pending.bytes() >= GROUP_BYTES_MAX {
                self.settle(std::mem::take(&mut group), &mut outcomes);
            }
        }
        self.settle(group, &mut outcomes);
        outcomes
    }

    /// Commits one batch.
    pub fn commit(&mut self, batch: Batch) -> Outcome {
        let mut outcomes = self.commit_now(vec![Work::Batch(batch)]);
        outcomes.pop().unwrap_or_else(|| Outcome::Failed("the batch got no answer".into()))
    }

    /// As [`Core::commit`], for a batch that holds keys of the store's own.
    pub(crate) fn commit_own(&mut self, batch: Batch) -> Outcome {
        let mut outcomes = self.commit_now(vec![Work::Own(batch)]);
        outcomes.pop().unwrap_or_else(|| Outcome::Failed("the batch got no answer".into()))
    }

    /// Adds a batch and the leaves of its events to the group.
    fn prepare(&self, work: Work, group: &mut Group) -> Result<Vec<u64>, String> {
        let view = self.view();
        let is_own = matches!(work, Work::Own(_));
        let batch = match work {
            Work::Batch(batch) | Work::Own(batch) => batch,
            Work::Build(build) => build(&Overlay { base: &view, pending: &group.pending })?,
        };
        if !is_own {
            check(&batch)?;
        }
        for write in &batch.writes {
            if let Some(value) = &write.value {
                self.guard.admit(write.space, &write.key, value)?;
            }
        }
        batch.writes.into_iter().for_each(|write| group.pending.lay(write));
        let over = Overlay { base: &view, pending: &group.pending };
        let appended = audit::append(&over, &self.salts, &batch.events);
        appended.writes.into_iter().for_each(|write| group.pending.lay(write));
        Ok(appended.leaves)
    }

    /// Journal, sync, seen by all; or every batch of the group fails.
    fn settle(&mut self, group: Group, outcomes: &mut [Outcome]) {
        if group.pending.is_empty() {
            return;
        }
        if let Err(why) = self.write(group.pending) {
            for member in group.members {
                outcomes[member] = Outcome::Failed(why.clone());
            }
        }
    }

    fn write(&mut self, pending: Pending) -> Result<(), String> {
        if self.shared.lag_bytes() >= INDEX_BYTES_MAX {
            self.index();
        }
        if self.shared.lag_bytes() >= LAG_BYTES_MAX {
            return Err(
                "the index takes no writes and too many wait for it. Check the disk, then restart the node".into()
            );
        }
        let mut pending = pending;
        let notes = self.blobs.take_notes();
        notes.iter().for_each(|note| pending.lay(note.write()));
        let writes = match self.guarded(pending) {
            Ok(writes) => writes,
            Err(error) => {
                self.blobs.put_back(notes);
                self.note_health(error.is_full());
                tracing::error!(%error, "nothing was committed");
                return Err(if error.is_full() { AppendError::Full.to_string() } else { error.to_string() });
            }
        };
        let mark = match self.append(&writes) {
            Ok(mark) => mark,
            Err(error) => {
                self.blobs.put_back(notes);
                self.note_health(error == AppendError::Full);
                tracing::error!(%error, "nothing was committed");
                return Err(error.to_string());
            }
        };
        self.floor_noted = self.guard.ring.floor();
        let mut pending = Pending::default();
        writes.into_iter().for_each(|write| pending.lay(write));
        self.shared.show(pending);
        self.behind = Some(mark);
        self.groups += 1;
        if !self.reserve.is_whole() && self.groups.is_multiple_of(REFILL_GROUPS) {
            self.reserve.refill(&*self.disk);
        }
        self.note_health(!self.reserve.is_there() && self.health().is_full);
        Ok(())
    }

    /// Whether the index lacks what was acknowledged, and may be given it.
    pub fn is_behind(&self) -> bool {
        self.behind.is_some() && !self.is_paused()
    }

    /// Gives the index what was acknowledged since. If it cannot take it, that stays in memory and is tried again later.
    pub fn index(&mut self) {
        self.note_anew();
        let Some(mark) = self.behind.filter(|_| !self.is_paused()) else { return };
        let Err(error) = self.shared.catch_up(&mark) else {
            self.behind = None;
            self.note_lag(None);
            return;
        };
        tracing::error!(%error, "the index could not take a group; it is kept in memory and tried again");
        self.note_lag(Some(error.to_string()));
        self.index_from = self.groups + INDEX_AGAIN_GROUPS;
        if error.is_trouble()
            && let Err(error) = self.shared.open_anew(&error, self.times)
        {
            tracing::error!(%error, "the index could not be opened anew");
        }
        self.note_anew();
    }

    /// An index that was opened anew met a full disk, most likely: the reserve is spent, and it gets a pause.
    fn note_anew(&mut self) {
        let times = self.shared.times();
        if times != self.times {
            self.times = times;
            self.index_from = self.groups + INDEX_AGAIN_GROUPS;
            self.reserve.note_spent();
        }
    }

    fn is_paused(&self) -> bool {
        self.groups < self.index_from && self.shared.lag_bytes() < LAG_BYTES_MAX
    }

    /// The raw form of all writes. Keys of patients that are new are made first, a block of them at a time, and durable.
    fn guarded(&mut self, pending: Pending) -> Result<Vec<Write>, KeyringError> {
        let owners = pending.iter().filter_map(|(space, key, value)| owner(space, key, value?));
        if let Some(newest) = owners.max().filter(|newest| *newest >= self.guard.ring.floor()) {
            match self.guard.ring.make(newest) {
                Err(error) if error.is_full() && self.reserve.free(&*self.disk) => {
                    tracing::error!("the disk is full: the reserve was given back; free some space soon");
                    self.note_health(true);
                    self.guard.ring.make(newest)?;
                }
                done => done?,
            }
        }
        let mut raw = Pending::default();
        for mut write in pending.into_writes() {
            if let Some(value) = &write.value {
                write.value = Some(self.guard.seal(write.space, &write.key, value)?);
            }
            raw.lay(write);
        }
        let floor = self.guard.ring.floor();
        if floor > self.floor_noted {
            raw.lay(Write { space: Space::Meta, key: FLOOR_KEY.to_vec(), value: Some(floor.to_be_bytes().to_vec()) });
        }
        Ok(raw.into_writes())
    }

    /// Appends; on a full disk once more with the room of the reserve.
    fn append(&mut self, writes: &[Write]) -> Result<Mark, AppendError> {
        match self.journal.append(writes) {
            Err(AppendError::Full) if self.reserve.free(&*self.disk) => {
                tracing::error!("the disk is full: the reserve was given back; free some space soon");
                let again = self.journal.append(writes);
                self.note_health(true);
                again
            }
            done => done,
        }
    }

    fn note_lag(&self, why: Option<String>) {
        self.shared.health.lock().unwrap_or_else(std::sync::PoisonError::into_inner).lagging = why;
    }
}

/// Bounds of a batch; whatever breaks them is a mistake of the caller and writes nothing.
pub(crate) fn check(batch: &Batch) -> Result<(), String> {
    let mut bytes = 0;
    for write in &batch.writes {
        let name = write.space.name();
        let (key, value) = (write.key.len(), write.value.as_ref().map_or(0, Vec::len));
        if key > KEY_BYTES_MAX {
            return Err(format!("a key of {key} bytes in `{name}` is above the limit of {KEY_BYTES_MAX}"));
        }
        if value > VALUE_BYTES_MAX {
            return Err(format!("a value of {value} bytes in `{name}` is above {VALUE_BYTES_MAX}; write it as a blob"));
        }
        if is_reserved(write.space, &write.key) {
            return Err("keys of `meta` that begin with a zero byte, and the empty one, are the store's own".into());
        }
        bytes += weight(&write.key, write.value.as_deref());
    }
    if bytes > BATCH_BYTES_MAX {
        return Err(format!("a batch of {bytes} bytes is above the limit of {BATCH_BYTES_MAX}; write it in parts"));
    }
    Ok(())
}

/// After so many groups without a reserve it is tried again.
const REFILL_GROUPS: u64 = 64;
