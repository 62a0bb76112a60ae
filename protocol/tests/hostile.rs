//! What a peer may send without harm: anything. The Engine never panics, never writes for a stranger, and strikes bound it.
use proptest::prelude::*;
use protocol::crypto::Real;
use protocol::engine::{Command, Input};
use protocol::ids::NodeKey;
use protocol::kinds::FacilityClass;
use protocol::testing::builders::{self, TestNetwork};
use protocol::testing::pair::World;
use protocol::time::Millis;
use protocol::wire::{Message, v1};

const START: Millis = Millis(1_800_000_000_000);

/// Two members of one network; the second one may say anything.
fn world() -> (World, NodeKey, NodeKey) {
    let mut world = World::at(START);
    let network = TestNetwork::found(&Real, "n", START);
    let mut nodes = Vec::new();
    for (number, name) in [(1, "honest"), (2, "hostile")] {
        let facility = builders::facility(number);
        let identity = builders::identity(&Real, name, std::slice::from_ref(&facility), START);
        let certs = identity.certs.clone();
        let node = world.add(name, identity, &[network.id]);
        world.command(node, Command::Pin(network.id, Some(network.charter.clone())));
        let membership = network.admit(&Real, &facility, FacilityClass::Hospital, START);
        world.command(node, Command::Take([vec![membership], certs].concat()));
        nodes.push(node);
    }
    world.connect(nodes[0], nodes[1]);
    (world, nodes[0], nodes[1])
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(Vec::new()),
        proptest::collection::vec(any::<u8>(), 16),
        proptest::collection::vec(any::<u8>(), 32),
        proptest::collection::vec(any::<u8>(), 0..200),
    ]
}

fn signed() -> impl Strategy<Value = v1::Signed> {
    (0u32..12, bytes(), any::<u64>(), bytes(), bytes(), bytes(), bytes()).prop_map(
        |(kind, subject, seq, issuer, body, key, sig)| {
            let signatures = vec![v1::KeySignature { algorithm: 1, key, signature: sig }];
            v1::Signed { kind, subject, seq, issuer, body, signatures }
        },
    )
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![state_message(), repair_message(), read_message()]
}

/// Joining, shared state, the index and its secrets.
fn state_message() -> impl Strategy<Value = Message> {
    prop_oneof![
        proptest::collection::vec(signed(), 0..4).prop_map(|objects| Message::Hello(v1::Hello {
            version_min: 1,
            version_max: 1,
            objects,
            build: String::new()
        })),
        (bytes(), bytes(), bytes()).prop_map(|(invite, body, proof)| Message::Join(v1::Join { invite, body, proof })),
        (bytes(), 0u32..5, proptest::collection::vec(signed(), 0..3)).prop_map(|(invite, status, objects)| {
            Message::JoinAnswer(v1::JoinAnswer { invite, status, reason: "x".into(), objects })
        }),
        signed().prop_map(|object| Message::Proposal(v1::Proposal { object: Some(object), charters: Vec::new() })),
        (bytes(), any::<bool>(), any::<u64>(), bytes()).prop_map(|(digest, listed, seq, shelf)| Message::Heads(
            v1::Heads {
                digest,
                listed,
                heads: vec![v1::Head { kind: 3, subject: shelf.clone(), seq, hash: shelf.clone() }],
                shelves: vec![v1::ShelfHead { shelf, seq }],
            }
        )),
        proptest::collection::vec(signed(), 0..4).prop_map(|objects| Message::Objects(v1::Objects { objects })),
        (bytes(), any::<u64>(), any::<bool>()).prop_map(|(shelf, from, whole)| Message::Follow(v1::Follow {
            shelf,
            from,
            whole
        })),
        (bytes(), signed(), bytes(), bytes(), any::<u64>(), any::<bool>()).prop_map(
            |(shelf, manifest, adds, removes, upto, more)| Message::Changes(v1::Changes {
                shelf,
                manifest: Some(manifest),
                adds,
                removes,
                from: 0,
                upto,
                more,
                whole: more,
            })
        ),
        (0u32..4, bytes(), any::<u32>()).prop_map(|(scope, id, epoch)| Message::SecretAsk(v1::SecretAsk {
            scope,
            id,
            epoch
        })),
        (0u32..4, bytes(), bytes()).prop_map(|(scope, id, sealed)| Message::SecretGive(v1::SecretGive {
            scope,
            id,
            epoch: 1,
            sealed
        })),
    ]
}

/// Copies out of step.
fn repair_message() -> impl Strategy<Value = Message> {
    prop_oneof![
        (bytes(), bytes(), any::<u64>(), 0u32..300, bytes(), any::<bool>()).prop_map(
            |(shelf, key, count, from, cells, more)| Message::Sketch(v1::Sketch {
                shelf,
                key,
                count,
                from,
                cells,
                more
            })
        ),
        (bytes(), bytes(), 0u32..300, any::<u32>())
            .prop_map(|(shelf, key, from, upto)| Message::SketchMore(v1::SketchMore { shelf, key, from, upto })),
        (bytes(), bytes(), signed(), bytes(), bytes(), any::<bool>()).prop_map(
            |(shelf, key, manifest, adds, gone, more)| Message::Mend(v1::Mend {
                shelf,
                key,
                manifest: Some(manifest),
                adds,
                gone,
                more,
            })
        ),
    ]
}

/// Reads, withdrawals, logs and links.
fn read_message() -> impl Strategy<Value = Message> {
    prop_oneof![
        (bytes(), bytes()).prop_map(|(body, signature)| Message::Request(v1::Request { body, signature })),
        (bytes(), bytes()).prop_map(|(body, signature)| Message::Decision(v1::Decision { body, signature })),
        (bytes(), bytes()).prop_map(|(request, reader_signature)| Message::Receipt(v1::Receipt {
            request,
            reader_signature,
            ..v1::Receipt::default()
        })),
        (proptest::collection::vec(bytes(), 0..4), bytes()).prop_map(|(requests, ticket)| Message::Drop(v1::Drop {
            requests,
            holder: String::new(),
            ticket
        })),
        bytes().prop_map(|ticket| Message::Ack(v1::Ack { signature: ticket.clone(), at: 7, ticket })),
        (bytes(), any::<u32>(), any::<bool>()).prop_map(|(request, verdict, heard)| {
            let note = "x".repeat(usize::from(heard) * 3_000);
            Message::Reviewed(v1::Reviewed { request, verdict: verdict % 4, note, heard })
        }),
        (bytes(), any::<u64>(), proptest::collection::vec(bytes(), 0..4))
            .prop_map(|(note, from, proof)| Message::Checkpoint(v1::Checkpoint { note, from, proof })),
        (bytes(), any::<u64>(), bytes(), 0u32..5).prop_map(|(log, size, witness, status)| Message::Cosign(
            v1::Cosign { log, size, witness, status, ..v1::Cosign::default() }
        )),
        (bytes(), bytes(), bytes()).prop_map(|(id, shelf, handle)| Message::LinkAsk(v1::LinkAsk {
            id,
            shelf,
            handle,
            reader: "9900000002".into(),
            holder: "9900000001".into(),
            staff: String::new(),
            statement: String::new(),
        })),
        (bytes(), bytes()).prop_map(|(body, signature)| Message::ConfirmAsk(v1::ConfirmAsk { body, signature })),
        (bytes(), 0u32..4, bytes()).prop_map(|(id, round, elements)| Message::ConfirmMask(v1::ConfirmMask {
            id,
            round,
            elements
        })),
        (bytes(), 0u32..4, bytes(), bytes()).prop_map(|(id, round, public, raised)| {
            let (proof, elements) = (public.clone(), raised.clone());
            Message::ConfirmRaise(v1::ConfirmRaise { id, round, public, raised, proof, elements })
        }),
        (bytes(), 0u32..4, 0u32..6, bytes()).prop_map(|(id, round, answer, signature)| {
            Message::ConfirmAnswer(v1::ConfirmAnswer { id, round, answer, signature })
        }),
        (bytes(), 0u32..5).prop_map(|(id, answer)| Message::LinkAnswer(v1::LinkAnswer { id, answer })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_message_of_a_member_makes_the_engine_panic(messages in proptest::collection::vec(message(), 1..40)) {
        let (mut world, honest, hostile) = world();
        for message in messages {
            world.input(honest, Input::Message { from: hostile, message });
        }
        world.settle();
        world.pass(700_000);
    }
    #[test]
    fn a_stranger_changes_nothing_on_disk(messages in proptest::collection::vec(message(), 1..20)) {
        let (mut world, honest, _) = world();
        let before = world.nodes[&honest].view.0.lock().expect("one thread").clone();
        let stranger = NodeKey([3; 32]);
        world.links.insert((honest, stranger));
        world.input(honest, Input::Connected(stranger));
        for message in messages {
            world.input(honest, Input::Message { from: stranger, message });
        }
        prop_assert!(before == *world.nodes[&honest].view.0.lock().expect("one thread"));
    }
}
