use super::show::{table, when};
use super::state::Desk;
use super::words;
use crate::control::Reply;
use crate::failure::Failure;
use protocol::confirm::{Answer, Reason};
use protocol::engine::{LinkQuestion, LinkVerdict};
use protocol::ids::{FacilityId, Handle};
use serde_json::{Value, json};
use service::Staff;
use service::linking::LinkError;

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Locate(error) => error.into(),
            LinkError::Command(error) => error.into(),
            LinkError::Write(error) => error.into(),
            LinkError::NoStatement => Self::usage(error),
            LinkError::Parted(_) => {
                Self::refused(error).next("`musubi link review` lists what was said; `link undo ID`")
            }
            error => Self::refused(error).next("`musubi locate PATIENT` shows candidates with their handles"),
        }
    }
}

/// Questions at this desk.
pub fn review(desk: &Desk, staff: &Staff) -> Result<Reply, Failure> {
    let questions = desk.service().link_questions(staff)?;
    let rows = questions.iter().map(|q| {
        vec![
            format!("{:.16}", q.id.to_string()),
            if q.asked_here { "ours".into() } else { "theirs".into() },
            if q.asked_here { q.holder.to_string() } else { q.reader.to_string() },
            q.patient.to_string(),
            when(q.at),
            q.verdict.map_or("open", verdict).to_owned(),
            q.statement.clone(),
        ]
    });
    let text = match questions.is_empty() {
        true => "There are no questions.".to_owned(),
        false => table(&["Id", "Asked", "Other desk", "Patient", "At", "Answer", "Statement"], rows),
    };
    Ok(Reply::new(json!({ "questions": questions.iter().map(question_json).collect::<Vec<_>>() }), text))
}

fn question_json(question: &LinkQuestion) -> Value {
    json!({
        "id": question.id.to_string(), "asked_here": question.asked_here, "patient": question.patient.to_string(),
        "reader": question.reader.to_string(), "holder": question.holder.to_string(), "handle": question.handle.to_string(),
        "statement": question.statement, "staff": question.staff, "at": question.at.0,
        "verdict": question.verdict.map(verdict), "sent": question.sent,
    })
}

fn verdict(verdict: LinkVerdict) -> &'static str {
    match verdict {
        LinkVerdict::Same => "same",
        LinkVerdict::NotSame => "not-same",
        LinkVerdict::Undone => "undone",
    }
}

/// Asks a holder's desk.
pub fn ask(
    desk: &Desk,
    staff: &Staff,
    patient: &str,
    (holder, handle): (&str, Option<String>),
    statement: &str,
) -> Result<Reply, Failure> {
    let patient = words::patient(patient)?;
    let holder = FacilityId::parse(holder)?;
    let handle = handle.map(|text| Handle::parse(&text)).transpose()?;
    desk.service().ask_link(staff, patient, &holder, handle, statement)?;
    let json = json!({ "patient": patient.to_string(), "holder": holder.to_string(), "asked": true });
    Ok(Reply::new(json, "Asked. The answer shows in `musubi link review`."))
}

/// Confirms a holder's candidate blindly.
pub fn confirm(
    desk: &Desk,
    staff: &Staff,
    patient: &str,
    (holder, handle): (&str, Option<String>),
    reason: &str,
) -> Result<Reply, Failure> {
    let patient = words::patient(patient)?;
    let holder = FacilityId::parse(holder)?;
    let handle = handle.map(|text| Handle::parse(&text)).transpose()?;
    let reason = Reason::parse(reason)
        .ok_or_else(|| words::vocabulary("reason", reason, Reason::ALL.into_iter().map(Reason::word)))?;
    let (id, answer) = desk.service().confirm_link(staff, patient, (&holder, handle), reason)?;
    let text = match answer {
        Answer::Same => "One person, say both nodes. The link is made at both; `musubi link undo` takes it back.",
        Answer::NotSame => "Not one person. The two stay apart; if that is wrong, `musubi link undo` takes it back.",
        Answer::NeedsHuman => {
            "People must say. The question is in `musubi link review` at both desks; the holder's answers it."
        }
    };
    let json = json!({
        "id": id.to_string(), "patient": patient.to_string(), "holder": holder.to_string(), "answer": answer.word(),
    });
    Ok(Reply::new(json, format!("{text}\nId: {:.16}", id.to_string())))
}

/// Answers a question, or takes an answer back.
pub fn answer(desk: &Desk, staff: &Staff, id: &str, word: &str) -> Result<Reply, Failure> {
    let verdict = match word {
        "same" => LinkVerdict::Same,
        "not-same" => LinkVerdict::NotSame,
        "undone" => LinkVerdict::Undone,
        _ => return Err(words::vocabulary("answer", word, ["same", "not-same", "undone"].into_iter())),
    };
    let known = desk.service().link_questions(staff)?.into_iter().map(|q| (q.id.to_string(), q.id)).collect();
    let id = words::by_prefix("question", id, known)?;
    desk.service().answer_link(staff, id, verdict)?;
    Ok(Reply::new(json!({ "id": id.to_string(), "verdict": word }), "Noted; the other desk is told."))
}
