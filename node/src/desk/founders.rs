use super::joining::signed;
use super::show::{kinds, signing_json, signing_text, when};
use super::state::Desk;
use super::words;
use crate::control::{AccordTerms, Reply, Target};
use crate::failure::{Code, Failure};
use protocol::ids::{AccordId, FacilityId, Hash, NetworkId, NodeKey, node_of_peer_id};
use protocol::kinds::{Codes, FacilityClass, Purpose, Role};
use protocol::state;
use protocol::time::DAY_MS;
use serde_json::{Value, json};
use service::Service;
use service::accords::{self, AccordError, AccordView, ClauseTerms, Holders};
use service::founders::{FoundError, Founding};
use service::keys::SharePublic;

impl From<FoundError> for Failure {
    fn from(error: FoundError) -> Self {
        match error {
            FoundError::Command(error) => error.into(),
            FoundError::Write(error) => error.into(),
            FoundError::File(_) | FoundError::Charter(_) => Self::new(Code::Usage, error),
            error => Self::refused(error),
        }
    }
}

impl From<AccordError> for Failure {
    fn from(error: AccordError) -> Self {
        match error {
            AccordError::Sign(error) => error.into(),
            AccordError::Command(error) => error.into(),
            AccordError::File(_) | AccordError::Clauses | AccordError::Period => Self::new(Code::Usage, error),
            error => Self::refused(error),
        }
    }
}

/// Writes a charter; founds the network at once if enough shares are at hand.
pub fn draft(desk: &Desk, name: String, founders: &[String], k: u32, shares: &[String]) -> Result<Reply, Failure> {
    let founders: Vec<SharePublic> =
        founders.iter().map(|line| SharePublic::parse(line)).collect::<Result<_, _>>().map_err(Failure::usage)?;
    let founding = Founding::usual(name, founders, k);
    let draft = desk.service().draft_network(&founding, &words::shares(shares)?)?;
    if draft.tally.is_enough() {
        let network = desk.service().found(&draft.file)?;
        return Ok(founded(&draft.tally.name, network).file(draft.file));
    }
    let text = format!(
        "{} of {} founders have signed. Pass the charter on: `musubi founders sign-charter FILE --share SHARE --out FILE`, then \
         `musubi founders found FILE` here.",
        draft.tally.signed_by.len(),
        draft.tally.need
    );
    let json = json!({
        "network": draft.network.to_string(), "name": draft.tally.name, "founded": false,
        "signed_by": draft.tally.signed_by, "need": draft.tally.need,
    });
    Ok(Reply::new(json, text).file(draft.file))
}

/// Founds the network of a charter file.
pub fn found(desk: &Desk, charter: &str) -> Result<Reply, Failure> {
    let network = desk.service().found(charter)?;
    let name = desk.service().book().charter(network).map(|charter| charter.name.clone()).unwrap_or_default();
    Ok(founded(&name, network))
}

fn founded(name: &str, network: NetworkId) -> Reply {
    let text = format!(
        "{name} is founded: {network}\nCompare by telephone: {}\nNext: `musubi admit own --share …` for this node's facility, then `musubi invite DIGITS`.",
        Service::check_phrase(network)
    );
    let json = json!({ "network": network.to_string(), "name": name, "founded": true, "check": Service::check_phrase(network) });
    Reply::new(json, text)
}

/// What waits for founders.
pub fn proposals(desk: &Desk) -> Reply {
    let waiting = desk.service().proposals();
    let lines: Vec<String> = waiting.iter().map(signing_text).collect();
    let text = if lines.is_empty() { "Nothing waits for founders.".into() } else { lines.join("\n") };
    Reply::new(json!({ "waiting": waiting.iter().map(signing_json).collect::<Vec<_>>() }), text)
}

/// Signs something that waits.
pub fn sign(desk: &Desk, id: &str, shares: &[String]) -> Result<Reply, Failure> {
    let waiting =
        desk.service().proposals().into_iter().map(|signing| (signing.hash.to_string(), signing.hash)).collect();
    let hash = words::by_prefix("proposal", id, waiting)?;
    Ok(signed(&desk.service().sign_proposal(hash, &words::shares(shares)?)?))
}

/// Takes a file that somebody brought.
pub fn import(desk: &Desk, text: &str) -> Result<Reply, Failure> {
    let taken = desk.service().import(text)?;
    let lines: Vec<String> = taken.iter().map(signing_text).collect();
    let text = if lines.is_empty() { "Taken.".into() } else { lines.join("\n") };
    Ok(Reply::new(json!({ "taken": taken.iter().map(signing_json).collect::<Vec<_>>() }), text))
}

/// Something that waits or is in force, as a file.
pub fn export(desk: &Desk, id: &str) -> Result<Reply, Failure> {
    let waiting = desk.service().proposals().into_iter().map(|signing| signing.hash);
    let accords = desk.service().accords().into_iter().map(|accord| accord.hash);
    let mut all: Vec<Hash> = waiting.chain(accords).collect();
    all.sort();
    all.dedup();
    let hash = match Hash::parse(id) {
        Ok(hash) => hash,
        Err(_) => words::by_prefix("object", id, all.into_iter().map(|hash| (hash.to_string(), hash)).collect())?,
    };
    let file = desk.service().export(hash)?;
    let text =
        "The file for the other desk: `musubi founders import FILE`, then `musubi founders sign ID --share …` there.";
    Ok(Reply::new(json!({ "id": hash.to_string() }), text).file(file))
}

/// A network's charter as a file.
pub fn charter(desk: &Desk, network: Option<String>) -> Result<Reply, Failure> {
    let network = words::network(desk, network.as_deref())?;
    let file = desk.service().export_charter(network)?;
    let text = "The charter for the partner, or for a newcomer without a line.";
    Ok(Reply::new(json!({ "network": network.to_string() }), text).file(file))
}

/// Writes and signs an accord.
pub fn propose_accord(desk: &Desk, typed: AccordTerms) -> Result<Reply, Failure> {
    let mut clauses = Vec::new();
    for text in &typed.clauses {
        clauses.extend(clause(text)?);
    }
    let to = typed.days.map(|days| desk.service().now().plus(days.saturating_mul(DAY_MS)));
    let terms = accords::AccordTerms {
        own: words::network(desk, typed.network.as_deref())?,
        partner_charter: typed.charter,
        clauses,
        from: None,
        to,
        text_hash: Hash([0; 32]),
        copy_hours: typed.copy_hours,
        contacts: words::contacts(typed.contacts)?,
    };
    let signing = desk.service().propose_accord(&terms, &words::shares(&typed.shares)?)?;
    let file = desk.service().export(signing.hash)?;
    let mut reply = signed(&signing).file(file);
    reply.text.push_str(
        "\nThe file for the partner's desk: `musubi accord import FILE`, then `musubi accord sign ID --share …` there.",
    );
    Ok(reply)
}

/// One clause as it is typed; `both` gives two.
fn clause(text: &str) -> Result<Vec<ClauseTerms>, Failure> {
    let mut parts = text.split(':');
    let mut list = || -> Vec<String> {
        let part = parts.next().unwrap_or_default();
        part.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let holders = match list().first().map(String::as_str) {
        Some("ours") => vec![Holders::Ours],
        Some("theirs") => vec![Holders::Theirs],
        Some("both") => vec![Holders::Ours, Holders::Theirs],
        other => {
            let words = ["ours", "theirs", "both"].into_iter();
            let failure = words::vocabulary("side of an accord", other.unwrap_or_default(), words);
            return Err(failure.next("write ours:KINDS, theirs:KINDS or both:KINDS, such as theirs:prescription,lab"));
        }
    };
    let kinds = words::kinds(&list())?;
    let all = |codes: &mut dyn Iterator<Item = u8>| Codes::of(codes);
    let roles = words::roles(&list(), all(&mut Role::ALL.iter().map(|item| item.code())))?;
    let usual = protocol::kinds::purposes(&[Purpose::Treatment, Purpose::Referral]);
    let purposes = words::purposes(&list(), usual)?;
    // The classes that the usual consent names: an audience wider than the consents would get no entry at all.
    let named = [FacilityClass::Hospital, FacilityClass::Clinic, FacilityClass::Dental, FacilityClass::Pharmacy];
    let classes = words::classes(&list(), protocol::kinds::classes(&named))?;
    if parts.next().is_some() {
        return Err(Failure::usage(format!("the clause {text:?} has more than five parts"))
            .next("write HOLDERS:KINDS[:ROLES[:PURPOSES[:CLASSES]]]"));
    }
    Ok(holders.into_iter().map(|holders| ClauseTerms { holders, kinds, roles, purposes, classes }).collect())
}

/// All accords.
pub fn accords(desk: &Desk) -> Reply {
    let list = desk.service().accords();
    let text = list.iter().map(accord_text).collect::<Vec<_>>().join("\n\n");
    let text = if text.is_empty() { "There is no accord.".into() } else { text };
    Reply::new(json!({ "accords": list.iter().map(accord_json).collect::<Vec<_>>() }), text)
}

fn accord_json(view: &AccordView) -> Value {
    let clauses = view.accord.clauses.iter().map(|clause| {
        json!({
            "number": clause.number, "holder_network": clause.holder_network.to_string(), "kinds": kinds(clause.kinds),
            "roles": words_of(clause.roles, |code| Role::from_code(code).map(Role::word)),
            "purposes": words_of(clause.purposes, |code| Purpose::from_code(code).map(Purpose::word)),
            "classes": words_of(clause.classes, |code| FacilityClass::from_code(code).map(FacilityClass::word)),
        })
    });
    json!({
        "accord": view.id.to_string(), "id": view.hash.to_string(), "in_force": view.in_force,
        "networks": [
            { "network": view.accord.a.to_string(), "name": view.names.0 },
            { "network": view.accord.b.to_string(), "name": view.names.1 },
        ],
        "from": view.accord.from.0, "to": view.accord.to.0, "copy_hours": view.accord.copy_hours,
        "clauses": clauses.collect::<Vec<_>>(), "signing": view.signing.as_ref().map(signing_json),
    })
}

fn accord_text(view: &AccordView) -> String {
    let state = if view.in_force { "in force" } else { "not in force" };
    let mut lines = vec![format!(
        "{} – {}: {state}, {} to {}\n  accord {}\n  object {}",
        view.names.0,
        view.names.1,
        when(view.accord.from),
        when(view.accord.to),
        view.id,
        view.hash
    )];
    for clause in &view.accord.clauses {
        let (holder, reader) = match clause.holder_network == view.accord.a {
            true => (&view.names.0, &view.names.1),
            false => (&view.names.1, &view.names.0),
        };
        lines.push(format!(
            "  clause {}: {reader} may read {} of {holder} for {}",
            clause.number,
            kinds(clause.kinds).join(", "),
            words_of(clause.purposes, |code| Purpose::from_code(code).map(Purpose::word)).join(", ")
        ));
    }
    if let Some(signing) = &view.signing {
        lines.push(format!("  {}", signing_text(signing)));
    }
    lines.join("\n")
}

fn words_of(codes: Codes, word: impl Fn(u8) -> Option<&'static str>) -> Vec<&'static str> {
    codes.iter().filter_map(word).collect()
}

/// Takes something back.
pub fn revoke(
    desk: &Desk,
    network: Option<String>,
    target: &Target,
    reason: &str,
    shares: &[String],
) -> Result<Reply, Failure> {
    let network = words::network(desk, network.as_deref())?;
    let target = target_of(target)?;
    let is_unknown = match &target {
        state::Target::Membership(id) => desk.service().book().membership(network, id).is_none(),
        state::Target::Node(_) | state::Target::Accord(_) => false,
    };
    let mut reply = signed(&desk.service().revoke(network, target, reason, &words::shares(shares)?)?);
    if is_unknown {
        // Not refused: the membership may be on its way here, and the revocation must not wait for it.
        reply.text.push_str("\nNo member with these digits is known here: compare them with those of `musubi peers`.");
    }
    Ok(reply)
}

/// What is meant by a facility's digits, a node's key or peer id, or an accord's id.
pub(super) fn target_of(target: &Target) -> Result<state::Target, Failure> {
    Ok(match target {
        Target::Facility(text) => state::Target::Membership(FacilityId::parse(text)?),
        Target::Node(text) => state::Target::Node(match node_of_peer_id(text) {
            Some(node) => node,
            None => NodeKey::parse(text)?,
        }),
        Target::Accord(text) => state::Target::Accord(AccordId::parse(text)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::kinds::{Coarse, KindSet};

    #[test]
    fn a_clause_is_read_as_it_is_typed() {
        let read = clause("theirs:prescription,lab:doctor:treatment:hospital,clinic").expect("fine");
        let [one] = read.as_slice() else { panic!("one clause") };
        assert_eq!(one.holders, Holders::Theirs);
        assert_eq!(one.kinds, KindSet::of(&[Coarse::Prescription, Coarse::Lab]));
        assert_eq!(one.roles, protocol::kinds::roles(&[Role::Doctor]));
        assert_eq!(clause("both:*").expect("fine").len(), 2);
    }
    #[test]
    fn a_clause_with_a_wrong_word_says_which_words_there_are() {
        let failure = clause("theirs:prescriptions").expect_err("refused");
        assert!(failure.next.is_some_and(|next| next.contains("prescription,")));
        assert!(clause("lab").is_err());
        assert!(clause("ours:lab:*:*:*:*").is_err());
    }
}
