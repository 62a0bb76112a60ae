use super::context::{App, page_with};
use super::routes::patient_of;
use crate::desk::{DeskError, HolderAnswer, ItemPath, RowStatus};
use crate::i18n::{Key, Lang};
use crate::limits::ANSWERS_WAITING_MAX;
use crate::pages::{Asked, Fault, Order, Timeline};
use crate::readings::Reading;
use crate::view::{Window, Zoom};
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::Response;
use protocol::ids::PatientRef;
use protocol::time::{Date, Millis};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Which days, in which order.
#[derive(Default, Deserialize)]
pub(super) struct TimelineQuery {
    #[serde(default)]
    zoom: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    order: String,
    #[serde(default)]
    ground: String,
}

/// One person, all holders. Own records are sent at once. If there is a ground to ask on, every other holder is asked and its
/// row is sent when it answers, in whatever order; without one the page asks for it. What was answered lately is shown again
/// without asking.
pub(super) async fn timeline(
    State(app): State<Arc<App>>,
    Path(patient): Path<String>,
    query: Result<Query<TimelineQuery>, QueryRejection>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let Some(patient) = patient_of(&patient) else { return app.fault(&headers, &Fault::Desk(DeskError::Unknown)) };
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let chart = match app.call(move |desk, staff| desk.chart(staff, patient)).await {
        Ok(chart) => chart,
        Err(error) => return app.fault(&headers, &Fault::Desk(error)),
    };
    let now = chart.now;
    let lang = app.lang(&headers);
    let window = Window::new(Zoom::parse(&query.zoom).unwrap_or_default(), Date::parse(&query.to), now.date_jst());
    let order = Order::parse(&query.order).unwrap_or_default();
    let mut page = Timeline::new(chart, window, order, Asked::Never);
    page.ground_fault = query.ground == "missing";
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
            Ok(answers) => whole(&app, page, answers, (lang, &node, &uri)),
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

/// A page of which everything is known.
fn whole(app: &App, mut page: Timeline, answers: Vec<HolderAnswer>, (lang, node, uri): (Lang, &str, &Uri)) -> Response {
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
    page: Timeline,
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
    page: Timeline,
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
                let done = app.desk.ask(&app.staff, patient, &ground, &mut each);
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
                Some(Told::Answer(answer)) => Some(self.page.answer(&frame, *answer).into_string()),
                over => {
                    self.stage = Stage::Over;
                    let has_failed = !matches!(over, Some(Told::Done(Ok(()))));
                    if let Some(Told::Done(Err(error))) = &over {
                        tracing::warn!(%error, "holders could not be asked");
                    }
                    let end = self.page.close(&frame, has_failed).into_string();
                    if !has_failed {
                        self.app
                            .readings()
                            .keep(self.patient, Reading { at: self.began, answers: self.page.answers() });
                    }
                    Some(end)
                }
            },
            Stage::Over => None,
        }
    }
}
