use super::verbs::ask;
use super::{Output, input};
use crate::control::{AccordTerms, Reply, Request, Target};
use crate::failure::Failure;
use clap::{Args, Subcommand};
use serde_json::json;
use service::keys::{Share, SharePublic};
use std::path::{Path, PathBuf};

/// Opens an invite.
#[derive(Args)]
pub struct Invite {
    /// The facility that may use it
    #[arg(value_name = "DIGITS")]
    facility: String,
    /// Into which network, by name or id; if this node has more than one
    #[arg(long)]
    network: Option<String>,
    /// Address at which this node is reached, if another than its own: /ip4/…/p2p/…
    #[arg(long, value_name = "ADDRESS")]
    contact: Vec<String>,
}

impl Invite {
    pub fn request(self) -> Request {
        Request::Invite { network: self.network, facility: self.facility, contacts: self.contact }
    }
}

/// Asks to join.
#[derive(Args)]
#[command(group(clap::ArgGroup::new("how").required(true).args(["invite", "to_file", "status", "welcome"])))]
pub struct Join {
    /// The invite's text, or @FILE
    invite: Option<String>,
    /// Without a line: write a request for the network of --charter (a file) with --out
    #[arg(long, requires_all = ["charter", "facility"])]
    to_file: bool,
    /// The network's charter file
    #[arg(long, value_name = "FILE")]
    charter: Option<PathBuf>,
    /// Which facility of this node
    #[arg(long, value_name = "DIGITS")]
    facility: Option<String>,
    /// How joining stands
    #[arg(long)]
    status: bool,
    /// Without a line: take the welcome file that came back
    #[arg(long, value_name = "FILE")]
    welcome: Option<PathBuf>,
    /// Wait so long until founders have decided
    #[arg(long, default_value_t = 0, value_name = "SECONDS")]
    wait: u64,
}

impl Join {
    pub fn request(self) -> Result<Request, Failure> {
        if let Some(welcome) = self.welcome {
            return Ok(Request::Import { text: input::text(&welcome)? });
        }
        if let Some(invite) = self.invite {
            return Ok(Request::Join { invite: input::text_or_file(&invite)?, wait_s: self.wait });
        }
        match (self.charter, self.facility) {
            (Some(charter), Some(facility)) if self.to_file => {
                Ok(Request::JoinFile { charter: input::text(&charter)?, facility })
            }
            _ => Ok(Request::JoinStatus { network: None, wait_s: self.wait }),
        }
    }
}

#[derive(Subcommand)]
pub enum AdmitVerb {
    /// Requests that wait
    List,
    /// Admit one: sign its membership with founders' shares
    #[command(name = "sign")]
    Sign {
        /// As listed; its beginning is enough
        id: String,
        /// A founder's share file; again for each
        #[arg(long, required = true, value_name = "FILE")]
        share: Vec<PathBuf>,
    },
    /// Admit who asks by a file; the welcome file comes back with --out
    File {
        /// The request's file
        file: PathBuf,
        /// A founder's share file; again for each
        #[arg(long, required = true, value_name = "FILE")]
        share: Vec<PathBuf>,
    },
    /// Admit a facility of this very node
    Own {
        /// Which; if this node has more than one
        #[arg(long, value_name = "DIGITS")]
        facility: Option<String>,
        /// Into which network, by name or id
        #[arg(long)]
        network: Option<String>,
        /// A founder's share file; again for each
        #[arg(long, required = true, value_name = "FILE")]
        share: Vec<PathBuf>,
    },
    /// Refuse a request and close its invite
    Refuse {
        /// As listed; its beginning is enough
        id: String,
    },
    /// The welcome file of an admitted facility
    Welcome {
        /// Which
        #[arg(value_name = "DIGITS")]
        facility: String,
        /// Of which network
        #[arg(long)]
        network: Option<String>,
    },
}

impl AdmitVerb {
    pub fn request(self) -> Result<Request, Failure> {
        Ok(match self {
            Self::List => Request::AdmitList,
            Self::Sign { id, share } => Request::Admit { id, shares: input::texts(&share)? },
            Self::File { file, share } => {
                Request::AdmitFile { request: input::text(&file)?, shares: input::texts(&share)? }
            }
            Self::Own { facility, network, share } => {
                Request::AdmitOwn { network, facility, shares: input::texts(&share)? }
            }
            Self::Refuse { id } => Request::AdmitRefuse { id },
            Self::Welcome { facility, network } => Request::Welcome { network, facility },
        })
    }
}

#[derive(Subcommand)]
pub enum FoundersVerb {
    /// Make a founder's share in a file, and print its public line. Needs no node
    Share {
        /// The founder's name on the charter
        name: String,
        /// Where the share goes: paper, a stick, a safe
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// The public line of a share file. Needs no node
    Public {
        /// The share's file
        file: PathBuf,
    },
    /// Write the charter of a new network, signed with the shares at hand; founds it if they are enough
    Draft {
        /// The network's name
        name: String,
        /// A founder's public line, or @FILE; again for each
        #[arg(long, required = true, value_name = "LINE")]
        founder: Vec<String>,
        /// How many of them must sign; more than half, at least two
        #[arg(short, long, default_value_t = 2)]
        k: u32,
        /// A founder's share file; again for each
        #[arg(long, value_name = "FILE")]
        share: Vec<PathBuf>,
    },
    /// Add a signature to a charter file. Needs no node
    SignCharter {
        /// The charter file; the signed one goes to --out
        charter: PathBuf,
        /// A founder's share file; again for each
        #[arg(long, required = true, value_name = "FILE")]
        share: Vec<PathBuf>,
    },
    /// Found the network of a charter file that enough founders signed, at the node that drafted it
    Found {
        /// The charter file
        charter: PathBuf,
    },
    /// Write a later charter: founders come and go, k changes. Signed by k of those of now and k of those to come
    Change(super::govern::Change),
    /// What waits for founders, and who signed
    List,
    /// Sign something that waits
    Sign {
        /// As listed; its beginning is enough
        id: String,
        /// A founder's share file; again for each
        #[arg(long, required = true, value_name = "FILE")]
        share: Vec<PathBuf>,
    },
    /// Something that waits, or is in force, as a file for another desk
    Export {
        /// As listed; its beginning is enough
        id: String,
    },
    /// Take a file that somebody brought: charter, welcome, or something to sign
    Import {
        /// The file
        file: PathBuf,
    },
}

/// `founders …`: shares and signatures on charters need no node.
pub fn founders(folder: &Path, verb: FoundersVerb, out: &Output) -> Result<Reply, Failure> {
    let request = match verb {
        FoundersVerb::Share { name, to } => {
            let share = Share::new(founders_name(&name)?);
            share.write(&to)?;
            let text = format!(
                "The share is in {}; keep it on paper or a stick, apart from the others.\nFor the charter:\n{}",
                to.display(),
                share.public().to_text()
            );
            let json = json!({ "name": share.public().name, "public": share.public().to_text(), "share": to.display().to_string() });
            return Ok(Reply::new(json, text));
        }
        FoundersVerb::Public { file } => {
            let public = Share::read(&file)?.public();
            return Ok(Reply::new(json!({ "name": public.name, "public": public.to_text() }), public.to_text()));
        }
        FoundersVerb::SignCharter { charter, share } => return sign_charter(&charter, &share),
        FoundersVerb::Draft { name, founder, k, share } => {
            let founders = founder.iter().map(|line| input::text_or_file(line)).collect::<Result<Vec<_>, _>>()?;
            for line in &founders {
                SharePublic::parse(line).map_err(|error| {
                    Failure::usage(error).next("`musubi founders public FILE` prints the line of a share")
                })?;
            }
            Request::FoundDraft { name, founders, k, shares: input::texts(&share)? }
        }
        FoundersVerb::Found { charter } => Request::Found { charter: input::text(&charter)? },
        FoundersVerb::Change(change) => change.request()?,
        FoundersVerb::List => Request::Proposals,
        FoundersVerb::Sign { id, share } => Request::Sign { id, shares: input::texts(&share)? },
        FoundersVerb::Export { id } => Request::Export { id },
        FoundersVerb::Import { file } => Request::Import { text: input::text(&file)? },
    };
    ask(folder, request, out)
}

/// The name under which a founder stands in the charter: one line, since the share's file and its public line hold it.
fn founders_name(text: &str) -> Result<&str, Failure> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > FOUNDERS_NAME_CHARS_MAX || name.chars().any(char::is_control) {
        return Err(Failure::usage(format!(
            "a founder's name has 1 to {FOUNDERS_NAME_CHARS_MAX} characters in one line"
        ))
        .next("write it as it shall stand in the charter, such as 気仙医師会"));
    }
    Ok(name)
}

/// As a facility's name.
const FOUNDERS_NAME_CHARS_MAX: usize = 100;

fn sign_charter(charter: &Path, shares: &[PathBuf]) -> Result<Reply, Failure> {
    let mut text = input::text(charter)?;
    let mut tally = None;
    for share in shares {
        let share = Share::read(share)?;
        let draft = service::founders::sign_charter(&text, &share).map_err(Failure::refused)?;
        text = draft.file;
        tally = Some(draft.tally);
    }
    let Some(tally) = tally else {
        return Err(Failure::usage("no share was given").next("name one with --share FILE"));
    };
    let line =
        format!("{} of {} founders have signed the charter of {}.", tally.signed_by.len(), tally.need, tally.name);
    let json = json!({
        "network": tally.network.to_string(), "name": tally.name, "signed_by": tally.signed_by, "need": tally.need, "enough": tally.is_enough(),
    });
    Ok(Reply::new(json, line).file(text))
}

#[derive(Subcommand)]
pub enum AccordVerb {
    /// This network's charter as a file for the partner
    Charter {
        /// Of which network, by name or id; if this node knows more than one
        #[arg(long)]
        network: Option<String>,
    },
    /// Write an accord with the network of a charter file, and sign it
    Propose {
        /// The partner's charter file
        #[arg(long, value_name = "FILE")]
        partner: PathBuf,
        /// Our network, by name or id; if this node has more than one
        #[arg(long)]
        network: Option<String>,
        /// `HOLDERS:KINDS[:ROLES[:PURPOSES[:CLASSES]]]`, such as theirs:prescription,lab:doctor:treatment:hospital,clinic. HOLDERS is ours,
        /// theirs or both. Left out or *: every role, treatment and referral, the classes of the usual consent. Numbered as given
        #[arg(long, required = true, value_name = "CLAUSE")]
        clause: Vec<String>,
        /// How many days it is in force
        #[arg(long, value_name = "DAYS")]
        days: Option<u64>,
        /// How many hours a reader may keep copies
        #[arg(long, value_name = "HOURS")]
        copy_hours: Option<u32>,
        /// Address at which nodes of either side are first met
        #[arg(long, value_name = "ADDRESS")]
        contact: Vec<String>,
        /// A founder's share file; again for each
        #[arg(long, required = true, value_name = "FILE")]
        share: Vec<PathBuf>,
    },
    /// Sign an accord that waits
    Sign {
        /// As shown; its beginning is enough
        id: String,
        /// A founder's share file; again for each
        #[arg(long, required = true, value_name = "FILE")]
        share: Vec<PathBuf>,
    },
    /// An accord as a file for the partner's desk
    Export {
        /// As shown; its beginning is enough
        id: String,
    },
    /// Take an accord's file from the partner's desk
    Import {
        /// The file
        file: PathBuf,
    },
    /// All accords with their clauses and signatures
    Show,
}

impl AccordVerb {
    pub fn request(self) -> Result<Request, Failure> {
        Ok(match self {
            Self::Charter { network } => Request::Charter { network },
            Self::Propose { partner, network, clause, days, copy_hours, contact, share } => {
                Request::AccordPropose(AccordTerms {
                    network,
                    charter: input::text(&partner)?,
                    clauses: clause,
                    days,
                    copy_hours,
                    contacts: contact,
                    shares: input::texts(&share)?,
                })
            }
            Self::Sign { id, share } => Request::Sign { id, shares: input::texts(&share)? },
            Self::Export { id } => Request::Export { id },
            Self::Import { file } => Request::Import { text: input::text(&file)? },
            Self::Show => Request::AccordShow,
        })
    }
}

/// Takes something back.
#[derive(Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["facility", "node", "accord"])))]
pub struct Revoke {
    /// A facility's membership
    #[arg(long, value_name = "DIGITS")]
    facility: Option<String>,
    /// A node's key
    #[arg(long, value_name = "KEY")]
    node: Option<String>,
    /// An accord
    #[arg(long, value_name = "ID")]
    accord: Option<String>,
    /// Of which network, by name or id; if this node has more than one
    #[arg(long)]
    network: Option<String>,
    /// Why, without personal data
    #[arg(long, default_value = "")]
    reason: String,
    /// A founder's share file; again for each
    #[arg(long, required = true, value_name = "FILE")]
    share: Vec<PathBuf>,
}

impl Revoke {
    pub fn request(self) -> Result<Request, Failure> {
        let target = match (self.facility, self.node, self.accord) {
            (Some(facility), _, _) => Target::Facility(facility),
            (_, Some(node), _) => Target::Node(node),
            (_, _, accord) => Target::Accord(accord.unwrap_or_default()),
        };
        Ok(Request::Revoke { network: self.network, target, reason: self.reason, shares: input::texts(&self.share)? })
    }
}
