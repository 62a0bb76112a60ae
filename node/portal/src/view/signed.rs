use super::frame::Frame;
use crate::i18n::{Key, Words};
use maud::{Markup, html};
use protocol::kinds::Role;
use service::staff::{Right, may};

/// Who is signed in, as pages show it.
pub struct Signed<'a> {
    /// Their name.
    pub name: &'a str,
    /// What they are.
    pub role: Role,
}

impl Frame<'_> {
    /// Whether who is signed in has this right: a link to a page that would be refused is not shown. The door of the page
    /// decides once more.
    pub fn may(&self, right: Right) -> bool {
        self.signed.as_ref().is_some_and(|signed| may(signed.role, right))
    }
    /// Whether the search is shown.
    pub fn finds(&self) -> bool {
        self.may(Right::FindPatients)
    }
    /// Who is signed in, with the own page and the way out; in the demo also the switch of roles.
    pub fn signed_box(&self) -> Markup {
        let words = self.words;
        html! {
            @if let Some(signed) = &self.signed {
                @if self.demo { a href="/demo" { (words.get(Key::DemoSwitch)) } }
                a href="/me" { b lang="ja" { (signed.name) } (role_word(words, signed.role)) }
                form method="post" action="/logout" {
                    (self.token())
                    button.linklike type="submit" { (words.get(Key::LogOut)) }
                }
            }
        }
    }
}

/// A role in a word.
pub fn role_word(words: &Words, role: Role) -> String {
    words.get(match role {
        Role::Doctor => Key::RoleDoctor,
        Role::Nurse => Key::RoleNurse,
        Role::Pharmacist => Key::RolePharmacist,
        Role::Dentist => Key::RoleDentist,
        Role::CareManager => Key::RoleCareManager,
        Role::CareStaff => Key::RoleCareStaff,
        Role::Clerk => Key::RoleClerk,
        Role::Emergency => Key::RoleEmergency,
        Role::Auditor => Key::RoleAuditor,
        Role::Administrator => Key::RoleAdministrator,
        Role::NetworkOffice => Key::RoleNetworkOffice,
    })
}
