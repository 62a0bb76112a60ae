use super::Tell;
use super::patients::state;
use super::show::{kinds, table, when};
use super::state::Desk;
use super::words;
use crate::control::{Progress, ReadSpec, Reply};
use crate::failure::Failure;
use protocol::engine::{Certainty, HolderStatus};
use protocol::ids::PatientRef;
use protocol::limits::{ANSWER_WAIT_MS, FETCH_BYTES_MAX};
use protocol::policy::EvidenceKind;
use serde_json::{Value, json};
use service::Staff;
use service::fetching::{FetchError, FetchSpec, Ground, HolderRow, RowState};
use service::locating::{LocateError, Located};
use service::timeline::{Origin, TimelineError, TimelineRow, TimelineSpec, Timelines};

impl From<LocateError> for Failure {
    fn from(error: LocateError) -> Self {
        match error {
            LocateError::Command(error) => error.into(),
            LocateError::Write(error) => error.into(),
            error => Self::refused(error),
        }
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Locate(error) => error.into(),
            FetchError::Command(error) => error.into(),
            FetchError::NoGround => {
                Self::usage(error).next("add --ground TEXT, such as the number of the reception; it stays on this node")
            }
            error => Self::usage(error),
        }
    }
}

impl From<TimelineError> for Failure {
    fn from(error: TimelineError) -> Self {
        match error {
            TimelineError::Unknown(_) => Self::refused(error),
            TimelineError::Log(_) => Self::store(error),
        }
    }
}

/// Who may hold records.
pub fn locate(desk: &Desk, staff: &Staff, patient: &str) -> Result<Reply, Failure> {
    let patient = words::patient(patient)?;
    let found = desk.service().locate(staff, patient)?;
    let rows = found.iter().map(|located| {
        vec![
            located.candidate.holder.to_string(),
            located.holder_name.clone(),
            located.network_name.clone(),
            certainty(located.candidate.certainty).to_owned(),
            online(located),
            kinds(located.candidate.kinds).join(","),
            format!("{:.16}", located.candidate.handle.to_string()),
        ]
    });
    let unknown = desk.service().unconfirmed_holders();
    let mut text = match found.is_empty() {
        true => "Nobody announces records for this patient to this facility. That is not the same as: there are none."
            .to_owned(),
        false => table(&["Holder", "Name", "Network", "Sure", "Node", "Kinds", "Handle"], rows),
    };
    if !unknown.is_empty() {
        text += &format!(
            "\nUnknown: {}. This node was off, and nobody has confirmed yet that its copy of their index is the newest.",
            unknown.join(", ")
        );
    }
    let candidates: Vec<Value> = found.iter().map(located_json).collect();
    Ok(Reply::new(json!({ "patient": patient.to_string(), "candidates": candidates, "unknown": unknown }), text))
}

fn certainty(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Rules => "rules",
        Certainty::Human => "human",
        Certainty::Candidate => "candidate",
        Certainty::NotSame => "not-same",
    }
}

fn online(located: &Located) -> String {
    match (located.is_online, located.last_seen) {
        (true, _) => "online".into(),
        (false, Some(at)) => format!("offline since {}", when(at)),
        (false, None) => "offline, never seen".into(),
    }
}

fn located_json(located: &Located) -> Value {
    let candidate = &located.candidate;
    json!({
        "holder": candidate.holder.to_string(), "name": located.holder_name, "network": candidate.network.to_string(),
        "network_name": located.network_name, "certainty": certainty(candidate.certainty), "rules": candidate.rules,
        "kinds": kinds(candidate.kinds), "handle": candidate.handle.to_string(), "published_at": candidate.published_at.0,
        "online": located.is_online, "last_seen": located.last_seen.map(|at| at.0),
    })
}

fn spec(patient: PatientRef, read: &ReadSpec) -> Result<FetchSpec, Failure> {
    let kind = EvidenceKind::parse(&read.evidence).ok_or_else(|| {
        words::vocabulary("evidence", &read.evidence, EvidenceKind::ALL.iter().map(|kind| kind.word()))
    })?;
    Ok(FetchSpec {
        purpose: words::purpose(&read.purpose)?,
        ground: Ground { kind, text: read.ground.clone().unwrap_or_default() },
        kinds: words::kinds(&read.kinds)?,
        period: words::period(read.from.as_deref(), read.to.as_deref())?,
        limit_bytes: read.limit_bytes.unwrap_or(FETCH_BYTES_MAX),
        wait_ms: read.wait_ms.unwrap_or(ANSWER_WAIT_MS),
        holders: words::facilities(&read.holders)?,
        ..FetchSpec::treatment(patient, "")
    })
}

/// Asks all certain holders. Exit code 1 if no holder gave data, and at least one was there to ask.
pub fn fetch(desk: &Desk, staff: &Staff, patient: &str, read: &ReadSpec, tell: Tell<'_>) -> Result<Reply, Failure> {
    let patient = words::patient(patient)?;
    let begun = std::time::Instant::now();
    let rows = fetch_rows(desk, staff, patient, read, tell)?;
    let took_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    let got = rows.iter().any(HolderRow::has_data);
    let items: usize = rows.iter().map(|row| row.items.len()).sum();
    let bytes: u64 = rows.iter().map(|row| row.bytes).sum();
    let json = json!({
        "patient": patient.to_string(), "rows": rows.iter().map(holder_json).collect::<Vec<_>>(), "items": items, "bytes": bytes, "took_us": took_us,
    });
    Ok(Reply::new(json, holders_text(&rows)).exit(u8::from(!got && !rows.is_empty())))
}

fn fetch_rows(
    desk: &Desk,
    staff: &Staff,
    patient: PatientRef,
    read: &ReadSpec,
    tell: Tell<'_>,
) -> Result<Vec<HolderRow>, Failure> {
    let spec = spec(patient, read)?;
    let mut answered = 0;
    Ok(desk.service().fetch_each(staff, &spec, |row| {
        answered += 1;
        tell(Progress {
            what: format!("{}: {}", row.located.holder_name, row.state.word()),
            done: answered,
            total: None,
        });
    })?)
}

pub(super) fn holders_text(rows: &[HolderRow]) -> String {
    if rows.is_empty() {
        return "No holder announces records for this patient to this facility. That is not the same as: there are none.".into();
    }
    let rows = rows.iter().map(|row| {
        vec![
            row.located.candidate.holder.to_string(),
            row.located.holder_name.clone(),
            state_text(&row.state),
            row.items.len().to_string(),
            row.bytes.to_string(),
            format!("{} ms", row.took.as_millis()),
            if row.is_cut { "narrowed by a rule".into() } else { String::new() },
        ]
    });
    table(&["Holder", "Name", "State", "Items", "Bytes", "Took", ""], rows)
}

fn state_text(state: &RowState) -> String {
    match state {
        RowState::Answered(HolderStatus::Offline { last_seen: Some(at) }) => format!("offline since {}", when(*at)),
        RowState::Answered(HolderStatus::Offline { last_seen: None }) => "offline, never seen".into(),
        RowState::Answered(HolderStatus::OutsideAccord { clause: 0 }) => "outside the accord".into(),
        RowState::Answered(HolderStatus::OutsideAccord { clause }) => format!("outside the accord (clause {clause})"),
        state => state.word().to_owned(),
    }
}

/// One holder's row, for scripts.
pub(super) fn holder_json(row: &HolderRow) -> Value {
    let (last_seen, clause) = match row.state {
        RowState::Answered(HolderStatus::Offline { last_seen }) => (last_seen, None),
        RowState::Answered(HolderStatus::OutsideAccord { clause }) => (None, Some(clause)),
        _ => (None, None),
    };
    let items = row.items.iter().map(|item| {
        json!({
            "item": item.id.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), "kind": item.kind.as_str(),
            "coarse": item.kind.coarse().word(), "care_date": item.care_date.map(|date| date.to_string()), "title": item.title,
            "bytes": item.size, "made_at": item.made_at.0, "checked_at": item.checked_at.0, "digest": item.digest.to_string(),
        })
    });
    json!({
        "holder": row.located.candidate.holder.to_string(), "name": row.located.holder_name,
        "network": row.located.candidate.network.to_string(), "network_name": row.located.network_name,
        "status": row.state.word(), "clause": clause, "offline_since": last_seen.map(|at| at.0),
        "request": row.request.map(|request| request.to_string()), "items": items.collect::<Vec<_>>(), "bytes": row.bytes,
        "cut": row.is_cut, "leaf": row.leaf,
        "holder_leaf": row.holder_leaf.map(|(index, hash)| json!({ "leaf": index, "hash": hash.to_string() })), "took_us": u64::try_from(row.took.as_micros()).unwrap_or(u64::MAX),
    })
}

/// What is here, without asking anybody.
pub fn timeline_here(desk: &Desk, staff: &Staff, patient: &str) -> Result<Reply, Failure> {
    timeline_of(desk, staff, &TimelineSpec::all(words::patient(patient)?), &[])
}

/// Asks all certain holders, then shows everything in one list, with how every holder stands.
pub fn timeline(desk: &Desk, staff: &Staff, patient: &str, read: &ReadSpec, tell: Tell<'_>) -> Result<Reply, Failure> {
    let patient = words::patient(patient)?;
    let holders = fetch_rows(desk, staff, patient, read, tell)?;
    let spec = TimelineSpec {
        kinds: words::kinds(&read.kinds)?,
        period: words::period(read.from.as_deref(), read.to.as_deref())?,
        ..TimelineSpec::all(patient)
    };
    timeline_of(desk, staff, &spec, &holders)
}

fn timeline_of(desk: &Desk, staff: &Staff, spec: &TimelineSpec, holders: &[HolderRow]) -> Result<Reply, Failure> {
    let service = desk.service();
    let shown = Timelines::new(service.store().clone(), service.clock().clone()).show(staff, spec)?;
    let names: std::collections::BTreeMap<_, _> =
        shown.by_holder.keys().map(|holder| (holder.clone(), service.facility_name(holder))).collect();
    let name = |row: &TimelineRow| names.get(&row.holder).cloned().unwrap_or_default();
    let rows = shown.rows.iter().map(|row| {
        vec![
            row.care_date.map(|date| date.to_string()).unwrap_or_else(|| "current".into()),
            row.kind.to_string(),
            row.title.clone(),
            name(row),
            when(row.checked_at),
        ]
    });
    let mut text = match shown.rows.is_empty() {
        true => "Nothing is here.".to_owned(),
        false => table(&["Date", "Kind", "Title", "Holder", "As of"], rows),
    };
    if !holders.is_empty() {
        text = format!("{}\n\n{text}", holders_text(holders));
    }
    let list: Vec<Value> = shown.rows.iter().map(|row| row_json(row, &name(row))).collect();
    let json = json!({
        "patient": spec.patient.to_string(), "holders": holders.iter().map(holder_json).collect::<Vec<_>>(), "rows": list,
        "by_holder": shown.by_holder.iter().map(|(holder, count)| (holder.to_string(), json!(count))).collect::<serde_json::Map<_, _>>(),
    });
    Ok(Reply::new(json, text))
}

fn row_json(row: &TimelineRow, name: &str) -> Value {
    let (own, request, until) = match &row.origin {
        Origin::Own(id) => (Some(id.to_string()), None, None),
        Origin::Copy { request, until, .. } => (None, Some(request.to_string()), Some(until.0)),
    };
    json!({
        "holder": row.holder.to_string(), "name": name, "kind": row.kind.as_str(), "coarse": row.coarse.word(),
        "care_date": row.care_date.map(|date| date.to_string()), "title": row.title, "bytes": row.size, "state": state(row.state),
        "made_at": row.made_at.0, "checked_at": row.checked_at.0, "department": row.department,
        "record": own, "request": request, "copy_until": until,
    })
}
