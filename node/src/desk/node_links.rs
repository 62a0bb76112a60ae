//! Links within the node: the queue, what people say, what was visible. Reasons in both languages for scripts.
use super::Tell;
use super::show::{kinds, table, when};
use super::state::Desk;
use super::words;
use crate::control::{LinksAsk, Progress, Reply};
use crate::failure::Failure;
use matching::link::bands::Doubt;
use matching::link::differences::{Difference, Piece};
use matching::link::history::Author;
use matching::link::review::{Answer, Language, Spoken, reason};
use protocol::ids::PatientRef;
use serde_json::{Value, json};
use service::Staff;
use service::links::{
    Exposure, Link, LinkId, LinksError, Member, PairId, Question, Reach, Reviewed, RunReport, Says, SideBySide, Undone,
};

impl From<LinksError> for Failure {
    fn from(error: LinksError) -> Self {
        match error {
            LinksError::Write(error) => error.into(),
            LinksError::Reason | LinksError::Later | LinksError::NotAPair(_) | LinksError::Itself => Self::usage(error),
            LinksError::NoWord => Self::refused(error),
            LinksError::NoQuestion(_) => Self::refused(error).next("`musubi link review list` shows what is open"),
            LinksError::NoPatient(_) => Self::refused(error).next("`musubi patient find WORDS` lists patients"),
            LinksError::NoLink(_) | LinksError::NotHeld(_) => {
                Self::refused(error).next("`musubi link show PATIENT` lists the links of a patient")
            }
            LinksError::History(_) => Self::refused(error),
        }
    }
}

/// Does what was asked.
pub fn handle(desk: &Desk, staff: &Staff, ask: LinksAsk, tell: Tell<'_>) -> Result<Reply, Failure> {
    match ask {
        LinksAsk::List { later } => list(desk, staff, later),
        LinksAsk::Pair { pair } => show(desk, staff, PairId::parse(&pair)?),
        LinksAsk::Answer { pair, same, reason } => {
            let (pair, answer) = (PairId::parse(&pair)?, if same { Answer::Same } else { Answer::NotSame });
            Ok(reviewed(pair, answer, desk.service().answer_review(staff, pair, answer, &reason)?))
        }
        LinksAsk::Later { pair, days } => {
            let pair = PairId::parse(&pair)?;
            let until = desk.service().review_later(staff, pair, days)?;
            let json = json!({ "pair": pair.to_string(), "until": until.0 });
            Ok(Reply::new(json, format!("{pair} comes back on {}.", until.date_jst())))
        }
        LinksAsk::Make { one, other, reason } => {
            let (one, other) = (words::patient(&one)?, words::patient(&other)?);
            if one == other {
                return Err(LinksError::Itself.into());
            }
            let pair = PairId::of(one, other);
            Ok(reviewed(pair, Answer::Same, desk.service().make_link(staff, pair, &reason)?))
        }
        LinksAsk::Undo { id, reason } => undo(desk, staff, &id, &reason),
        LinksAsk::History { patient } => history(desk, staff, words::patient(&patient)?),
        LinksAsk::Seen { id } => {
            let exposure = desk.service().link_exposure(staff, number(&id)?)?;
            Ok(Reply::new(exposure_json(&exposure), exposure_text(&exposure)))
        }
        LinksAsk::Stats => stats(desk, staff),
        LinksAsk::Run => run(desk, staff, tell),
    }
}

fn number(text: &str) -> Result<LinkId, Failure> {
    LinkId::parse(text).ok_or_else(|| {
        Failure::usage(format!("{:?} is no link", text.chars().take(20).collect::<String>()))
            .next("`musubi link show PATIENT` lists links as l1, l2, …")
    })
}

fn list(desk: &Desk, staff: &Staff, later: bool) -> Result<Reply, Failure> {
    let open = desk.service().link_review(staff, later)?;
    let rows = open.iter().map(|question| {
        vec![
            question.pair.to_string(),
            bits(question.weight),
            when(question.asked),
            state(question),
            reason(question.doubt, Language::English).to_owned(),
        ]
    });
    let text = match open.is_empty() {
        true => "No pair waits for people.".to_owned(),
        false => table(&["Pair", "Weight", "Since", "", "Why"], rows),
    };
    Ok(Reply::new(json!({ "pairs": open.iter().map(question_json).collect::<Vec<_>>() }), text))
}

fn state(question: &Question) -> String {
    match (&question.first, question.later) {
        (Some(_), _) => "waits for a second person".into(),
        (None, Some(until)) => format!("later, {}", until.date_jst()),
        (None, None) if question.is_disputed => "two people disagree".into(),
        (None, None) => String::new(),
    }
}

fn bits(milli: i32) -> String {
    format!("{:.1}", f64::from(milli) / 1_000.0)
}

fn doubt_word(doubt: Option<Doubt>) -> Value {
    doubt.map_or_else(|| json!("contradicted"), |doubt| json!(doubt))
}

fn question_json(question: &Question) -> Value {
    let agreements = question.agreements();
    let agreements = agreements.iter().map(|(field, how)| (format!("{field:?}").to_lowercase(), json!(how)));
    json!({
        "pair": question.pair.to_string(), "doubt": doubt_word(question.doubt), "weight": question.weight,
        "margin": question.margin, "asked": question.asked.0, "later": question.later.map(|at| at.0),
        "reason": { "ja": reason(question.doubt, Language::Japanese), "en": reason(question.doubt, Language::English) },
        "needs_second": question.needs_second(), "disputed": question.is_disputed,
        "first": question.first.as_ref().map(|word| json!({ "staff": word.staff, "same": word.answer == Answer::Same })),
        "agreements": agreements.collect::<serde_json::Map<_, _>>(),
    })
}

fn show(desk: &Desk, staff: &Staff, pair: PairId) -> Result<Reply, Failure> {
    let shown = desk.service().link_side_by_side(staff, pair)?;
    let [one, other] = &shown.sides;
    let rows = shown.differences.iter().map(|difference| {
        let mark = if difference.is_unknown() {
            "?"
        } else if difference.is_equal() {
            "="
        } else {
            "≠"
        };
        vec![format!("{:?}", difference.field), mark.into(), marked(&difference.one), marked(&difference.other)]
    });
    let head = ["", "", &one.patient.to_string(), &other.patient.to_string()];
    let places = [one, other].map(|side| {
        let person: Vec<String> = side.person.iter().map(ToString::to_string).collect();
        format!("{} {}  {}", side.entry.facility, side.entry.id.expose_number(), person.join(","))
    });
    let question = &shown.question;
    let second = if question.needs_second() { "\nA yes needs two members of staff." } else { "" };
    let text = format!(
        "{}\n{}\n\n{}\n\n{}  |  {}{second}",
        reason(question.doubt, Language::Japanese),
        reason(question.doubt, Language::English),
        table(&head, rows),
        places[0],
        places[1],
    );
    Ok(Reply::new(pair_json(&shown), text))
}

/// Differing characters in brackets.
fn marked(pieces: &[Piece]) -> String {
    pieces.iter().map(|p| if p.is_shared { p.text.clone() } else { format!("[{}]", p.text) }).collect()
}

fn pair_json(shown: &SideBySide) -> Value {
    let pieces = |pieces: &[Piece]| -> Vec<Value> {
        pieces.iter().map(|piece| json!({ "text": piece.text, "shared": piece.is_shared })).collect()
    };
    let difference = |difference: &Difference| {
        json!({
            "field": difference.field, "equal": difference.is_equal(), "one": pieces(&difference.one),
            "other": pieces(&difference.other),
        })
    };
    let sides = shown.sides.iter().map(|side| {
        json!({
            "patient": side.patient.to_string(), "facility": side.entry.facility.to_string(),
            "number": side.entry.id.expose_number(), "person": side.person.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    });
    let parts = shown.parts.iter().map(|(field, part)| (format!("{field:?}").to_lowercase(), json!(part.0)));
    json!({
        "question": question_json(&shown.question), "sides": sides.collect::<Vec<_>>(),
        "differences": shown.differences.iter().map(difference).collect::<Vec<_>>(),
        "parts": parts.collect::<serde_json::Map<_, _>>(),
        "rivals": shown.rivals.iter().map(question_json).collect::<Vec<_>>(),
    })
}

fn reviewed(pair: PairId, answer: Answer, reviewed: Reviewed) -> Reply {
    let (word, text) = match (reviewed.spoken, reviewed.link) {
        (Spoken::Settled(Answer::Same), Some(id)) => ("same", format!("{pair} is one person now ({id}).")),
        (Spoken::Settled(_), _) => ("not-same", format!("{pair} is two persons, and stays so.")),
        (Spoken::NeedsSecond, _) => (
            "needs-second",
            format!("Noted. Something speaks against {pair}: another member of staff has to say the same."),
        ),
        (Spoken::Disputed, _) => ("disputed", format!("{pair}: two people disagree; it stays open.")),
        (Spoken::SamePerson, _) => ("same-person", "Who spoke first cannot be the second as well.".to_owned()),
    };
    let json = json!({
        "pair": pair.to_string(), "answer": if answer == Answer::Same { "same" } else { "not-same" }, "state": word,
        "link": reviewed.link.map(|id| id.to_string()),
    });
    Reply::new(json, text).exit(u8::from(reviewed.spoken == Spoken::SamePerson))
}

fn undo(desk: &Desk, staff: &Staff, id: &str, why: &str) -> Result<Reply, Failure> {
    let id = number(id)?;
    Ok(match desk.service().undo_link(staff, id, why)? {
        Undone::Done { by, exposure } => {
            let mut json = exposure_json(&exposure);
            json["link"] = json!(id.to_string());
            json["state"] = json!("undone");
            json["by"] = json!(by.to_string());
            Reply::new(json, format!("{id} does not hold any more ({by}).\n{}", exposure_text(&exposure)))
        }
        Undone::NeedsSecond => Reply::new(
            json!({ "link": id.to_string(), "state": "needs-second" }),
            format!("Noted. People made {id}: another member of staff has to say that it is wrong."),
        ),
        Undone::SamePerson => Reply::new(
            json!({ "link": id.to_string(), "state": "same-person" }),
            "Who spoke first cannot be the second as well.",
        )
        .exit(1),
    })
}

fn exposure_json(exposure: &Exposure) -> Value {
    let part = |part: &[PatientRef]| part.iter().map(ToString::to_string).collect::<Vec<_>>();
    let looks = exposure.looks.iter().map(|look| {
        json!({
            "leaf": look.index, "at": look.at.0, "staff": look.staff, "patient": look.patient.to_string(),
            "through": look.through.to_string(), "kinds": kinds(look.kinds), "count": look.count,
        })
    });
    json!({
        "since": exposure.since.0, "parts": [part(&exposure.parts[0]), part(&exposure.parts[1])],
        "seen": looks.collect::<Vec<_>>(), "more": exposure.more,
    })
}

fn exposure_text(exposure: &Exposure) -> String {
    if exposure.looks.is_empty() {
        return format!("Since {} nobody saw records of one on a page of the other.", when(exposure.since));
    }
    let rows = exposure.looks.iter().map(|look| {
        vec![
            look.index.to_string(),
            when(look.at),
            look.staff.clone().unwrap_or_default(),
            look.patient.to_string(),
            look.through.to_string(),
            look.count.to_string(),
            kinds(look.kinds).join(","),
        ]
    });
    let table = table(&["Leaf", "At", "Staff", "Records of", "On the page of", "Count", "Kinds"], rows);
    format!("Seen through this link since {}:\n{table}{}", when(exposure.since), if exposure.more { "\n…" } else { "" })
}

fn history(desk: &Desk, staff: &Staff, patient: PatientRef) -> Result<Reply, Failure> {
    let person = desk.service().person(staff, patient)?;
    let all = desk.service().link_history(staff, patient)?;
    let rows = all.iter().map(|(link, holds, sound)| {
        vec![
            link.id.to_string(),
            says(link),
            format!("{}-{}", link.pair.0, link.pair.1),
            author(&link.author),
            when(link.at),
            if *holds { "holds".into() } else { "taken back".into() },
            if *sound { String::new() } else { "SIGNATURE WRONG".into() },
            link.evidence
                .as_ref()
                .map_or_else(|| link.reason.clone(), |evidence| format!("{} bits", bits(evidence.milli_bits))),
        ]
    });
    let text = match all.is_empty() {
        true => format!("Nothing was said of links of {patient}."),
        false => table(&["Link", "Says", "Pair", "By", "At", "", "", "Why"], rows),
    };
    let list = all.iter().map(|(link, holds, sound)| {
        json!({
            "link": link.id.to_string(), "says": says(link), "pair": [link.pair.0.to_string(), link.pair.1.to_string()],
            "author": author(&link.author), "at": link.at.0, "holds": holds, "sound": sound, "reason": link.reason,
            "weight": link.evidence.as_ref().map(|evidence| evidence.milli_bits),
            "versions": link.evidence.as_ref().map(|evidence| evidence.versions),
        })
    });
    let json = json!({ "patient": patient.to_string(), "person": person.iter().map(member_json).collect::<Vec<_>>(), "links": list.collect::<Vec<_>>() });
    Ok(Reply::new(json, text))
}

fn says(link: &Link) -> String {
    match link.says {
        Says::Linked => "one person".into(),
        Says::Separated => "two persons".into(),
        Says::Withdrawn(of) => format!("{of} taken back"),
    }
}

fn author(author: &Author) -> String {
    match author {
        Author::Rule(version) => format!("rule {version}"),
        Author::Person(staff) => staff.clone(),
    }
}

/// One patient of a person, for scripts.
pub fn member_json(member: &Member) -> Value {
    json!({
        "patient": member.patient.to_string(), "facility": member.facility.to_string(), "reach": reach(member.reach),
        "kinds": kinds(member.kinds),
    })
}

/// Why so much is seen of a patient.
pub fn reach(reach: Reach) -> &'static str {
    match reach {
        Reach::Opened => "opened",
        Reach::SameFacility => "same-facility",
        Reach::Consent => "consent",
        Reach::NoConsent => "no-consent",
    }
}

fn stats(desk: &Desk, staff: &Staff) -> Result<Reply, Failure> {
    let stats = desk.service().link_stats(staff)?;
    let open: u64 = stats.open.values().sum();
    let by_doubt = stats
        .open
        .iter()
        .map(|(doubt, count)| (doubt_word(*doubt).as_str().unwrap_or_default().to_owned(), json!(count)));
    let json = json!({
        "patients": stats.patients, "by_rule": stats.by_rule, "by_people": stats.by_people, "withdrawn": stats.withdrawn,
        "apart": stats.apart, "open": open, "open_by_reason": by_doubt.collect::<serde_json::Map<_, _>>(),
        "later": stats.later, "second": stats.second, "pending": stats.pending,
        "census": { "number": stats.census.0, "persons": stats.census.1 }, "run": stats.run.as_ref().map(run_json),
    });
    let text = format!(
        "Patients      {}\nLinks         {} by the rule, {} by people; {} taken back\nApart         {}\nOpen pairs    {open} ({} put off, {} wait for a second person)\nNot linked yet {}",
        stats.patients,
        stats.by_rule,
        stats.by_people,
        stats.withdrawn,
        stats.apart,
        stats.later,
        stats.second,
        stats.pending
    );
    Ok(Reply::new(json, text))
}

fn run_json(run: &RunReport) -> Value {
    json!({
        "began": run.began.0, "upto": run.upto.to_string(), "last": run.last.to_string(), "patients": run.tally.patients,
        "weighed": run.tally.weighed, "linked": run.tally.linked, "asked": run.tally.asked, "withdrawn": run.tally.withdrawn,
    })
}

/// Links all patients anew. A node that runs does a page now and then by itself; both take turns.
fn run(desk: &Desk, staff: &Staff, tell: Tell<'_>) -> Result<Reply, Failure> {
    let mut last = desk.service().begin_link_run(staff)?;
    while let Some(run) = desk.service().link_run_step()? {
        last = run;
        tell(Progress { what: "linking all patients".into(), done: run.upto.0, total: Some(run.last.0) });
    }
    let text = format!(
        "{} patients linked anew: {} new links, {} new questions, {} links taken back.",
        last.tally.patients, last.tally.linked, last.tally.asked, last.tally.withdrawn
    );
    Ok(Reply::new(run_json(&last), text))
}
