use super::input;
use crate::control::{NewStaff, Request, StaffAsk};
use crate::failure::Failure;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum StaffVerb {
    /// Everybody who has an account
    List,
    /// Add somebody; prints a one-time code with which they choose a password
    Add {
        /// With what they sign in: letters, digits, hyphens, underscores, dots
        login: String,
        /// Their name
        #[arg(long)]
        name: String,
        /// doctor, nurse, pharmacist, dentist, care-manager, care-staff, clerk, emergency, auditor, administrator, network-office
        #[arg(long)]
        role: String,
        /// Where they work
        #[arg(long, default_value = "")]
        department: String,
        /// Which facility's; if this node has more than one
        #[arg(long, value_name = "DIGITS")]
        facility: Option<String>,
    },
    /// Read a list (CSV with the columns login,name,role,department); without --yes only says what it would do
    Import {
        /// The file, UTF-8 or Shift_JIS; `-` for stdin
        file: PathBuf,
        /// Add everybody whose line is sound; the codes are a file for --out
        #[arg(long)]
        yes: bool,
    },
    /// A new one-time code in the place of a password; all sessions end
    Reset {
        /// As listed: s7
        number: String,
        /// Also the second factor: the phone is lost
        #[arg(long)]
        factor: bool,
    },
    /// Let nobody in under this account from now on
    Suspend {
        /// As listed: s7
        number: String,
    },
    /// Let them in again
    Resume {
        /// As listed: s7
        number: String,
    },
    /// A new set-up link for the first administrator, while nobody has an account; the one before is void
    Link,
}

impl StaffVerb {
    pub fn request(self) -> Result<Request, Failure> {
        Ok(Request::Staff(match self {
            Self::List => StaffAsk::List,
            Self::Add { login, name, role, department, facility } => {
                StaffAsk::Add(NewStaff { login, name, role, department, facility: facility.unwrap_or_default() })
            }
            Self::Import { file, yes } => StaffAsk::Import { list: input::bytes(&file)?, yes },
            Self::Reset { number, factor } => StaffAsk::Reset { number, factor },
            Self::Suspend { number } => StaffAsk::Suspend { number },
            Self::Resume { number } => StaffAsk::Resume { number },
            Self::Link => StaffAsk::Link,
        }))
    }
}
