//! The accounts of staff, for who has the right to manage them; the service checks it once more.
use super::{Said, answered, failed, shown};
use crate::app::{App, redirect};
use crate::desk::DeskError;
use crate::pages::{self, Fault};
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use service::Staff;
use service::staff::{AccountError, Accounts, Made, Preview, Reset, StaffNumber, Typed};
use std::sync::Arc;

type Asked<T> = Result<Form<T>, FormRejection>;

/// Everybody.
pub(super) async fn page(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    again(&app, &headers, &Typed::default(), (StatusCode::OK, None)).await
}

/// Asks the accounts as who is signed in.
async fn ask<T: Send + 'static>(
    app: &Arc<App>,
    headers: &HeaderMap,
    ask: impl FnOnce(&Accounts, &Staff) -> Result<T, AccountError> + Send + 'static,
) -> Result<Result<T, AccountError>, Box<Response>> {
    let Some(staff) = app.staff().cloned() else { return Err(Box::new(redirect("/login", None))) };
    answered(app, headers, app.with_accounts(move |accounts| ask(accounts, &staff)).await)
}

async fn again(
    app: &Arc<App>,
    headers: &HeaderMap,
    typed: &Typed,
    (status, said): (StatusCode, Option<Said>),
) -> Response {
    let found = ask(app, headers, |accounts, staff| Ok((accounts.list(staff)?, accounts.facilities()))).await;
    match found {
        Ok(Ok((rows, facilities))) => shown(app, headers, (status, "/admin/staff"), |frame| {
            pages::staff(frame, &rows, (typed, &facilities), said)
        }),
        Ok(Err(error)) => app.fault(headers, &failed(&error).err().unwrap_or(Fault::Page)),
        Err(response) => *response,
    }
}

#[derive(Deserialize)]
pub(super) struct AddForm {
    #[serde(default)]
    login: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    department: String,
    #[serde(default)]
    facility: String,
}

/// Adds somebody and shows the one-time code, once.
pub(super) async fn add(State(app): State<Arc<App>>, headers: HeaderMap, form: Asked<AddForm>) -> Response {
    let Ok(Form(AddForm { login, name, role, department, facility })) = form else {
        return app.fault(&headers, &Fault::Forged);
    };
    let typed = Typed { login, name, role, department, facility };
    let own = typed.clone();
    match ask(&app, &headers, move |accounts, staff| accounts.add(staff, &own)).await {
        Ok(Ok(made)) => codes(&app, &headers, &[made]),
        Ok(Err(error)) => match failed(&error) {
            Ok((status, said)) => again(&app, &headers, &typed, (status, Some(said))).await,
            Err(fault) => app.fault(&headers, &fault),
        },
        Err(response) => *response,
    }
}

fn codes(app: &Arc<App>, headers: &HeaderMap, made: &[Made]) -> Response {
    shown(app, headers, (StatusCode::OK, "/admin/staff"), |frame| pages::staff_codes(frame, made))
}

#[derive(Deserialize)]
pub(super) struct ChangeForm {
    #[serde(default)]
    factor: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    department: String,
}

/// Changes one account and goes back to the list.
async fn change(
    (app, headers): (&Arc<App>, &HeaderMap),
    number: &str,
    change: impl FnOnce(&Accounts, &Staff, StaffNumber) -> Result<(), AccountError> + Send + 'static,
) -> Response {
    let Some(number) = StaffNumber::parse(number) else {
        return app.fault(headers, &Fault::Desk(DeskError::Unknown));
    };
    match ask(app, headers, move |accounts, staff| change(accounts, staff, number)).await {
        Ok(Ok(())) => redirect("/admin/staff", None),
        Ok(Err(error)) => match failed(&error) {
            Ok((status, said)) => again(app, headers, &Typed::default(), (status, Some(said))).await,
            Err(fault) => app.fault(headers, &fault),
        },
        Err(response) => *response,
    }
}

/// Gives a new one-time code and shows it, once.
pub(super) async fn reset(
    State(app): State<Arc<App>>,
    Path(number): Path<String>,
    headers: HeaderMap,
    form: Asked<ChangeForm>,
) -> Response {
    let Ok(Form(form)) = form else { return app.fault(&headers, &Fault::Forged) };
    let Some(number) = StaffNumber::parse(&number) else {
        return app.fault(&headers, &Fault::Desk(DeskError::Unknown));
    };
    let reset = if form.factor == "yes" { Reset::PasswordAndFactor } else { Reset::Password };
    match ask(&app, &headers, move |accounts, staff| accounts.reset(staff, number, reset)).await {
        Ok(Ok(made)) => codes(&app, &headers, &[made]),
        Ok(Err(error)) => match failed(&error) {
            Ok((status, said)) => again(&app, &headers, &Typed::default(), (status, Some(said))).await,
            Err(fault) => app.fault(&headers, &fault),
        },
        Err(response) => *response,
    }
}

/// Lets nobody in under this account.
pub(super) async fn suspend(State(app): State<Arc<App>>, Path(number): Path<String>, headers: HeaderMap) -> Response {
    change((&app, &headers), &number, |accounts, staff, number| accounts.suspend(staff, number)).await
}

/// Lets somebody in again.
pub(super) async fn resume(State(app): State<Arc<App>>, Path(number): Path<String>, headers: HeaderMap) -> Response {
    change((&app, &headers), &number, |accounts, staff, number| accounts.resume(staff, number)).await
}

/// Another role and department.
pub(super) async fn role(
    State(app): State<Arc<App>>,
    Path(number): Path<String>,
    headers: HeaderMap,
    form: Asked<ChangeForm>,
) -> Response {
    let Ok(Form(form)) = form else { return app.fault(&headers, &Fault::Forged) };
    change((&app, &headers), &number, move |accounts, staff, number| {
        accounts.set_role(staff, number, &form.role, &form.department)
    })
    .await
}

/// The page for a list.
pub(super) async fn import_page(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    shown(&app, &headers, (StatusCode::OK, "/admin/staff/import"), |frame| pages::staff_import(frame, "", None, None))
}

#[derive(Deserialize)]
pub(super) struct ImportForm {
    #[serde(default)]
    list: String,
    #[serde(default)]
    step: String,
}

/// Shows what a list would do; after that, and only if asked to, does it.
pub(super) async fn import(State(app): State<Arc<App>>, headers: HeaderMap, form: Asked<ImportForm>) -> Response {
    let Ok(Form(form)) = form else { return app.fault(&headers, &Fault::Forged) };
    let (list, is_sure) = (form.list.clone(), form.step == "import");
    let done = ask(&app, &headers, move |accounts, staff| match is_sure {
        true => accounts.import(staff, form.list.as_bytes()),
        false => accounts.preview(staff, form.list.as_bytes()).map(|preview| (preview, Vec::new())),
    });
    let draw = |status, preview: Option<&Preview>, said| {
        shown(&app, &headers, (status, "/admin/staff/import"), |frame| pages::staff_import(frame, &list, preview, said))
    };
    match done.await {
        Ok(Ok((_, made))) if is_sure => codes(&app, &headers, &made),
        Ok(Ok((preview, _))) => draw(StatusCode::OK, Some(&preview), None),
        Ok(Err(error)) => match failed(&error) {
            Ok((status, said)) => draw(status, None, Some((said, error.to_string()))),
            Err(fault) => app.fault(&headers, &fault),
        },
        Err(response) => *response,
    }
}
