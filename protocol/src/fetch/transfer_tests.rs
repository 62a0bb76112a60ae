//! Sender and reader against one another: whole, cut, resumed, damaged.
use super::*;
use crate::{
    fetch::{Digester, Item, SendError, Sender, Want, frame_len},
    ids::RequestId,
    kinds::DataKind,
    limits::BULK_FRAME_BYTES_MAX,
    time::Millis,
};
use proptest::prelude::*;

const CHUNK: usize = CHUNK_BYTES_MAX as usize;

fn body(number: usize, size: usize) -> Vec<u8> {
    (0..size).map(|at| (at / 97 + number) as u8).collect()
}

fn plan_of(bodies: &[Vec<u8>]) -> Plan {
    let item = |(number, body): (usize, &Vec<u8>)| Item {
        id: (number as u128).to_be_bytes(),
        kind: DataKind::parse("OML-11").expect("a kind"),
        care_date: None,
        title: String::new(),
        made_at: Millis(0),
        checked_at: Millis(0),
        size: body.len() as u64,
        digest: digest_of(body),
    };
    Plan::new(RequestId([1; 16]), bodies.iter().enumerate().map(item).collect()).expect("within limits")
}

/// All frames from `from` on; items that are `lost` at the holder are told as missing.
fn frames_of(plan: &Plan, bodies: &[Vec<u8>], from: Resume, lost: &[u32]) -> Vec<Vec<u8>> {
    let mut sender = Sender::new(plan, from).expect("a place in the plan");
    let mut out = Vec::new();
    while let Some(want) = sender.want() {
        let (Want::Hashes { item } | Want::Bytes { item, .. }) = want;
        let body = &bodies[item as usize];
        out.extend(match want {
            _ if lost.contains(&item) => sender.missing(),
            Want::Hashes { .. } => {
                let mut digester = Digester::new();
                digester.update(body);
                sender.hashes(digester.finish().1).expect("as planned")
            }
            Want::Bytes { offset, len, .. } => {
                sender.bytes(&body[offset as usize..][..len as usize]).expect("as planned")
            }
        });
    }
    out
}

/// Takes frames into what is there already.
fn take_all(check: &mut Check, frames: &[Vec<u8>], got: &mut [Vec<u8>]) {
    for frame in frames {
        for one in check.take(frame).expect("as planned") {
            let into = &mut got[one.item as usize];
            assert_eq!(into.len() as u64, one.offset);
            into.extend_from_slice(one.bytes);
        }
    }
}

fn mixed() -> Vec<Vec<u8>> {
    [10, 0, CHUNK, CHUNK + 1, 3 * CHUNK, 700, 0].iter().enumerate().map(|(n, size)| body(n, *size)).collect()
}

#[test]
fn items_of_every_size_arrive_whole() {
    let bodies = mixed();
    let plan = plan_of(&bodies);
    let mut check = Check::new(&plan, Resume::default()).expect("a plan");
    let mut got = vec![Vec::new(); bodies.len()];
    take_all(&mut check, &frames_of(&plan, &bodies, Resume::default(), &[]), &mut got);
    assert!(check.done());
    assert_eq!(got, bodies);
}

#[test]
fn an_empty_plan_is_done_at_once() {
    let plan = plan_of(&[]);
    assert!(Check::new(&plan, Resume::default()).expect("a plan").done());
    assert_eq!(frames_of(&plan, &[], Resume::default(), &[]), Vec::<Vec<u8>>::new());
}

#[test]
fn a_cut_transfer_goes_on_where_it_was_cut() {
    let bodies = mixed();
    let plan = plan_of(&bodies);
    let all = frames_of(&plan, &bodies, Resume::default(), &[]);
    for cut in 0..all.len() {
        let mut got = vec![Vec::new(); bodies.len()];
        let mut check = Check::new(&plan, Resume::default()).expect("a plan");
        take_all(&mut check, &all[..cut], &mut got);
        let at = check.at();
        let mut again = Check::new(&plan, at).expect("its own place");
        take_all(&mut again, &frames_of(&plan, &bodies, at, &[]), &mut got);
        assert!(again.done());
        assert_eq!(got, bodies, "cut before frame {cut}");
    }
}

#[test]
fn small_items_share_a_frame() {
    let bodies: Vec<Vec<u8>> = (0..100).map(|n| body(n, 1_000)).collect();
    assert_eq!(frames_of(&plan_of(&bodies), &bodies, Resume::default(), &[]).len(), 1);
    let bodies: Vec<Vec<u8>> = (0..3).map(|n| body(n, CHUNK)).collect();
    assert_eq!(frames_of(&plan_of(&bodies), &bodies, Resume::default(), &[]).len(), 3);
}

#[test]
fn what_the_holder_lost_is_told_and_never_passes_for_empty() {
    let bodies = mixed();
    let plan = plan_of(&bodies);
    let frames = frames_of(&plan, &bodies, Resume::default(), &[0, 3]);
    let mut check = Check::new(&plan, Resume::default()).expect("a plan");
    let mut got = vec![Vec::new(); bodies.len()];
    take_all(&mut check, &frames, &mut got);
    assert!(check.done());
    assert_eq!(check.missing(), [0, 3]);
    assert_eq!(got[4], bodies[4]);
}

#[test]
fn other_bytes_are_refused_and_change_nothing() {
    let bodies = vec![body(0, 50), body(1, 60), body(2, 2 * CHUNK)];
    let plan = plan_of(&bodies);
    let frames = frames_of(&plan, &bodies, Resume::default(), &[]);
    let mut check = Check::new(&plan, Resume::default()).expect("a plan");
    let mut bent = frames[0].clone();
    *bent.last_mut().expect("not empty") ^= 1;
    assert_eq!(check.take(&bent), Err(Bad::Hash(1)), "the second item of the pack");
    assert_eq!(check.at(), Resume::default(), "the first does not count either");
    assert_eq!(check.take(&frames[2]), Err(Bad::Order { item: 0, chunk: 0 }));
    assert!(check.take(&frames[0]).is_ok());
    assert_eq!(check.take(&frames[0]), Err(Bad::Order { item: 2, chunk: 0 }), "twice");
    assert_eq!(check.take(&frames[2]), Err(Bad::Order { item: 2, chunk: 0 }), "a chunk before its hashes");
    let mut bent = frames[1].clone();
    bent[20] ^= 1;
    assert_eq!(check.take(&bent), Err(Bad::Hash(2)));
    assert!(check.take(&frames[1]).is_ok());
    let mut bent = frames[2].clone();
    bent[500] ^= 1;
    assert_eq!(check.take(&bent), Err(Bad::Hash(2)));
    assert!(check.take(&frames[2]).is_ok());
    assert_eq!(check.at(), Resume { item: 2, chunk: 1 });
    assert!(check.take(&frames[3]).is_ok_and(|got| got[0].last));
    assert!(check.done());
    assert_eq!(check.take(&frames[3]), Err(Bad::Order { item: 3, chunk: 0 }), "more than planned");
}

#[test]
fn a_holder_does_not_send_what_changed_since_the_plan() {
    let bodies = vec![body(0, 50), body(1, 2 * CHUNK)];
    let plan = plan_of(&bodies);
    let mut sender = Sender::new(&plan, Resume::default()).expect("a plan");
    assert_eq!(sender.bytes(&body(5, 50)), Err(SendError::Changed(0)));
    assert_eq!(sender.hashes(vec![]), Err(SendError::Unwanted));
    assert_eq!(sender.bytes(&bodies[0]), Ok(vec![]));
    assert_eq!(sender.bytes(&bodies[1]), Err(SendError::Unwanted));
    assert_eq!(sender.hashes(vec![Hash([0; 32]); 2]), Err(SendError::Changed(1)));
    assert_eq!(sender.missing().len(), 2, "the pack, and the word that item 1 is missing");
    assert_eq!(sender.want(), None);
    assert_eq!(sender.missing(), Vec::<Vec<u8>>::new());
}

#[test]
fn a_place_outside_of_the_plan_is_refused() {
    let bodies = vec![body(0, 50), body(1, 2 * CHUNK)];
    let plan = plan_of(&bodies);
    for (item, chunk, fits) in
        [(0, 0, true), (0, 1, false), (1, 1, true), (1, 2, false), (2, 0, true), (2, 1, false), (3, 0, false)]
    {
        assert_eq!(Check::new(&plan, Resume { item, chunk }).is_ok(), fits, "{item}, {chunk}");
        assert_eq!(Sender::new(&plan, Resume { item, chunk }).is_ok(), fits, "{item}, {chunk}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_sizes_and_any_cut_arrive_whole(sizes in proptest::collection::vec(0usize..600_000, 0..6), cut: prop::sample::Index) {
        let bodies: Vec<Vec<u8>> = sizes.iter().enumerate().map(|(n, size)| body(n, *size)).collect();
        let plan = plan_of(&bodies);
        let all = frames_of(&plan, &bodies, Resume::default(), &[]);
        for frame in &all {
            let first = frame[..4].try_into().expect("four bytes");
            prop_assert_eq!(frame_len(first), Some(frame.len() - 4));
            prop_assert!(frame.len() - 4 <= BULK_FRAME_BYTES_MAX);
        }
        let mut got = vec![Vec::new(); bodies.len()];
        let mut check = Check::new(&plan, Resume::default()).expect("a plan");
        take_all(&mut check, &all[..cut.index(all.len() + 1)], &mut got);
        let mut again = Check::new(&plan, check.at()).expect("its own place");
        take_all(&mut again, &frames_of(&plan, &bodies, check.at(), &[]), &mut got);
        prop_assert!(again.done());
        prop_assert_eq!(got, bodies);
    }
    #[test]
    fn any_bytes_are_a_frame_or_not(tag in 0u8..6, rest in proptest::collection::vec(any::<u8>(), 0..200), raw: Vec<u8>) {
        let bodies = vec![body(0, 50), body(1, 2 * CHUNK)];
        let mut check = Check::new(&plan_of(&bodies), Resume::default()).expect("a plan");
        let _ = check.take(&raw);
        let len = (rest.len() as u32 + 1).to_be_bytes();
        let _ = check.take(&[len.as_slice(), &[tag], &rest].concat());
    }
}
