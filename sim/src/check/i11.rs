//! I11: nothing is served to a request that its sender did not sign for this holder and in its own name, and no word of the founders is
//! kept that too few of them gave. I12: no request is served twice.
use super::{Invariant, Verdict, Violation, Watch, broken};
use prost::Message as _;
use protocol::data::{Space, Write};
use protocol::engine::Serve;
use protocol::ids::RequestId;
use protocol::limits::SUSPENSION_MS_MAX;
use protocol::state::{Object, ObjectKind, Signed};
use protocol::wire::{Message, v1};

impl Watch {
    /// Somebody made a request that nobody may answer.
    pub fn forged(&mut self, message: &Message) {
        let Message::Request(request) = message else { return };
        let body = v1::RequestBody::decode(request.body.as_slice()).ok();
        if let Some(id) = body.and_then(|body| RequestId::from_slice(&body.id)) {
            self.forged.insert(id);
        }
    }
}

/// An answer with records to a forged request, or a second one to the same.
pub(super) fn served(watch: &Watch, (from, to): (usize, usize), serve: &Serve) -> [Verdict; 2] {
    let request = serve.plan.request;
    let names = || (Violation::named(&watch.truth, from), Violation::named(&watch.truth, to));
    let forged = match watch.forged.contains(&request) {
        true => {
            let (holder, reader) = names();
            broken(Invariant::I11, format!("{holder} serves {reader} the forged {request:?}"))
        }
        false => Ok(()),
    };
    let again = match watch.releases.get(&request).is_some_and(|earlier| earlier.asked.from == to) {
        true => {
            let (holder, reader) = names();
            broken(Invariant::I12, format!("{holder} serves {reader} the same {request:?} twice"))
        }
        false => Ok(()),
    };
    [forged, again]
}

/// A word of the founders on a disk.
pub(super) fn kept(watch: &Watch, host: usize, write: &Write) -> Verdict {
    let kinds = [ObjectKind::Revocation.code(), ObjectKind::Suspension.code()];
    let is_word = write.space == Space::State && write.key.first().is_some_and(|kind| kinds.contains(kind));
    let Some(signed) = write.value.as_ref().filter(|_| is_word).and_then(|value| Signed::decode(value).ok()) else {
        return Ok(());
    };
    let name = Violation::named(&watch.truth, host);
    match Object::decode(&signed) {
        Ok(Object::Revocation(_)) if signed.signatures.len() < FOUNDERS_NEEDED => {
            broken(Invariant::I11, format!("{name} keeps a revocation that one founder signed"))
        }
        Ok(Object::Suspension(one)) if one.until.since(one.from) > SUSPENSION_MS_MAX => {
            broken(Invariant::I11, format!("{name} keeps a suspension until {}", one.until.0))
        }
        _ => Ok(()),
    }
}

/// Founders of three that must sign, as every scenario founds its networks.
const FOUNDERS_NEEDED: usize = 2;
