use super::reading::Read;
use super::records::Files;
use super::stage::{House, Stage, staff};
use crate::control::Reply;
use protocol::audit::What;
use protocol::engine::good_checkpoint;
use protocol::ids::{FacilityId, peer_id_of};
use protocol::kinds::Role;
use serde_json::{Value, json};
use service::access_log::LogQuery;
use std::collections::BTreeMap;

/// What the demo showed.
pub struct Played {
    pub files: BTreeMap<FacilityId, Files>,
    pub read: Read,
}

impl Played {
    /// What did not hold, in words; nothing if all of it did.
    pub fn failed(&self) -> Vec<&'static str> {
        let read = &self.read;
        let checks = [
            ("every file has exactly one fate", self.files.values().all(Files::adds_up)),
            (
                "records crossed the accord, all verified",
                read.across.items > 0 && read.across.items == read.across.verified,
            ),
            (
                "only the accord's kinds crossed it",
                read.across.kinds.iter().all(|kind| ["prescription", "lab"].contains(kind)),
            ),
            (
                "both logs prove the read",
                read.proofs.len() == 2 && read.proofs.iter().all(|p| p.witnesses > 0 && p.both_signed),
            ),
            (
                "every refusal was one, for its reason",
                read.refusals.len() == 4 && read.refusals.iter().all(|r| r.expected),
            ),
            ("the withdrawal was obeyed", {
                let done = &read.withdrawal;
                done.entries_removed > 0 && done.copies_before > 0 && done.copies_after == 0 && !done.still_announced
            }),
        ];
        checks.into_iter().filter(|(_, held)| !held).map(|(what, _)| what).collect()
    }
    /// Whether all of it held.
    pub fn held(&self) -> bool {
        self.failed().is_empty()
    }
}

/// For scripts and people.
pub fn reply(stage: &Stage<'_>, played: &Played) -> Reply {
    let nodes: Vec<Value> = stage.houses.iter().map(|house| node(house, played.files.get(&house.plan.id))).collect();
    let sum = |key: &str| nodes.iter().filter_map(|node| node[key].as_u64()).sum::<u64>();
    let witnesses = nodes.iter().filter_map(|node| node["witnesses"].as_u64()).min().unwrap_or(0);
    let read = &played.read;
    let failed = played.failed();
    let networks: std::collections::BTreeSet<&str> = stage.plan.facilities.iter().map(|f| f.network.as_str()).collect();
    let json = json!({
        "ok": failed.is_empty(), "failed": failed, "seed": stage.plan.seed, "patients": stage.plan.patients,
        "networks": networks, "nodes": nodes, "consents": read.consents, "entries_published": sum("entries_published"),
        "publications": sum("publications"),
        "sync_bytes": read.sync_bytes, "sync_ms": read.sync_ms, "fetched_across_accord": read.across,
        "fetched_within_network": read.within, "proofs": read.proofs, "refusals": read.refusals,
        "withdrawal_ms": read.withdrawal.ms, "withdrawal": read.withdrawal, "audit_leaves": sum("audit_leaves"),
        "witnesses": witnesses, "took_ms": u64::try_from(stage.elapsed().as_millis()).unwrap_or(u64::MAX),
    });
    let text = match failed.as_slice() {
        [] => format!("All of it held, in {:.1} s.", stage.elapsed().as_secs_f64()),
        failed => format!("This did not hold: {}", failed.join("; ")),
    };
    Reply::new(json, text)
}

fn node(house: &House, files: Option<&Files>) -> Value {
    let service = house.service();
    let files = files.cloned().unwrap_or_default();
    let checkpoint = good_checkpoint(&service.view());
    // Shelves are filled up to round numbers, so that nobody can count patients; the log has the real ones.
    let query = LogQuery { what: Some(What::EntryPublished), ..LogQuery::default() };
    let publications = staff(Role::Administrator).ok().and_then(|staff| service.audit(&staff, &query).ok());
    json!({
        "facility": house.plan.id.to_string(), "name": house.plan.name, "class": house.plan.class.word(), "network": house.plan.network,
        "peer_id": peer_id_of(&service.node_key()), "patients": house.desk().patients().count(),
        "files": {
            "seen": files.seen, "stored": files.stored, "history": files.history, "deleted": files.deleted,
            "quarantined": files.quarantined, "ignored": files.ignored, "adds_up": files.adds_up(),
        },
        "entries_published": house.ears.entries(), "publications": publications.map_or(0, |lines| lines.len()), "peers_up": service.status().peers_up,
        "audit_leaves": service.log_head().size, "log_verifies": service.verify_log().is_ok_and(|report| report.is_sound()),
        "witnessed": checkpoint.as_ref().map(|signed| signed.checkpoint.size),
        "witnesses": checkpoint.as_ref().map_or(0, |signed| signed.cosignatures.len()),
    })
}
