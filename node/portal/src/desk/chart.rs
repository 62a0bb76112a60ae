use protocol::engine::HolderStatus;
use protocol::ids::{FacilityId, Handle, PatientRef, RequestId};
use protocol::kinds::{DataKind, FacilityClass, KindSet};
use protocol::time::{Date, Millis};
use records::model::{Clinical, Line, Sex};
use service::consents::Standing;

/// A facility as pages name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FacilityName {
    /// Its number.
    pub id: FacilityId,
    /// Its name.
    pub name: String,
    /// What kind of house, if a membership says so.
    pub class: Option<FacilityClass>,
}

/// What a search found. Personal data.
#[derive(Clone, Default)]
pub struct Found {
    /// By reading, then by number.
    pub rows: Vec<FoundRow>,
    /// There are more: add a word.
    pub more: bool,
    /// The text was understood as this birth date.
    pub birth: Option<Date>,
    /// When.
    pub now: Millis,
}

/// One person in a list. Personal data.
#[derive(Clone)]
pub struct FoundRow {
    /// Who.
    pub person: Person,
    /// Current records here.
    pub records: u32,
}

/// Who a page is about. Personal data, so it has no `Debug`.
#[derive(Clone)]
pub struct Person {
    /// The node's own number; the only one that stands in URLs.
    pub patient: PatientRef,
    /// Whose patient.
    pub facility: FacilityName,
    /// The facility's number of the patient.
    pub number: String,
    /// The written name.
    pub name: String,
    /// Its reading.
    pub kana: String,
    /// Birth date.
    pub birth: Option<Date>,
    /// Sex.
    pub sex: Sex,
    /// The facility deleted this patient.
    pub is_deleted: bool,
}

/// One person's records here, and who else may hold some.
#[derive(Clone)]
pub struct Chart {
    /// When.
    pub now: Millis,
    /// Who.
    pub person: Person,
    /// Own current records, in any order.
    pub own: Vec<ItemRow>,
    /// When the facility's source was looked at last, if ever.
    pub own_checked: Option<Millis>,
    /// What stands in the banner.
    pub facts: Facts,
    /// Others, in the order of their places on the page; none: the index could not be looked at, so nobody knows.
    pub holders: Option<Vec<Holder>>,
    /// Names of those whose index nobody has confirmed since the node started: unknown, and not among the holders.
    pub unconfirmed: Vec<String>,
}

/// What the banner says on every page of a person.
#[derive(Clone, Default)]
pub struct Facts {
    /// What the own side knows of allergies; none: it has no list.
    pub allergies: Option<Vec<String>>,
    /// What the patient said at this desk.
    pub consent: Standing,
    /// Until when what was read without consent lies here; none: nothing does.
    pub emergency: Option<Millis>,
}

/// Contents of many records. Personal data.
#[derive(Default)]
pub struct Contents {
    /// What could be read.
    pub read: Vec<(ItemPath, Clinical)>,
    /// How many could not; what they say is unknown.
    pub unread: usize,
}

/// One file of a document. Personal data.
pub struct File {
    /// Its media type, by its name.
    pub kind: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Somebody else who may hold records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Who.
    pub facility: FacilityName,
    /// Name of the network.
    pub network: String,
    /// Its name for the patient: two of its patients may fit ours, and each has a row of its own. None: a facility of this node.
    pub handle: Option<Handle>,
    /// Kinds that it announces.
    pub kinds: KindSet,
}

impl Holder {
    /// Whether both are the same patient of the same holder, whatever it announces now.
    pub fn is_same(&self, other: &Self) -> bool {
        self.facility.id == other.facility.id && self.network == other.network && self.handle == other.handle
    }
}

/// What a holder's row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowStatus {
    /// The holder, or the line to it, answered.
    Answered(HolderStatus),
    /// Not asked: people have to say first whether it is our patient.
    Unlinked,
    /// Not asked: people said that it is somebody else.
    NotSame,
    /// It had answered, but the copies are gone (withdrawal or end of their time).
    Gone,
}

impl RowStatus {
    /// Whether records may exist that the page does not show.
    pub fn is_unknown(self) -> bool {
        use HolderStatus::{
            Busy, Damaged, Data, Late, NoConsentHere, NotMember, Nothing, Offline, OutsideAccord, Pending,
        };
        match self {
            Self::Answered(Data | Nothing | OutsideAccord { .. }) | Self::NotSame => false,
            Self::Answered(Pending | Busy | Offline { .. } | Late | NotMember | NoConsentHere | Damaged) => true,
            Self::Unlinked | Self::Gone => true,
        }
    }
}

/// One holder's answer. May come twice: late, and then the real one.
#[derive(Clone)]
pub struct HolderAnswer {
    /// Who.
    pub holder: Holder,
    /// What the row says.
    pub status: RowStatus,
    /// What came.
    pub items: Vec<ItemRow>,
    /// A rule or a cut line took something away.
    pub is_cut: bool,
    /// When the answer came.
    pub at: Millis,
}

/// One record in a list. Its title may tell something of the patient.
#[derive(Clone, PartialEq, Eq)]
pub struct ItemRow {
    /// Under which it is opened.
    pub path: ItemPath,
    /// What it is.
    pub kind: DataKind,
    /// 診療日; none for what holds until further notice.
    pub care_date: Option<Date>,
    /// What people see.
    pub title: String,
    /// When its source made it.
    pub made_at: Millis,
    /// When its holder last knew that it still holds.
    pub checked_at: Millis,
}

/// Where a record is opened: fit for URLs, without any name, number or date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemPath {
    /// An own record, by the keyed hash that names it in the store.
    Own([u8; 16]),
    /// A copy of a holder's record.
    Copy(RequestId, [u8; 16]),
}

impl ItemPath {
    /// Reads what [`std::fmt::Display`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |text: &str| -> Option<[u8; 16]> {
            let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?;
            bytes.try_into().ok()
        };
        match text.split_once('-')? {
            ("own", item) => Some(Self::Own(hex(item)?)),
            (request, item) => Some(Self::Copy(RequestId(hex(request)?), hex(item)?)),
        }
    }
}

impl std::fmt::Display for ItemPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hex = |bytes: &[u8; 16]| data_encoding::HEXLOWER.encode(bytes);
        match self {
            Self::Own(item) => write!(f, "own-{}", hex(item)),
            Self::Copy(request, item) => write!(f, "{}-{}", hex(&request.0), hex(item)),
        }
    }
}

/// One record, for reading. Personal data.
#[derive(Clone)]
pub struct ItemView {
    /// When.
    pub now: Millis,
    /// Whose.
    pub person: Person,
    /// Its head.
    pub row: ItemRow,
    /// Who holds it.
    pub holder: FacilityName,
    /// The network over which it came; none for own records.
    pub network: Option<String>,
    /// A copy is deleted at this moment.
    pub until: Option<Millis>,
    /// Its rows in words; empty if it could not be read.
    pub lines: Vec<Line>,
    /// What was odd about it; without personal data.
    pub problems: Vec<String>,
    /// What stands in the banner.
    pub facts: Facts,
    /// Files of a document: name and number of bytes.
    pub files: Vec<(String, u64)>,
    /// The text as it was sent; none if it was not asked for or is no text.
    pub original: Option<String>,
    /// Number of its bytes.
    pub bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn item_paths_survive_a_round_trip_and_nothing_else_is_read() {
        for path in [ItemPath::Own([7; 16]), ItemPath::Copy(RequestId([1; 16]), [2; 16])] {
            assert_eq!(ItemPath::parse(&path.to_string()), Some(path));
        }
        for text in
            ["", "own-", "own-zz", "own-00", "-", "00-00", "own-../../etc", "own-0000000000000000000000000000000g"]
        {
            assert_eq!(ItemPath::parse(text), None, "{text:?}");
        }
    }
    #[test]
    fn only_answers_that_settle_the_matter_are_known() {
        assert!(!RowStatus::Answered(HolderStatus::Data).is_unknown());
        assert!(RowStatus::Answered(HolderStatus::Offline { last_seen: None }).is_unknown());
        assert!(RowStatus::Answered(HolderStatus::Late).is_unknown());
        assert!(RowStatus::Gone.is_unknown());
    }
}
