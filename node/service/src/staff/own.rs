//! What a person may see and change of their own.
use super::Right;
use super::account::AccountRow;
use super::accounts::{Accounts, load, put, sessions_of};
use super::entering::{Attempt, Entered, Refusal};
use super::fault::AccountError;
use super::passkey::{self, PasskeyRow};
use super::secret::{check_password, folded};
use super::session::{Device, Stage, Visitor};
use crate::access_log::LogLine;
use crate::limits::{OWN_EVENTS_LOOKED, OWN_EVENTS_SHOWN};
use protocol::audit::{self, Event, What};
use protocol::data::{Batch, Space};
use protocol::time::Millis;

/// What the own page shows.
#[derive(Clone, Debug)]
pub struct OwnView {
    /// The account.
    pub row: AccountRow,
    /// Recovery codes that are left.
    pub recovery: usize,
    /// Passkeys.
    pub passkeys: Vec<PasskeyRow>,
    /// Sessions: since when, last use, and whether it is this one.
    pub sessions: Vec<(Millis, Millis, bool)>,
    /// What this person did, newest first.
    pub events: Vec<LogLine>,
    /// When.
    pub now: Millis,
}

impl Accounts {
    /// The own page. That somebody looked at it is an event.
    ///
    /// # Errors
    /// [`AccountError`]; nothing is shown then.
    pub fn own(&self, visitor: &Visitor) -> Result<OwnView, AccountError> {
        let view = self.view();
        let key = self.key_of_text(&visitor.login);
        let account = load(&view, &key).ok_or(AccountError::Unknown(visitor.number))?;
        let size = audit::head(&view).size;
        let from = size.saturating_sub(OWN_EVENTS_LOOKED);
        let looked = usize::try_from(size - from).unwrap_or(usize::MAX);
        let own = audit::events(&view, from, looked).into_iter().rev();
        let own = own.filter(|(_, event)| event.staff.as_deref() == Some(visitor.staff.id()));
        let events: Vec<LogLine> = own.take(OWN_EVENTS_SHOWN).map(|(index, event)| LogLine { index, event }).collect();
        let mut batch = Batch::default();
        let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
        batch.log(Event::new(self.now(), What::Shown).staff(visitor.staff.id()).count(count).note("own accesses"));
        self.commit(batch)?;
        let now = self.now();
        let sessions = sessions_of(&view, &key).into_iter();
        let sessions = sessions.filter(|(_, one)| one.holds(now) && one.generation == account.generation);
        let is_this = |at: &[u8]| at.ends_with(&visitor.mark);
        Ok(OwnView {
            row: account.row(),
            recovery: account.factor.as_ref().map_or(0, |factor| factor.recovery.len()),
            passkeys: passkey::rows(&view, &key),
            sessions: sessions.map(|(at, one)| (one.began, one.seen, is_this(&at))).collect(),
            events,
            now,
        })
    }
    /// Changes the own password. All other sessions end; this one goes on under a new number.
    ///
    /// # Errors
    /// [`Refusal`]; a wrong password counts as an attempt to come in.
    pub fn change_password(
        &self,
        visitor: &Visitor,
        (old, new): (&str, &str),
        device: &Device,
    ) -> Result<Entered, Refusal> {
        let new = folded(new);
        check_password(&new, &visitor.login)?;
        let key = self.proven(visitor, old, device)?;
        let hash = self.hash(&new);
        let (this, device, mark, number) = (self.clone(), device.clone(), visitor.mark, visitor.number);
        let id = self.commit_with(move |view, batch| {
            let mut account = load(view, &key).ok_or(AccountError::Unknown(number))?;
            account.password = Some(hash);
            account.generation = account.generation.wrapping_add(1);
            put(batch, &key, &account);
            batch.log(this.event(What::ConfigChanged, &account).note("own password changed"));
            Ok(this.begin(&account, Stage::In, &device, (Some(&mark), batch)))
        })?;
        Ok(Entered { id, stage: Stage::In, recovery: Vec::new() })
    }
    /// Begins to set up another second factor. The old one holds until the new one has shown a code.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn renew_factor(&self, visitor: &Visitor, password: &str, device: &Device) -> Result<Entered, Refusal> {
        let key = self.proven(visitor, password, device)?;
        let account = load(&self.view(), &key).ok_or(AccountError::Unknown(visitor.number))?;
        let attempt = Attempt { login: "", secret: "", device, old: Some(visitor) };
        self.enter(&account, Stage::Enrol, &attempt, Batch::default())
    }
    /// Ends all own sessions but this one.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn end_others(&self, visitor: &Visitor) -> Result<(), AccountError> {
        let (view, key) = (self.view(), self.key_of_text(&visitor.login));
        let mut batch = Batch::default();
        for (at, _) in sessions_of(&view, &key).into_iter().filter(|(at, _)| !at.ends_with(&visitor.mark)) {
            batch.remove(Space::Staff, at);
        }
        batch.log(Event::new(self.now(), What::LoggedOut).staff(visitor.staff.id()).note("all other sessions"));
        Ok(self.commit(batch)?)
    }
    /// Writes down that somebody tried what their role may not do.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn denied(&self, visitor: &Visitor, right: Right) -> Result<(), AccountError> {
        let mut batch = Batch::default();
        let event = Event::new(self.now(), What::LoginRefused).staff(visitor.staff.id());
        batch.log(event.note(format!("{} has not the right {right:?}", visitor.staff.role())));
        Ok(self.commit(batch)?)
    }
    /// Asks for the own password again, counted like coming in.
    pub(super) fn proven(&self, visitor: &Visitor, password: &str, device: &Device) -> Result<[u8; 16], Refusal> {
        let key = self.key_of_text(&visitor.login);
        self.count(Some(key), device)?;
        let account = load(&self.view(), &key);
        if !self.check(account.as_ref().and_then(|account| account.password.as_ref()), &folded(password)) {
            self.refuse(account.as_ref(), "own password")?;
            return Err(Refusal::Wrong);
        }
        self.throttle().succeeded(key, device.source);
        Ok(key)
    }
}
