//! What records are, what they are asked for, and who asks: the closed vocabularies of every rule.
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident = $code:literal, $text:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum $name { $($(#[$item_doc])* $item = $code,)* }
        impl $name {
            /// All of them, in order of their codes.
            pub const ALL: &[Self] = &[$(Self::$item,)*];
            /// The number on the wire.
            pub fn code(self) -> u8 { self as u8 }
            /// What the number on the wire means; none for numbers of later versions.
            pub fn from_code(code: u8) -> Option<Self> { Self::ALL.iter().copied().find(|item| item.code() == code) }
            /// The word in files, commands and JSON.
            pub fn word(self) -> &'static str { match self { $(Self::$item => $text,)* } }
            /// Reads what [`Self::word`] writes.
            pub fn parse(text: &str) -> Option<Self> { Self::ALL.iter().copied().find(|item| item.word() == text) }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.word()) }
        }
    };
}
pub(crate) use vocabulary;

vocabulary! {
    /// A coarse kind: what the index tells, what consents and accords speak of. One bit of a [`KindSet`].
    Coarse {
        /// Demographics, current doctor, insurance (ADT-00, ADT-01).
        Basic = 0, "basic";
        /// Visits, admissions, leaves, moves, discharges (ADT-12 to ADT-52).
        Visit = 1, "visit";
        /// Prescriptions and dispensing (OMP-01, OMP-11).
        Prescription = 2, "prescription";
        /// Injections (OMP-02, OMP-12).
        Injection = 3, "injection";
        /// Laboratory orders and results (OML).
        Lab = 4, "lab";
        /// Problems and diagnoses (PPR-01).
        Disease = 5, "disease";
        /// Allergies (ADT-61).
        Allergy = 6, "allergy";
        /// Radiology and endoscopy (OMG-01, -02, -11, -12).
        Image = 7, "image";
        /// Physiology: electrocardiogram, ultrasound and the like (OMG-03, OMG-13).
        Physiology = 8, "physiology";
        /// Documents of the extended storage.
        Document = 9, "document";
        /// Emergency summary.
        Summary = 10, "summary";
        /// Care and nursing records.
        Care = 11, "care";
        /// Meals (OMD).
        Meal = 12, "meal";
        /// Anything else that was stored.
        Other = 13, "other";
    }
}

/// A set of coarse kinds; the bitmap that the index carries.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KindSet(u32);

impl KindSet {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Every kind that this version knows.
    pub const ALL: Self = Self((1 << Coarse::ALL.len()) - 1);
    /// Exactly these.
    pub fn of(kinds: &[Coarse]) -> Self {
        Self(kinds.iter().fold(0, |bits, kind| bits | 1 << kind.code()))
    }
    /// From the wire; bits of later versions are dropped.
    pub fn from_bits(bits: u32) -> Self {
        Self(bits & Self::ALL.0)
    }
    /// For the wire.
    pub fn bits(self) -> u32 {
        self.0
    }
    /// Whether `kind` is in it.
    pub fn has(self, kind: Coarse) -> bool {
        self.0 & (1 << kind.code()) != 0
    }
    /// What both have.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
    /// What either has.
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
    /// What this has and `other` has not.
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
    /// Whether nothing is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// Whether all of it is in `other`.
    pub fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }
    /// Its kinds, in order.
    pub fn iter(self) -> impl Iterator<Item = Coarse> {
        Coarse::ALL.iter().copied().filter(move |kind| self.has(*kind))
    }
}
impl fmt::Debug for KindSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Coarse::word)).finish()
    }
}

vocabulary! {
    /// Why somebody asks (trust: purpose of use).
    Purpose {
        /// Treatment of a patient who is here.
        Treatment = 0, "treatment";
        /// A referral in either direction.
        Referral = 1, "referral";
        /// Emergency without consent at hand.
        Emergency = 2, "emergency";
        /// Declared disaster.
        Disaster = 3, "disaster";
        /// Planning of care at home.
        CarePlan = 4, "care-plan";
        /// The patient asked to see it.
        PatientRequest = 5, "patient-request";
        /// Quality of care within the network.
        Quality = 6, "quality";
        /// Public health by law.
        PublicHealth = 7, "public-health";
        /// Research; aggregates only.
        Research = 8, "research";
    }
}

vocabulary! {
    /// What a member of staff is.
    Role {
        /// 医師
        Doctor = 0, "doctor";
        /// 看護師
        Nurse = 1, "nurse";
        /// 薬剤師
        Pharmacist = 2, "pharmacist";
        /// 歯科医師
        Dentist = 3, "dentist";
        /// 介護支援専門員
        CareManager = 4, "care-manager";
        /// 介護職員
        CareStaff = 5, "care-staff";
        /// 医療事務
        Clerk = 6, "clerk";
        /// 救急
        Emergency = 7, "emergency";
        /// 監査
        Auditor = 8, "auditor";
        /// システム管理者
        Administrator = 9, "administrator";
        /// ネットワーク事務局
        NetworkOffice = 10, "network-office";
    }
}

vocabulary! {
    /// What kind of house a facility is.
    FacilityClass {
        /// 病院
        Hospital = 0, "hospital";
        /// 診療所
        Clinic = 1, "clinic";
        /// 歯科
        Dental = 2, "dental";
        /// 薬局
        Pharmacy = 3, "pharmacy";
        /// 訪問看護
        VisitingNursing = 4, "visiting-nursing";
        /// 介護
        Care = 5, "care";
        /// 検査
        Lab = 6, "lab";
        /// 健診
        Checkup = 7, "checkup";
        /// 消防
        Fire = 8, "fire";
        /// 行政
        Municipal = 9, "municipal";
    }
}

vocabulary! {
    /// What a member may do for its network.
    MemberRole {
        /// Holds records and publishes entries.
        Holder = 0, "holder";
        /// Asks for records.
        Reader = 1, "reader";
        /// Co-signs others' checkpoints.
        Witness = 2, "witness";
        /// Relays for nodes without an inbound port.
        Relay = 3, "relay";
        /// Evaluates blinded identity strings.
        Evaluator = 4, "evaluator";
    }
}

/// A set of any vocabulary whose codes are below 64, as a bitmap.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Codes(pub u64);

impl Codes {
    /// The set of these codes; codes above 63 do not exist.
    pub fn of(codes: impl IntoIterator<Item = u8>) -> Self {
        Self(codes.into_iter().fold(0, |bits, code| bits | 1u64.checked_shl(code.into()).unwrap_or(0)))
    }
    /// Whether `code` is in it.
    pub fn has(self, code: u8) -> bool {
        code < 64 && self.0 & (1 << code) != 0
    }
    /// What both have.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
    /// Whether nothing is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// Whether all of it is in `other`.
    pub fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }
    /// Its codes, in order.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..64).filter(move |code| self.has(*code))
    }
}
impl fmt::Debug for Codes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
/// A set of [`Role`]s.
pub fn roles(roles: &[Role]) -> Codes {
    Codes::of(roles.iter().map(|role| role.code()))
}
/// A set of [`Purpose`]s.
pub fn purposes(purposes: &[Purpose]) -> Codes {
    Codes::of(purposes.iter().map(|purpose| purpose.code()))
}
/// A set of [`FacilityClass`]es.
pub fn classes(classes: &[FacilityClass]) -> Codes {
    Codes::of(classes.iter().map(|class| class.code()))
}
/// A set of [`MemberRole`]s.
pub fn member_roles(roles: &[MemberRole]) -> Codes {
    Codes::of(roles.iter().map(|role| role.code()))
}

/// The kind of a stored record: an SS-MIX2 データ種別, a kind of the extended storage, or anything else by its own code.
///
/// Source: SS-MIX2 標準化ストレージ仕様書, table of data kinds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DataKind(String);

impl DataKind {
    /// Reads a code such as `OMP-01`: 1 to 32 characters of A-Z, a-z, 0-9, `-`, `^`, `.`.
    pub fn parse(code: &str) -> Option<Self> {
        let fits = code.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'^' | b'.'));
        (fits && (1..=32).contains(&code.len())).then(|| Self(code.to_owned()))
    }
    /// The code as on disk.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Under which coarse kind the index and every rule know it.
    pub fn coarse(&self) -> Coarse {
        match self.0.as_str() {
            "ADT-00" | "ADT-01" => Coarse::Basic,
            "ADT-61" => Coarse::Allergy,
            "PPR-01" => Coarse::Disease,
            "OMP-01" | "OMP-11" => Coarse::Prescription,
            "OMP-02" | "OMP-12" => Coarse::Injection,
            "OMG-01" | "OMG-02" | "OMG-11" | "OMG-12" => Coarse::Image,
            "OMG-03" | "OMG-13" => Coarse::Physiology,
            "OMD" => Coarse::Meal,
            code if code.starts_with("ADT-") => Coarse::Visit,
            code if code.starts_with("OML-") => Coarse::Lab,
            code if code.starts_with("DOC") => Coarse::Document,
            code if code.starts_with("CARE") => Coarse::Care,
            code if code.starts_with("SUM") => Coarse::Summary,
            _ => Coarse::Other,
        }
    }
    /// Whether SS-MIX2 keeps it under the hyphen folder: the whole current state, without a date.
    pub fn is_whole_state(&self) -> bool {
        matches!(self.0.as_str(), "ADT-00" | "ADT-01" | "ADT-61" | "PPR-01")
    }
}
impl fmt::Display for DataKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_and_code_reads_back() {
        for kind in Coarse::ALL {
            assert_eq!(Coarse::parse(kind.word()), Some(*kind));
            assert_eq!(Coarse::from_code(kind.code()), Some(*kind));
        }
        assert_eq!(Role::parse("janitor"), None);
    }
    #[test]
    fn kinds_of_the_standard_map_to_one_coarse_kind() {
        let coarse = |code: &str| DataKind::parse(code).map(|kind| kind.coarse());
        assert_eq!(coarse("OML-11"), Some(Coarse::Lab));
        assert_eq!(coarse("ADT-22"), Some(Coarse::Visit));
        assert_eq!(coarse("ADT-00"), Some(Coarse::Basic));
        assert_eq!(coarse("ZZZ-99"), Some(Coarse::Other));
        assert_eq!(DataKind::parse("../etc"), None);
    }
}
