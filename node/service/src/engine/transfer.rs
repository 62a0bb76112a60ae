//! The bytes of transfers: own records on their way out, verified copies on their way in. All of it blocks on the disk.
use crate::bodies::{Body, BodyError, bundle_key, chunk_hashes, unpack};
use crate::limits::{BUNDLES_OPEN_MAX, KEPT_INLINE_BYTES_MAX};
use crate::view_cache::{CopyError, CopyOf, Kept, LargeCopy, SMALL_BYTES_MAX, ViewCache};
use protocol::data::{Space, View, Write};
use protocol::engine::{Receive, Received, Serve, Source};
use protocol::fetch::{Bad, Check, Digester, Item, Place, PlanError, Resume, Sender, Want};
use protocol::ids::{Hash, PatientRef};
use protocol::limits::CHUNK_BYTES_MAX;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use store::Store;

/// Why an own record's bytes are not to be had: the reader is told *incomplete*, never *none*.
pub type ItemError = BodyError;

/// The bytes of one own record, from its beginning.
pub struct ItemReader {
    body: Body,
    next: u64,
    chunk: Vec<u8>,
    at: usize,
}

/// Own records of one answer. Those of one day lie in few bundles, but in another order than they are asked for: the bundles
/// used last stay at hand, so that none is opened once per record.
pub struct Shelf {
    store: Arc<Store>,
    /// Used last, last.
    bundles: Vec<((PatientRef, u32), Vec<u8>)>,
}

impl Shelf {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self { store, bundles: Vec::new() }
    }
    /// The bytes of one record, to be read in parts. Blocks; read it on a thread that may.
    ///
    /// # Errors
    /// [`ItemError`]; the reader is told that the item is missing.
    pub fn item(&mut self, source: &Source) -> Result<ItemReader, ItemError> {
        let body = match source.place {
            Place::Bundle { number, frame } => Body::Frame(self.frame(source.patient, number, frame)?.to_vec()),
            Place::Blob { .. } => Body::open(&self.store.view(), self.store.blobs(), source.patient, source.place)?,
        };
        Ok(ItemReader::of(body))
    }
    /// The whole bytes of one record of at most one chunk. Blocks.
    ///
    /// # Errors
    /// As [`Shelf::item`].
    pub fn small(&mut self, source: &Source) -> Result<Cow<'_, [u8]>, ItemError> {
        if let Place::Bundle { number, frame } = source.place {
            return Ok(Cow::Borrowed(self.frame(source.patient, number, frame)?));
        }
        let body = Body::open(&self.store.view(), self.store.blobs(), source.patient, source.place)?;
        Ok(Cow::Owned(body.bytes(CHUNK_BYTES_MAX)?))
    }
    fn frame(&mut self, patient: PatientRef, number: u32, frame: u32) -> Result<&[u8], ItemError> {
        let at = (patient, number);
        let bundle = match self.bundles.iter().rposition(|(open, _)| *open == at) {
            Some(place) => self.bundles.remove(place),
            None => {
                if self.bundles.len() >= BUNDLES_OPEN_MAX {
                    self.bundles.remove(0);
                }
                (at, self.store.view().get(Space::Bodies, &bundle_key(patient, number)).ok_or(ItemError::Missing)?)
            }
        };
        self.bundles.push(bundle);
        let bundle = self.bundles.last().map(|(_, bundle)| bundle.as_slice()).unwrap_or_default();
        unpack(bundle, frame).ok_or(ItemError::Missing)
    }
    /// The hash of every chunk of a large record, as they were noted when it was taken in.
    pub fn hashes(&self, source: &Source) -> Option<Vec<Hash>> {
        let Place::Blob { id } = source.place else { return None };
        chunk_hashes(&self.store.view(), &id)
    }
}

impl ItemReader {
    fn of(body: Body) -> Self {
        Self { body, next: 0, chunk: Vec::new(), at: 0 }
    }
    /// Number of bytes.
    pub fn len(&self) -> u64 {
        self.body.len()
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.body.is_empty()
    }
    /// One chunk of [`CHUNK_BYTES_MAX`]; the last may be shorter. An empty record has one empty chunk.
    ///
    /// # Errors
    /// [`ItemError`] if there is none of this number or the disk refuses.
    pub fn chunk(&self, index: u64) -> Result<Vec<u8>, ItemError> {
        if index == 0 && self.body.is_empty() { Ok(Vec::new()) } else { self.body.chunk(index) }
    }
}

impl io::Read for ItemReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.chunk.len() {
            if self.next >= self.body.chunks() {
                return Ok(0);
            }
            self.chunk = self.body.chunk(self.next).map_err(io::Error::other)?;
            self.next += 1;
            self.at = 0;
        }
        let rest = self.chunk.get(self.at..).unwrap_or_default();
        let len = rest.len().min(out.len());
        out[..len].copy_from_slice(&rest[..len]);
        self.at += len;
        Ok(len)
    }
}

/// A permitted answer as frames of the bulk protocol, one after the other.
pub struct Outgoing {
    shelf: Shelf,
    sources: Vec<Source>,
    sender: Sender,
    frames: VecDeque<Vec<u8>>,
    open: Option<(u32, ItemReader)>,
    missing: u32,
}

impl Outgoing {
    pub(super) fn new(store: Arc<Store>, serve: &Serve) -> Result<Self, PlanError> {
        let sender = Sender::new(&serve.plan, Resume::default())?;
        let sources = serve.sources.clone();
        Ok(Self { shelf: Shelf::new(store), sources, sender, frames: VecDeque::new(), open: None, missing: 0 })
    }
    /// Items that could not be read any more; the reader was told.
    pub fn missing(&self) -> u32 {
        self.missing
    }
    fn bring(&mut self, want: Want) -> Option<Vec<Vec<u8>>> {
        match want {
            Want::Hashes { item } => {
                if let Some(hashes) = self.sources.get(item as usize).and_then(|source| self.shelf.hashes(source)) {
                    return self.sender.hashes(hashes).ok();
                }
                let reader = self.reader(item)?;
                let mut digester = Digester::new();
                for index in 0..reader.len().div_ceil(CHUNK_BYTES_MAX) {
                    digester.update(&reader.chunk(index).ok()?);
                }
                let (_, hashes) = digester.finish();
                self.sender.hashes(hashes).ok()
            }
            Want::Bytes { item, offset, .. } => {
                let bytes = self.reader(item)?.chunk(offset / CHUNK_BYTES_MAX).ok()?;
                self.sender.bytes(&bytes).ok()
            }
        }
    }
    fn reader(&mut self, item: u32) -> Option<&ItemReader> {
        if self.open.as_ref().is_none_or(|(open, _)| *open != item) {
            let source = self.sources.get(item as usize)?;
            self.open = Some((item, self.shelf.item(source).ok()?));
        }
        self.open.as_ref().map(|(_, reader)| reader)
    }
}

impl Iterator for Outgoing {
    type Item = Vec<u8>;

    /// The next frame with its length; none at the end.
    fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Some(frame);
            }
            let want = self.sender.want()?;
            let frames = match self.bring(want) {
                Some(frames) => frames,
                None => {
                    self.missing += 1;
                    self.open = None;
                    self.sender.missing()
                }
            };
            self.frames.extend(frames);
        }
    }
}

/// Keeps the verified items of one answer: those of a small answer as writes for the Engine's batch, those of a large one in
/// a file at once. Dropped before [`Keeping::finish`], nothing is kept.
pub struct Keeping {
    cache: ViewCache,
    of: CopyOf,
    items: Vec<Item>,
    whole: Vec<(Item, Kept)>,
    open: Open,
}

/// Where the item under way goes.
enum Open {
    Small(Vec<u8>),
    /// The file, once there is one, and where the item begins in it.
    Large(Option<Box<LargeCopy>>, u64),
}

impl Keeping {
    pub(super) fn new(store: Arc<Store>, receive: &Receive) -> Self {
        let of = CopyOf {
            request: receive.plan.request,
            patient: receive.patient,
            holder: receive.holder.clone(),
            until: receive.until,
        };
        let items = receive.plan.items.clone();
        let is_small =
            receive.plan.total <= KEPT_INLINE_BYTES_MAX && items.iter().all(|item| item.size <= SMALL_BYTES_MAX);
        let open = if is_small { Open::Small(Vec::new()) } else { Open::Large(None, 0) };
        Self { cache: ViewCache::new(store), of, items, whole: Vec::new(), open }
    }
    /// The next bytes of an item, verified; `last` if the item is whole with them. Items and bytes come in order.
    ///
    /// # Errors
    /// [`CopyError`] if the disk refuses; drop it then.
    pub fn write(&mut self, item: u32, offset: u64, bytes: &[u8], last: bool) -> Result<(), CopyError> {
        let Some(head) = self.items.get(item as usize) else { return Err(CopyError::Gone) };
        let kept = match &mut self.open {
            Open::Small(begun) => {
                if offset == 0 {
                    begun.clear();
                }
                begun.extend_from_slice(bytes);
                last.then(|| Kept::Small(std::mem::take(begun)))
            }
            Open::Large(file, begins) => {
                let file = file.get_or_insert_with(|| Box::new(self.cache.large(&self.of)));
                if offset == 0 {
                    *begins = file.at();
                }
                file.write(bytes)?;
                last.then_some(Kept::Large(*begins))
            }
        };
        if let Some(kept) = kept {
            self.whole.push((head.clone(), kept));
        }
        Ok(())
    }
    /// Nothing more comes: what is whole is kept, with these writes.
    ///
    /// # Errors
    /// [`CopyError`]; nothing is kept.
    pub fn finish(self) -> Result<Vec<Write>, CopyError> {
        if self.whole.is_empty() {
            return Ok(Vec::new());
        }
        let file = match self.open {
            Open::Large(Some(file), _) => Some(file.finish()?),
            _ => None,
        };
        Ok(self.cache.keep(&self.of, self.whole, file))
    }
}

/// An announced answer: takes its frames, verifies them against the plan, keeps what is whole.
pub struct Incoming {
    check: Check,
    keeping: Keeping,
    items: u32,
    bytes: u64,
    damaged: bool,
    broken: bool,
}

impl Incoming {
    pub(super) fn new(store: Arc<Store>, receive: &Receive) -> Result<Self, PlanError> {
        let check = Check::new(&receive.plan, Resume::default())?;
        let keeping = Keeping::new(store, receive);
        Ok(Self { check, keeping, items: 0, bytes: 0, damaged: false, broken: false })
    }
    /// Takes one frame with its length.
    ///
    /// # Errors
    /// [`Bad`] if it does not fit the plan: the transfer is over, finish it.
    pub fn take(&mut self, frame: &[u8]) -> Result<(), Bad> {
        let verified = self.check.take(frame).inspect_err(|_| self.damaged = true)?;
        for piece in verified {
            if self.broken {
                continue;
            }
            match self.keeping.write(piece.item, piece.offset, piece.bytes, piece.last) {
                Ok(()) => {
                    self.bytes += piece.bytes.len() as u64;
                    self.items += u32::from(piece.last);
                }
                Err(error) => {
                    tracing::error!(%error, "a fetched copy cannot be kept; the answer is shown as incomplete");
                    self.broken = true;
                }
            }
        }
        Ok(())
    }
    /// Whether everything came, or was told to be missing.
    pub fn is_done(&self) -> bool {
        self.check.done()
    }
    /// Ends the transfer: the answer for the Engine.
    pub fn finish(self) -> Received {
        let complete = self.check.done() && self.check.missing().is_empty() && !self.broken && !self.damaged;
        match self.keeping.finish() {
            Ok(writes) => Received { complete, damaged: self.damaged, items: self.items, bytes: self.bytes, writes },
            Err(error) => {
                tracing::error!(%error, "fetched copies cannot be kept");
                Received { complete: false, damaged: self.damaged, ..Received::default() }
            }
        }
    }
}
