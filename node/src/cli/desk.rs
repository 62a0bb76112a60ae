use super::input;
use super::links::{NodeLinkVerb, PairVerb};
use crate::control::{ConsentSpec, DesksAsk, FeedExport, LinksAsk, NewFeed, ReadSpec, Request, Who, WithdrawScope};
use crate::failure::Failure;
use clap::{Args, Subcommand};
use protocol::kinds::Role;
use service::links::LinkId;
use std::path::PathBuf;

/// Who acts at the desk.
#[derive(Args)]
pub struct WhoArgs {
    /// Opaque number of the member of staff; without it the account of the operating system
    #[arg(long, env = "MUSUBI_STAFF", value_name = "NUMBER")]
    staff: Option<String>,
    /// What they are: doctor, nurse, pharmacist, dentist, care-manager, care-staff, clerk, emergency, auditor, administrator
    #[arg(long, env = "MUSUBI_ROLE", value_parser = role)]
    role: Option<Role>,
}

fn role(text: &str) -> Result<Role, String> {
    let words = || Role::ALL.iter().map(|role| role.word()).collect::<Vec<_>>().join(", ");
    Role::parse(text).ok_or_else(|| format!("use one of {}", words()))
}

impl From<WhoArgs> for Who {
    fn from(args: WhoArgs) -> Self {
        Self { staff: args.staff, role: args.role }
    }
}

#[derive(Subcommand)]
pub enum FeedVerb {
    /// Add a folder as a source; it is only read
    Add {
        /// Root of an SS-MIX2 storage, or the folder above `standard` and `extended`
        path: PathBuf,
        /// Which facility's; if this node has more than one
        #[arg(long, value_name = "DIGITS")]
        facility: Option<String>,
        /// A name of its own; `main` for the first
        #[arg(long)]
        name: Option<String>,
        /// The transaction storage beside it; changes that it tells are taken in without a walk
        #[arg(long, value_name = "DIR")]
        transactions: Option<PathBuf>,
        /// How often it is walked in full
        #[arg(long, value_name = "SECONDS")]
        scan_interval_s: Option<u64>,
    },
    /// All sources
    List,
    /// Read some patients of a folder and say what is found; nothing is stored
    Test {
        /// Root of an SS-MIX2 storage
        path: PathBuf,
        /// Which facility's; if this node has more than one
        #[arg(long, value_name = "DIGITS")]
        facility: Option<String>,
    },
    /// Walk a source now, or all
    Scan {
        /// Its name, as listed
        name: Option<String>,
    },
    /// Try again what is in quarantine
    Retry {
        /// Its name, as listed
        name: Option<String>,
    },
    /// What could not be read, with the reasons
    Quarantine {
        /// Its name, as listed
        name: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Write everything that came in as an SS-MIX2 storage again, byte for byte, history and deletions included
    Export {
        /// A new or empty folder, or one with an export of this node, which is brought up to date
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// This facility's only
        #[arg(long, value_name = "DIGITS")]
        facility: Option<String>,
        /// This source only, as listed
        #[arg(long, value_name = "NAME")]
        feed: Option<String>,
        /// The originals in quarantine too, as far as copies are kept
        #[arg(long)]
        with_quarantine: bool,
    },
}

impl FeedVerb {
    pub fn request(self) -> Result<Request, Failure> {
        Ok(match self {
            Self::Add { path, facility, name, transactions, scan_interval_s } => {
                let transactions = transactions.as_deref().map(input::absolute).transpose()?;
                Request::FeedAdd(NewFeed {
                    facility,
                    path: input::absolute(&path)?,
                    name,
                    transactions,
                    scan_interval_s,
                })
            }
            Self::List => Request::FeedList,
            Self::Test { path, facility } => Request::FeedTest { facility, path: input::absolute(&path)? },
            Self::Scan { name } => Request::FeedScan { name },
            Self::Retry { name } => Request::FeedRetry { name },
            Self::Quarantine { name, limit } => Request::FeedQuarantine { name, limit },
            Self::Export { to, facility, feed, with_quarantine } => {
                Request::FeedExport(FeedExport { to: input::absolute(&to)?, facility, feed, with_quarantine })
            }
        })
    }
}

#[derive(Subcommand)]
pub enum PatientVerb {
    /// By name, kana of any width, number, or birth date in either calendar
    Find {
        /// Words that must all fit
        #[arg(required = true)]
        words: Vec<String>,
        /// At this facility only
        #[arg(long, value_name = "DIGITS")]
        facility: Option<String>,
        #[command(flatten)]
        who: WhoArgs,
    },
    /// What this node knows of one
    Show {
        /// As found: p12
        patient: String,
        #[command(flatten)]
        who: WhoArgs,
    },
    /// Make everything of one unreadable, here and in every backup, for good
    Erase {
        /// As found: p12
        patient: String,
        /// Why; it stays in the audit log, so nothing of the patient may be in it
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Really
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        who: WhoArgs,
    },
}

impl PatientVerb {
    pub fn request(self) -> Result<Request, Failure> {
        Ok(match self {
            Self::Erase { patient, yes: false, .. } => {
                let what = format!("nothing was erased: {patient} would be gone for good, from every backup too");
                return Err(Failure::usage(what).next("look with `musubi patient show`, then add --yes"));
            }
            Self::Erase { patient, reason, yes: true, who } => {
                Request::PatientErase { who: who.into(), patient, reason }
            }
            Self::Find { words, facility, who } => {
                Request::PatientFind { who: who.into(), text: words.join(" "), facility }
            }
            Self::Show { patient, who } => Request::PatientShow { who: who.into(), patient },
        })
    }
}

#[derive(Subcommand)]
pub enum ConsentVerb {
    /// Record what a patient agrees to (or refuses)
    Record {
        /// As found: p12
        patient: String,
        /// A reading facility; again for each. Without: every facility of the classes
        #[arg(long, value_name = "DIGITS")]
        reader: Vec<String>,
        /// Classes of readers, if no single ones
        #[arg(long, value_delimiter = ',')]
        class: Vec<String>,
        /// Networks of readers, by name or id. Without: all
        #[arg(long, value_name = "NETWORK")]
        network: Vec<String>,
        /// Holders whose records are meant. Without: all
        #[arg(long, value_name = "DIGITS")]
        holder: Vec<String>,
        /// Kinds. Without: all
        #[arg(long, value_delimiter = ',')]
        kinds: Vec<String>,
        /// Staff. Without: doctors, nurses, pharmacists, dentists
        #[arg(long, value_delimiter = ',')]
        roles: Vec<String>,
        /// Purposes. Without: treatment and referral
        #[arg(long, value_delimiter = ',')]
        purposes: Vec<String>,
        /// How long it lasts. Without: until withdrawn
        #[arg(long)]
        days: Option<u64>,
        /// What it rests on: signed, notice or proxy
        #[arg(long, default_value = "signed")]
        base: String,
        /// It is a refusal
        #[arg(long)]
        deny: bool,
        #[command(flatten)]
        who: WhoArgs,
    },
    /// Everything that a patient said
    Show {
        /// As found: p12
        patient: String,
        #[command(flatten)]
        who: WhoArgs,
    },
    /// What became of a withdrawal at every node, as a signed file for --out; `audit verify FILE` checks it anywhere
    Certificate {
        /// As found: p12
        patient: String,
        /// Which withdrawal, as `consent show` names it. Without: the newest
        #[arg(long, value_name = "ID")]
        receipt: Option<String>,
        #[command(flatten)]
        who: WhoArgs,
    },
    /// Take it back: everything, or only for some readers, kinds or one network
    Withdraw {
        /// As found: p12
        patient: String,
        /// Only for this reading facility; again for each
        #[arg(long, value_name = "DIGITS")]
        reader: Vec<String>,
        /// Only these kinds
        #[arg(long, value_delimiter = ',')]
        kinds: Vec<String>,
        /// Only this network, by name or id
        #[arg(long)]
        network: Option<String>,
        /// Not even in an emergency
        #[arg(long)]
        even_in_emergency: bool,
        /// Wait so long until readers have dropped their copies
        #[arg(long, default_value_t = 0, value_name = "SECONDS")]
        wait: u64,
        #[command(flatten)]
        who: WhoArgs,
    },
}

impl ConsentVerb {
    pub fn request(self) -> Request {
        match self {
            Self::Record { patient, reader, class, network, holder, kinds, roles, purposes, days, base, deny, who } => {
                let spec = ConsentSpec {
                    readers: reader,
                    classes: class,
                    networks: network,
                    holders: holder,
                    kinds,
                    roles,
                    purposes,
                    days,
                    base,
                    deny,
                };
                Request::ConsentRecord { who: who.into(), patient, spec }
            }
            Self::Certificate { patient, receipt, who } => {
                Request::ConsentCertificate { who: who.into(), patient, receipt }
            }
            Self::Show { patient, who } => Request::ConsentShow { who: who.into(), patient },
            Self::Withdraw { patient, reader, kinds, network, even_in_emergency, wait, who } => {
                Request::ConsentWithdraw {
                    who: who.into(),
                    patient,
                    scope: WithdrawScope { readers: reader, kinds, network, even_in_emergency },
                    wait_s: wait,
                }
            }
        }
    }
}

#[derive(Args)]
pub struct Locate {
    /// As found: p12
    patient: String,
    #[command(flatten)]
    who: WhoArgs,
}

impl Locate {
    pub fn request(self) -> Request {
        Request::Locate { who: self.who.into(), patient: self.patient }
    }
}

/// What is wanted of holders.
#[derive(Args)]
struct ReadArgs {
    /// treatment, referral, care-plan or patient-request
    #[arg(long, default_value = "treatment")]
    purpose: String,
    /// What shows the purpose: number and time of the reception, number of the referral. Stays here; a commitment to it is sent
    #[arg(long, value_name = "TEXT")]
    ground: Option<String>,
    /// What the ground is: reception, referral, care-team or patient-present
    #[arg(long, default_value = "reception", value_name = "KIND")]
    evidence: String,
    /// Kinds. Without: all
    #[arg(long, value_delimiter = ',')]
    kinds: Vec<String>,
    /// Care dates from, YYYYMMDD
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// Care dates to, YYYYMMDD
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// Only these holders
    #[arg(long, value_name = "DIGITS")]
    holder: Vec<String>,
    /// Longest wait until a row says late
    #[arg(long, value_name = "MS")]
    wait_ms: Option<u64>,
    /// Most bytes of each holder
    #[arg(long, value_name = "BYTES")]
    limit_bytes: Option<u64>,
}

impl From<ReadArgs> for ReadSpec {
    fn from(args: ReadArgs) -> Self {
        Self {
            purpose: args.purpose,
            ground: args.ground,
            evidence: args.evidence,
            kinds: args.kinds,
            from: args.from,
            to: args.to,
            holders: args.holder,
            wait_ms: args.wait_ms,
            limit_bytes: args.limit_bytes,
        }
    }
}

#[derive(Args)]
pub struct Fetch {
    /// As found: p12
    patient: String,
    #[command(flatten)]
    read: ReadArgs,
    #[command(flatten)]
    who: WhoArgs,
}

impl Fetch {
    pub fn request(self) -> Request {
        Request::Fetch { who: self.who.into(), patient: self.patient, read: self.read.into() }
    }
}

#[derive(Args)]
pub struct Timeline {
    /// As found: p12
    patient: String,
    /// Only what is here: own records and copies that are still allowed
    #[arg(long)]
    local: bool,
    #[command(flatten)]
    read: ReadArgs,
    #[command(flatten)]
    who: WhoArgs,
}

impl Timeline {
    pub fn request(self) -> Request {
        Request::Timeline { who: self.who.into(), patient: self.patient, read: self.read.into(), local: self.local }
    }
}

#[derive(Subcommand)]
pub enum LinkVerb {
    /// Questions of other desks and ours to them; with a word behind it: pairs of this node's own patients
    #[command(args_conflicts_with_subcommands = true)]
    Review {
        #[command(subcommand)]
        pairs: Option<PairVerb>,
        #[command(flatten)]
        who: WhoArgs,
    },
    /// Ask a holder's desk whether its candidate is our patient
    Ask {
        /// Our patient, as found: p12
        patient: String,
        /// The holder
        #[arg(long, value_name = "DIGITS")]
        holder: String,
        /// Which of its candidates, if several
        #[arg(long)]
        handle: Option<String>,
        /// What the desks compared, without names or numbers
        #[arg(long)]
        statement: String,
        #[command(flatten)]
        who: WhoArgs,
    },
    /// Find out blindly, with the holder's node, whether its candidate is our patient; neither side sees a name or number
    Confirm {
        /// Our patient, as found: p12
        patient: String,
        /// The holder
        #[arg(long, value_name = "DIGITS")]
        holder: String,
        /// Which of its candidates, if several
        #[arg(long)]
        handle: Option<String>,
        /// What shows that the patient is sought for a reason
        #[arg(long, value_parser = ["patient-present", "consent", "treatment"])]
        reason: String,
        #[command(flatten)]
        who: WhoArgs,
    },
    /// Answer a question of another desk
    Answer {
        /// As listed; its beginning is enough
        id: String,
        /// One person, or not
        #[arg(value_parser = ["same", "not-same"])]
        verdict: String,
        #[command(flatten)]
        who: WhoArgs,
    },
    /// Take a link back
    Undo {
        /// Within this node: l12. With another desk: as listed; its beginning is enough
        id: String,
        /// Why, in a few words without names or numbers; needed within this node
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        who: WhoArgs,
    },
    #[command(flatten)]
    Node(NodeLinkVerb),
}

impl LinkVerb {
    pub fn request(self) -> Request {
        match self {
            Self::Review { pairs: Some(verb), .. } => verb.request(),
            Self::Review { pairs: None, who } => Request::Desks(DesksAsk::Review { who: who.into() }),
            Self::Node(verb) => verb.request(),
            Self::Ask { patient, holder, handle, statement, who } => {
                Request::Desks(DesksAsk::Ask { who: who.into(), patient, holder, handle, statement })
            }
            Self::Confirm { patient, holder, handle, reason, who } => {
                Request::Desks(DesksAsk::Confirm { who: who.into(), patient, holder, handle, reason })
            }
            Self::Answer { id, verdict, who } => Request::Desks(DesksAsk::Answer { who: who.into(), id, verdict }),
            Self::Undo { id, reason, who } if LinkId::parse(&id).is_some() => {
                Request::Links { who: who.into(), ask: LinksAsk::Undo { id, reason: reason.unwrap_or_default() } }
            }
            Self::Undo { id, who, .. } => {
                Request::Desks(DesksAsk::Answer { who: who.into(), id, verdict: "undone".into() })
            }
        }
    }
}
