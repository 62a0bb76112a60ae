//! A person known to this node: one value of the tree `staff`, under the keyed hash of the login.
use super::fault::TextFault;
use super::secret::{PasswordHash, folded};
use super::totp;
use crate::limits::{LOGIN_CHARS_MAX, STAFF_TEXT_CHARS_MAX};
use protocol::ids::FacilityId;
use protocol::kinds::Role;
use protocol::time::Millis;
use records::Redacted;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The opaque number of a member of staff: what stands in logs, here and at holders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StaffNumber(pub u32);

impl StaffNumber {
    /// Reads `s7` or `7`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('s').unwrap_or(text);
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse().ok().map(Self)).flatten()
    }
}
impl fmt::Display for StaffNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}", self.0)
    }
}

/// The name with which somebody comes in: small letters, digits, `-`, `_`, `.`, `@`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Login(String);

impl Login {
    /// Reads a login as it was typed: any case, any width.
    ///
    /// # Errors
    /// [`TextFault::Login`].
    pub fn parse(text: &str) -> Result<Self, TextFault> {
        let low = folded(text).trim().to_ascii_lowercase();
        let plain = low.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'@'));
        let fits = plain && (2..=LOGIN_CHARS_MAX).contains(&low.len());
        // A row that a spreadsheet would take for a formula is no login.
        if fits && !low.starts_with(['-', '@']) { Ok(Self(low)) } else { Err(TextFault::Login) }
    }
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether somebody may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountState {
    /// Has a one-time code and no password yet.
    Invited,
    /// May come in.
    Active,
    /// May not, until resumed.
    Suspended,
}

impl AccountState {
    /// The word in files, commands and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

/// What an administrator types about somebody new.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// The login.
    pub login: String,
    /// The name.
    pub name: String,
    /// A word of the roles, English or Japanese.
    pub role: String,
    /// The department; may be empty.
    pub department: String,
    /// Ten digits; empty: the node's only or first facility.
    pub facility: String,
}

/// Somebody new, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccount {
    /// The login.
    pub login: Login,
    /// The name.
    pub name: Redacted<String>,
    /// What they are.
    pub role: Role,
    /// Where they work.
    pub department: String,
    /// For which facility of this node.
    pub facility: FacilityId,
}

impl NewAccount {
    /// Checks what was typed. `facilities`: those of this node, the first stands for an empty field.
    ///
    /// # Errors
    /// [`TextFault`] of the first field that does not fit.
    pub fn parse(typed: &Typed, facilities: &[FacilityId]) -> Result<Self, TextFault> {
        let facility = match typed.facility.trim() {
            "" => facilities.first().cloned(),
            text => FacilityId::parse(text).ok().filter(|id| facilities.contains(id)),
        };
        Ok(Self {
            login: Login::parse(&typed.login)?,
            name: Redacted::new(line(&typed.name).filter(|name| !name.is_empty()).ok_or(TextFault::Name)?),
            role: role(&typed.role).ok_or(TextFault::Role)?,
            department: line(&typed.department).ok_or(TextFault::Department)?,
            facility: facility.ok_or(TextFault::Facility)?,
        })
    }
}

/// A role by its English or Japanese word.
pub(super) fn role(text: &str) -> Option<Role> {
    let text = folded(text).trim().to_ascii_lowercase().replace([' ', '_'], "-");
    let japanese = || {
        Some(match text.as_str() {
            "医師" => Role::Doctor,
            "看護師" | "保健師" | "助産師" => Role::Nurse,
            "薬剤師" => Role::Pharmacist,
            "歯科医師" => Role::Dentist,
            "介護支援専門員" | "ケアマネジャー" | "ケアマネージャー" => Role::CareManager,
            "介護職員" | "介護福祉士" => Role::CareStaff,
            "医療事務" | "事務" => Role::Clerk,
            "救急" | "救急救命士" => Role::Emergency,
            "監査" => Role::Auditor,
            "システム管理者" | "管理者" => Role::Administrator,
            "ネットワーク事務局" | "事務局" => Role::NetworkOffice,
            _ => return None,
        })
    };
    Role::parse(&text).or_else(japanese)
}

/// One line of text without control characters and marks that turn the direction of writing.
pub(super) fn line(text: &str) -> Option<String> {
    let text = text.trim();
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let fits = text.chars().count() <= STAFF_TEXT_CHARS_MAX && !text.chars().any(|c| c.is_control() || turns(c));
    fits.then(|| text.to_owned())
}

/// The second factor of an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Factor {
    pub secret: totp::Secret,
    /// The step of the last code that was used.
    pub used: u64,
    /// Keyed hashes of the recovery codes that were not used yet.
    pub recovery: Vec<[u8; 32]>,
}

/// A code for one use, as a keyed hash.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Once {
    pub hash: [u8; 32],
    pub until: Millis,
}

/// One account, as it is stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Account {
    pub number: StaffNumber,
    pub facility: FacilityId,
    pub login: Login,
    pub name: Redacted<String>,
    pub role: Role,
    pub department: String,
    pub state: AccountState,
    pub password: Option<PasswordHash>,
    pub factor: Option<Factor>,
    pub once: Option<Once>,
    /// Grows with every change that ends all sessions.
    pub generation: u32,
    pub made_at: Millis,
    pub seen_at: Option<Millis>,
    /// Of the demo: comes in without a password, and only there.
    pub is_demo: bool,
}

impl Account {
    /// A new account without a password.
    pub fn new(number: StaffNumber, new: &NewAccount, now: Millis) -> Self {
        Self {
            number,
            facility: new.facility.clone(),
            login: new.login.clone(),
            name: new.name.clone(),
            role: new.role,
            department: new.department.clone(),
            state: AccountState::Invited,
            password: None,
            factor: None,
            once: None,
            generation: 0,
            made_at: now,
            seen_at: None,
            is_demo: false,
        }
    }
    /// Whether this person counts as an administrator who can come in.
    pub fn is_acting_administrator(&self) -> bool {
        self.role == Role::Administrator && self.state == AccountState::Active
    }
    /// What lists show.
    pub fn row(&self) -> AccountRow {
        AccountRow {
            number: self.number,
            facility: self.facility.clone(),
            login: self.login.clone(),
            name: self.name.clone(),
            role: self.role,
            department: self.department.clone(),
            state: self.state,
            has_factor: self.factor.is_some(),
            code_until: self.once.as_ref().map(|once| once.until),
            made_at: self.made_at,
            seen_at: self.seen_at,
        }
    }
}

/// One account in a list; no secret is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// The opaque number.
    pub number: StaffNumber,
    /// For which facility.
    pub facility: FacilityId,
    /// The login.
    pub login: Login,
    /// The name.
    pub name: Redacted<String>,
    /// What they are.
    pub role: Role,
    /// Where they work.
    pub department: String,
    /// Whether they may come in.
    pub state: AccountState,
    /// Whether a second factor is set up.
    pub has_factor: bool,
    /// Until when a one-time code holds, if one was given and not used.
    pub code_until: Option<Millis>,
    /// Since when.
    pub made_at: Millis,
    /// When they came in last.
    pub seen_at: Option<Millis>,
}
