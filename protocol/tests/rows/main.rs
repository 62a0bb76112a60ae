//! Rows of the table of bad inputs that the core answers for, each in a test of its number: who may speak at all, frames that lie
//! or break, requests beyond a right, logs that were changed, objects of a network's offices. The table with its outcomes and the
//! tests elsewhere is docs/security.md.
mod frames;
mod logs;
mod offices;
mod reads;
mod standing;

use prost::Message as _;
use protocol::audit::{self, What};
use protocol::crypto::{Crypto, Real, domain};
use protocol::engine::Input;
use protocol::ids::NodeKey;
use protocol::testing::builders;
use protocol::testing::pair::World;
use protocol::testing::scene::Scene;
use protocol::wire::{self, Message, v1};

/// How often a node's log says so.
fn count(scene: &Scene, node: NodeKey, what: What) -> usize {
    audit::events(&scene.world.nodes[&node].view, 0, 100_000).iter().filter(|(_, event)| event.what == what).count()
}

/// Every message that went from one to the other since frame number `since`.
fn sent(scene: &Scene, since: usize, from: NodeKey, to: NodeKey) -> Vec<Message> {
    let of_pair = scene.world.frames[since..].iter().filter(|(a, b, _)| (*a, *b) == (from, to));
    of_pair.map(|(_, _, frame)| wire::decode(frame).expect("our own")).collect()
}

/// The last request that the clinic sent.
fn last_request(scene: &Scene) -> v1::Request {
    let mut requests = sent(scene, 0, scene.clinic, scene.hospital).into_iter().filter_map(|message| match message {
        Message::Request(request) => Some(request),
        _ => None,
    });
    requests.next_back().expect("the clinic asked")
}

/// A request with some other content, signed by the node of that name.
fn signed_by(name: &str, request: &v1::Request, change: impl FnOnce(&mut v1::RequestBody)) -> Message {
    let mut body = v1::RequestBody::decode(request.body.as_slice()).expect("our own");
    change(&mut body);
    let body = body.encode_to_vec();
    let signature = Real.sign(&builders::secret(&format!("{name}/node")), &domain("request", &[&body])).0.to_vec();
    Message::Request(v1::Request { body, signature })
}

/// Lets a message arrive, and everything that follows.
fn arrives(world: &mut World, from: NodeKey, to: NodeKey, message: Message) {
    world.input(to, Input::Message { from, message });
    world.settle();
}
