use super::input;
use crate::control::{FounderAct, Request, Target};
use crate::failure::Failure;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Lets something rest, by one founder alone.
#[derive(Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["facility", "node", "accord", "list"])))]
pub struct Suspend {
    /// A facility's membership
    #[arg(long, value_name = "DIGITS")]
    facility: Option<String>,
    /// A node's key
    #[arg(long, value_name = "KEY")]
    node: Option<String>,
    /// An accord
    #[arg(long, value_name = "ID")]
    accord: Option<String>,
    /// What was suspended, and whether it holds
    #[arg(long)]
    list: bool,
    /// Of which network, by name or id; if this node has more than one
    #[arg(long)]
    network: Option<String>,
    /// For how long: 72h at most
    #[arg(long = "for", default_value = "72h", value_name = "TIME", value_parser = span)]
    span: u64,
    /// Why, without personal data
    #[arg(long, default_value = "")]
    reason: String,
    /// The founder's share file
    #[arg(long, value_name = "FILE", required_unless_present = "list")]
    share: Option<PathBuf>,
}

impl Suspend {
    pub fn request(self) -> Result<Request, Failure> {
        let target = match (self.facility, self.node, self.accord) {
            (Some(facility), _, _) => Target::Facility(facility),
            (_, Some(node), _) => Target::Node(node),
            (_, _, Some(accord)) => Target::Accord(accord),
            _ => return Ok(Request::Founders(FounderAct::Suspensions)),
        };
        let share = self.share.map(|file| input::text(&file)).transpose()?.unwrap_or_default();
        Ok(Request::Founders(FounderAct::Suspend {
            network: self.network,
            target,
            for_ms: self.span,
            reason: self.reason,
            share,
        }))
    }
}

#[derive(Subcommand)]
pub enum DisasterVerb {
    /// Declare one: reads for disaster need no consent then, in its area and until its end
    Start {
        /// Beginnings of facility numbers, such as 03,04 for two prefectures. Without: everywhere
        #[arg(long, value_delimiter = ',', value_name = "DIGITS")]
        area: Vec<String>,
        /// For how long: 30d at most; alone 24h
        #[arg(long = "for", value_name = "TIME", value_parser = span)]
        span: u64,
        /// What happened
        #[arg(long)]
        reason: String,
        /// One founder alone, for at most a day
        #[arg(long)]
        alone: bool,
        /// Of which network, by name or id; if this node has more than one
        #[arg(long)]
        network: Option<String>,
        /// A founder's share file; again for each
        #[arg(long, required = true, value_name = "FILE")]
        share: Vec<PathBuf>,
    },
    /// End what k founders declared, before its date
    End {
        /// Of which network, by name or id; if this node has more than one
        #[arg(long)]
        network: Option<String>,
        /// A founder's share file; again for each
        #[arg(long, required = true, value_name = "FILE")]
        share: Vec<PathBuf>,
    },
    /// What is declared and not over
    List,
}

impl DisasterVerb {
    pub fn request(self) -> Result<Request, Failure> {
        Ok(Request::Founders(match self {
            Self::Start { area, span, reason, alone, network, share } => {
                FounderAct::Declare { network, area, for_ms: span, reason, alone, shares: input::texts(&share)? }
            }
            Self::End { network, share } => FounderAct::EndDisaster { network, shares: input::texts(&share)? },
            Self::List => FounderAct::Disasters,
        }))
    }
}

/// Changes the charter of a network: founders come and go.
#[derive(Args)]
pub struct Change {
    /// Public line of a founder who comes, or @FILE; again for each
    #[arg(long, value_name = "LINE")]
    add: Vec<String>,
    /// Name of a founder who goes, as on the charter; again for each
    #[arg(long, value_name = "NAME")]
    remove: Vec<String>,
    /// How many of them must sign from then on
    #[arg(short, long)]
    k: Option<u32>,
    /// Purposes that members may name from then on
    #[arg(long, value_delimiter = ',')]
    purposes: Vec<String>,
    /// Of which network, by name or id; if this node has more than one
    #[arg(long)]
    network: Option<String>,
    /// A founder's share file, of those of now or those to come; again for each
    #[arg(long, required = true, value_name = "FILE")]
    share: Vec<PathBuf>,
}

impl Change {
    pub fn request(self) -> Result<Request, Failure> {
        Ok(Request::Founders(FounderAct::Change {
            network: self.network,
            add: self.add.iter().map(|line| input::text_or_file(line)).collect::<Result<_, _>>()?,
            remove: self.remove,
            k: self.k,
            purposes: self.purposes,
            shares: input::texts(&self.share)?,
        }))
    }
}

/// A time as it is typed: 90s, 30m, 72h, 3d.
fn span(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is no time; write such as 90s, 30m, 72h or 3d");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let unit = match unit {
        "s" => 1_000u64,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).filter(|ms| *ms > 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_number_and_a_unit() {
        assert_eq!((span("90s"), span("72h"), span("3d")), (Ok(90_000), Ok(259_200_000), Ok(259_200_000)));
        for odd in ["", "s", "0h", "72", "1w", "-1h", "99999999999999999d", "日"] {
            assert!(span(odd).is_err(), "{odd:?}");
        }
    }
}
