//! Set-up link, login, second factor, one-time codes, logout.
use super::{Said, answered, onward, own_path, refused, shown, with_to, with_wait};
use crate::app::{App, redirect};
use crate::pages::{self, Fault, Filled};
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::Markup;
use serde::Deserialize;
use service::staff::{Attempt, Entered, PasswordFault, Refusal, Typed};
use std::sync::Arc;

type Asked<T> = Result<Form<T>, FormRejection>;

/// Where to go afterwards, or a link's secret.
#[derive(Default, Deserialize)]
pub(super) struct DoorQuery {
    #[serde(default)]
    pub to: String,
    #[serde(default)]
    pub key: String,
}

type DoorAsked = Result<Query<DoorQuery>, QueryRejection>;

fn query(asked: DoorAsked) -> DoorQuery {
    asked.map(|Query(query)| query).unwrap_or_default()
}

/// The login. Who is in goes on.
pub(super) async fn login_page(State(app): State<Arc<App>>, headers: HeaderMap, asked: DoorAsked) -> Response {
    let to = own_path(&query(asked).to);
    if app.staff().is_some() {
        return redirect(&to, None);
    }
    match answered(&app, &headers, app.with_accounts(|accounts| accounts.is_empty()).await) {
        Ok(is_empty) => shown(&app, &headers, (StatusCode::OK, &with_to("/login", &to)), |frame| {
            pages::login(frame, &Filled { to: &to, ..Filled::default() }, None, is_empty)
        }),
        Err(response) => *response,
    }
}

#[derive(Deserialize)]
pub(super) struct LoginForm {
    #[serde(default)]
    login: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    to: String,
}

/// Takes login and password.
pub(super) async fn login(State(app): State<Arc<App>>, headers: HeaderMap, form: Asked<LoginForm>) -> Response {
    let Ok(Form(form)) = form else { return app.fault(&headers, &Fault::Forged) };
    let to = own_path(&form.to);
    let (login, own) = (form.login.clone(), app.clone());
    let entered = app.with_accounts(move |accounts| {
        let attempt =
            Attempt { login: &form.login, secret: &form.password, device: &own.device, old: own.visitor.as_ref() };
        accounts.log_in(&attempt)
    });
    let entered = entered.await;
    finish(&app, &headers, (entered, &to), &with_to("/login", &to), |said, frame| {
        pages::login(frame, &Filled { login: &login, to: &to, ..Filled::default() }, Some(said), false)
    })
}

/// On to the next page, or the same one again with what was wrong.
fn finish(
    app: &Arc<App>,
    headers: &HeaderMap,
    (entered, to): (Result<Result<Entered, Refusal>, crate::desk::DeskError>, &str),
    here: &str,
    again: impl FnOnce(Said, &crate::view::Frame<'_>) -> Markup,
) -> Response {
    let refusal = match answered(app, headers, entered) {
        Ok(Ok(entered)) => return onward(app, &entered, to),
        Ok(Err(refusal)) => refusal,
        Err(response) => return *response,
    };
    match refused(&refusal) {
        Ok((status, said)) => with_wait(shown(app, headers, (status, here), |frame| again(said, frame)), said),
        Err(fault) => app.fault(headers, &fault),
    }
}

/// The page for a one-time code.
pub(super) async fn first_page(State(app): State<Arc<App>>, headers: HeaderMap, asked: DoorAsked) -> Response {
    let to = own_path(&query(asked).to);
    shown(&app, &headers, (StatusCode::OK, &with_to("/login/first", &to)), |frame| {
        pages::first(frame, &Filled { to: &to, ..Filled::default() }, None)
    })
}

#[derive(Deserialize)]
pub(super) struct FirstForm {
    #[serde(default)]
    login: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
    #[serde(default)]
    to: String,
}

/// Takes a one-time code and a new password.
pub(super) async fn first(State(app): State<Arc<App>>, headers: HeaderMap, form: Asked<FirstForm>) -> Response {
    let Ok(Form(form)) = form else { return app.fault(&headers, &Fault::Forged) };
    let to = own_path(&form.to);
    let (login, code, own) = (form.login.clone(), form.code.clone(), app.clone());
    let entered = app.with_accounts(move |accounts| {
        if form.password != form.again {
            return Err(PasswordFault::Differ.into());
        }
        let attempt =
            Attempt { login: &form.login, secret: &form.code, device: &own.device, old: own.visitor.as_ref() };
        accounts.redeem(&attempt, &form.password)
    });
    let entered = entered.await;
    finish(&app, &headers, (entered, &to), &with_to("/login/first", &to), |said, frame| {
        pages::first(frame, &Filled { login: &login, code: &code, to: &to, ..Filled::default() }, Some(said))
    })
}

/// The page for the second factor.
pub(super) async fn code_page(State(app): State<Arc<App>>, headers: HeaderMap, asked: DoorAsked) -> Response {
    code_again(&app, &headers, &own_path(&query(asked).to), (StatusCode::OK, None)).await
}

async fn code_again(
    app: &Arc<App>,
    headers: &HeaderMap,
    to: &str,
    (status, said): (StatusCode, Option<Said>),
) -> Response {
    let Some(visitor) = app.visitor.clone() else { return redirect("/login", None) };
    let ask = app.with_accounts(move |accounts| accounts.ask_passkey(&visitor)).await;
    match answered(app, headers, ask) {
        Ok(ask) => shown(app, headers, (status, &with_to("/login/code", to)), |frame| {
            pages::code(frame, ask.as_ref().map(|ask| (ask, &app.party)), to, said)
        }),
        Err(response) => *response,
    }
}

/// On after the second factor, or its page again with what was wrong.
pub(super) async fn seconded(
    app: &Arc<App>,
    headers: &HeaderMap,
    entered: Result<Result<Entered, Refusal>, crate::desk::DeskError>,
    to: &str,
) -> Response {
    let refusal = match answered(app, headers, entered) {
        Ok(Ok(entered)) => return onward(app, &entered, to),
        Ok(Err(refusal)) => refusal,
        Err(response) => return *response,
    };
    match refused(&refusal) {
        Ok((status, said)) => with_wait(code_again(app, headers, to, (status, Some(said))).await, said),
        Err(fault) => app.fault(headers, &fault),
    }
}

#[derive(Deserialize)]
pub(super) struct CodeForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    to: String,
}

/// Takes the code of the second factor.
pub(super) async fn code(State(app): State<Arc<App>>, headers: HeaderMap, form: Asked<CodeForm>) -> Response {
    let Ok(Form(form)) = form else { return app.fault(&headers, &Fault::Forged) };
    let Some(visitor) = app.visitor.clone() else { return redirect("/login", None) };
    let (to, own) = (own_path(&form.to), app.clone());
    let entered = app.with_accounts(move |accounts| accounts.second(&visitor, &form.code, &own.device)).await;
    seconded(&app, &headers, entered, &to).await
}

/// The page on which a second factor is set up.
pub(super) async fn factor_page(State(app): State<Arc<App>>, headers: HeaderMap, asked: DoorAsked) -> Response {
    factor_again(&app, &headers, &own_path(&query(asked).to), (StatusCode::OK, None)).await
}

async fn factor_again(
    app: &Arc<App>,
    headers: &HeaderMap,
    to: &str,
    (status, said): (StatusCode, Option<Said>),
) -> Response {
    let Some(visitor) = app.visitor.clone() else { return redirect("/login", None) };
    let issuer = app.desk.name();
    let offer = app.with_accounts(move |accounts| accounts.offer(&visitor, &issuer)).await;
    match answered(app, headers, offer) {
        Ok(Some((uri, secret))) => shown(app, headers, (status, &with_to("/login/factor", to)), |frame| {
            pages::factor(frame, (&uri, &secret), to, said)
        }),
        Ok(None) => redirect("/login", None),
        Err(response) => *response,
    }
}

/// Sets the second factor up and shows the recovery codes, once.
pub(super) async fn factor(State(app): State<Arc<App>>, headers: HeaderMap, form: Asked<CodeForm>) -> Response {
    let Ok(Form(form)) = form else { return app.fault(&headers, &Fault::Forged) };
    let Some(visitor) = app.visitor.clone() else { return redirect("/login", None) };
    let (to, own) = (own_path(&form.to), app.clone());
    let entered = app.with_accounts(move |accounts| accounts.enrol(&visitor, &form.code, &own.device)).await;
    let refusal = match answered(&app, &headers, entered) {
        Ok(Ok(entered)) => {
            let mut response =
                shown(&app, &headers, (StatusCode::OK, "/me"), |frame| pages::recovery(frame, &entered.recovery, &to));
            if let Some(cookie) = app.gate.keep(&entered.id) {
                response.headers_mut().insert(axum::http::header::SET_COOKIE, cookie);
            }
            return response;
        }
        Ok(Err(refusal)) => refusal,
        Err(response) => return *response,
    };
    match refused(&refusal) {
        Ok((status, said)) => with_wait(factor_again(&app, &headers, &to, (status, Some(said))).await, said),
        Err(fault) => app.fault(&headers, &fault),
    }
}

/// The page of the set-up link. Looking does not use it.
pub(super) async fn set_up_page(State(app): State<Arc<App>>, headers: HeaderMap, asked: DoorAsked) -> Response {
    let key = query(asked).key;
    let asked = key.clone();
    let found = app.with_accounts(move |accounts| (accounts.is_link(&asked), accounts.facilities())).await;
    match answered(&app, &headers, found) {
        Ok((true, facilities)) => {
            shown(&app, &headers, (StatusCode::OK, &format!("/setup?key={}", crate::app::percent(&key))), |frame| {
                pages::set_up(frame, &Filled { key: &key, ..Filled::default() }, &facilities, None)
            })
        }
        Ok((false, _)) => shown(&app, &headers, (StatusCode::FORBIDDEN, "/setup"), pages::set_up_over),
        Err(response) => *response,
    }
}

#[derive(Deserialize)]
pub(super) struct SetUpForm {
    #[serde(default)]
    key: String,
    #[serde(default)]
    login: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    facility: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
}

/// Makes the first administrator.
pub(super) async fn set_up(State(app): State<Arc<App>>, headers: HeaderMap, form: Asked<SetUpForm>) -> Response {
    let Ok(Form(form)) = form else { return app.fault(&headers, &Fault::Forged) };
    let (key, login, name, own) = (form.key.clone(), form.login.clone(), form.name.clone(), app.clone());
    let done = app.with_accounts(move |accounts| {
        let typed = Typed { login: form.login, name: form.name, facility: form.facility, ..Typed::default() };
        let made = match form.password == form.again {
            true => accounts.set_up(&form.key, &typed, &form.password, &own.device),
            false => Err(PasswordFault::Differ.into()),
        };
        (made, accounts.facilities())
    });
    let (made, facilities) = match answered(&app, &headers, done.await) {
        Ok(done) => done,
        Err(response) => return *response,
    };
    if made.as_ref().err() == Some(&Refusal::Link) {
        return shown(&app, &headers, (StatusCode::FORBIDDEN, "/setup"), pages::set_up_over);
    }
    let here = format!("/setup?key={}", crate::app::percent(&key));
    finish(&app, &headers, (Ok(made), "/"), &here, |said, frame| {
        let filled = Filled { key: &key, login: &login, name: &name, ..Filled::default() };
        pages::set_up(frame, &filled, &facilities, Some(said))
    })
}

/// Ends the session.
pub(super) async fn logout(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if let Some(visitor) = app.visitor.clone() {
        let done = app.with_accounts(move |accounts| accounts.log_out(&visitor)).await;
        if let Err(response) = answered(&app, &headers, done) {
            return *response;
        }
    }
    redirect("/login", app.gate.forget())
}
