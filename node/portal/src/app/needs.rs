//! What each address needs before its page is asked: one table. An address that is not in it is closed to everybody.
use service::staff::{Right, Stage};

/// What somebody needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: there is nothing of the node or of patients.
    Open,
    /// Nothing but the form's token: the way in itself.
    Door,
    /// The password was right, and this comes next.
    Step(Stage),
    /// Signed in, with this right.
    Right(Right),
    /// Signed in, as made-up staff of the demo.
    Demo,
}

/// The table: the first line that fits counts. `{}` stands for one part of an address, `*` at the end for one or more.
pub const NEEDS: &[(&str, Need)] = &[
    ("/healthz", Need::Open),
    ("/readyz", Need::Open),
    ("/metrics", Need::Open),
    ("/assets/{}", Need::Open),
    ("/setup", Need::Door),
    ("/enter", Need::Door),
    ("/login", Need::Door),
    ("/login/first", Need::Door),
    ("/login/code", Need::Step(Stage::Factor)),
    ("/login/passkey", Need::Step(Stage::Factor)),
    ("/login/factor", Need::Step(Stage::Enrol)),
    ("/demo", Need::Demo),
    ("/", Need::Right(Right::OwnPage)),
    ("/logout", Need::Right(Right::OwnPage)),
    ("/me", Need::Right(Right::OwnPage)),
    ("/me/*", Need::Right(Right::OwnPage)),
    ("/patients", Need::Right(Right::FindPatients)),
    ("/patients/{}/consent", Need::Right(Right::RecordConsent)),
    ("/patients/{}/consent/*", Need::Right(Right::RecordConsent)),
    ("/patients/{}/access", Need::Right(Right::PatientAccess)),
    ("/patients/{}/access/*", Need::Right(Right::PatientAccess)),
    ("/patients/{}/emergency", Need::Right(Right::BreakGlass)),
    ("/patients/{}/disaster", Need::Right(Right::DisasterRead)),
    ("/patients/*", Need::Right(Right::ReadRecords)),
    ("/consents", Need::Right(Right::RecordConsent)),
    ("/consents/*", Need::Right(Right::RecordConsent)),
    ("/matching", Need::Right(Right::ReviewMatches)),
    ("/matching/*", Need::Right(Right::ReviewMatches)),
    ("/emergency", Need::Right(Right::BreakGlass)),
    ("/emergency/review", Need::Right(Right::ReviewEmergency)),
    ("/network", Need::Right(Right::SeeNetwork)),
    ("/network/disasters", Need::Right(Right::SeeNetwork)),
    ("/accords", Need::Right(Right::SeeNetwork)),
    ("/founders", Need::Right(Right::RunNetwork)),
    ("/founders/*", Need::Right(Right::RunNetwork)),
    ("/admin/log", Need::Right(Right::ReadLog)),
    ("/admin/staff", Need::Right(Right::ManageStaff)),
    ("/admin/staff/*", Need::Right(Right::ManageStaff)),
    ("/admin/*", Need::Right(Right::RunNode)),
];

/// What this address needs; none: nobody gets in.
pub fn need(path: &str) -> Option<Need> {
    NEEDS.iter().find(|(pattern, _)| fits(pattern, path)).map(|(_, need)| *need)
}

fn fits(pattern: &str, path: &str) -> bool {
    let (mut parts, mut own) = (path.split('/'), pattern.split('/'));
    loop {
        match (own.next(), parts.next()) {
            (None, None) => return true,
            (Some("*"), Some(part)) => return !part.is_empty(),
            (Some("{}"), Some(part)) if !part.is_empty() => {}
            (Some(own), Some(part)) if own == part => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_counts_and_what_is_not_listed_is_closed() {
        assert_eq!(need("/"), Some(Need::Right(Right::OwnPage)));
        assert_eq!(need("/patients"), Some(Need::Right(Right::FindPatients)));
        assert_eq!(need("/patients/1/timeline"), Some(Need::Right(Right::ReadRecords)));
        assert_eq!(need("/patients/1/consent/new"), Some(Need::Right(Right::RecordConsent)));
        assert_eq!(need("/admin/staff/3/reset"), Some(Need::Right(Right::ManageStaff)));
        assert_eq!(need("/admin/keys"), Some(Need::Right(Right::RunNode)));
        for path in ["/nothing", "/patients/", "/patients//x", "/admin", "/assets/a/b", "//", "", "/login/x", "/LOGIN"]
        {
            assert_eq!(need(path), None, "{path}");
        }
    }
}
