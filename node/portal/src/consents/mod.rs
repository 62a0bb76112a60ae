//! The consent desk's addresses. The form of each is read by `spec`, a signature by `stroke`; what is kept and who may see it, the
//! service decides.
mod spec;
mod stroke;

use crate::app::{App, node, page_with, patient_of, query, redirect};
use crate::desk::{ConsentView, DeskError, Places};
use crate::forms::Fields;
use crate::guard::FILE_POLICY;
use crate::pages::{self, ConsentFault, Fault, Filling};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use maud::Markup;
use protocol::ids::{PatientRef, ReceiptId};
use protocol::time::DAY_MS;
use service::consents::{ConsentError, ConsentSpec, WithdrawSpec};
use service::papers::{PaperError, PaperKind};
use service::{Service, Staff};
use std::sync::Arc;

/// The routes.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/consents", get(ending))
        .route("/patients/{patient}/consent", get(list))
        .route("/patients/{patient}/consent/new", get(new_page).post(record))
        .route("/patients/{patient}/consent/tablet", get(tablet_page).post(tablet))
        .route("/patients/{patient}/consent/withdraw", get(withdraw_page).post(withdraw))
        .route("/patients/{patient}/consent/{receipt}", get(paper))
        .route("/patients/{patient}/consent/{receipt}/scan", get(scan))
}

type Patient = Path<String>;

/// What a page of one person's consents is made of.
async fn view_of(app: &Arc<App>, patient: &str) -> Result<ConsentView, Fault> {
    let patient = patient_of(patient).ok_or(Fault::Desk(DeskError::Unknown))?;
    app.call(move |desk, staff| desk.consents(staff, patient)).await.map_err(Fault::Desk)
}

/// Draws a page for a person.
fn shown(
    app: &Arc<App>,
    headers: &HeaderMap,
    (status, uri): (StatusCode, &Uri),
    draw: impl FnOnce(&crate::view::Frame<'_>) -> Markup,
) -> Response {
    let node = app.desk.name();
    page_with(status, draw(&app.frame(app.lang(headers), &node, Some(uri))))
}

/// 同意
async fn list(State(app): State<Arc<App>>, Path(patient): Patient, headers: HeaderMap, uri: Uri) -> Response {
    match view_of(&app, &patient).await {
        Ok(view) => shown(&app, &headers, (StatusCode::OK, &uri), |frame| pages::consent_list(frame, &view)),
        Err(fault) => app.fault(&headers, &fault),
    }
}

/// The form for a statement on paper; `like`: starting from an earlier one.
async fn new_page(State(app): State<Arc<App>>, Path(patient): Patient, headers: HeaderMap, uri: Uri) -> Response {
    let view = match view_of(&app, &patient).await {
        Ok(view) => view,
        Err(fault) => return app.fault(&headers, &fault),
    };
    let like = query(&uri, "like").and_then(|id| ReceiptId::parse(id).ok());
    let from = like.and_then(|id| view.file.receipts.iter().find(|one| one.id == id));
    let filling = from.map_or_else(|| Filling::usual(&view), Filling::like);
    shown(&app, &headers, (StatusCode::OK, &uri), |frame| pages::consent_new(frame, &view, &filling, None))
}

/// Why a form was not recorded.
enum Unrecorded {
    /// Something to put right.
    Wrong(ConsentFault),
    /// The node could not.
    Failed(DeskError),
}

impl From<ConsentFault> for Unrecorded {
    fn from(wrong: ConsentFault) -> Self {
        Self::Wrong(wrong)
    }
}

impl From<PaperError> for Unrecorded {
    fn from(error: PaperError) -> Self {
        match error {
            PaperError::NoPatient(_) => Self::Failed(DeskError::Unknown),
            PaperError::TooLarge(_) => Self::Wrong(ConsentFault::PaperSize),
            PaperError::Kind => Self::Wrong(ConsentFault::PaperKind),
            PaperError::Proxy => Self::Wrong(ConsentFault::Proxy),
            PaperError::Store(why) => Self::Failed(DeskError::Failed(why)),
        }
    }
}

impl From<ConsentError> for Unrecorded {
    fn from(error: ConsentError) -> Self {
        Self::Failed(of_consent(error))
    }
}

/// Records a statement; a mistake brings the form back with what was typed.
async fn record(
    State(app): State<Arc<App>>,
    Path(patient): Patient,
    headers: HeaderMap,
    uri: Uri,
    fields: Fields,
) -> Response {
    let Some(person) = patient_of(&patient) else { return app.fault(&headers, &Fault::Desk(DeskError::Unknown)) };
    let form = fields.clone();
    let done = app.office(move |service, staff| Ok(record_statement(service, staff, person, &form)));
    answer(&app, (&patient, &headers, &uri), done.await, |frame, view, wrong| {
        pages::consent_new(frame, view, &Filling::typed(fields), Some(wrong))
    })
    .await
}

fn record_statement(
    service: &Service,
    staff: &Staff,
    patient: PatientRef,
    form: &Fields,
) -> Result<ReceiptId, Unrecorded> {
    let spec = spec::consent(patient, form, service.now())?;
    let evidence = service.keep_paper(staff, patient, spec::paper(form)?, spec::proxy(form))?;
    Ok(service.record_consent(staff, &ConsentSpec { evidence, ..spec })?.receipt.id)
}

/// On to the paper, or the form once more.
async fn answer(
    app: &Arc<App>,
    (patient, headers, uri): (&str, &HeaderMap, &Uri),
    done: Result<Result<ReceiptId, Unrecorded>, DeskError>,
    again: impl FnOnce(&crate::view::Frame<'_>, &ConsentView, ConsentFault) -> Markup,
) -> Response {
    match done {
        Ok(Ok(id)) => redirect(&format!("/patients/{patient}/consent/{id}?new=1"), None),
        Ok(Err(Unrecorded::Wrong(wrong))) => match view_of(app, patient).await {
            Ok(view) => {
                shown(app, headers, (StatusCode::UNPROCESSABLE_ENTITY, uri), |frame| again(frame, &view, wrong))
            }
            Err(fault) => app.fault(headers, &fault),
        },
        Ok(Err(Unrecorded::Failed(error))) | Err(error) => app.fault(headers, &Fault::Desk(error)),
    }
}

/// The patient's own screen.
async fn tablet_page(State(app): State<Arc<App>>, Path(patient): Patient, headers: HeaderMap, uri: Uri) -> Response {
    match view_of(&app, &patient).await {
        Ok(view) => {
            shown(&app, &headers, (StatusCode::OK, &uri), |frame| pages::consent_tablet(frame, &view, None, None))
        }
        Err(fault) => app.fault(&headers, &fault),
    }
}

/// Records what was ticked, one statement for each, all with the one signature.
async fn tablet(
    State(app): State<Arc<App>>,
    Path(patient): Patient,
    headers: HeaderMap,
    uri: Uri,
    fields: Fields,
) -> Response {
    let Some(person) = patient_of(&patient) else { return app.fault(&headers, &Fault::Desk(DeskError::Unknown)) };
    let form = fields.clone();
    let done = app.office(move |service, staff| Ok(record_groups(service, staff, person, &form)));
    answer(&app, (&patient, &headers, &uri), done.await, |frame, view, wrong| {
        pages::consent_tablet(frame, view, Some(&fields), Some(wrong))
    })
    .await
}

fn record_groups(
    service: &Service,
    staff: &Staff,
    patient: PatientRef,
    form: &Fields,
) -> Result<ReceiptId, Unrecorded> {
    let groups = pages::tablet_groups(patient);
    let ticked: Vec<_> = groups.into_iter().filter(|group| form.all("group").any(|word| word == group.word)).collect();
    if ticked.is_empty() {
        return Err(ConsentFault::Who.into());
    }
    let paper = spec::paper(form).map_err(|wrong| match wrong {
        ConsentFault::Paper => ConsentFault::Stroke,
        other => other,
    })?;
    let evidence = service.keep_paper(staff, patient, paper, None)?;
    let mut first = None;
    for group in ticked {
        let text_version = pages::TEXT_VERSIONS[0].to_owned();
        let done = service.record_consent(staff, &ConsentSpec { evidence, text_version, ..group.spec })?;
        first.get_or_insert(done.receipt.id);
    }
    first.ok_or_else(|| Unrecorded::Failed(DeskError::Failed("nothing was recorded".into())))
}

/// The form for a withdrawal.
async fn withdraw_page(State(app): State<Arc<App>>, Path(patient): Patient, headers: HeaderMap, uri: Uri) -> Response {
    let why = query(&uri, "why").unwrap_or_default().to_owned();
    let fields = Fields::of(vec![("why".into(), why)]);
    match view_of(&app, &patient).await {
        Ok(view) => {
            shown(&app, &headers, (StatusCode::OK, &uri), |frame| pages::consent_withdraw(frame, &view, &fields, None))
        }
        Err(fault) => app.fault(&headers, &fault),
    }
}

/// Withdraws: decisions obey at once, the certificate follows.
async fn withdraw(
    State(app): State<Arc<App>>,
    Path(patient): Patient,
    headers: HeaderMap,
    uri: Uri,
    fields: Fields,
) -> Response {
    let Some(person) = patient_of(&patient) else { return app.fault(&headers, &Fault::Desk(DeskError::Unknown)) };
    let form = fields.clone();
    let done = app.office(move |service, staff| Ok(record_withdrawal(service, staff, person, &form)));
    answer(&app, (&patient, &headers, &uri), done.await, |frame, view, wrong| {
        pages::consent_withdraw(frame, view, &fields, Some(wrong))
    })
    .await
}

fn record_withdrawal(
    service: &Service,
    staff: &Staff,
    patient: PatientRef,
    form: &Fields,
) -> Result<ReceiptId, Unrecorded> {
    let leaving = spec::withdrawal(form)?;
    let evidence = service.keep_paper(staff, patient, spec::paper(form)?, spec::proxy(form))?;
    let spec = WithdrawSpec {
        patient,
        scope: leaving.scope,
        text_version: leaving.version,
        evidence,
        even_in_emergency: leaving.even_in_emergency,
    };
    Ok(service.withdraw_consent(staff, &spec)?.receipt.id)
}

/// The receipt or certificate.
async fn paper(
    State(app): State<Arc<App>>,
    Path((patient, receipt)): Path<(String, String)>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let unknown = || Fault::Desk(DeskError::Unknown);
    let (Some(person), Ok(id)) = (patient_of(&patient), ReceiptId::parse(&receipt)) else {
        return app.fault(&headers, &unknown());
    };
    let view = match view_of(&app, &patient).await {
        Ok(view) => view,
        Err(fault) => return app.fault(&headers, &fault),
    };
    match app.office(move |service, staff| service.consent_paper(staff, person, id).map_err(of_consent)).await {
        Ok(Some(paper)) => shown(&app, &headers, (StatusCode::OK, &uri), |frame| {
            pages::consent_paper(frame, &view, &paper, query(&uri, "new").is_some())
        }),
        Ok(None) => app.fault(&headers, &unknown()),
        Err(error) => app.fault(&headers, &Fault::Desk(error)),
    }
}

/// The scan or stroke behind a statement, alone in its window: whatever is in it may run nothing, load nothing and reach nobody.
async fn scan(
    State(app): State<Arc<App>>,
    Path((patient, receipt)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let unknown = || Fault::Desk(DeskError::Unknown);
    let (Some(person), Ok(id)) = (patient_of(&patient), ReceiptId::parse(&receipt)) else {
        return app.fault(&headers, &unknown());
    };
    match app.office(move |service, staff| service.paper_file(staff, person, id).map_err(of_consent)).await {
        Ok(Some((kind, bytes))) => {
            let mut response = bytes.into_response();
            let out = response.headers_mut();
            out.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind.media_type()));
            out.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("inline"));
            let policy = if kind == PaperKind::Pdf { FILE_POLICY } else { crate::app::SANDBOX };
            out.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
            response
        }
        Ok(None) => app.fault(&headers, &unknown()),
        Err(error) => app.fault(&headers, &Fault::Desk(error)),
    }
}

/// Who is asked again.
async fn ending(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Response {
    let found = app.call(|desk, staff| {
        let service = node(desk)?;
        let (rows, more) =
            service.consents_ending(staff, ENDING_MS).map_err(|error| DeskError::Failed(error.to_string()))?;
        let more = more || rows.len() > ENDING_SHOWN_MAX;
        let person = |(patient, one)| desk.person_of(staff, patient).map(|person| (person, one));
        let rows: Vec<_> = rows.into_iter().take(ENDING_SHOWN_MAX).filter_map(person).collect();
        Ok((rows, Places::of(service), (service.now(), more)))
    });
    match found.await {
        Ok((rows, places, how)) => {
            shown(&app, &headers, (StatusCode::OK, &uri), |frame| pages::consents_ending(frame, &rows, &places, how))
        }
        Err(error) => app.fault(&headers, &Fault::Desk(error)),
    }
}

fn of_consent(error: ConsentError) -> DeskError {
    match error {
        ConsentError::NoPatient(_) => DeskError::Unknown,
        other => DeskError::Failed(other.to_string()),
    }
}

/// Consents that end within so long are asked for again: a quarter of a year, as chronic patients come back.
const ENDING_MS: u64 = 92 * DAY_MS;
/// Rows of that list; a longer one is worked off from its top.
const ENDING_SHOWN_MAX: usize = 200;
