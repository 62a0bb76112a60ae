//! The common card (共通診察券) at the desk: issuing it, reading it, taking it back.
//!
//! What stands on a card and whether one counts is `protocol::card`; here it is signed with the node's key, and what was seen of a
//! number is kept, so that a card that was replaced or taken back does not count when it is shown again. A number that a desk
//! read for a patient is evidence for linking (`matching`: only with the birth date, and a given name that does not contradict)
//! and gives rule 12 of the index its string.
use crate::links::{person_of, rows};
use crate::patients::{self, PatientEntry};
use crate::random::fresh;
use crate::service::{Service, WriteError};
use crate::staff::Staff;
use matching::Demographics;
use protocol::audit::{Event, What};
use protocol::card::{
    CardError, CardKnown, CardNumber, CardPayload, CardRefused, CardSays, CardStop, CardText, LIFE_DAYS_MAX, check,
};
use protocol::crypto::{Real, mac};
use protocol::data::{Batch, Space, View, decode, encode};
use protocol::ids::{FacilityId, NetworkId, NodeKey, PatientRef};
use protocol::time::Date;
use std::collections::BTreeMap;

/// What a card is to say beyond what the node knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardSpec {
    /// In which network; none: the facility's only one.
    pub network: Option<NetworkId>,
    /// A number that is printed already; none: the one the patient has, else a new one.
    pub number: Option<String>,
    /// A card that the patient brought: its number and its other facilities are taken over, and it ends.
    pub renews: Option<String>,
    /// For how many days; none: as long as a card may live.
    pub days: Option<u16>,
}

/// What a desk learns from a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardRead {
    /// Of which network.
    pub network: NetworkId,
    /// What it says.
    pub says: CardSays,
    /// The patients of this node that the card names.
    pub own: Vec<PatientRef>,
}

/// Why a card was not issued, read or taken back. Nothing was changed, but for the event of a refused card.
#[derive(Debug, thiserror::Error)]
pub enum CardDeskError {
    /// No such patient on this node.
    #[error("there is no patient {0} on this node; search again")]
    NoPatient(PatientRef),
    /// The facility is no live member of this network, or of several.
    #[error(
        "facility {0} is a member of no network or of several; name the network (--network) of which it is a live member"
    )]
    Network(FacilityId),
    /// The text takes a card back.
    #[error("this text takes a card back and is none itself; `musubi card read` heeds it")]
    IsStop,
    /// The patient who is shown has another number at its facility than the card says.
    #[error(
        "the card names another patient of facility {0}; it is not the card of this patient, or the numbers were mixed up"
    )]
    OtherPatient(FacilityId),
    /// The number stands for another patient of this node already.
    #[error("this card number is that of another patient of this node; look at both before anything is issued")]
    Taken,
    /// No card of this number was seen here.
    #[error("no card of this number was issued or read on this node; take it back where it was issued")]
    Unknown,
    /// See [`CardError`].
    #[error(transparent)]
    Card(#[from] CardError),
    /// See [`CardRefused`].
    #[error(transparent)]
    Refused(#[from] CardRefused),
    /// The store.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// What is known here of one number.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
struct Row {
    known: CardKnown,
    patients: Vec<PatientRef>,
}

impl Service {
    /// Signs a card for a patient, with the numbers of all facilities of this node at which it is one person, and those of the
    /// card that it renews. Older issues of the number end.
    ///
    /// # Errors
    /// [`CardDeskError`]; nothing was signed.
    pub fn issue_card(&self, staff: &Staff, patient: PatientRef, spec: &CardSpec) -> Result<CardText, CardDeskError> {
        let view = self.view();
        let entry = patients::load(&view, patient).ok_or(CardDeskError::NoPatient(patient))?;
        let network = self.card_network(&entry.facility, spec.network)?;
        let old = spec.renews.as_deref().map(|text| self.verified(network, text)).transpose()?;
        let old = match old.map(|text| text.says) {
            Some(CardSays::Card(card)) => {
                self.still_counts(&view, &card)?;
                self.names(&card, &entry)?;
                Some(card)
            }
            Some(CardSays::Stop(_)) => return Err(CardDeskError::IsStop),
            None => None,
        };
        let given = spec.number.as_deref().map(CardNumber::parse).transpose()?;
        let has = bound(&view, patient).and_then(|number| CardNumber::parse(&number).ok());
        let number = match given.or_else(|| old.as_ref().map(|card| card.number.clone())).or(has) {
            Some(number) => number,
            None => new_number()?,
        };
        let person = person_of(&view, patient);
        let row = self.row(&view, &number);
        if row.patients.iter().any(|other| !person.contains(other)) {
            return Err(CardDeskError::Taken);
        }
        let newest = row.known.newest.max(row.known.stopped).max(old.as_ref().map_or(0, |card| card.issue));
        let today = self.now().date_jst();
        let card = CardPayload {
            issuer: entry.facility.clone(),
            number,
            issue: newest.checked_add(1).ok_or(CardError::Number)?,
            from: today,
            until: last_day(today, spec.days)?,
            charts: charts(&view, (patient, &entry), &person, old.as_ref()),
        };
        let text = CardText::sign(&Real, &self.identity().node, network, CardSays::Card(card))?;
        self.keep_card(staff, &text, Some((patient, &entry)), "issued")?;
        Ok(text)
    }

    /// Reads a card, or a text that takes one back. With the patient who shows it, its number becomes evidence for linking.
    ///
    /// # Errors
    /// [`CardDeskError`]; a card that does not count is refused, and the log says so.
    pub fn read_card(&self, staff: &Staff, text: &str, of: Option<PatientRef>) -> Result<CardRead, CardDeskError> {
        let parsed = CardText::parse(text)?;
        let networks = self.networks();
        let found = networks.into_iter().find_map(|network| Some((network, self.verified(network, text).ok()?)));
        let (network, text) = found.ok_or_else(|| CardError::Signature(parsed.issuer().clone()))?;
        let view = self.view();
        let CardSays::Card(card) = text.says.clone() else {
            self.keep_card(staff, &text, None, "stop read")?;
            return Ok(CardRead { network, says: text.says, own: Vec::new() });
        };
        if let Err(refused) = self.still_counts(&view, &card) {
            self.log(self.card_event(staff, &text, None, "refused"))?;
            return Err(refused);
        }
        let shown = match of {
            Some(patient) => {
                let entry = patients::load(&view, patient).ok_or(CardDeskError::NoPatient(patient))?;
                self.names(&card, &entry)?;
                let person = person_of(&view, patient);
                if self.row(&view, &card.number).patients.iter().any(|other| !person.contains(other)) {
                    // Two charts that linking has not brought together yet: the card is what will put them before it.
                    self.log(self.card_event(staff, &text, Some(patient), "shown for a second patient"))?;
                }
                Some((patient, entry))
            }
            None => None,
        };
        self.keep_card(staff, &text, shown.as_ref().map(|(patient, entry)| (*patient, entry)), "read")?;
        let own = self.row(&self.view(), &card.number).patients;
        Ok(CardRead { network, says: text.says, own })
    }

    /// Takes back all cards of a number that were seen here, and gives the text with which other nodes heed it.
    ///
    /// # Errors
    /// [`CardDeskError`]; the cards still count.
    pub fn stop_card(
        &self,
        staff: &Staff,
        number: &str,
        network: Option<NetworkId>,
    ) -> Result<CardText, CardDeskError> {
        let number = CardNumber::parse(number)?;
        let row = self.row(&self.view(), &number);
        if row.known.newest == 0 {
            return Err(CardDeskError::Unknown);
        }
        let facilities = self.facilities();
        let issuer = facilities.first().map(|setup| setup.id.clone()).ok_or(CardDeskError::Unknown)?;
        let network = self.card_network(&issuer, network)?;
        let stop = CardSays::Stop(CardStop { issuer, number, upto: row.known.newest });
        let text = CardText::sign(&Real, &self.identity().node, network, stop)?;
        self.keep_card(staff, &text, None, "taken back")?;
        Ok(text)
    }

    /// The network for which a facility of this node signs.
    fn card_network(&self, facility: &FacilityId, named: Option<NetworkId>) -> Result<NetworkId, CardDeskError> {
        let (book, now) = (self.book(), self.now());
        let live = self.networks().into_iter().filter(|network| book.live(*network, facility, now).is_some());
        let mut fits = live.filter(|network| named.is_none_or(|named| named == *network));
        match (fits.next(), fits.next()) {
            (Some(network), None) => Ok(network),
            _ => Err(CardDeskError::Network(facility.clone())),
        }
    }

    /// A text that a member of this network signed, by a key that it has now or had when this node met one of its cards.
    fn verified(&self, network: NetworkId, text: &str) -> Result<CardText, CardDeskError> {
        let text = CardText::parse(text)?;
        let (book, view) = (self.book(), self.view());
        let now = book.node_of(network, text.issuer(), self.now()).map(|cert| cert.node);
        let met = view.scan(Space::People, &key_prefix(text.issuer()), &[], KEYS_MAX);
        let met = met.into_iter().filter_map(|(key, _)| key.last_chunk::<32>().copied().map(NodeKey));
        // A member that was put out signs nothing any more, whichever key it used.
        let is_live = book.live(network, text.issuer(), self.now()).is_some();
        let keys: Vec<NodeKey> = now.into_iter().chain(met).filter(|_| is_live).collect();
        text.verify(&Real, network, &keys)?;
        Ok(text)
    }

    fn still_counts(&self, view: &dyn View, card: &CardPayload) -> Result<(), CardDeskError> {
        Ok(check(card, self.row(view, &card.number).known, self.now().date_jst())?)
    }

    /// Whether the card is not that of another patient of the same facility.
    fn names(&self, card: &CardPayload, entry: &PatientEntry) -> Result<(), CardDeskError> {
        let chart = card.charts.iter().find(|(facility, _)| *facility == entry.facility);
        match chart {
            Some((facility, number)) if number != entry.id.expose_number() => {
                Err(CardDeskError::OtherPatient(facility.clone()))
            }
            _ => Ok(()),
        }
    }

    fn row(&self, view: &dyn View, number: &CardNumber) -> Row {
        view.get(Space::People, &self.row_key(number)).and_then(|value| decode(&value)).unwrap_or_default()
    }

    fn row_key(&self, number: &CardNumber) -> Vec<u8> {
        let key = self.store().key_for("service/cards");
        [CARD, &mac(&*key, &[number.as_str().as_bytes()])].concat()
    }

    fn card_event(&self, staff: &Staff, text: &CardText, patient: Option<PatientRef>, note: &str) -> Event {
        let event = Event::new(self.now(), What::CardUsed).staff(staff.id()).object(text.id()).note(note);
        let event = event.peer(text.issuer().clone());
        match patient {
            Some(patient) => event.patient(patient),
            None => event,
        }
    }

    /// Keeps what a verified text says, for whom, and by which key, with the event of it.
    fn keep_card(
        &self,
        staff: &Staff,
        text: &CardText,
        of: Option<(PatientRef, &PatientEntry)>,
        note: &str,
    ) -> Result<(), CardDeskError> {
        let view = self.view();
        let mut row = self.row(&view, text.number());
        row.known = row.known.with(&text.says);
        let mut batch = Batch::default();
        if let Some((patient, entry)) = of {
            if !row.patients.contains(&patient) {
                row.patients.push(patient);
            }
            batch.put(Space::People, bound_key(patient), encode(&text.number().as_str()));
            rows::note(&mut batch, patient, entry.revision);
        }
        batch.put(Space::People, self.row_key(text.number()), encode(&row));
        for network in self.networks() {
            if let Some(cert) = self.book().node_of(network, text.issuer(), self.now()) {
                batch.put(Space::People, [&key_prefix(text.issuer())[..], &cert.node.0].concat(), Vec::new());
            }
        }
        batch.log(self.card_event(staff, text, of.map(|(patient, _)| patient), note));
        self.commit(batch)?;
        Ok(())
    }
}

/// The card number that a desk read for a patient.
pub(crate) fn bound(view: &dyn View, patient: PatientRef) -> Option<String> {
    decode(&view.get(Space::People, &bound_key(patient))?)
}

/// What `matching` compares of a patient: what its facility wrote, and its card.
pub(crate) fn demographics(view: &dyn View, patient: PatientRef, entry: &PatientEntry) -> Demographics {
    Demographics { card: bound(view, patient).unwrap_or_default(), ..entry.demographics() }
}

/// Removes what is here of an erased patient. What was seen of the number stays: its cards must not count again.
pub(crate) fn forget(batch: &mut Batch, patient: PatientRef) {
    batch.remove(Space::People, bound_key(patient));
}

/// The number at each facility: the patient's own first, then those of its person, then what the older card says of others.
fn charts(
    view: &dyn View,
    (patient, entry): (PatientRef, &PatientEntry),
    person: &[PatientRef],
    old: Option<&CardPayload>,
) -> Vec<(FacilityId, String)> {
    let mut charts: BTreeMap<FacilityId, String> =
        old.map(|card| card.charts.iter().cloned().collect()).unwrap_or_default();
    let others = person.iter().filter(|other| **other != patient).rev();
    let others = others.filter_map(|other| patients::load(view, *other)).filter(|other| !other.is_deleted);
    for one in others.chain(std::iter::once(entry.clone())) {
        charts.insert(one.facility.clone(), one.id.expose_number().to_owned());
    }
    charts.into_iter().collect()
}

fn last_day(today: Date, days: Option<u16>) -> Result<Date, CardError> {
    let days = days.unwrap_or(LIFE_DAYS_MAX).min(LIFE_DAYS_MAX);
    today.plus_days(days.into()).ok_or(CardError::Days)
}

/// Fifteen digits by chance and a check digit (Luhn), so that a slip of the pen is seen.
fn new_number() -> Result<CardNumber, CardError> {
    let body = u64::from_be_bytes(fresh()) % 1_000_000_000_000_000;
    let digits = format!("{body:015}");
    let sum: u32 = digits
        .bytes()
        .rev()
        .zip([2, 1].into_iter().cycle())
        .map(|(b, weight)| luhn(u32::from(b - b'0') * weight))
        .sum();
    CardNumber::parse(&format!("{digits}{}", (10 - sum % 10) % 10))
}

fn luhn(product: u32) -> u32 {
    product / 10 + product % 10
}

fn bound_key(patient: PatientRef) -> Vec<u8> {
    [BOUND, &patient.0.to_be_bytes()].concat()
}
fn key_prefix(issuer: &FacilityId) -> Vec<u8> {
    [KEYS, issuer.as_bytes(), b"/"].concat()
}

/// In [`Space::People`]: what is known of a number, under a keyed hash of it.
const CARD: &[u8] = b"card/";
/// In [`Space::People`]: the number of a patient.
const BOUND: &[u8] = b"cardof/";
/// In [`Space::People`]: keys by which an issuer signed cards that this node met. A node key lives 90 days, a card for years.
const KEYS: &[u8] = b"cardkey/";
/// Keys of one issuer that are tried: five years of a card, and as many for keys that were renewed early.
const KEYS_MAX: usize = 64;

#[cfg(test)]
mod tests;
