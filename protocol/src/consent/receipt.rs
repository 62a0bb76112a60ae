use crate::ids::{FacilityId, Hash, NetworkId, PatientId, ReceiptId};
use crate::kinds::{Codes, FacilityClass, KindSet, Purpose, Role, classes, purposes, roles, vocabulary};
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::fmt;

vocabulary! {
    /// What a statement says.
    Stance {
        /// Yes, within its scope.
        Permit = 0, "permit";
        /// No, within its scope; yields to a more specific yes.
        Deny = 1, "deny";
        /// The patient's stop (or the law's): no, within its scope, above every rank.
        Stop = 2, "stop";
        /// Takes back every earlier no (deny or stop) within its scope; permits nothing by itself.
        Lift = 3, "lift";
    }
}

vocabulary! {
    /// Which side of a reading a statement is about.
    Mode {
        /// Holder's side: records of this patient may be announced and served.
        Publish = 0, "publish";
        /// Reader's side: records of this patient may be asked for elsewhere.
        View = 1, "view";
    }
}
/// A set of [`Mode`]s.
pub fn modes(modes: &[Mode]) -> Codes {
    Codes::of(modes.iter().map(|mode| mode.code()))
}

vocabulary! {
    /// What a statement rests on in law.
    LegalBase {
        /// Signed by the patient.
        Signed = 0, "signed";
        /// Posted notice at the holder (黙示の同意), with explicit consent at the reader.
        Notice = 1, "notice";
        /// Signed by a proxy (代理人).
        Proxy = 2, "proxy";
        /// Obtained after an emergency.
        EmergencyAfter = 3, "emergency-after";
    }
}

/// Which networks' readers a statement speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Networks {
    /// Every network.
    All,
    /// Only these.
    List(Vec<NetworkId>),
}
impl Networks {
    /// Whether it speaks of `network`.
    pub fn cover(&self, network: &NetworkId) -> bool {
        match self {
            Self::All => true,
            Self::List(list) => list.contains(network),
        }
    }
}

/// Which holders a statement speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Holders {
    /// Every holder.
    All,
    /// Only these.
    List(Vec<FacilityId>),
}
impl Holders {
    /// Whether it speaks of `holder`.
    pub fn cover(&self, holder: &FacilityId) -> bool {
        match self {
            Self::All => true,
            Self::List(list) => list.contains(holder),
        }
    }
}

/// Which readers a statement speaks of. "All" never means more than the classes that the signed text named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Readers {
    /// Every facility of these classes, also those that join later.
    All {
        /// The classes that the text named.
        classes: Codes,
    },
    /// Only these facilities, whatever their class.
    List(Vec<FacilityId>),
    /// Every facility of these classes but those named.
    AllBut {
        /// The classes that the text named.
        classes: Codes,
        /// Who is left out. In a yes this is a no that names them.
        except: Vec<FacilityId>,
    },
}
impl Readers {
    /// Whether it speaks of this reader.
    pub fn cover(&self, reader: &FacilityId, class: FacilityClass) -> bool {
        match self {
            Self::All { classes } => classes.has(class.code()),
            Self::List(list) => list.contains(reader),
            Self::AllBut { classes, except } => classes.has(class.code()) && !except.contains(reader),
        }
    }
    /// Whether it leaves this reader out by name.
    pub fn except(&self, reader: &FacilityId) -> bool {
        matches!(self, Self::AllBut { except, .. } if except.contains(reader))
    }
    /// Whether it names single facilities.
    pub fn is_list(&self) -> bool {
        matches!(self, Self::List(_))
    }
}

/// One statement of a patient as a facility took it (同意書). Kept where it was taken, never shared; prints redacted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentReceipt {
    /// Which receipt.
    pub id: ReceiptId,
    /// Who took it.
    pub taker: FacilityId,
    /// Of whom, as the taker knows the patient.
    pub patient: PatientId,
    /// Yes, no, stop, or the taking back of a no.
    pub stance: Stance,
    /// Sides of a reading that it is about; codes of [`Mode`].
    pub modes: Codes,
    /// Networks of the readers.
    pub networks: Networks,
    /// Whose records.
    pub holders: Holders,
    /// Who may (or may not) read.
    pub readers: Readers,
    /// Which kinds of records.
    pub kinds: KindSet,
    /// Which staff; codes of [`Role`].
    pub roles: Codes,
    /// For which purposes; codes of [`Purpose`].
    pub purposes: Codes,
    /// First moment at which it counts.
    pub from: Millis,
    /// First moment at which it counts no more; none: until something else is said.
    pub to: Option<Millis>,
    /// What it rests on.
    pub base: LegalBase,
    /// Which version of the printed text the patient read.
    pub text_version: String,
    /// Hash of the scan, tablet stroke or card reader's protocol.
    pub evidence: Hash,
    /// When the patient made the statement; of two of one rank the newer counts.
    pub taken_at: Millis,
    /// When this node got it.
    pub received_at: Millis,
    /// Who took it, by opaque staff number.
    pub staff: String,
    /// Of a no: not even in an emergency.
    pub even_in_emergency: bool,
}

impl ConsentReceipt {
    /// Whether it counts at `now`: from its first moment to just before its end.
    pub fn is_in_force(&self, now: Millis) -> bool {
        #[cfg(feature = "plants")]
        if crate::plants::on("P03") {
            return self.from <= now; // the end, compared on its wrong side, holds for ever
        }
        self.from <= now && self.to.is_none_or(|to| now < to)
    }
    /// The statement that must accompany a new yes if an earlier no is to give way: a patient who signs again after having said
    /// no takes that no back, within the scope of the new yes. Equal statements would otherwise stay at no.
    pub fn lift(&self, id: ReceiptId) -> Self {
        Self { id, stance: Stance::Lift, even_in_emergency: false, ..self.clone() }
    }
    /// A yes to everything at `taker`, for both sides: doctors, nurses, pharmacists and dentists of hospitals, clinics, dental
    /// clinics and pharmacies, for treatment and referral, without end. Forms start from it and narrow.
    pub fn broad(id: ReceiptId, taker: FacilityId, patient: PatientId, taken_at: Millis) -> Self {
        use FacilityClass::{Clinic, Dental, Hospital, Pharmacy};
        Self {
            id,
            taker,
            patient,
            stance: Stance::Permit,
            modes: modes(&[Mode::Publish, Mode::View]),
            networks: Networks::All,
            holders: Holders::All,
            readers: Readers::All { classes: classes(&[Hospital, Clinic, Dental, Pharmacy]) },
            kinds: KindSet::ALL,
            roles: roles(&[Role::Doctor, Role::Nurse, Role::Pharmacist, Role::Dentist]),
            purposes: purposes(&[Purpose::Treatment, Purpose::Referral]),
            from: taken_at,
            to: None,
            base: LegalBase::Signed,
            text_version: String::new(),
            evidence: Hash([0; 32]),
            taken_at,
            received_at: taken_at,
            staff: String::new(),
            even_in_emergency: false,
        }
    }
}
