//! C2SP signed notes: a text, an empty line, and signature lines `— name base64(key id ‖ signature)`.
use crate::{
    crypto::sha256,
    ids::PublicKey,
    limits::{COSIGNATURES_MAX, NOTE_BYTES_MAX},
};
use data_encoding::BASE64;

/// Algorithms of signature lines (signed-note, "signature types").
#[derive(Clone, Copy)]
pub(super) enum Algorithm {
    /// Ed25519 over the note's text.
    Ed25519 = 1,
    /// Ed25519 cosignature with its time.
    Cosignature = 4,
}

/// One signature line, not checked.
pub(super) struct Line<'a> {
    pub(super) name: &'a str,
    pub(super) key_id: [u8; 4],
    pub(super) signature: Vec<u8>,
}

/// The name for people's and programs' eyes by which a line's key is found: first four bytes of a hash.
pub(super) fn key_id(name: &str, algorithm: Algorithm, key: &PublicKey) -> [u8; 4] {
    let hash = sha256(&[name.as_bytes(), b"\n", &[algorithm as u8], &key.0]).0;
    [hash[0], hash[1], hash[2], hash[3]]
}

/// Writes one signature line with its end of line.
pub(super) fn line(name: &str, algorithm: Algorithm, key: &PublicKey, signature: &[u8]) -> String {
    let bytes = [key_id(name, algorithm, key).as_slice(), signature].concat();
    format!("{MARK}{name} {}\n", BASE64.encode(&bytes))
}

/// Splits a note into its text (with the last end of line) and its signature lines; none if it is no note.
pub(super) fn split(note: &str) -> Option<(&str, Vec<Line<'_>>)> {
    if note.len() > NOTE_BYTES_MAX || note.bytes().any(|b| b < b' ' && b != b'\n') {
        return None;
    }
    let at = note.rfind("\n\n")?;
    let (text, signatures) = (&note[..=at], note.get(at + 2..)?);
    let signatures = signatures.strip_suffix('\n')?;
    let lines: Option<Vec<Line<'_>>> = signatures.split('\n').take(LINES_MAX + 1).map(parse_line).collect();
    lines.filter(|lines| lines.len() <= LINES_MAX).map(|lines| (text, lines))
}

fn parse_line(line: &str) -> Option<Line<'_>> {
    let (name, encoded) = line.strip_prefix(MARK)?.split_once(' ')?;
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == '+') {
        return None;
    }
    let bytes = BASE64.decode(encoded.as_bytes()).ok()?;
    let (key_id, signature) = bytes.split_first_chunk::<4>()?;
    Some(Line { name, key_id: *key_id, signature: signature.to_vec() })
}

const MARK: &str = "\u{2014} ";
/// The log's own line, the cosignatures, and as many again of keys that we do not know.
const LINES_MAX: usize = 1 + 2 * COSIGNATURES_MAX;
