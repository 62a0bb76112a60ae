//! Acts of the network's office (事務局) as people do them at a page: each is checked against the table of rights and stands in
//! the log with who did it, before it is done.
use crate::service::{Service, WriteError};
use crate::staff::{Right, Staff, may};
use protocol::audit::{Event, What};

/// What somebody does for a network or for the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Makes an invite.
    Invite,
    /// Asks to join.
    Join,
    /// Admits, or signs what waits.
    Sign,
    /// Refuses a request to join.
    Refuse,
    /// Takes a file in.
    Import,
    /// Gives a file out.
    Export,
    /// Proposes an accord.
    Accord,
    /// Takes something back.
    Revoke,
    /// Drafts or founds a network.
    Found,
    /// Tries quarantined files again.
    Retry,
}

impl Act {
    /// Who may.
    pub fn right(self) -> Right {
        match self {
            Self::Retry => Right::RunNode,
            _ => Right::RunNetwork,
        }
    }
    fn word(self) -> &'static str {
        match self {
            Self::Invite => "invite",
            Self::Join => "join",
            Self::Sign => "sign",
            Self::Refuse => "refuse",
            Self::Import => "import",
            Self::Export => "export",
            Self::Accord => "accord",
            Self::Revoke => "revoke",
            Self::Found => "found",
            Self::Retry => "retry",
        }
    }
}

/// Why an act may not be done. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// The role has not the right.
    #[error("this role may not do that; ask an administrator or the network's office")]
    Right,
    /// The log refused.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Service {
    /// Notes who is about to do this; only then it may be done.
    ///
    /// # Errors
    /// [`ActError`]; then it may not be done.
    pub fn begin(&self, staff: &Staff, act: Act) -> Result<(), ActError> {
        if !may(staff.role(), act.right()) {
            return Err(ActError::Right);
        }
        self.log(Event::new(self.now(), What::ConfigChanged).staff(staff.id()).note(act.word()))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access_log::LogQuery;
    use crate::clock::HandClock;
    use crate::testing::house;
    use protocol::kinds::Role;
    use protocol::time::Millis;
    use std::sync::Arc;

    #[test]
    fn row_85_an_act_of_the_office_needs_its_right_and_stands_in_the_log_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let house = house(folder.path(), Arc::new(HandClock::at(Millis(1_795_311_720_000))));
        let staff = |role| Staff::new("s7", role).expect("a number");
        assert!(matches!(house.service.begin(&staff(Role::Doctor), Act::Revoke), Err(ActError::Right)));
        assert!(matches!(house.service.begin(&staff(Role::NetworkOffice), Act::Retry), Err(ActError::Right)));
        house.service.begin(&staff(Role::NetworkOffice), Act::Revoke).expect("the office may");
        let query = LogQuery { what: Some(What::ConfigChanged), ..LogQuery::default() };
        let lines = house.service.audit(&staff(Role::Auditor), &query).expect("the log");
        let told: Vec<_> = lines.iter().map(|line| (line.event.staff.as_deref(), line.event.note.as_str())).collect();
        assert_eq!(told, [(Some("s7"), "revoke")]);
    }
}
