use super::frames::{decision, word};
use super::{Asked, Invariant, Known, Release, Truth, Verdict, Violation};
use super::{i01, i02, i03, i04, i05, i06, i07, i08, i09, i10, i11, i26, i41, i44};
use protocol::consent::ConsentReceipt;
use protocol::data::Batch;
use protocol::data::View;
use protocol::engine::{Event, HolderStatus, Serve, Ticket};
use protocol::fetch::Place;
use protocol::ids::{PatientRef, RequestId};
use protocol::time::Millis;
use protocol::wire::{Message, v1};
use std::collections::{BTreeMap, BTreeSet};

/// The observer.
pub struct Watch {
    /// What is so.
    pub truth: Truth,
    /// What each host has on disk.
    pub known: Vec<Known>,
    /// Requests that were sent.
    pub asked: BTreeMap<RequestId, Asked>,
    /// Answers with records.
    pub releases: BTreeMap<RequestId, Release>,
    /// Which record went to which host.
    pub released: BTreeSet<(usize, usize)>,
    /// Consents that were given to an Engine and not yet acknowledged.
    pub consenting: BTreeMap<(usize, Ticket), (PatientRef, ConsentReceipt)>,
    /// How an answer to a stranger looks.
    pub(super) stranger: Option<(i06::Form, String)>,
    /// How "nothing for you" looks.
    pub(super) nothing: Option<(i07::Form, String)>,
    /// Answers that left, by holder and request.
    pub(super) decisions: BTreeMap<(usize, RequestId), u32>,
    /// What was seen, by word.
    pub marks: BTreeMap<String, u64>,
    /// Frames, by word.
    frames: BTreeMap<&'static str, u64>,
    /// Requests that nobody may serve.
    pub(super) forged: BTreeSet<RequestId>,
    /// What evaluators were asked.
    pub(super) blinds: i41::Blinds,
    only: Option<Invariant>,
}

/// A frame that leaves a host.
#[derive(Clone, Copy)]
pub struct Leaving<'a> {
    /// Which host.
    pub from: usize,
    /// To which.
    pub to: usize,
    /// The time at the first.
    pub now: Millis,
    /// Its bytes on the wire.
    pub bytes: &'a [u8],
}

impl Watch {
    /// An observer of a world that has not begun; `only` looks at one invariant and lets the others pass.
    pub fn new(truth: Truth, only: Option<Invariant>) -> Self {
        let hosts = truth.names.len();
        Self {
            truth,
            known: vec![Known::default(); hosts],
            asked: BTreeMap::new(),
            releases: BTreeMap::new(),
            released: BTreeSet::new(),
            consenting: BTreeMap::new(),
            stranger: None,
            nothing: None,
            decisions: BTreeMap::new(),
            marks: BTreeMap::new(),
            frames: BTreeMap::new(),
            forged: BTreeSet::new(),
            blinds: i41::Blinds::default(),
            only,
        }
    }
    /// Counts something worth knowing.
    pub fn mark(&mut self, word: impl AsRef<str>) {
        match self.marks.get_mut(word.as_ref()) {
            Some(count) => *count += 1,
            None => {
                self.marks.insert(word.as_ref().to_owned(), 1);
            }
        }
    }
    /// Everything that was counted, by word.
    pub fn all_marks(&mut self) -> BTreeMap<String, u64> {
        let frames = self.frames.iter().map(|(word, count)| (format!("frame {word}"), *count));
        frames.chain(std::mem::take(&mut self.marks)).collect()
    }
    fn judge(&self, verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
        let found =
            verdicts.into_iter().filter_map(Result::err).find(|v| self.only.is_none_or(|only| v.invariant == only));
        found.map_or(Ok(()), Err)
    }

    /// A message leaves.
    pub fn message(&mut self, leaving: Leaving<'_>, message: &Message) -> Verdict {
        *self.frames.entry(word(message)).or_default() += 1;
        match message {
            Message::Request(request) => {
                if let Some(asked) = Asked::read(leaving.from, leaving.to, request) {
                    self.asked.insert(asked.request, asked);
                }
            }
            Message::Decision(answer) => return self.decision(leaving, answer),
            Message::Refuse(refuse) => {
                let verdict = i06::refused(self, leaving, refuse);
                return self.judge([verdict, i05::frame(self, leaving)]);
            }
            Message::Changes(changes) => {
                let verdicts = [i04::changes(self, leaving, changes), i08::changes(self, leaving, changes)];
                return self.judge(verdicts.into_iter().chain([i05::frame(self, leaving)]));
            }
            Message::Mend(mend) => {
                // Entries are entries, whichever way they go.
                let (shelf, manifest, adds) = (mend.shelf.clone(), mend.manifest.clone(), mend.adds.clone());
                let changes = v1::Changes { shelf, manifest, adds, ..v1::Changes::default() };
                let verdicts = [i04::changes(self, leaving, &changes), i08::changes(self, leaving, &changes)];
                return self.judge(verdicts.into_iter().chain([i05::frame(self, leaving)]));
            }
            Message::Heads(_) => return self.judge([i04::heads(leaving), i05::frame(self, leaving)]),
            Message::EvaluateRequest(request) => {
                let verdict = i41::request(self, leaving, request);
                return self.judge([verdict, i05::frame(self, leaving)]);
            }
            Message::Piece(piece) => {
                let request = RequestId::from_slice(&piece.request);
                return self.bytes(leaving, request.unwrap_or(RequestId([0; 16])));
            }
            _ => {}
        }
        self.judge([i05::frame(self, leaving)])
    }
    fn decision(&mut self, leaving: Leaving<'_>, answer: &v1::Decision) -> Verdict {
        let Some((request, body)) = decision(answer) else { return Ok(()) };
        let first = i26::decision(self, leaving, request);
        let stranger = i06::decision(self, leaving, (request, &body));
        let nothing = i07::decision(self, leaving, (request, &body));
        let mut verdicts = vec![first, stranger, nothing];
        if body.items.is_empty() {
            verdicts.push(i05::frame(self, leaving));
        }
        // What a permitted answer lists is looked at when its transfer begins, a moment later.
        self.judge(verdicts)
    }
    /// An answer with records begins to leave.
    pub fn serving(&mut self, (from, to): (usize, usize), now: Millis, serve: &Serve) -> Verdict {
        let request = serve.plan.request;
        self.judge(i11::served(self, (from, to), serve))?;
        let Some(asked) = self.asked.get(&request).cloned() else {
            return self.judge([super::broken(Invariant::I10, format!("{request:?} was never asked"))]);
        };
        let items = serve.plan.items.iter().zip(&serve.sources).map(|(item, source)| {
            let bundle = match source.place {
                Place::Bundle { number, .. } => number,
                Place::Blob { .. } => u32::MAX,
            };
            (item.clone(), source.patient, self.truth.places.get(&(from, source.patient.0, bundle)).copied())
        });
        let decided_at = self.known[from].decided.get(&request).map(|decided| decided.at);
        let release = Release { asked, decided_at, items: items.collect() };
        self.released.extend(release.items.iter().filter_map(|(.., record)| Some(((*record)?, to))));
        for (item, ..) in &release.items {
            let kind = item.kind.coarse();
            self.mark(format!("released {}", kind.word()));
        }
        if release.glass(&self.known[from]).is_some() {
            self.mark("released without consent");
        }
        let verdicts = [
            i26::release(self, from, request),
            i03::release(self, from, now, &release),
            i01::release(self, from, now, &release),
            i02::release(self, from, now, &release),
            i44::release(self, from, now, &release),
            i10::release(self, from, &release),
            i09::release(self, from, &release),
        ];
        self.releases.insert(request, release);
        self.judge(verdicts)
    }
    /// Record bytes leave.
    pub fn bytes(&mut self, leaving: Leaving<'_>, request: RequestId) -> Verdict {
        let verdicts = [i03::bytes(self, leaving, request), i09::frame(self, leaving), i05::frame(self, leaving)];
        self.judge(verdicts)
    }
    /// A batch is on disk.
    pub fn durable(&mut self, host: usize, batch: &Batch) -> Verdict {
        let verdict = i05::batch(self, host, batch);
        let words =
            batch.writes.iter().map(|write| i11::kept(self, host, write)).find(Result::is_err).unwrap_or(Ok(()));
        let known = &mut self.known[host];
        batch.events.iter().for_each(|event| known.note(event));
        batch.writes.iter().for_each(|write| known.take(write));
        batch.writes.iter().for_each(|write| self.truth.take_share(write));
        for event in &batch.events {
            if let Some(why) = event.reason.and_then(protocol::policy::Why::from_code) {
                self.mark(format!("reason {why}"));
            }
        }
        self.judge([verdict, words])
    }
    /// A host runs again.
    pub fn reopened(&mut self, host: usize, view: &dyn View) {
        self.known[host] = Known::read(view);
        self.consenting.retain(|(at, _), _| *at != host);
    }
    /// An Engine is given a consent or withdrawal.
    pub fn consent(&mut self, host: usize, ticket: Ticket, patient: PatientRef, receipt: &ConsentReceipt) {
        self.truth.receipts.entry((host, patient.0)).or_default().insert(receipt.id);
        self.consenting.insert((host, ticket), (patient, receipt.clone()));
    }
    /// An Engine tells something.
    pub fn event(&mut self, host: usize, event: &Event) -> Verdict {
        let mut verdicts = vec![i05::event(self, host, event)];
        match event {
            Event::Consented(ticket, _) => {
                if let Some((patient, receipt)) = self.consenting.remove(&(host, *ticket)) {
                    verdicts.push(i03::acknowledged(self, host, patient, &receipt));
                    verdicts.push(i26::consented(self, host, &receipt));
                }
            }
            Event::Answer(_, answer) if answer.status == HolderStatus::Data => {
                verdicts.extend(answer.request.map(|request| i26::shown(self, host, request)));
            }
            Event::Alarm(alarm) => {
                let word = format!("{alarm:?}");
                let word = word.split(['(', ' ']).next().unwrap_or_default().to_owned();
                self.mark(format!("alarm {word}"));
            }
            _ => {}
        }
        self.judge(verdicts)
    }
}

impl Violation {
    /// Host names read better than numbers.
    pub(crate) fn named(truth: &Truth, host: usize) -> &str {
        truth.names.get(host).map_or("?", String::as_str)
    }
}
