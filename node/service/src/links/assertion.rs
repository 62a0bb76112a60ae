//! A link as an assertion: who says that two patients are one person (or two), why, on what evidence; signed, never changed.
use super::draft::Draft;
use super::rows::{Line, NEXT_LINK, line_key, lines, link_key};
use matching::link::history::{Author, Evidence};
use protocol::audit::{Event, What};
use protocol::crypto::{Crypto, Real, Secret, Signature, domain, sha256};
use protocol::data::{Space, View, decode, encode};
use protocol::ids::{PatientRef, PublicKey};
use protocol::time::Millis;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Number of an assertion on this node, from 1; printed `l12`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LinkId(pub u64);

impl LinkId {
    /// Reads `l12`.
    pub fn parse(text: &str) -> Option<Self> {
        text.trim().strip_prefix('l')?.parse().ok().filter(|number| *number > 0).map(Self)
    }
}

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "l{}", self.0)
    }
}

/// What is asserted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Says {
    /// One person.
    Linked,
    /// Two persons, whatever a weight says.
    Separated,
    /// An earlier assertion does not hold any more.
    Withdrawn(LinkId),
}

/// One assertion. `Debug` prints no reason: people write it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its number.
    pub id: LinkId,
    /// What it says.
    pub says: Says,
    /// Of whom; the smaller number first.
    pub pair: (PatientRef, PatientRef),
    /// Who says so.
    pub author: Author,
    /// On what an automatic one rests.
    pub evidence: Option<Evidence>,
    /// Digests of the data of both at that moment.
    pub digests: [[u8; 8]; 2],
    /// In words.
    pub reason: String,
    /// When.
    pub at: Millis,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {}-{}", self.id, self.says, self.pair.0, self.pair.1)
    }
}

/// As it lies in the store: the signature covers exactly these bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Signed {
    body: Vec<u8>,
    key: PublicKey,
    signature: Signature,
}

/// Signs with the node's key: the rule speaks with it, and it vouches for the member of staff who is named.
pub(super) struct Pen<'a> {
    pub(super) secret: &'a Secret,
    pub(super) now: Millis,
}

impl Pen<'_> {
    /// Writes an assertion, what follows from it for both patients, and the events of the log. Gives its number.
    pub(super) fn write(&self, draft: &mut Draft<'_>, link: Link) -> LinkId {
        let next = draft.get(Space::Meta, NEXT_LINK).and_then(|value| decode::<u64>(&value)).unwrap_or(1);
        let id = LinkId(next);
        let link = Link { id, at: self.now, ..link };
        draft.put(Space::Meta, NEXT_LINK.to_vec(), encode(&next.saturating_add(1)));
        let body = encode(&link);
        let message = domain(KIND, &[&body]);
        let signature = Real.sign(self.secret, &message);
        let object = sha256(&[&body]);
        draft.put(Space::People, link_key(id), encode(&Signed { body, key: Real.public(self.secret), signature }));
        match link.says {
            Says::Withdrawn(of) => withdraw(draft, of, id),
            Says::Linked | Says::Separated => {
                let (one, other) = link.pair;
                for (patient, other) in [(one, other), (other, one)] {
                    let line = Line {
                        other,
                        is_link: link.says == Says::Linked,
                        is_auto: matches!(link.author, Author::Rule(_)),
                        withdrawn: None,
                    };
                    draft.put(Space::People, line_key(patient, id), encode(&line));
                }
            }
        }
        let what = if link.says == Says::Linked { What::LinkMade } else { What::LinkUndone };
        let of = |patient: PatientRef, other: PatientRef| {
            let event = Event::new(self.now, what).patient(patient).object(object).note(format!("{id} with {other}"));
            let event = match crate::patients::load(draft, patient) {
                Some(entry) => event.facility(entry.facility),
                None => event,
            };
            match &link.author {
                Author::Person(staff) => event.staff(staff),
                Author::Rule(_) => event,
            }
        };
        let events = [of(link.pair.0, link.pair.1), of(link.pair.1, link.pair.0)];
        draft.add(|batch| events.into_iter().for_each(|event| batch.log(event)));
        id
    }
}

fn withdraw(draft: &mut Draft<'_>, of: LinkId, by: LinkId) {
    let Some(link) = load(draft, of) else { return };
    for patient in [link.pair.0, link.pair.1] {
        let line = lines(draft, patient).into_iter().find(|(id, _)| *id == of);
        if let Some((_, line)) = line {
            draft.put(Space::People, line_key(patient, of), encode(&Line { withdrawn: Some(by), ..line }));
        }
    }
}

/// One assertion.
pub(super) fn load(view: &dyn View, id: LinkId) -> Option<Link> {
    let signed: Signed = decode(&view.get(Space::People, &link_key(id))?)?;
    decode(&signed.body)
}

/// Whether an assertion is as it was signed.
pub(super) fn is_sound(view: &dyn View, id: LinkId) -> bool {
    let signed: Option<Signed> = view.get(Space::People, &link_key(id)).and_then(|value| decode(&value));
    signed.is_some_and(|signed| Real.verify(&signed.key, &domain(KIND, &[&signed.body]), &signed.signature))
}

const KIND: &str = "link";
