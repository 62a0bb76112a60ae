use super::*;
use crate::clock::{Clock, HandClock};
use crate::limits::*;
use crate::testing::{House, house};
use protocol::audit::{self, What};
use protocol::kinds::Role;
use protocol::time::Millis;
use std::net::IpAddr;
use std::sync::Arc;
use tempfile::TempDir;

pub(super) const PASSWORD: &str = "shio no kaori 26";

pub(super) struct Door {
    pub(super) house: House,
    pub(super) clock: Arc<HandClock>,
    _folder: TempDir,
}

pub(super) fn device(n: u8) -> Device {
    Device { source: IpAddr::from([192, 0, 2, n]), agent: "a browser".into() }
}

impl Door {
    pub(super) fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let clock = Arc::new(HandClock::at(Millis(1_795_311_720_000)));
        let house = house(folder.path(), clock.clone());
        Self { house, clock, _folder: folder }
    }
    pub(super) fn accounts(&self) -> &Accounts {
        self.house.service.accounts()
    }
    pub(super) fn admin(&self) -> Staff {
        Staff::new("os-1", Role::Administrator).expect("a number")
    }
    pub(super) fn add(&self, login: &str, role: &str) -> Made {
        let typed = Typed { login: login.into(), name: "見本 太郎".into(), role: role.into(), ..Typed::default() };
        self.accounts().add(&self.admin(), &typed).expect("added")
    }
    pub(super) fn attempt<'a>(&self, login: &'a str, secret: &'a str, device: &'a Device) -> Attempt<'a> {
        Attempt { login, secret, device, old: None }
    }
    pub(super) fn visitor(&self, entered: &Entered, device: &Device) -> Visitor {
        self.accounts().visitor(&entered.id, device).expect("a session")
    }
    pub(super) fn code(&self, visitor: &Visitor) -> (String, String) {
        let (_, secret) = self.accounts().offer(visitor, "見本").expect("an offer");
        (code_of(&secret, self.clock.now()), secret)
    }
    /// Somebody with password and second factor, signed in; and the app's secret.
    pub(super) fn doctor(&self, device: &Device) -> (Entered, String) {
        let made = self.add("d-1", "doctor");
        let entered = self.accounts().redeem(&self.attempt("d-1", &made.code, device), PASSWORD).expect("redeemed");
        assert_eq!(entered.stage, Stage::Enrol);
        let visitor = self.visitor(&entered, device);
        let (code, secret) = self.code(&visitor);
        (self.accounts().enrol(&visitor, &code, device).expect("enrolled"), secret)
    }
    pub(super) fn told(&self, what: What) -> Vec<audit::Event> {
        let events = audit::events(&self.house.service.view(), 0, 10_000).into_iter().map(|(_, event)| event);
        events.filter(|event| event.what == what).collect()
    }
}

#[test]
fn one_act_takes_password_and_code_at_once_and_the_code_once() {
    let (door, here) = (Door::new(), device(1));
    let (_, secret) = door.doctor(&here);
    let prove = |number: &str, password: &str, code: &str| door.accounts().prove(number, password, code);
    let code = || code_of(&secret, door.clock.now());
    assert_eq!(prove("s1", PASSWORD, &code()).err(), Some(Refusal::Wrong), "used to set it up");
    door.clock.advance(60_000);
    let refused = ["s1", "s9", "nobody"].map(|number| prove(number, "another long one", &code()).err());
    assert_eq!(refused, [Some(Refusal::Wrong), Some(Refusal::Wrong), Some(Refusal::Wrong)]);
    assert_eq!(prove("s1", PASSWORD, "000000").err(), Some(Refusal::Wrong));
    let proven = prove("s1", PASSWORD, &code()).expect("both");
    assert_eq!((proven.staff().id(), proven.staff().role(), proven.factors()), ("s1", Role::Doctor, 2));
    assert_eq!(prove("s1", PASSWORD, &code()).err(), Some(Refusal::Wrong), "good once");
    door.clock.advance(60_000);
    door.accounts().suspend(&door.admin(), StaffNumber(1)).expect("suspended");
    assert_eq!(prove("s1", PASSWORD, &code()).err(), Some(Refusal::Wrong), "suspended");
    let word = Proven::by_word(Staff::new("s1", Role::Doctor).expect("a number"));
    assert_eq!(word.factors(), 1, "a word is no second factor");
}
#[test]
fn a_new_member_of_staff_comes_in_by_code_password_and_second_factor() {
    let (door, here) = (Door::new(), device(1));
    let (entered, secret) = door.doctor(&here);
    assert_eq!((entered.stage, entered.recovery.len()), (Stage::In, RECOVERY_CODES));
    let visitor = door.visitor(&entered, &here);
    assert_eq!((visitor.staff.id(), visitor.staff.role()), ("s1", Role::Doctor));
    door.accounts().log_out(&visitor);
    assert!(door.accounts().visitor(&entered.id, &here).is_none());

    door.clock.advance(60_000);
    let first = door.accounts().log_in(&door.attempt(" Ｄ－１ ", PASSWORD, &here)).expect("the password");
    assert_eq!(first.stage, Stage::Factor);
    let pending = door.visitor(&first, &here);
    let code = code_of(&secret, door.clock.now());
    let second = door.accounts().second(&pending, &code, &here).expect("the code");
    assert!(second.id != first.id, "a new number at each step");
    assert!(door.accounts().visitor(&first.id, &here).is_none(), "the one between is void");
    // The same code again, and one of another person.
    let again = door.accounts().log_in(&door.attempt("d-1", PASSWORD, &here)).expect("the password");
    let pending = door.visitor(&again, &here);
    assert_eq!(door.accounts().second(&pending, &code, &here).err(), Some(Refusal::Wrong));
    let recovery = &entered.recovery[0];
    assert!(door.accounts().second(&pending, &recovery.to_lowercase(), &here).is_ok());
    let third = door.accounts().log_in(&door.attempt("d-1", PASSWORD, &here)).expect("the password");
    let pending = door.visitor(&third, &here);
    assert_eq!(door.accounts().second(&pending, recovery, &here).err(), Some(Refusal::Wrong), "used");
    assert_eq!(door.told(What::LoggedIn).len(), 3);
    assert!(door.told(What::LoginRefused).iter().all(|event| event.staff.as_deref() == Some("s1")));
}

#[test]
fn row_64_unknown_suspended_and_wrong_get_the_same_answer_after_the_same_work() {
    let (door, here) = (Door::new(), device(1));
    door.doctor(&here);
    door.add("n-1", "nurse");
    door.add("n-2", "nurse");
    let suspended = StaffNumber(3);
    door.accounts().suspend(&door.admin(), suspended).expect("suspended");
    for login in ["d-1", "nobody", "n-1", "n-2", "no login at all!", ""] {
        let (hashes, events) = (door.accounts().hashes(), door.told(What::LoginRefused).len());
        let refused = door.accounts().log_in(&door.attempt(login, "wrong password", &device(9))).err();
        assert_eq!(refused, Some(Refusal::Wrong), "{login:?}");
        assert_eq!(door.accounts().hashes(), hashes + 1, "{login:?}: one hash");
        assert_eq!(door.told(What::LoginRefused).len(), events + 1, "{login:?}: one event");
    }
    // Also with waiting, from many sources.
    let waits = |login: &str| -> Vec<Option<Refusal>> {
        let tries =
            (0..10).map(|n| door.accounts().log_in(&door.attempt(login, "wrong password", &device(100 + n))).err());
        tries.collect()
    };
    let (known, unknown) = (waits("d-1"), waits("nobody"));
    assert_eq!(known, unknown);
    assert!(matches!(known.last(), Some(Some(Refusal::Wait { ms })) if *ms > 0), "{known:?}");
    let hashes = door.accounts().hashes();
    assert!(matches!(door.accounts().log_in(&door.attempt("d-1", PASSWORD, &here)), Err(Refusal::Wait { .. })));
    assert_eq!(door.accounts().hashes(), hashes, "nothing is looked at while waiting");
}

#[test]
fn codes_of_the_second_factor_cannot_be_guessed_by_who_knows_the_password() {
    let (door, here) = (Door::new(), device(1));
    door.doctor(&here);
    let mut guesses = 0;
    loop {
        let entered = match door.accounts().log_in(&door.attempt("d-1", PASSWORD, &here)) {
            Ok(entered) => entered,
            Err(Refusal::Wait { .. }) => break,
            Err(other) => panic!("{other}"),
        };
        let pending = door.visitor(&entered, &here);
        match door.accounts().second(&pending, "000000", &here) {
            Err(Refusal::Wrong) => guesses += 1,
            Err(Refusal::Wait { .. }) => break,
            other => panic!("{:?}", other.err()),
        }
    }
    assert!(guesses <= LOGIN_GUESSES_FREE / 2, "{guesses}");
}

#[test]
fn row_62_a_session_ends_where_it_is_carried_to_and_with_time() {
    let (door, here) = (Door::new(), device(1));
    let (entered, _) = door.doctor(&here);
    let elsewhere = Device { agent: "another browser".into(), ..here.clone() };
    assert!(door.accounts().visitor(&entered.id, &elsewhere).is_none());
    assert!(door.accounts().visitor(&entered.id, &here).is_none(), "it ended for both");

    let (door, here) = (Door::new(), device(1));
    let (entered, _) = door.doctor(&here);
    for _ in 0..(SESSION_MS / (SESSION_IDLE_MS - 1)) {
        door.clock.advance(SESSION_IDLE_MS - 1);
        assert!(door.accounts().visitor(&entered.id, &here).is_some(), "used");
    }
    door.clock.advance(SESSION_IDLE_MS - 1);
    assert!(door.accounts().visitor(&entered.id, &here).is_none(), "a shift is over");

    let (door, here) = (Door::new(), device(1));
    let (entered, _) = door.doctor(&here);
    door.clock.advance(SESSION_IDLE_MS);
    assert!(door.accounts().visitor(&entered.id, &here).is_none(), "nobody used it");
}

#[test]
fn row_86_a_role_or_suspension_holds_for_open_sessions_at_once() {
    let (door, here) = (Door::new(), device(1));
    let (entered, _) = door.doctor(&here);
    door.accounts().set_role(&door.admin(), StaffNumber(1), "看護師", "").expect("changed");
    assert_eq!(door.visitor(&entered, &here).staff.role(), Role::Nurse);
    door.accounts().suspend(&door.admin(), StaffNumber(1)).expect("suspended");
    assert!(door.accounts().visitor(&entered.id, &here).is_none());
    door.accounts().resume(&door.admin(), StaffNumber(1)).expect("resumed");
    assert!(door.accounts().log_in(&door.attempt("d-1", PASSWORD, &here)).is_ok());
}

#[test]
fn a_changed_or_reset_password_ends_all_other_sessions() {
    let (door, here) = (Door::new(), device(1));
    let (first, secret) = door.doctor(&here);
    door.clock.advance(60_000);
    let between = door.accounts().log_in(&door.attempt("d-1", PASSWORD, &device(2))).expect("the password");
    let pending = door.visitor(&between, &device(2));
    let code = code_of(&secret, door.clock.now());
    let second = door.accounts().second(&pending, &code, &device(2)).expect("the code");
    let visitor = door.visitor(&second, &device(2));
    let wrong = door.accounts().change_password(&visitor, ("not this one", "another long one"), &device(2));
    assert_eq!(wrong.err(), Some(Refusal::Wrong));
    let third = door.accounts().change_password(&visitor, (PASSWORD, "another long one"), &device(2)).expect("changed");
    assert!(door.accounts().visitor(&first.id, &here).is_none());
    assert!(door.accounts().visitor(&second.id, &device(2)).is_none());
    assert!(door.accounts().visitor(&third.id, &device(2)).is_some());

    let made = door.accounts().reset(&door.admin(), StaffNumber(1), Reset::Password).expect("a code");
    assert!(door.accounts().visitor(&third.id, &device(2)).is_none());
    assert!(door.accounts().log_in(&door.attempt("d-1", "another long one", &here)).is_err(), "no password any more");
    let entered = door.accounts().redeem(&door.attempt("d-1", &made.code, &here), PASSWORD).expect("redeemed");
    assert_eq!(entered.stage, Stage::Factor, "the phone is still the second factor");
    let made = door.accounts().reset(&door.admin(), StaffNumber(1), Reset::PasswordAndFactor).expect("a code");
    let entered = door.accounts().redeem(&door.attempt("d-1", &made.code, &here), PASSWORD).expect("redeemed");
    assert_eq!(entered.stage, Stage::Enrol);
}

#[test]
fn row_65_a_code_works_once_for_one_login_and_not_after_its_time() {
    let (door, here) = (Door::new(), device(1));
    let (one, other) = (door.add("d-1", "doctor"), door.add("n-1", "nurse"));
    let redeem = |login: &str, code: &str| {
        door.accounts().redeem(&door.attempt(login, code, &here), PASSWORD).map(|entered| entered.stage).err()
    };
    assert_eq!(redeem("n-1", &one.code), Some(Refusal::Wrong), "another person's");
    assert_eq!(redeem("nobody", &one.code), Some(Refusal::Wrong));
    assert!(matches!(
        door.accounts().redeem(&door.attempt("d-1", &one.code, &here), "short").err(),
        Some(Refusal::Account(AccountError::Password(PasswordFault::Short)))
    ));
    assert_eq!(redeem("d-1", &one.code), None);
    assert_eq!(redeem("d-1", &one.code), Some(Refusal::Wrong), "used");
    door.clock.advance(ONCE_CODE_MS);
    assert_eq!(redeem("n-1", &other.code), Some(Refusal::Wrong), "too old");
}

#[test]
fn the_set_up_link_makes_one_administrator_once_within_half_an_hour() {
    let (door, here) = (Door::new(), device(1));
    let typed =
        Typed { login: "admin-1".into(), name: "見本 花子".into(), role: "doctor".into(), ..Typed::default() };
    let set_up = |link: &str, password: &str| door.accounts().set_up(link, &typed, password, &here);
    let old = door.accounts().set_up_link().expect("nobody is known");
    door.clock.advance(SETUP_LINK_MS);
    assert!(!door.accounts().is_link(&old));
    assert_eq!(set_up(&old, PASSWORD).err(), Some(Refusal::Link));
    let void = door.accounts().set_up_link().expect("another");
    let link = door.accounts().set_up_link().expect("the newest");
    assert_eq!(set_up(&void, PASSWORD).err(), Some(Refusal::Link));
    assert_eq!(set_up("", PASSWORD).err(), Some(Refusal::Link));
    assert!(matches!(set_up(&link, "short").err(), Some(Refusal::Account(_))));
    let entered = set_up(&link, PASSWORD).expect("the link holds on after a mistake");
    assert_eq!(entered.stage, Stage::Enrol);
    assert_eq!(door.visitor(&entered, &here).staff.role(), Role::Administrator, "whatever role was sent along");
    assert_eq!(set_up(&link, PASSWORD).err(), Some(Refusal::Link));
    assert!(door.accounts().set_up_link().is_none(), "somebody is known");
}

#[test]
fn only_administrators_manage_and_the_last_one_stays() {
    let (door, here) = (Door::new(), device(1));
    for role in Role::ALL.iter().filter(|role| **role != Role::Administrator) {
        let by = Staff::new("s9", *role).expect("a number");
        let refused = Some(AccountError::Right(Right::ManageStaff));
        assert_eq!(door.accounts().list(&by).err(), refused, "{role}");
        assert_eq!(door.accounts().add(&by, &Typed::default()).err(), refused, "{role}");
        assert_eq!(door.accounts().import(&by, b"").err(), refused, "{role}");
        assert_eq!(door.accounts().reset(&by, StaffNumber(1), Reset::Password).err(), refused, "{role}");
        assert_eq!(door.accounts().suspend(&by, StaffNumber(1)).err(), refused, "{role}");
        assert_eq!(door.accounts().resume(&by, StaffNumber(1)).err(), refused, "{role}");
        assert_eq!(door.accounts().set_role(&by, StaffNumber(1), "doctor", "").err(), refused, "{role}");
    }
    let made = door.add("admin-1", "administrator");
    door.accounts().redeem(&door.attempt("admin-1", &made.code, &here), PASSWORD).expect("redeemed");
    let last = Some(AccountError::LastAdministrator);
    assert_eq!(door.accounts().suspend(&door.admin(), StaffNumber(1)).err(), last);
    assert_eq!(door.accounts().set_role(&door.admin(), StaffNumber(1), "doctor", "").err(), last);
    let twice = Typed { login: "ADMIN-1".into(), name: "x".into(), role: "clerk".into(), ..Typed::default() };
    assert_eq!(door.accounts().add(&door.admin(), &twice).err(), Some(TextFault::Taken.into()));
    assert_eq!(
        door.accounts().reset(&door.admin(), StaffNumber(77), Reset::Password).err(),
        Some(AccountError::Unknown(StaffNumber(77)))
    );
    let told = door.told(What::ConfigChanged);
    assert!(
        told.iter().any(|event| event.note == "s1 added as administrator" && event.staff.as_deref() == Some("os-1"))
    );
}

#[test]
fn a_list_is_imported_as_its_preview_says() {
    let door = Door::new();
    door.add("d-1", "doctor");
    let list = "login,name,role\nd-1,known,doctor\nn-1,new,nurse\nn-1,twice,nurse\nn-2,=1+1,看護師\n?,x,nurse\n";
    let preview = door.accounts().preview(&door.admin(), list.as_bytes()).expect("a list");
    assert_eq!((preview.fresh(), preview.wrong(), door.accounts().list(&door.admin()).expect("rows").len()), (2, 2, 1));
    let (_, made) = door.accounts().import(&door.admin(), list.as_bytes()).expect("imported");
    assert_eq!(made.iter().map(|made| made.row.login.as_str()).collect::<Vec<_>>(), ["n-1", "n-2"]);
    assert_eq!(made.iter().map(|made| made.row.number.0).collect::<Vec<_>>(), [2, 3]);
    let (_, again) = door.accounts().import(&door.admin(), list.as_bytes()).expect("imported");
    assert!(again.is_empty());
}

#[test]
fn no_node_that_is_no_demo_lets_anybody_in_by_the_demos_way() {
    let (door, here) = (Door::new(), device(1));
    let link = door.accounts().set_up_link().expect("nobody is known");
    assert!(door.accounts().demo_link().is_none());
    assert_eq!(door.accounts().enter_demo_link(&link, &here).err(), Some(Refusal::Link));
    door.doctor(&here);
    assert!(door.accounts().demo_link().is_none());
    assert_eq!(door.accounts().enter_demo(Role::Doctor, &here, None).err(), Some(Refusal::Link));
    assert_eq!(door.accounts().stage_demo().err(), Some(AccountError::Refused), "nor can it become one");

    let demo = Door::new();
    demo.accounts().stage_demo().expect("staged");
    let link = demo.accounts().demo_link().expect("a demo");
    let entered = demo.accounts().enter_demo_link(&link, &here).expect("in");
    assert_eq!(demo.accounts().enter_demo_link(&link, &here).err(), Some(Refusal::Link), "once");
    let doctor = demo.visitor(&entered, &here);
    let clerk = demo.accounts().enter_demo(Role::Clerk, &here, Some(&doctor)).expect("switched");
    assert_eq!(demo.visitor(&clerk, &here).staff.role(), Role::Clerk);
    assert!(demo.accounts().visitor(&entered.id, &here).is_none());
    assert!(demo.accounts().log_in(&demo.attempt("demo-doctor", "", &here)).is_err(), "no password at all");
}

#[test]
fn the_own_page_shows_own_events_and_ends_other_sessions() {
    let (door, here) = (Door::new(), device(1));
    let (entered, secret) = door.doctor(&here);
    door.clock.advance(60_000);
    let other = door.accounts().log_in(&door.attempt("d-1", PASSWORD, &device(2))).expect("the password");
    let pending = door.visitor(&other, &device(2));
    let other = door.accounts().second(&pending, &code_of(&secret, door.clock.now()), &device(2)).expect("the code");
    let visitor = door.visitor(&entered, &here);
    let own = door.accounts().own(&visitor).expect("the page");
    assert_eq!((own.sessions.len(), own.recovery), (2, RECOVERY_CODES));
    assert_eq!(own.sessions.iter().filter(|(.., is_this)| *is_this).count(), 1);
    assert!(own.events.iter().all(|line| line.event.staff.as_deref() == Some("s1")) && own.events.len() >= 3);
    door.accounts().end_others(&visitor).expect("ended");
    assert!(door.accounts().visitor(&other.id, &device(2)).is_none());
    let renewed = door.accounts().renew_factor(&visitor, PASSWORD, &here).expect("begun");
    let visitor = door.visitor(&renewed, &here);
    let (code, new) = door.code(&visitor);
    assert!(new != secret && door.accounts().enrol(&visitor, &code, &here).is_ok());
}

#[test]
fn sessions_that_ended_are_swept_and_their_number_is_bounded() {
    let (door, here) = (Door::new(), device(1));
    door.accounts().stage_demo().expect("staged");
    let entered: Vec<Entered> =
        (0..3).map(|_| door.accounts().enter_demo(Role::Nurse, &here, None).expect("in")).collect();
    door.clock.advance(SESSION_IDLE_MS);
    door.accounts().sweep();
    assert!(entered.iter().all(|one| door.accounts().visitor(&one.id, &here).is_none()));
}

#[test]
fn a_restart_does_not_forgive_guesses_but_coming_in_and_a_reset_do() {
    let (door, here) = (Door::new(), device(1));
    let (entered, _) = door.doctor(&here);
    let number = door.visitor(&entered, &here).number;
    let guess = |accounts: &Accounts, login: &str, n: u8| {
        let from = device(n);
        accounts.log_in(&door.attempt(login, "not this one", &from)).err().expect("never right")
    };
    // The same store, opened anew: nothing of what stood in memory is left.
    let anew = || Accounts::new(door.house.service.store().clone(), door.clock.clone());
    for n in 0..LOGIN_GUESSES_FREE {
        assert_eq!(guess(&anew(), "d-1", 10 + n as u8), Refusal::Wrong);
    }
    assert!(matches!(guess(&anew(), "d-1", 30), Refusal::Wait { .. }));
    for n in 0..2 * LOGIN_GUESSES_FREE {
        assert_eq!(guess(&anew(), "nobody", 40 + n as u8), Refusal::Wrong, "invented logins leave nothing behind");
    }
    door.clock.advance(GUESS_FORGET_MS);
    anew().sweep();
    assert_eq!(guess(&anew(), "d-1", 31), Refusal::Wrong);
    for n in 1..LOGIN_GUESSES_FREE {
        assert_eq!(guess(&anew(), "d-1", 60 + n as u8), Refusal::Wrong);
    }
    assert!(matches!(guess(&anew(), "d-1", 32), Refusal::Wait { .. }));
    anew().reset(&door.admin(), number, Reset::Password).expect("reset");
    assert_eq!(guess(&anew(), "d-1", 33), Refusal::Wrong);
}
