//! Addresses of reading without consent (緊急閲覧): breaking the glass from a person's page, the reads of the own staff, and the review
//! of reads by others. Whether it may be, the service decides; what is asked and written down, too.
use crate::app::{App, node, page_with, patient_of, query, redirect};
use crate::desk::{Desk, DeskError};
use crate::forms::Fields;
use crate::i18n::Key;
use crate::limits::GLASSES_SHOWN_MAX;
use crate::pages::{self, BreakForm, BreakPage, EmergencyList, Fault, GlassRow, REASONS};
use crate::readings::Reading;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;
use protocol::ids::{PatientRef, RequestId};
use protocol::kinds::Purpose;
use protocol::limits::COPY_MS;
use protocol::policy::{EmergencyReason, Verdict, Why};
use service::Staff;
use service::emergency::{EmergencyError, EmergencyRow, EmergencySpec};
use service::staff::{Right, may};
use std::sync::Arc;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/patients/{patient}/emergency", get(page).post(open))
        .route("/patients/{patient}/disaster", get(page).post(open))
        .route("/emergency", get(own))
        .route("/emergency/review", get(queue).post(review))
        .route("/network/disasters", get(disasters))
}

/// The purpose is part of the address: each has its own line in the table of needs.
fn purpose_of(uri: &Uri) -> Purpose {
    if uri.path().ends_with("/disaster") { Purpose::Disaster } else { Purpose::Emergency }
}

/// 緊急閲覧: the three taps.
async fn page(State(app): State<Arc<App>>, Path(patient): Path<String>, headers: HeaderMap, uri: Uri) -> Response {
    shown(&app, (&headers, &uri), &patient, (StatusCode::OK, BreakForm::default())).await
}

async fn shown(
    app: &Arc<App>,
    (headers, uri): (&HeaderMap, &Uri),
    patient: &str,
    (status, form): (StatusCode, BreakForm),
) -> Response {
    let Some(patient) = patient_of(patient) else { return app.fault(headers, &Fault::Desk(DeskError::Unknown)) };
    let purpose = purpose_of(uri);
    let found = app.call(move |desk, staff| {
        let service = node(desk)?;
        let is_open = purpose == Purpose::Emergency || service.is_disaster();
        let is_off = purpose == Purpose::Emergency && service.emergency_counts().is_off;
        Ok(BreakPage { chart: desk.chart(staff, patient)?, purpose, is_open, is_off, form })
    });
    match found.await {
        Ok(view) => {
            let node = app.desk.name();
            page_with(status, pages::break_page(&app.frame(app.lang(headers), &node, Some(uri)), &view))
        }
        Err(error) => app.fault(headers, &Fault::Desk(error)),
    }
}

/// Breaks the glass; a mistake brings the page back with what was chosen, and nobody was asked.
async fn open(
    State(app): State<Arc<App>>,
    Path(patient): Path<String>,
    headers: HeaderMap,
    uri: Uri,
    fields: Fields,
) -> Response {
    let Some(person) = patient_of(&patient) else { return app.fault(&headers, &Fault::Desk(DeskError::Unknown)) };
    let purpose = purpose_of(&uri);
    let form = BreakForm {
        reason: fields.text("reason").to_owned(),
        text: fields.text("text").to_owned(),
        is_present: fields.is_on("present"),
        fault: None,
    };
    let again = |fault: Key| (StatusCode::UNPROCESSABLE_ENTITY, BreakForm { fault: Some(fault), ..form.clone() });
    let known = REASONS.iter().find(|one| one.reason.word() == form.reason && one.fits(purpose));
    let Some(reason) = known else {
        return shown(&app, (&headers, &uri), &patient, again(Key::GlassFaultReason)).await;
    };
    let node = app.desk.name();
    // The choice is the reason in words, unless more was written.
    let words = app.frame(app.lang(&headers), &node, None).words.get(reason.key);
    let text = if form.text.is_empty() { words } else { form.text.clone() };
    let spec =
        EmergencySpec { is_present: form.is_present, purpose, ..EmergencySpec::new(person, reason.reason, text) };
    let (visitor, accounts) = (app.visitor.clone(), app.accounts.clone());
    let done = app.call(move |desk, _| {
        let proven = visitor.and_then(|visitor| accounts.came_in(&visitor));
        desk.break_glass(&proven.ok_or_else(|| DeskError::Failed("nobody is signed in".into()))?, &spec)
    });
    match done.await {
        Ok(Ok(answers)) if answers.is_empty() => shown(&app, (&headers, &uri), &patient, again(Key::GlassNobody)).await,
        Ok(Ok(answers)) => {
            let at = app.desk.now();
            app.readings().keep(person, Reading { at, until: at.plus(COPY_MS), answers });
            redirect(&format!("/patients/{patient}/timeline?zoom=year"), None)
        }
        Ok(Err(why)) => shown(&app, (&headers, &uri), &patient, again(fault_of(&why))).await,
        Err(error) => app.fault(&headers, &Fault::Desk(error)),
    }
}

/// What a page says of a rule that forbade it.
fn fault_of(why: &Why) -> Key {
    match why {
        Why::EmergencyFactors => Key::GlassFaultFactors,
        Why::EmergencyReasonMissing => Key::GlassFaultText,
        Why::EmergencyNotPresent => Key::GlassFaultPresent,
        Why::EmergencyLapsed => Key::GlassOff,
        Why::EmergencyRole => Key::GlassFaultRole,
        _ => Key::GlassFaultClosed,
    }
}

/// Which rows a page has: reads by our staff, or reads of our records.
#[derive(Clone, Copy)]
enum Side {
    Reader,
    Holder,
}

fn list_of(desk: &dyn Desk, staff: &Staff, side: Side) -> Result<EmergencyList, DeskError> {
    let service = node(desk)?;
    let mut rows = service.emergencies(staff).map_err(|error| DeskError::Failed(error.to_string()))?;
    rows.retain(|row| row.glass.is_ours == matches!(side, Side::Reader));
    let more = rows.len().saturating_sub(GLASSES_SHOWN_MAX);
    rows.truncate(GLASSES_SHOWN_MAX);
    // Who may not see who looked at a patient reviews without the name.
    let sees = may(staff.role(), Right::PatientAccess);
    let person = |patient: PatientRef| if sees { desk.person_of(staff, patient) } else { None };
    let row = |row: EmergencyRow| GlassRow { person: person(row.glass.patient), row };
    let counts = service.emergency_counts();
    Ok(EmergencyList { now: service.now(), rows: rows.into_iter().map(row).collect(), more, counts, said: None })
}

/// Reads by the own staff, and whether the right is on.
async fn own(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Response {
    match app.call(|desk, staff| list_of(desk, staff, Side::Reader)).await {
        Ok(view) => {
            let node = app.desk.name();
            page_with(StatusCode::OK, pages::emergency_rows(&app.frame(app.lang(&headers), &node, Some(&uri)), &view))
        }
        Err(error) => app.fault(&headers, &Fault::Desk(error)),
    }
}

/// Reads of our records that wait for their review.
async fn queue(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Response {
    let said = query(&uri, "done").is_some().then_some((true, Key::GlassReviewed));
    queue_page(&app, (&headers, &uri), (StatusCode::OK, said)).await
}

async fn queue_page(
    app: &Arc<App>,
    (headers, uri): (&HeaderMap, &Uri),
    (status, said): (StatusCode, Option<(bool, Key)>),
) -> Response {
    match app.call(|desk, staff| list_of(desk, staff, Side::Holder)).await {
        Ok(view) => {
            let node = app.desk.name();
            let frame = app.frame(app.lang(headers), &node, Some(uri));
            page_with(status, pages::emergency_review(&frame, &EmergencyList { said, ..view }))
        }
        Err(error) => app.fault(headers, &Fault::Desk(error)),
    }
}

/// Says whether it was an emergency.
async fn review(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri, fields: Fields) -> Response {
    let (request, verdict) = (RequestId::parse(fields.text("request")), Verdict::parse(fields.text("verdict")));
    let (Ok(request), Some(verdict)) = (request, verdict) else {
        let said = Some((false, Key::GlassFaultForm));
        return queue_page(&app, (&headers, &uri), (StatusCode::UNPROCESSABLE_ENTITY, said)).await;
    };
    let note = fields.text("note").to_owned();
    let done = app.office(move |service, staff| match service.review_emergency(staff, request, verdict, &note) {
        Ok(()) => Ok(None),
        Err(EmergencyError::NoNote) => Ok(Some(Key::GlassFaultNote)),
        // Not here, or reviewed by somebody else while this page was open.
        Err(EmergencyError::Command(_)) => Ok(Some(Key::GlassFaultGone)),
        Err(error) => Err(DeskError::Failed(error.to_string())),
    });
    match done.await {
        Ok(None) => redirect("/emergency/review?done=1", None),
        Ok(Some(key)) => {
            queue_page(&app, (&headers, &uri), (StatusCode::UNPROCESSABLE_ENTITY, Some((false, key)))).await
        }
        Err(error) => app.fault(&headers, &Fault::Desk(error)),
    }
}

/// Disasters that stand.
async fn disasters(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Response {
    match app.office(|service, _| Ok(service.disasters())).await {
        Ok(view) => {
            let node = app.desk.name();
            page_with(StatusCode::OK, pages::disasters(&app.frame(app.lang(&headers), &node, Some(&uri)), &view))
        }
        Err(error) => app.fault(&headers, &Fault::Desk(error)),
    }
}

/// Every reason has its words on the page.
const _: () = assert!(REASONS.len() == EmergencyReason::ALL.len());
