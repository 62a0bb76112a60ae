use super::list::{Sourced, list};
use super::rows::{Before, Rows, slot_of};
use crate::desk::{Chart, Holder, HolderAnswer, ItemRow};
use crate::i18n::{Key, Words};
use crate::limits::{ARRIVALS_MAX, ITEMS_SHOWN_MAX, MERGED_SHOWN_MAX, SLOTS_MAX};
use crate::view::{Frame, Nav, Window, Zoom, axis, banner, icon, legend, moment};
use maud::{Markup, PreEscaped, html};
use protocol::time::Millis;

/// How the list below the rows is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// One list for every holder, added as it answers: nothing that stands moves.
    #[default]
    Holder,
    /// One list by date, once all have answered.
    Date,
}

impl Order {
    /// Its word in URLs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Holder => "holder",
            Self::Date => "date",
        }
    }
    /// Reads what [`Order::word`] writes.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Holder, Self::Date].into_iter().find(|order| order.word() == word)
    }
}

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

/// One person, all holders. The page is made in pieces, in the order in which they are known: [`Timeline::open`] at once,
/// [`Timeline::answer`] as holders answer, [`Timeline::close`] at the end.
pub struct Timeline {
    /// Who, own records, and who else.
    pub chart: Chart,
    /// Which days.
    pub window: Window,
    /// How the list is ordered.
    pub order: Order,
    /// Whether others were asked.
    pub asked: Asked,
    /// The ground that was given last, for asking again; or the demo's.
    pub ground: String,
    /// The last form was sent without a ground.
    pub ground_fault: bool,
    answers: Vec<HolderAnswer>,
    arrived: usize,
}

impl Timeline {
    /// A page of which nothing was sent yet.
    pub fn new(chart: Chart, window: Window, order: Order, asked: Asked) -> Self {
        Self {
            chart,
            window,
            order,
            asked,
            ground: String::new(),
            ground_fault: false,
            answers: Vec::new(),
            arrived: 0,
        }
    }
    /// Everything that is known without asking anybody.
    pub fn open(&self, frame: &Frame<'_>) -> Markup {
        let words = frame.words;
        let rows = self.rows(words);
        let before = if self.asked == Asked::Never { Before::NotAsked } else { Before::Asking };
        let own = self.chart.own.iter().map(|item| self.own_item(item)).collect();
        html! {
            (frame.open(&words.get(Key::TimelineTitle), Nav::Patients, None))
            (banner(words, &self.chart.person, Some(self.chart.allergies.as_deref()), self.chart.now))
            (PreEscaped(r#"<main class="page" id="main">"#))
            h1.away { (words.get(Key::TimelineTitle)) }
            (self.ask(frame))
            (PreEscaped(r#"<div class="tl" aria-live="polite">"#))
            (self.toolbar(words))
            div.row.head { p.row-name { (words.get(Key::AxisLabel)) } p.state {} div.lane { (axis(words, &self.window)) } p.count {} }
            (rows.own())
            @for (slot, holder) in self.holders().iter().enumerate().take(SLOTS_MAX) {
                (rows.before(slot, holder, before))
            }
            div.sum.card-foot { p { (self.waiting(words)) } }
            div.under { (legend(words)) }
            @match self.order {
                Order::Holder => section.list.list-own id="list-own" {
                    div.card-head { h2 { (words.get(Key::ListOwn)) } (self.period(words)) }
                    (list(words, &self.window, own, ITEMS_SHOWN_MAX))
                },
                Order::Date => @if self.asked == Asked::Now {
                    section.list.list-own { p.empty { (words.get(Key::ListWaiting)) } }
                },
            }
        }
    }
    /// One holder's row, and its list below.
    pub fn answer(&mut self, frame: &Frame<'_>, answer: HolderAnswer) -> Markup {
        let words = frame.words;
        let slot = slot_of(self.holders(), &answer.holder, self.arrived);
        let arrived = self.arrived.min(ARRIVALS_MAX - 1);
        self.arrived += 1;
        let id = if self.order == Order::Date { "list-all".to_owned() } else { format!("list-{arrived}") };
        let rows = self.rows(words);
        let items: Vec<Sourced<'_>> = answer
            .items
            .iter()
            .map(|item| Sourced { item, facility: &answer.holder.facility, network: Some(&answer.holder.network) })
            .collect();
        let markup = html! {
            (rows.answer(slot, &id, &answer))
            @if self.order == Order::Holder && !items.is_empty() {
                section class=(format!("list l-{arrived}")) id=(id) {
                    div.card-head { h2 { (words.with(Key::ListOf, &[("name", answer.holder.facility.name.as_str().into())])) } (self.period(words)) }
                    (list(words, &self.window, items, ITEMS_SHOWN_MAX))
                }
            }
        };
        let same = |own: &HolderAnswer| own.holder != answer.holder;
        self.answers.retain(same);
        self.answers.push(answer);
        markup
    }
    /// What can be said once all have answered, or nobody could be asked.
    pub fn close(&self, frame: &Frame<'_>, has_failed: bool) -> Markup {
        let words = frame.words;
        html! {
            @if self.asked != Asked::Never || has_failed {
                div.sum.card-foot.done { p { (self.summary(words, has_failed)) } }
            }
            @if self.order == Order::Date {
                section.list.list-all id="list-all" {
                    div.card-head { h2 { (words.get(Key::ListMerged)) } (self.period(words)) }
                    (list(words, &self.window, self.merged(), MERGED_SHOWN_MAX))
                }
            }
            (PreEscaped("</div>"))
            p.print-only { (words.with(Key::PrintNote, &[("node", frame.node.into()), ("when", print_time(self.chart.now).into())])) }
            (PreEscaped("</main>"))
            (frame.close())
        }
    }
    /// What came, so that the next page need not ask again.
    pub fn answers(&self) -> Vec<HolderAnswer> {
        self.answers.clone()
    }
    fn holders(&self) -> &[Holder] {
        self.chart.holders.as_deref().unwrap_or_default()
    }
    fn rows<'a>(&'a self, words: &'a Words) -> Rows<'a> {
        Rows { words, chart: &self.chart, window: &self.window }
    }
    fn own_item<'a>(&'a self, item: &'a ItemRow) -> Sourced<'a> {
        Sourced { item, facility: &self.chart.person.facility, network: None }
    }
    fn merged(&self) -> Vec<Sourced<'_>> {
        let mut items: Vec<Sourced<'_>> = self.chart.own.iter().map(|item| self.own_item(item)).collect();
        for answer in &self.answers {
            let network = Some(answer.holder.network.as_str());
            items.extend(answer.items.iter().map(|item| Sourced { item, facility: &answer.holder.facility, network }));
        }
        items
    }
    fn period(&self, words: &Words) -> Markup {
        let ends = [("from", self.window.from.to_string().into()), ("to", self.window.to.to_string().into())];
        html! { span.more.meta { (words.with(Key::ListPeriod, &ends)) } }
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
    fn toolbar(&self, words: &Words) -> Markup {
        let link = |zoom: Zoom, to: Option<String>, order: Order| {
            let to = to.map(|to| format!("&to={to}")).unwrap_or_default();
            format!("timeline?zoom={}&order={}{to}", zoom.word(), order.word())
        };
        let zooms = [
            (Zoom::Day, Key::ZoomDay),
            (Zoom::Week, Key::ZoomWeek),
            (Zoom::Month, Key::ZoomMonth),
            (Zoom::Year, Key::ZoomYear),
        ];
        let orders = [(Order::Holder, Key::OrderHolder), (Order::Date, Key::OrderDate)];
        let current = |is: bool| is.then_some("true");
        let end = Some(self.window.to.number().to_string());
        let step =
            |on| self.window.step(on).map(|to| link(self.window.zoom, Some(to.number().to_string()), self.order));
        html! {
            div.toolbar {
                div.segment role="group" aria-label=(words.get(Key::ZoomLabel)) {
                    @for (zoom, key) in zooms {
                        a href=(link(zoom, None, self.order)) aria-current=[current(zoom == self.window.zoom)] { (words.get(key)) }
                    }
                }
                p.step {
                    @if let Some(href) = step(false) { a href=(href) aria-label=(words.get(Key::StepBack)) { (icon("prev")) } }
                    span.num { (self.window.from) " 〜 " (self.window.to) }
                    @if let Some(href) = step(true) { a href=(href) aria-label=(words.get(Key::StepOn)) { (icon("next")) } }
                }
                div.segment.push role="group" aria-label=(words.get(Key::OrderLabel)) {
                    @for (order, key) in orders {
                        a href=(link(self.window.zoom, end.clone(), order)) aria-current=[current(order == self.order)] { (words.get(key)) }
                    }
                }
            }
        }
    }
    fn waiting(&self, words: &Words) -> String {
        let n = self.holders().len();
        match self.asked {
            _ if self.chart.holders.is_none() => words.get(Key::AskFailed),
            _ if n == 0 => words.get(Key::SummaryAlone),
            Asked::Never => words.with(Key::SummaryNotAsked, &[("n", n.into())]),
            Asked::Now | Asked::At(_) => words.with(Key::SummaryAsking, &[("n", n.into())]),
        }
    }
    /// Who answered; who did not is named, since what they hold is unknown.
    fn summary(&self, words: &Words, has_failed: bool) -> Markup {
        if has_failed {
            return html! { span.t-danger { (icon("alert")) (words.get(Key::AskFailed)) } };
        }
        let same = |answer: &HolderAnswer, own: &Holder| {
            answer.holder.facility.id == own.facility.id && answer.holder.network == own.network
        };
        let settled = |own: &Holder| self.answers.iter().any(|answer| same(answer, own) && !answer.status.is_unknown());
        let foreseen = |answer: &HolderAnswer| self.holders().iter().any(|own| same(answer, own));
        let extra: Vec<&Holder> =
            self.answers.iter().filter(|answer| !foreseen(answer)).map(|answer| &answer.holder).collect();
        let all: Vec<&Holder> = self.holders().iter().chain(extra).collect();
        let total = all.len();
        let unknown: Vec<&str> =
            all.into_iter().filter(|own| !settled(own)).map(|own| own.facility.name.as_str()).collect();
        if total == 0 {
            return html! { (words.get(Key::SummaryAlone)) };
        }
        if unknown.is_empty() {
            return html! { span.t-data { (icon("data")) (words.with(Key::SummaryAll, &[("n", total.into())])) } };
        }
        let names = unknown.join("・");
        let values = [("n", total.into()), ("m", unknown.len().into()), ("names", names.as_str().into())];
        html! { span.t-offline { (icon("offline")) (words.with(Key::SummaryPart, &values)) } }
    }
}

/// A moment for paper: date and time.
fn print_time(now: Millis) -> String {
    format!("{} {}", now.date_jst(), moment(now, now))
}
