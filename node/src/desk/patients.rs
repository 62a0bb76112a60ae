use super::node_links::{member_json, reach};
use super::show::{kinds, table, when};
use super::state::Desk;
use super::words;
use crate::control::Reply;
use crate::failure::Failure;
use protocol::fetch::State;
use protocol::ids::FacilityId;
use serde_json::{Value, json};
use service::Staff;
use service::erasing::EraseError;
use service::patients::{FindError, PatientRow, Query};
use service::records_read::{RecordError, Records};

impl From<FindError> for Failure {
    fn from(error: FindError) -> Self {
        match error {
            FindError::Empty => Self::usage(error),
            FindError::Unknown(_) => {
                Self::refused(error).next("`musubi patient find WORDS` lists patients as p1, p2, …")
            }
            FindError::Log(_) => Self::store(error),
        }
    }
}

impl From<RecordError> for Failure {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Unknown(_) => Self::refused(error),
            error => Self::store(error),
        }
    }
}

impl From<EraseError> for Failure {
    fn from(error: EraseError) -> Self {
        match &error {
            EraseError::NoPatient(_) => {
                Self::refused(&error).next("`musubi patient find WORDS` lists patients as p1, p2, …")
            }
            EraseError::Published(patient) | EraseError::Consented(patient, _) => {
                Self::refused(&error).next(format!("`musubi consent withdraw {patient}`, then again"))
            }
            EraseError::Reason => Self::usage(&error),
            EraseError::Copies(_) | EraseError::Store(_) => Self::store(&error),
        }
    }
}

/// Erases one for good.
pub fn erase(desk: &Desk, staff: &Staff, patient: &str, reason: &str) -> Result<Reply, Failure> {
    let patient = words::patient(patient)?;
    let erased = desk.service().erase_patient(staff, patient, reason)?;
    let text = format!(
        "{patient} is erased: {} records, {} files. Nothing of it can be read any more, here or in a backup; the feeds will not \
         bring it back. Event {} tells of it. Backups of the key ring from before (`musubi key backup`) still hold its key: delete \
         them.",
        erased.records, erased.files, erased.leaf
    );
    let json = json!({
        "patient": patient.to_string(), "records": erased.records, "files": erased.files, "leaf": erased.leaf,
    });
    Ok(Reply::new(json, text))
}

/// Looks for patients.
pub fn find(desk: &Desk, staff: &Staff, text: String, facility: Option<String>) -> Result<Reply, Failure> {
    let facility = facility.map(|facility| words::own_facility(desk, Some(&facility))).transpose()?;
    let found = desk.patients().find(staff, &Query { text, facility })?;
    let rows = found.patients.iter().map(|row| {
        vec![
            row.patient.to_string(),
            row.name.clone(),
            row.kana.clone(),
            row.birth.map(|birth| birth.to_string()).unwrap_or_default(),
            row.sex.japanese().to_owned(),
            row.facility.to_string(),
            row.id.expose_number().to_owned(),
            row.records.to_string(),
        ]
    });
    let mut text = match found.patients.is_empty() {
        true => "Nobody of that description is known here.".to_owned(),
        false => table(&["Patient", "Name", "Kana", "Born", "Sex", "Facility", "Number", "Records"], rows),
    };
    if found.more {
        text.push_str("\n… and more; add a word.");
    }
    let json = json!({ "patients": found.patients.iter().map(row_json).collect::<Vec<_>>(), "more": found.more });
    Ok(Reply::new(json, text))
}

fn row_json(row: &PatientRow) -> Value {
    json!({
        "patient": row.patient.to_string(), "facility": row.facility.to_string(), "authority": row.id.authority().as_str(),
        "number": row.id.expose_number(), "name": row.name, "kana": row.kana, "birth": row.birth.map(|b| b.to_string()),
        "sex": row.sex.japanese(), "kinds": kinds(row.kinds), "records": row.records, "deleted": row.is_deleted,
    })
}

/// What this node knows of one patient, with the list of its records.
pub fn show(desk: &Desk, staff: &Staff, patient: &str) -> Result<Reply, Failure> {
    let patient = words::patient(patient)?;
    let entry = desk.patients().show(staff, patient)?;
    let records = Records::new(desk.service().store().clone(), desk.service().clock().clone());
    let rows = records.list(staff, patient)?;
    let facility: &FacilityId = &entry.facility;
    let person = desk.service().person(staff, patient)?;
    let others: Vec<String> = person
        .iter()
        .skip(1)
        .map(|one| {
            format!(
                "\nSame as   {}  {}  {}",
                one.patient,
                desk.service().facility_name(&one.facility),
                reach(one.reach)
            )
        })
        .collect();
    let birth = entry.patient.birth_date.expose().map(|birth| birth.to_string());
    let text = format!(
        "{patient}  {}  {}\nBorn      {}  {}\nFacility  {facility} {}\nNumber    {}\nAs of     {}{}\n\n{}",
        entry.shown_name(),
        entry.shown_kana(),
        birth.clone().unwrap_or_else(|| "not known".into()),
        entry.patient.sex.japanese(),
        desk.service().facility_name(facility),
        entry.id.expose_number(),
        when(entry.as_of),
        others.concat(),
        table(
            &["Date", "Kind", "Title", "Holder", "Bytes", "State"],
            rows.iter().map(|row| vec![
                row.care_date.map(|date| date.to_string()).unwrap_or_default(),
                row.kind.to_string(),
                row.title.clone(),
                row.facility.to_string(),
                row.size.to_string(),
                state(row.state).to_owned(),
            ])
        )
    );
    let list: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "id": row.id.to_string(), "kind": row.kind.as_str(), "coarse": row.kind.coarse().word(),
                "care_date": row.care_date.map(|date| date.to_string()), "title": row.title, "bytes": row.size,
                "department": row.department, "state": state(row.state), "made_at": row.at.0, "stored_at": row.stored_at.0,
                "source": row.source, "facility": row.facility.to_string(),
            })
        })
        .collect();
    let json = json!({
        "patient": patient.to_string(), "facility": facility.to_string(), "authority": entry.id.authority().as_str(),
        "number": entry.id.expose_number(), "name": entry.shown_name(), "kana": entry.shown_kana(), "birth": birth,
        "sex": entry.patient.sex.japanese(), "kinds": kinds(entry.kinds()), "deleted": entry.is_deleted,
        "as_of": entry.as_of.0, "person": person.iter().map(member_json).collect::<Vec<_>>(), "records": list,
    });
    Ok(Reply::new(json, text))
}

/// Whether a record holds.
pub fn state(state: State) -> &'static str {
    match state {
        State::Current => "current",
        State::History => "history",
        State::Deleted => "deleted",
    }
}
