//! Sessions: who came in from which browser, how far, and until when.
use super::account::StaffNumber;
use super::acting::Staff;
use super::totp;
use crate::limits::{SESSION_IDLE_MS, SESSION_MS, SESSION_PENDING_MS};
use crate::random::fresh;
use data_encoding::BASE64URL_NOPAD;
use protocol::time::Millis;
use records::Redacted;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// The random number that a browser keeps in its cookie. The store knows only its keyed hash.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionId(String);

impl SessionId {
    pub(super) fn fresh() -> Self {
        Self(BASE64URL_NOPAD.encode(&fresh::<32>()))
    }
    /// What a cookie says; anything may stand there.
    pub fn of(text: &str) -> Self {
        Self(text.chars().take(ID_CHARS_MAX).collect())
    }
    /// For the cookie. Never into a log.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Where a request comes from: the address of the machine, and what the browser says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The machine.
    pub source: IpAddr,
    /// `User-Agent`, as it came.
    pub agent: String,
}

/// How far somebody came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// The password was right; the second factor is asked for.
    Factor,
    /// The password was right; a second factor must be set up.
    Enrol,
    /// In.
    In,
}

/// One session, as it is stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    pub account: [u8; 16],
    pub generation: u32,
    pub stage: Stage,
    pub began: Millis,
    pub seen: Millis,
    pub device: [u8; 32],
    /// The secret that is offered while a second factor is set up.
    pub offer: Option<totp::Secret>,
}

impl Session {
    /// Whether it still holds at this moment.
    pub fn holds(&self, now: Millis) -> bool {
        let age = now.since(self.began);
        match self.stage {
            Stage::In => age < SESSION_MS && now.since(self.seen) < SESSION_IDLE_MS,
            Stage::Factor | Stage::Enrol => age < SESSION_PENDING_MS,
        }
    }
}

/// Somebody who came in, as far as they did.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Who acts.
    pub staff: Staff,
    /// The opaque number.
    pub number: StaffNumber,
    /// The name.
    pub name: Redacted<String>,
    /// The login.
    pub login: String,
    /// How far.
    pub stage: Stage,
    /// Names this session among others, without letting anybody use it.
    pub mark: [u8; 32],
}

const ID_CHARS_MAX: usize = 64;
