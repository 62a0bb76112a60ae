//! Holders with patients, and shelves that the real code authored.
use matching::Demographics;
use matching::tags::identity_strings;
use protocol::crypto::sha256;
use protocol::data::MemoryView;
use protocol::ids::{AccordId, FacilityId, Handle, ReceiptId, Tag};
use protocol::index::{self, Audience, Body, Change, Entry, Shelf};
use protocol::kinds::KindSet;
use protocol::oprf::{Seat, Share, whole_tag};
use protocol::time::Millis;

/// One patient of a holder.
#[derive(Clone, Debug)]
pub struct Patient {
    /// Who it really is; equal for one person at several holders.
    pub person: u64,
    /// What the facility wrote.
    pub raw: Demographics,
    /// Rule and identity string.
    pub strings: Vec<(u8, Vec<u8>)>,
    /// The tags, in the same order.
    pub tags: Vec<Tag>,
}

/// How an identity string becomes a tag.
pub enum Tagger {
    /// By the key that these shares make, as evaluators would.
    Evaluated(Vec<Share>),
    /// By a hash that anybody can make: the control.
    Plain,
}

impl Tagger {
    /// Two shares that one draw gives; nobody in the town but evaluators has them.
    pub fn evaluated(draw: &str) -> Self {
        let shares = Seat::all(2).filter_map(|seat| {
            let mut bytes = sha256(&[b"share", draw.as_bytes(), &seat.number().to_be_bytes()]).0;
            // Below the group's order, so in canonical form.
            bytes[31] &= 0x0F;
            Share::from_bytes(seat, &bytes)
        });
        Self::Evaluated(shares.collect())
    }
    /// The tag of an identity string.
    pub fn tag(&self, text: &[u8]) -> Tag {
        match self {
            Self::Evaluated(shares) => whole_tag(shares, text).expect("no string hashes to the identity"),
            Self::Plain => Tag(sha256(&[text]).0),
        }
    }
    /// A patient with its tags.
    pub fn patient(&self, person: u64, raw: Demographics) -> Patient {
        let strings: Vec<_> = identity_strings(&raw).into_iter().map(|(rule, text)| (rule.number(), text)).collect();
        let tags = strings.iter().map(|(_, text)| self.tag(text)).collect();
        Patient { person, raw, strings, tags }
    }
}

/// One holder: its patients, and what its copies have.
pub struct Holder {
    /// Its shelf.
    pub shelf: Shelf,
    /// A map with the shelf, as every copy of it.
    pub view: MemoryView,
    /// Its patients, in the order in which they were published.
    pub patients: Vec<Patient>,
}

impl Holder {
    /// Publishes patients on the shelf of this holder, on one day.
    pub fn publish(number: u32, patients: Vec<Patient>) -> Self {
        let digits = format!("99{number:08}");
        let holder = FacilityId::parse(&digits).expect("ten digits");
        let shelf = Shelf { holder, audience: Audience::Accord { accord: AccordId([1; 32]) }, epoch: 1 << 16 };
        let mut changes = Vec::new();
        for (at, patient) in patients.iter().enumerate() {
            for ((rule, _), tag) in patient.strings.iter().zip(&patient.tags) {
                let body = Body {
                    kinds: KindSet::ALL,
                    rule: *rule,
                    handle: handle(number, at),
                    consent: ReceiptId(sha256(&[b"consent", &handle(number, at).0]).0[..16].try_into().expect("16")),
                };
                changes.push(Change::Add { tag: *tag, body });
            }
        }
        let mut view = MemoryView::default();
        let seed =
            sha256(&[b"fresh randomness", digits.as_bytes(), &patients.len().to_be_bytes(), &first(&patients)]).0;
        let authored = index::author(&view, &shelf, changes, seed, NOW);
        view.apply(&authored.writes);
        Self { shelf, view, patients }
    }
    /// Every entry of the shelf, in the order of their numbers: what any member of the audience has.
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries = index::whole(&self.view, self.shelf.id());
        entries.sort_by_key(|entry| entry.number);
        entries
    }
    /// The handle of a patient.
    pub fn handle(&self, at: usize) -> Handle {
        let digits: String = self.shelf.holder.to_string().chars().filter(char::is_ascii_digit).collect();
        handle(digits[2..].parse().expect("digits"), at)
    }
}

fn first(patients: &[Patient]) -> Vec<u8> {
    patients.iter().flat_map(|patient| patient.person.to_be_bytes()).collect()
}

fn handle(number: u32, at: usize) -> Handle {
    let hash = sha256(&[b"handle", &number.to_be_bytes(), &at.to_be_bytes()]).0;
    Handle(hash[..16].try_into().expect("16 bytes"))
}

/// The day of it all.
pub const NOW: Millis = Millis(1_800_000_000_000);
