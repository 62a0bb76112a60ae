use super::show::{table, when};
use super::state::Desk;
use super::store;
use crate::control::Reply;
use crate::failure::Failure;
use peer::{PathKind, Via, path_kind};
use protocol::ids::{NodeKey, peer_id_of};
use protocol::policy::Freshness;
use serde_json::{Value, json};
use service::emergency::EmergencyCounts;
use service::health::{Finding, Light};
use service::onboarding::FacilitySetup;
use std::fmt::Write as _;

/// Opening the node has made keys and certificates already; says what is there now.
pub fn set_up(desk: &Desk) -> Result<Reply, Failure> {
    let service = desk.service();
    let here: Vec<FacilitySetup> = service.facilities();
    // What `setup` has just written, not what a running node was started with.
    let written = crate::config::load(desk.folder())?;
    let missing = written.facilities.into_iter().find(|f| here.iter().all(|setup| setup.id != f.id));
    if desk.is_node() && missing.is_some() {
        return Err(Failure::refused(
            "the configuration is written, but a running node takes a new facility only at its start",
        )
        .next("stop the node and start it again with `musubi run`"));
    }
    let lines: Vec<String> =
        here.iter().map(|setup| format!("  {}  {}  {}", setup.id, setup.class, setup.name)).collect();
    let roots: Vec<String> = here.iter().map(|setup| format!("keys/root-{}.key", setup.id)).collect();
    let text = format!(
        "The node is in {}.\nNode     {}\nPeer id  {}\nFacilities\n{}\nKeep {} on paper in a safe: who has it can speak for the facility.",
        desk.folder().display(),
        service.node_key(),
        peer_id_of(&service.node_key()),
        lines.join("\n"),
        roots.join(" and ")
    );
    let facilities: Vec<Value> = here.iter().map(facility_json).collect();
    let json = json!({
        "folder": desk.folder().display().to_string(), "node": service.node_key().to_string(),
        "peer_id": peer_id_of(&service.node_key()), "facilities": facilities,
    });
    Ok(Reply::new(json, text))
}

fn facility_json(setup: &FacilitySetup) -> Value {
    json!({ "id": setup.id.to_string(), "name": setup.name, "class": setup.class.word(), "root": setup.root.to_string() })
}

/// One screen of health.
pub fn status(desk: &Desk) -> Reply {
    let status = desk.service().status();
    let runs = status.is_running && desk.is_node();
    let mut text = format!(
        "{}  {}\nNode      {}\nPeer id   {}\nFolder    {}\n",
        status.name,
        if runs { "runs" } else { "does not run" },
        status.node,
        peer_id_of(&status.node),
        desk.folder().display()
    );
    let mut facilities = Vec::new();
    for (setup, networks) in &status.facilities {
        let names: Vec<String> = networks
            .iter()
            .map(|n| format!("{}{}", n.name, if n.is_live { "" } else { " (no membership in force)" }))
            .collect();
        let names = if names.is_empty() { "in no network".to_owned() } else { names.join(", ") };
        let _ = writeln!(text, "Facility  {}  {}  {}: {names}", setup.id, setup.class, setup.name);
        let networks = networks.iter().map(|n| {
            json!({
                "network": n.network.to_string(), "name": n.name, "live": n.is_live,
                "until": n.membership.as_ref().map(|m| m.to.0),
            })
        });
        let mut facility = facility_json(setup);
        facility["networks"] = networks.collect();
        facilities.push(facility);
    }
    let addresses: Vec<String> = addresses(desk, &status.addresses);
    let (signing, _, links) = status.waiting;
    // Requests that a membership has answered wait for nobody any more.
    let joins = desk.service().pending_joins().len();
    let _ = write!(
        text,
        "Peers     {} of {} connected\nIndex     {} shelves, {}\nPatients  {}\nLog       {} events, witnessed up to {}\nWaiting   {signing} to sign, {joins} to admit, {links} link questions\nAlarms    {}",
        status.peers_up,
        status.peers_known,
        status.shelves,
        status.freshness.map_or("freshness not known", freshness),
        status.patients,
        status.log.size,
        status.witnessed.map_or_else(|| "none yet".to_owned(), |size| size.to_string()),
        status.alarms.len()
    );
    let emergencies = urgent(desk, &mut text);
    let (kept, kept_json) = store::summary(desk);
    let _ = write!(text, "\nStore     {kept}");
    for address in &addresses {
        let _ = write!(text, "\nAddress   {address}");
    }
    if let Some(page) = desk.page() {
        let _ = write!(text, "\nPage      {page}");
    }
    let alarms: Vec<Value> =
        status.alarms.iter().map(|(at, alarm)| json!({ "at": at.0, "alarm": format!("{alarm:?}") })).collect();
    let json = json!({
        "node": status.node.to_string(), "peer_id": peer_id_of(&status.node), "name": status.name, "running": runs,
        "folder": desk.folder().display().to_string(), "facilities": facilities, "addresses": addresses,
        "page": desk.page(),
        "peers_up": status.peers_up, "peers_known": status.peers_known, "shelves": status.shelves,
        "copies": { "followed": status.copies.followed, "repaired": status.copies.repaired, "whole": status.copies.replaced },
        "sent_bytes": desk.net().map(|net| net.sent_bytes()),
        "freshness": status.freshness.map(freshness), "patients": status.patients,
        "log": { "size": status.log.size, "witnessed": status.witnessed },
        "waiting": { "sign": signing, "admit": joins, "link": links, "emergency": emergencies.to_review },
        "emergency_right_off": emergencies.is_off, "disasters": desk.service().disasters().len(), "alarms": alarms, "now": status.now.0,
        "store": kept_json,
    });
    Reply::new(json, text)
}

/// What a day that is not like others adds to the screen.
fn urgent(desk: &Desk, text: &mut String) -> EmergencyCounts {
    let counts = desk.service().emergency_counts();
    if counts.to_review > 0 {
        let _ = write!(
            text,
            "\nEMERGENCY {} reads without consent wait for review, {} too long: `musubi emergency list`",
            counts.to_review, counts.late
        );
    }
    if counts.is_off {
        let _ = write!(text, "\nEMERGENCY the right to read without consent is off: `musubi emergency list`");
    }
    for declared in desk.service().disasters() {
        let _ = write!(text, "\nDISASTER  {} until {}", declared.network_name, when(declared.disaster.until));
    }
    counts
}

fn addresses(desk: &Desk, told: &[String]) -> Vec<String> {
    match desk.net() {
        Some(net) => net.listen_addrs().iter().map(ToString::to_string).collect(),
        None => told.to_vec(),
    }
}

fn freshness(freshness: Freshness) -> &'static str {
    match freshness {
        Freshness::Green => "green",
        Freshness::Amber => "amber",
        Freshness::Red => "red",
    }
}

/// Other nodes and the path to each.
pub fn peers(desk: &Desk) -> Reply {
    let paths = desk.net().map(|net| net.peers()).unwrap_or_default();
    let path_of = |node: NodeKey| paths.iter().find(|path| path.node == node);
    let mut rows = Vec::new();
    let mut list = Vec::new();
    for line in desk.service().peers() {
        let path = path_of(line.node);
        let way = path.map(|path| match (path.via, path_kind(&path.addr)) {
            (Via::Relayed, _) | (_, Some(PathKind::Relay)) => "relay",
            (Via::Direct, Some(PathKind::Quic)) => "quic",
            (Via::Direct, _) => "tcp",
        });
        let seen = line.last_seen.map(when);
        let state = match (line.is_up, &seen) {
            (true, _) => "connected".to_owned(),
            (false, Some(seen)) => format!("offline since {seen}"),
            (false, None) => "never seen".to_owned(),
        };
        let houses: Vec<String> = line.facilities.iter().map(|(_, id, name)| format!("{id} {name}")).collect();
        rows.push(vec![
            line.name.clone(),
            state,
            way.unwrap_or("-").to_owned(),
            path.and_then(|p| p.round_trip).map_or_else(|| "-".into(), |trip| format!("{} ms", trip.as_millis())),
            houses.join(", "),
        ]);
        list.push(json!({
            "node": line.node.to_string(), "peer_id": peer_id_of(&line.node), "name": line.name, "up": line.is_up,
            "last_seen": line.last_seen.map(|at| at.0), "path": way, "address": path.map(|path| path.addr.to_string()),
            "round_trip_ms": path.and_then(|p| p.round_trip).map(|trip| trip.as_secs_f64() * 1_000.0),
            "relay": line.relay, "addresses": line.addresses, "standing": format!("{:?}", line.standing),
            "facilities": line.facilities.iter().map(|(network, id, name)| json!({
                "network": network.to_string(), "id": id.to_string(), "name": name,
            })).collect::<Vec<_>>(),
        }));
    }
    let text = match rows.is_empty() {
        true => "No other node is known yet.".to_owned(),
        false => table(&["Name", "State", "Path", "Round trip", "Facilities"], rows),
    };
    Reply::new(json!({ "peers": list }), text)
}

/// One check: its word, how it stands, what was found, what to do.
pub type CheckLine = (&'static str, Light, String, String);

/// Every check, of the node and of its store.
pub fn check_lines(desk: &Desk) -> Vec<CheckLine> {
    let mut findings = desk.service().doctor();
    if !desk.is_node() {
        // The desk drives an Engine of its own just for this question; what is asked for is the node.
        findings.retain(|f| !matches!(f.check.word(), "running" | "addresses" | "peers" | "freshness"));
    }
    let own = |finding: Finding| (finding.check.word(), finding.light, finding.found, finding.remedy);
    findings.into_iter().map(own).chain(store::findings(desk)).collect()
}

/// Every check with its remedy, or only sizes.
pub fn doctor(desk: &Desk, sizes: bool) -> Result<Reply, Failure> {
    if sizes {
        return Ok(sizes_reply(desk));
    }
    let findings = check_lines(desk);
    let worst = findings.iter().map(|finding| finding.1).max().unwrap_or(Light::Green);
    let line = |(check, of, found, remedy): &(&str, Light, String, String)| {
        let remedy = if remedy.is_empty() { String::new() } else { format!("\n        → {remedy}") };
        format!("{:7} {check:12} {found}{remedy}", light(*of))
    };
    let mut lines: Vec<String> = findings.iter().map(line).collect();
    if !desk.is_node() {
        lines.insert(
            0,
            "No node runs in this folder; only what lies on disk was checked. `musubi run` starts it.".into(),
        );
    }
    let list: Vec<Value> = findings
        .iter()
        .map(|(check, of, found, remedy)| json!({ "check": check, "light": light(*of), "found": found, "remedy": remedy }))
        .collect();
    let json = json!({ "worst": light(worst), "running": desk.is_node(), "findings": list });
    Ok(Reply::new(json, lines.join("\n")).exit(u8::from(worst == Light::Red)))
}

fn light(light: Light) -> &'static str {
    match light {
        Light::Green => "green",
        Light::Amber => "amber",
        Light::Red => "red",
    }
}

fn sizes_reply(desk: &Desk) -> Reply {
    let memory = crate::sizes::resident_bytes();
    let program = crate::sizes::program_bytes();
    let mib = |bytes: Option<u64>| {
        bytes.map_or_else(|| "not known here".into(), |b| format!("{:.1} MiB", b as f64 / 1_048_576.0))
    };
    let text = format!(
        "Memory of the {}  {}\nProgram  {}",
        if desk.is_node() { "running node" } else { "program without a node" },
        mib(memory),
        mib(program)
    );
    let json = json!({ "running": desk.is_node(), "resident_bytes": memory, "program_bytes": program, "pid": std::process::id() });
    Reply::new(json, text)
}
