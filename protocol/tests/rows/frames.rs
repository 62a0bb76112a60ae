//! Rows 37 to 41, 52 and 60: frames that were changed, repeated, cut or blown up.
use super::{arrives, count, last_request, sent, signed_by};
use protocol::audit::{self, What};
use protocol::crypto::Real;
use protocol::engine::{Command, HolderStatus, Input};
use protocol::kinds::FacilityClass;
use protocol::limits::{EXECUTED_KEPT_MS, FRAME_BYTES_MAX, HEADS_MAX};
use protocol::policy::Why;
use protocol::state::{ObjectKind, Signed};
use protocol::testing::builders;
use protocol::testing::pair::SALT;
use protocol::testing::scene::{START, Scene, scene};
use protocol::time::HOUR_MS;
use protocol::wire::{self, Message, v1};

#[test]
fn row_37_one_changed_bit_makes_an_object_or_a_request_nobodys() {
    let mut world = scene();
    let signed = world.kesen.admit(&Real, &builders::facility(9), FacilityClass::Clinic, START);
    let bytes = signed.encode();
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        // A flipped field number leaves a signature out, or leaves nothing: it never says something else.
        let Ok(read) = Signed::decode(&changed) else { continue };
        if read == signed {
            continue;
        }
        let known = read.kind == signed.kind && read.subject == signed.subject && read.body == signed.body;
        world.world.command(world.hospital, Command::Take(vec![read]));
        let book = world.world.nodes[&world.hospital].engine.book();
        let taken = book.membership(world.kesen.id, &builders::facility(9)).is_some();
        assert!(!taken, "bit {bit} (body known: {known})");
    }
    let mut scene = Scene::both_ways();
    scene.fetch(|_| {});
    let good = last_request(&scene);
    let decided = count(&scene, scene.hospital, What::Decided);
    for bit in 0..good.body.len() * 8 {
        let mut request = good.clone();
        request.body[bit / 8] ^= 1 << (bit % 8);
        arrives(&mut scene.world, scene.clinic, scene.hospital, Message::Request(request));
    }
    assert_eq!(count(&scene, scene.hospital, What::Decided), decided, "none of them was even judged");
}

#[test]
fn row_39_a_request_runs_once_in_this_session_the_next_after_a_restart_and_never_elsewhere() {
    let mut scene = Scene::both_ways();
    scene.fetch(|_| {});
    let again = Message::Request(last_request(&scene));
    let (clinic, hospital) = (scene.clinic, scene.hospital);
    arrives(&mut scene.world, clinic, hospital, again.clone());
    assert_eq!(scene.reason(), Some(Why::Replayed));
    scene.world.cut(clinic, hospital);
    scene.world.connect(clinic, hospital);
    arrives(&mut scene.world, clinic, hospital, again.clone());
    assert_eq!(scene.reason(), Some(Why::Replayed), "another session");
    let identity = builders::identity(&Real, "hospital", std::slice::from_ref(&scene.hospital_id), START);
    scene.world.restart(hospital, "hospital", identity, &[scene.mmwin.id]);
    scene.world.connect(clinic, hospital);
    arrives(&mut scene.world, clinic, hospital, again.clone());
    assert_eq!(scene.reason(), Some(Why::Replayed), "after a restart");
    // Another holder of the same network to which it was not addressed.
    let other_id = builders::facility(3);
    let identity = builders::identity(&Real, "other", std::slice::from_ref(&other_id), START);
    let certs = identity.certs.clone();
    let other = scene.world.add("other", identity, &[scene.mmwin.id]);
    scene.world.command(other, Command::Pin(scene.mmwin.id, Some(scene.mmwin.charter.clone())));
    let membership = scene.mmwin.admit(&Real, &other_id, FacilityClass::Hospital, START);
    scene.world.command(other, Command::Take([vec![membership], certs].concat()));
    scene.world.connect(other, hospital);
    scene.world.connect(other, clinic);
    scene.world.pass(HOUR_MS);
    arrives(&mut scene.world, clinic, other, again.clone());
    assert_eq!(count(&scene, other, What::Answered), 0);
    // What was remembered is forgotten; by then the request itself is too old.
    scene.world.pass(EXECUTED_KEPT_MS + 25 * HOUR_MS);
    arrives(&mut scene.world, clinic, hospital, again);
    assert_eq!(count(&scene, hospital, What::Answered), 1, "one read, one answer, whatever the clock says");
}

#[test]
fn row_40_frames_doubled_reordered_and_cut_at_every_byte_change_no_outcome() {
    let mut scene = Scene::both_ways();
    scene.fetch(|_| {});
    let answered = count(&scene, scene.hospital, What::Answered);
    let frames = scene.world.frames.clone();
    for (from, to, frame) in frames.iter().rev() {
        let message = wire::decode(frame).expect("our own");
        arrives(&mut scene.world, *from, *to, message);
    }
    for (from, to, frame) in frames.iter().filter(|(_, _, frame)| frame.len() < SHORT) {
        for end in 0..frame.len() {
            match wire::decode(&frame[..end]) {
                Ok(message) => arrives(&mut scene.world, *from, *to, message),
                Err(_) => scene.world.input(*to, Input::Garbage { from: *from }),
            }
        }
    }
    assert_eq!(count(&scene, scene.hospital, What::Answered), answered, "no read came of it");
    for node in [scene.clinic, scene.hospital] {
        audit::verify_log(&scene.world.nodes[&node].view, &SALT).expect("an unbroken log");
    }
    assert_eq!(scene.fetch(|_| {}).status, HolderStatus::Data, "and the next read goes on");
}

#[test]
fn row_41_an_object_is_checked_and_kept_byte_by_byte_as_it_came() {
    let mut scene = scene();
    let good = scene.kesen.membership(&Real, &builders::facility(9), FacilityClass::Clinic, START).draft(7);
    let by = [&scene.kesen.shares[0], &scene.kesen.shares[1]];
    // Field 100, which no version knows, at the end: signed so, kept so, passed on so.
    let unknown = [&good.body[..], &[0xa2, 0x06, 2, b'h', b'i']].concat();
    let signed = protocol::state::Draft { body: unknown.clone(), ..good.clone() }.sign(&Real, &by);
    scene.world.command(scene.hospital, Command::Take(vec![signed.clone()]));
    let key = [&[ObjectKind::Membership.code()], signed.subject.as_slice()].concat();
    for node in [scene.hospital, scene.clinic] {
        let kept = protocol::data::View::get(&scene.world.nodes[&node].view, protocol::data::Space::State, &key);
        assert_eq!(Signed::decode(&kept.expect("kept and passed on")), Ok(signed.clone()));
    }
    // The same meaning in other bytes is another object, and nobody signed it.
    let again = Signed { body: good.body.clone(), seq: 8, ..signed };
    scene.world.command(scene.hospital, Command::Take(vec![again]));
    let kept = protocol::data::View::get(&scene.world.nodes[&scene.hospital].view, protocol::data::Space::State, &key);
    assert_eq!(Signed::decode(&kept.expect("kept")).map(|kept| kept.body), Ok(unknown));
}

#[test]
fn row_52_depth_and_numbers_beyond_all_measure_are_refused() {
    let nested = [0x7b].repeat(10_000);
    assert!(wire::decode(&nested).is_err(), "ten thousand groups in one another");
    let deep =
        (0..10_000).fold(Vec::new(), |inner: Vec<u8>, _| if inner.len() > 60_000 { inner } else { wrap(&inner) });
    assert!(wire::decode(&deep).is_err() || wire::decode(&deep).is_ok_and(|m| matches!(m, Message::Refuse(_))));
    let mut scene = Scene::both_ways();
    let head = v1::Head { kind: 3, subject: vec![1; 8], seq: 1, hash: vec![1; 8] };
    let heads = v1::Heads { digest: vec![1; 32], listed: true, heads: vec![head; HEADS_MAX + 1], shelves: Vec::new() };
    let frame = wire::encode(Message::Heads(heads.clone()));
    assert!(frame.len() < FRAME_BYTES_MAX, "the limit of numbers, not of bytes, is meant here");
    let since = scene.world.frames.len();
    arrives(&mut scene.world, scene.clinic, scene.hospital, Message::Heads(heads));
    assert_eq!(sent(&scene, since, scene.hospital, scene.clinic).len(), 0, "not looked at");
    assert_eq!(scene.fetch(|_| {}).status, HolderStatus::Data, "others are served");
}

#[test]
fn row_60_times_and_numbers_at_their_ends_overflow_nothing() {
    let mut scene = Scene::both_ways();
    scene.fetch(|_| {});
    let answered = count(&scene, scene.hospital, What::Answered);
    let (clinic, hospital, good) = (scene.clinic, scene.hospital, last_request(&scene));
    let ends = [0, 1, u64::MAX - 1, u64::MAX];
    for (number, (made_at, deadline)) in ends.iter().flat_map(|a| ends.iter().map(move |b| (*a, *b))).enumerate() {
        let request = signed_by("clinic", &good, |body| {
            body.id = vec![number as u8 + 100; 16];
            (body.made_at, body.deadline, body.limit_bytes) = (made_at, deadline, deadline);
            (body.date_from, body.date_to) = (u32::MAX, 0);
        });
        arrives(&mut scene.world, clinic, hospital, request);
    }
    let shelf = vec![1; 32];
    for end in ends {
        let messages = [
            Message::Follow(v1::Follow { shelf: shelf.clone(), from: end, whole: true }),
            Message::Ack(v1::Ack { signature: vec![1; 64], at: end, ticket: vec![1; 16] }),
            Message::Cosign(v1::Cosign { log: vec![1; 32], size: end, status: 2, at: end, ..v1::Cosign::default() }),
            Message::Heads(v1::Heads {
                digest: vec![1; 32],
                listed: false,
                heads: Vec::new(),
                shelves: vec![v1::ShelfHead { shelf: shelf.clone(), seq: end }],
            }),
        ];
        for message in messages {
            arrives(&mut scene.world, clinic, hospital, message);
        }
    }
    scene.world.pass(HOUR_MS);
    assert_eq!(count(&scene, hospital, What::Answered), answered, "none of them was answered");
    assert_eq!(scene.fetch(|_| {}).status, HolderStatus::Data);
}

/// One more envelope around some bytes: field 30 of the envelope, a message.
fn wrap(inner: &[u8]) -> Vec<u8> {
    let mut out = vec![0xf2, 0x01];
    let mut len = inner.len();
    while len > 127 {
        out.push(len as u8 & 127 | 128);
        len >>= 7;
    }
    out.push(len as u8);
    out.extend_from_slice(inner);
    out
}

/// Frames that are cut at every byte; longer ones carry the same kinds of parts.
const SHORT: usize = 700;
