use super::show::{event_json, kinds, table, when};
use super::state::Desk;
use super::words;
use crate::control::Reply;
use crate::failure::Failure;
use protocol::kinds::KindSet;
use serde_json::{Value, json};
use service::access_log::{LogEnd, LogLine, LogQuery, ProveError};

impl From<ProveError> for Failure {
    fn from(error: ProveError) -> Self {
        match error {
            ProveError::Command(error) => error.into(),
            ProveError::Write(error) => error.into(),
            ProveError::NoEvent { .. } => Self::usage(error).next("`musubi audit list` shows the numbers"),
            error => Self::store(error),
        }
    }
}

/// The newest events, or those from a number on.
pub fn list(desk: &Desk, uid: u32, from: Option<u64>, limit: usize, patient: Option<String>) -> Result<Reply, Failure> {
    let staff = words::administrator(uid)?;
    let patient = patient.as_deref().map(words::patient).transpose()?;
    let size = desk.service().log_head().size;
    let end = if from.is_some() { LogEnd::Oldest } else { LogEnd::Newest };
    let query = LogQuery { from: from.unwrap_or_default(), limit, patient, end, ..LogQuery::default() };
    let mut lines = desk.service().audit(&staff, &query)?;
    lines.drain(..lines.len().saturating_sub(limit));
    let text = match lines.is_empty() {
        true => "No such events.".to_owned(),
        false => table(
            &["Leaf", "At", "What", "Patient", "Facility", "Peer", "Staff", "Kinds", "Count", "Why"],
            lines.iter().map(row),
        ),
    };
    let events: Vec<Value> = lines.iter().map(|line| event_json(line.index, &line.event)).collect();
    Ok(Reply::new(json!({ "size": size, "events": events }), text))
}

fn row(line: &LogLine) -> Vec<String> {
    let event = &line.event;
    let text = |value: Option<String>| value.unwrap_or_default();
    let why = event
        .reason
        .map(|code| protocol::policy::Why::from_code(code).map_or_else(|| code.to_string(), |why| why.to_string()));
    vec![
        line.index.to_string(),
        when(event.at),
        event.what.to_string(),
        text(event.patient.map(|patient| patient.to_string())),
        text(event.facility.as_ref().map(ToString::to_string)),
        text(event.peer.as_ref().map(ToString::to_string)),
        text(event.staff.clone()),
        if event.kinds == KindSet::ALL { "all".into() } else { kinds(event.kinds).join(",") },
        event.count.to_string(),
        text(why.or_else(|| (!event.note.is_empty()).then(|| event.note.clone()))),
    ]
}

/// Recomputes the whole log.
pub fn verify(desk: &Desk) -> Result<Reply, Failure> {
    let report = desk.service().verify_log().map_err(|damage| {
        Failure::refused(format!("the audit log does not verify: {damage}"))
            .next("keep the folder as it is, and restore from the newest backup into another one")
    })?;
    let sound = report.is_sound();
    let witnessed = report.checkpoint.as_ref().map(|signed| signed.checkpoint.size);
    let witnesses = report.checkpoint.as_ref().map_or(0, |signed| signed.cosignatures.len());
    let json = json!({
        "ok": sound, "size": report.head.size, "root": report.head.root.to_string(), "witnessed": witnessed, "witnesses": witnesses,
    });
    let text = match (sound, witnessed) {
        (false, _) => {
            "The log is not the one that witnesses signed: it was changed or restored from an old backup.".into()
        }
        (true, Some(size)) => {
            format!("All {} events verify; witnesses ({witnesses}) signed the log up to {size}.", report.head.size)
        }
        (true, None) => format!("All {} events verify; no witness has signed the log yet.", report.head.size),
    };
    Ok(Reply::new(json, text).exit(u8::from(!sound)))
}

/// Evidence of one event.
pub fn prove(desk: &Desk, uid: u32, leaf: u64) -> Result<Reply, Failure> {
    let proof = desk.service().prove(&words::administrator(uid)?, leaf)?;
    let witnesses = proof.findings.witnesses.len();
    let mut text = format!("Evidence of event {leaf}; `musubi audit verify FILE` checks it anywhere.");
    if !proof.is_witnessed {
        text.push_str("\nNo witness has signed this part of the log yet: it shows only what this node says. Ask again when peers are connected.");
    }
    let json = json!({
        "leaf": leaf, "size": proof.findings.checkpoint.size, "witnesses": witnesses, "witnessed": proof.is_witnessed,
        "exchange": proof.findings.exchange.is_some(), "event": event_json(leaf, &proof.findings.event),
    });
    Ok(Reply::new(json, text).file(proof.text))
}
