use super::iso2022::{self, Shifted};
use super::kana::has_half_width_kana;
use crate::limits::MESSAGE_BYTES_MAX;
use crate::parsed::Problems;
use crate::{Fault, Parsed, Place};
use encoding_rs::{EUC_JP, SHIFT_JIS, UTF_16BE, UTF_16LE};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The encoding that a file turned out to be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// Seven bits and no shift sequence.
    Ascii,
    /// What the standard asks for: ASCII and JIS X 0208 with raw ESC sequences.
    Iso2022Jp,
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16 with a byte order mark.
    Utf16,
    /// Windows' Shift_JIS.
    Cp932,
    /// EUC-JP.
    EucJp,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ascii => "ASCII",
            Self::Iso2022Jp => "ISO-2022-JP",
            Self::Utf8 => "UTF-8",
            Self::Utf16 => "UTF-16",
            Self::Cp932 => "CP932 (Shift_JIS)",
            Self::EucJp => "EUC-JP",
        })
    }
}

/// Text of a file, and how it was written. The caller keeps the bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Decoded {
    /// All of it, without a byte order mark and without control bytes around it.
    pub text: String,
    /// The verdict for this file; never for a storage, because vendors mix encodings inside one patient folder.
    pub encoding: Encoding,
}

impl fmt::Debug for Decoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decoded {{ {} characters from {} }}", self.text.chars().count(), self.encoding)
    }
}

/// Why bytes are not a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeFailure {
    /// Nothing in it, or only NULs and blanks. The writer may still be at work.
    #[error("the file is empty; the next scan looks again")]
    Empty,
    /// Beyond [`MESSAGE_BYTES_MAX`].
    #[error(
        "the file has {bytes} bytes, more than the {MESSAGE_BYTES_MAX} that one message may have; check what wrote it"
    )]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// None of the encodings of the field fits.
    #[error("byte {at} fits none of ISO-2022-JP, UTF-8, Shift_JIS and EUC-JP; the file is damaged or not a text")]
    Unreadable {
        /// Where the first byte stands that UTF-8 does not allow.
        at: usize,
    },
}

/// Turns the bytes of one HL7 file into text, before anything is split. Cost: linear.
///
/// Looks for marks of UTF-8 and UTF-16, then shift sequences (ISO-2022-JP), then tries UTF-8, CP932 and EUC-JP in this order.
///
/// # Errors
/// [`DecodeFailure`] for an empty, oversized or unreadable file; anything else is a problem.
pub fn decode(bytes: &[u8]) -> Result<Parsed<Decoded>, DecodeFailure> {
    if bytes.len() > MESSAGE_BYTES_MAX {
        return Err(DecodeFailure::TooLong { bytes: bytes.len() });
    }
    let mut problems = Problems::default();
    let (text, encoding) = match marked(bytes) {
        Some(found) => found,
        None => {
            let inner = without_stray(bytes);
            if inner.len() < bytes.len() {
                problems.add(Place::File, Fault::StrayBytes);
            }
            unmarked(inner, &mut problems)?
        }
    };
    if text.trim_matches(|c: char| c.is_whitespace() || c == '\0').is_empty() {
        return Err(DecodeFailure::Empty);
    }
    if !matches!(encoding, Encoding::Ascii | Encoding::Iso2022Jp) {
        problems.add(Place::File, Fault::OtherEncoding(encoding));
    }
    if has_half_width_kana(&text) {
        problems.add(Place::File, Fault::HalfWidthKana);
    }
    let has_private = text.bytes().any(|byte| matches!(byte, 0xEE | 0xEF));
    let unmapped = if has_private { text.chars().filter(|c| is_private(*c)).count() } else { 0 };
    if unmapped == 0 {
        return Ok(problems.with(Decoded { text, encoding }));
    }
    problems.add(Place::File, Fault::Unmapped(unmapped));
    let text = text.chars().map(|c| if is_private(c) { GETA } else { c }).collect();
    Ok(problems.with(Decoded { text, encoding }))
}

/// 〓, which stands for a character that cannot be shown.
pub(super) const GETA: char = '\u{3013}';

fn marked(bytes: &[u8]) -> Option<(String, Encoding)> {
    if let Some(rest) = bytes.strip_prefix(b"\xEF\xBB\xBF") {
        let text = std::str::from_utf8(rest).ok()?;
        return Some((text.trim_end_matches(['\0', '\u{1A}', '\u{1C}']).to_owned(), Encoding::Utf8));
    }
    let wide = match bytes {
        [0xFF, 0xFE, ..] => UTF_16LE,
        [0xFE, 0xFF, ..] => UTF_16BE,
        _ => return None,
    };
    let (text, broken) = wide.decode_with_bom_removal(bytes);
    (!broken).then(|| (text.trim_end_matches(['\0', '\u{1A}', '\u{1C}']).to_owned(), Encoding::Utf16))
}

/// Leaves out the rests of MLLP (0x0B before, 0x1C behind), of old end-of-file marks (0x1A) and NUL filling.
fn without_stray(bytes: &[u8]) -> &[u8] {
    let stray = |b: &u8| matches!(b, 0x00 | 0x0B | 0x1A | 0x1C);
    let start = bytes.iter().position(|b| !stray(b)).unwrap_or(bytes.len());
    let mut inner = &bytes[start..];
    loop {
        inner = match inner {
            // `CR FS CR` of MLLP: the last CR is no part of the message.
            [rest @ .., 0x1C, 0x0D] if rest.ends_with(b"\r") => rest,
            [rest @ .., last] if stray(last) => rest,
            _ => return inner,
        };
    }
}

fn unmarked(bytes: &[u8], problems: &mut Problems) -> Result<(String, Encoding), DecodeFailure> {
    let shifts = memchr::memchr3(0x1B, 0x0E, 0x0F, bytes).is_some();
    if shifts && let Some(Shifted { text, not_reset, unknown, unmapped, vendor }) = iso2022::decode(bytes) {
        if not_reset {
            problems.add(Place::File, Fault::NotReset);
        }
        if unknown {
            problems.add(Place::File, Fault::UnknownShift);
        }
        if unmapped > 0 {
            problems.add(Place::File, Fault::Unmapped(unmapped));
        }
        if vendor > unmapped {
            problems.add(Place::File, Fault::VendorCharacters(vendor - unmapped));
        }
        return Ok((text, Encoding::Iso2022Jp));
    }
    let at = match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => return Ok((text.to_owned(), Encoding::Ascii)),
        Ok(text) => return Ok((text.to_owned(), Encoding::Utf8)),
        Err(error) => error.valid_up_to(),
    };
    let windows = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes);
    let unix = EUC_JP.decode_without_bom_handling_and_without_replacement(bytes);
    match (windows, unix) {
        (Some(windows), Some(unix)) if japanese_in_name(&unix) > japanese_in_name(&windows) => {
            Ok((unix.into_owned(), Encoding::EucJp))
        }
        (Some(windows), _) => Ok((windows.into_owned(), Encoding::Cp932)),
        (None, Some(unix)) => Ok((unix.into_owned(), Encoding::EucJp)),
        (None, None) => Err(DecodeFailure::Unreadable { at }),
    }
}

/// How many kanji and full-width kana stand in PID-5, or in everything if no name stands there.
fn japanese_in_name(text: &str) -> usize {
    let name = text
        .split(['\r', '\n'])
        .find(|segment| segment.starts_with("PID|"))
        .and_then(|pid| pid.split('|').nth(5))
        .filter(|name| !name.is_ascii())
        .unwrap_or(text);
    name.chars().filter(|c| matches!(c, '\u{3041}'..='\u{30FE}' | '\u{4E00}'..='\u{9FFF}')).count()
}

/// Cells of CP932's user-defined area arrive in Unicode's private use area. In UTF-8 it begins with EE and EF.
fn is_private(c: char) -> bool {
    matches!(c, '\u{E000}'..='\u{F8FF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hl7::encode_iso2022jp;
    use proptest::prelude::*;

    const TEXT: &str = "MSH|^~\\&|HIS\rPID|0001||0001||見本^花子^^^^^L^I~ミホン^ハナコ^^^^^L^P||19580312|F\r";

    #[track_caller]
    fn check(bytes: &[u8], encoding: Encoding) {
        let parsed = decode(bytes).expect("readable");
        assert_eq!((parsed.value.text.as_str(), parsed.value.encoding), (TEXT, encoding));
        assert_eq!(parsed.is_clean(), encoding == Encoding::Iso2022Jp, "{:?}", parsed.problems);
    }

    #[test]
    fn every_encoding_of_the_field_is_told_from_the_bytes() {
        check(&encode_iso2022jp(TEXT), Encoding::Iso2022Jp);
        check(TEXT.as_bytes(), Encoding::Utf8);
        check(&[b"\xEF\xBB\xBF", TEXT.as_bytes()].concat(), Encoding::Utf8);
        check(&SHIFT_JIS.encode(TEXT).0, Encoding::Cp932);
        check(&EUC_JP.encode(TEXT).0, Encoding::EucJp);
        let wide: Vec<u8> = std::iter::once(0xFEFF).chain(TEXT.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        check(&wide, Encoding::Utf16);
    }
    #[test]
    fn rests_of_transport_are_left_out() {
        let bytes = [b"\x0B".as_slice(), &encode_iso2022jp(TEXT), b"\x1C\r"].concat();
        assert_eq!(decode(&bytes).expect("readable").value.text, TEXT);
        let bytes = [&encode_iso2022jp(TEXT), b"\x00\x00\x1A".as_slice()].concat();
        assert_eq!(decode(&bytes).expect("readable").value.text, TEXT);
    }
    #[test]
    fn rests_of_transport_in_a_row_are_left_out_at_once() {
        let bytes = [&encode_iso2022jp(TEXT), b"\x1C\r\x1C\r\0\x1A".as_slice()].concat();
        assert_eq!(decode(&bytes).expect("readable").value.text, TEXT);
    }
    #[test]
    fn nothing_and_noise_are_refused() {
        assert_eq!(decode(b"").unwrap_err(), DecodeFailure::Empty);
        assert_eq!(decode(&[0; 64]).unwrap_err(), DecodeFailure::Empty);
        assert_eq!(decode(b" \r\n").unwrap_err(), DecodeFailure::Empty);
        assert!(matches!(decode(b"MSH|\xFF\xFF\x80\xA0\xFD"), Err(DecodeFailure::Unreadable { at: 4 })));
        assert!(matches!(decode(&vec![b' '; MESSAGE_BYTES_MAX + 1]), Err(DecodeFailure::TooLong { .. })));
    }
    #[test]
    fn user_defined_characters_become_geta() {
        let parsed = decode(b"MSH|\x96\x7B\xF0\x40\r").expect("readable");
        assert_eq!(parsed.value.text, "MSH|本〓\r");
        assert!(parsed.problems.iter().any(|p| p.fault == Fault::Unmapped(1)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_decoded_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) { let _ = decode(&bytes); }
        #[test]
        fn shifts_and_controls_in_any_order_do_no_harm(
            bytes in proptest::collection::vec(proptest::sample::select(b"\x1B$B(IJ@D&|^~\\\r\n\x0E\x0F K\x5C\x7C\xB1\x80".to_vec()), 0..80),
        ) { let _ = decode(&bytes); }
    }
}
