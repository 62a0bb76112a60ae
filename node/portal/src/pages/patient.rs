//! One person's pages: made in pieces, in the order in which they are known.
use super::rows::slot_of;
use super::{documents, drugs, labs, timeline};
use crate::desk::{Chart, Contents, FacilityName, Holder, HolderAnswer, ItemPath, ItemRow};
use crate::i18n::{Key, Words};
use crate::limits::{ARRIVALS_MAX, SLOTS_MAX, SUMMARY_DAYS};
use crate::view::{Frame, Nav, Tab, banner, icon, moment, pill, rich, seal, tell};
use maud::{Markup, PreEscaped, html};
use protocol::kinds::{Coarse, FacilityClass};
use protocol::time::Millis;
use service::charts::Read;
use std::collections::BTreeMap;

/// Whether the other holders were asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Nobody gave a ground yet.
    Never,
    /// They are being asked; answers follow.
    Now,
    /// At this moment; the answers stand for a while.
    At(Millis),
}

/// A house whose records are on the page.
pub(super) struct Source {
    /// Who.
    pub facility: FacilityName,
    /// As which patient of whom; none: own records.
    holder: Option<Holder>,
}

/// One page of one person, all holders: [`PatientPage::open`] at once, [`PatientPage::answer`] as holders answer,
/// [`PatientPage::close`] at the end. Every piece has a place that is kept for it, so nothing moves.
pub struct PatientPage {
    /// Who, own records, and who else.
    pub chart: Chart,
    /// Which page.
    pub tab: Tab,
    /// Which days, and how lists are ordered.
    pub view: timeline::View,
    /// Whether others were asked.
    pub asked: Asked,
    /// The ground that was given last, for asking again; or the demo's.
    pub ground: String,
    /// The last form was sent without a ground.
    pub ground_fault: bool,
    pub(super) answers: Vec<HolderAnswer>,
    pub(super) sources: Vec<Source>,
    pub(super) reads: Vec<Read<ItemPath>>,
    pub(super) unread: usize,
    arrived: usize,
}

impl PatientPage {
    /// A page of which nothing was sent yet.
    pub fn new(chart: Chart, tab: Tab, view: timeline::View, asked: Asked) -> Self {
        let own = Source { facility: chart.person.facility.clone(), holder: None };
        Self {
            chart,
            tab,
            view,
            asked,
            ground: String::new(),
            ground_fault: false,
            answers: Vec::new(),
            sources: vec![own],
            reads: Vec::new(),
            unread: 0,
            arrived: 0,
        }
    }
    /// Which of these records the page has to read.
    pub fn wanted(&self, items: &[ItemRow]) -> Vec<ItemPath> {
        let today = self.chart.now.date_jst();
        let is_wanted = |item: &&ItemRow| match (self.tab, item.kind.coarse()) {
            (Tab::Timeline, Coarse::Disease | Coarse::Allergy) => true,
            (Tab::Timeline, Coarse::Lab | Coarse::Prescription) => {
                item.care_date.is_none_or(|date| date.plus_days(SUMMARY_DAYS).is_none_or(|end| end >= today))
            }
            (Tab::Labs, Coarse::Lab) | (Tab::Drugs, Coarse::Prescription) => true,
            _ => false,
        };
        let mut newest: Vec<&ItemRow> = items.iter().filter(is_wanted).collect();
        newest.sort_by_key(|item| std::cmp::Reverse((item.care_date, item.made_at)));
        newest.into_iter().map(|item| item.path).collect()
    }
    /// What own records say.
    pub fn read_own(&mut self, contents: Contents) {
        let own = std::mem::take(&mut self.chart.own);
        self.read(0, &own, contents);
        self.chart.own = own;
    }
    /// What an answer's records say; before [`PatientPage::answer`].
    pub fn read_answer(&mut self, answer: &HolderAnswer, contents: Contents) {
        let same = |own: &Source| own.holder.as_ref().is_some_and(|own| own.is_same(&answer.holder));
        let place = self.sources.iter().position(same).unwrap_or_else(|| {
            self.sources.push(Source { facility: answer.holder.facility.clone(), holder: Some(answer.holder.clone()) });
            self.sources.len() - 1
        });
        self.reads.retain(|read| read.place != place);
        self.read(place, &answer.items, contents);
    }
    fn read(&mut self, place: usize, items: &[ItemRow], contents: Contents) {
        let rows: BTreeMap<ItemPath, &ItemRow> = items.iter().map(|item| (item.path, item)).collect();
        let is_pharmacy =
            self.sources.get(place).is_some_and(|source| source.facility.class == Some(FacilityClass::Pharmacy));
        self.unread += contents.unread;
        self.reads.extend(contents.read.into_iter().filter_map(|(path, clinical)| {
            let row = rows.get(&path)?;
            Some(Read { place, path, date: row.care_date, made_at: row.made_at, is_pharmacy, clinical })
        }));
    }
    /// Everything that is known without asking anybody.
    pub fn open(&self, frame: &Frame<'_>) -> Markup {
        let words = frame.words;
        let title = words.get(self.tab.key());
        html! {
            (frame.open(&title, Nav::Patients, None))
            (banner(frame, &self.chart.person, &self.chart.facts, Some(self.tab), self.chart.now))
            (PreEscaped(r#"<main class="page" id="main">"#))
            h1.away { (title) }
            @if let Some(line) = self.unconfirmed(words) { p.unknown { (line) } }
            (self.ask(frame))
            (PreEscaped(format!(r#"<div class="sheet t-{}" aria-live="polite">"#, self.tab.word())))
            (self.strip(words))
            @match self.tab {
                Tab::Timeline => (timeline::open(self, frame)),
                // Where all answers are known already the whole follows at once, and nothing is sent twice.
                _ if matches!(self.asked, Asked::At(_)) => {},
                Tab::Labs => div.part { (labs::page(self, words)) },
                Tab::Drugs => div.part { (drugs::page(self, words)) },
                Tab::Documents => div.part { (documents::page(self, words)) },
                Tab::Consent | Tab::Access => {},
            }
        }
    }
    /// One holder's answer: its state, and on the time axis its row and its list below.
    pub fn answer(&mut self, frame: &Frame<'_>, answer: HolderAnswer) -> Markup {
        let words = frame.words;
        let slot = slot_of(self.holders(), &answer.holder, self.arrived);
        let arrived = self.arrived.min(ARRIVALS_MAX - 1);
        self.arrived += 1;
        let markup = html! {
            (self.cell(words, slot, &answer))
            @if self.tab == Tab::Timeline { (timeline::answer(self, frame, (slot, arrived), &answer)) }
        };
        self.answers.retain(|own| !own.holder.is_same(&answer.holder));
        self.answers.push(answer);
        markup
    }
    /// What can be said once all have answered, or nobody could be asked.
    pub fn close(&self, frame: &Frame<'_>, has_failed: bool) -> Markup {
        let words = frame.words;
        let has_more = self.asked != Asked::Never;
        html! {
            @if has_more || has_failed { div.sum.done { p { (self.summary(words, has_failed)) } } }
            @match self.tab {
                Tab::Timeline => (timeline::close(self, words, has_more)),
                Tab::Labs if has_more => div.part.all { (labs::page(self, words)) },
                Tab::Drugs if has_more => div.part.all { (drugs::page(self, words)) },
                Tab::Documents if has_more => div.part.all { (documents::page(self, words)) },
                _ => {},
            }
            (PreEscaped("</div>"))
            (print_note(words, frame, self.chart.now))
            (PreEscaped("</main>"))
            (frame.close())
        }
    }
    /// What came, so that the next page need not ask again.
    pub fn answers(&self) -> Vec<HolderAnswer> {
        self.answers.clone()
    }
    /// How much of a bound this part of the page may use: what is drawn before the answers is drawn again with them.
    pub(super) fn share(&self, most: usize) -> usize {
        if self.asked == Asked::Now && self.answers.is_empty() { most / 2 } else { most }
    }
    pub(super) fn holders(&self) -> &[Holder] {
        self.chart.holders.as_deref().unwrap_or_default()
    }
    pub(super) fn facility(&self, place: usize) -> FacilityName {
        self.sources.get(place).map_or_else(|| self.chart.person.facility.clone(), |source| source.facility.clone())
    }
    /// Holders whose records may exist and are not on the page, with what is the matter in a word.
    pub(super) fn unknown(&self, words: &Words) -> Vec<(FacilityName, String)> {
        let same = |answer: &HolderAnswer, own: &Holder| answer.holder.is_same(own);
        let foreseen = |answer: &HolderAnswer| self.holders().iter().any(|own| same(answer, own));
        let extra = self.answers.iter().filter(|answer| !foreseen(answer)).map(|answer| &answer.holder);
        let all = self.holders().iter().chain(extra);
        let why = |own: &Holder| match self.answers.iter().find(|answer| same(answer, own)) {
            Some(answer) if !answer.status.is_unknown() => None,
            Some(answer) => Some(crate::view::state_word(words, answer.status, self.chart.now)),
            None if self.asked == Asked::Never => Some(words.get(Key::StateNotAsked)),
            None => Some(words.get(Key::StateAsking)),
        };
        all.filter_map(|own| Some((own.facility.clone(), why(own)?))).collect()
    }
    /// As [`PatientPage::unknown_line`], for narrow places: names of up to two, else how many; the sentence above names all.
    pub(super) fn unknown_short(&self, words: &Words) -> Markup {
        let n = self.unknown(words).len();
        html! {
            @if n <= 2 { (self.unknown_line(words)) }
            @else { p.unknown { (words.with(Key::UnknownCount, &[("n", n.into())])) } }
        }
    }
    /// One line that names who is silent; nothing if all have answered.
    pub(super) fn unknown_line(&self, words: &Words) -> Markup {
        let unknown = self.unknown(words);
        let names: Vec<String> =
            unknown.iter().take(4).map(|(facility, why)| format!("{} ({why})", facility.name)).collect();
        let (n, names) = (unknown.len(), names.join("・"));
        html! {
            @if self.chart.holders.is_none() {
                p.unknown { (words.get(Key::UnknownIndex)) }
            } @else if n > 4 {
                p.unknown { (words.with(Key::UnknownMany, &[("n", n.into()), ("names", names.as_str().into())])) }
            } @else if n > 0 {
                p.unknown { (words.with(Key::UnknownOf, &[("names", names.as_str().into())])) }
            }
            @if self.unread > 0 { p.unknown { (words.with(Key::UnreadSome, &[("n", self.unread.into())])) } }
        }
    }
    /// Holders that are no candidates only because nobody has confirmed their index yet.
    fn unconfirmed(&self, words: &Words) -> Option<String> {
        let all = &self.chart.unconfirmed;
        let names = all.iter().take(4).cloned().collect::<Vec<_>>().join("・");
        let args = [("n", all.len().into()), ("names", names.as_str().into())];
        (!all.is_empty()).then(|| words.with(Key::UnknownSince, &args))
    }
    /// Every holder and how it stands, in the order of their places.
    fn strip(&self, words: &Words) -> Markup {
        let (class, shape, word) = match self.asked {
            Asked::Never => ("s-offline", "notasked", Key::StateNotAsked),
            Asked::Now | Asked::At(_) => ("s-busy", "asking", Key::StateAsking),
        };
        html! {
            p.strip-head { b { (words.get(Key::StripTitle)) " " span.num { (self.holders().len()) } } " " span.sub { (self.waiting(words)) } }
            @for (slot, holder) in self.holders().iter().enumerate().take(SLOTS_MAX) {
                p class=(format!("cell c-{slot} ask-{slot}")) {
                    (seal(holder.facility.class, false))
                    span.cell-name title=(holder.network) { (holder.facility.name) }
                    span class=(format!("pill {class}")) { (icon(shape)) (words.get(word)) }
                }
            }
            div.sum { p { (self.waiting(words)) } }
        }
    }
    fn cell(&self, words: &Words, slot: usize, answer: &HolderAnswer) -> Markup {
        let now = self.chart.now;
        html! {
            p class=(format!("cell answer c-{slot} got-{slot}")) title=(tell(words, answer.status, now).replace('`', "")) {
                (seal(answer.holder.facility.class, false))
                span.cell-name { (answer.holder.facility.name) }
                (pill(words, answer.status, now))
                @if answer.is_cut { span.meta { (words.get(Key::CutNote)) } }
            }
        }
    }
    /// The form that asks the others; folded to one line once they were asked.
    fn ask(&self, frame: &Frame<'_>) -> Markup {
        let words = frame.words;
        if self.holders().is_empty() {
            return html! {};
        }
        let action = format!("/patients/{}/ask", self.chart.person.patient.0);
        match self.asked {
            Asked::Never => html! {
                section.notice.s-offline.ask-box {
                    (icon("notasked"))
                    h2 { (words.get(Key::AskTitle)) }
                    p { (words.with(Key::AskLead, &[("n", self.holders().len().into())])) }
                    form.find-row method="post" action=(action) {
                        (frame.token())
                        label for="ground" { (words.get(Key::AskGround)) span.must { (words.get(Key::AskRequired)) } }
                        input #ground name="ground" maxlength="80" autocomplete="off" value=(self.ground) required
                            aria-invalid=[self.ground_fault.then_some("true")];
                        button.btn.btn-primary type="submit" { (words.get(Key::AskButton)) }
                    }
                    @if self.ground_fault { p.fault { (icon("alert")) (words.get(Key::AskGroundFault)) } }
                }
            },
            Asked::Now => html! {},
            Asked::At(at) => html! {
                form.again method="post" action=(action) {
                    (frame.token())
                    input type="hidden" name="ground" value=(self.ground);
                    span.meta { (words.with(Key::AskedAt, &[("when", moment(at, self.chart.now).into())])) }
                    button.linklike type="submit" { (words.get(Key::AskAgain)) }
                }
            },
        }
    }
    fn waiting(&self, words: &Words) -> String {
        let n = self.holders().len();
        match self.asked {
            _ if self.chart.holders.is_none() => words.get(Key::AskFailed),
            _ if n == 0 => self.unconfirmed(words).unwrap_or_else(|| words.get(Key::SummaryAlone)),
            Asked::Never => words.with(Key::SummaryNotAsked, &[("n", n.into())]),
            Asked::Now | Asked::At(_) => words.with(Key::SummaryAsking, &[("n", n.into())]),
        }
    }
    /// Who answered; who did not is named, since what they hold is unknown.
    fn summary(&self, words: &Words, has_failed: bool) -> Markup {
        if has_failed {
            return html! { span.t-danger { (icon("alert")) (words.get(Key::AskFailed)) } };
        }
        let extra = self.answers.iter().filter(|answer| !self.holders().contains(&answer.holder)).count();
        let total = self.holders().len() + extra;
        let unknown = self.unknown(words);
        if total == 0 {
            return html! { (words.get(Key::SummaryAlone)) };
        }
        if unknown.is_empty() {
            return html! { span.t-data { (icon("data")) (words.with(Key::SummaryAll, &[("n", total.into())])) } };
        }
        let names: Vec<String> = unknown.iter().map(|(facility, why)| format!("{} ({why})", facility.name)).collect();
        let names = names.join("・");
        let values = [("n", total.into()), ("m", unknown.len().into()), ("names", names.as_str().into())];
        html! { span.t-offline { (icon("offline")) (rich(&words.with(Key::SummaryPart, &values))) } }
    }
}

/// For paper: who printed, and when.
pub(super) fn print_note(words: &Words, frame: &Frame<'_>, now: Millis) -> Markup {
    let when = format!("{} {}", now.date_jst(), moment(now, now));
    html! { p.print-only { (words.with(Key::PrintNote, &[("node", frame.node.into()), ("when", when.into())])) } }
}
