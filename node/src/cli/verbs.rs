use super::output::Output;
use super::{audit, card, desk, emergency, evaluators, govern, key, linkage, network, node, overlap, staff, store};
use crate::control::{self, Reply, Request};
use crate::failure::Failure;
use clap::{Args, Parser, Subcommand};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Musubi 結び: a node of a regional medical network. Each facility keeps its own records; nobody in the middle holds them.
#[derive(Parser)]
#[command(name = "musubi", version, arg_required_else_help = true, disable_help_subcommand = true, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub verb: Verb,
}

/// What every verb takes.
#[derive(Args)]
pub struct Global {
    /// The node's folder
    #[arg(long, global = true, env = "MUSUBI_FOLDER", default_value = "musubi-node", value_name = "DIR")]
    pub folder: PathBuf,
    /// One JSON object on stdout instead of text
    #[arg(long, global = true)]
    pub json: bool,
    /// Write a file to carry (charter, request, proposal, evidence) here instead of printing it
    #[arg(long, global = true, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum Verb {
    /// Two networks, five facilities, made-up people: everything once, then the page; nothing is kept
    Demo(DemoArgs),
    /// Write made-up SS-MIX2 storages into a folder
    DemoData(crate::demo_data::Args),
    /// Make a node in the folder, or add a facility to it
    Setup(node::Setup),
    /// Start the node
    Run(node::Run),
    /// How the node does, on one screen
    Status,
    /// Check everything; each trouble with its remedy
    Doctor {
        /// Only print the memory of the running node and the size of the program
        #[arg(long)]
        sizes: bool,
    },
    /// Other nodes and the path to each
    Peers,
    /// The configuration: check it, explain a key, show what is in force
    #[command(subcommand)]
    Config(node::ConfigVerb),
    /// Let a facility ask to join
    Invite(network::Invite),
    /// Ask to join with an invite, or by file
    Join(network::Join),
    /// Requests to join: list, admit, refuse
    #[command(subcommand)]
    Admit(network::AdmitVerb),
    /// Founders: shares, founding a network, signing
    #[command(subcommand)]
    Founders(network::FoundersVerb),
    /// Accords between two networks
    #[command(subcommand)]
    Accord(network::AccordVerb),
    /// How many patients two networks share, rounded, before there is an accord
    #[command(subcommand)]
    Overlap(overlap::OverlapVerb),
    /// Evaluators: who makes the patient tags of a network
    #[command(subcommand)]
    Evaluators(evaluators::EvaluatorsVerb),
    /// Take back a membership, a node key or an accord
    Revoke(network::Revoke),
    /// Let a member, a node or an accord rest, by one founder alone, for at most 72 hours
    Suspend(govern::Suspend),
    /// Declare a disaster, and end it
    #[command(subcommand)]
    Disaster(govern::DisasterVerb),
    /// Sources of records
    #[command(subcommand)]
    Feed(desk::FeedVerb),
    /// Patients of this node
    #[command(subcommand)]
    Patient(desk::PatientVerb),
    /// The common card of a patient: issue, read, take back
    #[command(subcommand)]
    Card(card::CardVerb),
    /// Consents of a patient
    #[command(subcommand)]
    Consent(desk::ConsentVerb),
    /// Accounts of staff: list, add, import, reset, suspend
    #[command(subcommand)]
    Staff(staff::StaffVerb),
    /// Who may hold records of a patient; no packet is sent
    Locate(desk::Locate),
    /// Ask all certain holders for a patient's records
    Fetch(desk::Fetch),
    /// Reading without consent in an emergency: open, list, review
    #[command(subcommand)]
    Emergency(emergency::EmergencyVerb),
    /// All records of a patient, own and others', with source and age
    Timeline(desk::Timeline),
    /// Whether a holder's patient and ours are one person
    #[command(subcommand)]
    Link(linkage::LinkVerb),
    /// The master key on paper, and the keys of patients
    #[command(subcommand)]
    Key(key::KeyVerb),
    /// The audit log: list, verify, prove
    #[command(subcommand)]
    Audit(audit::AuditVerb),
    /// What is kept on disk: check it, put it right
    #[command(subcommand)]
    Store(store::StoreVerb),
    /// Copy what is new to another folder, while the node runs
    Backup(store::Backup),
    /// A node from a backup; with --drill only to try it
    Restore(store::Restore),
    /// Scenarios of the simulator
    #[command(disable_help_flag = true)]
    Sim {
        /// As for the program `sim`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
        args: Vec<OsString>,
    },
    /// Version of program, wire and store
    Version,
}

/// How the demo runs.
#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    /// Do everything once and end, without the page
    #[arg(long)]
    pub once: bool,
    /// Made-up people
    #[arg(long, default_value_t = 200, value_name = "N")]
    pub patients: u32,
    /// The same seed makes the same people
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Where the page is; the next free port if this one is taken
    #[arg(long, default_value_t = 8470, value_name = "PORT")]
    pub port: u16,
}

/// Does what was typed.
///
/// # Errors
/// [`Failure`] with its exit code.
pub fn dispatch(cli: Cli, out: &Output) -> Result<Reply, Failure> {
    let folder = cli.global.folder;
    let ask = |request: Request| ask(&folder, request, out);
    match cli.verb {
        Verb::Demo(args) => crate::demo::run(&args, out),
        Verb::DemoData(args) => crate::demo_data::run(&args, out),
        Verb::Setup(args) => node::set_up(&folder, &args, out),
        Verb::Run(args) => crate::run::run(&folder, &args, out),
        Verb::Status => ask(Request::Status),
        Verb::Doctor { sizes } => ask(Request::Doctor { sizes }),
        Verb::Peers => ask(Request::Peers),
        Verb::Config(verb) => node::config(&folder, verb),
        Verb::Invite(args) => ask(args.request()),
        Verb::Join(args) => ask(args.request()?),
        Verb::Admit(verb) => ask(verb.request()?),
        Verb::Founders(verb) => network::founders(&folder, verb, out),
        Verb::Accord(verb) => ask(verb.request()?),
        Verb::Overlap(verb) => ask(verb.request()?),
        Verb::Evaluators(verb) => ask(verb.request()?),
        Verb::Revoke(args) => ask(args.request()?),
        Verb::Suspend(args) => ask(args.request()?),
        Verb::Disaster(verb) => ask(verb.request()?),
        Verb::Feed(verb) => ask(verb.request()?),
        Verb::Patient(verb) => ask(verb.request()?),
        Verb::Card(verb) => ask(verb.request()?),
        Verb::Consent(verb) => ask(verb.request()),
        Verb::Staff(verb) => ask(verb.request()?),
        Verb::Locate(args) => ask(args.request()),
        Verb::Fetch(args) => ask(args.request()),
        Verb::Emergency(verb) => ask(verb.request()?),
        Verb::Timeline(args) => ask(args.request()),
        Verb::Link(linkage::LinkVerb::Desk(verb)) => ask(verb.request()),
        Verb::Link(linkage::LinkVerb::Office(verb)) => linkage::run(verb),
        Verb::Key(verb) => key::run(&folder, verb, out),
        Verb::Audit(verb) => audit::run(&folder, verb, out),
        Verb::Store(verb) => store::run(&folder, verb, out),
        Verb::Backup(args) => store::backup(&folder, &args, out),
        Verb::Restore(args) => store::restore(&folder, &args, out),
        Verb::Sim { args } => Ok(crate::sim_verb::run(args)),
        Verb::Version => Ok(crate::version::reply()),
    }
}

/// Asks the node of a folder and shows how far it is.
pub fn ask(folder: &Path, request: Request, out: &Output) -> Result<Reply, Failure> {
    let mut bar = out.bar();
    let answer = control::call(folder, request, &mut |progress| bar.show(&progress));
    bar.clear();
    answer
}

const EXIT_CODES: &str = "Exit codes: 0 done · 1 refused by a rule or by the state of things · 2 wrong command or configuration · \
3 node or peer not reachable · 4 store, key or file cannot be used";

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn every_verb_and_option_is_well_formed() {
        Cli::command().debug_assert();
    }
    #[test]
    fn what_is_typed_becomes_the_request_that_was_meant() {
        let typed = ["musubi", "consent", "withdraw", "p3", "--kinds", "lab,image", "--wait", "5"];
        let cli = Cli::try_parse_from(typed).expect("a command");
        let Verb::Consent(verb) = cli.verb else { panic!("consent") };
        let Request::ConsentWithdraw { patient, scope, wait_s, .. } = verb.request() else { panic!("withdraw") };
        assert_eq!((patient.as_str(), wait_s, scope.kinds.len()), ("p3", 5, 2));
        assert!(Cli::try_parse_from(["musubi", "fetch", "p1", "--role", "king"]).is_err());
        assert!(Cli::try_parse_from(["musubi", "join"]).is_err());
    }
    #[test]
    fn a_request_survives_the_socket() {
        let request = Request::AuditList { from: Some(3), limit: 9, patient: None };
        let text = serde_json::to_string(&request).expect("JSON");
        assert_eq!(serde_json::from_str::<Request>(&text).expect("a request"), request);
    }
}
