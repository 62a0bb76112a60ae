use super::desk::WhoArgs;
use super::input;
use crate::control::{CardAsk, Request};
use crate::failure::Failure;
use clap::Subcommand;
use std::path::PathBuf;

/// The common card of a patient.
#[derive(Subcommand)]
pub enum CardVerb {
    /// Sign a card: text for a QR, hex for the free area of an IC card; older cards of the number end
    Issue {
        /// As found: p3
        patient: String,
        /// A number that is printed on the card already; a new one otherwise
        #[arg(long)]
        number: Option<String>,
        /// The text of the card that the patient brought: its number and its other facilities are taken over; - for stdin
        #[arg(long, value_name = "FILE")]
        renew: Option<PathBuf>,
        /// For how many days, at most 1827
        #[arg(long)]
        days: Option<u16>,
        /// Network by name or beginning of its id; if there are several
        #[arg(long)]
        network: Option<String>,
        #[command(flatten)]
        who: WhoArgs,
    },
    /// Check a card, or heed a text that takes one back
    Read {
        /// Where its text is; stdin if there is none, so that numbers stay out of the shell's history
        #[arg(long, value_name = "FILE", default_value = "-")]
        from: PathBuf,
        /// Who shows it, as found: p3. The number then counts as evidence that charts are one person's
        #[arg(long)]
        patient: Option<String>,
        #[command(flatten)]
        who: WhoArgs,
    },
    /// Take back all cards of a number; the text is for the other nodes of the network
    Stop {
        /// As printed on the card
        number: String,
        /// Network by name or beginning of its id; if there are several
        #[arg(long)]
        network: Option<String>,
        #[command(flatten)]
        who: WhoArgs,
    },
}

impl CardVerb {
    pub fn request(self) -> Result<Request, Failure> {
        let (who, ask) = match self {
            Self::Issue { patient, number, renew, days, network, who } => {
                let renews = renew.as_deref().map(input::text).transpose()?;
                (who, CardAsk::Issue { patient, number, renews, days, network })
            }
            Self::Read { from, patient, who } => (who, CardAsk::Read { text: input::text(&from)?, patient }),
            Self::Stop { number, network, who } => (who, CardAsk::Stop { number, network }),
        };
        Ok(Request::Card { who: who.into(), ask })
    }
}
