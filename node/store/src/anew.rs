//! Reading on after the disk failed the index: it is opened anew, and what it lost is read from the journal.
//!
//! sled 0.34 that met a full or failing disk once answers nothing more. What it had not written is gone with it, but every
//! frame of that is in the journal: the frames between its mark and what it had before are laid over it in memory, below
//! what waits already. Nothing is written for that, so it works on a full disk; the writer gives them to the index later.
use crate::db::DbError;
use crate::journal::{JournalReader, ReplayError};
use crate::limits::ANEW_BYTES_MAX;
use crate::overlay::Pending;
use crate::reserve;
use crate::view::{Anew, Shared};
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

impl Shared {
    /// Reads, and once more after opening the index anew where the disk was at fault.
    pub(crate) fn twice<T>(&self, read: impl Fn() -> Result<T, DbError>) -> Result<T, DbError> {
        let times = self.times();
        match read() {
            Err(error) if error.is_trouble() => {
                self.open_anew(&error, times)?;
                read()
            }
            done => done,
        }
    }

    pub(crate) fn anew(&self) -> MutexGuard<'_, Anew> {
        self.anew.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on the index may be opened anew: what it has now must not be missed later.
    pub(crate) fn begin(&self, journal: JournalReader) -> Result<(), DbError> {
        let indexed = self.applied()?;
        let mut anew = self.anew();
        anew.journal = Some(journal);
        anew.indexed = indexed;
        Ok(())
    }

    /// How often the index was opened anew.
    pub(crate) fn times(&self) -> u64 {
        self.times.load(Ordering::Acquire)
    }

    /// Opens the index anew, unless somebody did since `times` was read.
    ///
    /// # Errors
    /// `error` again, where there is nothing to open or too much to hold in memory; or why it does not open.
    pub(crate) fn open_anew(&self, error: &DbError, times: u64) -> Result<(), DbError> {
        let anew = self.anew();
        if self.times() != times {
            return Ok(());
        }
        let Some(journal) = &anew.journal else { return Err(error.clone()) };
        let mut lag = self.lag.write().unwrap_or_else(PoisonError::into_inner);
        tracing::error!(%error, "the index is opened anew; what it lost is read from the journal");
        if let Err(error) = reserve::free_for_opening(&*self.disk) {
            tracing::warn!(%error, "the reserve could not be given back for opening the index");
        }
        if !self.db.reopen()? {
            return Err(error.clone());
        }
        let mut below = Pending::default();
        let applied = self.applied_in_index()?;
        if applied.position < anew.indexed.position {
            let replayed = journal.replay(&applied, anew.indexed.position, |_, writes| {
                writes.into_iter().for_each(|write| below.lay(write));
                if below.bytes() < ANEW_BYTES_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            });
            match replayed {
                Ok(_) => {}
                Err(ReplayError::Stopped) => return Err(error.clone()),
                Err(ReplayError::Journal(error)) => return Err(DbError::Damaged(error.to_string())),
            }
        }
        let waiting = std::mem::take(&mut *lag);
        waiting.into_writes().into_iter().for_each(|write| below.lay(write));
        *lag = below;
        self.times.fetch_add(1, Ordering::Release);
        Ok(())
    }
}
