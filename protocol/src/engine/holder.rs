//! The holder's side of a read: gather facts, decide, log, then answer.
use super::asked::Asked;
use super::core::{Engine, Serving, Then};
use super::emergency::Glass;
use super::keys::{self, Handed};
use super::output::{Effect, Event, Serve, Source};
use crate::audit::{self, What};
use crate::consent::receipts_of;
use crate::crypto::{domain, mac};
use crate::data::{Batch, Space, View, decode, encode};
use crate::fetch::{Item, Plan, RecordHead, State, heads};
use crate::ids::{FacilityId, Hash, NetworkId, NodeKey, PatientRef, RequestId};
use crate::kinds::{FacilityClass, KindSet};
use crate::limits::{
    ANSWER_PADDED_BYTES, CLOCK_TOLERANCE_MS, COPY_MS, EXECUTED_KEPT_MS, FETCH_ITEMS_MAX, FRAME_BYTES_MAX,
    INLINE_BYTES_MAX, REQUEST_LIFE_MS,
};
use crate::policy::{
    Basis, Decision, Facts, MatchGrade, MembershipFact, Narrow, Relation, Shown, Why, decide, is_emergency, shown,
};
use crate::state::Target;
use crate::time::{Millis, Period};
use crate::wire::{Message, number_of, v1};
use prost::Message as _;

/// A decision whose leaf is on its way to disk.
#[derive(Debug)]
pub(super) struct Decided {
    to: NodeKey,
    request: RequestId,
    shown: Shown,
    serve: Option<(PatientRef, Plan, Vec<Source>)>,
    cut: bool,
    /// Served without consent: the desk hears of it.
    is_emergency: bool,
    /// Code of the reason; only planted bug P12 looks at it.
    #[cfg(feature = "plants")]
    reason: u16,
}

impl Decided {
    /// Which request it answers.
    pub(super) fn request(&self) -> RequestId {
        self.request
    }
}

/// Which networks bind reader and holder.
struct Between {
    reader_network: NetworkId,
    holder_network: NetworkId,
    class: FacilityClass,
    membership: MembershipFact,
    revoked: bool,
    suspended: bool,
}

impl<V: View> Engine<V> {
    pub(super) fn on_request(&mut self, now: Millis, from: NodeKey, message: v1::Request) {
        let asked = match self.open_request(&from, &message) {
            Ok(asked) => asked,
            Err(_) => return self.strike(now, from, "request that does not hold"),
        };
        let patient =
            self.patient_of(asked.handle).filter(|(_, shelf)| *shelf == asked.shelf).map(|(patient, _)| patient);
        let decision = self.judge(now, &from, &asked, patient);
        let lane = if is_emergency(asked.ask.purpose) { &mut self.emergency_quota } else { &mut self.quota };
        lane.count(&asked.ask.reader, now);
        #[cfg(feature = "plants")]
        self.plant_name(from, &decision, patient);
        let serve = match (&decision, patient) {
            (Decision::Permit { kinds, period, basis, .. }, Some(patient)) => {
                self.plan(now, &asked, patient, (*kinds, *period, *basis))
            }
            _ => None,
        };
        let cut =
            matches!(decision, Decision::Permit { cut: true, .. }) || serve.as_ref().is_some_and(|(.., cut)| *cut);
        let shown_as = match (&decision, &serve) {
            (Decision::Permit { .. }, None) => Shown::Nothing,
            _ => shown(&decision),
        };
        let mut batch = Batch::default();
        batch.log(self.decided_event(now, &from, &asked, patient, &decision));
        batch.put(Space::Jobs, keys::executed(&from, asked.ask.request), encode(&now.plus(EXECUTED_KEPT_MS)));
        let is_broken = matches!(decision, Decision::Permit { basis: Basis::BreakGlass, .. }) && serve.is_some();
        if let Some((patient, plan, ..)) = &serve {
            self.note_answer(now, (from, &asked), (*patient, plan), &decision, &mut batch);
        }
        let serve = serve.map(|(patient, plan, sources, _)| (patient, plan, sources));
        let decided = Decided {
            to: from,
            request: asked.ask.request,
            shown: shown_as,
            serve,
            cut,
            is_emergency: is_broken,
            #[cfg(feature = "plants")]
            reason: match &decision {
                Decision::Refuse { why, .. } => why.code(),
                _ => 0,
            },
        };
        self.commit_decision(batch, decided);
    }
    /// What goes to disk with a yes: that it was answered, who has copies now, and, without consent, the notice to our desk.
    fn note_answer(
        &mut self,
        now: Millis,
        (from, asked): (NodeKey, &Asked),
        (patient, plan): (PatientRef, &Plan),
        decision: &Decision,
        batch: &mut Batch,
    ) {
        let ask = &asked.ask;
        let answered = self.decided_event(now, &from, asked, Some(patient), decision);
        let count = u32::try_from(plan.items.len()).unwrap_or(u32::MAX);
        let hash = plan.hash();
        batch.log(audit::Event { what: What::Answered, ..answered }.count(count).object(hash));
        let handed = Handed { node: from, reader: ask.reader.clone(), plan: hash, leaf: 0, until: now.plus(COPY_MS) };
        batch.put(Space::Jobs, keys::handed(patient, ask.request), encode(&handed));
        // Counted from here on, so that a withdrawal in the meantime stops it.
        self.serves.insert(ask.request, Serving { patient });
        if let (Decision::Permit { basis: Basis::BreakGlass, kinds, .. }, Some(said)) = (decision, &ask.emergency) {
            let (review_by, lapses_at) = self.review_times(now);
            let glass = Glass {
                request: ask.request,
                is_ours: false,
                patient,
                reader: ask.reader.clone(),
                holder: ask.holder.clone(),
                node: from,
                staff: asked.staff.clone(),
                role: ask.staff_role,
                purpose: ask.purpose,
                said: said.clone(),
                kinds: *kinds,
                at: now,
                is_served: true,
                review_by,
                lapses_at,
                review: None,
            };
            self.note_opened(glass, batch);
        }
    }
    fn commit_decision(&mut self, batch: Batch, decided: Decided) {
        #[cfg(feature = "plants")]
        if crate::plants::on("P07") {
            self.decided(decided, &[0, 0]);
            return self.commit(batch, Then::Nothing);
        }
        self.commit(batch, Then::Decided(Box::new(decided)));
    }
    /// Gathers the facts and lets the one decision function decide.
    fn judge(&self, now: Millis, from: &NodeKey, asked: &Asked, patient: Option<PatientRef>) -> Decision {
        let between = self.between(now, from, asked);
        let accord = self.book.accord(crate::state::Accord::id_of(between.holder_network, between.reader_network));
        let relation = match accord {
            _ if between.holder_network == between.reader_network => Relation::Same { network: between.holder_network },
            Some(accord) if !self.is_accord_revoked(accord, now) => Relation::Accord {
                holder_network: between.holder_network,
                clauses: &accord.clauses,
                from: accord.from,
                to: accord.to,
            },
            _ => Relation::None,
        };
        let receipts = patient.map(|patient| receipts_of(&self.view, patient)).unwrap_or_default();
        let timely = asked.made_at <= now.plus(CLOCK_TOLERANCE_MS)
            && now.since(asked.made_at) <= REQUEST_LIFE_MS + CLOCK_TOLERANCE_MS
            && asked.ask.deadline.since(asked.made_at) <= REQUEST_LIFE_MS;
        let replayed = self.view.get(Space::Jobs, &keys::executed(from, asked.ask.request)).is_some();
        #[cfg(feature = "plants")]
        let replayed = replayed && !crate::plants::on("P18");
        let facts = Facts {
            now,
            addressed: asked.holder_node == self.node && timely && self.serves_facility(&asked.ask.holder, now),
            replayed,
            membership: between.membership,
            revoked: between.revoked,
            suspended: between.suspended,
            freshness: self.freshness(now),
            relation,
            reader_network: between.reader_network,
            reader_class: between.class,
            quota_left: self.quota_left(now, &asked.ask),
            grade: self.grade(asked, patient),
            receipts: &receipts,
            deceased: false,
            emergency: self.emergency_facts(now, &asked.ask, between.holder_network),
        };
        decide(&asked.ask, &facts)
    }
    fn is_accord_revoked(&self, accord: &crate::state::Accord, now: Millis) -> bool {
        let target = Target::Accord(accord.id());
        let sides = [accord.a, accord.b];
        if sides.iter().any(|network| self.book.suspended(*network, &target, accord.from, now).is_some()) {
            return true;
        }
        let taken_back = sides.into_iter().filter_map(|network| self.book.revoked(network, &target));
        taken_back.into_iter().any(|revocation| revocation.effective >= accord.from && revocation.effective <= now)
    }
    /// In which networks reader and holder meet: the same one if there is one, else those that an accord joins.
    fn between(&self, now: Millis, from: &NodeKey, asked: &Asked) -> Between {
        let ours: Vec<NetworkId> = self
            .own_facilities(now)
            .into_iter()
            .filter(|own| own.facility == asked.ask.holder)
            .map(|own| own.network)
            .collect();
        let reader = &asked.ask.reader;
        let known: Vec<NetworkId> = self.book.networks().map(|(network, _)| network).collect();
        let with_reader: Vec<NetworkId> =
            known.into_iter().filter(|network| self.book.membership(*network, reader).is_some()).collect();
        let fallback = ours.first().copied().unwrap_or(NetworkId([0; 32]));
        let pairs = with_reader.iter().flat_map(|theirs| ours.iter().map(move |our| (*theirs, *our)));
        let best = pairs.min_by_key(|(theirs, our)| {
            (theirs != our, self.book.accord_in_force(*our, *theirs, now).is_none(), *theirs, *our)
        });
        let (reader_network, holder_network) = best.unwrap_or((NetworkId([0; 32]), fallback));
        let Some(membership) = self.book.membership(reader_network, reader) else {
            return Between {
                reader_network,
                holder_network,
                class: FacilityClass::Municipal,
                membership: MembershipFact::Missing,
                revoked: false,
                suspended: false,
            };
        };
        let cert = self.book.node_cert(&membership.root);
        let is_its_node = cert.is_some_and(|cert| cert.node == *from && cert.facility == *reader);
        let ended = membership.from <= now
            && now < membership.to
            && self.book.node_of(reader_network, reader, now).is_none_or(|cert| cert.node != *from);
        let seat = Target::Membership(reader.clone());
        let suspended = self.book.suspended(reader_network, &seat, membership.from, now).is_some()
            || cert.is_some_and(|cert| {
                self.book.suspended(reader_network, &Target::Node(*from), cert.from, now).is_some()
            });
        #[cfg(feature = "plants")]
        let ended = ended && !crate::plants::on("P05");
        Between {
            reader_network,
            holder_network,
            class: membership.class,
            // A key that does not own the facility's name is nobody's; nothing more is said to it.
            membership: if is_its_node {
                MembershipFact::Of {
                    roles: membership.roles,
                    kinds: membership.kinds,
                    from: membership.from,
                    to: membership.to,
                }
            } else {
                MembershipFact::Missing
            },
            revoked: ended && !suspended,
            suspended,
        }
    }
    fn grade(&self, asked: &Asked, patient: Option<PatientRef>) -> MatchGrade {
        let Some(patient) = patient else { return MatchGrade::UnknownHandle };
        match keys::link_there(&self.view, asked.handle, &asked.ask.reader) {
            Some(link) if link.same => return MatchGrade::Human,
            Some(_) => return MatchGrade::NotSame,
            None => {}
        }
        let Some(published) = self.published_of(asked.shelf, patient) else { return MatchGrade::UnknownHandle };
        let agrees = |rule: u8| {
            let tag = published.tags.iter().find(|(own, _)| *own == rule);
            let proof = asked.proofs.iter().find(|(theirs, _)| *theirs == rule);
            matches!((tag, proof), (Some((_, tag)), Some((_, proof)))
                if mac(tag, &[b"match", &asked.ask.request.0]) == *proof)
        };
        if super::locate::DECISIVE_RULES.iter().all(|rule| agrees(*rule)) {
            MatchGrade::Certain
        } else if published.tags.iter().any(|(rule, _)| agrees(*rule)) {
            MatchGrade::NeedsHuman
        } else {
            // The handle alone proves nothing: whoever guesses one learns no more than from a wrong one.
            MatchGrade::UnknownHandle
        }
    }
    /// The items of a permitted answer, and whether something had to be left out for size.
    fn plan(
        &self,
        now: Millis,
        asked: &Asked,
        patient: PatientRef,
        (kinds, period, basis): (KindSet, Period, Basis),
    ) -> Option<(PatientRef, Plan, Vec<Source>, bool)> {
        let mut items = Vec::new();
        let mut sources = Vec::new();
        let (mut total, mut frame, mut cut) = (0u64, 0usize, false);
        let found = heads(&self.view, patient).into_iter().rev();
        let mut narrow = Narrow::default();
        for (key, head) in found.filter(|(_, head)| in_scope(head, &asked.ask.holder, kinds, period)) {
            if basis == Basis::BreakGlass && !narrow.takes(head.key.kind.coarse(), head.key.care_date) {
                cut = true;
                continue;
            }
            let item = item_of(now, asked.ask.request, &key, &head);
            let bytes = ITEM_FRAME_BYTES + item.title.len();
            let fits = total.saturating_add(item.size) <= asked.ask.limit_bytes
                && frame + bytes <= PLAN_FRAME_BYTES_MAX
                && items.len() < FETCH_ITEMS_MAX;
            if !fits {
                cut = true;
                continue;
            }
            total += item.size;
            frame += bytes;
            items.push(item);
            sources.push(Source { patient, place: head.place });
        }
        let plan = Plan::new(asked.ask.request, items).ok().filter(|plan| !plan.items.is_empty())?;
        Some((patient, plan, sources, cut))
    }
    fn decided_event(
        &self,
        now: Millis,
        from: &NodeKey,
        asked: &Asked,
        patient: Option<PatientRef>,
        decision: &Decision,
    ) -> audit::Event {
        let mut event = audit::Event::new(now, What::Decided)
            .facility(asked.ask.holder.clone())
            .peer(asked.ask.reader.clone())
            .node(*from)
            .staff(asked.staff.clone())
            .request(asked.ask.request)
            .purpose(asked.ask.purpose)
            .kinds(asked.ask.kinds);
        if let Some(patient) = patient {
            event = event.patient(patient);
        }
        match decision {
            Decision::Permit { kinds, basis: Basis::Consent(consent), .. } => {
                event.kinds(*kinds).note(format!("permit by {consent:?}"))
            }
            Decision::Permit { kinds, basis: Basis::BreakGlass, .. } => {
                event.kinds(*kinds).note("permit by break-glass")
            }
            Decision::Pending(why) | Decision::Busy(why) => event.reason(why.code()).note(why.word()),
            Decision::Refuse { why, clause } => {
                let note =
                    clause.map_or_else(|| why.word().to_owned(), |clause| format!("{} clause {clause}", why.word()));
                event.reason(why.code()).note(note)
            }
        }
    }
    /// The leaf is on disk: answer, and start the transfer if there is one.
    pub(super) fn decided(&mut self, decided: Decided, leaves: &[u64]) {
        #[cfg(feature = "plants")]
        let reason = decided.reason;
        let Decided { to, request, shown, serve, cut, is_emergency, .. } = decided;
        if is_emergency {
            self.event(Event::BreakGlass(request));
        }
        // Withdrawn between the decision and its leaf: nothing goes out.
        let serve = serve.filter(|_| self.serves.contains_key(&request));
        let leaf = leaves.first().copied().unwrap_or_default();
        let leaf_hash = audit::leaf_hash(&self.view, leaf).unwrap_or(Hash([0; 32]));
        let (code, clause) = match shown {
            Shown::Data if serve.is_some() => (1, 0),
            Shown::Data | Shown::Nothing => (2, 0),
            Shown::Pending => (3, 0),
            Shown::Busy => (4, 0),
            Shown::OutsideAccord { clause } => (5, clause),
            Shown::NotMember => (6, 0),
        };
        let mut body = v1::DecisionBody {
            request: request.0.to_vec(),
            shown: code,
            clause: clause.into(),
            items: serve.as_ref().map(|(_, plan, _)| plan.items.iter().map(wire_item).collect()).unwrap_or_default(),
            total: serve.as_ref().map_or(0, |(_, plan, _)| plan.total),
            leaf: if serve.is_some() { leaf } else { 0 },
            leaf_hash: if serve.is_some() { leaf_hash.0.to_vec() } else { vec![0; 32] },
            cut: cut && serve.is_some(),
            padding: Vec::new(),
        };
        pad(&mut body);
        #[cfg(feature = "plants")]
        if crate::plants::on("P12") {
            body.padding = vec![0; reason.into()]; // "not found" and "forbidden" differ in length
        }
        let body = body.encode_to_vec();
        let signature = self.crypto.sign(&self.identity.node, &domain("decision", &[&body]));
        self.send(to, Message::Decision(v1::Decision { body, signature: signature.0.to_vec() }));
        let Some((_, plan, sources)) = serve else { return };
        let inline = plan.total <= INLINE_BYTES_MAX;
        self.effect(Effect::Serve(Serve { to, plan, sources, inline }), Then::Served(request));
    }
    /// Forgets executed requests and handed copies whose time is over.
    pub(super) fn forget_past(&mut self, now: Millis) {
        let mut batch = Batch::default();
        for (key, value) in self.view.scan(Space::Jobs, b"x", &[], FORGET_PER_DAY) {
            if decode::<Millis>(&value).is_none_or(|until| until <= now) {
                batch.remove(Space::Jobs, key);
            }
        }
        for (key, value) in self.view.scan(Space::Jobs, b"s", &[], FORGET_PER_DAY) {
            if decode::<Handed>(&value).is_none_or(|handed| handed.until <= now) {
                batch.remove(Space::Jobs, key);
            }
        }
        self.forget_glasses(now, &mut batch);
        if !batch.is_empty() {
            self.commit(batch, Then::Nothing);
        }
    }
    /// The reason that the log gives for a refusal, for those who may know it.
    pub fn reason_of(event: &audit::Event) -> Option<Why> {
        event.reason.and_then(Why::from_code)
    }
}

fn in_scope(head: &RecordHead, holder: &FacilityId, kinds: KindSet, period: Period) -> bool {
    #[cfg(feature = "plants")]
    let period = if crate::plants::on("P15") { Period::ALL } else { period };
    head.state == State::Current
        && head.key.facility == *holder
        && kinds.has(head.key.kind.coarse())
        && period.has(head.key.care_date)
}

fn item_of(now: Millis, request: RequestId, key: &[u8], head: &RecordHead) -> Item {
    let mut id = [0; 16];
    id.copy_from_slice(&mac(&request.0, &[b"item", key])[..16]);
    let title: String = head.title.chars().take(ITEM_TITLE_CHARS).collect();
    Item {
        id,
        kind: head.key.kind.clone(),
        care_date: head.key.care_date,
        title,
        made_at: head.at,
        checked_at: now,
        size: head.size,
        digest: head.digest,
    }
}

fn wire_item(item: &Item) -> v1::Item {
    v1::Item {
        id: item.id.to_vec(),
        kind: item.kind.as_str().to_owned(),
        care_date: number_of(item.care_date),
        title: item.title.clone(),
        made_at: item.made_at.0,
        checked_at: item.checked_at.0,
        size: item.size,
        digest: item.digest.0.to_vec(),
    }
}

/// Fills a short answer up to one size, so that refusals of every reason and "nothing" look alike.
fn pad(body: &mut v1::DecisionBody) {
    let len = body.encoded_len();
    if len < ANSWER_PADDED_BYTES {
        // Two bytes of tag and length for up to 127 bytes, three above: aim with three and add what is missing.
        body.padding = vec![0; (ANSWER_PADDED_BYTES - len).saturating_sub(3)];
        while body.encoded_len() < ANSWER_PADDED_BYTES {
            body.padding.push(0);
        }
    }
}

/// An item on the wire without its title, rounded up: id 18, kind 34, date 6, moments 14, size 6, digest 34, heads 6.
const ITEM_FRAME_BYTES: usize = 120;
/// All items of a decision: a frame without what else is in it.
const PLAN_FRAME_BYTES_MAX: usize = FRAME_BYTES_MAX - (4 << 10);
/// Titles in plans; a list shows no more.
const ITEM_TITLE_CHARS: usize = 100;
/// Rows looked at in one daily clean-up.
const FORGET_PER_DAY: usize = 100_000;
