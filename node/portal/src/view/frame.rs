use super::dates::stamp;
use super::icon::{icon, sprite};
use super::signed::Signed;
use crate::i18n::{Key, Words};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use protocol::time::Millis;
use service::staff::Right;

/// The screens of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nav {
    /// 今日
    Today,
    /// 患者
    Patients,
    /// 同意
    Consents,
    /// 名寄せ
    Matching,
    /// 緊急閲覧
    Emergency,
    /// ネットワーク
    Network,
    /// 職員
    Staff,
    /// 運用
    Admin,
    /// None of them.
    Other,
}

/// What stands around every page.
pub struct Frame<'a> {
    /// The words.
    pub words: &'a Words,
    /// Where the style sheet lies.
    pub style: &'a str,
    /// Where the script lies that makes pages handier; all work without it.
    pub script: &'a str,
    /// Where the page's icon lies.
    pub favicon: &'a str,
    /// The node's name.
    pub node: &'a str,
    /// Made-up people.
    pub demo: bool,
    /// Disasters that stand: the network's name, and until when.
    pub disasters: Vec<(String, Millis)>,
    /// Who is signed in.
    pub signed: Option<Signed<'a>>,
    /// Against forged forms.
    pub token: &'a str,
    /// Path and query of this page, for the switch of language; none: the page is the answer to a form.
    pub here: Option<String>,
}

impl Frame<'_> {
    /// A whole page.
    pub fn page(&self, title: &str, nav: Nav, body: &Markup) -> Markup {
        html! {
            (self.open(title, nav, None))
            (body)
            (self.close())
        }
    }
    /// A page without menu, search and node: for who is not inside, and for a patient who holds the tablet.
    pub fn bare(&self, title: &str, body: &Markup) -> Markup {
        html! {
            (self.head(title))
            header.topbar {
                span.wordmark { "結び" }
                @if self.here.is_some() { div.who.push { (self.switch(None)) } }
            }
            (body)
            (self.close())
        }
    }
    /// A page's beginning up to where its content goes. `search` fills the search box of a page that answers a form.
    pub fn open(&self, title: &str, nav: Nav, search: Option<&str>) -> Markup {
        let words = self.words;
        html! {
            (self.head(title))
            a.skip href="#main" { (words.get(Key::SkipToMain)) }
            @if self.demo {
                p.demo-strip { (icon("info")) span { b { (words.get(Key::DemoTitle)) } "　" (words.get(Key::DemoText)) } }
            }
            (self.topbar(nav, search))
            (self.disaster())
        }
    }
    /// On every page while a disaster stands: what it changes, and until when.
    fn disaster(&self) -> Markup {
        let words = self.words;
        html! {
            @for (network, until) in self.disasters.iter().filter(|_| self.signed.is_some()) {
                section.disaster aria-label=(words.get(Key::DisasterTitle)) {
                    (icon("alert"))
                    p {
                        b { (words.get(Key::DisasterTitle)) } "　" (network) "　"
                        (words.with(Key::DisasterUntil, &[("when", stamp(*until).into())]))
                        " " span { (words.get(Key::DisasterBanner)) }
                    }
                    a href="/network/disasters" { (words.get(Key::DisasterMore)) }
                }
            }
        }
    }
    fn head(&self, title: &str) -> Markup {
        let words = self.words;
        let lang = words.lang().tag();
        html! {
            (DOCTYPE)
            (PreEscaped(format!("<html lang=\"{lang}\">")))
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (title) " — " (words.get(Key::Product)) @if self.demo { " (" (words.get(Key::DemoTitle)) ")" } }
                link rel="stylesheet" href=(self.style);
                script src=(self.script) defer {}
                link rel="icon" type="image/svg+xml" href=(self.favicon);
            }
            (PreEscaped("<body>"))
            (sprite())
        }
    }
    /// A page's end.
    pub fn close(&self) -> Markup {
        PreEscaped("</body></html>".into())
    }
    fn topbar(&self, nav: Nav, search: Option<&str>) -> Markup {
        let words = self.words;
        let current = |own: Nav| (own == nav).then_some("page");
        html! {
            header.topbar {
                a.wordmark href="/" { "結び" small { (self.node) } }
                nav.nav aria-label=(words.get(Key::NavLabel)) {
                    a href="/" aria-current=[current(Nav::Today)] { (words.get(Key::NavToday)) }
                    @if self.finds() {
                        a href="/patients" aria-current=[current(Nav::Patients)] { (words.get(Key::NavPatients)) }
                    }
                    @if self.may(Right::RecordConsent) {
                        a href="/consents" aria-current=[current(Nav::Consents)] { (words.get(Key::ConsentTitle)) }
                    }
                    @if self.may(Right::ReviewMatches) {
                        a href="/matching" aria-current=[current(Nav::Matching)] { (words.get(Key::NavMatching)) }
                    }
                    @if self.may(Right::BreakGlass) {
                        a href="/emergency" aria-current=[current(Nav::Emergency)] { (words.get(Key::NavEmergency)) }
                    } @else if self.may(Right::ReviewEmergency) {
                        a href="/emergency/review" aria-current=[current(Nav::Emergency)] { (words.get(Key::NavEmergency)) }
                    }
                    @if self.may(Right::SeeNetwork) {
                        a href="/network" aria-current=[current(Nav::Network)] { (words.get(Key::NetworkTitle)) }
                    }
                    @if self.may(Right::ManageStaff) {
                        a href="/admin/staff" aria-current=[current(Nav::Staff)] { (words.get(Key::NavStaff)) }
                    }
                    @if self.may(Right::RunNode) {
                        a href="/admin/doctor" aria-current=[current(Nav::Admin)] { (words.get(Key::AdminTitle)) }
                    } @else if self.may(Right::ReadLog) {
                        a href="/admin/log" aria-current=[current(Nav::Admin)] { (words.get(Key::LogTitle)) }
                    }
                }
                @if self.finds() {
                    form.search role="search" method="post" action="/patients" {
                        (self.token())
                        (icon("search"))
                        label.away for="q-top" { (words.get(Key::SearchLabel)) }
                        input #q-top name="q" type="search" maxlength="200" autocomplete="off" value=[search]
                            placeholder=(words.get(Key::SearchHint));
                        button.away type="submit" { (words.get(Key::SearchButton)) }
                    }
                }
                div.who {
                    (self.switch(search))
                    (self.signed_box())
                }
            }
        }
    }
    /// The switch of language keeps the page; on an answer to a form it sends the form again.
    fn switch(&self, search: Option<&str>) -> Markup {
        let other = self.words.lang().other();
        match &self.here {
            Some(here) => {
                let mark = if here.contains('?') { '&' } else { '?' };
                html! { a.lang href=(format!("{here}{mark}lang={}", other.tag())) lang=(other.tag()) { (other.own_name()) } }
            }
            None => html! {
                form method="post" action="/patients" {
                    (self.token())
                    input type="hidden" name="q" value=(search.unwrap_or_default());
                    input type="hidden" name="lang" value=(other.tag());
                    button.linklike type="submit" lang=(other.tag()) { (other.own_name()) }
                }
            },
        }
    }
    /// The hidden field that every form carries.
    pub fn token(&self) -> Markup {
        html! { input type="hidden" name="token" value=(self.token); }
    }
}
