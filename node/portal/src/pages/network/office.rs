use super::clauses;
use crate::desk::Places;
use crate::forms::Fields;
use crate::i18n::{Key, Words};
use crate::view::{Frame, Nav, class_word, icon, kind_list, kind_word, moment, purpose_word, role_word};
use maud::{Markup, html};
use protocol::ids::{FacilityId, NetworkId};
use protocol::kinds::{Coarse, FacilityClass, Purpose, Role};
use protocol::state::{JoinBody, Object, Target};
use protocol::time::Millis;
use service::Service;
use service::accords::AccordView;
use service::onboarding::PendingJoin;
use service::signing::{Signing, Tally};

/// Which page of the office.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfficePage {
    /// What waits.
    Waiting,
    /// Inviting.
    Invite,
    /// Joining another network.
    Join,
    /// Files in and out.
    Files,
    /// Proposing an accord.
    Accord,
    /// Taking back.
    Revoke,
    /// Founding a network.
    Found,
}

impl OfficePage {
    const ALL: [Self; 7] =
        [Self::Waiting, Self::Invite, Self::Join, Self::Files, Self::Accord, Self::Revoke, Self::Found];
    /// Its address.
    pub fn path(self) -> &'static str {
        match self {
            Self::Waiting => "/founders",
            Self::Invite => "/founders/invite",
            Self::Join => "/founders/join",
            Self::Files => "/founders/files",
            Self::Accord => "/founders/accord",
            Self::Revoke => "/founders/revoke",
            Self::Found => "/founders/found",
        }
    }
    fn key(self) -> Key {
        match self {
            Self::Waiting => Key::OfficeWaiting,
            Self::Invite => Key::InviteTitle,
            Self::Join => Key::JoinTitle,
            Self::Files => Key::FilesTitle,
            Self::Accord => Key::AccordPropose,
            Self::Revoke => Key::RevokeTitle,
            Self::Found => Key::FoundNetwork,
        }
    }
}

/// What became of a form: a sentence, and the node's own words where it refused.
pub struct Said {
    /// Whether it was done.
    pub is_done: bool,
    /// In a sentence.
    pub key: Key,
    /// In the node's words, in English.
    pub detail: String,
}

/// What the pages of the office are made of.
pub struct OfficeView {
    /// When.
    pub now: Millis,
    /// Names.
    pub places: Places,
    /// Own networks.
    pub own: Vec<(NetworkId, String)>,
    /// Requests to join.
    pub joins: Vec<PendingJoin>,
    /// What waits for signatures.
    pub proposals: Vec<Signing>,
    /// Accords.
    pub accords: Vec<AccordView>,
    /// Own facilities that are no member of an own network yet.
    pub outside: Vec<(NetworkId, FacilityId)>,
}

/// One page of the office. `typed`: what stands in its form.
pub fn office(
    frame: &Frame<'_>,
    view: &OfficeView,
    page: OfficePage,
    (typed, said): (&Fields, Option<&Said>),
) -> Markup {
    let words = frame.words;
    let title = words.get(Key::OfficeTitle);
    let body = html! {
        main.page #main {
            div.page-head { div { h1 { (title) } p.lead { (words.with(Key::OfficeLead, &[("joins", view.joins.len().into()), ("signs", view.proposals.len().into())])) } } }
            nav.subnav aria-label=(title) { @for one in OfficePage::ALL {
                a href=(one.path()) aria-current=[(one == page).then_some("page")] { (words.get(one.key())) }
            } }
            @if let Some(said) = said { (told(words, said)) }
            @match page {
                OfficePage::Waiting => (waiting(frame, view)),
                OfficePage::Invite => (invite(frame, view, typed)),
                OfficePage::Join => (join(frame, view, typed)),
                OfficePage::Files => (files(frame, view, typed)),
                OfficePage::Accord => (accord(frame, view, typed)),
                OfficePage::Revoke => (revoke(frame, view, typed)),
                OfficePage::Found => (found(frame, typed)),
            }
        }
    };
    frame.page(&words.get(page.key()), Nav::Network, &body)
}

fn told(words: &Words, said: &Said) -> Markup {
    let (class, shape) = if said.is_done { ("s-data", "check") } else { ("s-danger", "alert") };
    html! {
        div class=(format!("notice {class}")) role=(if said.is_done { "status" } else { "alert" }) tabindex="-1" autofocus {
            (icon(shape)) p { b { (words.get(said.key)) } }
            @if !said.detail.is_empty() { p.sub lang="en" { (said.detail) } }
        }
        div.after {}
    }
}

fn waiting(frame: &Frame<'_>, view: &OfficeView) -> Markup {
    let words = frame.words;
    html! {
        section.card {
            div.card-head { h2 { (words.with(Key::JoinsWaiting, &[("n", view.joins.len().into())])) } }
            @if view.joins.is_empty() { p.empty { (words.get(Key::JoinsZero)) } }
            @for join in &view.joins { (join_card(frame, view, join)) }
        }
        section.card.after {
            div.card-head { h2 { (words.with(Key::SignsWaiting, &[("n", view.proposals.len().into())])) } }
            @if view.proposals.is_empty() { p.empty { (words.get(Key::SignsZero)) } }
            @for signing in &view.proposals { (proposal(frame, view, signing)) }
        }
        @for (network, own) in &view.outside {
            section.card.pad.after {
                h2 { (words.with(Key::OwnOutside, &[("facility", view.places.facility(own).name.into()), ("network", view.places.network(network).into())])) }
                form.fields method="post" action="/founders/own" {
                    (frame.token())
                    input type="hidden" name="network" value=(network);
                    input type="hidden" name="facility" value=(own);
                    (share(words, &format!("share-{own}-{network}")))
                    p.actions { button.btn type="submit" { (words.get(Key::OwnAdmit)) } }
                }
            }
        }
    }
}

fn join_card(frame: &Frame<'_>, view: &OfficeView, join: &PendingJoin) -> Markup {
    let words = frame.words;
    let id = join.request.invite.to_string();
    let Ok(body) = JoinBody::decode(&join.request.body) else {
        return html! { p.unknown { (words.get(Key::JoinUnreadable)) } };
    };
    html! {
        article.pad {
            h3 lang="ja" { (body.name) }
            dl.kv {
                div { dt { (words.get(Key::ColFacility)) } dd { code { (body.facility) } " " (class_word(words, body.class)) } }
                div { dt { (words.get(Key::NetworkTitle)) } dd { (view.places.network(&join.network)) } }
                div { dt { (words.get(Key::AskWhat)) } dd { (kind_list(words, body.kinds)) } }
                div { dt { (words.get(Key::AskedWhen)) } dd.num { (moment(body.at, view.now)) } }
                div { dt { (words.get(Key::CharterCheck)) } dd { code { (Service::check_phrase(join.network)) } } }
                @if let Some(signing) = &join.signing { div { dt { (words.get(Key::SignedBy)) } dd { (tallies(words, &signing.tallies)) } } }
            }
            p.sub { (words.get(Key::JoinCheck)) }
            form.fields method="post" action=(format!("/founders/admit/{id}")) {
                (frame.token())
                (share(words, &format!("share-{id}")))
                p.actions { button.btn.btn-primary type="submit" { (words.get(Key::JoinAdmit)) } }
            }
            form method="post" action=(format!("/founders/refuse/{id}")) {
                (frame.token())
                p.actions { button.btn type="submit" { (words.get(Key::JoinRefuse)) } }
            }
        }
    }
}

fn tallies(words: &Words, tallies: &[Tally]) -> Markup {
    html! { @for tally in tallies {
        (words.with(Key::Signatures, &[("name", tally.name.as_str().into()), ("n", tally.signed_by.len().into()), ("need", tally.need.into())]))
        @if !tally.signed_by.is_empty() { " (" span lang="ja" { (tally.signed_by.join("・")) } ")" } " "
    } }
}

fn proposal(frame: &Frame<'_>, view: &OfficeView, signing: &Signing) -> Markup {
    let words = frame.words;
    html! {
        article.pad {
            h3 { (what(words, view, signing)) }
            @if let Object::Accord(accord) = &signing.object {
                ul.bullets { @for clause in &accord.clauses { li { (clauses::sentence(words, &view.places, clause)) } } }
            }
            p.sub { (tallies(words, &signing.tallies)) }
            form.fields method="post" action=(format!("/founders/sign/{}", signing.hash)) {
                (frame.token())
                (share(words, &format!("share-{}", signing.hash)))
                p.actions {
                    button.btn.btn-primary type="submit" { (words.get(Key::SignButton)) }
                    a.btn href=(format!("/founders/export/{}", signing.hash)) { (words.get(Key::ExportButton)) }
                }
            }
        }
    }
}

/// What an object does, in a sentence.
fn what(words: &Words, view: &OfficeView, signing: &Signing) -> String {
    match &signing.object {
        Object::Membership(one) => words.with(
            Key::WhatMembership,
            &[("facility", one.name.as_str().into()), ("network", view.places.network(&one.network).into())],
        ),
        Object::Accord(one) => words.with(
            Key::AccordOf,
            &[("a", view.places.network(&one.a).into()), ("b", view.places.network(&one.b).into())],
        ),
        Object::Revocation(one) => {
            let target = match &one.target {
                Target::Membership(id) => view.places.facility(id).name,
                Target::Node(node) => node.to_string().chars().take(16).collect(),
                Target::Accord(id) => id.to_string().chars().take(16).collect(),
            };
            words.with(
                Key::WhatRevocation,
                &[
                    ("target", target.into()),
                    ("network", view.places.network(&one.network).into()),
                    ("reason", one.reason.as_str().into()),
                ],
            )
        }
        Object::Charter(one) => words.with(Key::CharterOf, &[("name", one.name.as_str().into())]),
        Object::EvaluatorCall(one) => {
            let names: Vec<String> = one.evaluators.iter().map(|e| view.places.facility(&e.facility).name).collect();
            words.with(
                Key::WhatEvaluators,
                &[
                    ("network", view.places.network(&one.network).into()),
                    ("threshold", one.threshold.into()),
                    ("names", names.join(" · ").into()),
                ],
            )
        }
        _ => format!("{:?}", signing.kind),
    }
}

/// A founder's share. It is read for this one signature and kept nowhere.
fn share(words: &Words, id: &str) -> Markup {
    html! {
        p { label for=(id) { (words.get(Key::ShareLabel)) } br; span.sub id=(format!("{id}-hint")) { (words.get(Key::ShareHint)) } }
        p.find-row { textarea id=(id) name="share" rows="3" autocomplete="off" spellcheck="false" aria-describedby=(format!("{id}-hint")) {} }
    }
}

fn network_choice(words: &Words, view: &OfficeView, typed: &Fields) -> Markup {
    html! {
        p { label for="f-network" { (words.get(Key::NetworkTitle)) } }
        p.find-row { select #f-network name="network" {
            @for (id, name) in &view.own { @let id = id.to_string(); option value=(id) selected[typed.text("network") == id] { (name) } }
        } }
    }
}

fn text_field(words: &Words, (name, value): (&str, &str), (label, hint): (Key, Option<Key>)) -> Markup {
    let id = format!("f-{name}");
    let hint_id = format!("{id}-hint");
    html! {
        p { label for=(id) { (words.get(label)) } @if let Some(hint) = hint { br; span.sub id=(hint_id) { (words.get(hint)) } } }
        p.find-row { input id=(id) name=(name) type="text" value=(value) maxlength="400" autocomplete="off" spellcheck="false" aria-describedby=[hint.map(|_| hint_id)]; }
    }
}

fn area(words: &Words, (name, value): (&str, &str), (label, hint): (Key, Key)) -> Markup {
    let id = format!("f-{name}");
    html! {
        p { label for=(id) { (words.get(label)) } br; span.sub id=(format!("{id}-hint")) { (words.get(hint)) } }
        p.find-row { textarea id=(id) name=(name) rows="5" autocomplete="off" spellcheck="false" aria-describedby=(format!("{id}-hint")) { (value) } }
    }
}

fn form(frame: &Frame<'_>, page: OfficePage, button: Key, lead: Key, fields: &Markup) -> Markup {
    let words = frame.words;
    html! {
        section.card.pad {
            h2 { (words.get(page.key())) }
            p.sub { (words.get(lead)) }
            form.fields method="post" action=(page.path()) {
                (frame.token())
                (fields)
                p.actions { button.btn.btn-primary type="submit" { (words.get(button)) } }
            }
        }
    }
}

fn invite(frame: &Frame<'_>, view: &OfficeView, typed: &Fields) -> Markup {
    let words = frame.words;
    if view.own.is_empty() {
        return html! { section.card { p.empty { (words.get(Key::NetworkAlone)) } } };
    }
    let fields = html! {
        (network_choice(words, view, typed))
        (text_field(words, ("facility", typed.text("facility")), (Key::InviteFacility, Some(Key::InviteFacilityHint))))
    };
    form(frame, OfficePage::Invite, Key::InviteButton, Key::InviteLead, &fields)
}

fn join(frame: &Frame<'_>, view: &OfficeView, typed: &Fields) -> Markup {
    let words = frame.words;
    let fields = area(words, ("invite", typed.text("invite")), (Key::JoinText, Key::JoinTextHint));
    html! {
        (form(frame, OfficePage::Join, Key::JoinButton, Key::JoinLead, &fields))
        section.card.pad.after {
            h2 { (words.get(Key::JoinFileTitle)) }
            p.sub { (words.get(Key::JoinFileLead)) }
            form.fields method="post" action="/founders/join-file" {
                (frame.token())
                p { label for="f-own" { (words.get(Key::ColFacility)) } }
                p.find-row { select #f-own name="facility" { @for own in &view.places.own { option value=(own.id) { (own.name) } } } }
                (area(words, ("charter", typed.text("charter")), (Key::CharterText, Key::CharterTextHint)))
                p.actions { button.btn type="submit" { (words.get(Key::JoinFileButton)) } }
            }
        }
    }
}

fn files(frame: &Frame<'_>, view: &OfficeView, typed: &Fields) -> Markup {
    let words = frame.words;
    html! {
        section.card.pad {
            h2 { (words.get(Key::ImportFile)) }
            p.sub { (words.get(Key::ImportFileLead)) }
            form.fields method="post" action="/founders/import" {
                (frame.token())
                (area(words, ("file", typed.text("file")), (Key::ImportFileText, Key::ImportFileHint)))
                (share(words, "share-import"))
                p.actions { button.btn.btn-primary type="submit" { (words.get(Key::ImportFileButton)) } }
            }
        }
        section.card.after {
            div.card-head { h2 { (words.get(Key::ExportTitle)) } }
            ul.plain {
                @for (id, name) in &view.own { li { span { (words.with(Key::CharterOf, &[("name", name.as_str().into())])) } a.push href=(format!("/founders/charter/{id}")) { (words.get(Key::ExportButton)) } } }
                @for accord in &view.accords { li { span { (words.with(Key::AccordOf, &[("a", accord.names.0.as_str().into()), ("b", accord.names.1.as_str().into())])) } a.push href=(format!("/founders/export/{}", accord.hash)) { (words.get(Key::ExportButton)) } } }
            }
        }
    }
}

fn accord(frame: &Frame<'_>, view: &OfficeView, typed: &Fields) -> Markup {
    let words = frame.words;
    if view.own.is_empty() {
        return html! { section.card { p.empty { (words.get(Key::NetworkAlone)) } } };
    }
    let is_fresh = typed.all("kind").next().is_none();
    let on =
        |name: &str, value: &str, usual: bool| if is_fresh { usual } else { typed.all(name).any(|own| own == value) };
    let boxes = |legend: Key, name: &str, all: Vec<(&str, String, bool)>| {
        html! {
            fieldset.choices.after { legend { (words.get(legend)) } div.boxes { @for (value, label, usual) in &all {
                label.check { input type="checkbox" name=(name) value=(value) checked[on(name, value, *usual)]; span { (label) } }
            } } }
        }
    };
    let medical = [FacilityClass::Hospital, FacilityClass::Clinic, FacilityClass::Dental, FacilityClass::Pharmacy];
    let staff = [Role::Doctor, Role::Nurse, Role::Pharmacist, Role::Dentist];
    let fields = html! {
        (network_choice(words, view, typed))
        (area(words, ("charter", typed.text("charter")), (Key::CharterText, Key::CharterTextHint)))
        fieldset.choices.after {
            legend { (words.get(Key::AccordSide)) }
            @for (value, key) in [("both", Key::SideBoth), ("ours", Key::SideOurs), ("theirs", Key::SideTheirs)] {
                label.check { input type="radio" name="side" value=(value) checked[typed.text("side") == value || (typed.text("side").is_empty() && value == "both")]; span { (words.get(key)) } }
            }
        }
        (boxes(Key::AskWhat, "kind", Coarse::ALL.iter().map(|kind| (kind.word(), kind_word(words, *kind), true)).collect()))
        (boxes(Key::AccordClasses, "class", FacilityClass::ALL.iter().map(|class| (class.word(), class_word(words, *class), medical.contains(class))).collect()))
        (boxes(Key::AskRoles, "role", Role::ALL.iter().map(|role| (role.word(), role_word(words, *role), staff.contains(role))).collect()))
        (boxes(Key::AskPurposes, "purpose", Purpose::ALL.iter().map(|one| (one.word(), purpose_word(words, *one), matches!(one, Purpose::Treatment | Purpose::Referral))).collect()))
        (text_field(words, ("days", typed.text("days")), (Key::AccordDays, Some(Key::AccordDaysHint))))
        (text_field(words, ("copy_hours", typed.text("copy_hours")), (Key::AccordHours, Some(Key::AccordHoursHint))))
        (share(words, "share-accord"))
    };
    form(frame, OfficePage::Accord, Key::AccordButton, Key::AccordLead, &fields)
}

fn revoke(frame: &Frame<'_>, view: &OfficeView, typed: &Fields) -> Markup {
    let words = frame.words;
    if view.own.is_empty() {
        return html! { section.card { p.empty { (words.get(Key::NetworkAlone)) } } };
    }
    let targets: Vec<(String, String)> = view
        .places
        .members
        .iter()
        .map(|one| (format!("facility:{}", one.id), format!("{} ({})", one.name, one.id)))
        .chain(view.accords.iter().map(|one| {
            let name =
                words.with(Key::AccordOf, &[("a", one.names.0.as_str().into()), ("b", one.names.1.as_str().into())]);
            (format!("accord:{}", one.id), name)
        }))
        .collect();
    let fields = html! {
        (network_choice(words, view, typed))
        p { label for="f-target" { (words.get(Key::RevokeWhat)) } }
        p.find-row { select #f-target name="target" { @for (value, label) in &targets { option value=(value) selected[typed.text("target") == value] { (label) } } } }
        (text_field(words, ("node", typed.text("node")), (Key::RevokeNode, Some(Key::RevokeNodeHint))))
        (text_field(words, ("reason", typed.text("reason")), (Key::RevokeReason, Some(Key::RevokeReasonHint))))
        (share(words, "share-revoke"))
        label.check { input type="checkbox" name="sure" value="yes"; span { (words.get(Key::RevokeSure)) } }
    };
    form(frame, OfficePage::Revoke, Key::RevokeButton, Key::RevokeLead, &fields)
}

fn found(frame: &Frame<'_>, typed: &Fields) -> Markup {
    let words = frame.words;
    let fields = html! {
        (text_field(words, ("name", typed.text("name")), (Key::FoundName, None)))
        (area(words, ("founders", typed.text("founders")), (Key::FoundFounders, Key::FoundFoundersHint)))
        (text_field(words, ("k", typed.text("k")), (Key::FoundK, Some(Key::FoundKHint))))
        (share(words, "share-found"))
    };
    html! {
        (form(frame, OfficePage::Found, Key::FoundButton, Key::FoundLead, &fields))
        section.card.pad.after {
            h2 { (words.get(Key::FoundFileTitle)) }
            p.sub { (words.get(Key::FoundFileLead)) }
            form.fields method="post" action="/founders/founded" {
                (frame.token())
                (area(words, ("charter", typed.text("charter")), (Key::CharterText, Key::CharterTextHint)))
                p.actions { button.btn type="submit" { (words.get(Key::FoundFileButton)) } }
            }
        }
    }
}
