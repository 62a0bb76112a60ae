//! What an office does. What the node refuses comes back in its own words below a sentence of ours; what was typed stays, but for
//! shares.
use super::{of_act, shown};
use crate::app::{App, page_with, redirect};
use crate::desk::DeskError;
use crate::forms::Fields;
use crate::i18n::Key;
use crate::pages::{self, Fault, Given, OfficePage, Said};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use protocol::ids::{AccordId, FacilityId, Hash, NetworkId, NodeKey};
use protocol::kinds::{Coarse, Codes, FacilityClass, KindSet, Purpose, Role};
use protocol::state::Target;
use protocol::time::DAY_MS;
use service::accords::{AccordTerms, ClauseTerms, Holders};
use service::founders::Founding;
use service::keys::{Share, SharePublic};
use service::offices::Act;
use service::signing::Signing;
use service::{Service, Staff};
use std::sync::Arc;

type Asked = (State<Arc<App>>, HeaderMap);

/// What an act came to.
enum Done {
    /// Said on the page.
    Said(Key),
    /// A text to hand over.
    Given(Box<Given>),
    /// Refused: a sentence, and the node's words.
    Refused(Key, String),
}

fn refused(error: impl std::fmt::Display) -> Done {
    Done::Refused(Key::OfficeRefused, error.to_string())
}

/// Notes who acts, does it, and shows what it came to.
async fn act(
    (State(app), headers): Asked,
    (act, page): (Act, OfficePage),
    typed: Fields,
    work: impl FnOnce(&Service, &Fields) -> Done + Send + 'static,
) -> Response {
    let form = typed.clone();
    let done = app.office(move |service, staff: &Staff| {
        service.begin(staff, act).map_err(of_act)?;
        Ok(work(service, &form))
    });
    match done.await {
        // A page that is loaded again does nothing again.
        Ok(Done::Said(key)) => redirect(&format!("{}?done={}", page.path(), key.id()), None),
        Ok(Done::Given(given)) => {
            let node = app.desk.name();
            let here = page.path().parse().ok();
            page_with(StatusCode::OK, pages::given(&app.frame(app.lang(&headers), &node, here.as_ref()), &given))
        }
        Ok(Done::Refused(key, detail)) => {
            let said = Said { is_done: false, key, detail };
            shown(&app, &headers, page, (StatusCode::UNPROCESSABLE_ENTITY, &typed, Some(said))).await
        }
        Err(error) => app.fault(&headers, &Fault::Desk(error)),
    }
}

/// The shares of a form: as many as were pasted one below the other. None is an empty list.
fn shares(fields: &Fields) -> Result<Vec<Share>, Done> {
    let text = fields.text("share");
    if text.is_empty() {
        return Ok(Vec::new());
    }
    Share::parse(text).map(|share| vec![share]).map_err(|why| Done::Refused(Key::FaultShare, why))
}

fn network(fields: &Fields) -> Result<NetworkId, Done> {
    NetworkId::parse(fields.text("network")).map_err(|_| Done::Refused(Key::FaultNetwork, String::new()))
}

fn facility(fields: &Fields) -> Result<FacilityId, Done> {
    FacilityId::parse(fields.text("facility"))
        .map_err(|error| Done::Refused(Key::FaultFacilityDigits, error.to_string()))
}

/// `?` for acts: what was refused is what it came to.
fn settled(done: Result<Done, Done>) -> Done {
    done.unwrap_or_else(|refused| refused)
}

fn signed(signing: &Signing) -> Done {
    Done::Said(if signing.is_complete() { Key::DoneInForce } else { Key::DoneWaits })
}

/// Opens an invite and shows it once.
pub(super) async fn invite(state: State<Arc<App>>, headers: HeaderMap, fields: Fields) -> Response {
    act((state, headers), (Act::Invite, OfficePage::Invite), fields, |service, fields| {
        settled((|| {
            let (network, facility) = (network(fields)?, facility(fields)?);
            let invite = service.invite(network, facility.clone(), Vec::new()).map_err(refused)?;
            let facts = vec![
                (Key::ColFacility, facility.to_string()),
                (Key::InviteUntil, invite.until.date_jst().to_string()),
                (Key::CharterCheck, Service::check_phrase(network)),
            ];
            let text = invite.to_text();
            Ok(Done::Given(Box::new(Given {
                title: Key::InviteMade,
                lead: Key::InviteMadeLead,
                text,
                facts,
                has_code: true,
            })))
        })())
    })
    .await
}

/// Asks to join with an invite.
pub(super) async fn join(state: State<Arc<App>>, headers: HeaderMap, fields: Fields) -> Response {
    act((state, headers), (Act::Join, OfficePage::Join), fields, |service, fields| {
        service.join(fields.text("invite")).map_or_else(refused, |_| Done::Said(Key::DoneAsked))
    })
    .await
}

/// Asks to join by a file.
pub(super) async fn join_file(state: State<Arc<App>>, headers: HeaderMap, fields: Fields) -> Response {
    act((state, headers), (Act::Join, OfficePage::Join), fields, |service, fields| {
        settled((|| {
            let text = service.join_file(fields.text("charter"), &facility(fields)?).map_err(refused)?;
            Ok(given(Key::JoinFileTitle, Key::JoinFileGiven, text))
        })())
    })
    .await
}

fn given(title: Key, lead: Key, text: String) -> Done {
    Done::Given(Box::new(Given { title, lead, text, facts: Vec::new(), has_code: false }))
}

/// Takes a file in: a charter, a welcome, an object to sign, a request to join.
pub(super) async fn import(state: State<Arc<App>>, headers: HeaderMap, fields: Fields) -> Response {
    act((state, headers), (Act::Import, OfficePage::Files), fields, |service, fields| {
        settled((|| {
            let (text, shares) = (fields.text("file"), shares(fields)?);
            match service.import(text) {
                Ok(taken) if taken.is_empty() => Ok(Done::Said(Key::DoneTaken)),
                Ok(taken) => Ok(Done::Said(if taken.iter().all(Signing::is_complete) {
                    Key::DoneInForce
                } else {
                    Key::DoneWaits
                })),
                // A request to join is not imported but admitted.
                Err(_) if !shares.is_empty() => {
                    service.admit_file(text, &shares).map(|signing| signed(&signing)).map_err(refused)
                }
                Err(error) => Err(refused(error)),
            }
        })())
    })
    .await
}

/// Proposes an accord.
pub(super) async fn accord(state: State<Arc<App>>, headers: HeaderMap, fields: Fields) -> Response {
    act((state, headers), (Act::Accord, OfficePage::Accord), fields, |service, fields| {
        settled((|| {
            let terms = terms(service, fields)?;
            let signing = service.propose_accord(&terms, &shares(fields)?).map_err(refused)?;
            let text = service.export(signing.hash).map_err(refused)?;
            Ok(given(Key::AccordTitle, Key::AccordGiven, text))
        })())
    })
    .await
}

fn terms(service: &Service, fields: &Fields) -> Result<AccordTerms, Done> {
    let kinds: Vec<Coarse> = fields.all("kind").filter_map(Coarse::parse).collect();
    let clause = |holders: Holders| ClauseTerms {
        holders,
        kinds: KindSet::of(&kinds),
        roles: Codes::of(fields.all("role").filter_map(Role::parse).map(Role::code)),
        purposes: Codes::of(fields.all("purpose").filter_map(Purpose::parse).map(Purpose::code)),
        classes: Codes::of(fields.all("class").filter_map(FacilityClass::parse).map(FacilityClass::code)),
    };
    let clauses = match fields.text("side") {
        "ours" => vec![clause(Holders::Ours)],
        "theirs" => vec![clause(Holders::Theirs)],
        _ => vec![clause(Holders::Ours), clause(Holders::Theirs)],
    };
    let one = &clauses[0];
    if one.kinds.is_empty() || one.roles.is_empty() || one.purposes.is_empty() || one.classes.is_empty() {
        return Err(Done::Refused(Key::FaultClause, String::new()));
    }
    let number = |name: &str| match fields.text(name) {
        "" => Ok(None),
        text => {
            text.parse::<u32>().map(Some).map_err(|_| Done::Refused(Key::FaultNumber, text.chars().take(20).collect()))
        }
    };
    Ok(AccordTerms {
        own: network(fields)?,
        partner_charter: fields.text("charter").to_owned(),
        clauses,
        from: None,
        to: number("days")?.map(|days| service.now().plus(u64::from(days).saturating_mul(DAY_MS))),
        text_hash: Hash([0; 32]),
        copy_hours: number("copy_hours")?,
        contacts: Vec::new(),
    })
}

/// Takes back a membership, a node key or an accord.
pub(super) async fn revoke(state: State<Arc<App>>, headers: HeaderMap, fields: Fields) -> Response {
    act((state, headers), (Act::Revoke, OfficePage::Revoke), fields, |service, fields| {
        settled((|| {
            if !fields.is_on("sure") {
                return Err(Done::Refused(Key::FaultRevokeSure, String::new()));
            }
            if fields.text("reason").is_empty() {
                return Err(Done::Refused(Key::FaultReason, String::new()));
            }
            let target = target(fields)?;
            let signing =
                service.revoke(network(fields)?, target, fields.text("reason"), &shares(fields)?).map_err(refused)?;
            Ok(signed(&signing))
        })())
    })
    .await
}

fn target(fields: &Fields) -> Result<Target, Done> {
    let unknown = || Done::Refused(Key::FaultTarget, String::new());
    if !fields.text("node").is_empty() {
        return NodeKey::parse(fields.text("node")).map(Target::Node).map_err(|_| unknown());
    }
    match fields.text("target").split_once(':') {
        Some(("facility", id)) => FacilityId::parse(id).map(Target::Membership).map_err(|_| unknown()),
        Some(("accord", id)) => AccordId::parse(id).map(Target::Accord).map_err(|_| unknown()),
        _ => Err(unknown()),
    }
}

/// Drafts a network; founds it at once where the shares are enough.
pub(super) async fn found(state: State<Arc<App>>, headers: HeaderMap, fields: Fields) -> Response {
    act((state, headers), (Act::Found, OfficePage::Found), fields, |service, fields| {
        settled((|| {
            let lines = fields.text("founders").lines().map(str::trim).filter(|line| !line.is_empty());
            let founders: Vec<SharePublic> =
                lines.map(SharePublic::parse).collect::<Result<_, _>>().map_err(refused)?;
            let k = fields.text("k").parse().map_err(|_| Done::Refused(Key::FaultNumber, String::new()))?;
            let founding = Founding::usual(fields.text("name"), founders, k);
            let draft = service.draft_network(&founding, &shares(fields)?).map_err(refused)?;
            if draft.tally.is_enough() {
                service.found(&draft.file).map_err(refused)?;
                return Ok(Done::Said(Key::DoneFounded));
            }
            Ok(given(Key::FoundNetwork, Key::FoundGiven, draft.file))
        })())
    })
    .await
}

/// Founds the network of a charter that enough founders signed.
pub(super) async fn founded(state: State<Arc<App>>, headers: HeaderMap, fields: Fields) -> Response {
    act((state, headers), (Act::Found, OfficePage::Found), fields, |service, fields| {
        service.found(fields.text("charter")).map_or_else(refused, |_| Done::Said(Key::DoneFounded))
    })
    .await
}

/// Admits a facility of this node.
pub(super) async fn admit_own(state: State<Arc<App>>, headers: HeaderMap, fields: Fields) -> Response {
    act((state, headers), (Act::Sign, OfficePage::Waiting), fields, |service, fields| {
        settled((|| {
            let signing = service.admit_own(network(fields)?, &facility(fields)?, &shares(fields)?).map_err(refused)?;
            Ok(signed(&signing))
        })())
    })
    .await
}

/// Admits who asked.
pub(super) async fn admit(
    state: State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    fields: Fields,
) -> Response {
    let Ok(invite) = Hash::parse(&id) else { return state.fault(&headers, &Fault::Desk(DeskError::Unknown)) };
    act((state, headers), (Act::Sign, OfficePage::Waiting), fields, move |service, fields| {
        settled((|| Ok(signed(&service.admit(invite, &shares(fields)?).map_err(refused)?)))())
    })
    .await
}

/// Refuses who asked and closes the invite.
pub(super) async fn refuse(state: State<Arc<App>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let Ok(invite) = Hash::parse(&id) else { return state.fault(&headers, &Fault::Desk(DeskError::Unknown)) };
    act((state, headers), (Act::Refuse, OfficePage::Waiting), Fields::default(), move |service, _| {
        service.refuse_join(invite).map_or_else(refused, |()| Done::Said(Key::DoneRefused))
    })
    .await
}

/// Signs what waits.
pub(super) async fn sign(
    state: State<Arc<App>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    fields: Fields,
) -> Response {
    let Ok(hash) = Hash::parse(&id) else { return state.fault(&headers, &Fault::Desk(DeskError::Unknown)) };
    act((state, headers), (Act::Sign, OfficePage::Waiting), fields, move |service, fields| {
        settled((|| Ok(signed(&service.sign_proposal(hash, &shares(fields)?).map_err(refused)?)))())
    })
    .await
}
