//! Proving who one is for a single act: password and second factor at once, without a session.
use super::accounts::{Accounts, all, load, put};
use super::entering::Refusal;
use super::secret::{folded, typed_code};
use super::session::{Device, Stage, Visitor};
use super::{AccountState, Staff, StaffNumber};
use std::net::{IpAddr, Ipv4Addr};

/// A member of staff, and with how many factors they have shown who they are. Only this folder makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    staff: Staff,
    factors: u8,
}

impl Proven {
    /// Somebody for whom only the facility stands up, without an account here: one factor. Enough in a declared disaster,
    /// where staff from outside help; for nothing else.
    pub fn by_word(staff: Staff) -> Self {
        Self { staff, factors: 1 }
    }
    /// Who.
    pub fn staff(&self) -> &Staff {
        &self.staff
    }
    /// With how many factors.
    pub fn factors(&self) -> u8 {
        self.factors
    }
}

impl Accounts {
    /// Takes password and code of the second factor for one act. The code is used up; attempts count as those of a login.
    ///
    /// # Errors
    /// [`Refusal`]: the same answer after the same work whatever was wrong.
    pub fn prove(&self, number: &str, password: &str, code: &str) -> Result<Proven, Refusal> {
        let number = StaffNumber::parse(number);
        let found = all(&self.view()).find(|(_, account)| Some(account.number) == number);
        let device = Device { source: IpAddr::V4(Ipv4Addr::LOCALHOST), agent: String::new() };
        self.count(found.as_ref().map(|(key, _)| *key), &device)?;
        let active = found.as_ref().filter(|(_, account)| account.state == AccountState::Active);
        let fits = self.check(active.and_then(|(_, account)| account.password.as_ref()), &folded(password));
        let Some((key, _)) = active.filter(|_| fits) else {
            self.refuse(found.as_ref().map(|(_, account)| account), "password of one act")?;
            return Err(Refusal::Wrong);
        };
        let (key, code, now) = (*key, typed_code(code), self.now());
        let used = self.commit_with(move |view, batch| {
            let Some(mut account) = load(view, &key) else { return Ok(false) };
            let Some(factor) = account.factor.as_mut() else { return Ok(false) };
            let Some(step) = factor.secret.step_of(&code, now, factor.used) else { return Ok(false) };
            factor.used = step;
            put(batch, &key, &account);
            Ok(true)
        })?;
        let staff = found.as_ref().and_then(|(_, account)| Staff::new(&account.number.to_string(), account.role).ok());
        match staff.filter(|_| used) {
            Some(staff) => {
                self.throttle().succeeded(key, device.source);
                Ok(Proven { staff, factors: 2 })
            }
            None => {
                self.refuse(found.as_ref().map(|(_, account)| account), "second factor of one act")?;
                Err(Refusal::Wrong)
            }
        }
    }
    /// Somebody who came in at the page: always with both factors, but for the made-up staff of a demo, who count as if.
    pub fn came_in(&self, visitor: &Visitor) -> Option<Proven> {
        (visitor.stage == Stage::In).then(|| Proven { staff: visitor.staff.clone(), factors: 2 })
    }
}
