use super::context::{App, page_with};
use super::enter::query;
use super::routes::patient_of;
use crate::desk::{Contents, DeskError, HolderAnswer, ItemPath, RowStatus};
use crate::i18n::{Key, Lang};
use crate::limits::{ANSWERS_WAITING_MAX, READING_KEPT_MS};
use crate::pages::{Asked, Fault, Order, PatientPage, View};
use crate::readings::Reading;
use crate::view::{Tab, Window, Zoom};
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::Response;
use protocol::ids::PatientRef;
use protocol::time::{Date, Millis};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::mpsc;

/// 時間軸
pub(super) async fn timeline(state: State<Arc<App>>, patient: Path<String>, headers: HeaderMap, uri: Uri) -> Response {
    person(state, patient, headers, uri, Tab::Timeline).await
}

/// 検査
pub(super) async fn labs(state: State<Arc<App>>, patient: Path<String>, headers: HeaderMap, uri: Uri) -> Response {
    person(state, patient, headers, uri, Tab::Labs).await
}

/// 薬
pub(super) async fn drugs(state: State<Arc<App>>, patient: Path<String>, headers: HeaderMap, uri: Uri) -> Response {
    person(state, patient, headers, uri, Tab::Drugs).await
}

/// 画像・文書
pub(super) async fn documents(state: State<Arc<App>>, patient: Path<String>, headers: HeaderMap, uri: Uri) -> Response {
    person(state, patient, headers, uri, Tab::Documents).await
}

/// Which days, which lanes, in which order: from the query, without trust in any of it.
fn view_of(uri: &Uri, tab: Tab, now: Millis) -> View {
    let pairs = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let get = |name: &str| query(uri, name).unwrap_or_default();
    let usual = if tab == Tab::Drugs || tab == Tab::Timeline { Zoom::Week } else { Zoom::Month };
    let zoom = Zoom::parse(get("zoom")).unwrap_or(usual);
    let window = Window::new(zoom, Date::parse(get("to")), now.date_jst());
    let lanes = pairs.filter(|(name, _)| *name == "show").map(|(_, value)| value);
    View::new(window, Order::parse(get("order")).unwrap_or_default(), lanes)
}

/// One person, all holders. Own records are sent at once. If there is a ground to ask on, every other holder is asked and its
/// row is sent when it answers, in whatever order; without one the page asks for it. What was answered lately is shown again
/// without asking.
async fn person(
    State(app): State<Arc<App>>,
    Path(patient): Path<String>,
    headers: HeaderMap,
    uri: Uri,
    tab: Tab,
) -> Response {
    let Some(patient) = patient_of(&patient) else { return app.fault(&headers, &Fault::Desk(DeskError::Unknown)) };
    let chart = match app.call(move |desk, staff| desk.chart(staff, patient)).await {
        Ok(chart) => chart,
        Err(error) => return app.fault(&headers, &Fault::Desk(error)),
    };
    let now = chart.now;
    let lang = app.lang(&headers);
    let mut page = PatientPage::new(chart, tab, view_of(&uri, tab, now), Asked::Never);
    page.ground_fault = query(&uri, "ground") == Some("missing");
    let own = contents(&app, patient, page.wanted(&page.chart.own)).await;
    page.read_own(own);
    let node = app.desk.name();
    let frame = app.frame(lang, &node, Some(&uri));
    let demo = app.demo.then(|| frame.words.get(Key::DemoGround));
    let (reading, ground) = {
        let readings = app.readings();
        (readings.find(patient, now), readings.ground(patient, now).map(str::to_owned))
    };
    page.ground = ground.clone().or_else(|| demo.clone()).unwrap_or_default();
    if let Some(reading) = reading {
        page.asked = Asked::At(reading.at);
        return match still_here(&app, patient, reading).await {
            Ok(answers) => {
                for answer in &answers {
                    let read = contents(&app, patient, page.wanted(&answer.items)).await;
                    page.read_answer(answer, read);
                }
                whole(&app, page, answers, (lang, &node, &uri))
            }
            Err(error) => app.fault(&headers, &Fault::Desk(error)),
        };
    }
    match ground.or(demo).filter(|_| page.chart.holders.as_ref().is_some_and(|holders| !holders.is_empty())) {
        None => whole(&app, page, Vec::new(), (lang, &node, &uri)),
        Some(ground) => {
            page.asked = Asked::Now;
            streamed(&app, page, (patient, ground), (lang, uri))
        }
    }
}

/// What records say. What could not be read is counted, so the page says that it is unknown.
async fn contents(app: &Arc<App>, patient: PatientRef, wanted: Vec<ItemPath>) -> Contents {
    if wanted.is_empty() {
        return Contents::default();
    }
    let unread = wanted.len();
    let read = app.call(move |desk, staff| desk.contents(staff, patient, &wanted)).await;
    read.unwrap_or_else(|error| {
        tracing::warn!(%error, "contents not read");
        Contents { unread, ..Contents::default() }
    })
}

/// A page of which everything is known.
fn whole(
    app: &App,
    mut page: PatientPage,
    answers: Vec<HolderAnswer>,
    (lang, node, uri): (Lang, &str, &Uri),
) -> Response {
    let frame = app.frame(lang, node, Some(uri));
    let mut text = page.open(&frame).into_string();
    for answer in answers {
        text.push_str(&page.answer(&frame, answer).into_string());
    }
    text.push_str(&page.close(&frame, false).into_string());
    page_with(StatusCode::OK, maud::PreEscaped(text))
}

/// Answers of a little while ago, without the copies that are gone since.
async fn still_here(app: &Arc<App>, patient: PatientRef, reading: Reading) -> Result<Vec<HolderAnswer>, DeskError> {
    let paths: Vec<ItemPath> =
        reading.answers.iter().flat_map(|answer| answer.items.iter().map(|item| item.path)).collect();
    let kept: BTreeSet<ItemPath> =
        app.call(move |desk, staff| Ok(desk.kept(staff, patient, &paths))).await?.into_iter().collect();
    let mut answers = reading.answers;
    for answer in &mut answers {
        let before = answer.items.len();
        answer.items.retain(|item| kept.contains(&item.path));
        if answer.items.len() < before {
            answer.is_cut = true;
            if answer.items.is_empty() {
                answer.status = RowStatus::Gone;
            }
        }
    }
    Ok(answers)
}

/// What the thread that asks tells the page that is being sent.
enum Told {
    Answer(Box<HolderAnswer>),
    Done(Result<(), DeskError>),
}

/// A page that is being sent.
struct Sending {
    app: Arc<App>,
    page: PatientPage,
    told: mpsc::Receiver<Told>,
    patient: PatientRef,
    began: Millis,
    lang: Lang,
    node: String,
    uri: Uri,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Beginning,
    Answers,
    Over,
}

/// Sends the page while holders are asked. Who closes it early only stops reading: the question goes on to its end, since
/// holders have it already and both logs say so.
fn streamed(
    app: &Arc<App>,
    page: PatientPage,
    (patient, ground): (PatientRef, String),
    (lang, uri): (Lang, Uri),
) -> Response {
    let (tell, told) = mpsc::channel(ANSWERS_WAITING_MAX);
    match app.permit() {
        Ok(permit) => {
            let app = app.clone();
            tokio::task::spawn_blocking(move || {
                let _permit = permit;
                let mut each = |answer: HolderAnswer| tell.blocking_send(Told::Answer(Box::new(answer))).is_ok();
                let nobody = || Err(DeskError::Failed("nobody is signed in".into()));
                let done = app.staff().map_or_else(nobody, |staff| app.desk.ask(staff, patient, &ground, &mut each));
                let _ = tell.blocking_send(Told::Done(done));
            });
        }
        // The page says that nobody could be asked.
        Err(error) => drop(tell.try_send(Told::Done(Err(error)))),
    }
    let (app, began, node) = (app.clone(), page.chart.now, app.desk.name());
    let sending = Sending { app, page, told, patient, began, lang, node, uri, stage: Stage::Beginning };
    let pieces = futures::stream::unfold(sending, |mut sending| async move {
        let piece = sending.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(piece)), sending))
    });
    let mut response = Response::new(Body::from_stream(pieces));
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

impl Sending {
    /// The next piece of the page; none at its end.
    async fn next(&mut self) -> Option<String> {
        let app = self.app.clone();
        let frame = app.frame(self.lang, &self.node, Some(&self.uri));
        match self.stage {
            Stage::Beginning => {
                self.stage = Stage::Answers;
                Some(self.page.open(&frame).into_string())
            }
            Stage::Answers => match self.told.recv().await {
                Some(Told::Answer(answer)) => {
                    let read = contents(&app, self.patient, self.page.wanted(&answer.items)).await;
                    self.page.read_answer(&answer, read);
                    Some(self.page.answer(&frame, *answer).into_string())
                }
                over => {
                    self.stage = Stage::Over;
                    let has_failed = !matches!(over, Some(Told::Done(Ok(()))));
                    if let Some(Told::Done(Err(error))) = &over {
                        tracing::warn!(%error, "holders could not be asked");
                    }
                    let end = self.page.close(&frame, has_failed).into_string();
                    if !has_failed {
                        let (at, until) = (self.began, self.began.plus(READING_KEPT_MS));
                        self.app.readings().keep(self.patient, Reading { at, until, answers: self.page.answers() });
                    }
                    Some(end)
                }
            },
            Stage::Over => None,
        }
    }
}
