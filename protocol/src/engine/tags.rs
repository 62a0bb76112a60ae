//! Tags of our patients: made here under a secret in `local` mode, or with evaluators, whose answers are checked, joined and
//! kept by patient, so that a look-up of a patient that has its tags sends nothing.
//!
//! One batch of a key is under way at a time: blinded, asked of as many evaluators as must answer, and of others when one is
//! silent, has enough for today, or lies, which its proof shows.
use super::core::{Engine, Then};
use super::evaluating::EvaluateStatus;
use super::input::{LocateOrder, Publication, Ticket};
use super::keys::{self, Scope};
use super::output::{Alarm, Event};
use super::publish::scope_of;
use super::timers::Timer;
use crate::audit::{self, What};
use crate::crypto::{LocalKey, sha256};
use crate::data::{Batch, Space, View, decode, encode};
use crate::ids::{Hash, NodeKey, PatientRef, Tag};
use crate::index::Shelf;
use crate::limits::{
    EVALUATE_BATCH_MAX, EVALUATE_REST_MS, EVALUATE_RETRY_MS, EVALUATE_WAIT_MS, EVALUATED_EPOCH_MIN,
    LOCATE_TAGS_WAIT_MS, LOCATES_WAITING_MAX,
};
use crate::oprf::{Blinded, Element, KeySet, Mode, Partial, Seat, blind, finalize, tag_of, write_elements};
use crate::time::{DAY_MS, Millis};
use crate::wire::{Message, v1};
use rand_core::Rng;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// By which key the tags of a shelf are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TagKey {
    /// Under a secret that every node of the scope holds.
    Local(Scope, u32),
    /// By the evaluators of the call of this hash.
    Evaluated(Hash),
}

/// Identity strings by rule.
type Strings = [(u8, Vec<u8>)];

/// Whose strings are to be tagged, and all of them.
type Wanted = (PatientRef, Vec<(u8, Vec<u8>)>);

/// Tags that are wanted, on their way, and waited for.
#[derive(Default)]
pub(super) struct Tagging {
    /// Patients whose published strings lack tags, by key.
    backlog: BTreeMap<Hash, BTreeSet<PatientRef>>,
    /// What people wait for: goes first.
    urgent: BTreeMap<Hash, VecDeque<Wanted>>,
    rounds: BTreeMap<Hash, Round>,
    /// Evaluators that are not asked before this moment.
    resting: BTreeMap<(Hash, Seat), Millis>,
    waiting: Vec<(Ticket, LocateOrder, Millis)>,
}

/// One batch on its way.
struct Round {
    id: [u8; 16],
    strings: Vec<(PatientRef, Vec<u8>)>,
    blinded: Vec<Blinded>,
    keys: KeySet,
    /// Asked and not answered yet.
    asked: BTreeMap<Seat, NodeKey>,
    /// Asked at all, in this round.
    tried: BTreeSet<Seat>,
    answers: Vec<Partial>,
}

impl<V: View> Engine<V> {
    /// The key of a shelf's tags; none if it is not known here, or its epoch has ended.
    pub(super) fn tag_key(&self, now: Millis, shelf: &Shelf) -> Option<TagKey> {
        if shelf.epoch < EVALUATED_EPOCH_MIN {
            return Some(TagKey::Local(scope_of(shelf), shelf.epoch));
        }
        let network = self.network_of_holder(now, shelf)?;
        let epoch = self.book.epoch(network, shelf.epoch).filter(|epoch| now < epoch.call.to)?;
        Some(TagKey::Evaluated(epoch.call_hash))
    }
    /// Whether tags under this key can be had here at all.
    pub(super) fn has_key(&self, key: TagKey) -> bool {
        match key {
            TagKey::Local(scope, epoch) => self.secrets.contains_key(&(scope, epoch)),
            TagKey::Evaluated(_) => true,
        }
    }
    /// The tags of a patient's strings, as far as they are known here. Sends nothing.
    pub(super) fn known_tags(&self, key: TagKey, patient: PatientRef, strings: &Strings) -> Vec<(u8, Option<Tag>)> {
        match key {
            TagKey::Local(scope, epoch) => {
                let local = self.secrets.get(&(scope, epoch));
                let local = local.map(|secret| LocalKey::derive(secret, &scope.parts().1, epoch));
                strings.iter().map(|(rule, text)| (*rule, local.as_ref().map(|key| key.tag(text)))).collect()
            }
            TagKey::Evaluated(call) => {
                let kept = self.kept_tags(call, patient);
                strings.iter().map(|(rule, text)| (*rule, kept.get(&digest_of(text)).map(|tag| Tag(*tag)))).collect()
            }
        }
    }
    fn kept_tags(&self, call: Hash, patient: PatientRef) -> BTreeMap<[u8; 16], [u8; 32]> {
        let kept = self.view.get(Space::Entries, &keys::tags(patient, call)).and_then(|value| decode(&value));
        kept.unwrap_or_default()
    }
    /// Notes that a patient's published strings lack tags under a key.
    pub(super) fn want_tags(&mut self, call: Hash, patient: PatientRef) {
        self.tagging.backlog.entry(call).or_default().insert(patient);
    }
    /// How many patients wait for tags.
    pub(super) fn tags_wanted(&self) -> usize {
        self.tagging.backlog.values().map(BTreeSet::len).sum()
    }

    // --- people who wait ---------------------------------------------------------------------------------------------

    /// Holds a look-up back until its tags are here. Gives the order back if nothing is missing.
    pub(super) fn wait_for_tags(&mut self, now: Millis, ticket: Ticket, order: LocateOrder) -> Option<LocateOrder> {
        let missing = self.missing_for(now, &order);
        if missing.is_empty() {
            return Some(order);
        }
        if self.tagging.waiting.len() >= LOCATES_WAITING_MAX {
            let why = format!("{LOCATES_WAITING_MAX} look-ups wait for evaluators already; try again in a minute");
            self.event(Event::CommandDone(ticket, Err(why)));
            return None;
        }
        let until = now.plus(LOCATE_TAGS_WAIT_MS);
        for call in &missing {
            let queue = self.tagging.urgent.entry(*call).or_default();
            if queue.iter().all(|(patient, strings)| (*patient, strings) != (order.patient, &order.strings)) {
                queue.push_back((order.patient, order.strings.clone()));
            }
        }
        self.tagging.waiting.push((ticket, order, until));
        self.timers.set_by(Timer::Locates, until);
        for call in missing {
            self.start_round(now, call);
        }
        None
    }
    /// Keys under which strings of an order have no tag yet, of shelves that the order would look at.
    fn missing_for(&self, now: Millis, order: &LocateOrder) -> BTreeSet<Hash> {
        let readable = self.shelves.values().filter(|shelf| {
            shelf.epoch >= EVALUATED_EPOCH_MIN && shelf.holder != order.facility && self.is_ours_to_read(now, shelf)
        });
        let keys: BTreeSet<TagKey> = readable.filter_map(|shelf| self.tag_key(now, shelf)).collect();
        let lacks =
            |key: &TagKey| self.known_tags(*key, order.patient, &order.strings).iter().any(|(_, tag)| tag.is_none());
        keys.into_iter()
            .filter(lacks)
            .filter_map(|key| match key {
                TagKey::Evaluated(call) => Some(call),
                TagKey::Local(..) => None,
            })
            .collect()
    }
    /// Answers look-ups whose tags have come, and those that have waited long enough: a part of the holders must not look like
    /// all of them.
    pub(super) fn release_locates(&mut self, now: Millis) {
        for (ticket, order, until) in std::mem::take(&mut self.tagging.waiting) {
            if self.missing_for(now, &order).is_empty() {
                self.located(now, ticket, &order);
            } else if until <= now {
                self.event(Event::CommandDone(ticket, Err(TOO_FEW.into())));
            } else {
                self.timers.set_by(Timer::Locates, until);
                self.tagging.waiting.push((ticket, order, until));
            }
        }
    }

    // --- batches -----------------------------------------------------------------------------------------------------

    /// Takes up every key for which something is wanted.
    pub(super) fn start_rounds(&mut self, now: Millis) {
        let wanted: BTreeSet<Hash> = self.tagging.backlog.keys().chain(self.tagging.urgent.keys()).copied().collect();
        for call in wanted {
            self.start_round(now, call);
        }
    }
    fn start_round(&mut self, now: Millis, call: Hash) {
        if self.tagging.rounds.contains_key(&call) {
            return;
        }
        let keys = self.book.epoch_of_call(call).filter(|epoch| now < epoch.call.to).map(|epoch| epoch.keys);
        let Some(keys) = keys else {
            // A newer call took its place, or its time is over.
            self.tagging.backlog.remove(&call);
            self.tagging.urgent.remove(&call);
            return self.release_locates(now);
        };
        let strings = self.next_batch(call);
        if strings.is_empty() {
            return;
        }
        let mut round = Round {
            id: self.random(),
            strings: Vec::with_capacity(strings.len()),
            blinded: Vec::with_capacity(strings.len()),
            keys,
            asked: BTreeMap::new(),
            tried: BTreeSet::new(),
            answers: Vec::new(),
        };
        for (patient, text) in strings {
            let entropy: [u8; 64] = self.random();
            #[cfg(feature = "plants")]
            let entropy = super::planted::one_blind(entropy);
            if let Some(blinded) = blind(Mode::Voprf, &text, &entropy) {
                round.strings.push((patient, text));
                round.blinded.push(blinded);
            }
        }
        self.tagging.rounds.insert(call, round);
        self.ask_evaluators(now, call);
    }
    /// The strings of the next batch: what people wait for, then what is published, each without a tag so far.
    fn next_batch(&mut self, call: Hash) -> Vec<(PatientRef, Vec<u8>)> {
        let mut batch: BTreeSet<(PatientRef, Vec<u8>)> = BTreeSet::new();
        let mut urgent = self.tagging.urgent.remove(&call).unwrap_or_default();
        let mut backlog = self.tagging.backlog.remove(&call).unwrap_or_default();
        while batch.len() < EVALUATE_BATCH_MAX {
            let (patient, strings) = match urgent.pop_front() {
                Some(wanted) => wanted,
                None => match backlog.pop_first() {
                    Some(patient) => {
                        (patient, self.source_of(patient).map(|source| source.strings).unwrap_or_default())
                    }
                    None => break,
                },
            };
            let kept = self.kept_tags(call, patient);
            for (_, text) in strings.iter().filter(|(_, text)| !kept.contains_key(&digest_of(text))) {
                if batch.len() < EVALUATE_BATCH_MAX {
                    batch.insert((patient, text.clone()));
                } else if !batch.contains(&(patient, text.clone())) {
                    // The rest of a patient goes into the next.
                    urgent.push_front((patient, strings.clone()));
                    break;
                }
            }
        }
        if !urgent.is_empty() {
            self.tagging.urgent.insert(call, urgent);
        }
        if !backlog.is_empty() {
            self.tagging.backlog.insert(call, backlog);
        }
        batch.into_iter().collect()
    }
    fn source_of(&self, patient: PatientRef) -> Option<Publication> {
        decode(&self.view.get(Space::Entries, &keys::source(patient))?)
    }
    /// Asks as many evaluators as are still needed, ourselves first. If there are not enough, the batch goes back and is tried
    /// again later.
    fn ask_evaluators(&mut self, now: Millis, call: Hash) {
        loop {
            let Some(round) = self.tagging.rounds.get(&call) else { return };
            let (need, is_idle) = (round.keys.threshold(), round.asked.is_empty());
            if round.answers.len() >= need {
                return self.finish_round(now, call);
            }
            if round.answers.len() + round.asked.len() >= need {
                self.timers.set(Timer::Evaluate(call), now.plus(EVALUATE_WAIT_MS));
                return;
            }
            match self.next_evaluator(now, call) {
                Some((seat, node)) => self.ask_evaluator(now, call, seat, node),
                None if is_idle => return self.shelve_round(now, call),
                None => {
                    self.timers.set(Timer::Evaluate(call), now.plus(EVALUATE_WAIT_MS));
                    return;
                }
            }
        }
    }
    /// An evaluator that can be asked now and was not in this round: this node itself, else any.
    fn next_evaluator(&mut self, now: Millis, call: Hash) -> Option<(Seat, NodeKey)> {
        let epoch = self.book.epoch_of_call(call)?;
        let round = self.tagging.rounds.get(&call)?;
        let is_free = |seat: &Seat| {
            let rests = self.tagging.resting.get(&(call, *seat)).is_some_and(|until| now < *until);
            !round.tried.contains(seat) && !rests
        };
        let free = Seat::all(epoch.keys.seats()).filter(is_free);
        let free: Vec<(Seat, NodeKey)> =
            free.filter_map(|seat| Some((seat, self.book.evaluator_node(&epoch, seat, now)?))).collect();
        if let Some(own) = free.iter().find(|(_, node)| *node == self.node && self.shares.contains_key(&call)) {
            return Some(*own);
        }
        let up: Vec<(Seat, NodeKey)> = free.into_iter().filter(|(_, node)| self.peers.is_up(node)).collect();
        let at = self.rng.next_u32() as usize;
        up.get(at.checked_rem(up.len())?).copied()
    }
    fn ask_evaluator(&mut self, now: Millis, call: Hash, seat: Seat, node: NodeKey) {
        let Some(round) = self.tagging.rounds.get_mut(&call) else { return };
        round.tried.insert(seat);
        let elements = write_elements(&round.elements());
        if node != self.node {
            round.asked.insert(seat, node);
            let id = round.id.to_vec();
            let request = v1::EvaluateRequest { id, call: call.0.to_vec(), elements };
            return self.send(node, Message::EvaluateRequest(request));
        }
        if let Some((elements, proof)) = self.evaluate_here(call, &elements) {
            self.take_answer(now, call, (seat, node), &elements, &proof);
        }
    }
    pub(super) fn on_evaluate_reply(&mut self, now: Millis, from: NodeKey, message: v1::EvaluateReply) {
        let round = self.tagging.rounds.iter().find(|(_, round)| round.id.as_slice() == message.id.as_slice());
        let asked = round.and_then(|(call, round)| {
            round.asked.iter().find(|(_, node)| **node == from).map(|(seat, _)| (*call, *seat))
        });
        // Late, or not asked: what it says would be checked, but nothing needs it.
        let Some((call, seat)) = asked else { return };
        if let Some(round) = self.tagging.rounds.get_mut(&call) {
            round.asked.remove(&seat);
        }
        if message.status == EvaluateStatus::Done as u32 {
            self.take_answer(now, call, (seat, from), &message.elements, &message.proof);
        } else if message.status == EvaluateStatus::AboveAllowance as u32 {
            self.tagging.resting.insert((call, seat), now.plus(EVALUATE_REST_MS));
        }
        self.ask_evaluators(now, call);
    }
    /// Checks an answer. One that does not hold names a liar, which is not asked again for a day.
    fn take_answer(&mut self, now: Millis, call: Hash, (seat, node): (Seat, NodeKey), elements: &[u8], proof: &[u8]) {
        let Some(round) = self.tagging.rounds.get_mut(&call) else { return };
        match round.keys.check(seat, &round.elements(), elements, proof) {
            Ok(partial) => round.answers.push(partial),
            Err(fault) => {
                self.tagging.resting.insert((call, seat), now.plus(DAY_MS));
                let facility = self.book.epoch_of_call(call).and_then(|epoch| epoch.evaluator(seat).cloned());
                let mut event =
                    audit::Event::new(now, What::Alarm).node(node).object(call).note(fault.wrong.to_string());
                event.peer.clone_from(&facility);
                let mut batch = Batch::default();
                batch.log(event);
                self.commit(batch, Then::Nothing);
                if let Some(facility) = facility {
                    self.event(Event::Alarm(Alarm::Evaluator { facility, why: fault.to_string() }));
                }
                self.strike(now, node, "evaluation that its proof does not bear out");
            }
        }
    }
    /// Who was asked and is silent is left out of this round.
    pub(super) fn evaluate_waited(&mut self, now: Millis, call: Hash) {
        if let Some(round) = self.tagging.rounds.get_mut(&call) {
            for seat in std::mem::take(&mut round.asked).into_keys() {
                self.tagging.resting.insert((call, seat), now.plus(EVALUATE_RETRY_MS));
            }
            self.ask_evaluators(now, call);
        }
    }
    /// An evaluator's line broke: another is asked at once.
    pub(super) fn lost_evaluator(&mut self, now: Millis, node: NodeKey) {
        let with: Vec<Hash> =
            self.tagging.rounds.iter().filter(|(_, r)| r.asked.values().any(|n| *n == node)).map(|(c, _)| *c).collect();
        for call in with {
            if let Some(round) = self.tagging.rounds.get_mut(&call) {
                round.asked.retain(|_, asked| *asked != node);
            }
            self.ask_evaluators(now, call);
        }
    }
    /// Too few evaluators: what was to be made is wanted still, and tried again later or when one comes.
    fn shelve_round(&mut self, now: Millis, call: Hash) {
        let Some(round) = self.tagging.rounds.remove(&call) else { return };
        self.timers.clear(Timer::Evaluate(call));
        let waited: Vec<LocateOrder> = self.tagging.waiting.iter().map(|(_, order, _)| order.clone()).collect();
        for (patient, _) in round.strings {
            match waited.iter().find(|order| order.patient == patient) {
                Some(order) => {
                    let queue = self.tagging.urgent.entry(call).or_default();
                    if queue.iter().all(|(of, _)| *of != patient) {
                        queue.push_back((patient, order.strings.clone()));
                    }
                }
                None => self.want_tags(call, patient),
            }
        }
        self.timers.set_by(Timer::Tags, now.plus(EVALUATE_RETRY_MS));
    }
    /// Enough have answered: the tags are joined, kept, and used.
    fn finish_round(&mut self, now: Millis, call: Hash) {
        let Some(round) = self.tagging.rounds.remove(&call) else { return };
        self.timers.clear(Timer::Evaluate(call));
        let Some(joined) = round.keys.join(&round.answers) else { return };
        let mut by_patient: BTreeMap<PatientRef, BTreeMap<[u8; 16], [u8; 32]>> = BTreeMap::new();
        for (((patient, text), blinded), element) in round.strings.iter().zip(&round.blinded).zip(&joined) {
            let tag = tag_of(&finalize(text, blinded, element));
            by_patient.entry(*patient).or_default().insert(digest_of(text), tag.0);
        }
        let mut batch = Batch::default();
        let count = u32::try_from(joined.len()).unwrap_or(u32::MAX);
        batch.log(audit::Event::new(now, What::TagsMade).object(call).count(count));
        for (patient, new) in by_patient {
            let source = self.source_of(patient);
            let mut tags = self.kept_tags(call, patient);
            if let Some(source) = &source {
                // Strings that the patient does not have any more are forgotten with their tags.
                let current: BTreeSet<[u8; 16]> = source.strings.iter().map(|(_, text)| digest_of(text)).collect();
                tags.retain(|digest, _| current.contains(digest));
                self.dirty.insert(patient);
            }
            tags.extend(new);
            batch.put(Space::Entries, keys::tags(patient, call), encode(&tags));
        }
        self.commit(batch, Then::Nothing);
        self.publish_soon(now);
        self.release_locates(now);
        self.start_round(now, call);
    }
}

impl Round {
    fn elements(&self) -> Vec<Element> {
        self.blinded.iter().map(|blinded| blinded.element).collect()
    }
}

/// What a tag is kept under: the string itself holds a name.
fn digest_of(text: &[u8]) -> [u8; 16] {
    let mut digest = [0; 16];
    digest.copy_from_slice(&sha256(&[b"musubi/tag-of", text]).0[..16]);
    digest
}

/// What a person hears when tags of a new patient could not be made.
const TOO_FEW: &str = "too few evaluators of a network answer, so holders there cannot be looked up for a patient that is new \
                       here; patients known here are found as always. Try again in a minute, or see `musubi doctor`";
