use super::desk::WhoArgs;
use crate::control::{LinksAsk, Request};
use clap::Subcommand;

/// Links within this node.
#[derive(Subcommand)]
pub enum NodeLinkVerb {
    /// Say that two patients of this node are one person
    Make {
        /// As found: p3
        one: String,
        /// As found: p7
        other: String,
        /// Why, in a few words without names or numbers
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        who: WhoArgs,
    },
    /// Everything that was said of one patient's links within this node
    Show {
        /// As found: p3
        patient: String,
        #[command(flatten)]
        who: WhoArgs,
    },
    /// What a link within this node makes or made visible, and who saw it
    Seen {
        /// As shown: l12
        id: String,
        #[command(flatten)]
        who: WhoArgs,
    },
    /// Links and open questions within this node, counted
    Stats {
        #[command(flatten)]
        who: WhoArgs,
    },
    /// Link all patients of this node anew; a restart goes on with it
    Run {
        #[command(flatten)]
        who: WhoArgs,
    },
}

/// Pairs of this node's patients that a rule may not link alone.
#[derive(Subcommand)]
pub enum PairVerb {
    /// Open pairs, the most urgent first
    List {
        /// Also those that were put off
        #[arg(long)]
        later: bool,
        #[command(flatten)]
        who: WhoArgs,
    },
    /// A pair side by side, with the characters that differ
    Show {
        /// As listed: p3-p7
        pair: String,
        #[command(flatten)]
        who: WhoArgs,
    },
    /// One person; a pair that something speaks against needs a second member of staff
    Same {
        /// As listed: p3-p7
        pair: String,
        /// Why, in a few words without names or numbers
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        who: WhoArgs,
    },
    /// Two persons: they never come together again by a rule
    NotSame {
        /// As listed: p3-p7
        pair: String,
        /// Why, in a few words without names or numbers
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        who: WhoArgs,
    },
    /// Put a pair off
    Later {
        /// As listed: p3-p7
        pair: String,
        /// For how many days
        #[arg(long, default_value_t = 14)]
        days: u32,
        #[command(flatten)]
        who: WhoArgs,
    },
}

impl NodeLinkVerb {
    pub fn request(self) -> Request {
        let (who, ask) = match self {
            Self::Make { one, other, reason, who } => (who, LinksAsk::Make { one, other, reason }),
            Self::Show { patient, who } => (who, LinksAsk::History { patient }),
            Self::Seen { id, who } => (who, LinksAsk::Seen { id }),
            Self::Stats { who } => (who, LinksAsk::Stats),
            Self::Run { who } => (who, LinksAsk::Run),
        };
        Request::Links { who: who.into(), ask }
    }
}

impl PairVerb {
    pub fn request(self) -> Request {
        let (who, ask) = match self {
            Self::List { later, who } => (who, LinksAsk::List { later }),
            Self::Show { pair, who } => (who, LinksAsk::Pair { pair }),
            Self::Same { pair, reason, who } => (who, LinksAsk::Answer { pair, same: true, reason }),
            Self::NotSame { pair, reason, who } => (who, LinksAsk::Answer { pair, same: false, reason }),
            Self::Later { pair, days, who } => (who, LinksAsk::Later { pair, days }),
        };
        Request::Links { who: who.into(), ask }
    }
}
