use super::input;
use crate::control::{OverlapAsk, Request};
use crate::failure::Failure;
use clap::Subcommand;
use std::path::PathBuf;

/// How many patients two networks share.
#[derive(Subcommand)]
pub enum OverlapVerb {
    /// Ask another network: writes the file for its office. A founder of this network starts it
    Ask {
        /// The other network's charter file
        #[arg(long, value_name = "FILE")]
        with: PathBuf,
        /// Our network, by name or id; if this node has more than one
        #[arg(long)]
        network: Option<String>,
        /// A holder's masked list; again for each. Without: this node's own patients
        #[arg(long, value_name = "FILE")]
        part: Vec<PathBuf>,
        /// A founder's share file
        #[arg(long, value_name = "FILE")]
        share: PathBuf,
        /// Where to write the ask
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Agree to an ask: writes the answer for its office. A founder of this network accepts it
    Accept {
        /// The other office's ask
        ask: PathBuf,
        /// The other network's charter file
        #[arg(long, value_name = "FILE")]
        with: PathBuf,
        /// A holder's masked list; again for each. Without: this node's own patients
        #[arg(long, value_name = "FILE")]
        part: Vec<PathBuf>,
        /// The other side's list, raised by a holder; with --part
        #[arg(long, value_name = "FILE")]
        raised: Option<PathBuf>,
        /// A founder's share file
        #[arg(long, value_name = "FILE")]
        share: PathBuf,
        /// Where to write the answer
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Count what is in both, and write the rounded number for the other office
    Count {
        /// The other office's answer
        answer: PathBuf,
        /// The other side's list, raised by a holder; if the ask was made of parts
        #[arg(long, value_name = "FILE")]
        raised: Option<PathBuf>,
        /// Where to write the number
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Take the rounded number that the other office counted
    Hear {
        /// The other office's file
        outcome: PathBuf,
    },
    /// All counts of this node, newest first
    Show,
    /// For several holders: make the secret that they share for one count, and that the merging node must not have
    Secret {
        /// We ask the network of this charter file
        #[arg(long, value_name = "FILE", required_unless_present = "of", conflicts_with = "of")]
        with: Option<PathBuf>,
        /// We were asked by this file
        #[arg(long, value_name = "FILE")]
        of: Option<PathBuf>,
        /// Our network, by name or id; if this node has more than one
        #[arg(long)]
        network: Option<String>,
        /// Where to write the secret
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// For several holders: mask this node's patients, for the node that merges
    Mask {
        /// The file of the secret
        #[arg(long, value_name = "FILE")]
        secret: PathBuf,
        /// Where to write the list
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// For several holders: raise the other side's list, for the node that merges
    Raise {
        /// The other side's ask or answer
        list: PathBuf,
        /// The file of the secret
        #[arg(long, value_name = "FILE")]
        secret: PathBuf,
        /// Where to write the raised list
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
}

impl OverlapVerb {
    pub fn request(self) -> Result<Request, Failure> {
        let all = |paths: &[PathBuf]| paths.iter().map(|path| input::absolute(path)).collect::<Result<Vec<_>, _>>();
        let one = |path: &Option<PathBuf>| path.as_deref().map(input::absolute).transpose();
        Ok(Request::Overlap(match self {
            Self::Ask { with, network, part, share, to } => OverlapAsk::Ask {
                charter: input::text(&with)?,
                network,
                parts: all(&part)?,
                share: input::text(&share)?,
                to: input::absolute(&to)?,
            },
            Self::Accept { ask, with, part, raised, share, to } => OverlapAsk::Accept {
                ask: input::absolute(&ask)?,
                charter: input::text(&with)?,
                parts: all(&part)?,
                raised: one(&raised)?,
                share: input::text(&share)?,
                to: input::absolute(&to)?,
            },
            Self::Count { answer, raised, to } => OverlapAsk::Count {
                answer: input::absolute(&answer)?,
                raised: one(&raised)?,
                to: input::absolute(&to)?,
            },
            Self::Hear { outcome } => OverlapAsk::Hear { outcome: input::absolute(&outcome)? },
            Self::Show => OverlapAsk::Show,
            Self::Secret { with, of, network, to } => OverlapAsk::Secret {
                charter: with.as_deref().map(input::text).transpose()?,
                ask: one(&of)?,
                network,
                to: input::absolute(&to)?,
            },
            Self::Mask { secret, to } => {
                OverlapAsk::Mask { secret: input::absolute(&secret)?, to: input::absolute(&to)? }
            }
            Self::Raise { list, secret, to } => OverlapAsk::Raise {
                list: input::absolute(&list)?,
                secret: input::absolute(&secret)?,
                to: input::absolute(&to)?,
            },
        }))
    }
}
