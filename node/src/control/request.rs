use protocol::kinds::Role;
use serde::{Deserialize, Serialize};

/// Who acts at the desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// Opaque number of a member of staff; the operating system's account if none was given.
    pub staff: Option<String>,
    /// What they are.
    pub role: Option<Role>,
}

/// Everything that a verb can ask of a node. Shares and files travel as texts: the node may not see the caller's folders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    Status,
    Doctor {
        sizes: bool,
    },
    Peers,
    /// Applies what `setup` wrote into the configuration.
    SetUp,
    Invite {
        network: Option<String>,
        facility: String,
        contacts: Vec<String>,
    },
    Join {
        invite: String,
        wait_s: u64,
    },
    JoinFile {
        charter: String,
        facility: String,
    },
    JoinStatus {
        network: Option<String>,
        wait_s: u64,
    },
    AdmitList,
    Admit {
        id: String,
        shares: Vec<String>,
    },
    AdmitFile {
        request: String,
        shares: Vec<String>,
    },
    AdmitOwn {
        network: Option<String>,
        facility: Option<String>,
        shares: Vec<String>,
    },
    AdmitRefuse {
        id: String,
    },
    Welcome {
        network: Option<String>,
        facility: String,
    },
    FoundDraft {
        name: String,
        founders: Vec<String>,
        k: u32,
        shares: Vec<String>,
    },
    Found {
        charter: String,
    },
    Proposals,
    Sign {
        id: String,
        shares: Vec<String>,
    },
    Import {
        text: String,
    },
    Export {
        id: String,
    },
    Charter {
        network: Option<String>,
    },
    AccordPropose(AccordTerms),
    AccordShow,
    /// How many patients two networks share.
    Overlap(OverlapAsk),
    Revoke {
        network: Option<String>,
        target: Target,
        reason: String,
        shares: Vec<String>,
    },
    Founders(FounderAct),
    FeedAdd(NewFeed),
    FeedList,
    FeedTest {
        facility: Option<String>,
        path: String,
    },
    FeedScan {
        name: Option<String>,
    },
    FeedRetry {
        name: Option<String>,
    },
    FeedQuarantine {
        name: Option<String>,
        limit: usize,
    },
    FeedExport(FeedExport),
    PatientFind {
        who: Who,
        text: String,
        facility: Option<String>,
    },
    PatientShow {
        who: Who,
        patient: String,
    },
    PatientErase {
        who: Who,
        patient: String,
        reason: String,
    },
    KeyBackup {
        to: String,
        days: u64,
    },
    ConsentRecord {
        who: Who,
        patient: String,
        spec: ConsentSpec,
    },
    ConsentShow {
        who: Who,
        patient: String,
    },
    ConsentCertificate {
        who: Who,
        patient: String,
        receipt: Option<String>,
    },
    ConsentWithdraw {
        who: Who,
        patient: String,
        scope: WithdrawScope,
        wait_s: u64,
    },
    Locate {
        who: Who,
        patient: String,
    },
    Fetch {
        who: Who,
        patient: String,
        read: ReadSpec,
    },
    Emergency(EmergencyAsk),
    Timeline {
        who: Who,
        patient: String,
        read: ReadSpec,
        local: bool,
    },
    /// The common card of a patient.
    Card {
        who: Who,
        ask: CardAsk,
    },
    /// Links within this node.
    Links {
        who: Who,
        ask: LinksAsk,
    },
    /// Links with other desks.
    Desks(DesksAsk),
    AuditList {
        from: Option<u64>,
        limit: usize,
        patient: Option<String>,
    },
    Staff(StaffAsk),
    AuditVerify,
    AuditProve {
        leaf: u64,
    },
    StoreVerify,
    StoreSnapshot,
    Backup {
        to: String,
    },
}

/// What desks ask each other about links across networks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DesksAsk {
    Review { who: Who },
    Ask { who: Who, patient: String, holder: String, handle: Option<String>, statement: String },
    Confirm { who: Who, patient: String, holder: String, handle: Option<String>, reason: String },
    Answer { who: Who, id: String, verdict: String },
}

/// What founders do beside admitting, signing and revoking. Shares travel as texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FounderAct {
    /// One founder lets something rest.
    Suspend { network: Option<String>, target: Target, for_ms: u64, reason: String, share: String },
    /// What rests or rested.
    Suspensions,
    /// A disaster is declared.
    Declare {
        network: Option<String>,
        area: Vec<String>,
        for_ms: u64,
        reason: String,
        alone: bool,
        shares: Vec<String>,
    },
    /// And ended.
    EndDisaster { network: Option<String>, shares: Vec<String> },
    /// What is declared.
    Disasters,
    /// A later charter.
    Change {
        network: Option<String>,
        add: Vec<String>,
        remove: Vec<String>,
        k: Option<u32>,
        purposes: Vec<String>,
        shares: Vec<String>,
    },
    /// Evaluators are named.
    CallEvaluators(EvaluatorsCall),
    /// How tags are made.
    Evaluators,
}

/// What a verb can ask about emergency reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EmergencyAsk {
    /// Read without consent.
    Open(Box<OpenEmergency>),
    /// All of them.
    List { who: Who },
    /// Was it one.
    Review { who: Who, id: String, verdict: String, note: String },
}

/// A read without consent as it is typed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenEmergency {
    pub who: Who,
    pub password: Option<String>,
    pub code: Option<String>,
    pub patient: String,
    pub reason: String,
    pub text: String,
    pub present: bool,
    pub disaster: bool,
    pub kinds: Vec<String>,
    pub holders: Vec<String>,
    pub wait_ms: Option<u64>,
}

/// Without password, code and text.
impl std::fmt::Debug for OpenEmergency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenEmergency").field("who", &self.who).field("patient", &self.patient).finish_non_exhaustive()
    }
}

/// What a verb can ask about accounts of staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StaffAsk {
    /// Everybody.
    List,
    /// Somebody new.
    Add(NewStaff),
    /// A list, as its bytes; only looked at, unless `yes`.
    Import {
        /// UTF-8 or Shift_JIS.
        list: Vec<u8>,
        /// Do it.
        yes: bool,
    },
    /// A new one-time code.
    Reset {
        /// Whose.
        number: String,
        /// Also the second factor.
        factor: bool,
    },
    /// Let nobody in under this account.
    Suspend {
        /// Whose.
        number: String,
    },
    /// Let them in again.
    Resume {
        /// Whose.
        number: String,
    },
    /// A new set-up link.
    Link,
}

/// A member of staff as they are typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewStaff {
    /// With what they sign in.
    pub login: String,
    /// Their name.
    pub name: String,
    /// What they are.
    pub role: String,
    /// Where they work.
    pub department: String,
    /// Which facility's; empty: the first.
    pub facility: String,
}

/// A call of evaluators as it is typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluatorsCall {
    /// Of which network.
    pub network: Option<String>,
    /// Digits of the members, in the order of their seats.
    pub evaluators: Vec<String>,
    /// How many must answer.
    pub threshold: Option<u32>,
    /// How long the key is used.
    pub days: Option<u64>,
    /// Founders' share files.
    pub shares: Vec<String>,
}

/// An accord as it is typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccordTerms {
    /// Our network.
    pub network: Option<String>,
    /// The partner's charter file.
    pub charter: String,
    /// Clauses, such as `theirs:prescription,lab:doctor:treatment:hospital,clinic`.
    pub clauses: Vec<String>,
    /// How long it is in force.
    pub days: Option<u64>,
    /// How long copies are kept.
    pub copy_hours: Option<u32>,
    /// Where nodes of either side are first met.
    pub contacts: Vec<String>,
    /// Texts of share files.
    pub shares: Vec<String>,
}

/// What is to be written out, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedExport {
    pub to: String,
    pub facility: Option<String>,
    pub feed: Option<String>,
    pub with_quarantine: bool,
}

/// A feed as it is typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewFeed {
    /// Whose.
    pub facility: Option<String>,
    /// Absolute path.
    pub path: String,
    /// A name of its own.
    pub name: Option<String>,
    /// How often it is walked.
    pub transactions: Option<String>,
    pub scan_interval_s: Option<u64>,
}

/// How much of a consent is taken back; nothing: everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawScope {
    /// Only for these readers.
    pub readers: Vec<String>,
    /// Only these kinds.
    pub kinds: Vec<String>,
    /// Only this network.
    pub network: Option<String>,
    /// Not even in an emergency.
    pub even_in_emergency: bool,
}

/// What founders take back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// A facility's membership.
    Facility(String),
    /// A node's key.
    Node(String),
    /// An accord.
    Accord(String),
}

/// What a patient agrees to; an empty list stands for the usual.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentSpec {
    /// Single readers.
    pub readers: Vec<String>,
    /// Classes of readers.
    pub classes: Vec<String>,
    /// Networks of readers.
    pub networks: Vec<String>,
    /// Holders whose records are meant.
    pub holders: Vec<String>,
    /// Kinds.
    pub kinds: Vec<String>,
    /// Staff.
    pub roles: Vec<String>,
    /// Purposes.
    pub purposes: Vec<String>,
    /// How many days it lasts; nothing: until withdrawn.
    pub days: Option<u64>,
    /// What it rests on.
    pub base: String,
    /// It is a refusal.
    pub deny: bool,
}

/// What is to be read of holders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadSpec {
    /// Why.
    pub purpose: String,
    /// What shows it.
    pub ground: Option<String>,
    /// What the ground is.
    pub evidence: String,
    /// Kinds; nothing: all.
    pub kinds: Vec<String>,
    /// Care dates from, `YYYYMMDD`.
    pub from: Option<String>,
    /// Care dates to.
    pub to: Option<String>,
    /// Only these holders.
    pub holders: Vec<String>,
    /// Longest wait in milliseconds.
    pub wait_ms: Option<u64>,
    /// Most bytes.
    pub limit_bytes: Option<u64>,
}

/// What can be asked about cards. Patients, networks and numbers as they were typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CardAsk {
    Issue {
        patient: String,
        number: Option<String>,
        renews: Option<String>,
        days: Option<u16>,
        network: Option<String>,
    },
    Read {
        text: String,
        patient: Option<String>,
    },
    Stop {
        number: String,
        network: Option<String>,
    },
}

/// What can be asked about links within the node. Pairs and numbers as they were typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinksAsk {
    List { later: bool },
    Pair { pair: String },
    Answer { pair: String, same: bool, reason: String },
    Later { pair: String, days: u32 },
    Make { one: String, other: String, reason: String },
    Undo { id: String, reason: String },
    History { patient: String },
    Seen { id: String },
    Stats,
    Run,
}

/// What can be asked about counts of shared patients. Charters and shares travel as texts; lists are large, and go by path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OverlapAsk {
    Ask { charter: String, network: Option<String>, parts: Vec<String>, share: String, to: String },
    Accept { ask: String, charter: String, parts: Vec<String>, raised: Option<String>, share: String, to: String },
    Count { answer: String, raised: Option<String>, to: String },
    Hear { outcome: String },
    Show,
    Secret { charter: Option<String>, ask: Option<String>, network: Option<String>, to: String },
    Mask { secret: String, to: String },
    Raise { list: String, secret: String, to: String },
}
