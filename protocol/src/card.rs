//! The common card (共通診察券): one number of a patient in a network and the patient's number at each facility, signed, small
//! enough for the free area of an IC card or for a QR.
//!
//! Read [`CardPayload`] first (what stands on a card), then [`CardText`] (how it is signed, printed and read), then [`check`]
//! (whether a card that was read still counts). No name and no birth date is on it: who finds a card learns numbers.
//! A card is evidence for linking, never proof of who shows it.
use crate::crypto::{Crypto, Secret, Signature, domain, sha256};
use crate::ids::{FacilityId, Hash, NetworkId, NodeKey, PrintedError, PublicKey, from_printed, to_printed};
use crate::time::{DAY_MS, Date};

/// The number of a card: 4 to 32 capital letters and digits, as a network prints it on the card.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CardNumber(String);

impl CardNumber {
    /// Reads a number; spaces and hyphens of printed forms are left out, small letters become capitals.
    ///
    /// # Errors
    /// [`CardError::Number`] if anything else is in it, or it is too short or too long.
    pub fn parse(text: &str) -> Result<Self, CardError> {
        let parts = text.chars().filter(|c| !matches!(c, ' ' | '-' | '\u{3000}')).take(NUMBER_CHARS_MAX + 1);
        let number: String = parts.map(|c| c.to_ascii_uppercase()).collect();
        let fits = (NUMBER_CHARS_MIN..=NUMBER_CHARS_MAX).contains(&number.len());
        if fits && number.bytes().all(|b| b.is_ascii_alphanumeric()) {
            Ok(Self(number))
        } else {
            Err(CardError::Number)
        }
    }
    /// Its letters and digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("‹redacted›")
    }
}

/// What stands on a card.
#[derive(Clone, PartialEq, Eq)]
pub struct CardPayload {
    /// The member that signed it.
    pub issuer: FacilityId,
    /// The patient's number in the network.
    pub number: CardNumber,
    /// Which issue of this number: a card made anew has a higher one, and the older card ends.
    pub issue: u16,
    /// The day on which it was signed.
    pub from: Date,
    /// The last day on which it counts.
    pub until: Date,
    /// The patient's number at each facility, in order of facilities, each facility once.
    pub charts: Vec<(FacilityId, String)>,
}

impl std::fmt::Debug for CardPayload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "card of {} issue {} with {} charts", self.issuer, self.issue, self.charts.len())
    }
}

/// Takes a card back: all issues of a number up to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardStop {
    /// The member that signed it.
    pub issuer: FacilityId,
    /// The number.
    pub number: CardNumber,
    /// The last issue that does not count any more.
    pub upto: u16,
}

/// What a signed text says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardSays {
    /// A card.
    Card(CardPayload),
    /// A card taken back.
    Stop(CardStop),
}

/// Why a card was not made or not read. Names no number of a patient.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    /// Not a card's number.
    #[error("a card number has {NUMBER_CHARS_MIN} to {NUMBER_CHARS_MAX} letters and digits (A-Z, 0-9)")]
    Number,
    /// A patient number that no card can hold.
    #[error(
        "the patient number of facility {0} cannot stand on a card; it holds 1 to {CHART_CHARS_MAX} ASCII characters"
    )]
    Chart(FacilityId),
    /// One facility twice, or none at all.
    #[error("a card names each facility once, and at least one")]
    Facilities,
    /// More than the free area of an IC card holds.
    #[error(
        "{bytes} bytes do not fit on a card, which holds {PAYLOAD_BYTES_MAX}; leave out facilities that the patient no longer goes to"
    )]
    TooLarge {
        /// How many it would be.
        bytes: usize,
    },
    /// Days out of order, or beyond what a card can write.
    #[error("a card counts from its first day to its last, at most {LIFE_DAYS_MAX} days")]
    Days,
    /// A typing mistake in the printed form.
    #[error("the card has a mistake: {0}. Read it again")]
    Printed(#[from] PrintedError),
    /// Not a card of this version.
    #[error("this is no card of a Musubi network, or one of a later version; its text starts with {PREFIX}")]
    Foreign,
    /// The issuer's key did not sign exactly this, for this network.
    #[error(
        "the signature is not that of facility {0}: the card was changed, is of another network, or was signed with a key that is not known here any more; have it issued anew"
    )]
    Signature(FacilityId),
}

/// A signed text as it lies on a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardText {
    /// What it says.
    pub says: CardSays,
    body: Vec<u8>,
    signature: Signature,
}

impl CardText {
    /// Signs for one network.
    ///
    /// # Errors
    /// [`CardError`] if it does not fit or names a facility twice.
    pub fn sign(crypto: &dyn Crypto, secret: &Secret, network: NetworkId, says: CardSays) -> Result<Self, CardError> {
        let body = encode(&says)?;
        let signature = crypto.sign(secret, &message(network, &body));
        Ok(Self { says, body, signature })
    }
    /// The member that is said to have signed it.
    pub fn issuer(&self) -> &FacilityId {
        match &self.says {
            CardSays::Card(card) => &card.issuer,
            CardSays::Stop(stop) => &stop.issuer,
        }
    }
    /// The number it is about.
    pub fn number(&self) -> &CardNumber {
        match &self.says {
            CardSays::Card(card) => &card.number,
            CardSays::Stop(stop) => &stop.number,
        }
    }
    /// Whether one of these keys of the issuer signed exactly this for this network.
    ///
    /// # Errors
    /// [`CardError::Signature`].
    pub fn verify(&self, crypto: &dyn Crypto, network: NetworkId, keys: &[NodeKey]) -> Result<(), CardError> {
        let message = message(network, &self.body);
        let signed = |key: &NodeKey| crypto.verify(&PublicKey(key.0), &message, &self.signature);
        if keys.iter().any(signed) { Ok(()) } else { Err(CardError::Signature(self.issuer().clone())) }
    }
    /// Its name in logs: a hash, from which no number is found.
    pub fn id(&self) -> Hash {
        sha256(&[b"musubi/card", &self.body, &self.signature.0])
    }
    /// As the bytes of an IC card's free area.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.body[..], &self.signature.0].concat()
    }
    /// Reads the bytes; zeros behind them, as a card's area ends with, do not matter.
    ///
    /// # Errors
    /// [`CardError::Foreign`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CardError> {
        if bytes.len() > AREA_BYTES_MAX {
            return Err(CardError::Foreign);
        }
        let mut rest = Bytes(bytes);
        let says = decode(&mut rest).ok_or(CardError::Foreign)?;
        let body = bytes.get(..bytes.len() - rest.0.len()).unwrap_or_default().to_vec();
        let signature = rest.take(64).and_then(Signature::from_slice).ok_or(CardError::Foreign)?;
        let padded = rest.0.iter().all(|byte| *byte == 0);
        // One card has one form: what is read is what would be written.
        if !padded || encode(&says).as_ref() != Ok(&body) {
            return Err(CardError::Foreign);
        }
        Ok(Self { says, body, signature })
    }
    /// As text for a QR or for typing: capitals, digits and hyphens, with check letters in each group.
    pub fn to_text(&self) -> String {
        format!("{PREFIX}{}", to_printed(&self.to_bytes()))
    }
    /// Reads what [`Self::to_text`] wrote; spaces, hyphens, line ends and case do not matter.
    ///
    /// # Errors
    /// [`CardError`] naming the group with a mistake.
    pub fn parse(text: &str) -> Result<Self, CardError> {
        let trimmed: String = text.chars().take(TEXT_CHARS_MAX + 1).filter(|c| !c.is_whitespace()).collect();
        let starts = trimmed.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
        let body = trimmed.get(PREFIX.len()..).filter(|_| starts && trimmed.len() <= TEXT_CHARS_MAX);
        Self::from_bytes(&from_printed(body.ok_or(CardError::Foreign)?)?)
    }
}

/// What is known here of a card's number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CardKnown {
    /// The newest issue that was seen.
    pub newest: u16,
    /// The last issue that was taken back; 0: none.
    pub stopped: u16,
}

impl CardKnown {
    /// With what a verified text adds.
    #[must_use]
    pub fn with(self, says: &CardSays) -> Self {
        match says {
            CardSays::Card(card) => Self { newest: self.newest.max(card.issue), ..self },
            CardSays::Stop(stop) => Self { stopped: self.stopped.max(stop.upto), ..self },
        }
    }
}

/// Why a card that was signed rightly does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardRefused {
    /// It was taken back.
    #[error("this card was taken back; keep it, and ask how the patient came by it")]
    Stopped,
    /// A newer card of this number was seen.
    #[error("a newer card of this number (issue {newest}) was made; this one, issue {issue}, does not count any more")]
    Superseded {
        /// Of the card.
        issue: u16,
        /// The newest one seen.
        newest: u16,
    },
    /// Its last day is over.
    #[error("this card ended on {0}; issue a new one")]
    Ended(Date),
    /// Its first day has not come: a clock is wrong.
    #[error("this card counts from {0} on; look at the date of this computer and of the issuer's")]
    NotYet(Date),
}

/// Whether a verified card counts on this day, by what is known of its number.
///
/// # Errors
/// [`CardRefused`], the gravest reason first.
pub fn check(card: &CardPayload, known: CardKnown, today: Date) -> Result<(), CardRefused> {
    match () {
        () if card.issue <= known.stopped => Err(CardRefused::Stopped),
        () if card.issue < known.newest => Err(CardRefused::Superseded { issue: card.issue, newest: known.newest }),
        () if card.until < today => Err(CardRefused::Ended(card.until)),
        // A day of grace: two clocks may stand on both sides of midnight.
        () if today.plus_days(1).is_some_and(|tomorrow| card.from > tomorrow) => Err(CardRefused::NotYet(card.from)),
        () => Ok(()),
    }
}

fn message(network: NetworkId, body: &[u8]) -> Vec<u8> {
    domain("card", &[&network.0, body])
}

/// `version · kind · issuer · number · issue · (from · until · charts | nothing)`, see docs/card.md.
fn encode(says: &CardSays) -> Result<Vec<u8>, CardError> {
    let mut out = vec![VERSION];
    match says {
        CardSays::Stop(stop) => {
            out.push(KIND_STOP);
            put_head(&mut out, (&stop.issuer, &stop.number, stop.upto));
        }
        CardSays::Card(card) => {
            out.push(KIND_CARD);
            put_head(&mut out, (&card.issuer, &card.number, card.issue));
            let (from, until) = (days(card.from)?, days(card.until)?);
            if until < from || until - from > LIFE_DAYS_MAX {
                return Err(CardError::Days);
            }
            out.extend(from.to_be_bytes());
            out.extend(until.to_be_bytes());
            let ordered = card.charts.windows(2).all(|pair| pair[0].0 < pair[1].0);
            let count = u8::try_from(card.charts.len()).ok().filter(|count| ordered && *count > 0);
            out.push(count.ok_or(CardError::Facilities)?);
            for (facility, chart) in &card.charts {
                put_facility(&mut out, facility);
                put_text(&mut out, chart).ok_or_else(|| CardError::Chart(facility.clone()))?;
            }
        }
    }
    let bytes = out.len() + 64;
    if bytes > PAYLOAD_BYTES_MAX { Err(CardError::TooLarge { bytes }) } else { Ok(out) }
}

fn put_head(out: &mut Vec<u8>, (issuer, number, issue): (&FacilityId, &CardNumber, u16)) {
    put_facility(out, issuer);
    // A number fits: it was checked when it was read.
    let _ = put_text(out, number.as_str());
    out.extend(issue.to_be_bytes());
}

/// Ten digits in five bytes.
fn put_facility(out: &mut Vec<u8>, facility: &FacilityId) {
    out.extend(facility.as_bytes().chunks(2).map(|two| (two[0] - b'0') * 10 + two.get(1).map_or(0, |b| b - b'0')));
}

/// A length, then digits by twos (the length's highest bit is set) or ASCII.
fn put_text(out: &mut Vec<u8>, text: &str) -> Option<()> {
    let length = u8::try_from(text.len()).ok().filter(|length| (1..=CHART_CHARS_MAX as u8).contains(length))?;
    if text.bytes().all(|b| b.is_ascii_digit()) {
        out.push(length | DIGITS);
        let digit = |b: &u8| b - b'0';
        out.extend(text.as_bytes().chunks(2).map(|two| digit(&two[0]) * 10 + two.get(1).map_or(0, digit)));
    } else if text.bytes().all(|b| b.is_ascii_graphic()) {
        out.push(length);
        out.extend(text.as_bytes());
    } else {
        return None;
    }
    Some(())
}

/// What is left to read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }
    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }
    fn short(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }
    fn digits(&mut self, count: usize) -> Option<String> {
        let mut out = String::with_capacity(count + 1);
        for byte in self.take(count.div_ceil(2))? {
            if *byte > 99 {
                return None;
            }
            out.push(char::from(b'0' + byte / 10));
            out.push(char::from(b'0' + byte % 10));
        }
        out.truncate(count);
        Some(out)
    }
    fn facility(&mut self) -> Option<FacilityId> {
        FacilityId::parse(&self.digits(10)?).ok()
    }
    fn text(&mut self) -> Option<String> {
        let length = self.byte()?;
        let count = usize::from(length & !DIGITS);
        if count == 0 || count > CHART_CHARS_MAX {
            return None;
        }
        if length & DIGITS != 0 {
            return self.digits(count);
        }
        let text = std::str::from_utf8(self.take(count)?).ok()?;
        text.bytes().all(|b| b.is_ascii_graphic()).then(|| text.to_owned())
    }
}

fn decode(rest: &mut Bytes<'_>) -> Option<CardSays> {
    if rest.byte()? != VERSION {
        return None;
    }
    let kind = rest.byte()?;
    let (issuer, number, issue) = (rest.facility()?, CardNumber::parse(&rest.text()?).ok()?, rest.short()?);
    match kind {
        KIND_STOP => Some(CardSays::Stop(CardStop { issuer, number, upto: issue })),
        KIND_CARD => {
            let (from, until, count) = (date(rest.short()?)?, date(rest.short()?)?, rest.byte()?);
            let mut charts = Vec::new();
            for _ in 0..count {
                charts.push((rest.facility()?, rest.text()?));
            }
            Some(CardSays::Card(CardPayload { issuer, number, issue, from, until, charts }))
        }
        _ => None,
    }
}

/// Days since the first of 2020.
fn days(date: Date) -> Result<u16, CardError> {
    let first = Date::new(FIRST_YEAR, 1, 1).ok_or(CardError::Days)?;
    if date < first {
        return Err(CardError::Days);
    }
    u16::try_from(date.start_jst().since(first.start_jst()) / DAY_MS).map_err(|_| CardError::Days)
}

fn date(days: u16) -> Option<Date> {
    Date::new(FIRST_YEAR, 1, 1)?.plus_days(days.into())
}

/// Bytes of a card with its signature: 14 blocks of 16 bytes, the user area of the smallest FeliCa chip in use (Lite-S).
pub const PAYLOAD_BYTES_MAX: usize = 224;
/// Longest life of a card in days: five years, as long as the certificate on the national card.
pub const LIFE_DAYS_MAX: u16 = 1_827;
/// Shortest number that tells people apart.
pub const NUMBER_CHARS_MIN: usize = 4;
/// Longest number that is printed on a card.
pub const NUMBER_CHARS_MAX: usize = 32;
/// Longest patient number; SS-MIX2 folders have up to 20 characters.
pub const CHART_CHARS_MAX: usize = 32;
/// Bytes of an area that is read: a larger chip is padded with zeros behind the card.
const AREA_BYTES_MAX: usize = 4 << 10;
/// Characters of a printed card: 224 bytes in base 32 with check letters and hyphens, and room for line ends.
const TEXT_CHARS_MAX: usize = 1_000;
const PREFIX: &str = "MUSUBICARD:";
const VERSION: u8 = 1;
const KIND_CARD: u8 = 1;
const KIND_STOP: u8 = 2;
const DIGITS: u8 = 0x80;
const FIRST_YEAR: u16 = 2020;
const _: () = assert!(NUMBER_CHARS_MAX <= CHART_CHARS_MAX && CHART_CHARS_MAX < DIGITS as usize);

#[cfg(test)]
#[path = "card_tests.rs"]
mod tests;
