use super::input;
use crate::control::{EvaluatorsCall, FounderAct, Request};
use crate::failure::Failure;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum EvaluatorsVerb {
    /// Name the members that make the network's patient tags together, and sign that; their nodes make the key by themselves
    Call {
        /// A member with a node of its own; again for each, three or more
        #[arg(long, required = true, value_name = "DIGITS")]
        evaluator: Vec<String>,
        /// How many of them must answer to make a tag; more than half unless said
        #[arg(short = 't', long, value_name = "COUNT")]
        threshold: Option<u32>,
        /// How many days the key is used
        #[arg(long, value_name = "DAYS")]
        days: Option<u64>,
        /// Of which network, by name or id; if this node has more than one
        #[arg(long)]
        network: Option<String>,
        /// A founder's share file; again for each
        #[arg(long, required = true, value_name = "FILE")]
        share: Vec<PathBuf>,
    },
    /// How tags are made in each network, who makes them, and whether they are connected
    Show,
}

impl EvaluatorsVerb {
    pub fn request(self) -> Result<Request, Failure> {
        Ok(match self {
            Self::Call { evaluator, threshold, days, network, share } => {
                Request::Founders(FounderAct::CallEvaluators(EvaluatorsCall {
                    network,
                    evaluators: evaluator,
                    threshold,
                    days,
                    shares: input::texts(&share)?,
                }))
            }
            Self::Show => Request::Founders(FounderAct::Evaluators),
        })
    }
}
