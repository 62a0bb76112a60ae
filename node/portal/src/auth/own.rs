//! Own settings and own accesses.
use super::{Said, answered, failed, onward, refused, shown, with_wait};
use crate::app::{App, redirect};
use crate::i18n::Key;
use crate::pages::{self, Fault};
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use service::staff::{PasswordFault, Refusal};
use std::sync::Arc;

/// The own page.
pub(super) async fn page(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    again(&app, &headers, (StatusCode::OK, None)).await
}

async fn again(app: &Arc<App>, headers: &HeaderMap, (status, said): (StatusCode, Option<Said>)) -> Response {
    let Some(visitor) = app.visitor.clone() else { return redirect("/login", None) };
    let own =
        app.with_accounts(move |accounts| accounts.own(&visitor).map(|own| (own, accounts.ask_passkey(&visitor))));
    match answered(app, headers, own.await) {
        Ok(Ok((own, ask))) => shown(app, headers, (status, "/me"), |frame| {
            pages::me(frame, &own, ask.as_ref().map(|ask| (ask, &app.party)), said)
        }),
        Ok(Err(error)) => match failed(&error) {
            Ok(_) => app.fault(headers, &Fault::Page),
            Err(fault) => app.fault(headers, &fault),
        },
        Err(response) => *response,
    }
}

pub(super) async fn refuse(app: &Arc<App>, headers: &HeaderMap, refusal: &Refusal) -> Response {
    match refused(refusal) {
        // The person is known: it can only be the password.
        Ok((status, said)) => {
            let key = if said.key == Key::RefusedWrong { Key::RefusedPassword } else { said.key };
            with_wait(again(app, headers, (status, Some(Said { key, ..said }))).await, said)
        }
        Err(fault) => app.fault(headers, &fault),
    }
}

#[derive(Deserialize)]
pub(super) struct PasswordForm {
    #[serde(default)]
    old: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
}

/// Changes the own password.
pub(super) async fn password(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    form: Result<Form<PasswordForm>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else { return app.fault(&headers, &Fault::Forged) };
    let Some(visitor) = app.visitor.clone() else { return redirect("/login", None) };
    let own = app.clone();
    let done = app.with_accounts(move |accounts| match form.password == form.again {
        true => accounts.change_password(&visitor, (&form.old, &form.password), &own.device),
        false => Err(PasswordFault::Differ.into()),
    });
    match answered(&app, &headers, done.await) {
        Ok(Ok(entered)) => onward(&app, &entered, "/me"),
        Ok(Err(refusal)) => refuse(&app, &headers, &refusal).await,
        Err(response) => *response,
    }
}

#[derive(Deserialize)]
pub(super) struct FactorForm {
    #[serde(default)]
    old: String,
}

/// Begins to set up another second factor.
pub(super) async fn factor(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    form: Result<Form<FactorForm>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else { return app.fault(&headers, &Fault::Forged) };
    let Some(visitor) = app.visitor.clone() else { return redirect("/login", None) };
    let own = app.clone();
    let done = app.with_accounts(move |accounts| accounts.renew_factor(&visitor, &form.old, &own.device));
    match answered(&app, &headers, done.await) {
        Ok(Ok(entered)) => onward(&app, &entered, "/me"),
        Ok(Err(refusal)) => refuse(&app, &headers, &refusal).await,
        Err(response) => *response,
    }
}

/// Ends all other own sessions.
pub(super) async fn sessions(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let Some(visitor) = app.visitor.clone() else { return redirect("/login", None) };
    match answered(&app, &headers, app.with_accounts(move |accounts| accounts.end_others(&visitor)).await) {
        Ok(Ok(())) => redirect("/me", None),
        Ok(Err(error)) => match failed(&error) {
            Ok((status, said)) => again(&app, &headers, (status, Some(said))).await,
            Err(fault) => app.fault(&headers, &fault),
        },
        Err(response) => *response,
    }
}
