//! Passkeys: used as second factor, added and removed on the own page. The browser's answer comes as fields of an ordinary form.
use super::door::seconded;
use super::{answered, own, own_path};
use crate::app::{App, redirect};
use crate::pages::Fault;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use service::staff::{NewPasskey, PasskeyAnswer, Refusal};
use std::sync::Arc;

type Asked = Result<Form<PasskeyForm>, FormRejection>;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PasskeyForm {
    id: String,
    client: String,
    data: String,
    signature: String,
    name: String,
    old: String,
    to: String,
}

impl PasskeyForm {
    fn answer(&self) -> PasskeyAnswer {
        let (id, client) = (self.id.clone(), self.client.clone());
        PasskeyAnswer { id, client, data: self.data.clone(), signature: self.signature.clone() }
    }
}

/// Takes a passkey in the place of a code.
pub(super) async fn second(State(app): State<Arc<App>>, headers: HeaderMap, form: Asked) -> Response {
    let Ok(Form(form)) = form else { return app.fault(&headers, &Fault::Forged) };
    let Some(visitor) = app.visitor.clone() else { return redirect("/login", None) };
    let (to, own) = (own_path(&form.to), app.clone());
    let entered = app
        .with_accounts(move |accounts| accounts.second_by_passkey(&visitor, &form.answer(), &own.device, &own.party));
    seconded(&app, &headers, entered.await, &to).await
}

/// Adds a passkey.
pub(super) async fn add(State(app): State<Arc<App>>, headers: HeaderMap, form: Asked) -> Response {
    let Ok(Form(form)) = form else { return app.fault(&headers, &Fault::Forged) };
    let Some(visitor) = app.visitor.clone() else { return redirect("/login", None) };
    let own = app.clone();
    let done = app.with_accounts(move |accounts| {
        let new = NewPasskey { password: &form.old, name: &form.name, answer: &form.answer() };
        accounts.add_passkey(&visitor, &new, &own.device, &own.party)
    });
    done_at_own_page(&app, &headers, done.await).await
}

/// Removes a passkey.
pub(super) async fn remove(State(app): State<Arc<App>>, headers: HeaderMap, form: Asked) -> Response {
    let Ok(Form(form)) = form else { return app.fault(&headers, &Fault::Forged) };
    let Some(visitor) = app.visitor.clone() else { return redirect("/login", None) };
    let own = app.clone();
    let done =
        app.with_accounts(move |accounts| accounts.remove_passkey(&visitor, &form.old, &form.id, &own.device)).await;
    done_at_own_page(&app, &headers, done).await
}

async fn done_at_own_page(
    app: &Arc<App>,
    headers: &HeaderMap,
    done: Result<Result<(), Refusal>, crate::desk::DeskError>,
) -> Response {
    match answered(app, headers, done) {
        Ok(Ok(())) => redirect("/me", None),
        Ok(Err(refusal)) => own::refuse(app, headers, &refusal).await,
        Err(response) => *response,
    }
}
