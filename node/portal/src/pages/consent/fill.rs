use crate::desk::{ConsentView, FacilityName};
use crate::forms::Fields;
use crate::i18n::{Key, Words};
use crate::pages::consent::{TEXT_VERSIONS, paper};
use crate::view::{Frame, Nav, Tab, banner, class_word, icon, kind_word, purpose_word, role_word, seal};
use maud::{Markup, html};
use protocol::consent::{ConsentReceipt, Holders, Networks, Readers, Stance};
use protocol::kinds::{Coarse, FacilityClass, Purpose, Role};
use service::consents::ConsentSpec;

/// What is wrong with a form of the consent desk, each with its cure in the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentFault {
    /// Nobody was chosen.
    Who,
    /// No kind was chosen.
    Kinds,
    /// No role or no purpose was chosen.
    Staff,
    /// The day of the end cannot be read, or is over.
    Until,
    /// A proxy without name and relation.
    Proxy,
    /// Neither a scan nor the word of a member of staff.
    Paper,
    /// The scan is no PDF, PNG or JPEG.
    PaperKind,
    /// The scan is too long.
    PaperSize,
    /// Nothing was signed on the tablet.
    Stroke,
    /// The withdrawal was not confirmed.
    Sure,
    /// A death cannot be told without a paper.
    DeathPaper,
}

impl ConsentFault {
    /// What happened and what to do.
    pub fn key(self) -> Key {
        match self {
            Self::Who => Key::FaultWho,
            Self::Kinds => Key::FaultKinds,
            Self::Staff => Key::FaultStaffChoice,
            Self::Until => Key::FaultUntil,
            Self::Proxy => Key::FaultProxy,
            Self::Paper => Key::FaultPaper,
            Self::PaperKind => Key::FaultPaperKind,
            Self::PaperSize => Key::FaultPaperSize,
            Self::Stroke => Key::FaultStroke,
            Self::Sure => Key::FaultSure,
            Self::DeathPaper => Key::FaultDeathPaper,
        }
    }
}

/// What stands in a form: what was typed before, or where it starts from.
pub struct Filling {
    fields: Fields,
}

impl Filling {
    /// What somebody typed.
    pub fn typed(fields: Fields) -> Self {
        Self { fields }
    }
    /// A new form: the usual consent.
    pub fn usual(view: &ConsentView) -> Self {
        let spec = ConsentSpec::broad(view.person.patient);
        let pairs = spec_pairs(&spec.readers, &spec.networks, &spec.holders);
        Self::of(pairs, Stance::Permit, (spec.kinds, spec.roles, spec.purposes))
    }
    /// A form that starts from an earlier statement. From a no it starts as the yes that would take it back.
    pub fn like(one: &ConsentReceipt) -> Self {
        let pairs = spec_pairs(&one.readers, &one.networks, &one.holders);
        let usual = ConsentSpec::broad(protocol::ids::PatientRef(0));
        let of = match one.stance {
            Stance::Permit => (one.kinds, one.roles, one.purposes),
            _ => (one.kinds, usual.roles, usual.purposes),
        };
        Self::of(pairs, Stance::Permit, of)
    }
    fn of(
        mut pairs: Vec<(String, String)>,
        stance: Stance,
        (kinds, roles, purposes): (protocol::kinds::KindSet, protocol::kinds::Codes, protocol::kinds::Codes),
    ) -> Self {
        let mut add = |name: &str, value: &str| pairs.push((name.to_owned(), value.to_owned()));
        add("stance", stance.word());
        kinds.iter().for_each(|kind| add("kind", kind.word()));
        roles.iter().filter_map(Role::from_code).for_each(|role| add("role", role.word()));
        purposes.iter().filter_map(Purpose::from_code).for_each(|purpose| add("purpose", purpose.word()));
        add("signer", "self");
        add("version", TEXT_VERSIONS[0]);
        Self { fields: Fields::of(pairs) }
    }
    fn has(&self, name: &str, value: &str) -> bool {
        self.fields.all(name).any(|own| own == value)
    }
}

fn spec_pairs(readers: &Readers, networks: &Networks, holders: &Holders) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut add = |name: &str, value: String| out.push((name.to_owned(), value));
    let classes = |codes: protocol::kinds::Codes| {
        codes.iter().filter_map(FacilityClass::from_code).map(|class| class.word().to_owned()).collect::<Vec<_>>()
    };
    match readers {
        Readers::All { classes: codes } => {
            add("who", "classes".into());
            classes(*codes).into_iter().for_each(|class| add("class", class));
        }
        Readers::List(list) => {
            add("who", "list".into());
            list.iter().for_each(|id| add("reader", id.to_string()));
        }
        Readers::AllBut { classes: codes, except } => {
            add("who", "classes".into());
            classes(*codes).into_iter().for_each(|class| add("class", class));
            except.iter().for_each(|id| add("except", id.to_string()));
        }
    }
    if let Networks::List(list) = networks {
        list.iter().for_each(|id| add("network", id.to_string()));
    }
    if let Holders::List(list) = holders {
        list.iter().for_each(|id| add("holder", id.to_string()));
    }
    out
}

/// Taking a consent, or a no, on paper.
pub fn consent_new(frame: &Frame<'_>, view: &ConsentView, filling: &Filling, wrong: Option<ConsentFault>) -> Markup {
    let words = frame.words;
    let body = html! {
        (banner(frame, &view.person, &view.facts, Some(Tab::Consent), view.now))
        main.page #main {
            p.back { a href="../consent" { (icon("prev")) (words.get(Key::BackToConsent)) } }
            div.part-head { h1 { (words.get(Key::ConsentOnPaper)) } p.sub { (words.get(Key::ConsentPaperLead)) } }
            (fault(words, wrong))
            form method="post" action="new" enctype="multipart/form-data" {
                (frame.token())
                div.cols.cols-main-side {
                    div.stack {
                        section.card.pad { (stance(words, filling)) }
                        section.card.pad { (who(frame, view, filling)) }
                        section.card.pad { (what(words, filling)) }
                        section.card.pad { (staff(words, filling)) }
                    }
                    div.stack {
                        section.card.pad { (signer(words, filling)) }
                        section.card.pad { (evidence(words, filling)) }
                        section.card.pad {
                            h2 { (words.with(Key::TextTitle, &[("version", TEXT_VERSIONS[0].into())])) }
                            input type="hidden" name="version" value=(TEXT_VERSIONS[0]);
                            (paper::text_body(words))
                        }
                        p.actions { button.btn.btn-primary type="submit" { (words.get(Key::ConsentRecord)) } a.btn href="../consent" { (words.get(Key::Cancel)) } }
                    }
                }
            }
        }
    };
    frame.page(&words.get(Key::ConsentOnPaper), Nav::Patients, &body)
}

fn fault(words: &Words, wrong: Option<ConsentFault>) -> Markup {
    html! { @if let Some(wrong) = wrong { p.notice.s-danger role="alert" tabindex="-1" autofocus { (icon("alert")) span { (words.get(wrong.key())) } } } }
}

fn choice(kind: &str, (name, value): (&str, &str), is_on: bool, label: &Markup) -> Markup {
    html! { label.check { input type=(kind) name=(name) value=(value) checked[is_on]; span { (label) } } }
}

fn stance(words: &Words, filling: &Filling) -> Markup {
    html! {
        fieldset.choices {
            legend { (words.get(Key::AskStance)) }
            @for (stance, key) in [(Stance::Permit, Key::StancePermit), (Stance::Deny, Key::StanceDeny)] {
                (choice("radio", ("stance", stance.word()), filling.has("stance", stance.word()), &html! { (words.get(key)) }))
            }
            (choice("checkbox", ("even_in_emergency", "yes"), filling.fields.is_on("even_in_emergency"), &html! { (words.get(Key::EvenInEmergencyBox)) }))
        }
    }
}

fn who(frame: &Frame<'_>, view: &ConsentView, filling: &Filling) -> Markup {
    let words = frame.words;
    let members: Vec<&FacilityName> =
        view.places.members.iter().filter(|one| view.places.own.iter().all(|own| own.id != one.id)).collect();
    html! {
        fieldset.choices {
            legend { (words.get(Key::AskWho)) }
            (choice("radio", ("who", "classes"), filling.has("who", "classes"), &html! { (words.get(Key::WhoByClass)) }))
            div.boxes { @for class in FacilityClass::ALL {
                (choice("checkbox", ("class", class.word()), filling.has("class", class.word()), &html! { (class_word(words, *class)) }))
            } }
            @if !members.is_empty() {
                (choice("radio", ("who", "list"), filling.has("who", "list"), &html! { (words.get(Key::WhoByName)) }))
                div.boxes { @for one in &members { (member("reader", one, filling)) } }
                details.fold-in {
                    summary { (words.get(Key::WhoExcept)) }
                    div.boxes { @for one in &members { (member("except", one, filling)) } }
                }
            }
        }
        @if view.places.networks.len() > 1 {
            fieldset.choices {
                legend { (words.get(Key::AskNetworks)) }
                p.sub { (words.get(Key::AskNetworksLead)) }
                @for (id, name) in &view.places.networks {
                    @let id = id.to_string();
                    (choice("checkbox", ("network", &id), filling.has("network", &id), &html! { (name) }))
                }
            }
        }
    }
}

fn member(name: &str, one: &FacilityName, filling: &Filling) -> Markup {
    let id = one.id.to_string();
    choice(
        "checkbox",
        (name, &id),
        filling.has(name, &id),
        &html! { span.fac { (seal(one.class, false)) span lang="ja" { (one.name) } } },
    )
}

fn what(words: &Words, filling: &Filling) -> Markup {
    html! {
        fieldset.choices {
            legend { (words.get(Key::AskWhat)) }
            div.boxes { @for kind in Coarse::ALL {
                (choice("checkbox", ("kind", kind.word()), filling.has("kind", kind.word()), &html! { (kind_word(words, *kind)) }))
            } }
        }
    }
}

fn staff(words: &Words, filling: &Filling) -> Markup {
    html! {
        fieldset.choices {
            legend { (words.get(Key::AskRoles)) }
            div.boxes { @for role in Role::ALL.iter().filter(|role| !protocol::policy::kinds_for(**role).is_empty()) {
                (choice("checkbox", ("role", role.word()), filling.has("role", role.word()), &html! { (role_word(words, *role)) }))
            } }
        }
        fieldset.choices {
            legend { (words.get(Key::AskPurposes)) }
            div.boxes { @for purpose in PURPOSES {
                (choice("checkbox", ("purpose", purpose.word()), filling.has("purpose", purpose.word()), &html! { (purpose_word(words, purpose)) }))
            } }
        }
        p.after { label for="f-until" { b { (words.get(Key::AskUntil)) } } br; span.sub #f-until-hint { (words.get(Key::AskUntilHint)) } }
        p.find-row { input #f-until name="until" type="text" inputmode="numeric" autocomplete="off" maxlength="30" value=(filling.fields.text("until")) aria-describedby="f-until-hint"; }
    }
}

fn signer(words: &Words, filling: &Filling) -> Markup {
    html! {
        fieldset.choices {
            legend { (words.get(Key::AskSigner)) }
            (choice("radio", ("signer", "self"), !filling.has("signer", "proxy"), &html! { (words.get(Key::SignerSelf)) }))
            (choice("radio", ("signer", "proxy"), filling.has("signer", "proxy"), &html! { (words.get(Key::SignerProxy)) }))
            @for (name, key) in [("proxy_name", Key::ProxyName), ("proxy_relation", Key::ProxyRelation)] {
                p.after { label for=(name) { (words.get(key)) } }
                p.find-row { input id=(name) name=(name) type="text" autocomplete="off" maxlength="100" value=(filling.fields.text(name)); }
            }
        }
    }
}

fn evidence(words: &Words, filling: &Filling) -> Markup {
    html! {
        fieldset.choices {
            legend { (words.get(Key::AskPaper)) }
            p { label for="f-scan" { (words.get(Key::PaperScanLabel)) } br; span.sub #f-scan-hint { (words.get(Key::PaperScanHint)) } }
            p.find-row { input #f-scan name="scan" type="file" accept="application/pdf,image/png,image/jpeg" aria-describedby="f-scan-hint"; }
            (choice("checkbox", ("attested", "yes"), filling.fields.is_on("attested"), &html! { (words.get(Key::PaperAttest)) }))
        }
    }
}

/// Taking back: all of it, a network, readers, kinds; also the two ways out for good.
pub fn consent_withdraw(frame: &Frame<'_>, view: &ConsentView, fields: &Fields, wrong: Option<ConsentFault>) -> Markup {
    let words = frame.words;
    let filling = Filling { fields: fields.clone() };
    let why = match fields.text("why") {
        why @ ("leave" | "death") => why,
        _ => "wish",
    };
    let scope = if fields.text("scope").is_empty() { "all" } else { fields.text("scope") };
    let on = |value: &str| scope == value;
    let members: Vec<&FacilityName> = view.places.members.iter().collect();
    let body = html! {
        (banner(frame, &view.person, &view.facts, Some(Tab::Consent), view.now))
        main.page #main {
            p.back { a href="../consent" { (icon("prev")) (words.get(Key::BackToConsent)) } }
            div.part-head { h1 { (words.get(match why { "leave" => Key::WhyLeave, "death" => Key::WhyDeath, _ => Key::WithdrawTitle })) } }
            (fault(words, wrong))
            form method="post" action="withdraw" enctype="multipart/form-data" {
                (frame.token())
                div.cols.cols-main-side {
                    div.stack {
                        section.card.pad {
                            fieldset.choices {
                                legend { (words.get(Key::AskWhy)) }
                                @for (value, key) in [("wish", Key::WhyWish), ("leave", Key::WhyLeave), ("death", Key::WhyDeath)] {
                                    (choice("radio", ("why", value), why == value, &html! { (words.get(key)) }))
                                }
                            }
                        }
                        section.card.pad {
                            fieldset.choices {
                                legend { (words.get(Key::AskScope)) }
                                (choice("radio", ("scope", "all"), on("all"), &html! { (words.get(Key::ScopeAll)) }))
                                @if !view.places.networks.is_empty() {
                                    (choice("radio", ("scope", "network"), on("network"), &html! { (words.get(Key::ScopeNetwork)) }))
                                    div.boxes { @for (id, name) in &view.places.networks {
                                        @let id = id.to_string();
                                        (choice("radio", ("network", &id), filling.has("network", &id), &html! { (name) }))
                                    } }
                                }
                                @if !members.is_empty() {
                                    (choice("radio", ("scope", "readers"), on("readers"), &html! { (words.get(Key::ScopeReaders)) }))
                                    div.boxes { @for one in &members { (member("reader", one, &filling)) } }
                                }
                                (choice("radio", ("scope", "kinds"), on("kinds"), &html! { (words.get(Key::ScopeKinds)) }))
                                div.boxes { @for kind in Coarse::ALL {
                                    (choice("checkbox", ("kind", kind.word()), filling.has("kind", kind.word()), &html! { (kind_word(words, *kind)) }))
                                } }
                            }
                        }
                    }
                    div.stack {
                        section.notice.s-late {
                            (icon("info")) h2 { (words.get(Key::WithdrawWhat)) }
                            ul.bullets { @for key in [Key::WithdrawWhat1, Key::WithdrawWhat2, Key::WithdrawWhat3] { li { (words.get(key)) } } }
                        }
                        section.card.pad { (signer(words, &filling)) }
                        section.card.pad { (evidence(words, &filling)) }
                        section.card.pad {
                            (choice("checkbox", ("even_in_emergency", "yes"), filling.fields.is_on("even_in_emergency"), &html! { (words.get(Key::EvenInEmergencyBox)) }))
                            (choice("checkbox", ("sure", "yes"), false, &html! { b { (words.get(Key::WithdrawSure)) } }))
                            p.actions.after { button.btn.btn-danger type="submit" { (words.get(Key::WithdrawButton)) } a.btn href="../consent" { (words.get(Key::Cancel)) } }
                        }
                    }
                }
            }
        }
    };
    frame.page(&words.get(Key::WithdrawTitle), Nav::Patients, &body)
}

/// What a patient can agree to at a desk; emergencies and the law have rules of their own.
const PURPOSES: [Purpose; 4] = [Purpose::Treatment, Purpose::Referral, Purpose::CarePlan, Purpose::PatientRequest];
