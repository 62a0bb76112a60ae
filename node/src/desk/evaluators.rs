use super::joining::signed;
use super::show::when;
use super::state::Desk;
use super::words;
use crate::control::{EvaluatorsCall, Reply};
use crate::failure::{Code, Failure};
use protocol::oprf::keygen::Progress;
use serde_json::{Value, json};
use service::evaluators::{CallError, CallTerms, EpochLine, TagMode};

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Sign(error) => error.into(),
            CallError::Counts { .. } => Self::new(Code::Usage, error),
            error @ CallError::NoNode(_) => Self::refused(error),
        }
    }
}

/// Names evaluators.
pub fn call(desk: &Desk, typed: &EvaluatorsCall) -> Result<Reply, Failure> {
    let terms = CallTerms {
        network: words::network(desk, typed.network.as_deref())?,
        facilities: words::facilities(&typed.evaluators)?,
        threshold: typed.threshold,
        days: typed.days,
    };
    let signing = desk.service().call_evaluators(&terms, &words::shares(&typed.shares)?)?;
    let mut reply = signed(&signing);
    if signing.is_complete() {
        reply.text.push_str("\nTheir nodes make the key now, by themselves: `musubi evaluators show`.");
    }
    Ok(reply)
}

/// How tags are made, by network.
pub fn show(desk: &Desk) -> Reply {
    let modes = desk.service().tag_modes();
    let lines: Vec<String> = modes.iter().map(text).collect();
    let text = if lines.is_empty() { "This node is in no network yet.".into() } else { lines.join("\n\n") };
    Reply::new(json!({ "networks": modes.iter().map(mode_json).collect::<Vec<_>>() }), text)
}

fn text(mode: &TagMode) -> String {
    let mut lines = vec![match (mode.epochs.first(), mode.local) {
        (None, _) => format!(
            "{}: tags in `local` mode, under a secret that each of {} nodes holds. Weaker: whoever steals one node can try names.",
            mode.name, mode.nodes
        ),
        (Some(_), true) => {
            format!("{}: tags by evaluators; `local` mode is served beside them for the change.", mode.name)
        }
        (Some(_), false) => format!("{}: tags by evaluators.", mode.name),
    }];
    for epoch in &mode.epochs {
        let served = if epoch.is_served { "" } else { ", not published in any more" };
        lines.push(format!(
            "  epoch {} until {}: {} of {} make a tag{served}",
            epoch.epoch,
            when(epoch.to),
            epoch.threshold,
            epoch.evaluators.len()
        ));
        for (facility, name, up) in &epoch.evaluators {
            lines.push(format!("    {facility} {name}: {}", if *up { "connected" } else { "not connected" }));
        }
    }
    if let Some(epoch) = mode.called {
        let how = match mode.keygens.first() {
            None => "this node is none of its evaluators".to_owned(),
            Some(keygen) => match &keygen.progress {
                Progress::Waiting(seats) => {
                    let seats: Vec<String> = seats.iter().map(|seat| seat.number().to_string()).collect();
                    format!("waits for evaluator {} in the order of the call", seats.join(", "))
                }
                Progress::Failed(faults) => {
                    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
                    format!("cannot be made: {}", faults.join("; "))
                }
                Progress::Made => format!("{} of {} have signed", keygen.signatures, keygen.evaluators),
            },
        };
        lines.push(format!("  epoch {epoch}: the key is being made; {how}"));
    }
    lines.join("\n")
}

fn mode_json(mode: &TagMode) -> Value {
    let epoch = |epoch: &EpochLine| {
        let evaluators = epoch.evaluators.iter();
        let evaluators: Vec<Value> = evaluators
            .map(|(facility, name, up)| json!({ "facility": facility.to_string(), "name": name, "connected": up }))
            .collect();
        json!({
            "epoch": epoch.epoch, "threshold": epoch.threshold, "evaluators": evaluators, "served": epoch.is_served,
            "to": epoch.to.0,
        })
    };
    json!({
        "network": mode.network.to_string(), "name": mode.name, "nodes": mode.nodes,
        "mode": if mode.epochs.is_empty() { "local" } else { "oprf" }, "local_served": mode.local,
        "epochs": mode.epochs.iter().map(epoch).collect::<Vec<_>>(), "called": mode.called,
    })
}
