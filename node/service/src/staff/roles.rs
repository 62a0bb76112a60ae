//! Who may do what: one table. Every door asks here; which records somebody then sees is decided by consent and policy.
use protocol::kinds::{Codes, Purpose, Role, roles};
use protocol::policy::emergency_roles;
use std::fmt::Write as _;

/// Something that not everybody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// The first page, and the own page with own settings and own accesses.
    OwnPage,
    /// Looking for patients by name, birth date or number.
    FindPatients,
    /// Reading records of patients, here and at other holders.
    ReadRecords,
    /// Taking and withdrawing consents.
    RecordConsent,
    /// Deciding whether two patients are one person.
    ReviewMatches,
    /// Seeing and printing who looked at one patient's records.
    PatientAccess,
    /// Reading without consent in an emergency, to be reviewed afterwards.
    BreakGlass,
    /// Reading without consent while a disaster is declared, to be reviewed afterwards.
    DisasterRead,
    /// Reviewing emergency reads.
    ReviewEmergency,
    /// Reading the whole audit log.
    ReadLog,
    /// Seeing networks, members and accords.
    SeeNetwork,
    /// Inviting, admitting, accords and approvals.
    RunNetwork,
    /// Sources, quarantine, keys, backup, configuration.
    RunNode,
    /// Accounts of staff.
    ManageStaff,
}

impl Right {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::OwnPage,
        Self::FindPatients,
        Self::ReadRecords,
        Self::RecordConsent,
        Self::ReviewMatches,
        Self::PatientAccess,
        Self::BreakGlass,
        Self::DisasterRead,
        Self::ReviewEmergency,
        Self::ReadLog,
        Self::SeeNetwork,
        Self::RunNetwork,
        Self::RunNode,
        Self::ManageStaff,
    ];
    /// Who has it.
    pub fn held_by(self) -> Codes {
        use Role as R;
        const CLINICAL: [Role; 7] =
            [R::Doctor, R::Nurse, R::Pharmacist, R::Dentist, R::CareManager, R::CareStaff, R::Emergency];
        let with = |more: &[Role]| roles(&[&CLINICAL[..], more].concat());
        match self {
            Self::OwnPage | Self::SeeNetwork => roles(Role::ALL),
            Self::FindPatients => with(&[R::Clerk]),
            Self::ReadRecords => with(&[]),
            Self::RecordConsent => roles(&[R::Doctor, R::Nurse, R::Pharmacist, R::Dentist, R::CareManager, R::Clerk]),
            Self::ReviewMatches => roles(&[R::Doctor, R::Nurse, R::Pharmacist, R::Dentist, R::Clerk]),
            Self::PatientAccess => with(&[R::Clerk, R::Auditor]),
            Self::BreakGlass => emergency_roles(Purpose::Emergency),
            Self::DisasterRead => emergency_roles(Purpose::Disaster),
            Self::ReviewEmergency => roles(&[R::Auditor, R::NetworkOffice]),
            Self::ReadLog => roles(&[R::Auditor, R::Administrator]),
            Self::RunNetwork => roles(&[R::Administrator, R::NetworkOffice]),
            Self::RunNode | Self::ManageStaff => roles(&[R::Administrator]),
        }
    }
    /// What it is, in English and Japanese, for the generated page.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::OwnPage => ("first page, own page", "今日・本人設定"),
            Self::FindPatients => ("look for patients", "患者検索"),
            Self::ReadRecords => ("read records", "診療記録の閲覧"),
            Self::RecordConsent => ("take and withdraw consents", "同意の取得・撤回"),
            Self::ReviewMatches => ("decide on links", "名寄せの判定"),
            Self::PatientAccess => ("who looked at a patient", "患者の閲覧履歴"),
            Self::BreakGlass => ("emergency read without consent", "緊急時の閲覧"),
            Self::DisasterRead => ("read without consent in a declared disaster", "災害時の閲覧"),
            Self::ReviewEmergency => ("review emergency reads", "緊急閲覧の事後確認"),
            Self::ReadLog => ("the whole audit log", "証跡全体"),
            Self::SeeNetwork => ("see networks and members", "ネットワークの参照"),
            Self::RunNetwork => ("invite, admit, accords", "招待・加入・協定"),
            Self::RunNode => ("run the node", "ノードの運用"),
            Self::ManageStaff => ("accounts of staff", "職員の管理"),
        }
    }
}

/// Whether somebody of this role may do this.
pub fn may(role: Role, right: Right) -> bool {
    right.held_by().has(role.code())
}

/// Everything that this role may do.
pub fn rights_of(role: Role) -> impl Iterator<Item = Right> {
    Right::ALL.into_iter().filter(move |right| may(role, *right))
}

/// The table as a page of the documentation.
pub fn roles_page() -> String {
    let mut page = String::from(HEAD);
    let heads: Vec<&str> = Role::ALL.iter().map(|role| role.word()).collect();
    let _ = writeln!(page, "| Right | 権限 | {} |", heads.join(" | "));
    let _ = writeln!(page, "|---|---|{}", ":-:|".repeat(heads.len()));
    for right in Right::ALL {
        let (english, japanese) = right.words();
        let marks: Vec<&str> = Role::ALL.iter().map(|role| if may(*role, right) { "●" } else { "" }).collect();
        let _ = writeln!(page, "| {english} | {japanese} | {} |", marks.join(" | "));
    }
    page
}

const HEAD: &str = "<!-- Generated: cargo run -p service --example roles > docs/roles.md -->\n\
# Who may do what\n\n\
One table in the code (`node/service/src/staff/roles.rs`), from which this page is made; a test compares both. It says which doors open for \
a role. Which records somebody sees behind them is decided by the patient's consent, the accord and the holder \
([decision.md](decision.md)). A page that no line of the table names is closed to everybody; rights whose pages are not built yet stand \
here already.\n\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_the_documentation_is_the_table_of_the_code() {
        let written = include_str!("../../../../docs/roles.md");
        assert!(written == roles_page(), "run: cargo run -p service --example roles > docs/roles.md");
    }
    #[test]
    fn who_runs_the_node_reads_no_records_and_who_reads_records_runs_nothing() {
        for role in Role::ALL {
            let reads = may(*role, Right::ReadRecords);
            let runs = may(*role, Right::RunNode) || may(*role, Right::ManageStaff) || may(*role, Right::RunNetwork);
            assert!(!(reads && runs), "{role}");
            assert!(may(*role, Right::OwnPage), "{role}");
            assert_eq!(reads, !protocol::policy::kinds_for(*role).is_empty(), "{role}: as the policy");
        }
        assert!(rights_of(Role::Auditor).all(|right| right != Right::RecordConsent), "an auditor changes nothing");
    }
}
