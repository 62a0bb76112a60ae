//! Who looked, and files of documents.
use super::context::{App, page_with};
use super::routes::patient_of;
use crate::desk::{DeskError, File, ItemPath};
use crate::guard::FILE_POLICY;
use crate::pages::{self, Fault};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// だれが見たか
pub(super) async fn access(
    State(app): State<Arc<App>>,
    Path(patient): Path<String>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let Some(patient) = patient_of(&patient) else { return app.fault(&headers, &Fault::Desk(DeskError::Unknown)) };
    match app.call(move |desk, staff| desk.access(staff, patient)).await {
        Ok(view) => {
            let node = app.desk.name();
            let frame = app.frame(app.lang(&headers), &node, Some(&uri));
            let is_sheet = uri.path().ends_with("/sheet");
            let page = if is_sheet { pages::access_sheet(&frame, &view) } else { pages::access(&frame, &view) };
            page_with(StatusCode::OK, page)
        }
        Err(error) => app.fault(&headers, &Fault::Desk(error)),
    }
}

/// One file of a document, for a frame: whatever is in it may run nothing, load nothing and reach nobody. Texts are sent as
/// plain text, so that marks in them stay letters; of a CDA document what people read in it.
pub(super) async fn file(
    State(app): State<Arc<App>>,
    Path((patient, item, index)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let (Some(patient), Some(path), Ok(index)) = (patient_of(&patient), ItemPath::parse(&item), index.parse()) else {
        return app.fault(&headers, &Fault::Desk(DeskError::Unknown));
    };
    match app.call(move |desk, staff| desk.file(staff, patient, &path, index)).await {
        Ok(file) => framed(file),
        Err(error) => app.fault(&headers, &Fault::Desk(error)),
    }
}

fn framed(file: File) -> Response {
    let kind = match file.kind {
        kind @ ("image/png" | "image/jpeg" | "application/pdf") => kind,
        "application/xml" | "text/html" | "text/plain" | "application/hl7-v2" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    };
    let mut bytes = file.bytes;
    if file.kind == "application/xml"
        && let Some(words) = std::str::from_utf8(&bytes).ok().and_then(records::cda::narrative)
    {
        bytes = words.into_bytes();
    }
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("inline"));
    let policy = if kind == "application/pdf" { FILE_POLICY } else { SANDBOX };
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    response
}

/// As [`FILE_POLICY`], and the file is of no origin.
pub(crate) const SANDBOX: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox";
