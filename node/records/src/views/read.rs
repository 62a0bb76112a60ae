use super::{agreement, allergy, disease, exam, generic, injection, lab, meal, person, prescription, visit};
use crate::hl7::{self, DecodeFailure, Encoding, Message, MessageFailure, Stamp};
use crate::model::{Clinical, Patient, VisitEvent};
use crate::parsed::Problems;
use crate::ssmix2::FileName;
use crate::{Fault, Parsed, Place};
use protocol::kinds::DataKind;
use protocol::time::Date;
use serde::{Deserialize, Serialize};

/// Everything that one file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The record itself.
    pub clinical: Clinical,
    /// Whose it is, as far as the message's PID says; for ADT-00 with insurances, contacts and measures.
    pub patient: Patient,
    /// What the message says of itself.
    pub header: Header,
    /// The day that the record belongs to: the folder's, else the one in the message; none for whole-state kinds.
    pub date: Option<Date>,
}

/// What a message says of itself (MSH), and how it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Type and trigger: `ADT^A08`.
    pub message: String,
    /// MSH-7, when it was made.
    pub sent: Option<Stamp>,
    /// MSH-10; reused by some writers, so never a key.
    pub control: String,
    /// MSH-21, the release of SS-MIX2.
    pub profile: String,
    /// How the bytes were written.
    pub encoding: Encoding,
}

/// Why a file could not be read as a record. It goes to quarantine with this text; nothing of it is shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseFailure {
    /// The bytes are no text.
    #[error(transparent)]
    Decode(#[from] DecodeFailure),
    /// The text is no message.
    #[error(transparent)]
    Message(#[from] MessageFailure),
    /// Nobody's record.
    #[error("has no PID segment, so it is nobody's record; the writer may be at work, else ask the vendor")]
    NoPatient,
    /// Wrong-patient risk.
    #[error("segment PID field 3: names another patient than the path; a person must decide whose it is")]
    WrongPatient,
    /// Wrong-patient risk.
    #[error("has PID segments of different patients; a person must decide whose it is")]
    TwoPatients,
    /// Type and segments belong to another kind.
    #[error("segment MSH field 9: {found} with these segments is no {kind}; move the file to its kind's folder")]
    WrongKind {
        /// The kind that the path says.
        kind: DataKind,
        /// Message type and trigger.
        found: String,
    },
}

impl ParseFailure {
    /// Whether a second look soon may find it whole: the writer may still be at work.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Decode(failure) => *failure == DecodeFailure::Empty,
            Self::Message(failure) => *failure == MessageFailure::BrokenHeader,
            Self::NoPatient => true,
            Self::WrongPatient | Self::TwoPatients | Self::WrongKind { .. } => false,
        }
    }
}

/// Reads the bytes of one message of a known kind.
///
/// # Errors
/// [`ParseFailure`], with which the file goes to quarantine.
pub fn parse_record(kind: &DataKind, bytes: &[u8]) -> Result<Parsed<Clinical>, ParseFailure> {
    read(kind, None, bytes).map(|parsed| parsed.map(|reading| reading.clinical))
}

/// Reads the bytes of one file of the standardized storage and checks them against its path.
///
/// Another patient in the message than in the path is a failure; any other disagreement is a problem, and the path decides.
///
/// # Errors
/// [`ParseFailure`], with which the file goes to quarantine.
pub fn parse_file(name: &FileName, bytes: &[u8]) -> Result<Parsed<Reading>, ParseFailure> {
    read(&name.kind, Some(name), bytes)
}

fn read(kind: &DataKind, name: Option<&FileName>, bytes: &[u8]) -> Result<Parsed<Reading>, ParseFailure> {
    let mut problems = Problems::default();
    let decoded = hl7::decode(bytes)?;
    problems.extend(decoded.problems);
    let split = Message::parse(&decoded.value.text)?;
    problems.extend(split.problems);
    let message = split.value;
    agreement::check_patients(&message, name, &mut problems)?;
    agreement::check_kind(kind, &message, &mut problems)?;
    let header = header(&message, decoded.value.encoding, &mut problems);
    let mut patient = person::patient(&message, &mut problems);
    let clinical = view(kind, &message, &mut patient, &mut problems);
    let date = agreement::date(kind, name, &message, &mut problems);
    Ok(problems.with(Reading { clinical, patient, header, date }))
}

fn view(kind: &DataKind, message: &Message<'_>, patient: &mut Patient, problems: &mut Problems) -> Clinical {
    let code = kind.as_str();
    if let Some(event) = VisitEvent::of_kind(code) {
        return Clinical::Visit(Box::new(visit::visit(kind, event, message, problems)));
    }
    match code {
        "ADT-00" => {
            person::complete(patient, message, problems);
            Clinical::Patient(Box::new(patient.clone()))
        }
        "ADT-61" => Clinical::Allergies(allergy::allergies(message, problems)),
        "PPR-01" => Clinical::Problems(disease::problems(message, problems)),
        "OMP-01" | "OMP-11" => Clinical::Prescription(Box::new(prescription::prescription(message, problems))),
        "OMP-02" | "OMP-12" => Clinical::Injection(Box::new(injection::injection(message, problems))),
        "OML-01" | "OML-11" => Clinical::Lab(Box::new(lab::report(kind, message, problems))),
        "OMG-01" | "OMG-02" | "OMG-11" | "OMG-12" => {
            Clinical::Imaging(Box::new(exam::imaging(kind, message, problems)))
        }
        "OMG-03" | "OMG-13" => Clinical::Physiology(Box::new(exam::physiology(kind, message, problems))),
        "OMD" => Clinical::Meal(Box::new(meal::meals(message, problems))),
        _ => Clinical::Generic(Box::new(generic::generic(kind, message))),
    }
}

fn header(message: &Message<'_>, encoding: Encoding, problems: &mut Problems) -> Header {
    let msh = message.header();
    let version = msh.field(12).text();
    if !version.is_empty() && version != "2.5" {
        problems.add(msh.place_of(12), Fault::OtherVersion);
    }
    if matches!(msh.field(11).text().as_ref(), "T" | "D") {
        problems.add(msh.place_of(11), Fault::TestData);
    }
    let (kind, trigger, _) = message.kind();
    let (sent, odd) = Stamp::parse(&msh.field(7).text());
    if odd {
        problems.add(Place::Field { name: "MSH".into(), row: msh.row(), field: 7 }, Fault::BadDate);
    }
    Header {
        message: format!("{kind}^{trigger}"),
        sent,
        control: msh.field(10).text().into_owned(),
        profile: msh.field(21).text().into_owned(),
        encoding,
    }
}
