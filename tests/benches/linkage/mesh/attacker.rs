//! Somebody who has every entry of every shelf, the list of all residents as the facilities wrote them, and our source code,
//! but no key: three ways to say whose an entry is.
use super::town::{Holder, Tagger};
use matching::normalise;
use protocol::crypto::{LocalKey, sha256};
use protocol::ids::Tag;
use protocol::index::{Body, Entry, slot_of};
use std::collections::{BTreeMap, BTreeSet};

/// Rows of tokens as they lie in the open, or as a resident would have them.
pub type Rows = Vec<Vec<u64>>;

/// How many attributions an attack made, and how many are right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Linked {
    /// Things that could be attributed: entries, or records.
    pub things: u64,
    /// Those attributed to the right resident.
    pub right: u64,
}

impl Linked {
    /// Share of all things that were attributed rightly.
    pub fn share(&self) -> f64 {
        self.right as f64 / self.things.max(1) as f64
    }
    fn add(&mut self, other: Self) {
        *self = Self { things: self.things + other.things, right: self.right + other.right };
    }
}

/// **Dictionary**: makes the tags of all residents in every way that needs no key of others, and looks where they would lie.
/// `own` is a key of the attacker's own, to be tried as well.
pub fn dictionary(holders: &[Holder], own: &Tagger) -> Linked {
    let mut linked = Linked::default();
    for holder in holders {
        let shelf = holder.shelf.id();
        let mut there: BTreeMap<_, Entry> = holder.entries().into_iter().map(|entry| (entry.slot, entry)).collect();
        linked.things += there.len() as u64;
        let local = LocalKey::derive(&[0; 32], &[1; 16], holder.shelf.epoch);
        for patient in &holder.patients {
            for (_, text) in &patient.strings {
                let guesses: [Tag; 3] = [Tag(sha256(&[text]).0), local.tag(text), own.tag(text)];
                for tag in guesses {
                    for slot in (0..8).map(|nth| slot_of(&tag, shelf, nth)) {
                        let opens = |entry: &Entry| Body::open(&tag, shelf, entry.number, &entry.body).is_some();
                        if there.get(&slot).is_some_and(opens) {
                            there.remove(&slot);
                            linked.right += 1;
                            break;
                        }
                    }
                }
            }
        }
    }
    linked
}

/// **Alignment**: lays what is published beside what residents would have, by how often each token occurs and with which others
/// (colour refinement, as in graph matching), and where this leaves a choice, by order.
pub fn align_entries(holders: &[Holder]) -> Linked {
    let mut linked = Linked::default();
    for holder in holders {
        let entries = holder.entries();
        let published: Rows = entries.iter().map(|entry| vec![token(&entry.slot.0)]).collect();
        let (mut expected, mut whose): (Rows, Vec<usize>) = Default::default();
        for (at, patient) in holder.patients.iter().enumerate() {
            for (_, text) in &patient.strings {
                expected.push(vec![token(text)]);
                whose.push(at);
            }
        }
        // Only the holder and its readers can open them; the judge here, to count.
        let owner: BTreeMap<_, usize> = owners(holder);
        let guesses = align(&published, &expected);
        let right = |(entry, guess): (&Entry, &Option<usize>)| {
            guess.is_some_and(|guess| owner.get(&entry.slot) == Some(&whose[guess]))
        };
        let right = entries.iter().zip(&guesses).filter(|pair| right(*pair)).count() as u64;
        linked.add(Linked { things: entries.len() as u64, right });
    }
    linked
}

/// The control of the alignment: the same patients, published as one keyed token per field and in shuffled order.
pub fn align_single_fields(holders: &[Holder]) -> Linked {
    let mut linked = Linked::default();
    for holder in holders {
        let rows: Vec<Vec<String>> = holder.patients.iter().map(|patient| fields(&patient.raw)).collect();
        let keyed = |text: &String| token(&sha256(&[b"a key that the attacker does not have", text.as_bytes()]).0);
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|at| sha256(&[b"shuffled", &at.to_be_bytes()]).0);
        let published: Rows = order.iter().map(|at| rows[*at].iter().map(keyed).collect()).collect();
        let expected: Rows = rows.iter().map(|row| row.iter().map(|text| token(text.as_bytes())).collect()).collect();
        let guesses = align(&published, &expected);
        let right = order.iter().zip(&guesses).filter(|(at, guess)| **guess == Some(**at)).count() as u64;
        linked.add(Linked { things: rows.len() as u64, right });
    }
    linked
}

/// For each published row the resident's row that it is taken for.
fn align(published: &Rows, expected: &Rows) -> Vec<Option<usize>> {
    let mut by_colour: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (at, colour) in colours(expected).into_iter().enumerate() {
        by_colour.entry(colour).or_default().push(at);
    }
    let mut next: BTreeMap<u64, usize> = BTreeMap::new();
    let guess = |colour: u64| {
        let place = next.entry(colour).or_default();
        *place += 1;
        by_colour.get(&colour).and_then(|rows| rows.get(*place - 1)).copied()
    };
    colours(published).into_iter().map(guess).collect()
}

/// A colour for each row that depends on nothing but how often tokens occur and together with which others.
fn colours(rows: &Rows) -> Vec<u64> {
    let mut of_token: BTreeMap<u64, u64> = BTreeMap::new();
    rows.iter().flatten().for_each(|token| *of_token.entry(*token).or_default() += 1);
    let of_row = |row: &Vec<u64>, of_token: &BTreeMap<u64, u64>| {
        let parts: Vec<u8> = row.iter().flat_map(|token| of_token[token].to_be_bytes()).collect();
        token(&parts)
    };
    for _ in 0..ROUNDS {
        let mut seen: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for row in rows {
            let colour = of_row(row, &of_token);
            row.iter().for_each(|token| seen.entry(*token).or_default().push(colour));
        }
        for (name, mut with) in seen {
            with.sort_unstable();
            let with: Vec<u8> = with.into_iter().flat_map(u64::to_be_bytes).collect();
            of_token.insert(name, token(&with));
        }
    }
    rows.iter().map(|row| of_row(row, &of_token)).collect()
}

fn owners(holder: &Holder) -> BTreeMap<protocol::ids::Slot, usize> {
    let shelf = holder.shelf.id();
    let there: BTreeMap<_, Entry> = holder.entries().into_iter().map(|entry| (entry.slot, entry)).collect();
    let handles: BTreeMap<_, usize> = (0..holder.patients.len()).map(|at| (holder.handle(at), at)).collect();
    let tags: BTreeSet<Tag> = holder.patients.iter().flat_map(|patient| patient.tags.iter().copied()).collect();
    let mut owners = BTreeMap::new();
    for tag in tags {
        for slot in (0..8).map(|nth| slot_of(&tag, shelf, nth)) {
            let body = there.get(&slot).and_then(|entry| Body::open(&tag, shelf, entry.number, &entry.body));
            if let Some(at) = body.and_then(|body| handles.get(&body.handle)) {
                owners.insert(slot, *at);
            }
        }
    }
    owners
}

/// One text per field; what is unknown has none.
fn fields(raw: &matching::Demographics) -> Vec<String> {
    let person = normalise(raw);
    let kana = |kana: Option<String>| kana.unwrap_or_default();
    vec![
        format!("family {}", kana(person.family.tag_kana())),
        format!("given {}", kana(person.given.tag_kana())),
        format!("birth {}", person.birth.full().map(|date| date.number()).unwrap_or_default()),
        format!("sex {}", person.sex.map_or("", |sex| sex.letter())),
        format!("postcode {}", person.postcode.unwrap_or_default()),
    ]
}

fn token(bytes: &[u8]) -> u64 {
    u64::from_be_bytes(sha256(&[bytes]).0[..8].try_into().expect("8 bytes"))
}

/// Enough that a colour sees what is three rows away.
const ROUNDS: usize = 3;
