use crate::crypto::{domain, lock, sha256, unlock};
use crate::ids::{Handle, ReceiptId, ShelfId, Slot, Tag};
use crate::kinds::KindSet;
use crate::limits::SAME_TAG_MAX;

/// Where the first entry of a tag lies on a shelf. Shelves do not share slots, so two holders' shelves do not tell that they
/// share a patient.
pub fn slot(tag: &Tag, shelf: ShelfId) -> Slot {
    slot_of(tag, shelf, 0)
}

/// Where the entry number `nth` of a tag lies, from 0; a tag that several patients of one holder share (twins of one insured
/// family) has several entries. Numbers have no holes.
pub fn slot_of(tag: &Tag, shelf: ShelfId, nth: u8) -> Slot {
    let hash = sha256(&[&domain("loc", &[&tag.0, &shelf.0, &[nth]])]);
    let mut slot = Slot([0; 16]);
    slot.0.copy_from_slice(&hash.0[..16]);
    slot
}
/// All slots that a tag may have.
pub(super) fn slots(tag: &Tag, shelf: ShelfId) -> impl Iterator<Item = Slot> {
    let tag = *tag;
    (0..SAME_TAG_MAX).map(move |nth| slot_of(&tag, shelf, nth))
}

/// What an entry says to those who know the tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Body {
    /// Kinds that the holder has and may announce.
    pub kinds: KindSet,
    /// Which rule made the tag.
    pub rule: u8,
    /// The holder's name for the patient on this shelf.
    pub handle: Handle,
    /// The consent that the entry rests on.
    pub consent: ReceiptId,
}

impl Body {
    /// Seals it for who knows the tag. `number` is the nonce: one shelf never uses a number twice.
    pub fn seal(&self, tag: &Tag, shelf: ShelfId, number: u64) -> [u8; BODY_BYTES] {
        let mut plain = [0; PLAIN_BYTES];
        plain[0] = FORMAT;
        plain[1..5].copy_from_slice(&self.kinds.bits().to_be_bytes());
        plain[5] = self.rule;
        plain[6..22].copy_from_slice(&self.handle.0);
        plain[22..38].copy_from_slice(&self.consent.0);
        let sealed = lock(&key(tag, shelf), &nonce(number), &shelf.0, &plain);
        let mut out = [0; BODY_BYTES];
        // 48 bytes and the AEAD's mark of 16; see `sealed_bodies_are_64_bytes`.
        for (to, from) in out.iter_mut().zip(sealed) {
            *to = from;
        }
        out
    }
    /// Opens what [`Self::seal`] made; none under another tag, shelf or number, or for a format of a later version.
    pub fn open(tag: &Tag, shelf: ShelfId, number: u64, sealed: &[u8; BODY_BYTES]) -> Option<Self> {
        let plain = unlock(&key(tag, shelf), &nonce(number), &shelf.0, sealed)?;
        let plain: [u8; PLAIN_BYTES] = plain.try_into().ok()?;
        if plain[0] != FORMAT {
            return None;
        }
        Some(Self {
            kinds: KindSet::from_bits(u32::from_be_bytes(plain[1..5].try_into().ok()?)),
            rule: plain[5],
            handle: Handle::from_slice(&plain[6..22])?,
            consent: ReceiptId::from_slice(&plain[22..38])?,
        })
    }
}

/// One entry (所在) as it travels and lies: 88 bytes that say nothing to who does not know the tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where on the shelf.
    pub slot: Slot,
    /// The change that put it there.
    pub number: u64,
    /// Sealed [`Body`].
    pub body: [u8; BODY_BYTES],
}

impl Entry {
    /// Packs it: slot, number, body.
    pub fn pack(&self) -> [u8; ENTRY_BYTES] {
        let mut out = [0; ENTRY_BYTES];
        out[..16].copy_from_slice(&self.slot.0);
        out[16..24].copy_from_slice(&self.number.to_be_bytes());
        out[24..].copy_from_slice(&self.body);
        out
    }
    /// Reads what [`Self::pack`] wrote; none if it is not exactly 88 bytes.
    pub fn unpack(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; ENTRY_BYTES] = bytes.try_into().ok()?;
        Some(Self {
            slot: Slot::from_slice(&bytes[..16])?,
            number: u64::from_be_bytes(bytes[16..24].try_into().ok()?),
            body: bytes[24..].try_into().ok()?,
        })
    }
}

fn key(tag: &Tag, shelf: ShelfId) -> [u8; 32] {
    sha256(&[&domain("seal", &[&tag.0, &shelf.0])]).0
}

fn nonce(number: u64) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&number.to_be_bytes());
    nonce
}

/// Bytes of a packed [`Entry`].
pub const ENTRY_BYTES: usize = 24 + BODY_BYTES;
pub(super) const BODY_BYTES: usize = 64;
const PLAIN_BYTES: usize = 48;
const FORMAT: u8 = 1;
