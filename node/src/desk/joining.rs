use super::Tell;
use super::show::{kinds, signing_json, signing_text, table, when};
use super::state::Desk;
use super::words;
use crate::control::{Progress, Reply};
use crate::failure::{Code, Failure};
use protocol::engine::JoinStatus;
use protocol::ids::{FacilityId, NetworkId};
use protocol::state::JoinBody;
use serde_json::{Value, json};
use service::Service;
use service::onboarding::{InviteMakeError, JoinError, PendingJoin};
use service::signing::{SignError, Signing};
use std::time::{Duration, Instant};

impl From<InviteMakeError> for Failure {
    fn from(error: InviteMakeError) -> Self {
        match error {
            InviteMakeError::Command(error) => error.into(),
            error => Self::refused(error),
        }
    }
}

impl From<JoinError> for Failure {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::Command(error) => error.into(),
            JoinError::Write(error) => error.into(),
            JoinError::Invite(_) | JoinError::File(_) => Self::new(Code::Usage, error),
            error => Self::refused(error),
        }
    }
}

impl From<SignError> for Failure {
    fn from(error: SignError) -> Self {
        match error {
            SignError::Command(error) => error.into(),
            SignError::Write(error) => error.into(),
            SignError::File(_) | SignError::Field(_) | SignError::NoShare => Self::new(Code::Usage, error),
            error => Self::refused(error),
        }
    }
}

/// Opens an invite at the running node.
pub fn invite(desk: &Desk, network: Option<String>, facility: &str, contacts: Vec<String>) -> Result<Reply, Failure> {
    let network = words::network(desk, network.as_deref())?;
    let facility = FacilityId::parse(facility)?;
    let invite = desk.service().invite(network, facility.clone(), words::contacts(contacts)?)?;
    let text = invite.to_text();
    let note =
        if desk.is_node() { "" } else { "\nThis node does not run: nobody can use the invite before `musubi run`." };
    let people = format!(
        "Invite for {facility}, good until {}, once:\n\n{text}\n\nOn the other node: `musubi join INVITE`. Compare by telephone: {}{note}",
        when(invite.until),
        Service::check_phrase(network)
    );
    let json = json!({
        "invite": text, "id": invite.id().to_string(), "network": network.to_string(), "facility": facility.to_string(),
        "until": invite.until.0, "contacts": invite.contacts, "check": Service::check_phrase(network),
    });
    Ok(Reply::new(json, people))
}

/// Asks to join, and waits if wanted.
pub fn join(desk: &Desk, invite: &str, wait_s: u64, tell: Tell<'_>) -> Result<Reply, Failure> {
    let network = desk.service().join(invite)?;
    wait_joined(desk, network, wait_s, tell)
}

/// A request to join as a file.
pub fn join_file(desk: &Desk, charter: &str, facility: &str) -> Result<Reply, Failure> {
    let facility = words::own_facility(desk, Some(facility))?;
    let file = desk.service().join_file(charter, &facility)?;
    let text = "The request for the founders: `musubi admit file FILE --share …` at their node, then take the welcome file \
                that comes back with `musubi join --welcome FILE`.";
    Ok(Reply::new(json!({ "facility": facility.to_string() }), text).file(file))
}

/// How joining stands.
pub fn status(desk: &Desk, network: Option<String>, wait_s: u64, tell: Tell<'_>) -> Result<Reply, Failure> {
    let network = words::network(desk, network.as_deref())?;
    wait_joined(desk, network, wait_s, tell)
}

fn wait_joined(desk: &Desk, network: NetworkId, wait_s: u64, tell: Tell<'_>) -> Result<Reply, Failure> {
    let until = Instant::now() + Duration::from_secs(wait_s.min(WAIT_S_MAX));
    loop {
        let status = desk.service().join_status(network);
        let is_open = matches!(status, Some(JoinStatus::Searching | JoinStatus::Waiting));
        let now = Instant::now();
        if !is_open || now >= until {
            return Ok(joined(desk, network, status));
        }
        tell(Progress {
            what: "waiting for the founders".into(),
            done: wait_s - (until - now).as_secs().min(wait_s),
            total: None,
        });
        std::thread::sleep(LOOK);
    }
}

fn joined(desk: &Desk, network: NetworkId, status: Option<JoinStatus>) -> Reply {
    let name = desk.service().book().charter(network).map(|charter| charter.name.clone());
    let shown = name.clone().unwrap_or_else(|| format!("network {:.8}", network.to_string()));
    let stopped =
        if desk.is_node() { "" } else { " This node does not run; it asks as soon as `musubi run` starts it." };
    let (word, text, exit) = match &status {
        None => ("not-asked", format!("{shown}: nobody has asked to join from here."), 1),
        Some(JoinStatus::Searching) => ("searching", format!("{shown}: looking for the inviting node.{stopped}"), 0),
        Some(JoinStatus::Waiting) => ("waiting", format!("{shown}: the founders have the request."), 0),
        Some(JoinStatus::Admitted) => ("admitted", format!("{shown}: admitted."), 0),
        Some(JoinStatus::Refused(why)) => ("refused", format!("{shown}: refused: {why}"), 1),
    };
    let why = match &status {
        Some(JoinStatus::Refused(why)) => Some(why.clone()),
        _ => None,
    };
    let json = json!({
        "network": network.to_string(), "name": name, "status": word, "why": why, "check": Service::check_phrase(network),
    });
    Reply::new(json, format!("{text}\nCompare by telephone: {}", Service::check_phrase(network))).exit(exit)
}

/// Requests that wait.
pub fn admit_list(desk: &Desk) -> Reply {
    let waiting = desk.service().pending_joins();
    let mut rows = Vec::new();
    let mut list = Vec::new();
    for join in &waiting {
        let Ok(body) = JoinBody::decode(&join.request.body) else { continue };
        list.push(join_json(join, &body));
        let signed = join.signing.as_ref().map_or_else(|| "nobody".into(), signing_text);
        rows.push(vec![
            format!("{:.16}", join.request.invite.to_string()),
            body.facility.to_string(),
            body.class.to_string(),
            body.name.clone(),
            signed,
        ]);
    }
    let text = match rows.is_empty() {
        true => "Nobody asks to join.".to_owned(),
        false => {
            table(&["Id", "Facility", "Class", "Name", "Signed"], rows)
                + "\n\n`musubi admit sign ID --share FILE` admits."
        }
    };
    Reply::new(json!({ "waiting": list }), text)
}

fn join_json(join: &PendingJoin, body: &JoinBody) -> Value {
    json!({
        "id": join.request.invite.to_string(), "network": join.network.to_string(), "facility": body.facility.to_string(),
        "name": body.name, "class": body.class.word(), "kinds": kinds(body.kinds), "root": body.root.to_string(),
        "asked_at": body.at.0, "signing": join.signing.as_ref().map(signing_json),
    })
}

/// Admits one that waits.
pub fn admit(desk: &Desk, id: &str, shares: &[String]) -> Result<Reply, Failure> {
    let waiting = desk.service().pending_joins();
    let waiting = waiting.into_iter().map(|join| (join.request.invite.to_string(), join.request.invite)).collect();
    let invite = words::by_prefix("request", id, waiting)?;
    Ok(signed(&desk.service().admit(invite, &words::shares(shares)?)?))
}

/// Admits who asks by a file.
pub fn admit_file(desk: &Desk, request: &str, shares: &[String]) -> Result<Reply, Failure> {
    let signing = desk.service().admit_file(request, &words::shares(shares)?)?;
    let reply = signed(&signing);
    let protocol::state::Object::Membership(membership) = &signing.object else { return Ok(reply) };
    match desk.service().welcome_file(membership.network, &membership.facility)? {
        Some(file) if signing.is_complete() => Ok(reply.file(file)),
        _ => Ok(reply),
    }
}

/// Admits a facility of this node.
pub fn admit_own(
    desk: &Desk,
    network: Option<String>,
    facility: Option<String>,
    shares: &[String],
) -> Result<Reply, Failure> {
    let network = words::network(desk, network.as_deref())?;
    let facility = words::own_facility(desk, facility.as_deref())?;
    Ok(signed(&desk.service().admit_own(network, &facility, &words::shares(shares)?)?))
}

/// How far an object is.
pub fn signed(signing: &Signing) -> Reply {
    let mut text = signing_text(signing);
    if !signing.is_complete() {
        text.push_str(
            "\nThe other founders sign at their nodes (`musubi founders list`), or by file (`musubi founders export ID --out FILE`).",
        );
    }
    Reply::new(signing_json(signing), text)
}

/// Refuses a request.
pub fn refuse(desk: &Desk, id: &str) -> Result<Reply, Failure> {
    let waiting = desk.service().pending_joins();
    let waiting = waiting.into_iter().map(|join| (join.request.invite.to_string(), join.request.invite)).collect();
    let invite = words::by_prefix("request", id, waiting)?;
    desk.service().refuse_join(invite)?;
    Ok(Reply::new(json!({ "id": invite.to_string(), "refused": true }), "Refused; the invite is closed."))
}

/// The welcome file of an admitted facility.
pub fn welcome(desk: &Desk, network: Option<String>, facility: &str) -> Result<Reply, Failure> {
    let network = words::network(desk, network.as_deref())?;
    let facility = FacilityId::parse(facility)?;
    let file = desk.service().welcome_file(network, &facility)?;
    let file = file.ok_or_else(|| {
        Failure::refused(format!("{facility} is not admitted yet")).next("`musubi founders list` shows who has to sign")
    })?;
    let json = json!({ "network": network.to_string(), "facility": facility.to_string() });
    Ok(Reply::new(json, "The welcome file: `musubi join --welcome FILE` at the new member's node.").file(file))
}

/// A caller that waits longer asks again.
const WAIT_S_MAX: u64 = 3_600;
/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);
