use super::desk::WhoArgs;
use super::input;
use crate::control::{EmergencyAsk, OpenEmergency, Request};
use crate::failure::Failure;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum EmergencyVerb {
    /// Read a patient's most needed records without consent; told to every holder, reviewed there afterwards
    Open(Open),
    /// Emergency reads of our records and by our staff, what is most urgent first
    List {
        #[command(flatten)]
        who: WhoArgs,
    },
    /// Say of an emergency read of our records whether it was one
    Review {
        /// As listed; its beginning is enough
        id: String,
        /// It was one, or not
        #[arg(long, value_parser = ["justified", "unjustified"])]
        verdict: String,
        /// In words, without names or numbers; needed if it was none
        #[arg(long, default_value = "", value_name = "TEXT")]
        note: String,
        #[command(flatten)]
        who: WhoArgs,
    },
}

/// Reads without consent.
#[derive(Args)]
pub struct Open {
    /// As found: p12
    patient: String,
    /// unconscious, cannot-consent, life-in-danger, family-out-of-reach or disaster
    #[arg(long)]
    reason: String,
    /// The reason in words, without names or numbers: it is sent to the holders and stays in both logs
    #[arg(long, value_name = "TEXT")]
    text: String,
    /// The patient is here
    #[arg(long)]
    present: bool,
    /// While a disaster is declared: more staff may, and one factor is enough
    #[arg(long)]
    disaster: bool,
    /// A file with the password of the member of staff; `-` for stdin
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The six digits of their second factor
    #[arg(long, value_name = "DIGITS")]
    code: Option<String>,
    /// Kinds. Without: all that an emergency opens
    #[arg(long, value_delimiter = ',')]
    kinds: Vec<String>,
    /// Only these holders
    #[arg(long, value_name = "DIGITS")]
    holder: Vec<String>,
    /// Longest wait until a row says late
    #[arg(long, value_name = "MS")]
    wait_ms: Option<u64>,
    #[command(flatten)]
    who: WhoArgs,
}

impl EmergencyVerb {
    pub fn request(self) -> Result<Request, Failure> {
        Ok(Request::Emergency(match self {
            Self::Open(open) => EmergencyAsk::Open(Box::new(open.request()?)),
            Self::List { who } => EmergencyAsk::List { who: who.into() },
            Self::Review { id, verdict, note, who } => EmergencyAsk::Review { who: who.into(), id, verdict, note },
        }))
    }
}

impl Open {
    fn request(self) -> Result<OpenEmergency, Failure> {
        let password = self.password_file.map(|file| input::text(&file)).transpose()?;
        Ok(OpenEmergency {
            who: self.who.into(),
            password: password.map(|text| text.trim_end_matches(['\r', '\n']).to_owned()),
            code: self.code,
            patient: self.patient,
            reason: self.reason,
            text: self.text,
            present: self.present,
            disaster: self.disaster,
            kinds: self.kinds,
            holders: self.holder,
            wait_ms: self.wait_ms,
        })
    }
}
