use super::account::{Account, Login, StaffNumber};
use super::fault::AccountError;
use super::secret::PasswordHash;
use super::session::{Device, Session, SessionId, Stage, Visitor};
use super::throttle::{Count, Throttle};
use super::{Right, Staff, may};
use crate::clock::Clock;
use crate::limits::SESSION_TOUCH_MS;
use crate::onboarding;
use crate::service::WriteError;
use protocol::audit::{Event, What};
use protocol::crypto::mac;
use protocol::data::{Batch, Outcome, Space, View, decode, encode};
use protocol::ids::FacilityId;
use protocol::time::Millis;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::Store;
use zeroize::Zeroizing;

/// The accounts of a node. Cheap to clone; every method may block.
#[derive(Clone)]
pub struct Accounts {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    pub(super) key: Zeroizing<[u8; 32]>,
    throttle: Mutex<Throttle>,
    pub(super) link: Mutex<Option<Link>>,
    pub(super) challenges: Mutex<super::passkey::Challenges>,
    decoy: PasswordHash,
    /// One password is hashed at a time: a flood of logins costs the memory of one.
    hashing: Mutex<()>,
    hashes: AtomicU64,
}

/// The set-up link, or the demo's way in.
pub(super) struct Link {
    pub hash: [u8; 32],
    pub until: Millis,
}

/// Where a change is made: the newest account, and what is written with it.
pub(super) type Change = Box<dyn FnOnce(&dyn View, &mut Account, &mut Batch) -> Result<(), AccountError> + Send>;

impl Accounts {
    /// Over a store.
    pub fn new(store: Arc<Store>, clock: Arc<dyn Clock>) -> Self {
        let key = store.key_for("service/staff");
        let mut throttle = Throttle::default();
        for (login, count) in guesses(&store.view()) {
            throttle.restore(login, count);
        }
        let inner = Inner {
            store,
            clock,
            key,
            throttle: Mutex::new(throttle),
            link: Mutex::default(),
            challenges: Mutex::default(),
            decoy: PasswordHash::decoy(),
            hashing: Mutex::default(),
            hashes: AtomicU64::new(0),
        };
        Self { inner: Arc::new(inner) }
    }
    /// Whether nobody is known here: the node waits for its first administrator.
    pub fn is_empty(&self) -> bool {
        is_empty(&self.view())
    }
    /// The facilities for which staff can act.
    pub fn facilities(&self) -> Vec<FacilityId> {
        onboarding::facilities(&self.view()).into_iter().map(|setup| setup.id).collect()
    }
    /// Who this session is of, if it holds. One that comes from another browser or machine ends at once.
    pub fn visitor(&self, id: &SessionId, device: &Device) -> Option<Visitor> {
        let (view, now) = (self.view(), self.now());
        let mark = self.session_mark(id);
        let key = session_key(&mark);
        let mut session: Session = view.get(Space::Staff, &key).and_then(|bytes| decode(&bytes))?;
        let account = load(&view, &session.account)?;
        let holds = session.holds(now)
            && session.generation == account.generation
            && account.state == super::AccountState::Active;
        if !holds {
            self.end(&mark, None);
            return None;
        }
        if session.device != self.device_mark(device) {
            let event = self.event(What::LoginRefused, &account).note("session from another device");
            self.end(&mark, Some(event));
            return None;
        }
        if session.stage == Stage::In && now.since(session.seen) >= SESSION_TOUCH_MS {
            session.seen = now;
            let mut batch = Batch::default();
            batch.put(Space::Staff, key, encode(&session));
            if let Err(error) = self.commit(batch) {
                tracing::warn!(%error, "the use of a session could not be noted");
            }
        }
        Some(Visitor {
            staff: Staff::new(&account.number.to_string(), account.role).ok()?,
            number: account.number,
            name: account.name,
            login: account.login.as_str().to_owned(),
            stage: session.stage,
            mark,
        })
    }
    /// The active member of staff with this number (`s7`), for commands that name one.
    pub fn acting(&self, number: &str) -> Option<Staff> {
        let number = StaffNumber::parse(number)?;
        let found = all(&self.view()).map(|(_, account)| account).find(|account| account.number == number);
        let active = found.filter(|account| account.state == super::AccountState::Active)?;
        Staff::new(&number.to_string(), active.role).ok()
    }
    /// Ends a session.
    pub fn log_out(&self, visitor: &Visitor) {
        let event = Event::new(self.now(), What::LoggedOut).staff(visitor.staff.id());
        self.end(&visitor.mark, Some(event));
    }
    /// Removes sessions and counted attempts that ended by time; to be called now and then.
    pub fn sweep(&self) {
        let (view, now, mut batch) = (self.view(), self.now(), Batch::default());
        for (key, bytes) in view.scan(Space::Staff, SESSION, &[], usize::MAX) {
            if decode::<Session>(&bytes).is_none_or(|session| !session.holds(now)) {
                batch.remove(Space::Staff, key);
            }
        }
        for (login, _) in guesses(&view).into_iter().filter(|(_, count)| count.is_over(now)) {
            batch.remove(Space::Staff, guess_key(&login));
        }
        if !batch.is_empty()
            && let Err(error) = self.commit(batch)
        {
            tracing::warn!(%error, "ended sessions could not be removed");
        }
    }

    pub(super) fn now(&self) -> Millis {
        self.inner.clock.now()
    }
    pub(super) fn view(&self) -> store::StoreView {
        self.inner.store.view()
    }
    pub(super) fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.inner.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }
    pub(super) fn allow(&self, by: &Staff, right: Right) -> Result<(), AccountError> {
        if may(by.role(), right) { Ok(()) } else { Err(AccountError::Right(right)) }
    }
    pub(super) fn login_key(&self, login: &Login) -> [u8; 16] {
        self.key_of_text(login.as_str())
    }
    pub(super) fn key_of_text(&self, login: &str) -> [u8; 16] {
        let mut key = [0; 16];
        key.copy_from_slice(&mac(&*self.inner.key, &[b"login", login.as_bytes()])[..16]);
        key
    }
    pub(super) fn hash_of_code(&self, number: StaffNumber, code: &str) -> [u8; 32] {
        mac(&*self.inner.key, &[b"code", &number.0.to_be_bytes(), code.as_bytes()])
    }
    pub(super) fn hash_of_link(&self, link: &str) -> [u8; 32] {
        mac(&*self.inner.key, &[b"link", link.as_bytes()])
    }
    fn session_mark(&self, id: &SessionId) -> [u8; 32] {
        mac(&*self.inner.key, &[b"session", id.expose().as_bytes()])
    }
    fn device_mark(&self, device: &Device) -> [u8; 32] {
        mac(&*self.inner.key, &[b"device", device.source.to_string().as_bytes(), device.agent.as_bytes()])
    }
    /// Hashes the password against this, or against nobody's: the same work either way.
    pub(super) fn check(&self, hash: Option<&PasswordHash>, password: &str) -> bool {
        let _one = self.inner.hashing.lock().unwrap_or_else(PoisonError::into_inner);
        self.inner.hashes.fetch_add(1, Ordering::Relaxed);
        let fits = hash.unwrap_or(&self.inner.decoy).fits(password);
        fits && hash.is_some()
    }
    pub(super) fn hash(&self, password: &str) -> PasswordHash {
        let _one = self.inner.hashing.lock().unwrap_or_else(PoisonError::into_inner);
        self.inner.hashes.fetch_add(1, Ordering::Relaxed);
        PasswordHash::of(password)
    }
    /// How many passwords were hashed, for tests of equal work.
    #[cfg(any(test, feature = "testing"))]
    pub fn hashes(&self) -> u64 {
        self.inner.hashes.load(Ordering::Relaxed)
    }
    pub(super) fn event(&self, what: What, account: &Account) -> Event {
        Event::new(self.now(), what).facility(account.facility.clone()).staff(account.number.to_string())
    }
    pub(super) fn commit(&self, batch: Batch) -> Result<(), WriteError> {
        crate::service::commit(&self.inner.store, batch).map(drop)
    }
    /// Writes what `build` makes from the newest state; its error writes nothing.
    pub(super) fn commit_with<T: Send + 'static>(
        &self,
        build: impl FnOnce(&dyn View, &mut Batch) -> Result<T, AccountError> + Send + 'static,
    ) -> Result<T, AccountError> {
        let (outcome, built) = self.inner.store.commit_returning(move |view| {
            let mut batch = Batch::default();
            let built = build(view, &mut batch);
            Ok((if built.is_ok() { batch } else { Batch::default() }, built))
        });
        match (outcome, built) {
            (Outcome::Committed { .. }, Some(built)) => built,
            (Outcome::Failed(why), _) => Err(WriteError(why).into()),
            (Outcome::Committed { .. }, None) => Err(WriteError("nothing was made".into()).into()),
        }
    }
    /// Changes one account, with the event that tells of it.
    pub(super) fn change(&self, key: [u8; 16], number: StaffNumber, change: Change) -> Result<(), AccountError> {
        self.commit_with(move |view, batch| {
            let mut account = load(view, &key).ok_or(AccountError::Unknown(number))?;
            change(view, &mut account, batch)?;
            put(batch, &key, &account);
            Ok(())
        })
    }
    /// Where the account with this number lies.
    pub(super) fn key_of(&self, number: StaffNumber) -> Result<[u8; 16], AccountError> {
        let found = all(&self.view()).find(|(_, account)| account.number == number);
        found.map(|(key, _)| key).ok_or(AccountError::Unknown(number))
    }
    /// A new session in the place of another one, which ends: nobody can fix a number before.
    pub(super) fn begin(
        &self,
        account: &Account,
        stage: Stage,
        device: &Device,
        (old, batch): (Option<&[u8; 32]>, &mut Batch),
    ) -> SessionId {
        let (id, now) = (SessionId::fresh(), self.now());
        let offer = (stage == Stage::Enrol).then(super::totp::Secret::fresh);
        let session = Session {
            account: self.login_key(&account.login),
            generation: account.generation,
            stage,
            began: now,
            seen: now,
            device: self.device_mark(device),
            offer,
        };
        if let Some(old) = old {
            batch.remove(Space::Staff, session_key(old));
        }
        batch.put(Space::Staff, session_key(&self.session_mark(&id)), encode(&session));
        id
    }
    pub(super) fn session(&self, mark: &[u8; 32]) -> Option<Session> {
        self.view().get(Space::Staff, &session_key(mark)).and_then(|bytes| decode(&bytes))
    }
    fn end(&self, mark: &[u8; 32], event: Option<Event>) {
        let mut batch = Batch::default();
        batch.remove(Space::Staff, session_key(mark));
        if let Some(event) = event {
            batch.log(event);
        }
        if let Err(error) = self.commit(batch) {
            tracing::warn!(%error, "a session could not be ended");
        }
    }
}

/// The account under this key.
pub(super) fn load(view: &dyn View, key: &[u8; 16]) -> Option<Account> {
    view.get(Space::Staff, &account_key(key)).and_then(|bytes| decode(&bytes))
}

/// All accounts with their keys.
pub(super) fn all(view: &dyn View) -> impl Iterator<Item = ([u8; 16], Account)> + use<> {
    let found = view.scan(Space::Staff, ACCOUNT, &[], usize::MAX);
    found.into_iter().filter_map(|(key, bytes)| Some((key.get(ACCOUNT.len()..)?.try_into().ok()?, decode(&bytes)?)))
}

pub(super) fn is_empty(view: &dyn View) -> bool {
    view.scan(Space::Staff, ACCOUNT, &[], 1).is_empty()
}

pub(super) fn put(batch: &mut Batch, key: &[u8; 16], account: &Account) {
    batch.put(Space::Staff, account_key(key), encode(account));
}

/// The next free number, and takes it.
pub(super) fn next_number(view: &dyn View, taken: u32, batch: &mut Batch) -> StaffNumber {
    let stored: u32 = view.get(Space::Staff, NEXT).and_then(|bytes| decode(&bytes)).unwrap_or(1);
    let number = stored.saturating_add(taken);
    batch.put(Space::Staff, NEXT, encode(&number.saturating_add(1)));
    StaffNumber(number)
}

/// Keys of the sessions of one account, oldest first.
pub(super) fn sessions_of(view: &dyn View, account: &[u8; 16]) -> Vec<(Vec<u8>, Session)> {
    let found = view.scan(Space::Staff, SESSION, &[], usize::MAX).into_iter();
    let own = found.filter_map(|(key, bytes)| Some((key, decode::<Session>(&bytes)?)));
    let mut own: Vec<_> = own.filter(|(_, session)| session.account == *account).collect();
    own.sort_by_key(|(_, session)| session.began);
    own
}

fn account_key(key: &[u8; 16]) -> Vec<u8> {
    [ACCOUNT, key.as_slice()].concat()
}

/// Attempts on logins, as they were kept; with the login's key.
fn guesses(view: &dyn View) -> Vec<([u8; 16], Count)> {
    let found = view.scan(Space::Staff, GUESSES, &[], usize::MAX).into_iter();
    found.filter_map(|(key, bytes)| Some((key.get(GUESSES.len()..)?.try_into().ok()?, decode(&bytes)?))).collect()
}

/// Where the attempts on a login are kept.
pub(super) fn guess_key(login: &[u8; 16]) -> Vec<u8> {
    [GUESSES, login.as_slice()].concat()
}

fn session_key(mark: &[u8; 32]) -> Vec<u8> {
    [SESSION, mark.as_slice()].concat()
}

const ACCOUNT: &[u8] = b"account/";
const SESSION: &[u8] = b"session/";
const GUESSES: &[u8] = b"guesses/";
const NEXT: &[u8] = b"next";
