//! Addresses of the matching review (名寄せの確認). What an answer does, who has to look twice and what the log says of it, the
//! service decides.
use crate::app::{App, node, page_with, query, redirect};
use crate::desk::{Desk, DeskError};
use crate::forms::Fields;
use crate::i18n::Key;
use crate::limits::TEXT_CHARS_MAX;
use crate::pages::{self, Fault, MATCH_DONE, MatchLink, MatchPair, MatchQueue, Tried, Waiting};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use service::links::{Answer, LinkId, LinksError, PairId, Question, Spoken, Undone};
use service::{Service, Staff};
use std::sync::Arc;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/matching", get(queue))
        .route("/matching/undo", post(take_back))
        .route("/matching/links/{link}", get(link))
        .route("/matching/links/{link}/undo", post(undo))
        .route("/matching/{pair}", get(pair).post(answer))
}

/// What an address says of the act before it.
fn said(uri: &Uri) -> Option<Key> {
    let done = query(uri, "done")?;
    MATCH_DONE.iter().map(|(key, ..)| *key).find(|key| key.id() == done)
}

fn with_people(desk: &dyn Desk, staff: &Staff, questions: Vec<Question>) -> Vec<Waiting> {
    let people = |pair: PairId| [pair.0, pair.1].map(|patient| desk.person_of(staff, patient));
    questions.into_iter().map(|question| (question.clone(), people(question.pair))).collect()
}

/// What waits, and what was decided.
async fn queue(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Response {
    let (with_later, said) = (query(&uri, "later").is_some(), said(&uri));
    let found = app.call(move |desk, staff| {
        let service = node(desk)?;
        let waiting = with_people(desk, staff, service.link_review(staff, with_later).map_err(of_links)?);
        let stats = service.link_stats(staff).map_err(|error| DeskError::Failed(error.to_string()))?;
        let recent = service.recent_links(staff).map_err(of_links)?;
        let people =
            |pair: (_, _)| [pair.0, pair.1].map(|patient: protocol::ids::PatientRef| desk.person_of(staff, patient));
        let recent = recent.into_iter().map(|(link, holds)| (link.clone(), holds, people(link.pair))).collect();
        let can_take_back = service.last_word(staff).is_some();
        Ok(MatchQueue { now: service.now(), waiting, with_later, stats, recent, can_take_back, said })
    });
    match found.await {
        Ok(view) => {
            let node = app.desk.name();
            page_with(StatusCode::OK, pages::match_queue(&app.frame(app.lang(&headers), &node, Some(&uri)), &view))
        }
        Err(error) => app.fault(&headers, &Fault::Desk(error)),
    }
}

/// Two patients side by side.
async fn pair(State(app): State<Arc<App>>, Path(pair): Path<String>, headers: HeaderMap, uri: Uri) -> Response {
    let tried = Tried { why: pages::WHYS[0].0.into(), ..Tried::default() };
    shown(&app, (&headers, &uri), &pair, (StatusCode::OK, tried)).await
}

async fn shown(
    app: &Arc<App>,
    (headers, uri): (&HeaderMap, &Uri),
    pair: &str,
    (status, tried): (StatusCode, Tried),
) -> Response {
    let Ok(pair) = PairId::parse(pair) else { return app.fault(headers, &Fault::Desk(DeskError::Unknown)) };
    let said = said(uri);
    let found = app.call(move |desk, staff| {
        let service = node(desk)?;
        let shown = match service.link_side_by_side(staff, pair) {
            Ok(shown) => shown,
            Err(LinksError::NoQuestion(_)) => return Ok(None),
            Err(error) => return Err(of_links(error)),
        };
        let mut waiting = service.link_review(staff, false).map_err(of_links)?;
        waiting.truncate(BESIDE_MAX);
        Ok(Some(MatchPair {
            now: service.now(),
            people: [pair.0, pair.1].map(|patient| desk.person_of(staff, patient)),
            rivals: with_people(desk, staff, shown.rivals.clone()),
            waiting: with_people(desk, staff, waiting),
            own: staff.id().to_owned(),
            can_take_back: service.last_word(staff).is_some(),
            shown,
            said,
        }))
    });
    match found.await {
        Ok(Some(view)) => {
            let node = app.desk.name();
            // The answer to a form is this page, too: its address can be opened again.
            let frame = app.frame(app.lang(headers), &node, Some(uri));
            page_with(status, pages::match_pair(&frame, &view, &tried))
        }
        // Somebody else answered while this page was open, or the records changed.
        Ok(None) => redirect(&said_at("/matching", Key::MatchDoneGone), None),
        Err(error) => app.fault(headers, &Fault::Desk(error)),
    }
}

/// What somebody says of a pair.
async fn answer(
    State(app): State<Arc<App>>,
    Path(pair): Path<String>,
    headers: HeaderMap,
    uri: Uri,
    fields: Fields,
) -> Response {
    let Ok(id) = PairId::parse(&pair) else { return app.fault(&headers, &Fault::Desk(DeskError::Unknown)) };
    let note: String = fields.text("note").chars().take(TEXT_CHARS_MAX).collect();
    let kept = pages::WHYS.iter().find(|(word, ..)| *word == fields.text("why")).map(|(_, kept, _)| *kept);
    let tried = Tried { why: fields.text("why").to_owned(), note: note.clone(), fault: None };
    let word = fields.text("answer").to_owned();
    let Some(kept) = kept.filter(|_| matches!(word.as_str(), "same" | "not-same" | "later")) else {
        let fault = Some(Key::MatchFaultForm);
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return shown(&app, (&headers, &uri), &pair, (status, Tried { fault, ..tried })).await;
    };
    let why = if note.is_empty() { kept.to_owned() } else { format!("{kept}: {note}") };
    let done = app.office(move |service, staff| {
        let key = match word.as_str() {
            "later" => service.review_later(staff, id, LATER_DAYS).map(|_| Key::MatchDoneLater),
            word => {
                let answer = if word == "same" { Answer::Same } else { Answer::NotSame };
                service.answer_review(staff, id, answer, &why).map(|reviewed| of_spoken(reviewed.spoken))
            }
        };
        let key = key.or_else(settled)?;
        Ok(said_at(&next(service, staff, id)?, key))
    });
    match done.await {
        Ok(to) => redirect(&to, None),
        Err(error) => app.fault(&headers, &Fault::Desk(error)),
    }
}

fn of_spoken(spoken: Spoken) -> Key {
    match spoken {
        Spoken::Settled(Answer::Same) => Key::MatchDoneSame,
        Spoken::Settled(Answer::NotSame) => Key::MatchDoneNotSame,
        Spoken::NeedsSecond => Key::MatchDoneSecond,
        Spoken::Disputed => Key::MatchDoneDisputed,
        Spoken::SamePerson => Key::MatchDoneSamePerson,
    }
}

/// What a page says of an answer that was not taken; the rest is a fault.
fn settled(error: LinksError) -> Result<Key, DeskError> {
    match error {
        LinksError::NoQuestion(_) => Ok(Key::MatchDoneGone),
        LinksError::NoWord | LinksError::NotHeld(_) => Ok(Key::MatchDoneNoWord),
        LinksError::History(_) => Ok(Key::MatchDoneParted),
        error => Err(of_links(error)),
    }
}

/// Where the next question stands that this member of staff can answer; the queue, if there is none.
fn next(service: &Service, staff: &Staff, answered: PairId) -> Result<String, DeskError> {
    let open = service.link_review(staff, false).map_err(of_links)?;
    let waits = |question: &&Question| {
        let is_own = question.first.as_ref().is_some_and(|first| first.staff == staff.id());
        question.pair != answered && !is_own
    };
    Ok(open.iter().find(waits).map_or_else(|| "/matching".into(), |question| format!("/matching/{}", question.pair)))
}

/// Takes the last word back.
async fn take_back(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let done = app.office(|service, staff| match service.take_back_word(staff) {
        Ok(back) => Ok(match (back.link, back.exposure) {
            (Some(link), Some(exposure)) if !exposure.looks.is_empty() => {
                said_at(&format!("/matching/links/{link}"), Key::MatchDoneBackSeen)
            }
            _ => said_at(&format!("/matching/{}", back.pair), Key::MatchDoneBack),
        }),
        Err(error) => settled(error).map(|key| said_at("/matching", key)),
    });
    match done.await {
        Ok(to) => redirect(&to, None),
        Err(error) => app.fault(&headers, &Fault::Desk(error)),
    }
}

/// One link.
async fn link(State(app): State<Arc<App>>, Path(link): Path<String>, headers: HeaderMap, uri: Uri) -> Response {
    link_page(&app, (&headers, &uri), &link, (StatusCode::OK, None)).await
}

async fn link_page(
    app: &Arc<App>,
    (headers, uri): (&HeaderMap, &Uri),
    link: &str,
    (status, fault): (StatusCode, Option<Key>),
) -> Response {
    let Some(id) = LinkId::parse(link) else { return app.fault(headers, &Fault::Desk(DeskError::Unknown)) };
    let said = said(uri);
    let found = app.call(move |desk, staff| {
        let service = node(desk)?;
        let shown = service.link_shown(staff, id).map_err(of_links)?;
        let pair = shown.link.pair;
        let people = [pair.0, pair.1].map(|patient| desk.person_of(staff, patient));
        Ok(MatchLink { now: service.now(), shown, people, own: staff.id().to_owned(), said, fault })
    });
    match found.await {
        Ok(view) => {
            let node = app.desk.name();
            let frame = app.frame(app.lang(headers), &node, Some(uri));
            page_with(status, pages::match_link(&frame, &view))
        }
        Err(error) => app.fault(headers, &Fault::Desk(error)),
    }
}

/// Undoes a link for good.
async fn undo(
    State(app): State<Arc<App>>,
    Path(link): Path<String>,
    headers: HeaderMap,
    uri: Uri,
    fields: Fields,
) -> Response {
    let Some(id) = LinkId::parse(&link) else { return app.fault(&headers, &Fault::Desk(DeskError::Unknown)) };
    let why: String = fields.text("note").chars().take(TEXT_CHARS_MAX).collect();
    if why.is_empty() {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return link_page(&app, (&headers, &uri), &link, (status, Some(Key::MatchFaultReason))).await;
    }
    let done = app.office(move |service, staff| match service.undo_link(staff, id, &why) {
        Ok(Undone::Done { .. }) => Ok(Key::MatchDoneUndone),
        Ok(Undone::NeedsSecond) => Ok(Key::MatchDoneUndoSecond),
        Ok(Undone::SamePerson) => Ok(Key::MatchDoneSamePerson),
        Err(error) => settled(error),
    });
    match done.await {
        Ok(key) => redirect(&said_at(&format!("/matching/links/{id}"), key), None),
        Err(error) => app.fault(&headers, &Fault::Desk(error)),
    }
}

fn said_at(path: &str, key: Key) -> String {
    format!("{path}?done={}", key.id())
}

fn of_links(error: LinksError) -> DeskError {
    match error {
        LinksError::NoPatient(_) | LinksError::NoLink(_) | LinksError::NoQuestion(_) => DeskError::Unknown,
        other => DeskError::Failed(other.to_string()),
    }
}

/// A question that is put off comes back after a fortnight, as at the command line.
const LATER_DAYS: u32 = 14;
/// Questions beside a pair; the queue has all.
const BESIDE_MAX: usize = 12;
