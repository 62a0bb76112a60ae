//! The bytes of stored records: small ones of one patient lie together in bundles, large ones are blobs.
//!
//! A bundle is `count u16 ‖ length u32 of each frame ‖ frames`, big-endian; the store packs and seals it as one value.
use protocol::crypto::sha256;
use protocol::data::{Space, View};
use protocol::fetch::Place;
use protocol::ids::{Hash, PatientRef};
use protocol::limits::CHUNK_BYTES_MAX;
use store::{BlobError, BlobId, BlobReader, Blobs};

/// Why the bytes of a record cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The bundle or the frame in it is not there. The index may be damaged.
    #[error(
        "the bytes of this record are not where its head says; stop the node, move its folder `db` aside and start it: it is rebuilt from the journal"
    )]
    Missing,
    /// Larger than the caller wants to hold in memory.
    #[error("the record has {size} bytes, more than the {max} that can be shown here; save it to a file instead")]
    TooLarge {
        /// Its size.
        size: u64,
        /// What the caller can hold.
        max: u64,
    },
    /// The blob cannot be read.
    #[error(transparent)]
    Blob(#[from] BlobError),
}

/// The bytes of one record, read in chunks of [`CHUNK_BYTES_MAX`].
pub enum Body {
    /// In memory.
    Frame(Vec<u8>),
    /// On disk.
    Blob(BlobReader),
}

impl Body {
    /// Opens what lies at `place` of a patient.
    ///
    /// # Errors
    /// [`BodyError`] if nothing readable lies there.
    pub fn open(view: &dyn View, blobs: &Blobs, patient: PatientRef, place: Place) -> Result<Self, BodyError> {
        match place {
            Place::Blob { id } => Ok(Self::Blob(blobs.reader(BlobId(id))?)),
            Place::Bundle { number, frame } => {
                let bundle = view.get(Space::Bodies, &bundle_key(patient, number)).ok_or(BodyError::Missing)?;
                unpack(&bundle, frame).map(|bytes| Self::Frame(bytes.to_vec())).ok_or(BodyError::Missing)
            }
        }
    }
    /// Number of bytes.
    pub fn len(&self) -> u64 {
        match self {
            Self::Frame(bytes) => bytes.len() as u64,
            Self::Blob(reader) => reader.len(),
        }
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Number of chunks; the last may be shorter.
    pub fn chunks(&self) -> u64 {
        self.len().div_ceil(CHUNK_BYTES_MAX)
    }
    /// One chunk.
    ///
    /// # Errors
    /// [`BodyError`] if there is none of this number or the disk refuses.
    pub fn chunk(&self, index: u64) -> Result<Vec<u8>, BodyError> {
        match self {
            Self::Blob(reader) => Ok(reader.read_chunk(index)?),
            Self::Frame(bytes) => {
                let step = usize::try_from(CHUNK_BYTES_MAX).unwrap_or(usize::MAX);
                let index = usize::try_from(index).map_err(|_| BodyError::Missing)?;
                Ok(bytes.chunks(step).nth(index).ok_or(BodyError::Missing)?.to_vec())
            }
        }
    }
    /// All bytes, if they are not more than `max`.
    ///
    /// # Errors
    /// [`BodyError::TooLarge`], or what [`Body::chunk`] says.
    pub fn bytes(self, max: u64) -> Result<Vec<u8>, BodyError> {
        let size = self.len();
        if size > max {
            return Err(BodyError::TooLarge { size, max });
        }
        if let Self::Frame(bytes) = self {
            return Ok(bytes);
        }
        let mut out = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        for index in 0..self.chunks() {
            out.extend_from_slice(&self.chunk(index)?);
        }
        Ok(out)
    }
}

/// Where a bundle of a patient lies.
pub(crate) fn bundle_key(patient: PatientRef, number: u32) -> Vec<u8> {
    [patient.0.to_be_bytes().as_slice(), &number.to_be_bytes()].concat()
}

/// Where the hashes of a blob's chunks lie, for transfers of it.
pub(crate) fn hashes_key(blob: &[u8; 32]) -> Vec<u8> {
    // The name opens the blob, so a hash of it stands in the key.
    [b"chunks/".as_slice(), &sha256(&[b"musubi/chunks", blob]).0].concat()
}

/// The hash of every chunk of a blob, if they were noted when it was taken in.
pub(crate) fn chunk_hashes(view: &dyn View, blob: &[u8; 32]) -> Option<Vec<Hash>> {
    // Those from before stand under the name itself.
    let old = || view.get(Space::Bodies, &[b"chunks/".as_slice(), blob].concat());
    let bytes = view.get(Space::Bodies, &hashes_key(blob)).or_else(old)?;
    let (hashes, over) = bytes.as_chunks::<32>();
    over.is_empty().then(|| hashes.iter().copied().map(Hash).collect())
}

/// Frames that are on their way into bundles.
#[derive(Default)]
pub(crate) struct Bundles {
    /// Bundles that are full, and the open one at the end.
    bundles: Vec<Vec<Vec<u8>>>,
    open_bytes: usize,
}

impl Bundles {
    /// Adds a frame; gives the number of its bundle (from 0) and its number in it.
    pub(crate) fn add(&mut self, frame: Vec<u8>) -> (u32, u32) {
        let fits = |open: &Vec<Vec<u8>>| {
            self.open_bytes + frame.len() <= BUNDLE_BYTES_MAX && open.len() < usize::from(u16::MAX)
        };
        if !self.bundles.last().is_some_and(fits) {
            self.bundles.push(Vec::new());
            self.open_bytes = 0;
        }
        self.open_bytes += frame.len();
        let bundle = self.bundles.len().saturating_sub(1);
        let open = &mut self.bundles[bundle];
        open.push(frame);
        (u32::try_from(bundle).unwrap_or(u32::MAX), u32::try_from(open.len() - 1).unwrap_or(u32::MAX))
    }
    /// How many bundles there are.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.bundles.len()).unwrap_or(u32::MAX)
    }
    /// The values to store, in order.
    pub(crate) fn into_values(self) -> impl Iterator<Item = Vec<u8>> {
        self.bundles.into_iter().map(|frames| pack(&frames))
    }
}

fn pack(frames: &[Vec<u8>]) -> Vec<u8> {
    // `Bundles::add` closes a bundle at u16::MAX frames, and each is far below 4 GiB.
    let mut out = (frames.len() as u16).to_be_bytes().to_vec();
    frames.iter().for_each(|frame| out.extend_from_slice(&(frame.len() as u32).to_be_bytes()));
    frames.iter().for_each(|frame| out.extend_from_slice(frame));
    out
}

/// One frame of a bundle; none if it is not there or the bundle is damaged.
pub(crate) fn unpack(bundle: &[u8], frame: u32) -> Option<&[u8]> {
    let (count, rest) = bundle.split_first_chunk::<2>()?;
    let count = usize::from(u16::from_be_bytes(*count));
    let (lengths, frames) = rest.split_at_checked(count * 4)?;
    let frame = usize::try_from(frame).ok().filter(|frame| *frame < count)?;
    let mut start = 0usize;
    for (at, length) in lengths.chunks_exact(4).enumerate() {
        let length = usize::try_from(u32::from_be_bytes(length.try_into().ok()?)).ok()?;
        let end = start.checked_add(length)?;
        if at == frame {
            return frames.get(start..end);
        }
        start = end;
    }
    None
}

/// Bodies up to here go into bundles, larger ones become blobs. Most messages have 1 to 10 KiB; a blob costs three syncs.
pub(crate) const BODY_INLINE_BYTES_MAX: usize = 32 << 10;
/// A bundle is closed at this size, below what the store calls a large value.
const BUNDLE_BYTES_MAX: usize = 60 << 10;
const _: () =
    assert!(BODY_INLINE_BYTES_MAX <= BUNDLE_BYTES_MAX && BUNDLE_BYTES_MAX < store::limits::VALUE_BYTES_INLINE);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_from_their_bundles() {
        let frames: Vec<Vec<u8>> = (0..40u8).map(|n| vec![n; usize::from(n) * 200]).collect();
        let mut bundles = Bundles::default();
        let places: Vec<_> = frames.iter().map(|frame| bundles.add(frame.clone())).collect();
        assert!(bundles.count() > 1);
        let values: Vec<Vec<u8>> = bundles.into_values().collect();
        for (frame, (bundle, number)) in frames.iter().zip(places) {
            assert_eq!(unpack(&values[bundle as usize], number), Some(frame.as_slice()));
        }
        assert!(values.iter().all(|value| value.len() < store::limits::VALUE_BYTES_INLINE));
    }
    #[test]
    fn a_damaged_bundle_has_no_frames() {
        let bundle = pack(&[vec![1, 2, 3]]);
        assert_eq!(unpack(&bundle, 1), None);
        for end in 0..bundle.len() {
            assert_eq!(unpack(&bundle[..end], 0), None, "cut at {end}");
        }
        assert_eq!(unpack(&[0, 1, 255, 255, 255, 255, 0], 0), None);
    }
}
