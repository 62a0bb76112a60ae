use super::founders::target_of;
use super::joining::signed;
use super::show::{table, when};
use super::state::Desk;
use super::words;
use crate::control::{FounderAct, Reply, Target};
use crate::failure::Failure;
use protocol::kinds::Codes;
use protocol::state;
use serde_json::{Value, json};
use service::amending::CharterChange;
use service::disasters::{DisasterSpec, DisasterView};
use service::keys::SharePublic;
use service::suspending::SuspensionView;

/// What founders do beside admitting and revoking.
pub fn handle(desk: &Desk, act: FounderAct) -> Result<Reply, Failure> {
    match act {
        FounderAct::Suspend { network, target, for_ms, reason, share } => {
            suspend(desk, (network.as_deref(), &target), for_ms, &reason, &share)
        }
        FounderAct::Suspensions => Ok(suspensions(desk)),
        FounderAct::Declare { network, area, for_ms, reason, alone, shares } => {
            let digits = |start: &String| (2..=10).contains(&start.len()) && start.bytes().all(|b| b.is_ascii_digit());
            if let Some(odd) = area.iter().find(|start| !digits(start)) {
                return Err(Failure::usage(format!("{odd:?} is no beginning of facility numbers"))
                    .next("write two to ten digits, such as 03 for a prefecture"));
            }
            let network = words::network(desk, network.as_deref())?;
            let spec = DisasterSpec { network, area, for_ms, reason, is_alone: alone };
            Ok(signed(&desk.service().declare_disaster(&spec, &words::shares(&shares)?)?))
        }
        FounderAct::EndDisaster { network, shares } => {
            let network = words::network(desk, network.as_deref())?;
            Ok(signed(&desk.service().end_disaster(network, &words::shares(&shares)?)?))
        }
        FounderAct::Disasters => Ok(disasters(desk)),
        FounderAct::CallEvaluators(terms) => super::evaluators::call(desk, &terms),
        FounderAct::Evaluators => Ok(super::evaluators::show(desk)),
        FounderAct::Change { network, add, remove, k, purposes, shares } => {
            let network = words::network(desk, network.as_deref())?;
            let add = add.iter().map(|line| SharePublic::parse(line)).collect::<Result<Vec<_>, _>>();
            let add = add.map_err(|error| {
                Failure::usage(error).next("`musubi founders public FILE` prints the line of a share")
            })?;
            let purposes = match purposes.is_empty() {
                true => None,
                false => Some(words::purposes(&purposes, Codes(u64::MAX))?),
            };
            let change = CharterChange { add, remove, k, purposes };
            Ok(signed(&desk.service().change_charter(network, &change, &words::shares(&shares)?)?))
        }
    }
}

fn suspend(
    desk: &Desk,
    (network, target): (Option<&str>, &Target),
    for_ms: u64,
    reason: &str,
    share: &str,
) -> Result<Reply, Failure> {
    let network = words::network(desk, network)?;
    let target = target_of(target)?;
    let shares = words::shares(&[share.to_owned()])?;
    let Some(share) = shares.first() else {
        return Err(Failure::usage("no share was given").next("name it with --share FILE"));
    };
    let done = desk.service().suspend(network, target, for_ms, reason, share)?;
    let text = format!(
        "Suspended until {}. It ends by itself then; `musubi revoke` with the shares of k founders makes it last.",
        when(done.until)
    );
    Ok(Reply::new(json!({ "from": done.from.0, "until": done.until.0, "target": target_text(&done.target) }), text))
}

fn target_text(target: &state::Target) -> String {
    match target {
        state::Target::Membership(facility) => facility.to_string(),
        state::Target::Node(node) => node.to_string(),
        state::Target::Accord(accord) => accord.to_string(),
    }
}

fn suspensions(desk: &Desk) -> Reply {
    let views = desk.service().suspensions();
    let text = match views.is_empty() {
        true => "Nothing was ever suspended here.".to_owned(),
        false => table(
            &["From", "Until", "", "What", "Network", "By", "Reason"],
            views.iter().map(|view| {
                let one = &view.suspension;
                vec![
                    when(one.from),
                    when(one.until),
                    if view.in_force { "holds" } else { "over or void" }.into(),
                    target_text(&one.target),
                    view.network_name.clone(),
                    view.founder_name.clone(),
                    one.reason.clone(),
                ]
            }),
        ),
    };
    let row = |view: &SuspensionView| {
        let one = &view.suspension;
        json!({
            "target": target_text(&one.target), "network": one.network.to_string(), "founder": view.founder_name, "from": one.from.0,
            "until": one.until.0, "in_force": view.in_force, "reason": one.reason,
        })
    };
    Reply::new(json!({ "suspensions": views.iter().map(row).collect::<Vec<Value>>() }), text)
}

fn disasters(desk: &Desk) -> Reply {
    let views = desk.service().disasters();
    let area = |view: &DisasterView| match view.disaster.area.is_empty() {
        true => "everywhere".to_owned(),
        false => view.disaster.area.join(","),
    };
    let text = match views.is_empty() {
        true => "No disaster is declared.".to_owned(),
        false => table(
            &["Network", "Area", "From", "Until", "By", "Reason"],
            views.iter().map(|view| {
                let one = &view.disaster;
                let by = if one.founder.is_some() { "one founder" } else { "k founders" };
                vec![
                    view.network_name.clone(),
                    area(view),
                    when(one.from),
                    when(one.until),
                    by.into(),
                    one.reason.clone(),
                ]
            }),
        ),
    };
    let row = |view: &DisasterView| {
        let one = &view.disaster;
        json!({
            "network": one.network.to_string(), "name": view.network_name, "area": one.area, "from": one.from.0, "until": one.until.0,
            "alone": one.founder.is_some(), "reason": one.reason,
        })
    };
    Reply::new(json!({ "disasters": views.iter().map(row).collect::<Vec<Value>>() }), text)
}
