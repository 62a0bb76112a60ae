//! The demo's way in, and its switch of roles. Routed only where a demo runs; and only its accounts come in this way.
use super::{answered, onward, own_path, shown};
use crate::app::App;
use crate::pages::{self, Fault};
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use protocol::kinds::Role;
use serde::Deserialize;
use service::staff::Refusal;
use std::sync::Arc;

#[derive(Deserialize)]
pub(super) struct EnterQuery {
    #[serde(default)]
    key: String,
}

/// The link that `musubi demo` opens: in as the demo's doctor, once. Who is in already stays who they are.
pub(super) async fn enter(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    query: Result<Query<EnterQuery>, QueryRejection>,
) -> Response {
    if app.staff().is_some() {
        return crate::app::redirect("/", None);
    }
    let (own, key) = (app.clone(), query.map(|Query(query)| query.key).unwrap_or_default());
    let entered = app.with_accounts(move |accounts| accounts.enter_demo_link(&key, &own.device)).await;
    match answered(&app, &headers, entered) {
        Ok(Ok(entered)) => onward(&app, &entered, "/"),
        // Used: the roles are one click further.
        Ok(Err(_)) => crate::app::redirect("/demo", None),
        Err(response) => *response,
    }
}

/// Who to be.
pub(super) async fn page(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    shown(&app, &headers, (StatusCode::OK, "/demo"), pages::demo)
}

#[derive(Deserialize)]
pub(super) struct SwitchForm {
    #[serde(default)]
    role: String,
    #[serde(default)]
    to: String,
}

/// Becomes somebody else of the demo.
pub(super) async fn switch(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    form: Result<Form<SwitchForm>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else { return app.fault(&headers, &Fault::Forged) };
    let Some(role) = Role::parse(&form.role) else { return app.fault(&headers, &Fault::Page) };
    let (own, to) = (app.clone(), own_path(&form.to));
    let entered = app.with_accounts(move |accounts| accounts.enter_demo(role, &own.device, own.visitor.as_ref())).await;
    match answered(&app, &headers, entered) {
        Ok(Ok(entered)) => onward(&app, &entered, &to),
        Ok(Err(Refusal::Link)) => app.fault(&headers, &Fault::Page),
        Ok(Err(refusal)) => app.fault(&headers, &super::refused(&refusal).err().unwrap_or(Fault::Page)),
        Err(response) => *response,
    }
}
