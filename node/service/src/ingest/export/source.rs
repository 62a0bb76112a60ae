//! The bytes of a version, piece by piece, checked against the digest of the day they came.
use crate::bodies::Body;
use crate::documents::{HEAD_MIN, head_len, read_head};
use protocol::fetch::{Digester, RecordHead};
use std::ops::Range;

/// Why the bytes of a version cannot be given back.
pub(super) enum Trouble {
    /// A sentence for the list.
    Damaged(String),
    /// The taker refused.
    Taker(std::io::Error),
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self::Taker(error)
    }
}

/// Takes the bytes of one version, file by file.
pub(super) trait Taker {
    /// Bytes of the file with this number follow those before.
    fn take(&mut self, file: usize, bytes: &[u8]) -> std::io::Result<()>;
}

/// Which bytes of the body are which file of the version; `names` are those within a document, in order of the version.
///
/// None in the list: the document has no file of that name.
pub(super) fn ranges(body: &Body, names: &[Option<&str>]) -> Result<Vec<Option<Range<u64>>>, Trouble> {
    if names.iter().all(Option::is_none) {
        return Ok(names.iter().map(|_| Some(0..body.len())).collect());
    }
    let start = start(body)?;
    let damaged = |error: crate::documents::DocumentError| Trouble::Damaged(error.to_string());
    let document = read_head(&start, body.len()).map_err(damaged)?;
    let mut at = start.len() as u64;
    let mut found = vec![None; names.len()];
    for file in &document.files {
        let range = at..at.saturating_add(file.bytes);
        at = range.end;
        if let Some(slot) = names.iter().position(|name| *name == Some(file.name.as_str())) {
            found[slot] = Some(range);
        }
    }
    Ok(found)
}

/// The head of a document, whole.
fn start(body: &Body) -> Result<Vec<u8>, Trouble> {
    let damaged = |error: &dyn std::fmt::Display| Trouble::Damaged(error.to_string());
    let mut start: Vec<u8> = Vec::new();
    let mut wanted = HEAD_MIN;
    for index in 0..body.chunks() {
        start.extend_from_slice(&body.chunk(index).map_err(|error| damaged(&error))?);
        if start.len() >= HEAD_MIN {
            wanted = head_len(&start).map_err(|error| damaged(&error))?;
        }
        if start.len() >= wanted {
            break;
        }
    }
    start.truncate(wanted);
    Ok(start)
}

/// Gives all files of a version to `taker`, in order of their places in the body.
///
/// # Errors
/// [`Trouble::Damaged`] at the end if the whole has not the digest of its head: what was taken is worth nothing then.
pub(super) fn pour(
    body: &Body,
    head: &RecordHead,
    ranges: &[Option<Range<u64>>],
    taker: &mut dyn Taker,
) -> Result<(), Trouble> {
    let mut order: Vec<(usize, Range<u64>)> =
        ranges.iter().enumerate().filter_map(|(file, range)| Some((file, range.clone()?))).collect();
    order.sort_by_key(|(_, range)| range.start);
    let mut digester = Digester::new();
    let mut at = 0u64;
    for index in 0..body.chunks() {
        let chunk = body.chunk(index).map_err(|error| Trouble::Damaged(error.to_string()))?;
        digester.update(&chunk);
        let end = at + chunk.len() as u64;
        for (file, range) in order.iter().filter(|(_, range)| range.start < end && range.end > at) {
            // Both ends lie within the chunk.
            let from = usize::try_from(range.start.max(at) - at).unwrap_or(0);
            let to = usize::try_from(range.end.min(end) - at).unwrap_or(0);
            taker.take(*file, &chunk[from..to])?;
        }
        at = end;
    }
    if digester.finish().0 == head.digest && at == head.size {
        return Ok(());
    }
    Err(Trouble::Damaged("the bytes in the store are not those that came in (another digest)".into()))
}
