use super::Tell;
use super::reads::{holder_json, holders_text};
use super::show::{kinds, table, when};
use super::state::Desk;
use super::words;
use crate::control::{EmergencyAsk, OpenEmergency, Progress, Reply};
use crate::failure::Failure;
use protocol::ids::RequestId;
use protocol::kinds::Purpose;
use protocol::limits::ANSWER_WAIT_MS;
use protocol::policy::{EmergencyReason, Verdict, Why, emergency_kinds};
use serde_json::{Value, json};
use service::Staff;
use service::emergency::{EmergencyError, EmergencyRow, EmergencySpec};
use service::fetching::HolderRow;
use service::staff::{Proven, Refusal};

impl From<EmergencyError> for Failure {
    fn from(error: EmergencyError) -> Self {
        match error {
            EmergencyError::Fetch(error) => error.into(),
            EmergencyError::Command(error) => error.into(),
            EmergencyError::Write(error) => error.into(),
            EmergencyError::Rule(Why::EmergencyFactors) => {
                Self::refused(error).next("add --staff NUMBER, --password-file FILE and --code DIGITS")
            }
            EmergencyError::Rule(Why::EmergencyNotPresent) => Self::refused(error).next("add --present"),
            EmergencyError::Rule(Why::EmergencyLapsed) => {
                Self::refused(error).next("`musubi emergency list` shows which, and whom to call")
            }
            EmergencyError::Rule(_) | EmergencyError::MayNotReview => Self::refused(error),
            EmergencyError::NoNote => Self::usage(error).next("add --note TEXT"),
        }
    }
}

/// What is about emergency reads.
pub fn handle(desk: &Desk, uid: u32, ask: EmergencyAsk, tell: Tell<'_>) -> Result<Reply, Failure> {
    match ask {
        EmergencyAsk::Open(open) => self::open(desk, uid, &open, tell),
        EmergencyAsk::List { who } => list(desk, &words::staff(desk, uid, &who)?),
        EmergencyAsk::Review { who, id, verdict, note } => {
            review(desk, &words::staff(desk, uid, &who)?, &id, (&verdict, &note))
        }
    }
}

fn open(desk: &Desk, uid: u32, open: &OpenEmergency, tell: Tell<'_>) -> Result<Reply, Failure> {
    let reason = EmergencyReason::parse(&open.reason).ok_or_else(|| {
        words::vocabulary("reason", &open.reason, EmergencyReason::ALL.iter().map(|reason| reason.word()))
    })?;
    let spec = EmergencySpec {
        is_present: open.present,
        purpose: if open.disaster { Purpose::Disaster } else { Purpose::Emergency },
        kinds: if open.kinds.is_empty() { emergency_kinds() } else { words::kinds(&open.kinds)? },
        holders: words::facilities(&open.holders)?,
        wait_ms: open.wait_ms.unwrap_or(ANSWER_WAIT_MS),
        ..EmergencySpec::new(words::patient(&open.patient)?, reason, open.text.clone())
    };
    let by = proven(desk, uid, open)?;
    let mut answered = 0;
    let rows = desk.service().break_glass_each(&by, &spec, |row| {
        answered += 1;
        let what = format!("{}: {}", row.located.holder_name, row.state.word());
        tell(Progress { what, done: answered, total: None });
    })?;
    let got = rows.iter().any(HolderRow::has_data);
    let text = match got {
        true => format!(
            "{}\n\nThe holders' desks were told and review this read; `musubi emergency list` shows until when. Ask the patient for \
             consent as soon as that is possible: `musubi consent record {} --base emergency-after`.",
            holders_text(&rows),
            open.patient
        ),
        false => holders_text(&rows),
    };
    let json = json!({ "patient": open.patient, "rows": rows.iter().map(holder_json).collect::<Vec<_>>() });
    Ok(Reply::new(json, text).exit(u8::from(!got && !rows.is_empty())))
}

/// Who breaks the glass, and with how many factors they have shown it.
fn proven(desk: &Desk, uid: u32, open: &OpenEmergency) -> Result<Proven, Failure> {
    let accounts = desk.service().accounts();
    match (&open.who.staff, &open.password, &open.code) {
        (Some(number), Some(password), Some(code)) if !accounts.is_empty() => {
            // Also says what is wrong with the number itself, or with a role that is not the account's.
            words::reader(desk, uid, &open.who)?;
            Ok(accounts.prove(number, password, code).map_err(refused)?)
        }
        (_, Some(_), _) | (_, _, Some(_)) => Err(Failure::usage(
            "password and code belong together, and to an account of this node",
        )
        .next(
            "name all three: --staff NUMBER --password-file FILE --code DIGITS; `musubi staff list` shows the accounts",
        )),
        _ => Ok(Proven::by_word(words::reader(desk, uid, &open.who)?)),
    }
}

fn refused(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::Account(error) => error.into(),
        refusal => Failure::refused(refusal).next("a code is good once and for half a minute; wait for the next one"),
    }
}

fn list(desk: &Desk, staff: &Staff) -> Result<Reply, Failure> {
    let rows = desk.service().emergencies(staff)?;
    let counts = desk.service().emergency_counts();
    let mut text = match rows.is_empty() {
        true => "No emergency read is known here.".to_owned(),
        false => table(
            &["Id", "At", "Reader", "Holder", "Patient", "Staff", "Reason", "State", "Review by"],
            rows.iter().map(row_text),
        ),
    };
    if counts.is_off {
        text.push_str("\n\nThe right to read without consent is OFF for this facility until the reads marked lapsed are reviewed by their holders.");
    }
    let json = json!({
        "emergencies": rows.iter().map(row_json).collect::<Vec<_>>(), "to_review": counts.to_review, "late": counts.late,
        "ours_open": counts.ours_open, "right_off": counts.is_off,
    });
    Ok(Reply::new(json, text))
}

fn row_text(row: &EmergencyRow) -> Vec<String> {
    let glass = &row.glass;
    vec![
        format!("{:.16}", glass.request.to_string()),
        when(glass.at),
        row.reader_name.clone(),
        row.holder_name.clone(),
        glass.patient.to_string(),
        format!("{} ({})", glass.staff, glass.role),
        format!("{}: {}", glass.said.reason, glass.said.text),
        row.state.word().to_owned(),
        when(glass.review_by),
    ]
}

fn row_json(row: &EmergencyRow) -> Value {
    let glass = &row.glass;
    let review = glass.review.as_ref().map(|review| {
        json!({
            "verdict": review.verdict.word(), "staff": review.staff, "note": review.note, "at": review.at.0,
            "heard": review.is_heard,
        })
    });
    json!({
        "id": glass.request.to_string(), "ours": glass.is_ours, "patient": glass.patient.to_string(),
        "reader": glass.reader.to_string(), "reader_name": row.reader_name, "holder": glass.holder.to_string(),
        "holder_name": row.holder_name, "staff": glass.staff, "role": glass.role.word(), "purpose": glass.purpose.word(),
        "reason": glass.said.reason.word(), "text": glass.said.text, "factors": glass.said.factors,
        "present": glass.said.is_present, "kinds": kinds(glass.kinds), "at": glass.at.0, "served": glass.is_served,
        "review_by": glass.review_by.0, "lapses_at": glass.lapses_at.0, "state": row.state.word(), "review": review,
    })
}

fn review(desk: &Desk, staff: &Staff, id: &str, (verdict, note): (&str, &str)) -> Result<Reply, Failure> {
    let verdict = Verdict::parse(verdict)
        .ok_or_else(|| words::vocabulary("verdict", verdict, Verdict::ALL.iter().map(|verdict| verdict.word())))?;
    let rows = desk.service().emergencies(staff)?;
    let ids: Vec<(String, RequestId)> =
        rows.iter().map(|row| (row.glass.request.to_string(), row.glass.request)).collect();
    let request = words::by_prefix("emergency read", id, ids)?;
    desk.service().review_emergency(staff, request, verdict, note)?;
    let text = format!("Reviewed: {verdict}. The reader's node hears of it as soon as it is reached.");
    Ok(Reply::new(json!({ "id": request.to_string(), "verdict": verdict.word() }), text))
}
