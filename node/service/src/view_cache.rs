//! Copies of what was fetched from other holders, for reading only and for a limited time.
//!
//! They never lie in the key space of own records, so nothing here can be served to others or published. Items of a small
//! answer lie in bundles under their request; those of a large one lie one behind the other in one file, apart from the
//! blobs of own records. It belongs to the request, so that no other answer can share the file that is deleted with it.
//! A copy need not outlive a power cut: a file that was torn by one counts as gone.
use crate::bodies::{Bundles, unpack};
use protocol::data::{Batch, Space, View, Write, decode, encode};
use protocol::fetch::Item;
use protocol::ids::{FacilityId, PatientRef, RequestId};
use protocol::time::Millis;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::{BlobError, BlobId, BlobWriter, Store, owned};

/// Why a copy could not be kept, read or deleted.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Not here, or no longer: fetch it again.
    #[error("this copy is not here any more; fetch the record again")]
    Gone,
    /// Larger than can be shown.
    #[error("the record has {size} bytes, more than the {max} that can be shown here; save it to a file instead")]
    TooLarge {
        /// Its size.
        size: u64,
        /// What can be shown.
        max: u64,
    },
    /// The disk refused. Nothing was kept.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The store refused. Nothing was kept.
    #[error("the copy could not be kept: {0}")]
    Store(String),
    /// Whoever takes the bytes does not take them.
    #[error("the copy could not be written out")]
    Output(#[from] std::io::Error),
}

/// Of which transfer copies are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyOf {
    /// The request that fetched them.
    pub request: RequestId,
    /// Our patient.
    pub patient: PatientRef,
    /// Who holds the originals.
    pub holder: FacilityId,
    /// When they have to go.
    pub until: Millis,
}

/// A verified item on its way into the cache.
#[derive(Clone, Debug)]
pub enum Kept {
    /// In memory; at most [`SMALL_BYTES_MAX`].
    Small(Vec<u8>),
    /// In the answer's file, from there on ([`LargeCopy::at`]).
    Large(u64),
}

/// One copy, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopiedItem {
    /// The request that fetched it.
    pub request: RequestId,
    /// Who holds the original.
    pub holder: FacilityId,
    /// When the copy has to go.
    pub until: Millis,
    /// What it is.
    pub item: Item,
}

/// The copies of a node. Cheap to clone.
#[derive(Clone)]
pub struct ViewCache {
    store: Arc<Store>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum Place {
    Bundle {
        number: u32,
        frame: u32,
    },
    /// In the page's file, from there on.
    File(u64),
}

/// Some items of one request.
#[derive(Serialize, Deserialize)]
struct Page {
    patient: PatientRef,
    holder: FacilityId,
    until: Millis,
    items: Vec<(Item, Place)>,
    /// Bundles of the whole request.
    bundles: u32,
    /// The file of the whole request.
    file: Option<[u8; 32]>,
}

impl ViewCache {
    /// The cache in this store.
    pub fn new(store: Arc<Store>) -> Self {
        Self { store }
    }

    /// Begins the file of a large answer. Dropped before [`LargeCopy::finish`], nothing stays of it.
    pub fn large(&self, of: &CopyOf) -> LargeCopy {
        LargeCopy { writer: self.store.copies().writer_of(&of.request.0) }
    }

    /// The writes that keep verified items, with the file of those that lie in one; they belong into one batch with the leaf
    /// that tells of them.
    pub fn keep(&self, of: &CopyOf, items: Vec<(Item, Kept)>, file: Option<BlobId>) -> Vec<Write> {
        let mut bundles = Bundles::default();
        let mut placed = Vec::with_capacity(items.len());
        for (item, kept) in items {
            let place = match kept {
                Kept::Large(at) => Place::File(at),
                Kept::Small(bytes) => {
                    let (number, frame) = bundles.add(bytes);
                    Place::Bundle { number, frame }
                }
            };
            placed.push((item, place));
        }
        let file = file.map(|id| id.0);
        let count = bundles.count();
        let mut batch = Batch::default();
        for (number, value) in (0u32..).zip(bundles.into_values()) {
            batch.put(Space::Bodies, bundle_key(of.request, number), owned(of.patient, &value));
        }
        for (number, items) in (0u32..).zip(placed.chunks(PAGE_ITEMS)) {
            let page = Page {
                patient: of.patient,
                holder: of.holder.clone(),
                until: of.until,
                items: items.to_vec(),
                bundles: count,
                file,
            };
            batch.put(Space::Desk, page_key(of.request, number), owned(of.patient, &encode(&page)));
        }
        batch.put(Space::Desk, of_key(of.patient, of.request), encode(&of.until));
        batch.put(Space::Desk, due_key(of.until, of.request), Vec::new());
        if let Some(file) = file {
            batch.put(Space::Desk, file_key(file), Vec::new());
        }
        batch.writes
    }

    /// Deletes files that no batch names: a crash came between the file and the batch. Call it before any transfer runs.
    ///
    /// # Errors
    /// [`CopyError::Blob`] if the folder cannot be read or a file not be deleted.
    pub fn sweep(&self) -> Result<(), CopyError> {
        let (view, copies) = (self.store.view(), self.store.copies());
        for id in copies.list()? {
            if view.get(Space::Desk, &file_key(id.0)).is_none() {
                copies.remove(id)?;
            }
        }
        Ok(())
    }

    /// Deletes the large copies of these requests at once and gives the writes that delete the rest. Calling it again after
    /// a crash in between is safe.
    ///
    /// # Errors
    /// [`CopyError::Blob`] if a file could not be deleted; then nothing else is.
    pub fn forget(&self, requests: &[RequestId]) -> Result<Vec<Write>, CopyError> {
        let mut batch = Batch::default();
        for request in requests {
            self.forget_one(*request, &mut batch)?;
        }
        Ok(batch.writes)
    }

    /// As [`ViewCache::forget`], for what has to go at `now`, some hundred requests at a time. Empty: nothing is left to do.
    ///
    /// # Errors
    /// As [`ViewCache::forget`].
    pub fn expire(&self, now: Millis) -> Result<Vec<Write>, CopyError> {
        let view = self.store.view();
        let mut batch = Batch::default();
        for (key, _) in view.scan(Space::Desk, DUE, &[], EXPIRED_AT_ONCE) {
            let Some((until, request)) = timed::<16>(&key, DUE) else { continue };
            if until > now {
                break;
            }
            self.forget_one(RequestId(request), &mut batch)?;
            batch.remove(Space::Desk, key);
        }
        Ok(batch.writes)
    }

    /// What is here of other holders for this patient at `now`, newest transfer last.
    pub fn items(&self, patient: PatientRef, now: Millis) -> Vec<CopiedItem> {
        let view = self.store.view();
        let prefix = [OF, patient.0.to_be_bytes().as_slice()].concat();
        let mut out = Vec::new();
        for (key, value) in view.scan(Space::Desk, &prefix, &[], REQUESTS_SHOWN_MAX) {
            let Some(request) = key.get(prefix.len()..).and_then(RequestId::from_slice) else { continue };
            if decode::<Millis>(&value).is_none_or(|until| until <= now) {
                continue;
            }
            for (_, page) in self.shown_pages(request) {
                let Page { holder, until, items, .. } = page;
                let copied = |(item, _)| CopiedItem { request, holder: holder.clone(), until, item };
                out.extend(items.into_iter().map(copied));
            }
        }
        out
    }

    /// One copy's head, if it is here at `now`.
    pub fn find(&self, request: RequestId, item: [u8; 16], now: Millis) -> Option<(PatientRef, CopiedItem)> {
        let (page, item, _) = self.locate(request, item, now).ok()?;
        Some((page.patient, CopiedItem { request, holder: page.holder, until: page.until, item }))
    }

    /// One copy's bytes.
    ///
    /// # Errors
    /// [`CopyError::Gone`] if it is not here at `now`, [`CopyError::TooLarge`] above `max`.
    pub fn bytes(&self, request: RequestId, item: [u8; 16], now: Millis, max: u64) -> Result<Vec<u8>, CopyError> {
        let (page, item, place) = self.locate(request, item, now)?;
        if item.size > max {
            return Err(CopyError::TooLarge { size: item.size, max });
        }
        let mut out = Vec::with_capacity(usize::try_from(item.size).unwrap_or(0));
        self.copy_out(request, (&page, place), item.size, &mut out)?;
        Ok(out)
    }

    /// The first bytes of one copy, at most `most`: enough for the head of a large document.
    ///
    /// # Errors
    /// [`CopyError::Gone`] if it is not here at `now`.
    pub fn start(&self, request: RequestId, item: [u8; 16], now: Millis, most: usize) -> Result<Vec<u8>, CopyError> {
        let (page, item, place) = self.locate(request, item, now)?;
        let mut out = Vec::new();
        self.copy_out(request, (&page, place), item.size.min(most as u64), &mut out)?;
        Ok(out)
    }

    /// Writes one copy of any size out, chunk by chunk.
    ///
    /// # Errors
    /// [`CopyError::Gone`] if it is not here at `now`.
    pub fn write_to(
        &self,
        request: RequestId,
        item: [u8; 16],
        now: Millis,
        out: &mut dyn std::io::Write,
    ) -> Result<u64, CopyError> {
        let (page, item, place) = self.locate(request, item, now)?;
        self.copy_out(request, (&page, place), item.size, out)?;
        Ok(item.size)
    }

    fn locate(&self, request: RequestId, id: [u8; 16], now: Millis) -> Result<(Page, Item, Place), CopyError> {
        for (_, mut page) in self.shown_pages(request).into_iter().filter(|(_, page)| page.until > now) {
            if let Some(at) = page.items.iter().position(|(item, _)| item.id == id) {
                let (item, place) = page.items.swap_remove(at);
                return Ok((page, item, place));
            }
        }
        Err(CopyError::Gone)
    }

    /// Writes the first `len` bytes of one copy out, at most its size.
    fn copy_out(
        &self,
        request: RequestId,
        (page, place): (&Page, Place),
        len: u64,
        out: &mut dyn std::io::Write,
    ) -> Result<(), CopyError> {
        match place {
            Place::Bundle { number, frame } => {
                let bundle =
                    self.store.view().get(Space::Bodies, &bundle_key(request, number)).ok_or(CopyError::Gone)?;
                let bytes = unpack(&bundle, frame).ok_or(CopyError::Gone)?;
                let len = usize::try_from(len).unwrap_or(usize::MAX).min(bytes.len());
                out.write_all(&bytes[..len])?;
            }
            Place::File(at) => {
                let reader = match self.store.copies().reader(BlobId(page.file.ok_or(CopyError::Gone)?)) {
                    Err(BlobError::Missing(_) | BlobError::Damaged { .. }) => return Err(CopyError::Gone),
                    other => other?,
                };
                let (mut at, mut left) = (at, len);
                while left > 0 {
                    let chunk = match reader.read_chunk(at / CHUNK_BYTES) {
                        Err(BlobError::Damaged { .. } | BlobError::NoChunk { .. }) => return Err(CopyError::Gone),
                        other => other?,
                    };
                    let skip = usize::try_from(at % CHUNK_BYTES).unwrap_or(usize::MAX);
                    let rest = chunk.get(skip..).filter(|rest| !rest.is_empty()).ok_or(CopyError::Gone)?;
                    let now = rest.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    out.write_all(&rest[..now])?;
                    (at, left) = (at + now as u64, left - now as u64);
                }
            }
        }
        Ok(())
    }

    /// What is written at a start: copies of each holder wait until the holder was heard. Whoever was away may have missed that
    /// a patient withdrew.
    pub(crate) fn hold_back(&self) -> Batch {
        let mut batch = Batch::default();
        for (_, value) in self.store.view().scan(Space::Desk, SET, &[], usize::MAX) {
            if let Some(page) = decode::<Page>(&value) {
                batch.put(Space::Desk, waiting_key(&page.holder), Vec::new());
            }
        }
        batch
    }
    /// What is written when these holders were heard: what is left of their copies may be shown.
    pub(crate) fn heard<'a>(&self, holders: impl Iterator<Item = &'a FacilityId>) -> Batch {
        let (view, mut batch) = (self.store.view(), Batch::default());
        for key in holders.map(waiting_key).filter(|key| view.get(Space::Desk, key).is_some()) {
            batch.remove(Space::Desk, key);
        }
        batch
    }
    fn shown_pages(&self, request: RequestId) -> Vec<(Vec<u8>, Page)> {
        let view = self.store.view();
        let mut pages = self.pages(request);
        pages.retain(|(_, page)| view.get(Space::Desk, &waiting_key(&page.holder)).is_none());
        pages
    }
    fn pages(&self, request: RequestId) -> Vec<(Vec<u8>, Page)> {
        let prefix = [SET, request.0.as_slice()].concat();
        let found = self.store.view().scan(Space::Desk, &prefix, &[], PAGES_MAX);
        found.into_iter().filter_map(|(key, value)| Some((key, decode(&value)?))).collect()
    }

    fn forget_one(&self, request: RequestId, batch: &mut Batch) -> Result<(), CopyError> {
        for (key, page) in self.pages(request) {
            if let Some(file) = page.file {
                self.store.copies().remove(BlobId(file))?;
                batch.remove(Space::Desk, file_key(file));
            }
            (0..page.bundles).for_each(|number| batch.remove(Space::Bodies, bundle_key(request, number)));
            batch.remove(Space::Desk, of_key(page.patient, request));
            batch.remove(Space::Desk, due_key(page.until, request));
            batch.remove(Space::Desk, key);
        }
        Ok(())
    }
}

/// The file of a large answer on its way to the disk: its items, one behind the other.
pub struct LargeCopy {
    writer: BlobWriter,
}

impl LargeCopy {
    /// Where the next bytes lie, for [`Kept::Large`].
    pub fn at(&self) -> u64 {
        self.writer.len()
    }
    /// Adds verified bytes.
    ///
    /// # Errors
    /// [`CopyError::Blob`]; drop the copy then.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), CopyError> {
        Ok(self.writer.write(bytes)?)
    }
    /// Completes it; [`ViewCache::keep`] needs its name.
    ///
    /// # Errors
    /// [`CopyError`] if the disk refuses.
    pub fn finish(self) -> Result<BlobId, CopyError> {
        Ok(self.writer.finish()?)
    }
}

fn page_key(request: RequestId, number: u32) -> Vec<u8> {
    [SET, request.0.as_slice(), &number.to_be_bytes()].concat()
}
fn of_key(patient: PatientRef, request: RequestId) -> Vec<u8> {
    [OF, patient.0.to_be_bytes().as_slice(), &request.0].concat()
}
fn due_key(until: Millis, request: RequestId) -> Vec<u8> {
    [DUE, until.0.to_be_bytes().as_slice(), &request.0].concat()
}
fn waiting_key(holder: &FacilityId) -> Vec<u8> {
    [WAITING, holder.as_bytes()].concat()
}
fn file_key(id: [u8; 32]) -> Vec<u8> {
    [FILE, id.as_slice()].concat()
}
fn bundle_key(request: RequestId, number: u32) -> Vec<u8> {
    [b"copy/".as_slice(), &request.0, &number.to_be_bytes()].concat()
}
fn timed<const N: usize>(key: &[u8], prefix: &[u8]) -> Option<(Millis, [u8; N])> {
    let (until, id) = key.strip_prefix(prefix)?.split_first_chunk::<8>()?;
    Some((Millis(u64::from_be_bytes(*until)), id.try_into().ok()?))
}

const SET: &[u8] = b"copies/";
const OF: &[u8] = b"copies-of/";
const DUE: &[u8] = b"copy-due/";
const FILE: &[u8] = b"copy-file/";
const WAITING: &[u8] = b"copy-waits/";
/// The files are read in pieces of this size.
const CHUNK_BYTES: u64 = store::limits::CHUNK_BYTES as u64;
/// Items of one page: with titles of the longest kind some 700 KiB.
const PAGE_ITEMS: usize = 1_000;
/// Pages of one request: as many items as a plan may have.
const PAGES_MAX: usize = protocol::limits::FETCH_ITEMS_MAX.div_ceil(PAGE_ITEMS);
/// Largest item in a bundle.
pub const SMALL_BYTES_MAX: u64 = 48 << 10;
/// Requests whose copies are shown of one patient: a day of asking every holder of a prefecture once an hour.
const REQUESTS_SHOWN_MAX: usize = 2_000;
/// Requests that go in one batch.
const EXPIRED_AT_ONCE: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::data::Outcome;
    use protocol::ids::Hash;
    use protocol::kinds::DataKind;
    use store::StoreConfig;

    fn cache() -> ViewCache {
        ViewCache::new(Arc::new(Store::in_memory(StoreConfig::new([3; 32])).expect("a store")))
    }
    fn of(request: u8, until: u64) -> CopyOf {
        let holder = FacilityId::parse("1312345678").expect("ten digits");
        CopyOf { request: RequestId([request; 16]), patient: PatientRef(7), holder, until: Millis(until) }
    }
    fn item(number: u8, size: usize) -> Item {
        Item {
            id: [number; 16],
            kind: DataKind::parse("OML-11").expect("a kind"),
            care_date: None,
            title: "血液検査".into(),
            made_at: Millis(1),
            checked_at: Millis(2),
            size: size as u64,
            digest: Hash([number; 32]),
        }
    }
    /// Small items in bundles, large ones in the request's file.
    fn put(cache: &ViewCache, of: &CopyOf, items: Vec<(Item, Vec<u8>)>) -> Vec<Write> {
        let mut file: Option<LargeCopy> = None;
        let mut kept = Vec::new();
        for (item, bytes) in items {
            if bytes.len() as u64 <= SMALL_BYTES_MAX {
                kept.push((item, Kept::Small(bytes)));
                continue;
            }
            let mut copy = file.take().unwrap_or_else(|| cache.large(of));
            kept.push((item, Kept::Large(copy.at())));
            copy.write(&bytes).expect("written");
            file = Some(copy);
        }
        let file = file.map(|copy| copy.finish().expect("complete"));
        cache.keep(of, kept, file)
    }
    #[track_caller]
    fn commit(cache: &ViewCache, writes: Vec<Write>) {
        let outcome = cache.store.commit(Batch { writes, events: Vec::new() });
        assert!(matches!(outcome, Outcome::Committed { .. }), "{outcome:?}");
    }
    fn left_over(cache: &ViewCache) -> usize {
        let view = cache.store.view();
        let keys = view.scan(Space::Desk, b"cop", &[], 9).len() + view.scan(Space::Bodies, b"", &[], 9).len();
        keys + cache.store.copies().list().expect("copies").len()
    }

    #[test]
    fn row_185_copies_are_read_until_they_expire_and_then_nothing_is_left() {
        let cache = cache();
        let large = vec![9u8; 700_000];
        let other: Vec<u8> = (0..600_000u32).map(|at| (at / 7) as u8).collect();
        let bodies = vec![
            (item(1, 3), b"abc".to_vec()),
            (item(2, large.len()), large.clone()),
            (item(3, 0), vec![]),
            (item(4, other.len()), other.clone()),
        ];
        let writes = put(&cache, &of(1, 100), bodies);
        commit(&cache, writes);
        let read = |number: u8, now| cache.bytes(RequestId([1; 16]), [number; 16], Millis(now), 1 << 20);
        assert_eq!(read(1, 50).expect("here"), b"abc");
        assert_eq!(read(2, 50).expect("here"), large);
        assert_eq!(read(3, 50).expect("here"), b"");
        assert_eq!(read(4, 50).expect("here"), other);
        let start = cache.start(RequestId([1; 16]), [4; 16], Millis(50), 300_000).expect("here");
        assert_eq!(start, other[..300_000]);
        assert!(matches!(read(1, 100), Err(CopyError::Gone)));
        assert!(matches!(cache.bytes(RequestId([1; 16]), [2; 16], Millis(1), 10), Err(CopyError::TooLarge { .. })));
        assert_eq!(cache.items(PatientRef(7), Millis(50)).len(), 4);
        assert!(cache.items(PatientRef(7), Millis(100)).is_empty());
        assert!(cache.items(PatientRef(8), Millis(50)).is_empty());
        assert!(cache.expire(Millis(99)).expect("nothing due").is_empty());
        commit(&cache, cache.expire(Millis(100)).expect("due"));
        assert_eq!(left_over(&cache), 0);
    }
    #[test]
    fn forgetting_one_request_leaves_the_others() {
        let cache = cache();
        let same = vec![5u8; 100_000];
        for request in [1, 2] {
            commit(&cache, put(&cache, &of(request, 100), vec![(item(1, same.len()), same.clone())]));
        }
        commit(&cache, cache.forget(&[RequestId([1; 16])]).expect("forgotten"));
        let read = |request: u8| cache.bytes(RequestId([request; 16]), [1; 16], Millis(5), 1 << 20);
        assert!(matches!(read(1), Err(CopyError::Gone)));
        assert_eq!(read(2).expect("the same bytes of another request"), same);
        commit(&cache, cache.forget(&[RequestId([2; 16])]).expect("forgotten"));
        assert_eq!(left_over(&cache), 0);
    }
    #[test]
    fn a_file_that_nobody_kept_is_swept_at_the_next_start() {
        let cache = cache();
        commit(&cache, put(&cache, &of(2, 100), vec![(item(1, 100_000), vec![1; 100_000])]));
        let mut copy = cache.large(&of(1, 100));
        copy.write(b"abcd").expect("written");
        copy.finish().expect("complete");
        assert_eq!(cache.store.copies().list().expect("copies").len(), 2);
        cache.sweep().expect("swept");
        assert_eq!(cache.store.copies().list().expect("copies").len(), 1);
        assert!(cache.bytes(RequestId([2; 16]), [1; 16], Millis(5), 1 << 20).is_ok());
    }
    #[test]
    fn a_torn_file_counts_as_gone() {
        let cache = cache();
        commit(&cache, put(&cache, &of(1, 100), vec![(item(1, 100_000), vec![1; 100_000])]));
        for id in cache.store.copies().list().expect("copies") {
            cache.store.copies().remove(id).expect("removed");
        }
        assert!(matches!(cache.bytes(RequestId([1; 16]), [1; 16], Millis(5), 1 << 20), Err(CopyError::Gone)));
    }
}
