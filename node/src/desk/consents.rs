use super::Tell;
use super::show::{kinds, when};
use super::state::Desk;
use super::words;
use crate::control::{self, Progress, Reply, WithdrawScope};
use crate::failure::Failure;
use protocol::consent::{
    Announced, Certificate, ConsentReceipt, Copied, Holders, LegalBase, Networks, Readers, Stance, WithdrawalScope,
};
use protocol::engine::Event;
use protocol::ids::ReceiptId;
use protocol::kinds::FacilityClass;
use protocol::time::DAY_MS;
use serde_json::{Value, json};
use service::Staff;
use service::consents::{ConsentError, ConsentSpec, Recorded, WithdrawSpec};
use std::time::{Duration, Instant};

impl From<ConsentError> for Failure {
    fn from(error: ConsentError) -> Self {
        match error {
            ConsentError::Command(error) => error.into(),
            ConsentError::Write(error) => error.into(),
            ConsentError::NoPatient(_) => Self::refused(error),
            error => Self::usage(error),
        }
    }
}

/// Records what a patient agrees to, or refuses.
pub fn record(desk: &Desk, staff: &Staff, patient: &str, typed: &control::ConsentSpec) -> Result<Reply, Failure> {
    let broad = ConsentSpec::broad(words::patient(patient)?);
    let usual = match broad.readers {
        Readers::All { classes } => classes,
        _ => protocol::kinds::classes(FacilityClass::ALL),
    };
    let readers = match typed.readers.is_empty() {
        true => Readers::All { classes: words::classes(&typed.classes, usual)? },
        false => Readers::List(words::facilities(&typed.readers)?),
    };
    let networks = typed.networks.iter().map(|text| words::network(desk, Some(text))).collect::<Result<Vec<_>, _>>()?;
    let holders = words::facilities(&typed.holders)?;
    let base = LegalBase::parse(&typed.base)
        .ok_or_else(|| words::vocabulary("legal base", &typed.base, LegalBase::ALL.iter().map(|base| base.word())))?;
    let spec = ConsentSpec {
        stance: if typed.deny { Stance::Deny } else { Stance::Permit },
        readers,
        networks: if networks.is_empty() { Networks::All } else { Networks::List(networks) },
        holders: if holders.is_empty() { Holders::All } else { Holders::List(holders) },
        kinds: words::kinds(&typed.kinds)?,
        roles: words::roles(&typed.roles, broad.roles)?,
        purposes: words::purposes(&typed.purposes, broad.purposes)?,
        to: typed.days.map(|days| desk.service().now().plus(days.saturating_mul(DAY_MS))),
        base,
        ..broad
    };
    Ok(recorded(&desk.service().record_consent(staff, &spec)?))
}

fn recorded(recorded: &Recorded) -> Reply {
    let mut json = receipt_json(&recorded.receipt);
    json["took_ms"] = json!(recorded.took_ms);
    json["entries_removed"] = json!(recorded.progress.entries_removed);
    json["told"] = json!(recorded.progress.told.iter().map(ToString::to_string).collect::<Vec<_>>());
    Reply::new(json, receipt_text(&recorded.receipt))
}

fn receipt_json(receipt: &ConsentReceipt) -> Value {
    let facilities = |list: &[protocol::ids::FacilityId]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    let classes = |codes: protocol::kinds::Codes| {
        codes.iter().filter_map(|code| FacilityClass::from_code(code).map(FacilityClass::word)).collect::<Vec<_>>()
    };
    let readers = match &receipt.readers {
        Readers::All { classes: codes } => json!({ "classes": classes(*codes) }),
        Readers::List(list) => json!({ "facilities": facilities(list) }),
        Readers::AllBut { classes: codes, except } => {
            json!({ "classes": classes(*codes), "except": facilities(except) })
        }
    };
    let holders = match &receipt.holders {
        Holders::All => json!("all"),
        Holders::List(list) => json!(facilities(list)),
    };
    let networks = match &receipt.networks {
        Networks::All => json!("all"),
        Networks::List(list) => json!(list.iter().map(ToString::to_string).collect::<Vec<_>>()),
    };
    json!({
        "receipt": receipt.id.to_string(), "stance": receipt.stance.word(), "taker": receipt.taker.to_string(), "readers": readers,
        "holders": holders, "networks": networks, "kinds": kinds(receipt.kinds), "from": receipt.from.0,
        "to": receipt.to.map(|to| to.0), "base": receipt.base.word(), "taken_at": receipt.taken_at.0,
        "received_at": receipt.received_at.0, "staff": receipt.staff, "even_in_emergency": receipt.even_in_emergency,
    })
}

fn receipt_text(receipt: &ConsentReceipt) -> String {
    let readers = match &receipt.readers {
        Readers::All { .. } => "facilities of the usual classes".to_owned(),
        Readers::List(list) => list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        Readers::AllBut { except, .. } => {
            format!("all but {}", except.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        }
    };
    format!(
        "{}  {:7}  {readers}: {}  until {}  ({}, by {})",
        when(receipt.taken_at),
        receipt.stance.word(),
        if receipt.kinds == protocol::kinds::KindSet::ALL {
            "all kinds".into()
        } else {
            kinds(receipt.kinds).join(", ")
        },
        receipt.to.map_or_else(|| "withdrawn".into(), when),
        receipt.base,
        receipt.staff
    )
}

/// Everything that a patient said.
pub fn show(desk: &Desk, staff: &Staff, patient: &str) -> Result<Reply, Failure> {
    let file = desk.service().consents(staff, words::patient(patient)?)?;
    let lines: Vec<String> = file.receipts.iter().map(receipt_text).collect();
    let text = if lines.is_empty() { "Nothing is on file: nothing is shared.".into() } else { lines.join("\n") };
    let json = json!({
        "patient": file.patient.to_string(), "receipts": file.receipts.iter().map(receipt_json).collect::<Vec<_>>(),
        "withdrawn_at": file.withdrawn_at.map(|at| at.0), "at": file.at.0,
    });
    Ok(Reply::new(json, text))
}

/// What became of a withdrawal, as a file.
pub fn certificate(desk: &Desk, staff: &Staff, patient: &str, receipt: Option<&str>) -> Result<Reply, Failure> {
    let receipt = receipt.map(|text| {
        ReceiptId::parse(text).map_err(|error| Failure::usage(error).next("`musubi consent show` lists the statements"))
    });
    let patient = words::patient(patient)?;
    let Some(made) = desk.service().withdrawal_certificate(staff, patient, receipt.transpose()?)? else {
        return Err(Failure::refused("nothing was withdrawn that a certificate could be made of")
            .next("`musubi consent show` lists the statements"));
    };
    Ok(Reply::new(certificate_json(&made.certificate), certificate_text(&made.certificate)).file(made.text))
}

/// A certificate, for scripts.
pub fn certificate_json(one: &Certificate) -> Value {
    let nodes = one.nodes.iter().map(|row| {
        let (announced, followed_at) = match row.announced {
            Announced::Never => ("never", None),
            Announced::Open => ("open", None),
            Announced::Obeyed(at) => ("obeyed", Some(at.0)),
        };
        let (copied, copies_at) = match row.copied {
            Copied::Never => ("never", None),
            Copied::Open { until } => ("open", Some(until.0)),
            Copied::Gone(at) => ("gone", Some(at.0)),
        };
        json!({
            "node": row.node.to_string(), "facilities": row.facilities.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "announced": announced, "followed_at": followed_at, "copies": copied, "copies_at": copies_at,
            "signed": !row.words.is_empty(), "obeyed": row.has_obeyed(one.made_at),
        })
    });
    json!({
        "ok": true, "complete": one.is_complete(), "holder": one.holder.to_string(), "holder_node": one.holder_node.to_string(),
        "receipt": one.receipt.to_string(), "statement": one.statement.to_string(), "withdrawn_at": one.withdrawn_at.0,
        "leaf": one.leaf, "made_at": one.made_at.0, "nodes": nodes.collect::<Vec<_>>(),
    })
}

/// The same for people.
pub fn certificate_text(one: &Certificate) -> String {
    let rows = one.nodes.iter().map(|row| {
        let announced = match row.announced {
            Announced::Never => "never had it".to_owned(),
            Announced::Open => "not heard of yet".to_owned(),
            Announced::Obeyed(at) => format!("follows since {}", when(at)),
        };
        let copied = match row.copied {
            Copied::Never => "never had any".to_owned(),
            Copied::Open { until } if until <= one.made_at => format!("ended {}", when(until)),
            Copied::Open { until } => format!("told; they end {}", when(until)),
            Copied::Gone(at) => format!("gone {}, signed", when(at)),
        };
        let facilities: Vec<String> = row.facilities.iter().map(ToString::to_string).collect();
        vec![format!("{:.16}", row.node.to_string()), facilities.join(","), announced, copied]
    });
    let state = match one.is_complete() {
        true => "Every node has obeyed.",
        false => {
            "Some nodes have not been reached; they must hear of it before they show or serve anything. Ask again later."
        }
    };
    format!(
        "Withdrawn at {} and obeyed by {} from then on (event {} of its log).\n{}\n{state}",
        when(one.withdrawn_at),
        one.holder,
        one.leaf,
        super::show::table(&["Node", "Facilities", "Announcement", "Copies"], rows)
    )
}

/// Takes back, and waits until readers have dropped their copies.
pub fn withdraw(
    desk: &Desk,
    staff: &Staff,
    patient: &str,
    (typed, wait_s): (&WithdrawScope, u64),
    tell: Tell<'_>,
) -> Result<Reply, Failure> {
    let scope = match (&typed.network, typed.readers.is_empty(), typed.kinds.is_empty()) {
        (None, true, true) => WithdrawalScope::Everything,
        (Some(network), true, true) => WithdrawalScope::Network(words::network(desk, Some(network))?),
        (None, false, true) => WithdrawalScope::Readers(words::facilities(&typed.readers)?),
        (None, true, false) => WithdrawalScope::Kinds(words::kinds(&typed.kinds)?),
        _ => {
            return Err(Failure::usage(
                "one withdrawal takes back for readers, kinds or a network, not several of them at once",
            )
            .next("withdraw once for each"));
        }
    };
    let spec = WithdrawSpec {
        scope,
        even_in_emergency: typed.even_in_emergency,
        ..WithdrawSpec::everything(words::patient(patient)?)
    };
    let events = desk.service().engine().subscribe()?;
    let begun = Instant::now();
    let done = desk.service().withdraw_consent(staff, &spec)?;
    let mut obeyed = 0;
    let told = done.progress.told.len();
    let until = begun + Duration::from_secs(wait_s.min(WAIT_S_MAX));
    while obeyed < told {
        let Some(rest) = until.checked_duration_since(Instant::now()) else { break };
        match events.recv_timeout(rest) {
            Ok(Event::Obeyed { node, .. }) if done.progress.told.contains(&node) => obeyed += 1,
            Ok(_) => {}
            Err(_) => break,
        }
        tell(Progress { what: "readers drop their copies".into(), done: obeyed as u64, total: Some(told as u64) });
    }
    let mut reply = recorded(&done);
    reply.json["obeyed"] = json!(obeyed);
    reply.json["all_obeyed_ms"] =
        json!((obeyed == told).then(|| u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)));
    reply.text = format!(
        "Withdrawn at {}. {} entries left the index. {obeyed} of {told} readers with copies have dropped them{}.",
        when(done.receipt.received_at),
        done.progress.entries_removed,
        if obeyed < told { "; the others are told as soon as they are reached" } else { "" }
    );
    Ok(reply)
}

/// A caller that waits longer asks again.
const WAIT_S_MAX: u64 = 600;
