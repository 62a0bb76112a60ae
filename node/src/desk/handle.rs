use super::{
    Desk, audit, cards, consents, emergency, feed_export, feeds, founders, govern, health, joining, keys, links,
    node_links, overlap, patients, reads, staff, store, words,
};
use crate::control::{DesksAsk, Progress, Reply, Request as R, StaffAsk, Who};
use crate::failure::Failure;

/// Tells how far long work is.
pub type Tell<'a> = &'a mut dyn FnMut(Progress);

/// Does what was asked. `uid` is the account of the operating system that asks: it stands in the log where no member of
/// staff is named.
///
/// # Errors
/// [`Failure`] with what to do next.
pub fn handle(desk: &Desk, uid: u32, request: R, tell: Tell<'_>) -> Result<Reply, Failure> {
    let staff = |who: &Who| words::staff(desk, uid, who);
    let reader = |who: &Who| words::reader(desk, uid, who);
    match request {
        R::Status => Ok(health::status(desk)),
        R::Doctor { sizes } => health::doctor(desk, sizes),
        R::Peers => Ok(health::peers(desk)),
        R::SetUp => health::set_up(desk),
        R::Invite { network, facility, contacts } => joining::invite(desk, network, &facility, contacts),
        R::Join { invite, wait_s } => joining::join(desk, &invite, wait_s, tell),
        R::JoinFile { charter, facility } => joining::join_file(desk, &charter, &facility),
        R::JoinStatus { network, wait_s } => joining::status(desk, network, wait_s, tell),
        R::AdmitList => Ok(joining::admit_list(desk)),
        R::Admit { id, shares } => joining::admit(desk, &id, &shares),
        R::AdmitFile { request, shares } => joining::admit_file(desk, &request, &shares),
        R::AdmitOwn { network, facility, shares } => joining::admit_own(desk, network, facility, &shares),
        R::AdmitRefuse { id } => joining::refuse(desk, &id),
        R::Welcome { network, facility } => joining::welcome(desk, network, &facility),
        R::FoundDraft { name, founders, k, shares } => founders::draft(desk, name, &founders, k, &shares),
        R::Found { charter } => founders::found(desk, &charter),
        R::Proposals => Ok(founders::proposals(desk)),
        R::Sign { id, shares } => founders::sign(desk, &id, &shares),
        R::Import { text } => founders::import(desk, &text),
        R::Export { id } => founders::export(desk, &id),
        R::Charter { network } => founders::charter(desk, network),
        R::AccordPropose(terms) => founders::propose_accord(desk, terms),
        R::Overlap(ask) => overlap::handle(desk, ask, tell),
        R::AccordShow => Ok(founders::accords(desk)),
        R::Revoke { network, target, reason, shares } => founders::revoke(desk, network, &target, &reason, &shares),
        R::Founders(act) => govern::handle(desk, act),
        R::FeedAdd(feed) => feeds::add(desk, feed),
        R::FeedList => Ok(feeds::list(desk)),
        R::FeedTest { facility, path } => feeds::test(desk, facility, &path, tell),
        R::FeedScan { name } => feeds::scan(desk, name.as_deref(), service::ingest::Retry::Changed, tell),
        R::FeedRetry { name } => feeds::scan(desk, name.as_deref(), service::ingest::Retry::Quarantined, tell),
        R::FeedQuarantine { name, limit } => Ok(feeds::quarantine(desk, name.as_deref(), limit)),
        R::FeedExport(export) => feed_export::export(desk, &export, tell),
        R::PatientFind { who, text, facility } => patients::find(desk, &staff(&who)?, text, facility),
        R::PatientShow { who, patient } => patients::show(desk, &staff(&who)?, &patient),
        R::PatientErase { who, patient, reason } => patients::erase(desk, &staff(&who)?, &patient, &reason),
        R::KeyBackup { to, days } => keys::back_up(desk, &to, days),
        R::ConsentRecord { who, patient, spec } => consents::record(desk, &staff(&who)?, &patient, &spec),
        R::ConsentShow { who, patient } => consents::show(desk, &staff(&who)?, &patient),
        R::ConsentCertificate { who, patient, receipt } => {
            consents::certificate(desk, &staff(&who)?, &patient, receipt.as_deref())
        }
        R::ConsentWithdraw { who, patient, scope, wait_s } => {
            consents::withdraw(desk, &staff(&who)?, &patient, (&scope, wait_s), tell)
        }
        R::Locate { who, patient } => reads::locate(desk, &staff(&who)?, &patient),
        R::Fetch { who, patient, read } => reads::fetch(desk, &reader(&who)?, &patient, &read, tell),
        R::Emergency(ask) => emergency::handle(desk, uid, ask, tell),
        R::Timeline { who, patient, local: true, .. } => reads::timeline_here(desk, &staff(&who)?, &patient),
        R::Timeline { who, patient, read, .. } => reads::timeline(desk, &reader(&who)?, &patient, &read, tell),
        R::Links { who, ask } => node_links::handle(desk, &staff(&who)?, ask, tell),
        R::Card { who, ask } => cards::handle(desk, &staff(&who)?, ask),
        R::Desks(ask) => handle_desks(desk, uid, ask),
        R::AuditList { from, limit, patient } => audit::list(desk, uid, from, limit, patient),
        R::Staff(ask) => handle_staff(desk, uid, ask),
        R::AuditVerify => audit::verify(desk),
        R::StoreVerify => Ok(store::verify(desk, tell)),
        R::StoreSnapshot => store::snapshot(desk),
        R::Backup { to } => store::backup(desk, &to, tell),
        R::AuditProve { leaf } => audit::prove(desk, uid, leaf),
    }
}

/// What is about links with other desks.
fn handle_desks(desk: &Desk, uid: u32, ask: DesksAsk) -> Result<Reply, Failure> {
    use DesksAsk as A;
    let staff = |who: &Who| words::staff(desk, uid, who);
    match ask {
        A::Review { who } => links::review(desk, &staff(&who)?),
        A::Ask { who, patient, holder, handle, statement } => {
            links::ask(desk, &staff(&who)?, &patient, (&holder, handle), &statement)
        }
        A::Confirm { who, patient, holder, handle, reason } => {
            links::confirm(desk, &words::reader(desk, uid, &who)?, &patient, (&holder, handle), &reason)
        }
        A::Answer { who, id, verdict } => links::answer(desk, &staff(&who)?, &id, &verdict),
    }
}

/// What is about accounts of staff.
fn handle_staff(desk: &Desk, uid: u32, ask: StaffAsk) -> Result<Reply, Failure> {
    use StaffAsk as A;
    match ask {
        A::List => staff::list(desk, uid),
        A::Add(new) => staff::add(desk, uid, new),
        A::Import { list, yes } => staff::import(desk, uid, &list, yes),
        A::Reset { number, factor } => staff::reset(desk, uid, &number, factor),
        A::Suspend { number } => {
            staff::set_state(desk, uid, &number, |accounts, by, number| accounts.suspend(by, number), "suspended")
        }
        A::Resume { number } => {
            staff::set_state(desk, uid, &number, |accounts, by, number| accounts.resume(by, number), "resumed")
        }
        A::Link => staff::link(desk),
    }
}
