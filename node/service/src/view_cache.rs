//! Copies of what was fetched from other holders, for reading only and for a limited time.
//!
//! They never lie in the key space of own records, so nothing here can be served to others or published. Small items lie
//! in bundles under their request, large ones in blobs of their own that begin with request and item, so that no other
//! record can share the file that is deleted with them.
use crate::bodies::{Bundles, unpack};
use protocol::data::{Batch, Outcome, Space, View, Write, decode, encode};
use protocol::fetch::Item;
use protocol::ids::{FacilityId, PatientRef, RequestId};
use protocol::time::Millis;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::{BlobError, BlobId, BlobWriter, Store};

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
    /// In memory.
    Small(Vec<u8>),
    /// Written with [`ViewCache::large`].
    Large(BlobId),
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
    Bundle { number: u32, frame: u32 },
    Blob([u8; 32]),
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
}

impl ViewCache {
    /// The cache in this store.
    pub fn new(store: Arc<Store>) -> Self {
        Self { store }
    }

    /// Begins a copy that is too large for memory. Dropped before [`LargeCopy::finish`], nothing stays of it.
    ///
    /// # Errors
    /// [`CopyError::Blob`] if the disk refuses.
    pub fn large(&self, of: &CopyOf, item: &Item) -> Result<LargeCopy, CopyError> {
        let mut writer = self.store.blobs().writer();
        writer.write(&of.request.0)?;
        writer.write(&item.id)?;
        Ok(LargeCopy { store: self.store.clone(), writer, until: of.until, request: of.request })
    }

    /// The writes that keep verified items; they belong into one batch with the leaf that tells of them.
    ///
    /// # Errors
    /// [`CopyError`] if an item that turned out large could not be written beside.
    pub fn keep(&self, of: &CopyOf, items: Vec<(Item, Kept)>) -> Result<Vec<Write>, CopyError> {
        let mut bundles = Bundles::default();
        let mut placed = Vec::with_capacity(items.len());
        for (item, kept) in items {
            let place = match kept {
                Kept::Large(id) => Place::Blob(id.0),
                Kept::Small(bytes) if bytes.len() > SMALL_BYTES_MAX => {
                    let mut copy = self.large(of, &item)?;
                    copy.write(&bytes)?;
                    Place::Blob(copy.finish()?.0)
                }
                Kept::Small(bytes) => {
                    let (number, frame) = bundles.add(bytes);
                    Place::Bundle { number, frame }
                }
            };
            placed.push((item, place));
        }
        let count = bundles.count();
        let mut batch = Batch::default();
        for (number, value) in (0u32..).zip(bundles.into_values()) {
            batch.put(Space::Bodies, bundle_key(of.request, number), value);
        }
        for (number, items) in (0u32..).zip(placed.chunks(PAGE_ITEMS)) {
            let page = Page {
                patient: of.patient,
                holder: of.holder.clone(),
                until: of.until,
                items: items.to_vec(),
                bundles: count,
            };
            batch.put(Space::Desk, page_key(of.request, number), encode(&page));
        }
        batch.put(Space::Desk, of_key(of.patient, of.request), encode(&of.until));
        batch.put(Space::Desk, due_key(of.until, of.request), Vec::new());
        Ok(batch.writes)
    }

    /// As [`ViewCache::keep`], for items that are all in memory.
    ///
    /// # Errors
    /// As [`ViewCache::keep`].
    pub fn put_small(&self, of: &CopyOf, items: Vec<(Item, Vec<u8>)>) -> Result<Vec<Write>, CopyError> {
        self.keep(of, items.into_iter().map(|(item, bytes)| (item, Kept::Small(bytes))).collect())
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
        for (key, _) in view.scan(Space::Desk, BLOB, &[], EXPIRED_AT_ONCE) {
            let Some((until, id)) = timed::<32>(&key, BLOB) else { continue };
            if until > now {
                break;
            }
            self.store.blobs().remove(BlobId(id))?;
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
            for (_, page) in self.pages(request) {
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
        let (_, item, place) = self.locate(request, item, now)?;
        if item.size > max {
            return Err(CopyError::TooLarge { size: item.size, max });
        }
        let mut out = Vec::with_capacity(usize::try_from(item.size).unwrap_or(0));
        self.copy_out(request, place, &mut out)?;
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
        let (_, item, place) = self.locate(request, item, now)?;
        self.copy_out(request, place, out)?;
        Ok(item.size)
    }

    fn locate(&self, request: RequestId, id: [u8; 16], now: Millis) -> Result<(Page, Item, Place), CopyError> {
        for (_, mut page) in self.pages(request).into_iter().filter(|(_, page)| page.until > now) {
            if let Some(at) = page.items.iter().position(|(item, _)| item.id == id) {
                let (item, place) = page.items.swap_remove(at);
                return Ok((page, item, place));
            }
        }
        Err(CopyError::Gone)
    }

    fn copy_out(&self, request: RequestId, place: Place, out: &mut dyn std::io::Write) -> Result<(), CopyError> {
        match place {
            Place::Bundle { number, frame } => {
                let bundle = self.store.view().get(Space::Bodies, &bundle_key(request, number)).ok_or(CopyError::Gone)?;
                out.write_all(unpack(&bundle, frame).ok_or(CopyError::Gone)?)?;
            }
            Place::Blob(id) => {
                let reader = match self.store.blobs().reader(BlobId(id)) {
                    Err(BlobError::Missing(_)) => return Err(CopyError::Gone),
                    other => other?,
                };
                let mut skip = PREFIX_BYTES;
                for index in 0..reader.chunks() {
                    let chunk = reader.read_chunk(index)?;
                    out.write_all(chunk.get(skip..).unwrap_or_default())?;
                    skip = skip.saturating_sub(chunk.len());
                }
            }
        }
        Ok(())
    }

    fn pages(&self, request: RequestId) -> Vec<(Vec<u8>, Page)> {
        let prefix = [SET, request.0.as_slice()].concat();
        let found = self.store.view().scan(Space::Desk, &prefix, &[], PAGES_MAX);
        found.into_iter().filter_map(|(key, value)| Some((key, decode(&value)?))).collect()
    }

    fn forget_one(&self, request: RequestId, batch: &mut Batch) -> Result<(), CopyError> {
        for (key, page) in self.pages(request) {
            for (_, place) in &page.items {
                if let Place::Blob(id) = place {
                    self.store.blobs().remove(BlobId(*id))?;
                    batch.remove(Space::Desk, blob_key(page.until, *id));
                }
            }
            (0..page.bundles).for_each(|number| batch.remove(Space::Bodies, bundle_key(request, number)));
            batch.remove(Space::Desk, of_key(page.patient, request));
            batch.remove(Space::Desk, due_key(page.until, request));
            batch.remove(Space::Desk, key);
        }
        Ok(())
    }
}

/// A large copy on its way to the disk.
pub struct LargeCopy {
    store: Arc<Store>,
    writer: BlobWriter,
    until: Millis,
    request: RequestId,
}

impl LargeCopy {
    /// Adds verified bytes.
    ///
    /// # Errors
    /// [`CopyError::Blob`]; drop the copy then.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), CopyError> {
        Ok(self.writer.write(bytes)?)
    }
    /// Makes it durable, with a note by which it goes in time even if nobody ever keeps it.
    ///
    /// # Errors
    /// [`CopyError`] if disk or store refuse.
    pub fn finish(self) -> Result<BlobId, CopyError> {
        let id = self.writer.finish()?;
        let mut batch = Batch::default();
        batch.put(Space::Desk, blob_key(self.until, id.0), encode(&self.request));
        match self.store.commit(batch) {
            Outcome::Committed { .. } => Ok(id),
            Outcome::Failed(why) => {
                self.store.blobs().remove(id)?;
                Err(CopyError::Store(why))
            }
        }
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
fn blob_key(until: Millis, id: [u8; 32]) -> Vec<u8> {
    [BLOB, until.0.to_be_bytes().as_slice(), &id].concat()
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
const BLOB: &[u8] = b"copy-blob/";
/// Request and item id before the bytes of a large copy.
const PREFIX_BYTES: usize = 32;
/// Items of one page: with titles of the longest kind some 700 KiB.
const PAGE_ITEMS: usize = 1_000;
/// Pages of one request: as many items as a plan may have.
const PAGES_MAX: usize = protocol::limits::FETCH_ITEMS_MAX.div_ceil(PAGE_ITEMS);
/// Items above this size are written beside the index.
const SMALL_BYTES_MAX: usize = 48 << 10;
/// Requests whose copies are shown of one patient: a day of asking every holder of a prefecture once an hour.
const REQUESTS_SHOWN_MAX: usize = 2_000;
/// Requests that go in one batch.
const EXPIRED_AT_ONCE: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;
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
    #[track_caller]
    fn commit(cache: &ViewCache, writes: Vec<Write>) {
        let outcome = cache.store.commit(Batch { writes, events: Vec::new() });
        assert!(matches!(outcome, Outcome::Committed { .. }), "{outcome:?}");
    }
    fn left_over(cache: &ViewCache) -> usize {
        let view = cache.store.view();
        let keys = view.scan(Space::Desk, b"cop", &[], 9).len() + view.scan(Space::Bodies, b"", &[], 9).len();
        keys + cache.store.blobs().list().expect("blobs").len()
    }

    #[test]
    fn copies_are_read_until_they_expire_and_then_nothing_is_left() {
        let cache = cache();
        let large = vec![9u8; 700_000];
        let bodies = [(item(1, 3), b"abc".to_vec()), (item(2, large.len()), large.clone()), (item(3, 0), vec![])];
        let writes = cache.put_small(&of(1, 100), bodies.to_vec()).expect("kept");
        commit(&cache, writes);
        let read = |number: u8, now| cache.bytes(RequestId([1; 16]), [number; 16], Millis(now), 1 << 20);
        assert_eq!(read(1, 50).expect("here"), b"abc");
        assert_eq!(read(2, 50).expect("here"), large);
        assert_eq!(read(3, 50).expect("here"), b"");
        assert!(matches!(read(1, 100), Err(CopyError::Gone)));
        assert!(matches!(cache.bytes(RequestId([1; 16]), [2; 16], Millis(1), 10), Err(CopyError::TooLarge { .. })));
        assert_eq!(cache.items(PatientRef(7), Millis(50)).len(), 3);
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
            commit(&cache, cache.put_small(&of(request, 100), vec![(item(1, same.len()), same.clone())]).expect("kept"));
        }
        commit(&cache, cache.forget(&[RequestId([1; 16])]).expect("forgotten"));
        let read = |request: u8| cache.bytes(RequestId([request; 16]), [1; 16], Millis(5), 1 << 20);
        assert!(matches!(read(1), Err(CopyError::Gone)));
        assert_eq!(read(2).expect("the same bytes of another request"), same);
        commit(&cache, cache.forget(&[RequestId([2; 16])]).expect("forgotten"));
        assert_eq!(left_over(&cache), 0);
    }
    #[test]
    fn a_large_copy_that_nobody_kept_goes_in_time() {
        let cache = cache();
        let mut copy = cache.large(&of(1, 100), &item(1, 4)).expect("begun");
        copy.write(b"abcd").expect("written");
        copy.finish().expect("durable");
        assert_eq!(left_over(&cache), 2);
        commit(&cache, cache.expire(Millis(101)).expect("due"));
        assert_eq!(left_over(&cache), 0);
    }
}
