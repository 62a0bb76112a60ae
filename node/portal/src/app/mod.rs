//! All routes in one table, and what stands before each: own host, key, own forms.
//!
//! `context` is what every request has, `enter` the guard in front, `routes` the screens, `stream` a person's pages that are
//! sent while holders answer, `looks` who looked and files of documents.
mod context;
mod enter;
mod looks;
mod routes;
mod stream;

use crate::desk::Desk;
use crate::serve::PortalConfig;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};
use context::App;
use service::Staff;
use std::net::SocketAddr;
use std::sync::Arc;

pub use crate::guard::Doors;

/// The pages over a desk, for a portal that is reached at `addr`.
pub fn router(desk: Arc<dyn Desk>, staff: Staff, config: &PortalConfig, addr: SocketAddr, doors: Doors) -> Router {
    let app = Arc::new(App::new(desk, staff, config, addr, doors));
    Router::new()
        .route("/", get(routes::home))
        .route("/patients", get(routes::patients).post(routes::search))
        .route("/patients/{patient}/timeline", get(stream::timeline))
        .route("/patients/{patient}/labs", get(stream::labs))
        .route("/patients/{patient}/drugs", get(stream::drugs))
        .route("/patients/{patient}/documents", get(stream::documents))
        .route("/patients/{patient}/access", get(looks::access))
        .route("/patients/{patient}/access/sheet", get(looks::access))
        .route("/patients/{patient}/items/{item}/files/{index}", get(looks::file))
        .route("/patients/{patient}/ask", post(routes::ask))
        .route("/patients/{patient}/items/{item}", get(routes::item))
        .route("/assets/{name}", get(routes::asset))
        .route("/healthz", get(routes::healthz))
        .route("/readyz", get(routes::readyz))
        .fallback(routes::nothing)
        .method_not_allowed_fallback(routes::nothing)
        .layer(DefaultBodyLimit::max(crate::limits::FORM_BYTES_MAX))
        .layer(middleware::from_fn_with_state(app.clone(), enter::enter))
        .with_state(app)
}
