//! Bytes as people copy them: groups of five letters and digits, each group ending in a check letter.
use data_encoding::BASE32_NOPAD;

/// Why printed groups were not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrintedError {
    /// The group with this number (from 1) has a wrong letter: its check letter does not fit.
    #[error("group {0} ({1:?}) has a typing mistake: its last letter does not fit the others")]
    Check(usize, String),
    /// A character that never occurs (only A-Z and 2-7 do), in the group with this number.
    #[error("group {0} has the character {1:?}, which never occurs; only A-Z and 2-7 do")]
    Letter(usize, char),
    /// Groups are missing or too many.
    #[error("this is not complete: {0} characters, which is not a whole number of groups")]
    Length(usize),
}

/// Writes `bytes` as groups of four base-32 characters and one check letter, joined by hyphens.
///
/// A wrong letter, or two neighbours swapped, in a group does not pass (a weighted sum modulo 31; only A against 7 would).
pub fn to_printed(bytes: &[u8]) -> String {
    let text = BASE32_NOPAD.encode(bytes);
    let groups: Vec<String> = text
        .as_bytes()
        .chunks(GROUP)
        .enumerate()
        .map(|(at, group)| {
            let mut out: String = group.iter().map(|b| *b as char).collect();
            out.push(check_letter(at, group));
            out
        })
        .collect();
    groups.join("-")
}

/// Reads what [`to_printed`] wrote; case, spaces and hyphens do not matter, `0`, `1` and `8` are read as `O`, `I` and `B`.
///
/// # Errors
/// [`PrintedError`] naming the group with the mistake.
pub fn from_printed(text: &str) -> Result<Vec<u8>, PrintedError> {
    let mut letters = Vec::with_capacity(text.len());
    for c in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
        let folded = match c.to_ascii_uppercase() {
            '0' => 'O',
            '1' => 'I',
            '8' => 'B',
            other => other,
        };
        if value_of(folded).is_none() {
            return Err(PrintedError::Letter(letters.len() / (GROUP + 1) + 1, c));
        }
        letters.push(folded as u8);
    }
    let mut plain = Vec::with_capacity(letters.len());
    for (at, group) in letters.chunks(GROUP + 1).enumerate() {
        let Some((check, body)) = group.split_last() else { break };
        if body.is_empty() || check_letter(at, body) as u8 != *check {
            return Err(PrintedError::Check(at + 1, String::from_utf8_lossy(group).into_owned()));
        }
        plain.extend_from_slice(body);
    }
    BASE32_NOPAD.decode(&plain).map_err(|_| PrintedError::Length(letters.len()))
}

fn check_letter(at: usize, group: &[u8]) -> char {
    let weighted = group.iter().enumerate().map(|(i, b)| (i + 2) * value_of(*b as char).unwrap_or(0));
    let sum = weighted.sum::<usize>() + at % 7;
    LETTERS[sum % 31] as char
}

fn value_of(c: char) -> Option<usize> {
    LETTERS.iter().position(|letter| *letter as char == c)
}

const GROUP: usize = 4;
const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn printed_groups_round_trip(bytes in proptest::collection::vec(any::<u8>(), 1..80)) {
            prop_assert_eq!(from_printed(&to_printed(&bytes)), Ok(bytes));
        }
        #[test]
        fn one_wrong_letter_is_always_seen(bytes in proptest::collection::vec(any::<u8>(), 5..40), at in 0usize..1000, to in 0usize..32) {
            let printed = to_printed(&bytes);
            let places: Vec<usize> = printed.char_indices().filter(|(_, c)| *c != '-').map(|(i, _)| i).collect();
            let place = places[at % places.len()];
            let mut wrong = printed.clone().into_bytes();
            let old = wrong[place];
            wrong[place] = LETTERS[to];
            // 32 letters modulo 31: A and 7 weigh the same, the one pair that the check cannot tell apart.
            prop_assume!(old != wrong[place] && ![old, wrong[place]].iter().all(|b| matches!(b, b'A' | b'7')));
            let wrong = String::from_utf8(wrong).expect("ascii");
            prop_assert!(from_printed(&wrong).is_err());
        }
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,60}") { let _ = from_printed(&text); }
    }
}
