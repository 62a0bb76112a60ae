//! Coming in: the set-up link of a node without staff, password, second factor, one-time codes; and the demo's way in.
use super::account::{Account, Factor, Login, NewAccount, StaffNumber, Typed};
use super::accounts::{self, Accounts, Link, guess_key, is_empty, load, next_number, put, sessions_of};
use super::fault::AccountError;
use super::secret::{check_password, folded, new_code, same, typed_code};
use super::session::{Device, SessionId, Stage, Visitor};
use super::{AccountState, PasswordFault};
use crate::limits::{RECOVERY_CODES, SESSION_MS, SESSIONS_OF_ONE_MAX, SETUP_LINK_MS};
use protocol::audit::{Event, What};
use protocol::data::{Batch, Space, View, encode};
use protocol::kinds::Role;
use records::Redacted;

/// One attempt to come in.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// The login, as typed.
    pub login: &'a str,
    /// Password or one-time code, as typed.
    pub secret: &'a str,
    /// From where.
    pub device: &'a Device,
    /// The session that the browser had before, if any; it ends.
    pub old: Option<&'a Visitor>,
}

/// Somebody who came one step further, with a session of a new number.
pub struct Entered {
    /// For the cookie.
    pub id: SessionId,
    /// What comes next.
    pub stage: Stage,
    /// Codes that replace a lost second factor, each once; shown now and never again. Empty unless one was just set up.
    pub recovery: Vec<String>,
}

/// Why somebody did not come in. Says nothing about whether a login exists.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Something of what was typed is wrong; which, only the log says.
    #[error("login, password or code is wrong")]
    Wrong,
    /// Too many attempts on this login, whether it exists or not, or from this source. Nothing was looked at.
    #[error("too many attempts; wait {} seconds", ms.div_ceil(1_000))]
    Wait {
        /// How long.
        ms: u64,
    },
    /// The session between password and second factor is over; begin anew.
    #[error("this took too long; begin anew")]
    Ended,
    /// The link was used, is too old, or was never given out.
    #[error("this link was used or is too old")]
    Link,
    /// The passkey, or what was typed with it.
    #[error("this passkey was not accepted: {0}")]
    Passkey(#[from] super::PasskeyFault),
    /// What was typed for the account.
    #[error(transparent)]
    Account(#[from] AccountError),
}

impl From<PasswordFault> for Refusal {
    fn from(fault: PasswordFault) -> Self {
        Self::Account(fault.into())
    }
}

impl Accounts {
    /// Takes login and password. What follows is the second factor, or setting it up.
    ///
    /// # Errors
    /// [`Refusal`]: the same answer after the same work whether the login exists or not.
    pub fn log_in(&self, attempt: &Attempt<'_>) -> Result<Entered, Refusal> {
        let key = self.typed_key(attempt.login);
        self.count(Some(key), attempt.device)?;
        let view = self.view();
        let account = load(&view, &key);
        let active = account.as_ref().filter(|account| account.state == AccountState::Active);
        let fits = self.check(active.and_then(|account| account.password.as_ref()), &folded(attempt.secret));
        let Some(account) = active.filter(|_| fits) else {
            self.refuse(account.as_ref(), "password")?;
            return Err(Refusal::Wrong);
        };
        let stage = if account.factor.is_some() { Stage::Factor } else { Stage::Enrol };
        self.enter(account, stage, attempt, Batch::default())
    }
    /// Takes the code of the second factor, or a recovery code.
    ///
    /// # Errors
    /// [`Refusal`]; after too many wrong codes the next has to wait, as with passwords.
    pub fn second(&self, visitor: &Visitor, code: &str, device: &Device) -> Result<Entered, Refusal> {
        let (session, key) = self.pending(visitor, Stage::Factor, device)?;
        let (this, code, device, mark) = (self.clone(), typed_code(code), device.clone(), visitor.mark);
        let number = visitor.number;
        let source = device.source;
        let done = self.commit_with(move |view, batch| {
            let mut account = load(view, &key).filter(|account| account.generation == session.generation);
            let Some(account) = account.as_mut() else { return Ok(None) };
            let hash = this.hash_of_code(number, &code);
            let now = this.now();
            let Some(factor) = account.factor.as_mut() else { return Ok(None) };
            if let Some(step) = factor.secret.step_of(&code, now, factor.used) {
                factor.used = step;
            } else if let Some(at) = factor.recovery.iter().position(|own| same(own, &hash)) {
                factor.recovery.remove(at);
                batch.log(this.event(What::ConfigChanged, account).note("recovery code used"));
            } else {
                return Ok(None);
            }
            Ok(Some(this.admit(account, &device, &mark, (view, batch))))
        })?;
        match done {
            Some(id) => {
                self.throttle().succeeded(key, source);
                Ok(Entered { id, stage: Stage::In, recovery: Vec::new() })
            }
            None => {
                self.refuse(load(&self.view(), &key).as_ref(), "second factor")?;
                Err(Refusal::Wrong)
            }
        }
    }
    /// The secret that is offered to an app while a second factor is set up: as an address for a picture, and to be typed.
    pub fn offer(&self, visitor: &Visitor, issuer: &str) -> Option<(String, String)> {
        let offer = self.session(&visitor.mark).filter(|session| session.stage == Stage::Enrol)?.offer?;
        Some((offer.uri(issuer, &visitor.login), offer.text()))
    }
    /// Sets the offered second factor up, if the code shows that the app has it.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn enrol(&self, visitor: &Visitor, code: &str, device: &Device) -> Result<Entered, Refusal> {
        let (session, key) = self.pending(visitor, Stage::Enrol, device)?;
        let secret = session.offer.ok_or(Refusal::Ended)?;
        let Some(used) = secret.step_of(&typed_code(code), self.now(), 0) else {
            self.refuse(load(&self.view(), &key).as_ref(), "second factor not set up")?;
            return Err(Refusal::Wrong);
        };
        let recovery: Vec<String> = (0..RECOVERY_CODES).map(|_| new_code()).collect();
        let hashes = recovery.iter().map(|code| self.hash_of_code(visitor.number, &typed_code(code))).collect();
        let (this, device, mark, number) = (self.clone(), device.clone(), visitor.mark, visitor.number);
        let source = device.source;
        let id = self.commit_with(move |view, batch| {
            let mut account = load(view, &key).ok_or(AccountError::Unknown(number))?;
            account.factor = Some(Factor { secret, used, recovery: hashes });
            batch.log(this.event(What::ConfigChanged, &account).note("second factor set up"));
            Ok(this.admit(&mut account, &device, &mark, (view, batch)))
        })?;
        self.throttle().succeeded(key, source);
        Ok(Entered { id, stage: Stage::In, recovery })
    }
    /// Takes a one-time code and a new password: the first time, and after a reset.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn redeem(&self, attempt: &Attempt<'_>, password: &str) -> Result<Entered, Refusal> {
        let password = folded(password);
        let login = folded(attempt.login).trim().to_ascii_lowercase();
        check_password(&password, &login)?;
        let key = self.typed_key(attempt.login);
        self.count(Some(key), attempt.device)?;
        let account = load(&self.view(), &key);
        let number = account.as_ref().map_or(StaffNumber(0), |account| account.number);
        let given = self.hash_of_code(number, &typed_code(attempt.secret));
        let once = account.as_ref().and_then(|account| account.once.as_ref());
        let holds = once.is_some_and(|once| same(&once.hash, &given) && self.now() < once.until);
        let Some(mut account) = account.clone().filter(|one| holds && one.state != AccountState::Suspended) else {
            self.refuse(account.as_ref(), "one-time code")?;
            return Err(Refusal::Wrong);
        };
        account.password = Some(self.hash(&password));
        account.once = None;
        account.state = AccountState::Active;
        account.generation = account.generation.wrapping_add(1);
        let (changed, event) =
            (account.clone(), self.event(What::ConfigChanged, &account).note("password set by code"));
        self.commit_with(move |view, batch| {
            // Two that come at once with one code: the second finds it used.
            let is_open = load(view, &key).is_some_and(|now| now.once.is_some_and(|once| same(&once.hash, &given)));
            if !is_open {
                return Err(AccountError::Refused);
            }
            put(batch, &key, &changed);
            batch.log(event);
            Ok(())
        })
        .map_err(|error| if error == AccountError::Refused { Refusal::Wrong } else { error.into() })?;
        let stage = if account.factor.is_some() { Stage::Factor } else { Stage::Enrol };
        self.enter(&account, stage, attempt, Batch::default())
    }

    /// A new set-up link's secret, if nobody is known here yet; the one before is void. Only for the terminal.
    pub fn set_up_link(&self) -> Option<String> {
        self.is_empty().then(|| self.new_link(SETUP_LINK_MS))
    }
    /// Whether this link may still be used; looking does not use it.
    pub fn is_link(&self, link: &str) -> bool {
        self.is_empty() && self.is_open_link(link)
    }
    /// Makes the first administrator.
    ///
    /// # Errors
    /// [`Refusal`]; the link holds on unless it is what was wrong.
    pub fn set_up(&self, link: &str, typed: &Typed, password: &str, device: &Device) -> Result<Entered, Refusal> {
        self.count(None, device)?;
        if !self.is_link(link) {
            self.refuse(None, "set-up link")?;
            return Err(Refusal::Link);
        }
        let typed = Typed { role: Role::Administrator.word().into(), ..typed.clone() };
        let new = NewAccount::parse(&typed, &self.facilities()).map_err(AccountError::from)?;
        let password = folded(password);
        check_password(&password, new.login.as_str())?;
        let (key, hash, now) = (self.login_key(&new.login), self.hash(&password), self.now());
        let made = self.commit_with(move |view, batch| {
            if !is_empty(view) {
                return Err(AccountError::Refused);
            }
            let mut account = Account::new(next_number(view, 0, batch), &new, now);
            account.password = Some(hash);
            account.state = AccountState::Active;
            put(batch, &key, &account);
            let event = Event::new(now, What::ConfigChanged).facility(account.facility.clone());
            batch.log(event.staff(account.number.to_string()).note("first administrator set up"));
            Ok(account)
        });
        let account =
            made.map_err(|error| if error == AccountError::Refused { Refusal::Link } else { error.into() })?;
        self.take_link();
        let attempt = Attempt { login: "", secret: "", device, old: None };
        self.enter(&account, Stage::Enrol, &attempt, Batch::default())
    }

    /// Makes one made-up member of staff per role, in a store where nobody is known: for the demo, whose store goes away.
    ///
    /// # Errors
    /// [`AccountError`], also where somebody is known.
    pub fn stage_demo(&self) -> Result<(), AccountError> {
        let facility = self.facilities().first().cloned().ok_or(super::TextFault::Facility)?;
        let now = self.now();
        let keys: Vec<(Role, Login, [u8; 16])> = Role::ALL
            .iter()
            .filter_map(|role| Login::parse(&format!("demo-{role}")).ok().map(|login| (*role, login)))
            .map(|(role, login)| (role, login.clone(), self.login_key(&login)))
            .collect();
        self.commit_with(move |view, batch| {
            if !is_empty(view) {
                return Err(AccountError::Refused);
            }
            for (taken, (role, login, key)) in (0u32..).zip(keys) {
                let (name, department) = (Redacted::new(demo_name(role).to_owned()), String::new());
                let new = NewAccount { login, name, role, department, facility: facility.clone() };
                let mut account = Account::new(next_number(view, taken, batch), &new, now);
                (account.state, account.is_demo) = (AccountState::Active, true);
                put(batch, &key, &account);
            }
            Ok(())
        })
    }
    /// A link that lets one browser in as the demo's doctor; none on a node that is no demo.
    pub fn demo_link(&self) -> Option<String> {
        self.demo_account(Role::Doctor).map(|_| self.new_link(SESSION_MS))
    }
    /// Comes in by the demo's link, once.
    ///
    /// # Errors
    /// [`Refusal::Link`], always on a node that is no demo.
    pub fn enter_demo_link(&self, link: &str, device: &Device) -> Result<Entered, Refusal> {
        let is_open = self.is_open_link(link) && self.demo_account(Role::Doctor).is_some();
        if !is_open || !self.take_link() {
            return Err(Refusal::Link);
        }
        self.enter_demo(Role::Doctor, device, None)
    }
    /// Becomes the demo's member of staff of this role.
    ///
    /// # Errors
    /// [`Refusal::Link`], always on a node that is no demo.
    pub fn enter_demo(&self, role: Role, device: &Device, old: Option<&Visitor>) -> Result<Entered, Refusal> {
        let account = self.demo_account(role).ok_or(Refusal::Link)?;
        let mut batch = Batch::default();
        batch.log(self.event(What::LoggedIn, &account).note("demo"));
        self.enter(&account, Stage::In, &Attempt { login: "", secret: "", device, old }, batch)
    }
    fn demo_account(&self, role: Role) -> Option<Account> {
        accounts::all(&self.view()).map(|(_, account)| account).find(|account| account.is_demo && account.role == role)
    }

    fn new_link(&self, span: u64) -> String {
        let link = SessionId::fresh().expose().to_owned();
        *self.link() = Some(Link { hash: self.hash_of_link(&link), until: self.now().plus(span) });
        link
    }
    fn is_open_link(&self, link: &str) -> bool {
        let (hash, now) = (self.hash_of_link(link), self.now());
        self.link().as_ref().is_some_and(|own| same(&own.hash, &hash) && now < own.until)
    }
    /// Uses the link up; false if somebody was faster.
    fn take_link(&self) -> bool {
        self.link().take().is_some()
    }
    fn link(&self) -> std::sync::MutexGuard<'_, Option<Link>> {
        self.inner.link.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Counts an attempt before anything is looked at.
    pub(super) fn count(&self, login: Option<[u8; 16]>, device: &Device) -> Result<(), Refusal> {
        self.throttle().begin(self.now(), login, device.source).map_err(|ms| Refusal::Wait { ms })
    }
    /// Where the account of a login would lie, also if it can be none.
    pub(super) fn typed_key(&self, login: &str) -> [u8; 16] {
        match Login::parse(login) {
            Ok(login) => self.login_key(&login),
            Err(_) => self.key_of_text(&folded(login).chars().take(PROBE_CHARS).collect::<String>()),
        }
    }
    /// Writes down that somebody was refused.
    pub(super) fn refuse(&self, account: Option<&Account>, why: &str) -> Result<(), Refusal> {
        let event = match account {
            Some(account) => self.event(What::LoginRefused, account),
            None => Event::new(self.now(), What::LoginRefused),
        };
        let mut batch = Batch::default();
        batch.log(event.note(why));
        let login = account.map(|account| self.login_key(&account.login));
        // A login that nobody has is counted in memory only: whoever invents logins fills no store.
        if let Some((login, count)) = login.and_then(|login| Some((login, self.throttle().of(&login)?))) {
            batch.put(Space::Staff, guess_key(&login), encode(&count));
        }
        self.commit(batch).map_err(|error| Refusal::Account(error.into()))
    }
    /// The session between password and second factor, after counting the attempt.
    pub(super) fn pending(
        &self,
        visitor: &Visitor,
        stage: Stage,
        device: &Device,
    ) -> Result<(super::session::Session, [u8; 16]), Refusal> {
        let session = self.session(&visitor.mark).filter(|session| session.stage == stage).ok_or(Refusal::Ended)?;
        let key = session.account;
        self.count(Some(key), device)?;
        Ok((session, key))
    }
    /// The last step: the account notes it, the old session ends, the new one begins, and the oldest makes room.
    pub(super) fn admit(
        &self,
        account: &mut Account,
        device: &Device,
        old: &[u8; 32],
        (view, batch): (&dyn View, &mut Batch),
    ) -> SessionId {
        account.seen_at = Some(self.now());
        let key = self.login_key(&account.login);
        put(batch, &key, account);
        batch.remove(Space::Staff, guess_key(&key));
        batch.log(self.event(What::LoggedIn, account));
        let own = sessions_of(view, &key);
        for (key, _) in own.iter().take((own.len() + 1).saturating_sub(SESSIONS_OF_ONE_MAX)) {
            batch.remove(Space::Staff, key.clone());
        }
        self.begin(account, Stage::In, device, (Some(old), batch))
    }
    /// A session of a new number, in a batch of its own.
    pub(super) fn enter(
        &self,
        account: &Account,
        stage: Stage,
        attempt: &Attempt<'_>,
        mut batch: Batch,
    ) -> Result<Entered, Refusal> {
        let old = attempt.old.map(|visitor| &visitor.mark);
        let id = self.begin(account, stage, attempt.device, (old, &mut batch));
        self.commit(batch).map_err(AccountError::from)?;
        Ok(Entered { id, stage, recovery: Vec::new() })
    }
}

fn demo_name(role: Role) -> &'static str {
    match role {
        Role::Doctor => "見本 医師",
        Role::Nurse => "見本 看護師",
        Role::Pharmacist => "見本 薬剤師",
        Role::Dentist => "見本 歯科医師",
        Role::CareManager => "見本 ケアマネ",
        Role::CareStaff => "見本 介護職",
        Role::Clerk => "見本 事務",
        Role::Emergency => "見本 救急",
        Role::Auditor => "見本 監査",
        Role::Administrator => "見本 管理者",
        Role::NetworkOffice => "見本 事務局",
    }
}

/// Of a text that can be no login, so much is counted.
const PROBE_CHARS: usize = 80;
