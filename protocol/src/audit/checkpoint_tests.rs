use super::*;
use crate::{audit::Head, crypto::Real};
use proptest::prelude::*;

fn secret(byte: u8) -> Secret {
    Secret::from_bytes([byte; 32])
}

/// A checkpoint of log 1, cosigned by these witnesses.
fn signed(witnesses: &[u8]) -> SignedCheckpoint {
    let head = Head { size: 20_852_163, root: Hash([9; 32]) };
    let mut signed = SignedCheckpoint::sign(&Real, &secret(1), head, Millis(1_700_000_000_123));
    for witness in witnesses {
        let one = signed.cosign(&Real, &secret(*witness), Millis(1_700_000_005_999));
        assert!(signed.add(&Real, one));
    }
    signed
}

#[test]
fn a_note_has_the_lines_of_the_standard() {
    let note = signed(&[2]).to_note();
    let lines: Vec<&str> = note.split('\n').collect();
    let log = Real.public(&secret(1));
    assert_eq!(lines[0], format!("musubi/log/{log}"));
    assert_eq!(lines[1], "20852163");
    assert_eq!(lines[2], "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=");
    assert_eq!(lines[3], "at 1700000000123");
    assert_eq!(lines[4], "");
    assert!(lines[5].starts_with(&format!("\u{2014} musubi/log/{log} ")));
    assert!(lines[6].starts_with(&format!("\u{2014} musubi/witness/{} ", Real.public(&secret(2)))));
    assert_eq!(lines[7..], [""]);
}

#[test]
fn cosignatures_bind_the_time_in_seconds_and_the_whole_note() {
    let signed = signed(&[2]);
    let one = signed.cosignatures[0];
    assert_eq!(one.at, Millis(1_700_000_005_000));
    let text = format!("cosignature/v1\ntime 1700000005\n{}", signed.checkpoint.note());
    assert!(Real.verify(&one.witness, text.as_bytes(), &one.signature));
    let later = Cosignature { at: one.at.plus(1_000), ..one };
    assert!(!signed.verify_cosignature(&Real, &later));
    let between = Cosignature { at: one.at.plus(1), ..one };
    assert!(!signed.verify_cosignature(&Real, &between));
}

#[test]
fn good_needs_enough_different_known_witnesses_and_the_logs_own_signature() {
    let keys: Vec<PublicKey> = [2, 3, 4].map(|byte| Real.public(&secret(byte))).to_vec();
    let mut full = signed(&[2, 3, 4]);
    assert!(full.good(&Real, &keys, 3));
    assert!(!full.good(&Real, &keys[..2], 3), "one of them is not known");
    full.cosignatures[2] = full.cosignatures[1];
    assert!(!full.good(&Real, &keys, 3), "the same witness counts once");
    let mut bent = signed(&[2, 3, 4]);
    bent.signature.0[0] ^= 1;
    assert!(!bent.good(&Real, &keys, 3));
    let mut moved = signed(&[2, 3, 4]);
    moved.checkpoint.size += 1;
    assert!(!moved.good(&Real, &keys, 1));
}

#[test]
fn a_log_does_not_witness_itself_and_nobody_counts_twice() {
    let mut full = signed(&[2]);
    let own = full.cosign(&Real, &secret(1), Millis(0));
    assert!(!full.add(&Real, own));
    let again = full.cosign(&Real, &secret(2), Millis(9_000));
    assert!(!full.add(&Real, again));
}

#[test]
fn lines_of_unknown_keys_are_passed_over() {
    let full = signed(&[2, 3]);
    let note = full.to_note() + "\u{2014} elsewhere.example/w1 jWbPPwAAAABkGFDL\n";
    assert_eq!(SignedCheckpoint::from_note(&note), Some(full));
}

#[test]
fn notes_that_are_not_exactly_ours_are_refused() {
    let note = signed(&[2]).to_note();
    let refused = |text: String| assert_eq!(SignedCheckpoint::from_note(&text), None, "{text}");
    refused(note.replace("20852163", "020852163"));
    refused(note.replace("20852163", "+20852163"));
    refused(note.replace("at 17", "at  17"));
    refused(note.replace("CQk=", "CQl="));
    refused(note.replace('\n', "\r\n"));
    refused(note.trim_end().to_owned());
    refused(note.replacen("musubi/log/", "musubi/log/00", 1));
    refused(signed(&[]).checkpoint.note());
    refused(format!("{note}{}", "\u{2014} x AAAAAAAA\n".repeat(1_100)));
}

proptest! {
    #[test]
    fn notes_read_back(log: [u8; 32], size: u64, root: [u8; 32], at: u64, ws in proptest::collection::vec(any::<([u8; 32], u32)>(), 0..5)) {
        let checkpoint = Checkpoint { log: PublicKey(log), size, root: Hash(root), at: Millis(at) };
        prop_assert_eq!(Checkpoint::parse(&checkpoint.note()), Some(checkpoint));
        let mut cosignatures: Vec<Cosignature> = ws
            .iter()
            .map(|(key, at)| Cosignature {
                witness: PublicKey(*key),
                at: Millis(u64::from(*at) * 1_000),
                signature: Signature::from((*key, root)),
            })
            .collect();
        cosignatures.dedup_by_key(|one| one.witness);
        let full = SignedCheckpoint { checkpoint, signature: Signature::from((root, log)), cosignatures };
        prop_assert_eq!(SignedCheckpoint::from_note(&full.to_note()), Some(full));
    }
    #[test]
    fn any_text_is_a_note_or_not(text in ".{0,200}", lines in proptest::collection::vec("[ -~\u{2014}]{0,90}", 0..8)) {
        let _ = SignedCheckpoint::from_note(&text);
        let _ = SignedCheckpoint::from_note(&(lines.join("\n") + "\n\n\u{2014} a AAAAAAAA\n"));
        let _ = Checkpoint::parse(&text);
    }
}
