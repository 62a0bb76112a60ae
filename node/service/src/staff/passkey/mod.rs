//! Passkeys (WebAuthn) as second factor: several per account, beside the app. `check` decides over bytes alone, `cose` reads keys; here
//! they are kept, one value per account, and challenges stand open in memory, each for one answer of one session.
//!
//! A passkey names the host that it was made for, so a page that only looks like this one gets nothing. User verification (PIN,
//! finger, face) is demanded. A counter that goes back means that a copy exists: the passkey is blocked, and the log has an alarm.
mod check;
mod cose;
mod fault;
#[cfg(test)]
mod tests;

pub use check::{PasskeyAnswer, RelyingParty};
pub use fault::PasskeyFault;

use super::account::line;
use super::accounts::{Accounts, load};
use super::entering::{Entered, Refusal};
use super::fault::AccountError;
use super::session::{Device, Stage, Visitor};
use crate::limits::{CHALLENGE_MS, CHALLENGES_MAX, PASSKEYS_OF_ONE_MAX};
use crate::random::fresh;
use check::{Expected, counted, described};
use cose::PublicKey;
use data_encoding::BASE64URL_NOPAD;
use protocol::audit::What;
use protocol::crypto::mac;
use protocol::data::{Batch, Space, View, decode, encode};
use protocol::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One passkey, as it is stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Passkey {
    id: Vec<u8>,
    name: String,
    key: PublicKey,
    counter: u32,
    made_at: Millis,
    used_at: Option<Millis>,
    is_blocked: bool,
}

/// One passkey in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyRow {
    /// Its identifier, in base64url.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// Since when.
    pub made_at: Millis,
    /// When it was used last.
    pub used_at: Option<Millis>,
    /// Whether it was blocked, since a copy of it exists.
    pub is_blocked: bool,
}

/// What a page asks a browser for; all in base64url.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyAsk {
    /// To be answered once.
    pub challenge: String,
    /// Stands for the account in the authenticator; says nothing to others.
    pub user: String,
    /// Passkeys that the account has.
    pub ids: Vec<String>,
}

/// What is typed with a new passkey.
#[derive(Clone, Copy)]
pub struct NewPasskey<'a> {
    /// The own password.
    pub password: &'a str,
    /// What to call it.
    pub name: &'a str,
    /// What the browser made.
    pub answer: &'a PasskeyAnswer,
}

/// Challenges that stand open, by session.
#[derive(Default)]
pub(super) struct Challenges(BTreeMap<[u8; 32], ([u8; 32], Millis)>);

impl Challenges {
    fn open(&mut self, mark: [u8; 32], now: Millis) -> [u8; 32] {
        self.0.retain(|_, (_, until)| now < *until);
        while self.0.len() >= CHALLENGES_MAX {
            let Some(oldest) = self.0.iter().min_by_key(|(_, (_, until))| *until).map(|(mark, _)| *mark) else { break };
            self.0.remove(&oldest);
        }
        let challenge = fresh();
        self.0.insert(mark, (challenge, now.plus(CHALLENGE_MS)));
        challenge
    }
    /// Takes the challenge of a session away, so that no answer counts twice.
    fn take(&mut self, mark: &[u8; 32], now: Millis) -> Result<[u8; 32], PasskeyFault> {
        let open = self.0.remove(mark).filter(|(_, until)| now < *until);
        open.map(|(challenge, _)| challenge).ok_or(PasskeyFault::Challenge)
    }
}

impl Accounts {
    /// Opens a challenge for this session: to use a passkey between password and second factor (none if the account has none that
    /// holds), to make one when signed in.
    pub fn ask_passkey(&self, visitor: &Visitor) -> Option<PasskeyAsk> {
        let key = self.key_of_text(&visitor.login);
        let held = held(&self.view(), &key).into_iter();
        let ids: Vec<String> = match visitor.stage {
            Stage::Factor => held.filter(|one| !one.is_blocked).map(|one| BASE64URL_NOPAD.encode(&one.id)).collect(),
            Stage::In => held.map(|one| BASE64URL_NOPAD.encode(&one.id)).collect(),
            Stage::Enrol => return None,
        };
        if visitor.stage == Stage::Factor && ids.is_empty() {
            return None;
        }
        let challenge = self.challenges().open(visitor.mark, self.now());
        let user = mac(&*self.inner.key, &[b"passkey user", &key]);
        let (challenge, user) = (BASE64URL_NOPAD.encode(&challenge), BASE64URL_NOPAD.encode(&user[..16]));
        Some(PasskeyAsk { challenge, user, ids })
    }
    /// Keeps a new passkey, after the own password.
    ///
    /// # Errors
    /// [`Refusal`]; a wrong password counts as an attempt to come in.
    pub fn add_passkey(
        &self,
        visitor: &Visitor,
        new: &NewPasskey<'_>,
        device: &Device,
        party: &RelyingParty,
    ) -> Result<(), Refusal> {
        // Taken first: whatever is wrong, this challenge is over.
        let challenge = self.challenges().take(&visitor.mark, self.now());
        let key = self.proven(visitor, new.password, device)?;
        let name = line(new.name).filter(|name| !name.is_empty()).ok_or(PasskeyFault::Name);
        let made = challenge.and_then(|challenge| described(&Expected { challenge: &challenge, party }, new.answer));
        let (name, made) = match (name, made) {
            (Ok(name), Ok(made)) => (name, made),
            (Err(fault), _) | (_, Err(fault)) => return Err(self.refuse_passkey(&key, fault)?),
        };
        let (this, number, now) = (self.clone(), visitor.number, self.now());
        let kept = self.commit_with(move |view, batch| {
            let account = load(view, &key).ok_or(AccountError::Unknown(number))?;
            let mut own = held(view, &key);
            if super::accounts::all(view).any(|(key, _)| held(view, &key).iter().any(|one| one.id == made.id)) {
                return Ok(Err(PasskeyFault::Taken));
            }
            if own.len() >= PASSKEYS_OF_ONE_MAX {
                return Ok(Err(PasskeyFault::Full));
            }
            let (id, counter) = (made.id, made.counter);
            own.push(Passkey { id, name, key: made.key, counter, made_at: now, used_at: None, is_blocked: false });
            keep(batch, &key, &own);
            batch.log(this.event(What::ConfigChanged, &account).note("passkey added"));
            Ok(Ok(()))
        })?;
        kept.or_else(|fault| Err(self.refuse_passkey(&key, fault)?))
    }
    /// Removes a passkey, after the own password.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn remove_passkey(&self, visitor: &Visitor, password: &str, id: &str, device: &Device) -> Result<(), Refusal> {
        let key = self.proven(visitor, password, device)?;
        let (this, number, id) = (self.clone(), visitor.number, BASE64URL_NOPAD.decode(id.as_bytes()));
        let removed = self.commit_with(move |view, batch| {
            let account = load(view, &key).ok_or(AccountError::Unknown(number))?;
            let mut own = held(view, &key);
            let before = own.len();
            own.retain(|one| id.as_ref() != Ok(&one.id));
            if own.len() == before {
                return Ok(Err(PasskeyFault::Unknown));
            }
            keep(batch, &key, &own);
            batch.log(this.event(What::ConfigChanged, &account).note("passkey removed"));
            Ok(Ok(()))
        })?;
        removed.map_err(Refusal::Passkey)
    }
    /// Takes a passkey as the second factor.
    ///
    /// # Errors
    /// [`Refusal`]; attempts count as those with a code.
    pub fn second_by_passkey(
        &self,
        visitor: &Visitor,
        answer: &PasskeyAnswer,
        device: &Device,
        party: &RelyingParty,
    ) -> Result<Entered, Refusal> {
        let (session, key) = self.pending(visitor, Stage::Factor, device)?;
        let challenge = match self.challenges().take(&visitor.mark, self.now()) {
            Ok(challenge) => challenge,
            Err(fault) => return Err(self.refuse_passkey(&key, fault)?),
        };
        let (this, answer, from, party) = (self.clone(), answer.clone(), device.clone(), party.clone());
        let mark = visitor.mark;
        let done = self.commit_with(move |view, batch| {
            let account = load(view, &key).filter(|account| account.generation == session.generation);
            let Some(mut account) = account else { return Ok(Err(PasskeyFault::Challenge)) };
            let expected = Expected { challenge: &challenge, party: &party };
            let used = this.use_passkey((view, batch), &key, &expected, &answer);
            Ok(used.map(|()| this.admit(&mut account, &from, &mark, (view, batch))))
        })?;
        match done {
            Ok(id) => {
                self.throttle().succeeded(key, device.source);
                Ok(Entered { id, stage: Stage::In, recovery: Vec::new() })
            }
            Err(fault) => Err(self.refuse_passkey(&key, fault)?),
        }
    }
    /// Checks an answer and writes down its counter, or that the passkey is blocked from now on.
    fn use_passkey(
        &self,
        (view, batch): (&dyn View, &mut Batch),
        key: &[u8; 16],
        expected: &Expected<'_>,
        answer: &PasskeyAnswer,
    ) -> Result<(), PasskeyFault> {
        let (id, mut own) = (check::id(answer)?, held(view, key));
        let one = own.iter_mut().find(|one| one.id == id).ok_or(PasskeyFault::Unknown)?;
        if one.is_blocked {
            return Err(PasskeyFault::Blocked);
        }
        let counter = counted(expected, &one.key, answer)?;
        // Authenticators without a counter always say 0.
        let goes_on = counter > one.counter || (counter == 0 && one.counter == 0);
        if goes_on {
            (one.counter, one.used_at) = (counter, Some(self.now()));
        } else {
            one.is_blocked = true;
        }
        keep(batch, key, &own);
        if goes_on { Ok(()) } else { Err(PasskeyFault::Counter) }
    }
    fn refuse_passkey(&self, key: &[u8; 16], fault: PasskeyFault) -> Result<Refusal, Refusal> {
        self.refuse(load(&self.view(), key).as_ref(), &format!("passkey: {fault}"))?;
        Ok(Refusal::Passkey(fault))
    }
    fn challenges(&self) -> std::sync::MutexGuard<'_, Challenges> {
        self.inner.challenges.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The passkeys of an account, for its own page.
pub(super) fn rows(view: &dyn View, key: &[u8; 16]) -> Vec<PasskeyRow> {
    let row = |one: Passkey| PasskeyRow {
        id: BASE64URL_NOPAD.encode(&one.id),
        name: one.name,
        made_at: one.made_at,
        used_at: one.used_at,
        is_blocked: one.is_blocked,
    };
    held(view, key).into_iter().map(row).collect()
}

/// Takes all passkeys of an account away: its second factor was reset.
pub(super) fn drop_all(batch: &mut Batch, key: &[u8; 16]) {
    batch.remove(Space::Staff, place(key));
}

fn held(view: &dyn View, key: &[u8; 16]) -> Vec<Passkey> {
    view.get(Space::Staff, &place(key)).and_then(|bytes| decode(&bytes)).unwrap_or_default()
}

fn keep(batch: &mut Batch, key: &[u8; 16], own: &Vec<Passkey>) {
    batch.put(Space::Staff, place(key), encode(own));
}

fn place(key: &[u8; 16]) -> Vec<u8> {
    [PASSKEYS, key.as_slice()].concat()
}

const PASSKEYS: &[u8] = b"passkeys/";
