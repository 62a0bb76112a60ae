//! How many patients two networks share, at the desk. Lists are large, so files are named by path and read by the node.
use super::Tell;
use super::show::when;
use super::state::Desk;
use super::words;
use crate::control::{OverlapAsk, Progress, Reply};
use crate::failure::Failure;
use protocol::overlap::{Stage, Terms, Told};
use serde_json::{Value, json};
use service::keys::Share;
use service::overlap::{AcceptOverlap, AskOverlap, OverlapError, OverlapView, Role, SecretFor};
use std::path::{Path, PathBuf};

impl From<OverlapError> for Failure {
    fn from(error: OverlapError) -> Self {
        let is_usage = error.is_usage();
        match error {
            OverlapError::Charter(error) => error.into(),
            OverlapError::Sign(error) => error.into(),
            OverlapError::Write(error) => error.into(),
            OverlapError::File { problem: service::overlap::FileProblem::Disk(_), .. } => Self::store(error)
                .next("the running node reads and writes the files itself: name a folder that its account may use"),
            error if is_usage => Self::usage(error),
            error => Self::refused(error),
        }
    }
}

/// Does what was asked.
pub fn handle(desk: &Desk, asked: OverlapAsk, tell: Tell<'_>) -> Result<Reply, Failure> {
    let mut told =
        |what: &'static str, done: u64, total: Option<u64>| tell(Progress { what: what.into(), done, total });
    let service = desk.service();
    match asked {
        OverlapAsk::Ask { charter, network, parts, share, to } => {
            let own = words::network(desk, network.as_deref())?;
            let ask = AskOverlap { own, partner_charter: charter, parts: paths(parts) };
            let stated = service.ask_overlap(&ask, &one_share(&share)?, Path::new(&to), &mut told)?;
            let next = "Give it to the other office: `musubi overlap accept FILE --with CHARTER --share SHARE --to ANSWER` there.";
            Ok(written(&to, &stated.terms, Some(stated.points), next))
        }
        OverlapAsk::Accept { ask, charter, parts, raised, share, to } => {
            let accept = AcceptOverlap {
                ask: ask.into(),
                asker_charter: charter,
                parts: paths(parts),
                raised: raised.map(Into::into),
            };
            let stated = service.accept_overlap(&accept, &one_share(&share)?, Path::new(&to), &mut told)?;
            let next = "Give it to the office that asked: `musubi overlap count FILE --to NUMBER` there.";
            Ok(written(&to, &stated.terms, Some(stated.points), next))
        }
        OverlapAsk::Count { answer, raised, to } => {
            let raised = raised.map(PathBuf::from);
            let (terms, number) =
                service.count_overlap(Path::new(&answer), raised.as_deref(), Path::new(&to), &mut told)?;
            let mut reply = counted(&terms, number);
            reply.json["written"] = json!(to);
            reply.text.push_str(&format!("\nWritten to {to}, for the other office: `musubi overlap hear FILE` there."));
            Ok(reply)
        }
        OverlapAsk::Hear { outcome } => {
            let (terms, number) = service.hear_overlap(Path::new(&outcome))?;
            Ok(counted(&terms, number))
        }
        OverlapAsk::Show => Ok(show(&service.overlaps())),
        OverlapAsk::Secret { charter, ask, network, to } => {
            let of = match (charter, ask) {
                (Some(partner_charter), None) => {
                    SecretFor::Asking { own: words::network(desk, network.as_deref())?, partner_charter }
                }
                (None, Some(ask)) => SecretFor::Asked(ask.into()),
                _ => return Err(Failure::usage("say either --with CHARTER or --of ASK")),
            };
            let terms = service.overlap_secret(&of, Path::new(&to))?;
            let next = "For the holders of this side, by hand; not for the node that merges: `musubi overlap mask --secret FILE --to LIST` at each.";
            Ok(written(&to, &terms, None, next))
        }
        OverlapAsk::Mask { secret, to } => {
            let terms = service.overlap_mask(Path::new(&secret), Path::new(&to), &mut told)?;
            Ok(written(&to, &terms, None, "For the node that merges: --part FILE there."))
        }
        OverlapAsk::Raise { list, secret, to } => {
            let files = (Path::new(&secret), Path::new(&list), Path::new(&to));
            let terms = service.overlap_raise(files.0, files.1, files.2, &mut told)?;
            Ok(written(&to, &terms, None, "For the node that merges: --raised FILE there."))
        }
    }
}

fn paths(texts: Vec<String>) -> Vec<PathBuf> {
    texts.into_iter().map(PathBuf::from).collect()
}

fn one_share(text: &str) -> Result<Share, Failure> {
    let mut shares = words::shares(std::slice::from_ref(&text.to_owned()))?;
    shares.pop().ok_or_else(|| Failure::usage("no share was given"))
}

fn of_terms(terms: &Terms) -> Value {
    json!({ "count": terms.id().to_string(), "asker": terms.asker.to_string(), "partner": terms.partner.to_string() })
}

fn written(to: &str, terms: &Terms, points: Option<usize>, next: &str) -> Reply {
    let mut json = of_terms(terms);
    json["written"] = json!(to);
    let mut text = format!("Written to {to}.");
    if let Some(points) = points {
        json["points"] = json!(points);
        text.push_str(&format!(" It shows {points} points, filled up so that they tell no exact number."));
    }
    Reply::new(json, format!("{text}\n{next}"))
}

fn counted(terms: &Terms, told: Told) -> Reply {
    let mut json = of_terms(terms);
    json["about"] = json!(told.about());
    json["text"] = json!(told.to_string());
    Reply::new(json, format!("The two networks share {told} patients."))
}

fn show(views: &[OverlapView]) -> Reply {
    let line = |view: &OverlapView| {
        let how = match (view.role, view.stage) {
            (_, Some(Stage::Told(told))) => told.to_string(),
            (Role::Holder, _) => "this node masked its patients".into(),
            (Role::Asker, _) => "asked; waits for the answer".into(),
            (Role::Partner, _) => "answered; waits for the number".into(),
        };
        format!("{}  {} asked {}: {how}", when(view.at), view.names.0, view.names.1)
    };
    let value = |view: &OverlapView| {
        let (role, (stage, told)) = (view.role, state_of(view.stage));
        let mut json = of_terms(&view.terms);
        json["at"] = json!(view.at.0);
        json["role"] = json!(match role {
            Role::Asker => "asker",
            Role::Partner => "partner",
            Role::Holder => "holder",
        });
        json["stage"] = json!(stage);
        json["about"] = json!(told.and_then(Told::about));
        json["text"] = json!(told.map(|told| told.to_string()));
        json["names"] = json!([view.names.0, view.names.1]);
        json
    };
    let lines: Vec<String> = views.iter().map(line).collect();
    let text = if lines.is_empty() { "This node took part in no count.".into() } else { lines.join("\n") };
    Reply::new(json!({ "overlaps": views.iter().map(value).collect::<Vec<_>>() }), text)
}

fn state_of(stage: Option<Stage>) -> (&'static str, Option<Told>) {
    match stage {
        Some(Stage::Asked) => ("asked", None),
        Some(Stage::Answered { .. }) => ("answered", None),
        Some(Stage::Told(told)) => ("told", Some(told)),
        None => ("masked", None),
    }
}
