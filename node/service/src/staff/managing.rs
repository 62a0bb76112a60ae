//! Accounts of others: for who has the right [`Right::ManageStaff`]. Every change is an event of the log.
use super::account::{Account, AccountRow, AccountState, NewAccount, Once, StaffNumber, Typed, role};
use super::accounts::{Accounts, Change, all, guess_key, load, next_number, put};
use super::fault::{AccountError, TextFault};
use super::import::{Fate, Preview, read};
use super::secret::{new_code, typed_code};
use super::{Right, Staff};
use crate::limits::{ACCOUNTS_MAX, ONCE_CODE_MS};
use protocol::audit::{Event, What};
use protocol::data::{Batch, Space, View};
use protocol::time::Millis;
use std::collections::BTreeSet;

/// Somebody with a fresh one-time code. It is shown now and never again.
#[derive(Clone, Debug)]
pub struct Made {
    /// Who.
    pub row: AccountRow,
    /// The code, to be given by hand.
    pub code: String,
    /// Until when it holds.
    pub until: Millis,
}

impl Accounts {
    /// All accounts, by number.
    ///
    /// # Errors
    /// [`AccountError::Right`].
    pub fn list(&self, by: &Staff) -> Result<Vec<AccountRow>, AccountError> {
        self.allow(by, Right::ManageStaff)?;
        let mut rows: Vec<AccountRow> = all(&self.view()).map(|(_, account)| account.row()).collect();
        rows.sort_by_key(|row| row.number);
        Ok(rows)
    }
    /// Adds somebody, who comes in with a one-time code.
    ///
    /// # Errors
    /// [`AccountError`]; nothing was added.
    pub fn add(&self, by: &Staff, typed: &Typed) -> Result<Made, AccountError> {
        self.allow(by, Right::ManageStaff)?;
        let new = NewAccount::parse(typed, &self.facilities())?;
        let made = self.add_all(by, vec![new])?;
        made.into_iter().next().ok_or(AccountError::Text(TextFault::Login))
    }
    /// Says what a list would do, line by line. Nothing is changed.
    ///
    /// # Errors
    /// [`AccountError`], if the list cannot be read at all.
    pub fn preview(&self, by: &Staff, list: &[u8]) -> Result<Preview, AccountError> {
        self.allow(by, Right::ManageStaff)?;
        let mut preview = read(list, &self.facilities())?;
        let view = self.view();
        for line in &mut preview.lines {
            if let Fate::New(new) = &line.fate
                && load(&view, &self.login_key(&new.login)).is_some()
            {
                line.fate = Fate::Known;
            }
        }
        Ok(preview)
    }
    /// Adds everybody of a list whose line is sound and who is not known yet.
    ///
    /// # Errors
    /// [`AccountError`]; nobody was added.
    pub fn import(&self, by: &Staff, list: &[u8]) -> Result<(Preview, Vec<Made>), AccountError> {
        let preview = self.preview(by, list)?;
        let new = preview.lines.iter().filter_map(|line| match &line.fate {
            Fate::New(new) => Some((**new).clone()),
            _ => None,
        });
        let made = self.add_all(by, new.collect())?;
        Ok((preview, made))
    }
    /// Gives a new one-time code in the place of the password, and ends all sessions; with `factor` also the second factor goes.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn reset(&self, by: &Staff, number: StaffNumber, factor: Reset) -> Result<Made, AccountError> {
        self.allow(by, Right::ManageStaff)?;
        let (key, code, until) = (self.key_of(number)?, new_code(), self.now().plus(ONCE_CODE_MS));
        let hash = self.hash_of_code(number, &typed_code(&code));
        let note = match factor {
            Reset::Password => format!("{number} password reset"),
            Reset::PasswordAndFactor => format!("{number} password and second factor reset"),
        };
        self.manage(by, number, note, move |_, account, batch| {
            batch.remove(Space::Staff, guess_key(&key));
            account.once = Some(Once { hash, until });
            account.password = None;
            account.generation = account.generation.wrapping_add(1);
            if factor == Reset::PasswordAndFactor {
                account.factor = None;
                super::passkey::drop_all(batch, &key);
            }
            Ok(())
        })?;
        self.throttle().forgive(key);
        let row = load(&self.view(), &key).map(|account| account.row()).ok_or(AccountError::Unknown(number))?;
        Ok(Made { row, code, until })
    }
    /// Lets nobody in under this account from now on; sessions end with their next request.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn suspend(&self, by: &Staff, number: StaffNumber) -> Result<(), AccountError> {
        self.allow(by, Right::ManageStaff)?;
        self.manage(by, number, format!("{number} suspended"), move |view, account, _| {
            keeps_an_administrator(view, account)?;
            account.state = AccountState::Suspended;
            account.generation = account.generation.wrapping_add(1);
            Ok(())
        })
    }
    /// Lets somebody in again.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn resume(&self, by: &Staff, number: StaffNumber) -> Result<(), AccountError> {
        self.allow(by, Right::ManageStaff)?;
        self.manage(by, number, format!("{number} resumed"), |_, account, _| {
            let has_password = account.password.is_some() || account.is_demo;
            account.state = if has_password { AccountState::Active } else { AccountState::Invited };
            Ok(())
        })
    }
    /// Gives somebody another role and department; open sessions have it with their next request.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn set_role(&self, by: &Staff, number: StaffNumber, word: &str, department: &str) -> Result<(), AccountError> {
        self.allow(by, Right::ManageStaff)?;
        let role = role(word).ok_or(TextFault::Role)?;
        // The other fields only have to be valid.
        let typed = Typed {
            login: "xx".into(),
            name: "x".into(),
            role: word.into(),
            department: department.into(),
            ..Typed::default()
        };
        let department = NewAccount::parse(&typed, &self.facilities())?.department;
        self.manage(by, number, format!("{number} is now {role}"), move |view, account, _| {
            if role != protocol::kinds::Role::Administrator {
                keeps_an_administrator(view, account)?;
            }
            (account.role, account.department) = (role, department);
            Ok(())
        })
    }

    fn manage(
        &self,
        by: &Staff,
        number: StaffNumber,
        note: String,
        change: impl FnOnce(&dyn View, &mut Account, &mut Batch) -> Result<(), AccountError> + Send + 'static,
    ) -> Result<(), AccountError> {
        let key = self.key_of(number)?;
        let event = Event::new(self.now(), What::ConfigChanged).staff(by.id()).note(note);
        let boxed: Change = Box::new(move |view, account, batch| {
            change(view, account, batch)?;
            batch.log(event.facility(account.facility.clone()));
            Ok(())
        });
        self.change(key, number, boxed)
    }
    fn add_all(&self, by: &Staff, new: Vec<NewAccount>) -> Result<Vec<Made>, AccountError> {
        let (this, by, now) = (self.clone(), by.id().to_owned(), self.now());
        let until = now.plus(ONCE_CODE_MS);
        self.commit_with(move |view, batch| {
            if all(view).count() + new.len() > ACCOUNTS_MAX {
                return Err(AccountError::Full);
            }
            let (mut made, mut taken) = (Vec::with_capacity(new.len()), BTreeSet::new());
            for (count, new) in (0u32..).zip(&new) {
                let key = this.login_key(&new.login);
                if load(view, &key).is_some() || !taken.insert(key) {
                    return Err(TextFault::Taken.into());
                }
                let mut account = Account::new(next_number(view, count, batch), new, now);
                let code = new_code();
                account.once = Some(Once { hash: this.hash_of_code(account.number, &typed_code(&code)), until });
                put(batch, &key, &account);
                let event = Event::new(now, What::ConfigChanged).facility(account.facility.clone()).staff(by.as_str());
                batch.log(event.note(format!("{} added as {}", account.number, account.role)));
                made.push(Made { row: account.row(), code, until });
            }
            Ok(made)
        })
    }
}

/// What a reset takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// The password.
    Password,
    /// Also the second factor: the phone is lost.
    PasswordAndFactor,
}

/// Whether others could still add and reset if this one could not any more.
fn keeps_an_administrator(view: &dyn View, account: &Account) -> Result<(), AccountError> {
    let mut others = all(view).filter(|(_, other)| other.number != account.number && other.is_acting_administrator());
    let is_last = account.is_acting_administrator() && others.next().is_none();
    if is_last { Err(AccountError::LastAdministrator) } else { Ok(()) }
}
