//! A document of the extended storage as one record: what it is made of, then the bytes of its files one behind the other.
//!
//! `"musubi.doc" ‖ 1 ‖ length of the head (u32, big-endian) ‖ head (JSON of [`Document`]) ‖ files in the order of the head`.
//! Readers at other facilities get exactly these bytes, so the form is written down and never local.
use records::Redacted;
use records::model::{About, Document, DocumentFile};
use std::ops::Range;

/// Why bytes are no document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Not of this form.
    #[error("this is no document of a form that this release knows")]
    Form,
    /// Its head says more than its bytes have, or is too long.
    #[error("the document is damaged: its head does not fit its bytes")]
    Damaged,
}

/// The head with which the bytes of a document begin. The files follow in the order of `document.files`.
pub fn head_bytes(document: &Document) -> Vec<u8> {
    // A document is texts and numbers, which JSON can always write.
    let head = serde_json::to_vec(document).unwrap_or_default();
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&u32::try_from(head.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(&head);
    out
}

/// How many bytes of the beginning [`read_head`] wants to see; none while the first [`HEAD_MIN`] are not there.
///
/// # Errors
/// [`DocumentError`] if it is no document.
pub fn head_len(start: &[u8]) -> Result<usize, DocumentError> {
    let rest = start.strip_prefix(MAGIC).ok_or(DocumentError::Form)?;
    let length = rest.first_chunk::<4>().ok_or(DocumentError::Form)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| DocumentError::Damaged)?;
    if length > HEAD_BYTES_MAX { Err(DocumentError::Damaged) } else { Ok(HEAD_MIN + length) }
}

/// Reads the head from the beginning of a document of `size` bytes.
///
/// # Errors
/// [`DocumentError`] if it is no document, or its files do not fill it.
pub fn read_head(start: &[u8], size: u64) -> Result<Document, DocumentError> {
    let length = head_len(start)?;
    let head = start.get(HEAD_MIN..length).ok_or(DocumentError::Damaged)?;
    let document: Document = serde_json::from_slice(head).map_err(|_| DocumentError::Damaged)?;
    let files = document.files.iter().try_fold(length as u64, |sum, file| sum.checked_add(file.bytes));
    if files == Some(size) && document.files.len() <= FILES_MAX { Ok(document) } else { Err(DocumentError::Damaged) }
}

/// Where the bytes of one of its files lie in a document.
pub fn file_range(document: &Document, name: &str) -> Option<Range<u64>> {
    let mut start = head_bytes(document).len() as u64;
    for DocumentFile { name: own, bytes } in &document.files {
        if own == name {
            return Some(start..start.checked_add(*bytes)?);
        }
        start = start.checked_add(*bytes)?;
    }
    None
}

/// What the main file says of itself, as far as it lies within the document's beginning.
pub fn about(document: &Document, start: &[u8]) -> Option<About> {
    let range = file_range(document, &document.main)?;
    let from = usize::try_from(range.start).ok()?;
    let to = usize::try_from(range.end).unwrap_or(usize::MAX).min(start.len());
    let known = start.get(from..to).filter(|known| !known.is_empty())?;
    Some(records::content::about(known, range.end - range.start))
}

/// One of its files, out of a document that is in memory.
///
/// # Errors
/// [`DocumentError`] if it is no document or has no such file.
pub fn file_of(bytes: &[u8], name: &str) -> Result<Redacted<Vec<u8>>, DocumentError> {
    let document = read_head(bytes, bytes.len() as u64)?;
    let range = file_range(&document, name).ok_or(DocumentError::Damaged)?;
    let at = |end: u64| usize::try_from(end).map_err(|_| DocumentError::Damaged);
    let found = bytes.get(at(range.start)?..at(range.end)?).ok_or(DocumentError::Damaged)?;
    Ok(Redacted::new(found.to_vec()))
}

const MAGIC: &[u8] = b"musubi.doc\x01";
/// Bytes before the head.
pub const HEAD_MIN: usize = MAGIC.len() + 4;
/// Longest head: it names every file of the content folder.
const HEAD_BYTES_MAX: usize = 4 << 20;
/// Most files of one document. A series of scanned pages has some hundred.
pub const FILES_MAX: usize = 5_000;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use records::content::Format;
    use records::ssmix2::extended::{KindFolder, document};

    fn sample() -> (Document, Vec<u8>) {
        let files = [("b.png".to_owned(), 3), ("main_document.xml".to_owned(), 5)];
        let document = document(&KindFolder::parse("^退院サマリ^^18842-5^退院時サマリ^LN"), &files).value;
        let bytes = [head_bytes(&document), b"PNG<a/>!".to_vec()].concat();
        (document, bytes)
    }

    #[test]
    fn files_come_back_by_name() {
        let (document, bytes) = sample();
        assert_eq!(read_head(&bytes, bytes.len() as u64), Ok(document));
        assert_eq!(file_of(&bytes, "main_document.xml").expect("there").expose(), b"<a/>!");
        assert_eq!(file_of(&bytes, "b.png").expect("there").expose(), b"PNG");
        assert_eq!(file_of(&bytes, "c.png"), Err(DocumentError::Damaged));
    }
    #[test]
    fn the_main_file_is_looked_into_as_far_as_it_is_at_hand() {
        let (document, bytes) = sample();
        let format = |start: &[u8]| about(&document, start).and_then(|about| about.format);
        assert_eq!(format(&bytes), Some(Format::Xml));
        assert_eq!(format(&bytes[..bytes.len() - 5]), None, "nothing of it is there");
        let about = Document { about: about(&document, &bytes), ..document.clone() };
        assert_eq!(head_bytes(&about), head_bytes(&document), "what was found is never stored");
    }
    #[test]
    fn a_cut_or_lengthened_document_is_damaged() {
        let (_, bytes) = sample();
        for end in 0..bytes.len() {
            assert!(read_head(&bytes[..end], end as u64).is_err(), "cut at {end}");
        }
        assert_eq!(read_head(&bytes, bytes.len() as u64 + 1), Err(DocumentError::Damaged));
    }
    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(tail: Vec<u8>, size: u64) {
            let _ = read_head(&[MAGIC, &tail].concat(), size);
            let _ = read_head(&tail, size);
        }
    }
}
