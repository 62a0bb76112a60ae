//! The common card at the desk.
use super::show::table;
use super::state::Desk;
use super::words;
use crate::control::{CardAsk, Reply};
use crate::failure::Failure;
use protocol::card::{CardPayload, CardSays, CardText};
use protocol::ids::{FacilityId, PatientRef};
use serde_json::{Value, json};
use service::Staff;
use service::cards::{CardDeskError, CardSpec};

impl From<CardDeskError> for Failure {
    fn from(error: CardDeskError) -> Self {
        match error {
            CardDeskError::Write(error) => error.into(),
            CardDeskError::NoPatient(_) => Self::refused(error).next("`musubi patient find WORDS` lists patients"),
            CardDeskError::Card(_) => Self::usage(error),
            error => Self::refused(error),
        }
    }
}

/// Does what was asked.
pub fn handle(desk: &Desk, staff: &Staff, ask: CardAsk) -> Result<Reply, Failure> {
    match ask {
        CardAsk::Issue { patient, number, renews, days, network } => {
            let network = network.map(|text| words::network(desk, Some(&text))).transpose()?;
            let spec = CardSpec { network, number, renews, days };
            let patient = words::patient(&patient)?;
            let text = desk.service().issue_card(staff, patient, &spec)?;
            follow(desk, &[patient])?;
            Ok(signed(desk, &text))
        }
        CardAsk::Read { text, patient } => {
            let patient = patient.as_deref().map(words::patient).transpose()?;
            let read = desk.service().read_card(staff, &text, patient)?;
            follow(desk, &read.own)?;
            let own: Vec<String> = read.own.iter().map(ToString::to_string).collect();
            let (mut json, mut text) = says(desk, &read.says);
            json["patients"] = json!(own);
            if !own.is_empty() {
                text.push_str(&format!("\nPatients of this node for whom it was issued or read: {}.", own.join(", ")));
            }
            Ok(Reply::new(json, text))
        }
        CardAsk::Stop { number, network } => {
            let network = network.map(|text| words::network(desk, Some(&text))).transpose()?;
            let text = desk.service().stop_card(staff, &number, network)?;
            Ok(signed(desk, &text))
        }
    }
}

/// What the number of a card proves is weighed at once, and published.
fn follow(desk: &Desk, patients: &[PatientRef]) -> Result<(), Failure> {
    desk.service().link_pending()?;
    desk.service().publish(patients)?;
    Ok(())
}

/// A signed text in its two forms: for a QR or paper, and for the area of a chip.
fn signed(desk: &Desk, text: &CardText) -> Reply {
    let (mut json, mut words) = says(desk, &text.says);
    let (printed, bytes) = (text.to_text(), text.to_bytes());
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    json["text"] = json!(printed);
    json["hex"] = json!(hex);
    words.push_str(&format!("\n{} bytes for an IC card: {hex}\n{printed}", bytes.len()));
    Reply::new(json, words).file(printed)
}

fn says(desk: &Desk, says: &CardSays) -> (Value, String) {
    match says {
        CardSays::Card(card) => (card_json(card), card_text(desk, card)),
        CardSays::Stop(stop) => {
            let (number, issuer) = (stop.number.as_str(), stop.issuer.to_string());
            let json = json!({ "stop": true, "number": number, "issuer": issuer, "upto": stop.upto });
            (json, format!("Cards of number {number} up to issue {} do not count any more.", stop.upto))
        }
    }
}

fn card_json(card: &CardPayload) -> Value {
    let charts =
        card.charts.iter().map(|(facility, number)| json!({ "facility": facility.to_string(), "number": number }));
    json!({
        "stop": false, "number": card.number.as_str(), "issuer": card.issuer.to_string(), "issue": card.issue,
        "from": card.from.to_string(), "until": card.until.to_string(), "charts": charts.collect::<Vec<_>>(),
    })
}

fn card_text(desk: &Desk, card: &CardPayload) -> String {
    let name = |facility: &FacilityId| desk.service().facility_name(facility);
    let rows = card.charts.iter().map(|(facility, number)| vec![facility.to_string(), name(facility), number.clone()]);
    format!(
        "Card {} issue {}, signed by {}, from {} until {}.\n{}",
        card.number.as_str(),
        card.issue,
        name(&card.issuer),
        card.from,
        card.until,
        table(&["Facility", "Name", "Patient number"], rows)
    )
}
