//! The one withdrawal that a scenario may name: who obeys by when, and what its certificate says.
use super::world::{Happening, World};
use crate::check::{BOUND_US, Invariant, Obeying, Verdict, Violation};
use crate::work::Statement;
use protocol::consent::Certificate;
use protocol::engine::{Command, Input, Ticket, certificate};
use protocol::ids::ReceiptId;
use std::collections::BTreeSet;

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) enum Look {
    /// Every node that was up at the withdrawal, and is.
    All,
    /// One that came back.
    Back(usize),
    /// The certificate, when everybody has had time.
    End,
}

/// The withdrawal until it is on disk, and then.
#[derive(Default)]
pub(super) struct Departure {
    asked: Option<(usize, Ticket, usize, ReceiptId)>,
    obeying: Option<Obeying>,
}

impl World<'_> {
    /// A patient says that it is over; from the moment this is on disk everybody is looked at.
    pub(super) fn depart(&mut self, patient: usize) {
        let of = self.watch.truth.people.patients[patient].clone();
        if self.hosts[of.node].running.is_none() {
            return;
        }
        let now = self.hosts[of.node].now(self.at);
        self.watch.mark("withdrawal");
        for receipt in self.write_down(Statement::Withdraw, &of, now) {
            let ticket = self.ticket();
            self.watch.consent(of.node, ticket, of.patient, &receipt);
            self.departure.asked = Some((of.node, ticket, patient, receipt.id));
            let command = Command::Consent { patient: of.patient, receipt: Box::new(receipt) };
            self.input(of.node, Input::Command(ticket, command));
        }
    }
    /// The holder says that a statement is on its disk.
    pub(super) fn departed(&mut self, host: usize, ticket: Ticket) {
        let Some((holder, _, of, receipt)) = self.departure.asked.filter(|asked| (asked.0, asked.1) == (host, ticket))
        else {
            return;
        };
        let patient = self.watch.truth.people.patients[of].patient;
        let known = &self.watch.known[holder];
        let handles = known.handles.iter().filter(|(_, (named, _))| *named == patient).map(|(handle, _)| *handle);
        let off: BTreeSet<usize> = (0..self.hosts.len()).filter(|host| self.hosts[*host].is_off).collect();
        let obeying = Obeying { holder, patient, of, receipt, since: self.at, handles: handles.collect(), off };
        self.departure.obeying = Some(obeying);
        self.after(BOUND_US, Happening::Look(Look::All));
        let rest = self.scenario.file.horizon.micros().saturating_sub(self.at.0 + 1);
        self.after(rest, Happening::Look(Look::End));
    }
    /// A node that was off starts again.
    pub(super) fn is_back(&mut self, host: usize) {
        if self.departure.obeying.is_some() {
            self.after(BOUND_US, Happening::Look(Look::Back(host)));
        }
    }
    /// A desk is shown candidates.
    pub(super) fn shown(&mut self, host: usize, found: &[protocol::engine::Candidate]) {
        let Some(obeying) = &self.departure.obeying else { return };
        if obeying.off.contains(&host) {
            self.watch.mark("look-up at a node that was off");
        }
        let verdict = self.watch.still_shown(obeying, (host, self.at), found);
        self.note(verdict);
    }
    pub(super) fn look(&mut self, look: Look) {
        let Some(obeying) = self.departure.obeying.clone() else { return };
        let hosts: Vec<usize> = match look {
            Look::All => (0..self.hosts.len()).filter(|host| !obeying.off.contains(host)).collect(),
            Look::Back(host) => vec![host],
            Look::End => (0..self.hosts.len()).collect(),
        };
        for host in hosts.into_iter().filter(|host| *host != obeying.holder) {
            let now = self.hosts[host].now(self.at);
            let Some(running) = &self.hosts[host].running else { continue };
            let verdict = self.watch.obeyed(&obeying, host, &running.view, now);
            self.watch.mark("node seen to obey a withdrawal");
            self.note(verdict);
        }
        let verdict = self.certify(&obeying, look);
        self.note(verdict);
    }
    /// The certificate is made, read back from its text alone, and compared with what is so.
    fn certify(&mut self, obeying: &Obeying, look: Look) -> Verdict {
        let now = self.hosts[obeying.holder].now(self.at);
        let (key, made) = (self.hosts[obeying.holder].key, &self.founded.nodes[obeying.holder]);
        let Some(running) = &self.hosts[obeying.holder].running else { return Ok(()) };
        let is = |witness: String| Err(Violation { invariant: Invariant::L04, witness });
        let Some(paper) = certificate(&running.view, (obeying.patient, obeying.receipt), key, now) else {
            return is("the holder makes no certificate of the withdrawal".into());
        };
        let text = paper.to_text(&*self.crypto, &made.identity.node);
        if Certificate::verify(&text, &*self.crypto).as_ref() != Ok(&paper) {
            return is(format!("the certificate does not verify from its text: {text}"));
        }
        let mut open = 0;
        for row in &paper.nodes {
            let Some(host) = self.by_key.get(&row.node).copied() else { continue };
            let name = Violation::named(&self.watch.truth, host);
            if !row.has_obeyed(now) {
                open += 1;
            } else if self.hosts[host].is_off {
                return is(format!("the certificate says that {name} obeyed, which has been off since before"));
            }
        }
        if matches!(look, Look::End) && open > 0 {
            return is(format!("the certificate still names {open} nodes that have not obeyed; all had time to"));
        }
        let word = if open == 0 { "certificate complete" } else { "certificate with open rows" };
        self.watch.mark(word);
        self.tally.certificate = [paper.nodes.len() as u64, open];
        Ok(())
    }
}
