//! Checks what a browser answers, as WebAuthn Level 3, sections 7.1 and 7.2, demands. Pure: no clock, no store.
use super::cose::{PublicKey, Reader};
use super::fault::PasskeyFault;
use crate::limits::{CBOR_DEPTH_MAX, PASSKEY_ID_BYTES_MAX};
use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// For whom passkeys are made: the name in them, and the only page they may be given to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    /// A host name; browsers take no address of digits.
    pub id: String,
    /// Scheme, host and port.
    pub origin: String,
}

/// What a browser sends, each part in base64url without padding, as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PasskeyAnswer {
    /// The credential's identifier; only where one is used.
    pub id: String,
    /// `clientDataJSON`.
    pub client: String,
    /// `authenticatorData`.
    pub data: String,
    /// The signature; only where one is used.
    pub signature: String,
}

/// A new passkey, as its authenticator describes it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Described {
    pub id: Vec<u8>,
    pub key: PublicKey,
    pub counter: u32,
}

/// What this page expects.
#[derive(Clone, Copy)]
pub(super) struct Expected<'a> {
    pub challenge: &'a [u8],
    pub party: &'a RelyingParty,
}

/// A new passkey. What its maker attests is not asked for, so nothing is signed yet.
pub(super) fn described(expected: &Expected<'_>, answer: &PasskeyAnswer) -> Result<Described, PasskeyFault> {
    client(expected, "webauthn.create", &bytes(&answer.client)?)?;
    let data = bytes(&answer.data)?;
    let data = Data::read(expected.party, &data)?;
    let (id, key) = data.made.ok_or(PasskeyFault::Form)?;
    Ok(Described { id, key, counter: data.counter })
}

/// A passkey that was used: its counter, if this key signed for this page and this challenge.
pub(super) fn counted(expected: &Expected<'_>, key: &PublicKey, answer: &PasskeyAnswer) -> Result<u32, PasskeyFault> {
    let told = bytes(&answer.client)?;
    client(expected, "webauthn.get", &told)?;
    let data = bytes(&answer.data)?;
    let counter = Data::read(expected.party, &data)?.counter;
    let message = [data.as_slice(), &Sha256::digest(&told)].concat();
    if key.signed(&message, &bytes(&answer.signature)?) { Ok(counter) } else { Err(PasskeyFault::Signature) }
}

/// The identifier in an answer.
pub(super) fn id(answer: &PasskeyAnswer) -> Result<Vec<u8>, PasskeyFault> {
    bytes(&answer.id).and_then(|id| if id.is_empty() { Err(PasskeyFault::Form) } else { Ok(id) })
}

fn bytes(text: &str) -> Result<Vec<u8>, PasskeyFault> {
    BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| PasskeyFault::Form)
}

#[derive(Deserialize)]
struct Client {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default, rename = "crossOrigin")]
    is_framed: bool,
}

fn client(expected: &Expected<'_>, kind: &str, told: &[u8]) -> Result<(), PasskeyFault> {
    let told: Client = serde_json::from_slice(told).map_err(|_| PasskeyFault::Form)?;
    if told.kind != kind {
        return Err(PasskeyFault::Kind);
    }
    if bytes(&told.challenge)? != expected.challenge {
        return Err(PasskeyFault::Challenge);
    }
    if told.origin != expected.party.origin || told.is_framed {
        return Err(PasskeyFault::Origin);
    }
    Ok(())
}

/// What the authenticator itself says.
struct Data {
    counter: u32,
    made: Option<(Vec<u8>, PublicKey)>,
}

impl Data {
    fn read(party: &RelyingParty, data: &[u8]) -> Result<Self, PasskeyFault> {
        let mut reader = Reader::new(data);
        let (name, flags) = (reader.take(32)?, reader.take(1)?[0]);
        let counter = reader.take(4)?.iter().fold(0, |value, byte| value << 8 | u32::from(*byte));
        if name != Sha256::digest(party.id.as_bytes()).as_slice() {
            return Err(PasskeyFault::Party);
        }
        if flags & PRESENT == 0 {
            return Err(PasskeyFault::Absent);
        }
        if flags & VERIFIED == 0 {
            return Err(PasskeyFault::Unverified);
        }
        let mut made = None;
        if flags & MADE != 0 {
            reader.take(MODEL_BYTES)?;
            let count = reader.take(2)?.iter().fold(0, |value, byte| value << 8 | usize::from(*byte));
            if count == 0 || count > PASSKEY_ID_BYTES_MAX {
                return Err(PasskeyFault::Form);
            }
            let id = reader.take(count)?.to_vec();
            made = Some((id, PublicKey::read(&mut reader)?));
        }
        if flags & EXTENDED != 0 {
            reader.skip(CBOR_DEPTH_MAX)?;
        }
        if reader.rest().is_empty() { Ok(Self { counter, made }) } else { Err(PasskeyFault::Form) }
    }
}

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const MADE: u8 = 0x40;
const EXTENDED: u8 = 0x80;
/// The model of the authenticator, which nothing here asks.
const MODEL_BYTES: usize = 16;
